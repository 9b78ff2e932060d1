package account

import (
	"context"
	"encoding/hex"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/alexedwards/argon2id"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/seal"
)

// params are OWASP's first choice for argon2id: 19 MiB, two passes.
var params = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

const (
	hashWait  = 8 * time.Second // a log-in waits this long for its turn
	hashQueue = 256             // more than this many waiting are sent away at once
)

// hasher runs argon2id a few at a time, so that a rush of log-ins at a shift's
// start neither takes every core nor all memory.
type hasher struct {
	slots   chan struct{}
	waiting atomic.Int64
}

func newHasher() *hasher {
	return &hasher{slots: make(chan struct{}, max(1, runtime.NumCPU()/2))}
}

// turn waits for a place; the caller gives it back with done.
func (h *hasher) turn(ctx context.Context) (done func(), err error) {
	if h.waiting.Add(1) > hashQueue {
		h.waiting.Add(-1)
		return nil, errs.E("account.hash", errs.Unavailable, "account.busy")
	}
	defer h.waiting.Add(-1)
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots }, nil
	default:
	}
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots }, nil
	case <-ctx.Done():
	case <-clock.Real().After(hashWait):
	}
	return nil, errs.E("account.hash", errs.Unavailable, "account.busy")
}

// pepper makes a password useless to guess at without the key folder.
func (s *Service) pepper(password string) (string, error) {
	h := s.keys.Hash(seal.Standing, "password", password)
	if h == nil {
		return "", errs.E("account.hash", errs.Unavailable, "seal.key_missing")
	}
	return hex.EncodeToString(h), nil
}

// HashPassword checks a new password against the rules (errors name the field
// "password") and returns what is kept of it. It takes about 25 ms of a core, so
// it is called before a transaction, never inside.
func (s *Service) HashPassword(ctx context.Context, password, login, phone string) (string, error) {
	if err := checkPassword(password, login, phone); err != nil {
		return "", err
	}
	peppered, err := s.pepper(password)
	if err != nil {
		return "", err
	}
	done, err := s.hasher.turn(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	hash, err := argon2id.CreateHash(peppered, params)
	return hash, errs.Wrap("account.HashPassword", err)
}

// nobodysHash is compared with where there is no account, so that the answer
// takes as long as for one that exists.
const nobodysHash = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// verify reports whether password is the one behind hash.
func (s *Service) verify(ctx context.Context, password, hash string) (bool, error) {
	peppered, err := s.pepper(password)
	if password == "" || len(password) > 4*maxPassword {
		peppered, err = "", nil
	}
	if err != nil {
		return false, err
	}
	known := hash != ""
	if !known {
		hash = nobodysHash
	}
	done, err := s.hasher.turn(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	ok, err := argon2id.ComparePasswordAndHash(peppered, hash)
	return ok && known && peppered != "", errs.Wrap("account.verify", err)
}
