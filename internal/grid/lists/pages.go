package lists

import (
	"bytes"
	"embed"
	"net/http"
	"net/url"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/relist"
	"wangge/internal/platform/web"
)

//go:embed all:templates
var templates embed.FS

// Pages serves the lists that go out and come back.
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
	for _, k := range p.s.Kinds() {
		app.Handle("GET /lists/"+string(k), grid.Called(k.of(p.form)))
		app.Handle("POST /lists/"+string(k), grid.Called(k.of(p.upload)), web.MaxBody(relist.MaxBytes+1<<20), web.Timeout(2*time.Minute), web.As(web.Heavy))
	}
	for _, k := range append(p.s.Kinds(), Vacancies) {
		app.Handle("GET /lists/"+string(k)+"/file", grid.Called(k.of(p.file)), web.Timeout(time.Minute), web.As(web.Heavy))
	}
	app.Handle("GET /brought-back/{id}", grid.Called(p.list), web.Timeout(2*time.Minute), web.As(web.Heavy))
	app.Handle("POST /brought-back/{id}/apply", grid.Called(p.apply), web.Timeout(5*time.Minute), web.As(web.Heavy))
}

// of makes a page of one kind a page.
func (k Kind) of(h func(http.ResponseWriter, *http.Request, grid.Caller, Kind) error) grid.Handler {
	return func(w http.ResponseWriter, r *http.Request, c grid.Caller) error { return h(w, r, c, k) }
}

// menus are the entries of the menu that the kinds belong to, and their pages.
var menus = map[Kind]string{Posts: "posts", Organisations: "organisations", Teams: "organisations", Areas: "areas", Grids: "grids", Points: "areas",
	Bindings: "organisations", RoleNames: "posts", Vacancies: "vacancies"}

// meta is the head of a page about a kind of list.
func (p *Pages) meta(r *http.Request, k Kind) web.Meta {
	menu := menus[k]
	for _, t := range p.s.given {
		if t.Kind == k {
			menu = t.Menu
		}
	}
	return web.Meta{Title: web.T(r.Context(), "lists.title."+string(k)), Menu: menu, Crumbs: crumb(r, k)}
}

func crumb(r *http.Request, k Kind) []web.Crumb {
	return []web.Crumb{{Text: web.T(r.Context(), "lists.kind."+string(k)), Href: "/" + string(k)}}
}

type formPage struct {
	web.Meta
	Form  web.Form
	Kind  Kind
	Place grid.Place
	Limit int
	New   bool // rows without a number are new records
	Lang  string
}

// Name is what the place is called.
func (d formPage) Name() string { return grid.Label(d.Lang, d.Place) }

func (p *Pages) form(w http.ResponseWriter, r *http.Request, c grid.Caller, k Kind) error {
	return p.showForm(w, r, c, k, http.StatusOK, web.Form{Values: r.URL.Query()})
}

func (p *Pages) showForm(w http.ResponseWriter, r *http.Request, c grid.Caller, k Kind, status int, form web.Form) error {
	ctx, t := r.Context(), p.s.table(k, grid.When{})
	wk, err := p.s.begin(ctx, c, "lists.form", t, id.From(form.Value("place")))
	if err != nil {
		return err
	}
	d := formPage{Meta: p.meta(r, k), Form: form, Kind: k, Place: wk.at,
		Limit: relist.MaxBytes >> 20, New: t.list().New, Lang: c.Lang}
	return p.ren.PageStatus(w, r, status, web.Office, "lists/form", d)
}

func (p *Pages) file(w http.ResponseWriter, r *http.Request, c grid.Caller, k Kind) error {
	when, err := grid.ReadWhen(r)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := p.s.Export(r.Context(), c, k, id.From(r.FormValue("place")), when, &b); err != nil {
		return err
	}
	return web.Download(w, string(k)+".xlsx", web.XLSX, b.Bytes())
}

// upload takes a list. It is kept in memory, never in a temporary file, since
// it may hold names and phones.
func (p *Pages) upload(w http.ResponseWriter, r *http.Request, c grid.Caller, k Kind) error {
	values, file, data, err := web.OneFile(r, relist.MaxBytes)
	if err != nil {
		return err
	}
	l, err := p.s.Stage(r.Context(), c, data, Options{Kind: k, Place: id.From(values.Get("place")), File: file})
	if fields := web.FileErrors(r.Context(), err); fields != nil {
		return p.showForm(w, r, c, k, http.StatusUnprocessableEntity, web.Form{Values: values, Errors: fields})
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, "/brought-back/"+l.String())
}

// maxShown is how many rows the page of a list shows of each sort.
const maxShown = 300

type listPage struct {
	web.Meta
	L      *List
	Shown  []relist.Line
	Wrong  []relist.Line
	More   int
	Again  string
	States map[relist.State]string
	Titles map[string]string // of the columns
}

func (p *Pages) list(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	ctx := r.Context()
	l, err := p.s.Get(ctx, c, id.From(r.PathValue("id")))
	if err != nil {
		return err
	}
	d := listPage{Meta: p.meta(r, l.Kind), L: l,
		Again: "/lists/" + string(l.Kind) + "?" + url.Values{"place": {l.Place.String()}}.Encode(), States: map[relist.State]string{relist.New: "done", relist.Changed: "info"}, Titles: p.s.table(l.Kind, grid.When{}).list().Titles(c.Lang)}
	for _, x := range l.Report.Lines {
		switch {
		case x.State == relist.Refused && len(d.Wrong) < maxShown:
			d.Wrong = append(d.Wrong, x)
		case x.State != relist.Refused && len(d.Shown) < maxShown:
			d.Shown = append(d.Shown, x)
		default:
			d.More++
		}
	}
	return p.ren.Page(w, r, web.Office, "lists/list", d)
}

func (p *Pages) apply(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	list := id.From(r.PathValue("id"))
	err := p.s.Apply(r.Context(), c, list)
	switch {
	case errs.Is(err, errs.Conflict):
		web.Flash(w, r, "error", errs.As(err).Key)
	case err != nil:
		return err
	default:
		web.Flash(w, r, "ok", "lists.done")
	}
	return web.Redirect(w, r, "/brought-back/"+list.String())
}
