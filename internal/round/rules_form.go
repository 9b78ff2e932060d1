package round

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Form is a list of questions, reused between rounds. A changed form is a new
// version with a new id, so that what a round asked never changes.
type Form struct {
	ID        id.ID   `json:"id"`
	Name      string  `json:"name"`
	Version   int     `json:"version"`
	Fields    []Field `json:"fields"`
	AreaID    id.ID   `json:"area_id"`
	AccountID id.ID   `json:"account_id"`
	CreatedMs int64   `json:"created_ms"`
	UntilMs   int64   `json:"until_ms,omitempty"` // replaced or retired
}

// FieldType is the type of a question's answer.
type FieldType string

// The types of answers.
const (
	YesNo       FieldType = "yesno"
	Choice      FieldType = "choice"
	Number      FieldType = "number"
	FreeText    FieldType = "text"
	Date        FieldType = "date"
	Temperature FieldType = "temperature" // degrees Celsius, one decimal
	Photo       FieldType = "photo"       // the id of an uploaded photo
)

// FieldTypes lists the types in the order pages show them.
func FieldTypes() []FieldType {
	return []FieldType{YesNo, Choice, Number, FreeText, Date, Temperature, Photo}
}

// Field is one question.
type Field struct {
	Key          string    `json:"key" maxLength:"40" doc:"Stable name; the same key in two forms is the same question"`
	Label        Text      `json:"label"`
	Type         FieldType `json:"type" enum:"yesno,choice,number,text,date,temperature,photo"`
	Required     bool      `json:"required,omitempty"`
	Basis        string    `json:"basis" doc:"statutory or consent; an answer by consent is never required"`
	ValidityDays int       `json:"validity_days,omitempty" minimum:"0" maximum:"3650" doc:"An answer is fresh for so many days and is then confirmed instead of asked"`
	Min          *float64  `json:"min,omitempty"`
	Max          *float64  `json:"max,omitempty"`
	Options      []Option  `json:"options,omitempty"`
	When         *When     `json:"when,omitempty" doc:"Asked only when another answer has this value"`
	Normal       string    `json:"normal,omitempty" doc:"The answer of 'all normal'; @living is the ledger's head count, and in rounds over posts and areas @total, @done, @exempt, @outstanding the figures of the round reported"`
	Member       bool      `json:"member,omitempty" doc:"Asked of each member where the round asks per member"`
}

// Option is one choice.
type Option struct {
	Value string `json:"value" maxLength:"40"`
	Label Text   `json:"label"`
}

// When makes a question depend on an earlier answer.
type When struct {
	Field  string `json:"field"`
	Equals string `json:"equals"`
}

// The answers to a yes/no question.
const (
	yes = "yes"
	no  = "no"
)

const (
	maxFields       = 60
	maxOptions      = 40
	maxText         = 500
	maxValidityDays = 3650
	minCelsius      = 30.0
	maxCelsius      = 45.0
)

var fieldKey = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// Screening returns the default questions of a screening: head count and yes/no.
func Screening() []Field { return slices.Clone(formData.Screening) }

// ReadyFields returns questions that can be added to any form as they are. Their
// keys are known elsewhere: facets of complete records read their answers.
func ReadyFields() []Field { return slices.Clone(formData.Ready) }

func invalid(field, key string, args ...any) error {
	return errs.Field(errs.E("round.form", errs.Invalid, key, args...), field)
}

// CheckForm returns what is wrong with a form's questions, one error a fault.
func CheckForm(name string, fields []Field) []error {
	var out []error
	if strings.TrimSpace(name) == "" {
		out = append(out, invalid("name", "error.required"))
	}
	if len(fields) == 0 {
		out = append(out, invalid("fields", "round.form_empty"))
	}
	if len(fields) > maxFields {
		out = append(out, invalid("fields", "round.form_long", maxFields))
	}
	seen := map[string]Field{}
	for i, f := range fields {
		at := "fields." + strconv.Itoa(i) + "."
		out = append(out, checkField(at, f, seen)...)
		seen[f.Key] = f
	}
	return out
}

