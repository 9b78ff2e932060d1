package ledger

import (
	"slices"
	"strings"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// textFields are the sealed texts of a person, in the order pages show them.
var textFields = []struct {
	name string
	of   func(*Person) *string
}{
	{"name", func(p *Person) *string { return &p.Name }},
	{"sex", func(p *Person) *string { return (*string)(&p.Sex) }},
	{"birth", func(p *Person) *string { return &p.Birth }},
	{"idno", func(p *Person) *string { return &p.IDNo }},
	{"passport", func(p *Person) *string { return &p.Passport }},
	{"landline", func(p *Person) *string { return &p.Landline }},
	{"relation", func(p *Person) *string { return &p.Relation }},
	{"registered_address", func(p *Person) *string { return &p.RegAddress }},
	{"address", func(p *Person) *string { return &p.LiveAddress }},
	{"work", func(p *Person) *string { return &p.Work }},
	{"note", func(p *Person) *string { return &p.Note }},
}

// markFields are the yes-or-no fields of a person.
var markFields = []struct {
	name string
	of   func(*Person) *bool
}{
	{"lives_here", func(p *Person) *bool { return &p.LivesHere }},
	{"registered", func(p *Person) *bool { return &p.Registered }},
}

// mergeInto takes drop into keep: blanks are filled, phones joined, and the
// fields named in take become drop's. A name that is no field of a person is
// Invalid.
func mergeInto(keep, drop *Person, take []string) error {
	for _, name := range take {
		if !mergeable(name) {
			return errs.Field(errs.E("ledger.merge", errs.Invalid, "error.bad_choice"), "take")
		}
	}
	for _, f := range textFields {
		mine, theirs := f.of(keep), f.of(drop)
		if *mine == "" || *theirs != "" && slices.Contains(take, f.name) {
			*mine = *theirs
		}
	}
	for _, f := range markFields {
		if slices.Contains(take, f.name) {
			*f.of(keep) = *f.of(drop)
		}
	}
	keep.Phones = slices.Clone(keep.Phones)
	for _, ph := range drop.Phones {
		if !slices.Contains(keep.Phones, ph) {
			keep.Phones = append(keep.Phones, ph)
		}
	}
	return nil
}

// mergeable reports whether a field may be chosen from one of two records.
func mergeable(name string) bool {
	for _, f := range textFields {
		if f.name == name {
			return true
		}
	}
	for _, f := range markFields {
		if f.name == name {
			return true
		}
	}
	return false
}

// Likeness says why two records may be of one person.
type Likeness string

// The kinds of likeness, the surest first.
const (
	SameNumber    Likeness = "idno"       // the same identity number or passport
	SameNamePhone Likeness = "name_phone" // the same name and a phone
	SameNameDoor  Likeness = "name_door"  // the same name behind the same door
)

// pair is two records that may be of one person; a is the older.
type pair struct {
	a, b id.ID
	why  Likeness
}

// duplicates finds pairs of records that may be of one person, the surest
// first, each pair once. Records are compared by what is written in them: the
// same number; the same name and a phone; the same name behind one door.
func duplicates(recs []personRec) []pair {
	at := map[string][]id.ID{} // likeness + value → records
	numbers := map[id.ID]string{}
	var order []string
	add := func(why Likeness, value string, p id.ID) {
		key := string(why) + "\x00" + value
		if len(at[key]) == 1 {
			order = append(order, key)
		}
		if !slices.Contains(at[key], p) {
			at[key] = append(at[key], p)
		}
	}
	for i := range recs {
		p := &recs[i].Person
		numbers[p.ID] = seal.NormIDNo(p.IDNo)
		for _, n := range []string{seal.NormIDNo(p.IDNo), seal.NormIDNo(p.Passport)} {
			if n != "" {
				add(SameNumber, n, p.ID)
			}
		}
		name := seal.NormName(p.Name)
		if name == "" {
			continue
		}
		for _, ph := range p.Phones {
			add(SameNamePhone, name+"\x00"+seal.NormPhone(ph), p.ID)
		}
		add(SameNameDoor, name+"\x00"+p.DoorID.String(), p.ID)
	}
	seen := map[[2]id.ID]bool{}
	var out []pair
	for _, why := range []Likeness{SameNumber, SameNamePhone, SameNameDoor} {
		for _, key := range order {
			if !strings.HasPrefix(key, string(why)+"\x00") {
				continue
			}
			same := at[key]
			for _, b := range same[1:] {
				p := pair{min(same[0], b), max(same[0], b), why}
				if x, y := numbers[p.a], numbers[p.b]; x != "" && y != "" && x != y {
					continue // two people of one name
				}
				if !seen[[2]id.ID{p.a, p.b}] {
					seen[[2]id.ID{p.a, p.b}] = true
					out = append(out, p)
				}
			}
		}
	}
	return out
}
