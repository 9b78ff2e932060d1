package duty

import (
	"embed"
	"net/http"
	"net/url"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

//go:embed all:templates
var templates embed.FS

// Pages serves the office's page of duty numbers and the one anybody may see.
type Pages struct {
	s        *Service
	ren      *web.Renderer
	district int
}

// NewPages adds the templates to ren and returns the pages.
func NewPages(s *Service, ren *web.Renderer, district int) (*Pages, error) {
	return &Pages{s, ren, district}, ren.AddDir(templates, "templates")
}

// Register adds the routes to app.
func (p *Pages) Register(app *web.App) {
	app.Handle("GET /duty", grid.Called(p.show), web.As(web.Urgent))
	app.Handle("POST /duty", web.WithForm(grid.Called(p.set)))
	app.Handle("GET /duty/{code}", p.public, web.Public(), web.As(web.Urgent))
	app.Handle("POST /duty/rota", grid.Called(p.setRota))
	app.Handle("GET /duty/calls", grid.Called(p.calls))
	app.Handle("GET /duty/call", grid.Called(p.newCall), web.As(web.Work))
	app.Handle("POST /duty/call", grid.Called(p.logCall), web.As(web.Work))
	app.Handle("GET /duty/calls/{id}", grid.Called(p.call))
	app.Handle("POST /duty/calls/{id}/phone", grid.Called(p.phone))
	app.Handle("GET /code", web.WithForm(p.askCode), web.Public(), web.As(web.Urgent))
	app.Handle("GET /code/{number}", p.code, web.Public(), web.As(web.Urgent))
}

type dutyPage struct {
	web.Meta
	Area  grid.Place
	Name  string // the area's, as people say it
	Here  Number // what holds here, its own or one from above
	Below []Number
	Write bool
	Calls bool // the caller may list the area's calls
	Log   bool // the caller may log one
	Form  web.Form
	Rota  Rota
	Add   []web.Option // posts that can be put on the rota
}

// show shows an area's number and those below; without one named, of the
// highest area the caller's posts cover.
func (p *Pages) show(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	d, err := p.read(r, c, r.URL.Query().Get("area"))
	if err != nil {
		return err
	}
	return p.ren.Page(w, r, web.Office, "duty/duty", d)
}

func (p *Pages) read(r *http.Request, c grid.Caller, area string) (d dutyPage, err error) {
	ctx := r.Context()
	if area == "" {
		d.Area, err = p.s.Grid.HomeArea(ctx, c)
	} else {
		d.Area, err = p.place(r, c, area)
	}
	if err != nil {
		return d, err
	}
	if d.Here, err = p.s.For(ctx, c, d.Area.ID); err != nil {
		return d, err
	}
	if d.Below, err = p.s.Below(ctx, c, d.Area); err != nil {
		return d, err
	}
	if d.Area.Kind.IsArea() {
		if d.Rota, err = p.s.Rota(ctx, c, d.Area.ID); err != nil {
			return d, err
		}
	}
	d.Name = grid.Label(c.Lang, d.Area)
	d.Meta = web.Meta{Title: web.T(ctx, "duty.title"), Menu: "duty"}
	d.Calls, d.Log = c.CanPlace(grid.TaskDo, d.Area.Path), c.Can(grid.TaskDo)
	d.Write = d.Area.Kind.IsArea() && c.CanPlace(grid.PostWrite, d.Area.Path)
	if d.Write {
		if d.Add, err = p.rotaOptions(r, c, d); err != nil {
			return d, err
		}
	}
	d.Form.Values = url.Values{"area": {d.Area.ID.String()}}
	if d.Here.AreaID == d.Area.ID {
		d.Form.Values.Set("phone", d.Here.Phone)
		d.Form.Values.Set("hours", d.Here.Hours)
	}
	return d, nil
}

func (p *Pages) place(r *http.Request, c grid.Caller, area string) (grid.Place, error) {
	v, err := id.Parse(area)
	if err != nil {
		return grid.Place{}, errs.E("duty.place", errs.NotFound, "grid.place.not_found")
	}
	return p.s.Grid.Place(r.Context(), c, v)
}

func (p *Pages) set(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	form := r.PostForm
	area, err := p.place(r, c, form.Get("area"))
	if err != nil {
		return err
	}
	_, err = p.s.Set(r.Context(), c, area.ID, form.Get("phone"), form.Get("hours"))
	if errs.Is(err, errs.Invalid) {
		d, again := p.read(r, c, form.Get("area"))
		if again != nil {
			return again
		}
		d.Form = web.Form{Values: form, Errors: web.FormErrors(r.Context(), err)}
		return p.ren.PageStatus(w, r, http.StatusUnprocessableEntity, web.Office, "duty/duty", d)
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "ok", "duty.saved")
	return web.Redirect(w, r, "/duty?area="+area.ID.String())
}

type publicPage struct {
	web.Meta
	Number
	Code string // the national code of the area asked about
}

// public answers anybody who was called: whose number is it?
func (p *Pages) public(w http.ResponseWriter, r *http.Request) error {
	n, err := p.s.ByCode(r.Context(), grid.System(p.district, "duty number, shown to anybody"), r.PathValue("code"))
	if err != nil {
		return err
	}
	return p.ren.Page(w, r, web.Plain, "duty/public", publicPage{web.Meta{Title: web.T(r.Context(), "duty.title")}, n, r.PathValue("code")})
}
