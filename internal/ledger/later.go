package ledger

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"unique"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// laterLot is how many hashes are held back. Tests change it.
var laterLot = 200_000

// How many hashes one transaction writes: laterPiece, but laterLittle while
// somebody else writes too.
const laterPiece, laterLittle = 10_000, 1000

// Later holds back the hashes by which new people are found, and writes them a
// lot at a time in the order of their index, beside the people who come after
// them. Hashes are random: written with every few hundred people, nearly each of
// them changes a page of the index of its own, which took half of a large
// import. In a lot, those of one transaction lie close together. Until its lot
// is written a new person is in every list, but no search for a name, number or
// phone finds it. One goroutine uses a Later. Whoever stops before Flush undoes
// what it wrote (see Erase).
type Later struct {
	s        *Service
	district int
	rows     []laterKey
	lot      chan error // answered when the lot before is written; nil: there is none
	pace     *db.Pace

	mu      sync.Mutex
	rekeyed map[id.ID]bool // people whose hashes somebody wrote anew meanwhile
}

type laterKey struct {
	hash   [16]byte
	person id.ID
	kind   unique.Handle[string] // half of a string
}

// NewLater returns an empty Later; End it. It is nil on PostgreSQL, where other
// processes write too: hashes are written with their people there.
func (s *Service) NewLater(district int) *Later {
	if s.db.Engine() != db.SQLite {
		return nil
	}
	l := &Later{s: s, district: district, rekeyed: map[id.ID]bool{}, pace: s.db.NewPace(laterLittle, laterPiece)}
	s.laters.Store(l, true)
	return l
}

// End waits for the lot that is being written and forgets what is still held
// back.
func (l *Later) End() {
	if l != nil {
		_ = l.wait() // whoever ends without Flush undoes it all
		l.s.laters.Delete(l)
	}
}

// KeepKeys has a batch leave the hashes of its new people to l, nil for none.
func (b *Batch) KeepKeys(l *Later) { b.later = l }

// take holds hashes back once the people they are of are written.
func (l *Later) take(tx *db.Tx, keys []laterKey) {
	tx.OnCommit(func() { l.rows = append(l.rows, keys...) })
}

// Turn begins to write what is held back once that is a lot, when the lot
// before it is written. Errors: Denied; what the lot before it failed with.
func (l *Later) Turn(ctx context.Context, c grid.Caller) error {
	if l == nil || len(l.rows) < laterLot {
		return nil
	}
	return l.begin(ctx, c)
}

// Flush writes all that is held back, in short transactions. Errors: as Turn.
func (l *Later) Flush(ctx context.Context, c grid.Caller) error {
	if l == nil {
		return nil
	}
	return cmp.Or(l.begin(ctx, c), l.wait())
}

func (l *Later) begin(ctx context.Context, c grid.Caller) error {
	if err := cmp.Or(c.Require(opLater, grid.LedgerImport), l.wait()); err != nil {
		return err
	}
	rows, done := l.rows, make(chan error, 1)
	l.rows, l.lot = make([]laterKey, 0, len(rows)), done
	go func() { done <- l.write(ctx, rows) }()
	return nil
}

// wait waits for the lot that is being written.
func (l *Later) wait() error {
	if l.lot == nil {
		return nil
	}
	err := <-l.lot
	l.lot = nil
	return err
}

const opLater = "ledger.Later"

func (l *Later) write(ctx context.Context, rows []laterKey) (err error) {
	defer func() {
		if p := recover(); p != nil { // it fails the import, not the process
			err = errs.Wrap(opLater, fmt.Errorf("panic: %v", p))
		}
	}()
	slices.SortFunc(rows, func(a, b laterKey) int {
		return cmp.Or(bytes.Compare(a.hash[:], b.hash[:]), cmp.Compare(a.person, b.person))
	})
	for len(rows) > 0 {
		n := min(len(rows), l.pace.Next())
		err := l.s.db.WriteLow(ctx, opLater, func(tx *db.Tx) error {
			return tx.BulkInsert(ctx, "person_key", keyCols, l.due(rows[:n]))
		})
		if err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// due leaves out those whose hashes were written anew. It is called within a
// transaction: what another one changed is known here when the next begins.
func (l *Later) due(part []laterKey) [][]any {
	l.mu.Lock()
	defer l.mu.Unlock()
	rows := make([][]any, 0, len(part))
	for _, k := range part {
		if !l.rekeyed[k.person] {
			rows = append(rows, []any{l.district, k.hash[:], int64(k.person), k.kind.Value()})
		}
	}
	return rows
}

// wroteKeys tells those who hold hashes of a person back that they were written
// anew.
func (s *Service) wroteKeys(tx *db.Tx, person id.ID) {
	tx.OnCommit(func() {
		s.laters.Range(func(l, _ any) bool {
			l.(*Later).skip(person)
			return true
		})
	})
}

func (l *Later) skip(person id.ID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rekeyed[person] = true
}
