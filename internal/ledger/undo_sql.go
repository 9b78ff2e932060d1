package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Under returns the current households and persons behind the doors below a
// path that the caller may import into, opened. It is the importer's picture of
// what is there already.
func (s *Service) Under(ctx context.Context, c grid.Caller, path string) ([]Household, []*Person, error) {
	const op = "ledger.Under"
	if err := c.RequirePlace(op, grid.LedgerImport, path); err != nil {
		return nil, nil, err
	}
	a := db.NewArgs(c.District)
	query := householdSelect + ` FROM place d CROSS JOIN household h WHERE h.district = $1 AND d.district = $1 AND d.id = h.door_id AND h.until_ms = 0` + underPath(a, path)
	hs, err := db.Collect(ctx, s.db.Read(), query, a.List(), func(r *sql.Rows) (Household, error) { return s.scanHousehold(r) })
	if err != nil {
		return nil, nil, errs.Wrap(op, err)
	}
	a = db.NewArgs(c.District)
	recs, err := s.personsWhere(ctx, s.db.Read(), c, grid.LedgerImport, a, fromDoors, onDoor+" AND p.until_ms = 0"+underPath(a, path), "")
	if err != nil {
		return nil, nil, errs.Wrap(op, err)
	}
	ps := make([]*Person, len(recs))
	for i := range recs {
		ps[i] = &recs[i].Person
	}
	return hs, ps, nil
}

// CareKindsOf returns the kinds on the care list by person, for the importer.
func (s *Service) CareKindsOf(ctx context.Context, c grid.Caller, persons []id.ID) (map[id.ID][]string, error) {
	items, err := s.careOf(ctx, c, persons)
	out := map[id.ID][]string{}
	for _, it := range items {
		out[it.PersonID] = append(out[it.PersonID], it.Kind)
	}
	return out, err
}

// Objects of an import's journal.
const (
	ObjectHousehold = tableHousehold
	ObjectPerson    = tablePerson
	ObjectCare      = tableCare
)

// rawRow is a record as it stands in its table; the blob stays sealed.
type rawRow struct {
	Household   int64  `json:"h,omitempty"`
	Door        int64  `json:"d"`
	Kind        string `json:"k,omitempty"`
	A           int    `json:"a"` // registered, or registered_count
	B           int    `json:"b"` // lives_here, or living_count
	Sealed      []byte `json:"s"`
	Version     int    `json:"v"`
	UntilMs     int64  `json:"u,omitempty"`
	UntilReason string `json:"r,omitempty"`
}

const (
	rawPerson    = `SELECT household_id, door_id, '', registered, lives_here, sealed, version, until_ms, until_reason FROM person WHERE district = $1 AND id = $2`
	rawHousehold = `SELECT 0, door_id, kind, registered_count, living_count, sealed, version, until_ms, until_reason FROM household WHERE district = $1 AND id = $2`
)

func readRaw(ctx context.Context, q db.Queryer, query string, district int, record id.ID) (rawRow, error) {
	var r rawRow
	err := q.QueryRowContext(ctx, query, district, int64(record)).
		Scan(&r.Household, &r.Door, &r.Kind, &r.A, &r.B, &r.Sealed, &r.Version, &r.UntilMs, &r.UntilReason)
	return r, notFound(err)
}

// Before returns a record as it is now, for an import's journal. Personal
// fields in it stay sealed.
func (s *Service) Before(ctx context.Context, q db.Queryer, district int, object string, record id.ID) ([]byte, error) {
	query := rawPerson
	if object == ObjectHousehold {
		query = rawHousehold
	}
	r, err := readRaw(ctx, q, query, district, record)
	if err != nil {
		return nil, err
	}
	return json.Marshal(r)
}