func checkField(at string, f Field, earlier map[string]Field) []error {
	var out []error
	bad := func(part, key string, args ...any) { out = append(out, invalid(at+part, key, args...)) }
	if !fieldKey.MatchString(f.Key) {
		bad("key", "round.field_key")
	} else if _, twice := earlier[f.Key]; twice {
		bad("key", "round.field_twice", f.Key)
	}
	if strings.TrimSpace(f.Label.ZH+f.Label.EN) == "" {
		bad("label", "error.required")
	}
	if !slices.Contains(FieldTypes(), f.Type) {
		bad("type", "error.bad_choice")
	}
	if !hasWord(formData.Bases, f.Basis) {
		bad("basis", "round.field_basis")
	}
	if f.Basis == "consent" && f.Required {
		bad("required", "round.consent_required")
	}
	if w := forbidden(f); w != "" {
		bad("label", "round.field_forbidden", w)
	}
	if f.Min != nil && f.Max != nil && *f.Min > *f.Max {
		bad("max", "round.field_range")
	}
	if f.ValidityDays < 0 || f.ValidityDays > maxValidityDays {
		bad("validity_days", "round.field_days", maxValidityDays)
	}
	if f.Type == Choice && (len(f.Options) < 2 || len(f.Options) > maxOptions || !distinct(f.Options)) {
		bad("options", "round.field_options", maxOptions)
	}
	if f.When != nil {
		if _, ok := earlier[f.When.Field]; !ok || f.When.Equals == "" {
			bad("when", "round.field_when")
		}
	}
	if slices.Contains(draftCodes, f.Normal) {
		if f.Type != Number {
			bad("normal", "round.field_normal")
		}
	} else if f.Normal != "" {
		if _, err := checkValue(f, f.Normal); err != nil {
			bad("normal", "round.field_normal")
		}
	}
	return out
}

// forbidden returns the word that may not be asked, if the question holds one.
func forbidden(f Field) string {
	text := strings.ToLower(f.Label.ZH + " " + f.Label.EN)
	for _, o := range f.Options {
		text += " " + strings.ToLower(o.Label.ZH+" "+o.Label.EN)
	}
	for _, w := range formData.Forbidden {
		if strings.Contains(text, w) {
			return w
		}
	}
	return ""
}

// AsksIdentity reports whether the question asks for an identity number, which
// only a measure or a test needs: who approves the round is told.
func (f Field) AsksIdentity() bool {
	text := strings.ToLower(f.Label.ZH + " " + f.Label.EN)
	return slices.ContainsFunc(formData.Identity, func(w string) bool { return strings.Contains(text, w) })
}

func distinct(options []Option) bool {
	seen := map[string]bool{}
	for _, o := range options {
		if o.Value == "" || seen[o.Value] || o.Label.ZH+o.Label.EN == "" {
			return false
		}
		seen[o.Value] = true
	}
	return true
}

// Asked reports whether the question is asked given the answers so far.
func (f Field) Asked(answers map[string]string) bool {
	return f.When == nil || answers[f.When.Field] == f.When.Equals
}

// CheckAnswers returns the answers in their kept form (numbers without
// superfluous zeros, trimmed text) and what is wrong with them. Answers to
// questions that are not asked are dropped; unknown keys are faults. at is put
// before each field's name.
func CheckAnswers(fields []Field, given map[string]string, at string) (map[string]string, []error) {
	out := map[string]string{}
	var faults []error
	known := map[string]bool{}
	for _, f := range fields {
		known[f.Key] = true
		if !f.Asked(out) {
			continue
		}
		v := strings.TrimSpace(given[f.Key])
		if v == "" {
			if f.Required {
				faults = append(faults, invalid(at+f.Key, "error.required"))
			}
			continue
		}
		kept, err := checkValue(f, v)
		if err != nil {
			faults = append(faults, errs.Field(err, at+f.Key))
			continue
		}
		out[f.Key] = kept
	}
	for k := range given {
		if !known[k] {
			faults = append(faults, invalid(at+k, "round.answer_unknown"))
		}
	}
	return out, faults
}

