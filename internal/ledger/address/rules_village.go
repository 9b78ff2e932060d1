package address

import (
	"strings"

	"wangge/internal/ledger/address/nation"
)

// village reads a community by the word that ends its name, or a natural village
// of the community before.
func (r *reader) village(lo, at, hi int) (Kind, int) {
	w := vocab.Villages.at(r.text[at:hi])
	if w == "" || r.has[Compound] || r.within() || r.has[Community] && r.last != Community {
		return None, 0
	}
	end := at + len(w)
	if w == vocab.Village {
		end += r.villageAgain(end) // 彭村村
	}
	switch {
	case !r.isVillage(lo, end, hi):
		return None, 0
	case r.has[Community] && w == vocab.Hamlet:
		return Group, end
	case r.has[Community]:
		r.vague = true
		return Compound, end // a natural village of the one before
	}
	return Community, end
}

// isVillage reports whether the text from lo to end is a community's name.
func (r *reader) isVillage(lo, end, hi int) bool {
	name := r.text[lo:end]
	for _, not := range vocab.NotVillages {
		if strings.HasSuffix(name, not) && !r.countryside(not, end) {
			return false
		}
	}
	return vocab.Committees.atEnd(name) != "" || vocab.NotAfterVillage.at(r.text[end:hi]) == ""
}

// countryside reports whether a name whose ending says compound in a city is a
// village here, right behind a town or township: the villages of a number (大陈二村)
// are, a new one (红晓新村) where its houses alone are numbered.
func (r *reader) countryside(ending string, end int) bool {
	if r.has[Community] || !r.inTown() {
		return false
	}
	if strings.HasPrefix(ending, vocab.New) {
		n, ok := r.numberAt(end)
		return ok && n.role == number && n.hi == len(strings.TrimRight(r.text, " "))
	}
	return vocab.Numbered.at(ending) != ""
}

// inTown reports whether a town or township stands right before, not a street.
func (r *reader) inTown() bool {
	if r.last != Street {
		return false
	}
	for i := len(r.spans) - 1; i >= 0; i-- {
		if p := r.spans[i]; p.kind == Street {
			return vocab.RuralTowns.atEnd(p.value) != ""
		}
	}
	return false
}

// hamlet reports whether a short name that nothing explains is a village: between
// a street and a group, or a numbered part of three characters' place (石刺头三区).
func (r *reader) hamlet(text string, n num) bool {
	if r.last != Street || r.has[Community] || vocab.Compounds.atEnd(text) != "" {
		return false
	}
	size := runes(text)
	return n.role == group && size <= 4 || n.role == zone && size == 3
}

// mayBeVillage reports whether a short name could be a village's: no word in it
// says that it is something else.
func (r *reader) mayBeVillage(text string) bool {
	return !r.has[Community] && runes(text) <= 3 && vocab.StrongCompounds.atEnd(text) == "" && vocab.Counties.atEnd(text) == ""
}

// gluedVillage gives where a village's name begins: before it may stand the town
// it belongs to, or another name where the nation's list has the village.
func (r *reader) gluedVillage(lo, at, end int) int {
	for n := 5; n >= 2; n-- {
		k := forth(r.text, lo, n)
		if k < at && runes(r.text[k:at]) >= 2 && (r.placeNamed(r.text[lo:k]) != nil || vocab.Zones.atEnd(r.text[lo:k]) != "") {
			return k
		}
	}
	for n := 2; n <= 8; n++ {
		if k := forth(r.text, lo, n); k < at && r.villageAt(k) == end {
			return k // 夹屿|双峰村
		}
	}
	for n := 4; n >= 2; n-- {
		if k := forth(r.text, lo, n); k < at && runes(r.text[k:at]) >= 2 && vocab.Villages.at(r.text[k:]) == "" && r.listed(lo, k) {
			return k // 文华|文源村
		}
	}
	return lo
}

// villageAgain gives how many bytes at i, behind a village's full name, still belong
// to it: the word village once more (彭村村), or its committee where more of the
// place follows (靠山村村委会黄土屯). At the end the committee is the place itself
// (乐一村|村委会).
func (r *reader) villageAgain(i int) int {
	w := vocab.Villages.at(r.text[i:])
	switch {
	case w == vocab.Village && vocab.OfVillage.at(r.text[i:]) == "":
		return len(w)
	case vocab.Committees.at(w) == "" || !strings.HasPrefix(w, vocab.Village):
		return 0
	}
	at := r.skip(i + len(w))
	if at == len(r.text) || firstRune(r.text[at:]) < 0x2E80 || vocab.Beside.at(r.text[at:]) != "" || vocab.Noise.at(r.text[at:]) != "" {
		return 0
	}
	return len(w)
}

// villageAt gives where the community at i ends that the nation's list has by its
// full name, of where the text is so far; i where none stands.
func (r *reader) villageAt(i int) int {
	if r.in == nil || r.in.Level < nation.County {
		return i
	}
	if _, size, full := nation.Get().CommunityAt(r.in, r.text[i:], false); full {
		return i + size
	}
	return i
}

// villagers reports whether a part is a community or a natural village.
func (p part) villagers() bool {
	return p.kind == Community || p.kind == Compound && strings.HasSuffix(p.value, vocab.Village) && vocab.StrongCompounds.atEnd(p.value) == ""
}
