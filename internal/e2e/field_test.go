package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"wangge/internal/app"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/web/webtest"
	"wangge/internal/sim/district"
)

// later is a clock that can be put forward while a test runs.
type later struct{ by atomic.Int64 }

func (l *later) Now() time.Time                         { return time.Now().Add(time.Duration(l.by.Load())) }
func (l *later) After(d time.Duration) <-chan time.Time { return time.After(d) }

// field is a small district whose server can be stopped and started again at
// the same address, with the same data.
type field struct {
	t      *testing.T
	o      app.Options
	clk    *later
	addr   string
	logins map[string]district.Printed
	code   int
	server *http.Server
	app    *app.App
	db     *db.DB
	stop   context.CancelFunc
	// swallow makes the server do what it is asked and lose its answer.
	swallow atomic.Bool
	hold    atomic.Pointer[gate] // where set, before the day's doors
	bytes   atomic.Int64         // answered, as they travelled
}

func newField(t *testing.T) *field {
	t.Helper()
	f := &field{t: t, clk: &later{}, addr: "127.0.0.1:0"}
	f.o = app.Options{Clock: f.clk, Drill: true, Log: slog.New(slog.NewTextHandler(&testLog{t}, &slog.HandlerOptions{Level: slog.LevelError}))}
	f.o.Config.Data = t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	d, err := app.OpenDrill(ctx, f.o, app.DemoOptions{Place: "nangang", Households: 800, Seed: 1, Speed: 1})
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	f.logins, f.code = d.Logins, d.App.District
	d.EndStreams()
	cancel()
	d.Close()
	f.up()
	t.Cleanup(f.down)
	return f
}

// up starts the server.
func (f *field) up() {
	f.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	d, err := app.OpenDatabase(ctx, f.o)
	f.ok(err)
	a, err := app.New(ctx, f.o, d, f.code)
	f.ok(err)
	f.ok(a.Recover(ctx))
	h, err := a.Handler()
	f.ok(err)
	a.Background(ctx)
	ln, err := net.Listen("tcp", f.addr)
	f.ok(err)
	f.addr = ln.Addr().String()
	f.app, f.db, f.stop = a, d, cancel
	f.server = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/v1/marks:batch" && f.swallow.Swap(false) {
			h.ServeHTTP(&deaf{w.Header().Clone()}, r)
			panic(http.ErrAbortHandler)
		}
		if g := f.hold.Load(); g != nil && r.URL.Path == "/api/v1/today/doors" {
			w = &late{w, g}
		}
		h.ServeHTTP(&scale{w, &f.bytes}, r)
	})}
	go f.server.Serve(ln)
}

// scale weighs what is answered.
type scale struct {
	http.ResponseWriter
	sum *atomic.Int64
}

