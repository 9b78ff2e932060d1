package bulletin

import (
	"bytes"
	"cmp"
	"embed"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/sheet"
	"wangge/internal/platform/web"
)

//go:embed all:templates
var templates embed.FS

// Pages serves bulletins, and to everybody what names them.
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
	app.Handle("GET /bulletins", grid.Called(p.list))
	app.Handle("POST /bulletins", grid.Called(p.create))
	app.Handle("GET /bulletins/file", grid.Called(p.file), web.As(web.Heavy))
	app.Handle("GET /bulletins/{id}", grid.Called(p.show))
	app.Handle("POST /bulletins/{id}", grid.Called(p.change))
	app.Handle("GET /bulletins/{id}/print", grid.Called(p.print))
	app.Handle("GET /bulletins/{id}/entry", grid.Called(p.entry))
	app.Handle("POST /bulletins/{id}/entry", grid.Called(p.saveEntry))
	app.Handle("GET /bulletins/{id}/people", grid.Called(p.people))
	app.Handle("GET /bulletins/{id}/findings", grid.Called(p.findings))
	app.Handle("GET /named", grid.Called(p.mine))
	app.Handle("GET /named/{id}", grid.Called(p.notice))
	app.Handle("POST /named/{id}", grid.Called(p.reply), web.As(web.Work))
}

// layout is the phone's for who works at doors, the office's for all others.
func layout(c grid.Caller) web.Layout {
	if c.AtDoors() {
		return web.Phone
	}
	return web.Office
}

func pathID(r *http.Request) (id.ID, error) {
	v, err := id.Parse(r.PathValue("id"))
	if err != nil || v == id.Zero {
		return id.Zero, errs.E("bulletin.page", errs.NotFound, "bulletin.not_found")
	}
	return v, nil
}

// named reads an identifier of a form or query: Zero where it is missing, one
// that nothing has where it is malformed.
func named(v url.Values, name string) id.ID {
	x, err := id.Parse(v.Get(name))
	if err != nil && v.Get(name) != "" {
		return -1
	}
	return x
}

type listPage struct {
	web.Meta
	Kind  Kind
	Kinds []Kind
	Area  grid.Place
	Name  string
	List  []Bulletin
	Form  web.Form
	Write bool
	Acts  []Act
}

func (p *Pages) list(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	d, err := p.readList(r, c, r.URL.Query(), url.Values{})
	if err != nil {
		return err
	}
	return p.ren.Page(w, r, web.Office, "bulletin/list", d)
}

func (p *Pages) readList(r *http.Request, c grid.Caller, q, form url.Values) (d listPage, err error) {
	ctx := r.Context()
	d = listPage{Kind: Kind(cmp.Or(q.Get("kind"), string(Work))), Kinds: Kinds, Form: web.Form{Values: form}, Acts: Acts}
	if err := c.Require("bulletin.list", grid.BulletinRead); err != nil {
		return d, err
	}
	if area := named(q, "area"); area == id.Zero {
		d.Area, err = p.s.Grid.Home(ctx, c)
	} else {
		d.Area, err = p.s.Grid.Place(ctx, c, area)
	}
	if err != nil {
		return d, err
	}
	if d.List, err = p.s.List(ctx, c, d.Kind, d.Area.ID); err != nil {
		return d, err
	}
	d.Name = grid.Label(c.Lang, d.Area)
	d.Write = d.Area.Kind.IsArea() && c.CanPlace(writing[d.Kind], d.Area.Path)
	d.Meta = web.Meta{Title: web.T(ctx, "bulletin.kinds."+string(d.Kind)), Menu: "bulletins"}
	return d, nil
}

// create begins a draft and leads to it.
func (p *Pages) create(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	f := r.PostForm
	b, err := p.s.Create(r.Context(), c, NewBulletin{Kind: Kind(f.Get("kind")), AreaID: named(f, "area"), Title: f.Get("title"), Text: f.Get("text"), NotNames: f.Get("not_names") == "1"})
	if errs.Is(err, errs.Invalid) {
		d, again := p.readList(r, c, f, f)
		if again != nil {
			return again
		}
		d.Form.Errors = web.FormErrors(r.Context(), err)
		return p.ren.PageStatus(w, r, http.StatusUnprocessableEntity, web.Office, "bulletin/list", d)
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, "/bulletins/"+b.ID.String())
}

