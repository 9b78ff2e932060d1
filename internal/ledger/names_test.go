package ledger_test

import (
	"slices"
	"testing"

	"wangge/internal/ledger"
)

func TestNamesOfResidentsAreFoundByTheirHashes(t *testing.T) {
	both(t, 3, func(t *testing.T, w *world) {
		w.home(0, ledger.HouseholdInput{}, person("王建国", ""), person("李秀英", ""))
		w.home(1, ledger.HouseholdInput{}, person("王建国", ""))
		asked := []string{"安全生", "王建国", "李秀英", "王建军"}
		for path, want := range map[string][]string{communityPath: {"李秀英", "王建国"}, communityPath[:6]: {"李秀英", "王建国"}, "230103001009": nil} {
			got, err := w.s.NamesUnder(ctx, w.sys, path, asked)
			must(t, err)
			slices.Sort(got)
			if !slices.Equal(got, slices.Sorted(slices.Values(want))) {
				t.Errorf("below %s: %v, want %v", path, got, want)
			}
		}
		if got, err := w.s.NamesUnder(ctx, w.sys, communityPath, nil); err != nil || got != nil {
			t.Errorf("none asked: %v %v", got, err)
		}
	})
}
