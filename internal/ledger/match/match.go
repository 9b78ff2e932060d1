package match

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"wangge/internal/grid"
	"wangge/internal/ledger/address"
	"wangge/internal/platform/id"
)

// Scores. A match is certain from sure on, where the next is at least apart away.
const (
	full       = 100
	sure       = 90
	apart      = 12
	noUnit     = 25 // the building has no such unit
	otherName  = 14 // the name is only like the compound's
	longName   = 16 // the name goes on behind the compound's
	noCompound = 11 // no compound is told
	typo       = 20 // one character differs
	otherArea  = 25 // it lies in another community than the address says
	badFloor   = 20
	far        = 24 // candidates so much less likely than the best are left out
	keep       = 8  // candidates
)

// found is a door under consideration.
type found struct {
	door   int32
	score  int
	reason Reason
}

// query is one address on its way through the index.
type query struct {
	ix     *Index
	a      address.Address
	more   Aliases
	areas  []int32 // communities or streets that the address names; empty: none, or unknown ones
	found  []found
	deep   int32 // the deepest place beyond doubt
	doubt  bool
	lacks  gap
	reason Reason
}

// gap is a door that a place lacks of which the address leaves no doubt.
type gap struct {
	at    int32
	label string
}

// Aliases are the names of compounds that people remembered, by the key of
// Names.
type Aliases map[string][]id.ID

// Match finds the door that an address means; more are names beyond those of
// the places.
func (ix *Index) Match(a address.Address, more Aliases) Result {
	q := query{ix: ix, a: a, more: more, deep: -1, reason: NoPlace}
	if ix.elsewhere(a) {
		return Result{Reason: Elsewhere}
	}
	q.area()
	q.compounds()
	return q.result()
}

// elsewhere reports whether the address names a province, city or county that
// is not the district's.
func (ix *Index) elsewhere(a address.Address) bool {
	own := func(name string, kinds ...grid.Kind) bool {
		key := areaKey(name)
		for _, k := range kinds {
			if slices.Contains(ix.above[k], key) {
				return true
			}
		}
		return false
	}
	switch {
	case len(ix.above[grid.County]) == 0:
		return false
	case a.County != "":
		return !own(a.County, grid.County, grid.City)
	case a.City != "" && len(ix.above[grid.City]) > 0:
		return !own(a.City, grid.City, grid.Province, grid.County)
	case a.Province != "" && len(ix.above[grid.Province]) > 0:
		return !own(a.Province, grid.Province, grid.City)
	}
	return false
}

// area finds the communities or streets that the address names.
func (q *query) area() {
	ix := q.ix
	streets := ix.areas[areaKey(q.a.Street)]
	if q.a.Street == "" {
		streets = nil
	}
	for _, at := range ix.areas[areaKey(q.a.Community)] {
		if q.a.Community == "" || ix.nodes[at].kind != grid.Community {
			continue
		}
		if len(streets) == 0 || slices.ContainsFunc(streets, func(s int32) bool { return ix.within(at, s) }) {
			q.areas = append(q.areas, at)
		}
	}
	if len(q.areas) == 0 {
		for _, at := range streets {
			if ix.nodes[at].kind == grid.Street {
				q.areas = append(q.areas, at)
			}
		}
	}
	if len(q.areas) == 1 {
		q.deep = q.areas[0]
	}
}

