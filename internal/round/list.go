package round

import (
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
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

// FreshAnswer is an answer of an earlier round that is still valid.
type FreshAnswer struct {
	Field string `json:"field"`
	Value string `json:"value"`
	AtMs  int64  `json:"at_ms"`
}

// Fresh returns, for each object, the answers to the round's questions that
// were given in other rounds and are still valid: shown for confirmation
// instead of asked. The caller must be allowed to mark the objects.
func (s *Service) Fresh(ctx context.Context, c grid.Caller, round id.ID, objects []id.ID) (map[id.ID][]FreshAnswer, error) {
	info, err := s.info(ctx, c.District, round)
	if err != nil {
		return nil, err
	}
	may, err := authorised(ctx, s.DB.Read(), c, grid.RoundMark, info.round.OccurrenceID, objects)
	if err != nil {
		return nil, err
	}
	return s.fresh(ctx, s.DB.Read(), info, sortedIDs(may))
}

func (s *Service) fresh(ctx context.Context, q db.Queryer, info *roundInfo, objects []id.ID) (map[id.ID][]FreshAnswer, error) {
	out := map[id.ID][]FreshAnswer{}
	once, _ := info.form.parts(info.round.PerMember)
	asked := map[id.ID][]Field{}
	for _, f := range once {
		if f.ValidityDays == 0 {
			continue
		}
		occs, err := s.askedIn(ctx, q, info.round, f, s.now()-int64(f.ValidityDays)*dayMs)
		if err != nil {
			return nil, err
		}
		for _, o := range occs {
			asked[o] = append(asked[o], f)
		}
	}
	if len(asked) == 0 || len(objects) == 0 {
		return out, nil
	}
	marks, err := currentMarks(ctx, q, info.round.district, sortedIDs(asked), objects)
	if err != nil {
		return nil, err
	}
	for _, m := range marks {
		body, err := s.open(m)
		if err != nil {
			continue // its key was destroyed: there is nothing left to show
		}
		for _, f := range asked[m.occ] {
			if v := body.Answers[f.Key]; v != "" && m.correctedMs >= s.now()-int64(f.ValidityDays)*dayMs {
				out[m.object] = keepLatest(out[m.object], FreshAnswer{f.Key, v, m.correctedMs})
			}
		}
	}
	return out, nil
}

func keepLatest(list []FreshAnswer, a FreshAnswer) []FreshAnswer {
	for i := range list {
		if list[i].Field == a.Field {
			if a.AtMs > list[i].AtMs {
				list[i] = a
			}
			return list
		}
	}
	return append(list, a)
}
