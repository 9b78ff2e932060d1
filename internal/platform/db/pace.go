package db

import (
	"time"

	"wangge/internal/platform/clock"
)

// calmAfter is how long nobody else must have written before long work takes
// large pieces again.
const calmAfter = 3 * time.Second

// Pace says how much one transaction of long work may hold: much while nobody
// else writes, as a large one costs less in all; little while others do, as each
// of them waits for a whole one. One goroutine uses a Pace.
type Pace struct {
	d             *DB
	seen          uint64
	last          *clock.Stopwatch // since others were seen to write; nil: they were not
	little, large int
}

// NewPace returns a Pace between the two numbers of records.
func (d *DB) NewPace(little, large int) *Pace {
	return &Pace{d: d, seen: d.urgent.Load(), little: little, large: large}
}

// Next returns how many records the next transaction may hold.
func (p *Pace) Next() int {
	if seen := p.d.urgent.Load(); seen != p.seen {
		now := clock.Start()
		p.seen, p.last = seen, &now
	}
	if p.last != nil && p.last.Elapsed() < calmAfter {
		return p.little
	}
	return p.large
}
