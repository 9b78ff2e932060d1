package round

import (
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// DoorName is a door by the names written on it, to match what somebody typed.
type DoorName struct {
	ID   id.ID
	Name string // 302
	Unit string // the unit's name, if the building has units
}

// Line is a target of a list, with the names of where it is.
type Line struct {
	Target
	Label    string `json:"label"`              // the door within its building, or the target's own name
	Building string `json:"building,omitempty"` // the building or group, with its compound
	SheetID  id.ID  `json:"sheet_id"`           // whose printed list the line number belongs to
	Evening  bool   `json:"evening,omitempty"`
	Floor    int    `json:"floor,omitempty"`
	Path     string `json:"-"`
}

// ListQuery asks for targets of a round at a node of either tree.
type ListQuery struct {
	Ref     NodeRef
	States  []State // empty: outstanding and attempted
	All     bool    // every state
	Evening bool    // only those on the evening list
	Objects []id.ID // only these
	After   string  // cursor of an earlier answer
	Limit   int     // 0: 200, at most 20000
	perm    grid.Permission
}

// maxList bounds one list; an export of more is made by area.
const maxList = 20000

// Outstanding lists targets of a round by name in walking order, as far as the
// caller's posts reach, and the cursor of the next page ("" at the end).
func (s *Service) Outstanding(ctx context.Context, c grid.Caller, round id.ID, q ListQuery) ([]Line, string, error) {
	const op = "round.Outstanding"
	if err := c.Require(op, grid.RoundRead); err != nil {
		return nil, "", err
	}
	info, err := s.info(ctx, c.District, round)
	if err != nil {
		return nil, "", err
	}
	if info.round.OccurrenceID == id.Zero {
		return nil, "", errs.E(op, errs.Conflict, "round.not_open")
	}
	if info, err = s.at(ctx, info, q.Ref.N); err != nil {
		return nil, "", err
	}
	if q.Limit <= 0 || q.Limit > maxList {
		q.Limit = 200
	}
	if q.perm == "" {
		q.perm = grid.RoundRead
	}
	path, gridPath, err := s.refPaths(ctx, info.round, q.Ref)
	if err != nil {
		return nil, "", err
	}
	list, err := selectLines(ctx, s.DB.Read(), c, info.round, path, gridPath, q)
	if err != nil {
		return nil, "", err
	}
	if !c.Sees(grid.FieldCare) { // an empty flat is no news for a list: neighbours and boards get the state, not the reason
		for i := range list {
			list[i].Reason, list[i].ValidUntilMs = "", 0
		}
	}
	next := ""
	if len(list) > q.Limit {
		list = list[:q.Limit]
		last := list[len(list)-1]
		next = last.Path + "." + itoa(last.LineNo) + "." + last.ObjectID.String()
	}
	return list, next, s.nameLines(ctx, c, info.round.TargetKind, list)
}

// refPaths returns the paths of the node a list is asked for: the place's and,
// for a grid, the grid's.
func (s *Service) refPaths(ctx context.Context, r Round, ref NodeRef) (path, gridPath string, err error) {
	if ref.Grid != id.Zero {
		g, err := selectGrid(ctx, s.DB.Read(), r.district, ref.Grid)
		return "", g.Path, err
	}
	if ref.Place == id.Zero {
		return "", "", nil
	}
	p, err := selectPlace(ctx, s.DB.Read(), r.district, ref.Place)
	return p.Path, "", err
}

// nameLines fills in labels: of a door its unit and number, of other targets
// their own name, and the building they stand in.
func (s *Service) nameLines(ctx context.Context, c grid.Caller, kind TargetKind, list []Line) error {
	if len(list) == 0 {
		return nil
	}
	names, err := s.namer(ctx, c.District, list)
	if err != nil {
		return err
	}
	posts := map[id.ID]postName{}
	if kind == Posts {
		if posts, err = postNames(ctx, s.DB.Read(), c.District, objectsOf(list)); err != nil {
			return err
		}
	}
	for i := range list {
		l := &list[i]
		l.Evening = l.Target.Evening()
		names.label(l, kind, c.Lang)
		if kind == Posts {
			l.Label = posts[l.ObjectID].in(c.Lang)
		}
	}
	return nil
}

func objectsOf(list []Line) []id.ID {
	out := make([]id.ID, len(list))
	for i, l := range list {
		out[i] = l.ObjectID
	}
	return out
}

// namer knows the places that the lines of a list stand in.
type namer struct{ at map[id.ID]place }

func (s *Service) namer(ctx context.Context, district int, list []Line) (*namer, error) {
	n := &namer{at: map[id.ID]place{}}
	want := map[id.ID]bool{}
	for _, l := range list {
		want[l.LeafID] = true
		want[l.DoorID] = true
		want[l.ObjectID] = true
	}
	delete(want, id.Zero)
	for range 3 { // the leaf, the building above it, the compound above that
		found, err := placesByID(ctx, s.DB.Read(), district, sortedIDs(want))
		if err != nil {
			return nil, err
		}
		want = map[id.ID]bool{}
		for pid, p := range found {
			n.at[pid] = p
		}
		for _, p := range found {
			if _, ok := n.at[p.ParentID]; !ok && p.ParentID != id.Zero && p.Kind != "community" {
				want[p.ParentID] = true
			}
		}
		if len(want) == 0 {
			break
		}
	}
	return n, nil
}

func (n *namer) label(l *Line, kind TargetKind, lang string) {
	leaf := n.at[l.LeafID]
	parent := n.at[leaf.ParentID]
	l.SheetID = sheetOf(kind, leaf.ID, leaf.ParentID, leaf.Kind, parent.Kind)
	switch kind {
	case Doors, Households, Persons:
		door := n.at[l.DoorID]
		l.Label, l.Floor, l.Path = door.Name, door.Floor, door.Path
		building := leaf
		if leaf.Kind == "unit" {
			l.Label = within(lang, leaf.label(lang), door.Name)
			building = parent
		}
		l.Building = saidIn(lang, n.at[building.ParentID], building)
	case Posts:
		l.Building = saidIn(lang, parent, leaf)
		if parent.Path == "" || grid.Kind(leaf.Kind).IsArea() {
			l.Building = leaf.label(lang)
		}
	default:
		own := n.at[l.ObjectID]
		l.Label = own.label(lang)
		if own.Path != "" {
			l.Path = own.Path
		}
		l.Building = saidIn(lang, n.at[n.at[own.ParentID].ParentID], n.at[own.ParentID])
	}
}

// Sheet is the printed list of one building.
type Sheet struct {
	ID    id.ID
	Name  string
	Lines []Line
}

// Sheets returns the lists of a round by building, every target asked for with
// its line number, for printing and for entering what came back on paper.
func (s *Service) Sheets(ctx context.Context, c grid.Caller, round id.ID, q ListQuery) ([]Sheet, error) {
	q.After, q.Limit = "", maxList
	list, next, err := s.Outstanding(ctx, c, round, q)
	if err != nil {
		return nil, err
	}
	if next != "" {
		return nil, errs.E("round.Sheets", errs.TooMany, "round.print_big", maxList)
	}
	var out []Sheet
	for _, l := range list {
		i := slices.IndexFunc(out, func(sh Sheet) bool { return sh.ID == l.SheetID })
		if i < 0 {
			out = append(out, Sheet{ID: l.SheetID, Name: l.Building})
			i = len(out) - 1
		}
		out[i].Lines = append(out[i].Lines, l)
	}
	return out, nil
}
