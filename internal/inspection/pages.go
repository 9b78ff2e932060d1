package inspection

import (
	"context"
	"embed"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/blob"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
	"wangge/internal/round"
)

//go:embed all:templates
var templates embed.FS

// Pages serves inspections: lists, and the page of a visit on a phone.
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
	app.Handle("GET /inspections", grid.Called(p.list))
	app.Handle("POST /inspections", grid.Called(p.draw))
	app.Handle("GET /inspections/{id}", grid.Called(p.show))
	app.Handle("GET /inspections/visits/{id}", grid.Called(p.item))
	app.Handle("POST /inspections/visits/{id}", grid.Called(p.visit), web.MaxBody(MaxPhotos*blob.MaxUpload+1<<20), web.Timeout(5*time.Minute), web.As(web.Work))
	app.Handle("GET /inspections/visits/{id}/photos/{seq}/{n}", grid.Called(p.photo))
}

type listPage struct {
	web.Meta
	Area    grid.Place
	List    []Inspection
	Names   map[id.ID]string // areas
	Form    web.Form
	Areas   []web.Option // the caller's own, and those below it
	Objects []web.Option
	Forms   []web.Option
}

func (p *Pages) list(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	d, err := p.readList(r, c, r.URL.Query().Get("area"), url.Values{"object": {string(Areas)}, "n": {"5"}})
	if err != nil {
		return err
	}
	return p.ren.Page(w, r, web.Office, "inspection/list", d)
}

func (p *Pages) readList(r *http.Request, c grid.Caller, area string, v url.Values) (d listPage, err error) {
	ctx := r.Context()
	if err := c.Require("inspection.list", permission); err != nil {
		return d, err
	}
	home, err := p.s.Grid.Home(ctx, c)
	if err != nil {
		return d, err
	}
	if d.Area = home; area != "" {
		var place id.ID
		if place, err = id.Parse(area); err != nil {
			return d, errs.E("inspection.list", errs.NotFound, "grid.place.not_found")
		}
		if d.Area, err = p.s.Grid.Place(ctx, c, place); err != nil {
			return d, err
		}
	}
	if d.List, err = p.s.List(ctx, c, d.Area.ID); err != nil {
		return d, err
	}
	if err = p.areas(ctx, c, home, &d); err != nil {
		return d, err
	}
	if v.Get("area") == "" {
		v.Set("area", d.Area.ID.String())
	}
	d.Form.Values = v
	d.Meta = web.Meta{Title: web.T(ctx, "inspection.title"), Menu: "inspections"}
	for _, o := range Objects {
		d.Objects = append(d.Objects, web.Option{Value: string(o), Text: web.T(ctx, "inspection.object."+string(o))})
	}
	forms, err := p.s.Rounds.Forms(ctx, c)
	d.Forms = []web.Option{{Value: "0", Text: web.T(ctx, "inspection.form.ready")}}
	for _, f := range forms {
		d.Forms = append(d.Forms, web.Option{Value: f.ID.String(), Text: f.Name})
	}
	return d, err
}

// areas are what a list can be drawn over, and the names of those that lists are
// of.
func (p *Pages) areas(ctx context.Context, c grid.Caller, home grid.Place, d *listPage) error {
	all, err := p.s.Grid.Areas(ctx, c)
	d.Names = make(map[id.ID]string, len(all))
	for _, a := range all {
		d.Names[a.ID] = grid.Label(c.Lang, a)
		if a.ID == home.ID || a.ParentID == home.ID || a.ID == d.Area.ID {
			d.Areas = append(d.Areas, web.Option{Value: a.ID.String(), Text: d.Names[a.ID]})
		}
	}
	return err
}

// draw draws a list and leads to it.
func (p *Pages) draw(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	f := r.PostForm
	d, err := p.readList(r, c, f.Get("area"), f)
	if err != nil {
		return err
	}
	n, _ := strconv.Atoi(f.Get("n")) // what is no number is refused as 0 is
	form, _ := id.Parse(f.Get("form"))
	made, err := p.s.Draw(r.Context(), c, NewInspection{AreaID: d.Area.ID, Object: Object(f.Get("object")), N: n, Seed: f.Get("seed"), FormID: form})
	if errs.Is(err, errs.Conflict) {
		err = errs.Field(err, "object")
	}
	if errs.Is(err, errs.Invalid) || errs.Is(err, errs.Conflict) {
		d.Form.Errors = web.FormErrors(r.Context(), err)
		return p.ren.PageStatus(w, r, http.StatusUnprocessableEntity, web.Office, "inspection/list", d)
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, "/inspections/"+made.ID.String())
}

func pathID(r *http.Request) (id.ID, error) {
	v, err := id.Parse(r.PathValue("id"))
	if err != nil {
		return id.Zero, errs.E("inspection.page", errs.NotFound, "inspection.not_found")
	}
	return v, nil
}

func crumbs(r *http.Request, more ...web.Crumb) []web.Crumb {
	return append([]web.Crumb{{Text: web.T(r.Context(), "inspection.title"), Href: "/inspections"}}, more...)
}

