package account

import (
	"html/template"
	"net/http"
	"net/url"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
	"wangge/internal/platform/web"
)

func (p *Pages) registerAdmin(app *web.App) {
	app.Handle("GET /accounts", p.list)
	app.Handle("POST /accounts/search", p.search)
	app.Handle("GET /accounts/new", p.showNew)
	app.Handle("POST /accounts", web.WithForm(p.create))
	app.Handle("GET /accounts/{id}", p.show)
	app.Handle("POST /accounts/{id}", web.WithForm(p.edit))
	app.Handle("POST /accounts/{id}/reset", p.reset)
	app.Handle("POST /accounts/{id}/lock", p.lock)
	app.Handle("POST /accounts/{id}/unlock", p.unlock)
	app.Handle("POST /accounts/{id}/end", p.endAllOf)
	app.Handle("POST /accounts/{id}/second/end", p.takeSecond)
	app.Handle("POST /accounts/{id}/sessions/{session}/end", p.endOneOf)
}

// listPage is the data of the list of accounts.
type listPage struct {
	web.Meta
	Find  string
	Rows  []accountRow
	Next  string
	First bool
}

// accountRow is an account as its administrator sees it: the phone masked.
type accountRow struct {
	Account
	Phone string
	State string // key of account.state.*
	Posts []Post
}

func (p *Pages) rowOf(a Account) accountRow {
	r := accountRow{Account: a, Phone: seal.MaskPhone(a.Phone), State: string(a.State)}
	switch {
	case a.State != Active:
	case !a.HasPassword:
		r.State = "new"
	case a.LockedUntil > p.s.now():
		r.State = "waiting"
	}
	if seal.NormPhone(a.Login) == a.Phone && a.Phone != "" {
		r.Login = r.Phone
	}
	return r
}

func (p *Pages) list(w http.ResponseWriter, r *http.Request) error {
	return p.listPage(w, r, "", r.URL.Query().Get("after"))
}

// search looks for a name or phone; it is a POST so that they stand in no address.
func (p *Pages) search(w http.ResponseWriter, r *http.Request) error {
	return p.listPage(w, r, r.PostFormValue("find"), r.PostFormValue("after"))
}

func (p *Pages) listPage(w http.ResponseWriter, r *http.Request, find, after string) error {
	rows, next, err := p.s.List(r.Context(), find, after, 50)
	if err != nil {
		return err
	}
	d := listPage{Meta: web.Meta{Title: web.T(r.Context(), "account.admin.title"), Menu: "accounts"}, Find: find, Next: next, First: after == ""}
	for _, a := range rows {
		row := p.rowOf(a)
		if row.Posts, err = p.s.auth.PostsShown(r.Context(), a.ID); err != nil {
			return err
		}
		d.Rows = append(d.Rows, row)
	}
	return p.ren.Page(w, r, web.Office, "account/list", d)
}

func crumbs(r *http.Request) []web.Crumb {
	return []web.Crumb{{Text: web.T(r.Context(), "account.admin.title"), Href: "/accounts"}}
}

func (p *Pages) showNew(w http.ResponseWriter, r *http.Request) error {
	if !p.s.auth.MayManageAccounts(r.Context()) {
		return errs.E("account.showNew", errs.Denied, "error.denied")
	}
	return p.newPage(w, r, http.StatusOK, formPage{})
}

func (p *Pages) newPage(w http.ResponseWriter, r *http.Request, status int, d formPage) error {
	d.Meta = web.Meta{Title: web.T(r.Context(), "account.admin.new"), Menu: "accounts", Crumbs: crumbs(r)}
	d.Langs = langOptions(web.Lang(r.Context()))
	if d.Form.Values == nil {
		d.Form.Values = url.Values{"lang": {web.Lang(r.Context())}}
	}
	return p.ren.PageStatus(w, r, status, web.Office, "account/new", d)
}

func (p *Pages) create(w http.ResponseWriter, r *http.Request) error {
	f := r.PostForm
	n := NewAccount{Login: f.Get("login"), Name: f.Get("name"), Phone: f.Get("phone"), Lang: f.Get("lang"), Worker: f.Get("worker") == "1"}
	a, text, err := p.s.CreateWithCode(r.Context(), web.SessionFrom(r.Context()).AccountID, n)
	if err == nil {
		return p.slip(w, r, a, text)
	}
	form, message, status, ok := shown(r, err, f)
	if !ok || errs.Is(err, errs.Denied) {
		return err
	}
	return p.newPage(w, r, status, formPage{Form: form, Message: message})
}

// slipPage is the data of an activation slip, which is shown and printed once.
type slipPage struct {
	web.Meta
	Name  string
	Code  string
	Hours int
	Link  string
	QR    template.HTML
	Back  string
}

func (p *Pages) slip(w http.ResponseWriter, r *http.Request, a Account, text string) error {
	link := web.ServerURL(r) + "/setup?token=" + url.QueryEscape(text)
	qr, err := web.QR(link, text)
	if err != nil {
		return errs.Wrap("account.slip", err)
	}
	return p.ren.Page(w, r, web.Plain, "account/slip", slipPage{
		Meta: web.Meta{Title: web.T(r.Context(), "account.admin.slip")}, Name: a.Name, Code: text,
		Hours: int(ResetTTL.Hours()), Link: link, Back: "/accounts/" + a.ID.String(),
		QR: qr,
	})
}

