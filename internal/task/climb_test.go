package task

import (
	"strings"
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
)

func TestShortDeadlinesNeedALeader(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		at := w.s.now() + 60*minuteMs
		who := "comm11"
		try := func(key string, in Issue) {
			t.Helper()
			in.Kind, in.Title, in.PostID, in.DeadlineMs = KindDirective, "x", w.post["grid11"], at
			_, err := w.s.Issue(w.ctx, w.as(who), in)
			if (err == nil) != (key == "") || err != nil && errs.As(err).Key != key {
				t.Errorf("%v, want %q", err, key)
			}
		}
		try("task.deadline.short", Issue{})
		try("task.deadline.unsigned", Issue{Urgent: true})
		try("task.deadline.unsigned", Issue{Urgent: true, SignedPost: w.post["comm11"]})
		try("task.deadline.unsigned", Issue{Urgent: true, SignedPost: w.post["street2"]})
		try("task.deadline.unsigned", Issue{Urgent: true, SignedPost: w.post["street1"]}) // named by somebody else
		if ch, err := w.s.Choices(w.ctx, w.as("comm11"), KindDirective); err != nil || len(ch.Signs) != 0 {
			t.Errorf("the community can sign as %v, %v", ch.Signs, err)
		}
		who = "street1"
		try("", Issue{Urgent: true, SignedPost: w.post["street1"]})
		try("task.deadline.unsigned", Issue{Urgent: true, SignedPost: w.post["hq"]})
		w.vacate("street1")
		_, err := w.g.AddHolder(w.ctx, sys, holderOf(w.post["street1"], w.acct["comm11"])) // stands in
		w.ok(err)
		who = "comm11"
		try("", Issue{Urgent: true, SignedPost: w.post["street1"]})
		w.whole()
	})
}

func TestASweepAfterDowntimeGivesWhatManyWouldHave(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		steps := func(every time.Duration) map[string][]Event {
			w := newWorld(t, d)
			defer (&walk{world: w}).clear()
			made := map[string]Task{}
			for _, to := range []string{"leader11", "grid11", "comm11", "comm21", "street1"} {
				made[to] = w.issue("help", "hq", to)
				w.pass(7 * time.Minute)
			}
			w.vacate("grid11")
			w.vacate("comm11")
			end := w.clk.Now().Add(6 * time.Hour)
			for w.clk.Now().Before(end) {
				w.pass(every)
				w.sweep()
				w.sweep()
			}
			out := map[string][]Event{}
			for to, x := range made {
				v, err := w.s.Task(w.ctx, w.as("hq"), x.ID)
				w.ok(err)
				for _, e := range v.History {
					e.NotedMs, e.PostID, e.ByPostID, e.AccountID = 0, 0, 0, 0
					e.AtMs -= x.CreatedMs
					for name, p := range w.post {
						if e.OtherID == p {
							e.Note = name
						}
					}
					e.OtherID = 0
					out[to] = append(out[to], e)
				}
			}
			w.whole()
			return out
		}
		often, once := steps(5*time.Minute), steps(6*time.Hour)
		for to, list := range often {
			if len(list) != len(once[to]) || len(list) < 2 {
				t.Fatalf("%s: %d steps often, %d once", to, len(list), len(once[to]))
			}
			for i := range list {
				if list[i] != once[to][i] {
					t.Errorf("%s, step %d: %+v often, %+v once", to, i, list[i], once[to][i])
				}
			}
		}
	})
}

