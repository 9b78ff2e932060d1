package account

import (
	"context"
	"time"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// SetPassword chooses a password with a reset or change code, ends every other
// session of the account and logs in. It waits for its turn as long as ctx lasts.
func (s *Service) SetPassword(ctx context.Context, text, password, device, address string) (Entered, error) {
	e, w, err := s.setPassword(ctx, ticket{Code: text, Device: device, Address: address}, password, 0)
	if w != nil {
		return Entered{}, queued(w.ahead, w.wait)
	}
	return e, err
}

// setPassword is SetPassword that waits no longer than patience.
func (s *Service) setPassword(ctx context.Context, t ticket, password string, patience time.Duration) (Entered, *waiting, error) {
	a, err := s.choosing(ctx, t)
	if err != nil {
		return Entered{}, nil, err
	}
	t.Kind, t.Account = errandChoose, a.ID
	if t.Fresh, err = s.fresh(a, password); err != nil {
		return Entered{}, nil, err
	}
	return s.goOn(ctx, s.newTicket(t), patience)
}

// choosing returns the account whose password the code of t sets.
func (s *Service) choosing(ctx context.Context, t ticket) (Account, error) {
	const op = "account.SetPassword"
	c, err := s.findCode(ctx, t.Code, t.Address)
	if err != nil {
		return Account{}, err
	}
	if c.kind != codeReset && c.kind != codeChange {
		return Account{}, errs.E(op, errs.Unauthenticated, "account.bad_code")
	}
	a, err := s.Get(ctx, c.account)
	if err == nil && a.State != Active {
		err = errs.E(op, errs.Denied, "account.disabled")
	}
	return a, errs.Wrap(op, err)
}

// fresh checks a password that a's holder chooses and returns it peppered.
func (s *Service) fresh(a Account, password string) ([]byte, error) {
	if err := checkPassword(password, a.Login, a.Phone); err != nil {
		return nil, err
	}
	return s.pepper(password)
}

// tryFresh hashes the password chosen in t, in its turn; it must not be the
// present one.
func (s *Service) tryFresh(t ticket, r row) outcome {
	if r.password != "" {
		same, err := verify(t.Fresh, r.password)
		if err == nil && same {
			err = errs.Field(errs.E("account.tryFresh", errs.Invalid, "account.password.same"), "password")
		}
		if err != nil {
			return outcome{err: err}
		}
	}
	hash, err := createHash(t.Fresh)
	return outcome{found: r, hash: hash, err: err}
}

// chosen keeps the password chosen with a code and logs in.
func (s *Service) chosen(ctx context.Context, t ticket, out outcome) (e Entered, err error) {
	const op = "account.SetPassword"
	a, err := s.choosing(ctx, t)
	if err != nil {
		return Entered{}, err
	}
	a.MustChange, a.HasPassword = false, true
	err = s.d.Write(ctx, op, func(tx *db.Tx) error {
		e = Entered{Account: a}
		if err := s.spend(ctx, tx, t.Code); err != nil {
			return err
		}
		if err := s.spendTicket(ctx, tx, t); err != nil {
			return err
		}
		if err := s.changePassword(ctx, tx, a.ID, out.hash, id.Zero); err != nil {
			return err
		}
		return s.admit(ctx, tx, &e, t.Device)
	})
	return e, err
}

// ChangePassword changes the caller's own password, knowing the present one,
// and ends the account's other sessions. It waits for its turn as long as ctx
// lasts. Errors: Invalid at the field "current" (account.wrong_current) or "password".
func (s *Service) ChangePassword(ctx context.Context, account, session id.ID, current, password string) error {
	w, err := s.changeOwn(ctx, ticket{Account: account, Session: session}, current, password, 0)
	if w != nil {
		return queued(w.ahead, w.wait)
	}
	return err
}

// changeOwn is ChangePassword that waits no longer than patience.
func (s *Service) changeOwn(ctx context.Context, t ticket, current, password string, patience time.Duration) (*waiting, error) {
	a, err := s.Get(ctx, t.Account)
	if err != nil {
		return nil, err
	}
	t.Kind = errandChange
	if t.Given, err = s.pepper(current); err != nil {
		return nil, err
	}
	if t.Fresh, err = s.fresh(a, password); err != nil {
		return nil, err
	}
	_, w, err := s.goOn(ctx, s.newTicket(t), patience)
	return w, err
}

// tryChange checks the present password and hashes the new one, in its turn.
func (s *Service) tryChange(ctx context.Context, t ticket) outcome {
	const op = "account.ChangePassword"
	key := ownKey(t.Account)
	err := s.d.Write(ctx, op, func(tx *db.Tx) error { return s.takeTry(ctx, tx, key, nameFailures) })
	if err != nil {
		return outcome{err: err}
	}
	r, err := s.selectAccount(ctx, s.d.Read(), t.Account)
	if err != nil {
		return outcome{err: errs.Wrap(op, err)}
	}
	ok, err := verify(t.Given, r.password)
	if err == nil && !ok {
		err = errs.Field(errs.E(op, errs.Invalid, "account.wrong_current"), "current")
	}
	if err != nil {
		return outcome{err: err}
	}
	if err := s.d.Write(ctx, op, func(tx *db.Tx) error { return s.giveBack(ctx, tx, key) }); err != nil {
		return outcome{err: err}
	}
	return s.tryFresh(t, r)
}

// ownKey is what wrong present passwords of an account are counted by.
func ownKey(account id.ID) string { return "own " + account.String() }

// exchanged keeps the password that somebody logged in has chosen, unless it was
// changed meanwhile.
func (s *Service) exchanged(ctx context.Context, t ticket, out outcome) error {
	const op = "account.ChangePassword"
	return s.d.Write(ctx, op, func(tx *db.Tx) error {
		now, err := s.selectAccount(ctx, tx, t.Account)
		if err != nil {
			return errs.Wrap(op, err)
		}
		if now.password != out.found.password {
			return errs.Field(errs.E(op, errs.Invalid, "account.wrong_current"), "current")
		}
		if err := s.spendTicket(ctx, tx, t); err != nil {
			return err
		}
		return s.changePassword(ctx, tx, t.Account, out.hash, t.Session)
	})
}
