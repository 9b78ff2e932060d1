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

// AreaReport says what an import of areas did.
type AreaReport struct {
	Created   int                 `json:"created"`
	Renamed   int                 `json:"renamed"`
	Unchanged int                 `json:"unchanged"`
	Outside   int                 `json:"outside" doc:"Rows of the list that lie outside the district"`
	Removed   []Place             `json:"removed" doc:"Areas of the district that the list no longer holds; they stay"`
	Problems  []divisions.Problem `json:"problems"`
}

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
// national list. It may be repeated: areas are matched by code, renamed ones
// keep their id and their old name as an alias, new ones are added, and areas
// missing from the list are reported and stay. With dry set nothing is
// written. Needs place.write for the whole district.
func (s *Service) ImportAreas(ctx context.Context, c Caller, list []divisions.Area, dry bool) (AreaReport, error) {
	const op = "grid.ImportAreas"
	if err := c.RequirePlace(op, PlaceWrite, rootPath(c.District)); err != nil {
		return AreaReport{}, err
	}
	mine, report := planAreas(c.District, list)
	if len(mine) == 0 {
		return report, errs.E(op, errs.Invalid, "grid.import.nothing", RootCode(c.District)[:6])
	}
	if dry {
		have, err := areasOf(ctx, s.d.Read(), c.District)
		if err != nil {
			return report, errs.Wrap(op, err)
		}
		compareAreas(have, mine, s.nowMs(), &report)
		return report, nil
	}
	clean := report
	err := s.d.Write(ctx, op, func(tx *db.Tx) error {
		report = clean
		return s.applyAreas(ctx, tx, c, mine, &report)
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

// compareAreas splits the list into areas to add and areas to rename, and
// fills the counts of the report. Parents come before children.
func compareAreas(have []Place, list []divisions.Area, now int64, report *AreaReport) (fresh, renamed []Place) {
	byCode := make(map[string]Place, len(have)+len(list))
	for _, p := range have {
		byCode[p.Code] = p
	}
	inList := make(map[string]bool, len(list))
	for _, a := range list {
		inList[a.Code] = true
		old, known := byCode[a.Code]
		switch {
		case !known:
			p := newArea(a, byCode[a.Parent].ID, now)
			byCode[a.Code] = p
			fresh = append(fresh, p)
		case old.Name != a.Name:
			old.Alias = addAlias(old.Alias, old.Name)
			old.Name = a.Name
			renamed = append(renamed, old)
		default:
			report.Unchanged++
		}
	}
	for _, p := range have {
		if !inList[p.Code] {
			report.Removed = append(report.Removed, p)
		}
	}
	report.Created, report.Renamed = len(fresh), len(renamed)
	return fresh, renamed
}

func newArea(a divisions.Area, parent id.ID, now int64) Place {
	p := Place{ID: id.New(), ParentID: parent, Kind: Kind(a.Level), Name: a.Name, Code: a.Code, Path: AreaPath(Kind(a.Level), a.Code), FromMs: now}
	p.AreaID = p.ID
	if n, err := strconv.Atoi(lastGroup(p.Path)); err == nil {
		p.Ordinal = n
	}
	if divisions.IsVillage(a) {
		p.Subkind = SubVillage
	}
	return p
}

// lastGroup returns the digits an area's path adds to its parent's, two or three.
func lastGroup(path string) string {
	if len(path) >= 9 {
		return path[len(path)-3:]
	}
	return path[len(path)-2:]
}

func (s *Service) applyAreas(ctx context.Context, tx *db.Tx, c Caller, list []divisions.Area, report *AreaReport) error {
	have, err := areasOf(ctx, tx, c.District)
	if err != nil {
		return err
	}
	fresh, renamed := compareAreas(have, list, s.nowMs(), report)
	if err := insertPlaces(ctx, tx, c.District, fresh); err != nil {
		return err
	}
	for _, p := range renamed {
		if err := updatePlace(ctx, tx, c.District, p); err != nil {
			return err
		}
	}
	if len(fresh)+len(renamed) == 0 {
		return nil
	}
	s.placesChanged(tx)
	detail := fmt.Sprintf("created=%d renamed=%d unchanged=%d", report.Created, report.Renamed, report.Unchanged)
	return s.note(ctx, tx, c, PlaceWrite, "grid.areas.import", "place", id.Zero, detail)
}
