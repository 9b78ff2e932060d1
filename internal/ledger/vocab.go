package ledger

import (
	_ "embed"
	"encoding/json"
	"slices"
	"strings"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
)

//go:embed vocab/vocab.json
var vocabJSON []byte

type vocabulary struct {
	Care       []string            `json:"care"`
	Risk       []string            `json:"risk"`
	Actions    []string            `json:"actions"`
	Depart     []string            `json:"depart"`
	Purposes   []string            `json:"purposes"`
	Forbidden  []string            `json:"forbidden"`
	CareWords  map[string]string   `json:"care_words"`
	Relations  map[string][]string `json:"relations"` // words of rosters by what they mean
	Heads      []string            `json:"heads"`
	NotRelated []string            `json:"not_related"`
	Surnames   map[string]string   `json:"surnames"`
	Elsewhere  struct {
		Days   int      `json:"days"`   // until a receiving community must have answered
		Refuse []string `json:"refuse"` // why it may refuse
	} `json:"elsewhere"`
}

var vocab = loadVocab(vocabJSON)

func loadVocab(b []byte) vocabulary {
	var v vocabulary
	if err := json.Unmarshal(b, &v); err != nil {
		panic("ledger: vocab.json: " + err.Error())
	}
	for _, k := range slices.Concat(v.Care, v.Risk) {
		if v.forbids(k) {
			panic("ledger: vocab.json lists the forbidden kind " + k)
		}
	}
	return v
}

// forbids reports whether the word names a kind that must never be created.
func (v vocabulary) forbids(word string) bool {
	w := strings.ToLower(strings.TrimSpace(word))
	return slices.ContainsFunc(v.Forbidden, func(f string) bool { return strings.Contains(w, f) })
}

// CareKinds lists the closed kinds of the care list.
func CareKinds() []string { return slices.Clone(vocab.Care) }

// RiskKinds lists the closed kinds of the risk list.
func RiskKinds() []string { return slices.Clone(vocab.Risk) }

// Actions lists what neighbours may be asked to do for a person on the care
// list; an action never tells the reason.
func Actions() []string { return slices.Clone(vocab.Actions) }

// DepartReasons lists why a person or household may be closed.
func DepartReasons() []string { return slices.Clone(vocab.Depart) }

// Purposes lists the purposes for which fields may be shown unmasked.
func Purposes() []string { return slices.Clone(vocab.Purposes) }

// CareKindOf returns the care kind a word of a roster means. ok is false for
// words that mean none; forbidden words are never found.
func CareKindOf(word string) (kind string, ok bool) {
	word = strings.TrimSpace(word)
	if vocab.forbids(word) {
		return "", false
	}
	kind, ok = vocab.CareWords[word]
	if !ok && slices.Contains(vocab.Care, word) {
		return word, true
	}
	return kind, ok
}

// ForbiddenTag reports whether a word of a roster names a class of people that
// must never be recorded (petition, security, record, religion, ethnicity).
func ForbiddenTag(word string) bool { return vocab.forbids(word) }

// relationKeys are what words of rosters for relations mean.
var relationKeys = func() map[string]string {
	out := map[string]string{}
	for key, words := range vocab.Relations {
		for _, w := range words {
			out[w] = key
		}
	}
	return out
}()

// RelationIn writes a relation of a roster in a language. Rosters are written
// in Chinese, where it stays as it was written, and so does an unknown one.
func RelationIn(lang, written string) string {
	if key, ok := relationKeys[strings.TrimSpace(written)]; ok && lang != i18n.ZH {
		return i18n.T(lang, "ledger.relation."+key)
	}
	return written
}

// IsHead reports whether a relation as written means the head of the household.
func IsHead(relation string) bool { return slices.Contains(vocab.Heads, strings.TrimSpace(relation)) }

// Unrelated reports whether a relation as written says that a person is no
// relative of the others, which makes the household a shared one.
func Unrelated(relation string) bool {
	return slices.Contains(vocab.NotRelated, strings.TrimSpace(relation))
}

func checkKind(op, kind string, known []string) error {
	if vocab.forbids(kind) {
		return errs.Field(errs.E(op, errs.Denied, "ledger.kind.forbidden"), "kind")
	}
	if !slices.Contains(known, kind) {
		return errs.Field(errs.E(op, errs.Invalid, "error.bad_choice"), "kind")
	}
	return nil
}
