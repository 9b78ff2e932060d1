package account

import (
	"context"
	"database/sql"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

var bulkColumns = []string{"district", "id", "login_hash", "phone_hash", "sealed", "password", "must_change", "lang", "state", "worker", "created_ms", "made_by", "home_id"}

func bulkRow(district int, r row, login, phone []byte) []any {
	return []any{district, int64(r.ID), login, phone, r.sealed, "", 0, r.Lang, string(r.State), num(r.Worker), r.Created, int64(r.MadeBy), int64(r.Home)}
}

func (s *Service) insertMany(ctx context.Context, tx *db.Tx, rows [][]any) error {
	return tx.BulkInsert(ctx, "account", bulkColumns, rows)
}

// anyTaken reports whether an account has one of the log-in names or phones.
func (s *Service) anyTaken(ctx context.Context, q db.Queryer, logins, phones [][]byte) (bool, error) {
	a := db.NewArgs(s.district)
	var n int
	err := q.QueryRowContext(ctx, `SELECT (SELECT COUNT(*) FROM account WHERE district = $1 AND login_hash IN `+db.In(a, logins)+`)
		+ (SELECT COUNT(*) FROM account WHERE district = $1 AND phone_hash IN `+db.In(a, phones)+`)`, a.List()...).Scan(&n)
	return n > 0, err
}

func (s *Service) selectByPhones(ctx context.Context, q db.Queryer, hashes [][]byte) ([]row, error) {
	a := db.NewArgs(s.district)
	return db.List(ctx, q, (*row).fields, `SELECT `+accountColumns+` FROM account WHERE district = $1 AND phone_hash IN `+db.In(a, hashes), a.List()...)
}

// voidMany ends the unused reset codes of accounts.
func (s *Service) voidMany(ctx context.Context, tx *db.Tx, accounts []id.ID, now int64) error {
	return db.Chunks(accounts, 500, func(part []id.ID) error {
		a := db.NewArgs(s.district, now, codeReset)
		_, err := tx.ExecContext(ctx, `UPDATE one_time_code SET used_ms = $2 WHERE district = $1 AND kind = $3 AND used_ms = 0 AND account_id IN `+db.In(a, part), a.List()...)
		return err
	})
}

func (s *Service) insertCodes(ctx context.Context, tx *db.Tx, rows [][]any) error {
	return tx.BulkInsert(ctx, "one_time_code", []string{"district", "hash", "kind", "account_id", "issued_by", "created_ms", "expires_ms"}, rows)
}

// codesOut returns which of the accounts have a reset code that is still good.
func (s *Service) codesOut(ctx context.Context, q db.Queryer, accounts []id.ID, now int64) (map[id.ID]bool, error) {
	out := map[id.ID]bool{}
	err := db.Chunks(accounts, 500, func(part []id.ID) error {
		a := db.NewArgs(s.district, now, codeReset)
		return db.Each(ctx, q, func(rows *sql.Rows) error {
			var v id.ID
			err := rows.Scan(&v)
			out[v] = true
			return err
		}, `SELECT DISTINCT account_id FROM one_time_code WHERE district = $1 AND kind = $3 AND used_ms = 0 AND expires_ms > $2 AND account_id IN `+db.In(a, part), a.List()...)
	})
	return out, err
}
