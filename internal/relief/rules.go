package relief

import (
	_ "embed"
	"slices"

	"gopkg.in/yaml.v3"

	"wangge/internal/grid"
	"wangge/internal/platform/id"
)

const (
	minuteMs = int64(60_000)
	dayMs    = 24 * 60 * minuteMs
)

// backMs is how far back a shift can have begun and still be known to wait for
// its first signature; the longest line of a roster is a day, who is on call for
// a week has seven.
const backMs = 8 * dayMs

//go:embed vocab/relief.yaml
var vocabYAML []byte

var vocab struct {
	Wait  map[string]int `yaml:"wait"`
	Early int            `yaml:"early"`
	Soon  int            `yaml:"soon"`
}

func init() {
	if err := yaml.Unmarshal(vocabYAML, &vocab); err != nil {
		panic("relief: relief.yaml: " + err.Error())
	}
}

// waitMs is how long the outgoing of a role's posts wait for a late relief.
func waitMs(r grid.Role) int64 {
	minutes, named := vocab.Wait[string(r)]
	if !named {
		minutes = vocab.Wait["default"]
	}
	return int64(minutes) * minuteMs
}

func earlyMs() int64 { return int64(vocab.Early) * minuteMs }

func soonMs() int64 { return int64(vocab.Soon) * minuteMs }

// signed is when, and by whom, the relief of a change of shift signed; 0 while
// nobody has.
type signed struct {
	at int64
	by id.ID
}

// book is the signatures of a post by the end of the shift they are about, and
// since when changes are signed at all.
type book struct {
	since int64
	in    map[int64]signed
}

// roster is the duties of a post around an instant, and what they make of its
// changes.
type roster struct {
	p      *grid.LinePost
	duties []grid.Duty
	since  int64
}

// rosterOf reads the roster of a post around an instant, ahead so far.
func rosterOf(p *grid.LinePost, t, ahead, since int64) roster {
	return roster{p, p.Duties(t-backMs, t+ahead), since}
}

// turnAt is the change of shift at the beginning of the i-th duty. There is none
// where nobody goes, where nobody comes, where somebody stays who has been there
// for longer than handing over takes, and where the roster begins or ends.
func (r roster) turnAt(i int) (Turn, bool) {
	if i == 0 {
		return Turn{}, false
	}
	was, is := r.duties[i-1], r.duties[i]
	at := is.FromMs
	if at < r.since || len(is.Accounts) == 0 || !r.p.Rostered(at-1) || !r.p.Rostered(at) {
		return Turn{}, false
	}
	t := Turn{EndMs: at, In: is.Accounts}
	holders := r.p.Holders(at)
	for _, a := range was.Accounts {
		if !is.Has(a) && slices.Contains(holders, a) {
			t.Out = append(t.Out, a)
		}
	}
	stays := slices.ContainsFunc(is.Accounts, func(a id.ID) bool { return r.onSince(i, a) <= at-earlyMs() })
	return t, len(t.Out) > 0 && !stays
}

// onSince is when an account on duty in the i-th duty came on.
func (r roster) onSince(i int, a id.ID) int64 {
	for i > 0 && r.duties[i-1].Has(a) {
		i--
	}
	return r.duties[i].FromMs
}

// untilNext is when the shift that begins with the i-th duty is over: at the
// next change of shift or gap.
func (r roster) untilNext(i int) int64 {
	for j := i + 1; j < len(r.duties); j++ {
		if _, changes := r.turnAt(j); changes || len(r.duties[j].Accounts) == 0 {
			return r.duties[j].FromMs
		}
	}
	return r.duties[len(r.duties)-1].UntilMs
}

// begun is when the shift that the i-th duty is of began: with the change of
// shift or gap before.
func (r roster) begun(i int) int64 {
	for ; i > 0; i-- {
		if _, changed := r.turnAt(i); changed || len(r.duties[i-1].Accounts) == 0 {
			break
		}
	}
	return r.duties[i].FromMs
}

// turns lists the changes of shift after an instant and not after another.
func (r roster) turns(after, until int64) (out []Turn) {
	for i := range r.duties {
		if at := r.duties[i].FromMs; after < at && at <= until {
			if t, ok := r.turnAt(i); ok {
				t.OpenMs, t.NextMs = max(at-earlyMs(), r.begun(i-1)), r.untilNext(i)
				out = append(out, t)
			}
		}
	}
	return out
}

// index is the duty that covers an instant.
func (r roster) index(t int64) int {
	return slices.IndexFunc(r.duties, func(d grid.Duty) bool { return d.FromMs <= t && t < d.UntilMs })
}

// last is the change of shift by which those on duty at the i-th duty came; none
// where they came after a gap, with the roster or before it is known.
func (r roster) last(i int) (Turn, bool) {
	for ; i > 0 && len(r.duties[i-1].Accounts) > 0; i-- {
		if t, ok := r.turnAt(i); ok {
			return t, true
		}
	}
	return Turn{}, false
}

