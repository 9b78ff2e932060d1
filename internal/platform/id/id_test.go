package id

import (
	"encoding/json"
	"sync"
	"testing"
)

func TestNewIsUniqueAndAscending(t *testing.T) {
	const workers, each = 8, 5000
	lists := make([][]ID, workers)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for range each {
				lists[w] = append(lists[w], New())
			}
		})
	}
	wg.Wait()
	seen := map[ID]bool{}
	for _, list := range lists {
		for i, v := range list {
			if seen[v] || v <= 0 || i > 0 && v <= list[i-1] {
				t.Fatalf("%d at %d is seen twice, or not after the one before", v, i)
			}
			seen[v] = true
		}
	}
}

func TestIdentifiersAreTextInJSON(t *testing.T) {
	in := struct {
		A ID `json:"a"`
		B ID `json:"b,omitempty"`
	}{A: 1 << 62}
	text, err := json.Marshal(in)
	if err != nil || string(text) != `{"a":"4611686018427387904"}` {
		t.Fatalf("%s %v", text, err)
	}
	if err := json.Unmarshal([]byte(`{"a":"7","b":""}`), &in); err != nil || in.A != 7 || in.B != Zero {
		t.Errorf("%+v %v", in, err)
	}
	for _, bad := range []string{"-1", "x", "1.5", "99999999999999999999"} {
		if _, err := Parse(bad); err == nil {
			t.Errorf("%q was taken for an identifier", bad)
		}
	}
}
