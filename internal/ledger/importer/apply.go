package importer

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/jobs"
)

// chunk is the most records one transaction of an import writes: marks wait for
// one of them, so it takes tens of milliseconds.
const chunk = 500

// journal numbers what an import did.
type journal struct {
	district int
	imp      id.ID
	seq      int
}

// apply writes an import in pieces, or undoes what it wrote. files are those
// staged unless given.
func (s *Service) apply(ctx context.Context, c grid.Caller, imp id.ID, files []File) (*plan, *Import, error) {
	lease, err := s.claim(ctx, c, imp)
	if err != nil {
		return nil, nil, err
	}
	return s.carryOut(ctx, c, lease, imp, files)
}

// claim takes an import for writing: from now on it is Applying for everybody,
// and nobody else can take it.
func (s *Service) claim(ctx context.Context, c grid.Caller, imp id.ID) (*jobs.Lease, error) {
	lease, _, err := s.hold(ctx, c, imp, jobApply, nil, Planned, Failed)
	return lease, err
}

// The two kinds of work on an import, as its job and the audit name them.
const (
	jobApply = "import.apply"
	jobUndo  = "import.undo"
)

// hold takes an import in one of the states for this process; with may change
// what is kept of it.
func (s *Service) hold(ctx context.Context, c grid.Caller, imp id.ID, action string, with func(v *Import) error, from ...State) (lease *jobs.Lease, v *Import, err error) {
	const op = "importer.hold"
	if v, _, err = s.load(ctx, s.db.Read(), c, imp); err != nil {
		return nil, nil, errs.Wrap(op, err)
	}
	err = s.db.Write(ctx, op, func(tx *db.Tx) error {
		other, err := busy(ctx, tx, c.District, imp, v.AreaID, s.owner, clock.Ms(s.Clock.Now().Add(-jobs.LeaseTime)))
		if err == nil && other {
			err = errs.E(op, errs.Conflict, "ledger.import.busy")
		}
		if err == nil {
			err = enter(ctx, tx, c.District, imp, Applying, from...)
		}
		if err == nil {
			lease, err = jobs.Take(ctx, tx, s.db, s.job(c, imp, action), s.owner)
		}
		if err == nil && with != nil {
			if err = with(v); err == nil {
				err = s.saveBody(ctx, tx, c.District, v)
			}
		}
		if err != nil {
			return err
		}
		return s.note(ctx, tx, c, action, imp)
	})
	return lease, v, err
}

func (s *Service) job(c grid.Caller, imp id.ID, work string) jobs.Job {
	return jobs.Job{District: c.District, ID: imp, Kind: work, Object: imp, Account: c.AccountID}
}

// carryOut writes a claimed import.
func (s *Service) carryOut(ctx context.Context, c grid.Caller, lease *jobs.Lease, imp id.ID, files []File) (*plan, *Import, error) {
	const op = "importer.Apply"
	quiet, stop := lease.Keep(context.WithoutCancel(ctx))
	defer stop()
	ctx, cancel := context.WithCancel(ctx)
	defer context.AfterFunc(quiet, cancel)()
	defer cancel()
	s.one.Lock()
	defer s.one.Unlock()
	v, maps, err := s.load(quiet, s.db.Read(), c, imp)
	if err != nil {
		return nil, nil, errs.Wrap(op, err)
	}
	p, err := s.write(ctx, c, lease, v, func() (*plan, error) {
		if files == nil {
			if files, err = s.files(ctx, c.District, v); err != nil {
				return nil, err
			}
		}
		v.Counts = ImportCounts{}
		if v.judge, err = s.judgeOf(ctx, c.District, v); err != nil {
			return nil, err
		}
		return s.read(ctx, c, v, maps, files, newRejects(c.Lang))
	})
	if err == nil {
		err = s.finish(ctx, c, lease, v, p)
	}
	if err != nil {
		if undo := s.revert(quiet, c, lease, imp, Failed, messageOf(err)); undo != nil {
			s.Log.Error("a failed import could not be undone; it will be at the next start", "import", imp.String(), "error", undo)
		}
		return nil, nil, errs.Wrap(op, err)
	}
	if err := s.db.Analyze(quiet, "place", "household", "person", "person_key", "person_event", "import_row"); err != nil {
		s.Log.Warn("the database was not told of the new rows; it finds out by itself", "import", imp.String(), "error", err)
	}
	return p, v, nil
}

// topic tells open pages that an import's progress has changed.
func topic(imp id.ID) string { return jobs.Job{ID: imp}.Topic() }

func messageOf(err error) string {
	if e := errs.As(err); e.Key != "" && e.Kind != errs.Internal {
		return e.Key
	}
	return "ledger.import.failed"
}

func (s *Service) note(ctx context.Context, tx *db.Tx, c grid.Caller, action string, imp id.ID) error {
	return s.Audit.Append(ctx, tx, audit.Entry{Account: c.AccountID, Post: c.PostFor(grid.LedgerImport), Action: action, Object: "ledger_import", ObjectID: imp})
}

