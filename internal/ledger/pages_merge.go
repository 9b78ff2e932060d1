package ledger

import (
	"net/http"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

func (p *Pages) registerMerge(app *web.App) {
	for pattern, h := range map[string]grid.Handler{
		"GET /duplicates":                       p.duplicates,
		"GET /persons/{id}/merge":               p.mergeForm,
		"POST /persons/{id}/merge":              p.merge,
		"POST /persons/{id}/same":               p.mergeLook,
		"POST /persons/{id}/apart":              p.apart,
		"POST /persons/{id}/merges/{item}/undo": p.undoMerge,
	} {
		app.Handle(pattern, grid.Called(h))
	}
}

type duplicatesPage struct {
	web.Meta
	Tabs []web.Item
	Rows []Candidate
	More bool
}

// duplicates lists the records that may be of one person.
func (p *Pages) duplicates(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	ctx := r.Context()
	d := duplicatesPage{Meta: web.Meta{Title: web.T(ctx, "ledger.duplicates.title"), Menu: "people"}, Tabs: peopleTabs(ctx, c, "/duplicates")}
	var err error
	if d.Rows, d.More, err = p.s.Duplicates(ctx, c, id.From(r.URL.Query().Get("place"))); err != nil {
		return err
	}
	return p.ren.Page(w, r, layoutFor(c), "ledger/duplicates", d)
}

type mergePage struct {
	web.Meta
	A, B     PersonView
	Lines    []mergeLine
	Found    []PersonView // whom to choose from, before there is a B
	Text     string       // what was searched
	Form     web.Form
	Purposes []web.Option
	Chosen   bool
}

// mergeLine is one field side by side in words.
type mergeLine struct {
	FieldPair
	Label string
	TakeB bool // the other record's value is taken
}

// mergeForm shows two records side by side, or whom to compare the first with.
func (p *Pages) mergeForm(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	if other := id.From(r.URL.Query().Get("with")); other != id.Zero {
		return p.sideBySide(w, r, withPurpose(c, ""), other, http.StatusOK, web.Form{})
	}
	ctx := r.Context()
	if err := c.Require("ledger.merge", grid.LedgerWrite); err != nil {
		return err
	}
	v, err := p.s.Person(ctx, withPurpose(c, ""), pathID(r))
	if err != nil {
		return err
	}
	d := mergePage{Meta: mergeMeta(r, v), A: v}
	if d.Found, err = p.s.Similar(ctx, c, v.ID, ""); err != nil {
		return err
	}
	return p.ren.Page(w, r, layoutFor(c), "ledger/merge", d)
}

// mergeLook searches for the other record, or shows both in full for a purpose.
func (p *Pages) mergeLook(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	ctx, f := r.Context(), r.PostForm
	if other := id.From(f.Get("with")); other != id.Zero {
		if err := checkPurpose(f.Get("purpose")); err != nil {
			return p.sideBySide(w, r, withPurpose(c, ""), other, statusOf(err), formOf(r, err))
		}
		return p.sideBySide(w, r, withPurpose(c, f.Get("purpose")), other, http.StatusOK, web.Form{})
	}
	if err := c.Require("ledger.merge", grid.LedgerWrite); err != nil {
		return err
	}
	v, err := p.s.Person(ctx, withPurpose(c, ""), pathID(r))
	if err != nil {
		return err
	}
	d := mergePage{Meta: mergeMeta(r, v), A: v, Text: strings.TrimSpace(f.Get("q"))}
	if d.Found, err = p.s.Similar(ctx, c, v.ID, d.Text); err != nil {
		return err
	}
	return p.ren.Page(w, r, layoutFor(c), "ledger/merge", d)
}

func mergeMeta(r *http.Request, v PersonView) web.Meta {
	ctx := r.Context()
	return web.Meta{Title: web.T(ctx, "ledger.merge.title"), Menu: "people", Crumbs: []web.Crumb{{Text: web.T(ctx, "ledger.person.title", orDash(v.Name)), Href: "/persons/" + v.ID.String()}}}
}

func (p *Pages) sideBySide(w http.ResponseWriter, r *http.Request, c grid.Caller, other id.ID, status int, form web.Form) error {
	ctx := r.Context()
	a, b, pairs, err := p.s.Compare(ctx, c, pathID(r), other)
	if err != nil {
		return err
	}
	d := mergePage{Meta: mergeMeta(r, a), A: a, B: b, Chosen: true, Form: form, Purposes: options(ctx, "ledger.purpose.", vocab.Purposes, true)}
	for _, f := range pairs {
		f.A, f.B = valueInWords(ctx, f.Field, f.A), valueInWords(ctx, f.Field, f.B)
		d.Lines = append(d.Lines, mergeLine{FieldPair: f, Label: fieldLabel(ctx, f.Field), TakeB: form.Checked("take", f.Field)})
	}
	return p.ren.PageStatus(w, r, status, layoutFor(c), "ledger/merge", d)
}

// merge takes the other record in; pick-<field>=b takes its value of a field.
func (p *Pages) merge(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	f := r.PostForm
	m := Merge{Keep: pathID(r), Drop: id.From(f.Get("other")), KeepVersion: number(f, "version"), DropVersion: number(f, "other_version")}
	for k := range f {
		if name, ok := strings.CutPrefix(k, "pick-"); ok && f.Get(k) == "b" {
			m.Take = append(m.Take, name)
		}
	}
	_, err := p.s.MergePersons(r.Context(), c, m)
	if showAgain(err) && m.Drop != id.Zero && m.Drop != m.Keep {
		f["take"] = m.Take
		return p.sideBySide(w, r, withPurpose(c, ""), m.Drop, statusOf(err), formOf(r, err))
	}
	return p.personAct(w, r, c, "ledger.merged.done", err)
}

// apart records that two records are of two people.
func (p *Pages) apart(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	err := p.s.KeepApart(r.Context(), c, pathID(r), id.From(r.PostForm.Get("other")))
	if errs.Is(err, errs.Invalid) {
		return p.personAct(w, r, c, "", err)
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "ok", "ledger.apart.done")
	return web.Redirect(w, r, "/duplicates")
}

func (p *Pages) undoMerge(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	return p.personAct(w, r, c, "ledger.unmerged.done", p.s.UndoMerge(r.Context(), c, pathID(r), id.From(r.PathValue("item"))))
}
