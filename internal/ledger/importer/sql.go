package importer

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"wangge/internal/grid"
	"wangge/internal/ledger/roster"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

const register = seal.Standing

func aadImport(imp id.ID) string { return seal.AAD(register, "ledger_import", imp) }

func aadPart(imp id.ID, part int) string {
	return fmt.Sprintf("%s/%d", seal.AAD(register, "import_file", imp), part)
}

// rejectPart is where the parts of the rejected rows' workbook begin.
const rejectPart = 1_000_000

// partSize is how much of a file one row of import_file holds.
const partSize = 256 << 10

// placeOf reads a place that the caller may import into.
func (s *Service) placeOf(ctx context.Context, q db.Queryer, district int, place id.ID) (kind grid.Kind, area id.ID, path, name string, err error) {
	err = q.QueryRowContext(ctx, `SELECT kind, area_id, path, name FROM place WHERE district = $1 AND id = $2 AND until_ms = 0`, district, int64(place)).
		Scan((*string)(&kind), (*int64)(&area), &path, &name)
	if errors.Is(err, sql.ErrNoRows) {
		err = errs.Field(errs.E("importer.place", errs.NotFound, "error.not_found"), "place")
	}
	return kind, area, path, name, err
}

// placesUnder reads the current places below a path, parents first.
func placesUnder(ctx context.Context, q db.Queryer, district int, path string) ([]known, error) {
	rows, err := q.QueryContext(ctx, `SELECT id, parent_id, kind, name FROM place WHERE district = $1 AND path >= $2 AND path < $3 AND until_ms = 0 ORDER BY path`, district, path, path+"~")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []known
	for rows.Next() {
		var k known
		if err := rows.Scan((*int64)(&k.id), (*int64)(&k.parent), (*string)(&k.kind), &k.name); err != nil {
			return nil, err
		}
		out = append(out, k)
	}
	return out, rows.Err()
}

func (s *Service) insertImport(ctx context.Context, tx *db.Tx, district int, imp *Import) error {
	blob, err := s.keys.SealJSON(register, aadImport(imp.ID), imp.body)
	if err != nil {
		return err
	}
	return tx.BulkInsert(ctx, "ledger_import",
		[]string{"district", "id", "area_id", "compound_id", "register", "state", "sealed", "account_id", "post_id", "created_ms"},
		[][]any{{district, int64(imp.ID), int64(imp.AreaID), int64(imp.CompoundID), register, string(imp.State), blob, int64(imp.AccountID), int64(imp.postID), imp.CreatedMs}})
}

// saveParts seals data into rows of import_file from the part first on.
func (s *Service) saveParts(ctx context.Context, tx *db.Tx, district int, imp id.ID, first int, data []byte) (parts int, err error) {
	for len(data) > 0 {
		n := min(len(data), partSize)
		part := first + parts
		blob, err := s.keys.Seal(register, aadPart(imp, part), data[:n])
		if err != nil {
			return 0, err
		}
		if err := tx.BulkInsert(ctx, "import_file", []string{"district", "import_id", "part", "sealed"}, [][]any{{district, int64(imp), part, blob}}); err != nil {
			return 0, err
		}
		data, parts = data[n:], parts+1
	}
	return parts, nil
}

// loadParts opens the parts from lo up to but not including hi.
func (s *Service) loadParts(ctx context.Context, district int, imp id.ID, lo, hi int) ([]byte, error) {
	rows, err := s.db.Read().QueryContext(ctx, `SELECT part, sealed FROM import_file WHERE district = $1 AND import_id = $2 AND part >= $3 AND part < $4 ORDER BY part`, district, int64(imp), lo, hi)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out bytes.Buffer
	for rows.Next() {
		var part int
		var blob []byte
		if err := rows.Scan(&part, &blob); err != nil {
			return nil, err
		}
		plain, err := s.keys.Open(register, aadPart(imp, part), blob)
		if err != nil {
			return nil, err
		}
		out.Write(plain)
	}
	return out.Bytes(), rows.Err()
}

