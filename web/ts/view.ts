// The pages without network: the same cards, made on the phone from the day's
// doors and the marks that wait. Their parts are templates of the shell page.
import { Card, Day, Field, Item, Rec, Result, Round } from './types';
import { normals, Rounds, roundsOf } from './forms';
import { clock, each, el, text, word } from './words';

function part(name: string): HTMLElement {
  const t = document.getElementById('t-' + name) as HTMLTemplateElement;
  return t.content.cloneNode(true).childNodes[0] as HTMLElement;
}
function put(root: ParentNode, slot: string, value: string): HTMLElement | null {
  const e = root.querySelector('[data-slot="' + slot + '"]') as HTMLElement | null;
  if (e) e.textContent = value;
  return e;
}

// noted writes marks that the server took into the day kept on the phone.
export function noted(day: Day, recs: Rec[]): Day {
  return { ...day, cards: day.cards.map((c) => overlay(c, recs)) };
}

// overlay gives the items of a card the state that the unsent marks will make.
function overlay(card: Card, recs: Rec[]): Card {
  const items = card.items.map((it) => {
    let out = it;
    for (const r of recs) {
      const m = r.body.mark;
      if (m.round_id !== it.round_id || m.object_id !== it.object_id || r.state === 'refused') continue;
      if (r.body.klass === 'attempt') out = { ...out, attempts: (out.attempts || 0) + 1, state: out.state === 'outstanding' ? 'attempted' : out.state };
      else out = { ...out, state: r.body.klass };
    }
    return out;
  });
  return { ...card, items };
}
const left = (c: Card): boolean => c.items.some((i) => i.state === 'outstanding' || i.state === 'attempted');
const evening = (c: Card): boolean => c.items.some((i) => i.state === 'attempted' && (i.attempts || 0) >= 3);

// show draws the page that the address names.
export function show(main: HTMLElement, title: HTMLElement, day: Day | null, recs: Rec[]): void {
  const body = main.querySelector('[data-body]') as HTMLElement, arrow = document.querySelector('.p-back') as HTMLAnchorElement | null;
  if (arrow) arrow.hidden = location.pathname === '/today';
  const held = inHand(body);
  body.textContent = '';
  if (!day) { body.appendChild(note('none')); return; }
  put(main, 'asof', word('asof', clock(day.at_ms)));
  const rounds = roundsOf(day.rounds);
  const cards = day.cards.map((c) => overlay(c, recs));
  const at = location.pathname.split('/');
  if (at[1] === 'doors') {
    const card = cards.filter((c) => c.key === at[2])[0];
    if (!card) { body.appendChild(note('none')); return; }
    title.textContent = card.label;
    door(body, card, rounds, held);
  } else if (at[1] === 'today' && at[2] === 'evening') {
    list(body, cards.filter(evening), rounds);
  } else if (at[1] === 'today' && at[2]) {
    const place = day.places.filter((p) => p.id === at[2])[0];
    if (place) title.textContent = place.name;
    const here = cards.filter((c) => c.place_id === at[2] && left(c) && normals(c, rounds, '').length);
    if (here.length > 1) body.appendChild(bulk(here, held));
    list(body, cards.filter((c) => c.place_id === at[2] && (left(c) || location.search.indexOf('all=1') > 0)), rounds);
  } else if (at[1] === 'today') {
    buildings(body, day, cards);
  } else body.appendChild(note('page'));
}

// inHand are the parts of the page that somebody works at, by their names. They
// outlive a redraw: it may come at any moment, and nothing is asked twice.
interface Held { [name: string]: HTMLElement }
function inHand(body: HTMLElement): Held {
  const held: Held = {};
  each<HTMLElement>(body, 'details[data-part][open], [data-part][data-touched]', (e) => { held[e.getAttribute('data-part') as string] = e; });
  return held;
}

function note(name: string): HTMLElement { return part('empty-' + name); }

function buildings(body: HTMLElement, day: Day, cards: Card[]): void {
  const ul = el('ul', 'rows');
  for (const p of day.places) {
    const mine = cards.filter((c) => c.place_id === p.id);
    if (!mine.length) continue;
    const li = part('place');
    (li.querySelector('a') as HTMLAnchorElement).href = '/today/' + p.id;
    put(li, 'name', p.name);
    const n = mine.filter(left).length;
    put(li, 'left', n ? word('left', n) : '✓');
    ul.appendChild(li);
  }
  body.appendChild(ul);
}

function list(body: HTMLElement, cards: Card[], rounds: Rounds): void {
  for (const c of cards) body.appendChild(cardOf(c, rounds));
  if (!cards.length) body.appendChild(note('done'));
}

