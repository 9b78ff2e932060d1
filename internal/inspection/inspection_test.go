package inspection

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/grid/gridtest"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal/sealtest"
	"wangge/internal/platform/web"
	"wangge/internal/round"
	"wangge/internal/task"
)

const district = 230103

// world is a street with five communities, a post over each and one over the
// street, and a second street's post that has nothing to do with it.
type world struct {
	t     *testing.T
	s     *Service
	ctx   context.Context
	place map[string]id.ID
	post  map[string]id.ID
	g     *grid.Service
	d     *db.DB
	n     map[string]id.ID // accounts
}

func newWorld(t *testing.T, d *db.DB) *world {
	t.Helper()
	w := &world{t: t, ctx: context.Background(), d: d}
	keys, log := sealtest.New(t), audit.New(district, d.Clock())
	w.g = grid.New(d, d.Clock(), nil, nil)
	w.s = New(Deps{DB: d, Clock: d.Clock(), Keys: keys, Audit: log, Grid: w.g, Rounds: round.New(round.Deps{DB: d, Clock: d.Clock(), Keys: keys, Audit: log}),
		Tasks: task.New(task.Deps{DB: d, Clock: d.Clock(), Keys: keys, Audit: log, Grid: w.g})})
	areas := []gridtest.Area{gridtest.At("county", "", grid.County, "230103"), gridtest.At("street", "county", grid.Street, "230103001"), gridtest.At("other", "county", grid.Street, "230103002")}
	seats := []gridtest.Seat{gridtest.Over("county", grid.RoleCommand, "county"), gridtest.Over("street", grid.RoleStreet, "street"), gridtest.Over("other", grid.RoleStreet, "other")}
	for _, n := range "12345" {
		c := "c" + string(n)
		areas = append(areas, gridtest.At(c, "street", grid.Community, "23010300100"+string(n)))
		seats = append(seats, gridtest.Over(c, grid.RoleCommunity, c))
	}
	made := gridtest.Make(t, d, w.g, areas, seats)
	w.place, w.post, w.n = made.Place, made.Post, made.Account
	return w
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) as(name string) grid.Caller {
	w.t.Helper()
	c, err := w.g.CallerFor(w.ctx, w.n[name], district, w.d.Clock().Now())
	w.ok(err)
	c.Lang = "zh"
	return c
}

func (w *world) draw(o Object, n int, seed string) (Inspection, []Item) {
	w.t.Helper()
	i, err := w.s.Draw(w.ctx, w.as("street"), NewInspection{AreaID: w.place["street"], Object: o, N: n, Seed: seed})
	w.ok(err)
	i, items, err := w.s.Inspection(w.ctx, w.as("street"), i.ID)
	w.ok(err)
	return i, items
}

func TestTheSeedAloneDecidesWhoIsVisited(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		first, a := w.draw(Areas, 2, "")
		again, b := w.draw(Areas, 2, first.Seed)
		names := func(list []Item) (out []string) {
			for _, it := range list {
				out = append(out, it.Name)
			}
			return out
		}
		if first.Population != 5 || first.Drawn != 2 || !slices.Equal(names(a), names(b)) || again.ID == first.ID {
			t.Errorf("%+v: %v, again %v", first, names(a), names(b))
		}
		seen := map[string]bool{}
		for _, seed := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
			_, list := w.draw(Areas, 1, seed)
			seen[list[0].Name] = true
		}
		if len(seen) < 3 {
			t.Errorf("eight seeds chose only %v", seen)
		}
		if posts, list := w.draw(Posts, 9, "x"); posts.Population != 5 || len(list) != 5 || list[0].PostID != w.post["c1"] {
			t.Errorf("posts: %+v, %+v", posts, list)
		}
		for name, try := range map[string]struct {
			who  string
			in   NewInspection
			want errs.Kind
		}{
			"community":  {"c1", NewInspection{AreaID: w.place["c1"], Object: Areas, N: 1}, errs.Denied},
			"elsewhere":  {"other", NewInspection{AreaID: w.place["c1"], Object: Areas, N: 1}, errs.Denied},
			"no object":  {"street", NewInspection{AreaID: w.place["c1"], Object: "people", N: 1}, errs.Invalid},
			"none":       {"street", NewInspection{AreaID: w.place["c1"], Object: Areas}, errs.Invalid},
			"empty area": {"street", NewInspection{AreaID: w.place["c1"], Object: Doors, N: 1}, errs.Conflict},
		} {
			if _, err := w.s.Draw(w.ctx, w.as(try.who), try.in); !errs.Is(err, try.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, _, err := w.s.Inspection(w.ctx, w.as("other"), first.ID); !errs.Is(err, errs.NotFound) {
			t.Errorf("another street reads the list: %v", err)
		}
	})
}

