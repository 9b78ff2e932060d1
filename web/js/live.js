// Live updates. Elements say data-live="topic" hx-get="…" hx-trigger="live":
// when the server says that the topic changed, they ask for themselves again.
//
// Of all tabs that can be seen one holds the stream (Web Locks) and tells the
// others (BroadcastChannel); without these each visible tab has its own. A
// hidden tab has none and refreshes when it is seen again. With data-live-poll
// on the body (phones) there is no stream: refresh on focus and each minute.
(function () {
  'use strict';
  var d = document, url = d.body.getAttribute('data-live-url');
  if (!url) return;
  var poll = d.body.hasAttribute('data-live-poll') || !window.EventSource;
  var shared = !poll && !!(window.BroadcastChannel && navigator.locks && window.AbortController);
  var chan = shared ? new BroadcastChannel('wangge-live') : null;
  var source = null, open = '', others = {}, me = Math.random().toString(36).slice(2);
  var release = null, waiting = null, hiddenAt = 0, timer = 0;

  function elements() { return Array.prototype.slice.call(d.querySelectorAll('[data-live]')); }
  function topicsOf(el) { return (el.getAttribute('data-live') || '').split(/\s+/).filter(Boolean); }
  function mine() {
    var t = {};
    elements().forEach(function (el) { topicsOf(el).forEach(function (x) { t[x] = 1; }); });
    return Object.keys(t);
  }

  // An element in which somebody types waits until they have left it.
  function refresh(el) {
    var a = d.activeElement;
    if (a && a !== d.body && el.contains(a) && /^(INPUT|TEXTAREA|SELECT)$/.test(a.tagName)) {
      el.addEventListener('focusout', function () { setTimeout(function () { refresh(el); }, 200); }, { once: true });
      return;
    }
    if (window.htmx) window.htmx.trigger(el, 'live');
    else el.dispatchEvent(new CustomEvent('live'));
  }
  function changed(topic) {
    elements().forEach(function (el) { if (topicsOf(el).indexOf(topic) >= 0) refresh(el); });
  }
  function refreshAll() { elements().forEach(refresh); }

  function state(ok) {
    Array.prototype.forEach.call(d.querySelectorAll('[data-live-state]'), function (n) {
      n.hidden = false;
      n.textContent = d.body.getAttribute(ok ? 'data-msg-live' : 'data-msg-stale');
      n.classList.toggle('stale', !ok);
    });
  }

  // The stream.
  function wanted() {
    var t = {};
    mine().forEach(function (x) { t[x] = 1; });
    Object.keys(others).forEach(function (k) { others[k].forEach(function (x) { t[x] = 1; }); });
    return Object.keys(t).sort().slice(0, 40);
  }
  function connect() {
    var t = wanted(), q = t.map(function (x) { return 'topic=' + encodeURIComponent(x); }).join('&');
    if (source && q === open) return;
    disconnect();
    open = q;
    if (!q) return;
    var broken = false;
    source = new EventSource(url + '?' + q);
    source.onopen = function () {
      say({ state: true });
      state(true);
      if (broken) { broken = false; refreshAll(); say({ all: true }); }
    };
    source.onmessage = function (e) { changed(e.data); say({ topic: e.data }); };
    source.onerror = function () {
      broken = true;
      state(false);
      say({ state: false });
      if (source && source.readyState === EventSource.CLOSED) { disconnect(); minute(true); }
    };
  }
  function disconnect() { if (source) source.close(); source = null; open = ''; }
  function say(m) { if (chan) { m.from = me; chan.postMessage(m); } }

  function lead() {
    if (release || waiting) return;
    waiting = new AbortController();
    navigator.locks.request('wangge-live', { signal: waiting.signal }, function () {
      waiting = null;
      return new Promise(function (done) {
        release = function () { release = null; disconnect(); others = {}; done(); };
        say({ who: true });
        connect();
      });
    }).catch(function () { waiting = null; });
  }
  function resign() {
    if (release) release();
    if (waiting) { waiting.abort(); waiting = null; }
  }
  if (chan) {
    chan.onmessage = function (e) {
      var m = e.data;
      if (m.who && !d.hidden) say({ want: mine() });
      if (m.want && release) { others[m.from] = m.want; connect(); say({ state: source && source.readyState === 1 }); }
      if (m.bye && release) { delete others[m.from]; connect(); }
      if (m.topic && !d.hidden) changed(m.topic);
      if (m.all && !d.hidden) refreshAll();
      if (typeof m.state === 'boolean' && !d.hidden && elements().length) state(m.state);
    };
  }

  function minute(on) {
    clearInterval(timer);
    if (on) timer = setInterval(function () { if (!d.hidden) refreshAll(); }, 60000);
  }
  function show() {
    if (hiddenAt && Date.now() - hiddenAt > 1500) refreshAll();
    hiddenAt = 0;
    if (poll) { minute(true); return; }
    if (!elements().length) return;
    if (shared) { say({ want: mine() }); lead(); } else connect();
  }
  function hide() {
    hiddenAt = Date.now();
    minute(false);
    if (shared) { say({ bye: true }); resign(); } else disconnect();
  }
  d.addEventListener('visibilitychange', function () { if (d.hidden) hide(); else show(); });
  window.addEventListener('pagehide', hide);
  window.addEventListener('pageshow', function (e) { if (e.persisted) show(); });
  window.addEventListener('focus', function () { if (poll) refreshAll(); });
  window.addEventListener('online', refreshAll);
  // A swapped part may follow other topics.
  d.addEventListener('htmx:afterSettle', topics);
  d.addEventListener('wangge:page', topics);
  function topics() {
    if (poll || d.hidden) return;
    if (release || !shared) { if (elements().length) connect(); } else if (elements().length) { say({ want: mine() }); lead(); }
  }
  d.addEventListener('htmx:afterSwap', function (e) {
    var el = e.detail.elt;
    if (el && el.classList && el.closest && el.closest('[data-live]')) { el.classList.remove('flashed'); void el.offsetWidth; el.classList.add('flashed'); }
  });
  if (!d.hidden) show();
})();
