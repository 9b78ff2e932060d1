package round

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// fieldRow is a question as it stands in the editor.
type fieldRow struct {
	N       int
	P       string // prefix of its inputs, as "f.0."
	Field   Field
	Options string // one a line
	Was     string // the values of the options shown, then their lines
	Normal  string // in words
	When    string // key of the earlier question it depends on
	Equals  string // in words
	Earlier []web.Option
	Error   string
	// The number inputs as typed, and what is wrong with them.
	Min, Max, Days                string
	MinError, MaxError, DaysError string
}

// Wrong reports whether an input among the question's details is wrong.
func (r fieldRow) Wrong() bool {
	return r.Error+r.MinError+r.MaxError+r.DaysError != ""
}

// editPage is the editor of a round or of a form alone.
type editPage struct {
	web.Meta
	Action      string
	RoundID     id.ID
	FormOnly    bool
	FormID      id.ID
	Form        web.Form
	Fields      []fieldRow
	Types       []web.Option
	Bases       []web.Option
	Ready       []web.Option // questions to add as they are
	Areas       []web.Option
	Kinds       []web.Option
	Forms       []web.Option
	Grids       []web.Option
	Emergencies []web.Option
	Points      []web.Option
	Repeats     []web.Option
	Weekdays    []web.Option
	Roles       []web.Option
	About       []web.Option // rounds a nil return may report
	PlaceKinds  []web.Option
	Classes     []web.Option
	Care        []web.Option // none: the caller may not filter by the care list
	Message     string
	None        bool // no emergency is open
}

func (p *Pages) newRound(w http.ResponseWriter, r *http.Request) error {
	c, _, err := ask(r)
	if err != nil {
		return err
	}
	if err := c.Require("round.new", grid.RoundDraft); err != nil {
		return err
	}
	q := r.URL.Query()
	v := url.Values{"target_kind": {string(Doors)}, "due": {clock.FromMs(p.s.now()).AddDate(0, 0, 3).Format("2006-01-02") + "T18:00"}}
	for _, k := range []string{"area", "grid", "form", "emergency"} {
		if q.Get(k) != "" {
			v.Set(k, q.Get(k))
		}
	}
	fields := Screening()
	if f := idOf(q, "form"); f != id.Zero {
		form, err := p.s.Form(r.Context(), c, f)
		if err != nil {
			return err
		}
		fields = form.Fields
	}
	putFields(c.Lang, v, fields)
	putRecurrence(v, Recurrence{})
	return p.edit(w, r, c, http.StatusOK, v, nil, "", id.Zero)
}

func (p *Pages) editRound(w http.ResponseWriter, r *http.Request) error {
	c, rid, err := ask(r)
	if err != nil {
		return err
	}
	rd, err := p.s.roundFor(r.Context(), c, grid.RoundDraft, rid)
	if err != nil {
		return err
	}
	form, err := p.s.Form(r.Context(), c, rd.FormID)
	if err != nil {
		return err
	}
	v := url.Values{"name": {rd.Name}, "target_kind": {string(rd.TargetKind)}, "area": {rd.AreaID.String()}, "form": {rd.FormID.String()},
		"due": {clock.FromMs(rd.DueMs).Format("2006-01-02T15:04")}, "emergency": {rd.EmergencyID.String()}, "kinds": rd.Filter.Kinds,
		"household": {rd.Filter.Household}, "class": rd.Filter.Classes, "care": rd.Filter.Care, "subkinds": rd.Filter.Subkinds, "roles": rd.Filter.Roles}
	if rd.PerMember {
		v.Set("per_member", "1")
	}
	if rd.NeedsPhoto {
		v.Set("needs_photo", "1")
	}
	for _, g := range rd.Filter.GridIDs {
		v.Add("grid", g.String())
	}
	putFields(c.Lang, v, form.Fields)
	putRecurrence(v, rd.Recurrence)
	v.Set("about", rd.AboutID.String())
	return p.edit(w, r, c, http.StatusOK, v, nil, "", rid)
}

// saveRound keeps what the editor holds: the questions as a form (a new one
// where they changed) and the round as a draft. The buttons that add or remove
// a question show the page again and keep nothing.
func (p *Pages) saveRound(w http.ResponseWriter, r *http.Request) error {
	c, rid, err := ask(r)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return err
	}
	v := r.PostForm
	if changeFields(web.Lang(r.Context()), v) {
		return p.edit(w, r, c, http.StatusOK, v, nil, "", rid)
	}
	rd, err := p.keep(r.Context(), c, rid, v)
	if err == nil {
		web.Flash(w, r, "ok", "round.flash.saved")
		return web.Redirect(w, r, "/rounds/"+rd.ID.String())
	}
	form, message, status, ok := again(r, err, v)
	if !ok {
		return err
	}
	return p.edit(w, r, c, status, v, form.Errors, message, rid)
}

