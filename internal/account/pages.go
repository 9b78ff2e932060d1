package account

import (
	"embed"
	"net/http"
	"net/url"
	"time"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

//go:embed all:templates
var templates embed.FS

// Pages serves log-in, set-up, the own account and the administration of
// accounts.
type Pages struct {
	s   *Service
	ren *web.Renderer
}

// NewPages adds the templates to ren, leads the account menu to /account, and
// returns the pages.
func NewPages(s *Service, ren *web.Renderer) (*Pages, error) {
	ren.Shell.Account, ren.Shell.Logout = "/account", "/logout"
	return &Pages{s, ren}, ren.AddDir(templates, "templates")
}

// Register adds the routes to app.
func (p *Pages) Register(app *web.App) {
	app.Handle("GET /login", p.showLogin, web.Public(), web.As(web.Own))
	app.Handle("POST /login", web.WithForm(p.login), web.Public(), web.As(web.Own))
	app.Handle("POST /login/second", web.WithForm(p.second), web.Public(), web.As(web.Own))
	app.Handle("GET "+waitPath, p.wait, web.Public(), web.As(web.Own))
	app.Handle("POST /login/leave", p.leave, web.Public(), web.As(web.Own))
	app.Handle("POST /logout", p.logout, web.Public())
	app.Handle("GET /setup", p.showSetup, web.Public(), web.As(web.Own))
	app.Handle("POST /setup", web.WithForm(p.setup), web.Public(), web.As(web.Own))
	app.Handle("GET /activate", p.showActivate, web.Public(), web.As(web.Own))
	app.Handle("GET /password", p.showPassword)
	app.Handle("POST /password", web.WithForm(p.password), web.As(web.Own))
	app.Handle("GET /account", p.showOwn)
	app.Handle("POST /account", web.WithForm(p.saveOwn))
	app.Handle("POST /account/second", p.beginSecond)
	app.Handle("POST /account/second/confirm", web.WithForm(p.confirmSecond))
	app.Handle("POST /account/second/end", web.WithForm(p.endSecond))
	app.Handle("POST /account/sessions/end", p.endOthers)
	app.Handle("POST /account/sessions/{id}/end", p.endOne)
	app.Handle("POST /account/tokens", web.WithForm(p.makeToken))
	app.Handle("POST /account/tokens/{id}/end", p.endToken)
	p.registerAdmin(app)
}

// formPage is the data of a page with one form.
type formPage struct {
	web.Meta
	Form    web.Form
	Message string // what is wrong, where it is no single field
	Next    string
	Code    string
	Setup   bool
	Name    string
	Empty   bool
	Langs   []web.Option
}

// shown turns an error that a person can mend into the form again; ok is false
// where it must be shown as an error page.
func shown(r *http.Request, err error, values url.Values) (form web.Form, message string, status int, ok bool) {
	e := errs.As(err)
	form = web.Form{Values: values, Errors: web.FormErrors(r.Context(), err)}
	switch e.Kind {
	case errs.Invalid, errs.Unauthenticated, errs.Denied, errs.Conflict, errs.TooMany, errs.Unavailable:
	default:
		return form, "", 0, false
	}
	if len(form.Errors) == 0 {
		message = web.T(r.Context(), e.Key, e.Args...)
	}
	return form, message, e.Kind.Status(), e.Key != ""
}

func (p *Pages) showLogin(w http.ResponseWriter, r *http.Request) error {
	if web.LoggedIn(r.Context()) {
		return web.Redirect(w, r, web.SafeNext(r.URL.Query().Get("next"), "/"))
	}
	n, err := p.s.Count(r.Context())
	if err != nil {
		return err
	}
	return p.loginPage(w, r, http.StatusOK, formPage{Next: r.URL.Query().Get("next"), Empty: n == 0})
}

func (p *Pages) loginPage(w http.ResponseWriter, r *http.Request, status int, d formPage) error {
	d.Title = web.T(r.Context(), "account.login.title")
	d.Next = web.SafeNext(d.Next, "/")
	return p.ren.PageStatus(w, r, status, web.Plain, "account/login", d)
}

func (p *Pages) login(w http.ResponseWriter, r *http.Request) error {
	next := r.PostForm.Get("next")
	e, q, err := p.s.login(r.Context(), Attempt{
		Login: r.PostForm.Get("login"), Password: r.PostForm.Get("password"),
		Device: DeviceOf(r.UserAgent()), Address: web.Remote(r), Next: next, Ticket: cookieText(r),
	}, patience)
	if q != nil {
		return p.toQueue(w, r, q)
	}
	if err == nil && cookieText(r) != "" {
		dropTicket(w, r)
	}
	return p.afterLogin(w, r, e, err, url.Values{"login": r.PostForm["login"]}, next)
}

// afterLogin goes on after a log-in that was tried, or shows the form again.
func (p *Pages) afterLogin(w http.ResponseWriter, r *http.Request, e Entered, err error, typed url.Values, next string) error {
	if err != nil {
		tellWhen(w, err)
		form, message, status, ok := shown(r, err, typed)
		if !ok {
			return err
		}
		return p.loginPage(w, r, status, formPage{Form: form, Message: message, Next: next})
	}
	if e.ChangeCode != "" {
		return p.choosePage(w, r, http.StatusOK, formPage{Code: e.ChangeCode, Name: e.Account.Name, Next: next})
	}
	return p.entered(w, r, e, next)
}

// entered gives the browser its session and sends it on, or asks for the second step.
func (p *Pages) entered(w http.ResponseWriter, r *http.Request, e Entered, next string) error {
	if e.SecondCode != "" {
		return p.askSecond(w, r, e, next)
	}
	web.SetSession(w, r, e.Token, timeOf(e.Session.Expires))
	return web.Redirect(w, r, web.SafeNext(next, "/"))
}

func timeOf(ms int64) time.Time { return time.UnixMilli(ms) }

func (p *Pages) logout(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	token, bearer := web.SessionToken(r)
	if account := web.SessionFrom(ctx).AccountID; account != id.Zero && !bearer {
		session, err := p.s.SessionID(ctx, token)
		if err != nil {
			return err
		}
		if err := p.s.EndSession(ctx, account, account, session); err != nil && !errs.Is(err, errs.NotFound) {
			return err
		}
	}
	web.ClearSession(w, r)
	web.Flash(w, r, "ok", "account.login.out")
	return web.Redirect(w, r, "/login")
}

// showSetup opens the set-up link, the code of a slip, or asks for a code.
func (p *Pages) showSetup(w http.ResponseWriter, r *http.Request) error {
	text := r.URL.Query().Get("token")
	if text == "" {
		return p.codePage(w, r, http.StatusOK, formPage{})
	}
	return p.forCode(w, r, text)
}

// showActivate is where a slip's QR leads, and where its code is typed by hand.
func (p *Pages) showActivate(w http.ResponseWriter, r *http.Request) error {
	text := r.URL.Query().Get("code")
	if text == "" {
		return p.codePage(w, r, http.StatusOK, formPage{})
	}
	return p.forCode(w, r, text)
}

// forCode shows the form that belongs to a code.
func (p *Pages) forCode(w http.ResponseWriter, r *http.Request, text string) error {
	info, err := p.s.CheckCode(r.Context(), text, web.Remote(r))
	if err != nil {
		return p.badCode(w, r, err)
	}
	return p.choosePage(w, r, http.StatusOK, formPage{Code: text, Setup: info.Setup, Name: info.Account.Name})
}

func (p *Pages) badCode(w http.ResponseWriter, r *http.Request, err error) error {
	form, message, status, ok := shown(r, err, nil)
	if !ok {
		return err
	}
	return p.codePage(w, r, status, formPage{Form: form, Message: message})
}

func (p *Pages) codePage(w http.ResponseWriter, r *http.Request, status int, d formPage) error {
	d.Title = web.T(r.Context(), "account.code.title")
	return p.ren.PageStatus(w, r, status, web.Plain, "account/code", d)
}

func (p *Pages) choosePage(w http.ResponseWriter, r *http.Request, status int, d formPage) error {
	d.Title = web.T(r.Context(), "account.set.title")
	if d.Setup {
		d.Title = web.T(r.Context(), "account.setup.title")
	}
	return p.ren.PageStatus(w, r, status, web.Plain, "account/choose", d)
}

// setup takes a code alone (and shows its form), or with what it is for.
func (p *Pages) setup(w http.ResponseWriter, r *http.Request) error {
	f := r.PostForm
	if !f.Has("password") {
		return p.forCode(w, r, f.Get("code"))
	}
	e, q, err := p.spendCode(r, f)
	if q != nil {
		return p.toQueue(w, r, q)
	}
	return p.afterChoice(w, r, e, err, f)
}

// afterChoice goes on after a password was chosen with a code, or shows the form f again.
func (p *Pages) afterChoice(w http.ResponseWriter, r *http.Request, e Entered, err error, f url.Values) error {
	if err == nil {
		return p.entered(w, r, e, f.Get("next"))
	}
	if errs.As(err).Key == "account.bad_code" {
		return p.badCode(w, r, err)
	}
	tellWhen(w, err)
	form, message, status, ok := shown(r, err, url.Values{"login": f["login"], "name": f["name"], "phone": f["phone"]})
	if !ok {
		return err
	}
	return p.choosePage(w, r, status, formPage{Form: form, Message: message, Code: f.Get("code"), Setup: f.Get("setup") == "1", Next: f.Get("next")})
}

func (p *Pages) spendCode(r *http.Request, f url.Values) (Entered, *waiting, error) {
	if err := sameTwice(f); err != nil {
		return Entered{}, nil, err
	}
	device, address := DeviceOf(r.UserAgent()), web.Remote(r)
	if f.Get("setup") != "1" {
		return p.s.setPassword(r.Context(), ticket{Code: f.Get("code"), Device: device, Address: address, Next: f.Get("next")}, f.Get("password"), patience)
	}
	n := NewAccount{Login: f.Get("login"), Name: f.Get("name"), Phone: f.Get("phone"), Lang: web.Lang(r.Context())}
	e, err := p.s.SetupFirst(r.Context(), f.Get("code"), n, f.Get("password"), device, address)
	return e, nil, err
}

func sameTwice(f url.Values) error {
	if f.Get("password") == f.Get("again") {
		return nil
	}
	return errs.Field(errs.E("account.form", errs.Invalid, "account.password.differ"), "again")
}

func (p *Pages) showPassword(w http.ResponseWriter, r *http.Request) error {
	return p.passwordPage(w, r, http.StatusOK, formPage{})
}

func (p *Pages) passwordPage(w http.ResponseWriter, r *http.Request, status int, d formPage) error {
	d.Title = web.T(r.Context(), "account.password.title")
	return p.ren.PageStatus(w, r, status, web.Plain, "account/password", d)
}

func (p *Pages) password(w http.ResponseWriter, r *http.Request) error {
	q, err := p.sendChange(r)
	if q != nil {
		return p.toQueue(w, r, q)
	}
	return p.afterChange(w, r, err)
}

// afterChange goes on after the own password was changed, or shows the form again.
func (p *Pages) afterChange(w http.ResponseWriter, r *http.Request, err error) error {
	if err == nil {
		web.Flash(w, r, "ok", "account.password.saved")
		return web.Redirect(w, r, "/account")
	}
	tellWhen(w, err)
	form, message, status, ok := shown(r, err, nil)
	if !ok {
		return err
	}
	return p.passwordPage(w, r, status, formPage{Form: form, Message: message})
}

func (p *Pages) sendChange(r *http.Request) (*waiting, error) {
	f := r.PostForm
	if err := sameTwice(f); err != nil {
		return nil, err
	}
	account, session, err := p.own(r)
	if err != nil {
		return nil, err
	}
	return p.s.changeOwn(r.Context(), ticket{Account: account, Session: session, Address: web.Remote(r)}, f.Get("current"), f.Get("password"), patience)
}

// own returns the caller's account and session. Programs have none of these pages.
func (p *Pages) own(r *http.Request) (account, session id.ID, err error) {
	k := web.SessionFrom(r.Context())
	if k.Token {
		return 0, 0, errs.E("account.own", errs.Denied, "error.denied")
	}
	token, _ := web.SessionToken(r)
	session, err = p.s.SessionID(r.Context(), token)
	return k.AccountID, session, err
}

// langOptions are the languages to choose from.
func langOptions(lang string) []web.Option {
	var out []web.Option
	for _, l := range i18n.Langs() {
		out = append(out, web.Option{Value: l, Text: i18n.T(lang, "account.lang."+l)})
	}
	return out
}
