package task

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wangge/internal/grid"
	"wangge/internal/grid/divisions"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// oracle is the plain model that the database is compared with: who holds which
// post when, written down by hand, and where each task is.
type oracle struct {
	terms map[string][]term // by the post's name
	ends  map[string]int64  // of posts in squads
	tasks map[id.ID]*custody
}

type term struct {
	holder      id.ID // id of the term
	account     id.ID
	from, until int64
}

type custody struct {
	kind                string
	state               State
	owner, doer, issuer string
}

// superior names the post over another: leader → grid → community → street → hq.
func superior(name string) string {
	switch {
	case strings.HasPrefix(name, "leader"), strings.HasPrefix(name, "squad"):
		return "grid" + name[len(name)-2:]
	case strings.HasPrefix(name, "grid"):
		return "comm" + name[4:]
	case strings.HasPrefix(name, "comm"):
		return "street" + name[4:5]
	case strings.HasPrefix(name, "street"):
		return "hq"
	}
	return ""
}

func (o *oracle) holders(post string, t int64) (out []id.ID) {
	if end := o.ends[post]; end != 0 && t >= end {
		return nil
	}
	for _, x := range o.terms[post] {
		if x.from <= t && (x.until == 0 || t < x.until) {
			out = append(out, x.account)
		}
	}
	return out
}

// answers names the post that answers for another.
func (o *oracle) answers(post string, t int64) string {
	for post != "" && len(o.holders(post, t)) == 0 {
		post = superior(post)
	}
	return post
}

// walk is one random walk.
type walk struct {
	*world
	rt    *rapid.T
	o     *oracle
	squad int
	codes map[string]string // communities' codes by the name of their post
}

func (k *walk) now() int64 { return clock.Ms(k.clk.Now()) }

func (k *walk) names() []string { return slices.Sorted(maps.Keys(k.post)) }

func (k *walk) pick(label string, list []string) string {
	if len(list) == 0 {
		k.rt.Skip("none")
	}
	return rapid.SampledFrom(list).Draw(k.rt, label)
}

// caller is an account that holds a post now, as a caller.
func (k *walk) caller(post string) grid.Caller {
	list := k.o.holders(post, k.now())
	if len(list) == 0 {
		k.rt.Skip("nobody holds it")
	}
	c, err := k.g.CallerFor(k.ctx, list[0], district, k.clk.Now())
	k.ok(err)
	return c
}

func (k *walk) openTasks() (out []id.ID) {
	for _, t := range slices.Sorted(maps.Keys(k.o.tasks)) {
		if k.o.tasks[t].state.Open() {
			out = append(out, t)
		}
	}
	return out
}

func (k *walk) issue(*rapid.T) {
	from := k.pick("from", []string{"hq", "street1", "street2", "comm11", "comm21"})
	to := k.pick("to", slices.DeleteFunc(k.names(), func(n string) bool { return n == from || k.o.ends[n] != 0 && k.o.ends[n] <= k.now() }))
	kind := rapid.SampledFrom([]string{"request", "help"}).Draw(k.rt, "kind")
	t, err := k.s.Issue(k.ctx, k.caller(from), Issue{Kind: kind, Title: "t", PostID: k.post[to]})
	k.ok(err)
	// somebody who holds two posts issues in the name of the first that may
	k.o.tasks[t.ID] = &custody{kind: kind, state: Issued, owner: to, issuer: k.nameOf(t.IssuerPostID)}
}

func (k *walk) nameOf(post id.ID) string {
	for n, p := range k.post {
		if p == post {
			return n
		}
	}
	k.t.Fatalf("post %s has no name", post)
	return ""
}

