package ledger

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

func (p *Pages) registerElsewhere(app *web.App) {
	for pattern, h := range map[string]grid.Handler{
		"GET /elsewhere":                p.elsewheres,
		"GET /elsewhere/{id}":           p.elsewhere,
		"POST /elsewhere/{id}/accept":   p.acceptElsewhere,
		"POST /elsewhere/{id}/refuse":   p.refuseElsewhere,
		"POST /elsewhere/{id}/withdraw": p.withdrawElsewhere,
		"POST /elsewhere/{id}/noted":    p.noteElsewhere,
		"GET /persons/{id}/elsewhere":   p.proposeForm,
		"POST /persons/{id}/elsewhere":  p.propose,
	} {
		app.Handle(pattern, grid.Called(h))
	}
}

type elsewheresPage struct {
	web.Meta
	Tabs   []web.Item
	States []web.Item
	Rows   []ElsewhereView
	Counts []ElsewhereCount
	Closed bool
	Next   string
}

// elsewheres lists the items of the scope: what waits, by deadline, and for
// levels above how much waits at each community.
func (p *Pages) elsewheres(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	ctx, q := r.Context(), r.URL.Query()
	f := ElsewhereFilter{Area: id.From(q.Get("area")), Closed: q.Get("state") == "closed", After: id.From(q.Get("after"))}
	d := elsewheresPage{Meta: web.Meta{Title: web.T(ctx, "ledger.elsewhere.title"), Menu: "people"}, Tabs: peopleTabs(ctx, c, "/elsewhere"), Closed: f.Closed}
	keep := url.Values{}
	if f.Area != id.Zero {
		keep.Set("area", f.Area.String())
	}
	d.States = []web.Item{{Text: web.T(ctx, "ledger.elsewhere.open.tab"), Href: "/elsewhere?" + keep.Encode(), Active: !f.Closed}}
	keep.Set("state", "closed")
	d.States = append(d.States, web.Item{Text: web.T(ctx, "ledger.elsewhere.closed.tab"), Href: "/elsewhere?" + keep.Encode(), Active: f.Closed})
	var err error
	if d.Rows, err = p.s.Elsewheres(ctx, c, f); err != nil {
		return err
	}
	if f.Closed && len(d.Rows) == ListPage {
		keep.Set("after", d.Rows[ListPage-1].ID.String())
		d.Next = "/elsewhere?" + keep.Encode()
	}
	if !f.Closed {
		if d.Counts, err = p.s.ElsewhereCounts(ctx, c, f.Area); err != nil {
			return err
		}
	}
	return p.ren.Page(w, r, layoutFor(c), "ledger/elsewheres", d)
}

type elsewherePage struct {
	web.Meta
	V       ElsewhereItem
	Form    web.Form
	Reasons []web.Option
}

func (p *Pages) elsewhere(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	return p.elsewherePage(w, r, c, http.StatusOK, web.Form{})
}

func (p *Pages) elsewherePage(w http.ResponseWriter, r *http.Request, c grid.Caller, status int, form web.Form) error {
	ctx := r.Context()
	v, err := p.s.Elsewhere(ctx, c, pathID(r))
	if err != nil {
		return err
	}
	d := elsewherePage{V: v, Form: form, Reasons: options(ctx, "ledger.elsewhere.refuse.", vocab.Elsewhere.Refuse, true)}
	d.Meta = web.Meta{Title: web.T(ctx, "ledger.elsewhere.item", v.Name), Menu: "people", Crumbs: []web.Crumb{{Text: web.T(ctx, "ledger.elsewhere.title"), Href: "/elsewhere"}}}
	return p.ren.PageStatus(w, r, status, layoutFor(c), "ledger/elsewhere", d)
}

// elsewhereAct ends a decision: the item again, with what is wrong.
func (p *Pages) elsewhereAct(w http.ResponseWriter, r *http.Request, c grid.Caller, done string, err error) error {
	if showAgain(err) {
		return p.elsewherePage(w, r, c, statusOf(err), formOf(r, err))
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "ok", done)
	return web.Redirect(w, r, "/elsewhere/"+r.PathValue("id"))
}