type showPage struct {
	web.Meta
	Inspection
	Items []Item
	Where string
}

func (p *Pages) show(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	v, err := pathID(r)
	if err != nil {
		return err
	}
	d := showPage{Meta: web.Meta{Title: web.T(r.Context(), "inspection.one"), Menu: "inspections", Crumbs: crumbs(r)}}
	if d.Inspection, d.Items, err = p.s.Inspection(r.Context(), c, v); err != nil {
		return err
	}
	area, err := p.s.Grid.Place(r.Context(), c, d.AreaID)
	if err != nil {
		return err
	}
	d.Where = grid.Label(c.Lang, area)
	return p.ren.Page(w, r, web.Office, "inspection/show", d)
}

// question is one of the checklist as the form shows it.
type question struct {
	Name, Label, Type string
	Options           []web.Option
	Required          bool
}

type itemPage struct {
	web.Meta
	View
	Form      web.Form
	Questions []question
	Outcomes  []web.Option
	Message   string
	Lang      string
}

// Numbers counts from 1 to n.
func (itemPage) Numbers(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i + 1
	}
	return out
}

// Said are the answers of a visit in words, each with its question, in the
// order of the checklist.
func (d itemPage) Said(answers map[string]string) (out []string) {
	for _, f := range d.Inspection.Fields {
		value, ok := answers[f.Key]
		if !ok {
			continue
		}
		for _, o := range questionOf(d.Lang, f).Options {
			if o.Value == value {
				value = o.Text
				break
			}
		}
		out = append(out, f.Label.In(d.Lang)+" "+value)
	}
	return out
}

func questionOf(lang string, f round.Field) question {
	q := question{Name: "a_" + f.Key, Label: f.Label.In(lang), Type: "text", Required: f.Required && f.When == nil}
	switch f.Type {
	case round.YesNo:
		q.Type, q.Options = "radio", []web.Option{{Value: "yes", Text: i18n.T(lang, "inspection.yes")}, {Value: "no", Text: i18n.T(lang, "inspection.no")}}
	case round.Choice:
		q.Type = "radio"
		for _, o := range f.Options {
			q.Options = append(q.Options, web.Option{Value: o.Value, Text: o.Label.In(lang)})
		}
	case round.Date:
		q.Type = "date"
	case round.FreeText:
		q.Type = "textarea"
	}
	return q
}

func (p *Pages) readItem(r *http.Request, c grid.Caller, v url.Values) (d itemPage, err error) {
	item, err := pathID(r)
	if err != nil {
		return d, err
	}
	if d.View, err = p.s.Item(r.Context(), c, item); err != nil {
		return d, err
	}
	d.Lang, d.Form.Values = c.Lang, v
	d.Meta = web.Meta{Title: d.Name, Menu: "inspections", Crumbs: crumbs(r, web.Crumb{Text: web.T(r.Context(), "inspection.one"), Href: "/inspections/" + d.InspectionID.String()})}
	for _, f := range d.Inspection.Fields {
		d.Questions = append(d.Questions, questionOf(c.Lang, f))
	}
	for _, o := range Outcomes {
		d.Outcomes = append(d.Outcomes, web.Option{Value: string(o), Text: web.T(r.Context(), "inspection.outcome."+string(o))})
	}
	return d, nil
}

func (p *Pages) item(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	d, err := p.readItem(r, c, url.Values{})
	if err != nil {
		return err
	}
	return p.ren.Page(w, r, web.Phone, "inspection/item", d)
}

// visit records a visit, with photos where the form sends some.
func (p *Pages) visit(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	photos, done, err := photosOf(r)
	if err != nil {
		return err
	}
	defer done()
	d, err := p.readItem(r, c, r.PostForm)
	if err != nil {
		return err
	}
	in := NewVisit{Outcome: Outcome(r.PostForm.Get("outcome")), Words: r.PostForm.Get("words"), Answers: map[string]string{}}
	for _, f := range d.Inspection.Fields {
		in.Answers[f.Key] = r.PostForm.Get("a_" + f.Key)
	}
	if in.DeadlineMs, err = web.LocalTime(r.PostForm.Get("deadline"), "deadline"); err == nil {
		_, err = p.s.Visit(r.Context(), c, d.Item.ID, in, photos...)
	}
	if errs.Is(err, errs.Invalid) {
		d.Form.Errors = map[string]string{}
		for field, text := range web.FormErrors(r.Context(), err) {
			if key, ok := strings.CutPrefix(field, "answers."); ok {
				field = "a_" + key
			}
			d.Form.Errors[field] = text
		}
		if text, ok := d.Form.Errors["post"]; ok {
			d.Message = text
		}
		return p.ren.PageStatus(w, r, http.StatusUnprocessableEntity, web.Phone, "inspection/item", d)
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "ok", "inspection.recorded."+string(in.Outcome))
	return web.Redirect(w, r, "/inspections/"+d.InspectionID.String())
}
