package ledger

import (
	"context"
	"embed"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

//go:embed all:templates
var templates embed.FS

// Pages serves the search, doors, households, persons' files and lists.
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
	for pattern, h := range map[string]grid.Handler{
		"GET /search":                       p.search,
		"POST /search":                      p.search,
		"GET /doors/{id}/households":        p.door,
		"POST /doors/{id}/households":       p.addHousehold,
		"GET /households/{id}":              p.household,
		"POST /households/{id}":             p.editHousehold,
		"POST /households/{id}/unmask":      p.unmaskHousehold,
		"POST /households/{id}/depart":      p.departHousehold,
		"POST /households/{id}/move":        p.moveHousehold,
		"POST /households/{id}/split":       p.split,
		"POST /households/{id}/join":        p.join,
		"GET /households/{id}/persons/new":  p.newPerson,
		"POST /households/{id}/persons/new": p.addPerson,
		"GET /persons":                      p.list,
		"GET /persons/export":               p.export,
		"GET /persons/{id}":                 p.person,
		"POST /persons/{id}/unmask":         p.unmaskPerson,
		"GET /persons/{id}/edit":            p.editForm,
		"POST /persons/{id}/edit":           p.edit,
		"POST /persons/{id}/move":           p.move,
		"POST /persons/{id}/depart":         p.depart,
		"POST /persons/{id}/return":         p.comeBack,
		"POST /persons/{id}/note":           p.note,
		"POST /persons/{id}/care":           p.addCare,
		"POST /persons/{id}/risk":           p.addRisk,
		"POST /persons/{id}/care/{item}":    p.endCare,
		"POST /persons/{id}/risk/{item}":    p.endRisk,
		"GET /care":                         p.care,
		"GET /risk":                         p.risk,
	} {
		app.Handle(pattern, grid.Called(h))
	}
	p.registerMerge(app)
	p.registerElsewhere(app)
	p.registerCorrections(app)
	p.registerFacets(app)
	p.registerPapers(app)
	p.registerMatch(app)
}

// peopleTabs lead from one view of the people to the others, as far as the
// caller's posts allow.
func peopleTabs(ctx context.Context, c grid.Caller, here string) []web.Item {
	var out []web.Item
	for _, t := range []struct {
		key, href string
		may       bool
	}{
		{"ledger.list.title", "/persons", c.Can(grid.LedgerRead)},
		{"ledger.elsewhere.title", "/elsewhere", seesElsewhere(c)},
		{"ledger.fix.list", "/corrections", c.Can(grid.LedgerWrite)},
		{"ledger.duplicates.title", "/duplicates", c.Can(grid.LedgerWrite)},
		{"ledger.facets.title", "/facets", seesElsewhere(c)},
	} {
		if t.may {
			out = append(out, web.Item{Text: web.T(ctx, t.key), Href: t.href, Active: t.href == here})
		}
	}
	if len(out) == 1 {
		return nil
	}
	return out
}

func pathID(r *http.Request) id.ID { return id.From(r.PathValue("id")) }

func number(f url.Values, name string) int {
	n, _ := web.Whole(f, name)
	return n
}

// options makes choices of catalogue keys prefix+value.
func options(ctx context.Context, prefix string, values []string, blank bool) []web.Option {
	var out []web.Option
	if blank {
		out = append(out, web.Option{Text: web.T(ctx, "ledger.choose")})
	}
	for _, v := range values {
		out = append(out, web.Option{Value: v, Text: web.T(ctx, prefix+v)})
	}
	return out
}

func kindOptions(ctx context.Context) []web.Option {
	var list []string
	for _, k := range Kinds() {
		list = append(list, string(k))
	}
	return options(ctx, "ledger.kind.", list, false)
}

type searchPage struct {
	web.Meta
	Text   string
	Found  *Found
	Ledger bool // doors lead to who lives behind them, else to the door itself
}

// search looks for what was typed; the text travels in the form's body.
func (p *Pages) search(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	d := searchPage{Meta: web.Meta{Title: web.T(r.Context(), "ledger.search.title"), Menu: "search"}, Text: strings.TrimSpace(r.PostForm.Get("q")), Ledger: c.Can(grid.LedgerRead)}
	d.Search = d.Text
	if d.Text != "" {
		var err error
		if d.Found, err = p.s.Search(r.Context(), c, Search{Text: d.Text, Place: id.From(r.PostForm.Get("place"))}); err != nil {
			return err
		}
	}
	return p.ren.Page(w, r, layoutFor(c), "ledger/search", d)
}

