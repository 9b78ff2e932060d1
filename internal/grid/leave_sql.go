package grid

import (
	"context"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

func queryLeaves(ctx context.Context, q db.Queryer, where string, args ...any) ([]Leave, error) {
	return db.List(ctx, q, func(l *Leave) []any {
		return []any{&l.ID, &l.PostID, &l.AccountID, &l.SubstituteID, &l.FromMs, &l.UntilMs, &l.holderID, &l.backID, &l.substituteHolderID}
	}, "SELECT id, post_id, account_id, substitute_id, from_ms, until_ms, holder_id, back_id, substitute_holder_id FROM post_leave WHERE "+where, args...)
}

func insertLeave(ctx context.Context, tx *db.Tx, district int, l Leave) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO post_leave (district, id, post_id, account_id, substitute_id, from_ms, until_ms, holder_id, back_id, substitute_holder_id, made_by, created_ms)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, district, int64(l.ID), int64(l.PostID), int64(l.AccountID), int64(l.SubstituteID), l.FromMs, l.UntilMs,
		int64(l.holderID), int64(l.backID), int64(l.substituteHolderID), int64(l.madeBy), l.createdMs)
	return err
}

func setLeaveEnd(ctx context.Context, tx *db.Tx, district int, leave id.ID, until int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE post_leave SET until_ms = $3 WHERE district = $1 AND id = $2`, district, int64(leave), until)
	return err
}

// moveTermStart has a term begin earlier than it would.
func moveTermStart(ctx context.Context, tx *db.Tx, district int, hid id.ID, from int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE holder SET from_ms = $3 WHERE district = $1 AND id = $2 AND from_ms > $3`, district, int64(hid), from)
	return err
}
