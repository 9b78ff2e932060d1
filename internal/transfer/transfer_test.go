package transfer

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
	"wangge/internal/task"
)

func (w *world) planFromHome(going ...id.ID) Transfer {
	w.t.Helper()
	t, err := w.s.Create(ctx, w.as("comm"), Plan{HomeID: w.door, PersonIDs: going, To: "hospital", FromPost: w.post["grid"],
		Steps: []Step{{PostID: w.post["leader"], Place: "gate", Minutes: 20}, {PostID: w.post["street"], Minutes: 30}}})
	w.ok(err)
	return t
}

func of(t Transfer, kind string) *Left {
	i := slices.IndexFunc(t.Left, func(l Left) bool { return l.Kind == kind })
	if i < 0 {
		return nil
	}
	return &t.Left[i]
}

func TestNobodyLeavesDependantsBehind(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		who := w.family()
		x := w.planFromHome(who["mother"])
		if len(x.Left) != 3 || of(x, "child") == nil || of(x, "old") == nil || of(x, Pets) == nil {
			t.Fatalf("who stays: %+v", x.Left)
		}
		_, err := w.s.Start(ctx, w.as("comm"), x.ID, 0)
		w.refused(err, "transfer.not_ready")
		if text := errs.As(err).Args[0].(string); strings.Count(text, "没有照护人") != 2 || !strings.Contains(text, "猫狗") || !strings.Contains(text, "钥匙") || !strings.Contains(text, "名单") {
			t.Errorf("the refusal says: %s", text)
		}
		_, err = w.s.Start(ctx, w.as("leader"), x.ID, 0)
		w.refused(err, "transfer.denied")
		_, err = w.s.Start(ctx, grid.Caller{District: district, AccountID: 5, Lang: "zh"}, x.ID, 0)
		w.refused(err, "transfer.not_found")

		visit := clock.Ms(w.clk.Now().Add(2 * time.Hour))
		_, err = w.s.Care(ctx, w.as("comm"), x.ID, 0, Care{LeftID: of(x, "old").ID, PostID: w.post["leader"], VisitMs: clock.Ms(w.clk.Now().Add(13 * time.Hour))})
		w.refused(err, "transfer.visit.far")
		x, err = w.s.Care(ctx, w.as("comm"), x.ID, x.Version, Care{LeftID: of(x, "old").ID, PostID: w.post["leader"], VisitMs: visit})
		w.ok(err)
		_, err = w.s.Care(ctx, w.as("comm"), x.ID, x.Version-1, Care{LeftID: of(x, "child").ID, Name: "aunt", Phone: "13900000000", VisitMs: visit})
		w.refused(err, "transfer.moved")
		x, err = w.s.Care(ctx, w.as("comm"), x.ID, 0, Care{LeftID: of(x, "child").ID, Name: "aunt", Phone: "13900000000", VisitMs: visit, Accepted: true})
		w.ok(err)
		x, err = w.s.TakeOff(ctx, w.as("comm"), x.ID, 0, of(x, Pets).ID)
		w.ok(err)
		x, err = w.s.List(ctx, w.as("comm"), x.ID, 0, Listing{StoveOff: true, Keys: "with aunt"})
		w.ok(err)

		_, err = w.s.Start(ctx, w.as("comm"), x.ID, 0)
		if w.refused(err, "transfer.not_ready"); errs.As(err).Args[0] != "father的照护人还没答应" {
			t.Errorf("what is missing: %v", errs.As(err).Args)
		}
		v, err := w.s.Transfer(ctx, w.as("leader"), x.ID)
		w.ok(err)
		if len(v.Left) != 1 || !v.Accepts(of(x, "old").ID) || v.Left[0].Kind != "" || v.Keys != "" {
			t.Errorf("the leader is asked for one and is not told why: %+v", v.Left)
		}
		if v, err := w.tasks.Task(ctx, w.as("leader"), of(x, "old").TaskID); err != nil || len(v.Links) != 1 || v.Links[0].Href != "/transfers/"+x.ID.String() {
			t.Errorf("the carer's task leads not to where they accept: %+v, %v", v.Links, err)
		}
		looks := func(who string) (n int) {
			w.ok(d.Read().QueryRowContext(ctx, `SELECT COUNT(*) FROM look WHERE purpose = 'transfer' AND account_id = $1 AND person_id = $2`, w.acct[who], of(x, "old").PersonID).Scan(&n))
			return n
		}
		if v, err = w.s.Transfer(ctx, w.as("street"), x.ID); err != nil || len(v.Left) != 0 || v.Keys != "" || len(v.People) == 0 {
			t.Errorf("a post of the chain sees who is left alone: %+v, %v", v.Left, err)
		}
		if v, err = w.s.Transfer(ctx, w.as("comm"), x.ID); err != nil || len(v.Left) != 2 || v.Keys == "" {
			t.Errorf("who leads sees it: %+v, %v", v.Left, err)
		}
		if looks("leader") != 1 || looks("comm") != 1 || looks("street") != 0 {
			t.Errorf("looks: carer %d, who leads %d, chain %d", looks("leader"), looks("comm"), looks("street"))
		}
		if _, err = w.s.Accept(ctx, w.as("street"), x.ID, of(x, "old").ID); !errs.Is(err, errs.Denied) {
			t.Errorf("accepted by another post: %v", err)
		}
		_, err = w.tasks.Change(ctx, w.as("leader"), of(x, "old").TaskID, task.Change{Action: task.Take})
		w.ok(err)
		x, err = w.s.Accept(ctx, w.as("leader"), x.ID, of(x, "old").ID)
		w.ok(err)

		// the carer gives the task back, gets it again and accepts again
		given := of(x, "old").TaskID
		_, err = w.tasks.Change(ctx, w.as("leader"), given, task.Change{Action: task.SendBack, Note: "ill"})
		w.ok(err)
		_, err = w.s.Start(ctx, w.as("comm"), x.ID, 0)
		if w.refused(err, "transfer.not_ready"); errs.As(err).Args[0] != "father的照护人答应后又把任务退回或转走了，请另找照护人" {
			t.Errorf("what is missing: %v", errs.As(err).Args)
		}
		_, err = w.s.Accept(ctx, w.as("leader"), x.ID, of(x, "old").ID)
		w.refused(err, "transfer.accept.back")
		_, err = w.tasks.Change(ctx, w.as("comm"), given, task.Change{Action: task.Reissue})
		w.ok(err)
		_, err = w.s.Start(ctx, w.as("comm"), x.ID, 0)
		w.refused(err, "transfer.not_ready")
		x, err = w.s.Accept(ctx, w.as("leader"), x.ID, of(x, "old").ID)
		w.ok(err)
		if !of(x, "old").Settled() {
			t.Errorf("accepted again: %+v", of(x, "old"))
		}

		// a child comes home before the start
		h, err := w.l.Behind(ctx, sys, w.door)
		w.ok(err)
		_, err = w.l.AddPerson(ctx, sys, h[0].ID, ledger.Person{Name: "baby", LivesHere: true, Birth: w.clk.Now().AddDate(-1, 0, 0).Format(time.DateOnly)}, true)
		w.ok(err)
		_, err = w.s.Start(ctx, w.as("comm"), x.ID, 0)
		w.refused(err, "transfer.not_ready")
		x, err = w.s.List(ctx, w.as("comm"), x.ID, 0, Listing{StoveOff: true, Keys: "with aunt"})
		w.ok(err)
		i := slices.IndexFunc(x.Left, func(l Left) bool { return l.NamedMs == 0 })
		x, err = w.s.TakeOff(ctx, w.as("comm"), x.ID, 0, x.Left[i].ID)
		w.ok(err)
		if len(x.People) != 2 {
			t.Errorf("the baby goes along: %+v", x.People)
		}
		x, err = w.s.Start(ctx, w.as("comm"), x.ID, 0)
		w.ok(err)
		if x.State != Moving || x.Hop != 1 {
			t.Errorf("started: %+v", x)
		}
		w.whole()

		_, err = w.tasks.Change(ctx, w.as("leader"), given, task.Change{Action: task.SendBack, Note: "ill"})
		w.ok(err)
		if _, wrong, err := Check(ctx, d); err != nil || len(wrong) != 1 || wrong[0].Check != "carer" {
			t.Errorf("check, given back on the way: %v %v", wrong, err)
		}
		_, err = w.tasks.Change(ctx, w.as("comm"), given, task.Change{Action: task.Reissue})
		w.ok(err)
		_, err = w.tasks.Change(ctx, w.as("leader"), given, task.Change{Action: task.Take})
		w.ok(err)
		w.ok(d.Write(ctx, "test", func(tx *db.Tx) error {
			_, err := tx.ExecContext(ctx, `UPDATE transfer_left SET accepted_ms = 0`)
			return err
		}))
		if _, wrong, err := Check(ctx, d); err != nil || len(wrong) != 1 || wrong[0].Check != "left" {
			t.Errorf("check: %v %v", wrong, err)
		}
	})
}

