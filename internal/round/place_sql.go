package round

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// place is what rounds need to know of a place.
type place struct {
	ID, ParentID, GridID id.ID
	Kind, Name, Path     string
	Floor                int
}

const placeCols = "p.id, p.parent_id, p.grid_id, p.kind, p.name, p.path, p.floor"

func scanPlace(scan scanner) (p place, err error) {
	err = scan(&p.ID, &p.ParentID, &p.GridID, &p.Kind, &p.Name, &p.Path, &p.Floor)
	return p, err
}

func selectPlace(ctx context.Context, q db.Queryer, district int, pid id.ID) (place, error) {
	p, err := scanPlace(q.QueryRowContext(ctx, "SELECT "+placeCols+" FROM place p WHERE p.district = $1 AND p.id = $2", district, pid).Scan)
	return p, missing("round.place", err, "round.place_missing")
}

func placesByID(ctx context.Context, q db.Queryer, district int, ids []id.ID) (map[id.ID]place, error) {
	out := make(map[id.ID]place, len(ids))
	err := db.Chunks(ids, 800, func(part []id.ID) error {
		a := db.NewArgs(district)
		rows, err := q.QueryContext(ctx, "SELECT "+placeCols+" FROM place p WHERE p.district = $1 AND p.id IN "+db.In(a, part), a.List()...)
		list, err := collect(rows, err, scanPlace)
		for _, p := range list {
			out[p.ID] = p
		}
		return err
	})
	return out, err
}

// pathsByID returns the paths of rows of a tree's table, "place" or "grid".
func pathsByID(ctx context.Context, q db.Queryer, district int, table string, ids []id.ID) (map[id.ID]string, error) {
	out := make(map[id.ID]string, len(ids))
	err := db.Chunks(ids, 800, func(part []id.ID) error {
		a := db.NewArgs(district)
		rows, err := q.QueryContext(ctx, "SELECT id, path FROM "+table+" WHERE district = $1 AND id IN "+db.In(a, part), a.List()...)
		_, err = collect(rows, err, func(scan scanner) (struct{}, error) {
			var v id.ID
			var path string
			err := scan(&v, &path)
			out[v] = path
			return struct{}{}, err
		})
		return err
	})
	return out, err
}

// children returns the places right below one, doors excepted, in walking order.
func children(ctx context.Context, q db.Queryer, district int, parent id.ID) ([]place, error) {
	rows, err := q.QueryContext(ctx, "SELECT "+placeCols+" FROM place p WHERE p.district = $1 AND p.parent_id = $2 AND p.kind <> 'door' AND p.kind <> 'point' ORDER BY p.parent_id, p.ordinal, p.path", district, parent)
	return collect(rows, err, scanPlace)
}

// postDoors returns the doors a post is named for.
func postDoors(ctx context.Context, q db.Queryer, district int, post id.ID) ([]place, error) {
	rows, err := q.QueryContext(ctx, "SELECT "+placeCols+" FROM post_door pd JOIN place p ON p.district = pd.district AND p.id = pd.door_id WHERE pd.district = $1 AND pd.post_id = $2 ORDER BY p.path", district, post)
	return collect(rows, err, scanPlace)
}

const gridCols = "g.id, g.parent_id, g.area_id, g.kind, g.name, g.path, 0"

func selectGrid(ctx context.Context, q db.Queryer, district int, gid id.ID) (place, error) {
	p, err := scanPlace(q.QueryRowContext(ctx, "SELECT "+gridCols+" FROM grid g WHERE g.district = $1 AND g.id = $2", district, gid).Scan)
	return p, missing("round.grid", err, "round.grid_missing")
}

// gridsBelow returns the grids right below a grid or, for an area, its own top grids.
func gridsBelow(ctx context.Context, q db.Queryer, district int, parent, area id.ID) ([]place, error) {
	where, arg := "g.parent_id = $2", parent
	if parent == id.Zero {
		where, arg = "g.parent_id = 0 AND g.area_id = $2", area
	}
	rows, err := q.QueryContext(ctx, "SELECT "+gridCols+" FROM grid g WHERE g.district = $1 AND "+where+" ORDER BY g.path", district, arg)
	return collect(rows, err, scanPlace)
}

func gridPaths(ctx context.Context, q db.Queryer, district int) (map[id.ID]string, error) {
	rows, err := q.QueryContext(ctx, "SELECT id, path FROM grid WHERE district = $1", district)
	out := map[id.ID]string{}
	_, err = collect(rows, err, func(scan scanner) (struct{}, error) {
		var g id.ID
		var p string
		err := scan(&g, &p)
		out[g] = p
		return struct{}{}, err
	})
	return out, err
}

func listWhere(f ListFilter, district int) (string, *db.Args) {
	a := db.NewArgs(district)
	w := ""
	if len(f.States) > 0 {
		w += " AND r.state IN " + db.In(a, f.States)
	}
	if f.EmergencyID != id.Zero {
		w += " AND r.emergency_id = " + a.Add(f.EmergencyID)
	}
	if f.Query != "" {
		w += " AND r.name LIKE " + a.Add("%"+f.Query+"%")
	}
	if f.Before != id.Zero {
		w += " AND r.id < " + a.Add(f.Before)
	}
	limit := f.Limit
	if limit <= 0 || limit > 500 {
		limit = 100
	}
	return w + " ORDER BY r.id DESC LIMIT " + a.Add(limit), a
}

// roundsAbove returns the rounds that are open over an area that holds a
// round's, of the same kind of target.
func roundsAbove(ctx context.Context, q db.Queryer, r Round) ([]Round, error) {
	a := db.NewArgs(r.district)
	return selectRounds(ctx, q, r.district, " AND r.state IN ('open', 'opening') AND r.target_kind = "+a.Add(string(r.TargetKind))+
		" AND p.path = substr(CAST("+a.Add(r.AreaPath)+" AS TEXT), 1, length(p.path))", a)
}

// maxAreas bounds the areas offered for a round.
const maxAreas = 600

// draftAreas returns the areas for which the caller may draft rounds.
func draftAreas(ctx context.Context, q db.Queryer, c grid.Caller) ([]place, error) {
	a := db.NewArgs(c.District)
	rows, err := q.QueryContext(ctx, "SELECT "+placeCols+" FROM place p WHERE p.district = $1 AND p.kind IN ('county', 'street', 'community') AND p.until_ms = 0 AND "+
		c.Scope(grid.RoundDraft, a, grid.Columns{Path: "p.path"})+" ORDER BY p.path LIMIT "+a.Add(maxAreas), a.List()...)
	return collect(rows, err, scanPlace)
}

// selectSeen returns a place that the caller may see and the place it stands in.
func selectSeen(ctx context.Context, q db.Queryer, c grid.Caller, pid id.ID) (p, above place, err error) {
	a := db.NewArgs(c.District, pid)
	p, err = scanPlace(q.QueryRowContext(ctx, "SELECT "+placeCols+" FROM place p WHERE p.district = $1 AND p.id = $2 AND "+
		c.Scope(grid.PlaceRead, a, grid.Columns{Path: "p.path", Grid: "p.grid_id", Door: "p.id"}), a.List()...).Scan)
	if err = missing("round.place", err, "round.place_missing"); err != nil {
		return p, above, err
	}
	above, err = selectPlace(ctx, q, c.District, p.ParentID)
	return p, above, err
}
