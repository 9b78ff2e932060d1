package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// keysOf returns the sorted keys of a JSON object.
func keysOf(m map[string]any) string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return strings.Join(keys, " ")
}

// TestRosterShapes: other tools read what `import roster --json` and `parse
// roster --json` print.
func TestRosterShapes(t *testing.T) {
	dir := folder(t)
	book, area := sample(t, dir)
	const top, sheets, problems = "doors households persons sheets", "accepted columns file header_row problems rejected rows sheet skipped", "column problem row severity value"
	shape := func(name, wantTop string, r ran) map[string]any {
		t.Helper()
		var m map[string]any
		if err := json.Unmarshal([]byte(r.stdout), &m); err != nil {
			t.Fatalf("%s: exit %d, %v: %.300s %s", name, r.code, err, r.stdout, r.stderr)
		}
		if got := keysOf(m); got != wantTop {
			t.Errorf("%s: keys %q, want %q", name, got, wantTop)
		}
		seen := 0
		for _, s := range m["sheets"].([]any) {
			one := s.(map[string]any)
			if got := keysOf(one); got != sheets {
				t.Errorf("%s: keys of a sheet %q, want %q", name, got, sheets)
			}
			for _, p := range one["problems"].([]any) {
				seen++
				if got := keysOf(p.(map[string]any)); got != problems {
					t.Errorf("%s: keys of a problem %q, want %q", name, got, problems)
				}
				if sev := p.(map[string]any)["severity"]; sev != "error" && sev != "repaired" && sev != "doubt" {
					t.Errorf("%s: severity %v", name, sev)
				}
			}
			if n, ok := one["rows"].(float64); !ok || n != one["accepted"].(float64)+one["rejected"].(float64)+one["skipped"].(float64) {
				t.Errorf("%s: %v rows are not accepted, rejected and skipped together: %v", name, n, one)
			}
		}
		if seen == 0 {
			t.Errorf("%s: the sample shows no problem, so their shape is not seen", name)
		}
		return m
	}
	parsed := shape("parse", top, runCommand(t, nil, "parse", "roster", book, "--json", "--drill"))
	dry := shape("dry run", top, runCommand(t, nil, "import", "roster", book, "--area", area, "--data", dir, "--dry-run", "--json"))
	if parsed["persons"].(float64) == 0 || fmt.Sprint(parsed["persons"], parsed["households"]) != fmt.Sprint(dry["persons"], dry["households"]) {
		t.Errorf("parse sees %v persons in %v households, the dry run %v in %v", parsed["persons"], parsed["households"], dry["persons"], dry["households"])
	}
	if n := look(t, dir, `SELECT count(*) FROM import_row`); n != "0" {
		t.Errorf("the dry run wrote %s rows", n)
	}
	real := shape("import", "created doors households persons sheets unchanged updated", runCommand(t, nil, "import", "roster", book, "--area", area, "--data", dir, "--json"))
	if real["created"].(float64) == 0 {
		t.Errorf("the import created nobody: %v", real)
	}
	again := shape("import again", "created doors households persons sheets unchanged updated", runCommand(t, nil, "import", "roster", book, "--area", area, "--data", dir, "--json"))
	if again["created"].(float64) != 0 || again["updated"].(float64) != 0 {
		t.Errorf("the same file again created %v and updated %v", again["created"], again["updated"])
	}
	clean(t, dir)
}

// TestOneServerAFile: the second is refused and the first goes on.
func TestOneServerAFile(t *testing.T) {
	dir := folder(t)
	s := start(t, "http://", "serve", "--data", dir, "--listen", "127.0.0.1:0")
	for _, args := range [][]string{
		{"serve", "--data", dir, "--listen", "127.0.0.1:0"}, {"demo", "--data", dir, "--listen", "127.0.0.1:0"},
		{"export", "people", "--data", dir, "-o", filepath.Join(t.TempDir(), "x.xlsx")}, {"admin", "setup-link", "--data", dir},
	} {
		r := runCommand(t, nil, args...)
		if r.code != 2 || !strings.Contains(r.stderr, "wangge.db") {
			t.Errorf("%v beside a server: exit %d, %q", args, r.code, r.stderr)
		}
		oneLine(t, r)
	}
	clean(t, dir) // reading beside a server is fine
	if code := s.stop(); code != 0 {
		t.Errorf("the first server ended with %d: %s", code, s.output())
	}
}

// TestSettingsOnTheCommandLine: a flag before the environment before the file.
func TestSettingsOnTheCommandLine(t *testing.T) {
	dir := folder(t)
	file := write(t, "wangge.yaml", []byte("data: "+dir+"\nlog-level: error\n"))
	none := filepath.Join(t.TempDir(), "none")
	for _, c := range []struct {
		name string
		env  []string
		args []string
		code int
	}{
		{"flag", nil, []string{"--data", dir}, 0},
		{"environment", []string{"WANGGE_DATA=" + dir}, nil, 0},
		{"file by flag", nil, []string{"--config", file}, 0},
		{"file by environment", []string{"WANGGE_CONFIG=" + file}, nil, 0},
		{"database by environment", []string{"WANGGE_DB=sqlite://" + filepath.Join(dir, "wangge.db")}, nil, 0},
		{"flag before environment", []string{"WANGGE_DATA=" + none}, []string{"--data", dir}, 0},
		{"environment before file", []string{"WANGGE_DATA=" + none, "WANGGE_CONFIG=" + file}, nil, 2},
		{"nothing there", nil, []string{"--data", none}, 2},
		{"unknown setting", nil, []string{"--config", write(t, "bad.yaml", []byte("dada: x\n"))}, 2},
		{"no YAML", nil, []string{"--config", write(t, "bad.yaml", []byte("data: [\n"))}, 2},
		{"no number", []string{"WANGGE_DISTRICT=north"}, []string{"--data", dir}, 2},
	} {
		r := runCommand(t, c.env, append([]string{"check"}, c.args...)...)
		if r.code != c.code {
			t.Errorf("%s: exit %d, want %d: %s%s", c.name, r.code, c.code, r.stdout, r.stderr)
		}
		if c.code != 0 {
			oneLine(t, r)
		}
	}
	if _, err := os.Stat(none); err == nil {
		t.Error("a folder that was only looked into was made")
	}
}
