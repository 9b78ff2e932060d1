package task

import (
	"context"
	"fmt"
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal/sealtest"
)

const district = 230103

var sys = grid.System(district, "test")

// world is a district of two streets with two communities each, every
// community with a compound of one building and a grid; a post of its role over
// each, held by one account of the same name.
type world struct {
	t     testing.TB
	d     *db.DB
	s     *Service
	g     *grid.Service
	clk   *clock.Manual
	ctx   context.Context
	place map[string]id.ID // by path
	post  map[string]id.ID // "hq", "street1", "comm11", "grid11", "leader11"
	acct  map[string]id.ID // by the post's name
	next  id.ID
}

func newWorld(t testing.TB, d *db.DB) *world {
	t.Helper()
	clk := d.Clock().(*clock.Manual)
	w := &world{t: t, d: d, clk: clk, ctx: context.Background(), place: map[string]id.ID{}, post: map[string]id.ID{}, acct: map[string]id.ID{}, next: 1000}
	w.g = grid.New(d, clk, nil, nil)
	w.s = New(Deps{DB: d, Clock: clk, Keys: sealtest.New(t), Audit: audit.New(district, clk), Grid: w.g})
	w.places()
	w.holds("hq", grid.RoleCommand, grid.ObjectPlace, w.place["230103"])
	for st := 1; st <= 2; st++ {
		w.holds(fmt.Sprintf("street%d", st), grid.RoleStreet, grid.ObjectPlace, w.place[fmt.Sprintf("23010300%d", st)])
		for c := 1; c <= 2; c++ {
			comm := fmt.Sprintf("23010300%d00%d", st, c)
			n := fmt.Sprintf("%d%d", st, c)
			w.holds("comm"+n, grid.RoleCommunity, grid.ObjectPlace, w.place[comm])
			w.holds("grid"+n, grid.RoleGridWorker, grid.ObjectGrid, w.place[comm+"g001"])
			w.holds("leader"+n, grid.RoleBuildingLeader, grid.ObjectPlace, w.place[comm+"001001"])
		}
	}
	return w
}

func (w *world) places() {
	var places, grids [][]any
	add := func(path, kind string, parent, area, g id.ID) id.ID {
		v := id.New()
		w.place[path] = v
		code := ""
		if len(path) <= 12 {
			code = (path + "000000000000")[:12]
		}
		if area == id.Zero {
			area = v
		}
		places = append(places, []any{district, int64(v), int64(parent), int64(area), kind, kind + path[len(path)-1:], code, len(places) + 1, path, int64(g), int64(1)})
		return v
	}
	county := add("230103", "county", 0, 0, 0)
	for st := 1; st <= 2; st++ {
		street := add(fmt.Sprintf("23010300%d", st), "street", county, 0, 0)
		for c := 1; c <= 2; c++ {
			comm := fmt.Sprintf("23010300%d00%d", st, c)
			area := add(comm, "community", street, 0, 0)
			g := id.New()
			w.place[comm+"g001"] = g
			grids = append(grids, []any{district, int64(g), int64(0), int64(area), "basic", "grid", 1, comm + "g001", int64(1)})
			compound := add(comm+"001", "compound", area, area, 0)
			building := add(comm+"001001", "building", compound, area, 0)
			unit := add(comm+"001001001", "unit", building, area, 0)
			add(comm+"001001001001", "door", unit, area, g)
		}
	}
	w.write(func(tx *db.Tx) error {
		if err := tx.BulkInsert(w.ctx, "place", []string{"district", "id", "parent_id", "area_id", "kind", "name", "code", "ordinal", "path", "grid_id", "from_ms"}, places); err != nil {
			return err
		}
		return tx.BulkInsert(w.ctx, "grid", []string{"district", "id", "parent_id", "area_id", "kind", "name", "ordinal", "path", "from_ms"}, grids)
	})
}

// holds makes a post and puts an account of its own into it.
func (w *world) holds(name string, role grid.Role, kind grid.ObjectKind, object id.ID) {
	w.t.Helper()
	p, err := w.g.AddPost(w.ctx, sys, grid.NewPost{Role: role, ObjectKind: kind, ObjectID: object})
	w.ok(err)
	w.next++
	w.post[name], w.acct[name] = p.ID, w.next
	_, err = w.g.AddHolder(w.ctx, sys, grid.Holder{PostID: p.ID, AccountID: w.next})
	w.ok(err)
}

// as is the caller an account is now.
func (w *world) as(name string) grid.Caller {
	w.t.Helper()
	c, err := w.g.CallerFor(w.ctx, w.acct[name], district, w.clk.Now())
	w.ok(err)
	c.Lang = "zh"
	return c
}

// vacate ends the term of whoever holds a post.
func (w *world) vacate(name string) {
	w.t.Helper()
	p, err := w.g.Post(w.ctx, sys, w.post[name])
	w.ok(err)
	for _, h := range p.Holders {
		if h.UntilMs == 0 {
			w.ok(w.g.EndHolder(w.ctx, sys, h.ID, 0))
		}
	}
}

func (w *world) write(fn func(tx *db.Tx) error) {
	w.t.Helper()
	w.ok(w.d.Write(w.ctx, "test", fn))
}

func (w *world) ok(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// issue gives a request from one post to another.
func (w *world) issue(kind, from, to string) Task {
	w.t.Helper()
	t, err := w.s.Issue(w.ctx, w.as(from), Issue{Kind: kind, Title: "title", PostID: w.post[to]})
	w.ok(err)
	return t
}

// do changes a task as somebody and returns it.
func (w *world) do(who string, t Task, ch Change) Task {
	w.t.Helper()
	out, err := w.s.Change(w.ctx, w.as(who), t.ID, ch)
	if err != nil {
		w.t.Fatalf("%s as %s: %v", ch.Action, who, err)
	}
	return out
}

// refused tries a change that must not happen.
func (w *world) refused(who string, t Task, ch Change, kind errs.Kind, key string) {
	w.t.Helper()
	_, err := w.s.Change(w.ctx, w.as(who), t.ID, ch)
	if !errs.Is(err, kind) || key != "" && errs.As(err).Key != key {
		w.t.Errorf("%s as %s: %v, want %s %s", ch.Action, who, err, kind, key)
	}
}

// whole fails the test where custody does not hold.
func (w *world) whole() {
	w.t.Helper()
	got, err := CheckAt(w.ctx, w.d, clock.Ms(w.clk.Now()))
	w.ok(err)
	for _, p := range got.Problems {
		w.t.Errorf("custody: %s, task %s: %s", p.Check, p.TaskID, p.Detail)
	}
}

func (w *world) sweep() Swept {
	w.t.Helper()
	out, err := w.s.Sweep(w.ctx, sys)
	w.ok(err)
	return out
}

// pass moves the clock.
func (w *world) pass(d time.Duration) { w.clk.Advance(d) }

func (w *world) inbox(who string, l List) []Line {
	w.t.Helper()
	in, err := w.s.Inbox(w.ctx, w.as(who), l, 0)
	w.ok(err)
	return in.Lines
}

func holderOf(post, account id.ID) grid.Holder { return grid.Holder{PostID: post, AccountID: account} }

// to addresses posts.
func to(posts ...id.ID) Address { return Address{Posts: posts} }
