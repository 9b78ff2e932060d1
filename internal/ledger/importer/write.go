package importer

import (
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
	"wangge/internal/platform/jobs"
)

// writer writes a plan piece by piece.
type writer struct {
	s           *Service
	c           grid.Caller
	lease       *jobs.Lease
	source      string // whose roster it is, where it was compared
	j           *journal
	care        map[id.ID][]string // kinds on the care list, of the piece
	now         int64
	postID      id.ID
	step, total int
	later       *ledger.Later // holds the hashes of new people back
	pace        *db.Pace
	queue
}

// write writes one piece, each step in a transaction of its own.
func (w *writer) write(ctx context.Context, p piece) error {
	switch {
	case len(p.places) > 0:
		return w.places(ctx, p.places)
	case len(p.rest) > 0:
		return w.homes(ctx, p.rest)
	}
	for len(p.persons) > 0 || len(p.homes) > 0 || len(p.amended) > 0 {
		if err := w.persons(ctx, p.cut(w.pace.Next())); err != nil {
			return err
		}
	}
	return nil
}

// cut takes at most n people off the piece, with what is new or changed of their
// households; what belongs to none of them goes with the last.
func (p *piece) cut(n int) piece {
	n = min(n, len(p.persons))
	homes := 0
	for _, q := range p.persons[:n] { // households come in the order of their people
		if homes < len(p.homes) && p.homes[homes].ID == q.HouseholdID {
			homes++
		}
	}
	if n == len(p.persons) {
		homes = len(p.homes)
	}
	out := piece{homes: p.homes[:homes], amended: p.amended, persons: p.persons[:n]}
	p.homes, p.amended, p.persons = p.homes[homes:], nil, p.persons[n:]
	return out
}

// places makes the missing places, with the journal in the same transaction.
func (w *writer) places(ctx context.Context, part []grid.NewPlace) error {
	ids := make([]id.ID, len(part))
	for i, n := range part {
		ids[i] = n.ID
	}
	return w.commit(ctx, nil, len(part), func(ctx context.Context, tx *db.Tx) ([]journalRow, error) {
		_, err := w.s.Places.AddPlacesIn(ctx, tx, w.c, part)
		return []journalRow{{action: actionCreated, object: objectPlace, before: packIDs(ids)}}, err
	})
}

// commit writes a batch with its journal and the progress in one transaction.
func (w *writer) commit(ctx context.Context, b *ledger.Batch, n int, rows func(context.Context, *db.Tx) ([]journalRow, error)) error {
	if b != nil {
		if err := b.Seal(); err != nil {
			return err
		}
	}
	var wrote int
	err := w.s.db.WriteLow(ctx, "importer.chunk", func(tx *db.Tx) error {
		list, err := rows(ctx, tx)
		if err != nil {
			return err
		}
		if err := w.j.write(ctx, tx, list); err != nil {
			return err
		}
		wrote = len(list)
		if b != nil {
			if err := b.Write(ctx, tx); err != nil {
				return err
			}
		}
		tx.Notify(topic(w.j.imp))
		return w.lease.Progress(ctx, tx, w.step+n, max(w.total, w.step+n))
	})
	if err == nil {
		w.j.seq += wrote
		w.step += n
	}
	return err
}

// persons writes new and changed people with their new households.
func (w *writer) persons(ctx context.Context, p piece) error {
	if err := w.newWords(ctx, p.persons); err != nil {
		return err
	}
	if err := w.careOf(ctx, p.persons); err != nil {
		return err
	}
	b := w.s.Ledger.NewBatch(w.c.District)
	t := touched{}
	for _, h := range p.homes {
		b.AddHousehold(h)
		t.households = append(t.households, h.ID)
	}
	for _, h := range p.amended {
		b.AmendHousehold(h)
	}
	for _, q := range p.persons {
		w.person(b, q, &t)
	}
	b.KeepKeys(w.later)
	if err := w.commit(ctx, b, len(p.persons)+len(p.homes), t.rows(w)); err != nil {
		return err
	}
	return w.later.Turn(ctx, w.c)
}

// careOf learns which kinds of care the piece's people have already.
func (w *writer) careOf(ctx context.Context, part []*personState) (err error) {
	var had []id.ID
	for _, q := range part {
		if (!q.isNew || q.written) && len(q.care) > 0 {
			had = append(had, q.ID)
		}
	}
	w.care, err = w.s.Ledger.CareKindsOf(ctx, w.c, had)
	return err
}