// moves are what the model knows of actions: from which states, by whom.
var moves = map[Action]struct {
	from  []State
	owner bool // else the issuer
}{
	Take:     {[]State{Issued, Received, Transferred}, true},
	Finish:   {[]State{Issued, Received, InHand, Transferred}, true},
	SendBack: {[]State{Issued, Received, InHand, Transferred}, true},
	HandOn:   {[]State{Issued, Received, InHand, Transferred}, true},
	Reissue:  {[]State{Returned}, false},
	Accept:   {[]State{Done}, false},
	Reject:   {[]State{Done}, false},
	Cancel:   {[]State{Issued, Received, InHand, Transferred, Returned, Done}, false},
	Merge:    {[]State{Issued, Received, InHand, Transferred, Returned}, true},
}

// act has somebody do something with a task: who should, or anybody at all.
func (k *walk) act(*rapid.T) {
	list := k.openTasks()
	if len(list) == 0 {
		k.rt.Skip("no task")
	}
	tid := rapid.SampledFrom(list).Draw(k.rt, "task")
	m := k.o.tasks[tid]
	action := rapid.SampledFrom([]Action{Take, Finish, SendBack, HandOn, Reissue, Accept, Reject, Cancel, Merge}).Draw(k.rt, "action")
	rule := moves[action]
	right := m.owner
	if !rule.owner {
		right = m.issuer
	}
	right = k.o.answers(right, k.now())
	who := right
	if rapid.IntRange(0, 4).Draw(k.rt, "stranger") == 0 {
		who = k.pick("who", k.names())
	}
	c := k.caller(who)
	ch := Change{Action: action, Note: "because"}
	if action == HandOn {
		ch.PostID = k.post["hq"] // up the line from everybody
	}
	if action == Merge {
		ch.MergeInto = rapid.SampledFrom(list).Draw(k.rt, "into")
	}
	_, err := k.s.Change(k.ctx, c, tid, ch)
	may := slices.Contains(rule.from, m.state) && (k.stands(c, right, action, m) || action == HandOn && k.supervises(c, tid)) && k.fits(c, action, m, ch)
	if may != (err == nil) {
		k.t.Fatalf("%s of a %s task (%+v) by %s: %v; the model says %v", action, m.kind, *m, who, err, may)
	}
	if err == nil {
		k.applied(tid, m, action, ch)
	}
}

// stands reports whether the caller answers for the post that may act.
func (k *walk) stands(c grid.Caller, right string, a Action, m *custody) bool {
	holds := func(post string) bool { return slices.Contains(k.o.holders(post, k.now()), c.AccountID) }
	if a == Merge && holds(k.o.answers(m.issuer, k.now())) {
		return true
	}
	return holds(right)
}

// supervises reports whether the caller answers for the post that a task climbed to.
func (k *walk) supervises(c grid.Caller, task id.ID) bool {
	list, err := selectTask(k.ctx, k.d.Read(), district, task)
	k.ok(err)
	above := list[0].AbovePostID
	return above != id.Zero && slices.Contains(k.o.holders(k.o.answers(k.nameOf(above), k.now()), k.now()), c.AccountID)
}

// fits is what else an action asks.
func (k *walk) fits(c grid.Caller, a Action, m *custody, ch Change) bool {
	switch a {
	case HandOn:
		return m.owner != "hq"
	case Merge:
		into := k.o.tasks[ch.MergeInto]
		if into == m || !into.state.Open() {
			return false
		}
		for _, p := range []string{into.owner, into.issuer} {
			if slices.Contains(k.o.holders(k.o.answers(p, k.now()), k.now()), c.AccountID) {
				return true
			}
		}
		return false
	}
	if end := k.o.ends[m.doer]; a == Reissue && m.doer != m.owner && end != 0 && end <= k.now() {
		return false // its squad is gone: another post must be named
	}
	return true
}

