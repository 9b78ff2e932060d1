package account

import (
	"context"
	"strconv"
	"time"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// secondTTL is how long a log-in waits for its second step.
const secondTTL = 10 * time.Minute

// SecondState is the second step of an account's log-in, as its holder sees it.
type SecondState struct {
	On       bool // a code of an app is asked at each log-in
	Required bool // the settings ask it of the account's posts
	Left     int  // recovery codes not used yet
}

// Second tells how an account's second step stands.
func (s *Service) Second(ctx context.Context, account id.ID) (SecondState, error) {
	const op = "account.Second"
	f, _, err := s.selectFactor(ctx, s.d.Read(), account)
	if err != nil {
		return SecondState{}, errs.Wrap(op, err)
	}
	out := SecondState{On: f.confirmed != 0}
	if out.Required, err = s.auth.MustSecond(ctx, account); err != nil || !out.On {
		return out, errs.Wrap(op, err)
	}
	out.Left, err = s.countRecovery(ctx, s.d.Read(), account)
	return out, errs.Wrap(op, err)
}

func secondAAD(account id.ID) string { return seal.AAD(seal.Standing, "second_factor", account) }

func (s *Service) recoveryHash(account id.ID, text string) []byte {
	return s.keys.Hash(seal.Standing, "recovery", account.String()+"/"+normCode(text))
}

// BeginSecond makes a secret for an authenticator app; it counts once
// ConfirmSecond has seen a code of it. Conflict account.second.on where the
// account has a second step already.
func (s *Service) BeginSecond(ctx context.Context, account id.ID) (secret string, err error) {
	const op = "account.BeginSecond"
	secret = newTOTP()
	sealed, err := s.keys.Seal(seal.Standing, secondAAD(account), []byte(secret))
	if err != nil {
		return "", errs.Wrap(op, err)
	}
	err = s.d.Write(ctx, op, func(tx *db.Tx) error {
		ok, err := s.insertFactor(ctx, tx, account, sealed)
		if err == nil && !ok {
			err = errs.E(op, errs.Conflict, "account.second.already")
		}
		return errs.Wrap(op, err)
	})
	return secret, err
}

// pendingSecond returns a secret that was begun and not confirmed.
func (s *Service) pendingSecond(ctx context.Context, account id.ID) (string, error) {
	const op = "account.pendingSecond"
	f, found, err := s.selectFactor(ctx, s.d.Read(), account)
	if err != nil {
		return "", errs.Wrap(op, err)
	}
	if !found || f.confirmed != 0 {
		return "", errs.E(op, errs.Conflict, "account.second.none")
	}
	secret, err := s.keys.Open(seal.Standing, secondAAD(account), f.sealed)
	return string(secret), errs.Wrap(op, err)
}

// ConfirmSecond turns the second step on with a code of the app, ends the
// account's other sessions and returns the recovery codes, which are told once.
func (s *Service) ConfirmSecond(ctx context.Context, account, session id.ID, code string) (recovery []string, err error) {
	const op = "account.ConfirmSecond"
	if _, err := s.pendingSecond(ctx, account); err != nil {
		return nil, err
	}
	err = s.withCode(ctx, account, code, func(tx *db.Tx) error {
		if recovery, err = s.turnOn(ctx, tx, account); err != nil {
			return err
		}
		_, err := s.endSessions(ctx, tx, account, 0, session, s.now())
		return errs.Wrap(op, err)
	})
	return recovery, err
}

// turnOn writes fresh recovery codes for a second step just confirmed in tx.
func (s *Service) turnOn(ctx context.Context, tx *db.Tx, account id.ID) ([]string, error) {
	const op = "account.turnOn"
	out, hashes := make([]string, RecoveryCodes), make([][]byte, RecoveryCodes)
	for i := range out {
		out[i] = newCode()
		hashes[i] = s.recoveryHash(account, out[i])
	}
	if err := s.insertRecovery(ctx, tx, account, hashes); err != nil {
		return nil, errs.Wrap(op, err)
	}
	return out, s.note(ctx, tx, account, "account.second_on", account, "")
}

// withCode checks a code of the app, or one on paper, and runs fn in the
// transaction that uses it up. Invalid at the field "otp" where it is wrong.
func (s *Service) withCode(ctx context.Context, account id.ID, code string, fn func(tx *db.Tx) error) error {
	const op = "account.withCode"
	right, err := s.guess(ctx, op, "second "+account.String(), func(tx *db.Tx) (bool, error) {
		ok, err := s.takeCode(ctx, tx, account, code)
		return ok, errs.Wrap(op, err)
	}, fn)
	if err == nil && !right {
		err = errs.Field(errs.E(op, errs.Invalid, "account.second.wrong"), "otp")
	}
	return err
}

// takeCode uses up a code of the app or one on paper.
func (s *Service) takeCode(ctx context.Context, tx *db.Tx, account id.ID, code string) (bool, error) {
	f, found, err := s.selectFactor(ctx, tx, account)
	if err != nil || !found {
		return false, err
	}
	secret, err := s.keys.Open(seal.Standing, secondAAD(account), f.sealed)
	if err != nil {
		return false, err
	}
	if step, ok := checkTOTP(string(secret), code, s.now(), f.step); ok {
		return s.takeStep(ctx, tx, account, step, s.now())
	}
	if f.confirmed == 0 || len(normCode(code)) < 12 {
		return false, nil
	}
	ok, err := s.takeRecovery(ctx, tx, account, s.recoveryHash(account, code), s.now())
	if err != nil || !ok {
		return false, err
	}
	left, err := s.countRecovery(ctx, tx, account)
	if err != nil {
		return false, err
	}
	return true, s.note(ctx, tx, account, "account.recovery_used", account, "left="+strconv.Itoa(left))
}

// EndSecond turns the own second step off; it needs a code. Conflict
// account.second.required where the settings ask it of the account's posts.
func (s *Service) EndSecond(ctx context.Context, account id.ID, code string) error {
	const op = "account.EndSecond"
	required, err := s.auth.MustSecond(ctx, account)
	if err != nil {
		return errs.Wrap(op, err)
	}
	if required {
		return errs.E(op, errs.Conflict, "account.second.required")
	}
	return s.withCode(ctx, account, code, func(tx *db.Tx) error { return s.dropSecond(ctx, tx, account, account) })
}

// TakeSecond ends the second step of somebody who lost the app and the codes,
// and every session with it. Whoever calls it has seen who stands there.
func (s *Service) TakeSecond(ctx context.Context, by, account id.ID) error {
	const op = "account.TakeSecond"
	return s.d.Write(ctx, op, func(tx *db.Tx) error {
		if err := s.dropSecond(ctx, tx, by, account); err != nil {
			return err
		}
		_, err := s.endSessions(ctx, tx, account, 0, 0, s.now())
		return errs.Wrap(op, err)
	})
}

func (s *Service) dropSecond(ctx context.Context, tx *db.Tx, by, account id.ID) error {
	const op = "account.dropSecond"
	had, err := s.deleteSecond(ctx, tx, account)
	if err == nil && !had {
		err = errs.E(op, errs.Conflict, "account.second.none")
	}
	if err != nil {
		return errs.Wrap(op, err)
	}
	return s.note(ctx, tx, by, "account.second_off", account, "")
}

// admit opens a session for an account whose password or code was right, or,
// where a second step is asked, a code with which to take it.
func (s *Service) admit(ctx context.Context, tx *db.Tx, e *Entered, device string) error {
	const op = "account.admit"
	f, _, err := s.selectFactor(ctx, tx, e.Account.ID)
	if err != nil {
		return errs.Wrap(op, err)
	}
	if f.confirmed == 0 {
		if e.SecondSetup, err = s.auth.MustSecond(ctx, e.Account.ID); err != nil {
			return errs.Wrap(op, err)
		}
	}
	if f.confirmed == 0 && !e.SecondSetup {
		return s.openSession(ctx, tx, e, device)
	}
	e.SecondCode, err = s.issue(ctx, tx, id.Zero, codeSecond, e.Account.ID, secondTTL)
	return err
}

// waiting returns the account whose log-in waits for its second step.
func (s *Service) waiting(ctx context.Context, text, address string) (Account, error) {
	const op = "account.waiting"
	c, err := s.findCode(ctx, text, address)
	if err != nil {
		return Account{}, err
	}
	if c.kind != codeSecond {
		return Account{}, errs.E(op, errs.Unauthenticated, "account.bad_code")
	}
	a, err := s.Get(ctx, c.account)
	if err == nil && a.State != Active {
		err = errs.E(op, errs.Denied, "account.disabled")
	}
	return a, errs.Wrap(op, err)
}

// TakeStep finishes a log-in with a code of the app or one on paper. Where the
// second step was set up just now, recovery holds its codes on paper.
func (s *Service) TakeStep(ctx context.Context, text, code, device, address string) (e Entered, recovery []string, err error) {
	a, err := s.waiting(ctx, text, address)
	if err != nil {
		return Entered{}, nil, err
	}
	f, _, err := s.selectFactor(ctx, s.d.Read(), a.ID)
	if err != nil {
		return Entered{}, nil, errs.Wrap("account.TakeStep", err)
	}
	err = s.withCode(ctx, a.ID, code, func(tx *db.Tx) error {
		e, recovery = Entered{Account: a}, nil
		if err := s.spend(ctx, tx, text); err != nil {
			return err
		}
		if f.confirmed == 0 {
			if recovery, err = s.turnOn(ctx, tx, a.ID); err != nil {
				return err
			}
		}
		return s.openSession(ctx, tx, &e, device)
	})
	return e, recovery, err
}