func (s *Service) write(ctx context.Context, c grid.Caller, lease *jobs.Lease, v *Import, read func() (*plan, error)) (*plan, error) {
	p, err := read()
	if err != nil {
		return nil, err
	}
	w := &writer{s: s, c: c, p: p, lease: lease, j: &journal{district: c.District, imp: v.ID}, done: map[*homeState]bool{}}
	if v.body.Reconcile != nil {
		w.source = v.body.Reconcile.Source
	}
	p.match.forget()
	p.res.forget()
	for _, h := range p.match.open {
		h.settle()
	}
	var matched []id.ID
	for _, q := range p.match.persons {
		if !q.isNew && len(q.care) > 0 {
			matched = append(matched, q.ID)
		}
	}
	if w.care, err = s.Ledger.CareKindsOf(ctx, c, matched); err != nil {
		return nil, err
	}
	w.total = len(p.res.fresh) + len(p.match.persons) + len(p.match.open)
	for _, step := range []func(context.Context) error{w.places, w.persons, w.homes} {
		if err := step(ctx); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// writer writes a plan piece by piece.
type writer struct {
	s           *Service
	c           grid.Caller
	p           *plan
	lease       *jobs.Lease
	source      string // whose roster it is, where it was compared
	j           *journal
	done        map[*homeState]bool
	care        map[id.ID][]string
	step, total int
}

// places makes the missing places, with the journal in the same transaction.
func (w *writer) places(ctx context.Context) error {
	return db.Chunks(w.p.res.fresh, chunk, func(part []grid.NewPlace) error {
		ids := make([]id.ID, len(part))
		for i, n := range part {
			ids[i] = n.ID
		}
		return w.commit(ctx, nil, len(part), func(ctx context.Context, tx *db.Tx) ([]journalRow, error) {
			_, err := w.s.Places.AddPlacesIn(ctx, tx, w.c, part)
			return []journalRow{{action: actionCreated, object: objectPlace, before: packIDs(ids)}}, err
		})
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
		return w.lease.Progress(ctx, tx, w.step+n, w.total)
	})
	if err == nil {
		w.j.seq += wrote
		w.step += n
	}
	return err
}

// persons writes new and changed people with their new households.
func (w *writer) persons(ctx context.Context) error {
	return db.Chunks(w.p.match.persons, chunk, func(part []*personState) error {
		b := w.s.Ledger.NewBatch(w.c.District)
		t := touched{}
		if err := w.newWords(ctx, part); err != nil {
			return err
		}
		for _, q := range part {
			if h := q.home; h.isNew && !w.done[h] {
				w.done[h] = true
				b.AddHousehold(h.Household)
				t.households = append(t.households, h.ID)
			}
			w.person(b, q, &t)
		}
		err := w.commit(ctx, b, len(part), t.rows(w))
		clear(part) // written: nobody needs them any more
		return err
	})
}

func (w *writer) person(b *ledger.Batch, q *personState, t *touched) {
	now := w.p.match.now
	event := func() *ledger.Event {
		return &ledger.Event{PersonID: q.ID, AtMs: now, Kind: ledger.EventImported, AccountID: w.c.AccountID,
			PostID: w.p.match.origin.PostID, Source: ledger.SourceImport, ObjectID: w.j.imp}
	}
	switch {
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
func (w *writer) homes(ctx context.Context) error {
	return db.Chunks(w.p.match.open, chunk, func(part []*homeState) error {
		b := w.s.Ledger.NewBatch(w.c.District)
		t := touched{}
		for _, h := range part {
			switch {
			case h.isNew && !w.done[h]:
				w.done[h] = true
				b.AddHousehold(h.Household)
				t.households = append(t.households, h.ID)
			case !h.isNew && (h.changed() || h.emptied()):
				if h.emptied() {
					h.UntilMs, h.UntilReason = w.p.match.now, "emptied"
					b.Tell(ledger.Change{Kind: ledger.Departed, District: w.c.District, DoorID: h.DoorID, HouseholdID: h.ID, Reason: h.UntilReason, At: h.UntilMs})
				} else if h.was.kind == ledger.Vacant && h.Kind != ledger.Vacant { // rounds ask there again
					b.Tell(ledger.Change{Kind: ledger.Arrived, District: w.c.District, DoorID: h.DoorID, HouseholdID: h.ID, At: w.p.match.now})
				}
				b.ChangeHousehold(h.Household)
				t.updated = append(t.updated, journalRow{action: actionUpdated, object: ledger.ObjectHousehold, objectID: h.ID})
			}
		}
		return w.commit(ctx, b, len(part), t.rows(w))
	})
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
			if len(g.ids) > 0 {
				out = append(out, journalRow{action: actionCreated, object: g.object, before: packIDs(g.ids)})
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

// finish closes the import: numbers, remembered columns, the rejected rows, no
// file any more.
func (s *Service) finish(ctx context.Context, c grid.Caller, lease *jobs.Lease, v *Import, p *plan) error {
	book, err := p.rejects.finish()
	if err != nil {
		return err
	}
	return s.db.Write(ctx, "importer.finish", func(tx *db.Tx) error {
		if err := enter(ctx, tx, c.District, v.ID, Applied, Applying); err != nil {
			return err
		}
		if err := dropParts(ctx, tx, c.District, v.ID, 0, 1<<30); err != nil {
			return err
		}
		if _, err := s.saveParts(ctx, tx, c.District, v.ID, rejectPart, book); err != nil {
			return err
		}
		if err := dropItems(ctx, tx, c.District, v.ID); err != nil {
			return err
		}
		_, maps, err := s.load(ctx, tx, c, v.ID)
		if err != nil {
			return err
		}
		v.State, v.AppliedMs = Applied, s.nowMs()
		v.understood(p)
		if err := s.savePlan(ctx, tx, c.District, v, maps); err != nil {
			return err
		}
		if err := lease.End(ctx, tx, "done", ""); err != nil {
			return err
		}
		tx.Notify(topic(v.ID))
		return s.note(ctx, tx, c, "import.applied", v.ID)
	})
}
