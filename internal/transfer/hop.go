package transfer

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
	"wangge/internal/task"
)

// How a side was confirmed.
const (
	byCode = "code"
	byName = "name"
	byBoth = "both" // by who answers for both posts, once for both sides
)

// code is what one side of a hop shows to the other: six digits that follow
// from a key and are stored nowhere.
func (s *Service) code(transfer id.ID, seq int, of side) string {
	h := s.Keys.Hash(seal.Standing, "transfer_code", fmt.Sprintf("%s/%d/%s", transfer, seq, of))
	return fmt.Sprintf("%06d", binary.BigEndian.Uint64(h)%1_000_000)
}

// errWrongCode leaves a transaction in which only the try is counted.
var errWrongCode = errors.New("wrong code")

// Confirm says for the caller's side of the running hop that the people were
// handed over: by the code the other side shows, or by the name of whoever
// stands there. When both sides have, the people are with the next post and its
// clock begins. Errors: Denied; Conflict, where the side has confirmed, or the
// same person for the other; Invalid naming code or name; TooMany after wrong
// codes, when only the name counts.
func (s *Service) Confirm(ctx context.Context, c grid.Caller, transfer id.ID, code, name string) (Transfer, error) {
	const op = "transfer.Confirm"
	code, name = strings.TrimSpace(code), strings.TrimSpace(name)
	seq := 0
	t, err := s.change(ctx, op, c, transfer, 0, func(w *work) error {
		if w.t.State != Moving {
			return errs.E(op, errs.Conflict, "transfer.is."+string(w.t.State))
		}
		seq = w.t.Hop
		mine, err := w.mySide(code)
		if err != nil {
			return err
		}
		how, err := w.proven(ctx, mine, code, name)
		if err != nil {
			return err
		}
		return w.confirm(ctx, mine, how)
	})
	if errors.Is(err, errWrongCode) {
		if err := s.DB.Write(ctx, op, func(tx *db.Tx) error { return addTry(ctx, tx, c.District, transfer, seq) }); err != nil {
			return t, err
		}
		err = errs.Field(errs.E(op, errs.Invalid, "transfer.code.wrong"), "code")
	}
	return t, err
}

// ConfirmBoth confirms the running hop once for both sides, by somebody who
// answers for both of its posts: nobody else is there to show a code to. The
// record says so. Errors: Denied; Conflict where somebody else has confirmed a
// side: then the other is theirs to confirm by code or name.
func (s *Service) ConfirmBoth(ctx context.Context, c grid.Caller, transfer id.ID) (Transfer, error) {
	const op = "transfer.ConfirmBoth"
	return s.change(ctx, op, c, transfer, 0, func(w *work) error {
		if w.t.State != Moving {
			return errs.E(op, errs.Conflict, "transfer.is."+string(w.t.State))
		}
		h := w.t.Hops[w.t.Hop-1]
		if !answers(w.c, w.line, h.FromPostID, w.now) || !answers(w.c, w.line, h.ToPostID, w.now) {
			return errs.E(op, errs.Denied, "transfer.confirm.not_both")
		}
		h, err := h.confirmedBoth(c.AccountID, w.now)
		if err != nil {
			return err
		}
		return w.store(ctx, h)
	})
}

// mySide is the side of the running hop on which the caller stands. Who answers
// for both stands on the one whose other's code was given, else on the one that
// is not confirmed.
func (w *work) mySide(code string) (side, error) {
	h := w.t.Hops[w.t.Hop-1]
	gives, takes := answers(w.c, w.line, h.FromPostID, w.now), answers(w.c, w.line, h.ToPostID, w.now)
	switch {
	case gives && takes:
		if code == w.s.code(w.t.ID, h.Seq, giving) || code == "" && h.GaveMs != 0 {
			return taking, nil
		}
		return giving, nil
	case gives:
		return giving, nil
	case takes:
		return taking, nil
	}
	return "", errs.E("transfer.Confirm", errs.Denied, "transfer.confirm.denied")
}

// proven says how the caller's side was proven.
func (w *work) proven(ctx context.Context, mine side, code, name string) (string, error) {
	const op = "transfer.Confirm"
	h := w.t.Hops[w.t.Hop-1]
	if code != "" {
		switch {
		case h.tries >= vocab.Tries:
			return "", errs.Field(errs.E(op, errs.TooMany, "transfer.code.tries"), "name")
		case code != w.s.code(w.t.ID, h.Seq, mine.other()):
			return "", errWrongCode
		}
		return byCode, nil
	}
	if name == "" {
		return "", errs.Field(errs.E(op, errs.Invalid, "transfer.confirm.how"), "code")
	}
	post := h.ToPostID
	if mine == taking {
		post = h.FromPostID
	}
	ok, err := w.holds(ctx, post, name)
	if err == nil && !ok {
		err = errs.Field(errs.E(op, errs.Invalid, "transfer.name.wrong"), "name")
	}
	return byName, err
}

