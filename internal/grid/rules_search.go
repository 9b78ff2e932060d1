package grid

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// maxLabel is the longest text taken for the label of a room, in characters;
// what is longer is a phone or an identity number.
const maxLabel = 8

// landmark is a place that is no door, as the search reads it. The list is sorted
// by path, so what stands above comes before what stands below.
type landmark struct {
	Place
	up    int      // index of the place above; -1: none in the list
	name  string   // folded
	alias string   // folded, with commas
	codes []string // the present one and former ones
	label string   // normalised, for kinds that have labels
	forms []string // how an address begins with it, folded, longest first
}

func newLandmark(p Place, up int) landmark {
	n := landmark{Place: p, up: up, name: fold(p.Name), alias: fold(p.Alias)}
	if !p.Kind.IsArea() && p.Kind != Compound && p.Kind != Point {
		n.label = Normalise(p.Kind, p.Name)
	}
	for _, f := range append(strings.Split(n.alias, ","), n.name) {
		if f != "" && (n.label == "" || !labelLike(Normalise(p.Kind, f))) {
			n.forms = append(n.forms, f)
		}
	}
	for _, f := range slices.Clone(n.forms) {
		for _, suffix := range labels.AreaSuffixes {
			if short, cut := strings.CutSuffix(f, suffix); cut && p.Kind.IsArea() && utf8.RuneCountInString(short) > 2 {
				n.forms = append(n.forms, short)
			}
		}
		if short := Normalise(Compound, f); p.Kind == Compound && short != f {
			n.forms = append(n.forms, short)
		}
	}
	slices.SortFunc(n.forms, func(a, b string) int { return len(b) - len(a) })
	return n
}

// fold makes texts comparable: half-width, upper case, without blanks.
func fold(s string) string { return strings.ToUpper(strings.Map(foldRune, s)) }

// foldQuery is fold for what somebody typed: words keep a dash between them.
func foldQuery(s string) string { return fold(strings.Join(strings.Fields(s), "-")) }

// after cuts what a place is called off the front of an address; ok is false
// where the address does not begin with it.
func (n *landmark) after(rest string) (tail string, ok bool) {
	if n.label != "" {
		if h := headOf(rest); h.label != "" && h.fits(n.Kind) && Normalise(n.Kind, h.label) == n.label {
			return h.tail, true
		}
	}
	for _, f := range n.forms {
		if tail, ok := strings.CutPrefix(rest, f); ok {
			return n.cutWord(tail), true
		}
	}
	return "", false
}

// cutWord cuts off the kind's word that somebody added to a compound's name.
func (n *landmark) cutWord(tail string) string {
	if n.Kind == Compound {
		for _, w := range labels.CompoundSuffixes {
			tail = strings.TrimPrefix(tail, w)
		}
	}
	return strings.TrimLeft(tail, "-")
}

// answers reports how well a place answers the text: 0 not at all, 1 in part,
// 2 from its beginning, 3 wholly.
func (n *landmark) answers(text string) int {
	if text == "" {
		return 0
	}
	if tail, ok := n.after(text); ok && tail == "" {
		return 3
	}
	switch {
	case n.label != "" && labelLike(n.label):
		return 0
	case strings.HasPrefix(n.name, text), len(text) >= 6 && slices.ContainsFunc(n.codes, func(c string) bool { return strings.HasPrefix(c, text) }):
		return 2
	case strings.Contains(n.name, text), strings.Contains(n.alias, text):
		return 1
	}
	return 0
}

// head is the label an address begins with, the word behind it and the rest:
// "3", "号楼" and "2单元501" of "3号楼2单元501".
type head struct {
	label, word, tail string
}

func headOf(s string) head {
	for _, p := range labels.Prefixes {
		s = strings.TrimPrefix(s, p)
	}
	n := strings.IndexFunc(s, func(r rune) bool { return !asciiLabel(r) })
	if n < 0 {
		n = len(s)
	}
	if n == 0 {
		n = strings.IndexFunc(s, func(r rune) bool { return !numeral(r) })
		if n < 0 {
			n = len(s)
		}
	}
	h := head{label: s[:n], tail: s[n:]}
	for _, w := range labels.words {
		if tail, ok := strings.CutPrefix(h.tail, w); ok {
			h.word, h.tail = w, tail
			break
		}
	}
	h.tail = strings.TrimLeft(h.tail, "-")
	return h
}

// fits reports whether the word behind the label may stand for a place of the
// kind; a label without a word fits all.
func (h head) fits(k Kind) bool { return h.word == "" || slices.Contains(labels.suffixes(k), h.word) }

func asciiLabel(r rune) bool { return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' }

func numeral(r rune) bool {
	_, digit := labels.Numerals[string(r)]
	return digit || string(r) == labels.Ten || string(r) == labels.Hundred
}

// doorLabel reads the end of an address as the label of a door; empty where it
// is none.
func doorLabel(rest string) string {
	l := Normalise(Door, rest)
	if l == "" || utf8.RuneCountInString(l) > maxLabel || !strings.ContainsFunc(l, func(r rune) bool { return r >= '0' && r <= '9' }) || !labelLike(l) {
		return ""
	}
	return l
}

// addresses reads a text as addresses down the tree: what is left of it at
// each place, when the names on the way there have been cut off. The whole
// text is always among what is left, because an address may begin anywhere.
type addresses struct {
	text string
	left [][]string // by index of the place; the whole text is not repeated
}

func readAddresses(list []landmark, text string) addresses {
	a := addresses{text: text, left: make([][]string, len(list))}
	for i := range list {
		n := &list[i]
		above := a.above(n)
		a.left[i] = above
		for _, rest := range append([]string{text}, above...) {
			if tail, ok := n.after(rest); ok && !slices.Contains(a.left[i], tail) {
				a.left[i] = append(slices.Clone(a.left[i]), tail)
			}
		}
	}
	return a
}

// above is what is left of the text where a place begins, the whole text left out.
func (a addresses) above(n *landmark) []string {
	if n.up < 0 {
		return nil
	}
	return a.left[n.up]
}

// answers reports how well a place answers the text or what is left of it; what is
// left counts more, because more of the text was understood.
func (a addresses) answers(n *landmark) int {
	best := n.answers(a.text)
	for _, rest := range a.above(n) {
		if s := n.answers(rest); s > 0 {
			best = max(best, s+3)
		}
	}
	return best
}
