// Scanning a code into a field, without leaving the page:
//   <button data-scan="#field" data-scan-path="/transfers/7" data-scan-lib="…jsqr.min.js">
// A code is six digits, or an address of data-scan-path with ?code=. Where the
// page may not use the camera (no HTTPS, an old phone, a refusal) a photo of the
// code is read instead; typing it always remains. The picture stays on the phone.
(function () {
  'use strict';
  var d = document, box = d.getElementById('scan'), video = box && box.querySelector('video');
  var stream = null, timer = 0, button = null, reader = null;
  if (!box || !window.Promise) return;

  function msg(name) { return box.getAttribute('data-' + name) || ''; }
  function tell(text) { box.querySelector('[data-scan-say]').textContent = text; }
  function toast(text) { if (window.wangge) window.wangge.toast(text, 'error'); }
  function live() { return !!(window.isSecureContext && navigator.mediaDevices && navigator.mediaDevices.getUserMedia && box.showModal); }

  // The reader: the browser's own where it has one for QR codes, else jsQR.
  function ready(lib) {
    if (!reader) {
      reader = own().then(function (r) { return r || load(lib).then(function () { return byLibrary; }); });
      reader.catch(function () { reader = null; });
    }
    return reader;
  }
  function own() {
    var B = window.BarcodeDetector;
    if (!B || !B.getSupportedFormats) return Promise.resolve(null);
    return B.getSupportedFormats().then(function (list) {
      if (list.indexOf('qr_code') < 0) return null;
      var b = new B({ formats: ['qr_code'] });
      return function (c) { return b.detect(c).then(function (f) { return f.length ? f[0].rawValue : ''; }); };
    }, function () { return null; });
  }
  function load(lib) {
    return new Promise(function (ok, bad) {
      if (window.jsQR) { ok(); return; }
      var s = d.createElement('script');
      s.src = lib; s.onload = ok; s.onerror = bad;
      d.head.appendChild(s);
    });
  }
  function byLibrary(c) {
    var p = c.getContext('2d').getImageData(0, 0, c.width, c.height), f = window.jsQR(p.data, p.width, p.height);
    return Promise.resolve(f ? f.data : '');
  }

  // What was read: the code for this page's field, or why it is none.
  function codeOf(text, path) {
    if (/^\d{6}$/.test(text)) return { code: text };
    var a = d.createElement('a');
    a.href = text;
    var m = /[?&]code=(\d{6})(&|$)/.exec(a.search || '');
    if (!m) return { why: 'none' };
    return a.pathname === path ? { code: m[1] } : { why: 'other' };
  }
  function take(text) {
    var r = codeOf(text, button.getAttribute('data-scan-path'));
    if (!r.code) return r.why;
    var field = d.querySelector(button.getAttribute('data-scan'));
    field.value = r.code;
    field.dispatchEvent(new Event('input', { bubbles: true }));
    stop();
    if (navigator.vibrate) navigator.vibrate(80);
    if (window.wangge) window.wangge.toast(msg('got').replace('{0}', r.code), 'ok');
    var go = field.form && field.form.querySelector('button[type=submit]');
    if (go) go.focus();
    return '';
  }

  function draw(source, w, h) {
    var k = Math.min(1, 640 / Math.max(w, h)), c = d.createElement('canvas');
    c.width = Math.max(1, Math.round(w * k)); c.height = Math.max(1, Math.round(h * k));
    c.getContext('2d').drawImage(source, 0, 0, c.width, c.height);
    return c;
  }

  // With the camera.
  function start() {
    tell(msg('aim'));
    box.showModal();
    var lib = button.getAttribute('data-scan-lib');
    navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' }, audio: false }).then(function (s) {
      if (!box.open) { s.getTracks().forEach(function (t) { t.stop(); }); return null; }
      stream = s;
      video.srcObject = s;
      return Promise.all([video.play(), ready(lib)]).then(function (all) { look(all[1]); });
    }).catch(function () { stop(); toast(msg('denied')); photo(); });
  }
  function look(read) {
    if (!stream) return;
    var next = function () { timer = setTimeout(function () { look(read); }, 150); };
    if (!video.videoWidth) { next(); return; }
    read(draw(video, video.videoWidth, video.videoHeight)).then(function (text) {
      if (!stream) return;
      var why = text ? take(text) : 'aim';
      if (why) { tell(msg(why)); next(); }
    }, next);
  }
  function stop() {
    clearTimeout(timer);
    if (stream) stream.getTracks().forEach(function (t) { t.stop(); });
    stream = null;
    video.srcObject = null;
    if (box.open) box.close();
  }
  box.addEventListener('close', stop);
  box.querySelector('[data-scan-stop]').addEventListener('click', function () { box.close(); });
  d.addEventListener('visibilitychange', function () { if (d.hidden) stop(); });

  // With a photo, where there is no camera for the page.
  var file = box.parentNode.querySelector('[data-scan-photo]');
  function photo() { if (file) file.click(); }
  if (file) {
    file.addEventListener('change', function () {
      var f = file.files && file.files[0];
      if (!f || !button) return;
      var url = URL.createObjectURL(f), img = new Image();
      img.onerror = function () { URL.revokeObjectURL(url); toast(msg('none')); };
      img.onload = function () {
        URL.revokeObjectURL(url);
        ready(button.getAttribute('data-scan-lib')).then(function (read) { return read(draw(img, img.naturalWidth, img.naturalHeight)); }).then(function (text) {
          var why = text ? take(text) : 'none';
          if (why) toast(msg(why));
        }, function () { toast(msg('none')); });
      };
      img.src = url;
      file.value = '';
    });
  }

  d.addEventListener('click', function (e) {
    var b = e.target.closest && e.target.closest('[data-scan]');
    if (!b) return;
    button = b;
    if (live()) start(); else photo();
  });
  Array.prototype.forEach.call(d.querySelectorAll('[data-scan]'), function (b) { b.hidden = false; });
})();
