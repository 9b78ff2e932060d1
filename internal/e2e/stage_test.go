package e2e

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"wangge/internal/app"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/web/webtest"
	"wangge/internal/sim"
)

func TestMain(m *testing.M) { webtest.Main(m) }

// stage is a small district behind a real HTTP server, with the property
// office's workbook beside it.
type stage struct {
	drill *app.Drill
	url   string
	book  string // path of the workbook
	truth sim.Roster
}

// testLog makes every error the server logs a failure of the test.
type testLog struct{ t *testing.T }

func (l *testLog) Write(b []byte) (int, error) {
	// A page that is left while it loads ends its question: that is no fault.
	if !strings.Contains(string(b), "context canceled") {
		l.t.Errorf("the server logged: %s", b)
	}
	return len(b), nil
}

func newStage(t *testing.T) *stage { return newStageAt(t, clock.Real()) }

func newStageAt(t *testing.T, clk clock.Clock) *stage {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	o := app.Options{Clock: clk, Log: slog.New(slog.NewTextHandler(&testLog{t}, &slog.HandlerOptions{Level: slog.LevelError}))}
	o.Config.Data = t.TempDir()
	d, err := app.OpenDrill(ctx, o, app.DemoOptions{Place: "nangang", Households: 20000, Seed: 1, Speed: 1})
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	s := &stage{drill: d}
	srv := httptest.NewServer(d.Handler)
	s.url = srv.URL
	t.Cleanup(func() {
		d.EndStreams()
		srv.Close()
		cancel()
		d.Close()
	})
	if s.book, s.truth, err = d.Loaded.WriteSample(filepath.Join(o.Config.Data, "upload")); err != nil {
		t.Fatal(err)
	}
	return s
}

// tab is a browser window in which somebody works.
type tab struct {
	t   *testing.T
	s   *stage
	ctx context.Context
	min int // lowest target on this screen; 0 where a mouse points
}

// open gives somebody of a role a window of a width, logged in.
func (s *stage) open(t *testing.T, role, lang string, width, height int64) *tab {
	t.Helper()
	who, ok := s.drill.Logins[role]
	if !ok {
		t.Fatalf("nobody is %s", role)
	}
	b := &tab{t: t, s: s, ctx: webtest.Browser(t)}
	if width <= 480 {
		b.min = 56
	}
	b.run(webtest.Size(width, height), chromedp.Navigate(s.url+"/login?lang="+lang),
		chromedp.SendKeys(chromedp.CSS("input[name=login]"), who.Login.Login), chromedp.SendKeys(chromedp.CSS("input[name=password]"), who.Password))
	b.press("form button[type=submit]")
	b.until("a page of one's own", `location.pathname !== '/login'`)
	return b
}

func (b *tab) run(steps ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	webtest.Run(b.t, b.ctx, steps...)
}

// until asks the page again and again whether the expression is true, at most
// 15 seconds, and says what was waited for if it never is. The page may be left
// for another meanwhile.
func (b *tab) until(what, expr string) {
	b.t.Helper()
	end := time.Now().Add(15 * time.Second)
	for time.Now().Before(end) {
		ask, cancel := context.WithTimeout(b.ctx, 3*time.Second)
		yes, err := chromedp.Run(ask, chromedp.Evaluate[bool]("!!("+expr+")"))
		cancel()
		if err == nil && yes {
			return
		}
		time.Sleep(40 * time.Millisecond)
	}
	b.shot("failed")
	b.t.Fatalf("%s: never seen (%s); at %s the page says:\n%.1500s", what, expr, b.path(), b.js("document.querySelector('main').innerText"))
}

// js gives the value of an expression as text.
func (b *tab) js(expr string) string {
	b.t.Helper()
	return webtest.Get(b.t, b.ctx, chromedp.Evaluate[string]("String("+expr+")"))
}

func (b *tab) path() string { return b.js("location.pathname+location.search") }

// visit opens a page by its address, as a bookmark does.
func (b *tab) visit(path string) {
	b.t.Helper()
	b.run(chromedp.Navigate(b.s.url + path))
}

// press presses what a selector names and waits until the page it leads to has
// loaded, where it leads to one.
func (b *tab) press(selector string) {
	b.t.Helper()
	b.pressed(selector, fmt.Sprintf("document.querySelector(%s)", quote(selector)))
}

// follow presses the link or button that says the words.
func (b *tab) follow(words string) {
	b.t.Helper()
	b.pressed(words, fmt.Sprintf(`[...document.querySelectorAll('main a, main button, nav a, summary')].filter(e=>e.offsetParent).find(e=>e.innerText.trim().startsWith(%s))`, quote(words)))
}

func (b *tab) pressed(what, find string) {
	b.t.Helper()
	b.until(what, fmt.Sprintf("document.readyState==='complete' && !!%s", find))
	b.js(fmt.Sprintf("(function(){document.body.dataset.stays=1;var e=%s;e.scrollIntoView({block:'center'});e.click();return 1})()", find))
}

