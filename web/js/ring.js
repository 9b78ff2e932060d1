// Telling of new work while the page of tasks is open but not seen (another tab,
// another app): a notification that says how many, never what. It asks the
// server once a minute, which knows who is on call at night. Once the page or the
// browser is closed nothing rings: the page says so where it asks for consent.
(function () {
  'use strict';
  var d = document, box = d.querySelector('[data-ring-ask]'), KEY = 'wangge-ring';
  if (!box || !window.Notification || !window.fetch || !window.isSecureContext) return;
  var yes = box.querySelector('[data-ring-yes]'), no = box.querySelector('[data-ring-no]');
  var timer = 0, told = 0;

  function on() {
    try { return Notification.permission === 'granted' && localStorage.getItem(KEY) === '1'; } catch (e) { return false; }
  }
  function keep(v) { try { localStorage.setItem(KEY, v); } catch (e) { /* forbidden: asked again */ } }
  function show() {
    var denied = Notification.permission === 'denied';
    box.hidden = false;
    yes.hidden = on() || denied;
    no.hidden = !on();
    box.querySelector('[data-ring-off]').hidden = on() || denied;
    box.querySelector('[data-ring-on]').hidden = !on();
    box.querySelector('[data-ring-denied]').hidden = !denied;
  }
  function worker() {
    var s = navigator.serviceWorker;
    return s ? s.register('/sw.js').then(function () { return s.ready; }, function () { return null; }) : Promise.resolve(null);
  }

  function tell(n) {
    var title = box.getAttribute('data-title').replace('{0}', n);
    var how = { tag: KEY, renotify: true, body: box.getAttribute('data-body'), data: '/tasks', vibrate: [300, 120, 300], requireInteraction: true };
    worker().then(function (w) {
      if (w && w.showNotification) w.showNotification(title, how);
      else new Notification(title, { tag: KEY, body: how.body }).onclick = function () { window.focus(); };
    });
  }
  function clear() {
    told = 0;
    worker().then(function (w) {
      if (w && w.getNotifications) w.getNotifications({ tag: KEY }).then(function (list) { list.forEach(function (n) { n.close(); }); });
    });
  }
  function ask() {
    if (!d.hidden || !on()) return;
    fetch('/api/v1/tasks?list=mine&limit=1', { credentials: 'same-origin' }).then(function (r) { return r.ok ? r.json() : null; }).then(function (in_) {
      var n = in_ ? in_.figures.ring : told;
      if (n > told && d.hidden) tell(n);
      told = n;
    }, function () { /* no network: again in a minute */ });
  }
  function seen() {
    clearInterval(timer);
    if (!on()) return;
    if (d.hidden) {
      var n = d.querySelector('[data-ring]');
      told = n ? +n.getAttribute('data-ring') || 0 : 0; // what was on the page has rung
      timer = setInterval(ask, 60000);
    } else clear();
  }

  yes.addEventListener('click', function () {
    Notification.requestPermission().then(function (p) {
      if (p === 'granted') { keep('1'); worker(); }
      show();
    });
  });
  no.addEventListener('click', function () { keep('0'); show(); });
  d.addEventListener('visibilitychange', seen);
  show();
  if (on()) worker();
})();
