package main

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"wangge/internal/app"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/seal"
	"wangge/internal/platform/sheet"
)

// comeBack starts the folder again, for real work so that sessions go on, and
// compares with what was acknowledged; then as a demo, which prints accounts anew.
func (u *under) comeBack() {
	t := u.t
	s := start(t, "http://", "serve", "--data", u.dir, "--listen", "127.0.0.1:0", "--log-level", "debug")
	u.clerk.base = s.base
	u.everyMarkOnce()
	u.importWholeOrNot()
	if code := s.stop(); code != 0 {
		t.Errorf("serve ended with %d:\n%s", code, s.output())
	}
	u.noSecret("serve's output", []byte(s.output()))
	clean(t, u.dir)
	again := demo(t, u.dir, 1200)
	if again.logins["clerk"] == u.s.logins["clerk"] || again.logins["clerk"] == "" {
		t.Errorf("the second start prints the password %q, the first printed %q", again.logins["clerk"], u.s.logins["clerk"])
	}
	again.login("clerk")
	if code := again.stop(); code != 0 {
		t.Errorf("demo ended with %d:\n%s", code, again.output())
	}
	u.noSecret("the demo's output", []byte(again.output()))
	clean(t, u.dir)
	u.exportMasked()
}

// everyMarkOnce reads each target's history: every acknowledged mark stands in
// it exactly once, and sending one again answers the same mark.
func (u *under) everyMarkOnce() {
	t := u.t
	seen := map[string]map[string]int{}
	for _, m := range u.marks {
		if seen[m.object] != nil {
			continue
		}
		var h struct{ Items []struct{ ID, Note string } }
		u.clerk.must(t, "GET", "/api/v1/rounds/"+m.round+"/targets/"+m.object, nil, &h)
		seen[m.object] = map[string]int{}
		for _, it := range h.Items {
			seen[m.object][it.ID]++
			if it.Note != secretNote {
				t.Errorf("mark %s of %s came back with the note %q", it.ID, m.object, it.Note)
			}
		}
	}
	for _, m := range u.marks {
		if n := seen[m.object][m.id]; n != 1 {
			t.Errorf("mark %s of %s was acknowledged and is there %d times", m.id, m.object, n)
		}
	}
	t.Logf("%d acknowledged marks on %d targets, all there once", len(u.marks), len(seen))
	for _, m := range u.marks[len(u.marks)-5:] {
		if !strings.HasPrefix(m.body["client_key"].(string), "clerk") {
			continue
		}
		delete(m.body, "round_id")
		var again struct {
			MarkID   string `json:"mark_id"`
			Replayed bool
		}
		u.clerk.must(t, "POST", "/api/v1/rounds/"+m.round+"/marks", m.body, &again)
		if again.MarkID != m.id || !again.Replayed {
			t.Errorf("mark %s sent again became %s (replayed %v)", m.id, again.MarkID, again.Replayed)
		}
	}
}

// importWholeOrNot: the killed import left nothing, or all of it.
func (u *under) importWholeOrNot() {
	t := u.t
	var v struct{ State string }
	u.clerk.must(t, "GET", "/api/v1/imports/"+u.imported, nil, &v)
	var persons struct {
		Items []any
		Next  string
	}
	u.clerk.must(t, "GET", "/api/v1/persons?limit=500&place="+u.community, nil, &persons)
	t.Logf("the killed import is %s; %d people, %d before", v.State, len(persons.Items), u.before)
	switch {
	case v.State == "applied" && len(persons.Items) == 500 && persons.Next != "":
	case (v.State == "failed" || v.State == "undone") && len(persons.Items) == u.before && persons.Next == "":
	default:
		t.Errorf("the killed import is %s with %d people of %d before", v.State, len(persons.Items), u.before)
	}
	if v.State == "applied" {
		return
	}
	// It can be written after all, and then the person is there.
	u.clerk.must(t, "POST", "/api/v1/imports/"+u.imported+"/apply", nil, nil)
	for deadline := time.Now().Add(60 * time.Second); v.State != "applied"; time.Sleep(50 * time.Millisecond) {
		u.clerk.must(t, "GET", "/api/v1/imports/"+u.imported, nil, &v)
		if v.State == "failed" || time.Now().After(deadline) {
			t.Fatalf("the import cannot be written after the restart: %s", v.State)
		}
	}
	var found map[string]any
	u.clerk.must(t, "POST", "/api/v1/search", map[string]string{"text": secretPhone}, &found)
	if !strings.Contains(fmt.Sprint(found), seal.MaskPhone(secretPhone)) {
		t.Errorf("the imported person is not found by phone: %v", found)
	}
}

// exportMasked exports the people and looks for unmasked text in the workbook.
func (u *under) exportMasked() {
	t := u.t
	out := filepath.Join(t.TempDir(), "people.xlsx")
	r := runCommand(t, nil, "export", "people", "--data", u.dir, "-o", out)
	if r.code != 0 {
		t.Fatalf("export people: %d %s", r.code, r.stderr)
	}
	all := cellsOf(t, out)
	u.noSecret("the export", []byte(all))
	if !strings.Contains(all, seal.MaskPhone(secretPhone)) {
		t.Errorf("the imported person is not in the export at all: %.400s", all)
	}
}

// cellsOf returns the text of all cells of a workbook.
func cellsOf(t *testing.T, path string) string {
	t.Helper()
	b, err := sheet.OpenFile(path, sheet.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	var all strings.Builder
	for i := range b.Sheets() {
		err := b.Rows(context.Background(), i, func(r sheet.Row) error {
			for _, c := range r.Cells {
				all.WriteString(c.String() + "\t")
			}
			all.WriteString("\n")
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all.String()
}

// nothingReadable looks for known texts in every file but the keys and the
// person's own workbook, in the database's outbox, and in what was printed.
func (u *under) nothingReadable(when string) {
	t := u.t
	var all []byte
	err := filepath.WalkDir(u.dir, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && (e.Name() == "keys" || e.Name() == "samples"):
			return filepath.SkipDir
		case e.IsDir():
			return nil
		}
		b, err := os.ReadFile(path)
		if err == nil {
			u.noSecret(when+": "+filepath.Base(path), b)
			all = append(all, b...)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(all, []byte("验收小区")) && !bytes.Contains(all, []byte("社区")) {
		t.Errorf("%s: not even the names of places are found: the search looks in the wrong files", when)
	}
	u.noSecret(when+": what the server printed", []byte(u.s.output()))
	u.outbox(when)
}

func (u *under) noSecret(where string, b []byte) {
	u.t.Helper()
	for _, s := range secrets() {
		if bytes.Contains(b, []byte(s)) {
			u.t.Errorf("%s holds %q in clear", where, s)
		}
	}
}

// outbox reads what waits to be told to other parts.
func (u *under) outbox(when string) {
	ctx := context.Background()
	cfg := app.Config{Data: u.dir}
	url, err := cfg.DatabaseURL()
	if err != nil {
		u.t.Fatal(err)
	}
	d, err := db.OpenReadOnly(ctx, url, clock.Real(), nil)
	if err != nil {
		u.t.Fatal(err)
	}
	defer d.Close()
	rows, err := d.Read().QueryContext(ctx, `SELECT topic, payload FROM outbox`)
	if err != nil {
		u.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var topic, payload string
		if err := rows.Scan(&topic, &payload); err != nil {
			u.t.Fatal(err)
		}
		u.noSecret(when+": outbox "+topic, []byte(payload))
	}
	if err := rows.Err(); err != nil {
		u.t.Fatal(err)
	}
}
