package grid

import (
	"context"
	"fmt"
	"strconv"

	"wangge/internal/grid/divisions"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// DistrictOf returns the district a national list is about: its only county,
// or the only city where the list has none (a city without counties). ok is
// false when there are several or none.
func DistrictOf(list []divisions.Area) (district int, ok bool) {
	for _, level := range []divisions.Level{divisions.County, divisions.City} {
		found := ""
		for _, a := range list {
			if a.Level != level {
				continue
			}
			if found != "" {
				return 0, false
			}
			found = a.Code
		}
		if found != "" {
			n, err := strconv.Atoi(found[:6])
			return n, err == nil
		}
	}
	return 0, false
}

// RootCode returns the 12-digit code of a district's root area: a county, or a
// city without counties.
func RootCode(district int) string { return fmt.Sprintf("%06d000000", district) }

// rootPath is the path of the district's root area.
func rootPath(district int) string {
	code := RootCode(district)
	if level, ok := divisions.LevelOf(code); ok && level == divisions.City {
		return code[:4]
	}
	return code[:6]
}

// ImportAreas brings the areas of the caller's district in line with a
// national list. It may be repeated: areas are matched by code, else by name
// (divisions.Diff); renamed, recoded and moved ones keep their id, their doors
// and their history, and bear their former name as an alias; new ones are
// added; removed ones are closed. A removed area that still holds doors or
// other places needs a successor (SetSuccessor): until it has one nothing is
// written and the error is Conflict. A list that lacks more than half of the
// areas of a level looks like a part of one and is Conflict too, see
// ImportWholeList. With dry set nothing is written at all. Needs place.write
// for the whole district.
func (s *Service) ImportAreas(ctx context.Context, c Caller, list []divisions.Area, dry bool) (AreaReport, error) {
	return s.importAreas(ctx, c, list, dry, false)
}

// ImportWholeList is ImportAreas for a list that somebody has looked at: it is
// the whole of the district, however much it lacks.
func (s *Service) ImportWholeList(ctx context.Context, c Caller, list []divisions.Area) (AreaReport, error) {
	return s.importAreas(ctx, c, list, false, true)
}

func (s *Service) importAreas(ctx context.Context, c Caller, list []divisions.Area, dry, whole bool) (AreaReport, error) {
	const op = "grid.ImportAreas"
	if err := c.RequirePlace(op, PlaceWrite, rootPath(c.District)); err != nil {
		return AreaReport{}, err
	}
	mine, report := planAreas(c.District, list)
	if len(mine) == 0 {
		return report, errs.E(op, errs.Invalid, "grid.import.nothing", RootCode(c.District)[:6])
	}
	plan, err := s.compareAreas(ctx, s.d.Read(), c, mine, &report)
	if err != nil || dry {
		return report, errs.Wrap(op, err)
	}
	if n := report.Open(); n > 0 {
		return report, errs.E(op, errs.Conflict, "grid.import.blocked", n)
	}
	if report.Partial && !whole {
		return report, errs.E(op, errs.Conflict, "grid.import.partial", len(report.Removed))
	}
	clean := report
	err = s.d.Write(ctx, op, func(tx *db.Tx) error {
		report = AreaReport{Outside: clean.Outside, Problems: clean.Problems}
		if plan, err = s.compareAreas(ctx, tx, c, mine, &report); err != nil {
			return err
		}
		if n := report.Open(); n > 0 {
			return errs.E(op, errs.Conflict, "grid.import.blocked", n)
		}
		return s.applyAreas(ctx, tx, c, plan, &report)
	})
	return report, err
}

// planAreas keeps the areas of the district and those above it, parents first,
// and names what is wrong with the rest.
func planAreas(district int, list []divisions.Area) ([]divisions.Area, AreaReport) {
	var report AreaReport
	root := rootPath(district)
	byRank := make([][]divisions.Area, 6)
	seen := map[string]bool{}
	for i, a := range list {
		level, ok := divisions.LevelOf(a.Code)
		bad := func(column, value, key string) {
			report.Problems = append(report.Problems, divisions.Problem{Row: i + 1, Column: column, Value: value, Key: key})
		}
		switch {
		case !ok:
			bad("code", a.Code, divisions.ProblemShape)
		case a.Name == "":
			bad("name", a.Name, divisions.ProblemName)
		case a.Level != level:
			bad("level", string(a.Level), divisions.ProblemLevelCode)
		case a.Parent == a.Code:
			bad("parent", a.Parent, divisions.ProblemSelf)
		case seen[a.Code]:
			bad("code", a.Code, divisions.ProblemDuplicate)
		default:
			seen[a.Code] = true
			path := AreaPath(Kind(level), a.Code)
			if !Under(path, root) && !Under(root, path) {
				report.Outside++
				continue
			}
			byRank[level.Rank()] = append(byRank[level.Rank()], a)
		}
	}
	var mine []divisions.Area
	for _, l := range byRank {
		mine = append(mine, l...)
	}
	return mine, report
}

// compareAreas sets a list against the areas of the district, and fills the
// report with the differences and with what stands in the way of applying them.
func (s *Service) compareAreas(ctx context.Context, q db.Queryer, c Caller, list []divisions.Area, report *AreaReport) (*areaPlan, error) {
	have, err := areasOf(ctx, q, c.District)
	if err != nil {
		return nil, err
	}
	ix, err := s.leaves(ctx, c.District)
	if err != nil {
		return nil, err
	}
	plan := newAreaPlan(c.District, have, list)
	plan.report(report, ix)
	decided, err := successorsOf(ctx, q, c.District)
	if err != nil {
		return nil, err
	}
	for _, ch := range plan.changes {
		if ch.Kind != divisions.Removed {
			continue
		}
		b, holds, err := s.blockOf(ctx, q, c, plan, ch)
		if err != nil {
			return nil, err
		}
		if !holds {
			continue
		}
		b.Doors = ix.under(plan.place(ch).Path)
		if to, ok := plan.list[decided[b.Code]]; ok && to.Level == ch.Old.Level {
			b.Successor, b.Into = to.Code, to.Name
		}
		report.Blocked = append(report.Blocked, b)
	}
	return plan, nil
}

// blockOf tells what a removed area still holds; holds is false where it can
// simply be closed. What hangs on areas below it is theirs.
func (s *Service) blockOf(ctx context.Context, q db.Queryer, c Caller, plan *areaPlan, ch divisions.Change) (b AreaBlock, holds bool, err error) {
	p := plan.place(ch)
	b = AreaBlock{ID: p.ID, Code: p.Code, Name: p.Name, Under: plan.byID[p.ParentID].Name}
	n, err := openIn(ctx, q, c.District, p)
	if err != nil || n == 0 {
		return b, false, err
	}
	b.Suggestions = plan.suggest(ch.Old)
	b.Posts, err = postsOver(ctx, q, c.District, p.ID, s.nowMs())
	return b, true, err
}

// SetSuccessor decides which area takes over from one that lists no longer
// hold; both are named by their 12-digit codes. The decision is kept and used
// by later imports until it is changed; an empty new code withdraws it. Needs
// place.write for the whole district.
func (s *Service) SetSuccessor(ctx context.Context, c Caller, oldCode, newCode string) error {
	return s.d.Write(ctx, "grid.SetSuccessor", func(tx *db.Tx) error { return s.SetSuccessorIn(ctx, tx, c, oldCode, newCode) })
}

// SetSuccessorIn is SetSuccessor within a transaction of the caller.
func (s *Service) SetSuccessorIn(ctx context.Context, tx *db.Tx, c Caller, oldCode, newCode string) error {
	const op = "grid.SetSuccessor"
	if err := c.RequirePlace(op, PlaceWrite, rootPath(c.District)); err != nil {
		return err
	}
	was, err := areaByCode(ctx, tx, c.District, oldCode)
	if err != nil {
		return errs.Field(err, "old_code")
	}
	if newCode != "" {
		level, ok := divisions.LevelOf(newCode)
		switch {
		case !ok || Kind(level) != was.Kind:
			return errs.Field(errs.E(op, errs.Invalid, "grid.import.successor_level"), "new_code")
		case newCode == oldCode || !Under(AreaPath(Kind(level), newCode), rootPath(c.District)):
			return errs.Field(errs.E(op, errs.Invalid, "grid.import.successor_outside"), "new_code")
		}
	}
	if err := setSuccessor(ctx, tx, c, oldCode, newCode, s.nowMs()); err != nil {
		return err
	}
	return s.note(ctx, tx, c, PlaceWrite, "grid.areas.successor", "place", was.ID, fmt.Sprintf("from=%s to=%s", oldCode, newCode))
}

// AreaTree is the areas of the district, those that ended too, and the
// successors that were decided.
type AreaTree struct {
	Open, Ended []Place
	Successors  map[string]string // new code by old code
}

// AreaTree reads the areas at or below a path. Needs place.read over it.
func (s *Service) AreaTree(ctx context.Context, c Caller, path string) (AreaTree, error) {
	const op = "grid.AreaTree"
	var t AreaTree
	if err := c.RequirePlace(op, PlaceRead, path); err != nil {
		return t, err
	}
	all, err := areasOf(ctx, s.d.Read(), c.District)
	if err != nil {
		return t, errs.Wrap(op, err)
	}
	t.Open = filter(all, func(p Place) bool { return Under(p.Path, path) })
	if t.Ended, err = endedAreas(ctx, s.d.Read(), c.District, path); err != nil {
		return t, errs.Wrap(op, err)
	}
	t.Successors, err = successorsOf(ctx, s.d.Read(), c.District)
	return t, errs.Wrap(op, err)
}

func newArea(a divisions.Area, pid, parent id.ID, now int64) Place {
	p := Place{ID: pid, ParentID: parent, Kind: Kind(a.Level), Name: a.Name, Code: a.Code, Path: AreaPath(Kind(a.Level), a.Code), FromMs: now}
	p.AreaID, p.Ordinal = p.ID, areaOrdinal(p.Path)
	if divisions.IsVillage(a) {
		p.Subkind = SubVillage
	}
	return p
}

// areaOrdinal is an area's place among its siblings: its own digits of the code.
func areaOrdinal(path string) int {
	n, err := strconv.Atoi(lastGroup(path))
	if err != nil {
		return 0
	}
	return n
}

// lastGroup returns the digits an area's path adds to its parent's, two or three.
func lastGroup(path string) string {
	if len(path) >= 9 {
		return path[len(path)-3:]
	}
	return path[len(path)-2:]
}
