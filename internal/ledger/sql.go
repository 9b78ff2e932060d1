package ledger

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

var (
	householdCols = []string{"district", "id", "door_id", "kind", "registered_count", "living_count", "register", "sealed", "version", "from_ms", "until_ms", "until_reason"}
	personCols    = []string{"district", "id", "household_id", "door_id", "register", "registered", "lives_here", "sealed", "version", "from_ms", "until_ms", "until_reason"}
	keyCols       = []string{"district", "hash", "person_id", "kind"}
	eventCols     = []string{"district", "id", "person_id", "register", "at_ms", "kind", "account_id", "post_id", "source", "object_id", "sealed"}
	residenceCols = []string{"district", "id", "person_id", "household_id", "door_id", "from_ms", "until_ms", "reason"}
)

func householdRow(district int, h *Household, blob []byte) []any {
	return []any{district, int64(h.ID), int64(h.DoorID), string(h.Kind), h.Registered, h.Living, h.Register, blob, h.Version, h.FromMs, h.UntilMs, h.UntilReason}
}

func personRow(district int, p *Person, blob []byte) []any {
	return []any{district, int64(p.ID), int64(p.HouseholdID), int64(p.DoorID), p.Register, bit(p.Registered), bit(p.LivesHere), blob, p.Version, p.FromMs, p.UntilMs, p.UntilReason}
}

func appendKeyRows(rows [][]any, district int, person id.ID, keys []personKey) [][]any {
	for _, k := range keys {
		rows = append(rows, []any{district, k.hash, int64(person), k.kind})
	}
	return rows
}

// sortKeyRows puts hashes in index order, which spares page reads on SQLite.
func sortKeyRows(rows [][]any) {
	slices.SortFunc(rows, func(a, b []any) int { return bytes.Compare(a[1].([]byte), b[1].([]byte)) })
}

// eventRow seals an event. An event without changes and text seals nothing
// that needs a key of its own, but is sealed all the same.
func (s *Service) eventRow(district int, register string, e *Event) ([]any, error) {
	e.ID = orNew(e.ID)
	blob, err := s.keys.SealJSON(register, seal.AAD(register, tableEvent, e.ID), eventBody{Changes: e.Changes, Text: e.Text})
	if err != nil {
		return nil, err
	}
	return []any{district, int64(e.ID), int64(e.PersonID), register, e.AtMs, e.Kind, int64(e.AccountID), int64(e.PostID), e.Source, int64(e.ObjectID), blob}, nil
}

type eventBody struct {
	Changes map[string]FieldChange `json:"c,omitempty"`
	Text    string                 `json:"t,omitempty"`
}

func (s *Service) insertEvent(ctx context.Context, tx *db.Tx, district int, register string, e *Event) error {
	row, err := s.eventRow(district, register, e)
	if err != nil {
		return err
	}
	return tx.BulkInsert(ctx, tableEvent, eventCols, [][]any{row})
}

// updatePerson stores a person's fields and keys if its version is still
// p.Version, and raises the stored version.
func (s *Service) updatePerson(ctx context.Context, tx *db.Tx, district int, p *Person, blob []byte, keys []personKey) error {
	res, err := tx.ExecContext(ctx, `UPDATE person SET household_id = $3, door_id = $4, registered = $5, lives_here = $6, sealed = $7,
		version = version + 1, until_ms = $8, until_reason = $9, register = $10
		WHERE district = $1 AND id = $2 AND version = $11`,
		district, int64(p.ID), int64(p.HouseholdID), int64(p.DoorID), bit(p.Registered), bit(p.LivesHere), blob, p.UntilMs, p.UntilReason, p.Register, p.Version)
	if err != nil {
		return err
	}
	if err := changedOne(res); err != nil {
		return err
	}
	return s.newKeys(ctx, tx, district, p.ID, keys)
}

