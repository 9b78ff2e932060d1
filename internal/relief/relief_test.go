package relief

import (
	"slices"
	"strings"
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/id"
	"wangge/internal/task"
)

func (w *world) heard(want ...string) {
	w.t.Helper()
	if got := w.rings(); !slices.Equal(got, want) {
		w.t.Errorf("%s: %v hear it, want %v", w.clk.Now().In(clock.CST).Format("15:04"), got, want)
	}
}

// Who hands over without having signed in is not asked to take over any more.
func TestWhoHandedOverNeedNotTakeOver(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.shift("gate", "cy", 0, "08:00", "16:00")
		w.shift("gate", "ada", 0, "16:00", "00:00")
		w.shift("gate", "bob", 1, "00:00", "08:00")
		w.at(0, "23:40")
		if n := w.notes("ada"); len(n) != 2 || !strings.Contains(n[0], "还没有接班") {
			t.Errorf("before it is signed the inbox says %v", n)
		}
		w.ok(w.sign("ada", "gate", SideOut, ""))
		if n := w.notes("ada"); n != nil {
			t.Errorf("after it the inbox says %v", n)
		}
	})
}

// Over midnight: both sign, the items pass at the relief's signature, the
// outgoing may mute.
func TestBothSignOverMidnight(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.shift("gate", "ada", 0, "16:00", "00:00")
		w.shift("gate", "bob", 1, "00:00", "08:00")
		w.at(0, "22:00")
		job := w.help("gate")
		w.heard("ada")
		w.refused(w.sign("ada", "gate", SideOut, ""), "relief.early")
		if n := w.notes("ada"); n != nil {
			t.Errorf("two hours before the end the inbox says %v", n)
		}
		w.at(0, "23:40")
		if n := w.notes("ada"); len(n) != 1 || !strings.Contains(n[0], "24:00 结束，请交班") {
			t.Errorf("the outgoing's inbox says %v", n)
		}
		if n := w.notes("bob"); len(n) != 1 || !strings.Contains(n[0], "24:00 开始，请接班") {
			t.Errorf("the relief's inbox says %v", n)
		}
		w.refused(w.sign("bob", "gate", SideOut, ""), "relief.not_out")
		w.refused(w.sign("ada", "gate", SideIn, ""), "relief.not_in")
		w.refused(w.sign("ada", "gate", SideOut, strings.Repeat("x", 501)), "error.too_long")
		w.ok(w.sign("ada", "gate", SideOut, "the key is under the mat"))
		w.ok(w.sign("ada", "gate", SideOut, "again")) // changes nothing
		w.heard("ada")
		v := w.view("bob", "gate")
		if v.State != SignedO || v.Note != "the key is under the mat" || !v.MayIn || v.MayOut || len(v.Items) != 1 || v.Items[0].ID != job.ID || v.OutItems != 1 {
			t.Errorf("the relief sees %+v", v)
		}
		w.at(0, "23:50")
		w.ok(w.sign("bob", "gate", SideIn, ""))
		w.heard("bob")
		v = w.view("ada", "gate")
		if v.State != Done || !v.Mute || !v.Going || v.Stand.Side != Relief {
			t.Errorf("the outgoing sees %+v", v)
		}
		w.refused(w.sign("cy", "gate", SideIn, ""), "relief.signed.in")
		w.at(1, "00:40")
		w.heard("bob")
		if n := w.sweep(); n != 0 {
			t.Errorf("%d reliefs were late", n)
		}
		if n := w.notes("ada"); len(n) != 1 || !strings.Contains(n[0], "已交清，可静音") {
			t.Errorf("the inbox of who went says %v", n)
		}
		w.owned(job, "gate")
		w.whole()
	})
}

// owned fails where a task has another owner than its post.
func (w *world) owned(job task.Task, post string) {
	w.t.Helper()
	v, err := w.tasks.Task(ctx, w.as("chief"), job.ID)
	w.ok(err)
	if v.PostID != w.post[post] {
		w.t.Errorf("the task is owned by %s", v.PostID)
	}
}

