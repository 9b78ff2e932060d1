package web_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
	assets "wangge/web"
)

var noon = time.Date(2022, 3, 14, 12, 0, 0, 0, clock.CST)

// people is an Identity of one account.
type people struct{}

func (people) Lookup(_ context.Context, token string) (web.Session, error) {
	if token != "good" {
		return web.Session{}, errs.E("test", errs.Unauthenticated, "web.error.login")
	}
	return web.Session{AccountID: 7, Name: "王芳", Post: "社区网格员"}, nil
}

func newApp(t *testing.T, change func(*web.Options)) *web.App {
	t.Helper()
	opt := web.Options{
		Renderer: demoRenderer(t), Identity: people{}, Tokens: people{},
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)), Clock: clock.Real(),
	}
	if change != nil {
		change(&opt)
	}
	return web.New(opt)
}

type call struct {
	method, path, body string
	header             map[string]string
	anonymous          bool
}

func (c call) do(a http.Handler) *httptest.ResponseRecorder {
	if c.method == "" {
		c.method = http.MethodGet
	}
	r := httptest.NewRequest(c.method, c.path, strings.NewReader(c.body))
	if c.body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for k, v := range c.header {
		r.Header.Set(k, v)
	}
	if !c.anonymous {
		r.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: "good"})
	}
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	return w
}

func TestLayoutsInBothLanguages(t *testing.T) {
	a, ren := newApp(t, nil), demoRenderer(t)
	ren.Drill = func(context.Context) bool { return true }
	mountDemo(a, ren, nil)
	for _, page := range []string{"/", "/today", "/login", "/list", "/empty", "/form"} {
		for _, lang := range i18n.Langs() {
			w := call{path: page + "?lang=" + lang}.do(a)
			body := w.Body.String()
			if w.Code != 200 {
				t.Fatalf("%s %s: %d %s", page, lang, w.Code, body)
			}
			for _, want := range []string{i18n.T(lang, "web.drill"), "</html>", `lang="` + map[string]string{"zh": "zh-CN", "en": "en"}[lang] + `"`} {
				if !strings.Contains(body, want) {
					t.Errorf("%s %s: lacks %q", page, lang, want)
				}
			}
			for _, bad := range []string{"style=\"", "onclick", "<style", "[web.", "[menu.", "ZgotmplZ", "&lt;no value"} {
				if strings.Contains(body, bad) {
					t.Errorf("%s %s: holds %q", page, lang, bad)
				}
			}
			if strings.Contains(body, "<script>") {
				t.Errorf("%s %s: inline script", page, lang)
			}
		}
	}
}

func TestEveryPageIsKnown(t *testing.T) {
	r := demoRenderer(t)
	if len(r.Names()) < 8 {
		t.Fatalf("pages: %v", r.Names())
	}
	if err := r.Check(); err != nil {
		t.Error(err)
	}
	odd := fstest.MapFS{"odd.html": {Data: []byte(`{{define "content"}}{{nobody .}}{{end}}`)}}
	if err := r.Add(odd); err != nil {
		t.Fatal(err)
	}
	if err := r.Check(); err == nil || !strings.Contains(err.Error(), "odd") {
		t.Errorf("a page with an unknown function: %v", err)
	}
	if err := r.Add(demoTemplates()); err == nil {
		t.Error("the same pages were accepted twice")
	}
}

func TestSecurityHeaders(t *testing.T) {
	a := newApp(t, func(o *web.Options) { o.BehindTLS = true })
	mountDemo(a, demoRenderer(t), nil)
	w := call{path: "/", header: map[string]string{"X-Forwarded-Proto": "https"}}.do(a)
	csp := w.Header().Get("Content-Security-Policy")
	for _, bad := range []string{"unsafe-inline", "unsafe-eval", "*", "http:"} {
		if strings.Contains(csp, bad) {
			t.Errorf("policy allows %s: %s", bad, csp)
		}
	}
	for _, want := range []string{"script-src 'self'", "frame-ancestors 'none'", "form-action 'self'"} {
		if !strings.Contains(csp, want) {
			t.Errorf("policy lacks %s", want)
		}
	}
	if w.Header().Get("Strict-Transport-Security") == "" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("headers: %v", w.Header())
	}
	if w := (call{path: "/"}).do(a); w.Header().Get("Strict-Transport-Security") != "" {
		t.Error("HSTS without TLS")
	}
}