func TestTooFewHandsGoesToWhoCanSendMore(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		var list []Task
		for range 40 { // 40 × 40 minutes, against three people for eight hours
			list = append(list, w.issue("help", "hq", "grid11"))
		}
		if n, err := w.s.Hands(w.ctx, sys); err != nil || n != 1 {
			t.Fatalf("short: %d, %v", n, err)
		}
		if _, err := w.s.Hands(w.ctx, sys); err != nil {
			t.Fatal(err)
		}
		got := w.inbox("street1", Mine)
		if len(got) != 1 || got[0].Kind != KindHands || got[0].PlaceID != w.place["230103001001"] {
			t.Fatalf("the street is told once: %+v", got)
		}
		reader := w.as("street1")
		alarm := got[0].ID
		for lang, want := range map[string]string{"zh": "人手不足", "en": "Too few hands in "} {
			reader.Lang = lang
			if v, err := w.s.Task(w.ctx, reader, alarm); err != nil || !strings.Contains(v.Title, want) || !strings.Contains(v.Text, "40") {
				t.Errorf("in %s it says %q, %q, %v", lang, v.Title, v.Text, err)
			}
		}
		w.pass(2 * time.Hour)
		w.sweep()
		if late := w.inbox("grid11", Mine); !late[0].Late || !late[0].Short {
			t.Errorf("it says late, not that hands are too few: %+v", late[0])
		}
		for _, x := range list[:20] {
			w.do("grid11", x, Change{Action: Finish, Note: "helped"})
			w.do("hq", x, Change{Action: Accept})
		}
		if n, err := w.s.Hands(w.ctx, sys); err != nil || n != 0 {
			t.Fatalf("short: %d, %v", n, err)
		}
		if got := w.inbox("street1", Mine); len(got) != 0 {
			t.Errorf("enough hands again, the alarm stays: %+v", got)
		}
		if v, err := w.s.Task(w.ctx, reader, alarm); err != nil || v.History[len(v.History)-1].Note != i18n.T(reader.Lang, handsEnough) {
			t.Errorf("its end says %+v, %v", v.History, err)
		}
		w.whole()
	})
}

func TestAtNightOnlyThePostOnCallRings(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.next++
		w.acct["night"] = w.next
		_, err := w.g.AddHolder(w.ctx, sys, grid.Holder{PostID: w.post["comm11"], AccountID: w.acct["night"]})
		w.ok(err)
		for day := range 7 {
			_, err = w.g.AddShifts(w.ctx, sys, w.post["comm11"], []grid.Shift{
				{Weekday: day, Start: "20:00", End: "08:00", AccountID: w.acct["night"]}, {Weekday: day, Start: "08:00", End: "20:00", AccountID: w.acct["comm11"]}})
			w.ok(err)
		}
		rings := func(who string) int {
			in, err := w.s.Inbox(w.ctx, w.as(who), Mine, 0)
			w.ok(err)
			return in.Figures.Ring
		}
		tomorrow := clock.DayStart(w.clk.Now()).Add(24 * time.Hour)
		w.clk.Set(tomorrow.Add(23 * time.Hour))
		w.issue("request", "street1", "comm11")
		if rings("comm11")+rings("night") != 0 {
			t.Error("at night somebody is rung up for a request")
		}
		x := w.issue("help", "street1", "comm11")
		if rings("comm11") != 0 || rings("night") != 1 {
			t.Errorf("who is off duty is rung up %d times, who is on call %d", rings("comm11"), rings("night"))
		}
		w.do("night", x, Change{Action: Receive})
		if rings("night") != 0 {
			t.Error("it rings after it was opened")
		}
		w.clk.Set(tomorrow.Add(33 * time.Hour))
		if rings("comm11") != 1 {
			t.Error("by day the request is told")
		}
	})
}

func TestADirectiveComesUpByItself(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		head, err := w.s.Direct(w.ctx, w.as("hq"), Issue{Kind: KindDirective, Title: "count", Question: &Question{Type: "number", Label: "how many"}}, to(w.post["street1"], w.post["street2"]))
		w.ok(err)
		s1, s2 := w.inbox("street1", Mine)[0].Task, w.inbox("street2", Mine)[0].Task
		_, err = w.s.PassOn(w.ctx, w.as("street1"), s1.ID, to(w.post["comm11"], w.post["comm12"]), "by noon", 0)
		w.ok(err)
		if _, err := w.s.PassOn(w.ctx, w.as("street2"), s2.ID, to(w.post["comm11"]), "", 0); !errs.Is(err, errs.Invalid) {
			t.Errorf("passed on to a post that is not below: %v", err)
		}
		for _, who := range []string{"comm11", "comm12"} {
			w.do(who, w.inbox(who, Mine)[0].Task, Change{Action: Finish, Answer: "3"})
		}
		tree, err := w.s.Tree(w.ctx, w.as("street1"), s1.ID)
		w.ok(err)
		if tree.Tally == nil || tree.Tally.Sum != 6 || tree.Direct.Done != 2 {
			t.Errorf("the street: %+v", tree)
		}
		w.pass(48 * time.Hour)
		if n, err := w.s.Remind(w.ctx, w.as("hq"), head.ID); err != nil || n != 2 {
			t.Errorf("reminded %d, %v", n, err)
		}
		if n, err := w.s.Remind(w.ctx, w.as("hq"), head.ID); err != nil || n != 0 {
			t.Errorf("reminded again %d, %v", n, err)
		}
		w.do("street1", s1, Change{Action: Finish, Answer: "6"})
		if tree, err = w.s.Tree(w.ctx, w.as("hq"), head.ID); err != nil || tree.Direct.Done != 1 || tree.Direct.Overdue != 1 || tree.All.Issued != 4 || tree.Branches[0].PostID != w.post["street2"] {
			t.Errorf("headquarters: %+v, %v", tree, err)
		}
		w.sweep()
		w.do("street2", s2, Change{Action: Finish, Answer: "0"})
		if n := w.sweep().Closed; n != 1 {
			t.Errorf("closed %d", n)
		}
		if v, err := w.s.Task(w.ctx, w.as("hq"), head.ID); err != nil || v.State != Closed {
			t.Errorf("the directive is %s, %v", v.State, err)
		}
		w.whole()
	})
}

