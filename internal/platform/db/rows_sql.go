package db

import (
	"context"
	"database/sql"
)

// Each runs a query and gives every row to scan, whose error ends it.
func Each(ctx context.Context, q Queryer, scan func(*sql.Rows) error, text string, args ...any) error {
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// List reads all rows of a query; fields are where the columns of a row go.
func List[T any](ctx context.Context, q Queryer, fields func(*T) []any, text string, args ...any) ([]T, error) {
	var out []T
	err := Each(ctx, q, func(rows *sql.Rows) error {
		var v T
		if err := rows.Scan(fields(&v)...); err != nil {
			return err
		}
		out = append(out, v)
		return nil
	}, text, args...)
	if err != nil {
		return nil, err
	}
	return out, nil
}
