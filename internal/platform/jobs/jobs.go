// Package jobs is the durable queue and the book of long work.
//
// The outbox carries a package's reaction to another's fact: Enqueue writes a
// row in the transaction of the fact itself, so that either both exist or
// neither, and a Runner hands it to the topic's handler at least once, again
// and again until the handler succeeds, also after a crash and with several
// replicas. Handlers are idempotent. A handler registered with HandleTx shares
// one transaction with the row's completion: its changes happen exactly once.
//
// Progress keeps how far an import or the opening of a round has come, so that
// a page can show it and a restart can see what was interrupted.
package jobs

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Message is a row of the outbox.
type Message struct {
	District int
	ID       id.ID
	Topic    string
	Payload  json.RawMessage // ids and keys only, never personal fields
	Attempts int             // 1 the first time
}

// Decode reads the payload into v.
func (m Message) Decode(v any) error {
	if err := json.Unmarshal(m.Payload, v); err != nil {
		return fmt.Errorf("payload of %s %s: %w", m.Topic, m.ID, err)
	}
	return nil
}

// Handler does what a message asks for; an error means: later again.
type Handler func(ctx context.Context, m Message) error

// TxHandler is a handler whose changes commit together with the completion.
type TxHandler func(ctx context.Context, tx *db.Tx, m Message) error

// Wake is the news topic that says the outbox has new rows.
const Wake = "outbox"

// Enqueue adds a message to the outbox in tx, to be handled at due or later.
// payload is encoded as JSON; it holds ids, never personal fields.
func Enqueue(ctx context.Context, tx *db.Tx, district int, topic string, payload any, due time.Time) (id.ID, error) {
	text, err := json.Marshal(payload)
	if err != nil {
		return id.Zero, errs.Wrap("jobs.Enqueue", err)
	}
	m := Message{District: district, ID: id.New(), Topic: topic, Payload: text}
	if err := insertMessage(ctx, tx, m, clock.Ms(due)); err != nil {
		return id.Zero, errs.Wrap("jobs.Enqueue", err)
	}
	tx.Notify(Wake)
	return m.ID, nil
}

// Hasten makes what waits of a topic in a district due at once, in tx: the reason
// for which it was put off may be gone. What is being handled is left alone.
func Hasten(ctx context.Context, tx *db.Tx, district int, topic string, now time.Time) error {
	if err := hasten(ctx, tx, district, topic, clock.Ms(now)); err != nil {
		return errs.Wrap("jobs.Hasten", err)
	}
	tx.Notify(Wake)
	return nil
}

// Timing of the runner, in time of the database's clock.
const (
	lease      = 2 * time.Minute // a claimed message is another's after this
	pollEvery  = 2 * time.Second // news may be lost: look anyway
	firstRetry = time.Second
	lastRetry  = 10 * time.Minute
	keepDone   = 72 * time.Hour
	purgeEvery = time.Hour
	claimAtOne = 64 // messages claimed in one transaction
)

// atOnce is how many messages a runner handles at the same time.
const atOnce = 4

// Runner hands messages to handlers. Register the handlers, then Run it.
type Runner struct {
	d        *db.DB
	clk      clock.Clock
	log      *slog.Logger
	claims   int // messages claimed in one transaction
	handlers map[string]TxHandler
	plain    map[string]Handler
	mu       sync.Mutex
	inFlight map[id.ID]bool
	purged   time.Time
}

// NewRunner returns a runner without handlers. Messages of topics that have
// none stay in the outbox.
func NewRunner(d *db.DB, log *slog.Logger) *Runner {
	return &Runner{
		d: d, clk: d.Clock(), log: log, claims: claimAtOne,
		handlers: map[string]TxHandler{}, plain: map[string]Handler{}, inFlight: map[id.ID]bool{},
	}
}

// Waits tells the runner that its handlers wait for machines of others, less than
// the lease: it claims no more messages than it handles at once, so that none
// waits its lease out behind slow ones. Such handlers have a runner of their own.
func (r *Runner) Waits() { r.claims = atOnce }

// Handle registers the handler of a topic. It runs outside any transaction and
// may run more than once for a message: it is idempotent.
func (r *Runner) Handle(topic string, h Handler) { r.plain[topic] = h }

// HandleTx registers a handler that works in the transaction that completes the
// message.
func (r *Runner) HandleTx(topic string, h TxHandler) { r.handlers[topic] = h }

// Run handles messages as they fall due until ctx ends, then lets the running
// handlers finish. It returns nil.
func (r *Runner) Run(ctx context.Context) error {
	news := r.d.Listen(ctx)
	for ctx.Err() == nil {
		n, err := r.round(ctx)
		if err != nil && ctx.Err() == nil {
			r.log.Warn("the outbox cannot be read", "error", err)
		}
		if n == r.claims {
			continue
		}
		r.purge(ctx)
		r.wait(ctx, news)
	}
	return nil
}

// wait returns when there is news of the outbox, or it is time to look anyway.
func (r *Runner) wait(ctx context.Context, news <-chan string) {
	tick := r.clk.After(pollEvery)
	for {
		select {
		case topic, open := <-news:
			if !open {
				news = nil
			}
			if topic == Wake || topic == db.Everything {
				return
			}
		case <-tick:
			return
		case <-ctx.Done():
			return
		}
	}
}

