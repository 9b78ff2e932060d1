package round

import (
	"context"
	"embed"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/blob"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

//go:embed all:templates
var templateFiles embed.FS

// Templates returns the pages of this slice, for Renderer.Add.
func Templates() fs.FS {
	sub, err := fs.Sub(templateFiles, "templates")
	if err != nil {
		panic(err) // the folder is embedded
	}
	return sub
}

// Pages serves the pages of rounds, forms and emergencies, and those of the
// worker at the door.
type Pages struct {
	s   *Service
	ren *web.Renderer
}

// NewPages adds the templates to ren and returns the pages.
func NewPages(s *Service, ren *web.Renderer) (*Pages, error) {
	return &Pages{s, ren}, ren.Add(Templates())
}

// Register adds the routes to app.
func (p *Pages) Register(app *web.App) {
	app.Handle("GET /rounds", p.list)
	app.Handle("GET /rounds/new", p.newRound)
	app.Handle("POST /rounds/new", p.saveRound)
	app.Handle("GET /rounds/{id}", p.show)
	app.Handle("GET /rounds/{id}/figures", p.figures)
	app.Handle("GET /rounds/{id}/edit", p.editRound)
	app.Handle("POST /rounds/{id}/edit", p.saveRound)
	app.Handle("POST /rounds/{id}/submit", p.step(func(ctx context.Context, c grid.Caller, r id.ID) error {
		_, err := p.s.Submit(ctx, c, r)
		return err
	}, "round.flash.submitted"))
	app.Handle("POST /rounds/{id}/approve", p.step(p.s.Approve, "round.flash.approved"))
	app.Handle("POST /rounds/{id}/return", p.step(p.s.Return, "round.flash.returned"))
	app.Handle("POST /rounds/{id}/withdraw", p.step(p.s.Withdraw, "round.flash.withdrawn"))
	app.Handle("GET /rounds/{id}/outstanding", p.outstanding)
	app.Handle("GET /rounds/{id}/export", p.export, web.Timeout(2*time.Minute), web.As(web.Heavy))
	app.Handle("GET /rounds/{id}/print", p.print, web.As(web.Heavy))
	app.Handle("GET /rounds/{id}/targets/{object}", p.target)
	app.Handle("GET /rounds/{id}/paper", p.paper)
	app.Handle("POST /rounds/{id}/paper", p.enterPaper, web.As(web.Work))
	app.Handle("GET /rounds/{id}/recheck", p.rechecks)
	app.Handle("POST /rounds/{id}/recheck", p.drawRecheck)
	app.Handle("GET /rechecks/{id}", p.recheck)
	app.Handle("POST /rechecks/{id}", p.answerRecheck, web.As(web.Work))
	app.Handle("GET /rounds/{id}/close", p.closing)
	app.Handle("POST /rounds/{id}/close", p.closeRound)
	p.registerTurns(app)
	app.Handle("GET /forms", p.forms)
	app.Handle("GET /forms/{id}", p.form)
	app.Handle("POST /forms/{id}", p.saveForm)
	app.Handle("GET /emergencies", p.emergencies)
	app.Handle("POST /emergencies", p.openEmergency)
	app.Handle("GET /today", p.today)
	app.Handle("GET /today/evening", p.evening)
	app.Handle("GET /today/{id}", p.todayPlace)
	app.Handle("POST /today/{id}/bulk", p.bulk, web.As(web.Work))
	app.Handle("GET /doors/{id}", p.door)
	app.Handle("POST /doors/{id}/mark", p.markDoor, web.MaxBody(blob.MaxUpload+1<<20), web.Timeout(5*time.Minute), web.As(web.Work))
	app.Handle("POST /doors/{id}/settle", p.settle)
	app.Handle("GET /doors/{id}/card", p.card)
	app.Handle("GET /today/offline", p.shell)
	app.Handle("GET /marks/{id}/photo", p.photo)
}

// ask reads the caller and the id of the address.
func ask(r *http.Request) (grid.Caller, id.ID, error) {
	c, err := grid.CallerFrom(r.Context())
	if err != nil {
		return c, 0, err
	}
	c.Lang = web.Lang(r.Context())
	if r.PathValue("id") == "" {
		return c, 0, nil
	}
	v, err := id.Parse(r.PathValue("id"))
	if err != nil || v == id.Zero {
		return c, 0, errs.E("round.page", errs.NotFound, "error.not_found")
	}
	return c, v, nil
}

// idOf returns the identifier a parameter names: Zero where it is missing, and
// one that no record has where it is malformed, so that nothing is found.
func idOf(q url.Values, name string) id.ID {
	v, err := id.Parse(q.Get(name))
	if err != nil && q.Get(name) != "" {
		return -1
	}
	return v
}

// inputNames are the inputs of forms whose fields have another name in the service.
var inputNames = map[string]string{"recurrence.every": "every", "recurrence.weekdays": "weekdays", "recurrence.dates": "dates", "recurrence.at": "at",
	"recurrence.hours": "hours", "recurrence.until": "until", "recurrence.cutoffs": "cutoffs", "about_id": "about", "due_ms": "due", "area_id": "area", "emergency_id": "emergency", "permille": "percent"}

// nthOf reads which occurrence a page is about; 0 is the current one.
func nthOf(q url.Values) int {
	n, err := strconv.Atoi(q.Get("n"))
	if err != nil && q.Get("n") != "" {
		return -1 // none
	}
	return max(-1, n)
}

// again turns an error that a person can mend into the form shown again; ok is
// false where it must be an error page.
func again(r *http.Request, err error, values url.Values) (form web.Form, message string, status int, ok bool) {
	e := errs.As(err)
	form = web.Form{Values: values, Errors: web.FormErrors(r.Context(), err)}
	for name, input := range inputNames {
		if m := form.Errors[name]; m != "" {
			form.Errors[input] = m
		}
	}
	switch e.Kind {
	case errs.Invalid, errs.Denied, errs.Conflict, errs.TooMany, errs.NotFound:
	default:
		return form, "", 0, false
	}
	if e.Key != "" {
		message = web.T(r.Context(), e.Key, e.Args...)
	}
	return form, message, e.Kind.Status(), true
}

type row struct {
	Round
	Figures Figures
}

type listPage struct {
	web.Meta
	Table    web.Table
	Rows     []row
	State    string
	May      bool
	Waiting  int
	Approver bool
}

func (p *Pages) list(w http.ResponseWriter, r *http.Request) error {
	c, _, err := ask(r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	t := web.TableOf("/rounds", q)
	f := ListFilter{Query: t.Query, Before: idOf(q, "after"), Limit: 50}
	d := listPage{State: q.Get("state"), May: c.Can(grid.RoundDraft), Approver: c.Can(grid.RoundApprove)}
	if d.State != "" {
		f.States = []RoundState{RoundState(d.State)}
		t.Keep = map[string]string{"state": d.State}
	}
	rounds, next, err := p.s.roundPage(r.Context(), c, f)
	if err != nil {
		return err
	}
	t.Next = next
	for _, rd := range rounds {
		x := row{Round: rd}
		if rd.OccurrenceID != id.Zero {
			if x.Figures, err = p.s.Total(r.Context(), c, rd.ID); err != nil {
				return err
			}
		}
		if rd.State == Submitted {
			d.Waiting++
		}
		d.Rows = append(d.Rows, x)
	}
	d.Meta = web.Meta{Title: web.T(r.Context(), "round.list"), Menu: "rounds"}
	d.Table = t
	return p.ren.Page(w, r, web.Office, "round/list", d)
}

// answerRow is how a question was answered, for the round page.
type answerRow struct {
	Label   string
	Choices []choiceRow
}

type choiceRow struct {
	Label string
	N     int
}

type showPage struct {
	web.Meta
	Round    Round
	Form     Form
	View     CoverageView
	Ref      NodeRef
	Answers  []answerRow
	Job      JobProgress
	Cost     Cost
	Area     string
	May      map[string]bool
	Base     string // address of this page without the node
	Evening  int
	Rechecks []Recheck
	Sections []template.HTML // parts of other slices
	// The strip of days of a round that repeats, and its cut-offs.
	Occurrences []Occurrence
	Cutoffs     []Cutoff
}

func (p *Pages) show(w http.ResponseWriter, r *http.Request) error {
	d, err := p.showData(r)
	if err != nil {
		return err
	}
	c, rid, err := ask(r)
	if err != nil {
		return err
	}
	if d.Sections, err = p.s.partsOf(r.Context(), c, rid); err != nil {
		return err
	}
	return p.ren.Page(w, r, web.Office, "round/show", d)
}

// figures is the live part of the round page.
func (p *Pages) figures(w http.ResponseWriter, r *http.Request) error {
	d, err := p.showData(r)
	if err != nil {
		return err
	}
	if r.URL.Query().Has("opening") && d.Round.State != Opening {
		w.Header().Set("HX-Refresh", "true") // the list is complete: the whole page is another
	}
	return p.ren.Fragment(w, r, "round/show", "round/figures", d)
}

func (p *Pages) showData(r *http.Request) (showPage, error) {
	c, rid, err := ask(r)
	if err != nil {
		return showPage{}, err
	}
	ctx, q := r.Context(), r.URL.Query()
	d := showPage{Ref: NodeRef{Place: idOf(q, "place"), Grid: idOf(q, "grid"), ByGrid: q.Get("tree") == "grid", N: nthOf(q)}, Base: "/rounds/" + rid.String()}
	if d.Round, err = p.s.Round(ctx, c, rid); err != nil {
		return d, err
	}
	if d.Form, err = p.s.Form(ctx, c, d.Round.FormID); err != nil {
		return d, err
	}
	d.May = mayDo(c, d.Round)
	switch d.Round.State {
	case Draft, Submitted:
		if d.Cost, err = p.s.CostOf(ctx, c, rid); errs.Is(err, errs.Denied) {
			d.Cost, err = d.Round.Cost, nil
		}
	case Opening:
		d.Job, err = selectJob(ctx, p.s.DB.Read(), c.District, d.Round.JobID)
	case Open, Closed:
		err = p.showFigures(ctx, c, &d)
	}
	d.Meta = web.Meta{Title: d.Round.Name, Menu: "rounds", Crumbs: []web.Crumb{{Text: web.T(ctx, "round.list"), Href: "/rounds"}}}
	return d, err
}

func (p *Pages) showFigures(ctx context.Context, c grid.Caller, d *showPage) error {
	var err error
	if d.View, err = p.s.HomeView(ctx, c, d.Round.ID, d.Ref); err != nil {
		return err
	}
	counts, err := p.s.AnswerCounts(ctx, c, d.Round.ID, d.Ref)
	if err != nil {
		return err
	}
	d.Answers = answerRows(web.Lang(ctx), d.Form, counts)
	if err := p.showTurns(ctx, c, d); err != nil {
		return err
	}
	if c.Can(grid.RoundRecheck) {
		d.Rechecks, err = p.s.Rechecks(ctx, c, d.Round.ID)
	}
	return err
}

func mayDo(c grid.Caller, r Round) map[string]bool {
	_, approve := mayApprove(c, r)
	return map[string]bool{
		"edit":    r.State == Draft && c.CanPlace(grid.RoundDraft, r.AreaPath),
		"submit":  r.State == Draft && c.CanPlace(grid.RoundDraft, r.AreaPath),
		"approve": r.State == Submitted && approve == nil,
		"close":   r.State == Open && c.CanPlace(grid.RoundClose, r.AreaPath),
		"stop":    r.State == Open && r.NextMs != 0 && c.CanPlace(grid.RoundClose, r.AreaPath),
		"recheck": (r.State == Open || r.State == Closed) && c.Can(grid.RoundRecheck),
		"paper":   r.State == Open && c.Can(grid.RoundMark),
		"export":  (r.State == Open || r.State == Closed) && c.Can(grid.Export),
	}
}

// answerRows names the choices of each question with how often they were given.
func answerRows(lang string, f Form, counts []ChoiceCount) []answerRow {
	n := map[string]map[string]int{}
	for _, c := range counts {
		if n[c.Field] == nil {
			n[c.Field] = map[string]int{}
		}
		n[c.Field][c.Choice] = c.N
	}
	var out []answerRow
	for _, fd := range f.Fields {
		row := answerRow{Label: fd.Label.In(lang)}
		switch fd.Type {
		case YesNo:
			for _, v := range []string{yes, no} {
				row.Choices = append(row.Choices, choiceRow{word(lang, v), n[fd.Key][v]})
			}
		case Choice:
			for _, o := range fd.Options {
				row.Choices = append(row.Choices, choiceRow{o.Label.In(lang), n[fd.Key][o.Value]})
			}
		case Number, Temperature:
			row.Choices = append(row.Choices, choiceRow{word(lang, "answers"), n[fd.Key][countN]})
			if fd.Type == Number {
				row.Choices = append(row.Choices, choiceRow{word(lang, "sum"), n[fd.Key][countSum]})
			}
		default:
			continue
		}
		out = append(out, row)
	}
	return out
}

func (p *Pages) step(do func(context.Context, grid.Caller, id.ID) error, flash string) web.Handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		c, rid, err := ask(r)
		if err != nil {
			return err
		}
		if err := do(r.Context(), c, rid); err != nil {
			return err
		}
		web.Flash(w, r, "ok", flash)
		return web.Redirect(w, r, "/rounds/"+rid.String())
	}
}

// localTime reads an input of type datetime-local as time in UTC+8.
func localTime(s string) int64 {
	t, err := time.ParseInLocation("2006-01-02T15:04", s, clock.CST)
	if err != nil {
		return 0
	}
	return clock.Ms(t)
}
