package grid

import (
	"context"
	"embed"
	"html/template"
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
	return &Pages{s, ren}, ren.AddDir(templates, "templates")
}

// Register adds the routes to app.
func (p *Pages) Register(app *web.App) {
	app.Handle("GET /areas", Called(p.root))
	app.Handle("GET /areas/import", Called(p.importForm))
	app.Handle("POST /areas/import", Called(p.importAreas), web.MaxBody(130<<20), web.Timeout(3*time.Minute), web.As(web.Heavy))
	app.Handle("POST /areas/geometry", Called(p.importGeometry), web.MaxBody(33<<20), web.Timeout(time.Minute), web.As(web.Heavy))
	app.Handle("GET /areas/{id}", named(p.s.Place, p.place))
	app.Handle("GET /places/{id}", named(p.s.Place, p.place))
	app.Handle("GET /places/{id}/edit", named(p.s.Place, p.editForm))
	app.Handle("POST /places/{id}/edit", named(p.s.Place, p.edit))
	app.Handle("POST /places/{id}/add", named(p.s.Place, p.add))
	app.Handle("POST /places/{id}/profile", named(p.s.Place, p.profile))
	app.Handle("POST /places/{id}/close", named(p.s.Place, p.closePlace))
	app.Handle("POST /places/{id}/order", named(p.s.Place, p.order))
	app.Handle("GET /points", p.under(p.points))
	app.Handle("GET /buildings/{id}", named(p.s.Place, p.building))
	app.Handle("GET /vacancies", p.under(p.vacancies))
	p.registerGrids(app)
	p.registerPosts(app)
	p.registerOrgs(app)
}

// Handler answers a page for the caller.
type Handler func(w http.ResponseWriter, r *http.Request, c Caller) error

// Called runs h for who asks, speaking the page's language. The form has been
// read; what cannot be read is invalid.
func Called(h Handler) web.Handler {
	return web.WithForm(func(w http.ResponseWriter, r *http.Request) error {
		c, err := CallerFrom(r.Context())
		if err != nil {
			return err
		}
		c.Lang = web.Lang(r.Context())
		return h(w, r, c)
	})
}

// about answers a page about one thing.
type about[T any] func(w http.ResponseWriter, r *http.Request, c Caller, v T) error

// byPathID runs h with the identifier of the address.
func byPathID(h about[id.ID]) web.Handler {
	return Called(func(w http.ResponseWriter, r *http.Request, c Caller) error {
		v, err := pathID(r)
		if err != nil {
			return err
		}
		return h(w, r, c, v)
	})
}

// named runs h with what the address names, as find sees it.
func named[T any](find func(context.Context, Caller, id.ID) (T, error), h about[T]) web.Handler {
	return byPathID(func(w http.ResponseWriter, r *http.Request, c Caller, key id.ID) error {
		v, err := find(r.Context(), c, key)
		if err != nil {
			return err
		}
		return h(w, r, c, v)
	})
}

// under runs h with the place that the page is about.
func (p *Pages) under(h about[Place]) web.Handler {
	return Called(func(w http.ResponseWriter, r *http.Request, c Caller) error {
		at, err := p.chosen(r, c)
		if err != nil {
			return err
		}
		return h(w, r, c, at)
	})
}

// chosen is the place parameter, else the highest place the caller's posts cover.
func (p *Pages) chosen(r *http.Request, c Caller) (Place, error) {
	if key := formID(r, "place"); key != id.Zero {
		return p.s.Place(r.Context(), c, key)
	}
	return p.s.Home(r.Context(), c)
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

// again shows a form again with what a person can mend; what nobody can is
// the error of the page.
func again(r *http.Request, err error, show func(status int, f frame) error) error {
	var f frame
	if status, mended := f.failed(r, err); mended {
		return show(status, f)
	}
	return err
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
	case errs.Invalid, errs.Conflict:
		if e.Key != "" && len(e.Args) == 0 {
			web.Flash(w, r, "error", e.Key)
			return web.Redirect(w, r, back)
		}
	}
	return err
}

// head begins a page about a place; key words its title.
func (p *Pages) head(ctx context.Context, c Caller, at Place, key, menu string) (frame, error) {
	var f frame
	var err error
	f.Title, f.Menu = web.T(ctx, key, Label(c.Lang, at)), menu
	f.Crumbs, err = p.crumbs(ctx, c, at, true)
	return f, err
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