// layoutFor gives workers at doors the phone's pages.
func layoutFor(c grid.Caller) web.Layout {
	if c.AtDoors() {
		return web.Phone
	}
	return web.Office
}

type doorPage struct {
	web.Meta
	DoorID     id.ID
	Door       string
	Households []HouseholdView
	Kinds      []web.Option
	Form       web.Form
	MayWrite   bool
}

func (p *Pages) door(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	return p.doorPage(w, r, c, http.StatusOK, web.Form{Values: url.Values{"kind": {"family"}, "living": {"1"}, "registered": {"0"}}})
}

func (p *Pages) doorPage(w http.ResponseWriter, r *http.Request, c grid.Caller, status int, form web.Form) error {
	ctx, door := r.Context(), pathID(r)
	if _, err := p.s.placePath(ctx, c, door); err != nil {
		return err
	}
	texts, err := p.s.doorTexts(ctx, c.District, []id.ID{door})
	if err != nil {
		return err
	}
	hs, err := p.s.Behind(ctx, withPurpose(c, ""), door)
	if err != nil {
		return err
	}
	d := doorPage{Meta: web.Meta{Title: texts[door].text, Menu: "people"}, DoorID: door, Door: texts[door].text, Households: hs,
		Kinds: kindOptions(ctx), Form: form, MayWrite: c.Can(grid.LedgerWrite)}
	return p.ren.PageStatus(w, r, status, layoutFor(c), "ledger/door", d)
}

// householdInput reads the form; a head count that is no number is Invalid.
func householdInput(f url.Values) (HouseholdInput, error) {
	in := HouseholdInput{Kind: Kind(f.Get("kind")), Nickname: strings.TrimSpace(f.Get("nickname")), Note: strings.TrimSpace(f.Get("note")), Version: number(f, "version")}
	for name, n := range map[string]*int{"registered": &in.Registered, "living": &in.Living} {
		v, err := web.Whole(f, name)
		if err != nil {
			return in, errs.Field(errs.E("ledger.form", errs.Invalid, "ledger.household.count", MaxHeads), name)
		}
		*n = v
	}
	return in, nil
}

func (p *Pages) addHousehold(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	var h id.ID
	in, err := householdInput(r.PostForm)
	if err == nil {
		in.DoorID = pathID(r)
		h, err = p.s.AddHousehold(r.Context(), c, in, nil)
	}
	if showAgain(err) {
		return p.doorPage(w, r, c, statusOf(err), formOf(r, err))
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "ok", "ledger.household.added")
	return web.Redirect(w, r, "/households/"+h.String())
}

type householdPage struct {
	web.Meta
	H           HouseholdView
	Others      []HouseholdView // other households behind the door
	Form        web.Form
	Kinds       []web.Option
	Reasons     []web.Option
	Purposes    []web.Option
	MayMore     bool // a purpose would show more
	MayTransfer bool // may plan that people leave it
}

func (p *Pages) household(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	return p.householdPage(w, r, withPurpose(c, ""), http.StatusOK, nil)
}

// unmaskHousehold shows the household with full fields for a purpose.
func (p *Pages) unmaskHousehold(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	if err := mayUnmask(c, r.PostForm.Get("purpose")); errs.Is(err, errs.Denied) {
		return err
	} else if err != nil {
		return p.householdAct(w, r, c, "", err)
	}
	return p.householdPage(w, r, withPurpose(c, r.PostForm.Get("purpose")), http.StatusOK, nil)
}

// mayUnmask is Denied to who may see nobody in full, and Invalid without a purpose.
func mayUnmask(c grid.Caller, purpose string) error {
	if err := c.Require("ledger.unmask", grid.LedgerUnmask); err != nil {
		return err
	}
	return checkPurpose(purpose)
}

// checkPurpose is Invalid unless the purpose is one of Purposes.
func checkPurpose(purpose string) error {
	if !slices.Contains(vocab.Purposes, purpose) {
		return errs.Field(errs.E("ledger.unmask", errs.Invalid, "ledger.unmask.choose"), "purpose")
	}
	return nil
}

// showAgain reports whether an error is shown on the page whose form made it,
// with what was typed: wrong input, and records that changed meanwhile.
func showAgain(err error) bool { return errs.Is(err, errs.Invalid) || errs.Is(err, errs.Conflict) }

// statusOf is the HTTP status of an error of showAgain.
func statusOf(err error) int {
	if errs.Is(err, errs.Conflict) {
		return http.StatusConflict
	}
	return http.StatusUnprocessableEntity
}

