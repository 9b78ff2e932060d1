package main

import (
	"database/sql"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// finished is a demo's folder after a clean end: made once, copied by each test.
var finished = sync.OnceValues(func() (string, error) {
	return os.MkdirTemp("", "wangge-call-")
})

var finishOnce sync.Once

// folder returns a copy of a small demo's folder for the test alone.
func folder(t *testing.T) string {
	t.Helper()
	from, err := finished()
	if err != nil {
		t.Fatal(err)
	}
	finishOnce.Do(func() {
		s := demo(t, from, 600)
		markSome(t, s)
		if code := s.stop(); code != 0 {
			t.Fatalf("demo ended with %d: %s", code, s.output())
		}
	})
	to := filepath.Join(t.TempDir(), "data")
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

// markSome marks a few doors as the clerk, so that there are marks to look at.
func markSome(t *testing.T, s *server) {
	t.Helper()
	c := s.login("clerk")
	_, at, doors := toDo(t, c, 5)
	for _, door := range doors {
		c.must(t, "POST", at+"/marks", map[string]string{"object_id": door, "result": "normal"}, nil)
	}
}

// toDo returns an open round, its address, and up to limit of its outstanding doors.
func toDo(t *testing.T, c *caller, limit int) (round, at string, doors []string) {
	t.Helper()
	var rounds struct{ Items []struct{ ID string } }
	c.must(t, "GET", "/api/v1/rounds?state=open", nil, &rounds)
	at = "/api/v1/rounds/" + rounds.Items[0].ID
	var list struct {
		Items []struct {
			ObjectID string `json:"object_id"`
		}
	}
	c.must(t, "GET", at+"/outstanding?all=true&limit="+strconv.Itoa(limit), nil, &list)
	for _, it := range list.Items {
		doors = append(doors, it.ObjectID)
	}
	if len(doors) == 0 {
		t.Fatal("nothing is outstanding")
	}
	return rounds.Items[0].ID, at, doors
}

// sample is the workbook the demo leaves for trying the import, with the code
// of its community.
func sample(t *testing.T, dir string) (path, area string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "samples", "roster-*.xlsx"))
	if err != nil || len(found) != 1 {
		t.Fatalf("samples: %v %v", found, err)
	}
	return found[0], strings.TrimSuffix(strings.TrimPrefix(filepath.Base(found[0]), "roster-"), ".xlsx")
}

// oneLine fails unless a refusal is one line that begins with the command.
func oneLine(t *testing.T, r ran) {
	t.Helper()
	lines := strings.Split(strings.TrimRight(r.stderr, "\n"), "\n")
	last := lines[len(lines)-1]
	if !strings.HasPrefix(last, "wangge ") || !strings.Contains(last, ": ") || strings.Contains(r.stderr, "goroutine ") || strings.Contains(last, "%!") {
		t.Errorf("the cause is not told in one line: %q", r.stderr)
	}
}

