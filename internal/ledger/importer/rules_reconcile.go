package importer

import (
	"slices"
	"strings"

	"wangge/internal/ledger"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/seal"
)

// Whose word counts for a field.
const (
	Theirs = "theirs" // the roster's
	Ours   = "ours"   // the ledger's
	Newest = "newest" // whichever was recorded later; only in Rules
)

// What becomes of people whom only one side names.
const (
	Add    = "add"    // only there: taken into the ledger
	Skip   = "skip"   // only there: left out
	Keep   = "keep"   // only here: stays
	Depart = "depart" // only here: closed as moved away
)

// Rules decide where a person decided nothing. The zero value takes the
// roster's word, adds whom it names and leaves everybody else.
type Rules struct {
	Fields    map[string]string `json:"fields,omitempty" doc:"Field to theirs, ours or newest; theirs where it is left out"`
	OnlyThere string            `json:"only_there,omitempty" enum:"add,skip"`
	OnlyHere  string            `json:"only_here,omitempty" enum:"keep,depart"`
}

// RuleFields lists the fields rules can speak of, in the order pages show them.
func RuleFields() []string {
	return []string{"name", "phone", "landline", "idno", "passport", "birth", "sex", "relation", "door", "lives_here", "registered", "registered_address", "address", "note"}
}

// Check refuses words that rules do not know; the error's field names which.
func (r Rules) Check() error {
	const op = "importer.rules"
	for f, side := range r.Fields {
		if !slices.Contains(RuleFields(), f) || side != Theirs && side != Ours && side != Newest {
			return errs.Field(errs.E(op, errs.Invalid, "error.bad_choice"), "rule."+f)
		}
	}
	if r.OnlyThere != "" && r.OnlyThere != Add && r.OnlyThere != Skip {
		return errs.Field(errs.E(op, errs.Invalid, "error.bad_choice"), "only_there")
	}
	if r.OnlyHere != "" && r.OnlyHere != Keep && r.OnlyHere != Depart {
		return errs.Field(errs.E(op, errs.Invalid, "error.bad_choice"), "only_here")
	}
	return nil
}

// side decides one field; later says that the roster's word is the later one.
func (r Rules) side(field string, later bool) string {
	switch s := r.Fields[field]; {
	case s == Newest && later:
		return Theirs
	case s == Newest, s == Ours:
		return Ours
	}
	return Theirs
}

// ofClass decides what becomes of somebody whom only one side names.
func (r Rules) ofClass(c Class) string {
	switch {
	case c == OnlyThere && r.OnlyThere != "":
		return r.OnlyThere
	case c == OnlyThere:
		return Add
	case r.OnlyHere != "":
		return r.OnlyHere
	}
	return Keep
}

// sameWords reports that two values of a field say the same, so that nobody
// need be asked: a number that is known among others, a head by another word,
// a birthday less precise.
func sameWords(field, ours, theirs string) bool {
	switch field {
	case "name":
		return seal.NormName(ours) == seal.NormName(theirs)
	case "phone":
		known := strings.Fields(ours)
		return !slices.ContainsFunc(strings.Fields(theirs), func(n string) bool { return !slices.Contains(known, n) })
	case "relation":
		return ours == theirs || ledger.IsHead(ours) && ledger.IsHead(theirs)
	case "birth":
		return strings.HasPrefix(ours, theirs)
	case "idno", "passport":
		return seal.NormIDNo(ours) == seal.NormIDNo(theirs)
	}
	return ours == theirs
}

// maskedPair shows two values of a field to somebody who must choose: masked as
// everywhere, but where the masks are equal, the places in which they differ.
func maskedPair(field, a, b string) (string, string) {
	mask := func(s string) string { return s }
	switch field {
	case "name":
		mask = seal.MaskName
	case "phone", "landline":
		mask = func(s string) string {
			list := strings.Fields(s)
			for i := range list {
				list[i] = seal.MaskPhone(list[i])
			}
			return strings.Join(list, " ")
		}
	case "idno", "passport":
		mask = seal.MaskIDNo
	}
	x, y := mask(a), mask(b)
	if x != y || a == b {
		return x, y
	}
	return unmaskDifference(x, a, b), unmaskDifference(y, b, a)
}

// unmaskDifference puts the characters of value in which it differs from other
// into its mask.
func unmaskDifference(mask, value, other string) string {
	m, v, o := []rune(mask), []rune(value), []rune(other)
	if len(m) != len(v) {
		return value
	}
	for i := range m {
		if i >= len(o) || v[i] != o[i] {
			m[i] = v[i]
		}
	}
	return string(m)
}
