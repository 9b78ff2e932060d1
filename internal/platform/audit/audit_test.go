package audit_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

var ctx = context.Background()

const district = 230103

func appendOne(t *testing.T, d *db.DB, l *audit.Log, entries ...audit.Entry) {
	t.Helper()
	if err := d.Write(ctx, "test", func(tx *db.Tx) error { return l.Append(ctx, tx, entries...) }); err != nil {
		t.Fatal(err)
	}
}

func whole(t *testing.T, d *db.DB) {
	t.Helper()
	problems, err := audit.Verify(ctx, d)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Error(p)
	}
}

func count(t *testing.T, d *db.DB, table string) (n int) {
	t.Helper()
	if err := d.Read().QueryRowContext(ctx, "SELECT COUNT(*) FROM "+table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestChainSurvivesRollbackAndSavepoint(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := audit.New(district, d.Clock())
		gone := errors.New("undone")
		for i := range 40 {
			err := d.Write(ctx, "test", func(tx *db.Tx) error {
				if err := l.Append(ctx, tx, audit.Entry{Action: "account.login", Account: id.ID(i)}); err != nil {
					return err
				}
				if i%3 == 0 {
					_ = tx.Savepoint(ctx, func() error {
						if err := l.Append(ctx, tx, audit.Entry{Action: "in.savepoint"}); err != nil {
							return err
						}
						return gone
					})
				}
				if i%4 == 1 {
					return gone
				}
				return l.Append(ctx, tx, audit.Entry{Action: "a.second"}, audit.Entry{Action: "a.third"})
			})
			if err != nil && !errors.Is(err, gone) {
				t.Fatal(err)
			}
		}
		whole(t, d)
		if n := count(t, d, "audit_entry"); n != 90 {
			t.Errorf("%d entries, want 90", n)
		}
		if n := count(t, d, "audit_entry WHERE action = 'in.savepoint'"); n != 0 {
			t.Errorf("%d entries of undone savepoints", n)
		}
	})
}

func TestConcurrentWriters(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		logs := []*audit.Log{audit.New(district, d.Clock()), audit.New(district, d.Clock())}
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() {
				for range 15 {
					err := d.Write(ctx, "test", func(tx *db.Tx) error {
						return logs[w%2].Append(ctx, tx, audit.Entry{Action: "a.b", Account: id.ID(w)})
					})
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		if n := count(t, d, "audit_entry"); n != 120 {
			t.Errorf("%d entries", n)
		}
		whole(t, d)
	})
}

func TestAnchors(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		l := audit.New(district, d.Clock())
		anchors := func(want int) {
			t.Helper()
			if n := count(t, d, "audit_root"); n != want {
				t.Errorf("%d roots, want %d", n, want)
			}
		}
		if err := l.AnchorAll(ctx, d); err != nil {
			t.Fatal(err)
		}
		anchors(0)
		appendOne(t, d, l, audit.Entry{Action: "a.b"})
		for range 3 {
			if err := l.Anchor(ctx, d); err != nil {
				t.Fatal(err)
			}
		}
		anchors(1)
		other := audit.New(district, d.Clock())
		if err := other.AnchorAll(ctx, d); err != nil {
			t.Fatal(err)
		}
		anchors(2)
		whole(t, d)
	})
}

func TestEntriesHoldOnlyKeys(t *testing.T) { dbtest.Each(t, entriesHoldOnlyKeys) }

func entriesHoldOnlyKeys(t *testing.T, d *db.DB) {
	l := audit.New(district, d.Clock())
	for _, e := range []audit.Entry{
		{Action: "a.b", Detail: "张三"}, {Action: "a.b", Purpose: "because he asked"}, {Action: ""}, {Action: "a.b", Object: "Person X"},
		{Action: "a.b", Detail: strings.Repeat("x", 2000)},
	} {
		err := d.Write(ctx, "test", func(tx *db.Tx) error { return l.Append(ctx, tx, e) })
		if !errs.Is(err, errs.Internal) {
			t.Errorf("%+v was taken: %v", e, err)
		}
	}
}

func TestOneLookADay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clk := d.Clock().(*clock.Manual)
		l := audit.New(district, clk)
		k := audit.Look{Account: 7, Post: 8, Role: "community", Purpose: "verify"}
		look := func(k audit.Look, persons ...id.ID) {
			t.Helper()
			if err := l.LookOutside(ctx, d, k, persons...); err != nil {
				t.Fatal(err)
			}
		}
		look(k, 1, 2)
		look(k, 1, 2, 3)
		look(k)
		other := k
		other.Purpose = "transfer"
		look(other, 1)
		clk.Advance(24 * time.Hour)
		look(k, 1)
		if n := count(t, d, "audit_entry"); n != 5 {
			t.Errorf("%d entries, want 5", n)
		}
		seen, err := l.LooksAt(ctx, d.Read(), 10, 1)
		if err != nil || len(seen) != 3 || seen[0].Day != "2022-10-11" || seen[0].Role != "community" || seen[0].Account != 7 {
			t.Errorf("%+v %v", seen, err)
		}
		whole(t, d)
	})
}

func TestList(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		clk := d.Clock().(*clock.Manual)
		l := audit.New(district, clk)
		for i := range 25 {
			action := "account.login"
			if i%5 == 0 {
				action = "export.made"
			}
			appendOne(t, d, l, audit.Entry{Action: action, Account: id.ID(i%2 + 1), ObjectID: id.ID(i)})
			clk.Advance(2 * time.Hour)
		}
		all, pages := 0, 0
		for cursor := ""; ; pages++ {
			list, next, err := l.List(ctx, d.Read(), audit.Filter{}, cursor, 10)
			if err != nil {
				t.Fatal(err)
			}
			all += len(list)
			if cursor = next; next == "" {
				break
			}
		}
		if all != 25 || pages != 2 {
			t.Errorf("%d entries on %d pages", all, pages+1)
		}
		today, err := audit.Filter{}.Day("2022-10-10")
		if err != nil {
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			f    audit.Filter
			want int
		}{
			"account": {audit.Filter{Account: 1}, 13}, "object": {audit.Filter{ObjectID: 7}, 1}, "action": {audit.Filter{Action: "export.made"}, 5},
			"actions": {audit.Filter{Action: "account."}, 20}, "day": {today, 8}, "none": {audit.Filter{Action: "export.", Account: 9}, 0},
		} {
			list, _, err := l.List(ctx, d.Read(), c.f, "", 100)
			if err != nil || len(list) != c.want {
				t.Errorf("%s: %d entries, want %d (%v)", name, len(list), c.want, err)
			}
		}
		if _, _, err := l.List(ctx, d.Read(), audit.Filter{}, "x", 5); !errs.Is(err, errs.Invalid) {
			t.Errorf("bad cursor: %v", err)
		}
		if _, err := (audit.Filter{}).Day("yesterday"); !errs.Is(err, errs.Invalid) {
			t.Errorf("bad day: %v", err)
		}
	})
}

func TestRunAnchorsAtTheEnd(t *testing.T) { dbtest.Each(t, runAnchorsAtTheEnd) }

func runAnchorsAtTheEnd(t *testing.T, d *db.DB) {
	l := audit.New(district, d.Clock())
	appendOne(t, d, l, audit.Entry{Action: "a.b"})
	run, cancel := context.WithCancel(ctx)
	cancel()
	l.Run(run, d, slog.New(slog.DiscardHandler))
	if n := count(t, d, "audit_root"); n != 1 {
		t.Errorf("%d roots", n)
	}
}
