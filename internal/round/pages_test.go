package round

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// everyone is an identity of which every token is the same session.
type everyone struct{}

func (everyone) Lookup(context.Context, string) (web.Session, error) {
	return web.Session{AccountID: 7, Name: "tester"}, nil
}

// site serves the pages and the API of a world to one caller.
type site struct {
	t    *testing.T
	w    *world
	srv  *httptest.Server
	who  grid.Caller
	lang string
}

func newSite(t *testing.T, w *world) *site {
	t.Helper()
	ren := web.NewRenderer(w.clk)
	pages, err := NewPages(w.s, ren)
	if err != nil {
		t.Fatal(err)
	}
	app := web.New(web.Options{Renderer: ren, Identity: everyone{}, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	pages.Register(app)
	w.s.RegisterAPI(web.NewAPI(app, "test", "1"))
	s := &site{t: t, w: w, who: sys, lang: "zh"}
	s.srv = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		app.ServeHTTP(rw, r.WithContext(grid.WithCaller(r.Context(), s.who)))
	}))
	t.Cleanup(s.srv.Close)
	return s
}

func (s *site) do(method, path, contentType string, body io.Reader, header ...string) (int, string, string) {
	s.t.Helper()
	req, err := http.NewRequest(method, s.srv.URL+path, body)
	if err != nil {
		s.t.Fatal(err)
	}
	req.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: "x"})
	req.AddCookie(&http.Cookie{Name: "wangge_lang", Value: s.lang})
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	res, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, string(b), res.Header.Get("Location")
}

// get reads a page in both languages and fails unless it is whole.
func (s *site) get(path string) string {
	s.t.Helper()
	var zh string
	for _, s.lang = range []string{"en", "zh"} {
		status, body, _ := s.do("GET", path, "", nil)
		if status != 200 || strings.Contains(body, "[round.") || strings.Contains(body, "ZgotmplZ") {
			s.t.Fatalf("GET %s in %s: %d\n%.1500s", path, s.lang, status, body)
		}
		zh = body
	}
	return zh
}

func (s *site) post(path string, v url.Values) (int, string, string) {
	s.t.Helper()
	return s.do("POST", path, "application/x-www-form-urlencoded", strings.NewReader(v.Encode()))
}

// sent posts a form that must lead on, and returns where.
func (s *site) sent(path string, v url.Values) string {
	s.t.Helper()
	status, body, to := s.post(path, v)
	if status != http.StatusSeeOther {
		s.t.Fatalf("POST %s: %d\n%.2500s", path, status, body)
	}
	return to
}

