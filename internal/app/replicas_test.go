package app

import (
	"bufio"
	"bytes"
	"context"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/round"
)

// newReplicas loads a district into PostgreSQL and returns the drill and what n
// processes would be: Apps over the same database, each with its own connections
// and caches. nil: PostgreSQL is left out.
func newReplicas(t *testing.T, n int, households int) []*drill {
	t.Helper()
	if os.Getenv("WANGGE_TEST_ENGINES") == "sqlite" {
		t.Log("PostgreSQL is left out by WANGGE_TEST_ENGINES")
		return nil
	}
	var o Options
	o.Config.DB = dbtest.PostgresURL(t)
	all := []*drill{newDrill(t, o, "mohe", households)}
	for len(all) < n {
		all = append(all, replicate(t, all[0], all[0].app.Options))
	}
	return all
}

// replicate starts another process's App beside a drill.
func replicate(t *testing.T, of *drill, o Options) *drill {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	d := must(OpenDatabase(ctx, o))
	a := must(New(ctx, o, d, of.app.District))
	if err := a.Recover(ctx); err != nil {
		t.Fatal(err)
	}
	h := must(a.Handler())
	a.Background(ctx)
	r := &drill{app: a, srv: httptest.NewServer(h), loaded: of.loaded, logins: of.logins}
	t.Cleanup(func() {
		a.hub.Close()
		r.srv.Close()
		cancel()
		a.Close()
		d.Close()
	})
	return r
}

// newsTime is how long what one replica did may take to be seen by all.
const newsTime = 20 * time.Second

// soon reports whether ok becomes true while news travel.
func soon(ok func() bool) bool { return soonWithin(newsTime, ok) }

// soonWithin reports whether ok becomes true before a time is over.
func soonWithin(most time.Duration, ok func() bool) bool {
	for watch := clock.Start(); ; <-clock.Real().After(5 * time.Millisecond) {
		if ok() {
			return true
		}
		if watch.Elapsed() > most {
			return false
		}
	}
}

// soon is ok of one App, and of several it waits for their news.
func (w *walk) soon(ok func() bool) bool {
	return len(w.all) == 1 && ok() || len(w.all) > 1 && soon(ok)
}

// agree holds against each other what the replicas remember besides coverage:
// who is vacant, how many live where, what a search finds, the hands of the day.
func (w *walk) agree(at string) {
	w.t.Helper()
	for _, a := range w.all[1:] {
		var one, other any
		same := w.soon(func() bool {
			one, other = w.remembered(w.all[0]), w.remembered(a)
			return reflect.DeepEqual(one, other)
		})
		if !same {
			w.t.Fatalf("%s: a replica says %+v, another %+v", at, one, other)
		}
	}
}

// remembered are a replica's answers from what it keeps in memory.
func (w *walk) remembered(a *App) any {
	var paths []string
	for _, p := range w.now.places {
		if p.Kind == grid.Community {
			paths = append(paths, p.Path)
		}
	}
	type answers struct {
		Vacant  grid.VacancyCount
		Leaves  []grid.Leaf
		People  any
		Plans   []round.DayPlan
		Found   grid.Hits
		Holders int
	}
	return answers{
		Vacant:  must(a.Grid.VacancyCount(w.ctx(), w.c, w.root.Path)),
		Leaves:  must(a.Grid.Leaves(w.ctx(), w.c, w.root.Path)),
		People:  must(a.Ledger.Population(w.ctx(), w.c, w.root.Path, paths)),
		Plans:   must(a.Rounds.Plans(w.ctx(), w.c, paths)),
		Found:   must(a.Grid.Find(w.ctx(), w.c, "1", w.area.ID)),
		Holders: len(must(a.Grid.CallerFor(w.ctx(), w.account, a.District, a.clock().Now())).Grants),
	}
}

// TestThreeReplicasAgree: whatever is done on whichever of three replicas, at
// once too, every node of every round on both trees is on each of them what the
// model says, and the database is sound.
func TestThreeReplicasAgree(t *testing.T) {
	all := newReplicas(t, 3, 120)
	if all == nil {
		return
	}
	worked := map[string]int{}
	walkOn(t, *firstSeed, all[0].loaded.Round, worked, 2, all[0].app, all[1].app, all[2].app)
	t.Logf("what succeeded: %v", worked)
}

