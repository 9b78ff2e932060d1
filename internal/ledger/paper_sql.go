package ledger

import (
	"context"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

func (s *Service) insertPaper(ctx context.Context, tx *db.Tx, district int, p Paper, post id.ID) error {
	return tx.BulkInsert(ctx, "paper", []string{"district", "id", "kind", "person_id", "household_id", "photo_id", "account_id", "post_id", "created_ms", "keep_until_ms"},
		[][]any{{district, int64(p.ID), p.Kind, int64(p.PersonID), int64(p.HouseholdID), int64(p.photo), int64(p.AccountID), int64(post), p.CreatedMs, p.KeepUntilMs}})
}

const paperSelect = `SELECT id, kind, person_id, household_id, photo_id, account_id, created_ms, keep_until_ms, deleted_ms FROM paper WHERE district = $1 AND `

func (p *Paper) fields() []any {
	return []any{(*int64)(&p.ID), &p.Kind, (*int64)(&p.PersonID), (*int64)(&p.HouseholdID), (*int64)(&p.photo), (*int64)(&p.AccountID), &p.CreatedMs, &p.KeepUntilMs, &p.DeletedMs}
}

func (s *Service) paper(ctx context.Context, district int, paper id.ID) (Paper, error) {
	var p Paper
	err := s.db.Read().QueryRowContext(ctx, paperSelect+`id = $2`, district, int64(paper)).Scan(p.fields()...)
	return p, notFound(err)
}

// papersOf lists papers by a column that names whom they are kept with.
func (s *Service) papersOf(ctx context.Context, district int, column string, ids []id.ID) ([]Paper, error) {
	a := db.NewArgs(district)
	return db.List(ctx, s.db.Read(), (*Paper).fields, paperSelect+column+` IN `+db.In(a, ints(ids))+` ORDER BY id DESC LIMIT 200`, a.List()...)
}

func (s *Service) papersDue(ctx context.Context, q queryer, district int, now int64, limit int) ([]Paper, error) {
	return db.List(ctx, q, (*Paper).fields, paperSelect+`deleted_ms = 0 AND keep_until_ms <= $2 ORDER BY keep_until_ms LIMIT $3`, district, now, limit)
}

func (s *Service) endPapers(ctx context.Context, tx *db.Tx, district int, list []Paper, now int64) error {
	ids := make([]id.ID, len(list))
	for i, p := range list {
		ids[i] = p.ID
	}
	a := db.NewArgs(district, now)
	_, err := tx.ExecContext(ctx, `UPDATE paper SET deleted_ms = $2 WHERE district = $1 AND id IN `+db.In(a, ints(ids)), a.List()...)
	return err
}