func (w *writer) person(b *ledger.Batch, q *personState, t *touched) {
	now := w.now
	event := func() *ledger.Event {
		return &ledger.Event{PersonID: q.ID, AtMs: now, Kind: ledger.EventImported, AccountID: w.c.AccountID,
			PostID: w.postID, Source: ledger.SourceImport, ObjectID: w.j.imp}
	}
	switch {
	case q.isNew && q.written:
		b.AmendPerson(q.Person)
	case q.isNew:
		b.AddPerson(q.Person)
		t.persons = append(t.persons, q.ID)
	case q.touched:
		e := event()
		e.Changes = ledger.Changes(q.was, q.Person)
		ch := ledger.Change{District: w.c.District, DoorID: q.DoorID, HouseholdID: q.HouseholdID, PersonID: q.ID, At: now}
		if q.gone {
			e.Kind, e.Text, e.Changes = ledger.EventDeparted, q.UntilReason, nil
			ch.Kind, ch.Reason = ledger.Departed, q.UntilReason
			b.Tell(ch)
		} else if q.DoorID != q.was.DoorID {
			e.Kind = ledger.EventMoved
			b.AddResidence(ledger.Residence{PersonID: q.ID, HouseholdID: q.was.HouseholdID, DoorID: q.was.DoorID, FromMs: q.was.FromMs, UntilMs: now, Reason: "import"})
			ch.Kind, ch.FromDoorID, ch.FromHouseholdID = ledger.Moved, q.was.DoorID, q.was.HouseholdID
			b.Tell(ch)
		} else if q.was.LivesHere != q.LivesHere {
			ch.Kind, ch.Reason = ledger.Arrived, ""
			if !q.LivesHere {
				ch.Kind, ch.Reason = ledger.Departed, "living_elsewhere"
			}
			b.Tell(ch)
		}
		b.ChangePerson(q.Person, e)
		t.updated = append(t.updated, journalRow{action: actionUpdated, object: ledger.ObjectPerson, objectID: q.ID})
	}
	if len(q.outvoted) > 0 {
		e := event()
		e.Kind, e.Changes, e.Text = ledger.EventOutvoted, q.outvoted, w.source
		b.AddEvent(q.Register, e)
	}
	if !w.c.Sees(grid.FieldCare) {
		return
	}
	for _, kind := range q.care {
		if !contains(w.care[q.ID], kind) {
			t.care = append(t.care, b.AddCare(q.Person, kind, event()))
		}
	}
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

// homes writes households nobody is named in, and the changed ones.
func (w *writer) homes(ctx context.Context, part []*homeState) error {
	b := w.s.Ledger.NewBatch(w.c.District)
	t := touched{}
	for _, h := range part {
		switch {
		case h.isNew && !h.written:
			b.AddHousehold(h.Household)
			t.households = append(t.households, h.ID)
		case h.isNew && h.changed():
			b.AmendHousehold(h.Household)
		case !h.isNew && (h.changed() || h.emptied()):
			w.changeHome(b, h)
			t.updated = append(t.updated, journalRow{action: actionUpdated, object: ledger.ObjectHousehold, objectID: h.ID})
		}
	}
	return w.commit(ctx, b, len(part), t.rows(w))
}

func (w *writer) changeHome(b *ledger.Batch, h *homeState) {
	if h.emptied() {
		h.UntilMs, h.UntilReason = w.now, "emptied"
		b.Tell(ledger.Change{Kind: ledger.Departed, District: w.c.District, DoorID: h.DoorID, HouseholdID: h.ID, Reason: h.UntilReason, At: h.UntilMs})
	} else if h.was.kind == ledger.Vacant && h.Kind != ledger.Vacant { // rounds ask there again
		b.Tell(ledger.Change{Kind: ledger.Arrived, District: w.c.District, DoorID: h.DoorID, HouseholdID: h.ID, At: w.now})
	}
	b.ChangeHousehold(h.Household)
}

func (h *homeState) emptied() bool {
	return h.people == 0 && h.Living == 0 && h.Registered == 0 && (h.was.living > 0 || h.was.registered > 0)
}

// touched is what one piece did, for its journal.
type touched struct {
	households, persons, care []id.ID
	updated                   []journalRow
}

// rows makes the journal of a piece, reading each record as it is before the
// change.
func (t *touched) rows(w *writer) func(context.Context, *db.Tx) ([]journalRow, error) {
	return func(ctx context.Context, tx *db.Tx) ([]journalRow, error) {
		var out []journalRow
		for _, g := range []struct {
			object string
			ids    []id.ID
		}{{ledger.ObjectHousehold, t.households}, {ledger.ObjectPerson, t.persons}, {ledger.ObjectCare, t.care}} {
			for part := range slices.Chunk(g.ids, listChunk) { // each is undone in a transaction of its own
				out = append(out, journalRow{action: actionCreated, object: g.object, before: packIDs(part)})
			}
		}
		for _, r := range t.updated {
			var err error
			if r.before, err = w.s.Ledger.Before(ctx, tx, w.c.District, r.object, r.objectID); err != nil {
				return nil, err
			}
			out = append(out, r)
		}
		return out, nil
	}
}
