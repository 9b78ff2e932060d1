package match

import (
	_ "embed"
	"encoding/json"
	"strings"
	"unicode"
	"unicode/utf8"

	"wangge/internal/grid"
)

//go:embed vocab/words.json
var wordsJSON []byte

var words = func() (w struct {
	AreaEnds []string          `json:"area_ends"`
	Lane     string            `json:"lane"`
	Number   string            `json:"number"`
	Phase    string            `json:"phase"`
	Numerals map[string]string `json:"numerals"`
	Numbered []string          `json:"numbered"`

	numeral *strings.Replacer
}) {
	if err := json.Unmarshal(wordsJSON, &w); err != nil {
		panic("match: vocab/words.json: " + err.Error())
	}
	var pairs []string
	for han, digit := range w.Numerals {
		for _, n := range w.Numbered {
			pairs = append(pairs, han+n, digit+n)
		}
	}
	w.numeral = strings.NewReplacer(pairs...)
	return w
}()

// nameKey is the form in which names of compounds and groups are compared:
// without punctuation and the word for a compound, phases in digits.
func nameKey(kind grid.Kind, name string) string {
	s := strings.Map(func(r rune) rune {
		if unicode.IsPunct(r) || unicode.IsSymbol(r) {
			return -1
		}
		return r
	}, name)
	s = words.numeral.Replace(grid.Normalise(kind, s))
	if kind == grid.Group {
		return areaKey(s)
	}
	return s
}

// areaKey is the form in which names of areas are compared: without the words
// that say what they are.
func areaKey(name string) string {
	for again := true; again; { // 上疃村村委会
		again = false
		for _, end := range words.AreaEnds {
			if rest, ok := strings.CutSuffix(name, end); ok && utf8.RuneCountInString(rest) >= 2 {
				name, again = rest, true
				break
			}
		}
	}
	return name
}

// labelKey is the form in which labels of buildings, units and doors are compared.
func labelKey(kind grid.Kind, label string) string {
	if n := len(label); n > 0 && n < 6 && label[0] != '0' && strings.Trim(label, "0123456789") == "" {
		return label
	}
	return grid.Normalise(kind, label)
}

// shorter lists the keys that miss one character of a name, itself included:
// two names with one in common differ in one character.
func shorter(key string) []string {
	out := []string{key}
	if utf8.RuneCountInString(key) < 3 {
		return out
	}
	for i, r := range key {
		out = append(out, key[:i]+key[i+utf8.RuneLen(r):])
	}
	return out
}
