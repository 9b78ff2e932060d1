package importer

import (
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/ledger/roster"
	"wangge/internal/platform/id"
)

// Class says how a roster and the ledger stand to each other about one person.
type Class string

// The classes. People of whom both say the same are only counted.
const (
	Differs   Class = "differs"
	OnlyHere  Class = "only_here"  // behind a door of the buildings the roster is about, not in it
	OnlyThere Class = "only_there" // in the roster, not in the ledger
)

// Classes lists the classes in the order pages show them.
func Classes() []Class { return []Class{Differs, OnlyThere, OnlyHere} }

// Item is one person about whom a roster and the ledger do not agree.
type Item struct {
	Seq      int          `json:"seq" doc:"Names the item in decisions"`
	Class    Class        `json:"class" enum:"differs,only_here,only_there"`
	PersonID id.ID        `json:"person_id,omitempty"`
	DoorID   id.ID        `json:"door_id,omitempty"`
	Door     string       `json:"door" doc:"The door in words"`
	Name     string       `json:"name" doc:"Masked"`
	Sheet    string       `json:"sheet,omitempty"`
	Row      int          `json:"row,omitempty" doc:"Row of the roster"`
	Fields   []Difference `json:"fields,omitempty"`
	Decision string       `json:"decision,omitempty" enum:"add,skip,keep,depart" doc:"Of people whom one side names"`
	ByPerson bool         `json:"by_person" doc:"Decided by a person; the rules decide the others"`
	key      string
	picks    map[string]string // field, or "" for the item as a whole, to what a person decided
}

// Difference is one field of which roster and ledger say different things.
type Difference struct {
	Field  string `json:"field"`
	Ours   string `json:"ours" doc:"Masked; where both masks are equal, what differs is shown"`
	Theirs string `json:"theirs"`
	Later  bool   `json:"later" doc:"The roster's word is the later one"`
	Pick   string `json:"pick" enum:"ours,theirs"`
}

// sealedItem is the personal part of an item.
type sealedItem struct {
	Name   string                        `json:"n"`
	Door   string                        `json:"d"`
	Sheet  string                        `json:"s,omitempty"`
	Row    int                           `json:"r,omitempty"`
	Fields map[string]ledger.FieldChange `json:"f,omitempty"`
}

// draft is an item before it is kept.
type draft struct {
	class  Class
	person *ledger.Person
	key    string
	sealedItem
}

// rowKey names a person of a row in one file, the same each time it is read.
func rowKey(row *roster.Row, nth int) string {
	h := fnv.New64a()
	h.Write([]byte(row.File + "\x1f" + row.Sheet))
	return fmt.Sprintf("%x:%d:%d", h.Sum64(), row.N, nth)
}

// judge stands between the roster and the ledger while an import is planned: it
// collects where they differ, and holds to what was decided.
type judge struct {
	rules  Rules
	picks  map[id.ID]map[string]string // by person: field to side; "" to what becomes of them
	later  map[id.ID]string            // by person: fields for which the roster is the later one, between commas
	skip   map[string]bool             // row keys left out
	drafts []draft
	counts ReconcileCounts

	lastFile, lastSheet string
	lastN, nth          int
}

// ReconcileCounts is what a comparison found.
type ReconcileCounts struct {
	Same    int            `json:"same" doc:"People of whom both say the same"`
	Filled  int            `json:"filled" doc:"Of these, people of whom the roster knows more"`
	Classes map[Class]int  `json:"classes"`
	Fields  map[string]int `json:"fields" doc:"How many people differ in each field"`
}

func newJudge(rules Rules) *judge {
	return &judge{rules: rules, picks: map[id.ID]map[string]string{}, later: map[id.ID]string{}, skip: map[string]bool{},
		counts: ReconcileCounts{Classes: map[Class]int{}, Fields: map[string]int{}}}
}

// key names the row's person; rows come in the order of the file.
func (j *judge) key(row *roster.Row) string {
	if row.File != j.lastFile || row.Sheet != j.lastSheet || row.N != j.lastN {
		j.lastFile, j.lastSheet, j.lastN, j.nth = row.File, row.Sheet, row.N, -1
	}
	j.nth++
	return rowKey(row, j.nth)
}

// side decides one field of a person.
func (j *judge) side(person id.ID, field string) string {
	if s := j.picks[person][field]; s != "" {
		return s
	}
	return j.rules.side(field, strings.Contains(j.later[person], ","+field+","))
}

// stays reports that somebody found behind another door is left where the
// ledger has them.
func (j *judge) stays(q *personState, door id.ID) bool {
	return j != nil && q != nil && !q.sheet && q.DoorID != door && j.side(q.ID, "door") == Ours
}

