package incoming

import (
	"net/http"
	"net/url"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/web"
)

type receiversPage struct {
	web.Meta
	Tabs []web.Item
	List []Receiver
	Form web.Form
}

func (p *Pages) receivers(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	return p.receiversPage(w, r, c, http.StatusOK, web.Form{Values: url.Values{}})
}

func (p *Pages) receiversPage(w http.ResponseWriter, r *http.Request, c grid.Caller, status int, form web.Form) error {
	ctx := r.Context()
	list, err := p.s.Receivers(ctx, c, grid.EmergencyWrite)
	if err != nil {
		return err
	}
	return p.ren.PageStatus(w, r, status, web.Office, "incoming/receivers", receiversPage{Meta: web.Meta{Title: web.T(ctx, "incoming.tab.receivers"), Menu: "incoming"},
		Tabs: p.tabs(r, c, "/incoming/receivers"), List: list, Form: form})
}

func (p *Pages) addReceiver(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	n := NewReceiver{Name: r.FormValue("name"), URL: r.FormValue("url"), Token: r.FormValue("token")}
	_, err := p.s.AddReceiver(r.Context(), c, n)
	if errs.Is(err, errs.Invalid) {
		r.PostForm.Del("token")
		return p.receiversPage(w, r, c, http.StatusUnprocessableEntity, web.Form{Values: r.PostForm, Errors: web.FormErrors(r.Context(), err)})
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "ok", "incoming.receiver.added")
	return web.Redirect(w, r, "/incoming/receivers")
}

func (p *Pages) endReceiver(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	if err := p.s.EndReceiver(r.Context(), c, pathID(r)); err != nil {
		return err
	}
	web.Flash(w, r, "ok", "incoming.receiver.ended")
	return web.Redirect(w, r, "/incoming/receivers")
}

// sheet makes a transfer sheet of those handed to authorities outside. Its form has
// no key: sent again, it makes the next one.
func (p *Pages) sheet(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	t, err := p.s.MakeSheet(r.Context(), c, r.FormValue("again") != "")
	if err != nil {
		return err
	}
	return web.Download(w, "transfer.xlsx", web.XLSX, t.File)
}