func (k *walk) applied(tid id.ID, m *custody, a Action, ch Change) {
	switch a {
	case Take:
		m.state = InHand
	case Finish:
		m.state = Closed
		if m.kind == "help" {
			m.state, m.doer, m.owner = Done, m.owner, m.issuer
		}
	case SendBack:
		m.state, m.doer, m.owner = Returned, m.owner, m.issuer
	case HandOn:
		m.state, m.owner = Transferred, "hq"
	case Reissue:
		m.state, m.owner, m.doer = Issued, m.doer, ""
	case Accept:
		m.state = Closed
	case Reject:
		m.state, m.owner, m.doer = InHand, m.doer, ""
	case Cancel:
		m.state = Cancelled
	case Merge:
		m.state = Merged
	}
}

// together has two people finish the same task at once: one does, one is told.
func (k *walk) together(*rapid.T) {
	var list []id.ID
	for _, t := range k.openTasks() {
		if m := k.o.tasks[t]; slices.Contains(moves[Finish].from, m.state) && m.kind == "request" {
			list = append(list, t)
		}
	}
	if len(list) == 0 {
		k.rt.Skip("no task")
	}
	tid := rapid.SampledFrom(list).Draw(k.rt, "task")
	m := k.o.tasks[tid]
	c := k.caller(k.o.answers(m.owner, k.now()))
	var got [2]error
	var both sync.WaitGroup
	for i := range got {
		both.Go(func() { _, got[i] = k.s.Change(k.ctx, c, tid, Change{Action: Finish, Note: "done"}) })
	}
	both.Wait()
	if (got[0] == nil) == (got[1] == nil) {
		k.t.Fatalf("two at once: %v, %v", got[0], got[1])
	}
	for _, err := range got {
		if err != nil && (!errs.Is(err, errs.Conflict) || errs.As(err).Key != "task.is.closed") {
			k.t.Fatalf("who came second was told: %v", err)
		}
	}
	m.state = Closed
}

func (k *walk) join(*rapid.T) {
	post := k.pick("post", k.names())
	if end := k.o.ends[post]; end != 0 && end <= k.now() {
		k.rt.Skip("the squad has ended")
	}
	k.next++
	h, err := k.g.AddHolder(k.ctx, sys, grid.Holder{PostID: k.post[post], AccountID: k.next})
	k.ok(err)
	k.o.terms[post] = append(k.o.terms[post], term{h.ID, k.next, h.FromMs, 0})
}

// running is a term of a post that has no end yet.
func (k *walk) running() (post string, at int) {
	post = k.pick("post", k.names())
	for i, x := range k.o.terms[post] {
		if x.from <= k.now() && x.until == 0 && (k.o.ends[post] == 0 || k.now() < k.o.ends[post]) {
			k.o.terms[post][i].holder = k.termOf(post, x)
			return post, i
		}
	}
	k.rt.Skip("nobody to go")
	return "", 0
}

// termOf finds the id of a term: a leave makes terms of its own.
func (k *walk) termOf(post string, x term) id.ID {
	p, err := k.g.Post(k.ctx, sys, k.post[post])
	k.ok(err)
	for _, h := range p.Holders {
		if h.AccountID == x.account && h.FromMs == x.from {
			return h.ID
		}
	}
	k.t.Fatalf("%s: the term %+v is not there", post, x)
	return 0
}

// lastDuty reports whether nobody would hold the duty post without one term.
func (k *walk) lastDuty(post string, at int) bool {
	if post != "hq" {
		return false
	}
	for i, x := range k.o.terms[post] {
		if i != at && x.from <= k.now() && x.until == 0 {
			return false
		}
	}
	return true
}

func (k *walk) leave(*rapid.T) {
	post, at := k.running()
	err := k.g.EndHolder(k.ctx, sys, k.o.terms[post][at].holder, 0)
	if last := k.lastDuty(post, at); last != (err != nil) {
		k.t.Fatalf("leaving %s: %v; the last in the duty post: %v", post, err, last)
	}
	if err == nil {
		k.o.terms[post][at].until = k.now()
	}
}