// TestSessionsHoldOnAllReplicas: who logged in at one is known at another; who
// logged out, or lost the post, is refused there too.
func TestSessionsHoldOnAllReplicas(t *testing.T) {
	all := newReplicas(t, 2, 120)
	if all == nil {
		return
	}
	a, b := all[0], all[1]
	status := func(d *drill, c *http.Client, path string) int {
		s, _, _ := d.ask(t, c, "GET", path, "", nil)
		return s
	}
	clerk := a.login(t, "community")
	if s := status(b, clerk, "/api/v1/rounds"); s != http.StatusOK {
		t.Fatalf("a session of one replica is not one of the other: %d", s)
	}
	sys := grid.System(a.app.District, "test")
	caller := must(b.app.Grid.CallerFor(t.Context(), a.logins["community"].Account, a.app.District, a.app.clock().Now()))
	area := "/areas/" + caller.Grants[0].ObjectID.String()
	if s := status(b, clerk, area); s != http.StatusOK {
		t.Fatalf("%s: %d", area, s)
	}
	for _, h := range must(a.app.Grid.Post(t.Context(), sys, caller.Grants[0].PostID)).Holders {
		if err := a.app.Grid.EndHolder(t.Context(), sys, h.ID, 0); err != nil {
			t.Fatal(err)
		}
	}
	if !soon(func() bool { return status(b, clerk, area) != http.StatusOK }) {
		t.Error("who lost the post at one replica goes on at the other")
	}
	street := a.login(t, "street")
	if s := status(b, street, "/api/v1/rounds"); s != http.StatusOK {
		t.Fatalf("%d", s)
	}
	res := must(street.PostForm(a.srv.URL+"/logout", url.Values{}))
	res.Body.Close()
	if !soon(func() bool { return status(b, street, "/api/v1/rounds") == http.StatusUnauthorized }) {
		t.Error("who logged out at one replica goes on at the other")
	}
}

// stream is an open live page.
func stream(t *testing.T, d *drill, c *http.Client, topic string) <-chan string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	req := must(http.NewRequestWithContext(ctx, "GET", d.srv.URL+"/live?topic="+url.QueryEscape(topic), nil))
	res := must(c.Do(req))
	if res.StatusCode != http.StatusOK {
		t.Fatalf("live: %d", res.StatusCode)
	}
	told := make(chan string, 100)
	in := bufio.NewScanner(res.Body)
	for in.Scan() && !strings.Contains(in.Text(), "listening") {
	}
	go func() {
		defer res.Body.Close()
		for in.Scan() {
			if text, ok := strings.CutPrefix(in.Text(), "data: "); ok {
				told <- text
			}
		}
	}()
	return told
}

// TestLivePagesHearOfOtherReplicas: a page open at one replica moves when
// another writes, also when the connection over which it hears was cut just then.
func TestLivePagesHearOfOtherReplicas(t *testing.T) {
	all := newReplicas(t, 2, 120)
	if all == nil {
		return
	}
	a, b := all[0], all[1]
	r := a.loaded.Round
	sys := grid.System(a.app.District, "test")
	lines, _, err := a.app.Rounds.Outstanding(t.Context(), sys, r, round.ListQuery{Limit: 20})
	if err != nil || len(lines) < 5 {
		t.Fatalf("%d targets, %v", len(lines), err)
	}
	told := stream(t, a, a.login(t, "street"), "round:"+r.String())
	next := 0
	mark := func() {
		_, err := b.app.Rounds.Mark(t.Context(), sys, round.MarkInput{RoundID: r, ObjectID: lines[next].ObjectID, Result: "normal"})
		if err != nil {
			t.Fatal(err)
		}
		next++
	}
	heard := func(when string) {
		t.Helper()
		select {
		case topic := <-told:
			if topic != "round:"+r.String() {
				t.Errorf("%s: told %q", when, topic)
			}
		case <-clock.Real().After(newsTime):
			t.Fatalf("%s: the page at the other replica does not move", when)
		}
	}
	mark()
	heard("a mark")
	deaf(t, a.app.DB)
	mark()
	heard("a mark while nobody listened")
	if !soon(func() bool { return drained(told) && listening(t, a.app.DB) == 2 }) {
		t.Fatal("the replicas do not listen again")
	}
	<-clock.Real().After(1100 * time.Millisecond) // a stream is told once a second
	drained(told)
	mark()
	heard("a mark afterwards")
}

