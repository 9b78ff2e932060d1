package db

import (
	"context"
	"errors"
	"os"
	"time"
)

// Observer is told how writes go, for metrics; a function that is nil is not
// called. They are called on the way of every write and must be quick.
type Observer struct {
	// Committed is told how long COMMIT took: on SQLite that is the disk.
	Committed func(took time.Duration)
	// Written is told how long a Write took, from the call to its end, waiting
	// and repeating included, and its error.
	Written func(took time.Duration, err error)
	// Repeated is told that a transaction lost a race and runs again.
	Repeated func()
	// Batched is told how many items of an operation shared a transaction.
	Batched func(op string, items int)
}

// Observe has o told of every write from now on.
func (d *DB) Observe(o Observer) { d.observer.Store(&o) }

func (d *DB) observed() Observer {
	if o := d.observer.Load(); o != nil {
		return *o
	}
	return Observer{}
}

// Load says how busy the database is in this process.
type Load struct {
	Writing, WaitingHot, WaitingLow int // write transactions that run and that wait
	Reading                         int // connections that read now
	Readers                         int // and how many may
	Queues                          map[string]int
}

// Load returns the figures of this instant; Queues holds the items that wait in
// each batcher, by its operation.
func (d *DB) Load() Load {
	l := Load{Queues: map[string]int{}}
	if d.gate != nil {
		l.Writing, l.WaitingHot, l.WaitingLow = d.gate.load()
	}
	s := d.read.Stats()
	l.Reading, l.Readers = s.InUse, s.MaxOpenConnections
	d.batchers.Range(func(_, stats any) bool {
		op, waiting := stats.(func() (string, int))()
		l.Queues[op] += waiting
		return true
	})
	return l
}

// Size returns the bytes of the database and of its write-ahead log; the log of
// PostgreSQL is the server's and counts as 0.
func (d *DB) Size(ctx context.Context) (data, log int64, err error) {
	const op = "db.Size"
	if d.engine == Postgres {
		err = d.read.QueryRowContext(ctx, d.dialect.size).Scan(&data)
		return data, 0, Fault(op, err)
	}
	if data, err = sizeOf(d.path); err == nil {
		log, err = sizeOf(d.path + "-wal")
	}
	return data, log, Fault(op, err)
}

func sizeOf(path string) (int64, error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
