package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"wangge/internal/app"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// printed runs wangge, which must succeed, and reads the JSON it prints.
func printed(t *testing.T, out any, args ...string) {
	t.Helper()
	r := runCommand(t, nil, args...)
	if r.code != 0 {
		t.Fatalf("wangge %v: exit %d: %s%s", args, r.code, r.stdout, r.stderr)
	}
	if out == nil {
		return
	}
	if err := json.Unmarshal([]byte(r.stdout), out); err != nil {
		t.Fatalf("wangge %v: %v in %s", args, err, r.stdout)
	}
}

// marker marks the doors of the demo's open round one after another until it
// is told to stop, and keeps the numbers of the marks that were acknowledged.
type marker struct {
	mu   sync.Mutex
	ids  []string
	stop chan struct{}
	done chan struct{}
}

func (m *marker) acknowledged() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return append([]string(nil), m.ids...)
}

// await waits until more than n marks are acknowledged.
func (m *marker) await(t *testing.T, n int) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); len(m.acknowledged()) <= n; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("only %d marks were acknowledged", len(m.acknowledged()))
		}
	}
}

func (m *marker) end() {
	close(m.stop)
	<-m.done
}

func keepMarking(t *testing.T, s *server) *marker {
	t.Helper()
	c := s.login("clerk")
	_, at, doors := toDo(t, c, 200)
	m := &marker{stop: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(m.done)
		for n := 0; ; n++ {
			select {
			case <-m.stop:
				return
			default:
			}
			var made struct {
				MarkID string `json:"mark_id"`
			}
			body := map[string]string{"object_id": doors[n%len(doors)], "result": "normal", "client_key": fmt.Sprint("backup-", n), "note": secretNote}
			if status, text := c.call("POST", at+"/marks", body, &made); status != 200 {
				t.Errorf("a mark beside the backup: %d %s", status, text)
				return
			}
			m.mu.Lock()
			m.ids = append(m.ids, made.MarkID)
			m.mu.Unlock()
		}
	}()
	return m
}

// markNumbers returns the numbers of the marks a database holds.
func markNumbers(t *testing.T, driver, source string) map[string]bool {
	t.Helper()
	p, err := sql.Open(driver, source)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	rows, err := p.Query(`SELECT id FROM mark`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	out := map[string]bool{}
	for rows.Next() {
		var n string
		if err := rows.Scan(&n); err != nil {
			t.Fatal(err)
		}
		out[n] = true
	}
	return out
}

// TestBackupWhileMarksArrive: a server takes marks all the time; a backup is
// made beside it, its keys are escrowed, both are brought together elsewhere.
// Every mark acknowledged before the backup began is there, and the next one
// can be made. Then the emergency's key is destroyed, and neither the backup
// nor the copy of the keys gives its records back.
func TestBackupWhileMarksArrive(t *testing.T) {
	dir, store := filepath.Join(t.TempDir(), "live"), t.TempDir()
	s := demo(t, dir, 600)
	m := keepMarking(t, s)
	m.await(t, 40)
	before := m.acknowledged()
	var made app.BackupReport
	printed(t, &made, "backup", store, "--data", dir, "--json")
	m.await(t, len(m.acknowledged())+5) // the server went on
	m.end()
	if code := s.stop(); code != 0 {
		t.Fatalf("the demo ended with %d: %s", code, s.output())
	}
	if !strings.HasPrefix(filepath.Base(made.File), "wangge-230103-") || len(made.Keys) != 2 || made.Keys[0] != seal.Standing {
		t.Errorf("the report: %+v", made)
	}
	noKeyIn(t, store, dir)

	safe := filepath.Join(t.TempDir(), "safe")
	var copied app.CopiedKeys
	printed(t, &copied, "admin", "keys", "escrow", "--data", dir, "--to", safe, "--holder", "archive", "--place", "safe 3", "--json")
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	var back app.RestoreReport
	printed(t, &back, "restore", made.File, "--data", elsewhere, "--keys", safe, "--json")
	if !back.Check.Clean || back.MissingKeys() != "" || back.SetAside != "" {
		t.Errorf("restored: %+v", back)
	}
	there := markNumbers(t, "sqlite", filepath.Join(elsewhere, "wangge.db"))
	for _, mark := range before {
		if !there[mark] {
			t.Errorf("mark %s was acknowledged before the backup began and is not in it", mark)
		}
	}
	t.Logf("%d marks before the backup began, %d in it, %d acknowledged in all, %d ms", len(before), len(there), len(m.acknowledged()), made.TookMs)
	again := start(t, "http://", "serve", "--data", elsewhere, "--keys", safe, "--listen", "127.0.0.1:0")
	if code := again.stop(); code != 0 {
		t.Errorf("serve on what was restored ended with %d: %s", code, again.output())
	}
	destroyed(t, dir, safe, made.File, made.Keys[1])
}

// noKeyIn fails where anything of the key folder stands in the store's files.
func noKeyIn(t *testing.T, store, dir string) {
	t.Helper()
	keys, err := filepath.Glob(filepath.Join(dir, "keys", "*.key"))
	if err != nil || len(keys) < 3 {
		t.Fatalf("keys: %v %v", keys, err)
	}
	files, _ := filepath.Glob(filepath.Join(store, "*"))
	if len(files) != 2 {
		t.Errorf("the backup's folder holds %v", files)
	}
	for _, k := range keys {
		secret, err := os.ReadFile(k)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			raw, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(raw), strings.TrimSpace(string(secret))) {
				t.Errorf("%s is in the backup %s", filepath.Base(k), filepath.Base(f))
			}
		}
	}
}

