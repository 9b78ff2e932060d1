package district

import (
	"fmt"
	"strconv"

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
