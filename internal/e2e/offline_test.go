package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/storage"
	"github.com/chromedp/chromedp"

	"wangge/internal/platform/web/webtest"
)

// Nine days without network: the line is cut, the browser killed twice, the
// server stopped and started, an answer lost on its way. Nothing is lost,
// nothing counts twice, and every mark keeps the time it was made at.
func TestNineDaysWithoutNetwork(t *testing.T) {
	f := newField(t)
	phone := webtest.NewPhone(t)
	b := f.tab(t, phone.On())
	f.login(b, "building_leader")
	phone.Off() // a session of days, not one of a moment ago
	b = f.tab(t, phone.On())
	b.visit("/today")
	at := b.building()
	first := b.presses("normal")
	b.until("the card says so", fmt.Sprintf(`(document.getElementById('d%s')||document.body).innerText.includes('已销号')`, first))
	_, before := f.marks(first)

	b.line(webtest.Cut)
	b.follow("多户一起登记")
	b.set("except", "302 501")
	b.follow("其余全部正常")
	b.until("a question", "document.getElementById('confirm').open")
	b.js("(function(){document.querySelector('[data-confirm-yes]').click();return 1})()")
	b.until("what was typed stays", `!!document.querySelector('#toasts .notice-error') && document.querySelector('[name=except]').value==='302 501'`)
	absent := b.presses("absent")
	b.unsent(1)
	b.shot("offline-cut")
	normal := b.presses("normal")
	b.unsent(2)
	phone.Kill()
	f.down()

	b = f.tab(t, phone.On())
	b.visit("/today")
	b.unsent(2)
	b.check("offline-today")
	b.visit(at)
	b.check("offline-cards")
	third := b.presses("normal")
	b.unsent(3)
	unit := b.unitAtOnce()
	b.visit("/doors/" + absent)
	b.js(`(function(){document.querySelectorAll('details').forEach(d=>d.open=true);return 1})()`)
	b.check("offline-door")
	phone.Kill()

	f.clk.by.Store(int64(9 * 24 * time.Hour))
	b = f.tab(t, phone.On())
	b.run(putForward(9 * 24 * time.Hour))
	b.visit("/today")
	b.unsent(3 + len(unit))
	f.swallow.Store(true)
	f.up()
	b.visit(at)
	b.unsent(0)
	b.sees(fmt.Sprintf("%d 条有了结果", 3+len(unit)))
	b.js(`(function(){document.querySelector('#outbox details').open=true;return 1})()`)
	b.check("offline-sent")
	if f.swallow.Load() {
		t.Error("no answer was lost")
	}
	if _, all := f.marks(first); all != before+3+len(unit) {
		t.Errorf("%d marks of the leader, want %d", all, before+3+len(unit))
	}
	for _, door := range append([]string{first, absent, normal, third}, unit...) {
		if of, _ := f.marks(door); of != 1 {
			t.Errorf("door %s has %d marks", door, of)
		}
	}
	f.madeNineDaysAgo(normal)
	b.press("[data-outbox=seen]")
	b.until("what was seen is gone", `document.getElementById('outbox').hidden`)
	f.clean()
}

// The day's doors were read before a mark and arrive after it: the phone does
// not offer the door again.
func TestDoorsReadBeforeAMarkArriveAfterIt(t *testing.T) {
	f := newField(t)
	b := f.tab(t, webtest.Browser(t))
	f.login(b, "building_leader")
	held := &gate{make(chan struct{}), make(chan struct{})}
	f.hold.Store(held)
	b.js(`(function(){localStorage.removeItem('wangge-day');return 1})()`)
	at := b.building()
	<-held.came
	door := b.presses("normal")
	b.until("the mark is taken", fmt.Sprintf(`(document.getElementById('d%s')||document.body).innerText.includes('已销号')`, door))
	f.hold.Store(nil)
	close(held.open)
	b.until("the day's doors on the phone", `document.body.dataset.day==='kept'`)
	f.down()
	b.visit(at)
	b.until("the doors of the phone", `!!document.querySelector('article.card')`)
	if again := b.js(fmt.Sprintf(`String(!!document.querySelector('#d%s form'))`, door)); again != "false" {
		t.Error("the phone asks for a door that was marked")
	}
}

// unitAtOnce marks, without network, all doors of the page normal but two, and
// returns those marked.
func (b *tab) unitAtOnce() []string {
	b.t.Helper()
	b.js(`(function(){document.querySelector('form[data-bulk]').closest('details').open=true;return 1})()`)
	b.js(`(function(){var i=document.querySelectorAll('[data-bulk] [name=except]');i[0].click();i[1].click();return i.length})()`)
	b.check("offline-bulk")
	unit := strings.Fields(b.js(`Array.from(document.querySelectorAll('[data-bulk] [name=except]:not(:checked)')).map(i=>i.value).join(' ')`))
	if len(unit) == 0 {
		b.t.Fatal("no door is offered to be marked at once")
	}
	b.press("[data-bulk] [type=submit]")
	b.until("a question", "document.getElementById('confirm').open")
	b.js("(function(){document.querySelector('[data-confirm-yes]').click();return 1})()")
	b.unsent(3 + len(unit))
	return unit
}

