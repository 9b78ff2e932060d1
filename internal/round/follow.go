package round

import (
	"context"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// placesTopic is the news that places or grids changed (see package grid).
const placesTopic = "grid.places"

// postsTopic is the news that posts, their holders or bindings changed.
const postsTopic = "grid.grants"

// listen drops what is remembered of where rounds and leaves lie when places
// change, and of a round that has another current occurrence. It ends when the
// database closes.
func (s *Service) listen(news <-chan string) {
	for topic := range news {
		if topic == placesTopic || topic == db.Everything {
			s.cover.forget()
			s.where.forget()
			s.infos.forgetAll()
		}
		if topic == postsTopic || topic == db.Everything {
			s.posted.forget()
		}
		if text, ok := strings.CutPrefix(topic, turned); ok {
			if round, err := id.Parse(text); err == nil {
				s.infos.forget(round)
			}
		}
	}
}

// Reconcile brings an open round's list in step with the places and the ledger
// as they are now: what belongs on it and is missing is joined, what is gone and
// still outstanding is closed as departed. It returns how many of each. Doors
// that are added or closed reach the list this way.
func (s *Service) Reconcile(ctx context.Context, c grid.Caller, round id.ID) (joined, departed int, err error) {
	const op = "round.Reconcile"
	r, err := selectRound(ctx, s.DB.Read(), c.District, round)
	if err != nil {
		return 0, 0, err
	}
	if err := c.RequirePlace(op, grid.RoundRead, r.AreaPath); err != nil {
		return 0, 0, err
	}
	if r.State != Open {
		return 0, 0, nil
	}
	sel, err := s.resolve(ctx, s.DB.Read(), r)
	if err != nil {
		return 0, 0, err
	}
	for {
		fresh, gone, err := sel.drift(ctx, s.DB.Read(), s.now(), chunk)
		if err != nil || len(fresh)+len(gone) == 0 {
			return joined, departed, err
		}
		if err := s.reconcile(ctx, r, fresh, gone); err != nil {
			return joined, departed, err
		}
		joined += len(fresh)
		departed += len(gone)
	}
}

func (s *Service) reconcile(ctx context.Context, r Round, fresh []spot, gone []id.ID) error {
	return s.DB.WriteLow(ctx, "round.Reconcile", func(tx *db.Tx) error {
		b := s.newBook(r.district)
		b.occs[r.OccurrenceID] = r.ID
		list, err := lockTargets(ctx, tx, r.district, r.OccurrenceID, gone)
		if err != nil {
			return err
		}
		b.load(list)
		why := map[id.ID]string{}
		for _, object := range gone {
			why[object] = resultDeparted
		}
		if err := s.leave(b, r, gone, why); err != nil {
			return err
		}
		targets, err := s.newTargets(ctx, tx, r, fresh, s.now(), joinArrived)
		if err != nil {
			return err
		}
		for _, t := range targets {
			b.join(t)
		}
		return b.write(ctx, tx)
	})
}
