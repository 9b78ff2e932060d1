package district_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"wangge/internal/account"
	"wangge/internal/grid"
	"wangge/internal/grid/divisions"
	"wangge/internal/ledger"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal/sealtest"
	"wangge/internal/round"
	"wangge/internal/sim"
	"wangge/internal/sim/district"
)

// services builds an installation of the district over a database, as the app does.
func services(t testing.TB, d *db.DB, code int) district.Services {
	t.Helper()
	clk := d.Clock()
	keys, log := sealtest.New(t), audit.New(code, clk)
	g := grid.New(d, clk, nil, nil)
	s := district.Services{DB: d, Grid: g, Keys: keys, Audit: log, Clock: clk, Log: slog.New(slog.DiscardHandler)}
	s.Accounts = account.New(account.Options{District: code, DB: d, Keys: keys, Clock: clock.Real(), Audit: log})
	s.Ledger = ledger.New(ledger.Deps{DB: d, Keys: keys, Audit: log, Clock: clk})
	s.Rounds = round.New(round.Deps{DB: d, Clock: clk, Keys: keys, Audit: log, Log: s.Log})
	s.Ledger.OnHousehold(s.Rounds.HouseholdChanged)
	g.OnRegrid(s.Rounds.Regridded)
	return s
}

func count(t testing.TB, d *db.DB, query string, args ...any) (n int) {
	t.Helper()
	if err := d.Read().QueryRowContext(context.Background(), query, args...).Scan(&n); err != nil {
		t.Fatal(query, err)
	}
	return n
}

const nangang = 230103

func TestLoadNangang(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		s := services(t, d, nangang)
		cfg := sim.Config{Place: "nangang", Households: 1500, Seed: 7}
		last, total := 0, 0
		l, err := district.Load(ctx, s, cfg, func(done, of int) { last, total = done, of })
		if err != nil {
			t.Fatal(err)
		}
		if last != 1500 || total != 1500 {
			t.Errorf("progress ended at %d of %d", last, total)
		}
		checkCounts(t, d, cfg, s, l)
		checkRounds(t, s, l)
		checkAccounts(t, s, l)
		checkLife(t, s, l)
	})
}

// checkCounts compares the tables with a second pass of the generator.
func checkCounts(t *testing.T, d *db.DB, cfg sim.Config, s district.Services, l *district.Loaded) {
	t.Helper()
	cfg.At = clock.DayStart(s.Clock.Now())
	gen, err := sim.Generate(cfg)
	if err != nil {
		t.Fatal(err)
	}
	doors, households, persons, hollow, grids, micro := 0, 0, 0, 0, 0, 0
	for c := range gen.Communities() {
		for _, at := range c.Doors() {
			doors++
			if c.Area.Code == l.Story.Code && at.Compound.Name == l.Story.Title {
				hollow += len(at.Door.Households)
				continue
			}
			households += len(at.Door.Households)
			for _, h := range at.Door.Households {
				persons += len(h.Persons)
			}
		}
		for _, g := range c.Grids {
			if g.Kind != sim.Block {
				grids++
			}
			if g.Kind == sim.Micro {
				micro++
			}
		}
	}
	if hollow == 0 || households+hollow < 1500 {
		t.Errorf("the story's compound holds %d of %d households", hollow, households+hollow)
	}
	for _, c := range []struct {
		what, query string
		want        int
	}{
		{"doors", "SELECT COUNT(*) FROM place WHERE kind = 'door'", doors},
		{"doors in a micro-grid", "SELECT COUNT(*) FROM place p JOIN grid g ON g.district = p.district AND g.id = p.grid_id WHERE p.kind = 'door' AND g.kind = 'micro'", doors},
		{"households", "SELECT COUNT(*) FROM household", households},
		{"persons", "SELECT COUNT(*) FROM person", persons},
		{"grids", "SELECT COUNT(*) FROM grid", grids},
		{"communities", "SELECT COUNT(*) FROM place WHERE kind = 'community'", 213},
		{"streets", "SELECT COUNT(*) FROM place WHERE kind = 'street'", 22},
		{"HQ's groups", "SELECT COUNT(*) FROM team WHERE kind = 'hq_group'", 7},
		{"households behind the story's doors", "SELECT COUNT(*) FROM household h JOIN place p ON p.district = h.district AND p.id = h.door_id" +
			" JOIN place c ON c.district = p.district AND c.id = " + l.Story.Compound.String() + " WHERE p.path > c.path AND p.path < c.path || '~'", 0},
	} {
		if n := count(t, d, c.query); n != c.want {
			t.Errorf("%s: %d, the generator says %d", c.what, n, c.want)
		}
	}
	if count(t, d, "SELECT COUNT(*) FROM binding WHERE post_id = 0 AND org_id <> 0") == 0 {
		t.Error("no organisation is bound without a named person")
	}
	if count(t, d, "SELECT COUNT(*) FROM post p WHERE NOT EXISTS (SELECT 1 FROM holder h WHERE h.district = p.district AND h.post_id = p.id)") == 0 {
		t.Error("no post is vacant")
	}
	f := l.Figures
	if f.Doors != doors || f.Households != households || f.Persons != persons || f.Posts == 0 || f.Holders == 0 {
		t.Errorf("figures %+v", f)
	}
}

