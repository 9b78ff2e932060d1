package account

import (
	"bytes"
	"context"
	"slices"
	"time"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/seal"
)

// Limits of failed tries within failureWindow: of one address (an office behind
// one address has many people) and of one log-in name, also of names that do
// not exist, so that the answer does not tell which do. They are counted in the
// database, for all processes together and across restarts; only a failure writes.
const (
	addressFailures = 60
	nameFailures    = 20
	failureWindow   = 10 * time.Minute
	keepFailures    = 24 * time.Hour // failures in a row are forgotten after a quiet day
)

// failures are the failed tries counted under one key, as "ip 10.0.0.1".
type failures struct {
	count int   // since
	since int64 // UTC milliseconds
	inRow int   // since the last success, however long ago
	last  int64 // UTC milliseconds
}

// recent returns how many failures count now.
func (f failures) recent(now int64) int {
	if now-f.since >= failureWindow.Milliseconds() {
		return 0
	}
	return f.count
}

// lockedFor returns how long a name that does not exist stays locked: as long
// as one that does, so that the lock does not tell which do.
func (f failures) lockedFor(now int64) time.Duration {
	return lockFor(f.inRow) - time.Duration(now-f.last)*time.Millisecond
}

// within refuses a key with limit or more failures (TooMany account.too_many).
func (f failures) within(limit int, now int64) error {
	if f.recent(now) < limit {
		return nil
	}
	left := failureWindow - time.Duration(now-f.since)*time.Millisecond
	return errs.After(errs.E("account.attempts", errs.TooMany, "account.too_many", minutes(left)), left)
}

// failureKey is what is kept of a key: addresses are of people too.
func (s *Service) failureKey(key string) []byte {
	return s.keys.Hash(seal.Standing, "failed_try", key)
}

// allowed refuses a key with too many failures (TooMany).
func (s *Service) allowed(ctx context.Context, q db.Queryer, key string, limit int) error {
	f, err := s.selectFailures(ctx, q, s.failureKey(key))
	if err != nil {
		return errs.Wrap("account.allowed", err)
	}
	return f[0].within(limit, s.now())
}

// countFailure counts a failure of each key in tx.
func (s *Service) countFailure(ctx context.Context, tx *db.Tx, keys ...string) error {
	hashes := make([][]byte, len(keys))
	for i, k := range keys {
		hashes[i] = s.failureKey(k)
	}
	slices.SortFunc(hashes, bytes.Compare) // in one order everywhere: no two transactions wait for each other
	for _, h := range hashes {
		if err := s.addFailure(ctx, tx, h, s.now()); err != nil {
			return errs.Wrap("account.countFailure", err)
		}
	}
	return nil
}

// failed is countFailure in a transaction of its own.
func (s *Service) failed(ctx context.Context, keys ...string) error {
	return s.d.Write(ctx, "account.failed", func(tx *db.Tx) error { return s.countFailure(ctx, tx, keys...) })
}

// minutes rounds up, for messages.
func minutes(d time.Duration) int { return int((d + time.Minute - 1) / time.Minute) }
