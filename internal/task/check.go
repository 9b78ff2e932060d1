package task

import (
	"context"
	"fmt"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Problem is a task for which custody does not hold.
type Problem struct {
	Check  string `json:"check"` // state, owner, answers, deadline, history, children, sum
	TaskID id.ID  `json:"task_id"`
	Detail string `json:"detail"`
}

// Checked is what Check found.
type Checked struct {
	Tasks    int `json:"tasks"`
	Problems []Problem
}

// maxProblems bounds the problems that are named.
const maxProblems = 100

// Check verifies custody at this instant without changing anything: every open
// task has an owning post, somebody in post who answers for it, a deadline and
// a history without gaps that ends where the task stands; tasks issued are the
// sum of tasks by state.
func Check(ctx context.Context, d *db.DB) (Checked, error) {
	return CheckAt(ctx, d, clock.Ms(d.Clock().Now()))
}

// CheckAt is Check at another instant (UTC milliseconds).
func CheckAt(ctx context.Context, d *db.DB, atMs int64) (Checked, error) {
	const op = "task.Check"
	var out Checked
	places := grid.New(d, d.Clock(), nil, nil)
	err := d.Snapshot(ctx, op, func(q db.Queryer) error {
		districts, err := districtsWithTasks(ctx, q)
		if err != nil {
			return err
		}
		for _, district := range districts {
			line, err := places.LineIn(ctx, q, grid.System(district, "check"))
			if err != nil {
				return err
			}
			if err := out.district(ctx, q, district, line, atMs); err != nil {
				return err
			}
		}
		return nil
	})
	return out, errs.Wrap(op, err)
}

func (k *Checked) district(ctx context.Context, q db.Queryer, district int, line *grid.Line, at int64) error {
	posts, err := openByPost(ctx, q, district)
	if err != nil {
		return err
	}
	for _, p := range posts {
		switch {
		case line.Post(p.post) == nil:
			k.add("owner", p.task, fmt.Sprintf("%d open, of post %s, which does not exist", p.n, p.post))
		case line.Effective(p.post, at) == id.Zero:
			k.add("answers", p.task, fmt.Sprintf("%d open, of post %s: nobody is in post up to the district", p.n, p.post))
		}
	}
	for _, f := range faults {
		list, err := selectFaults(ctx, q, f.text, district)
		if err != nil {
			return err
		}
		for _, t := range list {
			k.add(f.check, t, f.detail)
		}
	}
	issued, sum, err := sumByState(ctx, q, district)
	if err != nil {
		return err
	}
	if issued != sum {
		k.add("sum", id.Zero, fmt.Sprintf("%d tasks were issued, %d stand in a state", issued, sum))
	}
	k.Tasks += issued
	return nil
}

func (k *Checked) add(check string, task id.ID, detail string) {
	if len(k.Problems) < maxProblems {
		k.Problems = append(k.Problems, Problem{check, task, detail})
	}
}