func dropParts(ctx context.Context, tx *db.Tx, district int, imp id.ID, lo, hi int) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM import_file WHERE district = $1 AND import_id = $2 AND part >= $3 AND part < $4`, district, int64(imp), lo, hi)
	return err
}

const importSelect = `SELECT i.id, i.area_id, i.compound_id, i.state, i.mapping, i.sealed, i.summary, i.account_id, i.post_id, i.created_ms, i.applied_ms, d.path, d.name, m.name,
	COALESCE(j.done, 0), COALESCE(j.total, 0), COALESCE(j.message, '')
	FROM ledger_import i JOIN place d ON d.district = i.district AND d.id = CASE WHEN i.compound_id <> 0 THEN i.compound_id ELSE i.area_id END
	JOIN place m ON m.district = i.district AND m.id = i.area_id
	LEFT JOIN job j ON j.district = i.district AND j.id = i.id WHERE i.district = $1 AND `

func (s *Service) scanImport(row interface{ Scan(...any) error }) (*Import, map[string]roster.Mapping, error) {
	var imp Import
	var mapping, summary string
	var blob []byte
	err := row.Scan((*int64)(&imp.ID), (*int64)(&imp.AreaID), (*int64)(&imp.CompoundID), (*string)(&imp.State), &mapping, &blob, &summary,
		(*int64)(&imp.AccountID), (*int64)(&imp.postID), &imp.CreatedMs, &imp.AppliedMs, &imp.path, &imp.Place, &imp.community, &imp.Done, &imp.Total, &imp.Message)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil, errs.E("importer.import", errs.NotFound, "error.not_found")
	}
	if err != nil {
		return nil, nil, err
	}
	maps := map[string]roster.Mapping{}
	for _, f := range []struct {
		text string
		dst  any
	}{{mapping, &maps}, {summary, &imp.Counts}} {
		if f.text == "" {
			continue
		}
		if err := json.Unmarshal([]byte(f.text), f.dst); err != nil {
			return nil, nil, err
		}
	}
	if err := s.keys.OpenJSON(register, aadImport(imp.ID), blob, &imp.body); err != nil {
		return nil, nil, err
	}
	for _, f := range imp.body.Files {
		imp.Files = append(imp.Files, f.Name)
	}
	imp.Sheets, imp.NeedsName, imp.Compound, imp.Questions, imp.Reconcile, imp.Undone = imp.body.Sheets, imp.body.Needs, imp.body.Compound, imp.body.Asks, imp.body.Reconcile, imp.body.Undone
	imp.Doors, imp.Households, imp.Persons = imp.body.Totals[0], imp.body.Totals[1], imp.body.Totals[2]
	return &imp, maps, nil
}

// load reads an import that the caller may import for.
func (s *Service) load(ctx context.Context, q db.Queryer, c grid.Caller, imp id.ID) (*Import, map[string]roster.Mapping, error) {
	a := db.NewArgs(c.District)
	query := importSelect + "i.id = " + a.Add(int64(imp)) + " AND " + c.Scope(grid.LedgerImport, a, grid.Columns{Path: "d.path"})
	return s.scanImport(q.QueryRowContext(ctx, query, a.List()...))
}

// list reads the imports of the caller's scope, newest first, from before on.
func (s *Service) list(ctx context.Context, c grid.Caller, before id.ID, limit int) ([]*Import, error) {
	a := db.NewArgs(c.District)
	query := importSelect + c.Scope(grid.LedgerImport, a, grid.Columns{Path: "d.path"})
	if before != id.Zero {
		query += " AND i.id < " + a.Add(int64(before))
	}
	rows, err := s.db.Read().QueryContext(ctx, query+" ORDER BY i.id DESC LIMIT "+a.Add(limit), a.List()...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []*Import
	for rows.Next() {
		imp, _, err := s.scanImport(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, imp)
	}
	return out, rows.Err()
}

// savePlan stores what was understood.
func (s *Service) savePlan(ctx context.Context, tx *db.Tx, district int, imp *Import, maps map[string]roster.Mapping) error {
	blob, err := s.keys.SealJSON(register, aadImport(imp.ID), imp.body)
	if err != nil {
		return err
	}
	mapping, err := json.Marshal(maps)
	if err != nil {
		return err
	}
	summary, err := json.Marshal(imp.Counts)
	if err != nil {
		return err
	}
	c := imp.Counts
	_, err = tx.ExecContext(ctx, `UPDATE ledger_import SET state = $3, sealed = $4, mapping = $5, summary = $6, created = $7, updated = $8, unchanged = $9, rejected = $10, applied_ms = $11
		WHERE district = $1 AND id = $2`, district, int64(imp.ID), string(imp.State), blob, string(mapping), string(summary), c.Created, c.Updated, c.Unchanged, c.Rejected, imp.AppliedMs)
	return err
}

// enter moves an import from one of the states into another; Conflict if it is in none of them.
func enter(ctx context.Context, tx *db.Tx, district int, imp id.ID, to State, from ...State) error {
	a := db.NewArgs(district, string(to), int64(imp))
	res, err := tx.ExecContext(ctx, `UPDATE ledger_import SET state = $2 WHERE district = $1 AND id = $3 AND state IN `+db.In(a, from), a.List()...)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n == 1 {
		return err
	}
	return errs.E("importer.state", errs.Conflict, "ledger.import.bad_state")
}

// mappingsFor returns what was remembered for an area.
func mappingsFor(ctx context.Context, q db.Queryer, district int, area id.ID) (map[string]roster.Mapping, error) {
	rows, err := q.QueryContext(ctx, `SELECT fingerprint, mapping FROM import_mapping WHERE district = $1 AND area_id = $2`, district, int64(area))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	out := map[string]roster.Mapping{}
	for rows.Next() {
		var key, text string
		var m roster.Mapping
		if err := rows.Scan(&key, &text); err != nil {
			return nil, err
		}
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			return nil, err
		}
		out[key] = m
	}
	return out, rows.Err()
}

func rememberMapping(ctx context.Context, tx *db.Tx, district int, area id.ID, key string, m roster.Mapping, now int64) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO import_mapping (district, area_id, fingerprint, mapping, updated_ms) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (district, area_id, fingerprint) DO UPDATE SET mapping = excluded.mapping, updated_ms = excluded.updated_ms`, district, int64(area), key, string(text), now)
	return err
}

