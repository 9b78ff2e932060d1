package bulletin

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"wangge/internal/grid"
	"wangge/internal/inspection"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// numberOf is a bulletin's number in words; a draft has none.
func numberOf(lang string, b Bulletin) string {
	if b.Number == 0 {
		return i18n.T(lang, "bulletin.number.none")
	}
	return i18n.T(lang, "bulletin.number.is", b.Year, b.Number)
}

type entryPage struct {
	web.Meta
	Bulletin
	Form   web.Form
	Places []web.Option
	Orgs   []web.Option
	Acts   []web.Option
	Person string // whom it names
	Post   string
	Fact   string // the finding it is taken from
}

// entry is the form of an entry: a new one, one with a person or a finding, or
// one that is written again.
func (p *Pages) entry(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	f := r.URL.Query()
	d, err := p.readEntry(r, c, f)
	if err != nil {
		return err
	}
	return p.ren.Page(w, r, web.Office, "bulletin/entry", d)
}

// draft is a bulletin the caller may write in now.
func (p *Pages) draft(r *http.Request, c grid.Caller) (View, error) {
	b, err := pathID(r)
	if err != nil {
		return View{}, err
	}
	v, err := p.s.Bulletin(r.Context(), c, b)
	if err == nil && !v.Can[Add] {
		err = errs.E("bulletin.draft", errs.Conflict, "bulletin.is."+string(v.State))
		if v.State == Draft {
			err = errs.E("bulletin.draft", errs.Denied, "grid.denied."+string(writing[v.Kind]))
		}
	}
	return v, err
}

func (p *Pages) frame(r *http.Request, v View, title string) web.Meta {
	ctx := r.Context()
	kind := web.T(ctx, "bulletin.kinds."+string(v.Kind))
	return web.Meta{Title: web.T(ctx, title), Menu: "bulletins", Crumbs: []web.Crumb{{Text: kind, Href: "/bulletins?kind=" + string(v.Kind) + "&area=" + v.AreaID.String()},
		{Text: cmp.Or(v.Title, kind), Href: "/bulletins/" + v.ID.String()}}}
}

func (p *Pages) readEntry(r *http.Request, c grid.Caller, f url.Values) (d entryPage, err error) {
	ctx := r.Context()
	v, err := p.draft(r, c)
	if err != nil {
		return d, err
	}
	d = entryPage{Meta: p.frame(r, v, "bulletin.entry.new"), Bulletin: v.Bulletin, Form: web.Form{Values: f}}
	if which := named(f, "entry"); which != id.Zero {
		at := slices.IndexFunc(v.Entries, func(e Entry) bool { return e.ID == which })
		if at < 0 {
			return d, errs.E("bulletin.entry", errs.NotFound, "bulletin.not_found")
		}
		d.Meta.Title = web.T(ctx, "bulletin.entry.edit")
		d.Person, d.Post = v.Entries[at].Name, v.Entries[at].Post
		fillForm(f, v.Entries[at])
	} else if err := p.prefill(r, c, &d, v, f); err != nil {
		return d, err
	}
	if f.Get("act") == "" {
		f.Set("act", string(Criticism))
	}
	if f.Get("n") == "" {
		f.Set("n", "1")
	}
	return d, p.choices(r, c, &d, v)
}

// fillForm shows an entry as it stands, unless something was typed.
func fillForm(f url.Values, e Entry) {
	if f.Has("words") {
		return
	}
	f.Set("place", e.PlaceID.String())
	f.Set("org_kind", e.OrgKind)
	f.Set("act", string(e.Act))
	f.Set("n", strconv.Itoa(e.N))
	f.Set("words", e.Words)
}

// prefill takes over a person chosen, or a finding as a fact.
func (p *Pages) prefill(r *http.Request, c grid.Caller, d *entryPage, v View, f url.Values) error {
	ctx := r.Context()
	if account := named(f, "account"); account != id.Zero {
		names, err := p.s.Names(ctx, []id.ID{account})
		if err != nil {
			return err
		}
		words, err := p.s.Grid.PostWords(ctx, c, []id.ID{named(f, "post")})
		if err != nil {
			return err
		}
		d.Person, d.Post = names[account], words[named(f, "post")].String()
	}
	if item := named(f, "item"); item != id.Zero {
		list, err := p.s.Inspections.Findings(ctx, c, v.AreaID)
		if err != nil {
			return err
		}
		for _, x := range list {
			if x.ItemID == item && strconv.Itoa(x.Seq) == f.Get("seq") {
				d.Fact = x.Name
				if !f.Has("words") {
					f.Set("words", x.Words)
				}
			}
		}
	}
	return nil
}

