package incoming

import (
	"context"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Fault is a lead or a list that is not as it should be.
type Fault struct {
	Check  string `json:"check"` // task, deadline, holder, state, list, rows
	ID     id.ID  `json:"id"`
	Detail string `json:"detail"`
}

// Checked is what Check found.
type Checked struct {
	Leads    int `json:"leads"`
	Problems []Fault
}

// Check verifies people to be verified without changing anything: each who is not
// settled is exactly one open task, due when the person is due, and each open
// task of a person is of one who is not settled; that its post is answered for
// is what task.Check verifies. Nobody settled or set aside lies with a caller.
// The people who came in are the sum of those in each state, and the rows of a
// list are those refused and those that mean somebody.
func Check(ctx context.Context, d *db.DB) (out Checked, err error) {
	const op = "incoming.Check"
	err = d.Snapshot(ctx, op, func(q db.Queryer) error {
		for _, f := range faults {
			list, err := selectFaults(ctx, q, f)
			if err != nil {
				return err
			}
			out.Problems = append(out.Problems, list...)
		}
		out.Leads, err = countLeads(ctx, q)
		return err
	})
	return out, errs.Wrap(op, err)
}
