package incoming

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Seat says where a caller sits at the desk.
type Seat struct {
	ID     id.ID  `json:"id"`
	PostID id.ID  `json:"post_id"`
	Area   string `json:"area" doc:"What the seat serves"`
	FromMs int64  `json:"from_ms"`
	Load   int    `json:"load" doc:"People to be called"`
	path   string
}

// Sit puts the caller at the desk, with the post that covers most. Sitting
// already is not an error. Errors: Denied without lead.call; Conflict for a post on
// named doors, which serves no area.
func (s *Service) Sit(ctx context.Context, c grid.Caller) error {
	const op = "incoming.Sit"
	if err := c.Require(op, grid.LeadCall); err != nil {
		return err
	}
	post, path := bestPost(c)
	if post == id.Zero {
		return errs.E(op, errs.Conflict, "incoming.no_area")
	}
	return s.DB.Write(ctx, op, func(tx *db.Tx) error {
		at := s.nowMs()
		seats, err := openSeats(ctx, tx, c.District, at)
		if err != nil {
			return err
		}
		for _, t := range seats {
			if t.account == c.AccountID && t.post == post && t.onShift() {
				return s.rebalance(ctx, tx, c.District)
			}
			if t.account == c.AccountID {
				if err := endSeat(ctx, tx, c.District, t.id, at); err != nil {
					return err
				}
			}
		}
		if err := insertSeat(ctx, tx, c.District, id.New(), c.AccountID, post, path, at); err != nil {
			return err
		}
		return s.rebalance(ctx, tx, c.District)
	})
}

// bestPost is the post a caller calls for, with the area it serves: of several
// the one nearest to the doors.
func bestPost(c grid.Caller) (post id.ID, path string) {
	for _, g := range c.Grants {
		if g.Role.May(grid.LeadCall) && g.Path != "" && len(communityOf(g.Path)) > len(path) {
			post, path = g.PostID, communityOf(g.Path)
		}
	}
	return post, path
}

// Leave takes the caller from the desk; whoever is on shift gets what is open,
// at once and evenly.
func (s *Service) Leave(ctx context.Context, c grid.Caller) error {
	const op = "incoming.Leave"
	if err := c.Require(op, grid.LeadCall); err != nil {
		return err
	}
	return s.DB.Write(ctx, op, func(tx *db.Tx) error {
		at := s.nowMs()
		seats, err := openSeats(ctx, tx, c.District, at)
		if err != nil {
			return err
		}
		for _, t := range seats {
			if t.account != c.AccountID {
				continue
			}
			if err := endSeat(ctx, tx, c.District, t.id, at); err != nil {
				return err
			}
		}
		return s.rebalance(ctx, tx, c.District)
	})
}

// seatOf is the caller's seat; ok is false for who does not sit at the desk, or
// whose post or hours have ended.
func (s *Service) seatOf(ctx context.Context, c grid.Caller) (Seat, bool, error) {
	seats, err := openSeats(ctx, s.DB.Read(), c.District, s.nowMs())
	for _, t := range seats {
		if err == nil && t.account == c.AccountID && t.onShift() {
			return Seat{ID: t.id, PostID: t.post, FromMs: t.from, path: t.path}, true, nil
		}
	}
	return Seat{}, false, err
}

// Rebalance gives every open lead to a caller on shift, evenly, and takes from
// those who are not. What changes the desk calls it; a job repeats it each
// minute for posts and hours that end by themselves.
func (s *Service) Rebalance(ctx context.Context, c grid.Caller) error {
	const op = "incoming.Rebalance"
	return errs.Wrap(op, s.DB.Write(ctx, op, func(tx *db.Tx) error { return s.rebalance(ctx, tx, c.District) }))
}

func (s *Service) rebalance(ctx context.Context, tx *db.Tx, district int) error {
	at := s.nowMs()
	rows, err := openSeats(ctx, tx, district, at)
	if err != nil {
		return err
	}
	var seats []seat
	for _, t := range rows {
		if !t.onShift() {
			if err := endSeat(ctx, tx, district, t.id, at); err != nil {
				return err
			}
			continue
		}
		seats = append(seats, seat{id: t.id, account: t.account, post: t.post, path: t.path})
	}
	leads, err := openLeads(ctx, tx, district)
	if err != nil {
		return err
	}
	for i := range leads {
		leads[i].shown = s.shown.lately(leads[i].id, at)
	}
	moved := spread(leads, seats)
	for _, v := range slices.Sorted(maps.Keys(moved)) {
		to := seat{}
		if moved[v] != nil {
			to = *moved[v]
		}
		if err := giveLead(ctx, tx, district, v, to.account, to.post); err != nil {
			return err
		}
	}
	if len(moved) > 0 {
		tx.Notify(topic)
	}
	return nil
}

// checkCode is six digits by which somebody who was called checks the call.
func checkCode() (string, error) {
	var b [4]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", err
	}
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(b[:])%1_000_000), nil
}