// choices are the areas below the bulletin's, in walking order, and the kinds of
// organisations.
func (p *Pages) choices(r *http.Request, c grid.Caller, d *entryPage, v View) error {
	ctx := r.Context()
	areas, err := p.s.Grid.Areas(ctx, c, grid.County, grid.Street, grid.Community)
	if err != nil {
		return err
	}
	slices.SortStableFunc(areas, func(a, b grid.Place) int { return cmp.Compare(a.Path, b.Path) })
	for _, a := range areas {
		if grid.Under(a.Path, v.path) {
			d.Places = append(d.Places, web.Option{Value: a.ID.String(), Text: indent(len(a.Path)-len(v.path)) + grid.Label(c.Lang, a)})
		}
	}
	if at := d.Form.Values.Get("place"); at == "" {
		d.Form.Values.Set("place", p.areaOf(d.Form.Values, v, areas, r, c).String())
	}
	d.Orgs = []web.Option{{Value: "", Text: web.T(ctx, "bulletin.org.none")}}
	for _, k := range grid.OrgKinds {
		d.Orgs = append(d.Orgs, web.Option{Value: k, Text: web.T(ctx, "grid.orgkind."+k)})
	}
	for _, a := range Acts {
		d.Acts = append(d.Acts, web.Option{Value: string(a), Text: web.T(ctx, "bulletin.act."+string(a))})
	}
	return nil
}

// indent sets lower areas in, by the figures their paths are longer.
func indent(longer int) string {
	out := ""
	for range longer / 3 {
		out += "\u3000"
	}
	return out
}

// areaOf is the area that a person's post or a finding lies in; the bulletin's
// where that is not told.
func (p *Pages) areaOf(f url.Values, v View, areas []grid.Place, r *http.Request, c grid.Caller) id.ID {
	path := ""
	if line, err := p.s.Grid.Line(r.Context(), c); err == nil && line.Post(named(f, "post")) != nil {
		path = line.Post(named(f, "post")).Path
	}
	if place := named(f, "at"); place > 0 {
		if at, err := p.s.Grid.Place(r.Context(), c, place); err == nil {
			path = at.Path
		}
	}
	best := v.AreaID
	for _, a := range areas {
		if grid.Under(path, a.Path) && grid.Under(a.Path, v.path) {
			best = a.ID // areas come from above: the lowest that holds it is the last
		}
	}
	return best
}

// saveEntry adds an entry or gives one a new wording.
func (p *Pages) saveEntry(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	b, err := pathID(r)
	if err != nil {
		return err
	}
	f := r.PostForm
	n, err := strconv.Atoi(f.Get("n"))
	if err != nil {
		n = -1
	}
	seq, _ := strconv.Atoi(f.Get("seq"))
	ch := Change{Do: Add, EntryID: named(f, "entry"), Entry: &NewEntry{PlaceID: named(f, "place"), OrgKind: f.Get("org_kind"), Act: Act(f.Get("act")), N: n, Words: f.Get("words"),
		PostID: named(f, "post"), AccountID: named(f, "account"), ItemID: named(f, "item"), VisitSeq: seq}}
	ch.NotNames = f.Get("not_names") == "1"
	if ch.EntryID != id.Zero {
		ch.Do = Edit
	}
	if _, err = p.s.Change(r.Context(), c, b, ch); err == nil {
		web.Flash(w, r, "ok", "bulletin.flash."+string(ch.Do))
		return web.Redirect(w, r, "/bulletins/"+b.String())
	}
	if !errs.Is(err, errs.Invalid) {
		return err
	}
	d, again := p.readEntry(r, c, f)
	if again != nil {
		return again
	}
	d.Form.Errors = web.FormErrors(r.Context(), err)
	return p.ren.PageStatus(w, r, http.StatusUnprocessableEntity, web.Office, "bulletin/entry", d)
}

type peoplePage struct {
	web.Meta
	Bulletin
	At     string
	Below  []web.Option // areas below
	People []Nameable
}

