package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"runtime/debug"
	"slices"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
)

type shellKey struct{}

// shell is what the middleware hands to WriteError and the log.
type shell struct {
	log      *slog.Logger
	renderer *Renderer
}

func logFrom(ctx context.Context) *slog.Logger {
	if s, ok := ctx.Value(shellKey{}).(shell); ok && s.log != nil {
		return s.log
	}
	return slog.Default()
}

func rendererFrom(ctx context.Context) *Renderer {
	s, _ := ctx.Value(shellKey{}).(shell)
	return s.renderer
}

// recorder remembers status and size of an answer.
type recorder struct {
	http.ResponseWriter
	status int
	bytes  int64
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// recorderOf finds the recorder below any wrapping writers.
func recorderOf(w http.ResponseWriter) *recorder {
	for w != nil {
		if rec, ok := w.(*recorder); ok {
			return rec
		}
		u, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return nil
		}
		w = u.Unwrap()
	}
	return nil
}

// observe gives the request an identifier, logs it when it is done and turns
// a panic into an internal error. The log holds the route, never the address
// or the query, which could hold what a person typed.
func (a *App) observe(w http.ResponseWriter, r *http.Request) {
	watch := clock.Start()
	reqID := randomHex(8)
	ctx := context.WithValue(r.Context(), requestKey, reqID)
	ctx = context.WithValue(ctx, shellKey{}, shell{log: a.opt.Log, renderer: a.opt.Renderer})
	ctx = WithLang(ctx, chooseLang(w, r, ""))
	r = r.WithContext(ctx)
	pattern, rt := a.routeOf(r)
	r.Pattern = pattern
	w.Header().Set("X-Request-Id", reqID)
	w.Header().Set("Cache-Control", "no-store") // pages show people; handlers may say otherwise
	rec := &recorder{ResponseWriter: w}
	defer func() {
		if v := recover(); v != nil {
			a.panicked(rec, r, v)
		}
		took := watch.Elapsed()
		a.opt.Log.InfoContext(ctx, "request", "request", reqID, "method", r.Method, "route", pattern,
			"status", rec.status, "bytes", rec.bytes, "ms", float64(took.Microseconds())/1000)
		if a.opt.Observe != nil {
			a.opt.Observe(pattern, rt.class, rec.status, took)
		}
	}()
	a.admit(rec, r, rt)
}

func (a *App) panicked(rec *recorder, r *http.Request, v any) {
	if v == http.ErrAbortHandler {
		panic(v)
	}
	a.opt.Log.ErrorContext(r.Context(), "panic", "request", RequestID(r.Context()),
		"route", r.Pattern, "panic", v, "stack", string(debug.Stack()))
	if rec.status == 0 {
		WriteError(rec, r, errs.E("web", errs.Internal, "web.error.internal"))
	}
}

// securityPolicy allows what this server itself sends and nothing else: no
// inline script, no inline style, no other host. Styles that depend on data
// are SVG attributes or classes.
const securityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
	"font-src 'self'; connect-src 'self'; media-src 'self' blob:; manifest-src 'self'; worker-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'"

func (a *App) securityHeaders(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", securityPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(self), microphone=(), geolocation=(), payment=()")
	if IsTLS(r) {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// identify finds out who asks, and in which language to answer.
func (a *App) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s, err := a.lookup(r)
		switch {
		case err == nil:
		case errs.Is(err, errs.Unauthenticated) && !s.Token:
			ClearSession(w, r)
			s = Session{}
		default:
			WriteError(w, r, err)
			return
		}
		ctx := WithLang(WithSession(r.Context(), s), chooseLang(w, r, s.Lang))
		if a.opt.Enrich != nil && LoggedIn(ctx) {
			if ctx, err = a.opt.Enrich(ctx, s); err != nil {
				WriteError(w, r, err)
				return
			}
		}
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func (a *App) lookup(r *http.Request) (Session, error) {
	token, bearer := SessionToken(r)
	switch {
	case token == "":
		return Session{}, nil
	case bearer && a.opt.Tokens == nil:
		return Session{Token: true}, errs.E("web.identify", errs.Unauthenticated, "web.error.token")
	case bearer:
		s, err := a.opt.Tokens.Lookup(r.Context(), token)
		if err == nil && s.Origin != "" && !slices.Contains(a.opt.Outside, r.Method+" "+r.URL.Path) {
			err = errs.E("web.identify", errs.Denied, "web.error.outside")
		}
		s.Token = true
		return s, err
	case a.opt.Identity == nil:
		return Session{}, nil
	}
	return a.opt.Identity.Lookup(r.Context(), token)
}

// checkOrigin refuses requests that another site made a browser send. There is
// no token in forms: browsers say where a request comes from (Sec-Fetch-Site,
// or Origin on older ones, compared with Host), and the session cookie is
// SameSite=Lax, so that a foreign form post arrives without it in any case.
func (a *App) checkOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := a.cross.Check(r); err != nil {
			WriteError(w, r, errs.E("web.origin", errs.Denied, "web.error.origin"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// limit bounds the size of the body and the time a route may take.
func (a *App) limit(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, rt := a.routeOf(r)
		ctl := http.NewResponseController(w)
		if rt.stream {
			setDeadlines(ctl, time.Time{})
			next.ServeHTTP(w, r)
			return
		}
		setDeadlines(ctl, a.opt.Clock.Now().Add(rt.timeout))
		r.Body = http.MaxBytesReader(w, r.Body, rt.maxBody)
		ctx, cancel := context.WithTimeout(r.Context(), rt.timeout)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// setDeadlines moves the connection's deadlines; writers of tests have none.
func setDeadlines(ctl *http.ResponseController, at time.Time) {
	for _, err := range []error{ctl.SetReadDeadline(at), ctl.SetWriteDeadline(at)} {
		if err != nil && !errors.Is(err, http.ErrNotSupported) {
			return
		}
	}
}
