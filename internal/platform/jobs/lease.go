package jobs

import (
	"context"
	"math"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// LeaseTime is how long a job's holder may fall silent before another process
// may take the job over. On SQLite, whose only writer is the asking process
// itself, nobody else can hold one.
const LeaseTime = time.Minute

const beatEvery = LeaseTime / 4

// Lease is one process's hold on a job. Every write of the job's work checks it
// in its own transaction (Progress, End), so that a holder that was taken for
// dead cannot write beside the one that took over.
type Lease struct {
	d        *db.DB
	district int
	job      id.ID
	owner    string
}

// Take starts a job for owner in tx, from its beginning. The caller makes sure
// in the same transaction that nobody else works on its object.
func Take(ctx context.Context, tx *db.Tx, d *db.DB, j Job, owner string) (*Lease, error) {
	now := clock.Ms(d.Clock().Now())
	if err := startHeld(ctx, tx, j, owner, now); err != nil {
		return nil, err
	}
	return &Lease{d, j.District, j.ID, owner}, nil
}

// TakeOver takes a job whose holder fell silent, or that has no row; nil where
// somebody holds it.
func TakeOver(ctx context.Context, d *db.DB, j Job, owner string) (*Lease, error) {
	ok := false
	err := d.Write(ctx, "jobs.TakeOver", func(tx *db.Tx) (err error) {
		now := clock.Ms(d.Clock().Now())
		ok, err = takeOver(ctx, tx, j, owner, now, silentBefore(d))
		return err
	})
	if err != nil || !ok {
		return nil, err
	}
	return &Lease{d, j.District, j.ID, owner}, nil
}

// silentBefore is the instant since which a living holder has beaten.
func silentBefore(d *db.DB) int64 {
	if d.Engine() == db.SQLite {
		return math.MaxInt64
	}
	return clock.Ms(d.Clock().Now().Add(-LeaseTime))
}

// Keep says again and again that the job is held, until stop is called. The
// context it returns ends when the lease is lost.
func (l *Lease) Keep(ctx context.Context) (held context.Context, stop func()) {
	held, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-held.Done():
				return
			case <-l.d.Clock().After(beatEvery):
			}
			err := l.d.WriteLow(held, "jobs.Beat", func(tx *db.Tx) error { return l.beat(ctx, tx) })
			if errs.Is(err, errs.Conflict) {
				cancel()
			}
		}
	}()
	return held, func() { cancel(); <-done }
}

func (l *Lease) beat(ctx context.Context, tx *db.Tx) error {
	return l.checked(beatHeld(ctx, tx, l, clock.Ms(l.d.Clock().Now())))
}

// Progress records how far the job has come, in the transaction of the piece
// that brought it there. Conflict "job.lost" where another took the job over.
func (l *Lease) Progress(ctx context.Context, tx *db.Tx, done, total int) error {
	return l.checked(moveHeld(ctx, tx, l, done, total, clock.Ms(l.d.Clock().Now())))
}

// End ends the job in a state, with a message key for people. Conflict
// "job.lost" where another took the job over.
func (l *Lease) End(ctx context.Context, tx *db.Tx, state, message string) error {
	return l.checked(endHeld(ctx, tx, l, state, message, clock.Ms(l.d.Clock().Now())))
}

func (l *Lease) checked(held bool, err error) error {
	if err == nil && !held {
		err = errs.E("jobs.Lease", errs.Conflict, "job.lost")
	}
	return err
}
