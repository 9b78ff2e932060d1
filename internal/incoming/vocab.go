package incoming

import (
	"embed"
	"encoding/json"
	"strings"

	"wangge/internal/platform/sheet"
)

//go:embed vocab/*.json
var vocabFiles embed.FS

// Text is a label in both languages.
type Text struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

// In returns the label in lang.
func (t Text) In(lang string) string {
	if lang == "en" {
		return t.EN
	}
	return t.ZH
}

// word is an entry of a vocabulary: a stable code and its label.
type word struct {
	Code string `json:"code"`
	Text
}

// Result is what a call may give. Results are data: vocab/results.json.
type Result struct {
	word
	State State  `json:"state"`         // what becomes of the lead
	Short bool   `json:"short"`         // needs no more than the tap
	Home  bool   `json:"home"`          // the person lives here: the address belongs into the ledger
	To    string `json:"to"`            // area or text: where it is handed on
	Next  Text   `json:"next"`          // what happens next
	Retry []int  `json:"retry_minutes"` // of an open one: when it comes up again, by tries
}

// urgency is how soon a lead is due.
type urgency struct {
	word
	Minutes int      `json:"minutes"`
	Words   []string `json:"words"`
}

// class is a kind of clue with the questions of its script.
type class struct {
	word
	Words []string `json:"words"`
	Ask   []Text   `json:"ask"`
}

var (
	results  = load[[]Result]("results")
	urgent   = load[[]urgency]("urgency")
	headings = foldHeadings(load[map[string][]string]("columns"))
	scripts  = load[struct {
		Opening Text    `json:"opening"`
		Never   Text    `json:"never"`
		Closing Text    `json:"closing"`
		Classes []class `json:"classes"`
	}]("classes")
	measures = load[measureRules]("measures")
)

func load[T any](name string) (v T) {
	b, err := vocabFiles.ReadFile("vocab/" + name + ".json")
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	if err != nil {
		panic("incoming: " + name + ": " + err.Error())
	}
	return v
}

func resultOf(code string) (Result, bool) {
	for _, r := range results {
		if r.Code == code {
			return r, true
		}
	}
	return Result{}, false
}

// toArea reports whether a lead waits to be accepted by another area of the
// district.
func (l *lead) toArea() bool {
	r, _ := resultOf(l.Result)
	return l.State == Sent && r.To == "area"
}

// resultText is a result in words; empty for none.
func resultText(lang, code string) string {
	r, _ := resultOf(code)
	return r.In(lang)
}

// classOf finds the class of a clue by the words of its class and title.
func classOf(texts ...string) string {
	for _, t := range texts {
		for _, c := range scripts.Classes {
			for _, w := range c.Words {
				if strings.Contains(t, w) {
					return c.Code
				}
			}
		}
	}
	return "other"
}

func classNamed(code string) class {
	for _, c := range scripts.Classes {
		if c.Code == code {
			return c
		}
	}
	return scripts.Classes[len(scripts.Classes)-1]
}

// urgencyOf reads a degree of urgency, as an index of urgent; ok is false for
// words that are none.
func urgencyOf(text string) (level int, ok bool) {
	t := strings.ToLower(sheet.Squeeze(text))
	for i := len(urgent) - 1; i >= 0; i-- {
		for _, w := range urgent[i].Words {
			if t == sheet.Squeeze(w) {
				return i, true
			}
		}
	}
	return 0, t == ""
}

// foldHeadings turns the spellings of columns into a map from each to its key.
func foldHeadings(in map[string][]string) map[string]string {
	out := map[string]string{}
	for key, list := range in {
		for _, s := range list {
			out[foldHeading(s)] = key
		}
	}
	return out
}

func foldHeading(s string) string {
	return strings.ToLower(sheet.DropBrackets(strings.NewReplacer("/", "", "\u3001", "", ":", "").Replace(sheet.Squeeze(s))))
}
