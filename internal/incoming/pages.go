package incoming

import (
	"bytes"
	"embed"
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

// Pages serves the lists, the desk and what people without an account see.
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
	for pattern, h := range map[string]grid.Handler{
		"GET /incoming":                     p.lists,
		"GET /incoming/unclear":             p.inState(Unclear),
		"GET /incoming/open":                p.inState(Open),
		"GET /incoming/sent":                p.inState(Sent),
		"GET /incoming/done":                p.inState(Done),
		"GET /incoming/late":                p.inState(Late),
		"GET /incoming/measures":            p.measures,
		"GET /incoming/receivers":           p.receivers,
		"POST /incoming/receivers":          p.addReceiver,
		"POST /incoming/receivers/{id}/end": p.endReceiver,
		"GET /incoming/{id}":                p.list,
		"POST /incoming/{id}/close":         p.close,
		"GET /leads/{id}":                   p.lead,
		"POST /leads/{id}/accept":           p.accept,
		"POST /leads/{id}/receipt":          p.receipt,
		"POST /leads/{id}/recall":           p.recall,
		"POST /leads/{id}/measure":          p.confirm,
		"GET /desk":                         p.desk,
		"GET /desk/now":                     p.deskNow,
		"POST /desk":                        p.sit,
		"POST /desk/leave":                  p.leave,
		"GET /arrive/{code}/poster":         p.poster,
	} {
		app.Handle(pattern, grid.Called(h))
	}
	app.Handle("POST /leads/{id}", web.WithForm(grid.Called(p.record)))
	app.Handle("POST /leads/{id}/place", web.WithForm(grid.Called(p.decide)))
	app.Handle("POST /incoming", grid.Called(p.upload), web.MaxBody(MaxBytes+1<<20), web.Timeout(5*time.Minute), web.As(web.Heavy))
	app.Handle("POST /incoming/sheet", web.WithForm(grid.Called(p.sheet)), web.Timeout(time.Minute), web.As(web.Heavy))
	app.Handle("GET /incoming/{id}/refused", grid.Called(p.refused), web.Timeout(time.Minute), web.As(web.Heavy))
	app.Handle("GET /incoming/{id}/back", grid.Called(p.back), web.Timeout(time.Minute), web.As(web.Heavy))
	p.registerPublic(app)
}

func pathID(r *http.Request) id.ID { return id.From(r.PathValue("id")) }

func layoutFor(c grid.Caller) web.Layout {
	if c.AtDoors() {
		return web.Phone
	}
	return web.Office
}

// tabs lead through the pages of leads.
func (p *Pages) tabs(r *http.Request, c grid.Caller, here string) []web.Item {
	ctx := r.Context()
	var out []web.Item
	add := func(href, key string, show bool) {
		if show {
			out = append(out, web.Item{Text: web.T(ctx, key), Href: href, Active: href == here})
		}
	}
	add("/incoming", "incoming.tab.lists", c.Can(grid.LeadImport))
	add("/incoming/unclear", "incoming.tab.unclear", c.Can(grid.LeadImport))
	add("/incoming/open", "incoming.tab.open", true)
	add("/incoming/sent", "incoming.tab.sent", true)
	add("/incoming/late", "incoming.tab.late", true)
	add("/incoming/done", "incoming.tab.done", true)
	add("/incoming/measures", "incoming.tab.measures", c.Can(grid.LeadConfirm))
	add("/incoming/receivers", "incoming.tab.receivers", c.Can(grid.EmergencyWrite))
	return out
}

type listsPage struct {
	web.Meta
	Tabs   []web.Item
	Lists  []List
	Counts Figures
	Areas  []web.Option
	Form   web.Form
	Next   string
	Limit  int
	None   string // why nothing can come in now
	Code   string // national code of the caller's area, for its poster
}

func (p *Pages) lists(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	return p.listsPage(w, r, c, http.StatusOK, web.Form{Values: url.Values{}})
}

func (p *Pages) listsPage(w http.ResponseWriter, r *http.Request, c grid.Caller, status int, form web.Form) error {
	ctx := r.Context()
	lists, err := p.s.Lists(ctx, c, id.From(r.URL.Query().Get("after")))
	if err != nil {
		return err
	}
	d := listsPage{Meta: web.Meta{Title: web.T(ctx, "incoming.title"), Menu: "incoming"}, Tabs: p.tabs(r, c, "/incoming"), Lists: lists, Form: form, Limit: MaxBytes >> 20}
	if d.Counts, err = p.s.Counts(ctx, c); err != nil {
		return err
	}
	if d.Areas, d.Code, err = p.areas(r, c); err != nil {
		return err
	}
	if _, err := p.s.emergency(ctx, c, id.Zero); errs.Is(err, errs.Conflict) {
		e := errs.As(err)
		d.None = web.T(ctx, e.Key, e.Args...)
	}
	if len(lists) == PageOfLists {
		d.Next = "/incoming?after=" + lists[len(lists)-1].ID.String()
	}
	return p.ren.PageStatus(w, r, status, web.Office, "incoming/lists", d)
}

// areas are those a caller may bring a list in for, and the code of the first.
func (p *Pages) areas(r *http.Request, c grid.Caller) (out []web.Option, code string, err error) {
	list, err := p.s.Grid.Areas(r.Context(), c)
	for _, a := range list {
		if c.CanPlace(grid.LeadImport, a.Path) && a.Kind.IsArea() && len(a.Path) >= 6 {
			if code == "" {
				code = a.Code
			}
			out = append(out, web.Option{Value: a.ID.String(), Text: grid.Label(c.Lang, a)})
		}
	}
	return out, code, err
}