func checkRounds(t *testing.T, s district.Services, l *district.Loaded) {
	t.Helper()
	ctx, sys := context.Background(), grid.System(l.District, "test")
	f, err := s.Rounds.Total(ctx, sys, l.Round)
	if err != nil {
		t.Fatal(err)
	}
	if f.Total != l.Figures.Doors || f.Done+f.Exempt+f.Outstanding != f.Total {
		t.Errorf("the open round counts %+v over %d doors", f, l.Figures.Doors)
	}
	last, err := s.Rounds.Round(ctx, sys, l.Story.LastWeek)
	if err != nil {
		t.Fatal(err)
	}
	if age := clock.Ms(s.Clock.Now()) - last.OpenedMs; last.State != round.Closed || age < 6*24*3600*1000 || l.Story.Answered == 0 {
		t.Errorf("last week's round is %s, %d h old, answered by %d", last.State, age/3600000, l.Story.Answered)
	}
	if found, err := round.Check(ctx, s.DB); err != nil || len(found.Problems) > 0 {
		t.Errorf("check: %v %v", found, err)
	}
	// what a clerk is told when she drafts the same questions
	clerk := callerOf(t, s, l, "clerk")
	now, err := s.Rounds.Round(ctx, sys, l.Round)
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Rounds.DraftRound(ctx, clerk, round.DraftInput{AreaID: l.Story.Community, Name: "t", TargetKind: round.Doors, FormID: now.FormID, DueMs: now.DueMs})
	if err != nil {
		t.Fatal(err)
	}
	cost, err := s.Rounds.CostOf(ctx, clerk, r.ID)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(cost.Fresh, func(f round.FreshCost) bool { return f.Field == "head_count" && f.Targets == l.Story.Answered }) {
		t.Errorf("cost %+v, answered last week %d", cost, l.Story.Answered)
	}
}