// moving is a transfer of travellers that has started: hq → street → comm.
func (w *world) moving() Transfer {
	w.t.Helper()
	x, err := w.s.Create(ctx, w.as("comm"), Plan{People: "3 travellers", To: "home", FromPost: w.post["street"], Steps: []Step{{PostID: w.post["comm"], Place: "station", Minutes: 30}, {PostID: w.post["grid"], Minutes: 15}}})
	w.ok(err)
	x, err = w.s.Start(ctx, w.as("comm"), x.ID, 0)
	w.ok(err)
	return x
}

func (w *world) owner(x Transfer) task.Task {
	w.t.Helper()
	v, err := w.tasks.Task(ctx, sys, x.ID)
	w.ok(err)
	return v.Task
}

func TestFromHandToHand(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		x := w.moving()
		if k := w.owner(x); k.PostID != w.post["street"] || k.DeadlineMs != x.Hops[0].DueMs {
			t.Fatalf("the task is with who has them, by the hop's clock: %+v", k)
		}
		_, err := w.tasks.Change(ctx, w.as("street"), x.ID, task.Change{Action: task.Finish})
		w.refused(err, "task.transfer.by_hops")
		_, err = w.s.Confirm(ctx, w.as("leader"), x.ID, "", "street name")
		w.refused(err, "transfer.not_found")
		if !w.s.Concerns(ctx, w.as("grid"), x.ID) || w.s.Concerns(ctx, w.as("leader"), x.ID) {
			t.Error("who may hear that it moved")
		}
		_, err = w.s.Confirm(ctx, w.as("grid"), x.ID, "", "street name")
		w.refused(err, "transfer.confirm.denied")
		_, err = w.s.Confirm(ctx, w.as("comm"), x.ID, "", "nobody")
		w.refused(err, "transfer.name.wrong")

		shown := func(who string) string {
			v, err := w.s.Transfer(ctx, w.as(who), x.ID)
			w.ok(err)
			return v.Code
		}
		own := shown("comm")
		for range vocab.Tries {
			_, err = w.s.Confirm(ctx, w.as("comm"), x.ID, own, "")
			w.refused(err, "transfer.code.wrong")
		}
		_, err = w.s.Confirm(ctx, w.as("comm"), x.ID, shown("street"), "")
		w.refused(err, "transfer.code.tries")
		x, err = w.s.Confirm(ctx, w.as("comm"), x.ID, "", " street name ")
		w.ok(err)
		if x.Hop != 1 || w.owner(x).PostID != w.post["street"] {
			t.Fatalf("one side alone moves nothing: %+v", x)
		}
		_, err = w.s.Confirm(ctx, w.as("comm"), x.ID, "", "street name")
		w.refused(err, "transfer.confirm.twice")
		x, err = w.s.Confirm(ctx, w.as("street"), x.ID, "", "comm name")
		w.ok(err)
		if k := w.owner(x); x.Hop != 2 || k.PostID != w.post["comm"] || k.DeadlineMs != x.Hops[1].DueMs || x.Hops[1].DueMs != clock.Ms(w.clk.Now())+15*minuteMs {
			t.Fatalf("with the next post, by the next clock: %+v", x)
		}
		x, err = w.s.Confirm(ctx, w.as("comm"), x.ID, shown("grid"), "")
		w.ok(err)
		x, err = w.s.Confirm(ctx, w.as("grid"), x.ID, shown("comm"), "")
		w.ok(err)
		if k := w.owner(x); x.State != Arrived || k.State != task.Done || k.PostID != w.post["comm"] {
			t.Fatalf("arrived: %+v, task %+v", x, k)
		}
		w.whole()
	})
}

