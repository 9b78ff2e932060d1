package jobs

import (
	"context"

	"wangge/internal/platform/db"
)

func insertMessage(ctx context.Context, tx *db.Tx, m Message, dueMs int64) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO outbox (district, id, topic, payload, due_ms, attempts, lease_until_ms, done_ms)
		VALUES ($1, $2, $3, $4, $5, 0, 0, 0)`, m.District, int64(m.ID), m.Topic, string(m.Payload), dueMs)
	return err
}

func dueMessages(ctx context.Context, q db.Queryer, topics []string, nowMs int64, limit int) ([]Message, error) {
	a := db.NewArgs(nowMs, limit)
	return db.List(ctx, q, func(m *Message) []any {
		return []any{&m.District, &m.ID, &m.Topic, (*[]byte)(&m.Payload), &m.Attempts}
	}, `SELECT district, id, topic, payload, attempts FROM outbox
		WHERE done_ms = 0 AND due_ms <= $1 AND lease_until_ms <= $1 AND topic IN `+db.In(a, topics)+`
		ORDER BY due_ms, id LIMIT $2`, a.List()...)
}

// leaseMessage reports whether the message was free and is now leased.
func leaseMessage(ctx context.Context, tx *db.Tx, m Message, nowMs, untilMs int64) (bool, error) {
	return db.One(tx.ExecContext(ctx, `UPDATE outbox SET lease_until_ms = $1, attempts = attempts + 1
		WHERE district = $2 AND id = $3 AND done_ms = 0 AND lease_until_ms <= $4`, untilMs, m.District, int64(m.ID), nowMs))
}

// complete reports whether the lease was still ours; then the message is done.
func complete(ctx context.Context, tx *db.Tx, m claimed, nowMs int64) (bool, error) {
	return db.One(tx.ExecContext(ctx, `UPDATE outbox SET done_ms = $1, lease_until_ms = 0
		WHERE district = $2 AND id = $3 AND done_ms = 0 AND lease_until_ms = $4`, nowMs, m.District, int64(m.ID), m.until))
}

func postpone(ctx context.Context, tx *db.Tx, m claimed, dueMs int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE outbox SET due_ms = $1, lease_until_ms = 0
		WHERE district = $2 AND id = $3 AND done_ms = 0 AND lease_until_ms = $4`, dueMs, m.District, int64(m.ID), m.until)
	return err
}

// hasten leaves alone what is leased: its own end says when it is due again.
func hasten(ctx context.Context, tx *db.Tx, district int, topic string, nowMs int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE outbox SET due_ms = $1
		WHERE district = $2 AND topic = $3 AND done_ms = 0 AND due_ms > $1 AND lease_until_ms <= $1`, nowMs, district, topic)
	return err
}

func deleteDone(ctx context.Context, tx *db.Tx, beforeMs int64) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM outbox WHERE done_ms > 0 AND done_ms < $1`, beforeMs)
	return err
}

func countWaiting(ctx context.Context, q db.Queryer) (waiting, failing int, err error) {
	err = q.QueryRowContext(ctx, `SELECT count(*), count(CASE WHEN attempts > 0 THEN 1 END) FROM outbox WHERE done_ms = 0`).
		Scan(&waiting, &failing)
	return waiting, failing, db.Fault("jobs.Waiting", err)
}
