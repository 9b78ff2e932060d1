package db

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

type txState uint8

const (
	txIdle   txState = iota
	txOpen           // begun, neither committed nor rolled back
	txDone           // ended in order
	txBroken         // the connection is in an unknown state
)

// Tx is a write transaction. It is used by one goroutine, within Write's fn
// only. After a statement failed the transaction can only end (PostgreSQL takes
// no further statement), unless the statement ran inside Savepoint.
type Tx struct {
	d       *DB
	conn    *sql.Conn
	stmts   *stmtCache // SQLite: prepared statements of the writer
	relaxed bool
	state   txState
	failed  error
	after   []func()
	topics  []string
	points  int
}

// Engine tells which kind of database this is.
func (t *Tx) Engine() Engine { return t.d.engine }

// quiet returns the context to run a statement under. SQLite's writer is never
// interrupted in the middle of a statement: its statements are short, and the
// driver would start a goroutine for each to watch the context.
func (t *Tx) quiet(ctx context.Context) context.Context {
	if t.stmts != nil {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

// ExecContext runs a statement that changes rows.
func (t *Tx) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	res, err := t.exec(ctx, query, args)
	if err != nil {
		t.failed = err
	}
	return res, err
}

func (t *Tx) exec(ctx context.Context, query string, args []any) (sql.Result, error) {
	if t.stmts == nil {
		return t.conn.ExecContext(ctx, query, args...)
	}
	stmt, err := t.stmts.get(t.quiet(ctx), query)
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(t.quiet(ctx), args...)
}

// QueryContext runs a query; it sees the transaction's own changes. Read the
// rows to their end, or close them, before the next statement.
func (t *Tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	rows, err := t.conn.QueryContext(t.quiet(ctx), query, args...)
	if err != nil {
		t.failed = err
	}
	return rows, err
}

// QueryRowContext runs a query of which at most one row is wanted. Scan it
// before the next statement.
func (t *Tx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if t.stmts == nil {
		return t.conn.QueryRowContext(ctx, query, args...)
	}
	stmt, err := t.stmts.get(t.quiet(ctx), query)
	if err != nil {
		return t.conn.QueryRowContext(t.quiet(ctx), query, args...) // gives the same error
	}
	return stmt.QueryRowContext(t.quiet(ctx), args...)
}

// OnCommit registers what happens after the commit, in order, outside the
// transaction: waking a listener, dropping a cache. It does not run when the
// transaction fails.
func (t *Tx) OnCommit(fn func()) { t.after = append(t.after, fn) }

// Notify tells every listener (DB.Listen), in every process on PostgreSQL, that
// what the topic names has changed, once the transaction commits. Equal topics
// of one transaction are told once. Topics hold ids, never personal fields.
func (t *Tx) Notify(topic string) {
	if !slices.Contains(t.topics, topic) {
		t.topics = append(t.topics, topic)
	}
}

// ForUpdate returns the words that lock the selected rows until the end of the
// transaction, to stand last in a SELECT. They are needed only in batches run
// with BatchOptions.OwnLocks; plain writes are serializable. SQLite needs none.
func (t *Tx) ForUpdate() string { return t.d.dialect.forUpdate }

// Savepoint runs fn; if it fails, its changes are undone, the error is returned
// and the transaction can go on.
func (t *Tx) Savepoint(ctx context.Context, fn func() error) error {
	t.points++
	name := fmt.Sprintf("p%d", t.points)
	defer func() { t.points-- }()
	if _, err := t.ExecContext(ctx, "SAVEPOINT "+name); err != nil {
		return err
	}
	after, topics, failed := len(t.after), len(t.topics), t.failed
	err := fn()
	if err == nil {
		err = t.failed
	}
	if err == nil {
		_, err = t.ExecContext(ctx, "RELEASE SAVEPOINT "+name)
		return err
	}
	if serialization(err) {
		return err // the whole transaction must run again
	}
	quiet := context.WithoutCancel(ctx)
	for _, q := range []string{"ROLLBACK TO SAVEPOINT ", "RELEASE SAVEPOINT "} {
		if _, undo := t.exec(quiet, q+name, nil); undo != nil {
			t.failed = undo
			return errors.Join(err, undo)
		}
	}
	t.after, t.topics, t.failed = t.after[:after], t.topics[:topics], failed
	return err
}

// sendTopics hands the news to PostgreSQL, which tells them at the commit.
func (t *Tx) sendTopics(ctx context.Context) error {
	if t.d.engine != Postgres {
		return nil
	}
	for _, topic := range t.topics {
		if _, err := t.ExecContext(ctx, "SELECT pg_notify($1, $2)", notifyChannel, topic); err != nil {
			return err
		}
	}
	return nil
}

// aborted reports whether PostgreSQL has given the transaction up: its COMMIT
// would roll back without saying so.
func (t *Tx) aborted() error {
	if t.d.engine != Postgres {
		return nil
	}
	return t.conn.Raw(func(c any) error {
		if c.(*stdlib.Conn).Conn().PgConn().TxStatus() != 'T' {
			return errAborted
		}
		return nil
	})
}

// discard makes the pool close the connection instead of keeping it.
func discard(c *sql.Conn) {
	_ = c.Raw(func(any) error { return driver.ErrBadConn })
}

// serverSaid reports whether the server itself refused with the error, so that the
// outcome is known. Its word that it ends the session (class 57P) tells nothing
// of a commit under way.
func serverSaid(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && !strings.HasPrefix(pg.Code, "57P")
}