func TestErrorsInBothForms(t *testing.T) {
	a := newApp(t, nil)
	kinds := []errs.Kind{errs.Internal, errs.Invalid, errs.Unauthenticated, errs.Denied, errs.NotFound, errs.Conflict, errs.TooMany, errs.Unavailable}
	for _, k := range kinds {
		fail := func(http.ResponseWriter, *http.Request) error {
			return errs.Field(errs.E("test", k, "web.error.form"), "name")
		}
		a.Handle("GET /page/"+k.String(), fail)
		a.Handle("GET /api/v1/"+k.String(), fail)
	}
	for _, k := range kinds {
		for _, lang := range i18n.Langs() {
			w := call{path: "/page/" + k.String() + "?lang=" + lang}.do(a)
			if w.Code != k.Status() || !strings.Contains(w.Body.String(), i18n.T(lang, "web.problem."+k.String()+".next")) {
				t.Errorf("%s %s: %d %s", k, lang, w.Code, w.Body)
			}
		}
		w := call{path: "/api/v1/" + k.String()}.do(a)
		var p web.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Status != k.Status() || p.Type != "/problems/"+k.String() ||
			p.Instance == "" || len(p.Errors) != 1 || p.Errors[0].Field != "name" {
			t.Errorf("%s: %v %+v", k, err, p)
		}
		if ct := w.Header().Get("Content-Type"); !strings.HasPrefix(ct, "application/problem+json") {
			t.Errorf("%s: %s", k, ct)
		}
		part := call{path: "/page/" + k.String(), header: map[string]string{"HX-Request": "true"}}.do(a)
		if part.Header().Get("HX-Retarget") != "#toasts" || strings.Contains(part.Body.String(), "<html") {
			t.Errorf("%s: htmx got %v %s", k, part.Header(), part.Body)
		}
	}
}

func TestInternalErrorsTellNothing(t *testing.T) {
	a := newApp(t, nil)
	a.Handle("GET /boom", func(http.ResponseWriter, *http.Request) error { return fmt.Errorf("secret table") })
	a.Handle("GET /panic", func(http.ResponseWriter, *http.Request) error { panic("secret panic") })
	for _, p := range []string{"/boom", "/panic"} {
		w := call{path: p}.do(a)
		if w.Code != 500 || strings.Contains(w.Body.String(), "secret") {
			t.Errorf("%s: %d %s", p, w.Code, w.Body)
		}
	}
}

func TestRoutes(t *testing.T) {
	a := newApp(t, nil)
	mountDemo(a, demoRenderer(t), nil)
	cases := []struct {
		name string
		call
		status   int
		location string
	}{
		{"unknown page", call{path: "/nowhere"}, 404, ""},
		{"wrong method", call{method: "DELETE", path: "/form"}, 405, ""},
		{"needs log-in", call{path: "/form?a=1", anonymous: true}, 303, "/login?next=%2Fform%3Fa%3D1"},
		{"public", call{path: "/login", anonymous: true}, 200, ""},
		{"healthy", call{path: "/healthz", anonymous: true}, 200, ""},
		{"ready", call{path: "/readyz", anonymous: true}, 200, ""},
		{"another site", call{method: "POST", path: "/form", body: "a=1", header: map[string]string{"Sec-Fetch-Site": "cross-site"}}, 403, ""},
		{"another site, old browser", call{method: "POST", path: "/form", body: "a=1", header: map[string]string{"Origin": "https://evil.example"}}, 403, ""},
		{"same site", call{method: "POST", path: "/form", body: "name=x&_key=k", header: map[string]string{"Sec-Fetch-Site": "same-origin"}}, 303, "/"},
		{"too large", call{method: "POST", path: "/form", body: "name=" + strings.Repeat("x", 2<<20)}, 413, ""},
		{"bad bearer", call{path: "/", anonymous: true, header: map[string]string{"Authorization": "Bearer nope", "Accept": "application/json"}}, 401, ""},
	}
	for _, c := range cases {
		w := c.do(a)
		if w.Code != c.status || w.Header().Get("Location") != c.location {
			t.Errorf("%s: %d %q\n%s", c.name, w.Code, w.Header().Get("Location"), w.Body)
		}
	}
}

// A page of an error takes no doors for the day: who is logged in may be of the
// office, and would be refused.
func TestErrorPageTakesNoDoors(t *testing.T) {
	a := newApp(t, nil)
	mountDemo(a, demoRenderer(t), nil)
	script := web.AssetURL("js/phone.js")
	wrong := call{path: "/nowhere"}.do(a).Body.String()
	if strings.Contains(wrong, `src="`+script) {
		t.Error("an error page of somebody logged in starts the phone's script")
	}
	if login := (call{path: "/login", anonymous: true}).do(a).Body.String(); !strings.Contains(login, `src="`+script) {
		t.Error("the page to log in does not forget the day of who was logged in")
	}
}

