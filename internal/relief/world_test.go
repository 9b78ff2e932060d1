package relief

import (
	"context"
	"errors"
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal/sealtest"
	"wangge/internal/task"
)

const district = 230103

var (
	ctx = context.Background()
	sys = grid.System(district, "test")
)

// world is a district with one street, one community and one grid: posts hq,
// street and comm with a holder each, and gate, a post over the grid that ada,
// bob and cy hold.
type world struct {
	t     testing.TB
	d     *db.DB
	clk   *clock.Manual
	g     *grid.Service
	tasks *task.Service
	s     *Service
	gid   id.ID
	post  map[string]id.ID
	acct  map[string]id.ID
}

func newWorld(t testing.TB, d *db.DB) *world {
	t.Helper()
	clk := d.Clock().(*clock.Manual)
	w := &world{t: t, d: d, clk: clk, post: map[string]id.ID{}, acct: map[string]id.ID{}}
	keys, log := sealtest.New(t), audit.New(district, clk)
	w.g = grid.New(d, clk, nil, nil)
	names := func(_ context.Context, ids []id.ID) (map[id.ID]string, error) {
		out := map[id.ID]string{}
		for n, a := range w.acct {
			out[a] = n
		}
		return out, nil
	}
	w.tasks = task.New(task.Deps{DB: d, Clock: clk, Keys: keys, Audit: log, Grid: w.g, Names: names})
	w.s = New(Deps{DB: d, Clock: clk, Keys: keys, Audit: log, Grid: w.g, Tasks: w.tasks, Names: names})
	w.places()
	w.sweep()
	return w
}

func (w *world) places() {
	at := map[string]id.ID{}
	var rows [][]any
	w.gid = id.New()
	for i, p := range []struct{ path, kind, up, code string }{
		{"230103", "county", "", "230103000000"}, {"230103001", "street", "230103", "230103001000"}, {"230103001001", "community", "230103001", "230103001001"},
	} {
		at[p.path] = id.New()
		rows = append(rows, []any{district, int64(at[p.path]), int64(at[p.up]), int64(at[p.path]), p.kind, p.kind, p.code, i + 1, p.path, int64(0), int64(1)})
	}
	w.ok(w.d.Write(ctx, "test", func(tx *db.Tx) error {
		if err := tx.BulkInsert(ctx, "place", []string{"district", "id", "parent_id", "area_id", "kind", "name", "code", "ordinal", "path", "grid_id", "from_ms"}, rows); err != nil {
			return err
		}
		return tx.BulkInsert(ctx, "grid", []string{"district", "id", "parent_id", "area_id", "kind", "name", "ordinal", "path", "from_ms"},
			[][]any{{district, int64(w.gid), int64(0), int64(at["230103001001"]), "basic", "grid", 1, "230103001001g001", int64(1)}})
	}))
	w.holds("hq", grid.RoleCommand, grid.ObjectPlace, at["230103"], "chief")
	w.holds("street", grid.RoleStreet, grid.ObjectPlace, at["230103001"], "head")
	w.holds("comm", grid.RoleCommunity, grid.ObjectPlace, at["230103001001"], "leader")
	w.holds("gate", grid.RoleGridWorker, grid.ObjectGrid, w.gid, "ada", "bob", "cy")
}

func (w *world) holds(name string, role grid.Role, kind grid.ObjectKind, object id.ID, who ...string) {
	w.t.Helper()
	p, err := w.g.AddPost(ctx, sys, grid.NewPost{Role: role, ObjectKind: kind, ObjectID: object})
	w.ok(err)
	w.post[name] = p.ID
	for _, n := range who {
		if w.acct[n] == id.Zero {
			w.acct[n] = id.ID(1001 + len(w.acct))
		}
		_, err = w.g.AddHolder(ctx, sys, grid.Holder{PostID: p.ID, AccountID: w.acct[n]})
		w.ok(err)
	}
}

