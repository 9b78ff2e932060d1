package db_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
)

// wholeInstallation are the tables that belong to no district.
var wholeInstallation = []string{"wangge", "wangge_schema", "goose_db_version"}

const liteColumns = `SELECT m.name, c.name, c.pk FROM sqlite_master m JOIN pragma_table_info(m.name) c
	WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY m.name, c.cid`

const pgColumns = `SELECT c.table_name, c.column_name, COALESCE(k.ordinal_position, 0)
	FROM information_schema.columns c
	LEFT JOIN information_schema.table_constraints p
	  ON p.table_schema = c.table_schema AND p.table_name = c.table_name AND p.constraint_type = 'PRIMARY KEY'
	LEFT JOIN information_schema.key_column_usage k
	  ON k.constraint_name = p.constraint_name AND k.table_name = c.table_name AND k.column_name = c.column_name
	WHERE c.table_schema = current_schema() ORDER BY c.table_name, c.ordinal_position`

// columns returns the columns of every table, in order, as "name" or "name#2"
// for the second column of the primary key.
func columns(t *testing.T, d *db.DB) map[string][]string {
	t.Helper()
	query := liteColumns
	if d.Engine() == db.Postgres {
		query = pgColumns
	}
	rows, err := d.Read().QueryContext(ctx, query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	tables := map[string][]string{}
	for rows.Next() {
		var table, column string
		var pk int
		if err := rows.Scan(&table, &column, &pk); err != nil {
			t.Fatal(err)
		}
		tables[table] = append(tables[table], column+strings.Repeat("#", pk))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return tables
}

func TestEveryTableIsKeyedByDistrict(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for table, cols := range columns(t, d) {
			if !slices.Contains(wholeInstallation, table) && !slices.Contains(cols, "district#") {
				t.Errorf("%s: district is not the first column of its primary key", table)
			}
		}
	})
}

func TestMigratingAgainChangesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		before := columns(t, d)
		if err := d.Migrate(ctx); err != nil {
			t.Fatal(err)
		}
		if after := columns(t, d); !maps.EqualFunc(before, after, slices.Equal) {
			t.Errorf("before %v, after %v", before, after)
		}
		have, want, err := d.Version(ctx)
		if err != nil || have != want || want == 0 {
			t.Errorf("version %d of %d, %v", have, want, err)
		}
		write(t, d, func(tx *db.Tx) error { // the writer came back
			_, err := tx.ExecContext(ctx, "INSERT INTO wangge (key, value) VALUES ('a', 'b')")
			return err
		})
	})
}

func TestBothEnginesHaveTheSameTables(t *testing.T) {
	if os.Getenv("WANGGE_TEST_ENGINES") == "sqlite" {
		t.Log("PostgreSQL is left out by WANGGE_TEST_ENGINES")
		return
	}
	lite, pg := columns(t, dbtest.SQLite(t)), columns(t, dbtest.Postgres(t))
	delete(lite, "wangge_schema")
	delete(pg, "wangge_schema")
	if !maps.EqualFunc(lite, pg, slices.Equal) {
		t.Errorf("SQLite %v\nPostgreSQL %v", lite, pg)
	}
}
