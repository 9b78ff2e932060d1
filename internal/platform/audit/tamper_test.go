package audit_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/id"
)

// fill makes links of one, two and three entries, some of them looks, from two
// processes, and anchors the ends half way; what comes after stands in no root yet.
func fill(t *testing.T, d *db.DB) {
	t.Helper()
	logs := []*audit.Log{audit.New(district, d.Clock()), audit.New(district, d.Clock())}
	for i := range 64 {
		l := logs[i%2]
		d.Clock().(*clock.Manual).Advance(time.Second)
		appendOne(t, d, l, audit.Entry{Action: "a.b", Account: id.ID(i + 1), Detail: "n=1"}, audit.Entry{Action: "a.c"})
		k := audit.Look{Account: id.ID(i%3 + 1), Post: 8, Role: "community", Purpose: "verify"}
		if err := l.LookOutside(ctx, d, k, id.ID(100+i), id.ID(200+i), id.ID(300+i)); err != nil {
			t.Fatal(err)
		}
		if i == 31 || i == 47 {
			for _, l := range logs {
				if err := l.Anchor(ctx, d); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	whole(t, d)
}

// row is what a tampering is told of the row it changes.
type row struct {
	id, chain, seq int64
}

// tampering changes one row behind the record's back; the problem found must
// begin with table, speak of the row and end with what.
type tampering struct {
	name  string
	pick  string // selects id, chain and seq of the row
	do    []string
	table string
	what  string
}

const (
	anEntry  = `SELECT id, chain, seq FROM audit_entry WHERE action = 'a.b' ORDER BY id LIMIT 1 OFFSET 5`
	oneOfAll = `SELECT MIN(id), chain, seq FROM audit_entry WHERE action = 'person.look' GROUP BY chain, seq HAVING COUNT(*) = 3 ORDER BY 1 LIMIT 1 OFFSET 9`
	lastLink = `SELECT 0, chain, seq FROM audit_link ORDER BY at_ms DESC, chain DESC, seq DESC LIMIT 1`
	oldLink  = `SELECT 0, chain, MIN(seq) FROM audit_link GROUP BY chain HAVING COUNT(*) > 2 ORDER BY chain LIMIT 1`
	longest  = `SELECT 0, chain, MAX(seq) FROM audit_link GROUP BY chain ORDER BY 3 DESC, chain LIMIT 1`
	aLook    = `SELECT person_id, 0, 0 FROM look WHERE person_id > 200 ORDER BY person_id LIMIT 1 OFFSET 3`
)

var tamperings = []tampering{
	{"an entry's detail", anEntry, []string{`UPDATE audit_entry SET detail = 'n=2' WHERE id = $1`}, "audit_entry", "content"},
	{"an entry's account", anEntry, []string{`UPDATE audit_entry SET account_id = 99 WHERE id = $1`}, "audit_entry", "content"},
	{"an entry's time", anEntry, []string{`UPDATE audit_entry SET at_ms = at_ms - 3600000 WHERE id = $1`}, "audit_entry", "content"},
	{"one of three entries removed", oneOfAll, []string{`DELETE FROM audit_entry WHERE id = $1`}, "audit_entry", "removed"},
	{"an entry removed", anEntry, []string{`DELETE FROM audit_entry WHERE id = $1`}, "audit_entry", "removed"},
	{"an entry added to a link", anEntry, []string{`INSERT INTO audit_entry (district, id, chain, seq, at_ms, action) SELECT district, 5, chain, seq, at_ms, 'x.y' FROM audit_entry WHERE id = $1`}, "audit_entry", "added"},
	{"an entry added outside", `SELECT 5, 77, 1`, []string{`INSERT INTO audit_entry (district, id, chain, seq, at_ms, action) SELECT 230103, 5, 77, 1, 0, 'x.y' FROM audit_entry WHERE id > $1 LIMIT 1`}, "audit_entry", "orphan"},
	{"two entries swapped", anEntry, []string{
		`UPDATE audit_entry SET account_id = account_id + 1000 WHERE id = $1`,
		`UPDATE audit_entry SET account_id = (SELECT account_id - 1000 FROM audit_entry WHERE id = $1) WHERE id = (SELECT MIN(id) FROM audit_entry WHERE id > $1)`,
	}, "audit_entry", "content"},
	{"a link removed", oldLink, []string{`DELETE FROM audit_link WHERE chain = $2 AND seq = $3`}, "audit_link", "missing"},
	{"a link's time", oldLink, []string{`UPDATE audit_link SET at_ms = at_ms + 1 WHERE chain = $2 AND seq = $3`}, "audit_link", "content"},
	{"a link's digests emptied", oldLink, []string{`UPDATE audit_link SET digests = prev WHERE chain = $2 AND seq = $3`}, "audit_", ""},
	{"a link with its entries removed", oldLink, []string{`DELETE FROM audit_entry WHERE chain = $2 AND seq = $3`, `DELETE FROM audit_link WHERE chain = $2 AND seq = $3`}, "audit_link", "missing"},
	{"two links swapped", oldLink, []string{
		`UPDATE audit_link SET seq = -1 WHERE chain = $2 AND seq = $3`, `UPDATE audit_link SET seq = $3 WHERE chain = $2 AND seq = $3 + 1`, `UPDATE audit_link SET seq = seq + 2 + $3 WHERE chain = $2 AND seq = -1`,
	}, "audit_", ""},
	{"the end cut off before it was anchored", lastLink, []string{`DELETE FROM audit_entry WHERE chain = $2 AND seq = $3`, `DELETE FROM audit_link WHERE chain = $2 AND seq = $3`}, "audit_link", "cut"},
	{"a whole chain removed", longest, []string{`DELETE FROM audit_entry WHERE chain = $2`, `DELETE FROM audit_link WHERE chain = $2`}, "audit_link", "cut"},
	{"a chain removed with the mark of its end", longest, []string{`DELETE FROM audit_entry WHERE chain = $2`, `DELETE FROM audit_link WHERE chain = $2`, `DELETE FROM audit_head WHERE chain = $2`}, "audit_link", "anchor"},
	{"the mark of an end moved", lastLink, []string{`UPDATE audit_head SET seq = seq - 1 WHERE chain = $2`}, "audit_head", "head"},
	{"the mark of an end removed", lastLink, []string{`DELETE FROM audit_head WHERE chain = $2`}, "audit_head", "head"},
	{"a root changed", `SELECT 0, 0, 1`, []string{`UPDATE audit_root SET at_ms = 5 WHERE seq = $3`}, "audit_root", "root"},
	{"a root's heads changed", `SELECT 0, 0, 2`, []string{`UPDATE audit_root SET heads = '[]' WHERE seq = $3`}, "audit_root", "root"},
	{"a root removed", `SELECT 0, 0, 1`, []string{`DELETE FROM audit_root WHERE seq = $3`}, "audit_root", "missing"},
	{"the last root cut off", `SELECT 0, 0, MAX(seq) FROM audit_root`, []string{`DELETE FROM audit_root WHERE seq = $3`}, "audit_root", "cut"},
	{"a root added", `SELECT 0, 0, MAX(seq) + 1 FROM audit_root`, []string{`INSERT INTO audit_root (district, seq, at_ms, heads, prev, hash) SELECT district, $3, at_ms, heads, prev, hash FROM audit_root WHERE seq = $3 - 1`}, "audit_", ""},
	{"a look removed", aLook, []string{`DELETE FROM look WHERE person_id = $1`}, "look", "lookgone"},
	{"a look's purpose", aLook, []string{`UPDATE look SET purpose = 'other' WHERE person_id = $1`}, "look", "looknew"},
	{"a look's viewer", aLook, []string{`UPDATE look SET account_id = 99 WHERE person_id = $1`}, "look", "looknew"},
	{"a look's role", aLook, []string{`UPDATE look SET role = 'auditor' WHERE person_id = $1`}, "look", "looknew"},
	{"a look's day", aLook, []string{`UPDATE look SET day = '2022-09-09' WHERE person_id = $1`}, "look", "content"},
	{"a look added", `SELECT 999, 0, 0`, []string{`INSERT INTO look (district, person_id, day, account_id, purpose, role, first_ms) SELECT district, 999, day, account_id, purpose, role, first_ms FROM look WHERE person_id <> $1 LIMIT 1`}, "look", "looknew"},
}

func TestTamperingIsNamed(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		fill(t, d)
		for _, c := range tamperings {
			t.Run(c.name, func(t *testing.T) { tamper(t, d, c) })
		}
	})
}

// tamper tampers in a copy of the tables' content that is put back afterwards.
func tamper(t *testing.T, d *db.DB, c tampering) {
	var r row
	keep := []string{"audit_entry", "audit_link", "audit_root", "audit_head", "look"}
	write(t, d, func(exec func(string, ...any)) {
		for _, table := range keep {
			exec(`CREATE TABLE kept_` + table + ` AS SELECT * FROM ` + table)
		}
	})
	defer func() {
		write(t, d, func(exec func(string, ...any)) {
			for _, table := range keep {
				exec(`DELETE FROM ` + table)
				exec(`INSERT INTO ` + table + ` SELECT * FROM kept_` + table)
				exec(`DROP TABLE kept_` + table)
			}
		})
		whole(t, d)
	}()
	if err := d.Read().QueryRowContext(ctx, c.pick).Scan(&r.id, &r.chain, &r.seq); err != nil {
		t.Fatal(err)
	}
	write(t, d, func(exec func(string, ...any)) {
		for _, text := range c.do {
			exec(fill3(text, r))
		}
	})
	problems, err := audit.Verify(ctx, d)
	if err != nil {
		t.Fatal(err)
	}
	if !names(problems, c, r) {
		t.Errorf("want %s %+v %s among %v", c.table, r, c.what, problems)
	}
}

// fill3 writes the row's numbers into a statement, so that statements may use
// any of them.
func fill3(text string, r row) string {
	return strings.NewReplacer("$1", fmt.Sprint(r.id), "$2", fmt.Sprint(r.chain), "$3", fmt.Sprint(r.seq)).Replace(text)
}

// names reports whether a problem speaks of the row.
func names(problems []audit.Problem, c tampering, r row) bool {
	for _, p := range problems {
		same := p.Table == "look" && p.Person == id.ID(r.id) || p.Table == "audit_entry" && p.Entry == id.ID(r.id) ||
			p.Chain == id.ID(r.chain) && (p.Seq == r.seq || c.what == "" || c.what == "anchor")
		if same && strings.HasPrefix(p.Table, c.table) && (c.what == "" || p.What == "audit.problem."+c.what) {
			return true
		}
	}
	return false
}

func write(t *testing.T, d *db.DB, fn func(exec func(string, ...any))) {
	t.Helper()
	err := d.Write(ctx, "test.tamper", func(tx *db.Tx) (err error) {
		fn(func(text string, args ...any) {
			if err == nil {
				_, err = tx.ExecContext(ctx, text, args...)
			}
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
