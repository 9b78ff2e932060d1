package account

import (
	"context"
	"time"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// The kinds of one-time codes.
const (
	codeSetup  = "setup"  // makes the first account
	codeReset  = "reset"  // lets the holder of an account choose a password
	codeChange = "change" // the same, right after a log-in with a printed password
	codeSecond = "second" // finishes a log-in with its second step
)

// code is a one-time code as stored.
type code struct {
	kind    string
	account id.ID
	by      id.ID
	created int64
	expires int64
}

func (s *Service) codeHash(text string) []byte {
	return s.keys.Hash(seal.Standing, "code", normCode(text))
}

// issue makes a code in tx and ends the unused ones of the same kind and account.
func (s *Service) issue(ctx context.Context, tx *db.Tx, by id.ID, kind string, account id.ID, ttl time.Duration) (string, error) {
	const op = "account.issue"
	now := s.now()
	if err := s.voidCodes(ctx, tx, kind, account, now); err != nil {
		return "", errs.Wrap(op, err)
	}
	text := newCode()
	c := code{kind: kind, account: account, by: by, created: now, expires: now + ttl.Milliseconds()}
	return text, errs.Wrap(op, s.insertCode(ctx, tx, s.codeHash(text), c))
}

// IssueCode makes a one-time code with which the holder of an account chooses a
// password: at its activation or after forgetting it. It ends earlier codes and
// is told once, to be handed over on paper or in person. Sessions go on until it
// is used.
func (s *Service) IssueCode(ctx context.Context, tx *db.Tx, by, account id.ID, ttl time.Duration) (string, error) {
	text, err := s.issue(ctx, tx, by, codeReset, account, ttl)
	if err != nil {
		return "", err
	}
	return text, s.note(ctx, tx, by, "account.code_issued", account, "")
}

// ResetCode is IssueCode in a transaction of its own, good for three days.
func (s *Service) ResetCode(ctx context.Context, by, account id.ID) (text string, err error) {
	const op = "account.ResetCode"
	err = s.d.Write(ctx, op, func(tx *db.Tx) error {
		if _, err := s.selectAccount(ctx, tx, account); err != nil {
			return errs.Wrap(op, err)
		}
		text, err = s.IssueCode(ctx, tx, by, account, ResetTTL)
		return err
	})
	return text, err
}

// SetupCode returns a fresh code for the set-up link while there is no account,
// and "" once there is one. It ends the codes of earlier starts.
func (s *Service) SetupCode(ctx context.Context) (text string, err error) {
	const op = "account.SetupCode"
	err = s.d.Write(ctx, op, func(tx *db.Tx) error {
		text = ""
		n, err := s.countAccounts(ctx, tx)
		if err != nil || n > 0 {
			return errs.Wrap(op, err)
		}
		text, err = s.issue(ctx, tx, id.Zero, codeSetup, id.Zero, SetupTTL)
		return err
	})
	return text, err
}

// CodeInfo says what a code is for.
type CodeInfo struct {
	Setup   bool    // it makes the first account
	Account Account // otherwise, whose password it sets
}

// CheckCode tells what a code is for without using it. Errors: Unauthenticated
// account.bad_code, TooMany after many wrong ones from an address.
func (s *Service) CheckCode(ctx context.Context, text, address string) (CodeInfo, error) {
	const op = "account.CheckCode"
	c, err := s.findCode(ctx, text, address)
	if err != nil {
		return CodeInfo{}, err
	}
	switch c.kind {
	case codeSetup:
		return CodeInfo{Setup: true}, nil
	case codeSecond:
		return CodeInfo{}, errs.E(op, errs.Unauthenticated, "account.bad_code")
	}
	a, err := s.Get(ctx, c.account)
	return CodeInfo{Account: a}, errs.Wrap(op, err)
}

// findCode returns a code that is good now. It may be asked again: using it up
// is a write of its own (spend).
func (s *Service) findCode(ctx context.Context, text, address string) (code, error) {
	const op = "account.findCode"
	hash := s.codeHash(text)
	if hash == nil {
		return code{}, errs.E(op, errs.Unauthenticated, "account.bad_code")
	}
	var c code
	found, err := s.guess(ctx, op, "code "+address, func(tx *db.Tx) (found bool, err error) {
		c, found, err = s.selectCode(ctx, tx, hash, s.now())
		return found, errs.Wrap(op, err)
	}, nil)
	if err == nil && !found {
		err = errs.E(op, errs.Unauthenticated, "account.bad_code")
	}
	return c, err
}

// spend marks a code used in tx.
func (s *Service) spend(ctx context.Context, tx *db.Tx, text string) error {
	ok, err := s.useCode(ctx, tx, s.codeHash(text), s.now())
	if err == nil && !ok {
		err = errs.E("account.spend", errs.Unauthenticated, "account.bad_code")
	}
	return errs.Wrap("account.spend", err)
}

// SetupFirst makes the first account with a set-up code and logs it in. It
// fails with Conflict account.setup_done once there is an account.
func (s *Service) SetupFirst(ctx context.Context, text string, n NewAccount, password, device, address string) (Entered, error) {
	const op = "account.SetupFirst"
	c, err := s.findCode(ctx, text, address)
	if err != nil {
		return Entered{}, err
	}
	if c.kind != codeSetup {
		return Entered{}, errs.E(op, errs.Unauthenticated, "account.bad_code")
	}
	if err := checkProfile(personal{Login: n.Login, Name: n.Name, Phone: n.Phone}); err != nil {
		return Entered{}, err
	}
	if n.PasswordHash, err = s.HashPassword(ctx, password, n.Login, n.Phone); err != nil {
		return Entered{}, err
	}
	var e Entered
	err = s.d.Write(ctx, op, func(tx *db.Tx) error {
		count, err := s.countAccounts(ctx, tx)
		if err != nil {
			return errs.Wrap(op, err)
		}
		if count > 0 {
			return errs.E(op, errs.Conflict, "account.setup_done")
		}
		if err := s.spend(ctx, tx, text); err != nil {
			return err
		}
		e = Entered{}
		if e.Account, err = s.Create(ctx, tx, id.Zero, n); err != nil {
			return err
		}
		if s.first != nil {
			if err := s.first(ctx, tx, e.Account.ID); err != nil {
				return err
			}
		}
		return s.openSession(ctx, tx, &e, device)
	})
	return e, err
}

func (s *Service) changePassword(ctx context.Context, tx *db.Tx, account id.ID, hash string, but id.ID) error {
	const op = "account.changePassword"
	if err := s.updatePassword(ctx, tx, account, hash, false); err != nil {
		return errs.Wrap(op, err)
	}
	if _, err := s.endSessions(ctx, tx, account, 0, but, s.now()); err != nil {
		return errs.Wrap(op, err)
	}
	return s.note(ctx, tx, account, "account.password_changed", account, "")
}
