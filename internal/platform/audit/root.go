package audit

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// head is the end of a chain, as anchored in the root chain.
type head struct {
	Chain id.ID  `json:"c"`
	Seq   int64  `json:"s"`
	Hash  []byte `json:"h"`
}

// root is one step of the root chain.
type root struct {
	Seq   int64
	At    int64
	Heads string // JSON of []head
	Prev  []byte
	Hash  []byte
}

func (r root) sum(district int) []byte {
	h := newHasher("root")
	h.bytes(r.Prev)
	for _, n := range []int64{int64(district), r.Seq, r.At} {
		h.num(n)
	}
	h.bytes([]byte(r.Heads))
	return h.sum()
}

// Anchor writes the ends of this process's chains that moved since the last
// time into the root chain; nothing where none moved.
func (l *Log) Anchor(ctx context.Context, d *db.DB) error {
	return errs.Wrap("audit.Anchor", l.anchor(ctx, d, l.chains, false))
}

// AnchorAll anchors the ends of all chains, also those of processes that ended
// before they could. It is called once at the start.
func (l *Log) AnchorAll(ctx context.Context, d *db.DB) error {
	const op = "audit.AnchorAll"
	chains, err := allChains(ctx, d.Read(), l.district)
	if err != nil {
		return errs.Wrap(op, err)
	}
	return errs.Wrap(op, l.anchor(ctx, d, chains, true))
}

func (l *Log) anchor(ctx context.Context, d *db.DB, chains []id.ID, all bool) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	var heads []head
	for _, c := range chains {
		h, err := chainHead(ctx, d.Read(), l.district, c)
		if err != nil {
			return err
		}
		if h.Seq > 0 && (all || h.Seq > l.anchored[c]) {
			heads = append(heads, h)
		}
	}
	if len(heads) == 0 {
		return nil
	}
	text, err := json.Marshal(heads)
	if err != nil {
		return err
	}
	err = d.Write(ctx, "audit.anchor", func(tx *db.Tx) error {
		last, err := lastRoot(ctx, tx, l.district)
		if err != nil {
			return err
		}
		next := root{Seq: last.Seq + 1, At: clock.Ms(l.clk.Now()), Heads: string(text), Prev: last.Hash}
		next.Hash = next.sum(l.district)
		return insertRoot(ctx, tx, l.district, next)
	})
	if err != nil {
		return err
	}
	for _, h := range heads {
		l.anchored[h.Chain] = h.Seq
	}
	return nil
}

// AnchorEvery is how often Run anchors.
const AnchorEvery = time.Minute

// Run anchors at the start, each minute and at the end, until ctx is done. One
// goroutine of the process runs it.
func (l *Log) Run(ctx context.Context, d *db.DB, log *slog.Logger) {
	anchor := l.AnchorAll
	for {
		if err := anchor(ctx, d); err != nil && ctx.Err() == nil {
			log.Warn("audit chains not anchored; tried again in a minute", "error", err)
		} else {
			anchor = l.Anchor
		}
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			if err := l.Anchor(last, d); err != nil {
				log.Warn("audit chains not anchored at the end", "error", err)
			}
			return
		case <-clock.Real().After(AnchorEvery):
		}
	}
}
