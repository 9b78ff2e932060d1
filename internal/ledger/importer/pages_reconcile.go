package importer

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// registerReconcile adds the pages on which a roster is compared with the ledger.
func (p *Pages) registerReconcile(app *web.App) {
	app.Handle("GET /imports/{id}/compare", grid.Called(p.compare))
	app.Handle("POST /imports/{id}/compare", grid.Called(p.startCompare), web.Timeout(5*time.Minute))
	app.Handle("POST /imports/{id}/rules", grid.Called(p.setRules))
	app.Handle("POST /imports/{id}/decide", grid.Called(p.decide))
	app.Handle("POST /imports/{id}/decide-all", grid.Called(p.decideAll))
}

// itemsShown is how many items a page shows.
const itemsShown = 50

type comparePage struct {
	web.Meta
	I       *Import
	Edit    bool // decisions may still be made
	Tiles   []classTile
	Items   []Item
	Class   Class
	Field   string
	Open    bool
	Fields  []fieldRule // that differ somewhere, with their rule
	Words   []word      // what may be decided about all items shown
	Sources []string
	Decide  string // where its decisions go
	Next    string
	Form    web.Form
}

type classTile struct {
	Class Class
	N     int
	Href  string
	On    bool
}

type fieldRule struct {
	Field, Side, Href string
	N                 int
	On                bool
}

type word struct{ Value, Key string }

// classWords are the decisions about a class, with their message keys.
func classWords(c Class) []word {
	switch c {
	case OnlyThere:
		return []word{{Add, "ledger.reconcile.add"}, {Skip, "ledger.reconcile.skip"}}
	case OnlyHere:
		return []word{{Keep, "ledger.reconcile.keep"}, {Depart, "ledger.reconcile.depart"}}
	}
	return []word{{Theirs, "ledger.reconcile.theirs"}, {Ours, "ledger.reconcile.ours"}}
}

func filterOf(q url.Values) ItemFilter {
	f := ItemFilter{Class: Class(q.Get("class")), Field: q.Get("field"), Open: q.Get("open") != ""}
	switch f.Class {
	case Differs, OnlyHere, OnlyThere:
	default:
		f.Class = Differs
	}
	if f.Class != Differs {
		f.Field = ""
	}
	return f
}

// href is the page of an import's comparison with a filter.
func (f ItemFilter) href(imp *Import, after int) string {
	q := url.Values{"class": {string(f.Class)}}
	if f.Field != "" {
		q.Set("field", f.Field)
	}
	if f.Open {
		q.Set("open", "1")
	}
	if after > 0 {
		q.Set("after", strconv.Itoa(after))
	}
	return "/imports/" + imp.ID.String() + "/compare?" + q.Encode()
}

func (p *Pages) compare(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	return p.comparePage(w, r, c, http.StatusOK, nil)
}

func (p *Pages) comparePage(w http.ResponseWriter, r *http.Request, c grid.Caller, status int, faults map[string]string) error {
	ctx := r.Context()
	v, err := p.s.Get(ctx, c, id.From(r.PathValue("id")))
	if err != nil {
		return err
	}
	d := comparePage{I: v, Edit: v.State == Planned || v.State == Failed, Meta: web.Meta{Title: web.T(ctx, "ledger.reconcile.title", v.Place), Menu: "imports", Wide: true,
		Crumbs: []web.Crumb{{Text: web.T(ctx, "ledger.import.title"), Href: "/imports"}, {Text: web.T(ctx, "ledger.import.one", v.Place), Href: "/imports/" + v.ID.String()}}}}
	if d.Sources, err = p.s.Sources(ctx, c, v.ID); err != nil {
		return err
	}
	d.Form = web.Form{Values: r.Form, Errors: faults}
	if v.Reconcile != nil {
		if err := p.fillItems(ctx, r, c, &d); err != nil {
			return err
		}
	}
	return p.ren.PageStatus(w, r, status, web.Office, "import/compare", d)
}

// fillItems lays out what differs.
func (p *Pages) fillItems(ctx context.Context, r *http.Request, c grid.Caller, d *comparePage) error {
	f := filterOf(r.URL.Query())
	if !r.URL.Query().Has("class") {
		f.Class = firstOf(d.I.Reconcile.Counts)
	}
	after, _ := strconv.Atoi(r.URL.Query().Get("after"))
	items, next, err := p.s.Items(ctx, c, d.I.ID, f, after, itemsShown)
	if err != nil {
		return err
	}
	d.Items, d.Class, d.Field, d.Open, d.Words = inWords(ctx, items), f.Class, f.Field, f.Open, classWords(f.Class)
	d.Decide = strings.Replace(f.href(d.I, after), "/compare?", "/decide?", 1)
	if next > 0 {
		d.Next = f.href(d.I, next)
	}
	counts := d.I.Reconcile.Counts
	for _, class := range Classes() {
		d.Tiles = append(d.Tiles, classTile{class, counts.Classes[class], ItemFilter{Class: class}.href(d.I, 0), class == f.Class})
	}
	for _, name := range RuleFields() {
		if n := counts.Fields[name]; n > 0 {
			side := d.I.Reconcile.Rules.Fields[name]
			if side == "" {
				side = Theirs
			}
			d.Fields = append(d.Fields, fieldRule{name, side, ItemFilter{Class: Differs, Field: name, Open: f.Open}.href(d.I, 0), n, name == f.Field})
		}
	}
	return nil
}

