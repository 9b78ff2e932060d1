package round

import (
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// The reasons with which a target is joined after the opening.
const (
	joinArrived = "arrived"
	joinMoved   = "moved_in"
)

// HouseholdChanged keeps open rounds in step with the ledger, in the ledger's own
// transaction: who arrives is joined, who departs or is merged is closed with
// that reason, who moves is counted at the new door. It is the listener for
// ledger.Service.OnHousehold.
func (s *Service) HouseholdChanged(ctx context.Context, tx *db.Tx, changes []ledger.Change) error {
	byDistrict := map[int][]ledger.Change{}
	for _, ch := range changes {
		byDistrict[ch.District] = append(byDistrict[ch.District], ch)
	}
	for district, part := range byDistrict {
		open, err := openOccurrences(ctx, tx, district)
		if err != nil {
			return err
		}
		for _, o := range open {
			if err := s.follow(ctx, tx, district, o, part); err != nil {
				return err
			}
		}
	}
	return nil
}

// follow applies the ledger's changes to one open or opening round.
func (s *Service) follow(ctx context.Context, tx *db.Tx, district int, o occState, changes []ledger.Change) error {
	r, err := selectRound(ctx, tx, district, o.round)
	if err != nil || r.TargetKind != Households && r.TargetKind != Persons {
		return err
	}
	r.OccurrenceID = o.id // the next one may be opening beside the current one
	var gone, come []id.ID
	why, back := map[id.ID]string{}, map[id.ID]bool{}
	for _, ch := range changes {
		object := ch.HouseholdID
		if r.TargetKind == Persons {
			object = ch.PersonID
		} else if ch.PersonID != id.Zero {
			continue // the household stays where it is
		}
		if object == id.Zero {
			continue
		}
		switch ch.Kind {
		case ledger.Arrived:
			come = append(come, object)
			why[object], back[object] = joinArrived, ch.Reason == ledger.Undone
		case ledger.Moved:
			come = append(come, object)
			why[object] = joinMoved
		case ledger.Departed:
			gone = append(gone, object)
			why[object] = departure(ch.Reason)
		case ledger.Merged:
			gone = append(gone, object)
			why[object] = resultMerged
		}
	}
	if len(gone)+len(come) == 0 {
		return nil
	}
	b := s.newBook(district)
	b.occs[o.id] = o.round
	list, err := lockTargets(ctx, tx, district, o.id, slices.Concat(gone, come))
	if err != nil {
		return err
	}
	b.load(list)
	if err := s.leave(b, r, gone, why); err != nil {
		return err
	}
	if err := s.arrive(ctx, tx, b, r, come, why, back); err != nil {
		return err
	}
	return b.write(ctx, tx)
}

// departure is the result with which who is gone is exempt: living elsewhere is
// told apart, since the person is counted there.
func departure(reason string) string {
	if reason == resultElsewhere {
		return resultElsewhere
	}
	return resultDeparted
}

// leave closes the outstanding targets among those gone with their reason; what
// was done stays done.
func (s *Service) leave(b *book, r Round, gone []id.ID, why map[id.ID]string) error {
	for _, object := range gone {
		t, ok := b.now[targetKey{r.OccurrenceID, object}]
		if !ok || t.State == Done || t.State == Exempt {
			continue
		}
		m, err := s.ownMark(r, object, why[object], why[object], ByLedger, id.Zero, id.Zero)
		if err != nil {
			return err
		}
		m.correctedMs = max(m.correctedMs, t.MarkedMs)
		b.mark(m)
	}
	return nil
}

// arrive joins those who came and belong to the round's selection, and counts
// those already listed at the door where they are now. Who moved out of the
// selection is closed as departed. back are those whose record was only taken
// back: what a mark said of them at that door still holds.
func (s *Service) arrive(ctx context.Context, tx *db.Tx, b *book, r Round, come []id.ID, why map[id.ID]string, back map[id.ID]bool) error {
	if len(come) == 0 {
		return nil
	}
	sel, err := s.resolve(ctx, tx, r)
	if err != nil {
		return err
	}
	spots, err := sel.among(ctx, tx, come)
	if err != nil {
		return err
	}
	here := map[id.ID]bool{}
	var fresh []spot
	for _, sp := range spots {
		here[sp.object] = true
		k := targetKey{r.OccurrenceID, sp.object}
		if t, listed := b.now[k]; listed {
			b.move(k, sp.door, sp.leaf, sp.grid)
			away := t.Reason == resultElsewhere && !(back[sp.object] && t.DoorID == sp.door)
			if t.State == Exempt && (t.Reason == resultDeparted || t.Reason == resultMerged || away) {
				m, err := s.ownMark(r, sp.object, resultReturned, "", ByLedger, id.Zero, id.Zero)
				if err != nil {
					return err
				}
				m.correctedMs = max(m.correctedMs, t.MarkedMs)
				b.mark(m)
			}
			continue
		}
		fresh = append(fresh, sp)
	}
	var left []id.ID
	for _, object := range come {
		if !here[object] && why[object] == joinMoved {
			left = append(left, object)
			why[object] = resultDeparted
		}
	}
	if err := s.leave(b, r, left, why); err != nil {
		return err
	}
	targets, err := s.newTargets(ctx, tx, r, fresh, s.now(), joinArrived)
	for _, t := range targets {
		t.JoinReason = why[t.ObjectID]
		b.join(t)
	}
	return err
}

// Regridded moves the targets and counters of open rounds when doors
// get another lowest grid, in the transaction that re-draws. It is the hook for
// grid.Service.OnRegrid.
func (s *Service) Regridded(ctx context.Context, tx *db.Tx, c grid.Caller, moves []grid.Move) error {
	to := map[id.ID]id.ID{}
	leaves := map[id.ID]bool{}
	var places []id.ID
	for _, m := range moves {
		to[m.PlaceID] = m.To
		places = append(places, m.PlaceID)
		leaves[m.ParentID], leaves[m.PlaceID] = true, true
	}
	above, err := placesByID(ctx, tx, c.District, sortedIDs(leaves))
	if err != nil {
		return err
	}
	for _, p := range above {
		leaves[p.ParentID] = true // a building's target stands for its first door, two levels below
	}
	all, err := openOccurrences(ctx, tx, c.District)
	if err != nil {
		return err
	}
	for _, o := range all {
		if err := s.regrid(ctx, tx, c.District, o, sortedIDs(leaves), places, to); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) regrid(ctx context.Context, tx *db.Tx, district int, o occState, leaves, places []id.ID, to map[id.ID]id.ID) error {
	return db.Chunks(leaves, 300, func(part []id.ID) error {
		list, err := lockTargetsAt(ctx, tx, district, o.id, part, places)
		if err != nil || len(list) == 0 {
			return err
		}
		b := s.newBook(district)
		b.occs[o.id] = o.round
		b.load(list)
		for _, t := range list {
			key := t.DoorID
			if key == id.Zero {
				key = t.ObjectID
			}
			if g, ok := to[key]; ok {
				b.move(targetKey{o.id, t.ObjectID}, t.DoorID, t.LeafID, g)
			}
		}
		return b.writeRegrid(ctx, tx)
	})
}

// writeRegrid writes moves of targets. A closed round keeps the grids of its day.
func (b *book) writeRegrid(ctx context.Context, tx *db.Tx) error {
	if err := b.liftAnswers(ctx, tx); err != nil {
		return err
	}
	touched, err := b.writeTargets(ctx, tx)
	if err != nil {
		return err
	}
	for _, occ := range touched {
		if err := touchVersion(ctx, tx, b.district, occ); err != nil {
			return err
		}
		tx.Notify(topic(b.occs[occ]))
	}
	return nil
}
