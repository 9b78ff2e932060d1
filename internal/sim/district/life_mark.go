package district

import (
	"context"
	"fmt"
	"strconv"
	"sync"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/round"
	"wangge/internal/sim"
)

// input is the mark of what a worker did.
func (v *Life) input(a act) round.MarkInput {
	in := round.MarkInput{RoundID: v.l.Round, ObjectID: id.ID(a.a.Target), How: round.AtDoor}
	switch a.a.Via {
	case "phone":
		in.How = round.ByPhone
	case "chat":
		in.How = round.ByChat
	}
	doors := v.round.TargetKind == round.Doors
	switch a.a.Kind {
	case sim.ActEmpty:
		in.Result = "verified_empty"
	case sim.ActAway:
		in.Result = "living_elsewhere"
	case sim.ActAttempt:
		in.Result = "absent"
	default:
		in.Result = "answered"
		in.Answers = answers(a.a.Answers)
	}
	if !doors && a.a.Kind != sim.ActDone && a.a.Kind != sim.ActAttempt { // only doors stand empty
		in.Result = "absent"
	}
	return in
}

// answers are a worker's answers as a mark holds them.
func answers(given map[string]any) map[string]string {
	out := make(map[string]string, len(given))
	for k, v := range given {
		switch x := v.(type) {
		case bool:
			out[k] = map[bool]string{true: "yes", false: "no"}[x]
		case float64:
			out[k] = strconv.FormatFloat(x, 'f', 1, 64)
		default:
			if s := fmt.Sprint(x); s != "" {
				out[k] = s
			}
		}
	}
	return out
}

// act is what a worker decided to do.
type act struct {
	w *worker
	a sim.Action
}

// do makes the marks of what is still outstanding and takes what is settled off
// the workers' lists.
func (v *Life) do(ctx context.Context, acts []act) (int, error) {
	if len(acts) == 0 {
		return 0, nil
	}
	objects := make([]id.ID, len(acts))
	for i, a := range acts {
		objects[i] = id.ID(a.a.Target)
	}
	open, err := stillOutstanding(ctx, v.s.DB.Read(), v.l.District, v.round.OccurrenceID, objects)
	if err != nil {
		return 0, err
	}
	var todo []act
	for i, a := range acts {
		if open[objects[i]] {
			delete(open, objects[i]) // two with the same door: one goes
			todo = append(todo, a)
			continue
		}
		a.w.drop(a.a.Target)
	}
	results := make([]round.MarkResult, len(todo))
	faults := make([]error, len(todo))
	slots := make(chan struct{}, senders)
	var wg sync.WaitGroup
	for i, a := range todo {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			results[i], faults[i] = v.s.Rounds.Mark(ctx, a.w.caller, v.input(a))
		})
	}
	wg.Wait()
	return v.settle(todo, results, faults)
}

// settle takes what is done off the lists; the first fault is returned, and
// its target dropped so that it does not come up again.
func (v *Life) settle(todo []act, results []round.MarkResult, faults []error) (made int, err error) {
	for i, a := range todo {
		if faults[i] != nil {
			err = faults[i]
			a.w.drop(a.a.Target)
			continue
		}
		made++
		if s := results[i].State; s == round.Done || s == round.Exempt {
			v.since++
			a.w.drop(a.a.Target)
		}
		if results[i].Late {
			err = errs.E("district.Life", errs.Conflict, "demo.no_round")
		}
	}
	return made, err
}

func (w *worker) drop(target int64) {
	for i := range w.queue {
		if w.queue[i].ID == target {
			w.queue = append(w.queue[:i], w.queue[i+1:]...)
			return
		}
	}
}
