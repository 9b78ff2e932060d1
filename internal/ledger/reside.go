package ledger

import (
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// Reside records, within a transaction of the caller, that somebody lives behind
// a door, and returns who. One who is recorded (p.ID) is moved there if need be;
// one who is not, and whose name nobody behind the door bears, joins the one
// household there, else a new one. It returns Zero, and writes nothing, where the
// caller may not write the ledger behind the door or where the person is recorded,
// where that record is closed, and where p is no record that can be kept.
func (s *Service) Reside(ctx context.Context, tx *db.Tx, c grid.Caller, p Person, door id.ID) (id.ID, error) {
	const op = "ledger.Reside"
	normPerson(&p)
	p.LivesHere = true
	err := s.changeIn(ctx, tx, c, func(w *work) error {
		known, hs, err := w.behind(&p, door)
		if errs.Mendable(err) {
			p.ID = id.Zero
			return nil
		}
		if err != nil {
			return err
		}
		if known != nil {
			p.ID = known.ID
			return w.moveIn(known, door, hs)
		}
		h, fresh, err := w.homeOf(door, hs, p.Register)
		if err == nil {
			p.ID, err = w.record(h, p, fresh)
		}
		return err
	})
	return p.ID, errs.Wrap(op, err)
}

// behind reads what Reside needs: the record of the person, where there is one,
// and the households behind the door. It says what stands against it.
func (w *work) behind(p *Person, door id.ID) (known *Person, hs []Household, err error) {
	const op = "ledger.Reside"
	if err := w.c.Require(op, grid.LedgerWrite); err != nil {
		return nil, nil, err
	}
	if err := checkPerson(op, p); err != nil {
		return nil, nil, err
	}
	if err := w.s.checkDoors(w.ctx, w.tx, w.c, []id.ID{door}); err != nil {
		return nil, nil, err
	}
	if hs, err = w.s.householdsOf(w.ctx, w.tx, w.c, []id.ID{door}); err != nil {
		return nil, nil, err
	}
	if p.ID != id.Zero {
		known, err = w.person(p.ID, 0)
		return known, hs, err
	}
	for i := range hs {
		members, err := w.members(hs[i].ID)
		if err != nil {
			return nil, nil, err
		}
		if at := slices.IndexFunc(members, func(m *Person) bool { return m.sameAs(p) }); at >= 0 {
			return members[at], hs, nil
		}
	}
	return nil, hs, nil
}

// sameAs reports whether somebody behind the same door is the one a caller names:
// of that name, and of no other identity number.
func (p *Person) sameAs(n *Person) bool {
	return p.Name != "" && seal.NormName(p.Name) == seal.NormName(n.Name) && (p.IDNo == "" || n.IDNo == "" || p.IDNo == n.IDNo)
}

// homeOf is the household that somebody joins behind a door: the one there, else
// a new one.
func (w *work) homeOf(door id.ID, hs []Household, register string) (h *Household, fresh bool, err error) {
	if len(hs) == 1 {
		h, err = w.open(hs[0].ID)
		return h, false, err
	}
	h, err = w.newHousehold(id.New(), door, Family, register)
	return h, true, err
}

// moveIn has a recorded person live behind a door whose households are hs.
func (w *work) moveIn(p *Person, door id.ID, hs []Household) error {
	switch {
	case p.DoorID == door && p.LivesHere:
		return nil
	case p.DoorID == door:
		n := *p
		n.LivesHere = true
		return w.edit(p, &n, EventEdited)
	}
	from, err := w.open(p.HouseholdID)
	if err != nil {
		return err
	}
	to, _, err := w.homeOf(door, hs, p.Register)
	if err != nil {
		return err
	}
	return w.move(p, from, to, false)
}
