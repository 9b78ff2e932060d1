package incoming

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/task"
)

// walk is random work at the desk of two communities, their streets and the
// district. What it holds against the database is written down here by hand:
// which post is over which area, and who holds it.
type walk struct {
	*world
	rt    *rapid.T
	areas map[string]grid.Place // hq, street1, street2, comm1, comm2
	posts map[string]id.ID
	terms map[string]term // of the posts somebody holds
	lists []id.ID
	rows  int
	next  int
}

type term struct{ holder, account id.ID }

// over names the area above another.
var over = map[string]string{"comm1": "street1", "comm2": "street2", "street1": "hq", "street2": "hq"}

func newWalk(t *testing.T, d *db.DB) *walk {
	k := &walk{world: newWorld(t, d), posts: map[string]id.ID{}, terms: map[string]term{}}
	comm2 := dbtest.Must(k.Grid.Area(ctx, k.C, "230103002001"))(t)
	k.areas = map[string]grid.Place{"hq": dbtest.Must(k.Grid.Root(ctx, k.C))(t), "comm1": k.Hua, "comm2": comm2,
		"street1": dbtest.Must(k.Grid.Place(ctx, k.C, k.Hua.ParentID))(t), "street2": dbtest.Must(k.Grid.Place(ctx, k.C, comm2.ParentID))(t)}
	for name, role := range map[string]grid.Role{"hq": grid.RoleCommand, "street1": grid.RoleStreet, "street2": grid.RoleStreet, "comm1": grid.RoleCommunity, "comm2": grid.RoleCommunity} {
		k.posts[name] = dbtest.Must(k.Grid.AddPost(ctx, k.C, grid.NewPost{Role: role, ObjectKind: grid.ObjectPlace, ObjectID: k.areas[name].ID}))(t).ID
		k.join(name)
	}
	return k
}

func (k *walk) join(name string) {
	account := id.New()
	h := dbtest.Must(k.Grid.AddHolder(ctx, k.C, grid.Holder{PostID: k.posts[name], AccountID: account}))(k.t)
	k.terms[name] = term{h.ID, account}
}

func (k *walk) ok(err error) {
	if err != nil {
		k.t.Helper()
		k.rt.Fatal(err)
	}
}

// does has a call that may be refused for a plain reason, never for another.
func (k *walk) does(err error) {
	if err != nil && errs.KindOf(err) == errs.Internal {
		k.t.Helper()
		k.rt.Fatal(err)
	}
}

// held is a random post that somebody holds, as a caller.
func (k *walk) held() grid.Caller {
	name := rapid.SampledFrom(slices.Sorted(maps.Keys(k.terms))).Draw(k.rt, "who")
	return k.again(k.terms[name].account)
}

// callerOf is who may act on what lies at a path: the holder of the nearest post.
func (k *walk) callerOf(path string) grid.Caller {
	name := k.nameOf(path)
	for k.terms[name].account == id.Zero {
		name = over[name]
	}
	return k.again(k.terms[name].account)
}

func (k *walk) nameOf(path string) string {
	for name, a := range k.areas {
		if a.Path == path {
			return name
		}
	}
	k.rt.Fatalf("a lead lies at %q", path)
	return ""
}

func (k *walk) leads(where string) []lead {
	list, err := leadsWhere(ctx, k.s.DB.Read(), db.NewArgs(k.C.District), where+" ORDER BY l.id")
	k.ok(err)
	return list
}

func (k *walk) one(where string) lead {
	list := k.leads(where)
	if len(list) == 0 {
		k.rt.Skip("nobody")
	}
	return rapid.SampledFrom(list).Draw(k.rt, "lead")
}

var (
	walkUrgency = []string{"普通", "紧急", "加急", ""}
	walkAddress = []string{"", "幸福小区3-2-501", "幸福小区3-2-502", "不知道在哪"}
)

// line is a row of a list about one of few people, so that they meet again.
func (k *walk) line() string {
	n := rapid.IntRange(0, 6).Draw(k.rt, "person")
	k.rows++
	return fmt.Sprintf("W%d,,,%s,,人%d,,1390000%04d,%s,", k.rows, rapid.SampledFrom(walkUrgency).Draw(k.rt, "urgency"), n, n, rapid.SampledFrom(walkAddress).Draw(k.rt, "address"))
}

