package relief

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/web"
	"wangge/internal/task"
)

// everybody is logged in.
type everybody struct{}

func (everybody) Lookup(context.Context, string) (web.Session, error) {
	return web.Session{AccountID: 7, Name: "tester"}, nil
}

// site serves the pages and the API to one person at a time.
type site struct {
	*world
	srv *httptest.Server
	who string
}

func newSite(w *world) *site {
	ren := web.NewRenderer(w.clk)
	inbox, err := task.NewPages(w.tasks, ren)
	w.ok(err)
	pages, err := NewPages(w.s, ren)
	w.ok(err)
	app := web.New(web.Options{Renderer: ren, Identity: everybody{}, Log: slog.New(slog.DiscardHandler)})
	inbox.Register(app)
	pages.Register(app)
	RegisterAPI(web.NewAPI(app, "test", "1"), w.s)
	s := &site{world: w}
	s.srv = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		app.ServeHTTP(rw, r.WithContext(grid.WithCaller(r.Context(), w.as(s.who))))
	}))
	w.t.(*testing.T).Cleanup(s.srv.Close)
	return s
}

// ask reads a page, or sends a form, and fails unless the status is wanted and
// all texts stand in the answer.
func (s *site) ask(who, path string, form url.Values, want int, texts ...string) string {
	s.t.Helper()
	s.who = who
	method, kind, text := http.MethodGet, "", ""
	if form != nil {
		method, kind, text = http.MethodPost, "application/x-www-form-urlencoded", form.Encode()
	}
	req, err := http.NewRequest(method, s.srv.URL+path, strings.NewReader(text))
	s.ok(err)
	req.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: "x"})
	req.Header.Set("Content-Type", kind)
	res, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(req)
	s.ok(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	s.ok(err)
	if res.StatusCode != want {
		s.t.Fatalf("%s %s as %s: %d, want %d\n%.600s", method, path, who, res.StatusCode, want, b)
	}
	for _, x := range texts {
		if !strings.Contains(string(b), x) {
			s.t.Errorf("%s as %s does not say %q", path, who, x)
		}
	}
	return string(b)
}

func TestPagesFromTheInboxToMuting(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		s := newSite(w)
		gate := "/relief/" + w.post["gate"].String()
		s.ask("ada", gate, nil, 200, "没有要交接的班")
		w.shift("gate", "ada", 0, "12:00", "20:00")
		w.shift("gate", "bob", 0, "20:00", "04:00")
		w.at(0, "19:40")
		w.help("gate")
		s.ask("ada", "/tasks", nil, 200, "20:00 结束，请交班", gate, `data-ring="`)
		s.ask("ada", gate, nil, 200, "我已交班", "还没有接班", "help")
		end := strconv.FormatInt(w.view("ada", "gate").EndMs, 10)
		s.ask("ada", gate, url.Values{"end": {end}, "do": {SideIn}}, 403)
		s.ask("ada", gate, url.Values{"end": {end}, "do": {SideOut}, "note": {strings.Repeat("x", 501)}}, 422, "我已交班")
		s.ask("ada", gate, url.Values{"end": {"1"}, "do": {SideOut}}, 409, "值班表已经改了")
		s.ask("ada", gate, url.Values{"end": {end}, "do": {SideOut}, "note": {"see the yellow file"}}, 303)
		if page := s.ask("bob", "/tasks", nil, 200, "20:00 开始，请接班"); strings.Contains(page, `data-ring="`) {
			t.Error("the relief's page rings before they have signed")
		}
		s.ask("bob", gate, nil, 200, "see the yellow file", "我已接班")
		s.ask("cy", gate, nil, 200, "我替他接班")
		s.ask("leader", gate, nil, 200, "help")
		s.ask("head", gate, nil, 200, "内容只给本岗位和上一级看")
		w.at(0, "20:31")
		s.ask("ada", gate, nil, 200, "已转给值班领导", "您可以离开")
		s.ask("leader", "/tasks?list=minded", nil, 200, "代管的", "当班无人，由您代管", "接班人没到", `data-ring="`)
		s.ask("bob", gate, url.Values{"end": {end}, "do": {SideIn}}, 303)
		if page := s.ask("ada", "/tasks", nil, 200, "已交清，可静音"); strings.Contains(page, `data-ring="`) {
			t.Error("who went is rung")
		}
		s.ask("bob", "/tasks", nil, 200, `data-ring="`)
		s.ask("ada", gate, nil, 200, "已交清，可静音", "不会再响")
		s.ask("comm", "/relief/x", nil, 404)
		s.ask("leader", "/relief", nil, 200, "/relief/file?", "迟到 31 分钟", "ada")
		s.ask("ada", "/relief?post="+w.post["gate"].String(), nil, 200, "ada")
		s.ask("leader", "/relief?day=x", nil, 422)
		if file := s.ask("leader", "/relief/file?day=", nil, 200); !strings.HasPrefix(file, "PK") {
			t.Error("the file is no workbook")
		}
		s.ask("ada", "/relief/file", nil, 403)
		api := "/api/v1" + gate
		s.ask("ada", api, nil, 200, `"mute":true`, `"state":"done"`)
		s.ask("leader", "/api/v1/relief", nil, 200, `"out_name":"ada"`)
	})
}
