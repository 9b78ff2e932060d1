package db

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"wangge/internal/platform/clock"
)

// notifyChannel is the one channel of PostgreSQL all topics go through.
const notifyChannel = "wangge"

// Everything is the topic that says: news may have been missed, re-read all.
const Everything = "*"

// Listen delivers the topics of Tx.Notify from now on, of every process on
// PostgreSQL, until ctx ends or the database closes; then the channel is closed.
// A topic told again before it was received is delivered once. After a lost
// connection the topic Everything is delivered. News carry no content: the
// receiver reads again.
func (d *DB) Listen(ctx context.Context) <-chan string {
	ch := d.hub.subscribe(ctx)
	if d.engine == Postgres {
		d.listenOnce.Do(func() {
			ready := make(chan struct{})
			go d.listenLoop(ready)
			select {
			case <-ready:
			case <-ctx.Done():
			case <-d.stopCtx.Done():
			}
		})
	}
	return ch
}

// listenLoop keeps one connection listening; ready is closed when the first one
// listens or has failed to.
func (d *DB) listenLoop(ready chan struct{}) {
	wait := 100 * time.Millisecond
	for first := true; d.stopCtx.Err() == nil; first = false {
		err := d.listenOn(d.stopCtx, func() {
			wait = 100 * time.Millisecond
			if first {
				close(ready)
				return
			}
			d.hub.publish(Everything)
		})
		if d.stopCtx.Err() != nil {
			break
		}
		d.log.Warn("listening for news broke off", "error", err)
		select {
		case <-ready:
		default:
			close(ready)
		}
		select {
		case <-clock.Real().After(wait):
		case <-d.stopCtx.Done():
		}
		wait = min(2*wait, 5*time.Second)
	}
}

// listenOn connects, listens and passes the news on until that fails.
func (d *DB) listenOn(ctx context.Context, listening func()) error {
	conn, err := pgx.ConnectConfig(ctx, d.pgConfig.Copy())
	if err != nil {
		return err
	}
	defer conn.Close(context.WithoutCancel(ctx))
	if _, err := conn.Exec(ctx, "LISTEN "+notifyChannel); err != nil {
		return err
	}
	listening()
	for {
		n, err := conn.WaitForNotification(ctx)
		if err != nil {
			return err
		}
		d.hub.publish(n.Payload)
	}
}
