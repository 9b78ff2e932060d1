package task

import (
	"testing"
	"time"

	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

func TestATaskComesBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		x := w.issue(KindFinding, "street1", "comm11")
		if got := w.inbox("comm11", Mine); len(got) != 1 || got[0].ID != x.ID || got[0].Title != "title" {
			t.Fatalf("the community's inbox: %+v", got)
		}
		if got := w.inbox("street1", Given); len(got) != 1 || got[0].State != Issued {
			t.Fatalf("what the street waits for: %+v", got)
		}
		w.refused("comm12", x, Change{Action: Take}, errs.NotFound, "task.not_found")
		w.refused("street1", x, Change{Action: Finish}, errs.Denied, "task.denied.done")
		w.ok(w.s.Watch(w.ctx, w.as("comm11"), x.ID, true))
		if got := w.inbox("comm11", Watched); len(got) != 1 || got[0].ID != x.ID {
			t.Fatalf("what is watched: %+v", got)
		}
		if err := w.s.Watch(w.ctx, w.as("comm12"), x.ID, true); !errs.Is(err, errs.NotFound) {
			t.Fatalf("watched by who has nothing to do with it: %v", err)
		}
		x = w.do("comm11", x, Change{Action: Receive})
		x = w.do("comm11", x, Change{Action: Take})
		w.refused("comm11", x, Change{Action: Finish, Note: "mended"}, errs.Invalid, "task.evidence.photo")
		x = w.do("comm11", x, Change{Action: Finish, Note: "mended", PhotoID: id.New()})
		if x.State != Done || x.PostID != w.post["street1"] || x.DoerPostID != w.post["comm11"] {
			t.Fatalf("done, it waits with the issuer: %+v", x)
		}
		w.refused("street1", x, Change{Action: Accept}, errs.Conflict, "task.verify.first")
		x = w.do("street1", x, Change{Action: Reject, Note: "the lane is still blocked"})
		if x.State != InHand || x.PostID != w.post["comm11"] {
			t.Fatalf("given back: %+v", x)
		}
		x = w.do("comm11", x, Change{Action: Finish, Note: "mended", PhotoID: id.New()})
		x = w.do("street1", x, Change{Action: Verify})
		x = w.do("street1", x, Change{Action: Accept})
		if x.State != Closed || x.EndedMs == 0 {
			t.Fatalf("closed: %+v", x)
		}
		w.refused("comm11", x, Change{Action: Take}, errs.Denied, "task.denied.take")
		w.refused("street1", x, Change{Action: Cancel, Note: "no"}, errs.Conflict, "task.is.closed")
		v, err := w.s.Task(w.ctx, w.as("street1"), x.ID)
		w.ok(err)
		if len(v.History) != x.Events || v.History[0].Kind != "issue" || v.History[4].Note != "the lane is still blocked" {
			t.Fatalf("history: %+v", v.History)
		}
		w.whole()
	})
}

func TestAWatcherReadsWhatTheirPostLetsThem(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		_, err := w.s.Direct(w.ctx, w.as("hq"), Issue{Kind: KindDirective, Title: "count", Question: &Question{Type: "text", Label: "who"}}, to(w.post["comm11"], w.post["comm12"]))
		w.ok(err)
		x := w.inbox("comm11", Mine)[0].Task
		w.ok(w.s.Watch(w.ctx, w.as("street1"), x.ID, true))
		w.do("comm11", x, Change{Action: Finish, Answer: "Zhang"})
		x = w.do("street1", x, Change{Action: Comment, Note: "good"})
		if got, err := w.s.shown(w.ctx, w.as("street1"), x); err != nil || got.Answer != "" || got.Title != "count" {
			t.Errorf("one line up is shown %+v, %v", got, err)
		}
		if got, err := w.s.shown(w.ctx, w.as("hq"), x); err != nil || got.Answer != "Zhang" {
			t.Errorf("the issuer is shown %+v, %v", got, err)
		}
		y := w.inbox("comm12", Mine)[0].Task
		w.ok(w.s.Watch(w.ctx, w.as("street1"), y.ID, true))
		w.vacate("street1")
		_, err = w.g.AddHolder(w.ctx, sys, holderOf(w.post["grid21"], w.acct["street1"]))
		w.ok(err)
		if _, err := w.s.Task(w.ctx, w.as("street1"), y.ID); !errs.Is(err, errs.NotFound) {
			t.Errorf("read from another post: %v", err)
		}
		if got := w.inbox("street1", Watched); len(got) != 0 {
			t.Errorf("listed in another post: %+v", got)
		}
		if got, err := w.s.shown(w.ctx, w.as("street1"), y); err != nil || got.Title+got.Answer != "" || got.State != y.State {
			t.Errorf("shown in another post: %+v, %v", got, err)
		}
		w.ok(w.s.Watch(w.ctx, w.as("street1"), y.ID, false))
		w.whole()
	})
}

