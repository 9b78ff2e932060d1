package bulletin

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/grid/gridtest"
	"wangge/internal/inspection"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal/sealtest"
	"wangge/internal/round"
	"wangge/internal/task"
)

const district = 230103

var ctx = context.Background()

// world is a district with two streets and a community in each, and posts with a
// holder each: hq, hq2 and dept over the district, street, comm and leader in
// the first street, other and far in the second.
type world struct {
	t     testing.TB
	d     *db.DB
	clk   *clock.Manual
	g     *grid.Service
	insp  *inspection.Service
	s     *Service
	place map[string]id.ID
	post  map[string]id.ID
	acct  map[string]id.ID
	names map[id.ID]string
}

func newWorld(t testing.TB, d *db.DB) *world {
	t.Helper()
	clk := d.Clock().(*clock.Manual)
	w := &world{t: t, d: d, clk: clk, names: map[id.ID]string{}}
	keys, log := sealtest.New(t), audit.New(district, clk)
	w.g = grid.New(d, clk, nil, nil)
	names := func(context.Context, []id.ID) (map[id.ID]string, error) { return w.names, nil }
	tasks := task.New(task.Deps{DB: d, Clock: clk, Keys: keys, Audit: log, Grid: w.g, Names: names})
	w.insp = inspection.New(inspection.Deps{DB: d, Clock: clk, Keys: keys, Audit: log, Grid: w.g, Tasks: tasks,
		Rounds: round.New(round.Deps{DB: d, Clock: clk, Keys: keys, Audit: log})})
	w.s = New(Deps{DB: d, Clock: clk, Keys: keys, Audit: log, Grid: w.g, Inspections: w.insp, Names: names})
	made := gridtest.Make(t, d, w.g, []gridtest.Area{
		gridtest.At("county", "", grid.County, "230103"), gridtest.At("street", "county", grid.Street, "230103001"), gridtest.At("comm", "street", grid.Community, "230103001001"), gridtest.At("comm2", "street", grid.Community, "230103001002"),
		gridtest.At("other", "county", grid.Street, "230103002"), gridtest.At("far", "other", grid.Community, "230103002001"),
	}, []gridtest.Seat{
		gridtest.Over("hq", grid.RoleCommand, "county"), gridtest.Over("hq2", grid.RoleCommand, "county"), gridtest.Over("dept", grid.RoleDepartment, "county"), gridtest.Over("street", grid.RoleStreet, "street"), gridtest.Over("street2", grid.RoleStreet, "street"),
		gridtest.Over("comm", grid.RoleCommunity, "comm"), gridtest.Over("leader", grid.RoleBuildingLeader, "comm"), gridtest.Over("other", grid.RoleStreet, "other"), gridtest.Over("far", grid.RoleCommunity, "far"),
	})
	w.place, w.post, w.acct = made.Place, made.Post, made.Account
	for name, a := range w.acct {
		w.names[a] = "张" + name
	}
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
	c, err := w.g.CallerFor(ctx, w.acct[name], district, w.clk.Now())
	w.ok(err)
	c.Lang = "zh"
	return c
}

// refused wants an error of a key.
func (w *world) refused(err error, key string) {
	w.t.Helper()
	var e *errs.Error
	if !errors.As(err, &e) || e.Key != key {
		w.t.Fatalf("%v, want %s", err, key)
	}
}

func (w *world) later(hours int) { w.clk.Advance(time.Duration(hours) * time.Hour) }

// draft begins a bulletin over the street.
func (w *world) draft(kind Kind, by string) id.ID {
	w.t.Helper()
	b, err := w.s.Create(ctx, w.as(by), NewBulletin{Kind: kind, AreaID: w.place["street"], Title: "九月第一期"})
	w.ok(err)
	return b.ID
}

func (w *world) do(by string, b id.ID, ch Change) View {
	w.t.Helper()
	v, err := w.s.Change(ctx, w.as(by), b, ch)
	w.ok(err)
	return v
}

func (w *world) not(by string, b id.ID, ch Change, key string) {
	w.t.Helper()
	_, err := w.s.Change(ctx, w.as(by), b, ch)
	w.refused(err, key)
}

// about is an entry about the first community; who is named by their post.
func (w *world) about(act Act, words, who string) *NewEntry {
	e := &NewEntry{PlaceID: w.place["comm"], Act: act, Words: words}
	if who != "" {
		e.PostID, e.AccountID = w.post[who], w.acct[who]
	}
	return e
}

// holdReaders keeps n readers busy until the function it returns is called.
func holdReaders(ctx context.Context, t *testing.T, d *db.DB, n int) (free func()) {
	held, done := make(chan error), make(chan struct{})
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			err := d.Snapshot(ctx, "test.hold", func(db.Queryer) error {
				held <- nil
				<-done
				return nil
			})
			if err != nil {
				held <- err
			}
		})
	}
	for range n {
		if err := <-held; err != nil {
			t.Fatal(err)
		}
	}
	return func() { close(done); wg.Wait() }
}
