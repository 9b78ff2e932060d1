package task

import (
	"embed"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/blob"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

//go:embed all:templates
var templates embed.FS

// Pages serves inboxes, tasks, directives and the kinds of tasks.
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
	app.Handle("GET /tasks", grid.Called(p.inbox))
	app.Handle("GET /tasks/rows", grid.Called(p.rows))
	app.Handle("GET /tasks/new", grid.Called(p.fresh))
	app.Handle("POST /tasks/new", grid.Called(p.issue))
	app.Handle("GET /task-kinds", grid.Called(p.kinds))
	app.Handle("GET /task-kinds/{key}", grid.Called(p.kind))
	app.Handle("POST /task-kinds/{key}", grid.Called(p.saveKind))
	app.Handle("GET /tasks/{id}", grid.Called(p.show), web.As(web.Urgent)) // the receipt
	app.Handle("POST /tasks/{id}", p.change, web.MaxBody(blob.MaxUpload+1<<20), web.Timeout(5*time.Minute), web.As(web.Urgent))
	app.Handle("POST /tasks/{id}/watch", grid.Called(p.watch))
	app.Handle("GET /tasks/{id}/merge", grid.Called(p.into))
	app.Handle("POST /tasks/{id}/merge", grid.Called(p.into))
	app.Handle("GET /tasks/{id}/links", grid.Called(p.with))
	app.Handle("POST /tasks/{id}/links", grid.Called(p.with))
	app.Handle("POST /tasks/{id}/link", grid.Called(p.link))
	app.Handle("GET /tasks/{id}/photos/{seq}", grid.Called(p.photo))
	app.Handle("GET /tasks/{id}/tree", grid.Called(p.tree))
	app.Handle("POST /tasks/{id}/pass", grid.Called(p.pass))
	app.Handle("POST /tasks/{id}/remind", grid.Called(p.remind))
}

// layout is the phone's for who works at doors, the office's for all others.
func layout(c grid.Caller) web.Layout {
	if c.AtDoors() {
		return web.Phone
	}
	return web.Office
}

// pathID reads the task of the address.
func pathID(r *http.Request) (id.ID, error) {
	v, err := id.Parse(r.PathValue("id"))
	if err != nil || v == id.Zero {
		return id.Zero, errs.E("task.page", errs.NotFound, "task.not_found")
	}
	return v, nil
}

// named reads an identifier that a form or query gives: Zero where it is
// missing, one that nothing has where it is malformed.
func named(v url.Values, name string) id.ID {
	x, err := id.Parse(v.Get(name))
	if err != nil && v.Get(name) != "" {
		return -1
	}
	return x
}

type inboxPage struct {
	web.Meta
	Inbox
	Asides []Aside
	Lists  []List
	Phone  bool
	Topics string // of the caller's posts, for live updates
	May    bool   // issue something
	Kinds  bool   // define kinds
}

func (p *Pages) readInbox(r *http.Request, c grid.Caller) (d inboxPage, err error) {
	which := List(r.URL.Query().Get("list"))
	if which == "" {
		which = Mine
	}
	if d.Inbox, err = p.s.Inbox(r.Context(), c, which, 0); err != nil {
		return d, err
	}
	for _, f := range p.s.asides {
		list, err := f(r.Context(), c)
		if err != nil {
			return d, err
		}
		d.Asides = append(d.Asides, list...)
	}
	d.Meta = web.Meta{Title: web.T(r.Context(), "task.title"), Menu: "tasks"}
	d.Phone = c.AtDoors()
	d.Lists, d.May, d.Kinds = Lists, c.Can(grid.TaskDo), c.Can(grid.TaskKind)
	for _, post := range postsOf(c) {
		d.Topics += topicPost + post.String() + " "
	}
	return d, nil
}

// Figure is how much lies in a list; 1000 is "that or more".
func (d inboxPage) Figure(l List) int {
	switch l {
	case Given:
		return d.Figures.Given
	case Climbed:
		return d.Figures.Climbed
	case Mine:
		return d.Figures.Mine
	case Minded:
		return d.Figures.Minded
	}
	return -1
}

// Shows reports whether a list has its place on the page: what is minded only
// while there is something to mind.
func (d inboxPage) Shows(l List) bool { return l != Minded || l == d.List || d.Figures.Minded > 0 }

func (p *Pages) inbox(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	d, err := p.readInbox(r, c)
	if err != nil {
		return err
	}
	return p.ren.Page(w, r, layout(c), "task/inbox", d)
}

func (p *Pages) rows(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	d, err := p.readInbox(r, c)
	if err != nil {
		return err
	}
	return p.ren.Fragment(w, r, "task/inbox", "task/rows", d)
}

type taskPage struct {
	web.Meta
	View
	Form    web.Form
	Posts2  []web.Option // whom it can be handed on to
	Refers  bool         // a referral can be made out of it
	Message string
}

// Tried reports whether one of the actions was just sent and refused.
func (d taskPage) Tried(do ...string) bool { return slices.Contains(do, d.Form.Value("do")) }

// FormOf is the form with the buttons do: what was typed and what is wrong with
// it stand where they were sent from, not in every form of the page.
func (d taskPage) FormOf(do ...string) web.Form {
	if d.Tried(do...) {
		return d.Form
	}
	return web.Form{Values: url.Values{"answer": d.Form.Values["answer"]}}
}

// show is the page of a task. Its opening by who answers for it is the receipt:
// nobody types that something was received.
func (p *Pages) show(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	task, err := pathID(r)
	if err != nil {
		return err
	}
	v, err := p.s.Task(r.Context(), c, task)
	if err != nil {
		return err
	}
	if v.Can[Receive] {
		if _, err := p.s.Change(r.Context(), c, task, Change{Action: Receive}); err == nil {
			if v, err = p.s.Task(r.Context(), c, task); err != nil {
				return err
			}
		}
	}
	return p.page(w, r, c, http.StatusOK, v, web.Form{}, "")
}

