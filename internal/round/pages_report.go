package round

import (
	"net/http"
	"net/url"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/web"
)

type reportsPage struct {
	web.Meta
	Reports []Report
	Owed    int
	Form    web.Form
	Message string
	At      string // the object whose report came back
}

// FormOf returns what was typed into one report, if it is the one that came back.
func (d reportsPage) FormOf(r Report) web.Form {
	if d.At == r.Line.ObjectID.String() {
		return d.Form
	}
	return web.Form{}
}

// Value is what stands in a question's field: what was typed, else the draft.
func (d reportsPage) Value(r Report, a DraftAnswer) string {
	if v, ok := d.FormOf(r).Values["a."+a.Field.Key]; ok {
		return v[0]
	}
	return a.Value
}

func (p *Pages) reportsData(r *http.Request, c grid.Caller) (d reportsPage, err error) {
	if d.Reports, err = p.s.Reports(r.Context(), c); err != nil {
		return d, err
	}
	for _, x := range d.Reports {
		if x.State == Outstanding || x.State == Attempted {
			d.Owed++
		}
	}
	d.Meta = web.Meta{Title: web.T(r.Context(), "round.reports"), Menu: "reports"}
	return d, nil
}

// reports lists the reports the caller's own posts and areas owe.
func (p *Pages) reports(w http.ResponseWriter, r *http.Request) error {
	c, _, err := ask(r)
	if err != nil {
		return err
	}
	d, err := p.reportsData(r, c)
	if err != nil {
		return err
	}
	return p.ren.Page(w, r, web.Office, "round/reports", d)
}

// confirmReport gives one report, as drafted or as changed.
func (p *Pages) confirmReport(w http.ResponseWriter, r *http.Request) error {
	c, rid, err := ask(r)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return errs.E("round.report", errs.Invalid, "error.bad_form")
	}
	v := r.PostForm
	in := ReportInput{RoundID: rid, ObjectID: idOf(v, "object"), Answers: answersOf(v, "a."), Note: v.Get("note"), ClientKey: v.Get(web.KeyField)}
	if _, err = p.s.ConfirmReport(r.Context(), c, in); err == nil {
		web.Flash(w, r, "ok", "round.flash.reported")
		return web.Redirect(w, r, "/reports")
	}
	form, message, status, ok := again(r, err, url.Values(v))
	if !ok {
		return err
	}
	d, derr := p.reportsData(r, c)
	if derr != nil {
		return derr
	}
	d.Form, d.Message, d.At = form, message, v.Get("object")
	return p.ren.PageStatus(w, r, status, web.Office, "round/reports", d)
}