// A late relief: the outgoing waits, then the leader has it and is told once,
// until the relief signs.
func TestLateReliefPassesToTheLeader(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.shift("gate", "ada", 0, "08:00", "20:00")
		w.shift("gate", "bob", 0, "20:00", "06:00")
		w.shift("gate", "ada", 1, "06:00", "20:00")
		w.at(0, "19:00")
		job := w.help("gate")
		w.at(0, "20:29")
		w.sweep()
		w.heard("ada")
		w.at(0, "20:30")
		w.heard("leader") // before anything was swept
		if n := w.sweep(); n != 1 || w.sweep() != 0 {
			t.Errorf("%d reliefs were recorded as late", n)
		}
		v := w.view("ada", "gate")
		if v.State != Passed || !v.Going || !v.MayOut || v.Leader == "" || !slices.Equal(v.LeaderOn, []string{"leader"}) {
			t.Errorf("the outgoing sees %+v", v)
		}
		in, err := w.tasks.Inbox(ctx, w.as("leader"), task.Minded, 0)
		w.ok(err)
		if len(in.Lines) != 1 || in.Lines[0].ID != job.ID || in.Figures.Minded != 1 || len(w.notes("leader")) != 1 || in.Figures.Mine != 1 {
			t.Errorf("the leader's inbox: %+v", in)
		}
		if told := w.told("leader", "en"); !strings.HasPrefix(told.Title, "Relief has not come") || strings.Contains(told.Text, "班次") {
			t.Errorf("the leader who reads English is told %q: %q", told.Title, told.Text)
		}
		if _, err := w.tasks.Change(ctx, w.as("leader"), job.ID, task.Change{Action: task.Take}); err != nil {
			t.Errorf("the leader cannot work on it: %v", err)
		}
		w.ok(w.sign("ada", "gate", SideOut, "no relief came"))
		w.at(0, "21:10")
		w.ok(w.sign("cy", "gate", SideIn, "")) // stands in
		job2 := w.help("gate")
		w.heard("bob", "cy")
		w.owned(job, "gate")
		w.owned(job2, "gate")
		in, err = w.tasks.Inbox(ctx, w.as("leader"), task.Mine, 0)
		w.ok(err)
		if len(in.Lines) != 0 || w.notes("leader") != nil {
			t.Errorf("the leader is still told: %+v", in)
		}
		if v := w.view("ada", "gate"); v.State != Done || !v.Mute || v.PassedMs == 0 || v.LateMinutes() != 70 {
			t.Errorf("the outgoing sees %+v", v)
		}
		list, err := w.s.Handovers(ctx, w.as("leader"), Asked{FromMs: 0, UntilMs: clock.Ms(w.clk.Now())})
		w.ok(err)
		if len(list) != 1 || list[0].Out != "ada" || list[0].In != "cy" || list[0].Leader == "" || list[0].State != Done {
			t.Errorf("the list: %+v", list)
		}
		w.whole()
	})
}

// What was due while nothing ran is recorded as of when it was, and the leader
// is told of what still waits only.
func TestSweepIsExactAfterDowntime(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		for day := range 3 {
			w.shift("gate", "ada", day, "08:00", "20:00")
			w.shift("gate", "bob", day, "20:00", "08:00")
		}
		w.at(0, "10:00")
		start := clock.DayStart(w.clk.Now())
		w.at(2, "09:00")
		if n := w.sweep(); n != 4 {
			t.Fatalf("%d late reliefs after the downtime, want 4", n)
		}
		list, err := w.s.Handovers(ctx, w.as("head"), Asked{UntilMs: clock.Ms(w.clk.Now())})
		w.ok(err)
		for i, l := range list {
			end := start.Add(time.Duration(56-12*i) * time.Hour)
			if l.EndMs != clock.Ms(end) || l.PassedMs != clock.Ms(end.Add(30*time.Minute)) || l.NotedMs != clock.Ms(w.clk.Now()) || (l.TaskID != id.Zero) != (i == 0) {
				t.Errorf("late relief %d: %+v", i, l)
			}
		}
		w.ok(w.sign("ada", "gate", SideIn, ""))
		w.at(0, "21:00") // bob is late again, and somebody is told again
		w.sweep()
		if v := w.view("leader", "gate"); v.TaskID == id.Zero || v.State != Passed || len(v.Items) != 0 || v.MayIn || v.MayOut {
			t.Errorf("the leader sees %+v", v)
		}
		w.whole()
	})
}

// Who has no roster, and a roster with a gap: nobody's items are before nobody,
// and nobody is told of a plan as if it were an accident.
func TestGapsAreMindedWithoutAlarm(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.shift("gate", "ada", 0, "08:00", "18:00")
		w.shift("gate", "bob", 1, "08:00", "18:00")
		w.shift("comm", "leader", 0, "08:00", "17:00")
		w.shift("comm", "leader", 1, "08:00", "17:00")
		w.at(0, "17:30")
		job := w.help("gate")
		w.heard("ada")
		w.at(0, "23:00")
		w.heard("head") // the community has nobody either
		if n := w.sweep(); n != 0 {
			t.Errorf("%d reliefs were late in a gap", n)
		}
		w.at(1, "08:00")
		w.heard("bob")
		in, err := w.tasks.Inbox(ctx, w.as("head"), task.Minded, 0)
		w.ok(err)
		if len(in.Lines) != 0 {
			t.Errorf("the street still minds %+v", in.Lines)
		}
		w.owned(job, "gate")
		w.whole()
	})
}