func checkValue(f Field, v string) (string, error) {
	switch f.Type {
	case YesNo:
		if v == yes || v == no {
			return v, nil
		}
		return "", invalid(f.Key, "error.bad_choice")
	case Choice:
		if slices.ContainsFunc(f.Options, func(o Option) bool { return o.Value == v }) {
			return v, nil
		}
		return "", invalid(f.Key, "error.bad_choice")
	case Number:
		return checkNumber(f, v, f.Min, f.Max)
	case Temperature:
		lo, hi := minCelsius, maxCelsius
		if f.Min != nil {
			lo = *f.Min
		}
		if f.Max != nil {
			hi = *f.Max
		}
		return checkNumber(f, v, &lo, &hi)
	case Date:
		if _, err := time.Parse(time.DateOnly, v); err != nil {
			return "", invalid(f.Key, "error.bad_date")
		}
		return v, nil
	case Photo:
		if _, err := id.Parse(v); err != nil {
			return "", invalid(f.Key, "error.bad_id")
		}
		return v, nil
	case FreeText:
		if len([]rune(v)) > maxText {
			return "", invalid(f.Key, "error.too_long", maxText)
		}
		return v, nil
	}
	return "", invalid(f.Key, "error.bad_choice")
}

func checkNumber(f Field, v string, lo, hi *float64) (string, error) {
	n, err := strconv.ParseFloat(v, 64)
	if err != nil || n != n || n > 1e12 || n < -1e12 {
		return "", invalid(f.Key, "error.bad_number")
	}
	if lo != nil && n < *lo || hi != nil && n > *hi {
		return "", invalid(f.Key, "round.answer_range", bound(lo), bound(hi))
	}
	return strconv.FormatFloat(n, 'f', -1, 64), nil
}

func bound(p *float64) string {
	if p == nil {
		return "…"
	}
	return strconv.FormatFloat(*p, 'f', -1, 64)
}

// NormalAnswers fills in the normal answer of every question that given leaves
// out; known are the figures at hand about the target.
func NormalAnswers(fields []Field, given map[string]string, known Drafts) map[string]string {
	out := map[string]string{}
	for k, v := range given {
		out[k] = v
	}
	for _, f := range fields {
		if out[f.Key] != "" || f.Normal == "" || !f.Asked(out) {
			continue
		}
		if n, ok := known[f.Normal]; ok {
			out[f.Key] = strconv.Itoa(n)
		} else if !slices.Contains(draftCodes, f.Normal) {
			out[f.Key] = f.Normal
		}
	}
	return out
}

// Choices returns what the answers add to the counts of a leaf: one for each
// chosen value, and for numbers their number (#n) and their sum (#sum).
func Choices(fields []Field, answers map[string]string) []ChoiceCount {
	var out []ChoiceCount
	for _, f := range fields {
		v := answers[f.Key]
		if v == "" {
			continue
		}
		switch f.Type {
		case YesNo, Choice:
			out = append(out, ChoiceCount{f.Key, v, 1})
		case Number:
			out = append(out, ChoiceCount{f.Key, countN, 1})
			if n, err := strconv.ParseFloat(v, 64); err == nil && n == float64(int(n)) {
				out = append(out, ChoiceCount{f.Key, countSum, int(n)})
			}
		case Temperature:
			out = append(out, ChoiceCount{f.Key, countN, 1})
		}
	}
	return out
}

// ChoiceCount is how many targets chose a value of a question.
type ChoiceCount struct {
	Field  string `json:"field"`
	Choice string `json:"choice" doc:"An option's value, yes, no, #n (answers given) or #sum (sum of numbers)"`
	N      int    `json:"n"`
}

const (
	countN   = "#n"
	countSum = "#sum"
)
