package importer

import (
	"runtime/debug"
	"sync"
)

// largeFile is the size, in bytes, from which on an import keeps memory tight.
const largeFile = 32 << 20

// tightPercent is how much of what lives may be added before the collector runs
// while memory is kept tight. What is known of rows already written lives long
// and holds few pointers, so that looking through it costs little.
const tightPercent = 20

// tight counts the large imports of this process, which share its collector.
var tight struct {
	sync.Mutex
	imports, before int
}

// keepTight has the collector run more often until the function it returns is
// called, where the files are large.
func keepTight(files []fileInfo) (back func()) {
	var size int64
	for _, f := range files {
		size += f.Size
	}
	if size < largeFile {
		return func() {}
	}
	tight.Lock()
	defer tight.Unlock()
	if tight.imports++; tight.imports == 1 {
		tight.before = debug.SetGCPercent(tightPercent)
	}
	return func() {
		tight.Lock()
		defer tight.Unlock()
		if tight.imports--; tight.imports == 0 {
			debug.SetGCPercent(tight.before)
		}
	}
}