// compounds looks at every compound or group that the address may mean.
func (q *query) compounds() {
	ix := q.ix
	seen := map[int32]bool{}
	try := func(list []int32, cost int, reason Reason) {
		for _, at := range list {
			if seen[at] || cost > 0 && !q.inArea(at) {
				continue
			}
			seen[at] = true
			q.descend(at, cost, reason)
		}
	}
	keys := q.keys()
	for _, key := range keys {
		try(ix.names[key], 0, Exact)
		for _, place := range q.more[key] {
			if at, ok := ix.byID[place]; ok {
				try([]int32{at}, 0, Alias)
			}
		}
	}
	for _, key := range keys {
		try(ix.longer(key), otherName, LikeName)
	}
	if len(q.found) == 0 || len(seen) == 0 {
		for _, key := range keys {
			try(ix.shorterOf(key), longName, LikeName)
			for _, k := range shorter(key) {
				try(ix.near[k], typo, LikeName)
			}
		}
	}
	if len(seen) == 0 && len(q.areas) == 1 && ix.nodes[q.areas[0]].kind == grid.Community {
		cost := noCompound
		if len(keys) > 0 {
			cost = typo // it names a compound nobody knows
		}
		for _, at := range ix.nodes[q.areas[0]].below {
			q.descend(at, cost, NoPart)
		}
		q.descend(q.areas[0], cost, Exact)
	}
}

// keys lists what the address may call a compound or group, most telling first.
func (q *query) keys() []string {
	a := q.a
	var out []string
	put := func(kind grid.Kind, parts ...string) {
		for _, p := range parts {
			if p == "" {
				return
			}
		}
		if k := nameKey(kind, strings.Join(parts, "")); k != "" && !slices.Contains(out, k) {
			out = append(out, k)
		}
	}
	phase := a.Phase
	if phase != "" && strings.Trim(phase, "0123456789") == "" {
		phase += words.Phase
	}
	for _, rest := range strings.Fields(a.Rest) {
		put(grid.Compound, rest, a.Compound, phase)
		put(grid.Compound, rest, a.Compound)
	}
	put(grid.Compound, a.Compound, phase)
	if phase == "" || len(out) > 0 && len(q.ix.names[out[len(out)-1]]) == 0 {
		put(grid.Compound, a.Compound)
	}
	put(grid.Group, a.Group)
	put(grid.Compound, a.Road, a.Lane, words.Lane)
	put(grid.Compound, a.Road, a.RoadNo, words.Number)
	if a.Compound != "" && phase == "" {
		put(grid.Group, a.Compound)
	}
	put(grid.Compound, a.Road)
	for _, rest := range strings.Fields(a.Rest) {
		put(grid.Compound, rest)
		put(grid.Group, rest)
	}
	if a.Compound == "" && a.Community != "" && !q.community() {
		put(grid.Compound, a.Community)
		put(grid.Group, a.Community)
	}
	return out
}

// community reports whether the address's community is one of the district's.
func (q *query) community() bool {
	return len(q.areas) > 0 && q.ix.nodes[q.areas[0]].kind == grid.Community
}

// longer lists the compounds whose name goes on behind the key.
func (ix *Index) longer(key string) []int32 {
	if len(key) < 6 {
		return nil
	}
	var out []int32
	i, _ := slices.BinarySearch(ix.sorted, key)
	for ; i < len(ix.sorted) && strings.HasPrefix(ix.sorted[i], key) && len(out) < 200; i++ {
		if ix.sorted[i] != key {
			out = append(out, ix.names[ix.sorted[i]]...)
		}
	}
	return out
}

// shorterOf lists the compounds whose name the key begins with.
func (ix *Index) shorterOf(key string) []int32 {
	for end := len(key) - 1; end >= 6; end-- {
		if list := ix.names[key[:end]]; len(list) > 0 {
			return list
		}
	}
	return nil
}

// inArea reports whether a place lies in what the address names.
func (q *query) inArea(at int32) bool {
	return len(q.areas) == 0 || slices.ContainsFunc(q.areas, func(in int32) bool { return q.ix.within(at, in) })
}

// descend looks for the door below a compound, group or community.
func (q *query) descend(at int32, cost int, reason Reason) {
	if !q.inArea(at) {
		cost, reason = cost+otherArea, OtherArea
	} else if cost == 0 {
		q.reach(at)
	}
	ix, a := q.ix, q.a
	room, building := a.Room, a.Building
	if building == "" && a.Compound != "" && a.RoadNo != "" && ix.nodes[at].kind == grid.Compound {
		building = a.RoadNo
	}
	if ix.nodes[at].lo < ix.nodes[at].hi && !ix.has(at, grid.Building) {
		q.house(at, cost, reason)
		return
	}
	if building == "" {
		q.anyBuilding(at, room, cost, reason)
		return
	}
	if b, ok := ix.child(at, labelKey(grid.Building, building), grid.Building, grid.Row); ok {
		q.inBuilding(b, room, cost, reason)
	}
}

