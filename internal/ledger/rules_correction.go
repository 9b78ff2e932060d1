package ledger

import (
	"crypto/rand"
	_ "embed"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

//go:embed vocab/corrections.yaml
var correctionsYAML []byte

// Basis is why a field is kept.
type Basis string

// The bases of fields.
const (
	Statutory Basis = "statutory" // a duty of the community
	Consent   Basis = "consent"   // voluntary
)

var correctable = loadCorrectable(correctionsYAML)

type correctableFields struct {
	Days      int `yaml:"days"`
	Newcomers int `yaml:"newcomers"`
	Fields    []struct {
		Name  string `yaml:"name"`
		Basis Basis  `yaml:"basis"`
	} `yaml:"fields"`
}

func loadCorrectable(b []byte) correctableFields {
	var v correctableFields
	if err := yaml.Unmarshal(b, &v); err != nil {
		panic("ledger: corrections.yaml: " + err.Error())
	}
	return v
}

// BasisOf returns the basis of a field that a household may correct; empty for
// others.
func BasisOf(field string) Basis {
	for _, f := range correctable.Fields {
		if f.Name == field {
			return f.Basis
		}
	}
	return ""
}

// The letters of a correction's code: none that is mistaken for another.
const fixLetters = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"

// fixLength is how many letters a code has, shown in two halves.
const fixLength = 10

func newFixCode() string {
	b := make([]byte, 0, fixLength+1)
	for len(b) < fixLength+1 {
		if len(b) == fixLength/2 {
			b = append(b, '-')
		}
		var x [1]byte
		if _, err := rand.Read(x[:]); err != nil {
			panic("ledger: the system gives no random bytes: " + err.Error())
		}
		if int(x[0]) < 256/len(fixLetters)*len(fixLetters) {
			b = append(b, fixLetters[int(x[0])%len(fixLetters)])
		}
	}
	return string(b)
}

// normFixCode returns a code as it was given out, however it was typed; empty
// for what is none.
func normFixCode(text string) string {
	code := strings.Map(func(r rune) rune {
		if strings.ContainsRune(fixLetters, r) {
			return r
		}
		return -1
	}, strings.ToUpper(foldWidth(text)))
	if len(code) != fixLength {
		return ""
	}
	return code
}

// Correction is what a household, or somebody for it on paper, says should be
// otherwise.
type Correction struct {
	Living  string // how many live there; empty: as recorded
	Persons []PersonCorrection
	New     []NewcomerCorrection
}

// PersonCorrection is about one person; empty fields stay as they are.
type PersonCorrection struct {
	PersonID              id.ID
	Name, Relation, Phone string
	Gone                  bool // lives there no more
}

// NewcomerCorrection is somebody who lives there and is not recorded.
type NewcomerCorrection struct{ Name, Relation, Phone string }

// ProposalState is how one proposal stands.
type ProposalState string

// The states of a proposal.
const (
	ProposalOpen     ProposalState = ""
	ProposalAccepted ProposalState = "accepted"
	ProposalDeclined ProposalState = "declined"
)

// proposal is one field of a correction as it is sealed.
type proposal struct {
	PersonID id.ID         `json:"p,omitempty"` // Zero: of the household, or a newcomer
	Field    string        `json:"f"`           // a correctable field, or "newcomer"
	Old      string        `json:"o,omitempty"`
	New      string        `json:"n"`
	Relation string        `json:"r,omitempty"` // of a newcomer
	Phone    string        `json:"t,omitempty"`
	State    ProposalState `json:"s,omitempty"`
	By       id.ID         `json:"b,omitempty"` // the account that decided
	AtMs     int64         `json:"a,omitempty"`
}

// fieldNewcomer is the field of a proposal to record somebody.
const fieldNewcomer = "newcomer"

// proposalsOf turns what was entered into proposals, one a field that says
// something else than the record. Errors name the input as it is called on the
// form: living, name-<person>, new-name-<n> and so on.
func proposalsOf(in Correction, h *Household, members []*Person) ([]proposal, error) {
	const op = "ledger.correction"
	var out []proposal
	if in.Living != "" {
		n, err := strconv.Atoi(strings.TrimSpace(in.Living))
		if err != nil || n < 0 || n > MaxHeads {
			return nil, errs.Field(errs.E(op, errs.Invalid, "ledger.household.count", MaxHeads), "living")
		}
		if n != h.Living {
			out = append(out, proposal{Field: "living", Old: strconv.Itoa(h.Living), New: strconv.Itoa(n)})
		}
	}
	for _, c := range in.Persons {
		p := memberOf(members, c.PersonID)
		if p == nil {
			return nil, errs.E(op, errs.Invalid, "ledger.fix.person")
		}
		more, err := personProposals(op, c, p)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	for i, c := range in.New {
		if c == (NewcomerCorrection{}) {
			continue
		}
		if err := checkNewcomer(op, c, i); err != nil {
			return nil, err
		}
		out = append(out, proposal{Field: fieldNewcomer, New: strings.TrimSpace(c.Name), Relation: strings.TrimSpace(c.Relation), Phone: seal.NormPhone(c.Phone)})
	}
	if len(out) == 0 {
		return nil, errs.E(op, errs.Invalid, "ledger.fix.nothing")
	}
	return out, nil
}

func memberOf(members []*Person, p id.ID) *Person {
	for _, m := range members {
		if m.ID == p {
			return m
		}
	}
	return nil
}

func personProposals(op string, c PersonCorrection, p *Person) ([]proposal, error) {
	if c.Gone {
		return []proposal{{PersonID: p.ID, Field: "lives_here", Old: "1", New: "0"}}, nil
	}
	n := Person{Name: strings.TrimSpace(c.Name), Relation: strings.TrimSpace(c.Relation)}
	if c.Phone != "" {
		n.Phones = []string{c.Phone}
	}
	normPerson(&n)
	if c.Phone != "" && !validPhone(n.Phones) {
		return nil, errs.Field(errs.E(op, errs.Invalid, "ledger.person.phone"), "phone-"+p.ID.String())
	}
	if len([]rune(n.Name)) > maxName || len([]rune(n.Relation)) > maxName {
		return nil, errs.Field(errs.E(op, errs.Invalid, "error.too_long", maxName), "name-"+p.ID.String())
	}
	var out []proposal
	for _, f := range []struct{ name, old, now string }{
		{"name", p.Name, n.Name}, {"relation", p.Relation, n.Relation}, {"phone", strings.Join(p.Phones, " "), strings.Join(n.Phones, " ")},
	} {
		if f.now != "" && f.now != f.old {
			out = append(out, proposal{PersonID: p.ID, Field: f.name, Old: f.old, New: f.now})
		}
	}
	return out, nil
}

func validPhone(phones []string) bool {
	return len(phones) == 1 && len(phones[0]) >= 5 && len(phones[0]) <= 20
}

func checkNewcomer(op string, c NewcomerCorrection, i int) error {
	at := "-" + strconv.Itoa(i)
	if strings.TrimSpace(c.Name) == "" {
		return errs.Field(errs.E(op, errs.Invalid, "ledger.fix.name"), "new-name"+at)
	}
	if len([]rune(c.Name)) > maxName || len([]rune(c.Relation)) > maxName {
		return errs.Field(errs.E(op, errs.Invalid, "error.too_long", maxName), "new-name"+at)
	}
	if c.Phone != "" && !validPhone([]string{seal.NormPhone(c.Phone)}) {
		return errs.Field(errs.E(op, errs.Invalid, "ledger.person.phone"), "new-phone"+at)
	}
	return nil
}