// destroyed destroys the emergency's key of the installation dir, of which safe
// is a copy on record, and opens a backup taken before.
func destroyed(t *testing.T, dir, safe, backup, key string) {
	t.Helper()
	mark, blob := sealedMark(t, dir)
	aad := seal.AAD(key, "mark", mark)
	if err := readWith(safe, key, aad, blob); err != nil {
		t.Fatalf("before the destruction: %v", err)
	}
	if r := runCommand(t, nil, "admin", "keys", "destroy", key, "--confirm", key, "--data", dir); r.code != 2 || !strings.Contains(r.stderr, "rounds of this emergency are open") {
		t.Errorf("destroyed under an open round: exit %d %s%s", r.code, r.stdout, r.stderr)
	}
	r := runCommand(t, nil, "admin", "keys", "destroy", key, "--confirm", key, "--force", "--data", dir)
	if r.code != 0 || !strings.Contains(r.stdout, safe) || !strings.Contains(r.stdout, "archive") {
		t.Fatalf("destroy: exit %d, the copy is not named: %s%s", r.code, r.stdout, r.stderr)
	}
	for _, keys := range []string{filepath.Join(dir, "keys"), safe} {
		to := filepath.Join(t.TempDir(), "old")
		var back app.RestoreReport
		printed(t, &back, "restore", backup, "--data", to, "--keys", keys, "--json")
		if len(back.Keys) != 2 || back.Keys[1].State != "destroyed" || !back.Check.Clean {
			t.Errorf("with %s: %+v", keys, back.Keys)
		}
		mark, blob := sealedMark(t, to)
		if err := readWith(keys, key, seal.AAD(key, "mark", mark), blob); !seal.IsDestroyed(err) {
			t.Errorf("a mark of a backup taken before opens with %s: %v", keys, err)
		}
	}
	var report app.KeyReport
	printed(t, &report, "admin", "keys", "list", "--data", dir, "--json")
	for _, c := range report.Copies {
		if want := map[bool]string{true: "ended", false: "out"}[c.Key == key]; c.State != want {
			t.Errorf("%s in copy %s is %s, want %s", c.Key, c.ID, c.State, want)
		}
	}
	clean(t, dir)
}