func (p *Pages) keep(ctx context.Context, c grid.Caller, rid id.ID, v url.Values) (Round, error) {
	fields, faults := readFields(v)
	in := DraftInput{EmergencyID: idOf(v, "emergency"), AreaID: idOf(v, "area"), Name: v.Get("name"), TargetKind: TargetKind(v.Get("target_kind")),
		FormID: idOf(v, "form"), PerMember: v.Get("per_member") == "1", NeedsPhoto: v.Get("needs_photo") == "1", DueMs: localTime(v.Get("due"))}
	if in.TargetKind == Posts || in.TargetKind == Areas {
		in.AboutID = idOf(v, "about")
	}
	if in.TargetKind == Posts {
		in.Filter.Roles = v["roles"]
	}
	var wrong []error
	in.Recurrence, wrong = readRecurrence(v)
	if faults = append(faults, wrong...); len(faults) > 0 {
		return Round{}, faultsOf(faults)
	}
	in.Filter.Household = v.Get("household")
	in.Filter.Subkinds = v["subkinds"]
	if in.TargetKind == Areas || in.TargetKind == Places {
		in.Filter.Kinds = v["kinds"]
	}
	in.Filter.Care, in.Filter.Classes = v["care"], v["class"]
	for _, g := range slices.DeleteFunc(v["grid"], func(g string) bool { return g == "" }) {
		in.Filter.GridIDs = append(in.Filter.GridIDs, idOf(url.Values{"grid": {g}}, "grid"))
	}
	if err := p.s.mayDraft(ctx, c, rid, in.AreaID); err != nil {
		return Round{}, err
	}
	old, err := p.s.formUnchanged(ctx, c, in.FormID, fields)
	if err != nil {
		return Round{}, err
	}
	if !old {
		name := strings.TrimSpace(v.Get("name"))
		f, err := p.s.SaveForm(ctx, c, Form{Name: name, AreaID: in.AreaID, Fields: fields})
		if err != nil {
			return Round{}, err
		}
		in.FormID = f.ID
		v.Set("form", f.ID.String())
	}
	if rid != id.Zero {
		was, err := p.s.Round(ctx, c, rid)
		if err != nil {
			return Round{}, err
		}
		in.Filter.PlaceIDs, in.Filter.Roles = was.Filter.PlaceIDs, was.Filter.Roles // the editor does not offer them
		return p.s.EditDraft(ctx, c, rid, in)
	}
	return p.s.DraftRound(ctx, c, in)
}

// formUnchanged reports whether the form exists and asks exactly these questions.
func (s *Service) formUnchanged(ctx context.Context, c grid.Caller, form id.ID, fields []Field) (bool, error) {
	if form == id.Zero {
		return false, nil
	}
	f, err := s.Form(ctx, c, form)
	if err != nil {
		return false, err
	}
	a, b := url.Values{}, url.Values{}
	putFields(c.Lang, a, f.Fields)
	putFields(c.Lang, b, fields)
	return a.Encode() == b.Encode(), nil
}

func (p *Pages) edit(w http.ResponseWriter, r *http.Request, c grid.Caller, status int, v url.Values, faults map[string]string, message string, rid id.ID) error {
	ctx := r.Context()
	lang := web.Lang(ctx)
	d := editPage{Action: r.URL.Path, RoundID: rid, Form: web.Form{Values: v, Errors: faults}, Message: message, FormID: idOf(v, "form")}
	d.Fields = fieldRows(lang, v, faults)
	d.choices(lang)
	d.filters(lang, c)
	d.repeats(lang)
	if err := p.editChoices(ctx, c, v, &d); err != nil {
		return err
	}
	title := "round.new"
	if rid != id.Zero {
		title = "round.edit"
	}
	d.Meta = web.Meta{Title: i18n.T(lang, title), Menu: "rounds", Crumbs: []web.Crumb{{Text: i18n.T(lang, "round.list"), Href: "/rounds"}}}
	return p.ren.PageStatus(w, r, status, web.Office, "round/edit", d)
}

type formsPage struct {
	web.Meta
	Forms []Form
	May   bool
}

func (p *Pages) forms(w http.ResponseWriter, r *http.Request) error {
	c, _, err := ask(r)
	if err != nil {
		return err
	}
	d := formsPage{May: c.Can(grid.FormWrite), Meta: web.Meta{Title: web.T(r.Context(), "round.forms"), Menu: "forms"}}
	if d.Forms, err = p.s.Forms(r.Context(), c); err != nil {
		return err
	}
	return p.ren.Page(w, r, web.Office, "round/forms", d)
}

