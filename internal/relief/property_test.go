package relief

import (
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/id"
	"wangge/internal/task"
)

// model is the plain picture that the rules are compared with: it walks from
// minute to minute and remembers who has the shift; nothing in it looks back.
type model struct {
	shifts []modelShift
	signs  map[int]modelSign // by the minute the shift ends
	wait   int

	on     []string // by the roster, in the minute before
	since  map[string]int
	side   Side
	has    []string
	turn   int // minute of the change the side follows from; -1: none
	passes int
	blind  bool // only looks for the next change
}

type modelShift struct {
	who      string
	from, to int // minutes
}

type modelSign struct {
	who string
	at  int
}

func (m *model) roster(minute int) (out []string) {
	for _, s := range m.shifts {
		if s.from <= minute && minute < s.to {
			out = append(out, s.who)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func minus(a, b []string) []string {
	return slices.DeleteFunc(slices.Clone(a), func(x string) bool { return slices.Contains(b, x) })
}

func and(a []string, b ...string) []string {
	out := append(slices.Clone(a), b...)
	slices.Sort(out)
	return slices.Compact(out)
}

// stays are those on in a minute who came long before.
func (m *model) stays(on []string, minute int) []string {
	return slices.DeleteFunc(slices.Clone(on), func(x string) bool { at, was := m.since[x]; return !was || at > minute-vocab.Early })
}

// step goes on to a minute, the next one.
func (m *model) step(minute int) {
	on := m.roster(minute)
	left, came := minus(m.on, on), minus(on, m.on)
	for _, x := range left {
		delete(m.since, x)
	}
	for _, x := range came {
		m.since[x] = minute
	}
	switch {
	case len(on) == 0:
		m.side, m.has, m.turn = Off, nil, -1
	case len(m.on) == 0:
		m.side, m.has, m.turn = OnShift, on, -1
	case len(left) > 0 && len(m.stays(on, minute)) == 0:
		if m.side == OnShift && !m.blind {
			_, m.has = m.told(minute - 1)
		}
		if m.side != Outgoing {
			m.passes = minute + m.wait
		}
		m.turn = minute
		if m.side != Leader && m.side != Off {
			m.side = Outgoing
		}
	case m.side == OnShift:
		m.has = on
		if s, ok := m.signs[m.turn]; ok {
			m.has = and(on, s.who)
		}
	}
	if m.side == Outgoing && minute >= m.passes {
		m.side, m.has = Leader, nil
	}
	if s, ok := m.signs[m.turn]; ok && m.turn >= 0 && s.at <= minute && len(on) > 0 {
		m.side, m.has = OnShift, and(on, s.who)
	}
	m.on = on
}

// ahead is the next change of shift as it will be, with those who come; -1 where
// a gap comes first.
func (m *model) ahead(minute int) (int, []string) {
	look := &model{shifts: m.shifts, on: m.on, since: map[string]int{}, side: m.side, turn: -1, blind: true}
	for x, at := range m.since {
		look.since[x] = at
	}
	for t := minute + 1; t < minute+24*60; t++ {
		if len(look.roster(t)) == 0 {
			return -1, nil
		}
		if look.step(t); look.turn == t {
			return t, look.on
		}
	}
	return -1, nil
}

// told is the side and who of the post is told in a minute that step reached.
func (m *model) told(minute int) (Side, []string) {
	next, come := m.ahead(minute)
	if s, ok := m.signs[next]; ok && next >= 0 && s.at <= minute {
		return Relief, and(come, s.who)
	}
	if m.side == OnShift {
		if rest := minus(m.on, come); len(rest) > 0 {
			if s, ok := m.signs[m.turn]; ok && m.turn >= 0 {
				return m.side, and(rest, s.who)
			}
			return m.side, rest
		}
	}
	return m.side, m.has
}

var people = []string{"ada", "bob", "cy"}

// drawShifts draws two days of shifts, mostly end to end, sometimes with a gap,
// an overlap or somebody more.
func drawShifts(t *rapid.T) (out []modelShift) {
	at := rapid.IntRange(0, 40).Draw(t, "first") * 15
	for at < 2*24*60-60 {
		long := rapid.IntRange(1, 32).Draw(t, "long") * 15
		out = append(out, modelShift{rapid.SampledFrom(people).Draw(t, "who"), at, at + long})
		at += long + rapid.SampledFrom([]int{0, 0, 0, 0, 0, 15, 120, -15, -30, -90}).Draw(t, "gap")
		if at < 0 {
			at = 0
		}
	}
	for range rapid.IntRange(0, 2).Draw(t, "more") {
		at := rapid.IntRange(0, 180).Draw(t, "from") * 15
		out = append(out, modelShift{rapid.SampledFrom(people).Draw(t, "helps"), at, at + rapid.IntRange(1, 24).Draw(t, "for")*15})
	}
	return out
}

// newGate makes a post of its own for a walk, with a roster that begins a day
// from now; it returns the first minute of that.
func (w *world) newGate(shifts []modelShift) (start time.Time) {
	w.t.Helper()
	w.holds("gate", grid.RoleGridWorker, grid.ObjectGrid, w.gid, people...)
	start = clock.DayStart(w.clk.Now()).AddDate(0, 0, 1)
	var list []grid.Shift
	for _, s := range shifts {
		from, to := start.Add(time.Duration(s.from)*time.Minute).In(clock.CST), start.Add(time.Duration(s.to)*time.Minute).In(clock.CST)
		list = append(list, grid.Shift{AccountID: w.acct[s.who], Weekday: -1, Day: from.Format(time.DateOnly), Start: from.Format("15:04"), End: to.Format("15:04")})
	}
	_, err := w.g.AddShifts(ctx, sys, w.post["gate"], list)
	w.ok(err)
	return start
}

// walk is one random walk along two days of shifts.
type walk struct {
	*world
	rt    *rapid.T
	m     *model
	start time.Time
	job   task.Task
}

func (k *walk) minute() int { return int(k.clk.Now().Sub(k.start) / time.Minute) }

func (k *walk) accounts(names []string) (out []id.ID) {
	for _, n := range names {
		out = append(out, k.acct[n])
	}
	slices.Sort(out)
	return out
}

// act signs as somebody for a side, and tells the model what became of it.
func (k *walk) act() {
	who := rapid.SampledFrom(people).Draw(k.rt, "signs")
	v := k.view(who, "gate")
	if v.Turn.EndMs == 0 {
		return
	}
	side := rapid.SampledFrom([]string{SideIn, SideIn, SideOut}).Draw(k.rt, "side")
	may := v.MayIn
	if side == SideOut {
		may = v.MayOut
	}
	r, err := k.s.Sign(ctx, k.as(who), k.post["gate"], v.Turn.EndMs, side, "")
	again := side == SideIn && v.InID == k.acct[who] || side == SideOut && v.OutID == k.acct[who]
	if may != (err == nil) && !(again && err == nil) {
		k.t.Fatalf("%s signs %s at minute %d: %v, the page says may=%v", who, side, k.minute(), err, may)
	}
	if err == nil && side == SideIn && !again {
		k.m.signs[int(clock.FromMs(r.EndMs).Sub(k.start)/time.Minute)] = modelSign{who, k.minute()}
	}
}

// compare holds what the service says now against the model.
func (k *walk) compare() {
	now, minute := clock.Ms(k.clk.Now()), k.minute()
	side, told := k.m.told(minute)
	line, err := k.g.Line(ctx, sys)
	k.ok(err)
	b, err := k.s.books(ctx, k.d.Read(), sys, line, now)
	k.ok(err)
	got := stand(line.Post(k.post["gate"]), now, b.of(k.post["gate"]))
	if got.Side != side || !slices.Equal(got.Accounts, k.accounts(told)) {
		k.t.Fatalf("minute %d: %s %v, the model says %s %v\n%s", minute, got.Side, got.Accounts, side, k.accounts(told), k.describe())
	}
	at, accounts := before(line, k.post["gate"], now, b.of)
	want, at2 := k.accounts(told), k.post["gate"]
	if len(want) == 0 {
		want, at2 = k.accounts([]string{"leader"}), k.post["comm"]
	}
	if at != at2 || !slices.Equal(accounts, want) {
		k.t.Fatalf("minute %d: before %v, want %v", minute, accounts, want)
	}
	for _, who := range append(slices.Clone(people), "leader") {
		x, err := k.s.Shifts(ctx, k.as(who), line, now)
		k.ok(err)
		told, err := x.Told(k.post["gate"])
		k.ok(err)
		if told != slices.Contains(want, k.acct[who]) {
			k.t.Fatalf("minute %d: %s told=%v, want %v", minute, who, told, want)
		}
		if who == "leader" && slices.Contains(x.Minded, k.post["gate"]) != (at2 == k.post["comm"]) {
			k.t.Fatalf("minute %d: the leader minds %v", minute, x.Minded)
		}
	}
}

func (k *walk) describe() string {
	return fmt.Sprintf("shifts %v\nsigned %v", k.m.shifts, k.m.signs)
}

// Whatever the shifts, the reliefs and the downtimes of the sweep: at every
// instant what is open is before exactly one side, never before nobody, and its
// owner is its owner.
func TestExactlyOneSideIsTold(t *testing.T) {
	for name, v := range map[string]string{"rapid.checks": "6", "rapid.seed": "20220310", "rapid.nofailfile": "true"} {
		if err := flag.Set(name, v); err != nil {
			t.Fatal(err)
		}
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		rapid.Check(t, func(rt *rapid.T) {
			k := &walk{world: w, rt: rt, m: &model{shifts: drawShifts(rt), signs: map[int]modelSign{}, since: map[string]int{}, side: Off, turn: -1, wait: vocab.Wait["default"]}}
			k.start = k.newGate(k.m.shifts)
			k.clk.Set(k.start)
			k.job = k.help("gate")
			for minute, next := 0, 0; minute < 2*24*60; minute++ {
				k.m.step(minute)
				if minute < next {
					continue
				}
				k.clk.Set(k.start.Add(time.Duration(minute) * time.Minute))
				switch rapid.IntRange(0, 5).Draw(rt, "do") {
				case 0:
					k.sweep()
				case 1, 2, 3:
					k.act()
					k.m.resign(minute)
				}
				k.compare()
				next = minute + rapid.SampledFrom([]int{1, 5, 10, 15, 20, 29, 45, 60, 240}).Draw(rt, "later")
			}
			k.sweep()
			k.owned(k.job, "gate")
			k.late()
			k.whole()
			if t.Failed() {
				rt.FailNow()
			}
		})
	})
}

// resign takes note of a signature made in the minute that step reached.
func (m *model) resign(minute int) {
	if s, ok := m.signs[m.turn]; ok && m.turn >= 0 && s.at == minute && len(m.on) > 0 {
		m.side, m.has = OnShift, and(m.on, s.who)
	}
}

// late holds what the sweeps recorded against the model: every relief that had
// not signed when the waiting was over, the items being with the post above by
// then, and no other.
func (k *walk) late() {
	m := &model{shifts: k.m.shifts, signs: k.m.signs, since: map[string]int{}, side: Off, turn: -1, wait: k.m.wait}
	turns, want := map[int]bool{}, map[int]bool{}
	for minute := range k.minute() + 1 {
		if m.step(minute); m.turn == minute {
			turns[minute] = true
		}
		if turn := minute - m.wait; turns[turn] {
			s, signed := m.signs[turn]
			side, _ := m.told(minute)
			want[turn] = (!signed || s.at > minute) && (side == Leader || side == Off)
		}
	}
	list, err := selectOf(ctx, k.d.Read(), district, []id.ID{k.post["gate"]}, 0)
	k.ok(err)
	got := map[int]bool{}
	for _, r := range list {
		if r.PassedMs != 0 {
			got[int(clock.FromMs(r.EndMs).Sub(k.start)/time.Minute)] = true
		}
	}
	for minute, due := range want {
		if due != got[minute] {
			k.t.Fatalf("the relief at minute %d: recorded late=%v, want %v\n%s", minute, got[minute], due, k.describe())
		}
	}
	for minute := range got {
		if !want[minute] {
			k.t.Fatalf("the relief at minute %d was recorded as late\n%s", minute, k.describe())
		}
	}
}