// Restore puts a record back to what Before returned, unless it was changed
// again since the import; done tells which.
func (s *Service) Restore(ctx context.Context, tx *db.Tx, district int, object string, record id.ID, before []byte) (done bool, err error) {
	var was rawRow
	if err := json.Unmarshal(before, &was); err != nil {
		return false, fmt.Errorf("ledger: journal of %s %d: %w", object, record, err)
	}
	table, cols, query := "person", "registered = $3, lives_here = $4, household_id = $5", rawPerson
	args := []any{district, int64(record), was.A, was.B, was.Household, was.Door, was.Sealed, was.UntilMs, was.UntilReason, was.Version + 1}
	if object == ObjectHousehold {
		table, cols, query = "household", "registered_count = $3, living_count = $4, kind = $5", rawHousehold
		args[4] = was.Kind
	}
	now, err := readRaw(ctx, tx, query, district, record)
	if err = ignoreMissing(err); err != nil {
		return false, err
	}
	res, err := tx.ExecContext(ctx, `UPDATE `+table+` SET `+cols+`, door_id = $6, sealed = $7, until_ms = $8, until_reason = $9, version = version + 1
		WHERE district = $1 AND id = $2 AND version = $10`, args...)
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	if err != nil || n == 0 {
		return false, err
	}
	if object == ObjectPerson {
		if err := s.restored(ctx, tx, district, record); err != nil {
			return true, err
		}
	}
	return true, s.tellRestored(ctx, tx, district, object, record, was, now)
}

// lives reports whether the row of a household says that people live there, that
// of a person that the person does.
func (r rawRow) lives(object string) bool {
	if object == ObjectPerson {
		return r.UntilMs == 0 && r.B == 1
	}
	return r.Door != 0 && r.UntilMs == 0 && r.Kind != string(Vacant)
}

// tellRestored tells that a household or person lives behind its door again, no
// longer, or behind another.
func (s *Service) tellRestored(ctx context.Context, tx *db.Tx, district int, object string, record id.ID, was, now rawRow) error {
	ch := Change{Kind: Arrived, District: district, DoorID: id.ID(was.Door), HouseholdID: record, Reason: Undone, At: s.nowMs()}
	if object == ObjectPerson {
		ch.HouseholdID, ch.PersonID = id.ID(was.Household), record
	}
	switch lives, lived := was.lives(object), now.lives(object); {
	case lives == lived && (!lives || was.Door == now.Door):
		return nil
	case lives && lived:
		ch.Kind, ch.FromDoorID, ch.FromHouseholdID = Moved, id.ID(now.Door), id.ID(now.Household)
	case lived:
		ch.Kind = Departed
	}
	return s.Tell(ctx, tx, []Change{ch})
}

// restored makes a restored person's hashes anew and notes the restoring in its file.
func (s *Service) restored(ctx context.Context, tx *db.Tx, district int, person id.ID) error {
	p, err := s.rekey(ctx, tx, district, person)
	if err != nil || !p.Current() {
		return err
	}
	return s.insertEvent(ctx, tx, district, p.Register, &Event{PersonID: person, AtMs: s.nowMs(), Kind: EventImportUndone, Source: SourceImport})
}

// rekey makes a person's hashes anew.
func (s *Service) rekey(ctx context.Context, tx *db.Tx, district int, person id.ID) (Person, error) {
	p := Person{ID: person}
	var blob []byte
	err := tx.QueryRowContext(ctx, `SELECT register, sealed, until_ms FROM person WHERE district = $1 AND id = $2`, district, int64(person)).Scan(&p.Register, &blob, &p.UntilMs)
	if err != nil {
		return p, notFound(err)
	}
	var keys []personKey
	if p.Current() {
		if err := s.openPerson(&p, blob); err != nil {
			return p, err
		}
		keys = s.keysOf(&p)
	}
	return p, s.newKeys(ctx, tx, district, person, keys)
}

// Undone is the reason of records that an undone import had made, and of changes
// that only take an earlier one back.
const Undone = "import_undone"

