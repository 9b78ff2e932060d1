package address

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// nameBytes is how far the word is looked for that says what a name is.
const nameBytes = 300

// names reads the first part of the Han text between lo and hi: up to the first
// word that says what it is, or all of it.
func (r *reader) names(lo, hi int) int {
	if w := vocab.Near.at(r.text[lo:hi]); w != "" && lo+len(w) == hi && r.last != None {
		return r.add(Near, lo, hi, "")
	}
	if w := vocab.And.at(r.text[lo:hi]); w != "" && r.last == Road && (lo+len(w) == hi || vocab.Roads.within(r.text[lo:hi]) > 0) {
		return r.add(Near, lo, lo+len(w), "")
	}
	if w := vocab.Beside.at(r.text[lo:hi]); w != "" && r.last != None {
		return r.add(Near, lo, lo+len(w), "")
	}
	_, w := utf8.DecodeRuneInString(r.text[lo:])
	for at := lo + w; at < min(hi, lo+nameBytes); {
		if w := vocab.Beside.at(r.text[at:hi]); w != "" && at > forth(r.text, lo, 1) {
			return r.plain(lo, at)
		}
		if kind, end := r.feature(lo, at, hi); kind != None {
			if from := r.glued(kind, lo, at, end); from > lo {
				return r.addGlued(kind, lo, from)
			}
			return r.add(kind, lo, end, r.text[lo:end])
		}
		_, w := utf8.DecodeRuneInString(r.text[at:])
		at += w
	}
	return r.plain(lo, hi)
}

// feature tells what the text from lo is that a word at at ends, and where that
// word ends; empty where none stands or it is part of a longer name.
func (r *reader) feature(lo, at, hi int) (Kind, int) {
	for _, look := range [...]func(*reader, int, int, int) (Kind, int){(*reader).road, (*reader).part, (*reader).town, (*reader).village, (*reader).county, (*reader).compound} {
		if kind, end := look(r, lo, at, hi); kind != None {
			return kind, end
		}
	}
	return None, 0
}

// within reports whether a building, a floor or a room was read: what follows
// lies in it.
func (r *reader) within() bool { return r.has[Building] || r.has[Floor] || r.has[Room] }

func (r *reader) road(lo, at, hi int) (Kind, int) {
	w := vocab.Roads.at(r.text[at:hi])
	end := at + len(w)
	switch {
	case w == "" || r.within() || !r.isRoad(lo, end, hi, w):
		return None, 0
	case r.has[Road]:
		return SubRoad, end
	}
	return Road, end
}

// part reads a group of villagers or a development zone.
func (r *reader) part(lo, at, hi int) (Kind, int) {
	if r.within() {
		return None, 0
	}
	if w := vocab.Groups.at(r.text[at:hi]); w != "" && (r.last == Community || r.last == Compound) && runes(r.text[lo:at]) <= 4 {
		return Group, at + len(w)
	}
	if w := vocab.Zones.at(r.text[at:hi]); w != "" && !r.has[Compound] {
		return Zone, at + len(w)
	}
	return None, 0
}

func (r *reader) town(lo, at, hi int) (Kind, int) {
	w := vocab.Towns.at(r.text[at:hi])
	if w == "" {
		return None, 0
	}
	end := at + len(w)
	alone := vocab.NotAfterTown.at(r.text[end:]) == ""
	switch {
	case !r.has[Street] && !r.has[Road] && !r.has[Compound] && (len(w) > 3 || alone):
		return Street, end
	case r.last == Street && runes(r.text[lo:at]) <= 4 && alone:
		return Repeated, end
	}
	return None, 0
}

// county reads one that the national list does not have, or no longer.
func (r *reader) county(lo, at, hi int) (Kind, int) {
	w := vocab.Counties.at(r.text[at:hi])
	end := at + len(w)
	if n := runes(r.text[lo:at]); w == "" || n < 2 || n > 3 || !r.beforeCounty() || vocab.Villages.at(r.text[end:hi]) != "" {
		return None, 0
	}
	if name := r.text[lo:end]; vocab.NotAfterCounty.at(r.text[end:hi]) != "" || vocab.NotCounties.atEnd(name) != "" || vocab.Zones.atEnd(name) != "" {
		return None, 0
	}
	return County, end
}