// sealedMark returns the latest mark of a database as it lies there.
func sealedMark(t *testing.T, dir string) (mark id.ID, blob []byte) {
	t.Helper()
	p, err := sql.Open("sqlite", filepath.Join(dir, "wangge.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.QueryRow(`SELECT id, sealed FROM mark ORDER BY id DESC LIMIT 1`).Scan(&mark, &blob); err != nil {
		t.Fatal(err)
	}
	return mark, blob
}

// readWith opens a blob with the keys of a folder.
func readWith(folder, key, aad string, blob []byte) error {
	keys, err := seal.OpenKeyring(folder)
	if err == nil {
		_, err = keys.Open(key, aad, blob)
	}
	return err
}

// TestRestoreSaysWhatIsWrong: no backup that is not whole, no database without
// being asked, no other installation's keys; and what is missing in one line.
func TestRestoreSaysWhatIsWrong(t *testing.T) {
	dir := folder(t)
	backup := filepath.Join(t.TempDir(), "backup.db")
	printed(t, nil, "backup", backup, "--data", dir)
	if r := runCommand(t, nil, "backup", backup, "--data", dir); r.code != 2 {
		t.Errorf("a backup over another: exit %d %s", r.code, r.stderr)
	}
	older := folder(t)
	change(t, older, `DELETE FROM wangge_schema WHERE version_id = (SELECT MAX(version_id) FROM wangge_schema)`)
	printed(t, nil, "backup", t.TempDir(), "--data", older) // before it is upgraded
	forged := filepath.Join(t.TempDir(), "forged.db")
	tampered := folder(t)
	change(t, tampered, `UPDATE counter SET done = done + 1 WHERE leaf_id = (SELECT leaf_id FROM counter WHERE total > 0 LIMIT 1)`)
	printed(t, nil, "backup", forged, "--data", tampered)
	others := filepath.Join(t.TempDir(), "others")
	newKeys(t, others)
	for _, c := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"over a database", []string{backup, "--data", dir}, 2, "--force"},
		{"a workbook", []string{write(t, "x.xlsx", []byte("PK\x03\x04 and so on")), "--data", filepath.Join(t.TempDir(), "n")}, 1, "x.xlsx"},
		{"a folder", []string{dir, "--data", filepath.Join(t.TempDir(), "n")}, 1, "not a backup"},
		{"another's keys", []string{backup, "--data", filepath.Join(t.TempDir(), "n"), "--keys", others}, 3, others},
	} {
		r := runCommand(t, nil, append([]string{"restore"}, c.args...)...)
		if r.code != c.code || !strings.Contains(r.stderr, c.says) {
			t.Errorf("%s: exit %d, want %d saying %q: %s%s", c.name, r.code, c.code, c.says, r.stdout, r.stderr)
		}
		oneLine(t, r)
		if c.args[2] != dir {
			if _, err := os.Stat(c.args[2]); err == nil {
				t.Errorf("%s: %s was made", c.name, c.args[2])
			}
		}
	}
	to := filepath.Join(t.TempDir(), "forged")
	if r := runCommand(t, nil, "restore", forged, "--data", to); r.code != 1 || !strings.Contains(r.stdout, "VIOLATED") {
		t.Errorf("a backup whose figures do not add up: exit %d\n%s%s", r.code, r.stdout, r.stderr)
	}
	if _, err := os.Stat(to); err == nil {
		t.Errorf("%s was made", to)
	}
	keyless := filepath.Join(t.TempDir(), "keyless")
	r := runCommand(t, nil, "restore", backup, "--data", keyless)
	if r.code != 0 || !strings.Contains(r.stderr, "Keys missing: standing emergency-") || strings.Count(r.stderr, "\n") != 1 {
		t.Errorf("without keys: exit %d, %s%s", r.code, r.stdout, r.stderr)
	}
	if r := runCommand(t, nil, "serve", "--data", keyless, "--listen", "127.0.0.1:0"); r.code != 3 || !strings.Contains(r.stderr, "keys") {
		t.Errorf("serve without the keys begins new ones: exit %d %s", r.code, r.stderr)
	}
	if _, err := os.Stat(filepath.Join(keyless, "keys")); err == nil {
		t.Error("a key folder was begun over a database that has its keys elsewhere")
	}
	printed(t, nil, "restore", backup, "--data", dir, "--force")
	clean(t, dir)
}

// newKeys gives a key folder a standing key of its own.
func newKeys(t *testing.T, dir string) {
	t.Helper()
	keys, err := seal.NewKeyring(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := keys.Create(t.Context(), seal.Standing); err != nil {
		t.Fatal(err)
	}
}

// TestKeysOnPaper: a key is printed, lost, and typed in again.
func TestKeysOnPaper(t *testing.T) {
	dir := folder(t)
	r := runCommand(t, nil, "admin", "keys", "print", seal.Standing, "--holder", "archive", "--place", "safe 3", "--data", dir)
	if r.code != 0 || !strings.HasPrefix(r.stdout, "wangge-key:standing:") {
		t.Fatalf("print: exit %d %s%s", r.code, r.stdout, r.stderr)
	}
	if err := os.Remove(filepath.Join(dir, "keys", "standing.key")); err != nil {
		t.Fatal(err)
	}
	if r := runCommand(t, nil, "admin", "setup-link", "--data", dir); r.code != 3 {
		t.Errorf("without the key: exit %d %s", r.code, r.stderr)
	}
	for _, c := range []struct {
		text string
		code int
	}{{"wangge-key:standing:AAAA", 1}, {r.stdout, 0}, {r.stdout, 2}} {
		cmd := wangge(t, nil, "admin", "keys", "restore", "--data", dir)
		cmd.Stdin = strings.NewReader(c.text)
		if got := finish(t, cmd); got.code != c.code {
			t.Errorf("restore %.24s: exit %d, want %d: %s%s", c.text, got.code, c.code, got.stdout, got.stderr)
		}
	}
	clean(t, dir)
	var report app.KeyReport
	printed(t, &report, "admin", "keys", "list", "--data", dir, "--json")
	if len(report.Copies) != 1 || report.Copies[0].Holder != "archive" || report.Keys[0].State != "ok" {
		t.Fatalf("%+v", report)
	}
	printed(t, nil, "admin", "keys", "end", report.Copies[0].ID.String(), "--data", dir)
	if out := runCommand(t, nil, "admin", "keys", "list", "--data", dir); !strings.Contains(out.stdout, "ended") || !strings.Contains(out.stdout, "archive") {
		t.Errorf("the list: %s", out.stdout)
	}
}
