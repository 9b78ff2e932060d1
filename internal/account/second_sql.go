package account

import (
	"context"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// factor is the second step of an account as stored.
type factor struct {
	sealed    []byte
	step      int64 // the last step a code was taken of
	confirmed int64 // UTC milliseconds; 0 until the first code was right
}

func (s *Service) selectFactor(ctx context.Context, q db.Queryer, account id.ID) (f factor, found bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT sealed, step, confirmed_ms FROM second_factor WHERE district = $1 AND account_id = $2`, s.district, account).
		Scan(&f.sealed, &f.step, &f.confirmed)
	return f, err == nil, ignoreNone(err)
}

// insertFactor keeps a secret that is not confirmed yet, over an earlier one
// that was not either; false where one is confirmed.
func (s *Service) insertFactor(ctx context.Context, tx *db.Tx, account id.ID, sealed []byte) (bool, error) {
	return db.One(tx.ExecContext(ctx, `INSERT INTO second_factor (district, account_id, sealed) VALUES ($1, $2, $3)
		ON CONFLICT (district, account_id) DO UPDATE SET sealed = excluded.sealed, step = 0 WHERE second_factor.confirmed_ms = 0`, s.district, account, sealed))
}

// takeStep marks the step of a code as used, and the secret as confirmed;
// false where another was quicker with the same code.
func (s *Service) takeStep(ctx context.Context, tx *db.Tx, account id.ID, step, now int64) (bool, error) {
	return db.One(tx.ExecContext(ctx, `UPDATE second_factor SET step = $3, confirmed_ms = CASE WHEN confirmed_ms = 0 THEN $4 ELSE confirmed_ms END
		WHERE district = $1 AND account_id = $2 AND step < $3`, s.district, account, step, now))
}

func (s *Service) insertRecovery(ctx context.Context, tx *db.Tx, account id.ID, hashes [][]byte) error {
	rows := make([][]any, len(hashes))
	for i, h := range hashes {
		rows[i] = []any{s.district, account, h}
	}
	return tx.BulkInsert(ctx, "recovery_code", []string{"district", "account_id", "hash"}, rows)
}

// takeRecovery uses a code on paper up; false where there is none such unused.
func (s *Service) takeRecovery(ctx context.Context, tx *db.Tx, account id.ID, hash []byte, now int64) (bool, error) {
	return db.One(tx.ExecContext(ctx, `UPDATE recovery_code SET used_ms = $4 WHERE district = $1 AND account_id = $2 AND hash = $3 AND used_ms = 0`, s.district, account, hash, now))
}

func (s *Service) countRecovery(ctx context.Context, q db.Queryer, account id.ID) (n int, err error) {
	err = q.QueryRowContext(ctx, `SELECT COUNT(*) FROM recovery_code WHERE district = $1 AND account_id = $2 AND used_ms = 0`, s.district, account).Scan(&n)
	return n, err
}

// deleteSecond ends the second step of an account; false where it had none.
func (s *Service) deleteSecond(ctx context.Context, tx *db.Tx, account id.ID) (bool, error) {
	if _, err := tx.ExecContext(ctx, `DELETE FROM recovery_code WHERE district = $1 AND account_id = $2`, s.district, account); err != nil {
		return false, err
	}
	return db.One(tx.ExecContext(ctx, `DELETE FROM second_factor WHERE district = $1 AND account_id = $2`, s.district, account))
}
