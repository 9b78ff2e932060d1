package importer

import (
	"context"
	"encoding/binary"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// What an import did to a record.
const (
	actionCreated = "created"
	actionUpdated = "updated"
)

// objectPlace is the journal's word for places; the others are the ledger's.
const objectPlace = "place"

type journalRow struct {
	seq            int
	action, object string
	objectID       id.ID
	before         []byte
}

// packIDs writes ids as differences; a piece of the journal names thousands.
func packIDs(ids []id.ID) []byte {
	out := make([]byte, 0, 3*len(ids)+8)
	last := int64(0)
	for _, v := range ids {
		out = binary.AppendVarint(out, int64(v)-last)
		last = int64(v)
	}
	return out
}

func unpackIDs(b []byte) []id.ID {
	var out []id.ID
	last := int64(0)
	for len(b) > 0 {
		d, n := binary.Varint(b)
		if n <= 0 {
			return out
		}
		last += d
		out = append(out, id.ID(last))
		b = b[n:]
	}
	return out
}

func (j *journal) write(ctx context.Context, tx *db.Tx, rows []journalRow) error {
	out := make([][]any, len(rows))
	for i, r := range rows {
		if r.before == nil {
			r.before = []byte{}
		}
		out[i] = []any{j.district, int64(j.imp), j.seq + i, r.action, r.object, int64(r.objectID), r.before}
	}
	return tx.BulkInsert(ctx, "import_row", []string{"district", "import_id", "seq", "action", "object", "object_id", "before"}, out)
}

// lastRows reads the newest journal rows of an import.
func lastRows(ctx context.Context, q db.Queryer, district int, imp id.ID, limit int) ([]journalRow, error) {
	rows, err := q.QueryContext(ctx, `SELECT seq, action, object, object_id, before FROM import_row WHERE district = $1 AND import_id = $2 ORDER BY seq DESC LIMIT $3`, district, int64(imp), limit)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []journalRow
	for rows.Next() {
		var r journalRow
		if err := rows.Scan(&r.seq, &r.action, &r.object, (*int64)(&r.objectID), &r.before); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, rows.Err()
}

func dropRow(ctx context.Context, tx *db.Tx, district int, imp id.ID, seq int) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM import_row WHERE district = $1 AND import_id = $2 AND seq = $3`, district, int64(imp), seq)
	return err
}

// closePlaces ends places that an import made, from the innermost out, leaving
// those with something open below or behind them.
func closePlaces(ctx context.Context, tx *db.Tx, district int, ids []id.ID, now int64) error {
	slices.Reverse(ids)
	err := db.Chunks(ids, 500, func(part []id.ID) error {
		nums := make([]int64, len(part))
		for i, v := range part {
			nums[i] = int64(v)
		}
		for range 4 { // door, unit, building, compound: each level once its children are closed
			a := db.NewArgs(district, now)
			res, err := tx.ExecContext(ctx, `UPDATE place SET until_ms = $2 WHERE district = $1 AND until_ms = 0 AND id IN `+db.In(a, nums)+`
				AND NOT EXISTS (SELECT 1 FROM place b WHERE b.district = $1 AND b.parent_id = place.id AND b.until_ms = 0)
				AND NOT EXISTS (SELECT 1 FROM household h WHERE h.district = $1 AND h.door_id = place.id AND h.until_ms = 0)`, a.List()...)
			if err != nil {
				return err
			}
			if n, err := res.RowsAffected(); err != nil || n == 0 {
				return err
			}
		}
		return nil
	})
	tx.Notify(grid.TopicPlaces)
	return err
}