// Touched returns which of the records that an import made were changed since by
// somebody: edited, closed, or noted on. They survive the undoing.
func (s *Service) Touched(ctx context.Context, q db.Queryer, district int, object string, records []id.ID) (map[id.ID]bool, error) {
	where := `person r WHERE r.district = $1 AND (r.version <> 1 OR r.until_ms <> 0
		OR EXISTS (SELECT 1 FROM person_event e WHERE e.district = $1 AND e.person_id = r.id AND e.source <> 'import'))`
	if object == ObjectHousehold {
		where = `household r WHERE r.district = $1 AND (r.version <> 1 OR r.until_ms <> 0)`
	}
	return s.marked(ctx, q, district, `SELECT r.id FROM `+where+` AND r.id IN `, records)
}

// ChangedFrom returns which records no longer have the version an import left
// them with; versions holds it by record.
func (s *Service) ChangedFrom(ctx context.Context, q db.Queryer, district int, object string, versions map[id.ID]int) (map[id.ID]bool, error) {
	out := map[id.ID]bool{}
	table := tablePerson
	if object == ObjectHousehold {
		table = tableHousehold
	}
	err := db.Chunks(slices.Collect(maps.Keys(versions)), idsAtOnce, func(part []id.ID) error {
		a := db.NewArgs(district)
		return db.Each(ctx, q, func(r *sql.Rows) error {
			var v, version int64
			err := r.Scan(&v, &version)
			out[id.ID(v)] = int(version) != versions[id.ID(v)]
			return err
		}, `SELECT id, version FROM `+table+` WHERE district = $1 AND id IN `+db.In(a, ints(part)), a.List()...)
	})
	return out, err
}

// VersionOf tells the version a record had before an import changed it.
func VersionOf(before []byte) (int, error) {
	var was rawRow
	err := json.Unmarshal(before, &was)
	return was.Version, err
}

// Inhabited returns which households have a current person besides the given
// ones.
func (s *Service) Inhabited(ctx context.Context, q db.Queryer, district int, households []id.ID, besides map[id.ID]bool) (map[id.ID]bool, error) {
	return s.holding(ctx, q, district, `SELECT household_id, id FROM person WHERE district = $1 AND until_ms = 0 AND household_id IN `, households, besides)
}

// Occupied returns which doors have a current household besides the given ones.
func (s *Service) Occupied(ctx context.Context, q db.Queryer, district int, doors []id.ID, besides map[id.ID]bool) (map[id.ID]bool, error) {
	return s.holding(ctx, q, district, `SELECT door_id, id FROM household WHERE district = $1 AND until_ms = 0 AND door_id IN `, doors, besides)
}

// idsAtOnce is how many ids stand in one query.
const idsAtOnce = 500

func (s *Service) holding(ctx context.Context, q db.Queryer, district int, query string, outer []id.ID, besides map[id.ID]bool) (map[id.ID]bool, error) {
	out := map[id.ID]bool{}
	err := db.Chunks(outer, idsAtOnce, func(part []id.ID) error {
		a := db.NewArgs(district)
		return db.Each(ctx, q, func(r *sql.Rows) error {
			var holder, held int64
			err := r.Scan(&holder, &held)
			if !besides[id.ID(held)] {
				out[id.ID(holder)] = true
			}
			return err
		}, query+db.In(a, ints(part)), a.List()...)
	})
	return out, err
}

func (s *Service) marked(ctx context.Context, q db.Queryer, district int, query string, records []id.ID) (map[id.ID]bool, error) {
	out := map[id.ID]bool{}
	err := db.Chunks(records, idsAtOnce, func(part []id.ID) error {
		a := db.NewArgs(district)
		return db.Each(ctx, q, func(r *sql.Rows) error {
			var v int64
			err := r.Scan(&v)
			out[id.ID(v)] = true
			return err
		}, query+db.In(a, ints(part)), a.List()...)
	})
	return out, err
}