func callerOf(t *testing.T, s district.Services, l *district.Loaded, login string) grid.Caller {
	t.Helper()
	for _, x := range l.Logins {
		if x.Login == login {
			c, err := s.Grid.CallerFor(context.Background(), x.Account, l.District, s.Clock.Now())
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
	}
	t.Fatalf("no log-in %s among %v", login, l.Logins)
	return grid.Caller{}
}

func checkAccounts(t *testing.T, s district.Services, l *district.Loaded) {
	t.Helper()
	ctx := context.Background()
	var names []string
	for _, x := range l.Logins {
		names = append(names, x.Login)
		if c := callerOf(t, s, l, x.Login); len(c.Grants) == 0 {
			t.Errorf("%s has no grant", x.Login)
		}
	}
	slices.Sort(names)
	if want := []string{"auditor", "clerk", "command", "department", "duty", "grid", "leader", "property", "secretary", "street", "volunteer"}; !slices.Equal(names, want) {
		t.Errorf("log-ins %v", names)
	}
	l.Logins = slices.DeleteFunc(l.Logins, func(x district.Login) bool { return x.Login != "leader" })
	first, err := district.Issue(ctx, s, l)
	if err != nil {
		t.Fatal(err)
	}
	again, err := district.Issue(ctx, s, l)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Accounts.Login(ctx, account.Attempt{Login: "leader", Password: first[0].Password}); !errs.Is(err, errs.Unauthenticated) {
		t.Errorf("the password of the start before: %v", err)
	}
	e, err := s.Accounts.Login(ctx, account.Attempt{Login: "leader", Password: again[0].Password})
	if err != nil || e.Account.MustChange {
		t.Errorf("log-in: %v, must change %v", err, e.Account.MustChange)
	}
	lines, _, err := s.Rounds.Outstanding(ctx, callerOf(t, s, l, "leader"), l.Round, round.ListQuery{Limit: 1000})
	if err != nil || len(lines) == 0 {
		t.Errorf("the leader sees %d doors: %v", len(lines), err)
	}
	for _, x := range lines {
		if x.GridID != l.Story.Grid {
			t.Errorf("the leader sees %s of grid %s", x.Label, x.GridID)
		}
	}
}

// checkLife lets the workers work for some hours of the test's clock.
func checkLife(t *testing.T, s district.Services, l *district.Loaded) {
	t.Helper()
	ctx, sys := context.Background(), grid.System(l.District, "test")
	clk := s.Clock.(*clock.Manual)
	v, err := district.NewLife(ctx, s, l, district.LifeOptions{Rate: 1})
	if err != nil {
		t.Fatal(err)
	}
	made := 0
	for range 300 {
		n, err := v.Step(ctx)
		if err != nil {
			t.Fatal(err)
		}
		made += n
		clk.Advance(30 * time.Second)
	}
	f, err := s.Rounds.Total(ctx, sys, l.Round)
	if err != nil {
		t.Fatal(err)
	}
	if made < f.Total/5 || f.Done == 0 || f.Attempted == 0 || f.Exempt == 0 || f.Outstanding == 0 {
		t.Errorf("%d marks left %+v", made, f)
	}
	if n := count(t, s.DB, "SELECT COUNT(*) FROM target t JOIN round r ON r.district = t.district JOIN occurrence o ON o.district = r.district AND o.round_id = r.id AND o.id = t.occurrence_id"+
		" WHERE r.id = $1 AND t.grid_id = $2 AND t.mark_id <> 0", int64(l.Round), int64(l.Story.Grid)); n != 0 {
		t.Errorf("%d doors of the printed leader were marked by others", n)
	}
	if found, err := round.Check(ctx, s.DB); err != nil || len(found.Problems) > 0 {
		t.Errorf("check: %v %v", found, err)
	}
	closeRound(t, s, l)
	if v, err = district.NewLife(ctx, s, l, district.LifeOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := v.Run(ctx); err != nil {
		t.Errorf("work on a closed round: %v", err)
	}
	if problems, err := audit.Verify(ctx, s.DB); err != nil || len(problems) > 0 {
		t.Errorf("audit: %v %v", problems, err)
	}
}

// closeRound signs off what is outstanding, as the command would.
func closeRound(t *testing.T, s district.Services, l *district.Loaded) {
	t.Helper()
	ctx, sys := context.Background(), grid.System(l.District, "test")
	lines, _, err := s.Rounds.Outstanding(ctx, sys, l.Round, round.ListQuery{Limit: 20000})
	if err != nil {
		t.Fatal(err)
	}
	why := map[id.ID]string{}
	for _, x := range lines {
		why[x.ObjectID] = "unreachable"
	}
	if err := s.Rounds.Close(ctx, sys, round.CloseInput{RoundID: l.Round, Reasons: why}); err != nil {
		t.Fatal(err)
	}
}

func TestLoadEveryPreset(t *testing.T) {
	for _, p := range divisions.Presets {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			d := dbtest.One(t)
			ctx := context.Background()
			code, _ := id.Parse(p.County)
			s := services(t, d, int(code))
			l, err := district.Load(ctx, s, sim.Config{Place: p.Name, Households: 300, Seed: 1}, nil)
			if err != nil {
				t.Fatal(err)
			}
			f, err := s.Rounds.Total(ctx, grid.System(l.District, "test"), l.Round)
			if err != nil {
				t.Fatal(err)
			}
			want := l.Figures.Doors
			if p.Name == "muling" {
				want = count(t, d, "SELECT COUNT(*) FROM place WHERE kind IN ('community', 'unit')")
				if v := count(t, d, "SELECT COUNT(*) FROM place WHERE subkind = 'village' AND kind = 'community'"); v != 127 {
					t.Errorf("%d villages", v)
				}
			}
			if f.Total != want {
				t.Errorf("the round has %d targets of %d", f.Total, want)
			}
			path, truth, err := l.WriteSample(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(path); err != nil || info.Size() < 1000 || truth.Compound != l.Story.Title {
				t.Errorf("workbook %s of %q (the story's is %q): %v", path, truth.Compound, l.Story.Title, err)
			}
		})
	}
}

// The same configuration gives the same district but for its ids.
func TestLoadIsDeterministic(t *testing.T) {
	var list []district.Loaded
	for range 2 {
		d := dbtest.One(t)
		l, err := district.Load(context.Background(), services(t, d, nangang), sim.Config{Place: "nangang", Households: 500, Seed: 3}, nil)
		if err != nil {
			t.Fatal(err)
		}
		s := l.Story
		l.Story = district.Story{Code: s.Code, Name: s.Name, Title: s.Title, Households: s.Households, Answered: s.Answered}
		for i := range l.Logins {
			l.Logins[i].Account, l.Logins[i].Post = 0, 0
		}
		l.Emergency, l.Round = 0, 0
		list = append(list, *l)
	}
	a, b := list[0], list[1]
	if a.Figures != b.Figures || a.Story != b.Story || !slices.Equal(a.Logins, b.Logins) {
		t.Errorf("two loads differ:\n%+v\n%+v", a, b)
	}
}

// A load that was cut off is seen, refused and cleared; a foreign database is
// never touched.
func TestHalfLoaded(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := context.Background()
		s := services(t, d, nangang)
		state := func(want district.State) *district.Loaded {
			t.Helper()
			got, l, err := district.StateOf(ctx, d)
			if err != nil || got != want {
				t.Fatalf("state %s, want %s: %v", got, want, err)
			}
			return l
		}
		state(district.Fresh)
		cut, stop := context.WithCancel(ctx)
		cfg := sim.Config{Place: "nangang", Households: 300, Seed: 1}
		if _, err := district.Load(cut, s, cfg, func(int, int) { stop() }); !errors.Is(err, context.Canceled) && err == nil {
			t.Fatal("the load was not cut off")
		}
		state(district.Half)
		if _, err := district.Load(ctx, s, cfg, nil); !errs.Is(err, errs.Conflict) || !strings.Contains(err.Error(), "demo.half") {
			t.Errorf("loading over a half one: %v", err)
		}
		if err := district.Clear(ctx, d); err != nil {
			t.Fatal(err)
		}
		state(district.Fresh)
		if _, err := district.Load(ctx, s, cfg, nil); err != nil {
			t.Fatal(err)
		}
		if l := state(district.Ready); l.Households != 300 || len(l.Logins) == 0 {
			t.Errorf("kept: %+v", l)
		}
		if err := district.Clear(ctx, d); !errs.Is(err, errs.Conflict) {
			t.Errorf("clearing a loaded one: %v", err)
		}
	})
}
