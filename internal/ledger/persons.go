package ledger

import (
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// views shows persons as the caller may see them. Where fields are shown
// unmasked, the looks are recorded first; if that fails, nothing is shown.
func (s *Service) views(ctx context.Context, c grid.Caller, recs []personRec) ([]PersonView, error) {
	now := s.clk.Now()
	out := make([]PersonView, len(recs))
	var looked []id.ID
	for i := range recs {
		out[i] = present(&recs[i].Person, recs[i].sight, c.Purpose != "", now)
		out[i].DoorPath = recs[i].path
		if out[i].Unmasked {
			looked = append(looked, recs[i].ID)
		}
	}
	return out, s.look(ctx, c, looked)
}

// look records that the caller saw persons unmasked. The system's own jobs are
// no look: what they write out is audited as an export.
func (s *Service) look(ctx context.Context, c grid.Caller, persons []id.ID) error {
	if c.IsSystem() || len(persons) == 0 {
		return nil
	}
	k := audit.Look{Account: c.AccountID, Purpose: c.Purpose, Post: c.PostFor(grid.LedgerUnmask)}
	for _, g := range c.Grants {
		if g.PostID == k.Post {
			k.Role = string(g.Role)
		}
	}
	return s.audit.LookOutside(ctx, s.db, k, persons...)
}

// Person returns one person as the caller may see it: masked, or with
// c.Purpose set and the right, unmasked with the look recorded.
func (s *Service) Person(ctx context.Context, c grid.Caller, person id.ID) (PersonView, error) {
	const op = "ledger.Person"
	r, err := s.person(ctx, s.db.Read(), c, grid.LedgerRead, person)
	if err != nil {
		return PersonView{}, errs.Wrap(op, err)
	}
	vs, err := s.views(ctx, c, []personRec{r})
	if err == nil {
		var texts map[id.ID]doorText
		texts, err = s.doorTexts(ctx, c.District, []id.ID{r.DoorID})
		vs[0].Door = texts[r.DoorID].text
	}
	if err != nil {
		return PersonView{}, errs.Wrap(op, err)
	}
	return vs[0], nil
}

// AddPerson records a person in a household. A person who was among the
// unnamed of its counts is named now; otherwise, or if arrived is set, the
// counts grow.
func (s *Service) AddPerson(ctx context.Context, c grid.Caller, household id.ID, p Person, arrived bool) (id.ID, error) {
	const op = "ledger.AddPerson"
	normPerson(&p)
	if err := checkPerson(op, &p); err != nil {
		return id.Zero, err
	}
	p.ID = id.New()
	err := s.change(ctx, c, op, func(w *work) error {
		h, err := w.open(household)
		if err != nil {
			return err
		}
		_, err = w.record(h, p, arrived)
		return err
	})
	return p.ID, err
}

// record adds a person to a household. Who was among the unnamed of its counts is
// named now; otherwise, or if arrived is set, the counts grow.
func (w *work) record(h *Household, p Person, arrived bool) (id.ID, error) {
	members, err := w.members(h.ID)
	if err != nil {
		return id.Zero, err
	}
	p.ID, p.HouseholdID, p.DoorID, p.Register, p.Version, p.FromMs = orNew(p.ID), h.ID, h.DoorID, h.Register, 1, w.now
	p.Origin = originOr(Origin{Source: sourceOf(w.ctx, w.c)}, w.c)
	living, registered := bit(p.LivesHere), bit(p.Registered)
	for _, m := range members {
		living += bit(m.LivesHere)
		registered += bit(m.Registered)
	}
	if arrived {
		h.add(&p)
	}
	h.Living, h.Registered = max(h.Living, living), max(h.Registered, registered)
	if h.Kind == Vacant && h.Living > 0 {
		h.Kind = Family
	}
	b := w.s.NewBatch(w.c.District)
	b.AddPerson(&p)
	if err := b.Seal(); err != nil {
		return id.Zero, err
	}
	return p.ID, b.Write(w.ctx, w.tx)
}

// EditPerson replaces a person's fields by those of p. A field that holds the
// mask of the stored value is unchanged; the old values stay in the history.
// Changing lives-here or registered moves the household's counts.
func (s *Service) EditPerson(ctx context.Context, c grid.Caller, p Person) error {
	const op = "ledger.EditPerson"
	return s.change(ctx, c, op, func(w *work) error {
		old, err := w.person(p.ID, p.Version)
		if err != nil {
			return err
		}
		n := p
		n.Phones = slices.Clone(p.Phones)
		if err := keepMasked(op, old, &n); err != nil {
			return err
		}
		normPerson(&n)
		if err := checkPerson(op, &n); err != nil {
			return err
		}
		n.HouseholdID, n.DoorID, n.Register, n.Version = old.HouseholdID, old.DoorID, old.Register, old.Version
		n.FromMs, n.UntilMs, n.UntilReason, n.Origin = old.FromMs, 0, "", old.Origin
		return w.edit(old, &n, EventEdited)
	})
}

func (w *work) edit(old, n *Person, event string) error {
	changes := diff(old, n)
	if len(changes) == 0 {
		return nil
	}
	if old.Registered != n.Registered || old.LivesHere != n.LivesHere {
		h, err := w.open(old.HouseholdID)
		if err != nil {
			return err
		}
		h.remove(old)
		h.add(n)
	}
	w.tellLiving(old, n)
	if err := w.store(n); err != nil {
		return err
	}
	return w.event(n, event, id.Zero, changes, "")
}

// Move says where a person goes.
type Move struct {
	PersonID         id.ID
	Version          int   // of the person shown; 0: any
	DoorID           id.ID // where to; may be Zero when HouseholdID is given
	HouseholdID      id.ID // whom to join; Zero: a household of one's own
	WithRegistration bool  // the registration moves too
}

// MovePerson moves a person to another household or door of the caller's
// scope. Without the registration the person stays counted as registered where
// it was.
func (s *Service) MovePerson(ctx context.Context, c grid.Caller, m Move) error {
	const op = "ledger.MovePerson"
	fresh := id.New()
	return s.change(ctx, c, op, func(w *work) error {
		p, err := w.person(m.PersonID, m.Version)
		if err != nil {
			return err
		}
		if p.HouseholdID == m.HouseholdID {
			return errs.Field(errs.E(op, errs.Invalid, "ledger.move.same"), "household_id")
		}
		from, err := w.open(p.HouseholdID)
		if err != nil {
			return err
		}
		var to *Household
		if m.HouseholdID != id.Zero {
			to, err = w.open(m.HouseholdID)
		} else if err = s.checkDoors(ctx, w.tx, c, []id.ID{m.DoorID}); err == nil {
			to, err = w.newHousehold(fresh, m.DoorID, Family, p.Register)
		}
		if err != nil {
			return err
		}
		return w.move(p, from, to, m.WithRegistration)
	})
}

// move takes a person from one household into another, to live there.
func (w *work) move(p *Person, from, to *Household, withRegistration bool) error {
	from.Living = max(0, from.Living-bit(p.LivesHere))
	if withRegistration {
		from.Registered = max(0, from.Registered-bit(p.Registered))
	}
	p.LivesHere, p.Registered = true, withRegistration
	to.add(p)
	return w.place(p, to, EventMoved, "moved")
}

// DepartPerson closes a person's record with a reason of DepartReasons.
func (s *Service) DepartPerson(ctx context.Context, c grid.Caller, person id.ID, version int, reason string) error {
	const op = "ledger.DepartPerson"
	if !slices.Contains(vocab.Depart, reason) {
		return errs.Field(errs.E(op, errs.Invalid, "error.bad_choice"), "reason")
	}
	return s.change(ctx, c, op, func(w *work) error {
		p, err := w.person(person, version)
		if err != nil {
			return err
		}
		h, err := w.open(p.HouseholdID)
		if err != nil {
			return err
		}
		h.remove(p)
		return w.depart(p, reason)
	})
}

// depart closes the record; the household's counts are the caller's matter.
func (w *work) depart(p *Person, reason string) error {
	if err := w.left(p, reason); err != nil {
		return err
	}
	p.UntilMs, p.UntilReason = w.now, reason
	if err := w.store(p); err != nil {
		return err
	}
	w.tell(Change{Kind: Departed, DoorID: p.DoorID, HouseholdID: p.HouseholdID, PersonID: p.ID, Reason: reason})
	return w.event(p, EventDeparted, p.HouseholdID, nil, reason)
}

// ReturnPerson opens a departed person's record again in its last household,
// or in a new one behind the same door if that is closed.
func (s *Service) ReturnPerson(ctx context.Context, c grid.Caller, person id.ID, version int) error {
	const op = "ledger.ReturnPerson"
	return s.change(ctx, c, op, func(w *work) error {
		r, err := s.person(ctx, w.tx, c, grid.LedgerWrite, person)
		if err != nil {
			return err
		}
		p := &r.Person
		if version != 0 && p.Version != version {
			return errs.E(op, errs.Conflict, "error.conflict")
		}
		if p.Current() || p.UntilReason == reasonMerged {
			return errs.E(op, errs.Conflict, "ledger.person.not_departed")
		}
		if err := w.comeHome(p, ""); err != nil {
			return err
		}
		return w.event(p, EventReturned, p.HouseholdID, nil, "")
	})
}

// comeHome opens a closed person's record again in its last household; a
// household that was closed because nobody was left in it opens with it, for
// one closed otherwise a new one is made behind the same door. reason is Undone
// where nobody came and only a record is taken back.
func (w *work) comeHome(p *Person, reason string) error {
	h, err := w.household(p.HouseholdID)
	if err != nil {
		return err
	}
	switch {
	case h.UntilReason == reasonEmptied && h.UntilMs != 0:
		h.UntilMs, h.UntilReason = 0, ""
		w.tell(Change{Kind: Arrived, DoorID: h.DoorID, HouseholdID: h.ID, Reason: reason})
	case h.UntilMs != 0:
		delete(w.households, h.ID)
		if h, err = w.newHousehold(id.New(), p.DoorID, Family, p.Register); err != nil {
			return err
		}
		p.HouseholdID = h.ID
	}
	p.DoorID, p.UntilMs, p.UntilReason = h.DoorID, 0, ""
	h.add(p)
	if err := w.store(p); err != nil {
		return err
	}
	w.tell(Change{Kind: Arrived, DoorID: p.DoorID, HouseholdID: p.HouseholdID, PersonID: p.ID, Reason: reason})
	return nil
}

// AddNote writes a note into a person's file.
func (s *Service) AddNote(ctx context.Context, c grid.Caller, person id.ID, text string) error {
	const op = "ledger.AddNote"
	if text == "" || len([]rune(text)) > maxText {
		return errs.Field(errs.E(op, errs.Invalid, "error.too_long", maxText), "text")
	}
	return s.change(ctx, c, op, func(w *work) error {
		r, err := s.person(ctx, w.tx, c, grid.LedgerWrite, person)
		if err != nil {
			return err
		}
		return w.event(&r.Person, EventNote, id.Zero, nil, text)
	})
}
