package account

import (
	"bytes"
	"context"
	"encoding/hex"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
	"wangge/internal/platform/web"
)

var _ web.Idempotency = (*Service)(nil)

// stillRunning is how long an unanswered key is told as being processed; after
// that its outcome is unknown (the machine failed in between) and the person is
// told to look before submitting again.
const stillRunning = 2 * 60 * 1000

// MaxAnswer is the longest body of an answer that is kept, in bytes.
const MaxAnswer = 64 << 10

func (s *Service) payloadHash(account id.ID, hash []byte) []byte {
	return s.keys.Hash(seal.Standing, "payload", account.String()+"/"+hex.EncodeToString(hash))
}

// answerAAD names a kept answer; the key itself is hashed, since callers choose it.
func (s *Service) answerAAD(account id.ID, key string) string {
	return seal.Standing + "/idempotency/" + account.String() + "/" + hex.EncodeToString(s.keys.Hash(seal.Standing, "client_key", key))
}

// Begin claims a submission key of an account for 14 days. Where it was
// answered before with the same payload hash, done is true and saved is that
// answer. Conflict: the key stands for other content
// (error.idempotency_conflict), its first request is running
// (error.idempotency_running) or was cut off (error.idempotency_unknown).
func (s *Service) Begin(ctx context.Context, account id.ID, key string, hash []byte) (done bool, saved web.Response, err error) {
	const op = "account.Begin"
	now := s.now()
	payload := s.payloadHash(account, hash)
	if payload == nil {
		return false, saved, errs.E(op, errs.Unavailable, "seal.key_missing")
	}
	var c claim
	var fresh bool
	err = s.d.Write(ctx, op, func(tx *db.Tx) error {
		for range 2 {
			if fresh, err = s.insertClaim(ctx, tx, account, key, payload, now); err != nil || fresh {
				return err
			}
			var found bool
			if c, found, err = s.selectClaim(ctx, tx, account, key); err != nil {
				return err
			}
			if found && c.created >= now-keepAnswers.Milliseconds() {
				return nil
			}
			if err := s.deleteClaim(ctx, tx, account, key, now-keepAnswers.Milliseconds()); err != nil {
				return err
			}
		}
		return errs.E(op, errs.Unavailable, "error.unavailable")
	})
	if err != nil || fresh {
		return false, saved, errs.Wrap(op, err)
	}
	switch {
	case !bytes.Equal(c.payload, payload):
		return false, saved, errs.E(op, errs.Conflict, "error.idempotency_conflict")
	case c.status == 0 && now-c.created < stillRunning:
		return false, saved, errs.E(op, errs.Conflict, "error.idempotency_running")
	case c.status == 0:
		return false, saved, errs.E(op, errs.Conflict, "error.idempotency_unknown")
	}
	err = s.keys.OpenJSON(seal.Standing, s.answerAAD(account, key), c.response, &saved)
	return err == nil, saved, errs.Wrap(op, err)
}

// Finish keeps the answer, sealed; a body longer than MaxAnswer is left out.
func (s *Service) Finish(ctx context.Context, account id.ID, key string, answer web.Response) error {
	const op = "account.Finish"
	if len(answer.Body) > MaxAnswer {
		answer.Body = nil
	}
	sealed, err := s.keys.SealJSON(seal.Standing, s.answerAAD(account, key), answer)
	if err != nil {
		return errs.Wrap(op, err)
	}
	return s.d.Write(ctx, op, func(tx *db.Tx) error { return s.finishClaim(ctx, tx, account, key, answer.Status, sealed) })
}

// Abandon frees a key whose request failed.
func (s *Service) Abandon(ctx context.Context, account id.ID, key string) error {
	return s.d.Write(ctx, "account.Abandon", func(tx *db.Tx) error { return s.deleteClaim(ctx, tx, account, key, 0) })
}

// Sweep deletes answers, sessions and codes that are past their time. It runs
// each hour.
func (s *Service) Sweep(ctx context.Context) error {
	now := s.now()
	return s.d.WriteLow(ctx, "account.Sweep", func(tx *db.Tx) error {
		return s.deleteOld(ctx, tx, now-keepAnswers.Milliseconds(), now-keepEnded.Milliseconds())
	})
}
