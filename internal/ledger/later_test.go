package ledger_test

import (
	"testing"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// found tells how many persons a number finds.
func (w *world) found(phone string) int {
	w.t.Helper()
	f, err := w.s.Search(ctx, caller(grid.RoleCommunity, communityPath), ledger.Search{Text: phone})
	must(w.t, err)
	return len(f.Persons)
}

// Hashes that were held back are those of the people as they are when they are
// written: who was changed or left meanwhile is not found by what was.
func TestHashesHeldBack(t *testing.T) {
	both(t, 10, func(t *testing.T, w *world) {
		l := w.s.NewLater(district)
		defer l.End()
		h := &ledger.Household{ID: id.New(), DoorID: w.doors[0], Kind: ledger.Family, Register: "standing", Version: 1, FromMs: 1, Living: 4, Registered: 4}
		phones := []string{"13900000001", "13900000002", "13900000003", "13900000004"}
		people := make([]ledger.Person, len(phones))
		b := w.s.NewBatch(district)
		b.KeepKeys(l)
		b.AddHousehold(h)
		for i, phone := range phones {
			p := person("张三", phone)
			p.ID, p.HouseholdID, p.DoorID, p.Register, p.Version, p.FromMs = id.New(), h.ID, h.DoorID, h.Register, 1, 1
			people[i] = p
			b.AddPerson(&people[i])
		}
		must(t, b.Seal())
		w.write(func(tx *db.Tx) error { return b.Write(ctx, tx) })
		people[0].Phones = []string{"13900000009"}
		must(t, w.s.EditPerson(ctx, w.sys, people[0]))
		must(t, w.s.DepartPerson(ctx, w.sys, people[1].ID, 1, "moved_away"))
		amend := w.s.NewBatch(district)
		people[2].Phones = append(people[2].Phones, "13900000008")
		amend.AmendPerson(&people[2])
		must(t, amend.Seal())
		w.write(func(tx *db.Tx) error { return amend.Write(ctx, tx) })
		must(t, l.Flush(ctx, w.sys))
		for phone, n := range map[string]int{"13900000001": 0, "13900000009": 1, "13900000002": 0, "13900000003": 1, "13900000008": 1, "13900000004": 1} {
			if got := w.found(phone); got != n {
				t.Errorf("%s finds %d, want %d", phone, got, n)
			}
		}
		if n := w.count("SELECT COUNT(*) FROM person_key"); n != 3+5+3 {
			t.Errorf("%d hashes", n)
		}
		must(t, l.Flush(ctx, w.sys)) // nothing is left
		w.write(func(tx *db.Tx) error {
			kept, err := w.s.Erase(ctx, tx, district, ledger.ObjectPerson, []id.ID{people[0].ID, people[3].ID})
			if err == nil && (len(kept) != 1 || kept[0] != people[0].ID) {
				t.Errorf("kept %v", kept)
			}
			return err
		})
		if w.found("13900000009") != 1 || w.found("13900000004") != 0 {
			t.Error("an undone import leaves who was changed, and nobody else, to be found")
		}
	})
}

// An import that is stopped leaves whoever somebody worked with meanwhile, and
// they are found although their hashes were never written.
func TestHashesOfAStoppedImport(t *testing.T) {
	both(t, 10, func(t *testing.T, w *world) {
		l := w.s.NewLater(district)
		b := w.s.NewBatch(district)
		b.KeepKeys(l)
		h := &ledger.Household{ID: id.New(), DoorID: w.doors[0], Kind: ledger.Family, Register: "standing", Version: 1, FromMs: 1, Living: 1, Registered: 1}
		b.AddHousehold(h)
		p := person("张三", "13900000001")
		p.ID, p.HouseholdID, p.DoorID, p.Register, p.Version, p.FromMs = id.New(), h.ID, h.DoorID, h.Register, 1, 1
		b.AddPerson(&p)
		must(t, b.Seal())
		w.write(func(tx *db.Tx) error { return b.Write(ctx, tx) })
		l.End()
		_, err := w.s.AddCare(ctx, w.sys, p.ID, "living_alone", "", "")
		must(t, err)
		w.write(func(tx *db.Tx) error {
			kept, err := w.s.Erase(ctx, tx, district, ledger.ObjectPerson, []id.ID{p.ID})
			if err == nil && len(kept) != 1 {
				t.Errorf("kept %v", kept)
			}
			return err
		})
		if n := w.found("13900000001"); n != 1 {
			t.Errorf("found %d", n)
		}
	})
}
