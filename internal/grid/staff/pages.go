package staff

import (
	"embed"
	"html/template"
	"net/http"
	"net/url"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

//go:embed all:templates
var templates embed.FS

// Pages serves the import of people and their slips.
type Pages struct {
	s   *Service
	ren *web.Renderer
}

// NewPages adds the templates to ren and returns the pages.
func NewPages(s *Service, ren *web.Renderer) (*Pages, error) {
	return &Pages{s, ren}, ren.AddDir(templates, "templates")
}

// Register adds the routes to app.
func (p *Pages) Register(app *web.App) {
	app.Handle("GET /posts/import", grid.Called(p.form))
	app.Handle("POST /posts/import", grid.Called(p.upload), web.MaxBody(MaxBytes+1<<20), web.Timeout(3*time.Minute), web.As(web.Heavy))
	app.Handle("GET /posts/import-template", grid.Called(p.template), web.As(web.Heavy))
	app.Handle("GET /post-lists/{id}", grid.Called(p.list), web.Timeout(time.Minute))
	app.Handle("POST /post-lists/{id}/apply", grid.Called(p.apply), web.Timeout(5*time.Minute))
	app.Handle("GET /post-lists/{id}/rejected", grid.Called(p.rejected), web.Timeout(time.Minute), web.As(web.Heavy))
	app.Handle("GET /posts/slips", grid.Called(p.slips))
	app.Handle("POST /posts/slips", grid.Called(p.print), web.Timeout(time.Minute), web.As(web.Heavy))
}

type formPage struct {
	web.Meta
	Form  web.Form
	Place grid.Place
	Lists []List
	Limit int
	Lang  string
}

// Name is what the place is called.
func (d formPage) Name() string { return grid.Label(d.Lang, d.Place) }

func (p *Pages) form(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	return p.showForm(w, r, c, http.StatusOK, web.Form{Values: r.URL.Query()})
}

func (p *Pages) showForm(w http.ResponseWriter, r *http.Request, c grid.Caller, status int, form web.Form) error {
	ctx := r.Context()
	at, err := p.s.base(ctx, c, id.From(form.Value("place")))
	if err != nil {
		return err
	}
	d := formPage{Meta: web.Meta{Title: web.T(ctx, "staff.import.title"), Menu: "posts", Crumbs: crumbs(r)}, Form: form, Place: at, Limit: MaxBytes >> 20, Lang: c.Lang}
	if d.Lists, err = p.s.Lists(ctx, c); err != nil {
		return err
	}
	return p.ren.PageStatus(w, r, status, web.Office, "staff/import", d)
}

func crumbs(r *http.Request) []web.Crumb {
	return []web.Crumb{{Text: web.T(r.Context(), "grid.posts"), Href: "/posts"}}
}

// upload takes a list. It is kept in memory, never in a temporary file, since
// it holds names and phones.
func (p *Pages) upload(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	values, file, data, err := web.OneFile(r, MaxBytes)
	if err != nil {
		return err
	}
	l, err := p.s.Stage(r.Context(), c, data, Options{Place: id.From(values.Get("place")), File: file, Lang: c.Lang})
	if fields := web.FileErrors(r.Context(), err); fields != nil {
		return p.showForm(w, r, c, http.StatusUnprocessableEntity, web.Form{Values: values, Errors: fields})
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, "/post-lists/"+l.ID.String())
}

type listPage struct {
	web.Meta
	L      *List
	Shown  []Line // the first of what changes
	More   int
	Wrong  []Problem
	Place  grid.Place
	Lang   string
	States map[State]string
}

// Name is what the place is called.
func (d listPage) Name() string { return grid.Label(d.Lang, d.Place) }

const maxShown = 300

func (p *Pages) list(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	ctx := r.Context()
	l, err := p.s.Get(ctx, c, id.From(r.PathValue("id")))
	if err != nil {
		return err
	}
	d := listPage{Meta: web.Meta{Title: web.T(ctx, "staff.import.title"), Menu: "posts", Crumbs: crumbs(r)}, L: l, Lang: c.Lang,
		States: map[State]string{StateNew: "done", StateChanged: "info", StateEnded: "warn"}}
	if d.Place, err = p.s.grid.Place(ctx, c, l.PlaceID); err != nil {
		return err
	}
	for _, x := range l.Report.Lines {
		if x.State == StateUnchanged || x.State == StateRefused {
			continue
		}
		if len(d.Shown) < maxShown {
			d.Shown = append(d.Shown, x)
		} else {
			d.More++
		}
	}
	d.Wrong = l.Report.Problems[:min(len(l.Report.Problems), maxShown)]
	return p.ren.Page(w, r, web.Office, "staff/list", d)
}

func (p *Pages) apply(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	list := id.From(r.PathValue("id"))
	err := p.s.ApplyList(r.Context(), c, list, r.FormValue("complete") == "1")
	switch {
	case errs.Is(err, errs.Conflict):
		web.Flash(w, r, "error", errs.As(err).Key)
	case err != nil:
		return err
	default:
		web.Flash(w, r, "ok", "staff.applied")
	}
	return web.Redirect(w, r, "/post-lists/"+list.String())
}

func (p *Pages) rejected(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	data, err := p.s.Rejected(r.Context(), c, id.From(r.PathValue("id")))
	if err != nil {
		return err
	}
	return web.Download(w, "posts-rejected.xlsx", web.XLSX, data)
}

func (p *Pages) template(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	if err := c.Require("staff.Template", grid.PostWrite); err != nil {
		return err
	}
	data, err := Template(c.Lang)
	if err != nil {
		return err
	}
	return web.Download(w, "posts.xlsx", web.XLSX, data)
}

type slipsPage struct {
	web.Meta
	Place grid.Place
	Waiting
	Fresh int // without a good slip
	Most  int
	Lang  string
}

// Name is what the place is called.
func (d slipsPage) Name() string { return grid.Label(d.Lang, d.Place) }

func (p *Pages) slips(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	ctx := r.Context()
	at, waiting, err := p.s.Waiting(ctx, c, id.From(r.FormValue("place")))
	if err != nil {
		return err
	}
	d := slipsPage{Meta: web.Meta{Title: web.T(ctx, "staff.slips.title"), Menu: "posts", Crumbs: crumbs(r)}, Place: at, Waiting: waiting,
		Fresh: waiting.People - waiting.Issued, Most: MaxSlips, Lang: c.Lang}
	return p.ren.Page(w, r, web.Office, "staff/slips", d)
}

type printPage struct {
	web.Meta
	Pages [][]printedSlip
	Link  string
}

type printedSlip struct {
	Slip
	QR template.HTML
}

// perPage is how many slips stand on an A4 page.
const perPage = 8

func (p *Pages) print(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	ctx := r.Context()
	place := id.From(r.FormValue("place"))
	list, err := p.s.Slips(ctx, c, place, r.FormValue("again") == "1")
	if err != nil {
		return err
	}
	if len(list) == 0 {
		web.Flash(w, r, "error", "staff.slips.nobody")
		return web.Redirect(w, r, "/posts/slips?place="+place.String())
	}
	d := printPage{Meta: web.Meta{Title: web.T(ctx, "staff.slips.title")}, Link: base(r) + "/activate"}
	for i, x := range list {
		if i%perPage == 0 {
			d.Pages = append(d.Pages, nil)
		}
		qr, err := web.QR(d.Link+"?code="+url.QueryEscape(x.Code), x.Code)
		if err != nil {
			return errs.Wrap("staff.print", err)
		}
		n := len(d.Pages) - 1
		d.Pages[n] = append(d.Pages[n], printedSlip{x, qr})
	}
	w.Header().Set("Cache-Control", "no-store")
	return p.ren.Page(w, r, web.Print, "staff/print", d)
}

// base is the address of the installation as the browser reaches it.
func base(r *http.Request) string {
	if web.IsTLS(r) {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}
