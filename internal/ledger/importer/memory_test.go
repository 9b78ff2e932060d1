package importer

import (
	"runtime/debug"
	"testing"
)

// Imports that overlap leave the collector as it was once the last has ended.
func TestMemoryIsKeptTightWhileOneIsLarge(t *testing.T) {
	now := func() int {
		v := debug.SetGCPercent(77)
		debug.SetGCPercent(v)
		return v
	}
	was := now()
	keepTight([]fileInfo{{Size: largeFile - 1}})()
	if now() != was {
		t.Error("a small one counts")
	}
	first := keepTight([]fileInfo{{Size: largeFile / 2}, {Size: largeFile / 2}})
	second := keepTight([]fileInfo{{Size: largeFile}})
	first()
	if now() != tightPercent {
		t.Errorf("%d while one goes on", now())
	}
	if second(); now() != was {
		t.Errorf("%d afterwards, %d before", now(), was)
	}
}