// bulk is the form that marks a unit at once: the doors that stay out are
// tapped. What it marks is the cards of the page, see chosen.
function bulk(cards: Card[], held: Held): HTMLElement {
  if (held.bulk) {
    each<HTMLInputElement>(held.bulk, '[name=except]', (i) => { if (!cards.some((c) => c.key === i.value)) (i.parentNode as HTMLElement).remove(); });
    return held.bulk;
  }
  const box = part('bulk'), doors = box.querySelector('[data-slot=doors]') as HTMLElement, unit = box.querySelector('select') as HTMLSelectElement;
  const units = cards.map((c) => c.unit || '').filter((u, i, all) => !!u && all.indexOf(u) === i);
  box.setAttribute('data-part', 'bulk');
  for (const u of units) unit.appendChild(new Option(u, u));
  (box.querySelector('[data-slot=units]') as HTMLElement).hidden = units.length < 2;
  for (const c of cards) {
    const l = el('label', 'opt'), i = el('input') as HTMLInputElement;
    i.type = 'checkbox';
    i.name = 'except';
    i.value = c.key;
    l.setAttribute('data-unit', c.unit || '');
    l.appendChild(i);
    l.appendChild(el('span', '', c.label));
    doors.appendChild(l);
  }
  unit.onchange = () => each<HTMLElement>(doors, 'label', (l) => { l.hidden = !!unit.value && l.getAttribute('data-unit') !== unit.value; });
  return box;
}

// chosen are the records of a bulk form: of the doors offered, but for those
// tapped and those of other units.
export function chosen(f: HTMLFormElement, day: Day, recs: Rec[], account: string): Rec[] {
  const keys: { [key: string]: boolean } = {}, rounds = roundsOf(day.rounds);
  each<HTMLInputElement>(f, 'label:not([hidden]) > [name=except]', (i) => { keys[i.value] = !i.checked; });
  return day.cards.filter((c) => keys[c.key]).reduce((all, c) => all.concat(normals(overlay(c, recs), rounds, account)), [] as Rec[]);
}

function cardOf(c: Card, rounds: Rounds): HTMLElement {
  const a = part('card');
  a.id = 'd' + c.key;
  a.className = 'card ' + (left(c) ? 'is-out' : 'is-done');
  put(a, 'label', c.label);
  (a.querySelector('[data-slot=open]') as HTMLAnchorElement).href = '/doors/' + c.key + '?back=' + encodeURIComponent(location.pathname);
  const head = a.querySelector('[data-slot=items]') as HTMLElement;
  for (const i of c.items) head.appendChild(line(i, rounds[i.round_id]));
  const form = a.querySelector('form') as HTMLFormElement;
  if (!left(c)) form.remove();
  else bind(form, c, c.items);
  if (!c.door) each(a, '[data-at-doors]', (b) => b.remove());
  return a;
}

function bind(form: HTMLFormElement, c: Card, items: Item[]): void {
  form.setAttribute('data-items', JSON.stringify(items));
  form.setAttribute('data-door', c.key);
  form.setAttribute('data-label', [c.where, c.label].filter(Boolean).join(' '));
  form.action = '/doors/' + c.key + '/mark';
}

function line(i: Item, r: Round): HTMLElement {
  const p = el('p', '', r.name + (i.part ? ' · ' + i.part : '') + ' ');
  p.appendChild(el('span', 'tag tag-' + (i.state === 'done' ? 'done' : i.state === 'exempt' ? 'exempt' : i.state === 'attempted' ? 'warn' : 'out'),
    i.state === 'attempted' ? word('attempts', i.attempts || 1) : word('state-' + i.state)));
  if (i.fresh && i.fresh.length) {
    const said = i.fresh.map((f) => {
      const q = r.fields.filter((x) => x.key === f.field)[0];
      return (q ? text(q.label) : f.field) + ' ' + (f.value === 'yes' || f.value === 'no' ? word(f.value) : f.value);
    });
    p.appendChild(el('br'));
    p.appendChild(el('small', '', word('fresh') + ' · ' + said.join(' · ')));
  }
  return p;
}

// door draws the forms of one door: rounds that ask alike in one form.
function door(body: HTMLElement, c: Card, rounds: Rounds, held: Held): void {
  body.appendChild(el('p', '', c.where));
  let rest = c.items;
  const joint = joinable(c.items, rounds);
  if (joint.length > 1) {
    body.appendChild(section(c, joint, rounds, held));
    rest = rest.filter((i) => joint.indexOf(i) < 0);
  }
  for (const i of rest) body.appendChild(section(c, [i], rounds, held));
}

