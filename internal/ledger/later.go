package ledger

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"sync"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// laterLot is how many hashes are held back, laterPiece how many of them one
// transaction writes. Tests change the lot.
var laterLot = 200_000

const laterPiece = 4000

// Later holds back the hashes by which new people are found, and writes them a
// lot at a time in the order of their index. Hashes are random: written with
// every few hundred people, nearly each of them changes a page of the index of
// its own, which took half of a large import. In a lot, those of one
// transaction lie close together. Until its lot is written a new person is in
// every list, but no search for a name, number or phone finds it. One goroutine
// uses a Later. Whoever stops before Flush undoes what it wrote (see Erase).
type Later struct {
	s        *Service
	district int
	rows     []laterKey

	mu      sync.Mutex
	rekeyed map[id.ID]bool // people whose hashes somebody wrote anew meanwhile
}

type laterKey struct {
	hash   [16]byte
	person id.ID
	kind   string
}

// NewLater returns an empty Later; End it. It is nil on PostgreSQL, where other
// processes write too: hashes are written with their people there.
func (s *Service) NewLater(district int) *Later {
	if s.db.Engine() != db.SQLite {
		return nil
	}
	l := &Later{s: s, district: district, rekeyed: map[id.ID]bool{}}
	s.laters.Store(l, true)
	return l
}

// End forgets what is still held back.
func (l *Later) End() {
	if l != nil {
		l.s.laters.Delete(l)
	}
}

// KeepKeys has a batch leave the hashes of its new people to l, nil for none.
func (b *Batch) KeepKeys(l *Later) { b.later = l }

// take holds hashes back once the people they are of are written.
func (l *Later) take(tx *db.Tx, keys []laterKey) {
	tx.OnCommit(func() { l.rows = append(l.rows, keys...) })
}

// Full reports whether a lot is held back.
func (l *Later) Full() bool { return l != nil && len(l.rows) >= laterLot }

// Flush writes what is held back, in short transactions. Errors: Denied.
func (l *Later) Flush(ctx context.Context, c grid.Caller) error {
	const op = "ledger.Later"
	if err := c.Require(op, grid.LedgerImport); err != nil || l == nil {
		return err
	}
	slices.SortFunc(l.rows, func(a, b laterKey) int {
		return cmp.Or(bytes.Compare(a.hash[:], b.hash[:]), cmp.Compare(a.person, b.person))
	})
	err := db.Chunks(l.rows, laterPiece, func(part []laterKey) error {
		return l.s.db.WriteLow(ctx, op, func(tx *db.Tx) error {
			return tx.BulkInsert(ctx, "person_key", keyCols, l.due(part))
		})
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rows = l.rows[:0]
	clear(l.rekeyed)
	return err
}

// due leaves out those whose hashes were written anew. It is called within a
// transaction: what another one changed is known here when the next begins.
func (l *Later) due(part []laterKey) [][]any {
	l.mu.Lock()
	defer l.mu.Unlock()
	rows := make([][]any, 0, len(part))
	for _, k := range part {
		if !l.rekeyed[k.person] {
			rows = append(rows, []any{l.district, k.hash[:], int64(k.person), k.kind})
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
