package divisions

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func listFile(t testing.TB, path string) []Area {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	list, _, err := Read(f)
	if err != nil {
		t.Fatal(path, err)
	}
	return list
}

// change is a row of a list of real changes: what became of the old code.
type change struct{ kind, old, new string }

// realChanges reads changes.csv; a name that only lost or won the word for its kind counts as renamed.
func realChanges(t testing.TB, path, from string) map[change]bool {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := map[change]bool{}
	for _, r := range rows[1:] {
		if r[0] == from {
			out[change{strings.TrimSuffix(r[2], "_suffix_only"), r[4], r[6]}] = true
		}
	}
	return out
}

func found(changes []Change) map[change]bool {
	out := map[change]bool{}
	for _, c := range changes {
		kind := string(c.Kind)
		if c.Kind == Moved { // the compiled changes do not tell whether the street is another
			kind = string(Recoded)
		}
		out[change{kind, c.Old.Code, c.New.Code}] = true
	}
	return out
}

func TestDiffOfARealDistrict(t *testing.T) {
	got := found(Diff(listFile(t, "testdata/230110_2021.csv"), listFile(t, "testdata/230110_2022.csv")))
	want := realChanges(t, filepath.Join("testdata", "230110_changes.csv"), "2021-10-31")
	if len(want) != 33 {
		t.Fatalf("%d changes in the sample", len(want))
	}
	for c := range want {
		if !got[c] {
			t.Errorf("not recognised: %v", c)
		}
	}
	for c := range got {
		if !want[c] {
			t.Errorf("made up: %v", c)
		}
	}
}

func TestDiff(t *testing.T) {
	read := func(text string) []Area {
		list, problems, err := Read(strings.NewReader("code,name\n" + text))
		if err != nil || len(problems) > 0 {
			t.Fatal(err, problems)
		}
		return list
	}
	old := read(`230103000000,南岗区
230103001000,花园街道
230103001001,甲社区居委会
230103001002,乙社区居委会
230103001003,丙社区居委会
230103002000,大成街道
230103002001,丁社区居委会
230103002002,同名社区居委会
230103001009,同名社区居委会
230103003000,和平街道
`)
	list := read(`230103000000,南岗区
230103001000,花园街道
230103001001,甲社区居民委员会
230103003000,和平街道
230103003005,乙社区居委会
230103009000,大成街道
230103009001,丁社区居委会
230103001019,同名社区居委会
230103009002,同名社区居委会
230103001007,新社区居委会
`)
	want := []change{
		{"recoded", "230103002000", "230103009000"}, {"renamed", "230103001001", "230103001001"},
		{"removed", "230103001003", ""}, {"added", "", "230103001007"},
		{"recoded", "230103001009", "230103001019"}, {"moved", "230103001002", "230103003005"},
		{"recoded", "230103002001", "230103009001"}, {"recoded", "230103002002", "230103009002"},
	}
	changes := Diff(old, list)
	if len(changes) != len(want) {
		t.Fatalf("%d changes: %v", len(changes), changes)
	}
	for i, w := range want {
		if c := changes[i]; (change{string(c.Kind), c.Old.Code, c.New.Code}) != w {
			t.Errorf("%d: %v, want %v", i, c, w)
		}
	}
	swapped := read("230103000000,南岗区\n230103001000,花园街道\n230103001001,丙社区居委会\n230103001003,甲社区居委会\n230103001004,戊社区居委会\n")
	before := read("230103000000,南岗区\n230103001000,花园街道\n230103001001,甲社区居委会\n230103001003,丙社区居委会\n230103001004,己社区居委会\n")
	got := found(Diff(before, swapped))
	for _, w := range []change{{"recoded", "230103001001", "230103001003"}, {"recoded", "230103001003", "230103001001"}, {"renamed", "230103001004", "230103001004"}} {
		if !got[w] || len(got) != 3 {
			t.Errorf("exchanged codes: %v", got)
		}
	}
	if Alike("上疃村村委会", "上疃村") != 1 || Alike("上疃村", "下寨社区") != 0 {
		t.Error("names are not compared by their stems")
	}
}
