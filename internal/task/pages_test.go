package task

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/web"
)

// everybody is logged in.
type everybody struct{}

func (everybody) Lookup(context.Context, string) (web.Session, error) {
	return web.Session{AccountID: 7, Name: "tester"}, nil
}

// site serves the pages and the API of a world to one post's holder at a time.
type site struct {
	t   *testing.T
	w   *world
	srv *httptest.Server
	who string
}

func newSite(t *testing.T, w *world) *site {
	t.Helper()
	ren := web.NewRenderer(w.clk)
	pages, err := NewPages(w.s, ren)
	w.ok(err)
	app := web.New(web.Options{Renderer: ren, Identity: everybody{}, Log: slog.New(slog.DiscardHandler)})
	pages.Register(app)
	RegisterAPI(web.NewAPI(app, "test", "1"), w.s)
	s := &site{t: t, w: w}
	s.srv = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		app.ServeHTTP(rw, r.WithContext(grid.WithCaller(r.Context(), w.as(s.who))))
	}))
	t.Cleanup(s.srv.Close)
	return s
}

// ask sends a form, or reads where it is nil, and fails unless the status is wanted.
func (s *site) ask(who, lang, path string, form url.Values, want int) (body, location string) {
	s.t.Helper()
	s.who = who
	method, kind, text := http.MethodGet, "", ""
	if form != nil {
		method, kind, text = http.MethodPost, "application/x-www-form-urlencoded", form.Encode()
	}
	req, err := http.NewRequest(method, s.srv.URL+path, strings.NewReader(text))
	s.w.ok(err)
	req.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: "x"})
	req.AddCookie(&http.Cookie{Name: "wangge_lang", Value: lang})
	req.Header.Set("Content-Type", kind)
	res, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(req)
	s.w.ok(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	s.w.ok(err)
	if res.StatusCode != want {
		s.t.Fatalf("%s %s as %s: %d, want %d\n%.600s", method, path, who, res.StatusCode, want, b)
	}
	if want == http.StatusOK && !strings.Contains(string(b), "</html>") && strings.HasSuffix(path, "tasks") {
		s.t.Fatalf("%s: a page cut short", path)
	}
	return string(b), res.Header.Get("Location")
}

func TestPagesOfEveryStateAndStanding(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		s := newSite(t, w)
		look := func(path string, who ...string) {
			for _, p := range who {
				for _, lang := range []string{"zh", "en"} {
					s.ask(p, lang, path, nil, 200)
				}
			}
		}
		_, at := s.ask("street1", "zh", "/tasks/new", url.Values{"kind": {KindFinding}, "title": {"blocked lane"}, "to": {w.post["comm11"].String()}}, 303)
		page, _ := s.ask("comm11", "zh", at, nil, 200)
		if !strings.Contains(page, "已接收") {
			t.Error("opening was no receipt")
		}
		if page, _ = s.ask("street1", "zh", at, nil, 200); strings.Contains(page, `value="take"`) {
			t.Error("the issuer is offered the owner's work")
		}
		s.ask("comm11", "zh", at, url.Values{"do": {"take"}, "events": {"1"}}, 303)
		page, _ = s.ask("comm11", "zh", at, url.Values{"do": {"done"}, "note": {"mended"}}, 422)
		if !strings.Contains(page, "要附照片") {
			t.Error("a missing photo is not told")
		}
		page, _ = s.ask("comm11", "zh", at, url.Values{"do": {"return"}}, 422)
		if n := strings.Count(page, `class="fld-err"`); n != 1 {
			t.Errorf("a missing reason is told at %d fields, want the one it was sent from", n)
		}
		s.ask("comm12", "zh", at, nil, 404)
		s.ask("comm11", "zh", at, url.Values{"do": {"return"}, "note": {"not ours"}}, 303)
		look(at, "street1", "comm11")
		s.ask("street1", "zh", at, url.Values{"do": {"reissue"}, "post": {w.post["comm12"].String()}}, 303)
		s.ask("street1", "zh", at, url.Values{"do": {"cancel"}, "note": {"mistake"}}, 303)
		page, _ = s.ask("street1", "zh", at, url.Values{"do": {"cancel"}, "note": {"mistake"}}, 409)
		if !strings.Contains(page, "已经撤销") {
			t.Error("who comes second is not told plainly")
		}
		_, at = s.ask("comm11", "zh", "/tasks/new", url.Values{"kind": {KindFinding}, "title": {"broken door"}, "to": {w.post["grid11"].String()}}, 303)
		if page, _ = s.ask("grid11", "zh", at, nil, 200); strings.Contains(page, "kind=referral") {
			t.Error("a referral is offered to who may make none")
		}
		if page, _ = s.ask("comm11", "zh", at, nil, 200); !strings.Contains(page, "kind=referral") {
			t.Error("a community cannot refer a task")
		}
		if _, next := s.ask("grid11", "zh", at, url.Values{"do": {"transfer"}, "post": {w.post["comm11"].String()}, "note": {"needs the office"}}, 303); next != "/tasks" {
			t.Errorf("who handed a task on to where they do not see it is led to %s", next)
		}
		for _, list := range Lists {
			look("/tasks?list="+string(list), "hq", "grid11")
			look("/tasks/rows?list="+string(list), "hq", "grid11")
		}
		look("/tasks/new", "hq", "comm11", "grid11", "leader11")
		look("/tasks/new?kind=help&place="+w.place["230103001001001001"].String(), "comm11", "grid11")
		look("/task-kinds", "hq", "grid11")
		look("/task-kinds/help", "hq")
		look("/task-kinds/new", "hq")
		page, _ = s.ask("hq", "zh", "/task-kinds/new", url.Values{"key": {"rumour"}, "label": {"谣言"}, "way": {"up"}, "hours": {"work"}, "closes": {"done"}, "deadline": {"240"}, "least": {"120"},
			"check": {"60"}, "minutes": {"10"}, "ladder": {"street 0\ncommunity 60"}}, 422)
		if !strings.Contains(page, "会绕圈") {
			t.Error("a ladder with a circle is not told")
		}
		s.ask("hq", "zh", "/task-kinds/new", url.Values{"key": {"rumour"}, "label": {"谣言"}, "way": {"up"}, "hours": {"work"}, "closes": {"done"}, "deadline": {"240"}, "least": {"120"},
			"check": {"60"}, "minutes": {"10"}, "ladder": {"up 0\nstreet 60"}}, 303)
		page, _ = s.ask("hq", "zh", "/task-kinds/new", url.Values{"key": {KindHelp}, "label": {"x"}, "way": {"up"}, "hours": {"work"}, "closes": {"done"}, "deadline": {"240"}, "least": {"120"},
			"check": {"60"}, "minutes": {"10"}}, 422)
		if !strings.Contains(page, "这个代码已经有了") {
			t.Error("a new kind takes the place of one that ships")
		}
		_, at = s.ask("leader11", "zh", "/tasks/new", url.Values{"kind": {"rumour"}, "title": {"x"}}, 303)
		if page, _ = s.ask("grid11", "zh", at, nil, 200); !strings.Contains(page, "谣言") {
			t.Error("the place's own kind does not show")
		}
		w.whole()
	})
}