func TestPagesOfARound(t *testing.T) {
	w := newWorld(t, dbtest.One(t), 2, 2, 5)
	s := newSite(t, w)
	s.get("/rounds")
	s.get("/emergencies")
	if status, _, _ := s.post("/emergencies", url.Values{"name": {"x"}}); status != 422 {
		t.Fatalf("an emergency without basis: %d", status)
	}
	s.sent("/emergencies", url.Values{"name": {"drill"}, "basis": {"law"}, "purpose": {"p"}, "recipients": {"r"}, "retention_days": {"30"}, "drill": {"1"}})
	s.get("/emergencies")
	s.get("/rounds/new")
	v := url.Values{"name": {"screening"}, "area": {w.place[commA].String()}, "target_kind": {"doors"}, "due": {clock.FromMs(w.s.now()).Add(48 * time.Hour).Format("2006-01-02T15:04")}}
	putFields("zh", v, Screening())
	v.Set("do", "add")
	if status, body, _ := s.post("/rounds/new", v); status != 200 || !strings.Contains(body, `name="f.3.zh"`) {
		t.Fatalf("add a question: %d", status)
	}
	v.Set("do", "save")
	page := s.sent("/rounds/new", v)
	if body := s.get(page); !strings.Contains(body, ">20<") {
		t.Fatalf("no cost on the draft's page:\n%s", body)
	}
	s.get(page + "/edit")
	s.sent(page+"/submit", nil)
	s.get(page)
	s.sent(page+"/approve", nil)
	rid, err := id.Parse(strings.TrimPrefix(page, "/rounds/"))
	w.ok(err)
	for range 500 {
		if r, err := w.s.Round(w.ctx, sys, rid); err == nil && r.State == Open {
			break
		}
		<-clock.Real().After(5 * time.Millisecond)
	}
	at := w.place[commA+"001001"].String()
	for _, path := range []string{"", "/figures", "?place=" + at, "?tree=grid", "?grid=" + w.grids[0].String(), "/outstanding", "/outstanding?state=all", "/print", "/paper", "/paper?place=" + at, "/recheck", "/close"} {
		s.get(page + path)
	}
	s.get("/rounds")
	s.get("/forms")
	s.get("/forms/new")
	s.get("/today")
	s.get("/today/evening")
	s.get("/today/" + at)
	s.get("/doors/" + w.doors[0].String())

	unit := w.place[commA+"001001001"].String()
	if status, body, _ := s.post("/today/"+at+"/bulk", url.Values{"round": {rid.String()}, "unit": {unit}, "except": {"999"}}); status != 422 || !strings.Contains(body, "999") {
		t.Fatalf("a room that is not there: %d", status)
	}
	s.sent("/today/"+at+"/bulk", url.Values{"round": {rid.String()}, "unit": {unit}, "except": {"301 and 501"}})
	if f := w.total(Round{ID: rid}); f.Done != 3 {
		t.Fatalf("bulk marked %+v", f)
	}
	s.sent(page+"/paper", url.Values{"place": {at}, "lines.normal": {"3, 6-7"}, "lines.absent": {"8"}})
	f := w.total(Round{ID: rid})
	if f.Done != 6 || f.Attempted != 1 {
		t.Fatalf("after the paper sheet %+v", f)
	}
	if status, _, _ := s.post(page+"/paper", url.Values{"place": {at}, "lines.normal": {"3 99"}}); status != 422 {
		t.Fatalf("a line that is not there: %d", status)
	}
	door := w.doors[4].String()
	s.sent("/doors/"+door+"/mark", url.Values{"result": {"absent"}, "back": {"/today/" + at}})
	status, body, _ := s.do("GET", "/doors/"+door+"/card?back=/today/"+at, "", nil)
	if status != 200 || !strings.Contains(body, `id="d`+door) {
		t.Fatalf("the card alone: %d %s", status, body)
	}
	s.sent("/doors/"+w.doors[8].String()+"/mark", url.Values{"result": {"answered"}, "rounds": {rid.String()}, "object": {w.doors[8].String()},
		"a.head_count": {"3"}, "a.away_return": {"no"}, "a.symptom": {"yes"}, "note": {"n"}})
	s.get("/doors/" + w.doors[8].String())
	s.photo(rid, w.doors[9])
	s.get(s.sent(page+"/recheck", url.Values{"percent": {"50"}}))
	s.rechecked(rid)
	if status, body, _ := s.post(page+"/close", nil); status != 409 || !strings.Contains(body, "notice-error") {
		t.Fatalf("closing too early: %d", status)
	}
	status, body, _ = s.do("GET", page+"/export?state=all", "", nil)
	if status != 200 || !strings.HasPrefix(body, "PK") {
		t.Fatalf("export: %d", status)
	}
	left, _, err := w.s.Outstanding(w.ctx, sys, rid, ListQuery{})
	w.ok(err)
	reasons := url.Values{}
	for _, l := range left {
		reasons.Set("reason."+l.ObjectID.String(), "unreachable")
	}
	s.sent(page+"/close", reasons)
	s.get(page)
	w.check()
}

// photo marks a door with a picture and reads it back.
func (s *site) photo(round, door id.ID) {
	s.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for k, v := range map[string]string{"result": "normal", "rounds": round.String(), "object": door.String()} {
		s.w.ok(m.WriteField(k, v))
	}
	f, err := m.CreateFormFile("photo", "p.jpg")
	s.w.ok(err)
	s.w.ok(jpeg.Encode(f, image.NewRGBA(image.Rect(0, 0, 64, 64)), nil))
	s.w.ok(m.Close())
	status, body, _ := s.do("POST", "/doors/"+door.String()+"/mark", m.FormDataContentType(), &b)
	if status != http.StatusSeeOther {
		s.t.Fatalf("mark with a photo: %d\n%.2000s", status, body)
	}
	hist, err := s.w.s.History(s.w.ctx, sys, round, door)
	s.w.ok(err)
	status, body, _ = s.do("GET", "/marks/"+hist[0].ID.String()+"/photo", "", nil)
	if status != 200 || !strings.HasPrefix(body, "\xff\xd8") {
		s.t.Fatalf("photo: %d", status)
	}
}