// firstOf is the first class that holds somebody.
func firstOf(counts ReconcileCounts) Class {
	for _, c := range Classes() {
		if counts.Classes[c] > 0 {
			return c
		}
	}
	return Differs
}

// inWords writes marks as yes, no, man and woman.
func inWords(ctx context.Context, items []Item) []Item {
	for i := range items {
		for k := range items[i].Fields {
			d := &items[i].Fields[k]
			d.Ours, d.Theirs = ledger.ValueInWords(ctx, d.Field, d.Ours), ledger.ValueInWords(ctx, d.Field, d.Theirs)
		}
	}
	return items
}

// startCompare compares; source and day come from the form.
func (p *Pages) startCompare(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	if err := r.ParseForm(); err != nil {
		return errs.E("importer.compare", errs.Invalid, "error.bad_form")
	}
	imp := id.From(r.PathValue("id"))
	o := ReconcileOptions{Source: r.PostForm.Get("source"), AsOf: r.PostForm.Get("as_of")}
	if _, err := p.s.Reconcile(r.Context(), c, imp, o); err != nil {
		if errs.Is(err, errs.Invalid) {
			return p.comparePage(w, r, c, http.StatusUnprocessableEntity, web.FormErrors(r.Context(), err))
		}
		return err
	}
	return web.Redirect(w, r, "/imports/"+imp.String()+"/compare")
}

// setRules reads "rule.<field>", "only_there" and "only_here".
func (p *Pages) setRules(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	if err := r.ParseForm(); err != nil {
		return errs.E("importer.rules", errs.Invalid, "error.bad_form")
	}
	imp := id.From(r.PathValue("id"))
	v, err := p.s.Get(r.Context(), c, imp)
	if err != nil {
		return err
	}
	rules := Rules{Fields: map[string]string{}, OnlyThere: r.PostForm.Get("only_there"), OnlyHere: r.PostForm.Get("only_here")}
	if v.Reconcile != nil {
		for f, side := range v.Reconcile.Rules.Fields { // fields that do not differ this time keep their rule
			rules.Fields[f] = side
		}
	}
	for name := range r.PostForm {
		if f, ok := strings.CutPrefix(name, "rule."); ok {
			rules.Fields[f] = r.PostForm.Get(name)
		}
	}
	if _, err := p.s.SetRules(r.Context(), c, imp, rules); err != nil {
		return err
	}
	web.Flash(w, r, "ok", "ledger.reconcile.rules.saved")
	return web.Redirect(w, r, "/imports/"+imp.String()+"/compare?"+r.URL.RawQuery)
}

// decide reads "pick.<item>.<field>", the field being empty for people whom one
// side names; what is as the page showed it is no decision.
func (p *Pages) decide(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	if err := r.ParseForm(); err != nil {
		return errs.E("importer.decide", errs.Invalid, "error.bad_form")
	}
	imp := id.From(r.PathValue("id"))
	picks := map[int]map[string]string{}
	for name := range r.PostForm {
		rest, ok := strings.CutPrefix(name, "pick.")
		if !ok || r.PostForm.Get(name) == r.PostForm.Get("was."+rest) {
			continue
		}
		seqText, field, _ := strings.Cut(rest, ".")
		seq, err := strconv.Atoi(seqText)
		if err != nil {
			return errs.E("importer.decide", errs.Invalid, "error.bad_form")
		}
		if picks[seq] == nil {
			picks[seq] = map[string]string{}
		}
		picks[seq][field] = r.PostForm.Get(name)
	}
	var list []Decision
	for seq, v := range picks {
		list = append(list, Decision{seq, v})
	}
	if err := p.s.Decide(r.Context(), c, imp, list); err != nil {
		return err
	}
	web.Flash(w, r, "ok", "ledger.reconcile.decided", strconv.Itoa(len(list)))
	return p.backTo(w, r, imp.String())
}

// decideAll gives one word to everything the filter shows, on all pages.
func (p *Pages) decideAll(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	if err := r.ParseForm(); err != nil {
		return errs.E("importer.decide", errs.Invalid, "error.bad_form")
	}
	imp := id.From(r.PathValue("id"))
	n, err := p.s.DecideAll(r.Context(), c, imp, filterOf(r.URL.Query()), r.PostForm.Get("word"))
	if err != nil {
		return err
	}
	web.Flash(w, r, "ok", "ledger.reconcile.decided", strconv.Itoa(n))
	return p.backTo(w, r, imp.String())
}

// backTo returns to the page of items a form came from; a form may name the next.
func (p *Pages) backTo(w http.ResponseWriter, r *http.Request, imp string) error {
	q := r.URL.Query()
	if next := r.PostForm.Get("next"); next != "" {
		q.Set("after", next)
	}
	return web.Redirect(w, r, "/imports/"+imp+"/compare?"+q.Encode())
}
