package roster

import (
	"path"
	"strconv"
	"strings"
	"unicode/utf8"

	"wangge/internal/platform/i18n"
)

// Place is where the rows of a table belong, as far as their own columns do
// not say. An empty field says nothing.
type Place struct {
	Compound string `json:"compound,omitempty"`
	Building string `json:"building,omitempty"`
	Unit     string `json:"unit,omitempty"`
	Group    string `json:"group,omitempty"`
}

// Where a part of a table's Place was read.
const (
	FromSheet  = "sheet"  // the sheet's name
	FromTitle  = "title"  // a row above the header
	FromFile   = "file"   // the file's name
	FromPerson = "person" // a person set it: Options.Places
)

// Said is one part of a table's Place: a column key, its value and where it
// was read.
type Said struct {
	Key   string `json:"key"`
	Value string `json:"value"`
	From  string `json:"from" enum:"sheet,title,file,person"`
}

// placeKey names a table of a workbook in Options.Places.
func placeKey(file, sheetName string, table int) string {
	return strings.Join([]string{file, sheetName, strconv.Itoa(table)}, "\x1f")
}

// learn takes over what a sheet's name, a title or the file's name says about
// where the rows belong. What was learned first stands; what contradicts it is
// told.
func (s *sheetParser) learn(p place, from string, row int, raw string) {
	had := s.base
	if p.building != "" && had.building != "" && p.building != had.building {
		p.unit = "" // the unit of another building
	}
	for _, f := range []struct{ key, have, said string }{
		{Compound, had.compound, p.compound}, {Building, had.building, p.building}, {Unit, had.unit, p.unit}, {Group, had.group, p.group},
	} {
		switch {
		case f.said == "" || f.said == f.have:
		case f.have == "":
			s.out.Said = append(s.out.Said, Said{f.key, f.said, from})
		case f.key == Compound || f.key == Building:
			s.report(row, finding{col: -1, raw: raw, sev: SevDoubt, key: "roster.title_contradicts", args: []any{s.word(f.key), f.have}})
		}
	}
	s.base.addMissing(p)
}

func (s *sheetParser) word(key string) string { return i18n.T(s.p.o.Lang, "roster.column."+key) }

// learnText reads a title or a name for the place it tells. A compound that
// nothing but its position gives away is a guess, and told as one.
func (s *sheetParser) learnText(t, from string, row int) {
	p := s.v.titleContext(t, from == FromSheet)
	if c := s.known(t); c != "" {
		p.compound = c
	} else if p.compound == "" && from != FromSheet && s.base.compound == "" {
		if p.compound = s.v.guessCompound(t); p.compound != "" {
			s.report(row, finding{col: -1, raw: t, sev: SevDoubt, key: "roster.compound_guessed", args: []any{p.compound}})
		}
	}
	s.learn(p, from, row, t)
	if s.out.Community == "" {
		s.out.Community = s.v.communityIn(t)
	}
}

// known finds a name of Options.Compounds in a text, alone or behind the names
// of regions and roads.
func (s *sheetParser) known(t string) string {
	for _, c := range s.p.o.Compounds {
		if i := strings.Index(t, c); i >= 0 && utf8.RuneCountInString(c) >= 2 && s.v.afterAdmin(t[:i+len(c)]) == c {
			return c
		}
	}
	return ""
}

// titleContext is contextOf for names of sheets and files and for titles: one
// that speaks of several buildings names none.
func (v *vocabulary) titleContext(t string, sheetName bool) place {
	p := v.contextOf(t, sheetName)
	building := ""
	ps := v.pieces(t)
	for k, x := range ps {
		if x.class != classBuilding {
			continue
		}
		list := k > 0 && ps[k-1].class == bare && ps[k-1].num != "" && len(ps[k-1].num) <= 3
		if list || building != "" && building != x.num {
			p.building, p.unit = "", ""
			return p
		}
		building = x.num
	}
	return p
}

// guessCompound takes the name right before a building's number for the
// compound's, whatever it ends with.
func (v *vocabulary) guessCompound(t string) string {
	ps := v.pieces(t)
	if len(ps) < 2 || ps[0].num != "" || ps[1].class != classBuilding && ps[1].class != classPhase {
		return ""
	}
	name := v.afterAdmin(strings.TrimSuffix(ps[0].text, v.ordinal()))
	han, all := hanCount(name)
	if han != all || han < 2 || han > 10 || hasAny(name, v.noise) {
		return ""
	}
	for _, a := range v.admin {
		if strings.HasSuffix(name, a) {
			return ""
		}
	}
	return name
}

// communityIn finds the community a title or a file's name speaks of.
func (v *vocabulary) communityIn(t string) string {
	for _, w := range v.words.Community {
		i := strings.Index(t, w)
		if i < 0 {
			continue
		}
		name := v.afterAdmin(t[:i+len(w)])
		if _, last, ok := strings.Cut(name, ":"); ok {
			name = strings.TrimSpace(last)
		}
		if han, all := hanCount(name); han == all && all > utf8.RuneCountInString(w) && all <= 12 {
			return name
		}
	}
	return ""
}

// CommunityRoot gives a community's name without the word for what it is.
func CommunityRoot(name string) string {
	for _, w := range vocab().words.Community {
		name = strings.TrimSuffix(name, w)
	}
	return name
}

// readFileName takes from the file's name what neither the sheet nor its
// titles say.
func (s *sheetParser) readFileName() {
	stem := strings.TrimSuffix(s.out.File, path.Ext(s.out.File))
	t := tidy(strings.NewReplacer("_", " ", "+", " ").Replace(stem))
	if han, _ := hanCount(t); han >= 2 {
		s.learnText(t, FromFile, 0)
	}
}

// setByPerson replaces what was learned by what a person said.
func (s *sheetParser) setByPerson() {
	s.out.PlaceKey = placeKey(s.out.File, s.out.Sheet, len(s.outs))
	p, ok := s.p.o.Places[s.out.PlaceKey]
	if !ok {
		return
	}
	s.base, s.out.Said = place{}, nil
	s.learn(place{compound: p.Compound, building: p.Building, unit: p.Unit, group: p.Group}, FromPerson, 0, "")
}

// compare counts rows whose own columns name another compound or building than
// the sheet's name or title.
func (s *sheetParser) compare(p *place) {
	if p.compound != "" && s.base.compound != "" && p.compound != s.base.compound {
		s.otherCompound++
	}
	if p.building != "" && s.base.building != "" && p.building != s.base.building {
		s.otherBuilding++
	}
}

// tellOthers reports what compare counted: the rows' own columns were followed.
func (s *sheetParser) tellOthers() {
	for _, f := range []struct {
		key, have string
		n         *int
	}{{Compound, s.base.compound, &s.otherCompound}, {Building, s.base.building, &s.otherBuilding}} {
		if *f.n > 0 {
			s.report(0, finding{col: -1, raw: f.have, sev: SevDoubt, key: "roster.rows_contradict", args: []any{s.word(f.key), f.have, *f.n}})
		}
		*f.n = 0
	}
}
