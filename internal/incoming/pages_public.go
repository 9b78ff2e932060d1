package incoming

import (
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// registerPublic adds what people without an account see: where they report
// their own arrival, and where they check whether a call was real.
func (p *Pages) registerPublic(app *web.App) {
	app.Handle("GET /arrive/{code}", p.arriveForm, web.Public())
	app.Handle("POST /arrive/{code}", web.WithForm(p.arrive), web.Public())
	app.Handle("GET /verify/{code}", p.verifyForm, web.Public())
	app.Handle("POST /verify/{code}", web.WithForm(p.verify), web.Public())
}

// anybody is the caller for people without an account: the system, which takes
// what they send and shows nothing back.
func (p *Pages) anybody(r *http.Request, purpose string) grid.Caller {
	c := grid.System(p.district, purpose)
	c.Lang = web.Lang(r.Context())
	return c
}

type publicPage struct {
	web.Meta
	Area   string
	Code   string // the area's national code
	Gate   string
	Basis  string // why arrivals are collected; empty: they are not
	Form   web.Form
	Number string // of a report that was taken
	Busy   string // why nothing more is taken for a while
	Real   string // the community whose call it was
}

func (p *Pages) publicPage(r *http.Request, c grid.Caller, title string) (publicPage, error) {
	d := publicPage{Meta: web.Meta{Title: web.T(r.Context(), title)}, Code: r.PathValue("code"), Gate: r.FormValue("gate")}
	area, err := p.s.ArrivalArea(r.Context(), c, d.Code)
	d.Area = grid.Label(c.Lang, area)
	return d, err
}

func (p *Pages) arriveForm(w http.ResponseWriter, r *http.Request) error {
	return p.arrivePage(w, r, http.StatusOK, web.Form{Values: url.Values{"people": {"1"}}}, publicPage{})
}

func (p *Pages) arrivePage(w http.ResponseWriter, r *http.Request, status int, form web.Form, say publicPage) error {
	c := p.anybody(r, "arrivals, reported by anybody")
	d, err := p.publicPage(r, c, "incoming.arrive.title")
	if err != nil {
		return err
	}
	d.Form, d.Number, d.Busy = form, say.Number, say.Busy
	if d.Basis, _, err = p.s.Collecting(r.Context(), c); err != nil {
		return err
	}
	return p.ren.PageStatus(w, r, status, web.Plain, "incoming/arrive", d)
}

func (p *Pages) arrive(w http.ResponseWriter, r *http.Request) error {
	c, f := p.anybody(r, "arrivals, reported by anybody"), r.PostForm
	people, _ := strconv.Atoi(f.Get("people"))
	number, err := p.s.Arrive(r.Context(), c, r.PathValue("code"), web.Remote(r), SelfReport{Name: f.Get("name"), Phone: f.Get("phone"), Address: f.Get("address"), Origin: f.Get("origin"),
		ArriveDay: f.Get("arrive"), Transport: f.Get("transport"), People: people, Note: f.Get("note"), Gate: id.From(f.Get("gate"))})
	switch {
	case errs.Is(err, errs.Invalid):
		return p.arrivePage(w, r, http.StatusUnprocessableEntity, web.Form{Values: f, Errors: web.FormErrors(r.Context(), err)}, publicPage{})
	case errs.Is(err, errs.TooMany):
		w.Header().Set("Retry-After", strconv.Itoa(int(web.GuardWindow/time.Second)))
		return p.refuseArrival(w, r, f)
	case err != nil:
		return err
	}
	return p.arrivePage(w, r, http.StatusOK, web.Form{}, publicPage{Number: number})
}

// refuseArrival gives back what was typed, with when to send it again. It asks the
// database nothing: there may be thousands a second of them.
func (p *Pages) refuseArrival(w http.ResponseWriter, r *http.Request, typed url.Values) error {
	wait := int(web.GuardWindow / time.Minute)
	return p.ren.PageStatus(w, r, http.StatusTooManyRequests, web.Plain, "incoming/arrive", publicPage{Meta: web.Meta{Title: web.T(r.Context(), "incoming.arrive.title")},
		Code: r.PathValue("code"), Gate: typed.Get("gate"), Form: web.Form{Values: typed}, Busy: web.T(r.Context(), "incoming.arrive.busy", wait)})
}

func (p *Pages) verifyForm(w http.ResponseWriter, r *http.Request) error {
	return p.verifyPage(w, r, http.StatusOK, web.Form{}, "")
}

func (p *Pages) verifyPage(w http.ResponseWriter, r *http.Request, status int, form web.Form, real string) error {
	d, err := p.publicPage(r, p.anybody(r, "check codes, asked by anybody"), "incoming.verify.title")
	if err != nil {
		return err
	}
	d.Form, d.Real = form, real
	return p.ren.PageStatus(w, r, status, web.Plain, "incoming/verify", d)
}

func (p *Pages) verify(w http.ResponseWriter, r *http.Request) error {
	real, err := p.s.CheckCode(r.Context(), p.anybody(r, "check codes, asked by anybody"), r.PathValue("code"), web.Remote(r), r.PostForm.Get("code"), r.PostForm.Get("tail"))
	if fields := web.FormErrors(r.Context(), err); err != nil && len(fields) > 0 {
		return p.verifyPage(w, r, http.StatusUnprocessableEntity, web.Form{Values: r.PostForm, Errors: fields}, "")
	}
	if err != nil {
		return err
	}
	return p.verifyPage(w, r, http.StatusOK, web.Form{}, real)
}

type posterPage struct {
	web.Meta
	Posters []poster
}

// poster is one sheet: for the community, or for one of its gates.
type poster struct {
	Area, Gate string
	QR         template.HTML
	Address    string // the page's, for who types
}

// maxPosters bounds the gates of a community whose posters are printed at once.
const maxPosters = 40

// poster prints the sheets for a community's notice boards and gates.
func (p *Pages) poster(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	ctx := r.Context()
	if err := c.Require("incoming.poster", grid.PlaceRead); err != nil {
		return err
	}
	area, err := p.s.Grid.Area(ctx, c, r.PathValue("code"))
	if err != nil {
		return err
	}
	base := web.ServerURL(r) + "/arrive/" + area.Code
	d := posterPage{Meta: web.Meta{Title: web.T(ctx, "incoming.poster.title")}}
	add := func(gate, address string) error {
		qr, err := web.QR(address, web.T(ctx, "incoming.arrive.title"))
		d.Posters = append(d.Posters, poster{Area: grid.Label(c.Lang, area), Gate: gate, QR: qr, Address: base})
		return errs.Wrap("incoming.poster", err)
	}
	if err := add("", base); err != nil {
		return err
	}
	var gates []grid.Place
	err = p.s.Grid.Subtree(ctx, c, area.Path, []grid.Kind{grid.Point}, func(pt grid.Place) error {
		if area.Kind == grid.Community && pt.Subkind == "gate" && len(gates) < maxPosters {
			gates = append(gates, pt)
		}
		return nil
	})
	if err != nil {
		return err
	}
	named, err := p.s.Grid.Ways(ctx, c, gates)
	if err != nil {
		return err
	}
	for _, g := range gates {
		if err := add(named[g.ID], base+"?gate="+g.ID.String()); err != nil {
			return err
		}
	}
	return p.ren.Page(w, r, web.Print, "incoming/poster", d)
}