// A street whose communities have all answered a question for a number has
// nothing to add: their sum is its answer, and headquarters' directive closes.
func TestNumbersAreGatheredByThemselves(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		head, err := w.s.Direct(w.ctx, w.as("hq"), Issue{Kind: KindDirective, Title: "count", Question: &Question{Type: "number", Label: "how many"}}, to(w.post["street1"]))
		w.ok(err)
		s1 := w.inbox("street1", Mine)[0].Task
		_, err = w.s.PassOn(w.ctx, w.as("street1"), s1.ID, to(w.post["comm11"], w.post["comm12"]), "", 0)
		w.ok(err)
		w.do("comm11", w.inbox("comm11", Mine)[0].Task, Change{Action: Finish, Answer: "3"})
		if n := w.sweep().Closed; n != 0 {
			t.Errorf("%d closed while a community is open", n)
		}
		tree, err := w.s.Tree(w.ctx, w.as("hq"), head.ID)
		w.ok(err)
		if len(tree.Levels) != 2 || tree.Levels[0].Issued != 1 || tree.Levels[1].Issued != 2 || tree.Levels[1].Done != 1 || len(tree.Late) != 0 {
			t.Errorf("by level: %+v", tree.Levels)
		}
		w.pass(48 * time.Hour)
		if tree, err = w.s.Tree(w.ctx, w.as("hq"), head.ID); err != nil || len(tree.Late) != 1 || tree.Late[0].Post == "" || tree.Levels[1].Overdue != 1 {
			t.Errorf("who is late: %+v, %v", tree.Late, err)
		}
		w.do("comm12", w.inbox("comm12", Mine)[0].Task, Change{Action: Finish, Answer: "4"})
		if n := w.sweep().Closed; n != 2 {
			t.Errorf("%d closed, the street's and headquarters' are due", n)
		}
		if tree, err = w.s.Tree(w.ctx, w.as("hq"), head.ID); err != nil || tree.Task.State != Closed || tree.Tally.Sum != 7 || tree.Branches[0].Answer != "7" {
			t.Errorf("headquarters: %+v, %v", tree, err)
		}
		w.whole()
	})
}

// What was passed on and called off again is not done, and a sum of large
// numbers holds nothing up.
func TestWhatNobodyDidIsNotGathered(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		_, err := w.s.Direct(w.ctx, w.as("hq"), Issue{Kind: KindDirective, Title: "look"}, to(w.post["street1"]))
		w.ok(err)
		s1 := w.inbox("street1", Mine)[0].Task
		pass := func(who string) Task {
			_, err := w.s.PassOn(w.ctx, w.as("street1"), s1.ID, to(w.post[who]), "", 0)
			w.ok(err)
			return w.inbox(who, Mine)[0].Task
		}
		w.do("street1", pass("comm11"), Change{Action: Cancel, Note: "the wrong one"})
		if n := w.sweep().Closed; n != 0 {
			t.Errorf("%d closed that nobody did", n)
		}
		w.do("comm12", pass("comm12"), Change{Action: Finish})
		if n := w.sweep().Closed; n != 2 {
			t.Errorf("%d closed", n)
		}
		_, err = w.s.Direct(w.ctx, w.as("hq"), Issue{Kind: KindDirective, Title: "yuan", Question: &Question{Type: "number", Label: "yuan"}}, to(w.post["street1"]))
		w.ok(err)
		s1 = w.inbox("street1", Mine)[0].Task
		w.do("comm11", pass("comm11"), Change{Action: Finish, Answer: "999999999999"})
		w.do("comm12", pass("comm12"), Change{Action: Finish, Answer: "999999999999"})
		if n := w.sweep().Closed; n != 2 {
			t.Errorf("%d closed with a large sum", n)
		}
		w.whole()
	})
}