// Drain handles what is due now, and what that makes due now, and returns how
// many messages succeeded and the first error. It serves tests and commands
// that leave nothing behind.
func (r *Runner) Drain(ctx context.Context) (int, error) {
	total := 0
	var first error
	for {
		claimed, err := r.claim(ctx)
		if err != nil || len(claimed) == 0 {
			if first == nil {
				first = err
			}
			return total, first
		}
		for _, m := range claimed {
			if err := r.handle(ctx, m); err != nil {
				if first == nil {
					first = err
				}
				continue
			}
			total++
		}
	}
}

// round claims and handles messages, at most as many as it claims at once.
func (r *Runner) round(ctx context.Context) (int, error) {
	claimed, err := r.claim(ctx)
	if err != nil {
		return 0, err
	}
	var g errgroup.Group
	g.SetLimit(atOnce)
	for _, m := range claimed {
		g.Go(func() error {
			_ = r.handle(context.WithoutCancel(ctx), m) // reported and put off there
			return nil
		})
	}
	return len(claimed), g.Wait()
}

// topics returns those that have a handler.
func (r *Runner) topics() []string {
	var list []string
	for t := range r.handlers {
		list = append(list, t)
	}
	for t := range r.plain {
		list = append(list, t)
	}
	return list
}

// claim leases due messages to this runner.
func (r *Runner) claim(ctx context.Context) ([]claimed, error) {
	topics := r.topics()
	if len(topics) == 0 {
		return nil, nil
	}
	now := r.clk.Now()
	due, err := dueMessages(ctx, r.d.Read(), topics, clock.Ms(now), r.claims)
	if err != nil {
		return nil, errs.Wrap("jobs.claim", err)
	}
	due = r.withoutInFlight(due)
	if len(due) == 0 {
		return nil, nil
	}
	var got []claimed
	err = r.d.Write(ctx, "jobs.claim", func(tx *db.Tx) error {
		got = got[:0]
		until := clock.Ms(now.Add(lease))
		for _, m := range due {
			ok, err := leaseMessage(ctx, tx, m, clock.Ms(now), until)
			if err != nil {
				return err
			}
			if ok {
				m.Attempts++
				got = append(got, claimed{Message: m, until: until})
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	r.mark(got, true)
	return got, nil
}

// claimed is a message this runner holds the lease of.
type claimed struct {
	Message
	until int64
}

func (r *Runner) withoutInFlight(list []Message) []Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept := list[:0]
	for _, m := range list {
		if !r.inFlight[m.ID] {
			kept = append(kept, m)
		}
	}
	return kept
}

func (r *Runner) mark(list []claimed, in bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range list {
		if in {
			r.inFlight[m.ID] = true
		} else {
			delete(r.inFlight, m.ID)
		}
	}
}

// handle runs the message's handler and completes it or puts it off.
func (r *Runner) handle(ctx context.Context, m claimed) error {
	defer r.mark([]claimed{m}, false)
	err := r.call(ctx, m)
	if err == nil {
		return nil
	}
	again := r.clk.Now().Add(backoff(m.Attempts))
	r.log.Warn("a message is put off", "topic", m.Topic, "id", m.ID, "attempts", m.Attempts, "until", again, "error", err)
	putOff := r.d.Write(ctx, "jobs.putOff", func(tx *db.Tx) error {
		return postpone(ctx, tx, m, clock.Ms(again))
	})
	if putOff != nil {
		r.log.Warn("a message waits for the end of its lease", "id", m.ID, "error", putOff)
	}
	return err
}

func (r *Runner) call(ctx context.Context, m claimed) (err error) {
	defer func() {
		if p := recover(); p != nil {
			r.log.Error("panic in a handler", "topic", m.Topic, "panic", p, "stack", string(debug.Stack()))
			err = errs.Wrap("jobs."+m.Topic, fmt.Errorf("panic: %v", p))
		}
	}()
	if h, ok := r.plain[m.Topic]; ok {
		if err := h(ctx, m.Message); err != nil {
			return err
		}
	}
	return r.d.Write(ctx, "jobs."+m.Topic, func(tx *db.Tx) error {
		ours, err := complete(ctx, tx, m, clock.Ms(r.clk.Now()))
		if err != nil {
			return err
		}
		h, inTx := r.handlers[m.Topic]
		if !inTx {
			return nil
		}
		if !ours {
			return errs.E("jobs."+m.Topic, errs.Conflict, "db.busy") // the lease went to another
		}
		return h(ctx, tx, m.Message)
	})
}

// backoff returns how long to wait after the n-th failure: one second, doubled
// each time up to ten minutes, less up to a quarter.
func backoff(n int) time.Duration {
	d := lastRetry
	if n < 10 {
		d = min(lastRetry, firstRetry<<max(0, n-1))
	}
	return d - rand.N(d/4)
}

// purge removes what was done long ago, once an hour.
func (r *Runner) purge(ctx context.Context) {
	now := r.clk.Now()
	if now.Sub(r.purged) < purgeEvery {
		return
	}
	r.purged = now
	err := r.d.WriteLow(ctx, "jobs.purge", func(tx *db.Tx) error {
		return deleteDone(ctx, tx, clock.Ms(now.Add(-keepDone)))
	})
	if err != nil && ctx.Err() == nil {
		r.log.Warn("old messages are not removed", "error", err)
	}
}

// Waiting returns how many messages are not done, and how many of them have
// failed at least once.
func Waiting(ctx context.Context, q db.Queryer) (waiting, failing int, err error) {
	return countWaiting(ctx, q)
}