// weigh compares what a row says with the ledger and takes back what was
// decided for the ledger; the words that lose are kept for the person's file.
func (j *judge) weigh(q *personState, before, fresh *ledger.Person, row *roster.Row, moved bool) {
	said := ledger.Changes(before, fresh)
	if moved || q.otherDoor != "" {
		said["door"] = ledger.FieldChange{New: doorWords(row)}
	}
	filled := false
	for f, ch := range said {
		switch {
		case f != "door" && ch.Old == "":
			filled = true
			delete(said, f)
		case sameWords(f, ch.Old, ch.New):
			takeBack(fresh, before, f)
			delete(said, f)
		}
	}
	if len(said) == 0 {
		j.counts.Same++
		if filled {
			j.counts.Filled++
		}
		return
	}
	j.note(draft{class: Differs, person: before, sealedItem: sealedItem{Name: before.Name, Sheet: row.Sheet, Row: row.N, Fields: said}})
	for f, ch := range said {
		if j.side(before.ID, f) == Theirs {
			continue
		}
		takeBack(fresh, before, f)
		if q.outvoted == nil {
			q.outvoted = map[string]ledger.FieldChange{}
		}
		q.outvoted[f] = ledger.FieldChange{Old: ch.New, New: ch.Old}
	}
}

func (j *judge) note(d draft) {
	j.drafts = append(j.drafts, d)
	j.counts.Classes[d.class]++
	for f := range d.Fields {
		j.counts.Fields[f]++
	}
}

// added notes somebody whom the ledger does not know.
func (j *judge) added(key string, p *ledger.Person, row *roster.Row) {
	j.note(draft{class: OnlyThere, person: p, key: key, sealedItem: sealedItem{Name: p.Name, Door: doorWords(row), Sheet: row.Sheet, Row: row.N}})
}

// doorWords writes a row's door as people do.
func doorWords(row *roster.Row) string {
	var parts []string
	for _, p := range []string{row.Building, row.Unit, row.Room} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	return strings.TrimSpace(strings.Join([]string{row.Compound, row.Group, strings.Join(parts, "-")}, " "))
}

// missing notes who is behind a door of the buildings and groups the roster is
// about and not in it, and closes those for whom that was decided.
func (m *matcher) missing(places []known, fresh []grid.NewPlace) {
	j := m.judge
	for _, f := range fresh {
		places = append(places, known{id: f.ID, parent: f.ParentID, kind: f.Kind})
	}
	scope := scopeOf(places)
	about := map[id.ID]bool{}
	for _, q := range m.known {
		if q.sheet {
			about[scope(q.recorded().DoorID)] = true
			about[scope(q.DoorID)] = true
		}
	}
	for k := range m.inFile {
		about[scope(k.door)] = true
	}
	delete(about, id.Zero)
	for _, q := range m.known {
		if q.sheet || !about[scope(q.DoorID)] {
			continue
		}
		j.note(draft{class: OnlyHere, person: q.Person, sealedItem: sealedItem{Name: q.Name}})
		decided := j.picks[q.ID][""]
		if decided == "" {
			decided = j.rules.ofClass(OnlyHere)
		}
		if decided == Depart {
			m.depart(q)
		}
	}
}

// departReason closes the record of somebody whom a newer roster does not name.
const departReason = "moved_away"

func (m *matcher) depart(q *personState) {
	was := *q.Person
	q.was, q.touched, q.gone = &was, true, true
	q.UntilMs, q.UntilReason = m.now, departReason
	m.touch(q.home)
	q.home.count(&was, -1)
	q.home.Living = max(0, q.home.Living-bit(was.LivesHere))
	q.home.Registered = max(0, q.home.Registered-bit(was.Registered))
	m.counts.Departed++
	m.list(q)
}

// scopeOf gives the building or group of a door, else its compound.
func scopeOf(places []known) func(door id.ID) id.ID {
	parent := make(map[id.ID]known, len(places))
	for _, p := range places {
		parent[p.id] = p
	}
	return func(door id.ID) id.ID {
		at := parent[door].parent
		for range 8 {
			switch p := parent[at]; p.kind {
			case grid.Unit, grid.Row:
				at = p.parent
			default:
				return at
			}
		}
		return at
	}
}

// takeBack puts one field back to what the ledger says.
func takeBack(fresh, before *ledger.Person, field string) {
	for f, v := range map[string][2]*string{"name": {&fresh.Name, &before.Name}, "birth": {&fresh.Birth, &before.Birth}, "idno": {&fresh.IDNo, &before.IDNo},
		"passport": {&fresh.Passport, &before.Passport}, "landline": {&fresh.Landline, &before.Landline}, "relation": {&fresh.Relation, &before.Relation},
		"registered_address": {&fresh.RegAddress, &before.RegAddress}, "address": {&fresh.LiveAddress, &before.LiveAddress}, "note": {&fresh.Note, &before.Note}} {
		if f == field {
			*v[0] = *v[1]
		}
	}
	switch field {
	case "sex":
		fresh.Sex = before.Sex
	case "phone":
		fresh.Phones = slices.Clone(before.Phones)
	case "registered":
		fresh.Registered = before.Registered
	case "lives_here":
		fresh.LivesHere = before.LivesHere
	}
}

// fieldList writes fields between commas, sorted, as they are stored.
func fieldList(fields map[string]ledger.FieldChange) string {
	if len(fields) == 0 {
		return ""
	}
	return "," + strings.Join(slices.Sorted(maps.Keys(fields)), ",") + ","
}