// house looks for a door right below a group or a bungalow area.
func (q *query) house(at int32, cost int, reason Reason) {
	a := q.a
	for _, label := range []string{a.Room, a.Building, a.RoadNo} {
		if label == "" {
			continue
		}
		q.door(at, labelKey(grid.Door, label), cost, reason)
		return
	}
}

// door adds the door of a label right below a place, or notes that it is lacking.
func (q *query) door(at int32, key string, cost int, reason Reason) {
	if d, ok := q.ix.door(at, key); ok {
		q.add(d, cost, reason)
	} else if cost == 0 && (reason == Exact || reason == Alias) {
		q.lacks = gap{at, key}
	}
}

// anyBuilding looks for a room whose building the address leaves out.
func (q *query) anyBuilding(at int32, room string, cost int, reason Reason) {
	if room == "" {
		return
	}
	if reason == Exact {
		reason = NoPart
	}
	for _, b := range q.ix.nodes[at].below {
		if len(q.found) > 50 {
			return
		}
		if k := q.ix.nodes[b].kind; k == grid.Building || k == grid.Row {
			q.inBuilding(b, room, cost, reason)
		}
	}
}

// inBuilding looks for a room of a building.
func (q *query) inBuilding(at int32, room string, cost int, reason Reason) {
	ix := q.ix
	if cost == 0 {
		q.reach(at)
	}
	unit := q.a.Unit
	if room == "" && unit != "" && !ix.has(at, grid.Unit) {
		room, unit = unit, "" // 3栋5号: the door 5 where the building has no units
	}
	if room == "" {
		return
	}
	key := labelKey(grid.Door, room)
	if f := q.a.Floor; f != "" {
		if of := grid.FloorOf(key); of > 0 && strconv.Itoa(of) != f {
			cost, reason = cost+badFloor, Floor
		}
	}
	if unit != "" {
		if u, ok := ix.child(at, labelKey(grid.Unit, unit), grid.Unit); ok {
			if cost == 0 {
				q.reach(u)
			}
			q.door(u, key, cost, reason)
			return
		}
		cost += noUnit
	}
	if !ix.has(at, grid.Unit) {
		q.door(at, key, cost, reason)
		return
	}
	if d, ok := ix.door(at, key); ok {
		q.add(d, cost, reason)
	}
	var doors []int32
	for _, u := range ix.nodes[at].below {
		if d, ok := ix.door(u, key); ok {
			doors = append(doors, d)
		}
	}
	if reason == Exact && len(doors) > 0 {
		reason = NoUnit
	}
	for _, d := range doors {
		q.add(d, cost, reason)
	}
}

// reach notes a place that the address names beyond doubt, unless two such lie
// apart: then what holds both stays.
func (q *query) reach(at int32) {
	if q.deep < 0 || q.ix.within(at, q.deep) {
		if !q.doubt {
			q.deep = at
		}
		return
	}
	if q.ix.within(q.deep, at) {
		return
	}
	q.doubt = true
	for q.deep >= 0 && !q.ix.within(at, q.deep) {
		q.deep = q.ix.nodes[q.deep].parent
	}
}

func (q *query) add(d int32, cost int, reason Reason) {
	score := max(1, full-cost)
	for i := range q.found {
		if f := &q.found[i]; f.door == d {
			if f.score < score {
				f.score, f.reason = score, reason
			}
			return
		}
	}
	q.found = append(q.found, found{d, score, reason})
}

