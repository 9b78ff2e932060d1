package roster

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode/utf8"

	"wangge/internal/platform/sheet"
)

// foldHeader reduces a header's text to its bare words: no spaces, line ends,
// marks, or remarks in brackets.
func (v *vocabulary) foldHeader(s string) string {
	s = strings.ToLower(squeeze(s))
	out := v.strip.Replace(sheet.DropBrackets(s))
	if out == "" {
		out = v.strip.Replace(s)
	}
	return out
}

// matchHeader finds the key a header text stands for; strength 3 for a known
// spelling, 2 for a known part of it, 0 for none.
func (v *vocabulary) matchHeader(text string) (key string, strength int) {
	h := v.foldHeader(text)
	if h == "" || utf8.RuneCountInString(h) > 24 {
		return "", 0
	}
	if k, ok := v.exact[h]; ok {
		return k, 3
	}
	if base := baseOf(h); base != h && base != "" {
		h = base
		if k, ok := v.exact[h]; ok {
			return k, 3
		}
	}
	if _, ok := v.member[h]; ok {
		return Name, 2
	}
	if utf8.RuneCountInString(h) > 14 || strings.ContainsAny(h, "0123456789") {
		return "", 0
	}
	if hasAny(h, v.parts[0]) {
		return other, 2
	}
	if hasAny(h, v.parts[1]) {
		return alien, 2
	}
	for _, c := range v.contains {
		if strings.Contains(h, c.part) && utf8.RuneCountInString(h) <= utf8.RuneCountInString(c.part)+8 {
			return c.key, 2
		}
	}
	return "", 0
}

// baseOf drops the number of a repeated header, as in "name 2".
func baseOf(folded string) string {
	if folded != "" && folded[0] >= '0' && folded[0] <= '9' {
		return folded
	}
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, folded)
}

// MappingKey returns a stable fingerprint of a header: the same columns in the
// same order give the same key whatever their spacing, brackets and marks, so
// that a correction is remembered for the source it came from.
func MappingKey(headers []string) string {
	v := vocab()
	folded := make([]string, len(headers))
	for i, h := range headers {
		folded[i] = v.foldHeader(h)
	}
	n := len(folded)
	for n > 0 && folded[n-1] == "" {
		n--
	}
	sum := sha256.Sum256([]byte(strings.Join(folded[:n], "\x1f")))
	return hex.EncodeToString(sum[:12])
}

// bufRow is a row kept while the columns are being found.
type bufRow struct {
	n     int
	cells []sheet.Cell
}

func (r bufRow) text(c int) string {
	if c >= len(r.cells) {
		return ""
	}
	return tidy(r.cells[c].String())
}

func (r bufRow) own(c int) bool {
	return c < len(r.cells) && !r.cells[c].Blank() && !r.cells[c].Copied()
}

// header is what was found above the data.
type header struct {
	first, last int // indexes into the buffered rows; last is -1 if there is none
	labels      []string
}

const headerDepth = 30

// findHeader looks for the header among the first rows; titled says that the
// first row is one.
func (v *vocabulary) findHeader(rows []bufRow, titled bool) header {
	best, bestScore, firm := header{first: -1, last: -1}, 0, false
	depth := headerDepth
	if titled {
		depth = 1
	}
	for i := 0; i < len(rows) && i < depth; i++ {
		labels := oneRow(rows[i])
		score, ok := v.scoreLabels(labels)
		h := header{first: i, last: i, labels: labels}
		if i+1 < len(rows) && !firm {
			if two, s := v.twoRows(rows[i], rows[i+1]); s > score {
				if _, plain := v.scoreLabels(oneRow(rows[i])); plain || len(two) > 0 {
					score, ok = s, true
					h = header{first: i, last: i + 1, labels: two}
				}
			}
		}
		if ok && score > bestScore && !firm {
			best, bestScore = h, score
			firm = v.firm(h.labels)
		}
	}
	for best.last >= 0 && best.last+1 < len(rows) && v.belowHeader(&best, rows[best.last+1]) {
		best.last++
	}
	return best
}

// firm reports labels that are a roster's header beyond doubt: nearly all are
// known, and they name a person and a door. What follows is data, even if a
// second table further down has more labels.
func (v *vocabulary) firm(labels []string) bool {
	filled, known, person, door := 0, 0, false, false
	for _, l := range labels {
		if l == "" {
			continue
		}
		filled++
		k, strength := v.matchHeader(l)
		if strength == 0 {
			continue
		}
		known++
		person = person || k == Name || k == Head
		door = door || k == Room || k == Building || k == Address || k == Group || k == Unit
	}
	return known >= 3 && known*4 >= filled*3 && person && door
}

