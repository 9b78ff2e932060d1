// Where marks and the day's doors lie on the phone: in IndexedDB, each row
// sealed with AES-GCM under a key that scripts can use and never read. A browser
// without that keeps marks in memory for as long as the page is open.
import { Day, Rec, State, Who } from './types';

const DAY = 86400000;
export const KEEP = 14 * DAY; // nine days without network, and five more

interface Ring { account: string; session: string; ends: number; made: number; key: CryptoKey }
interface Row { key: string; account: string; at: number; state: State; iv: Uint8Array; data: ArrayBuffer }
interface Sealed { key: string; account: string; iv: Uint8Array; data: ArrayBuffer }

export interface Store {
  durable: boolean;
  epoch: string; // names this storage: another one means that the browser threw the old one away
  who: Who | null;
  put(recs: Rec[], photo?: Blob): Promise<void>;
  list(): Promise<Rec[]>;
  drop(keys: string[]): Promise<void>;
  photo(key: string): Promise<Blob | null>;
  saveDay(d: Day): Promise<void>;
  day(): Promise<Day | null>;
  forgetDays(): Promise<void>; // the session ended: what was read goes, what was not sent stays sealed
  wipe(): Promise<void>;
  others(): Promise<number>; // unsent marks of other accounts
}

export function capable(): boolean {
  return !!(window.isSecureContext && window.indexedDB && window.crypto && crypto.subtle && navigator.serviceWorker);
}

// open gives the phone's store. who is null where no server said who is logged
// in: without network the last account is taken, as long as its session lasts.
export async function open(who: Who | null): Promise<Store> {
  if (capable()) {
    try {
      const s = new Disk(await database(), who);
      await s.start();
      return s;
    } catch (e) { /* private windows and full disks: memory */ }
  }
  return new Memory(who);
}

function wait<T>(r: IDBRequest<T>): Promise<T> {
  return new Promise((ok, no) => { r.onsuccess = () => ok(r.result); r.onerror = () => no(r.error); });
}
function finished(tx: IDBTransaction): Promise<void> {
  return new Promise((ok, no) => { tx.oncomplete = () => ok(); tx.onabort = tx.onerror = () => no(tx.error); });
}
function database(): Promise<IDBDatabase> {
  const r = indexedDB.open('wangge', 1);
  r.onupgradeneeded = () => {
    const d = r.result;
    d.createObjectStore('meta');
    d.createObjectStore('keys', { keyPath: 'account' });
    for (const name of ['day', 'outbox', 'photos']) d.createObjectStore(name, { keyPath: 'key' });
  };
  return wait(r);
}
export function random(): string {
  const b = crypto.getRandomValues(new Uint8Array(12));
  return Array.prototype.map.call(b, (n: number) => (n + 256).toString(16).slice(1)).join('');
}

class Disk implements Store {
  durable = true;
  epoch = '';
  private ring: Ring | null = null;
  constructor(private d: IDBDatabase, public who: Who | null) {}

  async start(): Promise<void> {
    this.epoch = (await this.get<string>('meta', 'epoch')) || '';
    if (!this.epoch) {
      this.epoch = random();
      await this.write(['meta'], (tx) => tx.objectStore('meta').put(this.epoch, 'epoch'));
    }
    await this.purge();
    if (this.who) await this.enter(this.who);
    else {
      const last = await this.get<string>('meta', 'last');
      const ring = last ? await this.get<Ring>('keys', last) : undefined;
      if (ring && ring.ends > Date.now()) {
        this.ring = ring;
        this.who = { account: ring.account, session: ring.session, ends: ring.ends };
      }
    }
  }

  // enter makes or takes the account's key. A new session gets a new key: marks
  // that wait are sealed anew, doors that were read are forgotten.
  private async enter(who: Who): Promise<void> {
    const old = await this.get<Ring>('keys', who.account);
    if (old && old.session === who.session) this.ring = old;
    else {
      const waiting = old ? await this.open_(old, await this.rows(who.account)) : [];
      const photos: { key: string; blob: Blob }[] = [];
      this.ring = old || null;
      for (const r of waiting) { const b = await this.photo(r.key); if (b) photos.push({ key: r.key, blob: b }); }
      const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']) as CryptoKey;
      this.ring = { account: who.account, session: who.session, ends: who.ends, made: Date.now(), key };
      const rows = await Promise.all(waiting.map((r) => this.row(r)));
      const pics = await Promise.all(photos.map(async (p) => this.sealed(p.key, await p.blob.arrayBuffer())));
      const ring = this.ring;
      await this.write(['keys', 'day', 'outbox', 'photos'], (tx) => {
        tx.objectStore('keys').put(ring);
        tx.objectStore('day').clear();
        for (const r of rows) tx.objectStore('outbox').put(r);
        for (const p of pics) tx.objectStore('photos').put(p);
      });
    }
    await this.write(['meta'], (tx) => tx.objectStore('meta').put(who.account, 'last'));
  }

  // purge drops what is too old: doors at the end of their session, marks and
  // keys fourteen days after they were made.
  private async purge(): Promise<void> {
    const now = Date.now();
    const rings = await this.all<Ring>('keys');
    const rows = await this.all<Row>('outbox');
    const stale = rows.filter((r) => now - r.at > KEEP).map((r) => r.key);
    const kept = rows.filter((r) => now - r.at <= KEEP);
    const over = rings.filter((r) => now >= r.ends || now - r.made > KEEP);
    if (!stale.length && !over.length) return;
    await this.write(['keys', 'day', 'outbox', 'photos'], (tx) => {
      for (const k of stale) { tx.objectStore('outbox').delete(k); tx.objectStore('photos').delete(k); }
      for (const r of over) {
        tx.objectStore('day').delete(r.account);
        if (!kept.some((k) => k.account === r.account)) tx.objectStore('keys').delete(r.account);
      }
    });
  }

