package account

import (
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/web"
)

// secondPage asks for a code of the app; with Secret it first shows how to set
// the app up.
type secondPage struct {
	web.Meta
	Form    web.Form
	Message string
	Action  string // where the code is sent
	Code    string // of the log-in that waits
	Next    string
	Secret  string
	QR      template.HTML
	Back    string
}

func (p *Pages) secondPage(w http.ResponseWriter, r *http.Request, status int, d secondPage, login string) error {
	d.Title = web.T(r.Context(), "account.second.title")
	if d.Secret != "" {
		qr, err := web.QR(totpLink(d.Secret, login), inGroups(d.Secret))
		if err != nil {
			return errs.Wrap("account.secondPage", err)
		}
		d.QR, d.Secret = qr, inGroups(d.Secret)
	}
	return p.ren.PageStatus(w, r, status, web.Plain, "account/second", d)
}

// askSecond asks for the second step of a log-in, or has it set up first.
func (p *Pages) askSecond(w http.ResponseWriter, r *http.Request, e Entered, next string) error {
	d := secondPage{Action: "/login/second", Code: e.SecondCode, Next: web.SafeNext(next, "/"), Back: "/login"}
	if e.SecondSetup {
		var err error
		if d.Secret, err = p.s.BeginSecond(r.Context(), e.Account.ID); err != nil {
			return err
		}
	}
	return p.secondPage(w, r, http.StatusOK, d, e.Account.Login)
}

// second takes the code that finishes a log-in.
func (p *Pages) second(w http.ResponseWriter, r *http.Request) error {
	ctx, f := r.Context(), r.PostForm
	e, recovery, err := p.s.TakeStep(ctx, f.Get("code"), f.Get("otp"), DeviceOf(r.UserAgent()), web.Remote(r))
	switch {
	case err == nil && recovery != nil:
		web.SetSession(w, r, e.Token, timeOf(e.Session.Expires))
		return p.recoveryPage(w, r, recovery, web.SafeNext(f.Get("next"), "/"))
	case err == nil:
		return p.entered(w, r, e, f.Get("next"))
	case errs.As(err).Key == "account.bad_code":
		return p.loginPage(w, r, http.StatusUnauthorized, formPage{Message: web.T(ctx, "account.second.late"), Next: f.Get("next")})
	}
	form, message, status, ok := shown(r, err, nil)
	if !ok {
		return err
	}
	d := secondPage{Form: form, Message: message, Action: "/login/second", Code: f.Get("code"), Next: web.SafeNext(f.Get("next"), "/"), Back: "/login"}
	a, err := p.s.waiting(ctx, d.Code, web.Remote(r))
	if err != nil {
		return err
	}
	if state, err := p.s.Second(ctx, a.ID); err != nil {
		return err
	} else if !state.On {
		if d.Secret, err = p.s.pendingSecond(ctx, a.ID); err != nil {
			return err
		}
	}
	return p.secondPage(w, r, status, d, a.Login)
}

// recoveryPage tells the codes on paper, once.
func (p *Pages) recoveryPage(w http.ResponseWriter, r *http.Request, codes []string, next string) error {
	return p.ren.Page(w, r, web.Plain, "account/recovery", struct {
		web.Meta
		Codes []string
		All   string
		Next  string
	}{web.Meta{Title: web.T(r.Context(), "account.second.paper")}, codes, strings.Join(codes, "\n"), next})
}

// beginSecond shows how to set the app up.
func (p *Pages) beginSecond(w http.ResponseWriter, r *http.Request) error {
	account, _, err := p.own(r)
	if err != nil {
		return err
	}
	a, err := p.s.Get(r.Context(), account)
	if err != nil {
		return err
	}
	secret, err := p.s.BeginSecond(r.Context(), account)
	if err != nil {
		return err
	}
	return p.secondPage(w, r, http.StatusOK, secondPage{Action: "/account/second/confirm", Back: "/account", Secret: secret}, a.Login)
}

func (p *Pages) confirmSecond(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	account, session, err := p.own(r)
	if err != nil {
		return err
	}
	recovery, err := p.s.ConfirmSecond(ctx, account, session, r.PostForm.Get("otp"))
	if err == nil {
		return p.recoveryPage(w, r, recovery, "/account")
	}
	form, message, status, ok := shown(r, err, nil)
	if !ok || len(form.Errors) == 0 && !errs.Is(err, errs.TooMany) {
		return err
	}
	a, err := p.s.Get(ctx, account)
	if err != nil {
		return err
	}
	secret, err := p.s.pendingSecond(ctx, account)
	if err != nil {
		return err
	}
	return p.secondPage(w, r, status, secondPage{Form: form, Message: message, Action: "/account/second/confirm", Back: "/account", Secret: secret}, a.Login)
}

func (p *Pages) endSecond(w http.ResponseWriter, r *http.Request) error {
	account, _, err := p.own(r)
	if err != nil {
		return err
	}
	if err = p.s.EndSecond(r.Context(), account, r.PostForm.Get("otp")); err == nil {
		web.Flash(w, r, "ok", "account.second.ended")
		return web.Redirect(w, r, "/account")
	}
	form, message, status, ok := shown(r, err, url.Values{})
	if !ok {
		return err
	}
	return p.ownPage(w, r, status, ownPage{formPage: formPage{Message: message}, SecondOff: form})
}