// drained empties the channel.
func drained(told <-chan string) bool {
	for {
		select {
		case <-told:
		default:
			return true
		}
	}
}

// listeners are the server's ends of the connections over which processes hear:
// they hold their numbers.
const listeners = `FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`

// deaf ends the connections over which the replicas hear of each other.
func deaf(t *testing.T, d *db.DB) {
	t.Helper()
	rows := must(d.Read().QueryContext(context.Background(), `SELECT pg_terminate_backend(pid) `+listeners))
	rows.Close()
}

func listening(t *testing.T, d *db.DB) (n int) {
	t.Helper()
	if err := d.Read().QueryRowContext(context.Background(), `SELECT count(*) `+listeners).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestReplicasShareTheirKeys: a process with another key folder, or an empty one,
// is refused before it seals what the others cannot open.
func TestReplicasShareTheirKeys(t *testing.T) {
	all := newReplicas(t, 1, 120)
	if all == nil {
		return
	}
	o := all[0].app.Options
	d := must(OpenDatabase(t.Context(), o))
	defer d.Close()
	o.Config.Keys = t.TempDir()
	refused := func(key string) {
		t.Helper()
		if _, err := New(t.Context(), o, d, all[0].app.District); err == nil || errs.As(err).Key != key {
			t.Errorf("want %s, got %v", key, err)
		}
	}
	refused("app.keys_lost")
	must(Keyring(t.Context(), o.Config.Keys))
	refused("app.keys_other")
}

// TestDistrictChosenAtAnotherReplica: of two processes started on an empty
// database the second goes on by itself when the district is chosen at the first.
func TestDistrictChosenAtAnotherReplica(t *testing.T) {
	if os.Getenv("WANGGE_TEST_ENGINES") == "sqlite" {
		t.Log("PostgreSQL is left out by WANGGE_TEST_ENGINES")
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	var o Options
	o.Config.DB, o.Config.Data = dbtest.PostgresURL(t), t.TempDir()
	start := func() (*front, *httptest.Server, string) {
		d := must(OpenDatabase(ctx, o))
		f := &front{}
		var link string
		if err := f.choose(ctx, o, d, "http://base", func(line string) { link = line }); err != nil {
			t.Fatal(err)
		}
		srv := httptest.NewServer(f)
		t.Cleanup(func() {
			cancel()
			f.endStreams()
			srv.Close()
			f.close()
			d.Close()
		})
		_, token, _ := strings.Cut(link, "token=")
		return f, srv, token
	}
	_, first, token := start()
	second, _, _ := start()
	res := must(http.DefaultTransport.RoundTrip(form(first.URL+"/first", map[string]string{"token": token, "district": "232701"})))
	res.Body.Close()
	if res.StatusCode != http.StatusSeeOther {
		t.Fatalf("the district was not chosen: %d", res.StatusCode)
	}
	if !soon(func() bool { return second.app.Load() != nil }) {
		t.Fatal("the second process still asks for the district")
	}
	if a := second.app.Load(); a.District != 232701 {
		t.Errorf("it serves %d", a.District)
	}
	_, code, _ := strings.Cut(res.Header.Get("Location"), "token=")
	if _, err := second.app.Load().Accounts.CheckCode(t.Context(), code, "test"); err != nil {
		t.Errorf("the link for the first account ended when the second process went on: %v", err)
	}
}

// form is a filled form on its way.
func form(to string, fields map[string]string) *http.Request {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for k, v := range fields {
		if err := w.WriteField(k, v); err != nil {
			panic(err)
		}
	}
	w.Close()
	r := must(http.NewRequest("POST", to, &body))
	r.Header.Set("Content-Type", w.FormDataContentType())
	return r
}
