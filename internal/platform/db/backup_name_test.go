package db

import (
	"os"
	"path/filepath"
	"testing"

	"wangge/internal/platform/errs"
)

// TestLateBackupSpoilsNothing: of two backups that end under one name the second
// is refused, and the first keeps its own checksum.
func TestLateBackupSpoilsNothing(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "backup.db")
	end := func(content, sum string) error {
		tmp, err := reserve(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer os.Remove(tmp)
		if err := os.WriteFile(tmp, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return name(tmp, Copied{File: file, SHA256: sum})
	}
	if err := end("first", "11"); err != nil {
		t.Fatal(err)
	}
	if err := end("second", "22"); err == nil || errs.As(err).Key != "db.backup_exists" {
		t.Errorf("the second of the same name: %v", err)
	}
	for path, want := range map[string]string{file: "first", file + SumSuffix: "11  backup.db\n"} {
		if got, err := os.ReadFile(path); err != nil || string(got) != want {
			t.Errorf("%s holds %q, %v", filepath.Base(path), got, err)
		}
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 2 {
		t.Errorf("left: %v, %v", list, err)
	}
}
