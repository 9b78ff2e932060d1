package grid

import (
	"context"
	"maps"
	"slices"
	"strings"

	"wangge/internal/grid/divisions"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Place returns a place the caller may see: any area, and physical places in
// scope or with something in scope below them. Otherwise NotFound.
func (s *Service) Place(ctx context.Context, c Caller, pid id.ID) (Place, error) {
	return s.PlaceIn(ctx, s.d.Read(), c, pid)
}

// PlaceIn is Place within a transaction or snapshot.
func (s *Service) PlaceIn(ctx context.Context, q db.Queryer, c Caller, pid id.ID) (Place, error) {
	const op = "grid.Place"
	if err := c.Require(op, PlaceRead); err != nil {
		return Place{}, err
	}
	p, err := placeByID(ctx, q, c.District, pid)
	if err != nil {
		return Place{}, err
	}
	if p.Kind.IsArea() || c.CanPlace(PlaceRead, p.Path) {
		return p, nil
	}
	ok, err := anyInScope(ctx, q, c, PlaceRead, p.Path)
	if err != nil {
		return Place{}, errs.Wrap(op, err)
	}
	if !ok {
		return Place{}, errs.E(op, errs.NotFound, "grid.place.not_found")
	}
	return p, nil
}

// Places returns the places with the ids that exist, without regard to scope:
// for labels of records that were scoped already.
func (s *Service) Places(ctx context.Context, q db.Queryer, c Caller, ids []id.ID) (map[id.ID]Place, error) {
	return placesByID(ctx, q, c.District, ids)
}

// Area returns the area with a national code of 6, 9 or 12 digits, or NotFound.
// A code that no area bears now leads to the one that bore it last, or that
// took its places over.
func (s *Service) Area(ctx context.Context, c Caller, code string) (Place, error) {
	if len(code) < 12 {
		code += strings.Repeat("0", 12-len(code))
	}
	p, err := s.areaNow(ctx, c, code)
	if !errs.Is(err, errs.NotFound) {
		return p, err
	}
	former, e := formerCodes(ctx, s.d.Read(), c.District)
	if e != nil {
		return p, errs.Wrap("grid.Area", e)
	}
	for pid, codes := range former {
		if slices.Contains(codes, code) {
			if p, e := placeByID(ctx, s.d.Read(), c.District, pid); e == nil && p.UntilMs == 0 {
				return p, nil
			}
		}
	}
	return p, err
}

// areaNow returns the area that bears a 12-digit code now.
func (s *Service) areaNow(ctx context.Context, c Caller, code string) (Place, error) {
	return areaByCode(ctx, s.d.Read(), c.District, code)
}

// Root returns the district's own area (a county, or a city without
// counties), or NotFound before areas were imported.
func (s *Service) Root(ctx context.Context, c Caller) (Place, error) {
	return s.Area(ctx, c, RootCode(c.District))
}

// Home returns the highest place the caller's posts cover, or the district.
func (s *Service) Home(ctx context.Context, c Caller) (Place, error) {
	best := Grant{}
	for _, g := range c.Grants {
		if g.ObjectKind == ObjectPlace && g.Role.May(PlaceRead) && (best.Path == "" || len(g.Path) < len(best.Path)) {
			best = g
		}
	}
	if best.Path == "" {
		return s.Root(ctx, c)
	}
	return s.Place(ctx, c, best.ObjectID)
}

// communityWidth is the length of a community's path.
const communityWidth = 12

// HomeArea returns the area a caller works in: the highest one their posts cover,
// else the community of the grid, building or other place they have; the district
// for who has none.
func (s *Service) HomeArea(ctx context.Context, c Caller) (Place, error) {
	best := ""
	for _, g := range c.Grants {
		if g.Role.May(PlaceRead) && g.Path != "" && (best == "" || len(g.Path) < len(best)) {
			best = g.Path
		}
	}
	if best == "" {
		return s.Root(ctx, c)
	}
	found, err := placesByPath(ctx, s.d.Read(), c.District, []string{best[:min(len(best), communityWidth)]})
	if err == nil && len(found) == 0 {
		return s.Root(ctx, c)
	}
	if err != nil {
		return Place{}, errs.Wrap("grid.HomeArea", err)
	}
	return found[0], nil
}

// Areas returns the open areas of the district in the order of their codes;
// kinds empty means all levels.
func (s *Service) Areas(ctx context.Context, c Caller, kinds ...Kind) ([]Place, error) {
	all, err := areasOf(ctx, s.d.Read(), c.District)
	if err != nil {
		return nil, errs.Wrap("grid.Areas", err)
	}
	if len(kinds) > 0 {
		all = slices.DeleteFunc(all, func(p Place) bool { return !slices.Contains(kinds, p.Kind) })
	}
	return all, nil
}

// Ancestors returns the places above p, outermost first.
func (s *Service) Ancestors(ctx context.Context, c Caller, p Place) ([]Place, error) {
	paths := waysUp(p.Path)
	if len(paths) == 0 {
		return nil, nil
	}
	list, err := placesByPath(ctx, s.d.Read(), c.District, paths)
	return list, errs.Wrap("grid.Ancestors", err)
}

// waysUp returns the paths of the places above a path, outermost first.
func waysUp(path string) []string {
	var out []string
	for _, n := range []int{2, 4, 6, 9, 12} {
		if n < len(path) {
			out = append(out, path[:n])
		}
	}
	for n := 15; n < len(path); n += segment {
		out = append(out, path[:n])
	}
	return out
}

// Ways writes places as people say them with what stands above them, from the
// compound on. The caller has decided that the places may be spoken of.
func (s *Service) Ways(ctx context.Context, c Caller, places []Place) (map[id.ID]string, error) {
	return s.ways(ctx, c, places)
}

// ways writes places as people say them with what stands above them, from the
// compound on; areas by their name.
func (s *Service) ways(ctx context.Context, c Caller, places []Place) (map[id.ID]string, error) {
	need := map[string]bool{}
	for _, p := range places {
		for _, path := range waysUp(p.Path) {
			if len(path) > 12 {
				need[path] = true
			}
		}
	}
	above := map[string]Place{}
	err := db.Chunks(slices.Sorted(maps.Keys(need)), 500, func(part []string) error {
		list, err := placesByPath(ctx, s.d.Read(), c.District, part)
		for _, p := range list {
			above[p.Path] = p
		}
		return err
	})
	out := make(map[id.ID]string, len(places))
	for _, p := range places {
		var way []Place
		for _, path := range waysUp(p.Path) {
			if a, ok := above[path]; ok {
				way = append(way, a)
			}
		}
		if out[p.ID] = Address(c.Lang, append(way, p)); p.Kind.IsArea() {
			out[p.ID] = p.Name
		}
	}
	return out, err
}

// Children returns what stands directly below a place, with the doors in the
// caller's scope; physical places with nothing in scope are left out.
func (s *Service) Children(ctx context.Context, c Caller, p Place) ([]Node, error) {
	const op = "grid.Children"
	list, err := childrenOf(ctx, s.d.Read(), c.District, p.ID, false)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	nodes := make([]Node, 0, len(list))
	if c.CanPlace(PlaceRead, p.Path) {
		ix, err := s.leaves(ctx, c.District)
		if err != nil {
			return nil, errs.Wrap(op, err)
		}
		sw, err := s.sweepAt(ctx, c.District, When{})
		if err != nil {
			return nil, errs.Wrap(op, err)
		}
		for _, ch := range list {
			nodes = append(nodes, Node{Place: ch, Doors: ix.doors(ch), Vacancies: sw.open.under(ch.Path)})
		}
		return nodes, nil
	}
	counts := map[int]map[string]int{}
	for _, ch := range list {
		width := len(ch.Path)
		if counts[width] == nil {
			if counts[width], err = scopedCounts(ctx, s.d.Read(), c, p.Path, width); err != nil {
				return nil, errs.Wrap(op, err)
			}
		}
		n, seen := counts[width][ch.Path]
		if seen || ch.Kind.IsArea() {
			nodes = append(nodes, Node{Place: ch, Doors: n})
		}
	}
	return nodes, nil
}

// Doors returns how many open doors lie below the path, of the whole district
// and without regard to scope. It answers from a snapshot kept by version.
func (s *Service) Doors(ctx context.Context, c Caller, path string) (int, error) {
	ix, err := s.leaves(ctx, c.District)
	if err != nil {
		return 0, errs.Wrap("grid.Doors", err)
	}
	return ix.under(path), nil
}

// Subtree calls fn with the open places of the kinds (none: all) at or below
// the path that lie in the caller's scope, in walking order, until fn returns
// an error, which Subtree returns.
func (s *Service) Subtree(ctx context.Context, c Caller, path string, kinds []Kind, fn func(Place) error) error {
	const op, page = "grid.Subtree", 2000
	after := ""
	for {
		list, err := subtreePage(ctx, s.d.Read(), c, path, after, kinds, page)
		if err != nil {
			return errs.Wrap(op, err)
		}
		for _, p := range list {
			if err := fn(p); err != nil {
				return err
			}
		}
		if len(list) < page {
			return nil
		}
		after = list[len(list)-1].Path
	}
}

// SubtreePage returns one page of Subtree, after a path (empty: from the start).
func (s *Service) SubtreePage(ctx context.Context, c Caller, path, after string, kinds []Kind, limit int) ([]Place, error) {
	list, err := subtreePage(ctx, s.d.Read(), c, path, after, kinds, limit)
	return list, errs.Wrap("grid.Subtree", err)
}

// AddPlace adds one place and returns it. Needs place.write over its parent.
func (s *Service) AddPlace(ctx context.Context, c Caller, n NewPlace) (Place, error) {
	list, err := s.AddPlaces(ctx, c, []NewPlace{n})
	if err != nil {
		return Place{}, err
	}
	return list[0], nil
}

// PlaceEdit is what may be changed about a place; nil leaves as it is.
type PlaceEdit struct {
	Name    *string
	Alias   *string
	Subkind *string
	Floor   *int
}

// EditPlace renames a place or changes its aliases. The old name stays as an
// alias. Needs place.write over the place.
func (s *Service) EditPlace(ctx context.Context, c Caller, pid id.ID, e PlaceEdit) (Place, error) {
	var p Place
	err := s.d.Write(ctx, "grid.EditPlace", func(tx *db.Tx) (err error) {
		p, err = s.EditPlaceIn(ctx, tx, c, pid, e)
		return err
	})
	return p, err
}

// EditPlaceIn is EditPlace within a transaction of the caller. An area's former
// name is kept with its time.
func (s *Service) EditPlaceIn(ctx context.Context, tx *db.Tx, c Caller, pid id.ID, e PlaceEdit) (Place, error) {
	p, err := s.writable(ctx, tx, "grid.EditPlace", c, pid)
	if err != nil {
		return p, err
	}
	was := p
	if err := applyEdit(&p, e); err != nil {
		return p, err
	}
	if err := s.uniqueName(ctx, tx, c, p); err != nil {
		return p, err
	}
	if p.Kind.IsArea() && p.Name != was.Name {
		if err := addFormerName(ctx, tx, c, was, string(divisions.Renamed), s.nowMs()); err != nil {
			return p, err
		}
	}
	if err := updatePlace(ctx, tx, c.District, p); err != nil {
		return p, err
	}
	s.placesChanged(tx)
	return p, s.note(ctx, tx, c, PlaceWrite, "grid.place.edit", "place", p.ID, "")
}

func applyEdit(p *Place, e PlaceEdit) error {
	if e.Name != nil {
		name, err := cleanName(p.Kind, *e.Name)
		if err != nil {
			return err
		}
		if name != p.Name {
			p.Alias = addAlias(p.Alias, p.Name)
			p.Name = name
		}
	}
	if e.Alias != nil {
		p.Alias = joinAliases(*e.Alias)
	}
	if e.Subkind != nil {
		p.Subkind = *e.Subkind
	}
	if e.Floor != nil {
		p.Floor = *e.Floor
	}
	return nil
}

// uniqueName refuses a name that an open sibling of the same kind bears.
func (s *Service) uniqueName(ctx context.Context, q db.Queryer, c Caller, p Place) error {
	siblings, err := childrenOf(ctx, q, c.District, p.ParentID, false)
	if err != nil {
		return err
	}
	for _, x := range siblings {
		if x.ID != p.ID && x.Kind == p.Kind && Normalise(x.Kind, x.Name) == Normalise(p.Kind, p.Name) {
			return errs.Field(errs.E("grid.EditPlace", errs.Conflict, "grid.place.same_name", p.Name), "name")
		}
	}
	return nil
}

// writable reads an open place the caller may change.
func (s *Service) writable(ctx context.Context, q db.Queryer, op string, c Caller, pid id.ID) (Place, error) {
	p, err := placeByID(ctx, q, c.District, pid)
	if err != nil {
		return p, err
	}
	if err := c.RequirePlace(op, PlaceWrite, p.Path); err != nil {
		return p, err
	}
	if p.UntilMs != 0 {
		return p, errs.E(op, errs.Conflict, "grid.place.closed")
	}
	return p, nil
}

// ClosePlace ends a place from now on; its history stays. A place with open
// places below it is refused. Needs place.write over it.
func (s *Service) ClosePlace(ctx context.Context, c Caller, pid id.ID) error {
	const op = "grid.ClosePlace"
	return s.d.Write(ctx, op, func(tx *db.Tx) error {
		p, err := s.writable(ctx, tx, op, c, pid)
		if err != nil {
			return err
		}
		n, err := openBelow(ctx, tx, c.District, p.Path)
		if err != nil {
			return err
		}
		if n > 0 {
			return errs.E(op, errs.Conflict, "grid.place.not_empty", n)
		}
		p.UntilMs = s.nowMs()
		if err := updatePlace(ctx, tx, c.District, p); err != nil {
			return err
		}
		s.placesChanged(tx)
		return s.note(ctx, tx, c, PlaceWrite, "grid.place.close", "place", p.ID, "")
	})
}

func addAlias(aliases, name string) string {
	if name == "" || slices.Contains(strings.Split(aliases, ","), name) {
		return aliases
	}
	if aliases == "" {
		return name
	}
	return aliases + "," + name
}