// leaves presses and waits for another page.
func (b *tab) leaves(words string) {
	b.t.Helper()
	b.follow(words)
	b.until("the page after "+words, "!document.body.dataset.stays && document.readyState==='complete'")
}

// confirms presses, says yes to the question, and waits for the next page.
func (b *tab) confirms(words string) {
	b.t.Helper()
	b.follow(words)
	b.until("a question after "+words, "document.getElementById('confirm').open")
	b.js("(function(){document.querySelector('[data-confirm-yes]').click();return 1})()")
	b.until("the page after "+words, "!document.body.dataset.stays && document.readyState==='complete'")
}

// set gives a field a value, as typing or choosing would.
func (b *tab) set(name, value string) {
	b.t.Helper()
	b.until("the field "+name, fmt.Sprintf("!!document.querySelector('[name=%s]')", quote(name)))
	b.js(fmt.Sprintf(`(function(){var e=document.querySelector('[name=%s]');e.value=%s;e.dispatchEvent(new Event('input',{bubbles:true}));e.dispatchEvent(new Event('change',{bubbles:true}));return e.value})()`, quote(name), quote(value)))
}

// sees waits until the page says all the words.
func (b *tab) sees(words ...string) {
	b.t.Helper()
	for _, w := range words {
		b.until("the words "+w, "document.body.innerText.includes("+quote(w)+")")
	}
}

// number reads a number the page shows.
func (b *tab) number(expr string) int {
	b.t.Helper()
	n := 0
	text := strings.ReplaceAll(b.js(expr), ",", "")
	if _, err := fmt.Sscan(text, &n); err != nil {
		b.t.Fatalf("%s is %q at %s", expr, text, b.path())
	}
	return n
}

// looks checks how the page lies on its screen, in Chinese and in English, and
// takes its picture.
func (b *tab) looks(name string) {
	b.t.Helper()
	b.check(name)
	here := b.path()
	sep := "?"
	if strings.Contains(here, "?") {
		sep = "&"
	}
	b.visit(here + sep + "lang=en")
	b.check(name + "-en")
	if han := b.js(`(document.querySelector('h1')||{}).innerText||''`); han == "" {
		b.t.Errorf("%s has no title in English", name)
	}
	b.visit(here + sep + "lang=zh")
	b.visit(here)
}

func (b *tab) check(name string) {
	b.t.Helper()
	webtest.NoOverflow(b.t, b.ctx)
	if b.min > 0 {
		if small := webtest.SmallTargets(b.t, b.ctx, b.min); len(small) > 0 {
			b.t.Errorf("%s: too low for a thumb: %q", name, small)
		}
	}
	if m := b.js(`(document.body.innerText.match(/\[[a-z_]+(\.[a-z_0-9]+)+\]/)||[''])[0]`); m != "" {
		b.t.Errorf("%s shows the key %s", name, m)
	}
	b.shot(name)
}

func (b *tab) shot(name string) {
	b.t.Helper()
	webtest.Shot(b.t, b.ctx, "story-"+name)
}

// fetch asks the API with the window's session, as a program of the page would.
func (b *tab) fetch(method, path string, in any, out any) int {
	b.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		b.t.Fatal(err)
	}
	got := webtest.Get(b.t, b.ctx, chromedp.Evaluate[string](fmt.Sprintf(`(async function(){
var o={method:%s,headers:{'Content-Type':'application/json'}};if(%s!=='GET')o.body=%s;
var r=await fetch(%s,o);return r.status+' '+await r.text()})()`, quote(method), quote(method), quote(string(body)), quote("/api/v1"+path)), chromedp.EvalAwaitPromise))
	status, text, _ := strings.Cut(got, " ")
	n := 0
	fmt.Sscan(status, &n)
	if out != nil && n < 300 {
		if err := json.Unmarshal([]byte(text), out); err != nil {
			b.t.Fatalf("%s %s: %v: %.300s", method, path, err, text)
		}
	}
	if n >= 300 {
		b.t.Logf("%s %s: %.500s", method, path, got)
	}
	return n
}

// download takes the file behind the page's link whose address has this end,
// with the window's session.
func (b *tab) download(end string) []byte {
	b.t.Helper()
	return decode(b.t, webtest.Get(b.t, b.ctx, chromedp.Evaluate[string](fmt.Sprintf(`(async function(){
var a=[...document.querySelectorAll('a')].find(a=>a.getAttribute('href').endsWith(%s));
var d=new Uint8Array(await(await fetch(a.href)).arrayBuffer()),s='';
for(var i=0;i<d.length;i+=8192)s+=String.fromCharCode.apply(null,d.subarray(i,i+8192));
return btoa(s)})()`, quote(end)), chromedp.EvalAwaitPromise)))
}

// quote writes a string as JavaScript.
func quote(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

// toJSON writes a list as JavaScript.
func toJSON(list []string) string {
	b, err := json.Marshal(list)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func decode(t *testing.T, text string) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
