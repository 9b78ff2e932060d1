package staff

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"wangge/internal/account"
	"wangge/internal/grid"
	"wangge/internal/grid/gridtest"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
	"wangge/internal/platform/web/webtest"
)

func TestMain(m *testing.M) { webtest.Main(m) }

// office lets whoever manages accounts administer all of them.
type office struct{}

func (office) MayManageAccounts(ctx context.Context) bool {
	c, err := grid.CallerFrom(ctx)
	return err == nil && c.Can(grid.AccountManage)
}

func (office) Manageable(_ context.Context, list []account.Subject) (map[id.ID]bool, error) {
	out := map[id.ID]bool{}
	for _, a := range list {
		out[a.ID] = true
	}
	return out, nil
}

func (office) HomeFor(context.Context) id.ID { return id.Zero }

func (office) MustSecond(context.Context, id.ID) (bool, error) { return false, nil }

func (office) PostsOf(context.Context, id.ID) ([]account.Post, error) { return nil, nil }

func (office) PostsShown(context.Context, id.ID) ([]account.Post, error) { return nil, nil }

const password = "yellow lamp river"

// site serves the pages to a clerk of a community and to a building leader.
type site struct {
	*house
	srv *httptest.Server
}

func newSite(t *testing.T) *site {
	d := dbtest.One(t)
	s := &site{house: fresh(t, d)}
	s.accounts = account.New(account.Options{District: gridtest.Nangang, DB: d, Keys: s.base.Keys, Clock: s.clk, Audit: s.base.Log, Auth: office{}})
	s.appoint("clerk", grid.RoleCommunity, s.hua.ID)
	s.appoint("leader", grid.RoleBuildingLeader, s.units[0].ID)
	ren := web.NewRenderer(s.clk)
	app := web.New(web.Options{Renderer: ren, Identity: s.accounts, Tokens: s.accounts.Tokens(), Idempotency: s.accounts, Clock: clock.Real(),
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
		Enrich: func(ctx context.Context, k web.Session) (context.Context, error) {
			c, err := s.grid.CallerFor(ctx, k.AccountID, gridtest.Nangang, s.clk.Now())
			return grid.WithCaller(ctx, c), err
		}})
	pages := dbtest.Must(NewPages(s.Service, ren))(t)
	pages.Register(app)
	dbtest.Must(account.NewPages(s.accounts, ren))(t).Register(app)
	app.Handle("GET /{$}", func(w http.ResponseWriter, r *http.Request) error {
		_, err := io.WriteString(w, "<main>home</main>")
		return err
	}, web.Public()) // the manual clock's cookies are too old for a browser
	app.Handle("GET /as/{name}", func(w http.ResponseWriter, r *http.Request) error {
		web.SetSession(w, r, s.token(r.PathValue("name")), time.Time{})
		return nil
	}, web.Public())
	RegisterAPI(web.NewAPI(app, "test", "1"), s.Service)
	s.srv = httptest.NewServer(app)
	t.Cleanup(s.srv.Close)
	return s
}

// appoint makes an account with a password and puts it into a post.
func (s *site) appoint(login string, role grid.Role, place id.ID) {
	s.t.Helper()
	hash := dbtest.Must(s.accounts.HashPassword(ctx, password, login, ""))(s.t)
	err := s.d.Write(ctx, "test", func(tx *db.Tx) error {
		a, err := s.accounts.Create(ctx, tx, id.Zero, account.NewAccount{Login: login, Name: login, PasswordHash: hash})
		if err != nil {
			return err
		}
		made, err := s.grid.AddPostsIn(ctx, tx, s.c, []grid.NewPost{{Role: role, ObjectKind: grid.ObjectPlace, ObjectID: place}})
		if err != nil {
			return err
		}
		return s.grid.AddHoldersIn(ctx, tx, s.c, []grid.Holder{{PostID: made[0].ID, AccountID: a.ID}})
	})
	dbtest.OK(s.t, err)
}

func (s *site) token(login string) string {
	s.t.Helper()
	return dbtest.Must(s.accounts.Login(ctx, account.Attempt{Login: login, Password: password, Device: "windows", Address: "test"}))(s.t).Token
}

