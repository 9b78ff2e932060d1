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

// Collect reads all rows of a query, each by scan.
func Collect[T any](ctx context.Context, q Queryer, text string, args []any, scan func(*sql.Rows) (T, error)) ([]T, error) {
	var out []T
	err := Each(ctx, q, func(rows *sql.Rows) error {
		v, err := scan(rows)
		if err == nil {
			out = append(out, v)
		}
		return err
	}, text, args...)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// List reads all rows of a query; fields are where the columns of a row go.
func List[T any](ctx context.Context, q Queryer, fields func(*T) []any, text string, args ...any) ([]T, error) {
	return Collect(ctx, q, text, args, func(rows *sql.Rows) (v T, err error) {
		err = rows.Scan(fields(&v)...)
		return v, err
	})
}

// One reports whether a statement changed exactly one row:
//
//	return db.One(tx.ExecContext(ctx, `UPDATE … AND version = $3`, …))
func One(res sql.Result, err error) (bool, error) {
	if err != nil {
		return false, err
	}
	n, err := res.RowsAffected()
	return n == 1, err
}
