package web

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"wangge/internal/platform/clock"
)

// Options are what an App is made of. Only Renderer is needed; what is left
// out is off.
type Options struct {
	Renderer *Renderer // pages and error pages
	Identity Identity  // sessions of browsers, by cookie
	Tokens   Identity  // bearer tokens of programs; nil: none are accepted
	Outside  []string  // all that a token given to another authority may ask, as "POST /path"
	// Enrich adds to the context of every request of somebody logged in what the
	// slices need to know of them, as the posts they hold; nil: nothing.
	Enrich      func(ctx context.Context, s Session) (context.Context, error)
	Idempotency Idempotency  // remembers what was answered to a key
	Log         *slog.Logger // nil: slog.Default
	Clock       clock.Clock  // the machine's clock; nil: clock.Real. Not the demo's fast one
	Metrics     http.Handler // served at /metrics when set
	// Ready says whether the server may get traffic; nil: always.
	Ready func(ctx context.Context) error
	// BehindTLS is set when a proxy in front ends TLS and is trusted.
	BehindTLS bool
	// BehindProxy trusts the last entry of X-Forwarded-For as the sender's address:
	// only a proxy that writes it may reach the server then.
	BehindProxy bool
	// TrustedOrigins may post across origins, as "https://host".
	TrustedOrigins []string
	// Observe is told of each finished request, for metrics; nil: nobody. route
	// is a pattern, "" for an address that has none.
	Observe func(route string, class Class, status int, took time.Duration)
	// Limits replace those of DefaultLimits, class by class.
	Limits map[Class]Limits
}

// App routes requests to handlers through the shell: request id, log,
// recovery, security headers, session, language, cross-origin check, limits,
// compression, idempotency and errors.
type App struct {
	opt    Options
	mux    *http.ServeMux
	routes map[string]route
	served []string // patterns in the order of their registration
	assets http.Handler
	inner  http.Handler
	cross  *http.CrossOriginProtection
	gate   *gate
}

// Patterns returns the patterns of all routes, as "GET /rounds/{id}", in the
// order of their registration.
func (a *App) Patterns() []string { return slices.Clone(a.served) }

// route is what was asked for when a pattern was registered.
type route struct {
	public  bool
	maxBody int64
	timeout time.Duration
	stream  bool
	class   Class
}

// RouteOption changes how one route is served.
type RouteOption func(*route)

// Public lets a route be used by people who are not logged in.
func Public() RouteOption { return func(r *route) { r.public = true } }

// MaxBody allows request bodies of up to n bytes (1 MiB otherwise).
func MaxBody(n int64) RouteOption { return func(r *route) { r.maxBody = n } }

// Timeout gives a route d to read its request and to answer (60 s otherwise).
func Timeout(d time.Duration) RouteOption { return func(r *route) { r.timeout = d } }

// Stream marks a route that answers for as long as the client listens.
func Stream() RouteOption { return func(r *route) { r.stream = true } }

// As names the class of a route; one that is not named is Read.
func As(c Class) RouteOption { return func(r *route) { r.class = c } }

// Limits of a request unless its route says otherwise.
const (
	DefaultMaxBody = 1 << 20
	DefaultTimeout = 60 * time.Second
)

// New returns an App without routes. It panics if a trusted origin is not one,
// which is an error of the configuration.
func New(opt Options) *App {
	if opt.Log == nil {
		opt.Log = slog.Default()
	}
	if opt.Clock == nil {
		opt.Clock = clock.Real()
	}
	a := &App{opt: opt, mux: http.NewServeMux(), routes: map[string]route{}, cross: http.NewCrossOriginProtection(), gate: newGate(opt.Limits, opt.Clock)}
	for _, o := range opt.TrustedOrigins {
		if err := a.cross.AddTrustedOrigin(o); err != nil {
			panic("web: " + err.Error())
		}
	}
	a.assets = assetHandler()
	a.inner = a.identify(a.checkOrigin(a.compress(a.limit(a.once(http.HandlerFunc(a.dispatch))))))
	return a
}

