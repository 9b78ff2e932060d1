package db

import (
	"context"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// PostgreSQL takes many rows best as one array for each column: a statement for
// each row costs it several times as much, and COPY, which is quickest for
// thousands, asks for the table's columns before every call.

// unnestRows is the most rows that go as arrays in one statement.
const unnestRows = 1000

// unnest returns rows as a FROM item, whose columns stand in the order of the
// rows, and its arguments. ok is false where a value is NULL, or neither number,
// text nor bytes.
func unnest(rows [][]any) (from string, args []any, ok bool) {
	types := make([]string, len(rows[0]))
	for col := range rows[0] {
		var arg any
		switch reflect.ValueOf(rows[0][col]).Kind() {
		case reflect.Int, reflect.Int64:
			types[col], arg = "bigint", column(rows, col, reflect.Value.CanInt, reflect.Value.Int)
		case reflect.String:
			types[col], arg = "text", column(rows, col, isText, reflect.Value.String)
		case reflect.Slice:
			types[col], arg = "bytea", column(rows, col, isBytes, reflect.Value.Bytes)
		}
		if arg == nil || reflect.ValueOf(arg).IsNil() {
			return "", nil, false
		}
		args = append(args, arg)
	}
	for i, t := range types {
		types[i] = "$" + strconv.Itoa(i+1) + "::" + t + "[]"
	}
	return "unnest(" + strings.Join(types, ", ") + ")", args, true
}

func isText(v reflect.Value) bool { return v.Kind() == reflect.String }

func isBytes(v reflect.Value) bool {
	return v.Kind() == reflect.Slice && !v.IsNil() && v.Type().Elem().Kind() == reflect.Uint8
}

// column returns the values of one column; nil where one is not of its type.
func column[T any](rows [][]any, col int, is func(reflect.Value) bool, get func(reflect.Value) T) []T {
	out := make([]T, len(rows))
	for i, row := range rows {
		v := reflect.ValueOf(row[col])
		if !v.IsValid() || !is(v) {
			return nil
		}
		out[i] = get(v)
	}
	return out
}

// BulkUpdate sets columns of rows that are found by their keys, each row with a
// value for every key, then for every column. A row that is not there is passed
// over; no two rows have the same keys.
func (t *Tx) BulkUpdate(ctx context.Context, table string, keys, cols []string, rows [][]any) error {
	if t.d.engine == Postgres {
		return t.updateMany(ctx, table, keys, cols, rows)
	}
	set := func(names []string, first int, between string) string {
		parts := make([]string, len(names))
		for i, name := range names {
			parts[i] = name + " = $" + strconv.Itoa(first+i)
		}
		return strings.Join(parts, between)
	}
	_, err := t.ExecEach(ctx, "UPDATE "+table+" SET "+set(cols, len(keys)+1, ", ")+" WHERE "+set(keys, 1, " AND "), rows)
	return err
}

func (t *Tx) updateMany(ctx context.Context, table string, keys, cols []string, rows [][]any) error {
	pairs := func(names []string, of, between string) string {
		parts := make([]string, len(names))
		for i, name := range names {
			parts[i] = of + name + " = v." + name
		}
		return strings.Join(parts, between)
	}
	return Chunks(rows, unnestRows, func(part [][]any) error {
		from, args, ok := unnest(part)
		if !ok {
			return fmt.Errorf("db: a row for %s has a value that is no number, text or bytes", table)
		}
		_, err := t.ExecContext(ctx, "UPDATE "+table+" AS t SET "+pairs(cols, "", ", ")+" FROM "+from+
			" AS v ("+strings.Join(keys, ", ")+", "+strings.Join(cols, ", ")+") WHERE "+pairs(keys, "t.", " AND "), args...)
		return err
	})
}