// Where nobody stands above, the outgoing is not let go; strangers see nothing.
func TestTheHighestPostWaits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		_, err := w.g.AddHolder(ctx, sys, holder(w.post["hq"], w.acct["ada"]))
		w.ok(err)
		w.shift("hq", "chief", 0, "08:00", "20:00")
		w.shift("hq", "ada", 0, "20:00", "08:00")
		w.at(0, "21:00")
		if n := w.sweep(); n != 0 {
			t.Errorf("%d reliefs passed to nobody", n)
		}
		v := w.view("chief", "hq")
		if v.PassMs != 0 || v.State != Waiting || v.Leader != "" {
			t.Errorf("the chief sees %+v", v)
		}
		if _, err := w.s.Handover(ctx, w.as("leader"), w.post["hq"], 0); err == nil {
			t.Error("a community reads the district's handover")
		}
		w.ok(w.sign("ada", "hq", SideIn, ""))
		w.refused(func() error { _, err := w.s.Handover(ctx, w.as("bob"), w.post["hq"], 0); return err }(), "relief.not_found")
		w.whole()
	})
}

func holder(post, account id.ID) (h grid.Holder) {
	return grid.Holder{PostID: post, AccountID: account}
}

// Two who take the same shift at once: one has it, the other is told so.
func TestOneReliefOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.shift("gate", "ada", 0, "08:00", "20:00")
		w.shift("gate", "bob", 0, "20:00", "06:00")
		w.at(0, "20:05")
		end, callers := w.view("bob", "gate").EndMs, []grid.Caller{w.as("bob"), w.as("cy")}
		failed := make(chan error)
		for _, c := range callers {
			go func() {
				_, err := w.s.Sign(ctx, c, w.post["gate"], end, SideIn, "")
				failed <- err
			}()
		}
		first, second := <-failed, <-failed
		if first == nil {
			first = second
		} else if second != nil {
			t.Fatalf("nobody took the shift: %v, %v", first, second)
		}
		w.refused(first, "relief.signed.in")
		w.whole()
	})
}

// What is wrong in the data is found.
func TestCheckFindsWhatIsWrong(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.shift("gate", "ada", 0, "08:00", "20:00")
		w.shift("gate", "bob", 0, "20:00", "06:00")
		w.at(0, "20:31")
		w.sweep()
		w.ok(w.sign("ada", "gate", SideOut, ""))
		w.ok(w.sign("bob", "gate", SideIn, ""))
		w.whole()
		for _, c := range []struct{ check, set string }{
			{"signed", "out_id = in_id"}, {"signed", "in_id = 77"}, {"signed", "in_id = 0"},
			{"passed", "passed_ms = end_ms - 1"}, {"passed", "leader_post_id = 77"}, {"told", "task_id = 77"},
		} {
			w.spoil(c.set, func() {
				_, found, err := Check(ctx, d)
				w.ok(err)
				if !slices.ContainsFunc(found, func(p Problem) bool { return p.Check == c.check && p.PostID == w.post["gate"] }) {
					t.Errorf("%s is not found: %+v", c.set, found)
				}
			})
		}
		w.whole()
	})
}

// spoil changes the only change of shift for as long as fn runs.
func (w *world) spoil(set string, fn func()) {
	w.t.Helper()
	was, err := selectOf(ctx, w.d.Read(), district, []id.ID{w.post["gate"]}, 0)
	w.ok(err)
	w.ok(w.d.Write(ctx, "test", func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE shift_handover SET "+set)
		return err
	}))
	fn()
	w.ok(w.d.Write(ctx, "test", func(tx *db.Tx) error { return saveRecord(ctx, tx, district, was[0]) }))
}

// However many handovers other posts had since, those below the caller are all
// listed; who has more than a list holds is told so.
func TestListOfHandoversIsWholeOrSaysNot(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		now := clock.Ms(w.clk.Now())
		w.ok(d.Write(ctx, "test", func(tx *db.Tx) error {
			rows := [][]any{{district, int64(w.post["gate"]), now - 2*dayMs, now - 2*dayMs, []byte{}}}
			for i := range maxRows {
				rows = append(rows, []any{district, int64(w.post["street"]), now - int64(i) - 1, now, []byte{}})
			}
			return tx.BulkInsert(ctx, "shift_handover", []string{"district", "post_id", "end_ms", "in_ms", "sealed"}, rows)
		}))
		q := Asked{FromMs: now - 3*dayMs, UntilMs: now}
		for who, c := range map[string]struct {
			n   int
			cut bool
		}{"leader": {1, false}, "head": {maxLines, true}} {
			list, cut, err := w.s.handovers(ctx, w.as(who), q, maxLines)
			if err != nil || len(list) != c.n || cut != c.cut {
				t.Errorf("%s: %d handovers, cut %v, %v", who, len(list), cut, err)
			}
		}
		q.PostID = w.post["street"]
		if list, err := w.s.Handovers(ctx, w.as("leader"), q); err != nil || len(list) != 0 {
			t.Errorf("of a post above: %d, %v", len(list), err)
		}
		newSite(w).ask("head", "/relief?day="+clock.Day(w.clk.Now().Add(-time.Second)), nil, 200, "只列出最近的 500 次交接班")
	})
}
