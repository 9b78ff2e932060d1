// The bar on top of the page: what waits, what became of what was sent, and
// what the browser threw away. A record stays until a person has seen it.
import { Store } from './store';
import { Rec } from './types';
import { forgetLost, lost } from './outbox';
import { clock, el, word } from './words';

const SIGN: { [state: string]: string } = { waiting: '…', done: '✓', late: '!', older: '!', differs: '≠', refused: '✕' };

export async function bar(store: Store): Promise<Rec[]> {
  const recs = await store.list();
  const box = document.getElementById('outbox');
  if (!box) return recs;
  const waiting = recs.filter((r) => r.state === 'waiting').length, answered = recs.length - waiting;
  box.hidden = !recs.length;
  box.className = 'outbox' + (waiting ? ' unsent' : '');
  const head = [waiting ? word('unsent', waiting) : '', answered ? word('answered', answered) : ''];
  (document.getElementById('outbox-n') as HTMLElement).textContent = head.filter(Boolean).join(' · ');
  const list = document.getElementById('outbox-list') as HTMLElement;
  list.textContent = '';
  for (const r of recs.slice().reverse()) list.appendChild(row(r));
  (box.querySelector('[data-outbox=send]') as HTMLElement).hidden = !waiting;
  (box.querySelector('[data-outbox=seen]') as HTMLElement).hidden = !answered;
  gone(store);
  await foreign(store);
  return recs;
}

function row(r: Rec): HTMLElement {
  const li = el('li', 'st-' + r.state), a = el('a') as HTMLAnchorElement, left = el('span');
  a.href = '/doors/' + r.body.door;
  left.appendChild(el('b', '', r.body.label));
  left.appendChild(el('small', '', r.body.word + ' · ' + r.body.round + ' · ' + clock(r.at)));
  const said = word('is-' + r.state) + (r.body.reason ? word('colon') + r.body.reason : '') + (r.body.moved ? ' ' + word('clock') : '');
  const why = el('small', 'why', SIGN[r.state] + ' ' + said);
  left.appendChild(why);
  a.appendChild(left);
  li.appendChild(a);
  return li;
}

// gone says that the browser threw the storage away with marks in it.
function gone(store: Store): void {
  const box = document.getElementById('outbox-lost'), what = lost(store);
  if (!box || !what || !what.n) return;
  box.hidden = false;
  (box.querySelector('b') as HTMLElement).textContent = word('lost', what.n);
  const list = box.querySelector('ul') as HTMLElement;
  list.textContent = '';
  what.doors.forEach((d, i) => {
    const li = el('li'), a = el('a', '', word('lost-door', i + 1)) as HTMLAnchorElement;
    a.href = '/doors/' + encodeURIComponent(d);
    li.appendChild(a); list.appendChild(li);
  });
  (box.querySelector('button') as HTMLElement).onclick = () => { forgetLost(); box.hidden = true; };
}

// foreign says that marks of somebody else wait on this phone.
export async function foreign(store: Store): Promise<void> {
  const box = document.getElementById('outbox-others'), n = await store.others();
  if (!box) return;
  box.hidden = !n;
  box.textContent = n ? word('others', n) : '';
}
