package transfer

import (
	"flag"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/task"
)

// line of the world's posts, the lowest first: who answers where nobody is.
var climbs = []string{"leader", "grid", "comm", "street", "hq"}

// trip is what the model knows of a transfer.
type trip struct {
	posts   []string // from first to last
	minutes []int
	state   State
	hop     int
	by      map[side]id.ID // who confirmed the running hop
	tries   int
	due     int64
	alarmed bool
	listed  bool
	left    map[id.ID]*carer
}

// carer is who looks after somebody left behind.
type carer struct {
	post            string // "": a neighbour
	named, accepted bool
	task            id.ID
}

// walk is one random walk, with the plain model it is compared with.
type walk struct {
	*world
	rt    *rapid.T
	in    map[string][]id.ID // who is in a post
	trips map[id.ID]*trip
	going id.ID // who leaves home
}

func (k *walk) now() int64 { return clock.Ms(k.clk.Now()) }

// answers names the post that answers for another.
func (k *walk) answers(post string) string {
	for _, p := range climbs[slices.Index(climbs, post):] {
		if len(k.in[p]) > 0 {
			return p
		}
	}
	return ""
}

func (k *walk) has(account id.ID, post string) bool {
	return slices.Contains(k.in[k.answers(post)], account)
}

func (k *walk) leads(account id.ID, x *trip) bool {
	return k.has(account, "comm") || k.has(account, x.posts[0])
}

// somebody is an account that is in a post.
func (k *walk) somebody(label string) id.ID {
	var all []id.ID
	for _, p := range climbs {
		all = append(all, k.in[p]...)
	}
	slices.Sort(all)
	return rapid.SampledFrom(slices.Compact(all)).Draw(k.rt, label)
}

func (k *walk) caller(account id.ID) grid.Caller {
	c, err := k.g.CallerFor(ctx, account, district, k.clk.Now())
	k.ok(err)
	c.Lang = "zh"
	return c
}

// pick is a transfer in one of some states.
func (k *walk) pick(states ...State) (id.ID, *trip) {
	var list []id.ID
	for _, t := range slices.Sorted(maps.Keys(k.trips)) {
		if slices.Contains(states, k.trips[t].state) {
			list = append(list, t)
		}
	}
	if len(list) == 0 {
		k.rt.Skip("none")
	}
	t := rapid.SampledFrom(list).Draw(k.rt, "transfer")
	return t, k.trips[t]
}

// same fails where the model thinks otherwise of whether something may be done.
func (k *walk) same(what string, may bool, err error) {
	if may != (err == nil) {
		k.t.Fatalf("%s: %v; the model says %v", what, err, may)
	}
	if err != nil && errs.KindOf(err) == errs.Internal {
		k.t.Fatalf("%s: %v", what, err)
	}
}

func (k *walk) plan(*rapid.T) {
	x := &trip{state: Planned, by: map[side]id.ID{}, left: map[id.ID]*carer{}, posts: []string{rapid.SampledFrom(climbs).Draw(k.rt, "first")}}
	p := Plan{To: "hospital", FromPost: k.post[x.posts[0]]}
	for range rapid.IntRange(1, 3).Draw(k.rt, "hops") {
		last := x.posts[len(x.posts)-1]
		next := rapid.SampledFrom(slices.DeleteFunc(slices.Clone(climbs), func(n string) bool { return n == last })).Draw(k.rt, "next")
		m := rapid.IntRange(5, 60).Draw(k.rt, "minutes")
		x.posts, x.minutes = append(x.posts, next), append(x.minutes, m)
		p.Steps = append(p.Steps, Step{PostID: k.post[next], Minutes: m})
	}
	if rapid.Bool().Draw(k.rt, "from home") {
		p.HomeID, p.PersonIDs = k.door, []id.ID{k.going}
	} else {
		p.People, x.listed = "travellers", true
	}
	t, err := k.s.Create(ctx, k.as("comm"), p)
	k.ok(err)
	for _, l := range t.Left {
		x.left[l.ID] = &carer{}
	}
	k.trips[t.ID] = x
}

// prepare names a carer for one of those left behind, or confirms the list.
func (k *walk) prepare(*rapid.T) {
	t, x := k.pick(Planned)
	if len(x.left) == 0 {
		k.rt.Skip("nobody is left behind")
	}
	if rapid.Bool().Draw(k.rt, "list") {
		_, err := k.s.List(ctx, k.as("comm"), t, 0, Listing{StoveOff: true, Keys: "neighbour"})
		k.ok(err)
		x.listed = true
		return
	}
	left := rapid.SampledFrom(slices.Sorted(maps.Keys(x.left))).Draw(k.rt, "left")
	l := &carer{named: true, post: rapid.SampledFrom([]string{"", "leader", "grid"}).Draw(k.rt, "carer"), accepted: rapid.Bool().Draw(k.rt, "accepted")}
	in := Care{LeftID: left, VisitMs: k.now() + 2*60*minuteMs, Accepted: l.accepted}
	if l.post == "" {
		in.Name, in.Phone = "aunt", "13900000000"
	} else {
		in.PostID, l.accepted = k.post[l.post], false
	}
	out, err := k.s.Care(ctx, k.as("comm"), t, 0, in)
	k.ok(err)
	l.task = out.Left[slices.IndexFunc(out.Left, func(y Left) bool { return y.ID == left })].TaskID
	x.left[left] = l
}

