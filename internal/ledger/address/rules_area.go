package address

import (
	"strings"
	"unicode/utf8"

	"wangge/internal/ledger/address/nation"
)

var levelKinds = [...]Kind{nation.Province: Province, nation.City: City, nation.County: County, nation.Street: Street}

// area reads the name of an area of the national list at i: full anywhere
// before the road, short where what follows leaves no doubt.
func (r *reader) area(i int) int {
	settled := r.has[Road] || r.has[Compound] || r.has[Lane] || r.has[Building] || r.has[Room] || r.has[RoadNo]
	if settled && !r.broke {
		return i
	}
	nat := nation.Get()
	at, n := ends(r.text, i)
	for _, end := range at[:n] {
		text := r.text[i:end]
		list := nat.Named(text)
		if len(list) == 0 {
			continue
		}
		if a, repeated := r.choose(list, text, end, settled); a != nil {
			return r.addArea(a, i, r.status(a, end, text), repeated)
		}
	}
	if settled {
		return i
	}
	return r.community(i)
}

// ends lists where a name beginning at i may end, farthest first: 2 to 15
// characters, not beyond Han.
func ends(text string, i int) (at [14]int, n int) {
	var all [15]int
	m := 0
	for m < len(all) && i < len(text) {
		c, w := utf8.DecodeRuneInString(text[i:])
		if c < 0x2E80 {
			break
		}
		i += w
		all[m] = i
		m++
	}
	for k := m - 1; k > 0; k-- {
		at[n] = all[k]
		n++
	}
	return at, n
}

// status takes in the word behind a short name that says what the area was once
// (奉化市, today 奉化区).
func (r *reader) status(a *nation.Area, end int, text string) int {
	if a.Name == text {
		return end
	}
	words := &vocab.Counties
	if a.Level == nation.Street {
		words = &vocab.Towns
	}
	return end + len(words.at(r.text[end:]))
}

// choose picks the area a name means here; repeated: it was said before.
func (r *reader) choose(list []*nation.Area, text string, end int, settled bool) (found *nation.Area, repeated bool) {
	unique := true
	for _, a := range list {
		full := a.Name == text
		was := full || vocab.Counties.at(r.text[end:]) != "" && a.Level < nation.Street || vocab.Towns.at(r.text[end:]) != "" && a.Level == nation.Street && r.in != nil
		if r.in != nil && r.in.Within(a) {
			if full || !r.has[Street] && !r.has[Community] && (was || r.areaFollows(end) || r.again || strings.HasPrefix(r.text[end:], r.in.Short)) {
				return a, true
			}
			continue
		}
		switch {
		case settled || r.late(a, full):
			continue
		case !was && (vocab.Roads.atEnd(text) != "" || r.followsName(end) && !r.below(a, end)):
			continue
		case r.in != nil && !a.Within(r.in):
			if !full || r.has[levelKinds[a.Level]] || a.Level == nation.Street {
				continue
			}
		case r.in == nil && a.Level == nation.County && !full && !was && !r.below(a, end) && (r.last != None || !a.Telling()):
			continue
		case r.in == nil && a.Level == nation.Street && (!full || vocab.Zones.atEnd(text) != ""):
			continue
		}
		switch {
		case found == nil || a.Level < found.Level || a.Level == found.Level && full && found.Name != text:
			found, unique = a, true
		case a.Level == found.Level:
			unique = unique && full != (found.Name == text)
		}
	}
	if !unique {
		return &nation.Area{Name: found.Name, Level: found.Level}, false
	}
	return found, false
}

// late reports whether an area cannot be meant any more, behind a street or a
// community that was read: only a whole address over again can begin there.
func (r *reader) late(a *nation.Area, full bool) bool {
	if !r.has[Community] && !r.has[Street] {
		return false
	}
	return a.Level == nation.Street || !full && (r.has[Community] || a.Level == nation.County) || a.Level == nation.County && r.in == nil
}

// followsName reports whether what stands at i makes a name of another kind of
// the short name before it: a road (南京东路) or a compound (上海城).
func (r *reader) followsName(i int) bool {
	rest := r.text[i:]
	if d := vocab.RoadDirections.at(rest); d != "" && vocab.Roads.at(rest[len(d):]) != "" {
		return true
	}
	if _, w := utf8.DecodeRuneInString(rest); w > 0 && vocab.StrongCompounds.at(rest) == "" && vocab.StrongCompounds.at(rest[w:]) != "" && vocab.Counties.at(rest) == "" {
		return true // 新乡里小区
	}
	return vocab.Roads.at(rest) != "" || vocab.Compounds.at(rest) != "" || vocab.Towns.at(rest) != "" || vocab.Villages.at(rest) != ""
}