// Erase closes records that an import made and empties their sealed fields,
// unless they were changed since. The rows stay as empty shells, because rounds
// may name them. It returns those that were kept; people among them are found
// by their hashes, also where the import was stopped before it wrote those.
func (s *Service) Erase(ctx context.Context, tx *db.Tx, district int, object string, records []id.ID) (kept []id.ID, err error) {
	now := s.nowMs()
	touched := map[id.ID]bool{}
	if object != ObjectCare {
		if touched, err = s.Touched(ctx, tx, district, object, records); err != nil {
			return nil, err
		}
	}
	var told []Change
	for _, rec := range records {
		if touched[rec] {
			kept = append(kept, rec)
			if object == ObjectPerson {
				if _, err := s.rekey(ctx, tx, district, rec); err != nil {
					return kept, err
				}
			}
			continue
		}
		done, ch, err := s.eraseOne(ctx, tx, district, object, rec, now)
		if err != nil {
			return kept, err
		}
		if !done {
			kept = append(kept, rec)
			continue
		}
		if ch.Kind != "" {
			told = append(told, ch)
		}
	}
	return kept, s.Tell(ctx, tx, told)
}

func (s *Service) eraseOne(ctx context.Context, tx *db.Tx, district int, object string, rec id.ID, now int64) (bool, Change, error) {
	ch := Change{Kind: Departed, District: district, Reason: Undone, At: now}
	switch object {
	case ObjectCare:
		_, err := tx.ExecContext(ctx, `DELETE FROM care_item WHERE district = $1 AND id = $2 AND until_ms = 0`, district, int64(rec))
		return true, Change{}, err
	case ObjectHousehold:
		h := Household{ID: rec}
		var people int
		err := tx.QueryRowContext(ctx, `SELECT door_id, register, version, (SELECT COUNT(*) FROM person p WHERE p.district = $1 AND p.household_id = $2 AND p.until_ms = 0)
			FROM household WHERE district = $1 AND id = $2 AND until_ms = 0`, district, int64(rec)).Scan((*int64)(&h.DoorID), &h.Register, &h.Version, &people)
		if err != nil || people > 0 {
			return false, ch, ignoreMissing(err)
		}
		blob, err := s.sealHousehold(&h)
		if err == nil {
			_, err = tx.ExecContext(ctx, `UPDATE household SET sealed = $3, until_ms = $4, until_reason = $5, registered_count = 0, living_count = 0, version = version + 1
				WHERE district = $1 AND id = $2`, district, int64(rec), blob, now, Undone)
		}
		ch.DoorID, ch.HouseholdID = h.DoorID, rec
		return true, ch, err
	}
	p := Person{ID: rec}
	err := tx.QueryRowContext(ctx, `SELECT household_id, door_id, register FROM person WHERE district = $1 AND id = $2 AND version = 1 AND until_ms = 0`,
		district, int64(rec)).Scan((*int64)(&p.HouseholdID), (*int64)(&p.DoorID), &p.Register)
	if err != nil {
		return false, ch, ignoreMissing(err)
	}
	blob, err := s.sealPerson(&p)
	if err != nil {
		return false, ch, err
	}
	for _, q := range []struct {
		text string
		args []any
	}{
		{`UPDATE person SET sealed = $3, until_ms = $4, until_reason = $5, version = version + 1 WHERE district = $1 AND id = $2`, []any{district, int64(rec), blob, now, Undone}},
		{`DELETE FROM person_key WHERE district = $1 AND person_id = $2`, []any{district, int64(rec)}},
		{`DELETE FROM person_event WHERE district = $1 AND person_id = $2`, []any{district, int64(rec)}},
	} {
		if _, err := tx.ExecContext(ctx, q.text, q.args...); err != nil {
			return false, ch, err
		}
	}
	ch.DoorID, ch.HouseholdID, ch.PersonID = p.DoorID, p.HouseholdID, rec
	return true, ch, nil
}

func ignoreMissing(err error) error {
	if errs.Is(notFound(err), errs.NotFound) {
		return nil
	}
	return err
}