func TestLanguageChoice(t *testing.T) {
	a := newApp(t, nil)
	mountDemo(a, demoRenderer(t), nil)
	cases := []struct{ path, accept, cookie, want string }{
		{"/login", "", "", "zh-CN"},
		{"/login", "en-GB,en;q=0.8", "", "en"},
		{"/login", "fr", "", "zh-CN"},
		{"/login", "en", "zh", "zh-CN"},
		{"/login?lang=en", "zh-CN", "zh", "en"},
		{"/login?lang=xx", "", "", "zh-CN"},
	}
	for _, c := range cases {
		h := map[string]string{"Accept-Language": c.accept}
		if c.cookie != "" {
			h["Cookie"] = "wangge_lang=" + c.cookie
		}
		w := call{path: c.path, header: h, anonymous: true}.do(a)
		if !strings.Contains(w.Body.String(), `<html lang="`+c.want+`"`) {
			t.Errorf("%+v: %.200s", c, w.Body)
		}
	}
}

func TestLogHoldsNoQueryAndNoPath(t *testing.T) {
	var buf bytes.Buffer
	a := newApp(t, func(o *web.Options) { o.Log = slog.New(slog.NewJSONHandler(&buf, nil)) })
	mountDemo(a, demoRenderer(t), nil)
	call{path: "/?q=%E5%BC%A0%E4%B8%89"}.do(a)
	call{path: "/zhangsan"}.do(a)
	if s := buf.String(); strings.Contains(s, "%E5") || strings.Contains(s, "张") || strings.Contains(s, "zhangsan") || !strings.Contains(s, `"route":"GET /{$}"`) {
		t.Errorf("log: %s", s)
	}
}

