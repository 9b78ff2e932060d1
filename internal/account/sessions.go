package account

import (
	"context"
	"crypto/sha256"
	"strings"
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
	if len(token) < 20 || len(token) > 200 {
		return web.Session{}, errs.E(op, errs.Unauthenticated, "error.unauthenticated")
	}
	hash, now := secretHash(token), s.now()
	w, err := s.whoIs(ctx, sessionKey(hash), hash, now, s.readSession)
	if err != nil {
		return web.Session{}, errs.Wrap(op, err)
	}
	posts, err := s.auth.PostsOf(ctx, w.account)
	if err != nil {
		return web.Session{}, errs.Wrap(op, err)
	}
	if now-w.seen >= seenEvery.Milliseconds() {
		s.touch(ctx, hash, now)
	}
	out := w.session()
	if len(posts) > 0 {
		out.Post = posts[0].Title
	}
	return out, nil
}

// sessionKey names a session among what is known.
func sessionKey(hash []byte) string { return sessionTable.name + string(hash) }

// session is what the shell needs to know.
func (w who) session() web.Session {
	return web.Session{AccountID: w.account, Name: w.name, Lang: w.lang, Expires: time.UnixMilli(w.expires)}
}

// whoIs returns who is behind a secret, from memory or by reading it.
func (s *Service) whoIs(ctx context.Context, key string, hash []byte, now int64, read func(ctx context.Context, hash []byte, now int64) (who, error)) (who, error) {
	w, gen, ok := s.known.get(key, now)
	if ok {
		return w, nil
	}
	w, err := read(ctx, hash, now)
	if err != nil {
		return who{}, err
	}
	r, err := s.selectAccount(ctx, s.d.Read(), w.account)
	if err != nil {
		return who{}, err
	}
	if r.State != Active || r.MustChange {
		return who{}, errs.E("account.whoIs", errs.Unauthenticated, "error.unauthenticated")
	}
	a, err := s.open(r)
	if err != nil {
		return who{}, err
	}
	w.name, w.lang, w.read = a.Name, a.Lang, now
	s.known.put(gen, key, w)
	return w, nil
}

func (s *Service) readSession(ctx context.Context, hash []byte, now int64) (who, error) {
	k, found, err := sessionTable.running(ctx, s.d.Read(), s.district, hash, now)
	if err == nil && !found {
		err = errs.E("account.readSession", errs.Unauthenticated, "error.unauthenticated")
	}
	return who{account: k.Account, expires: k.Expires, seen: k.Seen}, err
}

// topicAccount names an account in the news between processes.
const topicAccount = "account:"

// changed makes every process forget what it knows of an account, this one
// before the change is answered.
func (s *Service) changed(tx *db.Tx, account id.ID) {
	tx.OnCommit(func() { s.known.forget(account) })
	tx.Notify(topicAccount + account.String())
}

// Heard takes news of the database (db.Listen): another process changed an account.
func (s *Service) Heard(topic string) {
	if topic == db.Everything {
		s.known.forgetAll()
		return
	}
	if text, ok := strings.CutPrefix(topic, topicAccount); ok {
		if account, err := id.Parse(text); err == nil {
			s.known.forget(account)
		}
	}
}

// touch records coarsely that a session is in use. It is not worth an error page.
func (s *Service) touch(ctx context.Context, hash []byte, now int64) {
	err := s.d.Write(ctx, "account.touch", func(tx *db.Tx) error { return s.touchSession(ctx, tx, hash, now) })
	if err != nil {
		s.log.WarnContext(ctx, "last use of a session not recorded", "error", err)
	}
	s.known.used(sessionKey(hash), now)
}

// SessionID returns the id of the session behind a secret; Zero where it is none.
func (s *Service) SessionID(ctx context.Context, token string) (id.ID, error) {
	k, _, err := sessionTable.running(ctx, s.d.Read(), s.district, secretHash(token), s.now())
	return k.ID, errs.Wrap("account.SessionID", err)
}

// Sessions lists the running sessions of an account, the last used first.
func (s *Service) Sessions(ctx context.Context, account id.ID) ([]SessionInfo, error) {
	out, err := sessionTable.of(ctx, s.d.Read(), s.district, account, s.now())
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

// endSessions ends one session of an account (which), or all but one (but), or all.
func (s *Service) endSessions(ctx context.Context, tx *db.Tx, account, which, but id.ID, now int64) (int64, error) {
	s.changed(tx, account)
	return sessionTable.end(ctx, tx, s.district, account, which, but, now)
}
