package grid

import (
	"net/http"
	"slices"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

func (p *Pages) registerOrgs(app *web.App) {
	app.Handle("GET /organisations", p.orgs)
	app.Handle("POST /organisations", p.addOrg)
	app.Handle("POST /organisations/{id}/end", p.endOrg)
	app.Handle("POST /teams", p.addTeam)
	app.Handle("POST /teams/hq", p.seedTeams)
	app.Handle("POST /teams/{id}/end", p.endTeam)
	app.Handle("GET /bindings", p.bindings)
	app.Handle("POST /bindings", p.bind)
	app.Handle("POST /bindings/{id}/end", p.unbind)
	app.Handle("GET /role-aliases", p.aliases)
	app.Handle("POST /role-aliases", p.setAlias)
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

func (p *Pages) orgs(w http.ResponseWriter, r *http.Request) error {
	return p.showOrgs(w, r, http.StatusOK, nil)
}

func (p *Pages) showOrgs(w http.ResponseWriter, r *http.Request, status int, change func(*orgsPage)) error {
	ctx := r.Context()
	c, err := caller(r)
	if err != nil {
		return err
	}
	at, err := p.under(r, c)
	if err != nil {
		return err
	}
	d := &orgsPage{Place: at, Lang: c.Lang, NowMs: p.s.nowMs(), CanPost: c.CanPlace(PostWrite, at.Path) && at.Kind.IsArea()}
	d.Title, d.Menu = web.T(ctx, "grid.orgs.title", Label(c.Lang, at)), "organisations"
	if d.Crumbs, err = p.crumbs(ctx, c, at, true); err != nil {
		return err
	}
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

// saved runs a form of a page about a place and goes back to it, or shows it
// again with what is wrong.
func (p *Pages) saved(w http.ResponseWriter, r *http.Request, back string, do func(Caller) error, again func(f frame, status int) error) error {
	c, err := caller(r)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return errs.E("grid.form", errs.Invalid, "error.bad_form")
	}
	if err = do(c); err == nil {
		web.Flash(w, r, "ok", "grid.saved")
		return web.Redirect(w, r, back+"?place="+r.FormValue("place"))
	}
	var f frame
	if status, mended := f.failed(r, err); mended {
		return again(f, status)
	}
	return err
}

func (p *Pages) addOrg(w http.ResponseWriter, r *http.Request) error {
	return p.saved(w, r, "/organisations", func(c Caller) error {
		_, err := p.s.AddOrganisation(r.Context(), c, Organisation{AreaID: formID(r, "place"), Kind: r.FormValue("kind"), Name: r.FormValue("name")})
		return err
	}, func(f frame, status int) error {
		return p.showOrgs(w, r, status, func(d *orgsPage) { d.Form, d.Message = f.Form, f.Message })
	})
}

func (p *Pages) addTeam(w http.ResponseWriter, r *http.Request) error {
	return p.saved(w, r, "/organisations", func(c Caller) error {
		until, err := day(r, "until", true)
		if err != nil {
			return err
		}
		_, err = p.s.AddTeam(r.Context(), c, Team{AreaID: formID(r, "place"), OrgID: formID(r, "org_id"), Kind: r.FormValue("kind"),
			Name: r.FormValue("name"), PartyBranch: r.FormValue("party_branch"), UntilMs: until})
		return err
	}, func(f frame, status int) error {
		return p.showOrgs(w, r, status, func(d *orgsPage) { d.TeamForm, d.Message = f.Form, f.Message })
	})
}

func (p *Pages) seedTeams(w http.ResponseWriter, r *http.Request) error {
	c, err := caller(r)
	if err != nil {
		return err
	}
	_, err = p.s.SeedHQGroups(r.Context(), c, formID(r, "place"))
	return after(w, r, err, "/organisations?place="+r.FormValue("place"), "grid.saved")
}

func (p *Pages) endOrg(w http.ResponseWriter, r *http.Request) error {
	c, err := caller(r)
	if err != nil {
		return err
	}
	oid, err := pathID(r)
	if err != nil {
		return err
	}
	return after(w, r, p.s.EndOrganisation(r.Context(), c, oid), "/organisations?place="+r.FormValue("place"), "grid.saved")
}

func (p *Pages) endTeam(w http.ResponseWriter, r *http.Request) error {
	c, err := caller(r)
	if err != nil {
		return err
	}
	tid, err := pathID(r)
	if err != nil {
		return err
	}
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

func (p *Pages) bindings(w http.ResponseWriter, r *http.Request) error {
	return p.showBindings(w, r, http.StatusOK, frame{})
}

func (p *Pages) showBindings(w http.ResponseWriter, r *http.Request, status int, again frame) error {
	ctx := r.Context()
	c, err := caller(r)
	if err != nil {
		return err
	}
	at, err := p.under(r, c)
	if err != nil {
		return err
	}
	d := &bindingsPage{frame: again, Place: at, Lang: c.Lang, CanPost: c.CanPlace(PostWrite, at.Path)}
	d.Title, d.Menu = web.T(ctx, "grid.bindings.title", Label(c.Lang, at)), "organisations"
	if d.Crumbs, err = p.crumbs(ctx, c, at, true); err != nil {
		return err
	}
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

func (p *Pages) bind(w http.ResponseWriter, r *http.Request) error {
	return p.saved(w, r, "/bindings", func(c Caller) error {
		until, err := day(r, "until", true)
		if err != nil {
			return err
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
				return errs.Field(errs.E("grid.Bind", errs.Invalid, "error.bad_choice"), "who")
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
		_, err = p.s.Bind(r.Context(), c, members, 0)
		return err
	}, func(f frame, status int) error { return p.showBindings(w, r, status, f) })
}

func (p *Pages) unbind(w http.ResponseWriter, r *http.Request) error {
	c, err := caller(r)
	if err != nil {
		return err
	}
	bid, err := pathID(r)
	if err != nil {
		return err
	}
	return after(w, r, p.s.Unbind(r.Context(), c, bid), "/bindings?place="+r.FormValue("place"), "grid.saved")
}

type aliasesPage struct {
	frame
	Place   Place
	List    []RoleAlias
	Roles   []web.Option
	CanPost bool
}

func (p *Pages) aliases(w http.ResponseWriter, r *http.Request) error {
	return p.showAliases(w, r, http.StatusOK, frame{})
}

func (p *Pages) showAliases(w http.ResponseWriter, r *http.Request, status int, again frame) error {
	ctx := r.Context()
	c, err := caller(r)
	if err != nil {
		return err
	}
	at, err := p.under(r, c)
	if err != nil {
		return err
	}
	d := &aliasesPage{frame: again, Place: at, CanPost: c.CanPlace(PostWrite, at.Path) && at.Kind.IsArea(), Roles: options(ctx, "grid.role.", "", strs(Roles()))}
	d.Title, d.Menu = web.T(ctx, "grid.aliases.title"), "posts"
	d.Crumbs = []web.Crumb{{Text: web.T(ctx, "grid.posts"), Href: "/posts"}}
	if d.List, err = p.s.RoleAliases(ctx, c); err != nil {
		return err
	}
	return p.ren.PageStatus(w, r, status, web.Office, "grid/aliases", d)
}

func (p *Pages) setAlias(w http.ResponseWriter, r *http.Request) error {
	return p.saved(w, r, "/role-aliases", func(c Caller) error {
		return p.s.SetRoleAlias(r.Context(), c, formID(r, "place"), Role(r.FormValue("role")), r.FormValue("alias"))
	}, func(f frame, status int) error { return p.showAliases(w, r, status, f) })
}
