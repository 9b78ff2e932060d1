package importer

import (
	"cmp"
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/jobs"
)

// The most records one transaction of an import writes: largeChunk, but smallChunk
// while somebody else writes too. Who marks a door waits for one of them. Tests
// change them.
var largeChunk, smallChunk = 4000, 200

// listChunk is how many of a list are read, written or undone at once.
const listChunk = 500

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
	defer keepTight(v.body.Files)()
	p, err := s.write(ctx, c, lease, v, func(w *writer) (*plan, error) {
		if files == nil {
			if files, err = s.files(ctx, c.District, v); err != nil {
				return nil, err
			}
		}
		v.Counts = ImportCounts{}
		if v.judge, err = s.judgeOf(ctx, c.District, v); err != nil {
			return nil, err
		}
		return s.read(ctx, c, v, maps, files, newRejects(c.Lang), w)
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

// write writes a roster while read reads it, then what is left.
func (s *Service) write(ctx context.Context, c grid.Caller, lease *jobs.Lease, v *Import, read func(w *writer) (*plan, error)) (p *plan, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := &writer{s: s, c: c, lease: lease, j: &journal{district: c.District, imp: v.ID}, total: v.work(),
		now: s.nowMs(), postID: v.postID, later: s.Ledger.NewLater(c.District), pace: s.db.NewPace(smallChunk, largeChunk)}
	defer w.later.End()
	if v.body.Reconcile != nil {
		w.source = v.body.Reconcile.Source
	}
	w.start(ctx, cancel)
	defer func() {
		if fault := w.end(); err == nil {
			err = fault
		}
		if err == nil {
			err = w.later.Flush(ctx, c)
		}
	}()
	if p, err = read(w); err != nil {
		return nil, cmp.Or(w.fault(), err)
	}
	p.match.forget()
	p.res.forget()
	for _, h := range p.match.open {
		h.settle()
	}
	if err := p.handOver(true, w.give); err != nil {
		return nil, err
	}
	return p, db.Chunks(p.match.open, listChunk, func(part []*homeState) error { return w.give(piece{rest: part}) })
}

// work is about how many records an import writes, for its progress.
func (imp *Import) work() int { return imp.Doors + imp.Households + imp.Persons }

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
		all := v.work()
		if err := lease.Progress(ctx, tx, all, all); err != nil {
			return err
		}
		if err := lease.End(ctx, tx, "done", ""); err != nil {
			return err
		}
		tx.Notify(topic(v.ID))
		return s.note(ctx, tx, c, "import.applied", v.ID)
	})
}
