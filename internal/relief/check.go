package relief

import (
	"context"
	"fmt"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Problem is a post or a change of shift that is not as it should be.
type Problem struct {
	Check  string `json:"check"` // before, signed, passed, told
	PostID id.ID  `json:"post_id"`
	Detail string `json:"detail"`
}

// Check verifies changes of shift at this instant without changing anything:
// the open tasks of every post with a roster are before somebody in post; who
// signed for the two sides were two people who held the post then, the relief no
// earlier than allowed; what passed did so to a post that exists, after the
// shift had ended; what told of it is there. It returns how many posts and
// changes it looked at.
func Check(ctx context.Context, d *db.DB) (looked int, out []Problem, err error) {
	const op = "relief.Check"
	places := grid.New(d, d.Clock(), nil, nil)
	now := clock.Ms(d.Clock().Now())
	err = d.Snapshot(ctx, op, func(q db.Queryer) error {
		for _, f := range faults {
			list, err := selectFaults(ctx, q, f)
			if err != nil {
				return err
			}
			out = append(out, list...)
		}
		if looked, err = countRecords(ctx, q); err != nil {
			return err
		}
		districts, err := districtsWithRosters(ctx, q)
		if err != nil {
			return err
		}
		for _, district := range districts {
			line, err := places.LineIn(ctx, q, grid.System(district, "check"))
			if err != nil {
				return err
			}
			n, list, err := checkBefore(ctx, q, district, line, now)
			if err != nil {
				return err
			}
			looked, out = looked+n, append(out, list...)
		}
		return nil
	})
	return looked, out, errs.Wrap(op, err)
}

// checkBefore verifies that the open tasks of every post with a roster are
// before somebody in post.
func checkBefore(ctx context.Context, q db.Queryer, district int, line *grid.Line, now int64) (n int, out []Problem, err error) {
	since, _, err := selectSwept(ctx, q, district)
	if err != nil {
		return 0, nil, err
	}
	all, err := selectSigned(ctx, q, district, now-backMs-dayMs)
	if err != nil {
		return 0, nil, err
	}
	for _, p := range line.Rostered() {
		if !p.Runs(now) {
			continue
		}
		n++
		at, accounts := before(line, p.ID, now, func(x id.ID) book { return book{since, all[x]} })
		if at == id.Zero || len(accounts) == 0 {
			out = append(out, Problem{"before", p.ID, "its open tasks are before nobody"})
			continue
		}
		for _, a := range accounts {
			if !holds(line.Post(at), a, now) {
				out = append(out, Problem{"before", p.ID, fmt.Sprintf("its open tasks are before account %s, who is not in post %s", a, at)})
			}
		}
	}
	return n, out, nil
}

func holds(p *grid.LinePost, account id.ID, t int64) bool {
	for _, h := range p.Holders(t) {
		if h == account {
			return true
		}
	}
	return false
}