// ask sends a request as somebody; a page must not fail and show no key.
func (s *site) ask(login, method, path, kind string, body io.Reader) (int, string) {
	s.t.Helper()
	req := dbtest.Must(http.NewRequest(method, s.srv.URL+path, body))(s.t)
	req.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: s.token(login)})
	req.Header.Set("Accept-Language", "zh")
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res := dbtest.Must(client.Do(req))(s.t)
	defer res.Body.Close()
	raw := dbtest.Must(io.ReadAll(res.Body))(s.t)
	if res.StatusCode >= 500 || bytes.Contains(raw, []byte("[staff.")) {
		s.t.Errorf("%s %s: %d %s", method, path, res.StatusCode, raw)
	}
	return res.StatusCode, res.Header.Get("Location") + "\n" + string(raw)
}

// upload hands a list in.
func (s *site) upload(login string, data []byte) (int, string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, _ := w.CreateFormFile("file", "名单.xlsx")
	part.Write(data)
	w.WriteField("place", s.hua.ID.String())
	w.Close()
	return s.ask(login, "POST", "/posts/import", w.FormDataContentType(), &b)
}

func (s *site) form(login, path string, pairs ...string) (int, string) {
	v := url.Values{"place": {s.hua.ID.String()}}
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return s.ask(login, "POST", path, "application/x-www-form-urlencoded", strings.NewReader(v.Encode()))
}

func TestPages(t *testing.T) {
	s := newSite(t)
	expect := func(what string, status, want int, body string, has ...string) {
		t.Helper()
		for _, h := range has {
			if !strings.Contains(body, h) {
				t.Errorf("%s: no %q in\n%s", what, h, body)
			}
		}
		if status != want {
			t.Errorf("%s: %d, want %d", what, status, want)
		}
	}
	for name, bad := range map[string][]byte{"zeros": make([]byte, 9000), "nothing": nil, "no list": book(t, "a|b", "c|d")} {
		status, body := s.upload("clerk", bad)
		expect(name, status, 422, body, "fld-err")
	}
	status, _ := s.upload("leader", book(t, lists...))
	expect("a leader", status, 403, "")
	status, body := s.upload("clerk", book(t, append(lists[:len(lists)-1:len(lists)-1], "6|坏|12|楼长|花园街|东风|9||||| ", lists[len(lists)-1])...))
	expect("upload", status, 303, body, "/post-lists/")
	at := strings.TrimSpace(body[:strings.IndexByte(body, '\n')])
	status, body = s.ask("clerk", "GET", at, "", nil)
	expect("preview", status, 200, body, "手机号不对", "没有这个楼栋", "吴采", "138****0001")
	status, _ = s.ask("leader", "GET", at, "", nil)
	expect("another's list", status, 404, "")
	status, body = s.ask("clerk", "GET", at+"/rejected", "", nil)
	expect("rejected", status, 200, body)
	refused := dbtest.Must(readTables(ctx, []byte(body[1:])))(t)
	if last := refused[0].rows[1]; len(refused[0].rows) != 2 || !strings.Contains(last[len(last)-1], "没有这个楼栋") || last[1] != "坏" {
		t.Errorf("%+v", refused)
	}
	if n := dbtest.Must(s.accounts.Count(ctx))(t); n != 2 {
		t.Errorf("%d accounts before the list was applied", n)
	}
	status, body = s.form("clerk", at+"/apply")
	expect("apply", status, 303, body, at)
	status, body = s.ask("clerk", "GET", at, "", nil)
	expect("applied", status, 200, body, "/posts/slips")
	status, body = s.form("clerk", at+"/apply")
	expect("apply twice", status, 303, body, at)
	if n := dbtest.Must(s.accounts.Count(ctx))(t); n != 7 {
		t.Errorf("%d accounts", n)
	}
	status, body = s.ask("clerk", "GET", "/posts/slips", "", nil)
	expect("slips", status, 200, body, ">5<")
	status, _ = s.form("leader", "/posts/slips")
	expect("a leader's slips", status, 403, "")
	status, body = s.form("clerk", "/posts/slips")
	expect("print", status, 200, body, "<svg", "/activate", "吴采")
	if n := strings.Count(body, `class="slip"`); n != 5 {
		t.Errorf("%d slips", n)
	}
	status, _ = s.form("clerk", "/posts/slips")
	expect("all have slips", status, 303, "")
	status, body = s.ask("clerk", "GET", "/posts/import-template", "", nil)
	expect("template", status, 200, body)
	if empty := dbtest.Must(readTables(ctx, []byte(body[1:])))(t); vocab.findHeader(empty[0].rows).index != 0 || len(vocab.findHeader(empty[0].rows).columns) != len(vocab.Columns) {
		t.Errorf("the template is not read: %+v", empty[0].rows)
	}
	status, body = s.ask("clerk", "POST", "/api/v1/posts:import?dry_run=true", "application/octet-stream", bytes.NewReader(book(t, lists...)))
	expect("api", status, 200, body, `"unchanged":5`)
	status, body = s.ask("clerk", "POST", "/api/v1/posts/slips?again=true", "", nil)
	expect("api slips", status, 201, body, `"code":"`)
}

