package staff

import (
	"slices"
	"strings"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/relist"
	"wangge/internal/platform/seal"
)

// roleOf finds the role that a word names: its name in any language, a local
// name (alias) at the place, or a usual word. written is set where the word is
// not the role's own name and is worth keeping as the post's title.
func (v *vocabulary) roleOf(text, path string, aliases []grid.RoleAlias) (role grid.Role, written string, ok bool) {
	word := fold(text)
	for _, r := range grid.Roles() {
		for _, lang := range i18n.Langs() {
			if fold(i18n.T(lang, "grid.role."+string(r))) == word {
				return r, "", true
			}
		}
		if string(r) == word || path != "" && fold(grid.RoleName(i18n.ZH, aliases, r, path)) == word {
			return r, "", true
		}
	}
	for _, r := range sortedKeys(v.Roles) {
		if slices.ContainsFunc(v.Roles[r], func(w string) bool { return fold(w) == word }) {
			return grid.Role(r), strings.TrimSpace(text), true
		}
	}
	return "", "", false
}

// phoneOf reads a phone; "" with ok means that there is none.
func phoneOf(text string) (phone string, ok bool) {
	s := fold(text)
	if s == "" || slices.Contains(vocab.Whole, s) {
		return "", true
	}
	p := seal.NormPhone(s)
	return p, len(p) == 11 && p[0] == '1' || len(p) >= 7 && len(p) <= 12 && p[0] == '0'
}

// dayOf reads a date written in any usual way, or kept as a serial number; ""
// with ok means that none is given.
func dayOf(text string) (t time.Time, given, ok bool) {
	s := fold(text)
	if s == "" || slices.Contains(vocab.Open, s) {
		return t, false, true
	}
	t, ok = relist.Day(s)
	return t, true, ok
}

// span is one item of a list of labels: a single label, or a range of them.
type span struct{ from, to string }

// spans cuts "1-3、5" into its items; none where the text says "all" or nothing.
func (v *vocabulary) spans(text string) []span {
	s := strings.TrimSpace(text)
	if slices.Contains(v.Whole, fold(s)) {
		return nil
	}
	for _, sep := range v.Separators {
		s = strings.ReplaceAll(s, sep, "\n")
	}
	var out []span
	for _, item := range strings.Split(s, "\n") {
		item = fold(item)
		for _, r := range v.Ranges {
			item = strings.ReplaceAll(item, r, "-")
		}
		if item == "" {
			continue
		}
		from, to, ranged := strings.Cut(item, "-")
		if !ranged || from == "" || to == "" {
			out = append(out, span{item, ""})
			continue
		}
		out = append(out, span{from, to})
	}
	return out
}

// picked returns the labels of a kind that an item means, by index into names;
// none where a label, or an end of a range, is not there.
func (sp span) picked(kind grid.Kind, names []string) []int {
	norm := make([]string, len(names))
	for i, n := range names {
		norm[i] = grid.Normalise(kind, n)
	}
	if sp.to == "" {
		if i := slices.Index(norm, grid.Normalise(kind, sp.from)); i >= 0 {
			return []int{i}
		}
		return nil
	}
	// "3-2" may be a label of its own
	if i := slices.Index(norm, grid.Normalise(kind, sp.from+"-"+sp.to)); i >= 0 {
		return []int{i}
	}
	lo, hi := grid.Normalise(kind, sp.from), grid.Normalise(kind, sp.to)
	if !slices.Contains(norm, lo) || !slices.Contains(norm, hi) {
		return nil
	}
	var out []int
	for i, n := range norm {
		if grid.CompareLabels(lo, n) <= 0 && grid.CompareLabels(n, hi) <= 0 {
			out = append(out, i)
		}
	}
	return out
}

// bareArea is an area's name without the word for what it is.
func (v *vocabulary) bareArea(name string) string {
	s := fold(name)
	for _, suf := range v.AreaSuffixes {
		if rest, ok := strings.CutSuffix(s, suf); ok && rest != "" {
			return rest
		}
	}
	return s
}