// substitute has somebody away for a while, with another in the post.
func (k *walk) substitute(*rapid.T) {
	post, at := k.running()
	k.next++
	until := k.now() + int64(rapid.IntRange(30, 600).Draw(k.rt, "minutes"))*minuteMs
	x := &k.o.terms[post][at]
	l, err := k.g.GiveLeave(k.ctx, sys, x.holder, grid.Leave{UntilMs: until, SubstituteID: k.next})
	k.ok(err)
	x.until = l.FromMs
	account := x.account
	k.o.terms[post] = append(k.o.terms[post], term{0, k.next, l.FromMs, until}, term{0, account, until, 0})
}

func (k *walk) transfer(*rapid.T) {
	post, at := k.running()
	to := k.pick("to", k.names())
	x := &k.o.terms[post][at]
	if to == post || k.o.ends[to] != 0 || k.lastDuty(post, at) || slices.ContainsFunc(k.o.terms[to], func(y term) bool { return y.account == x.account }) {
		k.rt.Skip("no move")
	}
	h, err := k.g.TransferHolder(k.ctx, sys, grid.Transfer{HolderID: x.holder, ToPost: k.post[to]})
	k.ok(err)
	x.until = k.now()
	k.o.terms[to] = append(k.o.terms[to], term{h.ID, x.account, h.FromMs, 0})
}

// newSquad brings a squad with a last day to a building.
func (k *walk) newSquad(*rapid.T) {
	if k.squad == 3 {
		k.rt.Skip("enough")
	}
	k.squad++
	name := fmt.Sprintf("squad%d-11", k.squad)
	end := k.now() + int64(rapid.IntRange(20, 500).Draw(k.rt, "minutes"))*minuteMs
	team, err := k.g.AddTeam(k.ctx, sys, grid.Team{AreaID: k.place["230103"], Kind: grid.TeamSquad, Name: name, UntilMs: end})
	k.ok(err)
	p, err := k.g.AddPost(k.ctx, sys, grid.NewPost{Role: grid.RoleVolunteer, ObjectKind: grid.ObjectPlace, ObjectID: k.place["230103001001001001"], TeamID: team.ID})
	k.ok(err)
	k.next++
	h, err := k.g.AddHolder(k.ctx, sys, grid.Holder{PostID: p.ID, AccountID: k.next})
	k.ok(err)
	k.post[name], k.o.ends[name] = p.ID, end
	k.o.terms[name] = []term{{h.ID, k.next, h.FromMs, 0}}
}

// recode gives a community another code, as a new national list does.
func (k *walk) recode(*rapid.T) {
	which := k.pick("community", slices.Sorted(maps.Keys(k.codes)))
	fresh := fmt.Sprintf("%s%03d", k.codes[which][:9], rapid.IntRange(100, 999).Draw(k.rt, "code"))
	if slices.Contains(slices.Collect(maps.Values(k.codes)), fresh) {
		k.rt.Skip("taken")
	}
	k.codes[which] = fresh
	list := []divisions.Area{{Code: "230103000000", Name: "county3", Level: divisions.County}}
	for st := 1; st <= 2; st++ {
		code := fmt.Sprintf("23010300%d000", st)
		list = append(list, divisions.Area{Code: code, Name: fmt.Sprintf("street%d", st), Level: divisions.Street, Parent: "230103000000"})
		for c := 1; c <= 2; c++ {
			list = append(list, divisions.Area{Code: k.codes[fmt.Sprintf("comm%d%d", st, c)], Name: fmt.Sprintf("community%d", c), Level: divisions.Community, Parent: code})
		}
	}
	_, err := k.g.ImportAreas(k.ctx, sys, list, false)
	k.ok(err)
}

func (k *walk) wait(*rapid.T) {
	k.pass(time.Duration(rapid.IntRange(1, 300).Draw(k.rt, "minutes")) * time.Minute)
	k.sweep()
}