// Words are not gathered: whoever passed the question on answers it.
func TestWordsAreNotGathered(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		_, err := w.s.Direct(w.ctx, w.as("hq"), Issue{Kind: KindDirective, Title: "why", Question: &Question{Type: "text", Label: "why"}}, to(w.post["street1"]))
		w.ok(err)
		s1 := w.inbox("street1", Mine)[0].Task
		_, err = w.s.PassOn(w.ctx, w.as("street1"), s1.ID, to(w.post["comm11"]), "", 0)
		w.ok(err)
		w.do("comm11", w.inbox("comm11", Mine)[0].Task, Change{Action: Finish, Answer: "because"})
		if n := w.sweep().Closed; n != 0 {
			t.Errorf("%d closed without the street's words", n)
		}
		w.do("street1", s1, Change{Action: Finish, Answer: "so"})
		if n := w.sweep().Closed; n != 1 {
			t.Errorf("closed %d", n)
		}
		w.whole()
	})
}

func TestWhatIsPassedOnGoesByThePresentDeadline(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		_, err := w.s.Direct(w.ctx, w.as("hq"), Issue{Kind: KindDirective, Title: "count", DeadlineMs: w.s.now() + 180*minuteMs}, to(w.post["street1"]))
		w.ok(err)
		x := w.inbox("street1", Mine)[0].Task
		below := func(who string, at int64) {
			t.Helper()
			if y := w.inbox(who, Mine)[0].Task; y.DeadlineMs != at || y.PromisedMs != at {
				t.Errorf("%s has until %d, want %d", who, y.DeadlineMs, at)
			}
		}
		w.pass(2 * time.Hour)
		_, err = w.s.PassOn(w.ctx, w.as("street1"), x.ID, to(w.post["comm11"]), "", 0)
		w.ok(err)
		below("comm11", w.s.now()+120*minuteMs)
		later := w.s.now() + 600*minuteMs
		w.do("hq", x, Change{Action: Postpone, DeadlineMs: later})
		_, err = w.s.PassOn(w.ctx, w.as("street1"), x.ID, to(w.post["comm12"]), "", 0)
		w.ok(err)
		below("comm12", later)
		if _, err = w.s.PassOn(w.ctx, w.as("street1"), x.ID, to(w.post["grid11"]), "", later+minuteMs); !errs.Is(err, errs.Invalid) {
			t.Errorf("later than its own: %v", err)
		}
		w.do("street1", x, Change{Action: SendBack, Note: "not ours"})
		if x = w.do("hq", x, Change{Action: Reissue}); x.DeadlineMs != later {
			t.Errorf("issued again until %d, want %d", x.DeadlineMs, later)
		}
		w.whole()
	})
}

func TestAFindingIsReportedOnceAndItsFactCopied(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		x, err := w.s.Issue(w.ctx, w.as("leader11"), Issue{Kind: KindReport, Fact: "fever", Text: "Zhang in 101", PlaceID: w.place["230103001001001001001001"]})
		w.ok(err)
		if got := w.inbox("grid11", Mine); len(got) != 1 || got[0].Title == "" || got[0].Text != "Zhang in 101" {
			t.Fatalf("who must act: %+v", got)
		}
		for _, who := range []string{"street1", "hq"} {
			got := w.inbox(who, Known)
			if len(got) != 1 || got[0].Fact != "fever" || got[0].Text+got[0].Title != "" || got[0].PlaceID != id.Zero || got[0].Who == "" {
				t.Errorf("the copy of %s: %+v", who, got)
			}
			if _, err := w.s.Task(w.ctx, w.as(who), x.ID); !errs.Is(err, errs.NotFound) {
				t.Errorf("%s opens the report itself: %v", who, err)
			}
		}
		if got := w.inbox("street2", Known); len(got) != 0 {
			t.Errorf("another street: %+v", got)
		}
		w.whole()
	})
}
