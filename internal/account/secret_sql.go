package account

import (
	"context"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// secretTable is a table of secrets that run out or are ended: sessions and
// tokens. A secret is running while it has neither ended nor expired.
type secretTable[T any] struct {
	name, columns, order string
	fields               func(*T) []any
}

var (
	sessionTable = secretTable[SessionInfo]{"session", `id, account_id, device, created_ms, seen_ms, expires_ms`, `seen_ms DESC, id DESC`, func(k *SessionInfo) []any {
		return []any{&k.ID, &k.Account, &k.Device, &k.Created, &k.Seen, &k.Expires}
	}}
	tokenTable = secretTable[Token]{"token", `id, account_id, post_id, name, origin, created_ms, expires_ms`, `id`, func(t *Token) []any {
		return []any{&t.ID, &t.Account, &t.Post, &t.Name, &t.Origin, &t.Created, &t.Expires}
	}}
)

// running finds the secret with this hash.
func (k secretTable[T]) running(ctx context.Context, q db.Queryer, district int, hash []byte, now int64) (v T, found bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT `+k.columns+` FROM `+k.name+`
		WHERE district = $1 AND hash = $2 AND ended_ms = 0 AND expires_ms > $3`, district, hash, now).Scan(k.fields(&v)...)
	return v, err == nil, ignoreNone(err)
}

// of lists the running secrets of an account.
func (k secretTable[T]) of(ctx context.Context, q db.Queryer, district int, account id.ID, now int64) ([]T, error) {
	return db.List(ctx, q, k.fields, `SELECT `+k.columns+` FROM `+k.name+`
		WHERE district = $1 AND account_id = $2 AND ended_ms = 0 AND expires_ms > $3 ORDER BY `+k.order, district, account, now)
}

// end ends what an account has in the table: one row (which), or all but one
// (but), or all. It returns how many.
func (k secretTable[T]) end(ctx context.Context, tx *db.Tx, district int, account, which, but id.ID, now int64) (int64, error) {
	a := db.NewArgs(district, account, now)
	where := `district = $1 AND account_id = $2 AND ended_ms = 0`
	if which != id.Zero {
		where += ` AND id = ` + a.Add(which)
	}
	if but != id.Zero {
		where += ` AND id <> ` + a.Add(but)
	}
	res, err := tx.ExecContext(ctx, `UPDATE `+k.name+` SET ended_ms = $3 WHERE `+where, a.List()...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}
