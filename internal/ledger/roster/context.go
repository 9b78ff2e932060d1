package roster

import (
	"strings"
	"unicode/utf8"

	"wangge/internal/platform/sheet"
)

// contextOf reads a sheet's name, a title or a section row for the place all
// rows below belong to.
func (v *vocabulary) contextOf(t string, sheetName bool) place {
	if label, rest, ok := strings.Cut(t, ":"); ok {
		switch k, _ := v.matchHeader(label); k {
		case Compound:
			return place{compound: strings.TrimSpace(rest)}
		case Building, Unit, Group:
			t = strings.TrimSpace(rest)
		}
	}
	if t == "" || utf8.RuneCountInString(t) > 60 {
		return place{}
	}
	if cut := strings.TrimSpace(sheet.DropBrackets(t)); cut != "" {
		t = cut
	}
	for _, n := range v.noise {
		if i := strings.Index(t, n); i >= 0 {
			t = strings.TrimSpace(t[:i])
		}
	}
	if b, u, ok := bareSheetName(t); sheetName && ok {
		return place{building: b, unit: u}
	}
	ps := v.pieces(trimPrefixAny(t, v.words.Ordinal))
	p := place{}
	for k, x := range ps {
		switch {
		case x.num == "":
			if name := v.afterAdmin(strings.TrimSuffix(x.text, v.ordinal())); k == 0 && v.compoundIn(name) != "" {
				p.compound = name
			}
			if name := strings.TrimSpace(x.text); sheetName && len(ps) == 1 {
				p.namedGroup(v, name)
			}
		case x.class == classBuilding && p.building == "":
			p.building = trimZero(x.num)
		case x.class == classUnit:
			p.unit = trimZero(x.num)
		case x.class == classPhase:
			p.phase = v.phaseOf(x.num)
		case x.class == classGroup:
			p.group = trimZero(x.num)
		case x.class == classNumber && len(ps) == 1 && sheetName:
			p.building = trimZero(x.num)
		case x.class == bare && k > 0 && ps[k-1].class == classBuilding && sheetName:
			p.unit = trimZero(x.num)
		}
	}
	return p
}

// bareSheetName reads sheet names such as 5 and 5-2 as building and unit.
func bareSheetName(t string) (building, unit string, ok bool) {
	b, u, two := strings.Cut(t, "-")
	ok = digitsOnly(b) && len(b) <= 3 && (!two || digitsOnly(u) && len(u) == 1)
	return trimZero(b), u, ok
}

func (v *vocabulary) ordinal() string { return v.words.Ordinal[0] }

// namedGroup recognises a group with a name instead of a number.
func (p *place) namedGroup(v *vocabulary, name string) {
	for _, x := range v.suffixes {
		if x.class == classGroup && strings.HasSuffix(name, x.text) && len(name) > len(x.text) && utf8.RuneCountInString(name) <= 8 {
			p.group = name
			return
		}
	}
}

func (p place) blank() bool {
	return p.compound == "" && p.building == "" && p.unit == "" && p.group == "" && p.phase == ""
}

// addMissing takes over what p does not know yet.
func (p *place) addMissing(q place) {
	for _, f := range []struct {
		to   *string
		from string
	}{{&p.compound, q.compound}, {&p.phase, q.phase}, {&p.building, q.building}, {&p.unit, q.unit}, {&p.floor, q.floor}, {&p.room, q.room}, {&p.group, q.group}} {
		if *f.to == "" {
			*f.to = f.from
		}
	}
}
