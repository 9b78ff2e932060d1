package grid

import (
	"cmp"
	"slices"
	"strings"

	"wangge/internal/grid/divisions"
	"wangge/internal/platform/id"
)

// AreaReport says what an import of areas did or, dry, would do.
type AreaReport struct {
	Created   int                 `json:"created"`
	Renamed   int                 `json:"renamed"`
	Recoded   int                 `json:"recoded" doc:"Another code under the same parent"`
	Moved     int                 `json:"moved" doc:"Another code under another parent"`
	Unchanged int                 `json:"unchanged"`
	Outside   int                 `json:"outside" doc:"Rows of the list that lie outside the district"`
	Removed   []Place             `json:"removed" doc:"Areas of the district that the list no longer holds"`
	Changes   []AreaChange        `json:"changes" doc:"Every difference, by level and code"`
	Blocked   []AreaBlock         `json:"blocked" doc:"Removed areas that still hold something, and which area takes it over"`
	Partial   bool                `json:"partial" doc:"The list lacks more than half of the areas of a level: is it the whole list?"`
	Problems  []divisions.Problem `json:"problems"`
}

// Open counts the removed areas that still need a successor.
func (r AreaReport) Open() int {
	n := 0
	for _, b := range r.Blocked {
		if b.Successor == "" {
			n++
		}
	}
	return n
}

// AreaChange is one difference between the areas of the district and a list.
type AreaChange struct {
	Kind     divisions.ChangeKind `json:"kind" enum:"added,renamed,recoded,moved,removed"`
	Level    Kind                 `json:"level"`
	Code     string               `json:"code,omitempty" doc:"Empty for a removed area"`
	Name     string               `json:"name,omitempty"`
	OldCode  string               `json:"old_code,omitempty"`
	OldName  string               `json:"old_name,omitempty"`
	Under    string               `json:"under,omitempty" doc:"Name of the area above, in the list"`
	WasUnder string               `json:"was_under,omitempty" doc:"Of a moved area: name of the area that was above"`
	Doors    int                  `json:"doors" doc:"Doors it holds"`
}

// AreaBlock is a removed area that holds doors or other places: they go to its
// successor, which a person names.
type AreaBlock struct {
	ID          id.ID            `json:"id"`
	Code        string           `json:"code"`
	Name        string           `json:"name"`
	Under       string           `json:"under,omitempty"`
	Doors       int              `json:"doors"`
	Posts       int              `json:"posts" doc:"Posts over the area itself; they end with it"`
	Successor   string           `json:"successor,omitempty" doc:"Code of the area that takes over; empty: not yet decided"`
	Into        string           `json:"into,omitempty" doc:"Its name"`
	Suggestions []AreaSuggestion `json:"suggestions,omitempty"`
}

// AreaSuggestion is an area that may take over from a removed one.
type AreaSuggestion struct {
	Code  string `json:"code"`
	Name  string `json:"name"`
	Under string `json:"under,omitempty"`
}

// FormerName is what an area was called, which code it bore and where it
// stood, for a time.
type FormerName struct {
	PlaceID   id.ID  `json:"place_id"`
	Name      string `json:"name"`
	Code      string `json:"code,omitempty"`
	ParentID  id.ID  `json:"parent_id"`
	Why       string `json:"why" enum:"renamed,recoded,moved,merged,removed" doc:"What ended it"`
	FromMs    int64  `json:"from_ms"`
	UntilMs   int64  `json:"until_ms"`
	AccountID id.ID  `json:"account_id"`
}

// The ways in which a name or code ends beside those of divisions.ChangeKind.
const whyMerged = "merged"

// maxSuggestions is how many successors are suggested for one area.
const maxSuggestions = 5

// areaPlan is a list set against the areas of the database.
type areaPlan struct {
	have    map[string]Place          // by present code
	byID    map[id.ID]Place           // the same
	list    map[string]divisions.Area // by code
	changes []divisions.Change
	after   map[string]id.ID // ids by the codes that hold afterwards
}

