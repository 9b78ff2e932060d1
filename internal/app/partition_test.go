package app

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/task"
)

// chapter returns the first SQL text of a chapter of the handbook.
func chapter(t *testing.T, title string) string {
	t.Helper()
	text := string(must(os.ReadFile(filepath.Join("..", "..", "docs", "operations.md"))))
	_, rest, found := strings.Cut(text, "\n### "+title+"\n")
	_, rest, begins := strings.Cut(rest, "\n```sql\n")
	text, _, ends := strings.Cut(rest, "\n```\n")
	if !found || !begins || !ends {
		t.Fatalf("docs/operations.md has no SQL under %q", title)
	}
	return text
}

// TestOnPartitionedTables: after the handbook's own statements every kind of work
// goes on over partitioned tables, and a district's rows are in its partitions.
func TestOnPartitionedTables(t *testing.T) {
	all := newReplicas(t, 1, 120)
	if all == nil {
		return
	}
	d := all[0]
	sys := grid.System(d.app.District, "test")
	line := must(d.app.Grid.Line(t.Context(), sys))
	duty := line.Duty(clock.Ms(d.app.DB.Clock().Now()))
	err := d.app.DB.Write(t.Context(), "test", func(tx *db.Tx) error {
		_, err := tx.ExecContext(t.Context(), chapter(t, "Native partitioning"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	work := must(d.app.Tasks.Issue(t.Context(), sys, task.Issue{Kind: task.KindHelp, Title: "help", PostID: duty}))
	if _, err := d.app.Tasks.Change(t.Context(), sys, work.ID, task.Change{Action: task.Take}); err != nil {
		t.Fatal(err)
	}
	worked := map[string]int{}
	walkOn(t, *firstSeed, d.loaded.Round, worked, 1, d.app)
	count := func(table string) (n int) {
		if err := d.app.DB.Read().QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, table := range []string{"mark", "target", "person_event", "audit_entry", "audit_link", "task", "task_event"} {
		own, other := count(fmt.Sprint(table, "_", d.app.District)), count(table+"_other")
		if own == 0 || own != count(table) || other != 0 {
			t.Errorf("%s: %d rows in the district's partition, %d in the other", table, own, other)
		}
	}
	var plan strings.Builder
	rows := must(d.app.DB.Read().QueryContext(t.Context(), "EXPLAIN SELECT * FROM mark WHERE district = $1 AND id = $2", d.app.District, 1))
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		plan.WriteString(line + "\n")
	}
	if strings.Contains(plan.String(), "mark_other") || !strings.Contains(plan.String(), fmt.Sprint("mark_", d.app.District)) {
		t.Errorf("a mark is looked for in other partitions too:\n%s", plan.String())
	}
}