// stand says with whom the open tasks of a post are at an instant. It follows
// from the roster, who holds the post, the signatures and the instant alone.
func stand(p *grid.LinePost, t int64, b book) Stand {
	if !p.Rostered(t) {
		return Stand{OnShift, p.Holders(t), t + dayMs}
	}
	r := rosterOf(p, t, dayMs, b.since)
	return r.stand(t, b)
}

func (r roster) stand(t int64, b book) Stand {
	i := r.index(t)
	s := r.side(i, t, b)
	s.UntilMs = min(s.UntilMs, r.duties[i].UntilMs)
	return s
}

// side is stand, for which it may look back at what was before a change. A
// relief who comes before the outgoing goes is told once they have signed.
func (r roster) side(i int, t int64, b book) Stand {
	d := r.duties[i]
	if len(d.Accounts) == 0 {
		return Stand{Off, nil, d.UntilMs}
	}
	next, turns := r.next(i)
	if turns && b.signedBy(next, t) {
		return r.told(Relief, t, append(slices.Clone(next.In), b.in[next.EndMs].by), d.UntilMs)
	}
	on := slices.DeleteFunc(slices.Clone(d.Accounts), func(a id.ID) bool { return slices.Contains(next.In, a) })
	if len(on) == 0 {
		on = slices.Clone(d.Accounts)
	}
	last, changed := r.last(i)
	switch {
	case !changed:
		return r.told(OnShift, t, on, d.UntilMs)
	case b.signedBy(last, t):
		return r.told(OnShift, t, append(on, b.in[last.EndMs].by), d.UntilMs)
	}
	before := r.side(r.index(last.EndMs-1), last.EndMs-1, b)
	pass := last.EndMs + waitMs(r.p.Role)
	if before.Side == Outgoing { // the next shift is over before its relief has come
		pass = min(pass, before.UntilMs)
	}
	if t >= pass {
		return Stand{Leader, nil, d.UntilMs}
	}
	return r.told(Outgoing, t, before.Accounts, pass)
}

// next is the change of shift that comes after the i-th duty; none where a gap
// comes first.
func (r roster) next(i int) (Turn, bool) {
	for j := i + 1; j < len(r.duties) && len(r.duties[j].Accounts) > 0; j++ {
		if t, ok := r.turnAt(j); ok {
			return t, true
		}
	}
	return Turn{}, false
}

// signedBy reports whether the relief of a change had signed at an instant.
func (b book) signedBy(turn Turn, t int64) bool {
	s := b.in[turn.EndMs]
	return s.at != 0 && s.at <= t
}

// told keeps of some accounts those in post; where none is, the open tasks are
// with the post above.
func (r roster) told(side Side, t int64, accounts []id.ID, until int64) Stand {
	holders := r.p.Holders(t)
	accounts = slices.DeleteFunc(slices.Clone(accounts), func(a id.ID) bool { return !slices.Contains(holders, a) })
	slices.Sort(accounts)
	if accounts = slices.Compact(accounts); len(accounts) == 0 {
		return Stand{Leader, nil, until}
	}
	return Stand{side, accounts, until}
}

// before says before whom the open tasks of a post are at an instant: of the
// post itself or of the one that answers for it, else the nearest up the line
// where somebody has the shift. Where nobody has up to the district, all who
// hold the highest post reached are told: never nobody.
func before(line posts, post id.ID, t int64, books func(id.ID) book) (at id.ID, accounts []id.ID) {
	at = line.Effective(post, t)
	seen := map[id.ID]bool{}
	for p := at; p != id.Zero && !seen[p]; p = line.Above(p, t) {
		at, seen[p] = p, true
		if s := stand(line.Post(p), t, books(p)); len(s.Accounts) > 0 {
			return p, s.Accounts
		}
	}
	return at, line.Post(at).Holders(t)
}

// leaderOf is the post that a post's open tasks pass to at an instant, were the
// relief late; Zero where nobody stands above.
func leaderOf(line posts, post id.ID, t int64, books func(id.ID) book) id.ID {
	up := line.Above(post, t)
	if up == id.Zero {
		return id.Zero
	}
	at, _ := before(line, up, t, books)
	return at
}

// stateOf is how far a change of shift is, of which the relief can sign before
// next and who goes waits until pass, 0: for as long as it takes.
func stateOf(r Record, next, pass, now int64) State {
	switch {
	case r.InMs != 0 && r.OutMs != 0:
		return Done
	case r.InMs != 0:
		return SignedI
	case now >= next:
		return Missed
	case pass != 0 && now >= pass:
		return Passed
	case r.OutMs != 0:
		return SignedO
	}
	return Waiting
}
