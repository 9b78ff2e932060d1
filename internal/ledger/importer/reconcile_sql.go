package importer

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

func aadItem(imp id.ID, seq int) string {
	return fmt.Sprintf("%s/%d", seal.AAD(register, "import_item", imp), seq)
}

// saveBody stores the sealed part of an import.
func (s *Service) saveBody(ctx context.Context, tx *db.Tx, district int, v *Import) error {
	blob, err := s.keys.SealJSON(register, aadImport(v.ID), v.body)
	if err == nil {
		_, err = tx.ExecContext(ctx, `UPDATE ledger_import SET sealed = $3 WHERE district = $1 AND id = $2`, district, int64(v.ID), blob)
	}
	return err
}

var itemCols = []string{"district", "import_id", "seq", "class", "door_id", "person_id", "row_key", "fields", "newest", "picks", "sealed"}

// insertItems keeps a comparison's items, numbered from 1.
func (s *Service) insertItems(ctx context.Context, tx *db.Tx, district int, imp id.ID, list []draft, later map[id.ID]string) error {
	seq := 0
	return db.Chunks(list, listChunk, func(part []draft) error {
		rows := make([][]any, len(part))
		for i, d := range part {
			seq++
			blob, err := s.keys.SealJSON(register, aadItem(imp, seq), d.sealedItem)
			if err != nil {
				return err
			}
			person, newest := id.Zero, ""
			if d.class != OnlyThere {
				person = d.person.ID
				newest = later[person]
			}
			rows[i] = []any{district, int64(imp), seq, string(d.class), int64(d.person.DoorID), int64(person), d.key, fieldList(d.Fields), newest, "", blob}
		}
		return tx.BulkInsert(ctx, "import_item", itemCols, rows)
	})
}

func dropItems(ctx context.Context, tx *db.Tx, district int, imp id.ID) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM import_item WHERE district = $1 AND import_id = $2`, district, int64(imp))
	return err
}

// itemRow is an item as it stands in its table.
type itemRow struct {
	Item
	fields, newest, picksText string
	sealedItem
}

// items reads the items of an import behind a number, in order.
func (s *Service) items(ctx context.Context, q db.Queryer, district int, imp id.ID, f ItemFilter, after, limit int) ([]itemRow, error) {
	a := db.NewArgs(district, int64(imp), after)
	query := `SELECT seq, class, door_id, person_id, row_key, fields, newest, picks, sealed FROM import_item WHERE district = $1 AND import_id = $2 AND seq > $3`
	if f.Class != "" {
		query += " AND class = " + a.Add(string(f.Class))
	}
	if f.Field != "" {
		query += " AND fields LIKE " + a.Add("%,"+f.Field+",%")
	}
	if f.Open {
		query += " AND picks = ''"
	}
	return db.Collect(ctx, q, query+" ORDER BY seq LIMIT "+a.Add(limit), a.List(), func(r *sql.Rows) (itemRow, error) {
		var v itemRow
		var blob []byte
		err := r.Scan(&v.Seq, (*string)(&v.Class), (*int64)(&v.DoorID), (*int64)(&v.PersonID), &v.key, &v.fields, &v.newest, &v.picksText, &blob)
		if err == nil && v.picksText != "" {
			err = json.Unmarshal([]byte(v.picksText), &v.picks)
		}
		if err == nil {
			err = s.keys.OpenJSON(register, aadItem(imp, v.Seq), blob, &v.sealedItem)
		}
		return v, err
	})
}

func savePicks(ctx context.Context, tx *db.Tx, district int, imp id.ID, seq int, picks map[string]string) error {
	text := ""
	if len(picks) > 0 {
		b, err := json.Marshal(picks)
		if err != nil {
			return err
		}
		text = string(b)
	}
	_, err := tx.ExecContext(ctx, `UPDATE import_item SET picks = $4 WHERE district = $1 AND import_id = $2 AND seq = $3`, district, int64(imp), seq, text)
	return err
}

// rulesOf returns the rules remembered for an area's source; ok false where there are none.
func rulesOf(ctx context.Context, q db.Queryer, district int, area id.ID, source string) (r Rules, ok bool, err error) {
	var text string
	err = q.QueryRowContext(ctx, `SELECT rules FROM import_rule WHERE district = $1 AND area_id = $2 AND source = $3`, district, int64(area), source).Scan(&text)
	if errors.Is(err, sql.ErrNoRows) {
		return r, false, nil
	}
	if err == nil {
		err = json.Unmarshal([]byte(text), &r)
	}
	return r, err == nil, err
}

func saveRules(ctx context.Context, tx *db.Tx, district int, area id.ID, source string, r Rules, account id.ID, now int64) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO import_rule (district, area_id, source, rules, account_id, updated_ms) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (district, area_id, source) DO UPDATE SET rules = excluded.rules, account_id = excluded.account_id, updated_ms = excluded.updated_ms`,
		district, int64(area), source, string(text), int64(account), now)
	return err
}

// sources lists the sources that rules are remembered for.
func sources(ctx context.Context, q db.Queryer, district int, area id.ID) ([]string, error) {
	return db.Collect(ctx, q, `SELECT source FROM import_rule WHERE district = $1 AND area_id = $2 ORDER BY source`, []any{district, int64(area)}, func(r *sql.Rows) (v string, err error) {
		err = r.Scan(&v)
		return v, err
	})
}
