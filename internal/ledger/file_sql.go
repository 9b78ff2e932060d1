package ledger

import (
	"context"
	"database/sql"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// livedSince returns when a person came behind its present door.
func (s *Service) livedSince(ctx context.Context, q db.Queryer, district int, p *Person) (int64, error) {
	var last int64
	err := q.QueryRowContext(ctx, `SELECT COALESCE(MAX(until_ms), 0) FROM residence WHERE district = $1 AND person_id = $2`, district, int64(p.ID)).Scan(&last)
	return max(last, p.FromMs), err
}

func (s *Service) residences(ctx context.Context, q db.Queryer, district int, persons []id.ID) ([]Residence, error) {
	a := db.NewArgs(district)
	return db.Collect(ctx, q, `SELECT id, person_id, household_id, door_id, from_ms, until_ms, reason FROM residence
		WHERE district = $1 AND person_id IN `+db.In(a, ints(persons))+` ORDER BY until_ms DESC, id DESC`, a.List(), func(r *sql.Rows) (Residence, error) {
		var v Residence
		err := r.Scan((*int64)(&v.ID), (*int64)(&v.PersonID), (*int64)(&v.HouseholdID), (*int64)(&v.DoorID), &v.FromMs, &v.UntilMs, &v.Reason)
		return v, err
	})
}

// events reads the events of records, newest first, without opening them.
func (s *Service) events(ctx context.Context, q db.Queryer, district int, persons []id.ID, limit int) ([]Event, error) {
	a := db.NewArgs(district)
	query := `SELECT id, person_id, register, at_ms, kind, account_id, post_id, source, object_id, sealed FROM person_event
		WHERE district = $1 AND person_id IN ` + db.In(a, ints(persons)) + ` ORDER BY at_ms DESC, id DESC LIMIT ` + a.Add(limit)
	return db.Collect(ctx, q, query, a.List(), func(r *sql.Rows) (Event, error) {
		var e Event
		var register string
		var blob []byte
		if err := r.Scan((*int64)(&e.ID), (*int64)(&e.PersonID), &register, &e.AtMs, &e.Kind, (*int64)(&e.AccountID), (*int64)(&e.PostID), &e.Source, (*int64)(&e.ObjectID), &blob); err != nil {
			return e, err
		}
		var body eventBody
		err := s.keys.OpenJSON(register, seal.AAD(register, tableEvent, e.ID), blob, &body)
		e.Changes, e.Text = body.Changes, body.Text
		return e, err
	})
}

// Records returns a person's records: the one given and those that were merged
// into it. It tells numbers only; who asks has been asked for the right to them.
func (s *Service) Records(ctx context.Context, c grid.Caller, person id.ID) ([]id.ID, error) {
	list, err := s.mergedInto(ctx, s.db.Read(), c.District, person)
	return list, errs.Wrap("ledger.Records", err)
}

// mergedInto returns the records that were taken into person, however deep.
func (s *Service) mergedInto(ctx context.Context, q db.Queryer, district int, person id.ID) ([]id.ID, error) {
	all := []id.ID{person}
	seen := map[id.ID]bool{person: true}
	for i := 0; i < len(all); i++ {
		drops, err := db.Collect(ctx, q, `SELECT e.object_id FROM person_event e CROSS JOIN person p
			WHERE e.district = $1 AND p.district = $1 AND e.person_id = $2 AND e.kind = 'merged' AND p.id = e.object_id AND p.until_reason = 'merged'`,
			[]any{district, int64(all[i])}, func(r *sql.Rows) (id.ID, error) {
				var v int64
				err := r.Scan(&v)
				return id.ID(v), err
			})
		if err != nil {
			return nil, err
		}
		for _, d := range drops {
			if !seen[d] {
				seen[d] = true
				all = append(all, d)
			}
		}
	}
	return all, nil
}

// listItem is one row of the care or the risk list.
type listItem struct {
	id       id.ID
	person   id.ID
	register string
	blob     []byte
	fromMs   int64
	untilMs  int64
}

func scanItem(r *sql.Rows) (listItem, error) {
	var v listItem
	err := r.Scan((*int64)(&v.id), (*int64)(&v.person), &v.register, &v.blob, &v.fromMs, &v.untilMs)
	return v, err
}

// itemsOf reads the current entries of persons; table is tableCare or tableRisk.
func (s *Service) itemsOf(ctx context.Context, q db.Queryer, district int, table string, persons []id.ID) ([]listItem, error) {
	var out []listItem
	err := db.Chunks(persons, 500, func(part []id.ID) error {
		a := db.NewArgs(district)
		items, err := db.Collect(ctx, q, `SELECT id, person_id, register, sealed, from_ms, until_ms FROM `+table+
			` WHERE district = $1 AND until_ms = 0 AND person_id IN `+db.In(a, ints(part))+` ORDER BY id`, a.List(), scanItem)
		out = append(out, items...)
		return err
	})
	return out, err
}

// item reads one current entry of a list.
func (s *Service) item(ctx context.Context, q db.Queryer, district int, table string, item id.ID) (listItem, error) {
	var v listItem
	err := q.QueryRowContext(ctx, `SELECT id, person_id, register, sealed, from_ms, until_ms FROM `+table+
		` WHERE district = $1 AND id = $2 AND until_ms = 0`, district, int64(item)).
		Scan((*int64)(&v.id), (*int64)(&v.person), &v.register, &v.blob, &v.fromMs, &v.untilMs)
	return v, notFound(err)
}

func (s *Service) insertItem(ctx context.Context, tx *db.Tx, district int, table string, v listItem, kindHash []byte) error {
	return tx.BulkInsert(ctx, table, []string{"district", "id", "person_id", "register", "kind_hash", "sealed", "from_ms"},
		[][]any{{district, int64(v.id), int64(v.person), v.register, kindHash, v.blob, v.fromMs}})
}

func (s *Service) endItem(ctx context.Context, tx *db.Tx, district int, table string, item id.ID, at int64) error {
	res, err := tx.ExecContext(ctx, `UPDATE `+table+` SET until_ms = $3 WHERE district = $1 AND id = $2 AND until_ms = 0`, district, int64(item), at)
	if err != nil {
		return err
	}
	return changedOne(res)
}

// listed reads the persons on a list of one kind (nil: any) within scope.
func (s *Service) listed(ctx context.Context, c grid.Caller, table string, kindHash []byte, under string, after id.ID, limit int) ([]personRec, error) {
	a := db.NewArgs(c.District)
	where := onDoor + ` AND p.until_ms = 0 AND p.id > ` + a.Add(int64(after)) +
		` AND EXISTS (SELECT 1 FROM ` + table + ` i WHERE i.district = $1 AND i.person_id = p.id AND i.until_ms = 0`
	if kindHash != nil {
		where += ` AND i.kind_hash = ` + a.Add(kindHash)
	}
	where += `)`
	if under != "" {
		where += ` AND d.path >= ` + a.Add(under) + ` AND d.path < ` + a.Add(under+"~")
	}
	return s.personsWhere(ctx, s.db.Read(), c, grid.LedgerRead, a, fromPersons, where, " ORDER BY p.id LIMIT "+a.Add(limit))
}
