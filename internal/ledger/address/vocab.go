package address

import (
	_ "embed"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

//go:embed vocab/words.json
var wordsJSON []byte

// list holds words by their first and by their last character, longest first.
type list struct {
	first, last map[rune][]string
	begins      marks
}

// marks tells of a character whether it can be one of a set, mostly.
type marks [8]uint64

func (m *marks) set(c rune)      { m[c>>6&7] |= 1 << (c & 63) }
func (m *marks) has(c rune) bool { return m[c>>6&7]&(1<<(c&63)) != 0 }

func newList(words []string) list {
	l := list{first: map[rune][]string{}, last: map[rune][]string{}}
	for _, w := range words {
		c, _ := utf8.DecodeRuneInString(w)
		l.first[c] = append(l.first[c], w)
		l.begins.set(c)
		c, _ = utf8.DecodeLastRuneInString(w)
		l.last[c] = append(l.last[c], w)
	}
	for _, m := range []map[rune][]string{l.first, l.last} {
		for _, ws := range m {
			slices.SortStableFunc(ws, func(a, b string) int { return len(b) - len(a) })
		}
	}
	return l
}

// at gives the longest word that s begins with.
func (l *list) at(s string) string {
	c, _ := utf8.DecodeRuneInString(s)
	if !l.begins.has(c) {
		return ""
	}
	for _, w := range l.first[c] {
		if strings.HasPrefix(s, w) {
			return w
		}
	}
	return ""
}

// atEnd gives the longest word that s ends with.
func (l *list) atEnd(s string) string {
	c, _ := utf8.DecodeLastRuneInString(s)
	for _, w := range l.last[c] {
		if strings.HasSuffix(s, w) {
			return w
		}
	}
	return ""
}

// within gives where the first of the words in s ends; 0 where there is none.
func (l *list) within(s string) int {
	for i := range s {
		if w := l.at(s[i:]); w != "" {
			return i + len(w)
		}
	}
	return 0
}

// UnmarshalJSON reads a list of words.
func (l *list) UnmarshalJSON(b []byte) error {
	var words []string
	if err := json.Unmarshal(b, &words); err != nil {
		return err
	}
	*l = newList(words)
	return nil
}

type wordFile struct {
	Fold            map[string]string   `json:"fold"`
	LikeDash        string              `json:"like_dash"`
	Numerals        map[string]int      `json:"numerals"`
	Formal          list                `json:"formal"`
	Tens            map[string]int      `json:"tens"`
	Committees      list                `json:"committees"`
	Ordinal         string              `json:"ordinal"`
	Gate            string              `json:"gate"`
	Number          string              `json:"number"`
	Sides           list                `json:"sides"`
	Units           map[string][]string `json:"units"`
	LatinUnits      map[string]string   `json:"latin_units"`
	Loose           list                `json:"loose"`
	Shops           list                `json:"shops"`
	NotUnits        map[string][]string `json:"not_units"`
	NameAfterNumber list                `json:"name_after_number"`
	Roads           list                `json:"roads"`
	WeakRoads       []string            `json:"weak_roads"`
	NotRoads        []string            `json:"not_roads"`
	NotAfterRoad    list                `json:"not_after_road"`
	RoadTails       string              `json:"road_tails"`
	RoadPlaces      string              `json:"road_places"`
	NotAfterCounty  list                `json:"not_after_county"`
	NotCounties     list                `json:"not_counties"`
	Towns           list                `json:"towns"`
	NotAfterTown    list                `json:"not_after_town"`
	Villages        list                `json:"villages"`
	NotVillages     []string            `json:"not_villages"`
	Village         string              `json:"village"`
	OfVillage       list                `json:"of_village"`
	District        string              `json:"district"`
	Hamlet          string              `json:"hamlet"`
	New             string              `json:"new"`
	Numbered        list                `json:"numbered_villages"`
	RuralTowns      list                `json:"rural_towns"`
	NotAfterVillage list                `json:"not_after_village"`
	Counties        list                `json:"counties"`
	Groups          list                `json:"groups"`
	Zones           list                `json:"zones"`
	Compounds       list                `json:"compounds"`
	StrongCompounds list                `json:"strong_compounds"`
	Homes           list                `json:"homes"`
	Towers          list                `json:"towers"`
	Halls           list                `json:"halls"`
	Trades          list                `json:"trades"`
	Phases          []string            `json:"phases"`
	Directions      list                `json:"directions"`
	RoadDirections  list                `json:"road_directions"`
	Near            list                `json:"near"`
	Noise           list                `json:"noise"`
	Countries       list                `json:"countries"`
	Beside          list                `json:"beside"`
	And             list                `json:"and"`
	Whole           list                `json:"whole_compounds"`
	Labels          map[string][]string `json:"labels"`
	Honorifics      []string            `json:"honorifics"`
	Receive         string              `json:"receive"`
	Some            string              `json:"some"`
	NotNames        []string            `json:"not_names"`
	Surnames        string              `json:"surnames"`
	DoubleSurnames  []string            `json:"double_surnames"`

	digit   map[rune]int    // numerals of one digit
	ten     map[rune]int    // ten and hundred
	unit    list            // words behind a number
	unitIs  map[string]role // what such a word makes of the number
	label   list
	labelIs map[string]Kind
	weak    map[string]bool // roads' words that also end other names
	surname map[rune]bool
	folded  map[rune]rune
	folds   marks
}

var vocab = load()

func load() *wordFile {
	w := &wordFile{}
	if err := json.Unmarshal(wordsJSON, w); err != nil {
		panic("address: vocab/words.json: " + err.Error())
	}
	w.digit, w.ten = byRune(w.Numerals), byRune(w.Tens)
	w.unitIs = map[string]role{}
	for name, words := range w.Units {
		for _, u := range words {
			w.unitIs[u] = role(name)
		}
	}
	for u, name := range w.LatinUnits {
		w.unitIs[u] = role(name)
	}
	w.unit = newList(slices.Collect(maps.Keys(w.unitIs)))
	w.labelIs = map[string]Kind{}
	for name, words := range w.Labels {
		for _, l := range words {
			w.labelIs[l] = Kind(max(0, slices.Index(kindNames[:], name)))
		}
	}
	w.label = newList(slices.Collect(maps.Keys(w.labelIs)))
	w.weak = map[string]bool{}
	for _, s := range w.WeakRoads {
		w.weak[s] = true
	}
	w.surname = map[rune]bool{}
	for _, r := range w.Surnames {
		w.surname[r] = true
	}
	w.folded = map[rune]rune{}
	for from, to := range w.Fold {
		r, _ := utf8.DecodeRuneInString(from)
		w.folded[r], _ = utf8.DecodeRuneInString(to)
		w.folds.set(r)
	}
	return w
}

func byRune(m map[string]int) map[rune]int {
	out := make(map[rune]int, len(m))
	for s, n := range m {
		r, _ := utf8.DecodeRuneInString(s)
		out[r] = n
	}
	return out
}