function joinable(items: Item[], rounds: Rounds): Item[] {
  const known: { [key: string]: string } = {}, out: Item[] = [];
  for (const i of items) {
    if (i.part || i.state !== 'outstanding' && i.state !== 'attempted') continue;
    const r = rounds[i.round_id], asks = r.fields.concat(r.each || []);
    const same = (f: Field) => JSON.stringify([f.label, f.type, f.min, f.max, f.options]);
    if (asks.some((f) => f.key in known && known[f.key] !== same(f))) continue;
    asks.forEach((f) => { known[f.key] = same(f); });
    out.push(i);
  }
  return out;
}

function section(c: Card, items: Item[], rounds: Rounds, held: Held): HTMLElement {
  const name = items.map((i) => [i.round_id, i.object_id, i.state, i.attempts].join(':')).join();
  if (held[name]) return held[name];
  const s = part('door');
  s.setAttribute('data-part', name);
  const head = s.querySelector('[data-slot=items]') as HTMLElement;
  for (const i of items) head.appendChild(line(i, rounds[i.round_id]));
  const form = s.querySelector('form') as HTMLFormElement;
  bind(form, c, items);
  if (items.length === 1) {
    const o = el('input') as HTMLInputElement;
    o.type = 'hidden'; o.name = 'object'; o.value = items[0].object_id;
    form.appendChild(o);
    if (items[0].state === 'done' || items[0].state === 'exempt') (form.querySelector('[data-slot=correct]') as HTMLElement).hidden = false;
  }
  const box = form.querySelector('[data-slot=questions]') as HTMLElement, seen: { [key: string]: boolean } = {};
  for (const i of items) {
    const r = rounds[i.round_id], fresh: { [key: string]: string } = {};
    (i.fresh || []).forEach((f) => { fresh[f.field] = f.value; });
    if (r.photo) (form.querySelector('.photo') as HTMLElement).hidden = false;
    for (const f of r.fields) if (!seen[f.key]) { seen[f.key] = true; box.appendChild(question(f, 'a.' + f.key, fresh[f.key] || '')); }
    (i.members || []).forEach((p, n) => {
      for (const f of r.each || []) if (!seen[p + f.key]) { seen[p + f.key] = true; box.appendChild(question(f, 'm.' + p + '.' + f.key, '', word('member', n + 1))); }
    });
  }
  buttons(form, rounds[items[0].round_id].results.filter((x) => items.every((i) => rounds[i.round_id].results.some((y) => y.code === x.code))));
  return s;
}

function buttons(form: HTMLFormElement, results: Result[]): void {
  const short = form.querySelector('[data-slot=short]') as HTMLElement, long = form.querySelector('[data-slot=long]') as HTMLElement;
  for (const r of results) {
    if (r.code === 'normal' || r.code === 'answered') continue;
    const b = el('button', r.short ? 'btn' : 'btn btn-block', word('do-' + r.code) || text(r)) as HTMLButtonElement;
    b.type = 'submit'; b.name = 'result'; b.value = r.code;
    (r.short ? short : long).appendChild(b);
  }
}

function question(f: Field, name: string, value: string, whose?: string): HTMLElement {
  const box = el('div', 'fld');
  const label = el('span', 'form-label', (whose ? whose + ' · ' : '') + text(f.label) + ' ');
  if (f.required) label.appendChild(el('span', 'must', word('must')));
  box.appendChild(label);
  if (f.type === 'yesno' || f.type === 'choice') {
    const opts = f.type === 'yesno' ? [{ value: 'no', label: word('no') }, { value: 'yes', label: word('yes') }] : (f.options || []).map((o) => ({ value: o.value, label: text(o.label) }));
    const group = el('div', 'opts');
    for (const o of opts) {
      const l = el('label', 'opt'), i = el('input') as HTMLInputElement;
      i.type = 'radio'; i.name = name; i.value = o.value; i.checked = o.value === value;
      l.appendChild(i); l.appendChild(el('span', '', o.label)); group.appendChild(l);
    }
    box.appendChild(group);
  } else if (f.type !== 'photo') {
    const i = el(f.type === 'text' ? 'textarea' : 'input', 'form-control') as HTMLInputElement;
    i.name = name; i.value = value; i.setAttribute('aria-label', text(f.label));
    if (f.type === 'number' || f.type === 'temperature') {
      i.type = 'number'; i.step = f.type === 'number' ? 'any' : '0.1'; i.setAttribute('inputmode', 'decimal');
      if (f.type === 'temperature') { i.min = '30'; i.max = '45'; }
      if (f.min != null) i.min = String(f.min);
      if (f.max != null) i.max = String(f.max);
    } else if (f.type === 'date') i.type = 'date';
    else i.maxLength = 500;
    box.appendChild(i);
  }
  return box;
}
