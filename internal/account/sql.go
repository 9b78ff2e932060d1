package account

import (
	"context"
	"database/sql"
	"errors"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// row is an account as stored.
type row struct {
	Account
	sealed   []byte
	password string
	failed   int
}

const accountColumns = `id, sealed, password, must_change, lang, state, failed, locked_until_ms, worker, created_ms, made_by, home_id`

func (r *row) fields() []any {
	return []any{&r.ID, &r.sealed, &r.password, &r.MustChange, &r.Lang, &r.State, &r.failed, &r.LockedUntil, &r.Worker, &r.Created, &r.MadeBy, &r.Home}
}

func (r *row) subject() Subject { return Subject{r.ID, r.MadeBy, r.Home} }

func num(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (s *Service) selectAccount(ctx context.Context, q db.Queryer, account id.ID) (row, error) {
	var r row
	err := q.QueryRowContext(ctx, `SELECT `+accountColumns+` FROM account WHERE district = $1 AND id = $2`, s.district, account).Scan(r.fields()...)
	if errors.Is(err, sql.ErrNoRows) {
		err = errs.E("account.Get", errs.NotFound, "account.not_found")
	}
	return r, err
}

// selectByHash finds an account by log-in name, else by phone where that is
// one account's alone.
func (s *Service) selectByHash(ctx context.Context, q db.Queryer, login, phone []byte) (r row, found bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT `+accountColumns+` FROM account WHERE district = $1 AND login_hash = $2`, s.district, login).Scan(r.fields()...)
	if err == nil {
		return r, true, nil
	}
	if !errors.Is(err, sql.ErrNoRows) || len(phone) == 0 {
		return r, false, ignoreNone(err)
	}
	rows, err := db.List(ctx, q, (*row).fields, `SELECT `+accountColumns+` FROM account WHERE district = $1 AND phone_hash = $2 LIMIT 2`, s.district, phone)
	if err != nil || len(rows) != 1 {
		return r, false, err
	}
	return rows[0], true, nil
}

func ignoreNone(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}

func (s *Service) selectAfter(ctx context.Context, q db.Queryer, after id.ID, limit int) ([]row, error) {
	return db.List(ctx, q, (*row).fields, `SELECT `+accountColumns+` FROM account WHERE district = $1 AND id > $2 ORDER BY id LIMIT $3`, s.district, after, limit)
}

func (s *Service) selectAmong(ctx context.Context, q db.Queryer, ids []id.ID) ([]row, error) {
	a := db.NewArgs(s.district)
	return db.List(ctx, q, (*row).fields, `SELECT `+accountColumns+` FROM account WHERE district = $1 AND id IN `+db.In(a, ids), a.List()...)
}

func (s *Service) countAccounts(ctx context.Context, q db.Queryer) (n int, err error) {
	err = q.QueryRowContext(ctx, `SELECT COUNT(*) FROM account WHERE district = $1`, s.district).Scan(&n)
	return n, err
}

func (s *Service) insertAccount(ctx context.Context, tx *db.Tx, r row, login, phone []byte) (bool, error) {
	return db.One(tx.ExecContext(ctx, `INSERT INTO account (district, id, login_hash, phone_hash, sealed, password, must_change, lang, state, worker, created_ms, made_by, home_id)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT (district, login_hash) DO NOTHING`,
		s.district, r.ID, login, phone, r.sealed, r.password, num(r.MustChange), r.Lang, string(r.State), num(r.Worker), r.Created, r.MadeBy, r.Home))
}

// phoneTaken reports whether another account has the phone.
func (s *Service) phoneTaken(ctx context.Context, q db.Queryer, phone []byte, but id.ID) (bool, error) {
	if len(phone) == 0 {
		return false, nil
	}
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM account WHERE district = $1 AND phone_hash = $2 AND id <> $3`, s.district, phone, but).Scan(&n)
	return n > 0, err
}

func (s *Service) loginTaken(ctx context.Context, q db.Queryer, login []byte, but id.ID) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM account WHERE district = $1 AND login_hash = $2 AND id <> $3`, s.district, login, but).Scan(&n)
	return n > 0, err
}

func (s *Service) updateProfile(ctx context.Context, tx *db.Tx, r row, login, phone []byte) error {
	s.changed(tx, r.ID)
	_, err := tx.ExecContext(ctx, `UPDATE account SET login_hash = $3, phone_hash = $4, sealed = $5, lang = $6, worker = $7 WHERE district = $1 AND id = $2`,
		s.district, r.ID, login, phone, r.sealed, r.Lang, num(r.Worker))
	return err
}

func (s *Service) updatePassword(ctx context.Context, tx *db.Tx, account id.ID, hash string, mustChange bool) error {
	s.changed(tx, account)
	_, err := tx.ExecContext(ctx, `UPDATE account SET password = $3, must_change = $4, failed = 0, locked_until_ms = 0 WHERE district = $1 AND id = $2`,
		s.district, account, hash, num(mustChange))
	return err
}

func (s *Service) updateState(ctx context.Context, tx *db.Tx, account id.ID, state State) error {
	s.changed(tx, account)
	_, err := tx.ExecContext(ctx, `UPDATE account SET state = $3, failed = 0, locked_until_ms = 0 WHERE district = $1 AND id = $2`, s.district, account, string(state))
	return err
}

func (s *Service) updateFailed(ctx context.Context, tx *db.Tx, account id.ID, failed int, lockedUntil int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE account SET failed = $3, locked_until_ms = $4 WHERE district = $1 AND id = $2`, s.district, account, failed, lockedUntil)
	return err
}

