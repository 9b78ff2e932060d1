package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/xuri/excelize/v2"
)

// sparse makes a file of n zero bytes that takes no room.
func sparse(t *testing.T, name string, n int64) string {
	t.Helper()
	path := write(t, name, nil)
	if err := os.Truncate(path, n); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestFilesThatAreNoRoster: the command line refuses what is no table, or no
// roster, in words and within bounded memory, and writes nothing.
func TestFilesThatAreNoRoster(t *testing.T) {
	dir := folder(t)
	_, area := sample(t, dir)
	for _, file := range []string{
		write(t, "report.pdf", []byte("%PDF-1.7\n"+strings.Repeat("x", 5000))),
		write(t, "roster.xlsx", []byte("%PDF-1.7\n"+strings.Repeat("x", 5000))),
		write(t, "half.xlsx", []byte("PK\x03\x04"+strings.Repeat("\x01", 5000))),
		write(t, "empty.csv", nil),
		sparse(t, "zeros.xlsx", 200<<20),
		sparse(t, "zeros.csv", 200<<20),
	} {
		for _, args := range [][]string{{"parse", "roster", file}, {"import", "roster", file, "--area", area, "--data", dir, "--dry-run"}, {"import", "roster", file, "--area", area, "--data", dir}} {
			told := map[string]bool{}
			for _, lang := range []string{"en", "zh"} {
				c := wangge(t, []string{"WANGGE_LANG=" + lang}, args...)
				r := finish(t, c)
				if r.code != 1 {
					t.Errorf("%v: exit %d, want 1: %s%s", args, r.code, r.stdout, r.stderr)
				}
				oneLine(t, r)
				told[r.stderr] = true
				if use := c.ProcessState.SysUsage().(*syscall.Rusage); use.Maxrss > 300<<10 {
					t.Errorf("%v took %d MiB", args[:2], use.Maxrss>>10)
				}
			}
			if len(told) != 2 {
				t.Errorf("%v says the same in both languages: %v", args, told)
			}
		}
	}
	if n := look(t, dir, `SELECT count(*) FROM import_row`); n != "0" {
		t.Errorf("%s rows were written", n)
	}
	clean(t, dir)
}

// TestFormulaStaysText: a formula in a roster is never carried out, and what
// looks like one comes out of an export and of the rejected rows as plain text.
func TestFormulaStaysText(t *testing.T) {
	dir := folder(t)
	_, area := sample(t, dir)
	f := excelize.NewFile()
	rows := [][]any{{"小区", "楼栋", "单元", "房号", "姓名", "与户主关系", "联系电话", "备注"},
		{"公式小区", "1", "1", "101", "王一", "户主", "", "=1+1"}, {"公式小区", "1", "1", "102", "=cmd|' /C calc'!A0", "户主", "", ""},
		{"公式小区", "1", "1", "103", "李四", "@SUM(A1)", "", "+1"}, {"公式小区", "1", "1", "104", "赵五", "户主", "12", "-1"}}
	for i, row := range rows {
		for k, v := range row {
			at, err := excelize.CoordinatesToCellName(k+1, i+1)
			if err != nil {
				t.Fatal(err)
			}
			if err := f.SetCellValue("Sheet1", at, v); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := f.SetCellFormula("Sheet1", "E5", `WEBSERVICE("http://127.0.0.1:1/leak")`); err != nil {
		t.Fatal(err)
	}
	book := filepath.Join(t.TempDir(), "formula.xlsx")
	if err := f.SaveAs(book); err != nil {
		t.Fatal(err)
	}
	rejected := filepath.Join(t.TempDir(), "rejected.xlsx")
	r := runCommand(t, nil, "import", "roster", book, "--area", area, "--data", dir, "--rejected", rejected)
	if r.code > 1 {
		t.Fatalf("exit %d: %s%s", r.code, r.stdout, r.stderr)
	}
	t.Logf("%s", r.stdout)
	out := filepath.Join(t.TempDir(), "people.xlsx")
	if r := runCommand(t, nil, "export", "people", "--data", dir, "-o", out); r.code != 0 {
		t.Fatalf("export: %d %s", r.code, r.stderr)
	}
	for _, name := range []string{out, rejected} {
		b, err := excelize.OpenFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range b.GetSheetList() {
			all, err := b.GetRows(s)
			if err != nil {
				t.Fatal(err)
			}
			for i, row := range all {
				for k, v := range row {
					at, _ := excelize.CoordinatesToCellName(k+1, i+1)
					formula, err := b.GetCellFormula(s, at)
					if err != nil || formula != "" {
						t.Errorf("%s %s holds the formula %q (%v)", filepath.Base(name), at, formula, err)
					}
					kind, err := b.GetCellType(s, at)
					if v != "" && (err != nil || kind != excelize.CellTypeInlineString && kind != excelize.CellTypeSharedString && strings.ContainsAny(v[:1], "=@+-")) {
						t.Errorf("%s %s begins as a formula does and is no text: %q (%v, %v)", filepath.Base(name), at, v, kind, err)
					}
				}
			}
		}
		b.Close()
	}
	clean(t, dir)
}

// TestDemoFolderStaysADrill: whoever opens a demo's folder sees that it is one.
func TestDemoFolderStaysADrill(t *testing.T) {
	s := start(t, "http://", "serve", "--data", folder(t), "--listen", "127.0.0.1:0")
	_, page := (&caller{s.base, http.DefaultClient}).call("GET", "/login?lang=en", nil, nil)
	if !strings.Contains(page, "DRILL") {
		t.Errorf("the page does not say that it is a drill: %.500s", page)
	}
}
