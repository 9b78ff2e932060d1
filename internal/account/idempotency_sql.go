package account

import (
	"context"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// claim is a submission key as stored; status 0 means that its first request
// has not been answered.
type claim struct {
	payload  []byte
	status   int
	response []byte
	created  int64
}

func (s *Service) insertClaim(ctx context.Context, tx *db.Tx, account id.ID, key string, payload []byte, now int64) (bool, error) {
	return db.One(tx.ExecContext(ctx, `INSERT INTO idempotency (district, account_id, client_key, payload_hash, status, response, created_ms)
		VALUES ($1, $2, $3, $4, 0, $5, $6) ON CONFLICT (district, account_id, client_key) DO NOTHING`,
		s.district, account, key, payload, []byte{}, now))
}

func (s *Service) selectClaim(ctx context.Context, q db.Queryer, account id.ID, key string) (c claim, found bool, err error) {
	err = q.QueryRowContext(ctx, `SELECT payload_hash, status, response, created_ms FROM idempotency
		WHERE district = $1 AND account_id = $2 AND client_key = $3`, s.district, account, key).Scan(&c.payload, &c.status, &c.response, &c.created)
	return c, err == nil, ignoreNone(err)
}

func (s *Service) finishClaim(ctx context.Context, tx *db.Tx, account id.ID, key string, status int, response []byte) error {
	_, err := tx.ExecContext(ctx, `UPDATE idempotency SET status = $4, response = $5
		WHERE district = $1 AND account_id = $2 AND client_key = $3 AND status = 0`, s.district, account, key, status, response)
	return err
}

// deleteClaim frees a key that was not answered, or one that is too old.
func (s *Service) deleteClaim(ctx context.Context, tx *db.Tx, account id.ID, key string, older int64) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM idempotency
		WHERE district = $1 AND account_id = $2 AND client_key = $3 AND (status = 0 OR created_ms < $4)`, s.district, account, key, older)
	return err
}
