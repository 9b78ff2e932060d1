// The outbox: every mark is noted on the phone first and then sent; it leaves
// when the server answered and a person saw the answer.
import { Store } from './store';
import { Mark, Rec } from './types';

const BATCH = 50;
const PATIENCE = 30000; // milliseconds until a call counts as lost

export type Line = 'ok' | 'offline' | 'login';

let busy: Promise<Line> | null = null;

// sync sends what waits. Calls while one is under way share its end; several
// tabs take turns. told is called with the records that got an answer.
export function sync(store: Store, told: (recs: Rec[]) => Promise<void>): Promise<Line> {
  if (!busy) {
    busy = exclusive('wangge-outbox', () => send(store, told)).then((l) => { busy = null; return l; }, () => { busy = null; return 'offline' as Line; });
  }
  return busy;
}

// exclusive does fn while no other call of that name runs, in any tab.
export function exclusive<T>(name: string, fn: () => Promise<T>): Promise<T> {
  const locks = (navigator as any).locks;
  return locks ? locks.request(name, fn) : fn();
}

async function send(store: Store, told: (recs: Rec[]) => Promise<void>): Promise<Line> {
  for (;;) {
    const waiting = (await store.list()).filter((r) => r.state === 'waiting').slice(0, BATCH);
    if (!waiting.length) return 'ok';
    const ready: Rec[] = [];
    for (const r of waiting) {
      const line = await sendPhoto(store, r);
      if (line !== 'ok') return line;
      if (r.state === 'waiting') ready.push(r);
    }
    const line = ready.length ? await sendMarks(ready) : 'ok';
    const answered = waiting.filter((r) => r.state !== 'waiting');
    await store.put(answered);
    save(store);
    await told(answered);
    if (line !== 'ok' || !answered.length) return line === 'ok' ? 'offline' : line;
  }
}

async function call(path: string, init: RequestInit): Promise<Response> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), PATIENCE * (init.body instanceof Blob ? 4 : 1));
  try {
    return await fetch(path, { credentials: 'same-origin', method: 'POST', signal: stop.signal, ...init });
  } finally { clearTimeout(timer); }
}

// A photo travels before its mark and once only: its key is the mark's.
async function sendPhoto(store: Store, r: Rec): Promise<Line> {
  if (!r.body.photo || r.body.mark.photo_id) return 'ok';
  const blob = await store.photo(r.key);
  if (!blob) { r.body.photo = false; return 'ok'; }
  let res: Response;
  try {
    res = await call('/api/v1/rounds/' + r.body.mark.round_id + '/photos',
      { body: blob, headers: { 'Content-Type': 'image/jpeg', 'Accept': 'application/json', 'Idempotency-Key': r.key.slice(0, 78) + '-p' } });
  } catch (e) { return 'offline'; }
  if (res.status === 401) return 'login';
  if (passing(res.status)) return 'offline';
  if (!res.ok) { await refuse(r, res); return 'ok'; }
  r.body.mark.photo_id = (await res.json()).photo_id;
  await store.put([r]);
  return 'ok';
}

// passing reports whether a status says "later", not "no".
function passing(status: number): boolean { return status === 408 || status === 429 || status >= 500; }

async function refuse(r: Rec, res: Response): Promise<void> {
  r.state = 'refused';
  try { r.body.reason = reasonOf(await res.json()); } catch (e) { r.body.reason = String(res.status); }
}
function reasonOf(p: any): string {
  const first = p.errors && p.errors[0] && (p.errors[0].reason || p.errors[0].message);
  return [p.detail || p.title, first].filter((s, i, a) => s && a.indexOf(s) === i).join(' ');
}

async function sendMarks(recs: Rec[]): Promise<Line> {
  const now = Date.now();
  const marks = recs.map((r): Mark => ({ ...r.body.mark, sent_ms: now }));
  let res: Response;
  try {
    res = await call('/api/v1/marks:batch', { body: JSON.stringify({ marks, tell_contradictions: true }), headers: { 'Content-Type': 'application/json', 'Accept': 'application/json' } });
  } catch (e) { return 'offline'; }
  if (res.status === 401) return 'login';
  if (passing(res.status)) return 'offline';
  if (!res.ok) {
    if (recs.length === 1) { await refuse(recs[0], res); return 'ok'; }
    for (const r of recs) { // one of them spoils the batch: find it
      const line = await sendMarks([r]);
      if (line !== 'ok') return line;
    }
    return 'ok';
  }
  let items: any[];
  try { items = (await res.json()).items; } catch (e) { return 'offline'; }
  items.forEach((it, i) => answer(recs[i], it));
  return 'ok';
}

function answer(r: Rec, it: any): void {
  if (it.problem) {
    if (it.status === 401 || passing(it.status)) return;
    r.state = 'refused';
    r.body.reason = reasonOf(it.problem);
    return;
  }
  const m = it.result || {};
  r.state = m.late ? 'late' : m.differs ? 'differs' : m.older ? 'older' : 'done';
  r.body.moved = !!m.clock_off;
}

// The cookie beside the storage: how many marks wait, and at which doors. When
// the browser throws the storage away, the cookie still tells.
const COOKIE = 'wangge_unsent';

export async function save(store: Store): Promise<void> {
  if (!store.durable) return;
  const waiting = (await store.list()).filter((r) => r.state === 'waiting');
  if (!waiting.length) { cookie('', 0); return; }
  const doors = waiting.map((r) => r.body.door).filter((d, i, a) => a.indexOf(d) === i).slice(0, 40);
  cookie([store.epoch, waiting.length].concat(doors as any).join('.'), 14 * 86400);
}
function cookie(value: string, seconds: number): void {
  document.cookie = COOKIE + '=' + value + '; path=/; max-age=' + seconds + '; SameSite=Lax' + (location.protocol === 'https:' ? '; Secure' : '');
}

// lost tells how many marks, and at which doors, went with a storage that is gone.
export function lost(store: Store): { n: number; doors: string[] } | null {
  const m = document.cookie.match(new RegExp('(?:^|; )' + COOKIE + '=([^;]+)'));
  if (!m || !store.durable) return null;
  const parts = m[1].split('.');
  return parts[0] === store.epoch ? null : { n: +parts[1] || 0, doors: parts.slice(2) };
}
export function forgetLost(): void { cookie('', 0); }
