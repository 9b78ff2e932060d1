package ledger

import "testing"

// What changes while a community is counted makes the counts stale from the start.
func TestAChangeDuringACountIsNotLost(t *testing.T) {
	f := &facetCache{}
	begun := f.turn("230103001001")
	f.forget("230103001001")
	f.put("230103001001", begun, keptFacets{})
	if k, ok := f.get("230103001001"); !ok || !k.stale {
		t.Errorf("a change was lost: %+v, %t", k, ok)
	}
	begun = f.turn("230103001001")
	f.put("230103001001", begun, keptFacets{})
	if k, _ := f.get("230103001001"); k.stale {
		t.Error("fresh counts are stale")
	}
	f.forgetAll()
	f.put("230103001001", begun, keptFacets{})
	if k, _ := f.get("230103001001"); !k.stale {
		t.Error("a change of everything was lost")
	}
}
