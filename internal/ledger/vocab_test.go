package ledger

import (
	"testing"

	"wangge/internal/platform/i18n"
)

// TestRelationsHaveWordsInBothLanguages: what a roster says stays as written in
// Chinese and is told in English where it is known.
func TestRelationsHaveWordsInBothLanguages(t *testing.T) {
	seen := map[string]string{}
	for key, words := range vocab.Relations {
		if !i18n.Has("ledger.relation." + key) {
			t.Errorf("%s has no word in the catalogue", key)
		}
		for _, w := range words {
			if other, twice := seen[w]; twice {
				t.Errorf("%s means %s and %s", w, other, key)
			}
			seen[w] = key
		}
	}
	for _, w := range vocab.Heads {
		if seen[w] != "head" {
			t.Errorf("%s is the head of a household and means %q", w, seen[w])
		}
	}
	for _, c := range []struct{ lang, written, want string }{
		{"en", "配偶", "spouse"}, {"en", " 长子 ", "son"}, {"en", "租户", "tenant"}, {"zh", "长子", "长子"}, {"en", "二大爷家的", "二大爷家的"}, {"en", "", ""}, {"zh", "wife", "wife"},
	} {
		if got := RelationIn(c.lang, c.written); got != c.want {
			t.Errorf("%q in %s is %q, not %q", c.written, c.lang, got, c.want)
		}
	}
}
