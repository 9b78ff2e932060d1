// The service worker: the shell page and the static files for when there is no
// network. It keeps no door and no person: those lie sealed in IndexedDB.
const w = self as any;
const { build, assets, shell } = w.WANGGE as { build: string; assets: string[]; shell: string };
const CACHE = 'wangge-' + build;
const PATIENCE = 6000; // milliseconds a page may take before the shell shows

const keepShell = async (): Promise<void> => {
  const c = await caches.open(CACHE);
  const res = await fetch(shell, { credentials: 'same-origin', cache: 'no-store' });
  if (res.ok && !res.redirected) await c.put(shell, res);
};

w.addEventListener('install', (e: any) => {
  e.waitUntil(caches.open(CACHE).then((c) => c.addAll(assets)).then(keepShell).then(() => w.skipWaiting()));
});
w.addEventListener('activate', (e: any) => {
  e.waitUntil(caches.keys().then((names) => Promise.all(names.filter((n) => n !== CACHE && n.indexOf('wangge-') === 0).map((n) => caches.delete(n)))).then(() => w.clients.claim()));
});
w.addEventListener('message', (e: any) => { if (e.data === 'shell') e.waitUntil(keepShell().catch(() => { /* later */ })); });

// A notification leads to the page of tasks that is open already, else to a new one.
w.addEventListener('notificationclick', (e: any) => {
  e.notification.close();
  const to = e.notification.data || '/tasks';
  e.waitUntil(w.clients.matchAll({ type: 'window', includeUncontrolled: true }).then((all: any[]) => {
    const at = all.filter((c) => new URL(c.url).pathname === to)[0] || all[0];
    return at ? at.focus() : w.clients.openWindow(to);
  }));
});

w.addEventListener('fetch', (e: any) => {
  const req = e.request as Request, url = new URL(req.url);
  if (req.method !== 'GET' || url.origin !== location.origin) return;
  if (url.pathname.indexOf('/assets/') === 0) e.respondWith(asset(req));
  else if (req.mode === 'navigate' && phone(url.pathname)) e.respondWith(page(req));
});

const phone = (path: string): boolean => path === '/' || path === '/account' || /^\/(today|doors)(\/|$)/.test(path);

async function asset(req: Request): Promise<Response> {
  const c = await caches.open(CACHE), hit = await c.match(req, { ignoreVary: true });
  return hit || fetch(req);
}

async function page(req: Request): Promise<Response> {
  const c = await caches.open(CACHE), kept = await c.match(shell, { ignoreVary: true });
  if (!kept) return fetch(req);
  const late = new Promise<Response>((ok) => setTimeout(() => ok(kept), PATIENCE));
  const live = fetch(req).then((r) => (r.status >= 502 && r.status <= 504 ? kept : r), () => kept);
  return Promise.race([live, late]);
}
