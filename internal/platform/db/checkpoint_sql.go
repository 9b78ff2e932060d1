package db

import (
	"context"
	"database/sql"
	"time"

	"wangge/internal/platform/clock"
)

// When the write-ahead log of SQLite is copied into the database, in its pages
// of 4 KiB. SQLite itself would copy all of it in the commit that fills it,
// while everybody who wants to write waits for the disk.
const (
	copyPages  = 4000  // not copied yet: they are copied beside the writer
	turnPages  = 16000 // in the log: writers wait for the rest, so that it begins anew
	forcePages = 64000 // the commit that reaches this many copies them itself
)

// copierPause is how long the copier rests between two looks at the log.
const copierPause = 50 * time.Millisecond

// copier copies the write-ahead log into the database, on a connection of its
// own, while the writer writes on.
type copier struct {
	d     *DB
	pool  *sql.DB
	wake  chan struct{}
	ended chan struct{}
}

func (d *DB) startCopier(ctx context.Context, path string) error {
	pool, err := sql.Open("sqlite", liteDSN(path, "cache_size(-256)", "wal_autocheckpoint(0)"))
	if err != nil {
		return err
	}
	pool.SetMaxOpenConns(1)
	d.copier = &copier{d: d, pool: pool, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	go d.copier.run(ctx)
	return nil
}

// committed has the copier look at the log soon.
func (c *copier) committed() {
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// close waits for the copier, whose context has ended.
func (c *copier) close() error {
	<-c.ended
	return c.pool.Close()
}

func (c *copier) run(ctx context.Context) {
	defer close(c.ended)
	for {
		select {
		case <-c.wake:
		case <-ctx.Done():
			return
		}
		if err := c.look(ctx); err != nil && ctx.Err() == nil {
			c.d.log.Debug("the write-ahead log was not copied; a commit will", "error", err)
		}
		select {
		case <-clock.Real().After(copierPause):
		case <-ctx.Done():
			return
		}
	}
}

// look copies what is there to be copied. The log begins anew once all of it is
// copied and no reader needs it; for the last of it writers are held back.
func (c *copier) look(ctx context.Context) error {
	inLog, copied, err := c.checkpoint(ctx, "NOOP")
	if err != nil || inLog-copied < copyPages {
		return err
	}
	if inLog, _, err = c.checkpoint(ctx, "PASSIVE"); err != nil || inLog < turnPages {
		return err
	}
	if err := c.d.gate.enter(ctx, false); err != nil {
		return err
	}
	defer c.d.gate.leave()
	_, _, err = c.checkpoint(ctx, "PASSIVE")
	return err
}

// checkpoint returns the pages in the log, and how many of them are copied.
func (c *copier) checkpoint(ctx context.Context, mode string) (inLog, copied int, err error) {
	var busy int
	err = c.pool.QueryRowContext(ctx, "PRAGMA wal_checkpoint("+mode+")").Scan(&busy, &inLog, &copied)
	return inLog, copied, err
}
