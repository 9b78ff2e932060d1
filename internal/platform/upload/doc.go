// Package upload keeps files that were handed in while somebody looks at what
// they would change.
//
// What it guarantees:
//   - a file lies sealed under the standing key, for seven days, and opens only
//     for who handed it in;
//   - it is carried out once: of several who try at the same time one is let in,
//     and one that broke off can be tried again once nobody can be at it;
//   - what it did is kept, sealed, with it.
//
// It knows nothing of what the files say: a slice has a Store for its kinds.
package upload

import (
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

const (
	// keep is how long a file is kept.
	keep = 7 * 24 * time.Hour
	// claim is how long a file counts as being carried out: longer than a
	// request lives.
	claim = 10 * time.Minute
)

// Owner is who hands files in and opens them.
type Owner struct {
	District int
	Account  id.ID
	All      bool // the installation itself: opens everybody's
}

// File is a file that was handed in.
type File struct {
	ID        id.ID
	Kind      string // what the slice calls such files
	Place     id.ID  // what it may speak of
	Name      string // as shown
	Data      []byte
	CreatedMs int64
	AppliedMs int64 // 0: it was not carried out to its end
	Writing   bool  // somebody is carrying it out

	result []byte
}

// Store keeps the files of some kinds.
type Store struct {
	d     *db.DB
	keys  *seal.Keyring
	clk   clock.Clock
	kinds []string
}

// New returns the store of the files of some kinds; those of others are not
// found in it. keys holds the standing key.
func New(d *db.DB, keys *seal.Keyring, clk clock.Clock, kinds ...string) *Store {
	return &Store{d: d, keys: keys, clk: clk, kinds: kinds}
}