// belowHeader reports a row that belongs to the header above it: merged cells
// of the header reach down into it. Its own cells refine the labels.
func (v *vocabulary) belowHeader(h *header, r bufRow) bool {
	if onlyFromAbove(r) {
		return true
	}
	reached := false
	for c, x := range r.cells {
		reached = reached || x.FromAbove() && c < len(h.labels) && h.labels[c] != "" && r.text(c) == h.labels[c]
	}
	if !reached {
		return false
	}
	title := ""
	for c := range r.cells {
		if c < len(h.labels) && h.labels[c] != "" {
			title = h.labels[c]
		}
		if !r.own(c) {
			continue
		}
		for len(h.labels) <= c {
			h.labels = append(h.labels, "")
		}
		h.labels[c] = v.joinLabels(title, r.text(c))
	}
	return true
}

// joinLabels finds the label of a column below a group title. Parts of a head
// count and names that stand under several titles need both.
func (v *vocabulary) joinLabels(title, label string) string {
	if k, s := v.matchHeader(title); s == 3 && k == Persons {
		return label + title
	}
	if _, s := v.matchHeader(label); s > 0 {
		return label
	}
	if k, s := v.matchHeader(title + label); s > 0 && k != other {
		return title + label
	}
	return label
}

// oneRow takes a row's cells as labels; copies across a merged title count once.
func oneRow(r bufRow) []string {
	labels := make([]string, len(r.cells))
	for c := range r.cells {
		if !r.cells[c].FromLeft() {
			labels[c] = r.text(c)
		}
	}
	return labels
}

// onlyFromAbove reports a row that is nothing but the lower half of merged cells.
func onlyFromAbove(r bufRow) bool {
	some := false
	for _, c := range r.cells {
		if c.Blank() {
			continue
		}
		if !c.Copied() || c.FromLeft() && !c.FromAbove() {
			return false
		}
		some = true
	}
	return some
}

// scoreLabels weighs how much a row looks like a header. At least two labels
// must be known, and most of the filled cells must be.
func (v *vocabulary) scoreLabels(labels []string) (int, bool) {
	keys := map[string]bool{}
	filled, known, score := 0, 0, 0
	for _, l := range labels {
		if l == "" {
			continue
		}
		filled++
		k, strength := v.matchHeader(l)
		if strength == 0 {
			continue
		}
		known++
		switch {
		case k == other || k == alien:
			score++
		case !keys[k]:
			score += strength
		}
		keys[k] = true
	}
	ok := known >= 2 && known*5 >= filled*2 || known == 1 && filled == 1 && score == 3 && len(labels) <= 2
	return score, ok
}

// twoRows joins a row of group titles with the row of labels below it. The
// score is 0 unless both rows take part and the lower one holds only labels.
func (v *vocabulary) twoRows(top, bottom bufRow) ([]string, int) {
	n := max(len(top.cells), len(bottom.cells))
	labels := make([]string, n)
	own, known, fromTop := 0, 0, 0
	for c := range n {
		t, b := top.text(c), ""
		if bottom.own(c) {
			b = bottom.text(c)
			own++
		}
		switch {
		case b == "":
			if c < len(top.cells) && !top.cells[c].FromLeft() {
				labels[c] = t
				if _, s := v.matchHeader(t); s > 0 {
					fromTop++
				}
			}
		default:
			labels[c] = v.joinLabels(t, b)
			if _, s := v.matchHeader(labels[c]); s > 0 {
				known++
			}
		}
	}
	v.tellApart(labels, top)
	if own < 2 || known < 2 || known*3 < own*2 || fromTop == 0 {
		return nil, 0
	}
	score, _ := v.scoreLabels(labels)
	return labels, score
}

// tellApart puts the group's title before a label that stands under several.
func (v *vocabulary) tellApart(labels []string, top bufRow) {
	seen := map[string]int{}
	for _, l := range labels {
		seen[l]++
	}
	for c, l := range labels {
		if t := top.text(c); l != "" && seen[l] > 1 && t != l {
			if _, s := v.matchHeader(t + l); s > 0 {
				labels[c] = t + l
			}
		}
	}
}
