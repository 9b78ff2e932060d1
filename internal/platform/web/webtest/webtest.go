// Package webtest opens pages in a real browser (Debian's chromium, headless)
// for tests. One chromium serves a test binary; each test gets its own cookies.
// A page that throws in a script or breaks the content policy fails its test.
package webtest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// ShotsEnv names the folder that screenshots are written to; unset: none are.
const ShotsEnv = "WANGGE_SHOTS"

// limit is how long a test may use the browser.
const limit = 60 * time.Second

var shared struct {
	sync.Mutex
	ctx  context.Context
	stop []context.CancelFunc
}

// Main runs the tests and ends the browser afterwards. A package that uses
// Browser has: func TestMain(m *testing.M) { webtest.Main(m) }.
func Main(m *testing.M) {
	code := m.Run()
	shared.Lock()
	for i := len(shared.stop) - 1; i >= 0; i-- {
		shared.stop[i]()
	}
	shared.Unlock()
	os.Exit(code)
}

// Browser returns the context of a fresh tab with its own cookies, for
// chromedp.Run. The tab closes when the test ends. Without a chromium on the
// machine the test fails: it is never left out.
func Browser(t testing.TB) context.Context {
	t.Helper()
	parent, err := browser()
	if err != nil {
		t.Fatalf("webtest: %v", err)
	}
	seen := &complaints{}
	tab, cancel := chromedp.NewContext(parent, chromedp.WithNewBrowserContext(), chromedp.WithListener(seen.hear))
	err = chromedp.Do(tab)
	ctx, cancelTime := context.WithTimeout(tab, limit)
	t.Cleanup(func() {
		cancelTime()
		cancel()
		for _, c := range seen.list() {
			t.Errorf("the page complains: %s", c)
		}
	})
	if err != nil {
		t.Fatalf("webtest: the browser opens no tab: %v", err)
	}
	return ctx
}

func browser() (context.Context, error) {
	shared.Lock()
	defer shared.Unlock()
	if shared.ctx != nil {
		return shared.ctx, nil
	}
	path, err := findBrowser()
	if err != nil {
		return nil, err
	}
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), options(path)...)
	ctx, stop := chromedp.NewContext(alloc)
	if err := chromedp.Do(ctx); err != nil {
		stop()
		stopAlloc()
		return nil, fmt.Errorf("%s does not start: %w", path, err)
	}
	shared.ctx, shared.stop = ctx, []context.CancelFunc{stopAlloc, stop}
	return ctx, nil
}

// options are how every browser of the tests starts.
func options(path string) []chromedp.ExecAllocatorOption {
	return append(append([]chromedp.ExecAllocatorOption{}, chromedp.DefaultExecAllocatorOptions[:]...), chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("lang", "zh-CN"), chromedp.WSURLReadTimeout(40*time.Second))
}

func findBrowser() (string, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			return p, nil
		}
	}
	return "", fmt.Errorf("no chromium found: install Debian's packages chromium and fonts-noto-cjk")
}

// Size makes the tab w × h pixels large. Up to 480 wide it is a phone with a
// touch screen.
func Size(w, h int64) chromedp.Action[chromedp.Void] {
	if w <= 480 {
		return chromedp.EmulateViewport(w, h, chromedp.EmulateMobile, chromedp.EmulateTouch)
	}
	return chromedp.EmulateViewport(w, h)
}

// Run runs the steps and fails the test if one fails.
func Run(t testing.TB, ctx context.Context, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatalf("browser: %v", err)
	}
}

// Get runs one action and gives its value; it fails the test on an error.
func Get[T any](t testing.TB, ctx context.Context, a chromedp.Action[T]) T {
	t.Helper()
	v, err := chromedp.Run(ctx, a)
	if err != nil {
		t.Fatalf("browser: %v", err)
	}
	return v
}

// Until waits until the JavaScript expression is true, at most 15 seconds; the
// page may be left for another meanwhile.
func Until(expr string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
		defer cancel()
		poll := chromedp.Poll[bool](expr, chromedp.WithPollingTimeout(15*time.Second), chromedp.WithPollingInterval(50*time.Millisecond))
		for {
			_, err := poll(ctx, target)
			if err == nil {
				return chromedp.Void{}, nil
			}
			if !left(err) || ctx.Err() != nil {
				return chromedp.Void{}, fmt.Errorf("never true: %s: %w", expr, err)
			}
		}
	}
}

// left reports whether err says that the page was left while we looked.
func left(err error) bool {
	for _, s := range []string{"navigated or closed", "context was destroyed", "Cannot find context", "Cannot find default execution context"} {
		if strings.Contains(err.Error(), s) {
			return true
		}
	}
	return false
}

// Text gives the text of the first element of a CSS selector.
func Text(t testing.TB, ctx context.Context, selector string) string {
	t.Helper()
	return Get(t, ctx, chromedp.Text(chromedp.CSS(selector)))
}

// Shot writes a picture of the whole page to $WANGGE_SHOTS/name.png; without
// that variable it does nothing.
func Shot(t testing.TB, ctx context.Context, name string) {
	t.Helper()
	dir := os.Getenv(ShotsEnv)
	if dir == "" {
		return
	}
	png := Get(t, ctx, chromedp.FullScreenshot(100))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644); err != nil {
		t.Fatal(err)
	}
}

// NoOverflow fails the test if the page can be scrolled sideways.
func NoOverflow(t testing.TB, ctx context.Context) {
	t.Helper()
	over := Get(t, ctx, chromedp.Evaluate[int](`document.documentElement.scrollWidth - document.documentElement.clientWidth`))
	if over > 0 {
		t.Errorf("the page is %d pixels wider than the screen", over)
	}
}

// SmallTargets returns the visible links, buttons and inputs lower than min
// pixels, as "tag text height", for the rule that a thumb in a glove hits.
func SmallTargets(t testing.TB, ctx context.Context, min int) []string {
	t.Helper()
	return Get(t, ctx, chromedp.Evaluate[[]string](fmt.Sprintf(`(function(){var out=[];
document.querySelectorAll('a[href],button,select,textarea,input:not([type=hidden])').forEach(function(e){
 if(e.classList.contains('skip'))return;
 var r=e.getBoundingClientRect(), l=e.closest('label'), h=l?Math.max(r.height,l.getBoundingClientRect().height):r.height;
 if(r.width>0&&h<%d)out.push(e.tagName+' '+(e.innerText||e.name||'')+' '+Math.round(h));});return out})()`, min)))
}

// complaints collects what the browser's console says against the page.
type complaints struct {
	mu   sync.Mutex
	said []string
}

func (c *complaints) hear(ev any) {
	switch e := ev.(type) {
	case *runtime.EventExceptionThrown:
		text := e.ExceptionDetails.Text
		if x := e.ExceptionDetails.Exception; x != nil {
			text += " " + x.Description
		}
		c.add(text)
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError && e.Entry.Source != log.EntrySourceNetwork || strings.Contains(e.Entry.Text, "Content Security Policy") {
			c.add(e.Entry.Text)
		}
	}
}

func (c *complaints) add(s string) {
	c.mu.Lock()
	c.said = append(c.said, s)
	c.mu.Unlock()
}

func (c *complaints) list() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.said
}