// shift puts somebody on a post's roster on the day so many days from now.
func (w *world) shift(post, who string, day int, start, end string) {
	w.t.Helper()
	_, err := w.g.AddShifts(ctx, sys, w.post[post], []grid.Shift{{AccountID: w.acct[who], Weekday: -1, Day: clock.Day(w.clk.Now().AddDate(0, 0, day)), Start: start, End: end}})
	w.ok(err)
}

// at moves the clock to an hour of the day so many days from now.
func (w *world) at(day int, hour string) {
	w.t.Helper()
	h, err := time.Parse("15:04", hour)
	w.ok(err)
	w.clk.Set(clock.DayStart(w.clk.Now()).AddDate(0, 0, day).Add(time.Duration(h.Hour())*time.Hour + time.Duration(h.Minute())*time.Minute))
}

func (w *world) as(name string) grid.Caller {
	w.t.Helper()
	c, err := w.g.CallerFor(ctx, w.acct[name], district, w.clk.Now())
	w.ok(err)
	c.Lang = "zh"
	return c
}

func (w *world) sweep() int {
	w.t.Helper()
	n, err := w.s.Sweep(ctx, sys)
	w.ok(err)
	return n
}

// help issues a task whose life is at stake: it rings at night.
func (w *world) help(to string) task.Task {
	w.t.Helper()
	t, err := w.tasks.Issue(ctx, w.as("chief"), task.Issue{Kind: task.KindHelp, Title: "help", PostID: w.post[to]})
	w.ok(err)
	return t
}

// rings lists who of some people hears a sound now.
func (w *world) rings() (out []string) {
	w.t.Helper()
	for _, n := range []string{"ada", "bob", "cy", "leader", "head", "chief"} {
		in, err := w.tasks.Inbox(ctx, w.as(n), task.Mine, 0)
		w.ok(err)
		if in.Figures.Ring > 0 {
			out = append(out, n)
		}
	}
	return out
}

func (w *world) view(who, post string) View {
	w.t.Helper()
	v, err := w.s.Handover(ctx, w.as(who), w.post[post], 0)
	w.ok(err)
	return v
}

func (w *world) sign(who, post, side, note string) error {
	w.t.Helper()
	_, err := w.s.Sign(ctx, w.as(who), w.post[post], w.view(who, post).Turn.EndMs, side, note)
	return err
}

// told is the one task of somebody's own, as they read it in a language.
func (w *world) told(who, lang string) task.View {
	w.t.Helper()
	c := w.as(who)
	c.Lang = lang
	in, err := w.tasks.Inbox(ctx, c, task.Mine, 0)
	w.ok(err)
	if len(in.Lines) != 1 {
		w.t.Fatalf("%d tasks of %s", len(in.Lines), who)
	}
	v, err := w.tasks.Task(ctx, c, in.Lines[0].ID)
	w.ok(err)
	return v
}

// notes are what the inbox of somebody says of shifts.
func (w *world) notes(who string) (out []string) {
	w.t.Helper()
	list, err := w.s.Asides(ctx, w.as(who))
	w.ok(err)
	for _, n := range list {
		out = append(out, n.Text)
	}
	return out
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) refused(err error, key string) {
	w.t.Helper()
	var e *errs.Error
	if !errors.As(err, &e) || e.Key != key {
		w.t.Errorf("got %v, want %s", err, key)
	}
}

// whole fails the test where custody or a change of shift is not as it should be.
func (w *world) whole() {
	w.t.Helper()
	_, wrong, err := Check(ctx, w.d)
	w.ok(err)
	custody, err := task.Check(ctx, w.d)
	w.ok(err)
	for _, p := range wrong {
		w.t.Errorf("check %s: post %s: %s", p.Check, p.PostID, p.Detail)
	}
	for _, p := range custody.Problems {
		w.t.Errorf("custody %s: %s", p.Check, p.Detail)
	}
}
