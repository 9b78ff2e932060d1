package importer

import (
	"cmp"
	"hash/maphash"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/id"
)

// A roster is written while it is read. What was written leaves memory but for
// the hashes by which later rows find it; a row that speaks of somebody written
// before has the record read again, and amended.

// What is in hand before it is written. So many places go together that doors
// which come together are put in order together. Tests change them.
var placesInHand, personsInHand = 2000, 8000

// piece is a part of a plan that is handed over to be written; nobody else has
// its records any more.
type piece struct {
	places  []grid.NewPlace
	homes   []*ledger.Household // new
	amended []*ledger.Household // written by an earlier piece
	persons []*personState
	rest    []*homeState // households in which nobody is named, and changed ones
}

// written is what is left in memory of a household that was written.
type written struct {
	id                              id.ID
	people, named, namedReg, stated int32
}

// archive finds what this import has written.
type archive struct {
	seed     maphash.Seed
	persons  map[uint64]id.ID // by the hash of what identifies them
	homes    map[fileHome]written
	back     map[id.ID]*personState // those read again
	reopened []*homeState
	load     func(person id.ID) (*ledger.Person, error)
	loadHome func(household id.ID) (*ledger.Household, error)
	failed   error // why a record could not be read again
}

// from has records read again from what the writer wrote; nil: nothing is written.
func (a *archive) from(w *writer) {
	if w != nil {
		a.load, a.loadHome = w.personAgain, w.homeAgain
	}
}

func newArchive() *archive {
	return &archive{seed: maphash.MakeSeed(), persons: map[uint64]id.ID{}, homes: map[fileHome]written{}, back: map[id.ID]*personState{}}
}

// papers is the key of an identity number or passport.
type papers string

func hashOf[K comparable](a *archive, k K) uint64 { return maphash.Comparable(a.seed, k) }

// has tells that the key of the hash names somebody written before.
func (a *archive) has(hash uint64) bool {
	if len(a.persons) == 0 {
		return false
	}
	_, ok := a.persons[hash]
	return ok
}

// again returns the person written before whose key has the hash, read again.
func (m *matcher) again(hash uint64) *personState {
	a := m.archive
	person, ok := a.persons[hash]
	if !ok || a.failed != nil {
		return nil
	}
	if q := a.back[person]; q != nil {
		return q
	}
	p, err := a.load(person)
	if err != nil {
		a.failed = err
		return nil
	}
	q := &personState{Person: p, isNew: true, written: true, sheet: true}
	if q.home = m.homeAgain(p.DoorID, p.HouseholdID); q.home == nil {
		return nil
	}
	a.back[person] = q
	return q
}

// homeAgain finds a household of this file by its id.
func (m *matcher) homeAgain(door, household id.ID) *homeState {
	for _, h := range m.homes[door] {
		if h.ID == household {
			return h
		}
	}
	for n := 1; n < mostHomes; n++ {
		if k := (fileHome{door, n}); m.archive.homes[k].id == household {
			return m.reopen(k)
		}
	}
	return nil
}

// mostHomes bounds the households that are looked for behind one door.
const mostHomes = 64

// reopen reads a household written before again; nil where there is none.
func (m *matcher) reopen(k fileHome) *homeState {
	was, ok := m.archive.homes[k]
	if !ok || m.archive.failed != nil {
		return nil
	}
	v, err := m.archive.loadHome(was.id)
	if err != nil {
		m.archive.failed = err
		return nil
	}
	h := &homeState{Household: v, was: countsOf(v), isNew: true, written: true, claimed: true,
		people: int(was.people), named: int(was.named), namedReg: int(was.namedReg), stated: int(was.stated)}
	delete(m.archive.homes, k)
	m.inFile[k] = h
	list := append(m.homes[k.door], h)
	slices.SortStableFunc(list, func(a, b *homeState) int {
		if !a.isNew || !b.isNew {
			return bit(a.isNew) - bit(b.isNew)
		}
		return cmp.Compare(a.ID, b.ID) // as they were made
	})
	m.homes[k.door] = list
	m.archive.reopened = append(m.archive.reopened, h)
	m.touch(h)
	return h
}

