package ledger

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// sight is the set of field classes a caller may see of one row, as bits.
type sight int

const (
	seesNameMasked sight = 1 << iota
	seesPhoneMasked
	seesIDNoMasked
	seesName
	seesPhone
	seesIDNo
	seesAddress
	seesCare
	seesRisk
	seesAll sight = 1<<iota - 1
)

var sightFields = []struct {
	field  grid.Field
	bit    sight
	unmask bool // also needs the permission to unmask, at this very row
}{
	{grid.FieldNameMasked, seesNameMasked, false}, {grid.FieldPhoneMasked, seesPhoneMasked, false}, {grid.FieldIDNoMasked, seesIDNoMasked, false},
	{grid.FieldName, seesName, true}, {grid.FieldPhone, seesPhone, true}, {grid.FieldIDNo, seesIDNo, true}, {grid.FieldAddress, seesAddress, true},
	{grid.FieldCare, seesCare, false}, {grid.FieldRisk, seesRisk, false},
}

func (s sight) has(bit sight) bool { return s&bit != 0 }

// sightColumn returns the SQL expression that gives the sight of each row: a
// right counts only where the grant that gives it covers the row, so holding
// a second post elsewhere shows nothing more here.
func sightColumn(c grid.Caller, a *db.Args, cols grid.Columns) string {
	if c.IsSystem() {
		return strconv.Itoa(int(seesAll))
	}
	weights := map[string]sight{} // which grants → bits they give
	var order []string
	for _, f := range sightFields {
		var set strings.Builder
		for _, g := range c.Grants {
			ok := g.Role.May(grid.LedgerRead) && g.Role.Sees(f.field) && (!f.unmask || g.Role.May(grid.LedgerUnmask))
			set.WriteByte(map[bool]byte{true: '1', false: '0'}[ok])
		}
		key := set.String()
		if !strings.Contains(key, "1") {
			continue
		}
		if weights[key] == 0 {
			order = append(order, key)
		}
		weights[key] |= f.bit
	}
	parts := []string{"0"}
	for _, key := range order {
		sub := c
		sub.Grants = nil
		for i, g := range c.Grants {
			if key[i] == '1' {
				sub.Grants = append(sub.Grants, g)
			}
		}
		parts = append(parts, "CASE WHEN "+sub.Scope(grid.LedgerRead, a, cols)+" THEN "+strconv.Itoa(int(weights[key]))+" ELSE 0 END")
	}
	return strings.Join(parts, " + ")
}

// seeing returns the caller with only those rights to read that show one of
// the fields.
func seeing(c grid.Caller, fields ...grid.Field) grid.Caller {
	sub := c
	sub.Grants = slices.DeleteFunc(slices.Clone(c.Grants), func(g grid.Grant) bool {
		return !g.Role.May(grid.LedgerRead) || !slices.ContainsFunc(fields, g.Role.Sees)
	})
	return sub
}

// livingOnly returns the condition that keeps rows of persons who left or live
// elsewhere from posts that do not show the class of addresses: a neighbour
// learns who lives behind a door, not whose registration is there or which flat
// an owner left empty.
func livingOnly(c grid.Caller, a *db.Args, cols grid.Columns) string {
	if c.IsSystem() || !slices.ContainsFunc(c.Grants, func(g grid.Grant) bool {
		return g.Role.May(grid.LedgerRead) && !g.Role.Sees(grid.FieldAddress)
	}) {
		return ""
	}
	wide := seeing(c, grid.FieldAddress)
	return " AND (p.lives_here = 1 AND p.until_ms = 0 OR " + wide.Scope(grid.LedgerRead, a, cols) + ")"
}

