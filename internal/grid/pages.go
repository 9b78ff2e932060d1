package grid

import (
	"context"
	"embed"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"slices"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

//go:embed all:templates
var templates embed.FS

// Pages serves the pages of places, grids, posts and vacancies.
type Pages struct {
	s   *Service
	ren *web.Renderer
}

// NewPages adds the templates to ren and returns the pages.
func NewPages(s *Service, ren *web.Renderer) (*Pages, error) {
	sub, err := fs.Sub(templates, "templates")
	if err != nil {
		return nil, err
	}
	return &Pages{s, ren}, ren.Add(sub)
}

// Register adds the routes to app.
func (p *Pages) Register(app *web.App) {
	app.Handle("GET /areas", p.root)
	app.Handle("GET /areas/import", p.importForm)
	app.Handle("POST /areas/import", p.importAreas, web.MaxBody(130<<20), web.Timeout(3*time.Minute))
	app.Handle("POST /areas/geometry", p.importGeometry, web.MaxBody(33<<20), web.Timeout(time.Minute))
	app.Handle("GET /areas/{id}", p.place)
	app.Handle("GET /places/{id}", p.place)
	app.Handle("GET /places/{id}/edit", p.editForm)
	app.Handle("POST /places/{id}/edit", p.edit)
	app.Handle("POST /places/{id}/add", p.add)
	app.Handle("POST /places/{id}/profile", p.profile)
	app.Handle("POST /places/{id}/close", p.closePlace)
	app.Handle("POST /places/{id}/order", p.order)
	app.Handle("GET /points", p.points)
	app.Handle("GET /buildings/{id}", p.building)
	app.Handle("GET /grids", p.grids)
	app.Handle("GET /grids/new", p.gridForm)
	app.Handle("POST /grids/new", p.addGrid)
	app.Handle("GET /grids/{id}", p.grid)
	app.Handle("POST /grids/{id}", p.renameGrid)
	app.Handle("POST /grids/{id}/close", p.closeGrid)
	app.Handle("GET /grids/{id}/redraw", p.redrawForm)
	app.Handle("POST /grids/{id}/redraw", p.redraw)
	app.Handle("GET /vacancies", p.vacancies)
	p.registerPosts(app)
	p.registerOrgs(app)
}

// caller returns who asks, speaking the page's language.
func caller(r *http.Request) (Caller, error) {
	c, err := CallerFrom(r.Context())
	c.Lang = web.Lang(r.Context())
	return c, err
}

// pathID reads an identifier of the address; what is none is not found.
func pathID(r *http.Request) (id.ID, error) {
	v, err := id.Parse(r.PathValue("id"))
	if err != nil {
		return 0, errs.E("grid.pages", errs.NotFound, "grid.place.not_found")
	}
	return v, nil
}

// formID reads an identifier from a form or query; empty or wrong is Zero.
func formID(r *http.Request, name string) id.ID {
	v, _ := id.Parse(r.FormValue(name))
	return v
}

func formIDs(r *http.Request, name string) []id.ID {
	var out []id.ID
	for _, s := range r.Form[name] {
		if v, err := id.Parse(s); err == nil && v != id.Zero {
			out = append(out, v)
		}
	}
	return out
}

// day reads a date of a form as the first instant of that day, or of the day
// after it where it is the last day of something; empty is 0.
func day(r *http.Request, name string, last bool) (int64, error) {
	s := r.FormValue(name)
	if s == "" {
		return 0, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, s, clock.CST)
	if err != nil {
		return 0, errs.Field(errs.E("grid.day", errs.Invalid, "error.bad_date"), name)
	}
	if last {
		t = t.AddDate(0, 0, 1)
	}
	return clock.Ms(t), nil
}

// frame is what every page of the slice shows.
type frame struct {
	web.Meta
	Form    web.Form
	Message string // what is wrong, where it is no single field
}

// failed turns an error that a person can mend into the form to show again.
func (f *frame) failed(r *http.Request, err error) (status int, mended bool) {
	e := errs.As(err)
	switch e.Kind {
	case errs.Invalid, errs.Conflict, errs.Denied, errs.NotFound:
	default:
		return 0, false
	}
	f.Form = web.Form{Values: r.Form, Errors: web.FormErrors(r.Context(), err)}
	if len(f.Form.Errors) == 0 {
		f.Message = web.T(r.Context(), e.Key, e.Args...)
	}
	return e.Kind.Status(), e.Key != "" || len(f.Form.Errors) > 0
}

// after answers a form: back with a message, or an error page. What a person
// can mend is told on the page they came from.
func after(w http.ResponseWriter, r *http.Request, err error, back, done string) error {
	if err == nil {
		web.Flash(w, r, "ok", done)
		return web.Redirect(w, r, back)
	}
	e := errs.As(err)
	switch e.Kind {
	case errs.Invalid, errs.Conflict, errs.Denied:
		if e.Key != "" && len(e.Args) == 0 {
			web.Flash(w, r, "error", e.Key)
			return web.Redirect(w, r, back)
		}
	}
	return err
}

// crumbs leads from the district down to, and with self also to, a place.
func (p *Pages) crumbs(ctx context.Context, c Caller, at Place, self bool) ([]web.Crumb, error) {
	above, err := p.s.Ancestors(ctx, c, at)
	if err != nil {
		return nil, err
	}
	if self {
		above = append(slices.Clone(above), at)
	}
	var out []web.Crumb
	for _, a := range above {
		if a.Kind != Province && a.Kind != City || RootCode(c.District) == a.Code {
			out = append(out, web.Crumb{Text: Label(c.Lang, a), Href: placeHref(a)})
		}
	}
	return out, nil
}

// placeHref is the page of a place.
func placeHref(p Place) string {
	switch {
	case p.Kind.IsArea():
		return "/areas/" + p.ID.String()
	case p.Kind == Building || p.Kind == Group || p.Kind == Row:
		return "/buildings/" + p.ID.String()
	}
	return "/places/" + p.ID.String()
}

// Href is the page of a place, for templates.
func (p Place) Href() string { return placeHref(p) }

// under is the place a page is about: the place parameter, else the highest
// place the caller's posts cover.
func (p *Pages) under(r *http.Request, c Caller) (Place, error) {
	if pid := formID(r, "place"); pid != id.Zero {
		return p.s.Place(r.Context(), c, pid)
	}
	return p.s.Home(r.Context(), c)
}

// Home returns the highest place the caller's posts cover, or the district.
func (s *Service) Home(ctx context.Context, c Caller) (Place, error) {
	best := Grant{}
	for _, g := range c.Grants {
		if g.ObjectKind == ObjectPlace && g.Role.May(PlaceRead) && (best.Path == "" || len(g.Path) < len(best.Path)) {
			best = g
		}
	}
	if best.Path == "" {
		return s.Root(ctx, c)
	}
	return s.Place(ctx, c, best.ObjectID)
}

// options makes choices of catalogue words; an empty first one where blank is a key.
func options(ctx context.Context, prefix, blank string, list []string) []web.Option {
	var out []web.Option
	if blank != "" {
		out = append(out, web.Option{Value: "", Text: web.T(ctx, blank)})
	}
	for _, v := range list {
		out = append(out, web.Option{Value: v, Text: web.T(ctx, prefix+v)})
	}
	return out
}

// seen fills a form with the present values.
func seen(pairs ...string) web.Form {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return web.Form{Values: v}
}

// sectionsOf asks the other slices for their parts of a place's page.
func (p *Pages) sectionsOf(ctx context.Context, c Caller, at Place) ([]template.HTML, error) {
	var out []template.HTML
	for _, f := range p.s.sections {
		h, err := f(ctx, c, at)
		if err != nil {
			return nil, err
		}
		if h != "" {
			out = append(out, h)
		}
	}
	return out, nil
}