func TestATransferIsCalledOffWhereItIsLed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		_, err := w.tasks.Issue(ctx, w.as("comm"), task.Issue{Kind: task.KindTransfer, Title: "x", PostID: w.post["grid"]})
		w.refused(err, "task.transfer.plan")
		x := w.moving()
		_, err = w.s.Confirm(ctx, w.as("comm"), x.ID, "", "street name")
		w.ok(err)
		_, err = w.s.Confirm(ctx, w.as("street"), x.ID, "", "comm name")
		w.ok(err)
		_, err = w.tasks.Change(ctx, w.as("comm"), x.ID, task.Change{Action: task.Cancel, Note: "no bed"})
		w.refused(err, "task.transfer.call_off")
		_, err = w.s.CallOff(ctx, w.as("comm"), x.ID, 0, " ")
		w.refused(err, "task.reason")
		_, err = w.s.CallOff(ctx, w.as("grid"), x.ID, 0, "no bed")
		w.refused(err, "transfer.denied")
		x, err = w.s.CallOff(ctx, w.as("comm"), x.ID, 0, "no bed")
		w.ok(err)
		if x.State != Ended || x.has() != w.post["comm"] {
			t.Errorf("called off: %+v", x)
		}
		v, err := w.tasks.Task(ctx, w.as("comm"), x.ID)
		w.ok(err)
		words, err := w.tasks.PostsInArea(ctx, w.as("comm"), []id.ID{w.post["comm"]})
		w.ok(err)
		if last := v.History[len(v.History)-1]; last.Note != "取消：no bed。人现在由"+words[w.post["comm"]]+"负责。" {
			t.Errorf("the history says: %s", last.Note)
		}
		_, err = w.s.CallOff(ctx, w.as("comm"), x.ID, 0, "again")
		w.refused(err, "transfer.is.ended")
		w.whole()
	})
}

