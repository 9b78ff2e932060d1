package grid

import (
	"html/template"
	"net/http"
	"slices"
	"strconv"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

type placePage struct {
	frame
	Place     Place
	Kind      string
	Doors     int
	Children  []Node
	Points    []Node
	Posts     []PostView
	Bindings  []BindingView
	Aliases   []RoleAlias
	Covering  []Covering // the grids that answer for doors here
	Vacant    VacancyCount
	SeesAll   bool // the caller covers the whole place
	Profile   *Profile
	OrgName   string
	Grid      *Grid
	GridPast  []GridStay
	Former    []FormerName
	Sections  []template.HTML
	Board     *boardView
	CanWrite  bool
	CanPost   bool
	Lang      string
	HasParent bool
}

// Label writes a child's name as people say it.
func (d placePage) Label(p Place) string { return Label(d.Lang, p) }

// RoleName writes a role as it is called here.
func (d placePage) RoleName(r Role) string { return RoleName(d.Lang, d.Aliases, r, d.Place.Path) }

func (p *Pages) root(w http.ResponseWriter, r *http.Request, c Caller) error {
	at, err := p.s.Home(r.Context(), c)
	if errs.Is(err, errs.NotFound) {
		return web.Redirect(w, r, "/areas/import")
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, placeHref(at))
}

func (p *Pages) place(w http.ResponseWriter, r *http.Request, c Caller, at Place) error {
	d, err := p.placeData(r, c, at)
	if err != nil {
		return err
	}
	if at.Kind == Compound {
		if err := p.ownDoors(r, c, d); err != nil {
			return err
		}
	}
	return p.ren.Page(w, r, web.Office, "grid/place", d)
}

// ownDoors shows the doors that hang on a compound itself, as those of a
// bungalow area do, on a board instead of among its children.
func (p *Pages) ownDoors(r *http.Request, c Caller, d *placePage) error {
	var doors []Place
	d.Children = slices.DeleteFunc(d.Children, func(n Node) bool {
		if n.Kind == Door {
			doors = append(doors, n.Place)
		}
		return n.Kind == Door
	})
	if len(doors) == 0 {
		return nil
	}
	var err error
	d.Board, err = p.board(r, c, d.Place, nil, doors)
	return err
}

func (p *Pages) placeData(r *http.Request, c Caller, at Place) (*placePage, error) {
	ctx := r.Context()
	d := &placePage{Place: at, Lang: c.Lang, Kind: web.T(ctx, "grid.kind."+at.KindWord()), SeesAll: c.CanPlace(PlaceRead, at.Path),
		CanWrite: c.CanPlace(PlaceWrite, at.Path), CanPost: c.CanPlace(PostWrite, at.Path), HasParent: at.ParentID != id.Zero}
	d.Title, d.Menu = Label(c.Lang, at), "areas"
	var err error
	if d.Crumbs, err = p.crumbs(ctx, c, at, false); err != nil {
		return nil, err
	}
	children, err := p.s.Children(ctx, c, at)
	if err != nil {
		return nil, err
	}
	for _, n := range children {
		if n.Kind == Point {
			d.Points = append(d.Points, n)
			continue
		}
		d.Children = append(d.Children, n)
		d.Doors += n.Doors
	}
	if err := p.whoAnswers(r, c, d); err != nil {
		return nil, err
	}
	if err := p.details(r, c, d); err != nil {
		return nil, err
	}
	d.Sections, err = p.sectionsOf(ctx, c, at)
	return d, err
}

func (p *Pages) whoAnswers(r *http.Request, c Caller, d *placePage) error {
	ctx := r.Context()
	var err error
	if d.Aliases, err = p.s.RoleAliases(ctx, c); err != nil {
		return err
	}
	if d.Posts, err = p.s.Posts(ctx, c, PostFilter{Place: d.Place.ID, Exact: true, Limit: 100}); err != nil {
		return err
	}
	if d.Bindings, err = p.s.Bindings(ctx, c, d.Place, d.Place.ID, id.Zero, 100); err != nil {
		return err
	}
	if d.Covering, err = p.s.covering(ctx, c, d.Place); err != nil {
		return err
	}
	if d.SeesAll {
		d.Vacant, err = p.s.VacancyCount(ctx, c, d.Place.Path)
	}
	return err
}

func (p *Pages) details(r *http.Request, c Caller, d *placePage) error {
	ctx := r.Context()
	if d.Place.Kind == Compound {
		prof, ok, err := p.s.Profile(ctx, c, d.Place.ID)
		if err != nil {
			return err
		}
		if ok {
			d.Profile = &prof
			orgs, err := queryOrgs(ctx, p.s.d.Read(), "district = $1 AND id = $2", c.District, int64(prof.OrgID))
			if err != nil {
				return err
			}
			if len(orgs) > 0 {
				d.OrgName = orgs[0].Name
			}
		}
	}
	if d.Place.GridID != id.Zero {
		g, err := gridByID(ctx, p.s.d.Read(), c.District, d.Place.GridID)
		if err != nil {
			return err
		}
		d.Grid = &g
	}
	var err error
	if d.Former, err = p.s.FormerNames(ctx, c, d.Place.ID); err != nil {
		return err
	}
	if d.Place.Kind == Door {
		d.GridPast, err = p.s.GridHistory(ctx, c, d.Place.ID)
		return err
	}
	return nil
}

type editPage struct {
	frame
	Place     Place
	Kinds     []web.Option // what may be added below
	Subkinds  []web.Option
	Classes   []web.Option
	Orgs      []web.Option
	Add       web.Form
	Profile   web.Form
	IsCompany bool
	Siblings  []web.Option
	Lang      string
}

func (p *Pages) editForm(w http.ResponseWriter, r *http.Request, c Caller, at Place) error {
	return p.showEdit(w, r, c, at, http.StatusOK, nil)
}

// showEdit shows a place's forms; change may put what was typed back.
func (p *Pages) showEdit(w http.ResponseWriter, r *http.Request, c Caller, at Place, status int, change func(*editPage)) error {
	ctx := r.Context()
	if err := c.RequirePlace("grid.edit", PlaceWrite, at.Path); err != nil {
		return err
	}
	head, err := p.head(ctx, c, at, "grid.edit.title", "areas")
	if err != nil {
		return err
	}
	d := &editPage{frame: head, Place: at, Lang: c.Lang}
	d.Form = seen("name", at.Name, "alias", at.Alias, "floor", strconv.Itoa(at.Floor))
	var kinds []string
	for _, k := range []Kind{Compound, Building, Unit, Group, Row, Door, Point} {
		if k.Fits(at.Kind) {
			kinds = append(kinds, string(k))
		}
	}
	d.Kinds = options(ctx, "grid.kind.", "", kinds)
	d.Subkinds = options(ctx, "grid.point.", "grid.point.none", PointKinds)
	if at.Kind == Compound {
		if err := p.profileForm(r, c, d); err != nil {
			return err
		}
	}
	if !at.Kind.IsArea() {
		if err := p.siblings(r, c, d); err != nil {
			return err
		}
	}
	if change != nil {
		change(d)
	}
	return p.ren.PageStatus(w, r, status, web.Office, "grid/edit", d)
}

func (p *Pages) profileForm(r *http.Request, c Caller, d *editPage) error {
	ctx := r.Context()
	prof, _, err := p.s.Profile(ctx, c, d.Place.ID)
	if err != nil {
		return err
	}
	n := strconv.Itoa
	d.Profile = seen("class", prof.Class, "org_id", prof.OrgID.String(), "gates", n(prof.Gates), "fences", n(prof.Fences), "fire_lanes", n(prof.FireLanes),
		"elderly_share", n(prof.ElderlyShare), "party_branch", prof.PartyBranch, "note", prof.Note)
	d.Classes = options(ctx, "grid.compound.", "grid.compound.none", CompoundKinds)
	root, err := p.s.Root(ctx, c)
	if err != nil {
		return err
	}
	orgs, err := p.s.Organisations(ctx, c, OrgFilter{Area: root, Limit: 1000})
	if err != nil {
		return err
	}
	d.Orgs = []web.Option{{Value: "0", Text: web.T(ctx, "grid.profile.no_company")}}
	for _, o := range orgs {
		if o.Kind == "property_company" {
			d.Orgs = append(d.Orgs, web.Option{Value: o.ID.String(), Text: o.Name})
		}
	}
	return nil
}

func (p *Pages) siblings(r *http.Request, c Caller, d *editPage) error {
	list, err := childrenOf(r.Context(), p.s.d.Read(), c.District, d.Place.ParentID, false)
	if err != nil {
		return err
	}
	d.Siblings = []web.Option{{Value: "0", Text: web.T(r.Context(), "grid.order.first")}}
	for _, x := range list {
		if x.ID != d.Place.ID {
			d.Siblings = append(d.Siblings, web.Option{Value: x.ID.String(), Text: Label(c.Lang, x)})
		}
	}
	return nil
}

func (p *Pages) edit(w http.ResponseWriter, r *http.Request, c Caller, at Place) error {
	return p.change(w, r, c, at, "edit", func() error {
		floor, err := wholeNumber(r, "floor")
		if err != nil {
			return err
		}
		name, alias := r.FormValue("name"), r.FormValue("alias")
		_, err = p.s.EditPlace(r.Context(), c, at.ID, PlaceEdit{Name: &name, Alias: &alias, Floor: &floor})
		return err
	})
}

// wholeNumber reads a small number of a form; empty is 0.
func wholeNumber(r *http.Request, name string) (int, error) {
	n, err := web.Whole(r.Form, name)
	if err == nil && (n < -99 || n > 99999) {
		err = errs.Field(errs.E("grid.form", errs.Invalid, "error.bad_number"), name)
	}
	return n, err
}

// change runs a form of the edit page and shows the page again where it fails.
func (p *Pages) change(w http.ResponseWriter, r *http.Request, c Caller, at Place, which string, do func() error) error {
	if err := do(); err != nil {
		return again(r, err, func(status int, f frame) error {
			return p.showEdit(w, r, c, at, status, func(d *editPage) { d.putBack(which, f) })
		})
	}
	web.Flash(w, r, "ok", "grid.saved")
	return web.Redirect(w, r, "/places/"+at.ID.String()+"/edit")
}

// putBack shows what was typed into one of the page's forms.
func (d *editPage) putBack(which string, f frame) {
	d.Message = f.Message
	switch which {
	case "add":
		d.Add = f.Form
	case "profile":
		d.Profile = f.Form
	default:
		d.Form = f.Form
	}
}

func (p *Pages) add(w http.ResponseWriter, r *http.Request, c Caller, at Place) error {
	return p.change(w, r, c, at, "add", func() error {
		floor, err := wholeNumber(r, "floor")
		if err != nil {
			return err
		}
		n := NewPlace{ParentID: at.ID, Kind: Kind(r.FormValue("kind")), Name: r.FormValue("name"), Alias: r.FormValue("alias"), Floor: floor}
		if sub := r.FormValue("subkind"); n.Kind == Point && slices.Contains(PointKinds, sub) {
			n.Subkind = sub
		}
		_, err = p.s.AddPlace(r.Context(), c, n)
		return err
	})
}

func (p *Pages) profile(w http.ResponseWriter, r *http.Request, c Caller, at Place) error {
	return p.change(w, r, c, at, "profile", func() error {
		prof := Profile{PlaceID: at.ID, OrgID: formID(r, "org_id"), Class: r.FormValue("class"), PartyBranch: r.FormValue("party_branch"), Note: r.FormValue("note")}
		for name, to := range map[string]*int{"gates": &prof.Gates, "fences": &prof.Fences, "fire_lanes": &prof.FireLanes, "elderly_share": &prof.ElderlyShare} {
			n, err := wholeNumber(r, name)
			if err != nil {
				return err
			}
			*to = n
		}
		return p.s.SetProfile(r.Context(), c, prof)
	})
}

func (p *Pages) order(w http.ResponseWriter, r *http.Request, c Caller, at Place) error {
	return p.change(w, r, c, at, "edit", func() error {
		return p.s.MoveInOrder(r.Context(), c, at.ID, formID(r, "after"))
	})
}

func (p *Pages) closePlace(w http.ResponseWriter, r *http.Request, c Caller, at Place) error {
	return p.change(w, r, c, at, "edit", func() error { return p.s.ClosePlace(r.Context(), c, at.ID) })
}