// madeNineDaysAgo checks the three times of a mark.
func (f *field) madeNineDaysAgo(object string) {
	f.t.Helper()
	var claimed, corrected, received int64
	f.ok(f.db.Read().QueryRowContext(context.Background(), "SELECT claimed_ms, corrected_ms, received_ms FROM mark WHERE object_id = $1", object).Scan(&claimed, &corrected, &received))
	if days := time.Duration(received-corrected) * time.Millisecond; claimed != corrected || days < 9*24*time.Hour-time.Minute || days > 9*24*time.Hour+10*time.Minute {
		f.t.Errorf("claimed %d, corrected %d, received %d: %v", claimed, corrected, received, days)
	}
}

// Two people answer differently, one of them without network: it is shown, and
// a person decides.
func TestAContradictionIsDecidedByAPerson(t *testing.T) {
	f := newField(t)
	phone := webtest.NewPhone(t)
	b := f.tab(t, phone.On())
	f.login(b, "building_leader")
	b.building()
	b.line(webtest.Cut)
	door := b.presses("normal")
	b.unsent(1)

	other := f.tab(t, webtest.Browser(t))
	f.login(other, "grid_worker")
	other.visit("/doors/" + door)
	other.js(`(function(){var f=document.querySelector('form[data-items]');f.querySelector('details').open=true;
f.querySelectorAll('input[type=number]').forEach(i=>i.value=i.value||9);f.querySelectorAll('input[type=radio][value=yes]').forEach(i=>i.checked=true);
f.querySelector('button[value=answered]').click();return 1})()`)
	other.until("back from the door", `location.pathname==='/today'`)
	if of, _ := f.marks(door); of != 1 {
		t.Fatalf("%d marks", of)
	}

	b.line(webtest.Fast)
	b.visit("/today")
	b.unsent(0)
	b.js(`(function(){document.querySelector('#outbox details').open=true;return 1})()`)
	b.sees("与别人登记的不一样")
	b.check("offline-differs")
	b.visit("/doors/" + door)
	b.sees("两个人登记的不一样")
	b.check("door-differs")
	b.confirms("以这次的为准")
	b.sees("已按您的决定改正")
	b.until("decided", `!document.body.innerText.includes('两个人登记的不一样')`)
	f.clean()
}

// The browser throws its storage away with a mark in it: the page says so and
// leads to the door.
func TestAnEvictedStorageIsNoticed(t *testing.T) {
	f := newField(t)
	phone := webtest.NewPhone(t)
	b := f.tab(t, phone.On())
	f.login(b, "building_leader")
	b.building()
	b.line(webtest.Cut)
	door := b.presses("normal")
	b.unsent(1)
	b.run(chromedp.Navigate("about:blank"), chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, storage.ClearDataForOrigin, storage.ClearDataForOriginParams{Origin: b.s.url, StorageTypes: "indexeddb,service_workers,cache_storage"})
		return err
	}))
	b.line(webtest.Fast)
	b.visit("/today")
	b.sees("删掉了 1 条没发出的登记")
	b.check("offline-evicted")
	if href := b.js(`document.querySelector('#outbox-lost a').getAttribute('href')`); href != "/doors/"+door {
		t.Errorf("leads to %s", href)
	}
	b.press("#outbox-lost button")
	b.visit("/today")
	b.until("said once", `document.getElementById('outbox-lost').hidden && document.readyState==='complete'`)
}

// A web view without storage keeps marks while it is open, says so, and offers
// the printed list.
func TestAWebViewWithoutStorage(t *testing.T) {
	f := newField(t)
	b := f.tab(t, webtest.Browser(t))
	b.run(everyPage(`Object.defineProperty(Navigator.prototype,'serviceWorker',{get:()=>undefined});Object.defineProperty(window,'indexedDB',{get:()=>undefined});`), webtest.Size(390, 844))
	who := f.logins["building_leader"]
	b.run(chromedp.Navigate(b.s.url+"/login?lang=zh"), chromedp.SendKeys(chromedp.CSS("input[name=login]"), who.Login.Login), chromedp.SendKeys(chromedp.CSS("input[name=password]"), who.Password))
	b.press("form button[type=submit]")
	b.until("a page of one's own", `location.pathname !== '/login'`)
	b.building()
	b.sees("这个窗口不能离线登记", "打印名单")
	b.check("no-storage")
	sheet := b.js(`document.querySelector('[data-nostore] a').getAttribute('href')`)
	b.line(webtest.Cut)
	door := b.presses("normal")
	b.unsent(1)
	b.until("the page asks before it goes", `(function(){var e=new Event('beforeunload',{cancelable:true});window.dispatchEvent(e);return e.defaultPrevented})()`)
	b.line(webtest.Fast)
	b.js(`(function(){window.dispatchEvent(new Event('online'));return 1})()`)
	b.unsent(0)
	if of, _ := f.marks(door); of != 1 {
		t.Errorf("%d marks", of)
	}
	b.until("nothing to ask any more", `(function(){var e=new Event('beforeunload',{cancelable:true});window.dispatchEvent(e);return !e.defaultPrevented})()`)
	b.visit(sheet)
	b.until("line numbers", `document.querySelectorAll('.pr-list td.ln').length>0`)
}