// Nameable is somebody a bulletin can name.
type Nameable struct {
	Name, Post         string
	PostID, AccountID  id.ID
	Self, AlreadyNamed bool
}

// people leads down the areas to whom a bulletin names.
func (p *Pages) people(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	ctx := r.Context()
	v, err := p.draft(r, c)
	if err != nil {
		return err
	}
	at, err := p.s.Grid.Place(ctx, c, cmp.Or(named(r.URL.Query(), "at"), v.AreaID))
	if err != nil {
		return err
	}
	if !grid.Under(at.Path, v.path) || !at.Kind.IsArea() {
		return errs.E("bulletin.people", errs.NotFound, "grid.place.not_found")
	}
	d := peoplePage{Meta: p.frame(r, v, "bulletin.people"), Bulletin: v.Bulletin, At: grid.Label(c.Lang, at)}
	if at.Kind != grid.Community {
		areas, err := p.s.Grid.Areas(ctx, c, grid.Street, grid.Community)
		if err != nil {
			return err
		}
		for _, a := range areas {
			if a.ParentID == at.ID {
				d.Below = append(d.Below, web.Option{Value: a.ID.String(), Text: grid.Label(c.Lang, a)})
			}
		}
	}
	if d.People, err = p.s.nameable(ctx, c, v, at); err != nil {
		return err
	}
	return p.ren.Page(w, r, web.Office, "bulletin/people", d)
}

type findingsPage struct {
	web.Meta
	Bulletin
	Findings []inspection.Finding
}

// findings are what visits found in the area, to be taken into the draft.
func (p *Pages) findings(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	v, err := p.draft(r, c)
	if err != nil {
		return err
	}
	d := findingsPage{Meta: p.frame(r, v, "bulletin.findings"), Bulletin: v.Bulletin}
	if d.Findings, err = p.s.Inspections.Findings(r.Context(), c, v.AreaID); err != nil {
		return err
	}
	return p.ren.Page(w, r, web.Office, "bulletin/findings", d)
}

type minePage struct {
	web.Meta
	List []Notice
}

// mine is everybody's own page: what names them.
func (p *Pages) mine(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	list, err := p.s.Mine(r.Context(), c)
	if err != nil {
		return err
	}
	d := minePage{Meta: web.Meta{Title: web.T(r.Context(), "bulletin.mine"), Menu: "tasks", Crumbs: []web.Crumb{{Text: web.T(r.Context(), "task.title"), Href: "/tasks"}}}, List: list}
	return p.ren.Page(w, r, layout(c), "bulletin/mine", d)
}

type noticePage struct {
	web.Meta
	Notice
	No   string
	Over bool // the time to reply is over
	Form web.Form
}

// notice shows somebody what names them; its first opening begins their time.
func (p *Pages) notice(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	return p.noticePage(w, r, c, http.StatusOK, web.Form{Values: url.Values{}})
}

func (p *Pages) noticePage(w http.ResponseWriter, r *http.Request, c grid.Caller, status int, f web.Form) error {
	entry, err := pathID(r)
	if err != nil {
		return err
	}
	n, err := p.s.Open(r.Context(), c, entry)
	if err != nil {
		return err
	}
	d := noticePage{Notice: n, Form: f, No: numberOf(c.Lang, Bulletin{Year: n.Year, Number: n.Number}), Over: n.UntilMs != 0 && n.UntilMs <= clock.Ms(p.s.Clock.Now())}
	d.Meta = web.Meta{Title: web.T(r.Context(), "bulletin.kind."+string(n.Kind)), Menu: "tasks", Crumbs: []web.Crumb{{Text: web.T(r.Context(), "bulletin.mine"), Href: "/named"}}}
	return p.ren.PageStatus(w, r, status, layout(c), "bulletin/notice", d)
}

// reply keeps the person's reply.
func (p *Pages) reply(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	entry, err := pathID(r)
	if err != nil {
		return err
	}
	_, err = p.s.Reply(r.Context(), c, entry, r.PostForm.Get("words"))
	if errs.Is(err, errs.Invalid) {
		return p.noticePage(w, r, c, http.StatusUnprocessableEntity, web.Form{Values: r.PostForm, Errors: web.FormErrors(r.Context(), err)})
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "ok", "bulletin.flash.reply")
	return web.Redirect(w, r, "/named/"+entry.String())
}