// PersonView is a person as the caller may see it. Fields outside the caller's
// classes are empty; masked ones hold a mask.
type PersonView struct {
	ID          id.ID  `json:"id"`
	HouseholdID id.ID  `json:"household_id"`
	DoorID      id.ID  `json:"door_id"`
	Register    string `json:"register"`
	Registered  bool   `json:"registered" doc:"Registered at this door; always false where registration_shown is"`
	// RegistrationShown reports whether the post may know where people are
	// registered; whoever may not sees only who lives behind a door now.
	RegistrationShown bool   `json:"registration_shown" doc:"Whether one's post shows registrations"`
	LivesHere         bool   `json:"lives_here" doc:"Lives behind this door"`
	Version           int    `json:"version" doc:"Give it back with a change"`
	FromMs            int64  `json:"from_ms"`
	UntilMs           int64  `json:"until_ms,omitempty"`
	UntilReason       string `json:"until_reason,omitempty"`

	Name        string   `json:"name,omitempty"`
	Sex         Sex      `json:"sex,omitempty"`
	Birth       string   `json:"birth,omitempty"`
	Age         int      `json:"age,omitempty" doc:"Completed years, if known"`
	AgeKnown    bool     `json:"age_known,omitempty"`
	Minor       bool     `json:"minor,omitempty" doc:"Under 14: the guardian answers"`
	IDNo        string   `json:"idno,omitempty"`
	Passport    string   `json:"passport,omitempty"`
	Phones      []string `json:"phones,omitempty"`
	Landline    string   `json:"landline,omitempty"`
	Relation    string   `json:"relation,omitempty"`
	RegAddress  string   `json:"registered_address,omitempty"`
	LiveAddress string   `json:"address,omitempty"`
	Work        string   `json:"work,omitempty"`
	Note        string   `json:"note,omitempty"`

	Door     string `json:"door,omitempty" doc:"The door in words"`
	DoorPath string `json:"-"`
	Unmasked bool   `json:"unmasked,omitempty" doc:"Fields are shown in full; the look was recorded"`
	// CanUnmask reports whether a purpose would show more.
	CanUnmask bool   `json:"can_unmask,omitempty"`
	MayCare   bool   `json:"-"`
	MayRisk   bool   `json:"-"`
	Origin    Origin `json:"-"`
	sight     sight
}

// RelationIn is the relation in a language, as far as it is known.
func (v PersonView) RelationIn(lang string) string { return RelationIn(lang, v.Relation) }

// present shows p as far as the sight allows; unmask asks for full fields.
func present(p *Person, s sight, unmask bool, at time.Time) PersonView {
	v := PersonView{
		ID: p.ID, HouseholdID: p.HouseholdID, DoorID: p.DoorID, Register: p.Register,
		Registered: p.Registered && s.has(seesAddress), RegistrationShown: s.has(seesAddress), LivesHere: p.LivesHere, Version: p.Version,
		FromMs: p.FromMs, UntilMs: p.UntilMs, UntilReason: p.UntilReason, Origin: p.Origin, sight: s,
		Minor: p.Minor(at), CanUnmask: s.has(seesName | seesPhone | seesIDNo | seesAddress),
		MayCare: s.has(seesCare), MayRisk: s.has(seesRisk),
	}
	full := func(bit sight) bool { return unmask && s.has(bit) }
	v.Unmasked = full(seesName | seesPhone | seesIDNo | seesAddress)
	v.Name = show(p.Name, full(seesName), s.has(seesNameMasked|seesName), seal.MaskName)
	if s.has(seesNameMasked | seesName) {
		v.Sex, v.Relation = p.Sex, p.Relation
	}
	if s.has(seesPhone | seesPhoneMasked) {
		for _, ph := range p.Phones {
			v.Phones = append(v.Phones, show(ph, full(seesPhone), true, seal.MaskPhone))
		}
		v.Landline = show(p.Landline, full(seesPhone), true, seal.MaskPhone)
	}
	if s.has(seesIDNo | seesIDNoMasked) {
		v.IDNo = show(p.IDNo, full(seesIDNo), true, seal.MaskIDNo)
		v.Passport = show(p.Passport, full(seesIDNo), true, seal.MaskIDNo)
		v.Birth = show(p.Birth, full(seesIDNo), true, maskText)
		v.Age, v.AgeKnown = p.Age(at)
	}
	if s.has(seesAddress) {
		for _, f := range []struct{ dst, src *string }{
			{&v.RegAddress, &p.RegAddress}, {&v.LiveAddress, &p.LiveAddress}, {&v.Work, &p.Work}, {&v.Note, &p.Note},
		} {
			*f.dst = show(*f.src, full(seesAddress), true, maskText)
		}
	}
	return v
}

func show(s string, full, masked bool, mask func(string) string) string {
	switch {
	case full:
		return s
	case masked:
		return mask(s)
	}
	return ""
}

// withPurpose returns the caller asking for unmasked fields. An unknown
// purpose counts as none.
func withPurpose(c grid.Caller, purpose string) grid.Caller {
	c.Purpose = ""
	if slices.Contains(vocab.Purposes, purpose) {
		c.Purpose = purpose
	}
	return c
}

// fieldSight says which bit of the sight shows a field of an event in full;
// fields not named here are structure and open to all who see the person.
var fieldSight = map[string]sight{
	"name": seesName, "phone": seesPhone, "landline": seesPhone, "idno": seesIDNo, "passport": seesIDNo, "birth": seesIDNo,
	"registered_address": seesAddress, "address": seesAddress, "work": seesAddress, "note": seesAddress,
}

// shows reports whether the view shows a field in full.
func (v *PersonView) shows(field string) bool {
	bit, sealed := fieldSight[field]
	return !sealed || v.Unmasked && v.sight.has(bit)
}
