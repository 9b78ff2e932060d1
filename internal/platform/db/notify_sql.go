package db

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/id"
)

// notifyChannel is the one channel of PostgreSQL all topics go through.
const notifyChannel = "wangge"

// Everything is the topic that says: news may have been missed, re-read all.
const Everything = "*"

// beatEvery is how often a listener tells itself that it lives; newsTimeout is
// how long it waits for that, and for an answer, before it connects anew. What
// is missed while a connection is dead is made up for within their sum.
const (
	beatEvery   = 2 * time.Second
	newsTimeout = 3 * time.Second
)

// beatPrefix begins the topics that are beats; nobody is told them.
const beatPrefix = "beat:"

// Listen delivers the topics of Tx.Notify from now on, of every process on
// PostgreSQL, until ctx ends or the database closes; then the channel is closed.
// A topic told again before it was received is delivered once. When news may
// have been missed (a lost connection, a failover) the topic Everything is
// delivered. News carry no content: the receiver reads again.
func (d *DB) Listen(ctx context.Context) <-chan string {
	ch := d.hub.subscribe(ctx)
	if d.engine == Postgres {
		d.join(ctx)
	}
	return ch
}

// join starts the connection over which this process hears of the others, once,
// and waits until it stands or has failed to.
func (d *DB) join(ctx context.Context) {
	d.joined.Do(func() {
		ready := make(chan struct{})
		go d.listenLoop(ready)
		select {
		case <-ready:
		case <-ctx.Done():
		case <-d.stopCtx.Done():
		}
	})
}

// listenLoop keeps one connection listening; ready is closed when the first one
// listens or has failed to.
func (d *DB) listenLoop(ready chan struct{}) {
	begun := sync.OnceFunc(func() { close(ready) })
	wait := 100 * time.Millisecond
	for first := true; d.stopCtx.Err() == nil; first = false {
		err := d.listenOn(d.stopCtx, func() {
			wait = 100 * time.Millisecond
			begun()
			if !first {
				d.hub.publish(Everything)
			}
		})
		if d.stopCtx.Err() != nil {
			break
		}
		begun()
		d.log.Warn("listening for news broke off", "error", err)
		select {
		case <-clock.Real().After(wait):
		case <-d.stopCtx.Done():
		}
		wait = min(2*wait, 5*time.Second)
	}
}

// listenOn connects, listens and passes the news on until that fails. The
// connection also holds the process's number for identifiers.
func (d *DB) listenOn(ctx context.Context, listening func()) error {
	begin, cancel := context.WithTimeout(ctx, 2*connectTimeout)
	defer cancel()
	conn, err := pgx.ConnectConfig(begin, d.pgConfig.Copy())
	if err != nil {
		return err
	}
	defer closeSoon(conn)
	if _, err := conn.Exec(begin, "LISTEN "+notifyChannel); err != nil {
		return err
	}
	if err := claimNode(begin, conn); err != nil {
		return err
	}
	listening()
	for {
		if err := d.hear(ctx, conn); err != nil {
			return err
		}
	}
}

// hear passes news on for a while, then has the connection tell itself a beat: a
// connection that is dead, leads to a server that only follows, or goes through a
// pooler that swallows news is found out.
func (d *DB) hear(ctx context.Context, conn *pgx.Conn) error {
	quiet, cancel := context.WithTimeout(ctx, beatEvery)
	defer cancel()
	err := d.pass(quiet, conn, "")
	if err == nil || quiet.Err() == nil || ctx.Err() != nil {
		return err
	}
	beat := beatPrefix + id.New().String()
	answered, cancel := context.WithTimeout(ctx, newsTimeout)
	defer cancel()
	if _, err := conn.Exec(answered, "SELECT pg_notify($1, $2)", notifyChannel, beat); err != nil {
		return err
	}
	return d.pass(answered, conn, beat)
}

// pass publishes news until the topic comes, or ctx ends.
func (d *DB) pass(ctx context.Context, conn *pgx.Conn, until string) error {
	for {
		n, err := conn.WaitForNotification(ctx)
		switch {
		case err != nil:
			return err
		case n.Payload == until:
			return nil
		case !strings.HasPrefix(n.Payload, beatPrefix):
			d.hub.publish(n.Payload)
		}
	}
}

// closeSoon closes a connection whose server may not answer any more.
func closeSoon(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	_ = conn.Close(ctx)
}

// nodeLock is the class of the advisory locks that hold processes' numbers.
const nodeLock = applicationID

// claimNode makes sure that no other process on this database makes identifiers
// under the same number: the number is an advisory lock of the connection, and
// one that is taken is exchanged for another.
func claimNode(ctx context.Context, conn *pgx.Conn) error {
	for {
		var free bool
		if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1, $2)", nodeLock, id.Node()).Scan(&free); err != nil {
			return err
		}
		if free {
			return nil
		}
		id.Renumber()
	}
}