// holds reports whether another person of that name answers for a post now.
func (w *work) holds(ctx context.Context, post id.ID, name string) (bool, error) {
	accounts := w.line.Post(w.line.Effective(post, w.now)).Holders(w.now)
	accounts = slices.DeleteFunc(accounts, func(a id.ID) bool { return a == w.c.AccountID })
	if len(accounts) == 0 || w.s.Names == nil {
		return false, nil
	}
	names, err := w.s.Names(ctx, accounts)
	for _, n := range names {
		if seal.NormName(n) == seal.NormName(name) {
			return true, err
		}
	}
	return false, err
}

// confirm notes one side.
func (w *work) confirm(ctx context.Context, mine side, how string) error {
	h, err := w.t.Hops[w.t.Hop-1].confirmed(mine, w.c.AccountID, how, w.now)
	if err != nil {
		return err
	}
	return w.store(ctx, h)
}

// store stores the running hop as it was confirmed; after both sides, the people
// are with the next post.
func (w *work) store(ctx context.Context, h Hop) error {
	w.t.Hops[w.t.Hop-1] = h
	if err := updateHop(ctx, w.tx, w.c.District, w.t.ID, h); err != nil || !h.Done() {
		return err
	}
	for _, a := range []id.ID{h.alarmFrom, h.alarmTo} {
		if a != id.Zero {
			if err := w.endTask(ctx, a, i18n.T(w.c.Lang, "transfer.alarm.over")); err != nil {
				return err
			}
		}
	}
	if err := w.handOn(ctx, h); err != nil {
		return err
	}
	if err := w.note(ctx, "transfer.hop", fmt.Sprintf("hop=%d", h.Seq)); err != nil {
		return err
	}
	if h.Seq < len(w.t.Hops) {
		return w.begin(ctx, h.Seq+1)
	}
	w.t.ArrivedMs = w.now
	_, err := w.s.Tasks.ChangeTx(ctx, w.tx, acting(w.c), w.t.ID, task.Change{Action: task.Finish, Note: i18n.T(w.c.Lang, "transfer.arrived")})
	return err
}

// handOn gives the task to the post that has the people now.
func (w *work) handOn(ctx context.Context, h Hop) error {
	_, err := w.s.Tasks.ChangeTx(ctx, w.tx, acting(w.c), w.t.ID, task.Change{Action: task.HandOn, PostID: h.ToPostID, Note: i18n.T(w.c.Lang, "transfer.hop.note", h.Seq)})
	if e := errs.As(err); e != nil && e.Key == "task.post.same" {
		return nil // somebody handed the task on by itself
	}
	return err
}

// sweepPage is how many late hops are told of at once.
const sweepPage = 200

// Sweep tells both posts of each hop that is late, once, by an alarm; what was
// due while nothing ran is caught up with. That the task climbs to the post
// above is the business of tasks. It returns how many hops were late.
func (s *Service) Sweep(ctx context.Context, c grid.Caller) (int, error) {
	const op = "transfer.Sweep"
	if !c.IsSystem() {
		return 0, errs.E(op, errs.Denied, "error.denied")
	}
	late, err := selectLate(ctx, s.DB.Read(), c.District, s.now(), sweepPage)
	n := 0
	for _, t := range late {
		if err != nil {
			break
		}
		_, err = s.change(ctx, op, c, t, 0, func(w *work) error {
			if w.t.State != Moving || !w.t.Hops[w.t.Hop-1].Late(w.now) || w.t.Hops[w.t.Hop-1].AlarmMs != 0 {
				return nil
			}
			n++
			return w.alarm(ctx)
		})
	}
	return n, errs.Wrap(op, err)
}

// alarm tells both posts of the running hop.
func (w *work) alarm(ctx context.Context) error {
	h := &w.t.Hops[w.t.Hop-1]
	h.AlarmMs = h.DueMs
	for _, to := range []struct {
		post id.ID
		task *id.ID
	}{{h.FromPostID, &h.alarmFrom}, {h.ToPostID, &h.alarmTo}} {
		t, err := w.s.Tasks.IssueTx(ctx, w.tx, w.c, task.Issue{Kind: task.KindAlarm, Says: says("transfer.alarm.title", strconv.Itoa(h.Seq), "transfer.alarm.text"),
			PostID: to.post, FromPost: w.t.IssuerPostID, PlaceID: w.t.HomeID, Links: []task.Link{{Kind: "transfer", ObjectID: w.t.ID}}})
		if err != nil {
			return err
		}
		*to.task = t.ID
	}
	return updateHop(ctx, w.tx, w.c.District, w.t.ID, *h)
}
