package ledger

import (
	"bytes"
	"context"
	"html/template"
	"maps"
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

type personPage struct {
	web.Meta
	F        *File
	V        PersonView
	Lines    []fileLine // the events, in words
	MayWrite bool
	Form     web.Form
	Reasons  []web.Option
	Purposes []web.Option
	Care     []web.Option
	Risk     []web.Option
	Actions  []web.Option
	Homes    []HouseholdView // behind the same door, to move into
	Merges   []MergeState
	Sections []template.HTML // parts of other slices
}

func (p *Pages) person(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	return p.personPage(w, r, withPurpose(c, ""), http.StatusOK, web.Form{})
}

// unmaskPerson shows the file with full fields for a purpose.
func (p *Pages) unmaskPerson(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	if err := mayUnmask(c, r.PostForm.Get("purpose")); errs.Is(err, errs.Denied) {
		return err
	} else if err != nil {
		return p.personAct(w, r, c, "", err)
	}
	return p.personPage(w, r, withPurpose(c, r.PostForm.Get("purpose")), http.StatusOK, web.Form{})
}

func (p *Pages) personPage(w http.ResponseWriter, r *http.Request, c grid.Caller, status int, form web.Form) error {
	ctx := r.Context()
	f, err := p.s.File(ctx, c, pathID(r))
	if err != nil {
		return err
	}
	homes, err := p.s.Behind(ctx, withPurpose(c, ""), f.Person.DoorID)
	if err != nil {
		return err
	}
	v := f.Person
	var merges []MergeState
	if c.Can(grid.LedgerWrite) {
		if merges, err = p.s.MergesOf(ctx, c, v.ID); err != nil {
			return err
		}
	}
	d := personPage{Merges: merges, F: f, V: v, Lines: fileLines(ctx, f.Events), MayWrite: c.Can(grid.LedgerWrite), Form: form,
		Reasons: options(ctx, "ledger.depart.", vocab.Depart, true), Purposes: options(ctx, "ledger.purpose.", vocab.Purposes, true),
		Care: options(ctx, "ledger.care.", vocab.Care, true), Risk: options(ctx, "ledger.risk.", vocab.Risk, true), Actions: options(ctx, "ledger.action.", vocab.Actions, false),
		Homes: slices.DeleteFunc(homes, func(h HouseholdView) bool { return h.ID == v.HouseholdID })}
	d.Meta = web.Meta{Title: web.T(ctx, "ledger.person.title", orDash(v.Name)), Menu: "people", Crumbs: []web.Crumb{
		{Text: v.Door, Href: "/doors/" + v.DoorID.String() + "/households"}, {Text: web.T(ctx, "ledger.household"), Href: "/households/" + v.HouseholdID.String()}}}
	if d.Sections, err = p.s.sectionsOf(ctx, withPurpose(c, ""), v.ID); err != nil {
		return err
	}
	return p.ren.PageStatus(w, r, status, layoutFor(c), "ledger/person", d)
}

// fileLine is an event of a person's file with its changes in words.
type fileLine struct {
	Event
	Words []changeWords
}

// changeWords is one changed field as it is read.
type changeWords struct{ Label, Old, New string }

func fileLines(ctx context.Context, events []Event) []fileLine {
	out := make([]fileLine, len(events))
	for i, e := range events {
		out[i] = fileLine{Event: e, Words: changesInWords(ctx, e.Changes)}
	}
	return out
}

// changesInWords names the fields and writes marks as yes, no, man and woman.
func changesInWords(ctx context.Context, changes map[string]FieldChange) []changeWords {
	out := make([]changeWords, 0, len(changes))
	for _, k := range slices.Sorted(maps.Keys(changes)) {
		ch := changes[k]
		out = append(out, changeWords{fieldLabel(ctx, k), valueInWords(ctx, k, ch.Old), valueInWords(ctx, k, ch.New)})
	}
	return out
}

// fieldLabel names a field of a person.
func fieldLabel(ctx context.Context, field string) string {
	if field == "registered" { // a household's field of that name is a head count
		field = "registered_here"
	}
	return web.T(ctx, "ledger.f."+field)
}

// ValueInWords writes a value of a person's field as people read it: marks as
// yes, no, man and woman, everything else as it is.
func ValueInWords(ctx context.Context, field, v string) string { return valueInWords(ctx, field, v) }

func valueInWords(ctx context.Context, field, v string) string {
	switch {
	case v == "" || v == hidden:
		return v
	case field == "sex":
		return web.T(ctx, "ledger.sex."+v)
	case field == "registered" || field == "lives_here":
		return web.T(ctx, map[string]string{"0": "ledger.no", "1": "ledger.yes"}[v])
	}
	return v
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}

type formPage struct {
	web.Meta
	Form    web.Form
	Action  string
	Back    string
	New     bool
	Sexes   []web.Option
	Version int
}

func (p *Pages) newPerson(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	if _, err := p.s.Household(r.Context(), withPurpose(c, ""), pathID(r)); err != nil {
		return err
	}
	if err := c.Require("ledger.newPerson", grid.LedgerWrite); err != nil {
		return err
	}
	return p.personForm(w, r, c, http.StatusOK, web.Form{Values: url.Values{"registered": {"1"}, "lives_here": {"1"}}}, true)
}

func (p *Pages) personForm(w http.ResponseWriter, r *http.Request, c grid.Caller, status int, form web.Form, fresh bool) error {
	ctx := r.Context()
	d := formPage{Form: form, New: fresh, Action: r.URL.Path, Sexes: options(ctx, "ledger.sex.", []string{"m", "f"}, true)}
	d.Title, d.Back = web.T(ctx, "ledger.person.edit"), "/persons/"+r.PathValue("id")
	if fresh {
		d.Title, d.Back = web.T(ctx, "ledger.person.new"), "/households/"+r.PathValue("id")
	}
	d.Menu, d.Crumbs = "people", []web.Crumb{{Text: web.T(ctx, "ledger.back"), Href: d.Back}}
	return p.ren.PageStatus(w, r, status, layoutFor(c), "ledger/person-form", d)
}

func personInput(f url.Values) Person {
	p := Person{Version: number(f, "version"), Sex: Sex(f.Get("sex")), Registered: f.Get("registered") == "1", LivesHere: f.Get("lives_here") == "1"}
	for name, dst := range map[string]*string{"name": &p.Name, "birth": &p.Birth, "idno": &p.IDNo, "passport": &p.Passport, "landline": &p.Landline, "relation": &p.Relation,
		"registered_address": &p.RegAddress, "address": &p.LiveAddress, "work": &p.Work, "note": &p.Note} {
		*dst = strings.TrimSpace(f.Get(name))
	}
	p.Phones = strings.FieldsFunc(f.Get("phone"), func(r rune) bool { return r == ' ' || r == ',' || r == ';' || r == '/' || r > 0x3000 })
	return p
}

func (p *Pages) addPerson(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	v, err := p.s.AddPerson(r.Context(), c, pathID(r), personInput(r.PostForm), r.PostForm.Get("arrived") == "1")
	if showAgain(err) {
		return p.personForm(w, r, c, statusOf(err), formOf(r, err), true)
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "ok", "ledger.person.added")
	return web.Redirect(w, r, "/persons/"+v.String())
}

// editForm shows a person's fields as the caller sees them; masks stay masks
// and mean "unchanged" when they come back.
func (p *Pages) editForm(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	if err := c.Require("ledger.edit", grid.LedgerWrite); err != nil {
		return err
	}
	v, err := p.s.Person(r.Context(), withPurpose(c, ""), pathID(r))
	if err != nil {
		return err
	}
	f := url.Values{"name": {v.Name}, "sex": {string(v.Sex)}, "birth": {v.Birth}, "idno": {v.IDNo}, "passport": {v.Passport}, "phone": {strings.Join(v.Phones, " ")},
		"landline": {v.Landline}, "relation": {v.Relation}, "registered_address": {v.RegAddress}, "address": {v.LiveAddress}, "work": {v.Work}, "note": {v.Note},
		"version": {strconv.Itoa(v.Version)}, "registered": {strconv.Itoa(bit(v.Registered))}, "lives_here": {strconv.Itoa(bit(v.LivesHere))}}
	return p.personForm(w, r, c, http.StatusOK, web.Form{Values: f}, false)
}

func (p *Pages) edit(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	in := personInput(r.PostForm)
	in.ID = pathID(r)
	err := p.s.EditPerson(r.Context(), c, in)
	if showAgain(err) {
		return p.personForm(w, r, c, statusOf(err), formOf(r, err), false)
	}
	return p.personAct(w, r, c, "ledger.saved", err)
}

// personAct ends a change of a person: the page again, with what is wrong.
func (p *Pages) personAct(w http.ResponseWriter, r *http.Request, c grid.Caller, done string, err error) error {
	if showAgain(err) {
		return p.personPage(w, r, withPurpose(c, ""), statusOf(err), formOf(r, err))
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "ok", done)
	return web.Redirect(w, r, "/persons/"+r.PathValue("id"))
}

func (p *Pages) move(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	m := Move{PersonID: pathID(r), Version: number(r.PostForm, "version"), HouseholdID: id.From(r.PostForm.Get("household")), WithRegistration: r.PostForm.Get("with") == "1"}
	var err error
	if m.HouseholdID == id.Zero {
		m.DoorID, err = p.oneDoor(r, c)
	}
	if err == nil {
		err = p.s.MovePerson(r.Context(), c, m)
	}
	return p.personAct(w, r, c, "ledger.moved.done", err)
}

func (p *Pages) depart(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	return p.personAct(w, r, c, "ledger.departed.done", p.s.DepartPerson(r.Context(), c, pathID(r), number(r.PostForm, "version"), r.PostForm.Get("reason")))
}

func (p *Pages) comeBack(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	return p.personAct(w, r, c, "ledger.returned.done", p.s.ReturnPerson(r.Context(), c, pathID(r), number(r.PostForm, "version")))
}

func (p *Pages) note(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	return p.personAct(w, r, c, "ledger.saved", p.s.AddNote(r.Context(), c, pathID(r), strings.TrimSpace(r.PostForm.Get("text"))))
}

func (p *Pages) addCare(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	f := r.PostForm
	_, err := p.s.AddCare(r.Context(), c, pathID(r), f.Get("kind"), f.Get("action"), strings.TrimSpace(f.Get("note")))
	return p.personAct(w, r, c, "ledger.saved", err)
}

func (p *Pages) addRisk(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	_, err := p.s.AddRisk(r.Context(), c, pathID(r), r.PostForm.Get("kind"), strings.TrimSpace(r.PostForm.Get("note")))
	return p.personAct(w, r, c, "ledger.saved", err)
}

func (p *Pages) endCare(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	return p.personAct(w, r, c, "ledger.saved", p.s.EndCare(r.Context(), c, id.From(r.PathValue("item"))))
}

func (p *Pages) endRisk(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	return p.personAct(w, r, c, "ledger.saved", p.s.EndRisk(r.Context(), c, id.From(r.PathValue("item"))))
}

type listPage struct {
	web.Meta
	Tabs   []web.Item
	Table  web.Table
	Rows   []PersonView
	ByDoor bool
	Place  string
	Lives  string
	Reg    string
	Where  string
	Export string
	// ExportFull leads to where the list is asked for unmasked.
	ExportFull string
	Filters    bool   // the caller may filter by residence and registration
	Import     string // where a roster is imported; empty: not by this caller
}

func filterOf(q url.Values, t web.Table) Filter {
	return Filter{Place: id.From(q.Get("place")), Lives: q.Get("lives"), Registered: q.Get("registered"), Sort: t.Sort, Desc: t.Desc, After: t.Cursor, Limit: ListPage}
}

func (p *Pages) list(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	ctx, q := r.Context(), r.URL.Query()
	t := web.TableOf("/persons", q, "door", "name")
	t.Keep = map[string]string{}
	for _, k := range []string{"place", "lives", "registered"} {
		if v := q.Get(k); v != "" {
			t.Keep[k] = v
		}
	}
	f := filterOf(q, t)
	people, err := p.s.Persons(ctx, c, f)
	if err != nil {
		return err
	}
	t.Next = people.Next
	d := listPage{Tabs: peopleTabs(ctx, c, "/persons"), Meta: web.Meta{Title: web.T(ctx, "ledger.list.title"), Menu: "people"}, Table: t, Rows: people.Persons, ByDoor: people.ByDoor, Filters: c.Sees(grid.FieldAddress),
		Place: q.Get("place"), Lives: f.Lives, Reg: f.Registered}
	if f.Place != id.Zero {
		texts, err := p.s.doorTexts(ctx, c.District, []id.ID{f.Place})
		if err != nil {
			return err
		}
		d.Where = texts[f.Place].text
	}
	if c.Can(grid.LedgerImport) {
		d.Import = "/imports"
	}
	if c.Can(grid.Export) && f.Exportable() {
		q.Del("after")
		q.Del("sort")
		d.Export = "/persons/export?" + q.Encode()
		if c.Can(grid.ExportFull) {
			d.ExportFull = "/exports/new?" + q.Encode()
		}
	}
	return p.ren.Page(w, r, layoutFor(c), "ledger/list", d)
}

// export writes the list as a workbook, masked, with the number of each record.
func (p *Pages) export(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	var book bytes.Buffer
	if err := p.s.ExportWorkbook(r.Context(), c, filterOf(r.URL.Query(), web.Table{Sort: "door"}), &book); err != nil {
		return err
	}
	return web.Download(w, "people.xlsx", web.XLSX, book.Bytes())
}

type carePage struct {
	web.Meta
	Rows  []Listed
	Kinds []web.Option
	Kind  string
	Path  string
	Next  string
	Lists []web.Item // the care and the risk list, as far as the caller may see them
}

func (p *Pages) care(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	return p.listed(w, r, c, false)
}

func (p *Pages) risk(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	return p.listed(w, r, c, true)
}

func (p *Pages) listed(w http.ResponseWriter, r *http.Request, c grid.Caller, risk bool) error {
	ctx, q := r.Context(), r.URL.Query()
	d := carePage{Meta: web.Meta{Title: web.T(ctx, "ledger.care.title"), Menu: "care"}, Kind: q.Get("kind"), Path: r.URL.Path,
		Kinds: options(ctx, "ledger.care.", vocab.Care, true)}
	read := p.s.CareList
	if risk {
		d.Title, d.Menu, d.Kinds, read = web.T(ctx, "ledger.risk.title"), "risk", options(ctx, "ledger.risk.", vocab.Risk, true), p.s.RiskList
	}
	if c.Sees(grid.FieldCare) && c.Sees(grid.FieldRisk) {
		d.Lists = []web.Item{{Href: "/care", Text: web.T(ctx, "ledger.care.title"), Active: !risk}, {Href: "/risk", Text: web.T(ctx, "ledger.risk.title"), Active: risk}}
	}
	var err error
	if d.Rows, err = read(ctx, withPurpose(c, ""), "", d.Kind, id.From(q.Get("after"))); err != nil {
		return err
	}
	if len(d.Rows) == ListPage {
		d.Next = d.Path + "?" + url.Values{"kind": {d.Kind}, "after": {d.Rows[ListPage-1].ID.String()}}.Encode()
	}
	return p.ren.Page(w, r, layoutFor(c), "ledger/care", d)
}
