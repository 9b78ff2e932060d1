package duty

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal/sealtest"
	"wangge/internal/platform/web"
	"wangge/internal/task"
)

// desk is the district with posts that answer calls: "hq", "street", "own" and
// "sister" (communities), "gate" (a property post in the compound).
type desk struct {
	world
	t    *testing.T
	clk  *clock.Manual
	g    *grid.Service
	door id.ID
	post map[string]id.ID
}

func newDesk(t *testing.T, d *db.DB) *desk {
	k := &desk{world: *newWorld(t, d), t: t, clk: d.Clock().(*clock.Manual), post: map[string]id.ID{}, door: id.New()}
	ctx, keys, log := context.Background(), sealtest.New(t), audit.New(district, d.Clock())
	k.ok(d.Write(ctx, "test", func(tx *db.Tx) error {
		return tx.BulkInsert(ctx, "place", []string{"district", "id", "parent_id", "area_id", "kind", "name", "code", "ordinal", "path", "from_ms"},
			[][]any{{district, int64(k.door), int64(k.in), int64(k.own), "door", "501", "", 1, "230103001001001001", 1}})
	}))
	k.g = grid.New(d, k.clk, nil, nil)
	k.s = New(Deps{DB: d, Clock: k.clk, Grid: k.g, Audit: log, Keys: keys, Tasks: task.New(task.Deps{DB: d, Clock: k.clk, Keys: keys, Audit: log, Grid: k.g})})
	for i, p := range []struct {
		name string
		role grid.Role
		at   id.ID
	}{{"hq", grid.RoleCommand, k.county}, {"street", grid.RoleStreet, k.street}, {"own", grid.RoleCommunity, k.own}, {"sister", grid.RoleCommunity, k.sister}, {"gate", grid.RoleProperty, k.in}} {
		made, err := k.g.AddPost(ctx, grid.System(district, "test"), grid.NewPost{Role: p.role, ObjectKind: grid.ObjectPlace, ObjectID: p.at})
		k.ok(err)
		k.post[p.name] = made.ID
		_, err = k.g.AddHolder(ctx, grid.System(district, "test"), grid.Holder{PostID: made.ID, AccountID: id.ID(100 + i)})
		k.ok(err)
	}
	return k
}

func (k *desk) ok(err error) {
	k.t.Helper()
	if err != nil {
		k.t.Fatal(err)
	}
}

func (k *desk) as(name string) grid.Caller {
	k.t.Helper()
	account := map[string]id.ID{"hq": 100, "street": 101, "own": 102, "sister": 103, "gate": 104}[name]
	c, err := k.g.CallerFor(context.Background(), account, district, k.clk.Now())
	k.ok(err)
	c.Lang = "zh"
	return c
}

func TestACallIsATaskWithAPromise(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k, ctx := newDesk(t, d), context.Background()
		call, err := k.s.Log(ctx, k.as("gate"), NewCall{PlaceID: k.door, Kind: task.KindHelp, Words: "老人摔倒", Phone: "138 0000 0000"})
		k.ok(err)
		v, err := k.s.Tasks.Task(ctx, k.as("own"), call.TaskID)
		k.ok(err)
		if v.PostID != k.post["own"] || v.Title != "老人摔倒" || v.PromisedMs != call.AtMs+3600_000 || len(v.Links) != 1 || v.Links[0].ObjectID != call.ID {
			t.Errorf("its task: %+v", v)
		}
		sys := grid.System(district, "test")
		sees := func(stage string, late bool) {
			t.Helper()
			p, err := k.s.Progress(ctx, sys, ShowCode(call.Code), "a")
			k.ok(err)
			if p.Stage != stage || p.Late != late || p.PromisedMs != call.PromisedMs {
				t.Errorf("the caller sees %+v, want %s", p, stage)
			}
		}
		sees("waiting", false)
		_, err = k.s.Tasks.Change(ctx, k.as("own"), call.TaskID, task.Change{Action: task.Take})
		k.ok(err)
		sees("working", false)
		k.clk.Advance(61 * time.Minute)
		swept, err := k.s.Tasks.Sweep(ctx, sys)
		k.ok(err)
		if swept.Climbed != 1 {
			t.Errorf("a promise that was not kept climbs: %+v", swept)
		}
		sees("working", true)
		day := func(who string) int {
			t.Helper()
			list, err := k.s.Calls(ctx, k.as(who), k.own, k.clk.Now())
			k.ok(err)
			for _, c := range list {
				if c.Words != "老人摔倒" || !strings.Contains(c.Where, "501") {
					t.Errorf("%s reads %+v", who, c)
				}
			}
			return len(list)
		}
		for who, n := range map[string]int{"gate": 1, "own": 1, "street": 1, "sister": 0} {
			if got := day(who); got != n {
				t.Errorf("%s sees %d calls, want %d", who, got, n)
			}
		}
		if _, err := k.s.Call(ctx, k.as("sister"), call.ID); !errs.Is(err, errs.NotFound) {
			t.Errorf("a sister reads the call: %v", err)
		}
		if got, err := k.s.Phone(ctx, k.as("own"), call.ID); got != "13800000000" || err != nil {
			t.Errorf("phone: %q, %v", got, err)
		}
		if _, err := k.s.Phone(ctx, k.as("gate"), call.ID); !errs.Is(err, errs.Denied) {
			t.Errorf("who has neither the task nor the sight of numbers: %v", err)
		}
	})
}

func TestCallsAnsweredAndRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k, ctx := newDesk(t, d), context.Background()
		call, err := k.s.Log(ctx, k.as("own"), NewCall{PlaceID: k.door, Kind: task.KindQuestion, Words: strings.Repeat("几点采样", 40), Answered: true})
		k.ok(err)
		if call.State != task.Closed || call.PostID != k.post["own"] {
			t.Errorf("answered on the phone: %+v", call)
		}
		for name, try := range map[string]struct {
			who  string
			in   NewCall
			want errs.Kind
		}{
			"words":      {"own", NewCall{PlaceID: k.door, Kind: "help"}, errs.Invalid},
			"kind":       {"own", NewCall{PlaceID: k.door, Kind: "alarm", Words: "x"}, errs.Invalid},
			"phone":      {"own", NewCall{PlaceID: k.door, Kind: "help", Words: "x", Phone: "老王"}, errs.Invalid},
			"help ended": {"own", NewCall{PlaceID: k.door, Kind: "help", Words: "x", Answered: true}, errs.Invalid},
			"elsewhere":  {"sister", NewCall{PlaceID: k.door, Kind: "help", Words: "x"}, errs.NotFound},
			"no right":   {"gate", NewCall{PlaceID: k.door, Kind: "question", Words: "x", Answered: true}, errs.Denied},
		} {
			if _, err := k.s.Log(ctx, k.as(try.who), try.in); !errs.Is(err, try.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		sys := grid.System(district, "test")
		for range 20 {
			_, err = k.s.Progress(ctx, sys, "1", "b")
		}
		if !errs.Is(err, errs.Invalid) {
			t.Errorf("a code that is none: %v", err)
		}
		if _, err = k.s.Progress(ctx, sys, call.Code, "b"); !errs.Is(err, errs.TooMany) {
			t.Errorf("after twenty of them: %v", err)
		}
	})
}

func TestRotaSaysWhoAnswers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k, ctx := newDesk(t, d), context.Background()
		k.clk.Set(clock.DayStart(k.clk.Now()).Add(36 * time.Hour)) // noon
		today := (int(k.clk.Now().In(clock.CST).Weekday()) + 6) % 7
		stands := func(want string) {
			t.Helper()
			r, err := k.s.Rota(ctx, k.as("own"), k.own)
			k.ok(err)
			if r.Stands.PostID != k.post[want] {
				t.Errorf("%s answers, want %s: %+v", r.Stands.Post, want, r)
			}
		}
		stands("own")
		if err := k.s.SetRota(ctx, k.as("gate"), k.own, []id.ID{k.post["gate"]}); !errs.Is(err, errs.Denied) {
			t.Errorf("who may not manage posts: %v", err)
		}
		if err := k.s.SetRota(ctx, k.as("own"), k.own, []id.ID{k.post["sister"]}); !errs.Is(err, errs.Invalid) {
			t.Errorf("a post of elsewhere: %v", err)
		}
		k.ok(k.s.SetRota(ctx, k.as("own"), k.own, []id.ID{k.post["gate"], k.post["own"]}))
		stands("gate")
		_, err := k.g.AddShifts(ctx, k.as("own"), k.post["gate"], []grid.Shift{{Weekday: today, Start: "20:00", End: "08:00"}})
		k.ok(err)
		stands("own")
		k.clk.Advance(14 * time.Hour) // two in the morning
		stands("gate")
		call, err := k.s.Log(ctx, k.as("gate"), NewCall{PlaceID: k.door, Kind: task.KindRequest, Words: "x"})
		k.ok(err)
		if call.PostID != k.post["gate"] {
			t.Errorf("answered by %s", call.PostID)
		}
	})
}

func TestAddressee(t *testing.T) {
	for _, x := range []struct {
		over, up []id.ID
		may      bool
		want     id.ID
	}{
		{[]id.ID{5, 3, 2}, []id.ID{2}, true, 5}, // the community's grid
		{[]id.ID{2, 1}, []id.ID{2, 1}, true, 9}, // nobody nearer than the street: it stays
		{[]id.ID{9, 3}, []id.ID{3}, false, 3},   // a grid worker's own door goes up
		{[]id.ID{3, 2}, []id.ID{3, 2}, false, 3}, {[]id.ID{7, 3}, []id.ID{3, 2}, false, 3}, {nil, nil, false, 9},
	} {
		if got := addressee(9, x.over, x.up, x.may); got != x.want {
			t.Errorf("%+v: %d", x, got)
		}
	}
	if CleanCode("１２34-56 78") != "12345678" || CleanCode("1234567") != "" || ShowCode("12345678") != "1234 5678" {
		t.Error("codes")
	}
}

