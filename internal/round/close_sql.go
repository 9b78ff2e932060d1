package round

import (
	"context"
	"strconv"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

func itoa(n int) string { return strconv.Itoa(n) }

func countOutstanding(ctx context.Context, q db.Queryer, r Round) (n int, err error) {
	err = q.QueryRowContext(ctx, "SELECT count(*) FROM target WHERE district = $1 AND occurrence_id = $2 AND state IN (0, 1)", r.district, r.OccurrenceID).Scan(&n)
	return n, err
}

func outstandingIDs(ctx context.Context, q db.Queryer, r Round, limit int) ([]id.ID, error) {
	rows, err := q.QueryContext(ctx, "SELECT object_id FROM target WHERE district = $1 AND occurrence_id = $2 AND state IN (0, 1) ORDER BY object_id LIMIT $3", r.district, r.OccurrenceID, limit)
	return collect(rows, err, scanID)
}