func (p *Pages) upload(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	values, name, data, err := web.OneFile(r, MaxBytes)
	if err != nil {
		return err
	}
	in := Input{Name: values.Get("name"), Area: id.From(values.Get("area"))}
	if name != "" {
		in.Files = []File{{Name: name, R: bytes.NewReader(data), Size: int64(len(data))}}
	}
	rep, err := p.s.Import(r.Context(), c, in)
	if fields := web.FileErrors(r.Context(), err); fields != nil {
		return p.listsPage(w, r, c, http.StatusUnprocessableEntity, web.Form{Values: values, Errors: fields})
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "ok", "incoming.came", num(rep.New), num(rep.Joined), num(rep.Refused))
	return web.Redirect(w, r, "/incoming/"+rep.ListID.String())
}

type listPage struct {
	web.Meta
	L     List
	Leads []Lead
	Rest  int // that are read and not shown yet
	Form  web.Form
	Left  int
	Two   bool // taking it out takes a second person, and the caller is the first
}

func (p *Pages) list(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	return p.listPage(w, r, c, http.StatusOK, web.Form{})
}

func (p *Pages) listPage(w http.ResponseWriter, r *http.Request, c grid.Caller, status int, form web.Form) error {
	ctx := r.Context()
	l, leads, err := p.s.Get(ctx, c, pathID(r))
	if err != nil {
		return err
	}
	shown, rest := firstOf(r, leads)
	d := listPage{L: l, Leads: shown, Rest: rest, Form: form, Left: l.People - l.Done, Two: l.Rows > twoPeopleAbove && l.ClosedBy == c.AccountID}
	d.Meta = web.Meta{Title: l.Name, Menu: "incoming", Crumbs: []web.Crumb{{Text: web.T(ctx, "incoming.title"), Href: "/incoming"}}}
	return p.ren.PageStatus(w, r, status, web.Office, "incoming/list", d)
}

func (p *Pages) close(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	err := p.s.Close(r.Context(), c, pathID(r), r.FormValue("reason"))
	if errs.Is(err, errs.Invalid) {
		return p.listPage(w, r, c, http.StatusUnprocessableEntity, web.Form{Values: r.PostForm, Errors: web.FormErrors(r.Context(), err)})
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "ok", "incoming.closed")
	return web.Redirect(w, r, "/incoming/"+r.PathValue("id"))
}

func (p *Pages) refused(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	b, err := p.s.Refused(r.Context(), c, pathID(r))
	if err != nil {
		return err
	}
	return web.Download(w, "refused.xlsx", web.XLSX, b)
}

func (p *Pages) back(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	b, err := p.s.Back(r.Context(), c, pathID(r))
	if err != nil {
		return err
	}
	return web.Download(w, "results.xlsx", web.XLSX, b)
}

type statePage struct {
	web.Meta
	Tabs  []web.Item
	State State
	Leads []Lead
	Rest  int  // that are read and not shown yet
	Full  bool // there are more than are read
	Left  int  // who can be put on a transfer sheet
	On    int  // who is on one
	Next  string
}

// firstLeads is how many leads a page shows before somebody asks for all.
const firstLeads = 50

// firstOf is what a page shows of leads, and how many it leaves out.
func firstOf(r *http.Request, leads []Lead) ([]Lead, int) {
	if len(leads) <= firstLeads || r.URL.Query().Get("all") == "1" {
		return leads, 0
	}
	return leads[:firstLeads], len(leads) - firstLeads
}

// inState is the page of leads in one state.
func (p *Pages) inState(state State) grid.Handler {
	return func(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
		ctx := r.Context()
		leads, err := p.s.InStateAfter(ctx, c, state, id.From(r.URL.Query().Get("after")))
		if err != nil {
			return err
		}
		here, next, full := "/incoming/"+string(state), "", len(leads) == shownLeads
		leads, rest := firstOf(r, leads)
		if state == Done && (full || rest > 0) {
			next, rest = here+"?after="+leads[len(leads)-1].ID.String(), 0
		}
		left, on := 0, 0
		if state == Sent && c.Can(grid.LeadImport) {
			if left, on, err = p.s.ForSheet(ctx, c); err != nil {
				return err
			}
		}
		return p.ren.Page(w, r, layoutFor(c), "incoming/state", statePage{Next: next, Meta: web.Meta{Title: web.T(ctx, "incoming.tab."+string(state)), Menu: menuOf(c)},
			Tabs: p.tabs(r, c, here), State: state, Leads: leads, Rest: rest, Full: full, Left: left, On: on})
	}
}

// menuOf is the menu entry that leads to a caller's leads.
func menuOf(c grid.Caller) string {
	if c.Can(grid.LeadImport) {
		return "incoming"
	}
	return "desk"
}

func (p *Pages) measures(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	ctx := r.Context()
	leads, err := p.s.Proposals(ctx, c)
	if err != nil {
		return err
	}
	return p.ren.Page(w, r, web.Office, "incoming/measures", statePage{Meta: web.Meta{Title: web.T(ctx, "incoming.tab.measures"), Menu: "incoming"},
		Tabs: p.tabs(r, c, "/incoming/measures"), Leads: leads})
}
