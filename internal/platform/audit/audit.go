// Package audit keeps the record of who did what: log-ins, grants, unmasking,
// exports, imports, measures, overrides, keys. Entries hold ids and keys, never
// personal fields, so they can be verified after the data they speak of were
// destroyed.
//
// What it guarantees: an entry is written in the transaction of the act itself,
// so there is neither without the other. Each Append adds one link to a chain
// of hashes; a changed, removed, added or reordered entry breaks the chain at a
// row that Verify names. The end of every chain stands in a table of its own
// and is anchored in a root chain each minute, so that cutting off an end is
// seen as well. A look at a person is an entry and a row of the table look;
// one without the other is a problem.
//
// A process has a chain of its own on SQLite and a few on PostgreSQL, where
// transactions run side by side and would otherwise wait for one another. The
// end of a chain is read inside the transaction, never kept in memory: a
// rollback, a repeated transaction or an undone savepoint leaves no trace.
package audit

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"regexp"
	"sync"
	"sync/atomic"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Entry is one act. At is filled from the clock when zero, ID always.
type Entry struct {
	ID       id.ID
	At       int64  // UTC milliseconds
	Account  id.ID  // who; Zero for the system itself
	Post     id.ID  // the post spoken for; Zero without one
	Action   string // what, as "account.login" or "export.unmasked"
	Object   string // the kind of thing acted on, as "person"
	ObjectID id.ID  // the thing acted on
	Purpose  string // the key of a purpose, where the act needs one
	Detail   string // ids, keys and counts in ASCII, as "rows=200 format=xlsx"
	Chain    id.ID  // filled by the log
	Seq      int64  // filled by the log: the link in the chain
}

// Log appends entries for one district.
type Log struct {
	district int
	clk      clock.Clock
	chains   []id.ID
	turn     atomic.Uint32
	mu       sync.Mutex // one anchoring at a time
	anchored map[id.ID]int64
}

// pgChains is how many chains a process on PostgreSQL writes in turn: twice its
// concurrent writers, so that two rarely want the same.
const pgChains = 16

// New returns the log of a district. Its chains begin with its first entries.
func New(district int, clk clock.Clock) *Log {
	l := &Log{district: district, clk: clk, anchored: map[id.ID]int64{}}
	for range pgChains {
		l.chains = append(l.chains, id.New())
	}
	return l
}

var (
	keyShape    = regexp.MustCompile(`^[a-z][a-z0-9_.\-]{0,63}$`)
	detailShape = regexp.MustCompile(`^[ -~]{0,1000}$`)
)

// check refuses what could smuggle a personal field into the record.
func (e *Entry) check() error {
	switch {
	case !keyShape.MatchString(e.Action),
		e.Object != "" && !keyShape.MatchString(e.Object),
		e.Purpose != "" && !keyShape.MatchString(e.Purpose),
		!detailShape.MatchString(e.Detail):
		return errs.E("audit.Append", errs.Internal, "error.internal", e.Action)
	}
	return nil
}

// Append records acts in tx as one link of a chain. It fails only where the
// database does, or (Internal) where an entry holds anything but ids and keys.
func (l *Log) Append(ctx context.Context, tx *db.Tx, entries ...Entry) error {
	const op = "audit.Append"
	if len(entries) == 0 {
		return nil
	}
	entries = append([]Entry(nil), entries...)
	now := clock.Ms(l.clk.Now())
	for i := range entries {
		e := &entries[i]
		if err := e.check(); err != nil {
			return err
		}
		if e.At == 0 {
			e.At = now
		}
		e.ID = id.New()
	}
	chains := l.chains[:1]
	if tx.Engine() == db.Postgres {
		chains = l.chains
	}
	start := int(l.turn.Add(1))
	for i := range chains {
		ok, err := l.link(ctx, tx, chains[(start+i)%len(chains)], now, entries)
		if err != nil {
			return errs.Wrap(op, err)
		}
		if ok {
			return nil
		}
	}
	return errs.E(op, errs.Unavailable, "error.unavailable")
}

// link writes the entries as the next link of chain; false where another
// transaction took that place.
func (l *Log) link(ctx context.Context, tx *db.Tx, chain id.ID, now int64, entries []Entry) (bool, error) {
	head, err := chainHead(ctx, tx, l.district, chain)
	if err != nil {
		return false, err
	}
	for i := range entries {
		entries[i].Chain, entries[i].Seq = chain, head.Seq+1
	}
	next := link{Chain: chain, Seq: head.Seq + 1, Entries: len(entries), At: now, Prev: head.Hash, Digests: digestsOf(entries)}
	next.Hash = next.sum(l.district, entries)
	ok, err := insertLink(ctx, tx, l.district, next)
	if err != nil || !ok {
		return false, err
	}
	if err := setHead(ctx, tx, l.district, headOf(next)); err != nil {
		return false, err
	}
	return true, insertEntries(ctx, tx, l.district, entries)
}

// link is one step of a chain.
type link struct {
	Chain   id.ID
	Seq     int64
	Entries int
	At      int64
	Prev    []byte
	Hash    []byte
	Digests []byte // of each entry its id and a short digest, so that Verify can name the row
}

func headOf(k link) head { return head{Chain: k.Chain, Seq: k.Seq, Hash: k.Hash} }

// firstHash is what the first link of a chain follows.
func firstHash(district int, chain id.ID) []byte {
	h := newHasher("chain")
	h.num(int64(district))
	h.num(int64(chain))
	return h.sum()
}

// sum returns the hash of the link over its entries, which are in order of id.
func (k link) sum(district int, entries []Entry) []byte {
	kind := "link"
	if len(k.Digests) > 0 {
		kind = "link with digests"
	}
	h := newHasher(kind)
	h.bytes(k.Prev)
	for _, n := range []int64{int64(district), int64(k.Chain), k.Seq, k.At, int64(len(entries))} {
		h.num(n)
	}
	for _, e := range entries {
		h.entry(e)
	}
	if len(k.Digests) > 0 {
		h.bytes(k.Digests)
	}
	return h.sum()
}

func (h *hasher) entry(e Entry) {
	for _, n := range []int64{int64(e.ID), e.At, int64(e.Account), int64(e.Post), int64(e.ObjectID)} {
		h.num(n)
	}
	for _, s := range []string{e.Action, e.Object, e.Purpose, e.Detail} {
		h.bytes([]byte(s))
	}
}

// digestSize is the bytes a link keeps of each entry: its id and eight of its hash.
const digestSize = 16

// digestsOf returns the digests of entries, in order.
func digestsOf(entries []Entry) []byte {
	out := make([]byte, 0, digestSize*len(entries))
	for _, e := range entries {
		h := newHasher("entry")
		h.entry(e)
		out = binary.BigEndian.AppendUint64(out, uint64(e.ID))
		out = append(out, h.sum()[:digestSize-8]...)
	}
	return out
}

// hasher feeds SHA-256 with fields that cannot run into each other.
type hasher struct{ buf []byte }

func newHasher(kind string) *hasher {
	h := &hasher{}
	h.bytes([]byte("wangge audit v1 " + kind))
	return h
}

func (h *hasher) num(n int64) { h.buf = binary.BigEndian.AppendUint64(h.buf, uint64(n)) }

func (h *hasher) bytes(b []byte) {
	h.num(int64(len(b)))
	h.buf = append(h.buf, b...)
}

func (h *hasher) sum() []byte {
	s := sha256.Sum256(h.buf)
	return s[:]
}