// file takes a list out: numbers, dates, bodies and figures. Neither titles nor
// words leave, for both may name people.
func (p *Pages) file(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	ctx := r.Context()
	d, err := p.readList(r, c, r.URL.Query(), url.Values{})
	if err != nil {
		return err
	}
	if err := p.s.NoteTaken(ctx, c, d.Kind, len(d.List)); err != nil {
		return err
	}
	cols := []sheet.Column{{Title: web.T(ctx, "bulletin.number"), Width: 20}, {Title: web.T(ctx, "bulletin.date"), Width: 14}, {Title: web.T(ctx, "bulletin.state"), Width: 14},
		{Title: web.T(ctx, "bulletin.area"), Width: 24}, {Title: web.T(ctx, "bulletin.body"), Width: 30}}
	for _, a := range Acts {
		cols = append(cols, sheet.Column{Title: web.T(ctx, "bulletin.act."+string(a)), Width: 10})
	}
	var book bytes.Buffer
	out, err := sheet.NewXLSX(&book, web.T(ctx, "bulletin.kind."+string(d.Kind)), cols...)
	for _, b := range d.List {
		if err != nil {
			break
		}
		row := []any{numberOf(c.Lang, b), dayOf(b), web.T(ctx, "bulletin.state."+string(b.State)), b.Area, b.Body}
		for _, a := range Acts {
			row = append(row, b.Sums[a])
		}
		err = out.Row(row...)
	}
	if err == nil {
		err = out.Close()
	}
	if err != nil {
		return errs.Wrap("bulletin.file", err)
	}
	return web.Download(w, "bulletins-"+string(d.Kind)+".xlsx", web.XLSX, book.Bytes())
}

// dayOf is a bulletin's date: of its publication, else of its beginning.
func dayOf(b Bulletin) string {
	return clock.Day(clock.FromMs(cmp.Or(b.PublishedMs, b.CreatedMs)))
}

type showPage struct {
	web.Meta
	View
	Form    web.Form
	Message string
	Acts    []Act
	Ways    []web.Option
	No      string // its number in words
}

// Group is the entries about one area, under its figures.
type Group struct {
	Sum
	Entries []Entry
}

// Groups are the entries by area, in walking order.
func (d showPage) Groups() (out []Group) {
	for _, a := range d.Areas {
		out = append(out, Group{a, slices.DeleteFunc(slices.Clone(d.Entries), func(e Entry) bool { return e.PlaceID != a.PlaceID })})
	}
	return out
}

// Late reports whether an entry's time to reply is over.
func (d showPage) Late(e Entry) bool { return e.Settled(clock.Ms(d.AsOf)) && e.RepliedMs == 0 }

func (p *Pages) show(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	b, err := pathID(r)
	if err != nil {
		return err
	}
	return p.page(w, r, c, b, http.StatusOK, web.Form{Values: url.Values{}}, "")
}

func (p *Pages) read(r *http.Request, c grid.Caller, b id.ID) (showPage, error) {
	v, err := p.s.Bulletin(r.Context(), c, b)
	if err != nil {
		return showPage{}, err
	}
	title := web.T(r.Context(), "bulletin.kind."+string(v.Kind))
	d := showPage{View: v, Acts: Acts, No: numberOf(c.Lang, v.Bulletin)}
	d.Meta = web.Meta{Title: title, Menu: "bulletins", AsOf: p.s.Clock.Now(), Crumbs: []web.Crumb{{Text: web.T(r.Context(), "bulletin.kinds."+string(v.Kind)), Href: "/bulletins?kind=" + string(v.Kind) + "&area=" + v.AreaID.String()}}}
	if v.Title != "" {
		d.Meta.Title = v.Title
	}
	for _, how := range Ways {
		d.Ways = append(d.Ways, web.Option{Value: string(how), Text: web.T(r.Context(), "bulletin.how."+string(how))})
	}
	return d, nil
}

func (p *Pages) page(w http.ResponseWriter, r *http.Request, c grid.Caller, b id.ID, status int, f web.Form, message string) error {
	d, err := p.read(r, c, b)
	if err != nil {
		return err
	}
	d.Form, d.Message = f, message
	if f.Values.Get("do") != string(Head) && len(f.Errors) == 0 {
		d.Form.Values.Set("title", d.View.Title)
		d.Form.Values.Set("text", d.Text)
	}
	return p.ren.PageStatus(w, r, status, web.Office, "bulletin/show", d)
}

// change does what a form of the page asks.
func (p *Pages) change(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	b, err := pathID(r)
	if err != nil {
		return err
	}
	f := r.PostForm
	seen, _ := strconv.Atoi(f.Get("version"))
	_, err = p.s.Change(r.Context(), c, b, Change{Do: Do(f.Get("do")), Seen: seen, Title: f.Get("title"), Text: f.Get("text"), EntryID: named(f, "entry"),
		How: How(f.Get("how")), Words: f.Get("words"), NotNames: f.Get("not_names") == "1"})
	if err == nil {
		web.Flash(w, r, "ok", "bulletin.flash."+f.Get("do"))
		return web.Redirect(w, r, "/bulletins/"+b.String())
	}
	if k := errs.KindOf(err); k != errs.Invalid && k != errs.Conflict {
		return err
	}
	return p.page(w, r, c, b, errs.KindOf(err).Status(), web.Form{Values: f, Errors: web.FormErrors(r.Context(), err)}, web.ProblemOf(c.Lang, err).Detail)
}

func (p *Pages) print(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	b, err := pathID(r)
	if err != nil {
		return err
	}
	d, err := p.read(r, c, b)
	if err != nil {
		return err
	}
	d.Meta.Title = web.T(r.Context(), "bulletin.kind."+string(d.Kind))
	return p.ren.Page(w, r, web.Print, "bulletin/print", d)
}
