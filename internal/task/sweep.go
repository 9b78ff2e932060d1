package task

import (
	"context"
	"slices"
	"strconv"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// sweepPage is how many tasks climb in one transaction.
const sweepPage = 2000

// Swept is what a sweep did.
type Swept struct {
	Climbed int `json:"climbed"` // steps taken
	Closed  int `json:"closed"`  // what was passed on and whose last answer had come
	Covered int `json:"covered"` // posts for which another answers since
}

// Sweep takes every step that is due on a ladder, in the order of the instants
// at which they were due, each once; what was due while nothing ran is caught
// up with as if it had. It also gathers what was passed on and whose addressees
// have all ended, and records for which vacant posts another answers since. Whatever it
// finds done already it leaves alone: it may be run by anybody at any time.
func (s *Service) Sweep(ctx context.Context, c grid.Caller) (Swept, error) {
	const op = "task.Sweep"
	var out Swept
	if !c.IsSystem() {
		return out, errs.E(op, errs.Denied, "error.denied")
	}
	kinds, err := s.Kinds(ctx, c)
	if err != nil {
		return out, err
	}
	until := s.now()
	for {
		n, err := s.sweepPage(ctx, c, kinds, until)
		out.Climbed += n
		if err != nil {
			return out, errs.Wrap(op, err)
		}
		if n == 0 { // a step may make the next one due at once
			break
		}
	}
	if out.Closed, err = s.gather(ctx, c); err != nil {
		return out, errs.Wrap(op, err)
	}
	out.Covered, err = s.recordCovers(ctx, c, until)
	return out, errs.Wrap(op, err)
}

// sweepPage takes the earliest steps that are due.
func (s *Service) sweepPage(ctx context.Context, c grid.Caller, kinds Kinds, until int64) (n int, err error) {
	line, err := s.Grid.Line(ctx, c)
	if err != nil {
		return 0, err
	}
	err = s.DB.WriteLow(ctx, "task.Sweep", func(tx *db.Tx) error {
		list, err := selectDue(ctx, tx, c.District, until, sweepPage)
		if err != nil {
			return err
		}
		n = len(list)
		var events []eventRow
		told := map[id.ID]bool{}
		for i := range list {
			t := &list[i]
			at := t.ClimbMs
			kinds.climb(t, line)
			t.Events++
			events = append(events, eventRow{task: t.ID, Event: Event{Seq: t.Events, Kind: "climb", State: t.State, PostID: t.PostID, OtherID: t.AbovePostID, AtMs: at, NotedMs: until}})
			told[t.AbovePostID], told[t.PostID] = true, true
		}
		if err := updateClimbed(ctx, tx, c.District, list); err != nil {
			return err
		}
		if err := insertEvents(ctx, tx, c.District, events); err != nil {
			return err
		}
		tellPosts(tx, told)
		return nil
	})
	return n, err
}

// tellPosts tells the pages of posts that something is before them, of at most
// maxTold posts.
func tellPosts(tx *db.Tx, posts map[id.ID]bool) {
	n := 0
	for p := range posts {
		if n++; n > maxTold {
			return
		}
		if p != id.Zero {
			tx.Notify(topicPost + p.String())
		}
	}
}

// gather ends what was passed on and of which nothing further down is open: a
// directive with its issuer, and with the levels between what needs no words of
// theirs, no answer or the sum of numbers. It goes from the bottom up, until
// nothing more ends. One that cannot be ended holds nothing else up.
func (s *Service) gather(ctx context.Context, c grid.Caller) (n int, err error) {
	for {
		list, err := selectGathered(ctx, s.DB.Read(), c.District)
		if err != nil {
			return n, err
		}
		tasks, err := s.open(c.Lang, list)
		if err != nil {
			return n, err
		}
		before := n
		for _, t := range tasks {
			if !gathers(t) {
				continue
			}
			done := false
			err := s.DB.Write(ctx, "task.gather", func(tx *db.Tx) error {
				w, err := s.work(ctx, tx, c, t.ID)
				if err != nil {
					return err
				}
				if done, err = w.gather(ctx); err != nil || !done {
					return err
				}
				return w.save(ctx)
			})
			switch {
			case ctx.Err() != nil:
				return n, err
			case err != nil && !errs.Is(err, errs.Conflict):
				s.Log.ErrorContext(ctx, "a task that was passed on is not gathered", "task", t.ID, "err", err)
			case err == nil && done:
				n++
			}
		}
		if n == before {
			return n, nil
		}
	}
}

// gathers reports whether what was passed on needs nobody's words.
func gathers(t Task) bool {
	return t.RootID == id.Zero || t.Question == nil || t.Question.Type == "number"
}

// gather ends the task, unless something below has been added since, or nobody
// below has done it; it says whether it does.
func (w *work) gather(ctx context.Context) (bool, error) {
	list, err := selectRows(ctx, w.tx, "WHERE t.district = $1 AND t.parent_id = $2 AND t.parent_id <> 0 ORDER BY t.id", w.c.District, w.t.ID)
	if err != nil || w.t.State != InHand || slices.ContainsFunc(list, func(r row) bool { return r.State.Open() }) {
		return false, err
	}
	if w.t.RootID != id.Zero {
		list = slices.DeleteFunc(list, func(r row) bool { return r.State == Cancelled || r.State == Merged })
		if w.kind.Closes != ClosesDone || len(list) == 0 {
			return false, nil
		}
		if err := w.sumUp(list); err != nil {
			return false, err
		}
		w.step("gathered", Done, Change{})
	}
	w.t.DoneMs, w.t.EndedMs, w.t.ClimbMs = w.now, w.now, 0
	w.step("close", Closed, Change{})
	for i := range w.events {
		w.events[i].ByPostID = id.Zero
	}
	return true, nil
}

// sumUp answers a question for a number with the sum of those below.
func (w *work) sumUp(list []row) error {
	if w.t.Question == nil {
		return nil
	}
	below, err := w.s.open(w.c.Lang, list)
	if err != nil {
		return err
	}
	answers := make([]string, len(below))
	for i, t := range below {
		answers[i] = t.Answer
	}
	return w.keepAnswer(strconv.FormatInt(tally(*w.t.Question, answers).Sum, 10))
}

// recordCovers notes for which posts with open tasks another answers than was
// noted last.
func (s *Service) recordCovers(ctx context.Context, c grid.Caller, at int64) (int, error) {
	line, err := s.Grid.Line(ctx, c)
	if err != nil {
		return 0, err
	}
	posts, err := postsWithWork(ctx, s.DB.Read(), c.District)
	if err != nil {
		return 0, err
	}
	last, err := lastCovers(ctx, s.DB.Read(), c.District)
	if err != nil {
		return 0, err
	}
	news := map[id.ID]id.ID{}
	for _, p := range posts {
		now := line.Effective(p, at)
		if was, noted := last[p]; was != now && (noted || now != p) {
			news[p] = now
		}
	}
	if len(news) == 0 {
		return 0, nil
	}
	return len(news), s.DB.Write(ctx, "task.recordCovers", func(tx *db.Tx) error {
		told := map[id.ID]bool{}
		for p, by := range news {
			told[p], told[by] = true, true
		}
		tellPosts(tx, told)
		return saveCovers(ctx, tx, c.District, at, news)
	})
}
