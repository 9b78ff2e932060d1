package db

import (
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// identifier is what a table or column may be called in BulkInsert.
var identifier = regexp.MustCompile(`^[a-z_][a-z0-9_]*$`)

// bulkRows is how many rows one INSERT of SQLite carries. Measured: with one
// row 260,000 rows/s, with 8 to 16 rows 450,000, with hundreds 110,000.
const bulkRows = 8

// BulkInsert inserts the rows, each with a value for every column, in the
// quickest way of the engine: INSERTs of many rows on SQLite, arrays or COPY on
// PostgreSQL. Any row that cannot be inserted fails the whole call. Values have
// the column's own type: int64 or int for BIGINT and INTEGER, string, []byte;
// nil is NULL. Types based on them (id.ID) are taken too.
func (t *Tx) BulkInsert(ctx context.Context, table string, cols []string, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	for _, name := range append([]string{table}, cols...) {
		if !identifier.MatchString(name) {
			return fmt.Errorf("db: %q is not the name of a table or column", name)
		}
	}
	for i, row := range rows {
		if len(row) != len(cols) {
			return fmt.Errorf("db: row %d of %s has %d values for %d columns", i, table, len(row), len(cols))
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	var err error
	if t.d.engine == Postgres {
		err = t.copyIn(ctx, table, cols, rows)
	} else {
		err = t.insertMany(ctx, "OR FAIL INTO "+table, cols, "", rows)
	}
	if err != nil {
		t.failed = err
	}
	return err
}

func (t *Tx) copyIn(ctx context.Context, table string, cols []string, rows [][]any) error {
	if len(rows) <= unnestRows {
		if from, args, ok := unnest(rows); ok {
			_, err := t.exec(ctx, "INSERT INTO "+table+" ("+strings.Join(cols, ", ")+") SELECT * FROM "+from, args)
			return err
		}
	}
	return t.conn.Raw(func(c any) error {
		_, err := c.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{table}, cols, pgx.CopyFromRows(rows))
		return err
	})
}

// insertMany inserts into a table of SQLite. "OR FAIL" leaves what a failing
// statement had inserted, for the transaction or its savepoint to undo: SQLite
// then keeps no journal of each statement, a tenth of its work.
func (t *Tx) insertMany(ctx context.Context, into string, cols []string, tail string, rows [][]any) error {
	args := make([]any, 0, bulkRows*len(cols))
	whole := insertText(into, cols, bulkRows) + tail
	return Chunks(rows, bulkRows, func(part [][]any) error {
		text := whole
		if len(part) < bulkRows {
			text = insertText(into, cols, len(part)) + tail
		}
		args = args[:0]
		for _, row := range part {
			args = append(args, row...)
		}
		_, err := t.exec(ctx, text, args)
		return err
	})
}

// BulkUpsert inserts the rows, of which no two have the same keys; where a row's
// keys are there already, set says what becomes of that row: t is its name, and
// excluded that of the one which was not inserted.
func (t *Tx) BulkUpsert(ctx context.Context, table string, cols []string, keys, set string, rows [][]any) error {
	tail := " ON CONFLICT (" + keys + ") DO UPDATE SET " + set
	if t.d.engine == Postgres {
		return Chunks(rows, unnestRows, func(part [][]any) error {
			from, args, ok := unnest(part)
			if !ok {
				return fmt.Errorf("db: a row for %s has a value that is no number, text or bytes", table)
			}
			_, err := t.ExecContext(ctx, "INSERT INTO "+table+" AS t ("+strings.Join(cols, ", ")+") SELECT * FROM "+from+tail, args...)
			return err
		})
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	err := t.insertMany(ctx, "INTO "+table+" AS t", cols, tail, rows)
	if err != nil {
		t.failed = err
	}
	return err
}

// ExecEach runs the statement once for each row of arguments and returns how
// many rows each changed. PostgreSQL gets them all in one round trip. The first
// failure fails the call.
func (t *Tx) ExecEach(ctx context.Context, query string, rows [][]any) (changed []int64, err error) {
	if err := ctx.Err(); err != nil || len(rows) == 0 {
		return nil, err
	}
	if t.d.engine == Postgres {
		changed, err = t.pipeline(ctx, query, rows)
	} else {
		changed, err = t.execEach(ctx, query, rows)
	}
	if err != nil {
		t.failed = err
		return nil, err
	}
	return changed, nil
}

func (t *Tx) execEach(ctx context.Context, query string, rows [][]any) ([]int64, error) {
	changed := make([]int64, len(rows))
	text, order := positional(query)
	args := make([]any, len(order))
	for i, row := range rows {
		for k, at := range order {
			args[k] = row[at]
		}
		res, err := t.exec(ctx, text, args)
		if err != nil {
			return nil, err
		}
		if changed[i], err = res.RowsAffected(); err != nil {
			return nil, err
		}
	}
	return changed, nil
}

func (t *Tx) pipeline(ctx context.Context, query string, rows [][]any) ([]int64, error) {
	changed := make([]int64, len(rows))
	var batch pgx.Batch
	for i, args := range rows {
		batch.Queue(query, args...).Exec(func(tag pgconn.CommandTag) error {
			changed[i] = tag.RowsAffected()
			return nil
		})
	}
	err := t.conn.Raw(func(c any) error {
		return c.(*stdlib.Conn).Conn().SendBatch(ctx, &batch).Close()
	})
	return changed, err
}

// numbered is a placeholder of a statement.
var numbered = regexp.MustCompile(`\$[0-9]+`)

// positional puts ? for $1, $2 …, and tells which argument each of them is: the
// driver of SQLite looks up a numbered parameter's name in a list, for each value.
func positional(query string) (text string, order []int) {
	text = numbered.ReplaceAllStringFunc(query, func(p string) string {
		n, _ := strconv.Atoi(p[1:])
		order = append(order, n-1)
		return "?"
	})
	return text, order
}

// insertText returns an INSERT of n rows for SQLite, with ? as positional has it.
func insertText(into string, cols []string, n int) string {
	row := "(?" + strings.Repeat(",?", len(cols)-1) + ")"
	return "INSERT " + into + " (" + strings.Join(cols, ", ") + ") VALUES " + row + strings.Repeat(","+row, n-1)
}
