package ledger

import (
	"context"
	"unique"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// NewHousehold is a household to be added with its persons. IDs may be
// preassigned; Zero gets a fresh one, written back. Counts below the number of
// persons are raised to it.
type NewHousehold struct {
	Household
	Persons []Person
}

// bulkHouseholds is how many households one transaction of a bulk load writes.
const bulkHouseholds = 2000

// AddHouseholds adds households in transactions of at most 2,000, sealing the
// next piece while one is written. It does not check the persons' fields
// beyond what storing needs (the simulation and tests call it; people's input
// goes through AddHousehold and the importer). The doors must exist and lie in
// the caller's scope. When it fails, the pieces before the failing one are
// there: their ids are set and their FromMs is not 0.
func (s *Service) AddHouseholds(ctx context.Context, c grid.Caller, hs []NewHousehold) error {
	const op = "ledger.AddHouseholds"
	if err := c.Require(op, grid.LedgerWrite); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	type piece struct {
		b   *Batch
		err error
	}
	ready := make(chan piece, 1)
	go func() {
		defer close(ready)
		for lo := 0; lo < len(hs); lo += bulkHouseholds {
			part := hs[lo:min(lo+bulkHouseholds, len(hs))]
			b := s.NewBatch(c.District)
			for i := range part {
				part[i].complete(c, s.nowMs())
				b.AddHousehold(&part[i].Household)
				for j := range part[i].Persons {
					b.AddPerson(&part[i].Persons[j])
				}
			}
			err := b.Seal()
			select {
			case ready <- piece{b, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	for p := range ready {
		if p.err != nil {
			return errs.Wrap(op, p.err)
		}
		err := s.db.WriteLow(ctx, op, func(tx *db.Tx) error {
			if err := s.checkDoors(ctx, tx, c, p.b.doors()); err != nil {
				return err
			}
			return p.b.Write(ctx, tx)
		})
		if err != nil {
			return err
		}
	}
	return errs.Wrap(op, ctx.Err())
}

// complete fills what a new household leaves open.
func (h *NewHousehold) complete(c grid.Caller, now int64) {
	h.ID = orNew(h.ID)
	if h.Kind == "" {
		h.Kind = Family
	}
	if h.Register == "" {
		h.Register = seal.Standing
	}
	if h.FromMs == 0 {
		h.FromMs = now
	}
	h.Version = 1
	h.Origin = originOr(h.Origin, c)
	registered, living := 0, 0
	for i := range h.Persons {
		p := &h.Persons[i]
		p.ID, p.HouseholdID, p.DoorID, p.Version = orNew(p.ID), h.ID, h.DoorID, 1
		if p.Register == "" {
			p.Register = h.Register
		}
		if p.FromMs == 0 {
			p.FromMs = h.FromMs
		}
		p.Origin = originOr(p.Origin, c)
		normPerson(p)
		registered += bit(p.Registered)
		living += bit(p.LivesHere)
	}
	h.Registered, h.Living = max(h.Registered, registered), max(h.Living, living)
	if h.Kind == Vacant && living > 0 {
		h.Kind = Family
	}
}

func originOr(o Origin, c grid.Caller) Origin {
	if o.Source == "" {
		o.Source = SourcePage
		if c.IsSystem() {
			o.Source = SourceSimulation
		}
	}
	if o.AccountID == id.Zero {
		o.AccountID, o.PostID = c.AccountID, c.PostFor(grid.LedgerWrite)
	}
	return o
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Batch collects new and changed records, seals them on all cores and writes
// them in one transaction. The importer and the bulk load share it. A Batch is
// used once, by one goroutine.
type Batch struct {
	s          *Service
	district   int
	households []*Household
	persons    []*Person
	changed    []*Person
	events     []*Event
	registers  []string // of events
	changes    []Change

	householdRows, personRows, keyRows, eventRows [][]any
	changedBlobs                                  [][]byte
	changedKeys                                   [][]personKey

	changedHouseholds []*Household
	householdBlobs    [][]byte
	residences        []Residence
	care              []careRow
	careItems         []listItem
	amends            amends

	later     *Later // takes the hashes of new people; nil: they are written with them
	laterKeys []laterKey
}

// NewBatch returns an empty batch for one district.
func (s *Service) NewBatch(district int) *Batch { return &Batch{s: s, district: district} }

// AddHousehold adds a new household. The listeners will hear that it arrived.
func (b *Batch) AddHousehold(h *Household) {
	b.households = append(b.households, h)
	b.changes = append(b.changes, Change{Kind: Arrived, District: b.district, DoorID: h.DoorID, HouseholdID: h.ID, At: h.FromMs, New: true})
}

// AddPerson adds a new person. The listeners will hear that it arrived.
func (b *Batch) AddPerson(p *Person) {
	b.persons = append(b.persons, p)
	b.changes = append(b.changes, Change{Kind: Arrived, District: b.district, DoorID: p.DoorID, HouseholdID: p.HouseholdID, PersonID: p.ID, At: p.FromMs, New: true})
}

// ChangePerson stores a person's changed fields (not its place or state) and
// the event that tells of it; p.Version is the version before the change.
func (b *Batch) ChangePerson(p *Person, e *Event) {
	b.changed = append(b.changed, p)
	b.AddEvent(p.Register, e)
}

// AddEvent adds an entry to a person's file.
func (b *Batch) AddEvent(register string, e *Event) {
	b.events = append(b.events, e)
	b.registers = append(b.registers, register)
}

// Tell adds a change for the listeners.
func (b *Batch) Tell(c Change) { b.changes = append(b.changes, c) }

// Len returns how many records the batch holds.
func (b *Batch) Len() int { return len(b.households) + len(b.persons) + len(b.changed) }

func (b *Batch) doors() []id.ID {
	seen := map[id.ID]bool{}
	var out []id.ID
	add := func(v id.ID) {
		if !seen[v] {
			seen[v] = true
			out = append(out, v)
		}
	}
	for _, h := range b.households {
		add(h.DoorID)
	}
	for _, p := range b.persons {
		add(p.DoorID)
	}
	return out
}

// Seal makes the rows ready; it needs no transaction.
func (b *Batch) Seal() error {
	for _, step := range []func() error{b.sealHouseholds, b.sealPersons, b.sealChanged, b.sealEvents, b.sealExtra, b.sealAmends} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (b *Batch) sealHouseholds() error {
	b.householdRows = make([][]any, len(b.households))
	return parallel(len(b.households), func(lo, hi int) error {
		for i := lo; i < hi; i++ {
			blob, err := b.s.sealHousehold(b.households[i])
			if err != nil {
				return err
			}
			b.householdRows[i] = householdRow(b.district, b.households[i], blob)
		}
		return nil
	})
}

func (b *Batch) sealPersons() error {
	b.personRows = make([][]any, len(b.persons))
	keys := make([][]personKey, len(b.persons))
	err := parallel(len(b.persons), func(lo, hi int) error {
		for i := lo; i < hi; i++ {
			blob, err := b.s.sealPerson(b.persons[i])
			if err != nil {
				return err
			}
			b.personRows[i] = personRow(b.district, b.persons[i], blob)
			keys[i] = b.s.keysOf(b.persons[i])
		}
		return nil
	})
	if b.later != nil {
		b.laterKeys = make([]laterKey, 0, 4*len(b.persons))
		for i, ks := range keys {
			for _, k := range ks {
				b.laterKeys = append(b.laterKeys, laterKey{[16]byte(k.hash), b.persons[i].ID, unique.Make(k.kind)})
			}
		}
		return err
	}
	b.keyRows = make([][]any, 0, 4*len(b.persons))
	for i, ks := range keys {
		b.keyRows = appendKeyRows(b.keyRows, b.district, b.persons[i].ID, ks)
	}
	sortKeyRows(b.keyRows)
	return err
}

func (b *Batch) sealChanged() error {
	b.changedBlobs = make([][]byte, len(b.changed))
	b.changedKeys = make([][]personKey, len(b.changed))
	return parallel(len(b.changed), func(lo, hi int) (err error) {
		for i := lo; i < hi; i++ {
			if b.changedBlobs[i], err = b.s.sealPerson(b.changed[i]); err != nil {
				return err
			}
			if b.changed[i].Current() {
				b.changedKeys[i] = b.s.keysOf(b.changed[i])
			}
		}
		return nil
	})
}

func (b *Batch) sealEvents() error {
	b.eventRows = make([][]any, len(b.events))
	return parallel(len(b.events), func(lo, hi int) (err error) {
		for i := lo; i < hi; i++ {
			if b.eventRows[i], err = b.s.eventRow(b.district, b.registers[i], b.events[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// Write writes the sealed rows and tells the listeners.
func (b *Batch) Write(ctx context.Context, tx *db.Tx) error {
	for _, t := range []struct {
		name string
		cols []string
		rows [][]any
	}{
		{tableHousehold, householdCols, b.householdRows},
		{tablePerson, personCols, b.personRows},
		{"person_key", keyCols, b.keyRows},
		{tableEvent, eventCols, b.eventRows},
	} {
		if err := tx.BulkInsert(ctx, t.name, t.cols, t.rows); err != nil {
			return err
		}
	}
	if b.later != nil {
		b.later.take(tx, b.laterKeys)
	}
	for i, p := range b.changed {
		if err := b.s.updatePerson(ctx, tx, b.district, p, b.changedBlobs[i], b.changedKeys[i]); err != nil {
			return err
		}
	}
	if err := b.writeAmends(ctx, tx); err != nil {
		return err
	}
	if err := b.writeExtra(ctx, tx); err != nil {
		return err
	}
	return b.s.Tell(ctx, tx, b.changes)
}