// result decides.
func (q *query) result() Result {
	slices.SortStableFunc(q.found, func(a, b found) int { return cmp.Compare(b.score, a.score) })
	r := Result{Reason: q.reason}
	if q.deep >= 0 {
		n := &q.ix.nodes[q.deep]
		r.PlaceID, r.Path, r.Kind, r.Reason = n.id, n.path, n.kind, NoRoom
		r.Community = q.ix.community(q.deep)
		if q.lacks.label != "" && q.lacks.at == q.deep {
			r.Missing = q.lacks.label
		}
	}
	for i, f := range q.found {
		if i == keep || q.found[0].score-f.score > far {
			break
		}
		d := &q.ix.doors[f.door]
		r.Candidates = append(r.Candidates, Candidate{DoorID: d.id, ParentID: q.ix.nodes[d.parent].id, Path: q.ix.nodes[d.parent].path,
			Text: q.ix.words(d.parent) + " " + d.name, Score: f.score, Reason: f.reason})
	}
	if len(q.found) == 0 {
		return r
	}
	q.tellApart(r.Candidates)
	if r.Community == id.Zero {
		r.Community = q.common()
	}
	best := q.found[0]
	r.Reason = best.reason
	switch {
	case len(q.found) > 1 && best.score-q.found[1].score < apart:
		if r.Reason == Exact || r.Reason == NoUnit {
			r.Reason = Several
		}
	case best.score >= sure:
		r.DoorID, r.Kind = q.ix.doors[best.door].id, grid.Door
		r.PlaceID, r.Path, r.Missing = r.DoorID, r.Candidates[0].Path, ""
		r.Community = q.ix.community(q.ix.doors[best.door].parent)
		r.Candidates = r.Candidates[:1]
	}
	return r
}

// tellApart puts the areas before doors that read alike, as rows of bungalows in
// several communities do.
func (q *query) tellApart(list []Candidate) {
	alike := make(map[string]int, len(list))
	for _, c := range list {
		alike[c.Text]++
	}
	for i := range list {
		if alike[list[i].Text] > 1 {
			list[i].Text = q.ix.areaWords(q.ix.doors[q.found[i].door].parent) + " " + list[i].Text
		}
	}
}

// common gives the community that holds all doors found; Zero where they lie in
// several.
func (q *query) common() id.ID {
	in := q.ix.community(q.ix.doors[q.found[0].door].parent)
	for _, f := range q.found[1:] {
		if q.ix.community(q.ix.doors[f.door].parent) != in {
			return id.Zero
		}
	}
	return in
}

// community gives the community that holds a place.
func (ix *Index) community(at int32) id.ID {
	for at >= 0 {
		if ix.nodes[at].kind == grid.Community {
			return ix.nodes[at].id
		}
		at = ix.nodes[at].parent
	}
	return id.Zero
}

// Name gives the key under which what an address calls its compound can be
// remembered, and the name as written. ok is false where it calls it nothing
// that would tell one from another, or where the district has places of that
// name: those are told apart by what else the address says.
func (ix *Index) Name(a address.Address) (key, name string, ok bool) {
	phase := a.Phase
	if phase != "" && strings.Trim(phase, "0123456789") == "" {
		phase += words.Phase
	}
	switch {
	case a.Compound != "":
		name = a.Compound + phase
	case a.Lane != "" && a.Road != "":
		name = a.Road + a.Lane + words.Lane
	case a.Group != "":
		name = a.Group
	case a.RoadNo != "" && a.Road != "":
		name = a.Road + a.RoadNo + words.Number
	}
	key = nameKey(grid.Compound, name)
	if utf8.RuneCountInString(key) < 2 || strings.Trim(key, "0123456789") == "" || address.IsName(name) || len(ix.names[key]) > 0 {
		return "", "", false
	}
	return key, name, true
}

// Compound gives the compound or group that a door's parent lies in (or is);
// Zero where there is none.
func (ix *Index) Compound(parent id.ID) id.ID {
	at, ok := ix.byID[parent]
	for ok && at >= 0 {
		if k := ix.nodes[at].kind; k == grid.Compound || k == grid.Group {
			return ix.nodes[at].id
		}
		at = ix.nodes[at].parent
	}
	return id.Zero
}
