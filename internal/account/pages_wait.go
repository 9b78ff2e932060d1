package account

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/web"
)

const (
	// queueCookie carries the ticket of who waits; see ticket.
	queueCookie = "wangge_queue"
	waitPath    = "/login/wait"
	ticketPages = "/login"           // where browsers bring it,
	ticketAPI   = "/api/v1/sessions" // and programs
	// The waiting page looks again after a third of the wait, within these.
	lookSoonest = time.Second
	lookLatest  = 10 * time.Second
)

// patience is how long a form sent waits for its answer before the waiting page
// is shown, and peek how long each later look does.
var (
	patience = 1500 * time.Millisecond
	peek     = 700 * time.Millisecond
)

// lookAgain is when somebody who has to wait that long should look again.
func lookAgain(wait time.Duration) time.Duration {
	return min(max(wait/3, lookSoonest), lookLatest).Round(time.Second)
}

// cookieOf is the cookie that carries a ticket under path.
func cookieOf(text, path string, secure bool) *http.Cookie {
	return &http.Cookie{Name: queueCookie, Value: text, Path: path, MaxAge: int(ticketTTL / time.Second), HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode}
}

// noTicket is the cookie that has a ticket under path forgotten.
func noTicket(path string, secure bool) *http.Cookie {
	c := cookieOf("", path, secure)
	c.MaxAge = -1
	return c
}

// dropTicket makes the browser forget its ticket.
func dropTicket(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, noTicket(ticketPages, web.IsTLS(r)))
}

// cookieText is the ticket that the browser brings, sealed; empty: none.
func cookieText(r *http.Request) string {
	c, err := r.Cookie(queueCookie)
	if err != nil {
		return ""
	}
	return c.Value
}

// held returns the ticket that the browser brings.
func (p *Pages) held(r *http.Request) (ticket, bool) { return p.s.openTicket(cookieText(r)) }

// toQueue sends who must wait to the waiting page. The ticket carries what was typed.
func (p *Pages) toQueue(w http.ResponseWriter, r *http.Request, q *waiting) error {
	text, err := p.s.sealTicket(q.ticket)
	if err != nil {
		return err
	}
	http.SetCookie(w, cookieOf(text, ticketPages, web.IsTLS(r)))
	return web.Redirect(w, r, waitPath)
}

// waitPage shows where somebody stands.
type waitPage struct {
	web.Meta
	Ahead, Seconds int
}

// wait is the waiting page. It asks for itself again, and goes on by itself once
// it is over: with the session, the next step, or the form and what was wrong.
func (p *Pages) wait(w http.ResponseWriter, r *http.Request) error {
	t, ok := p.held(r)
	if !ok {
		dropTicket(w, r)
		if web.LoggedIn(r.Context()) {
			return web.Redirect(w, r, "/")
		}
		return p.loginPage(w, r, http.StatusOK, formPage{Message: web.T(r.Context(), "account.wait_page.over")})
	}
	defer t.wipe()
	if t.Kind == errandChange && web.SessionFrom(r.Context()).AccountID != t.Account {
		dropTicket(w, r)
		return errs.E("account.wait", errs.Unauthenticated, "error.unauthenticated")
	}
	e, q, err := p.s.goOn(r.Context(), t, peek)
	if q != nil {
		return p.stillWaiting(w, r, q)
	}
	dropTicket(w, r)
	switch {
	case t.Kind == errandLogin:
		return p.afterLogin(w, r, e, err, url.Values{"login": {t.Login}}, t.Next)
	case t.Kind == errandChoose:
		return p.afterChoice(w, r, e, err, url.Values{"code": {t.Code}, "next": {t.Next}})
	}
	return p.afterChange(w, r, err)
}

func (p *Pages) stillWaiting(w http.ResponseWriter, r *http.Request, q *waiting) error {
	again := lookAgain(q.wait)
	w.Header().Set("Refresh", strconv.Itoa(int(again/time.Second))+"; url="+waitPath)
	d := waitPage{Ahead: q.ahead, Seconds: seconds(q.wait)}
	d.Title = web.T(r.Context(), "account.wait_page.title")
	return p.ren.Page(w, r, web.Plain, "account/wait", d)
}

// tellWhen says when to try again, of an error that knows.
func tellWhen(w http.ResponseWriter, err error) {
	if after := errs.As(err).After; after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(seconds(after)))
	}
}

// leave gives the place in the queue up.
func (p *Pages) leave(w http.ResponseWriter, r *http.Request) error {
	if t, ok := p.held(r); ok {
		defer t.wipe()
		if err := p.s.leaveQueue(r.Context(), t); err != nil {
			return err
		}
	}
	dropTicket(w, r)
	if web.LoggedIn(r.Context()) {
		return web.Redirect(w, r, "/account")
	}
	return web.Redirect(w, r, "/login")
}
