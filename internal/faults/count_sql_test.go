package faults

import (
	"context"
	"fmt"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
)

// keysThere returns how often each key of a load is in the database.
func keysThere(ctx context.Context, url, prefix string) (map[string]int, error) {
	d, err := db.OpenReadOnly(ctx, url, clock.Real(), nil)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	rows, err := d.Read().QueryContext(ctx, `SELECT client_key, count(*) FROM mark WHERE client_key LIKE $1 GROUP BY client_key`, prefix+"%")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	there := map[string]int{}
	for rows.Next() {
		var key string
		var n int
		if err := rows.Scan(&key, &n); err != nil {
			return nil, fmt.Errorf("counting marks: %w", err)
		}
		there[key] = n
	}
	return there, rows.Err()
}
