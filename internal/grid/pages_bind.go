package grid

import (
	"net/http"
	"net/url"
	"slices"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

type bindingsPage struct {
	frame
	Place    Place
	Bindings []BindingView
	CanPost  bool
	Lang     string
	Next     string
}

// RoleName writes a role.
func (d bindingsPage) RoleName(r Role) string { return RoleName(d.Lang, nil, r, "") }

func (p *Pages) bindings(w http.ResponseWriter, r *http.Request, c Caller, at Place) error {
	ctx := r.Context()
	head, err := p.head(ctx, c, at, "grid.bindings.title", "organisations")
	if err != nil {
		return err
	}
	d := &bindingsPage{frame: head, Place: at, Lang: c.Lang, CanPost: c.CanPlace(PostWrite, at.Path)}
	const page = 100
	if d.Bindings, err = p.s.Bindings(ctx, c, at, id.Zero, formID(r, "after"), page); err != nil {
		return err
	}
	if len(d.Bindings) == page {
		d.Next = "/bindings?place=" + at.ID.String() + "&after=" + d.Bindings[page-1].ID.String()
	}
	return p.ren.Page(w, r, web.Office, "grid/bindings", d)
}

// bindPage has a binding made in three steps that need no script: what it is
// to, who is bound, until when. What was chosen travels in the address.
type bindPage struct {
	frame
	Place  Place
	Below  []Place // one level down, to be bound to instead
	Up     Place
	HasUp  bool
	Query  string
	Chosen []Bindable // the first leads
	Found  []Bindable
	More   bool
	Lang   string
}

// Label writes a place's name as people say it.
func (d bindPage) Label(p Place) string { return Label(d.Lang, p) }

// At is the page about another place, with who is chosen.
func (d bindPage) At(p Place) string { return d.href(p.ID, d.refs()) }

// With is the page with one more chosen.
func (d bindPage) With(b Bindable) string { return d.href(d.Place.ID, append(d.refs(), b.Ref)) }

// Without is the page with one less chosen.
func (d bindPage) Without(b Bindable) string {
	return d.href(d.Place.ID, slices.DeleteFunc(d.refs(), func(r string) bool { return r == b.Ref }))
}

// Led is the page with another leading.
func (d bindPage) Led(b Bindable) string {
	rest := slices.DeleteFunc(d.refs(), func(r string) bool { return r == b.Ref })
	return d.href(d.Place.ID, append([]string{b.Ref}, rest...))
}

func (d bindPage) refs() []string {
	out := make([]string, len(d.Chosen))
	for i, b := range d.Chosen {
		out[i] = b.Ref
	}
	return out
}

func (d bindPage) href(place id.ID, refs []string) string {
	q := url.Values{"place": {place.String()}, "who": refs}
	if d.Query != "" {
		q.Set("q", d.Query)
	}
	return "/bindings/new?" + q.Encode()
}

func (p *Pages) bindForm(w http.ResponseWriter, r *http.Request, c Caller, at Place) error {
	return p.showBind(w, r, c, at, http.StatusOK, frame{})
}

func (p *Pages) showBind(w http.ResponseWriter, r *http.Request, c Caller, at Place, status int, again frame) error {
	ctx := r.Context()
	if err := c.RequirePlace("grid.Bind", PostWrite, at.Path); err != nil {
		return err
	}
	d := &bindPage{frame: again, Place: at, Query: r.FormValue("q"), Lang: c.Lang}
	d.Title, d.Menu = web.T(ctx, "grid.bindings.new"), "organisations"
	d.Crumbs = []web.Crumb{{Text: web.T(ctx, "grid.bindings"), Href: "/bindings?place=" + at.ID.String()}}
	below, err := childrenOf(ctx, p.s.d.Read(), c.District, at.ID, false)
	if err != nil {
		return err
	}
	d.Below = slices.DeleteFunc(below, func(b Place) bool { return b.Kind == Point })
	if d.Up, err = p.s.Place(ctx, c, at.ParentID); err == nil {
		d.HasUp = c.CanPlace(PostWrite, d.Up.Path)
	}
	if d.Chosen, err = p.s.bindables(ctx, c, r.Form["who"]); err != nil {
		return err
	}
	if d.Found, d.More, err = p.s.FindBindable(ctx, c, at, d.Query); err != nil {
		return err
	}
	d.Found = slices.DeleteFunc(d.Found, func(b Bindable) bool { return slices.Contains(d.refs(), b.Ref) })
	return p.ren.PageStatus(w, r, status, web.Office, "grid/bind", d)
}

func (p *Pages) bind(w http.ResponseWriter, r *http.Request, c Caller, at Place) error {
	members, err := newBindings(r)
	if err == nil {
		_, err = p.s.Bind(r.Context(), c, members, 0)
	}
	return saved(w, r, "/bindings", err, func(status int, f frame) error { return p.showBind(w, r, c, at, status, f) })
}

// newBindings reads who is bound, who leads first and each once.
func newBindings(r *http.Request) ([]Binding, error) {
	until, err := day(r, "until", true)
	if err != nil {
		return nil, err
	}
	object := Binding{ObjectKind: ObjectPlace, ObjectID: formID(r, "place"), UntilMs: until}
	if gid := formID(r, "grid"); gid != id.Zero {
		object.ObjectKind, object.ObjectID = ObjectGrid, gid
	}
	var members []Binding
	for _, ref := range r.Form["who"] {
		b := object
		var known bool
		if b.PostID, b.OrgID, known = readRef(ref); !known {
			return nil, errs.Field(errs.E("grid.Bind", errs.Invalid, "error.bad_choice"), "who")
		}
		if !slices.ContainsFunc(members, func(m Binding) bool { return m.PostID == b.PostID && m.OrgID == b.OrgID }) {
			members = append(members, b)
		}
	}
	return members, nil
}

func (p *Pages) unbind(w http.ResponseWriter, r *http.Request, c Caller, bid id.ID) error {
	return after(w, r, p.s.Unbind(r.Context(), c, bid), "/bindings?place="+r.FormValue("place"), "grid.saved")
}
