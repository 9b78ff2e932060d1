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

// Undo takes an applied import back: records it made are closed and emptied,
// records it changed get their former state, and what somebody changed since
// stays. It returns how many records stayed.
func (s *Service) Undo(ctx context.Context, c grid.Caller, imp id.ID) error {
	const op = "importer.Undo"
	s.one.Lock()
	defer s.one.Unlock()
	lease, err := s.hold(ctx, c, imp, "import.undo", Applied)
	if err != nil {
		return errs.Wrap(op, err)
	}
	held, stop := lease.Keep(context.WithoutCancel(ctx))
	defer stop()
	return errs.Wrap(op, s.revert(held, c, lease, imp, Reverted, ""))
}

// revert undoes the journal from its end and leaves the import in the state.
// Each step removes its journal row in its own transaction, so it can be cut
// off and taken up again.
func (s *Service) revert(ctx context.Context, c grid.Caller, lease *jobs.Lease, imp id.ID, to State, message string) error {
	for {
		rows, err := lastRows(ctx, s.db.Read(), c.District, imp, 500)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			break
		}
		if err := s.revertRows(ctx, c, lease, imp, rows); err != nil {
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

func (s *Service) revertRows(ctx context.Context, c grid.Caller, lease *jobs.Lease, imp id.ID, rows []journalRow) error {
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[0].action == actionUpdated && rows[n].action == actionUpdated {
			n++
		}
		part := rows[:n]
		rows = rows[n:]
		err := s.db.WriteLow(ctx, "importer.revert", func(tx *db.Tx) error {
			if err := lease.Progress(ctx, tx, 0, part[0].seq); err != nil {
				return err
			}
			for _, r := range part {
				if err := s.revertRow(ctx, tx, c.District, r); err != nil {
					return err
				}
				if err := dropRow(ctx, tx, c.District, imp, r.seq); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) revertRow(ctx context.Context, tx *db.Tx, district int, r journalRow) (err error) {
	switch {
	case r.object == objectPlace:
		err = closePlaces(ctx, tx, district, unpackIDs(r.before), s.nowMs())
	case r.action == actionUpdated:
		_, err = s.Ledger.Restore(ctx, tx, district, r.object, r.objectID, r.before)
	default:
		_, err = s.Ledger.Erase(ctx, tx, district, r.object, unpackIDs(r.before))
	}
	return err
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
		lease, err := jobs.TakeOver(ctx, s.db, s.job(c, imp), s.owner)
		if err == nil && lease == nil {
			continue
		}
		if err == nil {
			held, stop := lease.Keep(ctx)
			err = s.revert(held, c, lease, imp, Failed, "ledger.import.interrupted")
			stop()
		}
		if err != nil {
			return errs.Wrap(op, err)
		}
		s.Log.Info("unfinished import undone", "import", imp.String())
	}
	return s.db.Write(ctx, op, func(tx *db.Tx) error {
		return dropOld(ctx, tx, district, s.nowMs()-keepFiles.Milliseconds())
	})
}