func TestWrongCallsEndWithTwo(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none.xlsx")
	for _, c := range []struct {
		args []string
		says string // in English
	}{
		{[]string{"nope"}, `no command "nope"`},
		{[]string{"demo", "--nope"}, "-nope"},
		{[]string{"demo", "extra"}, "operand"},
		{[]string{"demo", "--speed", "0"}, "--speed"},
		{[]string{"demo", "--households", "many"}, "many"},
		{[]string{"demo", "--place", "atlantis", "--listen", "127.0.0.1:0"}, "atlantis"},
		{[]string{"serve", "--nope"}, "-nope"},
		{[]string{"serve", "extra"}, "operand"},
		{[]string{"serve", "--log-level", "loud"}, "loud"},
		{[]string{"serve", "--tls-cert", "x.pem"}, "--tls-key"},
		{[]string{"import"}, "areas, posts, roster, incoming or list"},
		{[]string{"import", "nope"}, "nope"},
		{[]string{"import", "areas"}, "one file"},
		{[]string{"import", "areas", missing}, "none.xlsx"},
		{[]string{"import", "roster"}, "file"},
		{[]string{"import", "roster", missing}, "--area"},
		{[]string{"import", "roster", "--nope"}, "-nope"},
		{[]string{"export"}, "people, vacancies, posts"},
		{[]string{"export", "nope", "-o", missing}, "nope"},
		{[]string{"import", "list"}, "FILE"},
		{[]string{"import", "list", "vacancies", missing}, "FILE"},
		{[]string{"import", "list", "posts", missing}, "none.xlsx"},
		{[]string{"export", "people"}, "-o"},
		{[]string{"parse"}, "address or idno"},
		{[]string{"parse", "nope"}, "nope"},
		{[]string{"parse", "roster"}, "file"},
		{[]string{"parse", "roster", missing}, "none.xlsx"},
		{[]string{"parse", "idno", missing}, "none.xlsx"},
		{[]string{"parse", "address", missing}, "none.xlsx"},
		{[]string{"parse", "address", missing, missing}, "one file"},
		{[]string{"check", "extra"}, "operand"},
		{[]string{"check", "--nope"}, "-nope"},
		{[]string{"check", "--db", "mysql://x/y"}, "database"},
		{[]string{"admin"}, "setup-link"},
		{[]string{"admin", "nope"}, "keys"},
		{[]string{"admin", "keys"}, "destroy KEY"},
		{[]string{"admin", "keys", "nope"}, "destroy KEY"},
		{[]string{"admin", "keys", "escrow", "--to", missing}, "--holder"},
		{[]string{"admin", "keys", "print", "standing"}, "--holder"},
		{[]string{"admin", "keys", "end", "first"}, "first"},
		{[]string{"admin", "keys", "destroy", "emergency-1"}, "--confirm emergency-1"},
		{[]string{"backup"}, "FOLDER"},
		{[]string{"restore"}, "--data"},
		{[]string{"restore", missing}, "none.xlsx"},
		{[]string{"restore", missing, "--db", "postgres://u@127.0.0.1:1/x"}, "backup-postgres.sh"},
		{[]string{"bench", "nope"}, "nope"},
		{[]string{"bench", "--nope"}, ""},
	} {
		t.Run(strings.Join(c.args, " "), func(t *testing.T) {
			t.Parallel()
			r := runCommand(t, nil, c.args...)
			if r.code != 2 {
				t.Errorf("exit %d, want 2", r.code)
			}
			if !strings.Contains(r.stderr, c.says) {
				t.Errorf("the message does not say %q: %q", c.says, r.stderr)
			}
			if c.args[0] != "nope" {
				oneLine(t, r)
			}
			if r.stdout != "" {
				t.Errorf("something is printed as a result: %q", r.stdout)
			}
		})
	}
}

func TestHelpAndVersion(t *testing.T) {
	for _, args := range [][]string{nil, {"help"}, {"--help"}, {"version"}, {"demo", "--help"}, {"serve", "-h"}, {"check", "--help"}, {"import", "roster", "--help"}, {"export", "people", "--help"}} {
		r := runCommand(t, nil, args...)
		if r.code != 0 || r.stdout+r.stderr == "" {
			t.Errorf("wangge %v: exit %d, %q", args, r.code, r.stdout+r.stderr)
		}
	}
	all := runCommand(t, nil).stdout
	for _, c := range commands {
		if !strings.Contains(all, "  "+c.name+" ") {
			t.Errorf("the overview does not name %s", c.name)
		}
	}
}