// fine are answers to every question of a checklist.
func fine(i Inspection) map[string]string {
	out := map[string]string{}
	for _, f := range i.Fields {
		out[f.Key] = "yes"
	}
	return out
}

func TestAFindingIsATaskAndIsVisitedAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		for _, o := range []Object{Areas, Posts} {
			i, items := w.draw(o, 5, "s")
			item := items[0].ID // the first community
			visit := func(in NewVisit, want errs.Kind) View {
				t.Helper()
				v, err := w.s.Visit(w.ctx, w.as("street"), item, in)
				if (want == 0) != (err == nil) || err != nil && !errs.Is(err, want) {
					t.Fatalf("%+v: %v, want %d", in, err, want)
				}
				return v
			}
			visit(NewVisit{Outcome: Found, Answers: fine(i)}, errs.Invalid)
			visit(NewVisit{Outcome: FoundNothing}, errs.Invalid)
			if v := visit(NewVisit{Outcome: Absent}, 0); v.Status != ToVisit || len(v.Visits) != 1 {
				t.Errorf("nobody there: %+v", v)
			}
			v := visit(NewVisit{Outcome: Found, Answers: fine(i), Words: "夜里没人值班"}, 0)
			if v.Status != Mending || v.Visits[1].Words != "夜里没人值班" {
				t.Errorf("found: %+v", v)
			}
			visit(NewVisit{Outcome: FoundNothing, Answers: fine(i)}, errs.Conflict)
			x, err := w.s.Tasks.Task(w.ctx, w.as("c1"), v.TaskID)
			w.ok(err)
			if x.Kind != task.KindFinding || x.PostID != w.post["c1"] || x.IssuerPostID != w.post["street"] || x.Title != "夜里没人值班" {
				t.Errorf("its task: %+v", x.Task)
			}
			if got, err := w.s.Item(w.ctx, w.as("c1"), item); err != nil || got.CanVisit {
				t.Errorf("who has the task reads what was found: %v", err)
			}
			if _, err := w.s.Item(w.ctx, w.as("c2"), item); !errs.Is(err, errs.NotFound) {
				t.Errorf("another community reads it: %v", err)
			}
			for _, step := range []struct {
				who string
				ch  task.Change
			}{{"c1", task.Change{Action: task.Finish, Note: "已排班", PhotoID: id.New()}}, {"street", task.Change{Action: task.Verify}}, {"street", task.Change{Action: task.Accept}}} {
				_, err := w.s.Tasks.Change(w.ctx, w.as(step.who), v.TaskID, step.ch)
				w.ok(err)
			}
			if got, err := w.s.Item(w.ctx, w.as("street"), item); err != nil || got.Status != Again || !got.CanVisit {
				t.Errorf("put right, it is to be visited again: %+v, %v", got.Status, err)
			}
			if v := visit(NewVisit{Outcome: FoundNothing, Answers: fine(i)}, 0); v.Status != Good {
				t.Errorf("settled: %+v", v)
			}
			visit(NewVisit{Outcome: Absent}, errs.Conflict)
		}
	})
}

type everybody struct{}

