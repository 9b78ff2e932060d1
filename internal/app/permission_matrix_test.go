package app

import (
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"

	"wangge/internal/account"
	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// stance is how a post stands to the objects that are tried.
type stance struct {
	letter string // in docs/permissions.md
	name   string // also its meaning there
	// post is over what; ok is false for no post at all.
	post   func(w *world) (n grid.NewPost, ok bool)
	object string // the spot whose objects are tried
	ended  bool   // the holder's time is over
}

// over makes a post over a place of the world.
func over(place func(w *world) id.ID) func(w *world) (grid.NewPost, bool) {
	return func(w *world) (grid.NewPost, bool) {
		return grid.NewPost{ObjectKind: grid.ObjectPlace, ObjectID: place(w)}, true
	}
}

var ownArea = over(func(w *world) id.ID { return w.spots["own"].area.ID })

// stances are all ways a post and an object can stand to each other.
var stances = []stance{
	{"O", "own: a post over the community the object is in", ownArea, "own", false},
	{"B", "below: a post over the district; the object is in a community below", over(func(w *world) id.ID { return w.spots["above"].area.ID }), "own", false},
	{"A", "above: a post over a community; the object is the district's", ownArea, "above", false},
	{"P", "part: a post over one building; the object is the building or in it, or the community around it", over(func(w *world) id.ID { return w.spots["own"].building.ID }), "own", false},
	{"G", "grid: a post over the grid the door is in", func(w *world) (grid.NewPost, bool) {
		return grid.NewPost{ObjectKind: grid.ObjectGrid, ObjectID: w.spots["own"].grid.ID}, true
	}, "own", false},
	{"D", "doors: a post on named doors, the door being one", func(w *world) (grid.NewPost, bool) {
		return grid.NewPost{ObjectKind: grid.ObjectDoors, Doors: []id.ID{w.spots["own"].door.ID}}, true
	}, "own", false},
	{"S", "sister: a post over another street's community", over(func(w *world) id.ID { return w.spots["sister"].area.ID }), "own", false},
	{"E", "ended: a post over the object whose time is over", ownArea, "own", true},
	{"N", "no post", func(*world) (grid.NewPost, bool) { return grid.NewPost{}, false }, "own", false},
}

// actor is the account that plays a role in every standing.
type actor struct {
	role    grid.Role
	account id.ID
	token   string
}

// actors are one account a role, logged in, without a post.
func (w *world) actors(t *testing.T) []actor {
	t.Helper()
	if w.cast != nil {
		return w.cast
	}
	ctx := t.Context()
	for _, role := range grid.Roles() {
		a, code := must2(w.app.Accounts.CreateWithCode(grid.WithCaller(ctx, w.sys), id.Zero, account.NewAccount{Name: "actor"}))
		e := must(w.app.Accounts.SetPassword(ctx, code, "tall-green-7-pines", "test", ""))
		w.cast = append(w.cast, actor{role, a.ID, e.Token})
	}
	return w.cast
}

// put gives every actor a post of the standing, and takes it away when done.
func (w *world) put(t *testing.T, st stance, list []actor) (takeAway func()) {
	t.Helper()
	ctx := t.Context()
	var holders []id.ID
	for _, a := range list {
		n, ok := st.post(w)
		if !ok {
			continue
		}
		n.Role = a.role
		post := must(w.app.Grid.AddPost(ctx, w.sys, n))
		h := grid.Holder{PostID: post.ID, AccountID: a.account}
		if st.ended {
			h.UntilMs = clock.Ms(w.app.clock().Now()) - 60_000
			h.FromMs = h.UntilMs - 3_600_000
		}
		h = must(w.app.Grid.AddHolder(ctx, w.sys, h))
		if !st.ended {
			holders = append(holders, h.ID)
		}
	}
	return func() {
		for _, h := range holders {
			if err := w.app.Grid.EndHolder(ctx, w.sys, h, 0); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// matrix tries every route with every role in every standing on the real
// server. Writes are rehearsed: they run to their end and are undone, so that
// what is allowed is tried as well as what is not, and the world stays as it is.
func (w *world) matrix(t *testing.T) {
	list := w.actors(t)
	for _, st := range stances {
		takeAway := w.put(t, st, list)
		w.app.DB.Rehearse(true)
		var each sync.WaitGroup
		for _, a := range list {
			each.Go(func() { w.tryAll(t, st, a) })
		}
		each.Wait()
		w.app.DB.Rehearse(false)
		takeAway()
	}
}

// tryAll tries every route as one actor.
func (w *world) tryAll(t *testing.T, st stance, a actor) {
	c, err := w.app.Grid.CallerFor(t.Context(), a.account, w.app.District, w.app.clock().Now())
	if err != nil {
		t.Error(err)
		return
	}
	doors := w.doorsOf(t, c)
	for _, r := range rules {
		if slices.Contains(selfEnding, r.pattern) {
			continue
		}
		rec, ok := w.ask(r, w.spots[st.object], a.token)
		if !ok {
			continue
		}
		w.judge(t, st, a.role, r.pattern, r.may(c, w.spots[st.object], doors), rec)
		if st.letter == "S" && r.object == "" && !strings.Contains(r.pattern, "/elsewhere") { // items of two communities are told to both
			w.leaks(t, a.role, r.pattern, rec.Body.String())
		}
	}
}

// turns is how often a request is made again that the server had no room for:
// all actors ask at once, and what is heavy waits three seconds for its turn.
const turns = 40

// ask makes the route's request about what the spot holds; ok is false where it
// holds no such object.
func (w *world) ask(r rule, at *spot, token string) (rec *httptest.ResponseRecorder, ok bool) {
	for range turns {
		x, ok := r.request(at)
		if !ok {
			return nil, false
		}
		x.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: token})
		rec = httptest.NewRecorder()
		w.srv.Config.Handler.ServeHTTP(rec, x)
		if rec.Code != http.StatusServiceUnavailable || rec.Header().Get("Retry-After") == "" {
			break
		}
	}
	return rec, true
}

// selfEnding would log the actor out.
var selfEnding = []string{"POST /logout"}

// request is a request of the route about what the spot holds; ok is false
// where it holds no such object.
func (r rule) request(s *spot) (*http.Request, bool) {
	method, path, _ := strings.Cut(r.pattern, " ")
	body := r.more
	if method == http.MethodGet {
		path, body = path+body, ""
	}
	path, ok := s.address(path, r.object)
	body, filled := s.address(body, "")
	if !ok || !filled {
		return nil, false
	}
	kind := "application/x-www-form-urlencoded"
	switch {
	case strings.HasPrefix(body, "file:"):
		kind, body = upload(strings.TrimPrefix(body, "file:"), "file", []byte("a,b\n1,2\n"))
	case strings.HasPrefix(body, "photo:"):
		kind, body = upload(strings.TrimPrefix(body, "photo:"), "photo", smallPhoto())
	case strings.HasPrefix(body, "?"): // a file alone
		path, kind, body = path+body, "application/octet-stream", "a,b\n1,2\n"
	case strings.HasPrefix(path, "/api/"):
		kind = "application/json"
	}
	x := httptest.NewRequest(method, path, strings.NewReader(body))
	x.Header.Set("Content-Type", kind)
	return x, true
}

// leaks looks in a list for what lies outside the caller's post.
func (w *world) leaks(t *testing.T, role grid.Role, pattern, text string) {
	own := w.spots["own"]
	for _, kind := range []string{"household", "person", "household2", "person2", "account", "session", "holder", "post", "import", "draft", "recheck", "mark", "care", "risk", "door"} {
		if strings.Contains(text, own.ids[kind].String()) {
			t.Errorf("%s: %s lists a %s of another street's community", role, pattern, kind)
		}
	}
}

// upload is a form with a small file.
func upload(fields, name string, content []byte) (kind, body string) {
	var b strings.Builder
	m := multipart.NewWriter(&b)
	values := must(url.ParseQuery(fields))
	for k := range values {
		must(0, m.WriteField(k, values.Get(k)))
	}
	_, err := must(m.CreateFormFile(name, "r.csv")).Write(content)
	must(0, err)
	must(0, m.Close())
	return m.FormDataContentType(), b.String()
}

// judge compares an answer with what must happen.
func (w *world) judge(t *testing.T, st stance, role grid.Role, pattern string, want bool, rec *httptest.ResponseRecorder) {
	text := rec.Body.String()
	to := rec.Header().Get("Location")
	hidden := refused(rec.Code) || strings.Contains(text, `"status":403`) || strings.Contains(text, `"status":404`) ||
		strings.HasPrefix(to, "/login") && to != "/login/wait" // a turn waited for is no refusal
	rehearsed := rec.Code == http.StatusServiceUnavailable || strings.Contains(text, `"status":503`)
	switch {
	case rec.Code >= 500 && !rehearsed:
		t.Errorf("%s, %s: %s: %d", role, st.name, pattern, rec.Code)
	case want && hidden:
		t.Errorf("%s, %s: may %s: %d %.160s", role, st.name, pattern, rec.Code, text)
	case !want && !hidden:
		t.Errorf("%s, %s: must not %s: %d %.160s", role, st.name, pattern, rec.Code, text)
	}
}
