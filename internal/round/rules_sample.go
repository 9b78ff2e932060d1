package round

import (
	"crypto/sha256"
	"math/rand/v2"
	"slices"

	"wangge/internal/platform/id"
)

// bulkWeight is how many times as likely a door marked in bulk is drawn.
const bulkWeight = 3.0

// candidate is a done target that may be drawn for a recheck.
type candidate struct {
	object id.ID
	mark   id.ID
	bulk   bool
}

// drawSample draws permille of the candidates, at least one, without
// repetition. The seed alone decides: the same seed over the same candidates
// gives the same sample, in whatever order they come.
func drawSample(seed string, permille int, list []candidate) []candidate {
	if len(list) == 0 || permille <= 0 {
		return nil
	}
	return draw(seed, max(1, (len(list)*permille+999)/1000), list)
}

// Draw draws n of the ids, or all where there are fewer, without repetition and
// in the order of ids: unannounced lists are drawn as samples for rechecks are.
func Draw(seed string, n int, ids []id.ID) []id.ID {
	list := make([]candidate, len(ids))
	for i, v := range ids {
		list[i].object = v
	}
	out := make([]id.ID, 0, n)
	for _, c := range draw(seed, n, list) {
		out = append(out, c.object)
	}
	return out
}

func draw(seed string, n int, list []candidate) []candidate {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b candidate) int { return compareID(a.object, b.object) })
	n = min(len(list), n)
	rng := rand.New(rand.NewChaCha8(sha256.Sum256([]byte(seed))))
	type keyed struct {
		c   candidate
		key float64
	}
	keys := make([]keyed, len(list))
	for i, c := range list {
		w := 1.0
		if c.bulk {
			w = bulkWeight
		}
		keys[i] = keyed{c, rng.ExpFloat64() / w} // the smallest of weighted exponentials: weighted sampling without repetition
	}
	slices.SortStableFunc(keys, func(a, b keyed) int {
		switch {
		case a.key < b.key:
			return -1
		case a.key > b.key:
			return 1
		}
		return 0
	})
	out := make([]candidate, n)
	for i := range out {
		out[i] = keys[i].c
	}
	slices.SortFunc(out, func(a, b candidate) int { return compareID(a.object, b.object) })
	return out
}

func compareID(a, b id.ID) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// differences returns the keys of the questions that were answered differently
// at the recheck, in order. Free text is not compared.
func differences(fields []Field, first, second map[string]string) []string {
	var out []string
	for _, f := range fields {
		if f.Type == FreeText || f.Type == Photo {
			continue
		}
		if a, b := first[f.Key], second[f.Key]; b != "" && a != b {
			out = append(out, f.Key)
		}
	}
	return out
}
