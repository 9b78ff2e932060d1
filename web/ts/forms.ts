// From a door's form to records: one for each target it marks.
import { Card, Field, Item, Mark, Rec, Result, Round } from './types';
import { random } from './store';
import { text, word } from './words';

export type Rounds = { [id: string]: Round };

export function roundsOf(list: Round[]): Rounds {
  const out: Rounds = {};
  for (const r of list) out[r.id] = r;
  return out;
}

// itemsOf reads what a form marks; null where it names a round the page does
// not know: then the form goes the ordinary way.
export function itemsOf(form: HTMLFormElement, rounds: Rounds): Item[] | null {
  const items: Item[] = JSON.parse(form.getAttribute('data-items') || '[]');
  return items.length && items.every((i) => !!rounds[i.round_id]) ? items : null;
}

function open(i: Item): boolean { return i.state === 'outstanding' || i.state === 'attempted'; }

export interface Faults { [name: string]: string }

// read makes the records of a form, or says what is missing in it.
export function read(form: HTMLFormElement, result: string, items: Item[], rounds: Rounds, account: string): { recs: Rec[]; faults: Faults; photo?: Blob } {
  const data = new FormData(form);
  const get = (n: string) => { const v = data.get(n); return typeof v === 'string' ? v.trim() : ''; };
  const picked = data.get('photo');
  const photo = picked && typeof picked !== 'string' && picked.size ? picked : undefined;
  const faults: Faults = {}, recs: Rec[] = [], now = Date.now();
  const card = form.getAttribute('data-door') || '';
  const all = items.length > 1 || !get('object');
  for (const it of items) {
    if (all && !open(it)) continue;
    const round = rounds[it.round_id];
    const res = round.results.filter((r) => r.code === result)[0];
    if (!res) continue;
    const mark: Mark = { round_id: it.round_id, object_id: it.object_id, result, client_key: random(), claimed_ms: now, how: get('how') || 'door' };
    if (get('note')) mark.note = get('note');
    if (get('correct')) mark.correct = true;
    if (res.class === 'done') {
      answer(mark, it, round, res, get, faults);
      if (round.photo && !photo) faults.photo = word('photo-needed');
    }
    recs.push({
      key: mark.client_key, account, at: now, state: 'waiting',
      body: { mark, door: card, label: form.getAttribute('data-label') || '', round: round.name + (it.part ? ' · ' + it.part : ''), word: text(res), klass: res.class, photo: !!photo },
    });
  }
  return { recs, faults, photo };
}

// normals makes the records of a door that is marked at once with its
// neighbours: all of its open targets, or none where a question has no answer
// without asking or a photo is needed.
export function normals(c: Card, rounds: Rounds, account: string): Rec[] {
  const out: Rec[] = [], faults: Faults = {}, now = Date.now();
  for (const it of c.items) {
    const round = rounds[it.round_id], res = round && round.results.filter((r) => r.code === 'normal')[0];
    if (!open(it)) continue;
    if (!res || round.photo) return [];
    const mark: Mark = { round_id: it.round_id, object_id: it.object_id, result: res.code, client_key: random(), claimed_ms: now, how: 'bulk' };
    answer(mark, it, round, res, () => '', faults);
    out.push({
      key: mark.client_key, account, at: now, state: 'waiting',
      body: { mark, door: c.key, label: [c.where, c.label].filter(Boolean).join(' '), round: round.name + (it.part ? ' · ' + it.part : ''), word: text(res), klass: res.class },
    });
  }
  return Object.keys(faults).length ? [] : out;
}

function answer(mark: Mark, it: Item, round: Round, res: Result, get: (n: string) => string, faults: Faults): void {
  const fresh: { [key: string]: string } = {};
  for (const f of it.fresh || []) fresh[f.field] = f.value;
  mark.answers = collect(round.fields, 'a.', get, res, faults, fresh);
  if (res.answers === 'normal') return;
  for (const p of it.members || []) {
    const exempt = get('x.' + p);
    const m = exempt ? { person_id: p, exempt } : { person_id: p, answers: collect(round.each || [], 'm.' + p + '.', get, res, faults, {}) };
    (mark.members = mark.members || []).push(m);
  }
}

// collect reads the answers to fields. "All normal" confirms the fresh answers
// to questions without a normal answer of their own, as the head count.
function collect(fields: Field[], prefix: string, get: (n: string) => string, res: Result, faults: Faults, fresh: { [key: string]: string }): { [key: string]: string } {
  const out: { [key: string]: string } = {}, normal = res.answers === 'normal';
  for (const f of fields) {
    if (f.when && out[f.when.field] !== f.when.equals) continue;
    let v = get(prefix + f.key);
    if (!v && normal && (!f.normal || f.normal === '@living')) v = fresh[f.key] || '';
    if (v) out[f.key] = v;
    else if (f.required && f.type !== 'photo' && !(normal && f.normal)) faults[prefix + f.key] = word('required');
  }
  return out;
}
