package ledger_test

import (
	"testing"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/id"
)

// TestEveryUnmaskedViewIsOneLook calls everything that shows persons, with a
// purpose and without: what comes back in full is on record, once for each
// person, viewer, purpose and day; what is masked is not.
func TestEveryUnmaskedViewIsOneLook(t *testing.T) {
	both(t, 2, func(t *testing.T, w *world) {
		h := w.home(0, ledger.HouseholdInput{}, person("欧阳锋", "13912345678"), person("欧阳克", "13987654321"))
		one := h.Persons[0].ID
		looks := func() (n int) {
			must(t, w.d.Read().QueryRowContext(ctx, "SELECT COUNT(*) FROM look").Scan(&n))
			return n
		}
		views := map[string]func(grid.Caller) ([]ledger.PersonView, error){
			"person": func(c grid.Caller) ([]ledger.PersonView, error) {
				v, err := w.s.Person(ctx, c, one)
				return []ledger.PersonView{v}, err
			},
			"file": func(c grid.Caller) ([]ledger.PersonView, error) {
				f, err := w.s.File(ctx, c, one)
				if err != nil {
					return nil, err
				}
				return []ledger.PersonView{f.Person}, nil
			},
			"household": func(c grid.Caller) ([]ledger.PersonView, error) {
				v, err := w.s.Household(ctx, c, h.ID)
				return v.Persons, err
			},
			"door": func(c grid.Caller) ([]ledger.PersonView, error) {
				hs, err := w.s.Behind(ctx, c, w.doors[0])
				if err != nil || len(hs) == 0 {
					return nil, err
				}
				return hs[0].Persons, nil
			},
			"list": func(c grid.Caller) ([]ledger.PersonView, error) {
				p, err := w.s.Persons(ctx, c, ledger.Filter{Limit: 10})
				return p.Persons, err
			},
		}
		c := caller(grid.RoleCommunity, communityPath)
		for name, view := range views {
			for range 2 {
				before := looks()
				vs, err := view(c)
				must(t, err)
				if len(vs) == 0 || vs[0].Unmasked || looks() != before {
					t.Errorf("%s without a purpose: %+v", name, vs)
				}
			}
		}
		want := map[string]int{"person": 1, "file": 1, "household": 2, "door": 2, "list": 0}
		clk := w.clk
		for name, view := range views {
			clk.Advance(24 * 3600e9)
			before := looks()
			for range 3 {
				a := c
				a.Purpose = "verify_record"
				_, err := view(a)
				must(t, err)
			}
			if got := looks() - before; got != want[name] {
				t.Errorf("%s: %d looks on record, want %d", name, got, want[name])
			}
		}
		c.Purpose = "verify_record"
		_, err := w.s.Person(ctx, c, one)
		must(t, err)
		before := looks()
		for _, change := range []func(*grid.Caller){func(c *grid.Caller) { c.AccountID = 78 }, func(c *grid.Caller) { c.Purpose = "medical" }} {
			a := c
			change(&a)
			_, err := w.s.Person(ctx, a, one)
			must(t, err)
		}
		if got := looks() - before; got != 2 {
			t.Errorf("another viewer and another purpose: %d looks, want 2", got)
		}
	})
}

// TestLooksGoWithAMerge: who looked at a record before it was merged is told on
// the file of the one that stays, and no longer once the merge is undone.
func TestLooksGoWithAMerge(t *testing.T) {
	both(t, 2, func(t *testing.T, w *world) {
		a := w.home(0, ledger.HouseholdInput{}, person("欧阳锋", "13912345678")).Persons[0].ID
		b := w.home(1, ledger.HouseholdInput{}, person("欧阳峰", "13912345678")).Persons[0].ID
		worker := caller(grid.RoleGridWorker, communityPath)
		worker.Purpose = "deliver_help"
		must2[ledger.PersonView](t)(w.s.Person(ctx, worker, b))
		merge := must2[id.ID](t)(w.s.MergePersons(ctx, w.sys, ledger.Merge{Keep: a, Drop: b}))
		clerk := caller(grid.RoleCommunity, communityPath)
		file := must2[*ledger.File](t)(w.s.File(ctx, clerk, a))
		if len(file.Looks) != 1 || file.Looks[0].Person != b || file.Looks[0].Purpose != "deliver_help" {
			t.Errorf("after the merge the file tells of %+v", file.Looks)
		}
		must(t, w.s.UndoMerge(ctx, w.sys, a, merge))
		if file = must2[*ledger.File](t)(w.s.File(ctx, clerk, a)); len(file.Looks) != 0 {
			t.Errorf("after its undoing the file tells of %+v", file.Looks)
		}
		if file = must2[*ledger.File](t)(w.s.File(ctx, clerk, b)); len(file.Looks) != 1 {
			t.Errorf("the other file tells of %+v", file.Looks)
		}
	})
}
