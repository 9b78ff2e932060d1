package grid

import (
	_ "embed"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

//go:embed vocab/labels.json
var labelsJSON []byte

type labelWords struct {
	Numerals         map[string]int `json:"numerals"`
	Ten              string         `json:"ten"`
	Hundred          string         `json:"hundred"`
	Stems            string         `json:"stems"`
	Prefixes         []string       `json:"prefixes"`
	CompoundSuffixes []string       `json:"compound_suffixes"`
	BuildingSuffixes []string       `json:"building_suffixes"`
	UnitSuffixes     []string       `json:"unit_suffixes"`
	RoomSuffixes     []string       `json:"room_suffixes"`
	GroupSuffixes    []string       `json:"group_suffixes"`
	RowSuffixes      []string       `json:"row_suffixes"`
	AreaSuffixes     []string       `json:"area_suffixes"`

	words []string // all that may stand behind a label, longest first
}

var labels = func() labelWords {
	var w labelWords
	if err := json.Unmarshal(labelsJSON, &w); err != nil {
		panic("grid: vocab/labels.json: " + err.Error())
	}
	for _, k := range []Kind{Building, Unit, Door, Group, Row} {
		w.words = append(w.words, w.suffixes(k)...)
	}
	slices.SortStableFunc(w.words, func(a, b string) int { return len(b) - len(a) })
	return w
}()

func (w labelWords) suffixes(k Kind) []string {
	switch k {
	case Compound:
		return w.CompoundSuffixes
	case Building:
		return w.BuildingSuffixes
	case Unit:
		return w.UnitSuffixes
	case Door:
		return w.RoomSuffixes
	case Group:
		return w.GroupSuffixes
	case Row:
		return w.RowSuffixes
	}
	return nil
}

// Normalise returns the form in which labels of one kind are compared and
// kept: full-width to ASCII, no blanks, upper case, Han numerals as digits,
// without leading zeros and without the kind's word ("3号楼", "三栋" and "03"
// are all "3"; a compound loses 小区). A label that is only the word stays.
func Normalise(k Kind, label string) string {
	s := strings.Map(foldRune, label)
	s = strings.ToUpper(s)
	for _, p := range labels.Prefixes {
		if rest, ok := strings.CutPrefix(s, p); ok && rest != "" {
			s = rest
		}
	}
	for _, suf := range labels.suffixes(k) {
		if rest, ok := strings.CutSuffix(s, suf); ok && rest != "" && (k == Compound || k == Group || labelLike(rest)) {
			s = rest
			break
		}
	}
	if k == Compound {
		return s
	}
	if n, ok := hanNumber(s); ok {
		s = strconv.Itoa(n)
	}
	if digitsOnly(s) {
		if t := strings.TrimLeft(s, "0"); t != "" {
			s = t
		}
	}
	return s
}

// labelLike reports whether a label without its kind's word is still a label
// (a number, letters, a stem) and not a name that the word is part of.
func labelLike(s string) bool {
	if _, ok := hanNumber(s); ok {
		return true
	}
	if utf8.RuneCountInString(s) == 1 && strings.Contains(labels.Stems, s) {
		return true
	}
	return strings.IndexFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) < 0
}

func foldRune(r rune) rune {
	switch {
	case r == 0x3000 || unicode.IsSpace(r):
		return -1
	case r >= 0xFF01 && r <= 0xFF5E:
		return r - 0xFF01 + '!'
	case r == 0x2014 || r == 0x2013 || r == 0x2212:
		return '-'
	}
	return r
}

func digitsOnly(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// hanNumber reads a Han numeral below a thousand (二十三, 一百零五) or one spelled
// digit by digit (三〇二).
func hanNumber(s string) (int, bool) {
	if s == "" || digitsOnly(s) {
		return 0, false
	}
	total, digit, spelled, units := 0, -1, 0, false
	for _, r := range s {
		c := string(r)
		switch v, isDigit := labels.Numerals[c]; {
		case isDigit:
			digit = v
			spelled = spelled*10 + v
		case c == labels.Ten, c == labels.Hundred:
			units = true
			if digit < 0 {
				digit = 1
			}
			total += digit * map[string]int{labels.Ten: 10, labels.Hundred: 100}[c]
			digit = -1
		default:
			return 0, false
		}
	}
	if !units {
		return spelled, true
	}
	return total + max(digit, 0), true
}

// FloorOf infers the floor from a room's label: "302" is 3, "1203" is 12,
// "0302" is 3; 0 where the label does not say.
func FloorOf(room string) int {
	s := Normalise(Door, room)
	if !digitsOnly(s) || len(s) < 3 || len(s) > 4 {
		return 0
	}
	n, _ := strconv.Atoi(s[:len(s)-2])
	return n
}

// sortKey splits a normalised label into text and numbers, so that 2 comes
// before 10 and A2 before A10.
func sortKey(label string) []string {
	var parts []string
	for i := 0; i < len(label); {
		j := i
		digit := label[i] >= '0' && label[i] <= '9'
		for j < len(label) && (label[j] >= '0' && label[j] <= '9') == digit {
			j++
		}
		p := label[i:j]
		if digit {
			p = strings.TrimLeft(p, "0")
			p = strconv.Itoa(len(p)+10) + p // longer numbers are larger
		} else if i := strings.Index(labels.Stems, p); i >= 0 {
			p = "~" + strconv.Itoa(10+i)
		}
		parts = append(parts, p)
		i = j
	}
	return parts
}

// CompareLabels orders normalised labels as a person walks: by number first,
// then by what follows it.
func CompareLabels(a, b string) int {
	if a == b {
		return 0
	}
	if c := slices.Compare(sortKey(a), sortKey(b)); c != 0 {
		return c
	}
	return strings.Compare(a, b)
}
