package ledger

import (
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

func (p *Pages) registerCorrections(app *web.App) {
	for pattern, h := range map[string]grid.Handler{
		"GET /corrections":              p.corrections,
		"GET /corrections/{id}":         p.correction,
		"POST /corrections/{id}":        p.openCorrection,
		"POST /corrections/{id}/decide": p.decideCorrection,
		"POST /households/{id}/code":    p.fixSlip,
		"GET /households/{id}/paper":    p.paperForm,
		"POST /households/{id}/paper":   p.enterPaper,
	} {
		app.Handle(pattern, grid.Called(h))
	}
	app.Handle("GET /fix", web.WithForm(p.fix), web.Public())
	app.Handle("POST /fix", web.WithForm(p.fix), web.Public())
	app.Handle("POST /fix/send", web.WithForm(p.sendFix), web.Public())
}

type fixPage struct {
	web.Meta
	Sheet     *CorrectionSheet
	Code      string
	Action    string // where the form goes
	Form      web.Form
	Newcomers []int
	Done      bool
	Until     string
	Back      string // staff only
}

// fix asks a household for its code, or shows what is recorded, masked.
func (p *Pages) fix(w http.ResponseWriter, r *http.Request) error {
	code := strings.TrimSpace(r.Form.Get("code"))
	d := fixPage{Meta: web.Meta{Title: web.T(r.Context(), "ledger.fix.title")}, Code: code, Form: web.Form{Values: url.Values{"code": {code}}}}
	if code == "" {
		return p.ren.Page(w, r, web.Plain, "ledger/fix", d)
	}
	return p.fixPage(w, r, d, http.StatusOK)
}

// fixPage shows the form of d.Code, or asks again for a code that is none.
func (p *Pages) fixPage(w http.ResponseWriter, r *http.Request, d fixPage, status int) error {
	ctx, c := r.Context(), asHousehold(p.s.district)
	sheet, err := p.s.CorrectionSheet(ctx, c, d.Code, web.Remote(r))
	if errs.Is(err, errs.Invalid) {
		d.Form = formOf(r, err)
		d.Form.Values = url.Values{"code": {d.Code}}
		return p.ren.PageStatus(w, r, http.StatusUnprocessableEntity, web.Plain, "ledger/fix", d)
	}
	if err != nil {
		return err
	}
	d.Sheet, d.Action, d.Newcomers, d.Until = sheet, "/fix/send", newcomers(), expiryDay(sheet.UntilMs)
	return p.ren.PageStatus(w, r, status, web.Plain, "ledger/fix", d)
}

func newcomers() []int {
	out := make([]int, correctable.Newcomers)
	for i := range out {
		out[i] = i
	}
	return out
}

// correctionInput reads the form of a household, or of its paper.
func correctionInput(f url.Values) Correction {
	in := Correction{Living: strings.TrimSpace(f.Get("living"))}
	for _, v := range f["person"] {
		in.Persons = append(in.Persons, PersonCorrection{PersonID: id.From(v), Name: f.Get("name-" + v), Relation: f.Get("relation-" + v), Phone: strings.TrimSpace(f.Get("phone-" + v)), Gone: f.Get("gone-"+v) == "1"})
	}
	for i := range correctable.Newcomers {
		n := strconv.Itoa(i)
		in.New = append(in.New, NewcomerCorrection{strings.TrimSpace(f.Get("new-name-" + n)), strings.TrimSpace(f.Get("new-relation-" + n)), strings.TrimSpace(f.Get("new-phone-" + n))})
	}
	return in
}

// sendFix stores what a household says and thanks it.
func (p *Pages) sendFix(w http.ResponseWriter, r *http.Request) error {
	ctx, c := r.Context(), asHousehold(p.s.district)
	d := fixPage{Meta: web.Meta{Title: web.T(ctx, "ledger.fix.title")}, Code: strings.TrimSpace(r.PostForm.Get("code"))}
	err := p.s.SubmitCorrection(ctx, c, d.Code, web.Remote(r), correctionInput(r.PostForm))
	if showAgain(err) {
		d.Form = formOf(r, err)
		return p.fixPage(w, r, d, statusOf(err))
	}
	if err != nil {
		return err
	}
	d.Done = true
	return p.ren.Page(w, r, web.Plain, "ledger/fix", d)
}

// paperForm is where staff enter a household's paper.
func (p *Pages) paperForm(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	return p.paperPage(w, r, c, http.StatusOK, web.Form{})
}

func (p *Pages) paperPage(w http.ResponseWriter, r *http.Request, c grid.Caller, status int, form web.Form) error {
	ctx := r.Context()
	if err := c.Require("ledger.paper", grid.LedgerWrite); err != nil {
		return err
	}
	sheet, err := p.s.sheetOf(ctx, c, pathID(r))
	if err != nil {
		return err
	}
	back := "/households/" + r.PathValue("id")
	d := fixPage{Sheet: sheet, Action: back + "/paper", Form: form, Newcomers: newcomers(), Back: back}
	d.Meta = web.Meta{Title: web.T(ctx, "ledger.fix.paper"), Menu: "people", Crumbs: []web.Crumb{{Text: sheet.Door, Href: back}}}
	return p.ren.PageStatus(w, r, status, layoutFor(c), "ledger/fix", d)
}

func (p *Pages) enterPaper(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	err := p.s.EnterCorrection(r.Context(), c, pathID(r), correctionInput(r.PostForm))
	if showAgain(err) {
		return p.paperPage(w, r, c, statusOf(err), formOf(r, err))
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "ok", "ledger.fix.entered")
	return web.Redirect(w, r, "/corrections")
}

type slipPage struct {
	web.Meta
	Sheet     *CorrectionSheet
	Code      string
	Until     string
	QR        template.HTML
	Address   string
	Newcomers []int
}

// fixSlip makes a household's code and shows the sheet to hand over: the code
// above, below a form to be filled in by pen.
func (p *Pages) fixSlip(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	ctx := r.Context()
	code, until, err := p.s.CorrectionCode(ctx, c, pathID(r))
	if err != nil {
		return p.householdAct(w, r, c, "", err)
	}
	sheet, err := p.s.sheetOf(ctx, c, pathID(r))
	if err != nil {
		return err
	}
	d := slipPage{Meta: web.Meta{Title: web.T(ctx, "ledger.fix.slip")}, Sheet: sheet, Code: code, Until: expiryDay(until), Address: web.ServerURL(r) + "/fix", Newcomers: newcomers()}
	if d.QR, err = web.QR(d.Address+"?code="+code, code); err != nil {
		return errs.Wrap("ledger.fixSlip", err)
	}
	return p.ren.Page(w, r, web.Print, "ledger/slip", d)
}

type correctionsPage struct {
	web.Meta
	Tabs   []web.Item
	States []web.Item
	Rows   []CorrectionView
	Next   string
}

func (p *Pages) corrections(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	ctx, q := r.Context(), r.URL.Query()
	f := CorrectionFilter{Place: id.From(q.Get("place")), Closed: q.Get("state") == "closed", After: id.From(q.Get("after"))}
	d := correctionsPage{Meta: web.Meta{Title: web.T(ctx, "ledger.fix.list"), Menu: "people"}, Tabs: peopleTabs(ctx, c, "/corrections"), States: []web.Item{
		{Text: web.T(ctx, "ledger.elsewhere.open.tab"), Href: "/corrections", Active: !f.Closed}, {Text: web.T(ctx, "ledger.elsewhere.closed.tab"), Href: "/corrections?state=closed", Active: f.Closed}}}
	var err error
	if d.Rows, err = p.s.Corrections(ctx, c, f); err != nil {
		return err
	}
	if f.Closed && len(d.Rows) == ListPage {
		d.Next = "/corrections?state=closed&after=" + d.Rows[ListPage-1].ID.String()
	}
	return p.ren.Page(w, r, layoutFor(c), "ledger/corrections", d)
}

type correctionPage struct {
	web.Meta
	V    CorrectionView
	Form web.Form
}

func (p *Pages) correction(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	return p.correctionPage(w, r, withPurpose(c, ""), http.StatusOK, web.Form{})
}

// openCorrection shows a correction in full; the looks are recorded.
func (p *Pages) openCorrection(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	return p.correctionPage(w, r, withPurpose(c, PurposeCorrect), http.StatusOK, web.Form{})
}

func (p *Pages) correctionPage(w http.ResponseWriter, r *http.Request, c grid.Caller, status int, form web.Form) error {
	ctx := r.Context()
	v, err := p.s.Correction(ctx, c, pathID(r))
	if err != nil {
		return err
	}
	for i := range v.Proposals {
		x := &v.Proposals[i]
		x.Old, x.New = valueInWords(ctx, x.Field, x.Old), valueInWords(ctx, x.Field, x.New)
	}
	d := correctionPage{V: v, Form: form, Meta: web.Meta{Title: web.T(ctx, "ledger.fix.of", v.Door), Menu: "people", Crumbs: []web.Crumb{{Text: web.T(ctx, "ledger.fix.list"), Href: "/corrections"}}}}
	return p.ren.PageStatus(w, r, status, layoutFor(c), "ledger/correction", d)
}

// decideCorrection takes one field's decision and shows the rest in full, so
// that the next is one tap away.
func (p *Pages) decideCorrection(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	f := r.PostForm
	err := p.s.DecideCorrection(r.Context(), c, pathID(r), number(f, "version"), number(f, "index"), f.Get("accept") == "1")
	if showAgain(err) {
		return p.correctionPage(w, r, withPurpose(c, PurposeCorrect), statusOf(err), formOf(r, err))
	}
	if err != nil {
		return err
	}
	return p.correctionPage(w, r, withPurpose(c, PurposeCorrect), http.StatusOK, web.Form{})
}