// compare holds the database against the model.
func (k *walk) compare(*rapid.T) {
	now := k.now()
	k.whole()
	if k.t.Failed() {
		k.rt.FailNow()
	}
	line, err := k.g.Line(k.ctx, sys)
	k.ok(err)
	for name, post := range k.post {
		if got, want := line.Effective(post, now), k.post[k.o.answers(name, now)]; got != want {
			k.t.Fatalf("%s answers for %s, the model says %s", k.nameOf(got), name, k.o.answers(name, now))
		}
	}
	k.compareTasks()
	k.compareInbox(k.pick("looks", k.names()), now)
}

func (k *walk) compareTasks() {
	rows, err := selectRows(k.ctx, k.d.Read(), "WHERE t.district = $1", district)
	k.ok(err)
	if len(rows) != len(k.o.tasks) {
		k.t.Fatalf("%d tasks, the model has %d", len(rows), len(k.o.tasks))
	}
	for _, r := range rows {
		if m := k.o.tasks[r.ID]; m == nil || r.State != m.state || r.PostID != k.post[m.owner] {
			k.t.Fatalf("task %s is %s with %s, the model says %+v", r.ID, r.State, k.nameOf(r.PostID), m)
		}
	}
}

// compareInbox sees that everything a holder answers for is in the inbox, and
// nothing else.
func (k *walk) compareInbox(post string, now int64) {
	list := k.o.holders(post, now)
	if len(list) == 0 {
		return
	}
	var want []id.ID
	for tid, m := range k.o.tasks {
		if m.state.Open() && slices.Contains(k.o.holders(k.o.answers(m.owner, now), now), list[0]) {
			want = append(want, tid)
		}
	}
	slices.Sort(want)
	in, err := k.s.Inbox(k.ctx, k.caller(post), Mine, 0)
	k.ok(err)
	var got []id.ID
	for _, l := range in.Lines {
		got = append(got, l.ID)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		k.t.Fatalf("the inbox of %s holds %v, the model says %v", post, got, want)
	}
}

// Custody holds under whatever happens: every open task has one owner, and
// somebody in post answers for it, at every step of random work on both engines.
func TestCustodyUnderRandomOperations(t *testing.T) {
	for name, v := range map[string]string{"rapid.checks": "4", "rapid.seed": "20220310", "rapid.steps": "45", "rapid.nofailfile": "true"} {
		if err := flag.Set(name, v); err != nil {
			t.Fatal(err)
		}
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		rapid.Check(t, func(rt *rapid.T) {
			k := &walk{world: newWorld(t, d), rt: rt, o: &oracle{terms: map[string][]term{}, ends: map[string]int64{}, tasks: map[id.ID]*custody{}}, codes: map[string]string{}}
			defer k.clear()
			for name, post := range k.post {
				p, err := k.g.Post(k.ctx, sys, post)
				k.ok(err)
				k.o.terms[name] = []term{{p.Holders[0].ID, k.acct[name], p.Holders[0].FromMs, 0}}
				if strings.HasPrefix(name, "comm") {
					k.codes[name] = fmt.Sprintf("23010300%s00%s", name[4:5], name[5:])
				}
			}
			rt.Repeat(map[string]func(*rapid.T){"": k.compare, "issue": k.issue, "issue2": k.issue, "act": k.act, "act2": k.act, "act3": k.act, "together": k.together,
				"join": k.join, "leave": k.leave, "leave2": k.leave, "substitute": k.substitute, "transfer": k.transfer, "squad": k.newSquad, "recode": k.recode, "wait": k.wait})
		})
	})
}

// clear empties the district for the next walk.
func (k *walk) clear() {
	k.write(func(tx *db.Tx) error {
		for _, table := range []string{"task", "task_event", "task_cover", "task_link", "post", "holder", "team", "post_leave", "place", "grid"} {
			if _, err := tx.ExecContext(k.ctx, "DELETE FROM "+table); err != nil {
				return err
			}
		}
		return nil
	})
}
