package web_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/web"
	"wangge/internal/platform/web/webtest"
)

func TestMain(m *testing.M) { webtest.Main(m) }

type site struct {
	url  string
	hub  *web.Hub
	done atomic.Int64
}

func newSite(t *testing.T) *site {
	t.Helper()
	s := &site{hub: web.NewHub(clock.Real(), 20)}
	r := demoRenderer(t)
	a := newApp(t, func(o *web.Options) { o.Renderer = r })
	mountDemo(a, r, &s.done)
	a.Handle("GET /live", s.hub.Handler(nil), web.Stream())
	srv := httptest.NewServer(a)
	s.url = srv.URL
	t.Cleanup(srv.Close)
	t.Cleanup(s.hub.Close)
	return s
}

// login gives the tab the session of the demo.
func (s *site) login(lang string) chromedp.Action[chromedp.Void] {
	return chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
		for name, value := range map[string]string{web.SessionCookie: "good", "wangge_lang": lang} {
			if _, err := cdp.Call(ctx, t, network.SetCookie, network.SetCookieParams{Name: name, Value: value, URL: s.url}); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestPagesInABrowser(t *testing.T) {
	s := newSite(t)
	ctx := webtest.Browser(t)
	for _, width := range []int64{390, 1440} {
		for _, lang := range []string{"zh", "en"} {
			webtest.Run(t, ctx, webtest.Size(width, 900), s.login(lang))
			for name, path := range map[string]string{"board": "/", "today": "/today", "form": "/form", "login": "/login", "list": "/list", "empty": "/empty", "error": "/nowhere"} {
				webtest.Run(t, ctx, chromedp.Navigate(s.url+path))
				if name != "list" {
					webtest.NoOverflow(t, ctx)
				}
				if name == "today" || name == "login" || name == "error" {
					if small := webtest.SmallTargets(t, ctx, 56); len(small) > 0 {
						t.Errorf("%s at %d: too low for a thumb: %q", name, width, small)
					}
				}
				webtest.Shot(t, ctx, fmt.Sprintf("web-%s-%d-%s", name, width, lang))
			}
		}
	}
}

func TestLiveUpdate(t *testing.T) {
	s := newSite(t)
	ctx := webtest.Browser(t)
	webtest.Run(t, ctx, webtest.Size(1440, 900), s.login("zh"), chromedp.Navigate(s.url+"/"),
		webtest.Until(`!document.querySelector('[data-live-state]').hidden`))
	if !strings.Contains(webtest.Text(t, ctx, "#cov"), "12,873") {
		t.Fatal(webtest.Text(t, ctx, "#cov"))
	}
	for i := int64(1); i <= 2; i++ {
		s.done.Store(i * 100)
		s.hub.Publish("round:3")
		webtest.Run(t, ctx, webtest.Until(fmt.Sprintf(`document.querySelector('#cov').innerText.includes('%s')`, num(12873+i*100))))
	}
	if n := s.hub.Streams(); n != 1 {
		t.Errorf("%d streams", n)
	}
}

func num(n int64) string { return fmt.Sprintf("%d,%03d", n/1000, n%1000) }

// Two tabs of one browser hold one stream, and both change.
func TestTabsShareAStream(t *testing.T) {
	s := newSite(t)
	ctx := webtest.Browser(t)
	webtest.Run(t, ctx, s.login("zh"), chromedp.Navigate(s.url+"/"), webtest.Until(`!document.querySelector('[data-live-state]').hidden`))
	second, cancel := chromedp.NewContext(ctx)
	defer cancel()
	webtest.Run(t, second, chromedp.Navigate(s.url+"/"), webtest.Until(`!document.querySelector('[data-live-state]').hidden`))
	s.done.Store(55)
	s.hub.Publish("round:3")
	for _, tab := range []context.Context{ctx, second} {
		webtest.Run(t, tab, webtest.Until(`document.querySelector('#cov').innerText.includes('12,928')`))
	}
	if n := s.hub.Streams(); n != 1 {
		t.Errorf("%d streams for two tabs", n)
	}
}

func TestFormsInABrowser(t *testing.T) {
	s := newSite(t)
	ctx := webtest.Browser(t)
	webtest.Run(t, ctx, webtest.Size(1440, 900), s.login("zh"), chromedp.Navigate(s.url+"/form"),
		// An empty name is refused and the rest of what was typed stays.
		chromedp.SendKeys(chromedp.CSS("#f-note"), "每户一次"),
		run(`document.querySelector('#f-name').required=false`),
		chromedp.Click(chromedp.CSS("form[data-keep] button")),
		webtest.Until(`!!document.querySelector('.fld-err') && document.querySelector('#f-note').value==='每户一次'`))
	webtest.Shot(t, ctx, "web-form-refused")
	// Deleting asks first; "no" does nothing, "yes" does it.
	webtest.Run(t, ctx, chromedp.Click(chromedp.CSS("#del")), webtest.Until(`document.querySelector('#confirm').open`))
	webtest.Shot(t, ctx, "web-confirm")
	webtest.Run(t, ctx, chromedp.Click(chromedp.CSS("#confirm [value=no]")), webtest.Until(`!document.querySelector('#confirm').open && location.pathname==='/form'`),
		chromedp.Click(chromedp.CSS("#del")), webtest.Until(`document.querySelector('#confirm').open`),
		chromedp.Click(chromedp.CSS("#confirm [value=yes]")), webtest.Until(`location.pathname==='/' && !!document.querySelector('.notice-ok')`))
	// "/" focuses the search box.
	webtest.Run(t, ctx, run(`document.dispatchEvent(new KeyboardEvent('keydown',{key:'/',bubbles:true}))||document.body.dispatchEvent(new KeyboardEvent('keydown',{key:'/',bubbles:true}))`),
		webtest.Until(`document.activeElement.id==='search'`))
}

// What was typed survives a lost network, and a reload; its buttons stay what they
// are.
func TestNothingTypedIsLost(t *testing.T) {
	s := newSite(t)
	ctx := webtest.Browser(t)
	webtest.Run(t, ctx, webtest.Size(390, 844), s.login("zh"), chromedp.Navigate(s.url+"/form"),
		chromedp.SendKeys(chromedp.CSS("#f-name"), "入户摸排"),
		run(`window.realFetch=fetch; window.fetch=function(){return Promise.reject(new TypeError('no network'))}`),
		chromedp.Click(chromedp.CSS("form[data-keep] button")),
		webtest.Until(`!!document.querySelector('#toasts .notice-error') && document.querySelector('#f-name').value==='入户摸排'`),
		chromedp.Reload(),
		webtest.Until(`document.querySelector('#f-name').value==='入户摸排'`),
		webtest.Until(`[...document.querySelectorAll('form[data-keep] button')].map(b=>b.value).join()==='save,draft'`),
		chromedp.Click(chromedp.CSS("form[data-keep] button")),
		webtest.Until(`location.pathname==='/' && !!document.querySelector('.notice-ok')`))
}

// A photo of any size arrives as a JPEG of at most 300 KB.
func TestPhotosAreMadeSmaller(t *testing.T) {
	s := newSite(t)
	ctx := webtest.Browser(t)
	webtest.Run(t, ctx, s.login("zh"), chromedp.Navigate(s.url+"/form"), run(`(function(){
 var f=document.querySelector('form[data-keep]'), i=document.createElement('input'); i.type='file'; i.id='ph'; i.setAttribute('data-photo',''); f.appendChild(i);
 var c=document.createElement('canvas'); c.width=2000; c.height=1500; var g=c.getContext('2d'), d=g.createImageData(2000,1500);
 for(var k=0;k<d.data.length;k+=60000)crypto.getRandomValues(d.data.subarray(k,k+60000)); for(k=3;k<d.data.length;k+=4)d.data[k]=255; g.putImageData(d,0,0);
 i.addEventListener('photo',function(e){window.photoSize=e.detail.size;window.photoType=i.files[0].type});
 c.toBlob(function(b){window.before=b.size;var t=new DataTransfer();t.items.add(new File([b],'x.png',{type:'image/png'}));i.files=t.files;i.dispatchEvent(new Event('change',{bubbles:true}))},'image/png');
})()`), webtest.Until(`window.photoSize>0 && window.photoSize<=300*1024 && window.before>1e6 && window.photoType==='image/jpeg'`))
}

// A file larger than an ordinary form may be is sent with a progress bar, and
// the page that follows is shown.
func TestUpload(t *testing.T) {
	s := newSite(t)
	ctx := webtest.Browser(t)
	webtest.Run(t, ctx, s.login("zh"), chromedp.Navigate(s.url+"/form"),
		run(`(function(){var t=new DataTransfer();t.items.add(new File([new Uint8Array(3e6)],'roster.xlsx'));document.querySelector('#up').files=t.files})()`),
		chromedp.Click(chromedp.CSS("#send")), webtest.Until(`location.search==='?size=3000000' && !!document.querySelector('.stats')`))
}

// A phone has no stream: it refreshes when it is looked at again.
func TestPhonePolls(t *testing.T) {
	s := newSite(t)
	ctx := webtest.Browser(t)
	webtest.Run(t, ctx, webtest.Size(390, 844), s.login("zh"), chromedp.Navigate(s.url+"/today"))
	s.done.Store(27)
	webtest.Run(t, ctx, run(`window.dispatchEvent(new Event('focus'))`), webtest.Until(`document.querySelector('#cov').innerText.includes('12,900')`))
	if n := s.hub.Streams(); n != 0 {
		t.Errorf("%d streams", n)
	}
}

func TestFilterRows(t *testing.T) {
	s := newSite(t)
	ctx := webtest.Browser(t)
	webtest.Run(t, ctx, webtest.Size(1440, 900), s.login("zh"), chromedp.Navigate(s.url+"/"), chromedp.SendKeys(chromedp.CSS("[data-filter]"), "哈西"),
		webtest.Until(`document.querySelectorAll('#areas tbody tr:not([hidden])').length===1`))
}

// run evaluates JavaScript for its effect.
func run(js string) chromedp.Action[chromedp.Void] {
	do := chromedp.Evaluate[any]("void(" + js + ")")
	if strings.Contains(js, ";") && !strings.HasPrefix(js, "(") {
		do = chromedp.Evaluate[any](js + ";undefined")
	}
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := do(ctx, t)
		return chromedp.Void{}, err
	}
}
