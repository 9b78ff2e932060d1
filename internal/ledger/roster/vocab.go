package roster

import (
	"embed"
	"encoding/json"
	"sort"
	"strings"
	"sync"
	"unicode/utf8"
)

//go:embed vocab/*.json
var vocabFiles embed.FS

type headerKey struct {
	Exact    []string `json:"exact"`
	Contains []string `json:"contains"`
}

type headerFile struct {
	Keys    map[string]headerKey `json:"keys"`
	Other   []string             `json:"other"`
	Members map[string][]string  `json:"members"` // relation → headers of a further person beside the first
	Alien   []string             `json:"alien"`
	Strip   []string             `json:"strip"`

	Plates    []string          `json:"plates"` // room headers that are a street's number where a room stands beside
	Fold      map[string]string `json:"fold"`   // other spellings of a character
	OtherPart []string          `json:"otherpart"`
	AlienPart []string          `json:"alienpart"`
}

type wordFile struct {
	Numerals     map[string]int      `json:"numerals"`
	Ordinal      []string            `json:"ordinal"`
	Suffix       map[string][]string `json:"suffix"`
	Compound     []string            `json:"compound"`
	Admin        []string            `json:"admin"`
	NotAdmin     []string            `json:"notadmin"`
	Community    []string            `json:"community"`
	TitleNoise   []string            `json:"titlenoise"`
	Ditto        []string            `json:"ditto"`
	None         []string            `json:"none"`
	Vacant       []string            `json:"vacant"`
	VacantPart   []string            `json:"vacantpart"`
	Occupied     []string            `json:"occupied"`
	Total        []string            `json:"total"`
	TotalPart    []string            `json:"totalpart"`
	Footer       []string            `json:"footer"`
	Example      []string            `json:"example"`
	Unnamed      []string            `json:"unnamed"`
	Sides        []string            `json:"sides"`
	Families     []string            `json:"families"`
	Extension    []string            `json:"extension"`
	PaperPrefix  []string            `json:"paperprefix"`
	Deceased     []string            `json:"deceased"`
	Organisation []string            `json:"organisation"`
	Villa        []string            `json:"villa"`
	CountWords   []string            `json:"countwords"`
	LivesHere    []string            `json:"liveshere"`
	LivesAway    []string            `json:"liveselsewhere"`
	Page         map[string][]string `json:"page"`
	Yes          []string            `json:"yes"`
	No           []string            `json:"no"`
	RegisteredNo []string            `json:"registeredno"`
	Male         []string            `json:"male"`
	Female       []string            `json:"female"`
	HeadRelation []string            `json:"headrelation"`
	Relations    []string            `json:"relations"`
	Tags         map[string][]string `json:"tags"`
	TagSilent    []string            `json:"tagsilent"`
	Forbidden    []string            `json:"forbidden"`
	Honorific    []string            `json:"honorific"`
	NameNot      []string            `json:"namenot"`
	NamePrefix   []string            `json:"nameprefix"`
	PersonSuffix []string            `json:"personsuffix"`
	Separators   []string            `json:"separators"`
	DateMarks    map[string][]string `json:"datemarks"`
	Surnames     string              `json:"surnames"`
	Compounds    []string            `json:"compoundsurnames"`
}

// set is a set of folded words.
type set map[string]bool

func setOf(words []string) set {
	s := make(set, len(words))
	for _, w := range words {
		s[strings.ToLower(tidy(w))] = true
	}
	return s
}

// has looks a word up as it is or in lower case.
func (s set) has(w string) bool {
	if s[w] {
		return true
	}
	for i := 0; i < len(w); i++ {
		if w[i] >= 'A' && w[i] <= 'Z' {
			return s[strings.ToLower(w)]
		}
	}
	return false
}

type contains struct {
	part string
	key  string
}

// vocabulary is the parser's knowledge of the field's words.
type vocabulary struct {
	exact    map[string]string // folded header → key, "other" or "alien"
	contains []contains        // longest first
	plate    set
	side     set
	member   map[string]string // folded header → relation of a further person beside the first
	strip    *strings.Replacer
	parts    [2][]string // parts of headers that are other, alien

	numeral   map[rune]int
	suffixes  []suffix // longest first
	compound  []string
	admin     []string
	notAdmin  []string
	noise     []string
	page      [2][]string
	words     wordFile
	ditto     set
	none      set
	vacant    set
	occupied  set
	total     set
	example   set
	unnamed   set
	deceased  set
	organised set
	countWord set
	livesHere set
	livesAway set
	yes, no   set
	regNo     set
	male      set
	female    set
	headRel   set
	relation  set
	tag       map[string]string
	tagSilent set
	surname   map[rune]bool
	surname2  set
	dateMark  map[rune]byte
	split     []string
}

