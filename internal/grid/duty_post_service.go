package grid

import (
	"cmp"
	"context"
	"math"
	"slices"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
)

// changeTerms runs a transaction that ends or moves terms in posts. The
// district's duty post (headquarters over the whole district), at which every
// line ends, never loses its last holder by it: a change after which nobody
// would hold it from some instant on, where somebody would have, is Conflict
// "grid.post.last_duty".
func (s *Service) changeTerms(ctx context.Context, op string, c Caller, fn func(tx *db.Tx) error) error {
	return s.d.Write(ctx, op, func(tx *db.Tx) error { return s.keepDuty(ctx, tx, op, c, func() error { return fn(tx) }) })
}

// keepDuty is changeTerms within a transaction of the caller.
func (s *Service) keepDuty(ctx context.Context, tx *db.Tx, op string, c Caller, fn func() error) error {
	now := s.nowMs()
	before, err := dutySpans(ctx, tx, c.District)
	if err != nil {
		return err
	}
	if err := fn(); err != nil {
		return err
	}
	after, err := dutySpans(ctx, tx, c.District)
	if err == nil && firstGap(after, now) < firstGap(before, now) {
		err = errs.E(op, errs.Conflict, "grid.post.last_duty")
	}
	return err
}

// firstGap is the first instant from t on that no span covers; MaxInt64 where
// there is none.
func firstGap(list []span, t int64) int64 {
	slices.SortFunc(list, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	for _, s := range list {
		if s.covers(t) {
			if s.until == 0 {
				return math.MaxInt64
			}
			t = s.until
		}
	}
	return t
}
