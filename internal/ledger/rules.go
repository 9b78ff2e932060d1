package ledger

import (
	"slices"
	"strings"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/seal"
)

// birthDay reads a full date from a record's birth field or from an identity
// number of 18 or 15 characters.
func birthDay(birth, idno string) (time.Time, bool) {
	if t, err := time.ParseInLocation(time.DateOnly, birth, clock.CST); err == nil {
		return t, true
	}
	n := seal.NormIDNo(idno)
	if len(n) != 18 {
		return time.Time{}, false
	}
	t, err := time.ParseInLocation("20060102", n[6:14], clock.CST)
	return t, err == nil
}

// ageAt returns the completed years at the instant. A person born on 29
// February completes a year on 1 March of common years.
func ageAt(birth, idno string, at time.Time) (int, bool) {
	b, ok := birthDay(birth, idno)
	if !ok {
		return 0, false
	}
	at = at.In(clock.CST)
	years := at.Year() - b.Year()
	if at.Month() < b.Month() || at.Month() == b.Month() && at.Day() < b.Day() {
		years--
	}
	return years, years >= 0
}

// normPerson trims what was typed and drops empty phones.
func normPerson(p *Person) {
	for _, s := range []*string{&p.Name, &p.Birth, &p.IDNo, &p.Passport, &p.Landline, &p.Relation, &p.RegAddress, &p.LiveAddress, &p.Work, &p.Note} {
		*s = strings.TrimSpace(*s)
	}
	p.IDNo = strings.ToUpper(p.IDNo)
	var phones []string
	for _, ph := range p.Phones {
		if ph = seal.NormPhone(ph); ph != "" && !slices.Contains(phones, ph) {
			phones = append(phones, ph)
		}
	}
	p.Phones = phones
}

// Longest texts of a record, in characters.
const (
	maxName = 60
	maxText = 500
)

// checkPerson says what cannot be stored, naming the field.
func checkPerson(op string, p *Person) error {
	bad := func(field, key string, args ...any) error {
		return errs.Field(errs.E(op, errs.Invalid, key, args...), field)
	}
	if p.Name == "" && p.IDNo == "" && len(p.Phones) == 0 && p.Passport == "" {
		return bad("name", "ledger.person.empty")
	}
	if len([]rune(p.Name)) > maxName {
		return bad("name", "error.too_long", maxName)
	}
	for field, s := range map[string]string{"relation": p.Relation, "registered": p.RegAddress, "address": p.LiveAddress, "work": p.Work, "note": p.Note, "passport": p.Passport} {
		if len([]rune(s)) > maxText {
			return bad(field, "error.too_long", maxText)
		}
	}
	if p.IDNo != "" && !validIDNo(p.IDNo) {
		return bad("idno", "ledger.person.idno")
	}
	for _, ph := range p.Phones {
		if len(ph) < 5 || len(ph) > 20 {
			return bad("phone", "ledger.person.phone")
		}
	}
	if p.Sex != "" && p.Sex != Male && p.Sex != Female {
		return bad("sex", "error.bad_choice")
	}
	if p.Birth != "" && !validBirth(p.Birth) {
		return bad("birth", "error.bad_date")
	}
	return nil
}

func validBirth(s string) bool {
	for _, layout := range []string{time.DateOnly, "2006-01", "2006"} {
		if _, err := time.Parse(layout, s); err == nil {
			return true
		}
	}
	return false
}

// validIDNo accepts identity numbers of 18 characters with a right check
// digit, or of 15 digits, whose birth date exists.
func validIDNo(s string) bool {
	n := seal.NormIDNo(s)
	if len(n) != 18 || n[17] != seal.CheckDigit(n[:17]) || seal.CheckDigit(n[:17]) == 0 {
		return false
	}
	_, err := time.Parse("20060102", n[6:14])
	return err == nil && (len(s) == 18 || len(s) == 15)
}

// fields lists the sealed fields of a person that an edit may change, by the
// names that events and forms use.
func fields(p *Person) map[string]string {
	m := map[string]string{
		"name": p.Name, "sex": string(p.Sex), "birth": p.Birth, "idno": p.IDNo, "passport": p.Passport,
		"phone": strings.Join(p.Phones, " "), "landline": p.Landline, "relation": p.Relation,
		"registered_address": p.RegAddress, "address": p.LiveAddress, "work": p.Work, "note": p.Note,
		"registered": "0", "lives_here": "0",
	}
	if p.Registered {
		m["registered"] = "1"
	}
	if p.LivesHere {
		m["lives_here"] = "1"
	}
	return m
}

// diff returns the fields that differ between two states of a record.
func diff(old, now *Person) map[string]FieldChange {
	a, b := fields(old), fields(now)
	out := map[string]FieldChange{}
	for k, v := range a {
		if b[k] != v {
			out[k] = FieldChange{Old: v, New: b[k]}
		}
	}
	return out
}

// keepMasked replaces fields of an edit that still hold a mask by the stored
// value: a masked value coming back from a form means "unchanged". A value that
// looks masked but is not the mask of what is stored is refused.
func keepMasked(op string, stored, now *Person) error {
	one := func(field string, s *string, old string, mask func(string) string) error {
		if !seal.IsMasked(*s) {
			return nil
		}
		if *s != mask(old) && *s != hidden {
			return errs.Field(errs.E(op, errs.Invalid, "ledger.person.masked"), field)
		}
		*s = old
		return nil
	}
	if len(now.Phones) > 0 && slices.ContainsFunc(now.Phones, seal.IsMasked) {
		for i, ph := range now.Phones {
			if !seal.IsMasked(ph) {
				continue
			}
			k := slices.IndexFunc(stored.Phones, func(old string) bool { return seal.MaskPhone(old) == ph })
			if k < 0 {
				return errs.Field(errs.E(op, errs.Invalid, "ledger.person.masked"), "phone")
			}
			now.Phones[i] = stored.Phones[k]
		}
	}
	for _, f := range []struct {
		field string
		s     *string
		old   string
		mask  func(string) string
	}{
		{"name", &now.Name, stored.Name, seal.MaskName},
		{"idno", &now.IDNo, stored.IDNo, seal.MaskIDNo},
		{"passport", &now.Passport, stored.Passport, seal.MaskIDNo},
		{"landline", &now.Landline, stored.Landline, seal.MaskPhone},
		{"birth", &now.Birth, stored.Birth, maskText},
		{"registered_address", &now.RegAddress, stored.RegAddress, maskText},
		{"address", &now.LiveAddress, stored.LiveAddress, maskText},
		{"work", &now.Work, stored.Work, maskText},
		{"note", &now.Note, stored.Note, maskText},
	} {
		if err := one(f.field, f.s, f.old, f.mask); err != nil {
			return err
		}
	}
	return nil
}

// hidden stands for a free text that is there but not shown.
const hidden = "***"

func maskText(s string) string {
	if s == "" {
		return ""
	}
	return hidden
}

// SameFields reports whether two states of a person differ in nothing that an
// edit may change.
func SameFields(a, b *Person) bool { return len(diff(a, b)) == 0 }

// Changes returns the fields that differ between two states of a person.
func Changes(old, now *Person) map[string]FieldChange { return diff(old, now) }

// CitizenNumber reports whether s is a valid identity number of 18 or 15
// characters; other papers are kept apart as passports.
func CitizenNumber(s string) bool { return validIDNo(s) }

// HeadWord is how the relation "head of the household" is written where a
// roster only marks it.
func HeadWord() string { return vocab.Heads[0] }