// acceptElsewhere reads where the person is: one of the receiver's own records,
// or a door in words.
func (p *Pages) acceptElsewhere(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	f := r.PostForm
	a := ElsewhereAcceptance{Version: number(f, "version"), PersonID: id.From(f.Get("person")), HouseholdID: id.From(f.Get("household"))}
	acting, err := p.s.receiving(r.Context(), c, pathID(r))
	if err == nil && a.PersonID == id.Zero && a.HouseholdID == id.Zero {
		a.DoorID, err = p.oneDoor(r, acting)
	}
	if err == nil {
		_, err = p.s.AcceptElsewhere(r.Context(), c, pathID(r), a)
	}
	return p.elsewhereAct(w, r, c, "ledger.elsewhere.accepted.done", err)
}

func (p *Pages) refuseElsewhere(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	f := r.PostForm
	err := p.s.RefuseElsewhere(r.Context(), c, pathID(r), number(f, "version"), f.Get("reason"), strings.TrimSpace(f.Get("answer")))
	return p.elsewhereAct(w, r, c, "ledger.elsewhere.refused.done", err)
}

func (p *Pages) withdrawElsewhere(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	err := p.s.WithdrawElsewhere(r.Context(), c, pathID(r), number(r.PostForm, "version"))
	return p.elsewhereAct(w, r, c, "ledger.elsewhere.withdrawn.done", err)
}

func (p *Pages) noteElsewhere(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	err := p.s.NoteElsewhereLeft(r.Context(), c, pathID(r), number(r.PostForm, "version"))
	return p.elsewhereAct(w, r, c, "ledger.elsewhere.noted.done", err)
}

type proposePage struct {
	web.Meta
	V     PersonView
	Form  web.Form
	Areas []web.Option
}

func (p *Pages) proposeForm(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	return p.proposePage(w, r, c, http.StatusOK, web.Form{})
}

func (p *Pages) proposePage(w http.ResponseWriter, r *http.Request, c grid.Caller, status int, form web.Form) error {
	ctx := r.Context()
	if err := c.Require("ledger.propose", grid.LedgerWrite); err != nil {
		return err
	}
	v, err := p.s.Person(ctx, withPurpose(c, ""), pathID(r))
	if err != nil {
		return err
	}
	areas, err := p.s.communities(ctx, c.District)
	if err != nil {
		return err
	}
	d := proposePage{V: v, Form: form, Areas: []web.Option{{Text: web.T(ctx, "ledger.choose")}}}
	for _, a := range areas {
		d.Areas = append(d.Areas, web.Option{Value: a.ID.String(), Text: strings.TrimSpace(a.Street + " " + a.Name)})
	}
	d.Meta = web.Meta{Title: web.T(ctx, "ledger.elsewhere.propose"), Menu: "people", Crumbs: []web.Crumb{{Text: web.T(ctx, "ledger.person.title", orDash(v.Name)), Href: "/persons/" + v.ID.String()}}}
	return p.ren.PageStatus(w, r, status, layoutFor(c), "ledger/propose", d)
}

func (p *Pages) propose(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	f := r.PostForm
	_, err := p.s.ProposeElsewhere(r.Context(), c, ElsewhereInput{PersonID: pathID(r), Version: number(f, "version"), ToArea: id.From(f.Get("to")),
		Address: strings.TrimSpace(f.Get("address")), Note: strings.TrimSpace(f.Get("note"))})
	if showAgain(err) {
		return p.proposePage(w, r, c, statusOf(err), formOf(r, err))
	}
	return p.personAct(w, r, c, "ledger.elsewhere.proposed.done", err)
}

// seesElsewhere reports whether the list of items is for the caller.
func seesElsewhere(c grid.Caller) bool {
	return c.IsSystem() || slices.ContainsFunc(c.Grants, overElsewhere)
}