func (everybody) Lookup(context.Context, string) (web.Session, error) {
	return web.Session{AccountID: 7, Name: "tester"}, nil
}

func TestPages(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		ren := web.NewRenderer(d.Clock())
		pages, err := NewPages(w.s, ren)
		w.ok(err)
		app := web.New(web.Options{Renderer: ren, Identity: everybody{}, Log: slog.New(slog.DiscardHandler)})
		pages.Register(app)
		RegisterAPI(web.NewAPI(app, "test", "1"), w.s)
		ask := func(method, path string, form url.Values, want int, contain string) string {
			t.Helper()
			at := ""
			for _, lang := range []string{"en", "zh"} {
				if method == "POST" && lang == "en" {
					continue
				}
				req := httptest.NewRequest(method, path, strings.NewReader(form.Encode()))
				req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				req.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: "x"})
				req.AddCookie(&http.Cookie{Name: "wangge_lang", Value: lang})
				rec := httptest.NewRecorder()
				app.ServeHTTP(rec, req.WithContext(grid.WithCaller(req.Context(), w.as("street"))))
				if rec.Code != want || !strings.Contains(rec.Body.String(), contain) {
					t.Fatalf("%s %s: %d, want %d with %q\n%.1500s", method, path, rec.Code, want, contain, rec.Body)
				}
				at = rec.Header().Get("Location")
			}
			return at
		}
		ask("GET", "/inspections", nil, 200, "<form")
		area := w.place["street"].String()
		ask("POST", "/inspections", url.Values{"area": {area}, "object": {"posts"}, "n": {"0"}}, 422, "请填")
		ask("GET", "/inspections", nil, 200, `<option value="`+w.place["c1"].String())
		ask("POST", "/inspections", url.Values{"area": {w.place["c1"].String()}, "object": {"posts"}, "n": {"1"}, "seed": {strings.Repeat("种", maxSeed)}}, 303, "")
		ask("POST", "/inspections", url.Values{"area": {area}, "object": {"posts"}, "n": {"1"}, "seed": {strings.Repeat("种", maxSeed+1)}}, 422, "最多")
		list := ask("POST", "/inspections", url.Values{"area": {area}, "object": {"posts"}, "n": {"5"}, "seed": {"s"}}, 303, "")
		ask("GET", list, nil, 200, "/inspections/visits/")
		inspection, err := id.Parse(strings.TrimPrefix(list, "/inspections/"))
		w.ok(err)
		i, items, err := w.s.Inspection(w.ctx, w.as("street"), inspection)
		w.ok(err)
		at := "/inspections/visits/" + items[0].ID.String()
		ask("GET", at, nil, 200, `name="a_there"`)
		// What was typed for one visit is not offered for the next.
		ask("GET", at, nil, 200, `data-keep="inspection-`+items[0].ID.String()+`-0"`)
		ask("POST", at, url.Values{"outcome": {"absent"}}, 303, "")
		ask("GET", at, nil, 200, `data-keep="inspection-`+items[0].ID.String()+`-1"`)
		form := url.Values{"outcome": {"found"}, "words": {"没有防护用品"}}
		ask("POST", at, form, 422, "必填")
		for _, f := range i.Fields {
			form.Set("a_"+f.Key, "no")
		}
		form.Set("deadline", d.Clock().Now().Add(time.Hour).In(clock.CST).Format("2006-01-02T15:04"))
		ask("POST", at, form, 422, "请放宽，或者留空")
		form.Del("deadline")
		ask("POST", at, form, 303, "")
		ask("GET", at, nil, 200, "没有防护用品")
		ask("GET", list, nil, 200, "/tasks/")
		ask("GET", "/inspections", nil, 200, list)
		ask("GET", "/api/v1/inspections?area="+area, nil, 200, inspection.String())
		ask("GET", "/api/v1"+list, nil, 200, `"status":"mending"`)
		ask("GET", "/api/v1"+at, nil, 200, "没有防护用品")
	})
}
