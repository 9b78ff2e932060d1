package round

import (
	"embed"
	"encoding/json"
	"slices"
)

//go:embed vocab/*.json
var vocabFiles embed.FS

// Text is a label in both languages, given by an author or a vocabulary file.
type Text struct {
	ZH string `json:"zh" maxLength:"200"`
	EN string `json:"en,omitempty" maxLength:"200"`
}

// In returns the label in lang; Chinese where there is no English.
func (t Text) In(lang string) string {
	if lang == "en" && t.EN != "" || t.ZH == "" {
		return t.EN
	}
	return t.ZH
}

// Word is an entry of a vocabulary: a stable code and its label.
type Word struct {
	Code string `json:"code"`
	Text
}

// Result is a result a mark may have. Results are data: vocab/results.json.
type Result struct {
	Word
	ClassName    string       `json:"class"`                   // done, attempt, exempt; open of the ledger's own
	Answers      string       `json:"answers,omitempty"`       // normal: filled with normal answers; given: all must be given; empty: none asked
	Targets      []TargetKind `json:"targets,omitempty"`       // empty: any
	ValidityDays int          `json:"validity_days,omitempty"` // from the mark; a round over doors that opens within them takes an exemption over
	By           string       `json:"by,omitempty"`            // ledger, close: nobody may give it at a door
	Short        bool         `json:"short,omitempty"`         // a button of a list's cards and above the questions of the door's page, and a field of the paper form
}

// Class returns the state a mark of this result gives its target.
func (r Result) Class() State {
	switch r.ClassName {
	case "done":
		return Done
	case "exempt":
		return Exempt
	case "open":
		return Outstanding
	}
	return Attempted
}

// fits reports whether the result is for targets of the kind.
func (r Result) fits(k TargetKind) bool { return len(r.Targets) == 0 || slices.Contains(r.Targets, k) }

// The codes of results that the code itself gives.
const (
	resultNormal   = "normal"
	resultNil      = "nil_return"
	resultDeparted = "departed"
	// resultElsewhere is also one that workers mark.
	resultElsewhere = "living_elsewhere"
	resultMerged    = "merged"
	resultReturned  = "returned"
	resultSigned    = "signed_off"
)

var (
	results  = mustVocab[[]Result]("results")
	signOffs = mustVocab[[]Word]("signoff")
	excuses  = mustVocab[[]Word]("member")
	costs    = mustVocab[costData]("cost")
	formData = mustVocab[formVocab]("form")
	bulk     = mustVocab[bulkVocab]("bulk")
)

type costData struct {
	Minutes    map[TargetKind]float64 `json:"minutes"`
	PerField   float64                `json:"per_field"`
	FreshSaves float64                `json:"fresh_saves"` // minutes a fresh answer saves
	// HandMinutes is how long one worker walks in a day.
	HandMinutes int `json:"hand_minutes"`
}

type formVocab struct {
	Forbidden []string `json:"forbidden"`
	Identity  []string `json:"identity"`
	Screening []Field  `json:"screening"`
	Ready     []Field  `json:"ready"`
	Bases     []Word   `json:"bases"`
}

type bulkVocab struct {
	Filler []string `json:"filler"`
	Range  []string `json:"range"`
}

// carriedResults are the results that rounds take over from earlier ones: those
// of doors that are exempt for a number of days.
var carriedResults = carried(results)

func carried(list []Result) []string {
	var out []string
	for _, r := range list {
		if r.Class() == Exempt && r.ValidityDays > 0 && r.fits(Doors) {
			out = append(out, r.Code)
		}
	}
	return out
}

func mustVocab[T any](name string) T {
	var v T
	b, err := vocabFiles.ReadFile("vocab/" + name + ".json")
	if err == nil {
		err = json.Unmarshal(b, &v)
	}
	if err != nil {
		panic("round: vocab/" + name + ".json: " + err.Error())
	}
	return v
}

// Results returns the results a person may give for a target of the kind.
func Results(k TargetKind) []Result {
	var out []Result
	for _, r := range results {
		if r.By == "" && r.fits(k) {
			out = append(out, r)
		}
	}
	return out
}

// ResultOf returns the result with the code.
func ResultOf(code string) (Result, bool) {
	for _, r := range results {
		if r.Code == code {
			return r, true
		}
	}
	return Result{}, false
}

// SignOffs returns the reasons with which a remaining target may be signed off
// when a round is closed.
func SignOffs() []Word { return slices.Clone(signOffs) }

// Excuses returns the reasons for which a member of a household need not answer.
func Excuses() []Word { return slices.Clone(excuses) }

// Bases returns the legal bases a question may rest on.
func Bases() []Word { return slices.Clone(formData.Bases) }

func hasWord(list []Word, code string) bool {
	return slices.ContainsFunc(list, func(w Word) bool { return w.Code == code })
}

// ReasonLabel returns the label of a target's reason: a result or a sign-off.
func ReasonLabel(lang, code string) string {
	if r, ok := ResultOf(code); ok {
		return r.In(lang)
	}
	for _, w := range slices.Concat(signOffs, excuses) {
		if w.Code == code {
			return w.In(lang)
		}
	}
	return code
}
