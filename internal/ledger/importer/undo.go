package importer

import (
	"context"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/jobs"
)

// Undo takes an applied import back and waits for the end: records it made are
// closed and emptied, records it changed get their former state, and what
// somebody changed since stays and is listed by Kept.
func (s *Service) Undo(ctx context.Context, c grid.Caller, imp id.ID) error {
	const op = "importer.Undo"
	lease, err := s.claimUndo(ctx, c, imp)
	if err != nil {
		return errs.Wrap(op, err)
	}
	return errs.Wrap(op, s.carryBack(context.WithoutCancel(ctx), c, lease, imp))
}

// StartUndo takes an applied import back in the background.
func (s *Service) StartUndo(ctx context.Context, c grid.Caller, imp id.ID) error {
	const op = "importer.StartUndo"
	if err := s.alive.Err(); err != nil {
		return errs.E(op, errs.Unavailable, "error.unavailable")
	}
	lease, err := s.claimUndo(ctx, c, imp)
	if err != nil {
		return errs.Wrap(op, err)
	}
	s.runs.Go(func() {
		if err := s.carryBack(context.WithoutCancel(ctx), c, lease, imp); err != nil {
			s.Log.Error("an import was not taken back; it will be at the next start", "import", imp.String(), "error", err)
		}
	})
	return nil
}

// claimUndo takes an applied import for its undoing and keeps what that will do.
func (s *Service) claimUndo(ctx context.Context, c grid.Caller, imp id.ID) (*jobs.Lease, error) {
	effect, err := s.Effect(ctx, c, imp)
	if err != nil {
		return nil, err
	}
	lease, _, err := s.hold(ctx, c, imp, jobUndo, func(v *Import) error {
		v.body.Undone = &effect.UndoCounts
		return nil
	}, Applied)
	return lease, err
}

func (s *Service) carryBack(ctx context.Context, c grid.Caller, lease *jobs.Lease, imp id.ID) error {
	held, stop := lease.Keep(ctx)
	defer stop()
	s.one.Lock()
	defer s.one.Unlock()
	return s.revert(held, c, lease, imp, Reverted, "")
}

// revert undoes the journal from its end and leaves the import in the state.
// Each step removes its journal row in its own transaction, so it can be cut
// off and taken up again.
func (s *Service) revert(ctx context.Context, c grid.Caller, lease *jobs.Lease, imp id.ID, to State, message string) error {
	total := 0
	for {
		rows, err := lastRows(ctx, s.db.Read(), c.District, imp, 500)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			break
		}
		total = max(total, rows[0].seq+1)
		if err := s.revertRows(ctx, c, lease, imp, rows, total); err != nil {
			return err
		}
	}
	return s.db.Write(ctx, "importer.revert", func(tx *db.Tx) error {
		if err := enter(ctx, tx, c.District, imp, to, Applying); err != nil {
			return err
		}
		tx.Notify(topic(imp))
		return lease.End(ctx, tx, string(to), message)
	})
}

func (s *Service) revertRows(ctx context.Context, c grid.Caller, lease *jobs.Lease, imp id.ID, rows []journalRow, total int) error {
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[0].action == actionUpdated && rows[n].action == actionUpdated {
			n++
		}
		part := rows[:n]
		rows = rows[n:]
		err := s.db.WriteLow(ctx, "importer.revert", func(tx *db.Tx) error {
			if err := lease.Progress(ctx, tx, total-part[0].seq, total); err != nil {
				return err
			}
			for _, r := range part {
				kept, err := s.revertRow(ctx, tx, c.District, r)
				if err == nil {
					err = keepKept(ctx, tx, c.District, imp, r.object, kept)
				}
				if err == nil {
					err = dropRow(ctx, tx, c.District, imp, r.seq)
				}
				if err != nil {
					return err
				}
			}
			tx.Notify(topic(imp))
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// revertRow undoes one row of the journal and returns the records left as they are.
func (s *Service) revertRow(ctx context.Context, tx *db.Tx, district int, r journalRow) ([]id.ID, error) {
	switch {
	case r.object == objectPlace:
		return nil, closePlaces(ctx, tx, district, unpackIDs(r.before), s.nowMs())
	case r.action == actionUpdated:
		done, err := s.Ledger.Restore(ctx, tx, district, r.object, r.objectID, r.before)
		if done || err != nil {
			return nil, err
		}
		return []id.ID{r.objectID}, nil
	}
	return s.Ledger.Erase(ctx, tx, district, r.object, unpackIDs(r.before))
}

// keepFiles is how long the sealed files of an import are kept.
const keepFiles = 30 * 24 * time.Hour

// Recover undoes imports that a crash cut off and forgets old files. It runs at
// the start, before anything else of this process writes, and on PostgreSQL
// again and again, for other replicas that died; what a living one holds is
// left alone.
func (s *Service) Recover(ctx context.Context, district int) error {
	const op = "importer.Recover"
	list, err := unfinished(ctx, s.db.Read(), district)
	if err != nil {
		return errs.Wrap(op, err)
	}
	c := grid.System(district, "recover")
	for _, imp := range list {
		to, why := Failed, "ledger.import.interrupted"
		if imp.work == jobUndo {
			to, why = Reverted, ""
		}
		lease, err := jobs.TakeOver(ctx, s.db, s.job(c, imp.id, imp.work), s.owner)
		if err == nil && lease == nil {
			continue
		}
		if err == nil {
			held, stop := lease.Keep(ctx)
			err = s.revert(held, c, lease, imp.id, to, why)
			stop()
		}
		if err != nil {
			return errs.Wrap(op, err)
		}
		s.Log.Info("unfinished import undone", "import", imp.id.String())
	}
	return s.db.Write(ctx, op, func(tx *db.Tx) error {
		return dropOld(ctx, tx, district, s.nowMs()-keepFiles.Milliseconds())
	})
}
