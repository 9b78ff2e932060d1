package trust

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

func (p *Pages) registerExports(app *web.App) {
	app.Handle("GET /exports", grid.Called(p.exports))
	app.Handle("POST /exports", grid.Called(p.ask), web.Timeout(fileTime), web.As(web.Heavy))
	app.Handle("GET /exports/new", grid.Called(p.newExport))
	app.Handle("GET /exports/{id}", grid.Called(p.export))
	app.Handle("POST /exports/{id}/approve", grid.Called(p.act(p.s.Approve, "trust.export.approved")), web.Timeout(fileTime), web.As(web.Heavy))
	app.Handle("POST /exports/{id}/refuse", grid.Called(p.act(p.s.Refuse, "trust.export.refused")))
	app.Handle("POST /exports/{id}/withdraw", grid.Called(p.act(p.s.Withdraw, "trust.export.withdrawn")))
	app.Handle("GET /exports/{id}/file", grid.Called(p.fetch), web.Timeout(fileTime), web.As(web.Heavy))
}

type exportsPage struct {
	web.Meta
	Rows []Request
	Next string
}

func (p *Pages) exports(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	ctx, q := r.Context(), r.URL.Query()
	rows, next, err := p.s.Exports(ctx, c, q.Get("after"), 50)
	if err != nil {
		return err
	}
	d := exportsPage{Meta: web.Meta{Title: web.T(ctx, "trust.exports"), Menu: "exports"}, Rows: rows}
	if next != "" {
		q.Set("after", next)
		d.Next = "/exports?" + q.Encode()
	}
	return p.ren.Page(w, r, web.Office, "trust/exports", d)
}

type newExportPage struct {
	web.Meta
	Form     web.Form
	Where    string
	People   int
	Second   bool // a second person must approve
	Deciders []Decider
	Purposes []web.Option
	Back     string
}

func (p *Pages) newExport(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	return p.askPage(w, r, c, http.StatusOK, web.Form{Values: r.URL.Query()})
}

func (p *Pages) askPage(w http.ResponseWriter, r *http.Request, c grid.Caller, status int, form web.Form) error {
	ctx := r.Context()
	in := exportOf(form.Values, c)
	n, _, err := p.s.ledger.CountFull(ctx, c, in.filter())
	if err != nil {
		return err
	}
	where, err := p.s.placeTexts(ctx, c.District, []id.ID{in.Place})
	if err != nil {
		return err
	}
	form.Values.Set("place", in.Place.String())
	d := newExportPage{Meta: web.Meta{Title: web.T(ctx, "trust.export.new"), Menu: "exports", Crumbs: exportCrumbs(ctx)}, Form: form,
		Where: where[in.Place], People: n, Second: n > AloneLimit, Purposes: []web.Option{{Text: web.T(ctx, "trust.export.choose")}},
		Back: "/persons?" + url.Values{"place": {in.Place.String()}, "registered": {in.Registered}}.Encode()}
	if d.Second {
		if d.Deciders, err = p.s.Deciders(ctx, c, Request{What: in, Account: c.AccountID, Post: c.PostFor(grid.ExportFull)}); err != nil {
			return err
		}
	}
	for _, k := range ledger.Purposes() {
		d.Purposes = append(d.Purposes, web.Option{Value: k, Text: web.T(ctx, "ledger.purpose."+k)})
	}
	return p.ren.PageStatus(w, r, status, web.Office, "trust/new", d)
}

func exportCrumbs(ctx context.Context) []web.Crumb {
	return []web.Crumb{{Text: web.T(ctx, "trust.exports"), Href: "/exports"}}
}

// exportOf reads a list from a form; without a place it is that of the first
// post that may take lists out.
func exportOf(v url.Values, c grid.Caller) NewExport {
	in := NewExport{Lives: v.Get("lives"), Registered: v.Get("registered"), Purpose: v.Get("purpose")}
	in.Place, _ = id.Parse(v.Get("place"))
	for _, g := range c.Grants {
		if in.Place == id.Zero && g.ObjectKind == grid.ObjectPlace && g.Role.May(grid.ExportFull) {
			in.Place = g.ObjectID
		}
	}
	return in
}

func (p *Pages) ask(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	e, err := p.s.Ask(r.Context(), c, exportOf(r.PostForm, c))
	if errs.Is(err, errs.Invalid) {
		return p.askPage(w, r, c, http.StatusUnprocessableEntity, web.Form{Values: r.PostForm, Errors: web.FormErrors(r.Context(), err)})
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, "/exports/"+e.ID.String())
}

type exportPage struct {
	web.Meta
	E          Request
	MaxFetches int
	Steps      []Row
	Deciders   []Decider
}

func (p *Pages) export(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	ctx := r.Context()
	v, err := id.Parse(r.PathValue("id"))
	if err != nil {
		return errs.E("trust.export", errs.NotFound, "error.not_found")
	}
	e, err := p.s.Export(ctx, c, v)
	if err != nil {
		return err
	}
	steps, err := p.s.steps(ctx, v)
	if err != nil {
		return err
	}
	d := exportPage{Meta: web.Meta{Title: web.T(ctx, "trust.export.title", e.Number), Menu: "exports", Crumbs: exportCrumbs(ctx)}, E: e, MaxFetches: MaxFetches, Steps: named(ctx, steps)}
	if e.Mine && e.State == Waiting {
		if d.Deciders, err = p.s.Deciders(ctx, c, e); err != nil {
			return err
		}
	}
	return p.ren.Page(w, r, web.Office, "trust/export", d)
}

// act carries out a decision and shows the export again.
func (p *Pages) act(do func(context.Context, grid.Caller, id.ID) (Request, error), said string) func(http.ResponseWriter, *http.Request, grid.Caller) error {
	return func(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
		v, err := id.Parse(r.PathValue("id"))
		if err != nil {
			return errs.E("trust.export", errs.NotFound, "error.not_found")
		}
		if _, err := do(r.Context(), c, v); errs.Is(err, errs.Conflict) {
			e := errs.As(err)
			args := make([]string, len(e.Args))
			for i, a := range e.Args {
				args[i] = fmt.Sprint(a)
			}
			web.Flash(w, r, "warn", e.Key, args...)
		} else if err != nil {
			return err
		} else {
			web.Flash(w, r, "ok", said)
		}
		return web.Redirect(w, r, "/exports/"+v.String())
	}
}

func (p *Pages) fetch(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	v, err := id.Parse(r.PathValue("id"))
	if err != nil {
		return errs.E("trust.export", errs.NotFound, "error.not_found")
	}
	name, file, err := p.s.Fetch(r.Context(), c, v)
	if err != nil {
		return err
	}
	return web.Download(w, name, web.XLSX, file)
}
