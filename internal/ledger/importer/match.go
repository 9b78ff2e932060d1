package importer

import (
	"slices"

	"wangge/internal/ledger"
	"wangge/internal/ledger/roster"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// matcher holds what is there already and what the file adds, and decides for
// each row which person and household it speaks of.
type matcher struct {
	byIDNo  map[papers]*personState
	byPhone map[phoneName]*personState
	byDoor  map[doorName]*personState
	homes   map[id.ID][]*homeState // by door, in order
	inFile  map[fileHome]*homeState
	known   []*personState // recorded in the place
	persons []*personState // new, in the order of the file
	changed []*personState // recorded before and touched, in the order of the file: they are written last, each once
	open    []*homeState   // new or touched households, in the order of the file
	counts  ImportCounts
	now     int64
	origin  ledger.Origin
	judge   *judge // decides where roster and ledger differ; nil: the roster's word counts
	rowKey  string // names the row being taken, for the judge
	archive *archive
	latest  *homeState // of the last row taken
}

type doorName struct {
	door id.ID
	name string
}

type phoneName struct{ phone, name string }

type fileHome struct {
	door id.ID
	n    int
}

// homeState is a household with what the import does to it.
type homeState struct {
	*ledger.Household
	was      homeCounts
	isNew    bool
	listed   bool // stands in matcher.open
	written  bool // by an earlier piece of this import
	retired  bool // and out of memory since
	claimed  bool // rows of the file belong to it
	waiting  int  // of its people, who are yet to be written
	people   int  // current persons recorded
	named    int  // of them, who live here
	namedReg int
	stated   int // head count the file states
}

// homeCounts is what an import may change of a household, as it was before.
type homeCounts struct {
	kind               ledger.Kind
	nickname           string
	registered, living int
}

func countsOf(h *ledger.Household) homeCounts {
	return homeCounts{h.Kind, h.Nickname, h.Registered, h.Living}
}

// personState is a person with what the import does to it.
type personState struct {
	*ledger.Person
	was     *ledger.Person // before the import; nil where nothing changed
	home    *homeState
	isNew   bool
	touched bool     // its fields change
	listed  bool     // stands in matcher.persons
	written bool     // by an earlier piece of this import
	care    []string // kinds to be added

	gone      bool                          // closed, because the roster does not name them
	otherDoor string                        // where the roster has them, though they stay
	outvoted  map[string]ledger.FieldChange // what the roster says otherwise and was not taken
	sheet     bool                          // seen in this file
}

// recorded is the person as it stands in the ledger.
func (q *personState) recorded() *ledger.Person {
	if q.was != nil {
		return q.was
	}
	return q.Person
}

func newMatcher(hs []ledger.Household, ps []*ledger.Person, now int64, origin ledger.Origin) *matcher {
	m := &matcher{archive: newArchive(), byIDNo: make(map[papers]*personState, len(ps)), byPhone: make(map[phoneName]*personState, len(ps)), byDoor: make(map[doorName]*personState, len(ps)),
		homes: make(map[id.ID][]*homeState, len(hs)), inFile: map[fileHome]*homeState{}, now: now, origin: origin}
	byID := make(map[id.ID]*homeState, len(hs))
	for i := range hs {
		h := &homeState{Household: &hs[i], was: countsOf(&hs[i])}
		byID[h.ID] = h
		m.homes[h.DoorID] = append(m.homes[h.DoorID], h)
	}
	for _, v := range ps {
		p := &personState{Person: v, home: byID[v.HouseholdID]}
		if p.home == nil {
			continue
		}
		p.home.count(p.Person, 1)
		m.known = append(m.known, p)
		m.index(p)
	}
	return m
}

func (h *homeState) count(p *ledger.Person, d int) {
	h.people += d
	if p.LivesHere {
		h.named += d
	}
	if p.Registered {
		h.namedReg += d
	}
}

// forget lets go of what only planning needed.
func (m *matcher) forget() {
	m.byIDNo, m.byPhone, m.byDoor, m.homes, m.inFile = nil, nil, nil, nil, nil
}

// keysOf calls the function of each kind of key a person is found by.
func keysOf(p *ledger.Person, number func(papers), phone func(phoneName), door func(doorName)) {
	for _, n := range []string{seal.NormIDNo(p.IDNo), seal.NormIDNo(p.Passport)} {
		if n != "" {
			number(papers(n))
		}
	}
	if p.Name == "" {
		return
	}
	name := seal.NormName(p.Name)
	for _, ph := range p.Phones {
		phone(phoneName{ph, name})
	}
	door(doorName{p.DoorID, name})
}

// index has later rows find a person, where its keys find nobody yet.
func (m *matcher) index(q *personState) {
	keysOf(q.Person, func(n papers) { learn(m.archive, m.byIDNo, n, q) },
		func(k phoneName) { learn(m.archive, m.byPhone, k, q) }, func(k doorName) { learn(m.archive, m.byDoor, k, q) })
}

func learn[K comparable](a *archive, in map[K]*personState, k K, q *personState) {
	if in[k] == nil && !a.has(hashOf(a, k)) {
		in[k] = q
	}
}

// look finds a person by a key, in hand or written before.
func look[K comparable](m *matcher, in map[K]*personState, k K) *personState {
	if q := in[k]; q != nil {
		return q
	}
	if len(m.archive.persons) == 0 {
		return nil
	}
	return m.again(hashOf(m.archive, k))
}

// find returns the person a row speaks of, or nil. Two different identity
// numbers are two people, whatever else is alike.
func (m *matcher) find(p *ledger.Person) (found *personState) {
	same := func(q *personState) bool {
		return q != nil && (p.IDNo == "" || q.IDNo == "" || seal.NormIDNo(p.IDNo) == seal.NormIDNo(q.IDNo))
	}
	keysOf(p, func(n papers) {
		if found == nil {
			found = look(m, m.byIDNo, n)
		}
	}, func(k phoneName) {
		if found == nil {
			if q := look(m, m.byPhone, k); same(q) {
				found = q
			}
		}
	}, func(k doorName) {
		if found == nil {
			if q := look(m, m.byDoor, k); same(q) {
				found = q
			}
		}
	})
	return found
}

// take works one accepted row in; isNew says that its door is.
func (m *matcher) take(row *roster.Row, door id.ID, village, isNew bool) {
	if row.Name == "" && row.IDNo == "" && row.Phone == "" {
		m.takeDoor(row, door, isNew)
		return
	}
	p := personOf(row, door)
	q := m.find(&p)
	if m.judge != nil && q == nil {
		m.judge.added(m.rowKey, &p, row)
	}
	if m.judge.stays(q, door) {
		q.otherDoor, door = doorWords(row), q.DoorID
	}
	home := m.home(row, door, q)
	m.latest = home
	if village && row.Head != "" && home.isNew && home.Nickname == "" {
		home.Nickname = row.Head
	}
	home.stated = max(home.stated, row.Persons)
	if q == nil {
		made := p
		q = &personState{Person: &made, home: home, isNew: true}
		q.ID, q.HouseholdID, q.Version, q.FromMs, q.Origin = id.New(), home.ID, 1, m.now, m.origin
		q.Register = home.Register
		home.count(q.Person, 1)
		m.list(q)
		m.counts.Created++
	} else {
		m.update(q, &p, row, home)
	}
	q.sheet = true
	for _, t := range row.Tags {
		if kind, ok := ledger.CareKindOf(t); ok && !slices.Contains(q.care, kind) {
			q.care = append(q.care, kind)
			m.list(q)
		}
	}
	m.index(q)
}

// takeDoor works in a row that names nobody: a vacant door, a head count, or a
// door of which nothing is said, behind which no household is invented.
func (m *matcher) takeDoor(row *roster.Row, door id.ID, isNew bool) {
	if !row.Vacant && row.Persons == 0 {
		if isNew {
			m.counts.Created++
		} else {
			m.counts.Unchanged++
		}
		return
	}
	m.reopenAll(door)
	if homes := m.homes[door]; len(homes) > 0 {
		h := homes[0]
		before := h.stated
		h.stated = max(h.stated, row.Persons)
		m.touch(h)
		if h.stated > max(before, h.Living, h.named) {
			m.counts.Updated++
			return
		}
		m.counts.Unchanged++
		return
	}
	h := m.newHome(door)
	h.stated = row.Persons
	if row.Vacant {
		h.Kind = ledger.Vacant
	}
	m.counts.Created++
}

func (m *matcher) newHome(door id.ID) *homeState {
	h := &homeState{isNew: true, listed: true, Household: &ledger.Household{ID: id.New(), DoorID: door, Kind: ledger.Family, Register: seal.Standing, Version: 1, FromMs: m.now, Origin: m.origin}}
	m.homes[door] = append(m.homes[door], h)
	m.open = append(m.open, h)
	return h
}

func (m *matcher) touch(h *homeState) {
	if !h.listed {
		h.listed = true
		m.open = append(m.open, h)
	}
}

// home returns the household of a row: that of the others of its household in
// this file, else that of the person found behind this door, else one nobody
// is recorded in, else a new one.
func (m *matcher) home(row *roster.Row, door id.ID, q *personState) *homeState {
	k := fileHome{door, max(row.Household, 1)}
	if h := m.inFile[k]; h != nil {
		return h
	}
	if h := m.reopen(k); h != nil {
		return h
	}
	var h *homeState
	if q != nil && q.DoorID == door {
		h = q.home
	}
	if h == nil {
		for _, v := range m.homes[door] {
			if v.people == 0 && !v.claimed {
				h = v
				break
			}
		}
	}
	if h == nil {
		h = m.newHome(door)
	}
	m.inFile[k], h.claimed = h, true
	m.touch(h)
	if h.Kind == ledger.Vacant {
		h.Kind = ledger.Family
	}
	if ledger.Unrelated(row.Relation) && h.Kind == ledger.Family && h.isNew {
		h.Kind = ledger.Shared
	}
	return h
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// settle raises the counts of a household to the people recorded and stated.
func (h *homeState) settle() {
	h.Living = max(h.Living, h.named, h.stated)
	h.Registered = max(h.Registered, h.namedReg)
	if h.Kind == ledger.Vacant && h.Living > 0 {
		h.Kind = ledger.Family
	}
}

func (h *homeState) changed() bool {
	return countsOf(h.Household) != h.was
}
