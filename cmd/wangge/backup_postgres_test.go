package main

import (
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"wangge/internal/platform/db/dbtest"
)

// deployed is a file of the folder deploy.
func deployed(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "deploy", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// script runs a script of the folder deploy, with wangge as $WANGGE.
func script(t *testing.T, name string, args ...string) ran {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "wangge")
	text := fmt.Sprintf("#!/bin/sh\n%s=1 exec '%s' \"$@\"\n", childVar, self)
	if err := os.WriteFile(program, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(deployed(t, name), args...)
	c.Dir = t.TempDir()
	c.Env = append(os.Environ(), "WANGGE="+program, "WANGGE_LANG=en")
	return finish(t, c)
}

// TestDeployedOnPostgres: the scripts of deploy do for PostgreSQL what backup
// and restore do for SQLite, and two replicas stand behind its proxy.
func TestDeployedOnPostgres(t *testing.T) {
	if os.Getenv("WANGGE_TEST_ENGINES") == "sqlite" {
		t.Log("PostgreSQL is left out by WANGGE_TEST_ENGINES")
		return
	}
	live, dir, store := dbtest.EmptyPostgresURL(t), filepath.Join(t.TempDir(), "data"), t.TempDir()
	s := start(t, "Ctrl+C", "demo", "--db", live, "--data", dir, "--households", "600", "--seed", "3", "--listen", "127.0.0.1:0")
	m := keepMarking(t, s)
	m.await(t, 40)
	before := m.acknowledged()
	made := script(t, "backup-postgres.sh", live, store)
	if made.code != 0 {
		t.Fatalf("backup: exit %d: %s%s", made.code, made.stdout, made.stderr)
	}
	base := script(t, "backup-postgres.sh", "--base", live, store)
	if base.code != 0 {
		t.Errorf("base backup: exit %d: %s%s", base.code, base.stdout, base.stderr)
	}
	m.await(t, len(m.acknowledged())+5)
	m.end()
	file := strings.TrimSpace(made.stdout)
	if list, err := os.ReadDir(store); err != nil || len(list) != 3 {
		t.Errorf("a dump, its checksum and a base backup leave %v %v", list, err)
	}

	to := dbtest.EmptyPostgresURL(t)
	back := script(t, "restore-postgres.sh", file, to, filepath.Join(dir, "keys"))
	if back.code != 0 || strings.Contains(back.stdout, "NOT CHECKED") || strings.Count(back.stdout, " ok ") < 4 {
		t.Fatalf("restore: exit %d:\n%s%s", back.code, back.stdout, back.stderr)
	}
	there := markNumbers(t, "pgx", to)
	for _, mark := range before {
		if !there[mark] {
			t.Errorf("mark %s was acknowledged before the backup began and is not in it", mark)
		}
	}
	t.Logf("%d marks before the backup began, %d in it, %d acknowledged in all", len(before), len(there), len(m.acknowledged()))
	postgresScriptsRefuse(t, live, to, file, store)
	t.Run("behind the proxy", func(t *testing.T) { behindProxy(t, live, dir, s) })
}

func postgresScriptsRefuse(t *testing.T, live, full, file, store string) {
	t.Helper()
	cut := filepath.Join(t.TempDir(), "cut.dump")
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cut, raw[:len(raw)/2], 0o600); err != nil {
		t.Fatal(err)
	}
	empty := dbtest.EmptyPostgresURL(t)
	for _, c := range []struct {
		name string
		args []string
		code int
	}{
		{"backup-postgres.sh", nil, 2},
		{"backup-postgres.sh", []string{"sqlite:///x", store}, 2},
		{"backup-postgres.sh", []string{live, filepath.Join(store, "none")}, 2},
		{"backup-postgres.sh", []string{"postgres://wangge@127.0.0.1:1/x", store}, 3},
		{"backup-postgres.sh", []string{empty, store}, 3},
		{"restore-postgres.sh", nil, 2},
		{"restore-postgres.sh", []string{filepath.Join(store, "none"), empty}, 2},
		{"restore-postgres.sh", []string{file, full}, 2},
		{"restore-postgres.sh", []string{file, "postgres://wangge@127.0.0.1:1/x"}, 3},
		{"restore-postgres.sh", []string{deployed(t, "backup-postgres.sh"), empty}, 1},
		{"restore-postgres.sh", []string{cut, empty}, 3},
	} {
		r := script(t, c.name, c.args...)
		if r.code != c.code || !strings.Contains(r.stderr, c.name+": ") {
			t.Errorf("%s %v: exit %d, want %d: %s%s", c.name, c.args, r.code, c.code, r.stdout, r.stderr)
		}
	}
	p, err := sql.Open("pgx", empty)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.QueryRow(`SELECT count(*) FROM mark`).Scan(new(int)); err == nil {
		t.Error("a restore that failed left tables")
	}
}
