package ledger

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// ElsewhereAcceptance says where the person is at the receiving community:
// behind a door, in a household there, or as a record that is there already.
type ElsewhereAcceptance struct {
	Version     int   // of the item shown; 0: any
	DoorID      id.ID // a new household behind the door, unless HouseholdID is given
	HouseholdID id.ID
	PersonID    id.ID // the receiver's own record of the same person
}

// AcceptElsewhere ends an item: the person counts at the receiving community
// from now on and no longer at the sending one, whose record stays for the
// registration and says where the person lives, or is closed if nobody is
// registered by it. Only what identifies a person crosses: name, sex, birth,
// number and phones. It returns the record that counts.
func (s *Service) AcceptElsewhere(ctx context.Context, c grid.Caller, item id.ID, a ElsewhereAcceptance) (person id.ID, err error) {
	const op = "ledger.AcceptElsewhere"
	if c, err = s.receiving(ctx, c, item); err != nil {
		return id.Zero, errs.Wrap(op, err)
	}
	err = s.change(ctx, c, op, func(w *work) error {
		row, err := w.openItemAt(op, item, a.Version, receiver)
		if err != nil {
			return err
		}
		var p *Person
		if err := w.across(func() error { p, err = w.person(row.person, 0); return err }); err != nil {
			return err
		}
		if a.PersonID != id.Zero {
			person, err = w.joinRecords(row, p, a.PersonID)
		} else {
			person, err = w.receive(row, p, a)
		}
		if err != nil {
			return err
		}
		row.result = person
		if err := w.across(func() error { return w.settle(row, p) }); err != nil {
			return err
		}
		return w.decide(row, ElsewhereAccepted, "", "elsewhere.accept")
	})
	return person, err
}

// minimal returns what of a person crosses from one community to another.
func minimal(p *Person) Person {
	return Person{Name: p.Name, Sex: p.Sex, Birth: p.Birth, IDNo: p.IDNo, Passport: p.Passport, Phones: p.Phones}
}

// receive records the person behind a door of the receiving community.
func (w *work) receive(row elsewhereRow, p *Person, a ElsewhereAcceptance) (id.ID, error) {
	h, err := w.receivingHousehold(row, p, a)
	if err != nil {
		return id.Zero, err
	}
	n := minimal(p)
	n.ID, n.Register, n.LivesHere, n.RegAddress = id.New(), h.Register, true, row.fromName
	if _, err := w.record(h, n, true); err != nil {
		return id.Zero, err
	}
	return n.ID, w.event(&n, EventElsewhereAccepted, row.id, nil, row.fromName)
}

// receivingHousehold opens or makes the household; it must lie within the
// receiving community.
func (w *work) receivingHousehold(row elsewhereRow, p *Person, a ElsewhereAcceptance) (*Household, error) {
	const op = "ledger.AcceptElsewhere"
	door, h := a.DoorID, (*Household)(nil)
	if a.HouseholdID != id.Zero {
		var err error
		if h, err = w.open(a.HouseholdID); err != nil {
			return nil, err
		}
		door = h.DoorID
	} else if door == id.Zero {
		return nil, errs.Field(errs.E(op, errs.Invalid, "ledger.elsewhere.door"), "door")
	}
	if err := w.s.checkDoors(w.ctx, w.tx, w.c, []id.ID{door}); err != nil {
		return nil, err
	}
	area, _, _, err := w.s.communityOf(w.ctx, w.tx, w.c.District, door)
	if err != nil {
		return nil, err
	}
	if area != row.to {
		return nil, errs.Field(errs.E(op, errs.Invalid, "ledger.elsewhere.outside"), "door")
	}
	if h != nil {
		return h, nil
	}
	return w.newHousehold(id.New(), door, Family, p.Register)
}

// joinRecords makes the receiver's own record the one that counts: its blanks
// are filled by what identifies the person, and the registration is the
// sender's.
func (w *work) joinRecords(row elsewhereRow, p *Person, own id.ID) (id.ID, error) {
	const op = "ledger.AcceptElsewhere"
	m, err := w.person(own, 0)
	if err != nil {
		return id.Zero, err
	}
	area, _, _, err := w.s.communityOf(w.ctx, w.tx, w.c.District, m.DoorID)
	if err != nil {
		return id.Zero, err
	}
	if area != row.to || m.ID == p.ID {
		return id.Zero, errs.Field(errs.E(op, errs.Invalid, "ledger.elsewhere.outside"), "person")
	}
	n, told := *m, minimal(p)
	if err := mergeInto(&n, &told, nil); err != nil {
		return id.Zero, err
	}
	n.LivesHere = true
	if p.Registered {
		n.Registered = false
	}
	if n.RegAddress == "" {
		n.RegAddress = row.fromName
	}
	if err := w.edit(m, &n, EventEdited); err != nil {
		return id.Zero, err
	}
	return n.ID, w.event(&n, EventElsewhereAccepted, row.id, nil, row.fromName)
}

// settle ends the count at the sending community. Who is registered there stays
// on record as living elsewhere; a record without registration is closed.
func (w *work) settle(row elsewhereRow, p *Person) error {
	h, err := w.open(p.HouseholdID)
	if err != nil {
		return err
	}
	if !p.Registered {
		h.remove(p)
		return w.depart(p, reasonElsewhere)
	}
	n := *p
	n.LivesHere, n.LiveAddress = false, row.toName
	if err := w.edit(p, &n, EventElsewhereAccepted); err != nil {
		return err
	}
	if p.LivesHere && h.Living == 0 { // nobody is left behind the registered door
		h.Kind, w.why[h.ID] = Vacant, reasonElsewhere
	}
	return nil
}