func (k *walk) bringList(*rapid.T) {
	var lines []string
	for range rapid.IntRange(1, 6).Draw(k.rt, "rows") {
		lines = append(lines, k.line())
	}
	area := rapid.SampledFrom([]string{"hq", "street1", "comm1", "comm2"}).Draw(k.rt, "area")
	rep, err := k.s.Import(ctx, k.C, Input{Area: k.areas[area].ID, Files: csvFile(lines...)})
	k.ok(err)
	k.lists = append(k.lists, rep.ListID)
}

// twoLists come in at once, with the same people.
func (k *walk) twoLists(*rapid.T) {
	lines := []string{k.line(), k.line()}
	for _, err := range atOnce(2, func(int) error {
		_, err := k.s.Import(ctx, k.C, Input{Area: k.areas["comm1"].ID, Files: csvFile(lines...)})
		return err
	}) {
		k.ok(err)
	}
}

func (k *walk) report(*rapid.T) {
	n := rapid.IntRange(0, 6).Draw(k.rt, "person")
	k.next++
	_, err := k.s.Arrive(ctx, k.C, k.Hua.Code, fmt.Sprintf("10.0.%d.%d", k.next/250, k.next%250), SelfReport{Name: fmt.Sprintf("人%d", n), Phone: fmt.Sprintf("1390000%04d", n), Address: "幸福小区3-2-503",
		Origin: "沈阳市", ArriveDay: k.Clock.Now().Format(time.DateOnly), People: 1})
	k.ok(err)
}

func (k *walk) outcome() Outcome {
	o := Outcome{Result: rapid.SampledFrom(results).Draw(k.rt, "result").Code}
	o.DoorID, o.To, o.ToArea, o.Note = k.doors[0].ID, "沈阳市", k.areas[rapid.SampledFrom([]string{"comm1", "comm2", "street2"}).Draw(k.rt, "to")].ID, "问过"
	if rapid.Bool().Draw(k.rt, "mate") {
		o.Companions = []Companion{{Name: "同行", Phone: fmt.Sprintf("1380000%04d", rapid.IntRange(0, 9).Draw(k.rt, "mate's number"))}}
	}
	return o
}

func (k *walk) call(*rapid.T) {
	l := k.one("l.state IN ('open', 'unclear')")
	k.does(k.s.Record(ctx, k.callerOf(l.Path), l.ID, k.outcome()))
}

// twoCall one person at the same time: what one says holds.
func (k *walk) twoCall(*rapid.T) {
	l := k.one("l.state IN ('open', 'unclear')")
	c, o := k.callerOf(l.Path), []Outcome{k.outcome(), k.outcome()}
	won := 0
	for _, err := range atOnce(2, func(i int) error {
		o[i].Version = l.Version
		return k.s.Record(ctx, c, l.ID, o[i])
	}) {
		k.does(err)
		if err == nil {
			won++
		}
	}
	if won > 1 {
		k.rt.Fatal("both recorded a result of the same person")
	}
}

func (k *walk) decide(*rapid.T) {
	l := k.one("l.state = 'unclear'")
	d := Decision{AreaID: k.areas[rapid.SampledFrom([]string{"comm1", "comm2", "street1"}).Draw(k.rt, "to")].ID}
	k.does(k.s.Decide(ctx, k.callerOf(l.Path), l.ID, d))
}

func (k *walk) take(*rapid.T) {
	l := k.one("l.state = 'sent'")
	if c := k.callerOf(l.Path); l.toArea() {
		k.does(k.s.Accept(ctx, c, l.ID, 0))
	} else {
		k.does(k.s.Receipt(ctx, c, l.ID, 0, "收到"))
	}
}

func (k *walk) sit(*rapid.T)   { k.does(k.s.Sit(ctx, k.held())) }
func (k *walk) leave(*rapid.T) { k.does(k.s.Leave(ctx, k.held())) }

// goes ends somebody's term; the duty post keeps its last holder.
func (k *walk) goes(*rapid.T) {
	name := rapid.SampledFrom([]string{"street1", "street2", "comm1", "comm2"}).Draw(k.rt, "post")
	if k.terms[name].holder == id.Zero {
		k.join(name)
		return
	}
	k.ok(k.Grid.EndHolder(ctx, k.C, k.terms[name].holder, 0))
	delete(k.terms, name)
}

func (k *walk) close(*rapid.T) {
	if len(k.lists) == 0 {
		k.rt.Skip("no list")
	}
	k.does(k.s.Close(ctx, k.C, rapid.SampledFrom(k.lists).Draw(k.rt, "list"), "到期"))
}

func (k *walk) wait(*rapid.T) {
	k.Clock.Advance(time.Duration(rapid.IntRange(1, 400).Draw(k.rt, "minutes")) * time.Minute)
	_, err := k.tasks.Sweep(ctx, k.C)
	k.ok(err)
}

