package relief

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
	"wangge/internal/task"
)

// Sides of a signature.
const (
	SideOut = "out" // who goes
	SideIn  = "in"  // who comes
)

// maxNote bounds what the outgoing writes, in characters.
const maxNote = 500

// Sign signs a change of shift of a post, by the instant at which the shift
// ends, for the side that goes (with a note, sealed) or the side that comes. Who
// goes is who the roster has go; who comes is anybody else in post, so that
// somebody can stand in. Once the relief has signed, the open tasks are before
// them, and the leader's task that they were late is over. Signing twice is
// signing once. Errors: NotFound; Denied; Conflict where it is too early, too
// late or somebody else has signed; Invalid naming note.
func (s *Service) Sign(ctx context.Context, c grid.Caller, post id.ID, endMs int64, side, note string) (Record, error) {
	const op = "relief.Sign"
	var r Record
	note = strings.TrimSpace(note)
	if utf8.RuneCountInString(note) > maxNote {
		return r, errs.Field(errs.E(op, errs.Invalid, "error.too_long", maxNote), "note")
	}
	if err := s.mayRead(ctx, c, post); err != nil {
		return r, err
	}
	err := s.DB.Write(ctx, op, func(tx *db.Tx) (err error) {
		w, err := s.work(ctx, tx, c, post, endMs)
		if err != nil {
			return err
		}
		switch side {
		case SideOut:
			err = w.signOut(ctx, note)
		case SideIn:
			err = w.signIn(ctx)
		default:
			err = errs.E(op, errs.Invalid, "relief.side")
		}
		r = w.r
		return err
	})
	return r, errs.Wrap(op, err)
}

// work is a change of shift under change, within a transaction.
type work struct {
	s    *Service
	tx   *db.Tx
	c    grid.Caller
	line *grid.Line
	post *grid.LinePost
	turn Turn
	r    Record
	now  int64
}

func (s *Service) work(ctx context.Context, tx *db.Tx, c grid.Caller, post id.ID, endMs int64) (*work, error) {
	const op = "relief.Sign"
	line, err := s.Grid.Line(ctx, c)
	if err != nil {
		return nil, err
	}
	w := &work{s: s, tx: tx, c: c, line: line, post: line.Post(post), now: s.now()}
	since, err := s.sinceMs(ctx, tx, c.District)
	if err != nil {
		return nil, err
	}
	turns := rosterOf(w.post, w.now, 2*dayMs, since).turns(w.now-backMs, w.now+2*dayMs)
	i := slices.IndexFunc(turns, func(t Turn) bool { return t.EndMs == endMs })
	if i < 0 {
		return nil, errs.E(op, errs.Conflict, "relief.no_turn")
	}
	w.turn = turns[i]
	switch {
	case w.now < w.turn.OpenMs:
		return nil, errs.E(op, errs.Conflict, "relief.early", clockAt(w.turn.OpenMs))
	case w.now >= w.turn.NextMs:
		return nil, errs.E(op, errs.Conflict, "relief.over")
	}
	w.r, err = selectRecord(ctx, tx, tx.ForUpdate(), c.District, post, endMs)
	return w, err
}

// holds reports whether the caller is in the post now, by that post.
func (w *work) holds() bool {
	return slices.Contains(ownPosts(w.c), w.post.ID) && slices.Contains(w.post.Holders(w.now), w.c.AccountID)
}

func (w *work) goes() bool { return w.holds() && slices.Contains(w.turn.Out, w.c.AccountID) }

func (w *work) comes() bool { return w.holds() && !slices.Contains(w.turn.Out, w.c.AccountID) }

// free reports whether a side, signed by an account or by nobody, is the
// caller's to sign; not where the caller has.
func (w *work) free(side string, mine bool, by id.ID) (bool, error) {
	const op = "relief.Sign"
	switch {
	case !mine:
		return false, errs.E(op, errs.Denied, "relief.not_"+side)
	case by != id.Zero && by != w.c.AccountID:
		return false, errs.E(op, errs.Conflict, "relief.signed."+side)
	}
	return by == id.Zero, nil
}

func (w *work) signOut(ctx context.Context, note string) error {
	free, err := w.free(SideOut, w.goes(), w.r.OutID)
	if !free {
		return err
	}
	w.r.OutID, w.r.OutMs = w.c.AccountID, w.now
	if w.r.OutItems, err = w.s.Tasks.CountOpenOf(ctx, w.tx, w.c, w.post.ID); err != nil {
		return err
	}
	if note != "" {
		if w.r.sealed, err = w.s.Keys.Seal(seal.Standing, noteAAD(w.r), []byte(note)); err != nil {
			return err
		}
	}
	return w.save(ctx, "relief.out")
}

func (w *work) signIn(ctx context.Context) error {
	free, err := w.free(SideIn, w.comes(), w.r.InID)
	if !free {
		return err
	}
	w.r.InID, w.r.InMs = w.c.AccountID, w.now
	if w.r.InItems, err = w.s.Tasks.CountOpenOf(ctx, w.tx, w.c, w.post.ID); err != nil {
		return err
	}
	if err = w.save(ctx, "relief.in"); err != nil {
		return err
	}
	alarms, err := openAlarms(ctx, w.tx, w.c.District, w.post.ID)
	for _, t := range alarms {
		if err == nil {
			err = w.endAlarm(ctx, t)
		}
	}
	return err
}

// endAlarm calls off what told the leader; one that has ended stays as it is.
func (w *work) endAlarm(ctx context.Context, t id.ID) error {
	sys := grid.System(w.c.District, "relief")
	sys.AccountID, sys.Lang = w.c.AccountID, w.c.Lang
	_, err := w.s.Tasks.ChangeTx(ctx, w.tx, sys, t, task.Change{Action: task.Cancel, Note: i18n.T(w.c.Lang, "relief.alarm.over")})
	if errs.Is(err, errs.Conflict) {
		return nil
	}
	return err
}

func (w *work) save(ctx context.Context, action string) error {
	if err := saveRecord(ctx, w.tx, w.c.District, w.r); err != nil {
		return err
	}
	w.s.tell(w.tx, w.post.ID, w.r.LeaderPostID, w.line.Above(w.post.ID, w.now))
	return w.s.Audit.Append(ctx, w.tx, audit.Entry{Account: w.c.AccountID, Post: w.post.ID, Action: action, Object: "post", ObjectID: w.post.ID})
}

// noteAAD names what the outgoing wrote.
func noteAAD(r Record) string {
	return seal.AAD(seal.Standing, "shift_handover", r.PostID) + "/" + id.ID(r.EndMs).String()
}

// mayRead refuses who neither holds the post nor stands anywhere up the line:
// to them it does not exist.
func (s *Service) mayRead(ctx context.Context, c grid.Caller, post id.ID) error {
	const op = "relief.read"
	if err := c.Require(op, grid.TaskDo); err != nil {
		return err
	}
	line, err := s.Grid.Line(ctx, c)
	if err != nil {
		return err
	}
	if line.Post(post) == nil || !c.IsSystem() && !reads(line, ownPosts(c), post) {
		return errs.E(op, errs.NotFound, "relief.not_found")
	}
	return nil
}

// reads reports whether one of some posts is the post or stands up the line.
func reads(line *grid.Line, own []id.ID, post id.ID) bool {
	return slices.Contains(own, post) || slices.ContainsFunc(line.Up(post), func(up id.ID) bool { return slices.Contains(own, up) })
}
