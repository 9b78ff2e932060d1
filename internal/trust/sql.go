package trust

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

const requestSelect = `SELECT r.id, r.number, r.place_id, r.filter, r.purpose, r.people, r.state, r.account_id, r.post_id, r.created_ms,
	r.decided_by, r.decided_post, r.decided_ms, r.expires_ms, r.fetched, r.size, r.register, p.path, p.name
	FROM export_request r JOIN place p ON p.district = r.district AND p.id = r.place_id`

func (r *Request) fields(filter *string) []any {
	return []any{&r.ID, &r.Number, &r.What.Place, filter, &r.What.Purpose, &r.People, &r.State, &r.Account, &r.Post, &r.CreatedMs,
		&r.DecidedBy, &r.DecidedPost, &r.DecidedMs, &r.ExpiresMs, &r.Fetched, &r.Bytes, &r.register, &r.path, &r.Where}
}

// listFilter is what a request keeps of its filter besides the place.
type listFilter struct {
	Lives      string `json:"lives,omitempty"`
	Registered string `json:"registered,omitempty"`
}

func requests(ctx context.Context, q db.Queryer, text string, a *db.Args) (out []Request, err error) {
	err = db.Each(ctx, q, func(rows *sql.Rows) error {
		var r Request
		var text string
		var f listFilter
		err := rows.Scan(r.fields(&text)...)
		if err == nil {
			err = json.Unmarshal([]byte(text), &f)
		}
		r.What.Lives, r.What.Registered = f.Lives, f.Registered
		out = append(out, r)
		return err
	}, text, a.List()...)
	return out, err
}

func selectRequest(ctx context.Context, q db.Queryer, district int, export id.ID) (Request, error) {
	a := db.NewArgs(district, export)
	list, err := requests(ctx, q, requestSelect+` WHERE r.district = $1 AND r.id = $2`, a)
	if err == nil && len(list) == 0 {
		err = errs.E("trust.Export", errs.NotFound, "error.not_found")
	}
	if err != nil {
		return Request{}, err
	}
	return list[0], nil
}

// ownOrBelow is the condition that the caller asked for an export or may decide on it.
func ownOrBelow(c grid.Caller, a *db.Args) string {
	return ` AND (r.account_id = ` + a.Add(c.AccountID) + ` OR ` + c.Scope(grid.ExportFull, a, grid.Columns{Path: "p.path"}) + `)`
}

func selectRequests(ctx context.Context, q db.Queryer, a *db.Args, where string, before id.ID, limit int) ([]Request, error) {
	if before != id.Zero {
		where += ` AND r.id < ` + a.Add(before)
	}
	return requests(ctx, q, requestSelect+` WHERE r.district = $1`+where+` ORDER BY r.id DESC LIMIT `+a.Add(limit), a)
}

func selectOverdue(ctx context.Context, q db.Queryer, district int, now int64) ([]Request, error) {
	a := db.NewArgs(district, now, MaxFetches)
	return requests(ctx, q, requestSelect+` WHERE r.district = $1 AND r.state IN ('waiting', 'ready') AND (r.expires_ms <= $2 OR r.fetched >= $3) ORDER BY r.id LIMIT 500`, a)
}

// nextNumber gives the next number of the day: 20221121-003. Whoever asks for
// one at the same instant waits for the day's row, and gets the one after.
func nextNumber(ctx context.Context, tx *db.Tx, district int, now int64) (string, error) {
	day := clock.FromMs(now).In(clock.CST).Format("20060102")
	_, err := tx.ExecContext(ctx, `INSERT INTO export_number (district, day, last) VALUES ($1, $2, 1)
		ON CONFLICT (district, day) DO UPDATE SET last = export_number.last + 1`, district, day)
	if err != nil {
		return "", err
	}
	var n int
	err = tx.QueryRowContext(ctx, `SELECT last FROM export_number WHERE district = $1 AND day = $2`, district, day).Scan(&n)
	return fmt.Sprintf("%s-%03d", day, n), err
}

func insertRequest(ctx context.Context, tx *db.Tx, district int, r Request) error {
	filter, err := json.Marshal(listFilter{r.What.Lives, r.What.Registered})
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO export_request (district, id, number, place_id, filter, purpose, people, state, account_id, post_id, created_ms, expires_ms, register)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		district, r.ID, r.Number, r.What.Place, string(filter), r.What.Purpose, r.People, string(r.State), r.Account, r.Post, r.CreatedMs, r.ExpiresMs, register)
	return err
}

// decide ends an export that is not decided or expired yet; false where it is.
func decide(ctx context.Context, tx *db.Tx, district int, r Request, to State, by, post id.ID, now int64) (bool, error) {
	set := `state = $3, decided_by = CASE WHEN decided_by = 0 THEN $4 ELSE decided_by END, decided_post = CASE WHEN decided_post = 0 THEN $5 ELSE decided_post END,
		decided_ms = CASE WHEN decided_ms = 0 THEN $6 ELSE decided_ms END`
	return db.One(tx.ExecContext(ctx, `UPDATE export_request SET `+set+` WHERE district = $1 AND id = $2 AND state IN ('waiting', 'ready')`,
		district, r.ID, string(to), by, post, now))
}

// ready makes an export's file available; false where it was decided meanwhile.
func ready(ctx context.Context, tx *db.Tx, district int, r Request, by, post id.ID, now, until int64) (bool, error) {
	return db.One(tx.ExecContext(ctx, `UPDATE export_request SET state = 'ready', people = $3, size = $4, decided_by = $5, decided_post = $6, decided_ms = $7, expires_ms = $8
		WHERE district = $1 AND id = $2 AND state = 'waiting'`, district, r.ID, r.People, r.Bytes, by, post, now, until))
}

// countFetch counts a fetch; false where the file's time is over.
func countFetch(ctx context.Context, tx *db.Tx, district int, export id.ID, now int64) (bool, error) {
	return db.One(tx.ExecContext(ctx, `UPDATE export_request SET fetched = fetched + 1 WHERE district = $1 AND id = $2 AND state = 'ready' AND expires_ms > $3 AND fetched < $4`,
		district, export, now, MaxFetches))
}

func insertPart(ctx context.Context, tx *db.Tx, district int, export id.ID, part int, blob []byte) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO export_part (district, request_id, part, sealed) VALUES ($1, $2, $3, $4)`, district, export, part, blob)
	return err
}

func selectParts(ctx context.Context, q db.Queryer, district int, export id.ID) ([][]byte, error) {
	return db.List(ctx, q, func(b *[]byte) []any {
		return []any{b}
	}, `SELECT sealed FROM export_part WHERE district = $1 AND request_id = $2 ORDER BY part`, district, export)
}

func dropParts(ctx context.Context, tx *db.Tx, district int, export id.ID) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM export_part WHERE district = $1 AND request_id = $2`, district, export)
	return err
}