func (r *reader) compound(lo, at, hi int) (Kind, int) {
	if r.has[Compound] || r.within() {
		return None, 0
	}
	if w := vocab.StrongCompounds.at(r.text[at:hi]); w != "" && vocab.Roads.at(r.text[at+len(w):]) == "" && vocab.Villages.at(r.text[at+len(w):]) == "" {
		end := at + len(w)
		if r.countryside(w, end) {
			return Community, end
		}
		return Compound, end + len(vocab.StrongCompounds.at(r.text[end:hi])) // 家属楼小区
	}
	if w := vocab.Whole.at(r.text[at:hi]); w != "" && runes(r.text[lo:at]) >= 2 {
		rest := r.text[at+len(w) : hi]
		if runes(rest) >= 2 && vocab.Compounds.at(rest) == "" && vocab.Roads.at(rest) == "" {
			return Compound, at + len(w)
		}
	}
	return None, 0
}

// beforeCounty reports whether a county may be named here.
func (r *reader) beforeCounty() bool {
	return r.last == None || r.last == Province || r.last == City
}

// isRoad reports whether the word w that ends at end makes the text from lo a road.
func (r *reader) isRoad(lo, end, hi int, w string) bool {
	if vocab.NotAfterRoad.at(r.text[end:]) != "" || vocab.Roads.at(r.text[end:hi]) != "" && !strings.HasPrefix(r.text[end:hi], w) {
		return false
	}
	if !vocab.weak[w] {
		return !slices.Contains(vocab.NotRoads, r.text[lo:end])
	}
	n, ok := r.numberAt(end)
	return end == hi && ok && (n.role == number || n.role == bare || n.role == lane) && runes(r.text[lo:end]) >= 2
}

// plain reads a name that no word explains: by what stands around it.
func (r *reader) plain(lo, hi int) int {
	text := r.text[lo:hi]
	n, numbered := r.numberAt(hi)
	switch {
	case runes(text) == 1:
		return r.add(Repeated, lo, hi, "")
	case numbered && r.hamlet(text, n):
		return r.add(Community, lo, hi, text)
	case r.has[Building] || r.has[Unit] || r.has[Floor] || r.has[Room]:
		return r.add(Inside, lo, hi, text)
	case r.has[Compound]:
		return r.add(Phase, lo, hi, text)
	case r.last == Road && len(text) <= 6 && vocab.Near.at(text) == text:
		return r.add(Near, lo, hi, "")
	case numbered && (n.role == number || n.role == lane) && !r.has[Road] && runes(text) <= 5 && vocab.Compounds.atEnd(text) == "":
		switch {
		case r.last == Community:
			r.vague = true
			return r.add(Compound, lo, hi, text)
		case r.last == Street, r.last == County:
			if _, more := r.numberAt(r.skip(n.hi)); more {
				r.vague = true
				return r.add(Compound, lo, hi, text)
			}
			r.vague = true
			return r.add(Compound, lo, hi, text)
		}
		return r.add(Road, lo, hi, text)
	}
	word := vocab.Compounds.atEnd(text)
	r.vague = word == "" || runes(word) == 1 && r.last == Community && runes(text) <= 4 // 章家楼
	return r.add(Compound, lo, hi, text)
}

// runes counts characters, of a long text not all: enough for any name.
func runes(s string) int { return utf8.RuneCountInString(s[:min(len(s), 64)]) }

// settle looks at the whole once it is read: a shop behind the room that is the
// compound's name is taken for the compound, a village's number for the house.
func (r *reader) settle() {
	for i := range r.spans {
		p := &r.spans[i]
		if p.kind == Inside && !r.has[Compound] && vocab.Compounds.atEnd(p.value) != "" {
			p.kind = Compound
			r.has[Compound] = true
		}
	}
	slices.SortStableFunc(r.spans, func(a, b part) int { return a.lo - b.lo })
	r.house()
}

// house takes the number behind a village for its house, where it ends the place.
func (r *reader) house() {
	last := -1
	for i := range r.spans {
		switch r.spans[i].kind {
		case Name, Phone, IDNo, Rest, Repeated, Near:
		default:
			if p := &r.spans[i]; p.kind == RoadNo && last >= 0 && r.spans[last].villagers() && r.endsPlace(i) {
				p.kind = Room
			}
			last = i
		}
	}
}

// endsPlace reports whether nothing of the place follows the i-th part.
func (r *reader) endsPlace(i int) bool {
	return !slices.ContainsFunc(r.spans[i+1:], func(p part) bool {
		return p.kind != Name && p.kind != Phone && p.kind != IDNo && p.kind != Rest && p.kind != Repeated && p.kind != Near
	})
}
