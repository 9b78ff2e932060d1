// Small helpers of all pages. What each attribute does stands in the doc of
// the package web. Texts come from data-msg-* of the body: none stand here.
(function () {
  'use strict';
  var d = document;
  function msg(name) { return d.body.getAttribute('data-msg-' + name) || ''; }
  function each(root, sel, fn) {
    if (root.matches && root.matches(sel)) fn(root);
    Array.prototype.forEach.call(root.querySelectorAll(sel), fn);
  }

  // Notices in the corner. kind: ok, warn, error, info.
  function toast(text, kind) {
    var box = d.getElementById('toasts');
    if (!box || !text) return;
    var n = d.createElement('div');
    n.className = 'notice notice-' + (kind || 'info');
    n.setAttribute('role', kind === 'error' ? 'alert' : 'status');
    n.setAttribute('data-toast', '');
    var s = d.createElement('span');
    s.textContent = text;
    n.appendChild(s);
    box.appendChild(n);
    fade(n);
  }
  // A page that shows data-ring tells it with a sound, where the browser lets it,
  // each time there is more to tell.
  var rung = '';
  function ring() {
    var n = d.querySelector('[data-ring]'), text = n ? n.textContent : '';
    if (text === rung) return;
    rung = text;
    if (!n) return;
    // Browsers let a page shake only after its first tap.
    if (navigator.vibrate && (!navigator.userActivation || navigator.userActivation.hasBeenActive)) navigator.vibrate([300, 120, 300]);
    try {
      var Ctx = window.AudioContext || window.webkitAudioContext, ctx = new Ctx(), o = ctx.createOscillator(), g = ctx.createGain();
      g.gain.value = 0.2;
      o.connect(g); g.connect(ctx.destination);
      o.start(); o.stop(ctx.currentTime + 0.6);
    } catch (e) { /* no sound here: the notice is read aloud as an alert */ }
  }
  d.addEventListener('DOMContentLoaded', ring);
  d.addEventListener('htmx:afterSwap', ring);

  function fade(n) {
    setTimeout(function () { if (n.parentNode) n.parentNode.removeChild(n); },
      n.classList.contains('notice-error') ? 12000 : 5000);
  }

  // Confirm: a form or button with data-confirm asks first.
  function ask(text, then) {
    var dlg = d.getElementById('confirm');
    if (!dlg || !dlg.showModal) { if (window.confirm(text)) then(); return; }
    dlg.querySelector('[data-confirm-text]').textContent = text;
    dlg.returnValue = 'no';
    dlg.onclose = function () { if (dlg.returnValue === 'yes') then(); };
    dlg.showModal();
  }
  d.addEventListener('click', function (e) {
    var b = e.target.closest && e.target.closest('button[data-confirm],a[data-confirm],input[data-confirm]');
    if (!b || b.confirmed) { if (b) b.confirmed = false; return; }
    e.preventDefault();
    e.stopImmediatePropagation();
    ask(b.getAttribute('data-confirm'), function () { b.confirmed = true; b.click(); });
  }, true);
  d.addEventListener('submit', function (e) {
    var f = e.target;
    if (!f.hasAttribute('data-confirm') || f.confirmed) { f.confirmed = false; return; }
    e.preventDefault();
    e.stopImmediatePropagation();
    ask(f.getAttribute('data-confirm'), function () {
      f.confirmed = true;
      if (f.requestSubmit) f.requestSubmit(e.submitter || undefined);
      else f.submit();
    });
  }, true);

  // Clicks that need no server.
  d.addEventListener('click', function (e) {
    var t = e.target.closest && e.target.closest('[data-copy],[data-print],[data-back],[data-close],[data-step]');
    if (!t) return;
    if (t.hasAttribute('data-copy')) copy(t.getAttribute('data-copy'), d.querySelector(t.getAttribute('data-copy-from')));
    if (t.hasAttribute('data-print')) window.print();
    if (t.hasAttribute('data-close')) { var n = t.closest('[data-toast],dialog'); if (n) n.remove(); }
    if (t.hasAttribute('data-back') && history.length > 1) { e.preventDefault(); history.back(); }
    if (t.hasAttribute('data-step')) step(t);
  });
  // data-copy="text", data-copy-from="#field": where the browser will not copy,
  // the field's text is selected for the finger to do it.
  function copy(text, field) {
    function done() { toast(msg('copied'), 'ok'); }
    function byHand() { if (field) { field.focus(); field.select(); } }
    if (navigator.clipboard && window.isSecureContext) { navigator.clipboard.writeText(text).then(done, byHand); return; }
    var a = d.createElement('textarea');
    a.value = text;
    d.body.appendChild(a);
    a.select();
    var ok = d.execCommand('copy');
    a.remove();
    if (ok) done(); else byHand();
  }
  // data-step="-1" or "1" beside a number input in .stepper.
  function step(b) {
    var i = b.parentNode.querySelector('input');
    if (!i) return;
    var v = (parseFloat(i.value) || 0) + parseFloat(b.getAttribute('data-step'));
    if (i.min !== '' && v < +i.min) v = +i.min;
    if (i.max !== '' && v > +i.max) v = +i.max;
    i.value = v;
    i.dispatchEvent(new Event('change', { bubbles: true }));
  }

  // Menus made of <details> close when one clicks elsewhere or presses Escape.
  d.addEventListener('click', function (e) {
    each(d, 'details.o-menu[open]', function (m) { if (!m.contains(e.target)) m.open = false; });
  });
  d.addEventListener('keydown', function (e) {
    if (e.key === 'Escape') each(d, 'details.o-menu[open]', function (m) { m.open = false; });
    if (e.ctrlKey || e.metaKey || e.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(e.target.tagName) || e.target.isContentEditable) return;
    if (e.key === '"' || e.key === '\\') return;
    var t = d.querySelector('[data-shortcut="' + e.key + '"]');
    if (!t) return;
    e.preventDefault();
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(t.tagName)) { t.focus(); if (t.select) t.select(); } else t.click();
  });

  // data-filter="#table": hides the rows that do not hold what is typed.
  d.addEventListener('input', function (e) {
    var sel = e.target.getAttribute && e.target.getAttribute('data-filter');
    if (sel) filter(d.querySelector(sel), e.target.value);
  });
  function filter(table, text) {
    if (!table) return;
    var words = text.toLowerCase().split(/\s+/).filter(Boolean);
    var rows = table.tBodies ? table.tBodies[0].rows : table.children;
    Array.prototype.forEach.call(rows, function (r) {
      var hay = (r.getAttribute('data-find') || r.textContent).toLowerCase();
      r.hidden = !words.every(function (w) { return hay.indexOf(w) >= 0; });
    });
  }

  // data-autosubmit: a choice submits its form.
  d.addEventListener('change', function (e) {
    var t = e.target;
    if (t.hasAttribute('data-autosubmit') && t.form) { if (t.form.requestSubmit) t.form.requestSubmit(); else t.form.submit(); }
    if (t.hasAttribute('data-photo')) shrink(t);
  });

  // Photos are made smaller before they travel: longest side 1600, at most
  // 300 KB, without metadata. The server does it again. data-photo="place": the
  // form has said that the place is kept, so the metadata travels along.
  var MOST = 300 * 1024;
  function shrink(input) {
    var file = input.files && input.files[0];
    if (!file || !window.DataTransfer) return;
    var url = URL.createObjectURL(file), img = new Image(), ready = function () {};
    if (input.form) input.form.shrinking = new Promise(function (ok) { ready = ok; });
    img.onerror = function () { ready(); URL.revokeObjectURL(url); input.value = ''; toast(msg('photo'), 'error'); };
    img.onload = function () {
      var k = Math.min(1, 1600 / Math.max(img.naturalWidth, img.naturalHeight));
      var c = d.createElement('canvas');
      c.width = Math.max(1, Math.round(img.naturalWidth * k));
      c.height = Math.max(1, Math.round(img.naturalHeight * k));
      c.getContext('2d').drawImage(img, 0, 0, c.width, c.height);
      URL.revokeObjectURL(url);
      squeeze(c, 0.82, function (blob) {
        exif(input.getAttribute('data-photo') === 'place' ? file : null, function (seg) {
          var dt = new DataTransfer();
          dt.items.add(new File([blob.slice(0, 2), seg, blob.slice(2)], 'photo.jpg', { type: 'image/jpeg' }));
          input.files = dt.files;
          preview(input, blob);
          ready();
          input.dispatchEvent(new CustomEvent('photo', { bubbles: true, detail: { size: blob.size } }));
        });
      });
    };
    img.src = url;
  }
  function squeeze(c, q, done) {
    c.toBlob(function (b) {
      if (!b) { toast(msg('photo'), 'error'); return; }
      if (b.size <= MOST || q < 0.35) { if (b.size <= MOST) done(b); else half(c, done); return; }
      squeeze(c, q - 0.12, done);
    }, 'image/jpeg', q);
  }
  function half(c, done) {
    var s = d.createElement('canvas');
    s.width = c.width >> 1; s.height = c.height >> 1;
    s.getContext('2d').drawImage(c, 0, 0, s.width, s.height);
    squeeze(s, 0.75, done);
  }
  // exif gives the EXIF segment of a JPEG file, for a picture that stands upright
  // already; nothing where there is none.
  function exif(file, done) {
    if (!file) { done(''); return; }
    var r = new FileReader();
    r.onerror = function () { done(''); };
    r.onload = function () {
      var seg = '';
      try { seg = segment(r.result); } catch (x) { /* damaged: no place */ }
      done(seg);
    };
    r.readAsArrayBuffer(file.slice(0, 256 * 1024));
  }
  function segment(buffer) {
    var v = new DataView(buffer), at = 2;
    if (v.getUint16(0) !== 0xffd8) return '';
    while (v.getUint8(at) === 0xff && v.getUint8(at + 1) !== 0xda) {
      var size = v.getUint16(at + 2);
      if (v.getUint8(at + 1) === 0xe1 && v.getUint32(at + 4) === 0x45786966) {
        var s = new DataView(buffer.slice(at, at + 2 + size)), low = s.getUint8(10) === 0x49;
        var dir = 10 + s.getUint32(14, low);
        for (var i = 0; i < s.getUint16(dir, low); i++) {
          if (s.getUint16(dir + 2 + 12 * i, low) === 0x112) s.setUint16(dir + 10 + 12 * i, 1, low);
        }
        return s.buffer;
      }
      at += 2 + size;
    }
    return '';
  }
  function preview(input, blob) {
    var img = input.parentNode.querySelector('img');
    if (!img) return;
    img.src = URL.createObjectURL(blob);
    img.hidden = false;
    each(input.parentNode, '.ico,span', function (n) { n.hidden = true; });
  }

  // data-echo="name": shows what stands in the form's field of that name.
  d.addEventListener('input', function (e) {
    var f = e.target.form;
    if (f) each(f, '[data-echo="' + e.target.name + '"]', function (n) { n.textContent = e.target.value; });
  });

  // data-keep="name": what was typed survives a reload or a lost network, in
  // this tab only (sessionStorage), and is dropped once the form was sent.
  function keepName(f) { return 'keep:' + f.getAttribute('data-keep') + ':' + location.pathname; }
  function keepable(i) { return i.name && i.name.charAt(0) !== '_' && !/^(password|file|hidden|submit|button|reset|image)$/.test(i.type); }
  d.addEventListener('input', function (e) {
    var f = e.target.form;
    if (!f || !f.hasAttribute('data-keep')) return;
    var o = {};
    Array.prototype.forEach.call(f.elements, function (i) {
      if (!keepable(i)) return;
      if (i.type === 'checkbox' || i.type === 'radio') { if (i.checked) (o[i.name] = o[i.name] || []).push(i.value); } else o[i.name] = [i.value];
    });
    try { sessionStorage.setItem(keepName(f), JSON.stringify(o)); } catch (x) { /* full or forbidden */ }
  });
  function restore(f) {
    var o = null;
    try { o = JSON.parse(sessionStorage.getItem(keepName(f))); } catch (x) { /* forbidden */ }
    if (!o || d.querySelector('.fld-bad')) return;
    var changed = false;
    Array.prototype.forEach.call(f.elements, function (i) {
      if (!keepable(i)) return;
      var v = o[i.name];
      if (i.type === 'checkbox' || i.type === 'radio') {
        var on = !!v && v.indexOf(i.value) >= 0;
        if (i.checked !== on) { i.checked = on; changed = true; }
      } else if (v && i.value !== v[0]) { i.value = v[0]; changed = true; }
    });
    if (changed) toast(msg('restored'), 'info');
  }
  function forget(f) { try { sessionStorage.removeItem(keepName(f)); } catch (x) { /* forbidden */ } }
  // Forms with claimed_ms and sent_ms tell the phone's clock: when the button was
  // pressed, so that the server sees by how much it is off. The same content sent
  // again after a lost network keeps its times: it is the same record.
  d.addEventListener('submit', function (e) {
    var f = e.target, c = f.elements.claimed_ms, s = f.elements.sent_ms;
    if (!c || !s) return;
    var what = (e.submitter ? e.submitter.value : '') + '|';
    Array.prototype.forEach.call(f.elements, function (i) {
      if (i !== c && i !== s && i.name && (i.checked || i.type !== 'checkbox' && i.type !== 'radio')) what += i.name + '=' + i.value + '&';
    });
    if (f.pressed === what) return;
    f.pressed = what;
    c.value = s.value = Date.now();
  }, true);
  // An ordinary form is sent by fetch first, so that a lost network leaves the
  // page as it is; the answer then becomes the page.
  d.addEventListener('submit', function (e) {
    var f = e.target;
    if (e.defaultPrevented || !f.hasAttribute('data-keep') || f.hasAttribute('hx-post') || !window.fetch) return;
    if ((f.enctype || '').indexOf('multipart') === 0 || f.method !== 'post') return;
    e.preventDefault();
    var body = new URLSearchParams(new FormData(f));
    if (e.submitter && e.submitter.name) body.append(e.submitter.name, e.submitter.value);
    busy(f, true);
    fetch(f.action, { method: 'POST', body: body, credentials: 'same-origin' }).then(function (r) {
      if (r.ok) forget(f);
      return r.text().then(function (html) { show(html, r.url); });
    }).catch(function () { toast(msg('offline'), 'error'); busy(f, false); });
  });
  function busy(f, on) { each(f, 'button[type=submit],button:not([type])', function (b) { b.disabled = on; }); }
  // The answer becomes the page; where its frame is another, it is loaded anew.
  function show(html, url) {
    var p = new DOMParser().parseFromString(html, 'text/html');
    if (!p.getElementById('main') || frame(p) !== frame(d)) { location.href = url; return; }
    if (url !== location.href) history.pushState(null, '', url);
    d.title = p.title;
    var body = d.importNode(p.body, true);
    d.documentElement.replaceChild(body, d.body);
    if (window.htmx) window.htmx.process(body);
    window.scrollTo(0, 0);
    start(body, true);
    d.dispatchEvent(new CustomEvent('wangge:page'));
  }
  function frame(doc) {
    return Array.prototype.map.call(doc.querySelectorAll('link[rel=stylesheet]'), function (l) { return l.getAttribute('href'); }).join();
  }
  window.addEventListener('popstate', function () { location.reload(); });

  // data-upload: a multipart form sent with a progress bar.
  d.addEventListener('submit', function (e) {
    var f = e.target;
    if (e.defaultPrevented || !f.hasAttribute('data-upload')) return;
    e.preventDefault();
    var x = new XMLHttpRequest(), bar = f.querySelector('progress') || f.appendChild(d.createElement('progress'));
    bar.className = 'upload-bar';
    bar.max = 1; bar.value = 0;
    bar.setAttribute('aria-label', msg('uploading'));
    busy(f, true);
    x.upload.onprogress = function (p) { if (p.lengthComputable) bar.value = p.loaded / p.total; };
    x.onload = function () {
      show(x.responseText, x.responseURL);
    };
    x.onerror = function () { busy(f, false); bar.remove(); toast(msg('offline'), 'error'); };
    x.open('POST', f.action);
    x.send(new FormData(f));
  });

  // Parts of pages (htmx): errors become notices, nothing typed is lost.
  d.addEventListener('htmx:beforeSwap', function (e) {
    var x = e.detail.xhr;
    if (x.status >= 400 && x.getResponseHeader('HX-Retarget')) { e.detail.shouldSwap = true; e.detail.isError = false; }
  });
  d.addEventListener('htmx:responseError', function () { toast(msg('failed'), 'error'); });
  d.addEventListener('htmx:sendError', function (e) { if (!quiet(e)) toast(msg('offline'), 'error'); });
  d.addEventListener('htmx:timeout', function (e) { if (!quiet(e)) toast(msg('timeout'), 'error'); });
  function quiet(e) { var c = e.detail.requestConfig; return c && c.verb === 'get' && e.target.hasAttribute('data-live'); }
  d.addEventListener('htmx:afterRequest', function (e) {
    var f = e.detail.elt;
    if (e.detail.successful && f.hasAttribute && f.hasAttribute('data-keep')) forget(f);
    var asof = e.detail.xhr && e.detail.xhr.getResponseHeader('X-As-Of');
    if (asof) each(d, '[data-fresh]', function (n) { n.textContent = decodeURIComponent(asof); });
  });
  d.addEventListener('htmx:load', function (e) { start(e.detail.elt, false); });

  function start(root, page) {
    each(root, 'form[data-keep]', restore);
    each(root, '[data-toast]', fade);
    each(root, 'input[data-filter]', function (i) { if (i.value) filter(d.querySelector(i.getAttribute('data-filter')), i.value); });
    if (page) foldNav();
  }
  function foldNav() {
    var n = d.querySelector('.o-navfold');
    if (n && window.matchMedia('(max-width:899px)').matches) n.open = false;
  }
  window.wangge = { toast: toast, confirm: ask };
  foldNav();
  start(d.body, false);
})();
