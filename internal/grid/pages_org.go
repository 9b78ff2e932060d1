package grid

import (
	"net/http"
	"slices"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

func (p *Pages) registerOrgs(app *web.App) {
	app.Handle("GET /organisations", p.under(p.orgs))
	app.Handle("POST /organisations", p.under(p.addOrg))
	app.Handle("POST /organisations/{id}/end", byPathID(p.endOrg))
	app.Handle("POST /teams", p.under(p.addTeam))
	app.Handle("POST /teams/hq", Called(p.seedTeams))
	app.Handle("POST /teams/{id}/end", byPathID(p.endTeam))
	app.Handle("GET /bindings", p.under(p.bindings))
	app.Handle("POST /bindings", p.under(p.bind))
	app.Handle("POST /bindings/{id}/end", byPathID(p.unbind))
	app.Handle("GET /role-aliases", p.under(p.aliases))
	app.Handle("POST /role-aliases", p.under(p.setAlias))
}

type orgsPage struct {
	frame
	Place    Place
	Orgs     []Organisation
	Teams    []Team
	Areas    map[string]string
	OrgKinds []web.Option
	TeamForm web.Form
	Kinds    []web.Option
	OrgList  []web.Option
	CanPost  bool
	Lang     string
	NowMs    int64
	HQ       bool // the seven groups are there
}

// TeamName is what a team is called.
func (d orgsPage) TeamName(t Team) string { return TeamName(d.Lang, t) }

func (p *Pages) orgs(w http.ResponseWriter, r *http.Request, c Caller, at Place) error {
	return p.showOrgs(w, r, c, at, http.StatusOK, nil)
}

func (p *Pages) showOrgs(w http.ResponseWriter, r *http.Request, c Caller, at Place, status int, change func(*orgsPage)) error {
	ctx := r.Context()
	head, err := p.head(ctx, c, at, "grid.orgs.title", "organisations")
	if err != nil {
		return err
	}
	d := &orgsPage{frame: head, Place: at, Lang: c.Lang, NowMs: p.s.nowMs(), CanPost: c.CanPlace(PostWrite, at.Path) && at.Kind.IsArea()}
	if d.Orgs, err = p.s.Organisations(ctx, c, at, id.Zero, 1000); err != nil {
		return err
	}
	if d.Teams, err = p.s.Teams(ctx, c, at, id.Zero, 1000); err != nil {
		return err
	}
	d.OrgKinds = options(ctx, "grid.orgkind.", "", OrgKinds)
	d.Kinds = options(ctx, "grid.teamkind.", "", []string{TeamSquad, TeamCare})
	d.OrgList = []web.Option{{Value: "0", Text: web.T(ctx, "grid.none")}}
	var areas []id.ID
	for _, o := range d.Orgs {
		d.OrgList = append(d.OrgList, web.Option{Value: o.ID.String(), Text: o.Name})
		areas = append(areas, o.AreaID)
	}
	for _, t := range d.Teams {
		areas = append(areas, t.AreaID)
		d.HQ = d.HQ || t.Kind == TeamHQGroup && t.AreaID == at.ID
	}
	places, err := p.s.Places(ctx, p.s.d.Read(), c, uniq(areas))
	if err != nil {
		return err
	}
	d.Areas = map[string]string{}
	for _, a := range places {
		d.Areas[a.ID.String()] = a.Name
	}
	if change != nil {
		change(d)
	}
	return p.ren.PageStatus(w, r, status, web.Office, "grid/organisations", d)
}

// saved answers a form of a page about a place: back to it, or shown again with
// what is wrong.
func saved(w http.ResponseWriter, r *http.Request, back string, err error, show func(status int, f frame) error) error {
	if err != nil {
		return again(r, err, show)
	}
	web.Flash(w, r, "ok", "grid.saved")
	return web.Redirect(w, r, back+"?place="+r.FormValue("place"))
}

func (p *Pages) addOrg(w http.ResponseWriter, r *http.Request, c Caller, at Place) error {
	_, err := p.s.AddOrganisation(r.Context(), c, Organisation{AreaID: formID(r, "place"), Kind: r.FormValue("kind"), Name: r.FormValue("name")})
	return saved(w, r, "/organisations", err, func(status int, f frame) error {
		return p.showOrgs(w, r, c, at, status, func(d *orgsPage) { d.Form, d.Message = f.Form, f.Message })
	})
}

func (p *Pages) addTeam(w http.ResponseWriter, r *http.Request, c Caller, at Place) error {
	until, err := day(r, "until", true)
	if err == nil {
		_, err = p.s.AddTeam(r.Context(), c, Team{AreaID: formID(r, "place"), OrgID: formID(r, "org_id"), Kind: r.FormValue("kind"),
			Name: r.FormValue("name"), PartyBranch: r.FormValue("party_branch"), UntilMs: until})
	}
	return saved(w, r, "/organisations", err, func(status int, f frame) error {
		return p.showOrgs(w, r, c, at, status, func(d *orgsPage) { d.TeamForm, d.Message = f.Form, f.Message })
	})
}

func (p *Pages) seedTeams(w http.ResponseWriter, r *http.Request, c Caller) error {
	_, err := p.s.SeedHQGroups(r.Context(), c, formID(r, "place"))
	return after(w, r, err, "/organisations?place="+r.FormValue("place"), "grid.saved")
}

func (p *Pages) endOrg(w http.ResponseWriter, r *http.Request, c Caller, oid id.ID) error {
	return after(w, r, p.s.EndOrganisation(r.Context(), c, oid), "/organisations?place="+r.FormValue("place"), "grid.saved")
}

func (p *Pages) endTeam(w http.ResponseWriter, r *http.Request, c Caller, tid id.ID) error {
	return after(w, r, p.s.EndTeam(r.Context(), c, tid, 0), "/organisations?place="+r.FormValue("place"), "grid.saved")
}

type bindingsPage struct {
	frame
	Place    Place
	Bindings []BindingView
	Who      []web.Option // posts and organisations that may be bound
	CanPost  bool
	Lang     string
	Next     string
}

// RoleName writes a role.
func (d bindingsPage) RoleName(r Role) string { return RoleName(d.Lang, nil, r, "") }

func (p *Pages) bindings(w http.ResponseWriter, r *http.Request, c Caller, at Place) error {
	return p.showBindings(w, r, c, at, http.StatusOK, frame{})
}

func (p *Pages) showBindings(w http.ResponseWriter, r *http.Request, c Caller, at Place, status int, again frame) error {
	ctx := r.Context()
	head, err := p.head(ctx, c, at, "grid.bindings.title", "organisations")
	if err != nil {
		return err
	}
	d := &bindingsPage{frame: head, Place: at, Lang: c.Lang, CanPost: c.CanPlace(PostWrite, at.Path)}
	d.Form, d.Message = again.Form, again.Message
	const page = 300
	if d.Bindings, err = p.s.Bindings(ctx, c, at, id.Zero, formID(r, "after"), page); err != nil {
		return err
	}
	if len(d.Bindings) == page {
		d.Next = "/bindings?place=" + at.ID.String() + "&after=" + d.Bindings[page-1].ID.String()
	}
	if d.CanPost {
		if d.Who, err = p.bindable(r, c); err != nil {
			return err
		}
	}
	return p.ren.PageStatus(w, r, status, web.Office, "grid/bindings", d)
}

// bindable offers the organisations, and the posts above the compounds.
func (p *Pages) bindable(r *http.Request, c Caller) ([]web.Option, error) {
	ctx := r.Context()
	root, err := p.s.Root(ctx, c)
	if err != nil {
		return nil, err
	}
	orgs, err := p.s.Organisations(ctx, c, root, id.Zero, 1000)
	if err != nil {
		return nil, err
	}
	var out []web.Option
	for _, o := range orgs {
		out = append(out, web.Option{Value: "o" + o.ID.String(), Text: o.Name})
	}
	for _, role := range Roles() {
		if role.Level() > 3 || role == RoleAdmin || role == RoleAuditor {
			continue
		}
		posts, err := p.s.Posts(ctx, c, PostFilter{Role: role, Limit: 300})
		if err != nil {
			return nil, err
		}
		for _, x := range posts {
			title := x.Title
			if title == "" {
				title = web.T(ctx, "grid.role."+string(x.Role))
			}
			out = append(out, web.Option{Value: "p" + x.ID.String(), Text: title + " · " + x.Object})
		}
	}
	return out, nil
}

func (p *Pages) bind(w http.ResponseWriter, r *http.Request, c Caller, at Place) error {
	members, err := newBindings(r)
	if err == nil {
		_, err = p.s.Bind(r.Context(), c, members, 0)
	}
	return saved(w, r, "/bindings", err, func(status int, f frame) error { return p.showBindings(w, r, c, at, status, f) })
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
	for _, v := range append([]string{r.FormValue("lead")}, r.Form["who"]...) {
		b := object
		if len(v) < 2 {
			continue
		}
		n, err := id.Parse(v[1:])
		if err != nil {
			return nil, errs.Field(errs.E("grid.Bind", errs.Invalid, "error.bad_choice"), "who")
		}
		if v[0] == 'o' {
			b.OrgID = n
		} else {
			b.PostID = n
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

type aliasesPage struct {
	frame
	Place   Place
	List    []RoleAlias
	Roles   []web.Option
	CanPost bool
}

func (p *Pages) aliases(w http.ResponseWriter, r *http.Request, c Caller, at Place) error {
	return p.showAliases(w, r, c, at, http.StatusOK, frame{})
}

func (p *Pages) showAliases(w http.ResponseWriter, r *http.Request, c Caller, at Place, status int, again frame) error {
	ctx := r.Context()
	d := &aliasesPage{frame: again, Place: at, CanPost: c.CanPlace(PostWrite, at.Path) && at.Kind.IsArea(), Roles: options(ctx, "grid.role.", "", strs(Roles()))}
	d.Title, d.Menu = web.T(ctx, "grid.aliases.title"), "posts"
	d.Crumbs = []web.Crumb{{Text: web.T(ctx, "grid.posts"), Href: "/posts"}}
	var err error
	if d.List, err = p.s.RoleAliases(ctx, c); err != nil {
		return err
	}
	return p.ren.PageStatus(w, r, status, web.Office, "grid/aliases", d)
}

func (p *Pages) setAlias(w http.ResponseWriter, r *http.Request, c Caller, at Place) error {
	err := p.s.SetRoleAlias(r.Context(), c, formID(r, "place"), Role(r.FormValue("role")), r.FormValue("alias"))
	return saved(w, r, "/role-aliases", err, func(status int, f frame) error { return p.showAliases(w, r, c, at, status, f) })
}
