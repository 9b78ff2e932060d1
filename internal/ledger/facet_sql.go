package ledger

import (
	"context"
	"database/sql"
	"slices"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// doorsFacts reads what is recorded about the doors below a path, in walking
// order, with three scans of the range.
func (s *Service) doorsFacts(ctx context.Context, district int, path string) ([]doorFacts, error) {
	lo, hi := db.PathRange(path)
	q := s.db.Read()
	doors, err := db.List(ctx, q, func(d *doorFacts) []any { return []any{(*int64)(&d.id), &d.path, (*int64)(&d.grid)} },
		`SELECT id, path, grid_id FROM place WHERE district = $1 AND path >= $2 AND path < $3 AND kind = 'door' AND until_ms = 0 ORDER BY path`, district, lo, hi)
	if err != nil || len(doors) == 0 {
		return doors, err
	}
	at := make(map[int64]*doorFacts, len(doors))
	for i := range doors {
		at[int64(doors[i].id)] = &doors[i]
	}
	if err := s.householdFacts(ctx, district, lo, hi, at); err != nil {
		return nil, err
	}
	if err := s.personFacts(ctx, district, lo, hi, at); err != nil {
		return nil, err
	}
	who, err := s.answersIn(ctx, district, path)
	for i := range doors {
		doors[i].answered = err == nil && who.forDoor(&doors[i])
	}
	if err != nil || s.told == nil {
		return doors, err
	}
	return doors, s.toldFacts(ctx, district, path, at)
}

// toldFacts notes what rounds were told behind the doors.
func (s *Service) toldFacts(ctx context.Context, district int, path string, at map[int64]*doorFacts) error {
	for k, f := range facets {
		if f.Asks == "" {
			continue
		}
		met, err := s.told(ctx, grid.System(district, "count"), path, f.Asks, f.Answer)
		if err != nil {
			return err
		}
		for door, yes := range met {
			d := at[int64(door)]
			if d == nil {
				continue
			}
			if d.asked |= 1 << k; yes {
				d.said |= 1 << k
			}
		}
	}
	return nil
}

func (s *Service) householdFacts(ctx context.Context, district int, lo, hi string, at map[int64]*doorFacts) error {
	return db.Each(ctx, s.db.Read(), func(r *sql.Rows) error {
		var door int64
		var n, homes, living int
		if err := r.Scan(&door, &n, &homes, &living); err != nil {
			return err
		}
		if d := at[door]; d != nil {
			d.households, d.empty, d.living = n, homes == 0, living
		}
		return nil
	}, `SELECT MAX(h.door_id), COUNT(*), SUM(CASE WHEN h.kind IN ('vacant', 'business') THEN 0 ELSE 1 END), SUM(h.living_count)
		FROM place d CROSS JOIN household h WHERE d.district = $1 AND h.district = $1 AND d.path >= $2 AND d.path < $3 AND d.kind = 'door' AND h.door_id = d.id AND h.until_ms = 0
		GROUP BY d.path`, district, lo, hi)
}

func (s *Service) personFacts(ctx context.Context, district int, lo, hi string, at map[int64]*doorFacts) error {
	return db.Each(ctx, s.db.Read(), func(r *sql.Rows) error {
		var door int64
		var named, phoned, idno int
		if err := r.Scan(&door, &named, &phoned, &idno); err != nil {
			return err
		}
		if d := at[door]; d != nil {
			d.named, d.phoned, d.idno = named, phoned, idno
		}
		return nil
	}, `SELECT MAX(p.door_id), COUNT(*),
			SUM(CASE WHEN EXISTS (SELECT 1 FROM person_key k WHERE k.district = $1 AND k.person_id = p.id AND k.kind = 'phone') THEN 1 ELSE 0 END),
			SUM(CASE WHEN EXISTS (SELECT 1 FROM person_key k WHERE k.district = $1 AND k.person_id = p.id AND k.kind = 'idno') THEN 1 ELSE 0 END)
		FROM place d CROSS JOIN person p
		WHERE d.district = $1 AND p.district = $1 AND d.path >= $2 AND d.path < $3 AND d.kind = 'door' AND p.door_id = d.id AND p.until_ms = 0 AND p.lives_here = 1
		GROUP BY d.path`, district, lo, hi)
}

// answersBelow reads which places, grids and doors below a path have a filled
// post that answers for doors.
func (s *Service) answersBelow(ctx context.Context, district int, path string, now int64) (answers, error) {
	out := answers{doors: map[id.ID]bool{}}
	var roles []string
	for _, r := range grid.Roles() {
		if r.Answers() {
			roles = append(roles, string(r))
		}
	}
	lo, hi := db.PathRange(path)
	a := db.NewArgs(district, lo, hi, now)
	filled := ` AND o.role IN ` + db.In(a, roles) + ` AND o.from_ms <= $4 AND (o.until_ms = 0 OR o.until_ms > $4)
		AND EXISTS (SELECT 1 FROM holder h WHERE h.district = $1 AND h.post_id = o.id AND h.from_ms <= $4 AND (h.until_ms = 0 OR h.until_ms > $4))`
	q := s.db.Read()
	var err error
	if out.paths, err = db.Collect(ctx, q, `SELECT DISTINCT d.path FROM post o JOIN place d ON d.district = o.district AND d.id = o.object_id
		WHERE o.district = $1 AND o.object_kind = 'place' AND d.path >= $2 AND d.path < $3`+filled, a.List(), func(r *sql.Rows) (p string, err error) { return p, r.Scan(&p) }); err != nil {
		return out, err
	}
	if out.grids, err = s.gridsAnswered(ctx, a, filled); err != nil {
		return out, err
	}
	doors, err := db.Collect(ctx, q, `SELECT DISTINCT d.id FROM post o JOIN post_door pd ON pd.district = o.district AND pd.post_id = o.id JOIN place d ON d.district = pd.district AND d.id = pd.door_id
		WHERE o.district = $1 AND o.object_kind = 'doors' AND d.path >= $2 AND d.path < $3`+filled, a.List(), scanID)
	for _, d := range doors {
		out.doors[d] = true
	}
	return out, err
}

// gridsAnswered returns the grids of the range $2 to $3 at or above which a post
// is filled.
func (s *Service) gridsAnswered(ctx context.Context, a *db.Args, filled string) (map[id.ID]bool, error) {
	q := s.db.Read()
	posts, err := db.Collect(ctx, q, `SELECT DISTINCT g.path FROM post o JOIN grid g ON g.district = o.district AND g.id = o.object_id
		WHERE o.district = $1 AND o.object_kind = 'grid' AND g.path >= $2 AND g.path < $3`+filled, a.List(), func(r *sql.Rows) (p string, err error) { return p, r.Scan(&p) })
	if err != nil {
		return nil, err
	}
	out := map[id.ID]bool{}
	err = db.Each(ctx, q, func(r *sql.Rows) error {
		var g int64
		var path string
		err := r.Scan(&g, &path)
		if slices.ContainsFunc(posts, func(p string) bool { return strings.HasPrefix(path, p) }) {
			out[id.ID(g)] = true
		}
		return err
	}, `SELECT id, path FROM grid WHERE district = $1 AND path >= $2 AND path < $3 AND until_ms = 0`, a.List()[:3]...)
	return out, err
}

func (c *FacetCount) columns() []any { return []any{(*int64)(&c.PlaceID), &c.Name, &c.path} }

// childrenOf lists what stands directly below a place, in path order. It is
// sorted here: asked for the order, SQLite walks all paths of the district.
func (s *Service) childrenOf(ctx context.Context, district int, place id.ID) ([]FacetCount, error) {
	list, err := db.List(ctx, s.db.Read(), (*FacetCount).columns, `SELECT id, name, path FROM place WHERE district = $1 AND parent_id = $2 AND until_ms = 0`, district, int64(place))
	slices.SortFunc(list, func(a, b FacetCount) int { return strings.Compare(a.path, b.path) })
	return list, err
}

// communitiesBelow lists the communities below an area, whose path is the
// beginning of their codes.
func (s *Service) communitiesBelow(ctx context.Context, district int, path string) ([]FacetCount, error) {
	pad := func(digit string) string { return path + strings.Repeat(digit, max(0, communityLen-len(path))) }
	return db.List(ctx, s.db.Read(), (*FacetCount).columns,
		`SELECT id, name, path FROM place WHERE district = $1 AND code >= $2 AND code <= $3 AND code <> '' AND kind = 'community' AND until_ms = 0 ORDER BY path`, district, pad("0"), pad("9"))
}

// placeName names a place in words and returns its path.
func (s *Service) placeName(ctx context.Context, district int, place id.ID) (name, path string, err error) {
	err = s.db.Read().QueryRowContext(ctx, `SELECT name, path FROM place WHERE district = $1 AND id = $2`, district, int64(place)).Scan(&name, &path)
	if err != nil || len(path) <= communityLen {
		return name, path, notFound(err)
	}
	texts, err := s.doorTexts(ctx, district, []id.ID{place})
	return texts[place].text, path, err
}

// highest returns the place of the caller's highest post, or the district.
func (s *Service) highest(ctx context.Context, c grid.Caller) (id.ID, error) {
	best := grid.Grant{}
	for _, g := range c.Grants {
		if g.ObjectKind == grid.ObjectPlace && g.Role.May(grid.PlaceRead) && (best.Path == "" || len(g.Path) < len(best.Path)) {
			best = g
		}
	}
	if best.ObjectID != id.Zero || !c.IsSystem() {
		if best.ObjectID == id.Zero {
			return id.Zero, errs.E("ledger.highest", errs.Denied, "grid.denied.area")
		}
		return best.ObjectID, nil
	}
	var v int64
	err := s.db.Read().QueryRowContext(ctx, `SELECT id FROM place WHERE district = $1 AND kind = 'county' ORDER BY path LIMIT 1`, c.District).Scan(&v)
	return id.ID(v), notFound(err)
}
