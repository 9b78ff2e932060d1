package grid

import (
	"context"
	"net/http"

	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

func (p *Pages) registerOrgs(app *web.App) {
	app.Handle("GET /organisations", p.under(p.orgs))
	app.Handle("POST /organisations", p.under(p.addOrg))
	app.Handle("POST /organisations/{id}/end", byPathID(p.endOrg))
	app.Handle("GET /teams", p.under(p.teams))
	app.Handle("POST /teams", p.under(p.addTeam))
	app.Handle("POST /teams/hq", Called(p.seedTeams))
	app.Handle("POST /teams/{id}/end", byPathID(p.endTeam))
	app.Handle("GET /bindings", p.under(p.bindings))
	app.Handle("GET /bindings/new", p.under(p.bindForm))
	app.Handle("POST /bindings", p.under(p.bind))
	app.Handle("POST /bindings/{id}/end", byPathID(p.unbind))
	app.Handle("GET /role-aliases", p.under(p.aliases))
	app.Handle("POST /role-aliases", p.under(p.setAlias))
}

type orgsPage struct {
	frame
	Place    Place
	Table    web.Table
	Orgs     []Organisation
	Areas    map[string]string
	OrgKinds []web.Option
	CanPost  bool
	Adding   bool // the form stands open
}

func (p *Pages) orgs(w http.ResponseWriter, r *http.Request, c Caller, at Place) error {
	return p.showOrgs(w, r, c, at, http.StatusOK, nil)
}

func (p *Pages) showOrgs(w http.ResponseWriter, r *http.Request, c Caller, at Place, status int, again *frame) error {
	ctx := r.Context()
	head, err := p.head(ctx, c, at, "grid.orgs.title", "organisations")
	if err != nil {
		return err
	}
	d := &orgsPage{frame: head, Place: at, OrgKinds: options(ctx, "grid.orgkind.", "", OrgKinds), CanPost: c.CanPlace(PostWrite, at.Path) && at.Kind.IsArea()}
	if again != nil {
		d.Form, d.Message, d.Adding = again.Form, again.Message, true
	}
	d.Table = web.TableOf("/organisations", r.URL.Query())
	d.Table.Keep = map[string]string{"place": at.ID.String()}
	const page = 50
	if d.Orgs, err = p.s.Organisations(ctx, c, OrgFilter{Area: at, Text: d.Table.Query, After: formID(r, "after"), Limit: page}); err != nil {
		return err
	}
	if len(d.Orgs) == page {
		d.Table.Next = d.Orgs[page-1].ID.String()
	}
	var areas []id.ID
	for _, o := range d.Orgs {
		areas = append(areas, o.AreaID)
	}
	if d.Areas, err = p.areaNames(ctx, c, areas); err != nil {
		return err
	}
	return p.ren.PageStatus(w, r, status, web.Office, "grid/organisations", d)
}

// areaNames reads what areas are called, by their ids as text.
func (p *Pages) areaNames(ctx context.Context, c Caller, areas []id.ID) (map[string]string, error) {
	places, err := p.s.Places(ctx, p.s.d.Read(), c, uniq(areas))
	out := map[string]string{}
	for _, a := range places {
		out[a.ID.String()] = a.Name
	}
	return out, err
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
	return saved(w, r, "/organisations", err, func(status int, f frame) error { return p.showOrgs(w, r, c, at, status, &f) })
}

func (p *Pages) endOrg(w http.ResponseWriter, r *http.Request, c Caller, oid id.ID) error {
	return after(w, r, p.s.EndOrganisation(r.Context(), c, oid), "/organisations?place="+r.FormValue("place"), "grid.saved")
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
	changed, err := p.s.SetRoleAlias(r.Context(), c, formID(r, "place"), Role(r.FormValue("role")), r.FormValue("alias"))
	if err == nil && !changed {
		web.Flash(w, r, "info", "grid.aliases.same")
		return web.Redirect(w, r, "/role-aliases?place="+r.FormValue("place"))
	}
	return saved(w, r, "/role-aliases", err, func(status int, f frame) error { return p.showAliases(w, r, c, at, status, f) })
}
