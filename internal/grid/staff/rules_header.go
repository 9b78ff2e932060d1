package staff

import (
	_ "embed"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"wangge/internal/platform/sheet"
)

// The columns of a list.
const (
	colName      = "name"
	colPhone     = "phone"
	colRole      = "role"
	colTitle     = "title"
	colOrg       = "org"
	colArea      = "area"
	colStreet    = "street"
	colCommunity = "community"
	colGrid      = "grid"
	colCompound  = "compound"
	colBuilding  = "building"
	colUnit      = "unit"
	colGroup     = "group"
	colRow       = "row"
	colDoor      = "door"
	colFrom      = "from"
	colUntil     = "until"
)

//go:embed vocab/vocab.json
var vocabJSON []byte

type vocabulary struct {
	Headers map[string]struct {
		Exact    []string `json:"exact"`
		Contains []string `json:"contains"`
	} `json:"headers"`
	Columns      []string            `json:"columns"`
	Strip        []string            `json:"strip"`
	Roles        map[string][]string `json:"roles"`
	AreaSuffixes []string            `json:"area_suffixes"`
	Separators   []string            `json:"separators"`
	Ranges       []string            `json:"ranges"`
	Whole        []string            `json:"whole"`
	Open         []string            `json:"open"`
	Totals       []string            `json:"totals"` // what stands below a list
	GridWord     string              `json:"grid_word"`
	Marks        string              `json:"marks"` // letters that labels hold beside numerals
	Places       map[string][]string `json:"places"`

	exact map[string]string
}

var vocab = func() *vocabulary {
	v := &vocabulary{exact: map[string]string{}}
	if err := json.Unmarshal(vocabJSON, v); err != nil {
		panic("staff: vocab.json: " + err.Error())
	}
	for key, h := range v.Headers {
		for _, w := range h.Exact {
			v.exact[fold(w)] = key
		}
	}
	return v
}()

// fold writes a word as it is compared: plain, without blanks, in small letters.
func fold(s string) string { return strings.ToLower(sheet.Squeeze(s)) }

// column finds what a header stands for; sure is set for a known spelling.
func (v *vocabulary) column(text string) (key string, sure bool) {
	h := fold(text)
	for _, cut := range v.Strip {
		h = strings.ReplaceAll(h, cut, "")
	}
	if bare := sheet.DropBrackets(h); bare != "" {
		h = bare
	}
	if key, ok := v.exact[h]; ok {
		return key, true
	}
	if utf8.RuneCountInString(h) > 10 {
		return "", false
	}
	for _, key := range sortedKeys(v.Headers) {
		for _, part := range v.Headers[key].Contains {
			if strings.Contains(h, part) {
				return key, false
			}
		}
	}
	return "", false
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// headerDepth is how far down a header is looked for, below titles and remarks.
const headerDepth = 30

// header is the row that names the columns.
type header struct {
	index   int            // among the rows given; -1 where there is none
	columns map[string]int // key → column from 0
}

// findHeader takes the row that names the most columns, of which one must be
// the name, one the role or place, and two be known spellings.
func (v *vocabulary) findHeader(rows [][]string) header {
	best, most := header{index: -1}, 0
	for i, cells := range rows[:min(len(rows), headerDepth)] {
		cols, sure := map[string]int{}, 0
		for c, text := range cells {
			key, known := v.column(text)
			if key == "" {
				continue
			}
			if _, taken := cols[key]; taken && !known {
				continue
			}
			if _, taken := cols[key]; !taken || known {
				cols[key] = c
			}
			if known {
				sure++
			}
		}
		_, named := cols[colName]
		if named && sure >= 2 && len(cols) >= 3 && len(cols) > most {
			best, most = header{i, cols}, len(cols)
		}
	}
	return best
}