func TestGzip(t *testing.T) {
	a := newApp(t, nil)
	mountDemo(a, demoRenderer(t), nil)
	plain := call{path: "/login"}.do(a)
	w := call{path: "/login", header: map[string]string{"Accept-Encoding": "br, gzip"}}.do(a)
	if w.Header().Get("Content-Encoding") != "gzip" || w.Body.Len() > plain.Body.Len()*2/3 {
		t.Fatalf("%v %d of %d", w.Header(), w.Body.Len(), plain.Body.Len())
	}
	z, err := gzip.NewReader(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := io.ReadAll(z); !strings.Contains(string(b), "</html>") {
		t.Error("cut off")
	}
	if w := (call{path: "/login", header: map[string]string{"Accept-Encoding": "gzip;q=0"}}).do(a); w.Header().Get("Content-Encoding") != "" {
		t.Error("compressed for somebody who cannot read it")
	}
	if w := (call{method: "POST", path: "/form", body: "name=x", header: map[string]string{"Accept-Encoding": "gzip"}}).do(a); w.Code != 303 {
		t.Errorf("redirect: %d", w.Code)
	}
}

func TestAssets(t *testing.T) {
	a := newApp(t, nil)
	for _, name := range []string{"css/base.css", "css/phone.css", "css/office.css", "css/print.css", "js/app.js", "js/live.js",
		"vendor/htmx/htmx.min.js", "vendor/tabler/tabler.min.css", "img/icon.svg"} {
		w := call{path: web.AssetURL(name), header: map[string]string{"Accept-Encoding": "gzip"}}.do(a)
		if w.Code != 200 || !strings.Contains(w.Header().Get("Cache-Control"), "immutable") {
			t.Errorf("%s: %d %v", name, w.Code, w.Header())
		}
		again := call{path: web.AssetURL(name), header: map[string]string{"If-None-Match": w.Header().Get("ETag")}}.do(a)
		if again.Code != 304 {
			t.Errorf("%s again: %d", name, again.Code)
		}
	}
	if w := (call{path: "/assets/0/css/none.css"}).do(a); w.Code != 404 {
		t.Errorf("missing file: %d", w.Code)
	}
	phone := 0
	for _, name := range []string{"css/base.css", "css/phone.css"} {
		phone += call{path: web.AssetURL(name)}.do(a).Body.Len()
	}
	if phone > 21<<10 {
		t.Errorf("styles of worker pages have %d bytes, more than 21 KiB", phone)
	}
	total := 0
	for _, name := range []string{"css/base.css", "css/phone.css", "js/app.js", "js/live.js", "vendor/htmx/htmx.min.js"} {
		total += call{path: web.AssetURL(name), header: map[string]string{"Accept-Encoding": "gzip"}}.do(a).Body.Len()
	}
	if total > 100<<10 {
		t.Errorf("worker pages load %d bytes compressed, more than 100 KiB", total)
	}
}

// The vendored files are what VENDOR.json says, and scripts of worker pages
// keep to what phones of 2018 read.
func TestVendoredFiles(t *testing.T) {
	b, err := fs.ReadFile(assets.FS, "vendor/VENDOR.json")
	if err != nil {
		t.Fatal(err)
	}
	var libs []struct {
		Name, Version, Licence string
		Files                  map[string]string
	}
	if err := json.Unmarshal(b, &libs); err != nil {
		t.Fatal(err)
	}
	for _, l := range libs {
		if l.Version == "" || l.Licence == "" || len(l.Files) == 0 {
			t.Errorf("%+v", l)
		}
		for name, want := range l.Files {
			b, err := fs.ReadFile(assets.FS, "vendor/"+name)
			if got := fmt.Sprintf("%x", sha256.Sum256(b)); err != nil || got != want {
				t.Errorf("%s: %s %v", name, got, err)
			}
		}
	}
	for _, name := range []string{"js/app.js", "js/live.js", "js/ring.js", "js/scan.js", "vendor/htmx/htmx.min.js", "vendor/jsqr/jsqr.min.js"} {
		b, _ := fs.ReadFile(assets.FS, name)
		for _, bad := range []string{"?.(", "??", "||=", "#!"} {
			if bytes.Contains(b, []byte(bad)) {
				t.Errorf("%s holds %s", name, bad)
			}
		}
	}
}

// keys is an Idempotency in memory.
type keys map[string]*kept

type kept struct {
	hash   []byte
	answer *web.Response
}

func (k keys) Begin(_ context.Context, _ id.ID, key string, hash []byte) (bool, web.Response, error) {
	e, ok := k[key]
	switch {
	case !ok:
		k[key] = &kept{hash: hash}
		return false, web.Response{}, nil
	case e.answer == nil || !bytes.Equal(e.hash, hash):
		return false, web.Response{}, errs.E("test", errs.Conflict, "web.error.key")
	}
	return true, *e.answer, nil
}

func (k keys) Finish(_ context.Context, _ id.ID, key string, r web.Response) error {
	k[key].answer = &r
	return nil
}

func (k keys) Abandon(_ context.Context, _ id.ID, key string) error {
	delete(k, key)
	return nil
}

func TestFormSentTwice(t *testing.T) {
	a := newApp(t, func(o *web.Options) { o.Idempotency = keys{} })
	done := 0
	a.Handle("POST /do", func(w http.ResponseWriter, r *http.Request) error {
		if r.FormValue("bad") != "" {
			return errs.E("test", errs.Invalid, "web.error.form")
		}
		done++
		return web.Redirect(w, r, "/done/"+fmt.Sprint(done))
	})
	post := func(v url.Values) *httptest.ResponseRecorder {
		return call{method: "POST", path: "/do", body: v.Encode()}.do(a)
	}
	first := post(url.Values{"_key": {"a"}, "n": {"1"}})
	second := post(url.Values{"_key": {"a"}, "n": {"1"}})
	if done != 1 || second.Code != 303 || second.Header().Get("Location") != first.Header().Get("Location") {
		t.Errorf("done %d, %d %v", done, second.Code, second.Header())
	}
	if w := post(url.Values{"_key": {"a"}, "n": {"2"}}); w.Code != 409 || done != 1 {
		t.Errorf("other content: %d", w.Code)
	}
	if w := post(url.Values{"_key": {"b"}, "bad": {"1"}}); w.Code != 422 {
		t.Errorf("refused: %d", w.Code)
	}
	if w := post(url.Values{"_key": {"b"}}); w.Code != 303 || done != 2 {
		t.Errorf("corrected with the same key: %d", w.Code)
	}
}

func TestFlash(t *testing.T) {
	a := newApp(t, nil)
	mountDemo(a, demoRenderer(t), nil)
	w := call{method: "POST", path: "/form", body: "name=x"}.do(a)
	cookie := w.Header().Get("Set-Cookie")
	cookie, _, _ = strings.Cut(cookie, ";")
	shown := call{path: "/", header: map[string]string{"Cookie": cookie}}.do(a)
	if !strings.Contains(shown.Body.String(), i18n.T("zh", "web.js.copied")) {
		t.Errorf("message is missing: %s", cookie)
	}
	if !strings.Contains(strings.Join(shown.Header().Values("Set-Cookie"), "\n"), "wangge_flash=;") {
		t.Error("message would be shown again")
	}
}

func TestSafeNext(t *testing.T) {
	for next, want := range map[string]string{"/a?b=1": "/a?b=1", "//evil": "/", "https://evil": "/", "/\\evil": "/", "": "/", "a": "/"} {
		if got := web.SafeNext(next, "/"); got != want {
			t.Errorf("%q gives %q", next, got)
		}
	}
}
