package transfer

import (
	"embed"
	"html/template"
	"net/http"
	"net/url"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

//go:embed all:templates
var templates embed.FS

// Pages serves transfers.
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
	app.Handle("GET /transfers", grid.Called(p.list))
	app.Handle("GET /transfers/new", grid.Called(p.fresh))
	app.Handle("POST /transfers/new", grid.Called(p.create))
	app.Handle("GET /transfers/{id}", grid.Called(p.show))
	app.Handle("POST /transfers/{id}", grid.Called(p.change), web.As(web.Work))
	app.Handle("GET /transfers/{id}/print", grid.Called(p.print))
}

// layout is the phone's for who works at doors, the office's for all others.
func layout(c grid.Caller) web.Layout {
	if c.AtDoors() {
		return web.Phone
	}
	return web.Office
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

func pathID(r *http.Request) (id.ID, error) {
	v, err := id.Parse(r.PathValue("id"))
	if err != nil || v == id.Zero {
		return id.Zero, errs.E("transfer.page", errs.NotFound, "transfer.not_found")
	}
	return v, nil
}

type listPage struct {
	web.Meta
	Lines []Line
	Phone bool
	May   bool // plan one
}

func (p *Pages) list(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	d := listPage{Meta: web.Meta{Title: web.T(r.Context(), "transfer.title"), Menu: "transfers"}, Phone: c.AtDoors(), May: c.Can(grid.TaskIssue)}
	var err error
	if d.Lines, err = p.s.Transfers(r.Context(), c); err != nil {
		return err
	}
	return p.ren.Page(w, r, layout(c), "transfer/list", d)
}

type showPage struct {
	web.Meta
	View
	Form    web.Form
	Message string
	QR      template.HTML
	Given   string // the code that a scanned link brought
	Carers  []web.Option
	Kinds   []web.Option
}

// CareForm is the form about one who is left behind: what was typed belongs to
// the one it was typed for.
func (d showPage) CareForm(left id.ID) web.Form {
	if d.Form.Values.Get("left") == left.String() {
		return d.Form
	}
	return web.Form{Values: url.Values{}}
}

// At is a post in words.
func (d showPage) At(post id.ID) string { return d.Posts[post] }

func (p *Pages) show(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	transfer, err := pathID(r)
	if err != nil {
		return err
	}
	return p.page(w, r, c, transfer, http.StatusOK, web.Form{Values: url.Values{}}, "")
}

func (p *Pages) page(w http.ResponseWriter, r *http.Request, c grid.Caller, transfer id.ID, status int, f web.Form, message string) error {
	v, err := p.s.Transfer(r.Context(), c, transfer)
	if err != nil {
		return err
	}
	d := showPage{View: v, Form: f, Message: message, Given: r.URL.Query().Get("code")}
	d.Meta = web.Meta{Title: web.T(r.Context(), "transfer.one"), Menu: "transfers", Crumbs: []web.Crumb{{Text: web.T(r.Context(), "transfer.title"), Href: "/transfers"}}}
	if v.Code != "" {
		if d.QR, err = web.QR(address(r)+"/transfers/"+transfer.String()+"?code="+v.Code, v.Code); err != nil {
			return errs.Wrap("transfer.page", err)
		}
	}
	if v.MayLead && v.State == Planned && v.HomeID != id.Zero {
		if err := p.choices(r, c, &d); err != nil {
			return err
		}
	}
	return p.ren.PageStatus(w, r, status, layout(c), "transfer/show", d)
}

// address is where this installation was asked.
func address(r *http.Request) string {
	if web.IsTLS(r) {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// choices are what the forms before the start offer.
func (p *Pages) choices(r *http.Request, c grid.Caller, d *showPage) error {
	for _, k := range Kinds() {
		d.Kinds = append(d.Kinds, web.Option{Value: k, Text: web.T(r.Context(), "transfer.kind."+k)})
	}
	home, err := p.s.Grid.Place(r.Context(), grid.System(c.District, "transfer"), d.HomeID)
	if err != nil {
		return err
	}
	posts, err := p.s.Grid.PostsOver(r.Context(), c, home)
	if err != nil {
		return err
	}
	d.Carers, err = p.options(r, c, posts, "transfer.carer.person")
	return err
}

// options are posts in words after a first line.
func (p *Pages) options(r *http.Request, c grid.Caller, posts []id.ID, first string) ([]web.Option, error) {
	words, err := p.s.Tasks.PostChoices(r.Context(), c, posts)
	out := []web.Option{{Value: "", Text: web.T(r.Context(), first)}}
	seen := map[id.ID]bool{}
	for _, x := range posts {
		if !seen[x] && words[x] != "" {
			seen[x] = true
			out = append(out, web.Option{Value: x.String(), Text: words[x]})
		}
	}
	return out, err
}

// change does what a form of the page asks.
func (p *Pages) change(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	transfer, err := pathID(r)
	if err != nil {
		return err
	}
	f := r.PostForm
	visit, err := web.LocalTime(f.Get("visit"), "visit")
	if err == nil {
		_, err = p.s.Change(r.Context(), c, transfer, Change{Do: f.Get("do"), LeftID: named(f, "left"), Code: f.Get("code"), Name: f.Get("name"), Note: f.Get("note"),
			List: Listing{Kind: f.Get("kind"), Name: f.Get("who"), StoveOff: f.Get("stove") == "1", Keys: f.Get("keys")},
			Care: Care{PostID: named(f, "carer"), Name: f.Get("carer_name"), Phone: f.Get("phone"), Accepted: f.Get("accepted") == "1", VisitMs: visit}})
	}
	if err == nil {
		web.Flash(w, r, "ok", "transfer.flash."+f.Get("do"))
		return web.Redirect(w, r, "/transfers/"+transfer.String())
	}
	if k := errs.KindOf(err); k != errs.Invalid && k != errs.Conflict && k != errs.TooMany {
		return err
	}
	return p.page(w, r, c, transfer, errs.KindOf(err).Status(), web.Form{Values: f, Errors: web.FormErrors(r.Context(), err)}, web.ProblemOf(c.Lang, err).Detail)
}

// print is the paper for when phones fail: each hop with room for two
// signatures.
func (p *Pages) print(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	transfer, err := pathID(r)
	if err != nil {
		return err
	}
	v, err := p.s.Transfer(r.Context(), c, transfer)
	if err != nil {
		return err
	}
	d := showPage{View: v, Meta: web.Meta{Title: web.T(r.Context(), "transfer.paper")}}
	return p.ren.Page(w, r, web.Print, "transfer/print", d)
}