// formOf returns the form as it was typed, with what is wrong in it.
func formOf(r *http.Request, err error) web.Form {
	wrong := web.FormErrors(r.Context(), err)
	if len(wrong) == 0 {
		wrong[""] = web.ProblemOf(web.Lang(r.Context()), err).Detail
	}
	return web.Form{Values: r.PostForm, Errors: wrong}
}

func (p *Pages) householdPage(w http.ResponseWriter, r *http.Request, c grid.Caller, status int, form *web.Form) error {
	ctx := r.Context()
	h, err := p.s.Household(ctx, c, pathID(r))
	if err != nil {
		return err
	}
	others, err := p.s.Behind(ctx, withPurpose(c, ""), h.DoorID)
	if err != nil {
		return err
	}
	d := householdPage{Meta: web.Meta{Title: h.Door, Menu: "people", Crumbs: []web.Crumb{{Text: h.Door, Href: "/doors/" + h.DoorID.String() + "/households"}}},
		H: h, Kinds: kindOptions(ctx), Reasons: options(ctx, "ledger.depart.", vocab.Depart, true), Purposes: options(ctx, "ledger.purpose.", vocab.Purposes, true)}
	d.MayTransfer = c.CanPlace(grid.TaskIssue, h.DoorPath) && c.CanPlace(grid.LedgerRead, h.DoorPath)
	for _, o := range others {
		if o.ID != h.ID {
			d.Others = append(d.Others, o)
		}
	}
	for _, v := range h.Persons {
		d.MayMore = d.MayMore || v.CanUnmask && !v.Unmasked
	}
	d.Form = web.Form{Values: url.Values{"kind": {string(h.Kind)}, "registered": {strconv.Itoa(h.Registered)}, "living": {strconv.Itoa(h.Living)},
		"nickname": {h.Nickname}, "note": {h.Note}, "version": {strconv.Itoa(h.Version)}}}
	if form != nil {
		d.Form = *form
	}
	return p.ren.PageStatus(w, r, status, layoutFor(c), "ledger/household", d)
}

// householdAct runs a change of a household and shows it again.
func (p *Pages) householdAct(w http.ResponseWriter, r *http.Request, c grid.Caller, done string, err error) error {
	if showAgain(err) {
		form := formOf(r, err)
		return p.householdPage(w, r, withPurpose(c, ""), statusOf(err), &form)
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "ok", done)
	return web.Redirect(w, r, "/households/"+r.PathValue("id"))
}

func (p *Pages) editHousehold(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	in, err := householdInput(r.PostForm)
	if err == nil {
		err = p.s.EditHousehold(r.Context(), c, pathID(r), in)
	}
	return p.householdAct(w, r, c, "ledger.saved", err)
}

func (p *Pages) departHousehold(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	return p.householdAct(w, r, c, "ledger.departed.done", p.s.DepartHousehold(r.Context(), c, pathID(r), number(r.PostForm, "version"), r.PostForm.Get("reason")))
}

func (p *Pages) moveHousehold(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	door, err := p.oneDoor(r, c)
	if err == nil {
		err = p.s.MoveHousehold(r.Context(), c, pathID(r), number(r.PostForm, "version"), door)
	}
	return p.householdAct(w, r, c, "ledger.moved.done", err)
}

// oneDoor reads the field "to" as a door in words that names exactly one.
func (p *Pages) oneDoor(r *http.Request, c grid.Caller) (id.ID, error) {
	const op = "ledger.door"
	if err := c.Require(op, grid.LedgerWrite); err != nil {
		return id.Zero, err
	}
	f, err := p.s.Search(r.Context(), c, Search{Text: r.PostForm.Get("to")})
	if err != nil {
		return id.Zero, err
	}
	switch len(f.Doors) {
	case 1:
		return f.Doors[0].ID, nil
	case 0:
		return id.Zero, errs.Field(errs.E(op, errs.Invalid, "ledger.door.none"), "to")
	}
	return id.Zero, errs.Field(errs.E(op, errs.Invalid, "ledger.door.many", len(f.Doors)), "to")
}

func (p *Pages) split(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	var persons []id.ID
	for _, v := range r.PostForm["person"] {
		persons = append(persons, id.From(v))
	}
	_, err := p.s.Split(r.Context(), c, pathID(r), persons, Kind(r.PostForm.Get("kind")))
	return p.householdAct(w, r, c, "ledger.split.done", err)
}

func (p *Pages) join(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	return p.householdAct(w, r, c, "ledger.join.done", p.s.Join(r.Context(), c, pathID(r), id.From(r.PostForm.Get("into"))))
}
