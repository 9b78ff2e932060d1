package ledger

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/ledger/match"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// PlaceAlias is a name of a compound or group that somebody remembered.
type PlaceAlias struct {
	ID        id.ID  `json:"id"`
	PlaceID   id.ID  `json:"place_id"`
	Name      string `json:"name" doc:"As it was written"`
	AccountID id.ID  `json:"account_id"`
	Author    string `json:"author,omitempty" doc:"The account's name"`
	MadeMs    int64  `json:"made_ms"`
	key       string
	postID    id.ID
}

func (a *PlaceAlias) fields() []any {
	return []any{&a.ID, &a.PlaceID, &a.key, &a.Name, &a.AccountID, &a.postID, &a.MadeMs}
}

const aliasSelect = `SELECT id, place_id, key, name, account_id, post_id, made_ms FROM place_alias WHERE district = $1`

// allAliases reads the remembered names of a district.
func allAliases(ctx context.Context, q db.Queryer, district int) (match.Aliases, error) {
	list, err := db.List(ctx, q, (*PlaceAlias).fields, aliasSelect+` ORDER BY id`, district)
	out := match.Aliases{}
	for _, a := range list {
		out[a.key] = append(out[a.key], a.PlaceID)
	}
	return out, err
}

func aliasesOf(ctx context.Context, q db.Queryer, district int, place id.ID) ([]PlaceAlias, error) {
	return db.List(ctx, q, (*PlaceAlias).fields, aliasSelect+` AND place_id = $2 ORDER BY id`, district, int64(place))
}

// insertAlias remembers a name; fresh is false where it was remembered already.
func insertAlias(ctx context.Context, tx *db.Tx, district int, a PlaceAlias) (fresh bool, err error) {
	res, err := tx.ExecContext(ctx, `INSERT INTO place_alias (district, id, place_id, key, name, account_id, post_id, made_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (district, key, place_id) DO NOTHING`, district, int64(a.ID), int64(a.PlaceID), a.key, a.Name, int64(a.AccountID), int64(a.postID), a.MadeMs)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// deleteAlias forgets a name; found is false where the place has none of the id.
func deleteAlias(ctx context.Context, tx *db.Tx, district int, place, alias id.ID) (found bool, err error) {
	res, err := tx.ExecContext(ctx, `DELETE FROM place_alias WHERE district = $1 AND id = $2 AND place_id = $3`, district, int64(alias), int64(place))
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// openPlaces calls fn with every open place of the district, parents first.
func openPlaces(ctx context.Context, q db.Queryer, district int, fn func(grid.Place)) error {
	rows, err := q.QueryContext(ctx, `SELECT id, parent_id, kind, name, alias, path FROM place WHERE district = $1 AND until_ms = 0 AND kind <> 'point' ORDER BY path`, district)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var p grid.Place
		if err := rows.Scan(&p.ID, &p.ParentID, &p.Kind, &p.Name, &p.Alias, &p.Path); err != nil {
			return err
		}
		fn(p)
	}
	return rows.Err()
}

// doorsInScope lists at which of the doors the caller has the permission.
func doorsInScope(ctx context.Context, q db.Queryer, c grid.Caller, may grid.Permission, doors []id.ID) (map[id.ID]bool, error) {
	out := map[id.ID]bool{}
	err := db.Chunks(doors, 500, func(part []id.ID) error {
		a := db.NewArgs(c.District)
		list, err := db.List(ctx, q, func(v *id.ID) []any { return []any{v} },
			`SELECT d.id FROM place d WHERE d.district = $1 AND d.id IN `+db.In(a, ints(part))+` AND `+c.Scope(may, a, doorCols), a.List()...)
		for _, v := range list {
			out[v] = true
		}
		return err
	})
	return out, err
}

// parentOf gives the place a door hangs on.
func parentOf(ctx context.Context, q db.Queryer, district int, door id.ID) (parent id.ID, err error) {
	err = q.QueryRowContext(ctx, `SELECT parent_id FROM place WHERE district = $1 AND id = $2`, district, int64(door)).Scan(&parent)
	return parent, notFound(err)
}