// form shows the editor of a form alone; the id "new" begins one.
func (p *Pages) form(w http.ResponseWriter, r *http.Request) error {
	c, f, err := p.formAsked(r)
	if err != nil {
		return err
	}
	v := url.Values{"name": {f.Name}}
	putFields(web.Lang(r.Context()), v, f.Fields)
	return p.editForm(w, r, c, http.StatusOK, f, v, nil, "")
}

func (p *Pages) formAsked(r *http.Request) (grid.Caller, Form, error) {
	if r.PathValue("id") == "new" {
		c, err := grid.CallerFrom(r.Context())
		return c, Form{Fields: Screening()}, err
	}
	c, fid, err := ask(r)
	if err != nil {
		return c, Form{}, err
	}
	f, err := p.s.Form(r.Context(), c, fid)
	return c, f, err
}

func (p *Pages) saveForm(w http.ResponseWriter, r *http.Request) error {
	c, f, err := p.formAsked(r)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return err
	}
	v := r.PostForm
	if v.Get("do") == "retire" {
		if err := p.s.RetireForm(r.Context(), c, f.ID); err != nil {
			return err
		}
		return web.Redirect(w, r, "/forms")
	}
	if changeFields(web.Lang(r.Context()), v) {
		return p.editForm(w, r, c, http.StatusOK, f, v, nil, "")
	}
	fields, faults := readFields(v)
	saved, err := Form{}, faultsOf(faults)
	if err == nil {
		saved, err = p.s.SaveForm(r.Context(), c, Form{ID: f.ID, Name: v.Get("name"), AreaID: f.AreaID, Fields: fields})
	}
	if err == nil {
		web.Flash(w, r, "ok", "round.flash.saved")
		return web.Redirect(w, r, "/forms/"+saved.ID.String())
	}
	form, message, status, ok := again(r, err, v)
	if !ok {
		return err
	}
	return p.editForm(w, r, c, status, f, v, form.Errors, message)
}

func (p *Pages) editForm(w http.ResponseWriter, r *http.Request, c grid.Caller, status int, f Form, v url.Values, faults map[string]string, message string) error {
	lang := web.Lang(r.Context())
	d := editPage{Action: r.URL.Path, FormOnly: true, FormID: f.ID, Form: web.Form{Values: v, Errors: faults}, Message: message, Fields: fieldRows(lang, v, faults)}
	d.choices(lang)
	title := f.Name
	if title == "" {
		title = i18n.T(lang, "round.form.new")
	}
	d.Meta = web.Meta{Title: title, Menu: "forms", Crumbs: []web.Crumb{{Text: i18n.T(lang, "round.forms"), Href: "/forms"}}}
	return p.ren.PageStatus(w, r, status, web.Office, "round/edit", d)
}

type emergenciesPage struct {
	web.Meta
	List    []Emergency
	May     bool
	Form    web.Form
	Message string
}

func (p *Pages) emergencies(w http.ResponseWriter, r *http.Request) error {
	c, _, err := ask(r)
	if err != nil {
		return err
	}
	return p.emergencyPage(w, r, c, http.StatusOK, web.Form{Values: url.Values{"retention_days": {"30"}}}, "")
}

func (p *Pages) emergencyPage(w http.ResponseWriter, r *http.Request, c grid.Caller, status int, form web.Form, message string) (err error) {
	d := emergenciesPage{May: c.Can(grid.EmergencyWrite), Form: form, Message: message, Meta: web.Meta{Title: web.T(r.Context(), "round.emergencies"), Menu: "emergencies"}}
	if d.List, err = p.s.Emergencies(r.Context(), c); err != nil {
		return err
	}
	return p.ren.PageStatus(w, r, status, web.Office, "round/emergencies", d)
}

func (p *Pages) openEmergency(w http.ResponseWriter, r *http.Request) error {
	c, _, err := ask(r)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return err
	}
	v := r.PostForm
	days, err := web.Whole(v, "retention_days")
	if err == nil {
		_, err = p.s.OpenEmergency(r.Context(), c, NewEmergency{Name: v.Get("name"), Basis: v.Get("basis"), Purpose: v.Get("purpose"),
			Recipients: v.Get("recipients"), RetentionDays: days, Drill: v.Get("drill") == "1"})
	}
	if err == nil {
		web.Flash(w, r, "ok", "round.flash.emergency")
		return web.Redirect(w, r, "/emergencies")
	}
	form, message, status, ok := again(r, err, v)
	if !ok || errs.Is(err, errs.Denied) {
		return err
	}
	return p.emergencyPage(w, r, c, status, form, message)
}
