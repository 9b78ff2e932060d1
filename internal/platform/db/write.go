package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
)

// maxAttempts is how often PostgreSQL's losers of a race are run in all.
const maxAttempts = 6

// aloneAfter is the attempt from which a transaction of this process runs
// without others of this process beside it, so that a contended row still
// advances.
const aloneAfter = 2

// Write runs fn in one durable transaction. When it returns nil the change is
// on disk; otherwise nothing of it is. op names the operation in errors.
//
// fn may run several times (PostgreSQL repeats transactions that lost a race),
// so it has no effects but through tx; effects outside go to tx.OnCommit. It
// must not call Write itself. A panic in fn rolls back and goes on.
//
// Errors of the drivers come back as errors of the house (see Fault): Conflict
// "db.duplicate", Unavailable "db.busy", "db.unreachable", "db.disk_full",
// "db.closing"; "db.commit_unknown" means the connection broke while the
// database was committing, and only an idempotency key can tell.
func (d *DB) Write(ctx context.Context, op string, fn func(tx *Tx) error) error {
	return d.run(ctx, op, mode{}, fn)
}

// WriteLow is Write for long work in pieces (imports, opening a round): it lets
// waiting Writes pass, so that people at a door do not wait for a workbook.
// Ask a Pace how much a piece may hold, or keep it at 2,000 rows or fewer.
func (d *DB) WriteLow(ctx context.Context, op string, fn func(tx *Tx) error) error {
	return d.run(ctx, op, mode{low: true}, fn)
}

// mode says how a transaction is run.
type mode struct {
	low     bool // lets others pass
	relaxed bool // takes its own row locks; PostgreSQL runs it READ COMMITTED
}

func (d *DB) run(ctx context.Context, op string, m mode, fn func(tx *Tx) error) (err error) {
	o := d.observed()
	if o.Written != nil {
		watch := clock.Start()
		defer func() { o.Written(watch.Elapsed(), err) }()
	}
	if d.write == nil {
		return errs.E(op, errs.Conflict, "db.read_only")
	}
	if err := d.life.enter(op); err != nil {
		return err
	}
	defer d.life.leave()
	if !m.low {
		d.urgent.Add(1)
	}
	if err := d.gate.enter(ctx, m.low); err != nil {
		return Fault(op, err)
	}
	defer d.gate.leave()
	for attempt := 1; ; attempt++ {
		tx, err := d.attempt(ctx, op, m, attempt, fn)
		if err == nil {
			d.committed(tx)
			return nil
		}
		again := serialization(err) || errors.Is(err, errLost)
		if attempt == maxAttempts || !again || ctx.Err() != nil {
			return errs.Wrap(op, Fault(op, err))
		}
		if o.Repeated != nil {
			o.Repeated()
		}
		d.log.Debug("transaction repeated", "op", op, "attempt", attempt, "error", err)
		pause(ctx, attempt)
	}
}

// committed does what waited for the commit.
func (d *DB) committed(tx *Tx) {
	if d.engine == SQLite {
		d.copier.committed()
		for _, topic := range tx.topics {
			d.hub.publish(topic)
		}
	}
	for _, fn := range tx.after {
		fn()
	}
}

// attempt runs the transaction once.
func (d *DB) attempt(ctx context.Context, op string, m mode, n int, fn func(tx *Tx) error) (*Tx, error) {
	if d.engine == Postgres {
		if n > aloneAfter {
			d.serial.Lock()
			defer d.serial.Unlock()
		} else {
			d.serial.RLock()
			defer d.serial.RUnlock()
		}
	}
	conn, release, err := d.writeConn(ctx)
	if err != nil {
		return nil, err
	}
	tx := &Tx{d: d, conn: conn, relaxed: m.relaxed}
	if d.writer != nil {
		tx.stmts = d.writer.stmts
	}
	defer func() { release(tx.end(ctx)) }()
	if err := tx.beginNow(ctx); err != nil {
		return nil, err
	}
	if err := fn(tx); err != nil {
		return nil, tx.stranded(err)
	}
	if d.rehearsing.Load() {
		return nil, errs.E(op, errs.Unavailable, "db.rehearsal")
	}
	return tx, tx.commitNow(ctx, op)
}

// writeConn returns the connection to write on and how to give it back; a
// broken connection is thrown away.
func (d *DB) writeConn(ctx context.Context) (*sql.Conn, func(broken bool), error) {
	if d.writer != nil {
		if d.writer.conn == nil {
			if err := d.writer.grab(ctx); err != nil {
				return nil, nil, err
			}
		}
		return d.writer.conn, func(broken bool) {
			if broken {
				d.writer.drop()
			}
		}, nil
	}
	c, err := d.write.Conn(ctx)
	if err != nil {
		return nil, nil, err
	}
	return c, func(broken bool) {
		if broken {
			discard(c)
		}
		c.Close()
	}, nil
}

// pause waits before the next attempt: 2, 4, 8 … ms, give or take half.
func pause(ctx context.Context, attempt int) {
	base := time.Millisecond << attempt
	wait := base/2 + rand.N(base)
	select {
	case <-clock.Real().After(wait):
	case <-ctx.Done():
	}
}

// end rolls back what was neither committed nor rolled back, a panic's too, and
// reports whether the connection is of no more use.
func (t *Tx) end(ctx context.Context) (broken bool) {
	if t.state != txOpen {
		return t.state == txBroken
	}
	t.state = txDone
	quiet := context.WithoutCancel(ctx)
	if _, err := t.conn.ExecContext(quiet, t.d.dialect.rollback); err != nil {
		t.state = txBroken
		t.d.log.Warn("rollback failed, the connection is dropped", "error", err)
		return true
	}
	return false
}

func (t *Tx) beginNow(ctx context.Context) error {
	text := t.d.dialect.begin
	if t.relaxed {
		text = t.d.dialect.beginRelaxed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	_, err := t.conn.ExecContext(t.quiet(ctx), text)
	if err != nil {
		t.state = txBroken
		return t.stranded(err)
	}
	t.state = txOpen
	return nil
}

func (t *Tx) commitNow(ctx context.Context, op string) error {
	if t.failed != nil {
		return fmt.Errorf("the transaction went on after an error: %w", t.failed)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := t.sendTopics(ctx); err != nil {
		return err
	}
	if err := t.aborted(); err != nil {
		return err
	}
	watch := clock.Start()
	_, err := t.conn.ExecContext(context.WithoutCancel(ctx), t.d.dialect.commit)
	if o := t.d.observed(); o.Committed != nil && err == nil {
		o.Committed(watch.Elapsed())
	}
	if err == nil {
		t.state = txDone
		return nil
	}
	if t.d.engine == Postgres && !serverSaid(err) {
		t.state = txBroken
		return &errs.Error{Op: op, Kind: errs.Unavailable, Key: "db.commit_unknown", Err: err}
	}
	return err
}

// stranded looks at an error met before the commit. Where the connection is dead,
// or leads to a server that is the primary no longer, nothing was committed: it is
// dropped and the transaction begins again on another.
func (t *Tx) stranded(err error) error {
	if t.d.engine != Postgres {
		return err
	}
	f, _ := classify(err)
	if f.key != "db.unreachable" && !onFollower(err) {
		return err
	}
	t.state = txBroken
	return errors.Join(errLost, err)
}

// errLost marks a connection lost before the commit began.
var errLost = errors.New("db: the connection was lost before the commit")

// errAborted is the fault of a caller who went on after a failed statement.
var errAborted = errors.New("db: a statement of the transaction failed and its error was passed over")
