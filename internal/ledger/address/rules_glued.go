package address

import (
	"strings"
	"unicode/utf8"

	"wangge/internal/ledger/address/nation"
)

// glued gives where in the text from lo the name begins that the word at at
// ends: names of places stand before it without a sign between them (临平|五洲路,
// 公明|合水口村). lo where it is one name.
func (r *reader) glued(kind Kind, lo, at, end int) int {
	switch kind {
	case Road:
		return r.gluedRoad(lo, at)
	case Street:
		return r.gluedTown(lo, end)
	case Community:
		return r.gluedVillage(lo, at, end)
	}
	return lo
}

// gluedRoad: a road's name has two or three characters before its direction
// (文渊北路, 莫干山路), seldom more.
func (r *reader) gluedRoad(lo, at int) int {
	if strings.HasSuffix(r.text[lo:at], vocab.Number) {
		k := at - len(vocab.Number)
		for k > lo && alnum(r.text[k-1]) {
			k--
		}
		if k < at-len(vocab.Number) && runes(r.text[lo:k]) >= 2 {
			return k // 下沙12号大街
		}
		return lo
	}
	core := r.core(lo, at)
	n := runes(r.text[lo:core])
	if n < 4 {
		return lo
	}
	if w := vocab.StrongCompounds.within(r.text[lo:core]); w > 0 && core-lo-w >= 6 {
		return lo + w
	}
	if k := back(r.text, core, 3); n > 4 && (r.placeNamed(r.text[lo:k]) != nil || strings.Contains(vocab.RoadPlaces, r.text[back(r.text, core, 1):core])) {
		if strings.HasPrefix(r.text[k:], vocab.District) {
			k += len(vocab.District) // 农发区|之江路
		}
		return k // 莫干山路
	}
	return back(r.text, core, 2)
}

// core gives where the directions and numbers behind a road's own name begin.
func (r *reader) core(lo, at int) int {
	for at > lo {
		c, w := utf8.DecodeLastRuneInString(r.text[lo:at])
		if c < utf8.RuneSelf {
			return lo // 滨海12路
		}
		if !strings.ContainsRune(vocab.RoadTails, c) {
			break
		}
		at -= w
	}
	return at
}

// gluedTown: before a town of the national list may stand anything.
func (r *reader) gluedTown(lo, end int) int {
	for k := forth(r.text, lo, 2); back(r.text, end, 3) >= k && k < end; k = forth(r.text, k, 1) {
		for _, a := range nation.Get().Named(r.text[k:end]) {
			if a.Level == nation.Street && a.Name == r.text[k:end] && (r.in == nil || a.Within(r.in)) {
				return k
			}
		}
	}
	return lo
}

// placeNamed gives the county or street that a text names here, in full or
// short: one of where the text is so far, or of the same city; where nothing is
// known yet, one that alone bears a telling name.
func (r *reader) placeNamed(text string) *nation.Area {
	var found *nation.Area
	for _, a := range nation.Get().Named(text) {
		if a.Level < nation.County || r.has[Street] && a.Level == nation.Street {
			continue
		}
		if r.in == nil && !a.Telling() || r.in != nil && !a.Within(r.in) && (len(r.in.Code) < 4 || a.Code[:4] != r.in.Code[:4]) {
			continue
		}
		if found != nil {
			return nil
		}
		found = a
	}
	return found
}

// addGlued notes the name that stands without a sign before one of another kind.
func (r *reader) addGlued(before Kind, lo, hi int) int {
	text := r.text[lo:hi]
	switch a := r.placeNamed(text); {
	case a != nil:
		if r.in == nil || a.Within(r.in) {
			r.in = a
		}
		if kind := levelKinds[a.Level]; !r.has[kind] {
			return r.add(kind, lo, hi, text)
		}
		return r.add(Street, lo, hi, text) // a town that became a county
	case runes(text) == 1:
		return r.add(Repeated, lo, hi, "")
	case vocab.Zones.atEnd(text) != "":
		return r.add(Zone, lo, hi, text)
	case vocab.Villages.atEnd(text) != "" && !r.has[Community]:
		return r.add(Community, lo, hi, text)
	case vocab.Compounds.atEnd(text) != "" && runes(text) > 2 || r.has[Compound]:
		return r.add(Compound, lo, hi, text)
	case !r.has[Street] && !r.has[Community]:
		return r.add(Street, lo, hi, text)
	case before == Community && r.villageAt(hi) > hi:
		return r.add(Rest, lo, hi, text) // 夹屿|双峰村
	case !r.has[Community] && r.listed(lo, hi):
		return r.add(Community, lo, hi, text)
	case before == Road && r.last == Street && r.mayBeVillage(text):
		return r.add(Community, lo, hi, text) // 莘塍镇|周田|人民路
	}
	return r.add(Compound, lo, hi, text)
}

// listed reports whether the text between lo and hi is a community of where the
// text is so far.
func (r *reader) listed(lo, hi int) bool {
	if r.in == nil || r.in.Level < nation.County {
		return false
	}
	_, size, _ := nation.Get().CommunityAt(r.in, r.text[lo:hi], true)
	return size == hi-lo
}

// back gives where the n characters before i begin.
func back(s string, i, n int) int {
	for ; n > 0 && i > 0; n-- {
		_, w := utf8.DecodeLastRuneInString(s[:i])
		i -= w
	}
	return i
}

// forth gives where the n characters from i end.
func forth(s string, i, n int) int {
	for ; n > 0 && i < len(s); n-- {
		_, w := utf8.DecodeRuneInString(s[i:])
		i += w
	}
	return i
}
