// The worker's pages: marks are noted on the phone and sent when there is
// network; without network the shell page shows the day's doors.
import { Faults, itemsOf, read, Rounds, roundsOf } from './forms';
import { bar, foreign } from './bar';
import { exclusive, Line, save, sync } from './outbox';
import { open, Store } from './store';
import { Day, Rec, Who } from './types';
import { each, el, toast, word } from './words';
import { chosen, noted, show } from './view';

const d = document, FRESH = 5 * 60000;
const shell = !!d.querySelector('[data-shell]');
const body = () => d.body;
let line: Line = 'ok';

function who(): Who | null {
  const account = body().getAttribute('data-account'), session = body().getAttribute('data-session');
  return shell || !account || !session ? null : { account, session, ends: +(body().getAttribute('data-ends') || 0) || Date.now() + 864e5 };
}

let ready: Promise<Store>;
async function start(): Promise<void> {
  const out = !shell && body().hasAttribute('data-session') && !who();
  ready = open(who());
  const store = await ready;
  if (out) { // the log-in page: nobody's doors stay
    store.who = null;
    await store.forgetDays();
    await foreign(store);
    return;
  }
  if (!store.durable) each<HTMLElement>(d, '[data-nostore]', (e) => { e.hidden = false; });
  if (shell) await draw(store);
  await paint(store);
  await save(store);
  send();
  if (!store.durable || shell || !who()) return;
  navigator.serviceWorker.register('/sw.js').then(() => keepShell(), () => { /* the pages work without */ });
  if (d.readyState === 'complete') later(); else window.addEventListener('load', later);
  function later() { setTimeout(() => keepDay(store), 300); }
}

// keepShell gives the service worker the page for lost networks, in the
// language and with the tabs of who is logged in.
async function keepShell(): Promise<void> {
  const tag = [d.documentElement.lang, body().getAttribute('data-session'), body().getAttribute('data-build')].join();
  if (localStorage.getItem('wangge-shell') === tag) return;
  const sw = await navigator.serviceWorker.ready;
  if (sw.active) { sw.active.postMessage('shell'); localStorage.setItem('wangge-shell', tag); }
}

async function keepDay(store: Store): Promise<void> {
  const last = +(localStorage.getItem('wangge-day') || 0), session = body().getAttribute('data-session') || '';
  if (Math.abs(Date.now() - last) < FRESH && localStorage.getItem('wangge-day-of') === session && await store.day()) return;
  try {
    const before = takes();
    const res = await fetch('/api/v1/today/doors', { credentials: 'same-origin', headers: { Accept: 'application/json' } });
    if (res.status === 401) { await store.forgetDays(); return; }
    if (!res.ok) return;
    const day = await res.json() as Day;
    const kept = await exclusive('wangge-day', async () => {
      if (takes() !== before) return false;
      await store.saveDay(day);
      return true;
    });
    if (!kept) { await keepDay(store); return; }
    localStorage.setItem('wangge-day', String(Date.now()));
    localStorage.setItem('wangge-day-of', session);
    body().setAttribute('data-day', 'kept');
  } catch (e) { /* no network: the doors of before stay */ }
}

// takes counts the answers that changed the kept day. A day that was read while
// one came may still offer its door: it is read again.
const takes = () => +(localStorage.getItem('wangge-takes') || 0);

async function draw(store: Store): Promise<void> {
  const day = await store.day();
  rounds = day ? roundsOf(day.rounds) : {};
  show(d.getElementById('main') as HTMLElement, d.querySelector('h1') as HTMLElement, day, await store.list());
}

// paint shows the bar and, on the cards, which of them wait.
async function paint(store: Store): Promise<void> {
  const recs = await bar(store);
  if (shell) return;
  for (const r of recs) if (r.state === 'waiting') waits(d.getElementById('d' + r.body.door));
}
function waits(card: HTMLElement | null): void {
  if (!card || card.classList.contains('is-waiting')) return;
  card.classList.add('is-waiting');
  each<HTMLElement>(card, 'form', (f) => { f.hidden = true; });
  card.appendChild(el('p', 'waits', word('waits')));
}