// compare holds what is stored against what must be, at every step.
func (k *walk) compare(*rapid.T) {
	k.ok(k.s.Rebalance(ctx, k.C)) // the minute's job
	k.ok(k.s.Follow(ctx, k.C))
	if got, err := Check(ctx, k.s.DB); err != nil || len(got.Problems) > 0 {
		k.rt.Fatal(got.Problems, err)
	}
	if got, err := task.CheckAt(ctx, k.s.DB, k.s.nowMs()); err != nil || len(got.Problems) > 0 {
		k.rt.Fatal(got.Problems, err)
	}
	seats := map[id.ID]bool{}
	list, err := openSeats(ctx, k.s.DB.Read(), k.C.District, k.s.nowMs())
	k.ok(err)
	for _, t := range list {
		seats[t.account] = t.onShift()
	}
	for _, l := range k.leads("l.id > 0") {
		k.compareTask(l)
		if l.AccountID != id.Zero && !seats[l.AccountID] {
			k.rt.Fatalf("lead %s lies with somebody off shift", l.ID)
		}
	}
}

// compareTask: the lead's task is with the post over its area, due with it, and
// climbed each missed step once, in order.
func (k *walk) compareTask(l lead) {
	v, err := k.tasks.Task(ctx, k.C, l.ID)
	k.ok(err)
	if v.State.Open() != (l.State != Done) || v.Kind != task.KindLead {
		k.rt.Fatalf("lead %s is %s, its task %s", l.ID, l.State, v.State)
	}
	if !v.State.Open() {
		return
	}
	name := k.nameOf(l.Path)
	answers := name
	for k.terms[answers].holder == id.Zero {
		answers = over[answers]
	}
	if v.PostID != k.posts[name] || v.AnswersID != k.posts[answers] || v.DeadlineMs != l.DueMs {
		k.rt.Fatalf("lead %s at %s: task with %s, %s answers, due %d and %d", l.ID, name, v.PostID, v.AnswersID, l.DueMs, v.DeadlineMs)
	}
	last := int64(0)
	for _, e := range v.History {
		if e.Kind == "climb" && (e.AtMs < last || e.AtMs > k.s.nowMs()) {
			k.rt.Fatalf("lead %s climbed at %d after %d", l.ID, e.AtMs, last)
		}
		if e.Kind == "climb" {
			last = e.AtMs
		}
	}
	if v.ClimbMs != 0 && v.ClimbMs < last {
		k.rt.Fatalf("lead %s climbs again at %d", l.ID, v.ClimbMs)
	}
}

func (k *walk) clear() {
	dbtest.OK(k.t, k.s.DB.Write(ctx, "test", func(tx *db.Tx) error {
		for _, table := range []string{"lead", "lead_list", "lead_row", "lead_key", "lead_event", "lead_seat", "task", "task_event", "task_cover", "household", "person", "person_key"} {
			if _, err := tx.ExecContext(ctx, "DELETE FROM "+table); err != nil {
				return err
			}
		}
		return nil
	}))
	k.lists = nil
	for _, name := range []string{"street1", "street2", "comm1", "comm2"} {
		if k.terms[name].holder == id.Zero {
			k.join(name)
		}
	}
}

// Every open lead is one task of the post over its area, whatever happens: lists
// that meet, calls, hand-overs, people who come and go, lists that close, two at
// once.
func TestEveryLeadIsInCustody(t *testing.T) {
	for name, v := range map[string]string{"rapid.checks": "2", "rapid.seed": "20221122", "rapid.steps": "60", "rapid.nofailfile": "true"} {
		dbtest.OK(t, flag.Set(name, v))
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newWalk(t, d)
		rapid.Check(t, func(rt *rapid.T) {
			k.rt = rt
			defer k.clear()
			rt.Repeat(map[string]func(*rapid.T){"": k.compare, "list": k.bringList, "list2": k.bringList, "lists": k.twoLists, "report": k.report, "call": k.call, "call2": k.call, "two": k.twoCall, "decide": k.decide,
				"take": k.take, "sit": k.sit, "leave": k.leave, "goes": k.goes, "close": k.close, "wait": k.wait, "wait2": k.wait})
		})
	})
}