// Logging out wipes the phone, and asks first where marks would be lost.
func TestLoggingOutWipesThePhone(t *testing.T) {
	f := newField(t)
	b := f.tab(t, webtest.Browser(t))
	b.run(webtest.Size(390, 844))
	f.login(b, "building_leader")
	b.building()
	key := b.js(`document.querySelector('.door-no').innerText`)
	sealed := `new Promise(function(ok){var r=indexedDB.open('wangge');r.onsuccess=function(){var q=r.result.transaction(%s).objectStore(%s).getAll();
q.onsuccess=function(){r.result.close();ok(%s)}}})`
	text := func(store string) string {
		return fmt.Sprintf(sealed, quote(store), quote(store), `JSON.stringify(q.result,function(k,v){return v instanceof ArrayBuffer||v instanceof Uint8Array?new TextDecoder('latin1').decode(v):v})`)
	}
	kept := webtest.Get(t, b.ctx, chromedp.Evaluate[string](text("day"), chromedp.EvalAwaitPromise))
	if len(kept) < 500 || strings.Contains(kept, key) || strings.Contains(kept, "object_id") {
		t.Errorf("the day's doors lie open on the phone: %.200s", kept)
	}
	b.await("a key that nobody can read", fmt.Sprintf(sealed, `"keys"`, `"keys"`, `q.result.length===1 && q.result[0].key.extractable===false`))
	b.visit("/account")
	b.js(`(function(){document.querySelector('form[action="/logout"]').requestSubmit();return 1})()`)
	b.until("logged out", `location.pathname==='/login'`)
	for _, store := range []string{"keys", "day", "outbox", "photos"} {
		b.await(store+" is empty", fmt.Sprintf(sealed, quote(store), quote(store), `q.result.length===0`))
	}
}

// Today on a small slow phone: everything that its first visit brings, scripts,
// styles, the day's doors and the page for lost networks, weighs at most 100 KB.
// How long it takes is only told: a test asserts no time.
func TestTodayIsLight(t *testing.T) {
	f := newField(t)
	b := f.tab(t, webtest.Browser(t))
	b.run(webtest.Size(360, 640))
	who := f.logins["grid_worker"]
	b.run(chromedp.Navigate(b.s.url+"/login?lang=zh"), chromedp.SendKeys(chromedp.CSS("input[name=login]"), who.Login.Login), chromedp.SendKeys(chromedp.CSS("input[name=password]"), who.Password))
	b.press("form button[type=submit]")
	b.until("a page of one's own", `location.pathname !== '/login'`)
	b.run(chromedp.Navigate("about:blank"), chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, storage.ClearDataForOrigin, storage.ClearDataForOriginParams{Origin: b.s.url, StorageTypes: "indexeddb,service_workers,cache_storage,local_storage"})
		if err == nil {
			_, err = cdp.Call(ctx, target, network.ClearBrowserCache, cdp.Empty{})
		}
		return err
	}), webtest.SlowCPU(6))
	b.line(webtest.Slow)
	f.bytes.Store(0)
	b.visit("/today")
	b.until("the day's doors on the phone", `document.body.dataset.day==='kept'`)
	b.await("the shell on the phone", `caches.match('/today/offline',{ignoreVary:true}).then(r=>!!r)`)
	if n := f.bytes.Load(); n > 100_000 || n < 20_000 {
		t.Errorf("the first visit weighs %d bytes", n)
	}
	const times = `(function(){var n=performance.getEntriesByType('navigation')[0],p=performance.getEntriesByName('first-contentful-paint')[0];
return 'painted after '+Math.round(p?p.startTime:0)+' ms, scripts ready after '+Math.round(n.domContentLoadedEventEnd)+' ms'})()`
	t.Logf("CPU x6, 400 ms, 400 kbit/s: first visit %d bytes in all, %s", f.bytes.Load(), b.js(times))
	b.visit("/today")
	b.until("again", `document.readyState==='complete'`)
	t.Logf("second visit: %s", b.js(times))
}