type suffix struct {
	text  string
	class class
}

var vocab = sync.OnceValue(loadVocab)

func readVocab(name string, v any) {
	data, err := vocabFiles.ReadFile("vocab/" + name)
	if err == nil {
		err = json.Unmarshal(data, v)
	}
	if err != nil {
		panic("roster: embedded vocabulary: " + err.Error())
	}
}

func loadVocab() *vocabulary {
	var h headerFile
	var w wordFile
	readVocab("headers.json", &h)
	readVocab("words.json", &w)
	v := &vocabulary{words: w, exact: map[string]string{}, numeral: map[rune]int{}, tag: map[string]string{},
		surname: map[rune]bool{}, dateMark: map[rune]byte{}}
	v.loadHeaders(h)
	for s, n := range w.Numerals {
		r, _ := utf8.DecodeRuneInString(s)
		v.numeral[r] = n
	}
	for name, list := range w.Suffix {
		for _, s := range list {
			v.suffixes = append(v.suffixes, suffix{s, classes[name]})
		}
	}
	sort.Slice(v.suffixes, func(i, j int) bool { return longer(v.suffixes[i].text, v.suffixes[j].text) })
	v.compound, v.admin, v.notAdmin, v.noise = w.Compound, w.Admin, w.NotAdmin, w.TitleNoise
	v.page = [2][]string{w.Page["before"], w.Page["after"]}
	v.ditto, v.none, v.vacant, v.occupied = setOf(w.Ditto), setOf(w.None), setOf(w.Vacant), setOf(w.Occupied)
	v.total, v.example = setOf(w.Total), setOf(w.Example)
	v.unnamed, v.deceased, v.organised, v.countWord = setOf(w.Unnamed), setOf(w.Deceased), setOf(w.Organisation), setOf(w.CountWords)
	v.side = setOf(w.Sides)
	v.livesHere, v.livesAway = setOf(w.LivesHere), setOf(w.LivesAway)
	v.yes, v.no, v.regNo, v.male, v.female = setOf(w.Yes), setOf(w.No), setOf(w.RegisteredNo), setOf(w.Male), setOf(w.Female)
	v.headRel, v.relation, v.tagSilent = setOf(w.HeadRelation), setOf(w.Relations), setOf(w.TagSilent)
	for key, list := range w.Tags {
		for _, s := range list {
			v.tag[s] = key
		}
		v.tag[key] = key
	}
	for _, r := range w.Surnames {
		v.surname[r] = true
	}
	v.surname2 = setOf(w.Compounds)
	for k, list := range w.DateMarks {
		for _, s := range list {
			r, _ := utf8.DecodeRuneInString(s)
			v.dateMark[r] = k[0]
		}
	}
	v.split = w.Separators
	return v
}

func longer(a, b string) bool {
	if len(a) != len(b) {
		return len(a) > len(b)
	}
	return a < b
}

func (v *vocabulary) loadHeaders(h headerFile) {
	var pairs []string
	for _, s := range h.Strip {
		pairs = append(pairs, s, "")
	}
	for from, to := range h.Fold {
		pairs = append(pairs, from, to)
	}
	v.strip = strings.NewReplacer(pairs...)
	for _, w := range h.Other {
		v.exact[v.foldHeader(w)] = other
	}
	for _, w := range h.Alien {
		v.exact[v.foldHeader(w)] = alien
	}
	for key, k := range h.Keys {
		for _, w := range k.Exact {
			v.exact[v.foldHeader(w)] = key
		}
		for _, w := range k.Contains {
			v.contains = append(v.contains, contains{v.foldHeader(w), key})
		}
	}
	delete(v.exact, "")
	v.plate = setOf(h.Plates)
	v.member = map[string]string{}
	for rel, list := range h.Members {
		for _, w := range list {
			v.member[v.foldHeader(w)] = rel
		}
	}
	v.parts = [2][]string{h.OtherPart, h.AlienPart}
	sort.Slice(v.contains, func(i, j int) bool {
		if a, b := v.contains[i], v.contains[j]; a.part != b.part {
			return longer(a.part, b.part)
		}
		return v.contains[i].key < v.contains[j].key
	})
}
