package account

import (
	"context"
	"crypto/sha256"
	"time"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// SessionInfo is a session as its owner sees it.
type SessionInfo struct {
	ID      id.ID
	Account id.ID
	Device  string // class of device, see DeviceOf
	Created int64  // UTC milliseconds
	Seen    int64  // UTC milliseconds, no finer than ten minutes
	Expires int64  // UTC milliseconds
}

// Attempt is a try to log in.
type Attempt struct {
	Login    string // log-in name or phone
	Password string
	Device   string // from DeviceOf
	Address  string // of the sender; counted in memory, never kept
}

// Entered is the outcome of a log-in. Where a new password must be chosen first
// there is no session but a ChangeCode for SetPassword, good for ten minutes.
type Entered struct {
	Account    Account
	Token      string // the session's secret, for the cookie; told once
	Session    SessionInfo
	ChangeCode string
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
		return s.openSession(ctx, tx, &e, device)
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

// secretHash is what is kept of a session's or token's secret. The secret has
// 256 random bits, so a plain hash cannot be turned back.
func secretHash(secret string) []byte {
	h := sha256.Sum256([]byte(secret))
	return h[:]
}

var _ web.Identity = (*Service)(nil)

// Lookup turns a session's secret into who is asking (web.Identity). A session
// that is unknown, ended, expired or of a locked account is Unauthenticated.
func (s *Service) Lookup(ctx context.Context, token string) (web.Session, error) {
	const op = "account.Lookup"
	none := errs.E(op, errs.Unauthenticated, "error.unauthenticated")
	if len(token) < 20 || len(token) > 200 {
		return web.Session{}, none
	}
	hash, now := secretHash(token), s.now()
	k, found, err := s.selectSession(ctx, s.d.Read(), hash, now)
	if err != nil {
		return web.Session{}, errs.Wrap(op, err)
	}
	if !found {
		return web.Session{}, none
	}
	out, err := s.identity(ctx, k.Account)
	if err != nil {
		return web.Session{}, errs.Wrap(op, err)
	}
	out.Expires = time.UnixMilli(k.Expires)
	if now-k.Seen >= seenEvery.Milliseconds() {
		s.touch(ctx, hash, now)
	}
	return out, nil
}

// touch records coarsely that a session is in use. It is not worth an error page.
func (s *Service) touch(ctx context.Context, hash []byte, now int64) {
	err := s.d.Write(ctx, "account.touch", func(tx *db.Tx) error { return s.touchSession(ctx, tx, hash, now) })
	if err != nil {
		s.log.WarnContext(ctx, "last use of a session not recorded", "error", err)
	}
}

// identity is what the shell needs to know of an account that may log in.
func (s *Service) identity(ctx context.Context, account id.ID) (web.Session, error) {
	r, err := s.selectAccount(ctx, s.d.Read(), account)
	if err != nil {
		return web.Session{}, err
	}
	if r.State != Active || r.MustChange {
		return web.Session{}, errs.E("account.identity", errs.Unauthenticated, "error.unauthenticated")
	}
	a, err := s.open(r)
	if err != nil {
		return web.Session{}, err
	}
	posts, err := s.auth.PostsOf(ctx, account)
	if err != nil {
		return web.Session{}, err
	}
	out := web.Session{AccountID: a.ID, Name: a.Name, Lang: a.Lang}
	if len(posts) > 0 {
		out.Post = posts[0].Title
	}
	return out, nil
}

// SessionID returns the id of the session behind a secret; Zero where it is none.
func (s *Service) SessionID(ctx context.Context, token string) (id.ID, error) {
	k, _, err := s.selectSession(ctx, s.d.Read(), secretHash(token), s.now())
	return k.ID, errs.Wrap("account.SessionID", err)
}

// Sessions lists the running sessions of an account, the last used first.
func (s *Service) Sessions(ctx context.Context, account id.ID) ([]SessionInfo, error) {
	out, err := s.selectSessions(ctx, s.d.Read(), account, s.now())
	return out, errs.Wrap("account.Sessions", err)
}

// EndSession ends one session of an account; NotFound where it has none such.
func (s *Service) EndSession(ctx context.Context, by, account, session id.ID) error {
	const op = "account.EndSession"
	if session == id.Zero {
		return errs.E(op, errs.NotFound, "account.session_not_found")
	}
	return s.d.Write(ctx, op, func(tx *db.Tx) error {
		n, err := s.endSessions(ctx, tx, account, session, 0, s.now())
		if err != nil {
			return errs.Wrap(op, err)
		}
		if n == 0 {
			return errs.E(op, errs.NotFound, "account.session_not_found")
		}
		return s.note(ctx, tx, by, "account.session_ended", account, "session="+session.String())
	})
}

// EndSessions ends every session of an account but one (Zero: every one).
func (s *Service) EndSessions(ctx context.Context, by, account, but id.ID) error {
	const op = "account.EndSessions"
	return s.d.Write(ctx, op, func(tx *db.Tx) error {
		if _, err := s.endSessions(ctx, tx, account, 0, but, s.now()); err != nil {
			return errs.Wrap(op, err)
		}
		return s.note(ctx, tx, by, "account.sessions_ended", account, "")
	})
}
