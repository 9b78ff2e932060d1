package blob

import (
	"context"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// Store keeps prepared photos of one district, sealed.
type Store struct {
	district int
	keys     *seal.Keyring
	clk      clock.Clock
}

// NewStore returns the photos of a district.
func NewStore(district int, keys *seal.Keyring, clk clock.Clock) *Store {
	return &Store{district: district, keys: keys, clk: clk}
}

// Meta describes a kept photo.
type Meta struct {
	ID            id.ID
	Register      string // key id of the register it belongs to
	Width, Height int    // pixels
	Bytes         int    // of the JPEG
	Account       id.ID  // who sent it
	At            int64  // UTC milliseconds
}

// Put keeps a photo in the register's key and returns its id. The record that
// refers to it is written in the same transaction.
func (s *Store) Put(ctx context.Context, tx *db.Tx, register string, account id.ID, p Photo) (id.ID, error) {
	const op = "blob.Put"
	if len(p.JPEG) == 0 || len(p.JPEG) > MaxStored {
		return 0, errs.E(op, errs.Invalid, "blob.empty")
	}
	m := Meta{ID: id.New(), Register: register, Width: p.Width, Height: p.Height, Bytes: len(p.JPEG), Account: account, At: clock.Ms(s.clk.Now())}
	sealed, err := s.keys.Seal(register, seal.AAD(register, "photo", m.ID), p.JPEG)
	if err != nil {
		return 0, errs.Wrap(op, err)
	}
	return m.ID, errs.Wrap(op, insertPhoto(ctx, tx, s.district, m, sealed))
}

// Get returns a photo as JPEG. Whether the caller may see it is decided by
// whoever holds the record that refers to it. Errors: blob.not_found, and those
// of seal.Open.
func (s *Store) Get(ctx context.Context, q db.Queryer, photo id.ID) (Meta, []byte, error) {
	const op = "blob.Get"
	m, sealed, err := selectPhoto(ctx, q, s.district, photo)
	if err != nil {
		return m, nil, errs.Wrap(op, err)
	}
	raw, err := s.keys.Open(m.Register, seal.AAD(m.Register, "photo", m.ID), sealed)
	return m, raw, errs.Wrap(op, err)
}