// Handle registers h for a ServeMux pattern such as "GET /rounds/{id}". The
// route needs a log-in unless it is Public. Errors that h returns are shown by
// WriteError.
func (a *App) Handle(pattern string, h Handler, opts ...RouteOption) {
	var rt route
	for _, o := range opts {
		o(&rt)
	}
	a.routes[pattern] = rt
	if !rt.public {
		h = RequireLogin(h)
	}
	a.served = append(a.served, pattern)
	a.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			a.fail(w, r, err)
		}
	})
}

// HandleFunc registers a plain handler without log-in; it is the seam for
// libraries that bring their own (huma). Such handlers decide for themselves
// who may use them.
func (a *App) HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request)) {
	a.served = append(a.served, pattern)
	a.mux.HandleFunc(pattern, h)
}

// Unserved returns the patterns of Limit that no route has, which are misspelt.
func (a *App) Unserved() []string {
	var out []string
	for pattern := range a.routes {
		if !slices.Contains(a.served, pattern) {
			out = append(out, pattern)
		}
	}
	return out
}

// Limit sets size, time or class of a route that a library registers, as
// app.Limit("POST /api/v1/imports", MaxBody(64<<20)).
func (a *App) Limit(pattern string, opts ...RouteOption) {
	rt := a.routes[pattern]
	for _, o := range opts {
		o(&rt)
	}
	a.routes[pattern] = rt
}

// ServeHTTP serves a request through the whole shell.
func (a *App) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Header.Del(trustedProto)
	if a.opt.BehindTLS && strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") {
		r.Header.Set(trustedProto, "https")
	}
	if a.opt.BehindProxy {
		r.RemoteAddr = forwarded(r)
	}
	a.securityHeaders(w, r)
	switch {
	case strings.HasPrefix(r.URL.Path, "/assets/"):
		a.assets.ServeHTTP(w, r)
	case r.URL.Path == "/healthz":
		plainText(w, http.StatusOK, "ok\n")
	case r.URL.Path == "/readyz":
		a.ready(w, r)
	case r.URL.Path == "/metrics" && a.opt.Metrics != nil:
		a.opt.Metrics.ServeHTTP(w, r)
	default:
		a.observe(w, r)
	}
}

func (a *App) ready(w http.ResponseWriter, r *http.Request) {
	if a.opt.Ready != nil {
		if err := a.opt.Ready(r.Context()); err != nil {
			a.opt.Log.WarnContext(r.Context(), "not ready", "error", err)
			plainText(w, http.StatusServiceUnavailable, "not ready\n")
			return
		}
	}
	plainText(w, http.StatusOK, "ready\n")
}

func plainText(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	w.Write([]byte(text))
}

// fail shows err unless the answer has begun; then only the log can tell.
func (a *App) fail(w http.ResponseWriter, r *http.Request, err error) {
	if rec := recorderOf(w); rec != nil && rec.status != 0 {
		logError(r, ProblemOf(Lang(r.Context()), err), err)
		return
	}
	WriteError(w, r, err)
}

// dispatch sends the request to its route; what has none gets our own answer
// instead of the mux's plain text.
func (a *App) dispatch(w http.ResponseWriter, r *http.Request) {
	h, pattern := a.mux.Handler(r)
	if pattern != "" {
		a.mux.ServeHTTP(w, r)
		return
	}
	probe := &probeWriter{header: http.Header{}}
	h.ServeHTTP(probe, r)
	if probe.status == http.StatusMethodNotAllowed {
		w.Header().Set("Allow", probe.header.Get("Allow"))
		WriteError(w, r, problem(Lang(r.Context()), http.StatusMethodNotAllowed, "method", "web.error.method"))
		return
	}
	WriteError(w, r, problem(Lang(r.Context()), http.StatusNotFound, "not_found", "web.error.no_page"))
}

// probeWriter learns a status and throws the answer away.
type probeWriter struct {
	header http.Header
	status int
}

func (p *probeWriter) Header() http.Header         { return p.header }
func (p *probeWriter) Write(b []byte) (int, error) { return len(b), nil }
func (p *probeWriter) WriteHeader(status int)      { p.status = status }

func (a *App) routeOf(r *http.Request) (string, route) {
	_, pattern := a.mux.Handler(r)
	rt := a.routes[pattern]
	if rt.maxBody == 0 {
		rt.maxBody = DefaultMaxBody
	}
	if rt.timeout == 0 {
		rt.timeout = DefaultTimeout
	}
	return pattern, rt
}
