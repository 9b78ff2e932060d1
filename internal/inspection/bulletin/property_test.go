package bulletin

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// plain is the model of an entry: its wording as a number, and what became of it.
type plain struct {
	who            string // whom it names; "": nobody
	wording, shown int
	reached, until int64
	replied        bool
	removed        bool
}

func (e *plain) settled(now int64) bool {
	return e.who == "" || e.shown == e.wording && e.reached != 0 && (e.replied || e.until <= now)
}

// oracle is the model of the bulletin at hand, and of all that was ever replied.
type oracle struct {
	state   State
	writers map[string]bool // of any of it
	shower  string
	entries map[id.ID]*plain
	number  int
	said    map[string]string // by entry and wording
}

type walk struct {
	*world
	rt *rapid.T
	o  oracle
	b  id.ID
	n  int
}

func (k *walk) now() int64 { return clock.Ms(k.clk.Now()) }

func (k *walk) fresh() {
	k.b = k.draft(Work, "street")
	k.o.state, k.o.entries, k.o.writers, k.o.shower = Draft, map[id.ID]*plain{}, map[string]bool{"street": true}, ""
}

// pick is one of the entries, in a fixed order.
func (k *walk) pick() (id.ID, *plain) {
	ids := slices.Sorted(maps.Keys(k.o.entries))
	if len(ids) == 0 {
		k.rt.Skip("no entries")
	}
	e := rapid.SampledFrom(ids).Draw(k.rt, "entry")
	return e, k.o.entries[e]
}

// expect compares what happened with what the model says may happen.
func (k *walk) expect(err error, may bool, what string) {
	k.t.Helper()
	if (err == nil) != may {
		k.rt.Fatalf("%s in %s: %v, want done %v", what, k.o.state, err, may)
	}
}

func (k *walk) add(*rapid.T) {
	who := rapid.SampledFrom([]string{"", "comm", "leader"}).Draw(k.rt, "who")
	by := k.writer()
	k.n++
	v, err := k.s.Change(ctx, k.as(by), k.b, Change{Do: Add, Entry: k.about(Criticism, fmt.Sprint("w", k.n), who)})
	k.expect(err, k.o.state == Draft, "add")
	if err == nil {
		k.o.writers[by] = true
		for _, e := range v.Entries {
			if k.o.entries[e.ID] == nil {
				k.o.entries[e.ID] = &plain{who: who, wording: 1}
			}
		}
	}
}

// writer is who writes: mostly who began it.
func (k *walk) writer() string {
	return rapid.SampledFrom([]string{"street", "street", "street", "hq"}).Draw(k.rt, "writer")
}

func (k *walk) edit(*rapid.T) {
	which, e := k.pick()
	by := k.writer()
	k.n++
	_, err := k.s.Change(ctx, k.as(by), k.b, Change{Do: Edit, EntryID: which, Entry: k.about(Criticism, fmt.Sprint("w", k.n), "")})
	k.expect(err, k.o.state == Draft && !e.removed, "edit")
	if err == nil {
		k.o.writers[by] = true
		e.wording++
		e.reached, e.until, e.replied = 0, 0, false
	}
}

func (k *walk) remove(*rapid.T) {
	which, e := k.pick()
	_, err := k.s.Change(ctx, k.as("street"), k.b, Change{Do: Remove, EntryID: which})
	k.expect(err, k.o.state == Draft && !e.removed, "remove")
	e.removed = e.removed || err == nil
}

func (k *walk) show(*rapid.T) {
	live := 0
	for _, e := range k.o.entries {
		if !e.removed {
			live++
		}
	}
	by := k.writer()
	_, err := k.s.Change(ctx, k.as(by), k.b, Change{Do: Show})
	k.expect(err, k.o.state == Draft && live > 0, "show")
	if err == nil {
		k.o.state, k.o.shower = Shown, by
		for _, e := range k.o.entries {
			if !e.removed && e.who != "" {
				e.shown = e.wording
			}
		}
	}
}

func (k *walk) revise(*rapid.T) {
	_, err := k.s.Change(ctx, k.as("street"), k.b, Change{Do: Revise})
	k.expect(err, k.o.state == Shown, "revise")
	if err == nil {
		k.o.state = Draft
	}
}

func (k *walk) open(*rapid.T) {
	which, e := k.pick()
	who := rapid.SampledFrom([]string{"comm", "leader", "far"}).Draw(k.rt, "who")
	n, err := k.s.Open(ctx, k.as(who), which)
	k.expect(err, who == e.who && e.shown > 0, "open")
	if err == nil && k.o.state == Shown && !e.removed && e.reached == 0 {
		e.reached, e.until = k.now(), k.now()+48*hourMs
	}
	if err == nil && (n.Words == "") != (e.shown != e.wording) {
		k.rt.Fatalf("wording %d, shown %d, and the person reads %q", e.wording, e.shown, n.Words)
	}
}