let timer = 0;
async function send(): Promise<void> {
  const store = await ready;
  const before = line;
  line = await sync(store, async (recs) => { await answered(store, recs); });
  await paint(store);
  if (line === 'login') { await store.forgetDays(); if (before !== 'login') toast(word('login'), 'error'); }
  clearTimeout(timer);
  if ((await store.list()).some((r) => r.state === 'waiting')) timer = window.setTimeout(send, line === 'ok' ? 1000 : 20000);
  else if (shell && line === 'ok' && navigator.onLine) back();
}
// back leaves the shell once the server answers again.
function back(): void { fetch('/healthz').then((r) => { if (r.ok && !typing()) location.reload(); }, () => { /* still none */ }); }
const typing = () => /^(INPUT|TEXTAREA|SELECT)$/.test((d.activeElement || body()).tagName);

// answered shows what became of marks: their cards anew; what was seen to be
// taken at once leaves the list.
const watched: { [key: string]: boolean } = {};
async function answered(store: Store, recs: Rec[]): Promise<void> {
  const doors: { [key: string]: boolean } = {};
  for (const r of recs) doors[r.body.door] = true;
  await store.drop(recs.filter((r) => r.state === 'done' && !r.body.moved && watched[r.key]).map((r) => r.key));
  for (const r of recs) if (r.state === 'refused') toast(r.body.label + word('colon') + (r.body.reason || ''), 'error');
  const taken = recs.filter((r) => r.state === 'done' || r.state === 'differs');
  if (taken.length) {
    await exclusive('wangge-day', async () => {
      if (store.durable) localStorage.setItem('wangge-takes', String(takes() + 1));
      const day = await store.day();
      if (day) await store.saveDay(noted(day, taken));
    });
  }
  if (shell) { await draw(store); return; }
  for (const key of Object.keys(doors)) await freshCard(key);
}
async function freshCard(key: string): Promise<void> {
  const card = d.getElementById('d' + key);
  if (!card) return;
  try {
    const res = await fetch('/doors/' + key + '/card?back=' + encodeURIComponent(location.pathname), { credentials: 'same-origin' });
    if (!res.ok) return;
    const t = d.createElement('template');
    t.innerHTML = (await res.text()).trim();
    card.parentNode!.replaceChild(t.content, card);
  } catch (e) { /* the next load shows it */ }
}

// A door's form: noted first, then sent.
let rounds: Rounds = {};
function pageRounds(): Rounds {
  const e = d.querySelector('[data-rounds]');
  return shell || !e ? rounds : roundsOf(JSON.parse(e.getAttribute('data-rounds') || '[]'));
}
d.addEventListener('input', (e) => {
  const part = (e.target as Element).closest('[data-part]');
  if (part) part.setAttribute('data-touched', '');
}, true);
let pressed: HTMLButtonElement | null = null;
d.addEventListener('click', (e) => {
  const b = (e.target as Element).closest && (e.target as Element).closest('button');
  if (b) pressed = b as HTMLButtonElement;
  const act = b && b.getAttribute('data-outbox');
  if (act === 'send') send();
  if (act === 'seen') seen();
}, true);
async function seen(): Promise<void> {
  const store = await ready;
  await store.drop((await store.list()).filter((r) => r.state !== 'waiting').map((r) => r.key));
  await paint(store);
}

d.addEventListener('submit', (e) => {
  const f = e.target as HTMLFormElement;
  if (f.action === location.origin + '/logout') { leave(e, f); return; }
  if (f.hasAttribute('data-bulk')) { e.preventDefault(); e.stopImmediatePropagation(); noteAll(f); return; }
  if (!f.hasAttribute('data-items') || !window.fetch) return;
  const b = ((e as any).submitter || pressed) as HTMLButtonElement | null, items = itemsOf(f, pageRounds());
  if (!b || !items) return;
  e.preventDefault();
  e.stopImmediatePropagation();
  note(f, b.value, items).catch(() => toast(word('full'), 'error'));
}, true);

// noteAll notes a unit at once, a record for each target.
async function noteAll(f: HTMLFormElement): Promise<void> {
  const store = await ready, day = await store.day();
  if (!day) return;
  const recs = chosen(f, day, await store.list(), store.who ? store.who.account : body().getAttribute('data-account') || '');
  const doors = recs.map((r) => r.body.door).filter((k, i, all) => all.indexOf(k) === i).length;
  if (!doors) { toast(word('bulk-none'), 'error'); return; }
  (window as any).wangge.confirm(word('bulk-ask', doors), async () => {
    try { await store.put(recs); } catch (e) { toast(word('full'), 'error'); return; }
    for (const r of recs) watched[r.key] = true;
    f.closest('details')!.open = false;
    f.closest('[data-part]')!.removeAttribute('data-touched');
    await save(store);
    await draw(store);
    await paint(store);
    send();
  });
}