// reopenAll reads every household of a door again that was written.
func (m *matcher) reopenAll(door id.ID) {
	for n := 1; n < mostHomes && len(m.archive.homes) > 0; n++ {
		m.reopen(fileHome{door, n})
	}
}

// retire leaves of a person that is being written only what finds it again.
func (m *matcher) retire(q *personState) {
	a := m.archive
	delete(a.back, q.ID)
	keysOf(q.Person, func(n papers) { file(a, m.byIDNo, n, q) }, func(k phoneName) { file(a, m.byPhone, k, q) }, func(k doorName) { file(a, m.byDoor, k, q) })
}

// file moves a key of a person from those in hand to those written.
func file[K comparable](a *archive, in map[K]*personState, k K, q *personState) {
	if in[k] == q {
		delete(in, k)
		a.persons[hashOf(a, k)] = q.ID
	}
}

// retireHome does so for a household of which nobody waits to be written; what
// changed of it since it was written is amended.
func (m *matcher) retireHome(h *homeState, out *piece) {
	if h.settle(); h.changed() {
		out.amended = append(out.amended, h.Household)
	}
	w := written{h.ID, int32(h.people), int32(h.named), int32(h.namedReg), int32(h.stated)}
	for n := 1; n < mostHomes; n++ {
		if k := (fileHome{h.DoorID, n}); m.inFile[k] == h {
			delete(m.inFile, k)
			m.archive.homes[k] = w
		}
	}
	h.retired = true
	rest := slices.DeleteFunc(m.homes[h.DoorID], func(v *homeState) bool { return v == h })
	if m.homes[h.DoorID] = rest; len(rest) == 0 {
		delete(m.homes, h.DoorID)
	}
}

// due tells that enough is in hand to be written. Where roster and ledger are
// compared, everything waits for the end: who is missing shows only then.
func (p *plan) due() bool {
	return p.match.judge == nil && (len(p.res.fresh) >= placesInHand || len(p.match.persons) >= personsInHand)
}

// handOver gives what is in hand to be written, in pieces; last says that no
// more rows come. The household of the last row stays in hand: more of it may
// follow.
func (p *plan) handOver(last bool, give func(piece) error) error {
	m := p.match
	for len(p.res.fresh) > 0 {
		n := len(p.res.fresh)
		if last {
			n = min(n, placesInHand)
		}
		if err := give(piece{places: p.res.take(n)}); err != nil {
			return err
		}
	}
	hand := m.persons
	if m.persons = nil; last {
		hand = append(hand, m.changed...)
	}
	for out := (piece{}); len(hand) > 0; hand = hand[1:] {
		if q := hand[0]; !last && q.home == m.latest {
			m.persons = append(m.persons, q)
		} else {
			m.release(q, &out, last)
		}
		if len(out.persons) == largeChunk || len(hand) == 1 && len(out.persons) > 0 {
			if err := give(out); err != nil {
				return err
			}
			out = piece{}
		}
	}
	if last {
		return nil
	}
	var out piece
	if m.putAway(&out); len(out.amended) > 0 {
		return give(out)
	}
	return nil
}

// release takes a person out of hand, and its household where nobody else of it
// is in hand.
func (m *matcher) release(q *personState, out *piece, last bool) {
	h := q.home
	h.waiting--
	if h.isNew && !h.written {
		h.settle()
		h.written, h.was = true, countsOf(h.Household)
		c := *h.Household
		out.homes = append(out.homes, &c)
	}
	if h.isNew && h.waiting == 0 && !last {
		m.retireHome(h, out)
	}
	if !last {
		m.retire(q)
	}
	out.persons = append(out.persons, q)
}

// putAway lets go of what was read again and is not in hand.
func (m *matcher) putAway(out *piece) {
	for _, q := range m.archive.back {
		if !q.listed {
			m.retire(q)
		}
	}
	for _, h := range m.archive.reopened {
		if h.waiting == 0 && !h.retired && h != m.latest {
			m.retireHome(h, out)
		}
	}
	m.archive.reopened = slices.DeleteFunc(m.archive.reopened, func(h *homeState) bool { return h.retired })
	m.open = slices.DeleteFunc(m.open, func(h *homeState) bool { return h.retired })
}