func (s *Service) insertSession(ctx context.Context, tx *db.Tx, hash []byte, k SessionInfo) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO session (district, hash, id, account_id, device, created_ms, seen_ms, expires_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, s.district, hash, k.ID, k.Account, k.Device, k.Created, k.Seen, k.Expires)
	return err
}

func (s *Service) touchSession(ctx context.Context, tx *db.Tx, hash []byte, now int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE session SET seen_ms = $3 WHERE district = $1 AND hash = $2`, s.district, hash, now)
	return err
}

func (s *Service) insertCode(ctx context.Context, tx *db.Tx, hash []byte, c code) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO one_time_code (district, hash, kind, account_id, issued_by, created_ms, expires_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, s.district, hash, c.kind, c.account, c.by, c.created, c.expires)
	return err
}

// selectCode finds a code that is neither used nor expired.
func (s *Service) selectCode(ctx context.Context, q db.Queryer, hash []byte, now int64) (c code, found bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT kind, account_id, issued_by, created_ms, expires_ms FROM one_time_code
		WHERE district = $1 AND hash = $2 AND used_ms = 0 AND expires_ms > $3`, s.district, hash, now).
		Scan(&c.kind, &c.account, &c.by, &c.created, &c.expires)
	return c, err == nil, ignoreNone(err)
}

// useCode marks a code used; false where another was quicker.
func (s *Service) useCode(ctx context.Context, tx *db.Tx, hash []byte, now int64) (bool, error) {
	return db.One(tx.ExecContext(ctx, `UPDATE one_time_code SET used_ms = $3 WHERE district = $1 AND hash = $2 AND used_ms = 0 AND expires_ms > $3`, s.district, hash, now))
}

// voidCodes ends the unused codes of a kind for an account.
func (s *Service) voidCodes(ctx context.Context, tx *db.Tx, kind string, account id.ID, now int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE one_time_code SET used_ms = $4 WHERE district = $1 AND kind = $2 AND account_id = $3 AND used_ms = 0`, s.district, kind, account, now)
	return err
}

func (s *Service) insertToken(ctx context.Context, tx *db.Tx, hash []byte, t Token) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO token (district, hash, id, account_id, post_id, name, origin, created_ms, expires_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, s.district, hash, t.ID, t.Account, t.Post, t.Name, t.Origin, t.Created, t.Expires)
	return err
}

func (s *Service) deleteOld(ctx context.Context, tx *db.Tx, answers, ended int64) error {
	for _, q := range []struct {
		text string
		ms   int64
	}{
		{`DELETE FROM idempotency WHERE district = $1 AND created_ms < $2`, answers},
		{`DELETE FROM session WHERE district = $1 AND expires_ms < $2`, ended},
		{`DELETE FROM spent_ticket WHERE district = $1 AND expires_ms < $2`, s.now()},
		{`DELETE FROM failed_try WHERE district = $1 AND last_ms < $2`, s.now() - keepFailures.Milliseconds()},
		{`DELETE FROM one_time_code WHERE district = $1 AND expires_ms < $2`, ended},
	} {
		if _, err := tx.ExecContext(ctx, q.text, s.district, q.ms); err != nil {
			return err
		}
	}
	return nil
}