func (s *scale) Write(b []byte) (int, error) {
	s.sum.Add(int64(len(b)))
	return s.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (s *scale) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// gate keeps an answer back: it says that it came, and waits to be opened.
type gate struct{ came, open chan struct{} }

// late is an answer that is made, and leaves when its gate opens.
type late struct {
	http.ResponseWriter
	gate *gate
}

func (l *late) WriteHeader(status int) {
	close(l.gate.came)
	<-l.gate.open
	l.ResponseWriter.WriteHeader(status)
}

// deaf is an answer that reaches nobody.
type deaf struct{ header http.Header }

func (d *deaf) Header() http.Header         { return d.header }
func (d *deaf) Write(b []byte) (int, error) { return len(b), nil }
func (d *deaf) WriteHeader(int)             {}

// down stops the server without waiting for anybody.
func (f *field) down() {
	if f.server == nil {
		return
	}
	f.server.Close()
	f.stop()
	f.app.Close()
	f.db.Close()
	f.server = nil
}

func (f *field) ok(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// tab makes the phone's screen a tab of the tests.
func (f *field) tab(t *testing.T, ctx context.Context) *tab {
	return &tab{t: t, s: &stage{url: "http://" + f.addr}, ctx: ctx, min: 56}
}

// login logs the tab's person in and waits until the phone is ready to lose
// its network.
func (f *field) login(b *tab, role string) {
	b.t.Helper()
	who := f.logins[role]
	b.run(chromedp.Navigate(b.s.url+"/login?lang=zh"),
		chromedp.SendKeys(chromedp.CSS("input[name=login]"), who.Login.Login), chromedp.SendKeys(chromedp.CSS("input[name=password]"), who.Password))
	b.press("form button[type=submit]")
	b.until("a page of one's own", `location.pathname !== '/login'`)
	b.visit("/today")
	b.until("the day's doors on the phone", `document.body.dataset.day==='kept'`)
	b.await("the shell on the phone", `caches.match('/today/offline',{ignoreVary:true}).then(r=>!!r && navigator.serviceWorker.ready.then(()=>true))`)
}

// await is until for a promise.
func (b *tab) await(what, promise string) {
	b.t.Helper()
	end := time.Now().Add(15 * time.Second)
	for time.Now().Before(end) {
		yes, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](promise, chromedp.EvalAwaitPromise))
		if err == nil && yes {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	b.shot("failed")
	b.t.Fatalf("%s: never (%s)", what, promise)
}

// putForward makes the phone's clock later, as the server's.
func putForward(by time.Duration) chromedp.Action[chromedp.Void] {
	return everyPage(fmt.Sprintf(`(function(){var D=Date,by=%d;
window.Date=new Proxy(D,{construct:(T,a)=>a.length?new T(...a):new T(D.now()+by),get:(T,k)=>k==='now'?(()=>D.now()+by):T[k]});})()`, by.Milliseconds()))
}

// everyPage runs a script before any other of each page.
func everyPage(script string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script})
		return err
	})
}

// marks counts the marks of a target, and those of whoever made the last of them.
func (f *field) marks(object string) (of, all int) {
	f.t.Helper()
	ctx := context.Background()
	f.ok(f.db.Read().QueryRowContext(ctx, "SELECT count(*) FROM mark WHERE object_id = $1", object).Scan(&of))
	f.ok(f.db.Read().QueryRowContext(ctx, "SELECT count(*) FROM mark WHERE account_id IN (SELECT account_id FROM mark WHERE object_id = $1)", object).Scan(&all))
	return of, all
}

// clean fails the test unless the data are whole.
func (f *field) clean() {
	f.t.Helper()
	r, err := app.CheckDB(context.Background(), f.db, f.app.Keys, i18n.EN)
	f.ok(err)
	if !r.Clean {
		f.t.Errorf("check: %+v", r)
	}
}

var _ clock.Clock = (*later)(nil)

// presses presses a result on the n-th card that can be marked and returns the
// door's key.
func (b *tab) presses(result string) string {
	b.t.Helper()
	const card = `[...document.querySelectorAll('article.card')].find(a=>a.querySelector('form') && !a.querySelector('form').hidden && !a.querySelector('.tag-warn') && a.offsetParent)`
	b.until("a card to mark", "document.readyState==='complete' && !!"+card)
	noted := b.js(`document.body.dataset.noted||0`)
	key := b.js(fmt.Sprintf(`(function(){var a=%s;a.querySelector('button[value=%s]').click();return a.id.slice(1)})()`, card, result))
	b.until("the mark is noted", fmt.Sprintf("(document.body.dataset.noted||0) != %s", noted))
	return key
}

// unsent waits until so many marks wait on the phone.
func (b *tab) unsent(n int) {
	b.t.Helper()
	words := "条还没发出"
	if n > 0 {
		words = fmt.Sprintf("%d 条还没发出", n)
		b.until(words, `document.getElementById('outbox-n') && !document.getElementById('outbox').hidden && document.getElementById('outbox-n').innerText.includes(`+quote(words)+`)`)
		return
	}
	b.until("nothing waits", `document.getElementById('outbox') && !document.getElementById('outbox-n').innerText.includes(`+quote(words)+`)`)
}

// building opens the first building of the day.
func (b *tab) building() string {
	b.t.Helper()
	b.until("buildings", `!!document.querySelector('.rows a[href^="/today/"]:not([href$=evening])')`)
	at := b.js(`document.querySelector('.rows a[href^="/today/"]:not([href$=evening])').getAttribute('href')`)
	b.visit(at)
	return at
}

func (b *tab) line(l webtest.Line) {
	b.t.Helper()
	b.run(webtest.Network(l))
}
