package transfer

import (
	"context"
	"strings"
	"unicode/utf8"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/task"
)

// maxReason bounds why a transfer is called off, in characters.
const maxReason = 200

// has is the post that has the people.
func (t Transfer) has() id.ID {
	switch {
	case t.ArrivedMs != 0:
		return t.Hops[len(t.Hops)-1].ToPostID
	case t.Hop > 0:
		return t.Hops[t.Hop-1].FromPostID
	}
	return t.Hops[0].FromPostID
}

// CallOff calls a transfer off, also on its way: the reason, and which post has
// the people, stand in the history of its task. Carers are told only before the
// start: after it, who stayed behind still needs them. Errors: Denied, Conflict,
// Invalid naming note.
func (s *Service) CallOff(ctx context.Context, c grid.Caller, transfer id.ID, seen int, why string) (Transfer, error) {
	const op = "transfer.CallOff"
	why = strings.TrimSpace(why)
	switch {
	case why == "":
		return Transfer{}, errs.Field(errs.E(op, errs.Invalid, "task.reason"), "note")
	case utf8.RuneCountInString(why) > maxReason:
		return Transfer{}, errs.Field(errs.E(op, errs.Invalid, "error.too_long", maxReason), "note")
	}
	return s.change(ctx, op, c, transfer, seen, func(w *work) error {
		switch {
		case w.stands()&leads == 0:
			return errs.E(op, errs.Denied, "transfer.denied")
		case w.t.State != Planned && w.t.State != Moving:
			return errs.E(op, errs.Conflict, "transfer.is."+string(w.t.State))
		}
		if err := w.release(ctx, why); err != nil {
			return err
		}
		words, err := s.Tasks.PostsInArea(ctx, c, []id.ID{w.t.has()})
		if err != nil {
			return err
		}
		note := i18n.T(c.Lang, "transfer.call_off.note", why, words[w.t.has()])
		if _, err := s.Tasks.ChangeTx(ctx, w.tx, acting(c), w.t.ID, task.Change{Action: task.Cancel, Note: note}); err != nil {
			return err
		}
		return w.note(ctx, "transfer.call_off", "has="+w.t.has().String())
	})
}

// release ends the tasks that a transfer called off needs no more: before the
// start those of its carers, on the way the alarms of the running hop.
func (w *work) release(ctx context.Context, why string) error {
	var over []id.ID
	if w.t.State == Moving {
		h := w.t.Hops[w.t.Hop-1]
		over = []id.ID{h.alarmFrom, h.alarmTo}
	} else {
		for _, l := range w.t.Left {
			over = append(over, l.TaskID)
		}
	}
	for _, t := range over {
		if t == id.Zero {
			continue
		}
		if err := w.endTask(ctx, t, why); err != nil {
			return err
		}
	}
	return nil
}
