package transfer

import (
	"context"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Problem is a transfer that should not be as it is.
type Problem struct {
	Check      string `json:"check"` // left, list, carer, hops, owner
	TransferID id.ID  `json:"transfer_id"`
	Detail     string `json:"detail"`
}

// Check verifies transfers without changing anything: one that started away
// from home has a confirmed list and, for everybody on it, a carer who accepted
// and a first visit; a post that cares has its task; hops follow each other,
// none begins before the one before it is confirmed by two people, or once by
// one who answered for both posts and is recorded so, and a task is there. It returns how many it looked at.
func Check(ctx context.Context, d *db.DB) (looked int, out []Problem, err error) {
	const op = "transfer.Check"
	err = d.Snapshot(ctx, op, func(q db.Queryer) error {
		for _, f := range faults {
			list, err := selectFaults(ctx, q, f)
			if err != nil {
				return err
			}
			out = append(out, list...)
		}
		looked, err = count(ctx, q)
		return err
	})
	return looked, out, errs.Wrap(op, err)
}
