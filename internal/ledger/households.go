package ledger

import (
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// HouseholdView is a household as the caller may see it.
type HouseholdView struct {
	ID          id.ID        `json:"id"`
	DoorID      id.ID        `json:"door_id"`
	Door        string       `json:"door" doc:"The door in words"`
	DoorPath    string       `json:"-"`
	Kind        Kind         `json:"kind" enum:"family,shared,dormitory,business,vacant"`
	Registered  int          `json:"registered" doc:"People registered at this door; 0 where registration_shown is false"`
	Living      int          `json:"living" doc:"People who live here"`
	Unnamed     int          `json:"unnamed" doc:"People who live here and are not recorded by name"`
	Nickname    string       `json:"nickname,omitempty"`
	Note        string       `json:"note,omitempty"`
	Version     int          `json:"version"`
	FromMs      int64        `json:"from_ms"`
	UntilMs     int64        `json:"until_ms,omitempty"`
	UntilReason string       `json:"until_reason,omitempty"`
	Persons     []PersonView `json:"persons"`
	MayWrite    bool         `json:"-"`
	// RegistrationShown reports whether the post may know who is registered here.
	RegistrationShown bool `json:"registration_shown" doc:"Whether one's post shows registrations"`
}

// Household returns one household with its persons, masked, or with a purpose
// and the right unmasked and the looks recorded.
func (s *Service) Household(ctx context.Context, c grid.Caller, household id.ID) (HouseholdView, error) {
	const op = "ledger.Household"
	h, _, err := s.household(ctx, s.db.Read(), c, grid.LedgerRead, household)
	if err != nil {
		return HouseholdView{}, errs.Wrap(op, err)
	}
	out, err := s.viewHouseholds(ctx, c, []Household{h})
	if err != nil {
		return HouseholdView{}, errs.Wrap(op, err)
	}
	return out[0], nil
}

// Behind returns the current households of doors, in the order of the doors'
// ids, each with its persons. It serves the door page and the door card.
func (s *Service) Behind(ctx context.Context, c grid.Caller, doors ...id.ID) ([]HouseholdView, error) {
	const op = "ledger.Behind"
	if err := c.Require(op, grid.LedgerRead); err != nil {
		return nil, err
	}
	hs, err := s.householdsOf(ctx, s.db.Read(), c, doors)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	out, err := s.viewHouseholds(ctx, c, hs)
	return out, errs.Wrap(op, err)
}

// viewHouseholds adds the members and the doors in words.
func (s *Service) viewHouseholds(ctx context.Context, c grid.Caller, hs []Household) ([]HouseholdView, error) {
	ids := make([]id.ID, len(hs))
	doors := make([]id.ID, len(hs))
	for i, h := range hs {
		ids[i], doors[i] = h.ID, h.DoorID
	}
	recs, err := s.members(ctx, s.db.Read(), c, grid.LedgerRead, ids)
	if err != nil {
		return nil, err
	}
	views, err := s.views(ctx, c, recs)
	if err != nil {
		return nil, err
	}
	texts, err := s.doorTexts(ctx, c.District, doors)
	if err != nil {
		return nil, err
	}
	nick, err := s.seenDoors(ctx, c, doors, grid.FieldNameMasked, grid.FieldName)
	if err != nil {
		return nil, err
	}
	noted, err := s.seenDoors(ctx, c, doors, grid.FieldAddress)
	if err != nil {
		return nil, err
	}
	out := make([]HouseholdView, len(hs))
	for i, h := range hs {
		v := HouseholdView{ID: h.ID, DoorID: h.DoorID, Door: texts[h.DoorID].text, DoorPath: texts[h.DoorID].path, Kind: h.Kind,
			Living: h.Living, Version: h.Version, FromMs: h.FromMs, UntilMs: h.UntilMs, UntilReason: h.UntilReason,
			Persons: []PersonView{}, MayWrite: c.Can(grid.LedgerWrite)}
		if nick[h.DoorID] {
			v.Nickname = h.Nickname
		}
		if noted[h.DoorID] {
			v.Note, v.Registered, v.RegistrationShown = h.Note, h.Registered, true
		}
		named := 0
		for _, p := range views {
			if p.HouseholdID == h.ID {
				v.Persons = append(v.Persons, p)
				named += bit(p.LivesHere)
			}
		}
		v.Unnamed = max(0, h.Living-named)
		out[i] = v
	}
	return out, nil
}

// HouseholdInput is what a person enters about a household.
type HouseholdInput struct {
	DoorID     id.ID
	Kind       Kind
	Registered int
	Living     int
	Nickname   string
	Note       string
	Version    int // of the household shown; 0 for a new one
}

// MaxHeads is the highest head count of a household.
const MaxHeads = 2000

func (in *HouseholdInput) check(op string) error {
	if !in.Kind.Known() {
		return errs.Field(errs.E(op, errs.Invalid, "error.bad_choice"), "kind")
	}
	if in.Registered < 0 || in.Registered > MaxHeads {
		return errs.Field(errs.E(op, errs.Invalid, "ledger.household.count", MaxHeads), "registered")
	}
	if in.Living < 0 || in.Living > MaxHeads {
		return errs.Field(errs.E(op, errs.Invalid, "ledger.household.count", MaxHeads), "living")
	}
	if in.Kind == Vacant && in.Living > 0 {
		return errs.Field(errs.E(op, errs.Invalid, "ledger.household.vacant"), "living")
	}
	for field, s := range map[string]string{"nickname": in.Nickname, "note": in.Note} {
		if len([]rune(s)) > maxText {
			return errs.Field(errs.E(op, errs.Invalid, "error.too_long", maxText), field)
		}
	}
	return nil
}

// AddHousehold adds a household with its persons behind a door and returns its
// id. Persons' fields are checked; the error names the field.
func (s *Service) AddHousehold(ctx context.Context, c grid.Caller, in HouseholdInput, persons []Person) (id.ID, error) {
	const op = "ledger.AddHousehold"
	if err := in.check(op); err != nil {
		return id.Zero, err
	}
	n := NewHousehold{Household: Household{DoorID: in.DoorID, Kind: in.Kind, Registered: in.Registered, Living: in.Living, Nickname: in.Nickname, Note: in.Note}}
	n.Origin.Source = sourceOf(ctx, c)
	n.Persons = slices.Clone(persons)
	for i := range n.Persons {
		p := &n.Persons[i]
		p.ID, p.Origin = id.Zero, n.Origin
		normPerson(p)
		if err := checkPerson(op, p); err != nil {
			return id.Zero, err
		}
	}
	n.complete(c, s.nowMs())
	err := s.change(ctx, c, op, func(w *work) error {
		if err := s.checkDoors(ctx, w.tx, c, []id.ID{in.DoorID}); err != nil {
			return err
		}
		b := s.NewBatch(c.District)
		b.AddHousehold(&n.Household)
		for i := range n.Persons {
			b.AddPerson(&n.Persons[i])
		}
		if err := b.Seal(); err != nil {
			return err
		}
		return b.Write(ctx, w.tx)
	})
	return n.ID, err
}

// EditHousehold changes kind, counts, nickname and note. Counts may not fall
// below the persons recorded by name.
func (s *Service) EditHousehold(ctx context.Context, c grid.Caller, household id.ID, in HouseholdInput) error {
	const op = "ledger.EditHousehold"
	if err := in.check(op); err != nil {
		return err
	}
	return s.change(ctx, c, op, func(w *work) error {
		h, err := w.open(household)
		if err != nil {
			return err
		}
		if in.Version != 0 && h.Version != in.Version {
			return errs.E(op, errs.Conflict, "error.conflict")
		}
		members, err := w.members(household)
		if err != nil {
			return err
		}
		registered, living := 0, 0
		for _, p := range members {
			registered += bit(p.Registered)
			living += bit(p.LivesHere)
		}
		if in.Living < living || in.Registered < registered {
			return errs.Field(errs.E(op, errs.Invalid, "ledger.household.fewer", living, registered), "living")
		}
		h.Kind, h.Registered, h.Living, h.Nickname, h.Note = in.Kind, in.Registered, in.Living, in.Nickname, in.Note
		return nil
	})
}

// DepartHousehold closes a household and its persons with a reason.
func (s *Service) DepartHousehold(ctx context.Context, c grid.Caller, household id.ID, version int, reason string) error {
	const op = "ledger.DepartHousehold"
	if !slices.Contains(vocab.Depart, reason) {
		return errs.Field(errs.E(op, errs.Invalid, "error.bad_choice"), "reason")
	}
	return s.change(ctx, c, op, func(w *work) error {
		h, err := w.open(household)
		if err != nil {
			return err
		}
		if version != 0 && h.Version != version {
			return errs.E(op, errs.Conflict, "error.conflict")
		}
		members, err := w.members(household)
		if err != nil {
			return err
		}
		for _, p := range members {
			if err := w.depart(p, reason); err != nil {
				return err
			}
		}
		h.UntilMs, h.UntilReason, h.Living, h.Registered = w.now, reason, 0, 0
		w.tell(Change{Kind: Departed, DoorID: h.DoorID, HouseholdID: h.ID, Reason: reason})
		return nil
	})
}

// MoveHousehold moves a whole household to another door of the caller's scope.
func (s *Service) MoveHousehold(ctx context.Context, c grid.Caller, household id.ID, version int, door id.ID) error {
	const op = "ledger.MoveHousehold"
	return s.change(ctx, c, op, func(w *work) error {
		h, err := w.open(household)
		if err != nil {
			return err
		}
		if version != 0 && h.Version != version {
			return errs.E(op, errs.Conflict, "error.conflict")
		}
		if h.DoorID == door {
			return errs.Field(errs.E(op, errs.Invalid, "ledger.move.same"), "door_id")
		}
		if err := s.checkDoors(ctx, w.tx, c, []id.ID{door}); err != nil {
			return err
		}
		members, err := w.members(household)
		if err != nil {
			return err
		}
		from := h.DoorID
		h.DoorID = door
		w.tell(Change{Kind: Moved, DoorID: door, FromDoorID: from, HouseholdID: h.ID, FromHouseholdID: h.ID})
		for _, p := range members {
			if err := w.place(p, h, EventMoved, "moved"); err != nil {
				return err
			}
		}
		return nil
	})
}

// Split moves some members of a household into a new one behind the same door
// and returns the new household's id.
func (s *Service) Split(ctx context.Context, c grid.Caller, household id.ID, persons []id.ID, kind Kind) (id.ID, error) {
	const op = "ledger.Split"
	if !kind.Known() || kind == Vacant {
		return id.Zero, errs.Field(errs.E(op, errs.Invalid, "error.bad_choice"), "kind")
	}
	fresh := id.New()
	err := s.change(ctx, c, op, func(w *work) error {
		h, err := w.open(household)
		if err != nil {
			return err
		}
		members, err := w.members(household)
		if err != nil {
			return err
		}
		var leaving []*Person
		for _, p := range members {
			if slices.Contains(persons, p.ID) {
				leaving = append(leaving, p)
			}
		}
		if len(leaving) == 0 || len(leaving) != len(persons) {
			return errs.Field(errs.E(op, errs.Invalid, "ledger.split.persons"), "persons")
		}
		n, err := w.newHousehold(fresh, h.DoorID, kind, h.Register)
		if err != nil {
			return err
		}
		for _, p := range leaving {
			h.remove(p)
			n.add(p)
			if err := w.place(p, n, EventSplit, ""); err != nil {
				return err
			}
		}
		return nil
	})
	return fresh, err
}

// Join takes the household from into the household into, whose door its
// members then share.
func (s *Service) Join(ctx context.Context, c grid.Caller, from, into id.ID) error {
	const op = "ledger.Join"
	if from == into {
		return errs.Field(errs.E(op, errs.Invalid, "ledger.join.same"), "into")
	}
	return s.change(ctx, c, op, func(w *work) error {
		a, err := w.open(from)
		if err != nil {
			return err
		}
		b, err := w.open(into)
		if err != nil {
			return err
		}
		members, err := w.members(from)
		if err != nil {
			return err
		}
		b.Living += a.Living
		b.Registered += a.Registered
		if b.Kind == Vacant && b.Living > 0 {
			b.Kind = a.Kind
		}
		a.UntilMs, a.UntilReason, a.Living, a.Registered = w.now, "joined", 0, 0
		w.tell(Change{Kind: Merged, DoorID: a.DoorID, HouseholdID: a.ID, IntoID: b.ID, Reason: "joined"})
		for _, p := range members {
			if err := w.place(p, b, EventJoined, "moved"); err != nil {
				return err
			}
		}
		return nil
	})
}

// newHousehold adds an empty household; the counts follow at the work's end.
func (w *work) newHousehold(fresh, door id.ID, kind Kind, register string) (*Household, error) {
	h := &Household{ID: fresh, DoorID: door, Kind: kind, Register: register, Version: 1, FromMs: w.now,
		Origin: originOr(Origin{Source: sourceOf(w.ctx, w.c)}, w.c)}
	b := w.s.NewBatch(w.c.District)
	b.AddHousehold(h)
	if err := b.sealHouseholds(); err != nil {
		return nil, err
	}
	if err := w.tx.BulkInsert(w.ctx, tableHousehold, householdCols, b.householdRows); err != nil {
		return nil, err
	}
	w.households[fresh], w.vacant[fresh] = h, kind == Vacant
	w.tell(Change{Kind: Arrived, DoorID: door, HouseholdID: fresh})
	return h, nil
}

// place puts a person into a household (and behind its door), with history.
func (w *work) place(p *Person, h *Household, event, reason string) error {
	ch := Change{Kind: Moved, DoorID: h.DoorID, FromDoorID: p.DoorID, HouseholdID: h.ID, FromHouseholdID: p.HouseholdID, PersonID: p.ID}
	from := p.HouseholdID
	if p.DoorID != h.DoorID {
		if err := w.left(p, reason); err != nil {
			return err
		}
	}
	p.HouseholdID, p.DoorID = h.ID, h.DoorID
	if err := w.store(p); err != nil {
		return err
	}
	w.tell(ch)
	return w.event(p, event, from, nil, "")
}