// busy reports whether another process is writing into the area, as far as its
// lease tells.
func busy(ctx context.Context, q db.Queryer, district int, imp, area id.ID, owner string, heardSince int64) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM ledger_import i JOIN job j ON j.district = i.district AND j.id = i.id
		WHERE i.district = $1 AND i.area_id = $2 AND i.state = 'applying' AND i.id <> $3 AND j.owner <> $4 AND j.beat_ms >= $5`,
		district, int64(area), int64(imp), owner, heardSince).Scan(&n)
	return n > 0, err
}

// begun is an import that was being worked on.
type begun struct {
	id   id.ID
	work string // jobApply or jobUndo
}

// unfinished lists the imports that were being written or taken back.
func unfinished(ctx context.Context, q db.Queryer, district int) ([]begun, error) {
	return db.Collect(ctx, q, `SELECT i.id, COALESCE(j.kind, '') FROM ledger_import i LEFT JOIN job j ON j.district = i.district AND j.id = i.id
		WHERE i.district = $1 AND i.state = 'applying'`, []any{district}, func(r *sql.Rows) (v begun, err error) {
		err = r.Scan((*int64)(&v.id), &v.work)
		return v, err
	})
}

// dropOld forgets files and comparisons of imports older than an instant.
func dropOld(ctx context.Context, tx *db.Tx, district int, before int64) error {
	for _, table := range []string{"import_file", "import_item"} {
		_, err := tx.ExecContext(ctx, `DELETE FROM `+table+` WHERE district = $1 AND import_id IN
			(SELECT i.id FROM ledger_import i WHERE i.district = $1 AND i.created_ms < $2 AND i.state <> 'applying')`, district, before)
		if err != nil {
			return err
		}
	}
	return nil
}

// targetPlace is a place a roster may be imported for.
type targetPlace struct {
	ID    id.ID
	Name  string
	Below string // the community of a compound
}

// targets lists communities of the caller's area, and the compounds below them
// where there are few.
func (s *Service) targets(ctx context.Context, c grid.Caller) ([]targetPlace, error) {
	a := db.NewArgs(c.District)
	query := `SELECT d.id, d.name, d.kind, d.path FROM place d WHERE d.district = $1 AND d.until_ms = 0 AND d.kind IN ('community', 'compound') AND ` +
		c.Scope(grid.LedgerImport, a, grid.Columns{Path: "d.path"}) + ` ORDER BY d.path LIMIT 1000`
	rows, err := s.db.Read().QueryContext(ctx, query, a.List()...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []targetPlace
	community := ""
	for rows.Next() {
		var t targetPlace
		var kind, path string
		if err := rows.Scan((*int64)(&t.ID), &t.Name, &kind, &path); err != nil {
			return nil, err
		}
		if kind == string(grid.Community) {
			community = t.Name
		} else {
			t.Below = community
		}
		out = append(out, t)
	}
	return out, rows.Err()
}