type everybody struct{}

func (everybody) Lookup(context.Context, string) (web.Session, error) {
	return web.Session{AccountID: 7, Name: "tester"}, nil
}

func TestPagesOfCalls(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newDesk(t, d)
		ren := web.NewRenderer(k.clk)
		pages, err := NewPages(k.s, ren, district)
		k.ok(err)
		app := web.New(web.Options{Renderer: ren, Identity: everybody{}, Log: slog.New(slog.DiscardHandler)})
		pages.Register(app)
		RegisterAPI(web.NewAPI(app, "test", "1"), k.s)
		who := "own"
		ask := func(method, path string, form url.Values, want int, contain string) *httptest.ResponseRecorder {
			t.Helper()
			for _, lang := range []string{"zh", "en"}[:1+btoi(method == "GET")] {
				req := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				req.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: "x"})
				req.AddCookie(&http.Cookie{Name: "wangge_lang", Value: lang})
				rec := httptest.NewRecorder()
				app.ServeHTTP(rec, req.WithContext(grid.WithCaller(req.Context(), k.as(who))))
				if rec.Code != want || !strings.Contains(rec.Body.String(), contain) {
					t.Fatalf("%s %s: %d, want %d with %q\n%.1500s", method, path, rec.Code, want, contain, rec.Body)
				}
				if method != "GET" {
					return rec
				}
			}
			return nil
		}
		ask("GET", "/duty", nil, 200, "/duty/call")
		ask("POST", "/duty/rota", url.Values{"area": {k.own.String()}, "post": {k.post["gate"].String()}}, 303, "")
		ask("GET", "/duty?area="+k.own.String(), nil, 200, "/roster")
		ask("GET", "/duty/call?place="+k.door.String(), nil, 200, "501")
		ask("POST", "/duty/call", url.Values{"where": {"没有的小区"}, "kind": {"help"}, "words": {"x"}}, 422, "没有找到")
		ask("POST", "/duty/call", url.Values{"where": {"幸福"}, "kind": {"help"}}, 422, "一句话")
		at := ask("POST", "/duty/call", url.Values{"where": {"幸福"}, "kind": {"help"}, "words": {"要药"}, "phone": {"12345"}}, 303, "").Header().Get("Location")
		ask("GET", at, nil, 200, "要药")
		ask("GET", at, nil, 200, "http://example.com/code") // an address that can be told
		ask("POST", at+"/phone", nil, 200, "tel:12345")
		ask("GET", "/duty/calls", nil, 200, "要药")
		calls, err := k.s.Calls(context.Background(), k.as("own"), k.own, k.clk.Now())
		k.ok(err)
		ask("GET", "/code", nil, 200, "code")
		ask("GET", "/code?c=12", nil, 422, "code")
		ask("GET", "/code/"+calls[0].Code, nil, 200, ShowCode(calls[0].Code))
		ask("GET", "/code/00", nil, 422, "")
		who = "gate"
		ask("GET", "/duty?area="+k.own.String(), nil, 200, `href="/duty/call"`)
		ask("GET", "/duty/calls", nil, 200, "要药")
		phone := k.as("gate")
		phone.Grants[0].Role = grid.RoleBuildingLeader
		list := httptest.NewRequest("GET", "/duty/calls", nil)
		list.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: "x"})
		seen := httptest.NewRecorder()
		app.ServeHTTP(seen, list.WithContext(grid.WithCaller(list.Context(), phone)))
		if !strings.Contains(seen.Body.String(), `<ul class="rows" id="calls">`) || strings.Contains(seen.Body.String(), "<table") {
			t.Errorf("calls on a phone: %d %s", seen.Code, seen.Body)
		}
		body, _ := json.Marshal(NewCall{PlaceID: k.door, Kind: "question", Words: "x"})
		req := httptest.NewRequest("POST", "/api/v1/calls", strings.NewReader(string(body)))
		req.Header.Set("Content-Type", "application/json")
		req.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: "x"})
		rec := httptest.NewRecorder()
		app.ServeHTTP(rec, req.WithContext(grid.WithCaller(req.Context(), k.as(who))))
		var call Call
		if k.ok(json.Unmarshal(rec.Body.Bytes(), &call)); rec.Code != 200 || CleanCode(call.Code) == "" {
			t.Errorf("API: %d %s", rec.Code, rec.Body)
		}
		ask("GET", "/api/v1/calls?area="+k.own.String(), nil, 200, call.Code)
		ask("GET", "/api/v1/calls/"+call.ID.String(), nil, 200, call.Code)
		ask("GET", "/api/v1/areas/"+k.own.String()+"/rota", nil, 200, "stands")
	})
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