// areaFollows reports whether the full name of an area, or a separator, stands at i.
func (r *reader) areaFollows(i int) bool {
	if i >= len(r.text) || separator(r.text[i:]) > 0 {
		return true
	}
	at, n := ends(r.text, i)
	for _, end := range at[:n] {
		for _, a := range nation.Get().Named(r.text[i:end]) {
			if a.Name == r.text[i:end] {
				return true
			}
		}
	}
	return false
}

// below reports whether an area or a community within a, by its full name or with
// the word that says what it was once, is named at i.
func (r *reader) below(a *nation.Area, i int) bool {
	if a.Level == nation.County {
		if code, _, _ := nation.Get().CommunityAt(a, r.text[i:], false); code != "" {
			return true
		}
	}
	at, n := ends(r.text, i)
	for _, end := range at[:n] {
		if b, _ := nation.Get().Find(r.text[i:end], a); b != nil && (b.Name == r.text[i:end] || r.status(b, end, r.text[i:end]) > end) {
			return true
		}
	}
	return false
}

// addArea notes an area. A municipality named once is the city.
func (r *reader) addArea(a *nation.Area, lo, hi int, repeated bool) int {
	kind := levelKinds[a.Level]
	if a.Level == nation.Province && isMunicipality(a) {
		if kind = City; !r.has[Province] && !r.has[City] && strings.HasPrefix(strings.TrimLeft(r.text[hi:], " "), a.Short) {
			kind = Province
		}
	}
	if repeated && (r.has[kind] || kind != City) {
		r.add(Repeated, lo, hi, "")
		r.again = true
		return hi
	}
	if !repeated {
		r.in = a
		if a.Code == "" {
			r.in = nil // several bear the name
		}
	}
	return r.add(kind, lo, hi, r.text[lo:hi])
}

// isMunicipality: the four cities that are provinces.
func isMunicipality(a *nation.Area) bool {
	switch a.Code {
	case "11", "12", "31", "50":
		return true
	}
	return false
}

// community reads a community or village of the area read so far.
func (r *reader) community(i int) int {
	if r.in == nil || r.in.Level < nation.County || r.has[Community] {
		return i
	}
	code, size, full := nation.Get().CommunityAt(r.in, r.text[i:], r.in.Level == nation.Street)
	if code == "" {
		return i
	}
	end := i + size
	if !r.isCommunity(i, end, full) {
		return i
	}
	if full && vocab.NotAfterVillage.at(r.text[end:]) != "" || !full && (r.followsName(end) || vocab.NotAfterVillage.at(r.text[end:]) != "") {
		return i
	}
	if full {
		end += r.committee(i, end)
	}
	return r.add(Community, i, end, r.text[i:end])
}

// isCommunity reports whether a listed name stands for the community here, and
// not for a road or a compound that is named after it. Short names say less.
func (r *reader) isCommunity(lo, end int, full bool) bool {
	name := r.text[lo:end]
	if vocab.Roads.atEnd(name) != "" {
		return false
	}
	if vocab.Villages.atEnd(name) == "" && r.followsName(end) {
		return false
	}
	hi := r.chunkEnd(lo)
	plain := hi > end && vocab.Roads.within(r.text[end:hi]) == 0 // a name follows that is no road's
	if plain && name == r.in.Short {
		return false // 大溪镇|大溪注塑园区
	}
	if full {
		return true
	}
	if plain && runes(name) == 2 && !r.selfNamed(end, hi) {
		return false // 闲林山水
	}
	if n, ok := r.numberAt(end); ok && (n.role == zone || n.role == phase) {
		return false // 柳青八区
	}
	if hi > end && runes(r.text[end:hi]) < 3 {
		return false // 柳青公馆
	}
	for at, n := end, 0; at < len(r.text) && n < 3; n++ {
		if n > 0 && (vocab.Villages.at(r.text[at:]) != "" || len(vocab.Compounds.at(r.text[at:])) >= 6) {
			return false // 椒源下村, 浦西水果市场
		}
		_, w := utf8.DecodeRuneInString(r.text[at:])
		at += w
	}
	return true
}

// selfNamed reports whether what stands from lo to hi is a compound with a name of
// its own (柴埠小区).
func (r *reader) selfNamed(lo, hi int) bool {
	w := vocab.StrongCompounds.within(r.text[lo:hi])
	return w > 0 && runes(r.text[lo:lo+w]) >= 4 && lo+w == hi
}

// committee gives how many bytes behind a community's full name still belong to it.
func (r *reader) committee(lo, end int) int {
	if strings.HasSuffix(r.text[lo:end], vocab.Village) {
		return r.villageAgain(end)
	}
	return len(vocab.Committees.at(r.text[end:]))
}
