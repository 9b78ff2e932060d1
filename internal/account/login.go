package account

import (
	"context"
	"time"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Attempt is a try to log in.
type Attempt struct {
	Login    string // log-in name or phone
	Password string
	Device   string // from DeviceOf
	Address  string // of the sender; counted in memory, never kept
}

// Entered is the outcome of a log-in. Where a new password must be chosen first
// there is no session but a ChangeCode for SetPassword, and where a second step is
// asked a SecondCode for TakeStep, both good for ten minutes.
type Entered struct {
	Account    Account
	Token      string // the session's secret, for the cookie; told once
	Session    SessionInfo
	ChangeCode string
	// SecondCode is given instead of a session where the second step is to be
	// taken: TakeStep. SecondSetup: it must be set up first.
	SecondCode  string
	SecondSetup bool
}

// Login checks a password and opens a session. Errors: Unauthenticated
// account.bad_login, Denied account.disabled (only with the right password),
// TooMany account.too_many or account.wait with the minutes to wait,
// Unavailable account.busy.
func (s *Service) Login(ctx context.Context, t Attempt) (Entered, error) {
	const op = "account.Login"
	address := "ip " + t.Address
	if err := s.attempts.allowed(address, addressFailures); err != nil {
		return Entered{}, err
	}
	login, phone := s.loginHash(t.Login), s.phoneHash(t.Login)
	r, found, err := s.selectByHash(ctx, s.d.Read(), login, phone)
	if err != nil {
		return Entered{}, errs.Wrap(op, err)
	}
	name := "name " + string(login)
	if found {
		name = "id " + r.ID.String()
	}
	done, err := s.attempts.alone(ctx, name)
	if err != nil {
		return Entered{}, err
	}
	defer done()
	if err := s.attempts.allowed(name, nameFailures); err != nil {
		return Entered{}, err
	}
	if found {
		if r, err = s.selectAccount(ctx, s.d.Read(), r.ID); err != nil {
			return Entered{}, errs.Wrap(op, err)
		}
		if wait := r.LockedUntil - s.now(); wait > 0 {
			return Entered{}, errs.E(op, errs.TooMany, "account.wait", minutes(time.Duration(wait)*time.Millisecond))
		}
	}
	if !found { // a name that does not exist is locked as one that does
		if wait := s.attempts.lockedFor(name); wait > 0 {
			return Entered{}, errs.E(op, errs.TooMany, "account.wait", minutes(wait))
		}
	}
	ok, err := s.verify(ctx, t.Password, r.password)
	if err != nil {
		return Entered{}, err
	}
	if !ok || !found {
		s.attempts.failed(address, name)
		return Entered{}, s.refuse(ctx, r, found)
	}
	s.attempts.forget(name)
	return s.enter(ctx, r, t.Device)
}

// refuse counts a failed log-in and returns what the person is told: the same
// for a wrong password and for a name that does not exist.
func (s *Service) refuse(ctx context.Context, r row, found bool) error {
	const op = "account.Login"
	bad := errs.E(op, errs.Unauthenticated, "account.bad_login")
	if !found {
		return bad
	}
	err := s.d.Write(ctx, op, func(tx *db.Tx) error {
		now, err := s.selectAccount(ctx, tx, r.ID)
		if err != nil {
			return errs.Wrap(op, err)
		}
		until := int64(0)
		if d := lockFor(now.failed + 1); d > 0 {
			until = s.now() + d.Milliseconds()
		}
		if err := s.updateFailed(ctx, tx, r.ID, now.failed+1, until); err != nil {
			return errs.Wrap(op, err)
		}
		return s.note(ctx, tx, id.Zero, "account.login_failed", r.ID, "")
	})
	if err != nil {
		return err
	}
	return bad
}

// enter opens a session for an account whose password was right.
func (s *Service) enter(ctx context.Context, r row, device string) (Entered, error) {
	const op = "account.Login"
	if r.State != Active {
		return Entered{}, errs.E(op, errs.Denied, "account.disabled")
	}
	a, err := s.open(r)
	if err != nil {
		return Entered{}, errs.Wrap(op, err)
	}
	e := Entered{Account: a}
	err = s.d.Write(ctx, op, func(tx *db.Tx) error {
		if r.failed > 0 {
			if err := s.updateFailed(ctx, tx, a.ID, 0, 0); err != nil {
				return errs.Wrap(op, err)
			}
		}
		if a.MustChange {
			e.ChangeCode, err = s.issue(ctx, tx, id.Zero, codeChange, a.ID, changeTTL)
			return err
		}
		return s.admit(ctx, tx, &e, device)
	})
	return e, err
}

// openSession writes a session for e.Account and fills e.
func (s *Service) openSession(ctx context.Context, tx *db.Tx, e *Entered, device string) error {
	const op = "account.openSession"
	now := s.now()
	ttl := OfficeSession
	if e.Account.Worker {
		ttl = WorkerSession
	}
	e.Token = newSecret("")
	e.Session = SessionInfo{ID: id.New(), Account: e.Account.ID, Device: device, Created: now, Seen: now, Expires: now + ttl.Milliseconds()}
	if err := s.insertSession(ctx, tx, secretHash(e.Token), e.Session); err != nil {
		return errs.Wrap(op, err)
	}
	return s.note(ctx, tx, e.Account.ID, "account.login", e.Account.ID, "session="+e.Session.ID.String()+" device="+device)
}