// accept has somebody accept for a post that is to care, or give the task back.
func (k *walk) accept(*rapid.T) {
	t, x := k.pick(Planned)
	for _, left := range slices.Sorted(maps.Keys(x.left)) {
		l := x.left[left]
		if l.post == "" {
			continue
		}
		who := k.somebody("carer")
		if l.accepted && rapid.Bool().Draw(k.rt, "gives back") {
			_, err := k.tasks.Change(ctx, k.caller(who), l.task, task.Change{Action: task.SendBack, Note: "ill"})
			k.same("a carer gives the task back", k.has(who, l.post), err)
			if err == nil {
				*l = carer{} // another carer must be named
			}
			return
		}
		_, err := k.s.Accept(ctx, k.caller(who), t, left)
		k.same("accept", k.has(who, l.post), err)
		l.accepted = l.accepted || err == nil
		return
	}
	k.rt.Skip("nobody is asked")
}

func (k *walk) start(*rapid.T) {
	t, x := k.pick(Planned, Moving)
	who := k.somebody("starts")
	ready := x.listed && !slices.ContainsFunc(slices.Collect(maps.Values(x.left)), func(l *carer) bool { return !l.named || !l.accepted })
	_, err := k.s.Start(ctx, k.caller(who), t, 0)
	k.same("start", k.leads(who, x) && x.state == Planned && ready, err)
	if err == nil {
		x.state = Moving
		k.begin(x, 1)
	}
}

func (k *walk) begin(x *trip, hop int) {
	x.hop, x.by, x.tries, x.alarmed = hop, map[side]id.ID{}, 0, false
	x.due = k.now() + int64(x.minutes[hop-1])*minuteMs
}

// sides says on which sides of the running hop somebody stands.
func (k *walk) sides(who id.ID, x *trip) (gives, takes bool) {
	return k.has(who, x.posts[x.hop-1]), k.has(who, x.posts[x.hop])
}

// confirm has somebody confirm by a code, right or wrong, by a name, or for both.
func (k *walk) confirm(*rapid.T) {
	t, x := k.pick(Moving)
	who := k.somebody("confirms")
	gives, takes := k.sides(who, x)
	mine, may := giving, gives || takes
	if !gives {
		mine = taking
	}
	code, name := "", ""
	switch how := rapid.SampledFrom([]string{"giving's", "taking's", "wrong", "name", "both"}).Draw(k.rt, "how"); how {
	case "both":
		_, err := k.s.ConfirmBoth(ctx, k.caller(who), t)
		other := slices.ContainsFunc(slices.Collect(maps.Values(x.by)), func(a id.ID) bool { return a != who })
		k.same("both sides at once", gives && takes && !other, err)
		if err == nil {
			x.by = map[side]id.ID{giving: who, taking: who}
			k.handed(x)
		}
		return
	case "name":
		named := k.somebody("named")
		name = k.names[named]
		if gives && takes && x.by[giving] != 0 {
			mine = taking
		}
		post := x.posts[x.hop]
		if mine == taking {
			post = x.posts[x.hop-1]
		}
		may = may && named != who && k.has(named, post)
	default:
		code = map[string]string{"giving's": k.s.code(t, x.hop, giving), "taking's": k.s.code(t, x.hop, taking), "wrong": "000000"}[how]
		if gives && takes && how == "giving's" {
			mine = taking
		}
		right := how == map[side]string{giving: "taking's", taking: "giving's"}[mine]
		if may && !right && x.tries < vocab.Tries {
			defer func() { x.tries++ }()
		}
		may = may && right && x.tries < vocab.Tries
	}
	may = may && x.by[mine] == 0 && x.by[mine.other()] != who
	_, err := k.s.Confirm(ctx, k.caller(who), t, code, name)
	k.same("confirm "+code+name, may, err)
	if err == nil {
		x.by[mine] = who
		k.handed(x)
	}
}

// handed moves the model on where both sides have confirmed.
func (k *walk) handed(x *trip) {
	switch {
	case x.by[giving] == 0 || x.by[taking] == 0:
	case x.hop < len(x.minutes):
		k.begin(x, x.hop+1)
	default:
		x.state = Arrived
	}
}

