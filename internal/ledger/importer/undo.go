package importer

import (
	"context"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Undo takes an applied import back: records it made are closed and emptied,
// records it changed get their former state, and what somebody changed since
// stays. It returns how many records stayed.
func (s *Service) Undo(ctx context.Context, c grid.Caller, imp id.ID) error {
	const op = "importer.Undo"
	s.one.Lock()
	defer s.one.Unlock()
	v, _, err := s.load(ctx, s.db.Read(), c, imp)
	if err != nil {
		return errs.Wrap(op, err)
	}
	if v.State != Applied {
		return errs.E(op, errs.Conflict, "ledger.import.bad_state")
	}
	err = s.db.Write(ctx, op, func(tx *db.Tx) error {
		if err := enter(ctx, tx, c.District, imp, Applying, Applied); err != nil {
			return err
		}
		return s.note(ctx, tx, c, "import.undo", imp)
	})
	if err != nil {
		return err
	}
	return errs.Wrap(op, s.revert(context.WithoutCancel(ctx), c, imp, Reverted, ""))
}

// revert undoes the journal from its end and leaves the import in the state.
// Each step removes its journal row in its own transaction, so it can be cut
// off and taken up again.
func (s *Service) revert(ctx context.Context, c grid.Caller, imp id.ID, to State, message string) error {
	for {
		rows, err := lastRows(ctx, s.db.Read(), c.District, imp, 500)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			break
		}
		if err := s.revertRows(ctx, c, imp, rows); err != nil {
			return err
		}
	}
	return s.db.Write(ctx, "importer.revert", func(tx *db.Tx) error {
		if err := enter(ctx, tx, c.District, imp, to, Applying); err != nil {
			return err
		}
		tx.Notify("ledger.import")
		return endJob(ctx, tx, c.District, imp, string(to), message, s.nowMs())
	})
}

func (s *Service) revertRows(ctx context.Context, c grid.Caller, imp id.ID, rows []journalRow) error {
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[0].action == actionUpdated && rows[n].action == actionUpdated {
			n++
		}
		part := rows[:n]
		rows = rows[n:]
		err := s.db.WriteLow(ctx, "importer.revert", func(tx *db.Tx) error {
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

// Recover undoes imports that a crash cut off and forgets old files. It runs
// once at the start, before anything else writes.
func (s *Service) Recover(ctx context.Context, district int) error {
	const op = "importer.Recover"
	list, err := unfinished(ctx, s.db.Read(), district)
	if err != nil {
		return errs.Wrap(op, err)
	}
	c := grid.System(district, "recover")
	for _, imp := range list {
		if err := s.revert(ctx, c, imp, Failed, "ledger.import.interrupted"); err != nil {
			return errs.Wrap(op, err)
		}
		s.Log.Info("unfinished import undone", "import", imp.String())
	}
	return s.db.Write(ctx, op, func(tx *db.Tx) error {
		return dropOld(ctx, tx, district, s.nowMs()-keepFiles.Milliseconds())
	})
}
