package app

import (
	"context"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/web"
)

// Serve opens the database, recovers what a kill left, and answers until ctx
// ends. say prints what a person at the terminal must see: the address and, on
// the first start, the one-time set-up link.
func Serve(ctx context.Context, o Options, say func(line string)) error {
	ln, err := web.Listen(o.Config.Listen, o.Config.TLSCert, o.Config.TLSKey)
	if err != nil {
		return err
	}
	defer ln.Close()
	d, err := OpenDatabase(ctx, o)
	if err != nil {
		return err
	}
	defer d.Close()
	district, err := DistrictOf(ctx, d, o.Config.District)
	if err != nil {
		return err
	}
	base := o.baseURL(ln.Addr())
	say("Wangge " + Version + ": " + base)
	front := &front{}
	ctx = front.drained(ctx, o.Config.Drain)
	if district != 0 {
		err = front.run(ctx, o, d, district, base, say)
	} else {
		err = front.choose(ctx, o, d, base, say)
	}
	if err != nil {
		return unlessEnded(ctx, err)
	}
	defer front.close()
	return web.ServeOn(ctx, ln, front, o.log(), front.endStreams)
}

// unlessEnded drops an error that only says that the person at the terminal
// ended the program while it was starting.
func unlessEnded(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// baseURL is the address people open.
func (o Options) baseURL(addr net.Addr) string {
	if o.Config.BaseURL != "" {
		return strings.TrimSuffix(o.Config.BaseURL, "/")
	}
	scheme := "http://"
	if o.Config.TLSCert != "" {
		scheme = "https://"
	}
	return scheme + addr.String()
}

// front answers requests with whatever stands behind it: the choice of a
// district on the very first start, then the district itself.
type front struct {
	handler  atomic.Pointer[http.Handler]
	app      atomic.Pointer[App]
	draining atomic.Bool
}

// drained returns a context that ends a while after ctx; in between the server
// goes on and tells whoever asks that it is not ready.
func (f *front) drained(ctx context.Context, wait time.Duration) context.Context {
	if wait <= 0 {
		return ctx
	}
	later, end := context.WithCancel(context.WithoutCancel(ctx))
	context.AfterFunc(ctx, func() {
		f.draining.Store(true)
		<-clock.Real().After(wait)
		end()
	})
	return later
}

// ServeHTTP passes the request on.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.draining.Load() && r.URL.Path == "/readyz" {
		http.Error(w, "stopping", http.StatusServiceUnavailable)
		return
	}
	(*f.handler.Load()).ServeHTTP(w, r)
}

// run puts the district's pages behind the front and starts its background work.
// Without say the link for the first account is left to another process.
func (f *front) run(ctx context.Context, o Options, d *db.DB, district int, base string, say func(string)) error {
	a, err := New(ctx, o, d, district)
	if err != nil {
		return err
	}
	if err := a.Recover(ctx); err != nil {
		return err
	}
	h, err := a.Handler()
	if err != nil {
		return err
	}
	if err := a.sayFirst(ctx, base, say); err != nil {
		return err
	}
	a.Background(ctx)
	f.app.Store(a)
	f.handler.Store(&h)
	return nil
}

// sayFirst tells the link that makes the first account while there is none. A
// link ends those told before it.
func (a *App) sayFirst(ctx context.Context, base string, say func(string)) error {
	n, err := a.Accounts.Count(ctx)
	if err != nil || n > 0 || say == nil {
		return err
	}
	code, err := a.Accounts.SetupCode(ctx)
	if err == nil {
		say("First start. Open this link once to make the first account: " + base + "/setup?token=" + code)
	}
	return err
}

func (f *front) endStreams() {
	if a := f.app.Load(); a != nil {
		a.hub.Close()
	}
}

func (f *front) close() {
	if a := f.app.Load(); a != nil {
		a.Close()
	}
}
