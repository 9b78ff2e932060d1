package divisions

import (
	"cmp"
	"slices"
	"strings"
)

// ChangeKind says what became of an area between two lists.
type ChangeKind string

// The kinds of changes.
const (
	Added   ChangeKind = "added"
	Renamed ChangeKind = "renamed" // same code, another name
	Recoded ChangeKind = "recoded" // another code under the same parent (which may be recoded itself)
	Moved   ChangeKind = "moved"   // another code, under another parent
	Removed ChangeKind = "removed"
)

// Change is one difference between two lists. Old is empty for an added area,
// New for a removed one.
type Change struct {
	Kind     ChangeKind
	Old, New Area
}

// Diff compares two lists of the same counties. An area that keeps its code is
// the same area, unless another area got its code: its name then stands at
// another code that is new or has changed hands too. Of the rest, those whose
// name stands once in either list (at the same level of the same county) are
// taken for the same area under another code: first by the whole name, then
// without the words for its kind. Names that stand several times are told apart
// by their street or the end of their code, or not at all. Changes come in the
// order of the levels, then of the codes.
func Diff(old, list []Area) []Change {
	d := differ{was: index(old), is: index(list), to: map[string]string{}}
	reused := d.reused(list)
	var gone, fresh []Area
	for _, a := range old {
		if n, kept := d.is[a.Code]; !kept || n.Level != a.Level || reused[a.Code] {
			gone = append(gone, a)
		} else {
			d.to[a.Code] = a.Code
		}
	}
	for _, a := range list {
		if o, known := d.was[a.Code]; !known || o.Level != a.Level || reused[a.Code] {
			fresh = append(fresh, a)
		}
	}
	for _, key := range []func(Area) string{func(a Area) string { return a.Name }, func(a Area) string { return Stem(a.Name) }} {
		gone, fresh = d.match(gone, fresh, key)
	}
	return d.changes(old, fresh)
}

// reused finds the codes that another area bears now: the name changed to one
// that is not alike, and the former name stands at a code that is new or has
// changed its name as well.
func (d differ) reused(list []Area) map[string]bool {
	other := func(code string) bool {
		was, known := d.was[code]
		return !known || Alike(was.Name, d.is[code].Name) < 0.5
	}
	at := group(list, func(a Area) string { return a.Name })
	out := map[string]bool{}
	for code, was := range d.was {
		if _, kept := d.is[code]; !kept || !other(code) {
			continue
		}
		now := at[nameKey{code[:6], was.Level, was.Name}]
		out[code] = len(now) == 1 && now[0].Code != code && other(now[0].Code)
	}
	return out
}

type differ struct {
	was, is map[string]Area
	to      map[string]string // old code → new code
}

func index(list []Area) map[string]Area {
	out := make(map[string]Area, len(list))
	for _, a := range list {
		out[a.Code] = a
	}
	return out
}

// nameKey is what recoded areas are found by.
type nameKey struct {
	county string
	level  Level
	name   string
}

func group(list []Area, key func(Area) string) map[nameKey][]Area {
	out := map[nameKey][]Area{}
	for _, a := range list {
		k := nameKey{a.Code[:6], a.Level, key(a)}
		out[k] = append(out[k], a)
	}
	return out
}

// match pairs what is gone with what is new by name, and returns the rest.
func (d differ) match(gone, fresh []Area, key func(Area) string) ([]Area, []Area) {
	taken := map[string]bool{}
	news := group(fresh, key)
	for k, olds := range group(gone, key) {
		for _, o := range olds {
			if n, ok := theOne(o, news[k], len(olds) == 1, taken); ok {
				d.to[o.Code], taken[n.Code] = n.Code, true
			}
		}
	}
	gone = slices.DeleteFunc(slices.Clone(gone), func(a Area) bool { return d.to[a.Code] != "" })
	fresh = slices.DeleteFunc(slices.Clone(fresh), func(a Area) bool { return taken[a.Code] })
	return gone, fresh
}

// theOne picks the new area of the same name: the only one, else the only one
// in the same street, else the only one whose code ends alike.
func theOne(o Area, news []Area, alone bool, taken map[string]bool) (Area, bool) {
	news = slices.DeleteFunc(slices.Clone(news), func(n Area) bool { return taken[n.Code] })
	if alone && len(news) == 1 {
		return news[0], true
	}
	for _, same := range []func(Area) bool{
		func(n Area) bool { return n.Code[:9] == o.Code[:9] },
		func(n Area) bool { return n.Code[9:] == o.Code[9:] },
	} {
		var found []Area
		for _, n := range news {
			if same(n) {
				found = append(found, n)
			}
		}
		if len(found) == 1 {
			return found[0], true
		}
	}
	return Area{}, false
}

func (d differ) changes(old, added []Area) []Change {
	var out []Change
	for _, a := range old {
		n, kept := d.is[d.to[a.Code]]
		switch {
		case !kept:
			out = append(out, Change{Kind: Removed, Old: a})
		case n.Code != a.Code && d.to[a.Parent] != n.Parent:
			out = append(out, Change{Moved, a, n})
		case n.Code != a.Code:
			out = append(out, Change{Recoded, a, n})
		case n.Name != a.Name:
			out = append(out, Change{Renamed, a, n})
		}
	}
	for _, a := range added {
		out = append(out, Change{Kind: Added, New: a})
	}
	slices.SortStableFunc(out, func(a, b Change) int {
		return cmp.Or(a.level()-b.level(), strings.Compare(a.code(), b.code()))
	})
	return out
}

func (c Change) level() int { return max(c.Old.Level.Rank(), c.New.Level.Rank()) }

func (c Change) code() string { return cmp.Or(c.New.Code, c.Old.Code) }

// Stem is an area's name without the words for what it is.
func Stem(name string) string {
	for _, s := range words.kinds {
		if stem, ok := strings.CutSuffix(name, s); ok && stem != "" {
			return stem
		}
	}
	return name
}

// Alike reports how alike two names are, from 0 to 1: the share of pairs of
// neighbouring characters that they have in common, without the words for
// their kinds (上疃村村委会 and 上疃村 are alike).
func Alike(a, b string) float64 {
	pa, pb := pairs(Stem(Stem(a))), pairs(Stem(Stem(b)))
	if len(pa)+len(pb) == 0 {
		return 0
	}
	common := 0
	for p := range pa {
		if pb[p] {
			common++
		}
	}
	return 2 * float64(common) / float64(len(pa)+len(pb))
}

// pairs are a name's pairs of neighbouring characters and its first character,
// so that names of one character can be compared too.
func pairs(s string) map[[2]rune]bool {
	out := map[[2]rune]bool{}
	last := rune(0)
	for _, r := range s {
		out[[2]rune{last, r}] = true
		last = r
	}
	return out
}