func (s *site) rechecked(round id.ID) {
	s.t.Helper()
	list, err := s.w.s.Rechecks(s.w.ctx, sys, round)
	s.w.ok(err)
	_, items, err := s.w.s.RecheckItems(s.w.ctx, sys, list[0].ID)
	s.w.ok(err)
	path := "/rechecks/" + list[0].ID.String()
	s.sent(path, url.Values{"object": {items[0].ObjectID.String()}, "a.head_count": {"9"}, "a.away_return": {"no"}, "a.symptom": {"no"}, "do": {"answer"}})
	s.sent(path, url.Values{"object": {items[1].ObjectID.String()}, "do": {"absent"}})
	s.get(path)
	list, err = s.w.s.Rechecks(s.w.ctx, sys, round)
	s.w.ok(err)
	if list[0].Asked != 2 || list[0].Differs != 1 || list[0].Absent != 1 {
		s.t.Fatalf("recheck %+v", list[0])
	}
}

func TestAPIOfRounds(t *testing.T) {
	w := newWorld(t, dbtest.One(t), 1, 1, 4)
	w.emergency()
	r := w.opened(Doors, commA, Filter{}, w.form().ID)
	s := newSite(t, w)
	base := "/api/v1/rounds/" + r.ID.String()
	for _, path := range []string{"/api/v1/emergencies", "/api/v1/forms", "/api/v1/forms/" + r.FormID.String(), "/api/v1/rounds", "/api/v1/rounds?state=open,draft", "/api/v1/rounds/results",
		base, base + "/cost", base + "/coverage", base + "/coverage?by_grid=true", base + "/answers", base + "/outstanding", base + "/rechecks", "/api/v1/today",
		"/api/v1/today/" + w.place[commA+"001001"].String()} {
		if status, body, _ := s.do("GET", path, "", nil); status != 200 {
			t.Errorf("GET %s: %d %s", path, status, body)
		}
	}
	send := func(path, body string) (int, string) {
		status, text, _ := s.do("POST", path, "application/json", strings.NewReader(body))
		return status, text
	}
	d0, d1 := w.doors[0].String(), w.doors[1].String()
	if status, text := send(base+"/marks", `{"object_id":"`+d0+`","result":"normal","client_key":"a"}`); status != 200 || !strings.Contains(text, `"state":"done"`) {
		t.Fatalf("mark: %d %s", status, text)
	}
	if status, text := send(base+"/marks", `{"object_id":"`+d0+`","result":"absent","client_key":"a"}`); status != 409 {
		t.Fatalf("same key: %d %s", status, text)
	}
	if status, text := send(base+"/marks", `{"object_id":"`+d1+`","result":"answered","answers":{"head_count":"99"}}`); status != 422 || !strings.Contains(text, "answers.head_count") {
		t.Fatalf("bad answers: %d %s", status, text)
	}
	status, text := send("/api/v1/marks:batch", `{"marks":[{"round_id":"`+r.ID.String()+`","object_id":"`+d1+`","result":"verified_empty"},{"round_id":"`+r.ID.String()+`","object_id":"1","result":"normal"}]}`)
	if status != 200 || !strings.Contains(text, `"status":404`) || !strings.Contains(text, `"state":"exempt"`) {
		t.Fatalf("batch: %d %s", status, text)
	}
	if status, text := send(base+"/bulk", `{"place_id":"`+w.place[commA+"001001"].String()+`","except":"401"}`); status != 200 || !strings.Contains(text, `"marked":1`) {
		t.Fatalf("bulk: %d %s", status, text)
	}
	if status, text := send("/api/v1/rechecks", `{"round_id":"`+r.ID.String()+`","permille":1000,"seed":"s"}`); status != 201 {
		t.Fatalf("recheck: %d %s", status, text)
	}
	if status, text := send(base+"/close", `{}`); status != 409 {
		t.Fatalf("close: %d %s", status, text)
	}
	if status, text, _ := s.do("GET", "/api/v1/openapi.json", "", nil); status != 200 || !strings.Contains(text, "/api/v1/marks:batch") {
		t.Fatalf("openapi: %d", status)
	}
}