// A lead nobody calls climbs, once a step and in order, also when nothing ran
// meanwhile; its result ends it.
func TestAnOverdueLeadClimbs(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newWalk(t, d)
		clerk := k.callerOf(k.Hua.Path)
		rep := k.bring(clerk, k.Hua.ID, "A,,,加急,,甲,,13900000011,,")
		v := k.people(clerk, rep.ListID)["甲"]
		k.Clock.Advance(24 * time.Hour)
		for range 2 {
			dbtest.Must(k.tasks.Sweep(ctx, k.C))(t)
		}
		var climbs []string
		for _, e := range dbtest.Must(k.tasks.Task(ctx, k.C, v.ID))(t).History {
			if e.Kind == "climb" {
				climbs = append(climbs, fmt.Sprint((e.AtMs-v.DueMs)/60_000, " ", slices.Index([]id.ID{k.posts["street1"], k.posts["hq"]}, e.OtherID)))
			}
		}
		if fmt.Sprint(climbs) != "[0 0 120 1]" {
			t.Errorf("climbed %q", climbs)
		}
		street := k.again(k.terms["street1"].account)
		if in := dbtest.Must(k.tasks.Inbox(ctx, k.again(k.terms["hq"].account), task.Climbed, 0))(t); in.Figures.LeadsUp != 1 || len(in.Lines) != 0 {
			t.Errorf("the district's inbox: %+v", in)
		}
		if late := dbtest.Must(k.s.InState(ctx, street, Late))(t); len(late) != 1 || !late[0].Overdue {
			t.Errorf("the overdue of a street: %+v", late)
		}
		if card := k.lead(street, v.ID); card.Custody == nil || card.Custody.Above == "" || card.Custody.Owner == "" {
			t.Errorf("who answers: %+v", card.Custody)
		}
		if _, err := k.tasks.Change(ctx, clerk, v.ID, task.Change{Action: task.Finish}); !errs.Is(err, errs.Conflict) {
			t.Errorf("ended beside the desk: %v", err)
		}
		dbtest.OK(t, k.s.Record(ctx, clerk, v.ID, Outcome{Result: "abroad"}))
		if got := dbtest.Must(k.tasks.Task(ctx, k.C, v.ID))(t); got.State != task.Closed || got.ClimbMs != 0 {
			t.Errorf("%+v", got.Task)
		}
	})
}

// Leads of before leads were tasks become tasks; those of an emergency that has
// ended are tasks no more; those of an area with a new code go with it.
func TestTasksFollowLeads(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		k := newWalk(t, d)
		clerk := k.callerOf(k.Hua.Path)
		rep := k.bring(clerk, k.Hua.ID, "A,,,,,甲,,13900000011,,", "B,,,,,乙,,13900000012,,")
		v := k.people(clerk, rep.ListID)["甲"]
		do := func(text string, args ...any) {
			t.Helper()
			dbtest.OK(t, d.Write(ctx, "test", func(tx *db.Tx) error {
				_, err := tx.ExecContext(context.Background(), text, args...)
				return err
			}))
		}
		faulty := func(want int) {
			t.Helper()
			if got := dbtest.Must(Check(ctx, d))(t); len(got.Problems) != want {
				t.Errorf("%d problems: %+v", want, got)
			}
		}
		do("DELETE FROM task_event")
		do("DELETE FROM task")
		faulty(2)
		dbtest.OK(t, k.s.Follow(ctx, k.C))
		faulty(0)
		do("UPDATE place SET path = '230103001777' WHERE id = $1", k.Hua.ID)
		dbtest.OK(t, k.s.Follow(ctx, k.C))
		if l := k.stored(v.ID); l.Path != "230103001777" {
			t.Errorf("the lead stays at %s", l.Path)
		}
		do("UPDATE emergency SET ended_ms = 1")
		dbtest.OK(t, k.s.Follow(ctx, k.C))
		if got := dbtest.Must(k.tasks.Task(ctx, k.C, v.ID))(t); got.State != task.Cancelled {
			t.Errorf("%+v", got.Task)
		}
		faulty(0)
		do("UPDATE emergency SET ended_ms = 0") // by hand: their tasks have ended, and nothing reopens those
		defer func(n int) { followedAtOnce = n }(followedAtOnce)
		followedAtOnce = 1
		soon, cancel := context.WithTimeout(ctx, 20*time.Second)
		defer cancel()
		dbtest.OK(t, k.s.Follow(soon, k.C))
		faulty(2)
	})
}

// stored is a lead as it is stored.
func (k *walk) stored(v id.ID) lead {
	k.t.Helper()
	return dbtest.Must(oneLead(ctx, k.s.DB.Read(), k.C, grid.LeadRead, v))(k.t)
}
