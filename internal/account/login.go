package account

import (
	"cmp"
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
	Address  string // of the sender; failures are counted by its keyed hash
	Next     string // where to go on afterwards
	Ticket   string // of the same attempt before, whose place it keeps
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

// Login checks a password and opens a session; it waits for its turn as long as
// ctx lasts. Errors: Unauthenticated account.bad_login, Denied account.disabled
// (only with the right password), TooMany account.too_many or account.wait with
// the minutes to wait, TooMany account.queue where the turn did not come in time,
// Unavailable account.queue_full.
func (s *Service) Login(ctx context.Context, t Attempt) (Entered, error) {
	e, w, err := s.login(ctx, t, 0)
	if w != nil {
		return Entered{}, queued(w.ahead, w.wait)
	}
	return e, err
}

// login is Login that waits no longer than patience (0: for ever), and then
// tells where the attempt stands.
func (s *Service) login(ctx context.Context, a Attempt, patience time.Duration) (Entered, *waiting, error) {
	given, err := s.pepper(a.Password)
	if err != nil {
		return Entered{}, nil, err
	}
	t := s.newTicket(ticket{Kind: errandLogin, Given: given, Login: shortened(a.Login, 4*maxLogin), Device: a.Device, Address: a.Address, Next: shortened(a.Next, maxNext)})
	if err := s.takeUp(ctx, &t, a.Ticket); err != nil {
		return Entered{}, nil, err
	}
	return s.goOn(ctx, t, patience)
}

// takeUp gives t the place and the secret of the ticket that the same browser
// holds for the same log-in, so that both are spent as one. One that was spent
// already lends nothing: this is a log-in of its own.
func (s *Service) takeUp(ctx context.Context, t *ticket, text string) error {
	before, ok := s.openTicket(text)
	if !ok || s.key(before) != s.key(*t) {
		return nil
	}
	defer before.wipe()
	spent, err := s.selectSpent(ctx, s.d.Read(), before)
	if err == nil && !spent {
		t.Since, t.Secret = before.Since, before.Secret
	}
	return errs.Wrap("account.takeUp", err)
}

// maxNext bounds in bytes where to go on after a log-in that waits.
const maxNext = 1000

// shortened returns s if it has at most n bytes, and else its beginning, which no
// account is named and no page has.
func shortened(s string, n int) string { return s[:min(len(s), n+1)] }

// goOn goes on with a ticket of any kind until it is finished or patience ends.
func (s *Service) goOn(ctx context.Context, t ticket, patience time.Duration) (Entered, *waiting, error) {
	out, w, err := s.ask(ctx, t, patience)
	if err == nil {
		err = out.err
	}
	if err != nil || w != nil {
		return Entered{}, w, err
	}
	defer t.wipe()
	switch t.Kind {
	case errandLogin:
		e, err := s.enter(ctx, t, out.found)
		return e, nil, err
	case errandChoose:
		e, err := s.chosen(ctx, t, out)
		return e, nil, err
	}
	return Entered{}, nil, s.exchanged(ctx, t, out)
}

// nameOf is what failed log-ins of an account, or of a name without one, are
// counted by.
func nameOf(r row, found bool, login []byte) string {
	if found {
		return "id " + r.ID.String()
	}
	return "name " + string(login)
}

// barred finds the account of a log-in; an error says that it may not be tried now.
func (s *Service) barred(ctx context.Context, t ticket) (r row, found bool, name string, err error) {
	const op = "account.Login"
	login := s.loginHash(t.Login)
	if r, found, err = s.selectByHash(ctx, s.d.Read(), login, s.phoneHash(t.Login)); err != nil {
		return row{}, false, "", errs.Wrap(op, err)
	}
	name = nameOf(r, found, login)
	counted, err := s.selectFailures(ctx, s.d.Read(), s.failureKey(ipKey(t.Address)), s.failureKey(name))
	if err != nil {
		return row{}, false, "", errs.Wrap(op, err)
	}
	now := s.now()
	if err := cmp.Or(counted[0].within(addressFailures, now), counted[1].within(nameFailures, now)); err != nil {
		return row{}, false, "", err
	}
	wait := time.Duration(r.LockedUntil-now) * time.Millisecond
	if !found { // a name that does not exist is locked as one that does
		wait = counted[1].lockedFor(now)
	}
	if wait > 0 {
		err = errs.After(errs.E(op, errs.TooMany, "account.wait", minutes(wait)), wait)
	}
	return r, found, name, err
}

// ipKey is what failures of an address are counted by.
func ipKey(address string) string { return "ip " + address }

// tryLogin checks the password of a log-in in its turn. A failure counts here,
// whether its person comes to hear of it or not.
func (s *Service) tryLogin(ctx context.Context, t ticket) outcome {
	r, found, name, err := s.barred(ctx, t)
	if err != nil {
		return outcome{err: err}
	}
	ok, err := verify(t.Given, r.password)
	switch {
	case err != nil:
		return outcome{err: err}
	case !ok || !found:
		return outcome{err: s.refuse(ctx, t, r.ID, name)}
	}
	return outcome{found: r}
}

// refuse counts a failed log-in, of account where there is one, and returns what
// the person is told: the same for a wrong password and for a name that does not exist.
func (s *Service) refuse(ctx context.Context, t ticket, account id.ID, name string) error {
	const op = "account.Login"
	err := s.d.Write(ctx, op, func(tx *db.Tx) error {
		if fresh, err := s.insertSpent(ctx, tx, t); err != nil || !fresh {
			return errs.Wrap(op, err) // counted already, by another process
		}
		if err := s.countFailure(ctx, tx, ipKey(t.Address), name); err != nil || account == id.Zero {
			return err
		}
		now, err := s.selectAccount(ctx, tx, account)
		if err != nil {
			return errs.Wrap(op, err)
		}
		until := int64(0)
		if d := lockFor(now.failed + 1); d > 0 {
			until = s.now() + d.Milliseconds()
		}
		if err := s.updateFailed(ctx, tx, account, now.failed+1, until); err != nil {
			return errs.Wrap(op, err)
		}
		return s.note(ctx, tx, id.Zero, "account.login_failed", account, "")
	})
	if err != nil {
		return err
	}
	return errs.E(op, errs.Unauthenticated, "account.bad_login")
}

// enter opens a session for the account whose password was right a moment ago.
// Whatever happened to the account since then counts.
func (s *Service) enter(ctx context.Context, t ticket, r row) (e Entered, err error) {
	const op = "account.Login"
	err = s.d.Write(ctx, op, func(tx *db.Tx) error {
		now, err := s.selectAccount(ctx, tx, r.ID)
		if err != nil {
			return errs.Wrap(op, err)
		}
		if now.password != r.password {
			return errs.E(op, errs.Unauthenticated, "account.bad_login")
		}
		if now.State != Active {
			return errs.E(op, errs.Denied, "account.disabled")
		}
		if err := s.spendTicket(ctx, tx, t); err != nil {
			return err
		}
		a, err := s.open(now)
		if err != nil {
			return errs.Wrap(op, err)
		}
		e = Entered{Account: a}
		if err := s.deleteFailures(ctx, tx, s.failureKey(nameOf(now, true, nil))); err != nil {
			return errs.Wrap(op, err)
		}
		if now.failed > 0 {
			if err := s.updateFailed(ctx, tx, a.ID, 0, 0); err != nil {
				return errs.Wrap(op, err)
			}
		}
		if a.MustChange {
			e.ChangeCode, err = s.issue(ctx, tx, id.Zero, codeChange, a.ID, changeTTL)
			return err
		}
		return s.admit(ctx, tx, &e, t.Device)
	})
	return e, err
}

// spendTicket uses a ticket up: Unauthenticated account.ticket_used where it was.
func (s *Service) spendTicket(ctx context.Context, tx *db.Tx, t ticket) error {
	fresh, err := s.insertSpent(ctx, tx, t)
	if err == nil && !fresh {
		err = errs.E("account.spendTicket", errs.Unauthenticated, "account.ticket_used")
	}
	return errs.Wrap("account.spendTicket", err)
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
