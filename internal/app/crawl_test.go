package app

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/sim/district"
)

// drill is a small demo behind a real HTTP server, without simulated workers.
type drill struct {
	app    *App
	srv    *httptest.Server
	logins map[string]district.Printed // by grid role
	loaded *district.Loaded
}

// newDrill loads a small district on the engine of o (dbtest.One unless o names one).
func newDrill(t *testing.T, o Options, place string, households int) *drill {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	o.Config.Data = t.TempDir()
	if o.Config.DB == "" && dbtest.OnlyPostgres() {
		o.Config.DB = dbtest.PostgresURL(t)
	}
	o.Drill, o.Clock = true, clock.Real()
	o.Log = slog.New(slog.NewTextHandler(&testLog{t}, &slog.HandlerOptions{Level: slog.LevelError}))
	d, err := OpenDatabase(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	a, loaded, err := loadDemo(ctx, o, d, DemoOptions{Place: place, Households: households, Seed: 7, Speed: 1})
	if err != nil {
		t.Fatal(err)
	}
	h, err := a.Handler()
	if err != nil {
		t.Fatal(err)
	}
	a.Background(ctx)
	out := &drill{app: a, srv: httptest.NewServer(h), loaded: loaded, logins: map[string]district.Printed{}}
	t.Cleanup(func() {
		a.hub.Close()
		out.srv.Close()
		cancel()
		a.Close()
		d.Close()
	})
	printed, err := district.Issue(ctx, a.demoServices(), loaded)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range printed {
		out.logins[p.Role] = p
	}
	return out
}

// testLog makes every error the server logs a failure of the test.
type testLog struct{ t *testing.T }

func (l *testLog) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte("db.rehearsal")) {
		return len(b), nil
	}
	l.t.Errorf("the server logged: %s", b)
	return len(b), nil
}

// login returns a client with the session of the role's account.
func (d *drill) login(t *testing.T, role string) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &http.Client{Jar: jar}
	p, ok := d.logins[role]
	if !ok {
		t.Fatalf("no account of role %s", role)
	}
	res, err := c.PostForm(d.srv.URL+"/login", url.Values{"login": {p.Login.Login}, "password": {p.Password}})
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, res.Body)
	res.Body.Close()
	if res.StatusCode != http.StatusOK || strings.HasSuffix(res.Request.URL.Path, "/login") {
		t.Fatalf("%s could not log in: %d %s", role, res.StatusCode, res.Request.URL)
	}
	return c
}

var (
	hrefs   = regexp.MustCompile(`(?:href|hx-get)="(/[^"#]*)"`)
	missing = regexp.MustCompile(`\[[a-z_]+(\.[a-z_0-9]+)+\]`)
	numbers = regexp.MustCompile(`[0-9]+`)
	forms   = regexp.MustCompile(`<form[\s>]|</form>`)
)

// nested reports whether a page has a form within a form. A browser drops the
// inner one and ends the outer one with it.
func nested(page string) bool {
	depth := 0
	for _, tag := range forms.FindAllString(page, -1) {
		if tag == "</form>" {
			depth--
		} else if depth++; depth > 1 {
			return true
		}
	}
	return false
}

// maxOfShape bounds how many pages of one shape (same route, other numbers) are opened.
const maxOfShape = 3

// TestEveryLinkLeadsSomewhere follows, for each role and in both languages,
// every link from the first page on. No page may fail, be refused although it
// was offered, show a message key instead of a message, or lead to a page that
// does not exist.
func TestEveryLinkLeadsSomewhere(t *testing.T) {
	d := newDrill(t, Options{}, "nangang", 600)
	for role := range d.logins {
		for _, lang := range []string{"zh", "en"} {
			t.Run(role+"/"+lang, func(t *testing.T) { d.crawl(t, role, lang) })
		}
	}
}

func (d *drill) crawl(t *testing.T, role, lang string) {
	client := d.login(t, role)
	queue := []string{"/?lang=" + lang}
	from := map[string]string{}
	shapes := map[string]int{}
	opened := 0
	for len(queue) > 0 && opened < 400 {
		at := queue[0]
		queue = queue[1:]
		opened++
		res, err := client.Get(d.srv.URL + at)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != http.StatusOK {
			t.Errorf("%s (linked from %s): %d", at, from[at], res.StatusCode)
			continue
		}
		if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
			continue
		}
		text := string(body)
		if m := missing.FindString(text); m != "" {
			t.Errorf("%s shows the message key %s", at, m)
		}
		if nested(text) {
			t.Errorf("%s has a form within a form: what stands behind it belongs to none", at)
		}
		for _, m := range hrefs.FindAllStringSubmatch(text, -1) {
			next := strings.ReplaceAll(m[1], "&amp;", "&")
			shape := numbers.ReplaceAllString(next, "0")
			if _, seen := from[next]; seen || strings.HasPrefix(next, "/assets/") || strings.Contains(next, "lang=") || shapes[shape] >= maxOfShape {
				continue
			}
			from[next] = at
			shapes[shape]++
			queue = append(queue, next)
		}
	}
	if opened < 4 {
		t.Errorf("only %d pages were reached", opened)
	}
	if os.Getenv("WANGGE_CRAWL") != "" {
		t.Log(role, lang, opened, "pages,", len(shapes), "shapes")
	}
}