func (p *Pages) page(w http.ResponseWriter, r *http.Request, c grid.Caller, status int, v View, f web.Form, message string) error {
	d := taskPage{View: v, Form: f, Message: message}
	d.Meta = web.Meta{Title: v.Title, Menu: "tasks", Crumbs: []web.Crumb{{Text: web.T(r.Context(), "task.title"), Href: "/tasks"}}}
	if v.Title == "" {
		d.Meta.Title = v.KindName
	}
	kinds, err := p.s.Kinds(r.Context(), c)
	if err != nil {
		return err
	}
	referral, _ := kinds.Get(KindReferral)
	d.Refers = v.State.Open() && !referral.Retired && mayIssue(c, referral)
	if d.Form.Values == nil {
		d.Form.Values = url.Values{}
	}
	if v.Children > 0 && v.Question != nil && v.Question.Type == "number" && !d.Form.Values.Has("answer") {
		below, err := p.s.Tree(r.Context(), c, v.ID)
		if err == nil && below.Tally != nil && below.Tally.Answers > 0 {
			d.Form.Values.Set("answer", strconv.FormatInt(below.Tally.Sum, 10))
		}
	}
	if v.Can[HandOn] || v.Can[Reissue] || v.CanPass {
		if d.Posts2, err = p.handTo(r, c, v); err != nil {
			return err
		}
	}
	return p.ren.PageStatus(w, r, status, layout(c), "task/task", d)
}

// handTo lists whom a task can be handed on to.
func (p *Pages) handTo(r *http.Request, c grid.Caller, v View) ([]web.Option, error) {
	line, err := p.s.Grid.Line(r.Context(), c)
	if err != nil {
		return nil, err
	}
	posts := line.Up(v.PostID)
	if c.Can(grid.TaskIssue) {
		if ch, err := p.s.Choices(r.Context(), c, KindDirective); err == nil {
			posts = append(posts, ch.Near...)
		}
	}
	return p.options(r, c, posts, "task.hand.choose", v.PostID)
}

// change does what a form of the task's page asks.
func (p *Pages) change(w http.ResponseWriter, r *http.Request) error {
	c, err := grid.CallerFrom(r.Context())
	if err != nil {
		return err
	}
	c.Lang = web.Lang(r.Context())
	task, err := pathID(r)
	if err != nil {
		return err
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		err = r.ParseMultipartForm(1 << 20)
	} else {
		err = r.ParseForm()
	}
	if err != nil {
		return errs.E("task.change", errs.Invalid, "error.bad_form")
	}
	if err = p.apply(r, c, task); err == nil {
		web.Flash(w, r, "ok", "task.flash."+r.PostForm.Get("do"))
		if _, err := p.s.Task(r.Context(), c, task); errs.Is(err, errs.NotFound) {
			return web.Redirect(w, r, "/tasks") // handed on to where the caller does not see it
		}
		return web.Redirect(w, r, "/tasks/"+task.String())
	}
	if !errs.Is(err, errs.Invalid) && !errs.Is(err, errs.Conflict) {
		return err
	}
	v, again := p.s.Task(r.Context(), c, task)
	if again != nil {
		return err
	}
	form := web.Form{Values: r.PostForm, Errors: web.FormErrors(r.Context(), err)}
	return p.page(w, r, c, errs.KindOf(err).Status(), v, form, web.ProblemOf(c.Lang, err).Detail)
}

// apply reads a form and does what it asks.
func (p *Pages) apply(r *http.Request, c grid.Caller, task id.ID) error {
	f := r.PostForm
	seen, _ := strconv.Atoi(f.Get("events"))
	deadline, err := web.LocalTime(f.Get("deadline"), "deadline")
	if err != nil {
		return err
	}
	ch := Change{Action: Action(f.Get("do")), Seen: seen, Note: f.Get("note"), Answer: f.Get("answer"), Signed: f.Get("signed") == "1",
		PostID: named(f, "post"), MergeInto: named(f, "merge"), DeadlineMs: deadline}
	if _, known := from[ch.Action]; !known {
		return errs.E("task.change", errs.Invalid, "task.action.unknown")
	}
	if r.MultipartForm != nil {
		if files := r.MultipartForm.File["photo"]; len(files) > 0 && files[0].Size > 0 {
			file, err := files[0].Open()
			if err != nil {
				return errs.E("task.change", errs.Invalid, "error.bad_form")
			}
			defer file.Close()
			if ch.PhotoID, err = p.s.SavePhoto(r.Context(), c, task, file, f.Get("place_told") == "1"); err != nil {
				return err
			}
		}
	}
	_, err = p.s.Change(r.Context(), c, task, ch)
	return err
}

func (p *Pages) watch(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	task, err := pathID(r)
	if err != nil {
		return err
	}
	if err := p.s.Watch(r.Context(), c, task, r.PostForm.Get("on") == "1"); err != nil {
		return err
	}
	web.Flash(w, r, "ok", "task.flash.watch")
	return web.Redirect(w, r, "/tasks/"+task.String())
}

func (p *Pages) photo(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	task, err := pathID(r)
	if err != nil {
		return err
	}
	seq, _ := strconv.Atoi(r.PathValue("seq"))
	jpeg, err := p.s.Photo(r.Context(), c, task, seq)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("Cache-Control", "private, no-store")
	_, err = w.Write(jpeg)
	return err
}
