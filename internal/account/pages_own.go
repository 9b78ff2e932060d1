package account

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// ownPage is the data of the page of one's own account.
type ownPage struct {
	formPage
	Posts     []Post
	Options   []web.Option
	Sessions  []SessionInfo
	This      id.ID
	Tokens    []tokenRow
	TokenForm web.Form
	Secret    string // of the token just made
	Second    SecondState
	SecondOff web.Form
	Phone     bool // shown as a worker page
}

type tokenRow struct {
	Token
	PostTitle string
}

func (p *Pages) showOwn(w http.ResponseWriter, r *http.Request) error {
	return p.ownPage(w, r, http.StatusOK, ownPage{})
}

// ownPage fills d and shows it. d.Form without values shows the stored ones.
func (p *Pages) ownPage(w http.ResponseWriter, r *http.Request, status int, d ownPage) error {
	ctx := r.Context()
	account, session, err := p.own(r)
	if err != nil {
		return err
	}
	a, err := p.s.Get(ctx, account)
	if err != nil {
		return err
	}
	if d.Form.Values == nil {
		d.Form.Values = url.Values{"login": {a.Login}, "name": {a.Name}, "phone": {a.Phone}, "lang": {a.Lang}}
	}
	if d.Posts, err = p.s.auth.PostsShown(ctx, account); err != nil {
		return err
	}
	if d.Sessions, err = p.s.Sessions(ctx, account); err != nil {
		return err
	}
	if d.Second, err = p.s.Second(ctx, account); err != nil {
		return err
	}
	list, err := p.s.ListTokens(ctx, account)
	if err != nil {
		return err
	}
	titles := map[id.ID]string{}
	for _, x := range d.Posts {
		titles[x.ID] = x.Title
		d.Options = append(d.Options, web.Option{Value: x.ID.String(), Text: strings.TrimSuffix(x.Title+" · "+x.Where, " · ")})
	}
	for _, t := range list {
		d.Tokens = append(d.Tokens, tokenRow{t, titles[t.Post]})
	}
	if d.TokenForm.Values == nil {
		d.TokenForm.Values = url.Values{"days": {"90"}}
	}
	d.This, d.Langs = session, langOptions(web.Lang(ctx))
	d.Title, d.Menu = web.T(ctx, "account.me.title"), "account"
	layout := web.Office
	if d.Phone = a.Worker; d.Phone {
		layout = web.Phone
	}
	return p.ren.PageStatus(w, r, status, layout, "account/own", d)
}

func (p *Pages) saveOwn(w http.ResponseWriter, r *http.Request) error {
	account, _, err := p.own(r)
	if err != nil {
		return err
	}
	f := r.PostForm
	err = p.s.SetProfile(r.Context(), account, account, Profile{Login: f.Get("login"), Name: f.Get("name"), Phone: f.Get("phone"), Lang: f.Get("lang")})
	if err == nil {
		web.Flash(w, r, "ok", "account.me.saved")
		return web.Redirect(w, r, "/account?lang="+i18n.Known(f.Get("lang"))) // also for this browser
	}
	form, message, status, ok := shown(r, err, f)
	if !ok {
		return err
	}
	return p.ownPage(w, r, status, ownPage{formPage: formPage{Form: form, Message: message}})
}

func (p *Pages) endOthers(w http.ResponseWriter, r *http.Request) error {
	account, session, err := p.own(r)
	if err != nil {
		return err
	}
	if err := p.s.EndSessions(r.Context(), account, account, session); err != nil {
		return err
	}
	web.Flash(w, r, "ok", "account.sessions.ended")
	return web.Redirect(w, r, "/account")
}

// pathID reads the {id} of the address.
func pathID(r *http.Request) (id.ID, error) {
	v, err := id.Parse(r.PathValue("id"))
	if err != nil {
		return 0, errs.E("account.path", errs.NotFound, "error.not_found")
	}
	return v, nil
}

func (p *Pages) endOne(w http.ResponseWriter, r *http.Request) error {
	account, _, err := p.own(r)
	if err != nil {
		return err
	}
	session, err := pathID(r)
	if err != nil {
		return err
	}
	if err := p.s.EndSession(r.Context(), account, account, session); err != nil {
		return err
	}
	web.Flash(w, r, "ok", "account.sessions.ended")
	return web.Redirect(w, r, "/account")
}

func (p *Pages) makeToken(w http.ResponseWriter, r *http.Request) error {
	account, _, err := p.own(r)
	if err != nil {
		return err
	}
	f := r.PostForm
	post, _ := id.Parse(f.Get("post"))
	days, _ := strconv.Atoi(f.Get("days"))
	if days > 366 {
		days = 0
	}
	_, secret, err := p.s.CreateToken(r.Context(), account, NewToken{Post: post, Name: f.Get("token_name"), TTL: time.Duration(days) * 24 * time.Hour, Origin: f.Get("origin")})
	if err == nil {
		return p.ownPage(w, r, http.StatusOK, ownPage{Secret: secret})
	}
	form, message, status, ok := shown(r, err, f)
	if !ok {
		return err
	}
	if e, bad := form.Errors["name"]; bad {
		form.Errors["token_name"] = e
	}
	return p.ownPage(w, r, status, ownPage{formPage: formPage{Message: message}, TokenForm: form})
}

func (p *Pages) endToken(w http.ResponseWriter, r *http.Request) error {
	account, _, err := p.own(r)
	if err != nil {
		return err
	}
	token, err := pathID(r)
	if err != nil {
		return err
	}
	if err := p.s.EndToken(r.Context(), account, account, token); err != nil {
		return err
	}
	web.Flash(w, r, "ok", "account.tokens.ended")
	return web.Redirect(w, r, "/account")
}