// TestALeaderOpensTheAccountInABrowser imports a list, prints the slips and
// opens an account by the code of one, on both widths.
func TestALeaderOpensTheAccountInABrowser(t *testing.T) {
	for _, c := range []struct {
		lang string
		w, h int64
	}{{"zh", 390, 844}, {"en", 1440, 900}} {
		t.Run(c.lang, func(t *testing.T) {
			s := newSite(t)
			l := dbtest.Must(s.Stage(grid.WithCaller(ctx, s.c), grid.Caller{District: gridtest.Nangang, AccountID: dbtest.Must(s.accounts.Find(ctx, "clerk"))(t).ID, Lang: c.lang,
				Grants: []grid.Grant{{Role: grid.RoleCommunity, ObjectKind: grid.ObjectPlace, ObjectID: s.hua.ID, Path: s.hua.Path}}}, book(t, append(lists, "7|坏|12|楼长|花园街|东风|9||||| ")...), Options{File: "名单.xlsx", Place: s.hua.ID, Lang: c.lang}))(t)
			tab := webtest.Browser(t)
			look := func(name string) {
				t.Helper()
				webtest.NoOverflow(t, tab)
				webtest.Shot(t, tab, "posts-"+name+"-"+c.lang)
			}
			webtest.Run(t, tab, webtest.Size(c.w, c.h), chromedp.Navigate(s.srv.URL+"/as/clerk"), chromedp.Navigate(s.srv.URL+"/posts/import?lang="+c.lang), chromedp.WaitVisible("#f-file"))
			look("import")
			webtest.Run(t, tab, chromedp.Navigate(s.srv.URL+"/post-lists/"+l.ID.String()), chromedp.WaitVisible("form[action$=apply]"))
			look("list")
			webtest.Run(t, tab, chromedp.Click("form[action$=apply] button"), chromedp.WaitVisible(`a[href^="/posts/slips?place"]`))
			look("applied")
			webtest.Run(t, tab, chromedp.Navigate(s.srv.URL+"/posts/slips"), chromedp.Click(`form[action="/posts/slips"] button`), chromedp.WaitVisible(".slip"))
			code := dbtest.Must(chromedp.Run(tab, chromedp.Evaluate[string](`document.querySelector(".slip-qr b").textContent`)))(t)
			link := dbtest.Must(chromedp.Run(tab, chromedp.Evaluate[string](`document.querySelector(".slip u").textContent`)))(t)
			look("slips")
			webtest.Run(t, tab, chromedp.Navigate(link), chromedp.SendKeys("#f-code", strings.ToLower(code)), chromedp.Click("main form button"), chromedp.WaitVisible("#f-password"))
			look("choose")
			webtest.Run(t, tab, chromedp.SendKeys("#f-password", password), chromedp.SendKeys("#f-again", password), chromedp.Click("main form button"), webtest.Until(`location.pathname === "/"`))
			if _, err := s.accounts.CheckCode(ctx, code, "y"); err == nil {
				t.Error("the code is still good")
			}
			if _, left, err := s.Waiting(ctx, s.c, s.hua.ID); err != nil || left.People != 4 {
				t.Errorf("%+v %v", left, err)
			}
		})
	}
}
