package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

// TestListsGoOutAndComeBack takes every list out by command and brings it back,
// as it was and with one cell changed.
func TestListsGoOutAndComeBack(t *testing.T) {
	dir := folder(t)
	for _, kind := range []string{"posts", "organisations", "teams", "areas", "grids"} {
		out := filepath.Join(t.TempDir(), kind+".xlsx")
		if r := runCommand(t, nil, "export", kind, "--data", dir, "-o", out); r.code != 0 {
			t.Fatalf("export %s: %d %s", kind, r.code, r.stderr)
		}
		if r := runCommand(t, nil, "import", "list", kind, out, "--data", dir); r.code != 0 || !strings.Contains(r.stdout, " 0 changed, 0 new,") || !strings.Contains(r.stdout, " 0 refused") {
			t.Errorf("%s as it was: %d %s%s", kind, r.code, r.stdout, r.stderr)
		}
		if kind != "grids" {
			continue
		}
		f, err := excelize.OpenFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.SetCellStr(f.GetSheetName(0), "F2", "CODE-7"); err != nil {
			t.Fatal(err)
		}
		if err := f.Save(); err != nil {
			t.Fatal(err)
		}
		for _, dry := range []string{"--dry-run", "--json", "--dry-run"} {
			r := runCommand(t, nil, "import", "list", kind, out, dry, "--data", dir)
			if r.code != 0 || !strings.Contains(r.stdout, "CODE-7") && dry == "--json" {
				t.Errorf("%s %s: %d %s%s", kind, dry, r.code, r.stdout, r.stderr)
			}
		}
		if r := runCommand(t, nil, "import", "list", kind, out, "--data", dir); !strings.Contains(r.stdout, " 0 changed") {
			t.Errorf("twice: %s", r.stdout)
		}
	}
	if r := runCommand(t, nil, "export", "vacancies", "--data", dir, "-o", filepath.Join(t.TempDir(), "v.xlsx")); r.code != 0 {
		t.Errorf("vacancies: %d %s", r.code, r.stderr)
	}
	clean(t, dir)
}