func TestDirectivePages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		s := newSite(t, w)
		_, at := s.ask("hq", "zh", "/tasks/new", url.Values{"kind": {KindDirective}, "title": {"who returned"}, "to": {"level:street"}, "ask": {"number"}, "ask_label": {"how many"}}, 303)
		page, _ := s.ask("hq", "en", at+"/tree", nil, 200)
		if strings.Count(page, "Issued") < 2 {
			t.Error("the tree does not show both streets")
		}
		mine := w.inbox("street1", Mine)[0]
		s.ask("street1", "zh", "/tasks/"+mine.ID.String(), nil, 200)
		s.ask("street1", "zh", "/tasks/"+mine.ID.String()+"/tree", nil, 200)
		s.ask("street1", "zh", "/tasks/"+mine.ID.String()+"/pass", url.Values{"to": {"level:community"}, "note": {"by noon"}}, 303)
		child := w.inbox("comm11", Mine)[0]
		page, _ = s.ask("comm11", "zh", "/tasks/"+child.ID.String(), nil, 200)
		if !strings.Contains(page, "by noon") || !strings.Contains(page, "how many") {
			t.Error("the note or the question is missing below")
		}
		s.ask("comm11", "zh", "/tasks/"+child.ID.String(), url.Values{"do": {"done"}, "answer": {"many"}}, 422)
		s.ask("comm11", "zh", "/tasks/"+child.ID.String(), url.Values{"do": {"done"}, "answer": {"7"}}, 303)
		if page, _ = s.ask("street1", "zh", "/tasks/"+mine.ID.String()+"/tree", nil, 200); !strings.Contains(page, "合计 7") {
			t.Error("the street does not see the sum")
		}
		if page, _ = s.ask("hq", "zh", at+"/tree", nil, 200); strings.Contains(page, "合计 7") {
			t.Error("headquarters sees an answer of two levels below")
		}
		s.ask("hq", "zh", at+"/remind", url.Values{}, 303)
		s.ask("comm12", "zh", at, nil, 404)
		w.whole()
	})
}

func TestAQuestionWithoutAFormIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		s := newSite(t, w)
		page, _ := s.ask("hq", "zh", "/tasks/new", url.Values{"kind": {KindDirective}, "title": {"who returned"}, "to": {"level:street"}, "ask_label": {"how many"}}, 422)
		if !strings.Contains(page, "请选择回答的形式") {
			t.Error("a question was written, and nobody says how it is answered")
		}
		soon := w.clk.Now().Add(time.Hour).In(clock.CST).Format("2006-01-02T15:04")
		page, _ = s.ask("hq", "zh", "/tasks/new", url.Values{"kind": {KindDirective}, "title": {"who returned"}, "to": {"level:street"}, "deadline": {soon}, "urgent": {"1"}}, 422)
		if !strings.Contains(page, `<details class="pick" open>`) {
			t.Error("what is missing is told inside a part that is folded")
		}
	})
}