// together has both sides confirm at the same instant: both succeed, once.
func (k *walk) together(*rapid.T) {
	t, x := k.pick(Moving)
	from, to := k.in[k.answers(x.posts[x.hop-1])], k.in[k.answers(x.posts[x.hop])]
	a, b := from[0], to[len(to)-1]
	if len(x.by) > 0 || x.tries >= vocab.Tries || k.has(a, x.posts[x.hop]) || k.has(b, x.posts[x.hop-1]) {
		k.rt.Skip("not two people")
	}
	callers, codes := [2]grid.Caller{k.caller(a), k.caller(b)}, [2]string{k.s.code(t, x.hop, taking), k.s.code(t, x.hop, giving)}
	var got [2]error
	var both sync.WaitGroup
	for i := range got {
		both.Go(func() { _, got[i] = k.s.Confirm(ctx, callers[i], t, codes[i], "") })
	}
	both.Wait()
	for _, err := range got {
		k.same("both at once", true, err)
	}
	x.by = map[side]id.ID{giving: a, taking: b}
	k.handed(x)
}

func (k *walk) callOff(*rapid.T) {
	if rapid.IntRange(0, 3).Draw(k.rt, "rarely") > 0 {
		k.rt.Skip("not now")
	}
	t, x := k.pick(Planned, Moving, Arrived)
	who := k.somebody("calls off")
	_, err := k.s.CallOff(ctx, k.caller(who), t, 0, "no bed")
	k.same("call off", k.leads(who, x) && x.state != Arrived, err)
	if err == nil {
		x.state = Ended
	}
}

// move has somebody join another post, or everybody leave one.
func (k *walk) move(*rapid.T) {
	post := rapid.SampledFrom([]string{"leader", "grid", "street"}).Draw(k.rt, "post")
	if rapid.Bool().Draw(k.rt, "joins") {
		who := k.somebody("who")
		if slices.Contains(k.in[post], who) {
			k.rt.Skip("is in it")
		}
		_, err := k.g.AddHolder(ctx, sys, grid.Holder{PostID: k.post[post], AccountID: who})
		k.ok(err)
		k.in[post] = append(k.in[post], who)
		return
	}
	p, err := k.g.Post(ctx, sys, k.post[post])
	k.ok(err)
	for _, h := range p.Holders {
		if h.UntilMs == 0 {
			k.ok(k.g.EndHolder(ctx, sys, h.ID, 0))
		}
	}
	k.in[post] = nil
}

func (k *walk) wait(*rapid.T) {
	k.clk.Advance(time.Duration(rapid.IntRange(1, 50).Draw(k.rt, "minutes")) * time.Minute)
	late := 0
	for _, x := range k.trips {
		if x.state == Moving && x.due <= k.now() && !x.alarmed {
			late++
			x.alarmed = true
		}
	}
	for _, want := range []int{late, 0} { // each hop is told of once
		if n, err := k.s.Sweep(ctx, sys); err != nil || n != want {
			k.t.Fatalf("%d late hops, %v; the model says %d", n, err, want)
		}
	}
	_, err := k.tasks.Sweep(ctx, sys)
	k.ok(err)
}

// compare holds the database against the model.
func (k *walk) compare(*rapid.T) {
	k.whole()
	if k.t.Failed() {
		k.rt.FailNow()
	}
	for tid, x := range k.trips {
		t, err := k.s.read(ctx, k.d.Read(), district, tid)
		k.ok(err)
		if t.State != x.state || t.Hop != x.hop {
			k.t.Fatalf("%s at hop %d, the model says %s at %d", t.State, t.Hop, x.state, x.hop)
		}
		if x.state != Moving {
			continue
		}
		h := t.Hops[x.hop-1]
		if h.GaveBy != x.by[giving] || h.TookBy != x.by[taking] || h.DueMs != x.due || (h.AlarmMs != 0) != x.alarmed || h.tries != x.tries {
			k.t.Fatalf("the running hop is %+v, the model says %+v", h, *x)
		}
		if own := k.owner(t); own.PostID != k.post[x.posts[x.hop-1]] || own.DeadlineMs != x.due {
			k.t.Fatalf("the task is with %s until %d, the model says %+v", own.PostID, own.DeadlineMs, *x)
		}
	}
}

// Whatever happens on the way, at every step somebody in post has the people,
// nobody is left without a carer, and one person confirms both sides only where
// they answer for both: compared with a plain model on both engines.
func TestTransfersUnderRandomOperations(t *testing.T) {
	for name, v := range map[string]string{"rapid.checks": "5", "rapid.seed": "20220402", "rapid.steps": "50", "rapid.nofailfile": "true"} {
		if err := flag.Set(name, v); err != nil {
			t.Fatal(err)
		}
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		k := &walk{world: w, in: map[string][]id.ID{}, trips: map[id.ID]*trip{}, going: w.family()["mother"]}
		for _, p := range climbs {
			k.in[p] = []id.ID{w.acct[p]}
		}
		rapid.Check(t, func(rt *rapid.T) {
			k.rt, k.trips = rt, map[id.ID]*trip{}
			rt.Repeat(map[string]func(*rapid.T){"": k.compare, "plan": k.plan, "prepare": k.prepare, "prepare2": k.prepare, "prepare3": k.prepare, "accept": k.accept, "start": k.start,
				"start2": k.start, "confirm": k.confirm, "confirm2": k.confirm, "confirm3": k.confirm, "together": k.together, "callOff": k.callOff, "move": k.move, "wait": k.wait})
		})
	})
}
