package relief

import (
	"embed"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

//go:embed all:templates
var templates embed.FS

// Pages serves changes of shift.
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
	app.Handle("GET /relief", grid.Called(p.list))
	app.Handle("GET /relief/file", grid.Called(p.file), web.As(web.Heavy))
	app.Handle("GET /relief/{id}", grid.Called(p.show))
	app.Handle("POST /relief/{id}", grid.Called(p.sign), web.As(web.Work))
}

// layout is the phone's for who works at doors, the office's for all others.
func layout(c grid.Caller) web.Layout {
	if c.AtDoors() {
		return web.Phone
	}
	return web.Office
}

func crumbs(r *http.Request) []web.Crumb {
	return []web.Crumb{{Text: web.T(r.Context(), "task.title"), Href: "/tasks"}}
}

type listPage struct {
	web.Meta
	Lines  []Line
	Cut    bool         // there are more
	Posts  []web.Option // the caller's own with a roster
	Day    string
	PostID id.ID
	Post   string
	Phone  bool
	Export string // where the list goes out; empty: not for the caller
}

// readAsked reads of which post and day a list is; of one post it is a month.
func (p *Pages) readAsked(r *http.Request) (q Asked, day string, err error) {
	v := r.URL.Query()
	if q.PostID, err = id.Parse(v.Get("post")); err != nil && v.Get("post") != "" {
		return q, "", errs.E("relief.list", errs.NotFound, "relief.not_found")
	}
	from := clock.DayStart(p.s.Clock.Now())
	if v.Get("day") != "" {
		if from, err = time.ParseInLocation(time.DateOnly, v.Get("day"), clock.CST); err != nil {
			return q, "", errs.Field(errs.E("relief.list", errs.Invalid, "error.bad_date"), "day")
		}
	}
	q.FromMs, q.UntilMs = clock.Ms(from), clock.Ms(from.AddDate(0, 0, 1))
	if q.PostID != id.Zero {
		q.FromMs = clock.Ms(from.AddDate(0, 0, -30))
	}
	return q, clock.Day(from), nil
}

func (p *Pages) list(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	ctx := r.Context()
	q, day, err := p.readAsked(r)
	if err != nil {
		return err
	}
	d := listPage{Meta: web.Meta{Title: web.T(ctx, "relief.title"), Menu: "tasks", Crumbs: crumbs(r)}, Day: day, PostID: q.PostID, Phone: c.AtDoors()}
	if d.Lines, d.Cut, err = p.s.handovers(ctx, c, q, maxLines); err != nil {
		return err
	}
	if d.Posts, err = p.own(r, c); err != nil {
		return err
	}
	for _, o := range d.Posts {
		if o.Value == q.PostID.String() {
			d.Post = o.Text
		}
	}
	if c.Can(grid.Export) {
		d.Export = "/relief/file?" + url.Values{"day": {day}, "post": {r.URL.Query().Get("post")}}.Encode()
	}
	return p.ren.Page(w, r, layout(c), "relief/list", d)
}

// own are the caller's posts that have a roster.
func (p *Pages) own(r *http.Request, c grid.Caller) (out []web.Option, err error) {
	line, err := p.s.Grid.Line(r.Context(), c)
	if err != nil {
		return nil, err
	}
	own := ownPosts(c)
	words, err := p.s.Grid.PostWords(r.Context(), c, own)
	for _, x := range own {
		if q := line.Post(x); q != nil && q.HasRoster() {
			out = append(out, web.Option{Value: x.String(), Text: words[x].String()})
		}
	}
	return out, err
}

type showPage struct {
	web.Meta
	View
	Form    web.Form
	Message string
	Topics  string
	Phone   bool
}

// Ends is the hour at which the shift ends.
func (d showPage) Ends() string { return clockAt(d.EndMs) }

// Self is the address of the page.
func (d showPage) Self() string {
	return "/relief/" + d.PostID.String() + "?end=" + strconv.FormatInt(d.EndMs, 10)
}

func pathPost(r *http.Request) (id.ID, error) {
	v, err := id.Parse(r.PathValue("id"))
	if err != nil || v == id.Zero {
		return id.Zero, errs.E("relief.page", errs.NotFound, "relief.not_found")
	}
	return v, nil
}

func (p *Pages) show(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	post, err := pathPost(r)
	if err != nil {
		return err
	}
	end, _ := strconv.ParseInt(r.URL.Query().Get("end"), 10, 64)
	return p.page(w, r, c, post, end, http.StatusOK, web.Form{Values: url.Values{}}, "")
}

func (p *Pages) page(w http.ResponseWriter, r *http.Request, c grid.Caller, post id.ID, end int64, status int, f web.Form, message string) error {
	v, err := p.s.Handover(r.Context(), c, post, end)
	if err != nil {
		return err
	}
	d := showPage{View: v, Form: f, Message: message, Phone: c.AtDoors()}
	d.Meta = web.Meta{Title: web.T(r.Context(), "relief.one"), Menu: "tasks", Crumbs: append(crumbs(r), web.Crumb{Text: web.T(r.Context(), "relief.title"), Href: "/relief"})}
	for _, own := range ownPosts(c) {
		d.Topics += topicPost + own.String() + " "
	}
	return p.ren.PageStatus(w, r, status, layout(c), "relief/show", d)
}

func (p *Pages) sign(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	post, err := pathPost(r)
	if err != nil {
		return err
	}
	f := r.PostForm
	end, _ := strconv.ParseInt(f.Get("end"), 10, 64)
	if _, err = p.s.Sign(r.Context(), c, post, end, f.Get("do"), f.Get("note")); err == nil {
		web.Flash(w, r, "ok", "relief.flash."+f.Get("do"))
		return web.Redirect(w, r, "/relief/"+post.String()+"?end="+strconv.FormatInt(end, 10))
	}
	if k := errs.KindOf(err); k != errs.Invalid && k != errs.Conflict {
		return err
	}
	return p.page(w, r, c, post, 0, errs.KindOf(err).Status(), web.Form{Values: f, Errors: web.FormErrors(r.Context(), err)}, web.ProblemOf(c.Lang, err).Detail)
}