  async put(recs: Rec[], photo?: Blob): Promise<void> {
    const rows = await Promise.all(recs.map((r) => this.row(r)));
    const bytes = photo ? await photo.arrayBuffer() : null;
    const pics = bytes ? await Promise.all(recs.map((r) => this.sealed(r.key, bytes))) : [];
    await this.write(['outbox', 'photos'], (tx) => {
      for (const r of rows) tx.objectStore('outbox').put(r);
      for (const p of pics) tx.objectStore('photos').put(p);
    });
  }
  async list(): Promise<Rec[]> {
    if (!this.ring) return [];
    const recs = await this.open_(this.ring, await this.rows(this.ring.account));
    return recs.sort((a, b) => a.at - b.at || (a.key < b.key ? -1 : 1));
  }
  async drop(keys: string[]): Promise<void> {
    await this.write(['outbox', 'photos'], (tx) => {
      for (const k of keys) { tx.objectStore('outbox').delete(k); tx.objectStore('photos').delete(k); }
    });
  }
  async photo(key: string): Promise<Blob | null> {
    const p = await this.get<Sealed>('photos', key);
    return p && this.ring ? new Blob([await unseal(this.ring.key, key, p)], { type: 'image/jpeg' }) : null;
  }
  async saveDay(d: Day): Promise<void> {
    if (!this.ring) return;
    const s = await this.sealed(this.ring.account, bytesOf(JSON.stringify(d)));
    await this.write(['day'], (tx) => tx.objectStore('day').put(s));
  }
  async day(): Promise<Day | null> {
    if (!this.ring) return null;
    const s = await this.get<Sealed>('day', this.ring.account);
    return s ? JSON.parse(textOf(await unseal(this.ring.key, s.key, s))) : null;
  }
  forgetDays(): Promise<void> {
    return this.write(['day'], (tx) => tx.objectStore('day').clear());
  }
  async wipe(): Promise<void> {
    await this.write(['meta', 'keys', 'day', 'outbox', 'photos'], (tx) => {
      for (const name of ['keys', 'day', 'outbox', 'photos']) tx.objectStore(name).clear();
      tx.objectStore('meta').delete('last');
    });
    this.ring = null;
    this.who = null;
  }
  async others(): Promise<number> {
    const me = this.who ? this.who.account : '';
    return (await this.all<Row>('outbox')).filter((r) => r.state === 'waiting' && r.account !== me).length;
  }

  private async row(r: Rec): Promise<Row> {
    const s = await this.sealed(r.key, bytesOf(JSON.stringify(r.body)));
    return { key: r.key, account: r.account, at: r.at, state: r.state, iv: s.iv, data: s.data };
  }
  private async sealed(key: string, plain: BufferSource): Promise<Sealed> {
    const ring = this.ring!;
    const iv = crypto.getRandomValues(new Uint8Array(12));
    const data = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: bytesOf(key) }, ring.key, plain);
    return { key, account: ring.account, iv, data };
  }
  private async open_(ring: Ring, rows: Row[]): Promise<Rec[]> {
    return Promise.all(rows.map(async (r) => ({
      key: r.key, account: r.account, at: r.at, state: r.state, body: JSON.parse(textOf(await unseal(ring.key, r.key, r))),
    })));
  }
  private async rows(account: string): Promise<Row[]> {
    return (await this.all<Row>('outbox')).filter((r) => r.account === account);
  }
  private get<T>(store: string, key: string): Promise<T | undefined> {
    return wait(this.d.transaction(store).objectStore(store).get(key));
  }
  private all<T>(store: string): Promise<T[]> {
    return wait(this.d.transaction(store).objectStore(store).getAll());
  }
  // A mark is on the disk before anybody is told that it was noted.
  private write(stores: string[], fn: (tx: IDBTransaction) => void): Promise<void> {
    const tx = (this.d as any).transaction(stores, 'readwrite', { durability: 'strict' });
    const end = finished(tx);
    fn(tx);
    return end;
  }
}

const bytesOf = (s: string) => new TextEncoder().encode(s);
const textOf = (b: ArrayBuffer) => new TextDecoder().decode(b);
function unseal(key: CryptoKey, name: string, s: { iv: Uint8Array; data: ArrayBuffer }): Promise<ArrayBuffer> {
  return crypto.subtle.decrypt({ name: 'AES-GCM', iv: s.iv, additionalData: bytesOf(name) }, key, s.data);
}

// Memory holds marks while the page is open, and nothing else.
class Memory implements Store {
  durable = false;
  epoch = '';
  private recs: { [key: string]: Rec } = {};
  private photos: { [key: string]: Blob } = {};
  constructor(public who: Who | null) {}
  async put(recs: Rec[], photo?: Blob) {
    for (const r of recs) { this.recs[r.key] = r; if (photo) this.photos[r.key] = photo; }
  }
  async list() { return Object.keys(this.recs).map((k) => this.recs[k]).sort((a, b) => a.at - b.at); }
  async drop(keys: string[]) { for (const k of keys) { delete this.recs[k]; delete this.photos[k]; } }
  async photo(key: string) { return this.photos[key] || null; }
  async saveDay() { /* doors are not kept */ }
  async day() { return null; }
  async forgetDays() { /* none are kept */ }
  async wipe() { this.recs = {}; this.photos = {}; }
  async others() { return 0; }
}