func TestALateHopAlarmsBothAndTheOneAbove(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		x := w.moving()
		sweep := func() int {
			n, err := w.s.Sweep(ctx, sys)
			w.ok(err)
			_, err = w.tasks.Sweep(ctx, sys)
			w.ok(err)
			return n
		}
		if n := sweep(); n != 0 {
			t.Fatalf("%d late before their time", n)
		}
		w.clk.Advance(3 * time.Hour) // nothing ran
		if n := sweep(); n != 1 {
			t.Fatalf("%d late hops", n)
		}
		if n := sweep(); n != 0 {
			t.Fatalf("told again: %d", n)
		}
		alarms := func(who string) (n int) {
			in, err := w.tasks.Inbox(ctx, w.as(who), task.Mine, 0)
			w.ok(err)
			for _, l := range in.Lines {
				if l.Kind == task.KindAlarm {
					n++
				}
			}
			return n
		}
		if alarms("street") != 1 || alarms("comm") != 1 {
			t.Errorf("alarms: street %d, community %d", alarms("street"), alarms("comm"))
		}
		if k := w.owner(x); k.AbovePostID != w.post["hq"] {
			t.Errorf("it climbed to %s, want headquarters", k.AbovePostID)
		}
		x, err := w.s.Confirm(ctx, w.as("street"), x.ID, "", "comm name")
		w.ok(err)
		if x.Hops[0].AlarmMs != x.Hops[0].DueMs {
			t.Errorf("late at %d, told as of %d", x.Hops[0].DueMs, x.Hops[0].AlarmMs)
		}
		_, err = w.s.Confirm(ctx, w.as("comm"), x.ID, "", "street name")
		w.ok(err)
		if alarms("street") != 0 || alarms("comm") != 0 {
			t.Error("the alarms end with the hand-over")
		}
		w.whole()
	})
}

func TestPlans(t *testing.T) {
	good := func() Plan { return Plan{People: "two", To: "there", FromPost: 1, Steps: []Step{{PostID: 2}}} }
	for name, c := range map[string]struct {
		change func(p *Plan)
		key    string
	}{
		"whole":           {func(p *Plan) {}, ""},
		"nobody":          {func(p *Plan) { p.People = " " }, "transfer.people.none"},
		"nowhere":         {func(p *Plan) { p.To = "" }, "error.required"},
		"no hop":          {func(p *Plan) { p.Steps = nil }, "transfer.steps"},
		"to itself":       {func(p *Plan) { p.Steps[0].PostID = 1 }, "transfer.steps.same"},
		"too long a hop":  {func(p *Plan) { p.Steps[0].Minutes = maxMinutes + 1 }, "transfer.steps.minutes"},
		"ticked, no home": {func(p *Plan) { p.PersonIDs = []id.ID{9} }, "transfer.people.home"},
	} {
		p := good()
		c.change(&p)
		err := p.tidy()
		if c.key == "" && err != nil || c.key != "" && (err == nil || errs.As(err).Key != c.key) {
			t.Errorf("%s: %v, want %q", name, err, c.key)
		}
	}
}

func TestTheFormOfAChain(t *testing.T) {
	form := url.Values{"to": {"there"}, "people": {"two"}, "from_post": {"1"}, "post1": {"2"}, "place2": {"the gate"}, "post3": {"4"}, "minutes3": {"0"}}
	for _, c := range []struct{ set, to, field string }{{"", "", "post2"}, {"post2", "3", "minutes3"}, {"minutes3", "20", ""}} {
		if c.set != "" {
			form.Set(c.set, c.to)
		}
		p := plan(form)
		got := inputErrors(web.FormErrors(ctx, p.tidy()))
		if _, told := got[c.field]; told != (c.field != "") || len(got) > 1 {
			t.Errorf("after %s: told at %v, want %q", c.set, got, c.field)
		}
		if !(newPage{Form: web.Form{Values: form}}).Unfolds() {
			t.Error("the third hop is folded away")
		}
	}
}

func TestDependants(t *testing.T) {
	for _, c := range []struct {
		age  int
		care []string
		want string
	}{{6, nil, "child"}, {13, nil, "child"}, {14, nil, ""}, {69, nil, ""}, {70, nil, "old"}, {40, []string{"limited_mobility"}, "disabled"},
		{80, []string{"limited_mobility", "dialysis"}, "disabled"}, {40, []string{"hardship"}, ""}, {30, []string{"pregnant"}, "ill"}} {
		if got := dependant(ledger.PersonView{Age: c.age, AgeKnown: true}, c.care); got != c.want {
			t.Errorf("%d %v: %q, want %q", c.age, c.care, got, c.want)
		}
	}
}
