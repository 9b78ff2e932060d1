//go:build score

package divisions

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestScore prints how many of the real changes of 2018 to 2023 are recognised
// as what they are.
func TestScore(t *testing.T) {
	dir := os.Getenv("WANGGE_DATA")
	if dir == "" {
		t.Fatal("WANGGE_DATA names no folder")
	}
	files, err := filepath.Glob(filepath.Join(dir, "divisions", "vintages", "*.csv"))
	if err != nil || len(files) < 2 {
		t.Fatal("no vintages in", dir)
	}
	day := func(path string) string {
		return strings.TrimPrefix(strings.TrimSuffix(filepath.Base(path), ".csv"), "seed_places_asof_")
	}
	all, right, madeUp := map[string]int{}, map[string]int{}, 0
	for i := 1; i < len(files); i++ {
		got := found(Diff(listFile(t, files[i-1]), listFile(t, files[i])))
		want := realChanges(t, filepath.Join(dir, "divisions", "changes.csv"), day(files[i-1]))
		for c := range want {
			all[c.kind]++
			if got[c] {
				right[c.kind]++
			}
		}
		for c := range got {
			if !want[c] {
				madeUp++
			}
		}
	}
	for _, k := range []string{"renamed", "recoded", "removed", "added"} {
		t.Logf("%-8s %4d of %4d", k, right[k], all[k])
	}
	t.Logf("made up  %4d", madeUp)
}