func (k *walk) tell(*rapid.T) {
	which, e := k.pick()
	_, err := k.s.Change(ctx, k.as("street"), k.b, Change{Do: Tell, EntryID: which, How: OnPaper})
	k.expect(err, k.o.state == Shown && !e.removed && e.who != "" && e.reached == 0, "tell")
	if err == nil {
		e.reached, e.until = k.now(), k.now()+48*hourMs
	}
}

func (k *walk) reply(*rapid.T) {
	which, e := k.pick()
	k.n++
	words := fmt.Sprint("r", k.n)
	may := k.o.state == Shown && !e.removed && e.who != "" && e.reached != 0 && !e.replied
	var err error
	if e.who != "" && rapid.Bool().Draw(k.rt, "in person") {
		_, err = k.s.Reply(ctx, k.as(e.who), which, words)
	} else {
		_, err = k.s.Change(ctx, k.as("street"), k.b, Change{Do: TakeDown, EntryID: which, Words: words})
	}
	k.expect(err, may, "reply")
	if err == nil {
		e.replied = true
		k.o.said[fmt.Sprint(which, "/", e.wording)] = words
	}
}

func (k *walk) publish(*rapid.T) {
	by := rapid.SampledFrom([]string{"street", "street2", "hq", "comm"}).Draw(k.rt, "by")
	settled := true
	for _, e := range k.o.entries {
		settled = settled && (e.removed || e.settled(k.now()))
	}
	v, err := k.s.Change(ctx, k.as(by), k.b, Change{Do: Publish})
	k.expect(err, by != "comm" && by != k.o.shower && !k.o.writers[by] && k.o.state == Shown && settled, "publish by "+by)
	if err == nil {
		k.o.number++
		k.o.state = Published
		if v.Number != k.o.number {
			k.rt.Fatalf("number %d, want %d", v.Number, k.o.number)
		}
	}
}

func (k *walk) withdraw(*rapid.T) {
	_, err := k.s.Change(ctx, k.as("street2"), k.b, Change{Do: Withdraw, Words: "r"})
	k.expect(err, k.o.state != Withdrawn, "withdraw")
	if err == nil {
		k.o.state = Withdrawn
	}
}

func (k *walk) next(*rapid.T) {
	if k.o.state == Published || k.o.state == Withdrawn {
		k.fresh()
	}
}

func (k *walk) wait(*rapid.T) {
	k.clk.Advance(time.Duration(rapid.IntRange(1, 60).Draw(k.rt, "hours")) * time.Hour)
}

// twoAtOnce has two people do something at the same instant; the model learns
// what became of it, and the invariants are held to it.
func (k *walk) twoAtOnce(*rapid.T) {
	which, e := k.pick()
	k.n++
	does := map[string]func() error{
		"revise": func() error { return k.change("street", Change{Do: Revise}) },
		"show":   func() error { return k.change("street", Change{Do: Show}) },
		"edit": func() error {
			return k.change("street", Change{Do: Edit, EntryID: which, Entry: k.about(Criticism, fmt.Sprint("w", k.n), "")})
		},
		"publish": func() error { return k.change("street2", Change{Do: Publish}) },
		"tell":    func() error { return k.change("street", Change{Do: Tell, EntryID: which, How: InPerson}) },
		"take":    func() error { return k.change("street", Change{Do: TakeDown, EntryID: which, Words: "t"}) },
	}
	if e.who != "" {
		caller := k.as(e.who)
		does["open"] = func() error { _, err := k.s.Open(ctx, caller, which); return err }
		does["reply"] = func() error { _, err := k.s.Reply(ctx, caller, which, "p"); return err }
	}
	names := slices.Sorted(maps.Keys(does))
	a, b := rapid.SampledFrom(names).Draw(k.rt, "one"), rapid.SampledFrom(names).Draw(k.rt, "other")
	var wg sync.WaitGroup
	failed := make([]error, 2)
	for i, name := range []string{a, b} {
		wg.Go(func() { failed[i] = does[name]() })
	}
	wg.Wait()
	for i, err := range failed {
		if err != nil && errs.Is(err, errs.Internal) {
			k.rt.Fatalf("%s beside %s: %v", []string{a, b}[i], []string{b, a}[i], err)
		}
	}
	k.learn()
}

func (k *walk) change(by string, ch Change) error {
	_, err := k.s.Change(ctx, k.as(by), k.b, ch)
	return err
}