// newAreaPlan compares the areas of a district with a list of them. An area is
// taken for removed only where the list has its level at all; the district's
// own area and those above it are never.
func newAreaPlan(district int, have []Place, list []divisions.Area) *areaPlan {
	p := &areaPlan{have: map[string]Place{}, byID: map[id.ID]Place{}, list: map[string]divisions.Area{}, after: map[string]id.ID{}}
	levels := map[divisions.Level]bool{}
	for _, a := range list {
		p.list[a.Code] = a
		levels[a.Level] = true
	}
	for _, h := range have {
		p.have[h.Code], p.byID[h.ID], p.after[h.Code] = h, h, h.ID
	}
	old := make([]divisions.Area, 0, len(have))
	for _, h := range have {
		old = append(old, divisions.Area{Code: h.Code, Name: h.Name, Level: divisions.Level(h.Kind), Parent: p.byID[h.ParentID].Code})
	}
	root := rootPath(district)
	for _, c := range divisions.Diff(old, list) {
		if c.Kind == divisions.Removed && (!levels[c.Old.Level] || Under(root, AreaPath(Kind(c.Old.Level), c.Old.Code))) {
			continue
		}
		p.changes = append(p.changes, c)
		switch c.Kind {
		case divisions.Added:
			p.after[c.New.Code] = id.New()
		case divisions.Recoded, divisions.Moved:
			p.after[c.New.Code] = p.have[c.Old.Code].ID
		}
	}
	return p
}

// place is the area in the database that a change is about.
func (p *areaPlan) place(c divisions.Change) Place { return p.have[c.Old.Code] }

// report counts the changes; ix tells the doors.
func (p *areaPlan) report(r *AreaReport, ix *leafIndex) {
	r.Unchanged = len(p.list)
	r.Partial = p.partial()
	for _, c := range p.changes {
		was := p.place(c)
		a := AreaChange{Kind: c.Kind, Level: Kind(cmp.Or(c.New.Level, c.Old.Level)), Code: c.New.Code, Name: c.New.Name, OldCode: c.Old.Code, OldName: c.Old.Name,
			Under: p.list[c.New.Parent].Name}
		if was.ID != id.Zero {
			a.Doors = ix.under(was.Path)
		}
		switch c.Kind {
		case divisions.Added:
			r.Created++
		case divisions.Renamed:
			r.Renamed++
		case divisions.Recoded:
			r.Recoded++
		case divisions.Moved:
			r.Moved++
			a.WasUnder = p.byID[was.ParentID].Name
		case divisions.Removed:
			a.Under = p.byID[was.ParentID].Name
			r.Removed = append(r.Removed, was)
		}
		if c.Kind != divisions.Removed {
			r.Unchanged--
		}
		r.Changes = append(r.Changes, a)
	}
}

// partial reports whether the list lacks more than half of the areas of a level.
func (p *areaPlan) partial() bool {
	there, gone := map[Kind]int{}, map[Kind]int{}
	for _, h := range p.have {
		there[h.Kind]++
	}
	for _, c := range p.changes {
		if c.Kind == divisions.Removed {
			gone[Kind(c.Old.Level)]++
		}
	}
	for k, n := range gone {
		if n > 2 && 2*n > there[k] {
			return true
		}
	}
	return false
}

// suggest names the areas that may take over from a removed one: those alike
// by name first, of the same street before others, new ones before old.
func (p *areaPlan) suggest(gone divisions.Area) []AreaSuggestion {
	type candidate struct {
		divisions.Area
		score float64
	}
	var found []candidate
	for code, a := range p.list {
		if a.Level != gone.Level {
			continue
		}
		score := divisions.Alike(gone.Name, a.Name)
		if strings.HasPrefix(code, gone.Parent[:9]) && a.Parent == gone.Parent {
			score += 0.3
		}
		if _, old := p.have[code]; !old && score > 0 {
			score += 0.1
		}
		if score > 0.25 {
			found = append(found, candidate{a, score})
		}
	}
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), strings.Compare(a.Code, b.Code))
	})
	out := make([]AreaSuggestion, 0, maxSuggestions)
	for _, c := range found[:min(len(found), maxSuggestions)] {
		out = append(out, AreaSuggestion{c.Code, c.Name, p.list[c.Parent].Name})
	}
	return out
}

// AreaAt is the lowest of the areas that a path lies in, of a place or a grid;
// Zero where it lies in none.
func AreaAt(areas []Place, path string) id.ID {
	var best Place
	for _, a := range areas {
		if path != "" && Under(path, a.Path) && len(a.Path) > len(best.Path) {
			best = a
		}
	}
	return best.ID
}

// shortName is an area's name as it stands before what came from it: "上疃村"
// of "上疃村村委会".
func shortName(name string) string {
	for _, suffix := range labels.AreaSuffixes {
		if short, cut := strings.CutSuffix(name, suffix); cut && short != "" {
			return short
		}
	}
	return name
}
