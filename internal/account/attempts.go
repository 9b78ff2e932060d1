package account

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"math"
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
		if _, err := s.addFailure(ctx, tx, h, s.now(), math.MaxInt32); err != nil {
			return errs.Wrap("account.countFailure", err)
		}
	}
	return nil
}

// takeTry counts a try at what a key stands for before it is made, so that
// parallel guesses cannot slip past their limit: one that is allowed no more is
// refused (TooMany) and not counted. A right one is given back.
func (s *Service) takeTry(ctx context.Context, tx *db.Tx, key string, limit int) error {
	const op = "account.takeTry"
	taken, err := s.addFailure(ctx, tx, s.failureKey(key), s.now(), limit)
	if err != nil {
		return errs.Wrap(op, err)
	}
	if taken {
		return nil
	}
	return cmp.Or(s.allowed(ctx, tx, key, limit), errs.E(op, errs.TooMany, "account.too_many", minutes(failureWindow)))
}

// giveBack takes back the count of a try that was right.
func (s *Service) giveBack(ctx context.Context, tx *db.Tx, key string) error {
	return errs.Wrap("account.giveBack", s.dropFailure(ctx, tx, s.failureKey(key)))
}

// errRight undoes the count of a guess that was right, where nothing else is
// written.
var errRight = errors.New("account: the guess was right")

// guess makes a guess in the transaction that counts it. then is what a right one does; nil where it only reads.
func (s *Service) guess(ctx context.Context, op, key string, try func(tx *db.Tx) (right bool, err error), then func(tx *db.Tx) error) (right bool, err error) {
	err = s.d.Write(ctx, op, func(tx *db.Tx) (err error) {
		right = false
		if err := s.takeTry(ctx, tx, key, nameFailures); err != nil {
			return err
		}
		if right, err = try(tx); err != nil || !right {
			return err // a wrong one is kept: the refusal follows the commit
		}
		if then == nil {
			return errRight
		}
		if err := s.giveBack(ctx, tx, key); err != nil {
			return err
		}
		return then(tx)
	})
	if errors.Is(err, errRight) {
		err = nil
	}
	return right, err
}

// minutes rounds up, for messages.
func minutes(d time.Duration) int { return int((d + time.Minute - 1) / time.Minute) }