// learn reads into the model what two at once have left.
func (k *walk) learn() {
	head, entries, err := k.s.read(ctx, k.d.Read(), district, k.b)
	k.ok(err)
	k.o.state = head.State
	for name, a := range k.acct {
		if a == head.shownBy {
			k.o.shower = name
		}
	}
	k.o.number = max(k.o.number, head.Number)
	for _, e := range entries {
		m := k.o.entries[e.ID]
		m.wording, m.shown, m.reached, m.until, m.replied, m.removed = e.version, e.shownAs, e.ReachedMs, e.UntilMs, e.RepliedMs != 0, e.removed
	}
	for key, words := range k.replies() {
		if k.o.said[key] == "" {
			k.o.said[key] = words
		}
	}
}

// replies are all replies to the bulletin, as they are stored.
func (k *walk) replies() map[string]string {
	list, err := selectReplies(ctx, k.d.Read(), district, k.b)
	k.ok(err)
	out := map[string]string{}
	for _, r := range list {
		text, err := k.s.Keys.Open(register, replyAAD(r.entry, r.version), r.sealed)
		k.ok(err)
		out[fmt.Sprint(r.entry, "/", r.version)] = string(text)
	}
	return out
}

// holds is what the package guarantees, looked at after every step.
func (k *walk) holds(*rapid.T) {
	head, entries, err := k.s.read(ctx, k.d.Read(), district, k.b)
	k.ok(err)
	if head.State != k.o.state {
		k.rt.Fatalf("state %s, want %s", head.State, k.o.state)
	}
	for _, e := range entries {
		m := k.o.entries[e.ID]
		if m == nil || m.wording != e.version || m.shown != e.shownAs || m.reached != e.ReachedMs || m.until != e.UntilMs || m.replied != (e.RepliedMs != 0) || m.removed != e.removed {
			k.rt.Fatalf("entry %+v, want %+v", e, m)
		}
		if head.State == Published && !e.removed && !e.Settled(head.PublishedMs) {
			k.rt.Fatalf("published before %+v was heard", e)
		}
	}
	if head.publishedBy != 0 && head.wrote(head.publishedBy) {
		k.rt.Fatal("who wrote it published it")
	}
	for key, words := range k.replies() {
		if k.o.said[key] != words {
			k.rt.Fatalf("the reply %q stands as %q", k.o.said[key], words)
		}
	}
	if _, err := k.s.Bulletin(ctx, k.as("comm"), k.b); (err == nil) != (head.Number != 0) {
		k.rt.Fatalf("a community of the area reads a bulletin in state %s: %v", head.State, err)
	}
	if _, err := k.s.Bulletin(ctx, k.as("other"), k.b); !errs.Is(err, errs.NotFound) {
		k.rt.Fatalf("another street reads it: %v", err)
	}
}

// inbox holds the number above a person's inbox to the list it leads to.
func (k *walk) inbox(*rapid.T) {
	c := k.as("comm")
	mine, err := k.s.Mine(ctx, c)
	k.ok(err)
	all, waits, err := countNamed(ctx, k.d.Read(), district, k.s.whoOf(c.AccountID))
	k.ok(err)
	want := 0
	for _, n := range mine {
		if n.Status == Unread || n.Status == Answering {
			want++
		}
	}
	if min(all, maxNotices) != len(mine) || all <= maxNotices && waits != want {
		k.rt.Fatalf("the inbox counts %d of %d, the list has %d of %d", waits, all, want, len(mine))
	}
}

// Whoever is named is heard before it is out, and no reply is lost or altered,
// whatever people do in whatever order, also two at once.
func TestWhoIsNamedIsHeardWhateverHappens(t *testing.T) {
	for name, v := range map[string]string{"rapid.checks": "15", "rapid.seed": "20220310", "rapid.steps": "45", "rapid.nofailfile": "true"} {
		if err := flag.Set(name, v); err != nil {
			t.Fatal(err)
		}
	}
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		rapid.Check(t, func(rt *rapid.T) {
			k := &walk{world: w, rt: rt, o: oracle{said: map[string]string{}}}
			var err error
			k.o.number, err = nextNumber(ctx, d.Read(), district, Bulletin{AreaID: w.place["street"], Kind: Work, Year: w.clk.Now().In(clock.CST).Year()})
			k.ok(err)
			k.o.number--
			k.fresh()
			rt.Repeat(map[string]func(*rapid.T){"add": k.add, "edit": k.edit, "remove": k.remove, "show": k.show, "revise": k.revise, "open": k.open, "tell": k.tell, "reply": k.reply,
				"publish": k.publish, "withdraw": k.withdraw, "next": k.next, "wait": k.wait, "two": k.twoAtOnce, "inbox": k.inbox, "": k.holds})
		})
	})
}
