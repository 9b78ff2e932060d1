package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// SessionCookie is the name of the cookie that carries a session's token.
const SessionCookie = "wangge_session"

// Session is who is asking, as far as the shell needs to know. What the
// account may do is decided by the stores, not here.
type Session struct {
	AccountID id.ID     // the account; Zero when nobody is logged in
	Name      string    // shown in the account menu, never logged
	Post      string    // the post spoken for, shown under the name; may be empty
	Lang      string    // the account's language, "zh" or "en"; may be empty
	Expires   time.Time // when the session ends; zero means with the browser
	Token     bool      // came by a bearer token, not by a cookie
	Origin    string    // of a token given to another authority: whose name it acts in
}

// Identity turns a token into a session. A token that is unknown, ended or
// expired gives an error of kind Unauthenticated.
type Identity interface {
	Lookup(ctx context.Context, token string) (Session, error)
}

type ctxKey int

const (
	sessionKey ctxKey = iota
	langKey
	requestKey
)

// WithSession returns a context that carries s. Middleware calls it; tests may.
func WithSession(ctx context.Context, s Session) context.Context {
	return context.WithValue(ctx, sessionKey, s)
}

// SessionFrom returns the session of the request. Its AccountID is Zero when
// nobody is logged in.
func SessionFrom(ctx context.Context) Session {
	s, _ := ctx.Value(sessionKey).(Session)
	return s
}

// LoggedIn reports whether somebody is logged in.
func LoggedIn(ctx context.Context) bool { return SessionFrom(ctx).AccountID != id.Zero }

// SetSession gives the browser the token of a session that ends at expires
// (zero: with the browser). The cookie is HttpOnly, SameSite=Lax, and Secure
// when the request came over TLS.
func SetSession(w http.ResponseWriter, r *http.Request, token string, expires time.Time) {
	http.SetCookie(w, &http.Cookie{
		Name: SessionCookie, Value: token, Path: "/", Expires: expires,
		HttpOnly: true, Secure: IsTLS(r), SameSite: http.SameSiteLaxMode,
	})
}

// ClearSession makes the browser forget its session.
func ClearSession(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{
		Name: SessionCookie, Path: "/", MaxAge: -1,
		HttpOnly: true, Secure: IsTLS(r), SameSite: http.SameSiteLaxMode,
	})
}

// SessionToken returns the token of the request: the bearer token if there is
// one, else the session cookie's. Empty when there is neither.
func SessionToken(r *http.Request) (token string, bearer bool) {
	if h := r.Header.Get("Authorization"); len(h) > 7 && strings.EqualFold(h[:7], "bearer ") {
		return strings.TrimSpace(h[7:]), true
	}
	if c, err := r.Cookie(SessionCookie); err == nil {
		return c.Value, false
	}
	return "", false
}

// RequireLogin lets h run only for somebody logged in. Others are sent to
// /login and come back afterwards; API requests get 401. Routes registered
// with App.Handle have it already unless marked Public.
func RequireLogin(h Handler) Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if LoggedIn(r.Context()) {
			return h(w, r)
		}
		if WantsJSON(r) {
			return errs.E("web.RequireLogin", errs.Unauthenticated, "web.error.login")
		}
		target := "/login"
		if r.Method == http.MethodGet && r.URL.Path != "/" {
			target += "?next=" + url.QueryEscape(r.URL.RequestURI())
		}
		if IsHTMX(r) {
			w.Header().Set("HX-Redirect", "/login")
			w.WriteHeader(http.StatusOK)
			return nil
		}
		http.Redirect(w, r, target, http.StatusSeeOther)
		return nil
	}
}

// SafeNext returns next if it is a path on this server, else fallback, so that
// a log-in link cannot lead elsewhere.
func SafeNext(next, fallback string) string {
	if len(next) < 1 || next[0] != '/' || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\r\n") {
		return fallback
	}
	if u, err := url.Parse(next); err != nil || u.Host != "" || u.Scheme != "" {
		return fallback
	}
	return next
}