// managed reads the account of the address, which the caller must administer.
func (p *Pages) managed(r *http.Request) (Account, error) {
	account, err := pathID(r)
	if err != nil {
		return Account{}, err
	}
	if err := p.s.Manages(r.Context(), account); err != nil {
		return Account{}, err
	}
	return p.s.Get(r.Context(), account)
}

// adminPage is the data of one account's page.
type adminPage struct {
	formPage
	Row      accountRow
	Posts    []Post
	Sessions []SessionInfo
	Self     bool
	Second   SecondState
}

func (p *Pages) show(w http.ResponseWriter, r *http.Request) error {
	a, err := p.managed(r)
	if err != nil {
		return err
	}
	return p.adminPage(w, r, http.StatusOK, a, adminPage{})
}

// adminPage fills d and shows it. d.Form without values shows the stored ones, masked.
func (p *Pages) adminPage(w http.ResponseWriter, r *http.Request, status int, a Account, d adminPage) error {
	ctx := r.Context()
	d.Meta = web.Meta{Title: a.Name, Menu: "accounts", Crumbs: crumbs(r)}
	d.Row, d.Self, d.Langs = p.rowOf(a), a.ID == web.SessionFrom(ctx).AccountID, langOptions(web.Lang(ctx))
	if d.Form.Values == nil {
		d.Form.Values = url.Values{"name": {a.Name}, "login": {d.Row.Login}, "phone": {d.Row.Phone}, "lang": {a.Lang}}
		if a.Worker {
			d.Form.Values.Set("worker", "1")
		}
	}
	var err error
	if d.Posts, err = p.s.auth.PostsShown(ctx, a.ID); err != nil {
		return err
	}
	if d.Sessions, err = p.s.Sessions(ctx, a.ID); err != nil {
		return err
	}
	if d.Second, err = p.s.Second(ctx, a.ID); err != nil {
		return err
	}
	return p.ren.PageStatus(w, r, status, web.Office, "account/one", d)
}

func (p *Pages) edit(w http.ResponseWriter, r *http.Request) error {
	a, err := p.managed(r)
	if err != nil {
		return err
	}
	f := r.PostForm
	worker := f.Get("worker") == "1"
	err = p.s.SetProfile(r.Context(), web.SessionFrom(r.Context()).AccountID, a.ID,
		Profile{Login: f.Get("login"), Name: f.Get("name"), Phone: f.Get("phone"), Lang: f.Get("lang"), Worker: &worker})
	if err == nil {
		web.Flash(w, r, "ok", "account.me.saved")
		return web.Redirect(w, r, "/accounts/"+a.ID.String())
	}
	form, message, status, ok := shown(r, err, f)
	if !ok {
		return err
	}
	return p.adminPage(w, r, status, a, adminPage{formPage: formPage{Form: form, Message: message}})
}

func (p *Pages) reset(w http.ResponseWriter, r *http.Request) error {
	a, err := p.managed(r)
	if err != nil {
		return err
	}
	text, err := p.s.ResetCode(r.Context(), web.SessionFrom(r.Context()).AccountID, a.ID)
	if err != nil {
		return err
	}
	return p.slip(w, r, a, text)
}

func (p *Pages) lock(w http.ResponseWriter, r *http.Request) error {
	return p.act(w, r, "account.admin.locked", func(by, account id.ID) error {
		return p.s.SetState(r.Context(), by, account, Locked)
	})
}

func (p *Pages) unlock(w http.ResponseWriter, r *http.Request) error {
	return p.act(w, r, "account.admin.unlocked", func(by, account id.ID) error {
		return p.s.SetState(r.Context(), by, account, Active)
	})
}

func (p *Pages) endAllOf(w http.ResponseWriter, r *http.Request) error {
	return p.act(w, r, "account.sessions.ended", func(by, account id.ID) error {
		return p.s.EndSessions(r.Context(), by, account, id.Zero)
	})
}

// endOneOf ends one device of a managed account.
func (p *Pages) endOneOf(w http.ResponseWriter, r *http.Request) error {
	session, err := id.Parse(r.PathValue("session"))
	if err != nil {
		return errs.E("account.endOneOf", errs.NotFound, "account.session_not_found")
	}
	return p.act(w, r, "account.sessions.ended", func(by, account id.ID) error {
		return p.s.EndSession(r.Context(), by, account, session)
	})
}

// takeSecond ends the second step of who lost the app.
func (p *Pages) takeSecond(w http.ResponseWriter, r *http.Request) error {
	return p.act(w, r, "account.second.taken", func(by, account id.ID) error {
		return p.s.TakeSecond(r.Context(), by, account)
	})
}

// act does one thing to a managed account and goes back to its page.
func (p *Pages) act(w http.ResponseWriter, r *http.Request, done string, do func(by, account id.ID) error) error {
	a, err := p.managed(r)
	if err != nil {
		return err
	}
	if err := do(web.SessionFrom(r.Context()).AccountID, a.ID); err != nil {
		return err
	}
	web.Flash(w, r, "ok", done)
	return web.Redirect(w, r, "/accounts/"+a.ID.String())
}