func TestAnEmptyPostsTaskIsAnsweredForAbove(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.vacate("comm11")
		x := w.issue(KindDirective, "hq", "comm11")
		got := w.inbox("street1", Mine)
		if len(got) != 1 || !got[0].Covered {
			t.Fatalf("the street answers for its empty community: %+v", got)
		}
		w.sweep()
		v, err := w.s.Task(w.ctx, w.as("hq"), x.ID)
		w.ok(err)
		if v.AnswersID != w.post["street1"] || len(v.Covers) != 1 || v.Covers[0].AnswersID != w.post["street1"] {
			t.Fatalf("it says who answers: %s, %+v", v.AnswersID, v.Covers)
		}
		w.vacate("street1")
		if got := w.inbox("hq", Mine); len(got) != 1 {
			t.Fatalf("headquarters answers for both: %+v", got)
		}
		w.whole()
		hq, err := w.g.Post(w.ctx, sys, w.post["hq"])
		w.ok(err)
		if err := w.g.EndHolder(w.ctx, sys, hq.Holders[0].ID, 0); !errs.Is(err, errs.Conflict) || errs.As(err).Key != "grid.post.last_duty" {
			t.Fatalf("the duty post loses its last holder: %v", err)
		}
		_, err = w.g.AddHolder(w.ctx, sys, holderOf(w.post["comm11"], 77))
		w.ok(err)
		if got := w.inbox("hq", Mine); len(got) != 0 {
			t.Fatalf("somebody is in post again: %+v", got)
		}
		w.sweep()
		w.whole()
	})
}

func TestMissedDeadlinesClimbOnceInOrder(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		x := w.issue("help", "comm11", "grid11")
		if x.DeadlineMs != x.CreatedMs+60*minuteMs || x.ClimbMs != x.DeadlineMs {
			t.Fatalf("clock: %+v", x)
		}
		w.pass(61 * time.Minute)
		if n := w.sweep().Climbed; n != 1 {
			t.Fatalf("climbed %d", n)
		}
		if n := w.sweep().Climbed; n != 0 {
			t.Fatalf("climbed again %d", n)
		}
		if got := w.inbox("comm11", Climbed); len(got) != 1 || got[0].Step != 1 || !got[0].Late {
			t.Fatalf("one line up: %+v", got)
		}
		if got := w.inbox("street1", Climbed); len(got) != 0 {
			t.Fatalf("not further: %+v", got)
		}
		y := w.issue("help", "comm21", "grid21")
		w.pass(5 * time.Hour) // nothing ran
		w.sweep()
		for _, c := range []struct {
			t   Task
			who string
		}{{x, "comm11"}, {y, "comm21"}} {
			v, err := w.s.Task(w.ctx, w.as("hq"), c.t.ID)
			w.ok(err)
			var at, to []int64
			for _, e := range v.History[1:] {
				at, to = append(at, (e.AtMs-v.CreatedMs)/minuteMs), append(to, int64(e.OtherID))
			}
			street := w.post["street"+c.who[4:5]]
			if len(at) != 3 || at[0] != 60 || at[1] != 90 || at[2] != 120 || to[0] != int64(w.post[c.who]) || to[1] != int64(street) || to[2] != int64(w.post["hq"]) {
				t.Errorf("%s climbed at %v to %v", c.who, at, to)
			}
		}
		w.whole()
	})
}