async function note(f: HTMLFormElement, result: string, items: any[]): Promise<void> {
  const store = await ready;
  await (f as any).shrinking; // the photo is being made smaller
  const account = store.who ? store.who.account : body().getAttribute('data-account') || '';
  const { recs, faults, photo } = read(f, result, items, pageRounds(), account);
  if (!clear(f, faults) || !recs.length) return;
  for (const r of recs) watched[r.key] = true;
  try { sessionStorage.removeItem('keep:' + f.getAttribute('data-keep') + ':' + location.pathname); } catch (e) { /* forbidden */ }
  await store.put(recs, photo);
  await save(store);
  const s = navigator.storage;
  if (store.durable && s && s.persist) s.persist().catch(() => { /* the browser decides */ });
  body().setAttribute('data-noted', String(+(body().getAttribute('data-noted') || 0) + recs.length));
  const card = f.closest('article') as HTMLElement | null;
  if (card) { if (shell) await draw(store); else waits(card); await paint(store); send(); return; }
  await Promise.race([send(), new Promise((ok) => setTimeout(ok, 3000))]);
  const mine = (await store.list()).filter((r) => watched[r.key] && r.state === 'refused');
  if (mine.length) { clear(f, { '': mine[0].body.reason || '' }); return; }
  const sw = navigator.serviceWorker;
  if (line !== 'ok' && !(sw && sw.controller)) { // no page to go to without network
    waits(f.closest('section') as HTMLElement | null);
    return;
  }
  const to = (f.elements as any).back;
  leaving = true;
  location.href = (to && to.value ? to.value : back_()) + '#d' + (f.getAttribute('data-door') || '');
}
function back_(): string {
  const q = new URLSearchParams(location.search).get('back') || '';
  return /^\/[^/\\]/.test(q) ? q : '/today';
}

// clear removes the faults shown in a form and shows the new ones; true: none.
function clear(f: HTMLFormElement, faults: Faults): boolean {
  each(f, '.fld-err', (e) => e.remove());
  each(f, '.fld-bad', (e) => e.classList.remove('fld-bad'));
  const names = Object.keys(faults);
  names.forEach((n, i) => {
    const input = n ? f.querySelector('[name="' + n + '"]') : null;
    const box = (input && (input.closest('.fld') || input.closest('.photo'))) || f;
    const p = el('p', 'fld-err', faults[n]);
    box.classList.add('fld-bad');
    if (box === f) f.insertBefore(p, f.firstChild);
    else if (box.classList.contains('photo')) box.parentNode!.insertBefore(p, box);
    else box.appendChild(p);
    const details = box.closest('details');
    if (details) details.open = true;
    if (!i) p.scrollIntoView({ block: 'center' });
  });
  return !names.length;
}

// leave: logging out wipes the phone; unsent marks are not lost without a word.
let sure = false;
function leave(e: Event, f: HTMLFormElement): void {
  if (sure) return;
  e.preventDefault();
  e.stopImmediatePropagation();
  ready.then(async (store) => {
    await Promise.race([send(), new Promise((ok) => setTimeout(ok, 5000))]);
    const n = (await store.list()).filter((r) => r.state === 'waiting').length;
    const go = async () => {
      await store.wipe();
      await save(store);
      localStorage.removeItem('wangge-shell');
      leaving = sure = true;
      f.submit();
    };
    if (n) (window as any).wangge.confirm(word('leave', n), go); else await go();
  });
}

let leaving = false;
window.addEventListener('beforeunload', (e) => {
  if (leaving || !unsafe) return;
  e.preventDefault();
  e.returnValue = '';
});
// Without a store an open page is all there is: ask before it goes.
let unsafe = false;
setInterval(() => { ready.then(async (s) => { unsafe = !s.durable && (await s.list()).some((r) => r.state === 'waiting'); }); }, 500);

window.addEventListener('online', () => { line = 'ok'; send(); });
d.addEventListener('visibilitychange', () => { if (!d.hidden) ready.then(send); });
d.addEventListener('wangge:page', () => { ready.then(paint); });
start();
