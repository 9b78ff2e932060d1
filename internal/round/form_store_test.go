package round

import (
	"testing"

	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
)

// TestAFormHasVersionsAndAnEnd: a form that is saved again is the next version,
// one that was ended is in use no longer.
func TestAFormHasVersionsAndAnEnd(t *testing.T) { dbtest.Each(t, aFormHasVersionsAndAnEnd) }

func aFormHasVersionsAndAnEnd(t *testing.T, d *db.DB) {
	w := newWorld(t, d, 1, 1, 1)
	first := w.form()
	again := first
	again.Name = "screening, clearer"
	second, err := w.s.SaveForm(w.ctx, sys, again)
	w.ok(err)
	if second.ID == first.ID || second.Version != first.Version+1 {
		t.Errorf("saved again: %s version %d, was %s version %d", second.ID, second.Version, first.ID, first.Version)
	}
	list, err := w.s.Forms(w.ctx, sys)
	w.ok(err)
	if len(list) != 1 || list[0].ID != second.ID {
		t.Errorf("in use are %+v", list)
	}
	w.ok(w.s.RetireForm(w.ctx, sys, second.ID))
	if list, err = w.s.Forms(w.ctx, sys); err != nil || len(list) != 0 {
		t.Errorf("in use after its end: %+v, %v", list, err)
	}
}