func damage(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := 100; i < len(b); i++ {
		b[i] = 0xee
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, log := range []string{path + "-wal", path + "-shm"} { // whole pages may still lie there
		if err := os.Remove(log); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
	}
}

// change does behind wangge's back what nobody should.
func change(t *testing.T, dir, query string, args ...any) {
	t.Helper()
	p, err := sql.Open("sqlite", filepath.Join(dir, "wangge.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	res, err := p.Exec(query, args...)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		t.Fatalf("%s changed %d rows, %v", query, n, err)
	}
}

// look reads one value.
func look(t *testing.T, dir, query string) (out string) {
	t.Helper()
	p, err := sql.Open("sqlite", filepath.Join(dir, "wangge.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.QueryRow(query).Scan(&out); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return out
}

// TestCheckNamesWhatWasTamperedWith changes one thing at a time.
func TestCheckNamesWhatWasTamperedWith(t *testing.T) {
	clean(t, folder(t))
	for _, c := range []struct {
		name, pick, change string // change gets what pick found, and the report must name it
	}{
		{"a counter", `SELECT leaf_id FROM counter WHERE total > 0 LIMIT 1`, `UPDATE counter SET done = done + 1 WHERE leaf_id = $1`},
		{"a total", `SELECT leaf_id FROM counter WHERE total > 0 LIMIT 1`, `UPDATE counter SET total = total - 1 WHERE leaf_id = $1`},
		{"a target's state", `SELECT object_id FROM target WHERE state = 0 LIMIT 1`, `UPDATE target SET state = 2 WHERE object_id = $1`},
		{"a target gone", `SELECT occurrence_id FROM target WHERE state = 0 LIMIT 1`, `DELETE FROM target WHERE object_id IN (SELECT object_id FROM target WHERE occurrence_id = $1 AND state = 0 LIMIT 1)`},
		{"a mark's class", `SELECT object_id FROM mark WHERE class = 2 LIMIT 1`, `UPDATE mark SET class = 3 WHERE object_id = $1`},
		{"a mark gone", `SELECT object_id FROM target WHERE mark_id <> 0 LIMIT 1`, `DELETE FROM mark WHERE object_id = $1`},
		{"an audit entry", `SELECT id FROM audit_entry ORDER BY id LIMIT 1`, `UPDATE audit_entry SET action = 'nothing' WHERE id = $1`},
		{"an audit entry gone", `SELECT seq FROM audit_entry ORDER BY id LIMIT 1`, `DELETE FROM audit_entry WHERE seq = $1`},
		{"an audit link gone", `SELECT seq FROM audit_link ORDER BY seq LIMIT 1`, `DELETE FROM audit_link WHERE seq = $1`},
		{"the end of an audit chain", `SELECT MAX(seq) FROM audit_link`, `DELETE FROM audit_link WHERE seq = $1`},
		{"the last anchor", `SELECT MAX(seq) FROM audit_root`, `DELETE FROM audit_root WHERE seq = $1`},
		{"a count of answers", `SELECT leaf_id FROM answer_count WHERE n > 0 LIMIT 1`, `UPDATE answer_count SET n = n + 1 WHERE leaf_id = $1`},
		{"a door's parent", `SELECT 'place.parent_id'`, `UPDATE place SET parent_id = 12345 WHERE $1 <> '' AND id = (SELECT id FROM place WHERE kind = 'door' LIMIT 1)`},
		{"a household's door", `SELECT 'household.door_id'`, `UPDATE household SET door_id = 12345 WHERE $1 <> '' AND id = (SELECT id FROM household LIMIT 1)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := folder(t)
			what := look(t, dir, c.pick)
			change(t, dir, c.change, what)
			r := runCommand(t, nil, "check", "--data", dir)
			if r.code != 1 {
				t.Errorf("exit %d, want 1\n%s%s", r.code, r.stdout, r.stderr)
			}
			if !strings.Contains(r.stdout, what) {
				t.Errorf("the report does not name %s:\n%s", what, r.stdout)
			}
			var report struct{ Clean bool }
			j := runCommand(t, nil, "check", "--data", dir, "--json")
			if err := json.Unmarshal([]byte(j.stdout), &report); err != nil || report.Clean || j.code != 1 {
				t.Errorf("--json: exit %d, %v, %s", j.code, err, j.stdout)
			}
		})
	}
}
