package account

import (
	"context"

	"wangge/internal/platform/db"
)

// selectFailures reads the failures counted under each key, in their order.
func (s *Service) selectFailures(ctx context.Context, q db.Queryer, keys ...[]byte) ([]failures, error) {
	type counted struct {
		key []byte
		failures
	}
	a := db.NewArgs(s.district)
	rows, err := db.List(ctx, q, func(c *counted) []any { return []any{&c.key, &c.count, &c.since, &c.inRow, &c.last} },
		`SELECT key_hash, failures, since_ms, in_row, last_ms FROM failed_try WHERE district = $1 AND key_hash IN `+db.In(a, keys), a.List()...)
	out := make([]failures, len(keys))
	for i, k := range keys {
		for _, r := range rows {
			if string(r.key) == string(k) {
				out[i] = r.failures
			}
		}
	}
	return out, err
}

// addFailure counts one more, unless limit of them count now; those before
// failureWindow count no more.
func (s *Service) addFailure(ctx context.Context, tx *db.Tx, key []byte, now int64, limit int) (bool, error) {
	return db.One(tx.ExecContext(ctx, `INSERT INTO failed_try (district, key_hash, failures, since_ms, in_row, last_ms) VALUES ($1, $2, 1, $3, 1, $3)
		ON CONFLICT (district, key_hash) DO UPDATE SET
			failures = CASE WHEN failed_try.since_ms <= $4 THEN 1 ELSE failed_try.failures + 1 END,
			since_ms = CASE WHEN failed_try.since_ms <= $4 THEN excluded.since_ms ELSE failed_try.since_ms END,
			in_row = failed_try.in_row + 1, last_ms = excluded.last_ms
		WHERE failed_try.since_ms <= $4 OR failed_try.failures < $5`, s.district, key, now, now-failureWindow.Milliseconds(), limit))
}

// dropFailure counts one less.
func (s *Service) dropFailure(ctx context.Context, tx *db.Tx, key []byte) error {
	if _, err := tx.ExecContext(ctx, `DELETE FROM failed_try WHERE district = $1 AND key_hash = $2 AND failures <= 1 AND in_row <= 1`, s.district, key); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, `UPDATE failed_try SET failures = failures - 1, in_row = in_row - 1 WHERE district = $1 AND key_hash = $2 AND failures > 0 AND in_row > 0`, s.district, key)
	return err
}

// deleteFailures forgets what was counted under a key, after a success.
func (s *Service) deleteFailures(ctx context.Context, tx *db.Tx, key []byte) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM failed_try WHERE district = $1 AND key_hash = $2`, s.district, key)
	return err
}

// selectSpent reports whether a ticket was used.
func (s *Service) selectSpent(ctx context.Context, q db.Queryer, t ticket) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, `SELECT COUNT(*) FROM spent_ticket WHERE district = $1 AND hash = $2`, s.district, t.spentHash()).Scan(&n)
	return n > 0, err
}

// insertSpent notes that a ticket was used; false where it was already.
func (s *Service) insertSpent(ctx context.Context, tx *db.Tx, t ticket) (bool, error) {
	return db.One(tx.ExecContext(ctx, `INSERT INTO spent_ticket (district, hash, expires_ms) VALUES ($1, $2, $3) ON CONFLICT (district, hash) DO NOTHING`,
		s.district, t.spentHash(), t.Since+ticketTTL.Milliseconds()))
}