// newKeys replaces the hashes a person is found by.
func (s *Service) newKeys(ctx context.Context, tx *db.Tx, district int, person id.ID, keys []personKey) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM person_key WHERE district = $1 AND person_id = $2`, district, int64(person)); err != nil {
		return err
	}
	s.wroteKeys(tx, person)
	return tx.BulkInsert(ctx, "person_key", keyCols, appendKeyRows(nil, district, person, keys))
}

// storePerson seals and updates one person.
func (s *Service) storePerson(ctx context.Context, tx *db.Tx, district int, p *Person) error {
	blob, err := s.sealPerson(p)
	if err != nil {
		return err
	}
	keys := s.keysOf(p)
	if !p.Current() {
		keys = nil // a closed record is found through the record it went into, or not at all
	}
	if err := s.updatePerson(ctx, tx, district, p, blob, keys); err != nil {
		return err
	}
	p.Version++
	return nil
}

// storeHousehold seals and updates one household under the version check.
func (s *Service) storeHousehold(ctx context.Context, tx *db.Tx, district int, h *Household) error {
	blob, err := s.sealHousehold(h)
	if err != nil {
		return err
	}
	if err := s.updateHousehold(ctx, tx, district, h, blob); err != nil {
		return err
	}
	h.Version++
	return nil
}

func (s *Service) updateHousehold(ctx context.Context, tx *db.Tx, district int, h *Household, blob []byte) error {
	res, err := tx.ExecContext(ctx, `UPDATE household SET door_id = $3, kind = $4, registered_count = $5, living_count = $6, sealed = $7,
		version = version + 1, until_ms = $8, until_reason = $9
		WHERE district = $1 AND id = $2 AND version = $10`,
		district, int64(h.ID), int64(h.DoorID), string(h.Kind), h.Registered, h.Living, blob, h.UntilMs, h.UntilReason, h.Version)
	if err != nil {
		return err
	}
	return changedOne(res)
}

func changedOne(res sql.Result) error {
	n, err := res.RowsAffected()
	if err == nil && n != 1 {
		err = errs.E("ledger.store", errs.Conflict, "error.conflict")
	}
	return err
}

// checkDoors reports NotFound unless every door exists, is current and lies in
// what the caller may write.
func (s *Service) checkDoors(ctx context.Context, q db.Queryer, c grid.Caller, doors []id.ID) error {
	return db.Chunks(doors, 500, func(part []id.ID) error {
		a := db.NewArgs(c.District)
		query := `SELECT COUNT(*) FROM place d WHERE d.district = $1 AND d.kind = 'door' AND d.until_ms = 0 AND d.id IN ` +
			db.In(a, ints(part)) + ` AND ` + c.Scope(grid.LedgerWrite, a, doorCols)
		var n int
		if err := q.QueryRowContext(ctx, query, a.List()...).Scan(&n); err != nil {
			return err
		}
		if n != len(part) {
			return errs.Field(errs.E("ledger.door", errs.NotFound, "ledger.door.unknown"), "door_id")
		}
		return nil
	})
}

func ints(ids []id.ID) []int64 {
	out := make([]int64, len(ids))
	for i, v := range ids {
		out[i] = int64(v)
	}
	return out
}

const householdSelect = `SELECT h.id, h.door_id, h.kind, h.registered_count, h.living_count, h.register, h.sealed, h.version, h.from_ms, h.until_ms, h.until_reason`

const personSelect = `SELECT p.id, p.household_id, p.door_id, p.register, p.registered, p.lives_here, p.sealed, p.version, p.from_ms, p.until_ms, p.until_reason, d.path, `

func (s *Service) scanHousehold(row interface{ Scan(...any) error }, extra ...any) (Household, error) {
	var h Household
	var blob []byte
	err := row.Scan(append([]any{(*int64)(&h.ID), (*int64)(&h.DoorID), (*string)(&h.Kind), &h.Registered, &h.Living, &h.Register, &blob, &h.Version, &h.FromMs, &h.UntilMs, &h.UntilReason}, extra...)...)
	if err != nil {
		return h, notFound(err)
	}
	return h, s.openHousehold(&h, blob)
}

// personRec is a person with the sight of the caller who read it.
type personRec struct {
	Person
	path  string
	sight sight
	blob  []byte
}

// scanPerson reads a row of personSelect without opening it.
func scanPerson(row interface{ Scan(...any) error }) (personRec, error) {
	var r personRec
	var reg, lives int
	err := row.Scan((*int64)(&r.ID), (*int64)(&r.HouseholdID), (*int64)(&r.DoorID), &r.Register, &reg, &lives, &r.blob, &r.Version, &r.FromMs, &r.UntilMs, &r.UntilReason, &r.path, (*int)(&r.sight))
	r.Registered, r.LivesHere = reg == 1, lives == 1
	return r, notFound(err)
}

func notFound(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return errs.E("ledger.read", errs.NotFound, "error.not_found")
	}
	return err
}

// personsWhere reads and opens persons. from is the join after FROM, where the
// condition with $1 = district.
func (s *Service) personsWhere(ctx context.Context, q db.Queryer, c grid.Caller, perm grid.Permission, a *db.Args, from, where, tail string) ([]personRec, error) {
	query := personSelect + sightColumn(c, a, doorCols) + " FROM " + from + " WHERE p.district = $1 AND d.district = $1 AND " + where +
		" AND " + c.Scope(perm, a, doorCols) + livingOnly(c, a, doorCols) + tail
	recs, err := db.Collect(ctx, q, query, a.List(), func(r *sql.Rows) (personRec, error) { return scanPerson(r) })
	if err != nil {
		return nil, err
	}
	return recs, s.openAll(recs)
}

// openAll opens the sealed blobs of persons on all cores.
func (s *Service) openAll(recs []personRec) error {
	return parallel(len(recs), func(lo, hi int) error {
		for i := lo; i < hi; i++ {
			if err := s.openPerson(&recs[i].Person, recs[i].blob); err != nil {
				return err
			}
			recs[i].blob = nil
		}
		return nil
	})
}

const (
	fromPersons = "person p CROSS JOIN place d"
	fromDoors   = "place d CROSS JOIN person p"
	onDoor      = "d.id = p.door_id"
)

// person reads one person within what the caller may <perm>.
func (s *Service) person(ctx context.Context, q db.Queryer, c grid.Caller, perm grid.Permission, person id.ID) (personRec, error) {
	a := db.NewArgs(c.District)
	recs, err := s.personsWhere(ctx, q, c, perm, a, fromPersons, onDoor+" AND p.id = "+a.Add(int64(person)), "")
	if err == nil && len(recs) == 0 {
		err = errs.E("ledger.person", errs.NotFound, "error.not_found")
	}
	if err != nil {
		return personRec{}, err
	}
	return recs[0], nil
}

// members reads the current persons of households in the order they were recorded.
func (s *Service) members(ctx context.Context, q db.Queryer, c grid.Caller, perm grid.Permission, households []id.ID) ([]personRec, error) {
	var out []personRec
	err := db.Chunks(households, 500, func(part []id.ID) error {
		a := db.NewArgs(c.District)
		recs, err := s.personsWhere(ctx, q, c, perm, a, fromPersons, onDoor+" AND p.until_ms = 0 AND p.household_id IN "+db.In(a, ints(part)), " ORDER BY +p.id")
		out = append(out, recs...)
		return err
	})
	return out, err
}

// household reads one household within what the caller may <perm>, with its door's path.
func (s *Service) household(ctx context.Context, q db.Queryer, c grid.Caller, perm grid.Permission, household id.ID) (Household, string, error) {
	a := db.NewArgs(c.District)
	query := householdSelect + ", d.path FROM household h CROSS JOIN place d WHERE h.district = $1 AND d.district = $1 AND d.id = h.door_id AND h.id = " +
		a.Add(int64(household)) + " AND " + c.Scope(perm, a, doorCols)
	var path string
	h, err := s.scanHousehold(q.QueryRowContext(ctx, query, a.List()...), &path)
	return h, path, err
}

// householdsOf reads the current households of doors, oldest first.
func (s *Service) householdsOf(ctx context.Context, q db.Queryer, c grid.Caller, doors []id.ID) ([]Household, error) {
	var out []Household
	err := db.Chunks(doors, 500, func(part []id.ID) error {
		a := db.NewArgs(c.District)
		query := householdSelect + ` FROM household h CROSS JOIN place d WHERE h.district = $1 AND d.district = $1 AND d.id = h.door_id AND h.until_ms = 0
			AND h.door_id IN ` + db.In(a, ints(part)) + " AND " + c.Scope(grid.LedgerRead, a, doorCols) + " ORDER BY h.id"
		hs, err := db.Collect(ctx, q, query, a.List(), func(r *sql.Rows) (Household, error) { return s.scanHousehold(r) })
		out = append(out, hs...)
		return err
	})
	return out, err
}
