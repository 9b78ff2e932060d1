package transfer

import (
	"context"
	"database/sql"
	"errors"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

const transferColumns = `t.id, t.issuer_post_id, t.home_id, t.hops, t.hop, t.sealed, t.listed_ms, t.listed_by, t.started_ms, t.arrived_ms, t.version, t.created_ms, k.state`

const fromTransfer = ` FROM transfer t JOIN task k ON k.district = t.district AND k.id = t.id `

func transferFields(t *Transfer) []any {
	return []any{&t.ID, &t.IssuerPostID, &t.HomeID, &t.nHops, &t.Hop, &t.sealed, &t.ListedMs, &t.listedBy, &t.StartedMs, &t.ArrivedMs, &t.Version, &t.CreatedMs, &t.TaskState}
}

func hopFields(h *Hop) []any {
	return []any{&h.Seq, &h.FromPostID, &h.ToPostID, &h.Minutes, &h.DueMs, &h.GaveMs, &h.GaveBy, &h.GaveHow, &h.TookMs, &h.TookBy, &h.TookHow, &h.tries, &h.AlarmMs, &h.alarmFrom, &h.alarmTo}
}

const hopColumns = `seq, from_post_id, to_post_id, minutes, due_ms, gave_ms, gave_by, gave_how, took_ms, took_by, took_how, tries, alarm_ms, alarm_from_id, alarm_to_id`

func selectTransfer(ctx context.Context, q db.Queryer, district int, transfer id.ID) (t Transfer, err error) {
	err = q.QueryRowContext(ctx, `SELECT `+transferColumns+fromTransfer+`WHERE t.district = $1 AND t.id = $2`, district, transfer).Scan(transferFields(&t)...)
	if errors.Is(err, sql.ErrNoRows) {
		return t, errs.E("transfer.Read", errs.NotFound, "transfer.not_found")
	}
	if err != nil {
		return t, err
	}
	if t.Hops, err = db.List(ctx, q, hopFields, `SELECT `+hopColumns+` FROM transfer_hop WHERE district = $1 AND transfer_id = $2 ORDER BY seq`, district, transfer); err != nil {
		return t, err
	}
	t.Left, err = db.List(ctx, q, func(l *Left) []any {
		return []any{&l.ID, &l.PersonID, &l.CarerPostID, &l.TaskID, &l.NamedMs, &l.AcceptedMs, &l.acceptedBy, &l.VisitMs, &l.sealed, &l.care.state, &l.care.owner, &l.care.doer}
	}, `SELECT l.id, l.person_id, l.carer_post_id, l.task_id, l.named_ms, l.accepted_ms, l.accepted_by, l.visit_ms, l.sealed, COALESCE(k.state, ''), COALESCE(k.post_id, 0), COALESCE(k.doer_post_id, 0)
		FROM transfer_left l LEFT JOIN task k ON k.district = l.district AND k.id = l.task_id WHERE l.district = $1 AND l.transfer_id = $2 ORDER BY l.id`, district, transfer)
	for i := range t.Left {
		t.Left[i].stand()
	}
	return t, err
}

func insertTransfer(ctx context.Context, tx *db.Tx, district int, t Transfer) error {
	if err := tx.BulkInsert(ctx, "transfer", []string{"district", "id", "issuer_post_id", "home_id", "hops", "sealed", "created_ms"},
		[][]any{{district, int64(t.ID), int64(t.IssuerPostID), int64(t.HomeID), len(t.Hops), t.sealed, t.CreatedMs}}); err != nil {
		return err
	}
	var rows [][]any
	for _, h := range t.Hops {
		rows = append(rows, []any{district, int64(t.ID), h.Seq, int64(h.FromPostID), int64(h.ToPostID), h.Minutes})
	}
	return tx.BulkInsert(ctx, "transfer_hop", []string{"district", "transfer_id", "seq", "from_post_id", "to_post_id", "minutes"}, rows)
}

func insertLeft(ctx context.Context, tx *db.Tx, district int, transfer id.ID, list []Left) error {
	var rows [][]any
	for _, l := range list {
		rows = append(rows, []any{district, int64(transfer), int64(l.ID), int64(l.PersonID), l.sealed})
	}
	if len(rows) == 0 {
		return nil
	}
	return tx.BulkInsert(ctx, "transfer_left", []string{"district", "transfer_id", "id", "person_id", "sealed"}, rows)
}

// updateTransfer stores a transfer that was read at a version; false: somebody
// was quicker.
func updateTransfer(ctx context.Context, tx *db.Tx, district int, t Transfer) (bool, error) {
	r, err := tx.ExecContext(ctx, `UPDATE transfer SET hop = $3, sealed = $4, listed_ms = $5, listed_by = $6, started_ms = $7, arrived_ms = $8, version = version + 1
		WHERE district = $1 AND id = $2 AND version = $9`, district, t.ID, t.Hop, t.sealed, t.ListedMs, t.listedBy, t.StartedMs, t.ArrivedMs, t.Version)
	if err != nil {
		return false, err
	}
	n, err := r.RowsAffected()
	return n == 1, err
}

func updateHop(ctx context.Context, tx *db.Tx, district int, transfer id.ID, h Hop) error {
	_, err := tx.ExecContext(ctx, `UPDATE transfer_hop SET due_ms = $4, gave_ms = $5, gave_by = $6, gave_how = $7, took_ms = $8, took_by = $9, took_how = $10, tries = $11,
		alarm_ms = $12, alarm_from_id = $13, alarm_to_id = $14 WHERE district = $1 AND transfer_id = $2 AND seq = $3`,
		district, transfer, h.Seq, h.DueMs, h.GaveMs, h.GaveBy, h.GaveHow, h.TookMs, h.TookBy, h.TookHow, h.tries, h.AlarmMs, h.alarmFrom, h.alarmTo)
	return err
}

func updateLeft(ctx context.Context, tx *db.Tx, district int, transfer id.ID, l Left) error {
	_, err := tx.ExecContext(ctx, `UPDATE transfer_left SET carer_post_id = $4, task_id = $5, named_ms = $6, accepted_ms = $7, accepted_by = $8, visit_ms = $9, sealed = $10
		WHERE district = $1 AND transfer_id = $2 AND id = $3`, district, transfer, l.ID, l.CarerPostID, l.TaskID, l.NamedMs, l.AcceptedMs, l.acceptedBy, l.VisitMs, l.sealed)
	return err
}

func deleteLeft(ctx context.Context, tx *db.Tx, district int, transfer, left id.ID) error {
	_, err := tx.ExecContext(ctx, `DELETE FROM transfer_left WHERE district = $1 AND transfer_id = $2 AND id = $3`, district, transfer, left)
	return err
}

// addTry counts a wrong code at a hop.
func addTry(ctx context.Context, tx *db.Tx, district int, transfer id.ID, seq int) error {
	_, err := tx.ExecContext(ctx, `UPDATE transfer_hop SET tries = tries + 1 WHERE district = $1 AND transfer_id = $2 AND seq = $3`, district, transfer, seq)
	return err
}

// selectMine reads the transfers that posts have to do with: open ones first,
// the latest first.
func selectMine(ctx context.Context, q db.Queryer, district int, posts []id.ID, limit int) ([]id.ID, error) {
	if len(posts) == 0 {
		return nil, nil
	}
	a := db.NewArgs(district)
	in := db.In(a, posts)
	return db.List(ctx, q, func(v *id.ID) []any { return []any{v} }, `SELECT t.id`+fromTransfer+`WHERE t.district = $1 AND (t.issuer_post_id IN `+in+` OR k.post_id IN `+in+` OR k.above_post_id IN `+in+`
		OR EXISTS (SELECT 1 FROM transfer_hop h WHERE h.district = t.district AND h.transfer_id = t.id AND (h.from_post_id IN `+in+` OR h.to_post_id IN `+in+`))
		OR EXISTS (SELECT 1 FROM transfer_left l WHERE l.district = t.district AND l.transfer_id = t.id AND l.carer_post_id IN `+in+`))
		ORDER BY k.open DESC, t.id DESC LIMIT `+a.Add(limit), a.List()...)
}

// selectLate reads the transfers whose running hop was due and whose posts were
// not told.
func selectLate(ctx context.Context, q db.Queryer, district int, nowMs int64, limit int) ([]id.ID, error) {
	return db.List(ctx, q, func(v *id.ID) []any { return []any{v} }, `SELECT t.id`+fromTransfer+`JOIN transfer_hop h ON h.district = t.district AND h.transfer_id = t.id AND h.seq = t.hop
		WHERE t.district = $1 AND t.started_ms <> 0 AND t.arrived_ms = 0 AND k.open = 1 AND h.alarm_ms = 0 AND h.due_ms <= $2 ORDER BY h.due_ms, t.id LIMIT $3`, district, nowMs, limit)
}
