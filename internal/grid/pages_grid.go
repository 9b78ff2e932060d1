package grid

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

func (p *Pages) registerGrids(app *web.App) {
	app.Handle("GET /grids", p.under(p.grids))
	app.Handle("GET /grids/new", p.under(p.gridForm))
	app.Handle("POST /grids/new", p.under(p.addGrid))
	app.Handle("GET /grids/{id}", named(p.s.Grid, p.grid))
	app.Handle("POST /grids/{id}", named(p.s.Grid, p.renameGrid))
	app.Handle("POST /grids/{id}/close", named(p.s.Grid, p.closeGrid))
	p.registerRedraw(app)
}

type gridsPage struct {
	frame
	Place    Place
	Grids    []GridNode
	Next     string
	Redrawn  []RedrawRecord // the latest re-drawings
	CanWrite bool
}

func (p *Pages) grids(w http.ResponseWriter, r *http.Request, c Caller, at Place) error {
	ctx := r.Context()
	head, err := p.head(ctx, c, at, "grid.grids.title", "grids")
	if err != nil {
		return err
	}
	d := &gridsPage{frame: head, Place: at, CanWrite: c.CanPlace(GridWrite, at.Path) && at.Kind.IsArea()}
	const page = 300
	if d.Grids, err = p.s.Grids(ctx, c, at, r.FormValue("after"), page); err != nil {
		return err
	}
	if len(d.Grids) == page {
		d.Next = "/grids?place=" + at.ID.String() + "&after=" + d.Grids[page-1].Path
	}
	if d.CanWrite {
		if d.Redrawn, err = p.s.Redrawings(ctx, c, at, 10); err != nil {
			return err
		}
	}
	return p.ren.Page(w, r, web.Office, "grid/grids", d)
}

// Depth is how far a grid stands below the top grids, for indenting.
func (g Grid) Depth() int {
	return (len(g.Path)-strings.IndexByte(g.Path, 'g')-1)/segment - 1
}

type gridPage struct {
	frame
	Grid     Grid
	Area     Place
	Doors    int
	Below    []GridNode
	Leaves   []VacantLeaf // the units and buildings it holds, with its doors
	Ways     map[id.ID]string
	Posts    []PostView
	Bindings []BindingView
	Aliases  []RoleAlias
	Vacant   bool
	CanWrite bool
	CanPost  bool
	Lang     string
}

// RoleName writes a role as it is called here.
func (d gridPage) RoleName(r Role) string { return RoleName(d.Lang, d.Aliases, r, d.Area.Path) }

func (p *Pages) grid(w http.ResponseWriter, r *http.Request, c Caller, g Grid) error {
	return p.showGrid(w, r, c, g, http.StatusOK, nil)
}

func (p *Pages) showGrid(w http.ResponseWriter, r *http.Request, c Caller, g Grid, status int, again *frame) error {
	ctx := r.Context()
	area, err := placeByID(ctx, p.s.d.Read(), c.District, g.AreaID)
	if err != nil {
		return err
	}
	d := &gridPage{Grid: g, Area: area, Lang: c.Lang, CanWrite: c.CanPlace(GridWrite, g.Path), CanPost: c.CanPlace(PostWrite, g.Path)}
	d.Title, d.Menu, d.Form = g.Name, "grids", seen("name", g.Name, "code", g.Code)
	if d.Crumbs, err = p.crumbs(ctx, c, area, true); err != nil {
		return err
	}
	if err := p.gridDetails(r, c, d); err != nil {
		return err
	}
	if again != nil {
		d.Form, d.Message = again.Form, again.Message
	}
	return p.ren.PageStatus(w, r, status, web.Office, "grid/grid", d)
}

func (p *Pages) gridDetails(r *http.Request, c Caller, d *gridPage) error {
	ctx := r.Context()
	list, err := gridsUnder(ctx, p.s.d.Read(), c.District, d.Grid.Path, "", 500)
	if err != nil {
		return err
	}
	nodes, err := p.s.gridNodes(ctx, c, list)
	if err != nil {
		return err
	}
	for _, n := range nodes {
		if n.ID == d.Grid.ID {
			d.Doors, d.Vacant = n.Doors, n.Vacant
			continue
		}
		d.Below = append(d.Below, n)
	}
	if d.Aliases, err = p.s.RoleAliases(ctx, c); err != nil {
		return err
	}
	if d.Bindings, err = p.s.Bindings(ctx, c, d.Area, d.Grid.ID, id.Zero, 100); err != nil {
		return err
	}
	if d.Posts, err = p.s.PostsOn(ctx, c, d.Grid.ID); err != nil {
		return err
	}
	ix, err := p.s.leaves(ctx, c.District)
	if err != nil {
		return err
	}
	var ids []id.ID
	for _, l := range ix.leaves {
		if l.GridID == d.Grid.ID && len(ids) < 500 {
			d.Leaves = append(d.Leaves, VacantLeaf{Place: Place{ID: l.PlaceID}, Doors: l.Doors})
			ids = append(ids, l.PlaceID)
		}
	}
	places, err := placesByID(ctx, p.s.d.Read(), c.District, ids)
	if err != nil {
		return err
	}
	for i := range d.Leaves {
		d.Leaves[i].Place = places[d.Leaves[i].Place.ID]
	}
	d.Ways, err = p.s.ways(ctx, c, slices.Collect(maps.Values(places)))
	return err
}

type gridFormPage struct {
	frame
	Area    Place
	Kinds   []web.Option
	Parents []web.Option
}

func (p *Pages) gridForm(w http.ResponseWriter, r *http.Request, c Caller, area Place) error {
	return p.showGridForm(w, r, c, area, http.StatusOK, nil)
}

func (p *Pages) showGridForm(w http.ResponseWriter, r *http.Request, c Caller, area Place, status int, again *frame) error {
	ctx := r.Context()
	if err := c.RequirePlace("grid.AddGrid", GridWrite, area.Path); err != nil {
		return err
	}
	d := &gridFormPage{Area: area, Kinds: options(ctx, "grid.gridkind.", "", strs(GridKinds))}
	d.Title, d.Menu, d.Form = web.T(ctx, "grid.grids.new"), "grids", seen("kind", string(BasicGrid), "parent", r.FormValue("parent"))
	var err error
	if d.Crumbs, err = p.crumbs(ctx, c, area, true); err != nil {
		return err
	}
	d.Parents = []web.Option{{Value: "0", Text: web.T(ctx, "grid.grids.top")}}
	list, err := gridsUnder(ctx, p.s.d.Read(), c.District, area.Path, "", 500)
	if err != nil {
		return err
	}
	for _, g := range list {
		if g.Kind != MicroGrid {
			d.Parents = append(d.Parents, web.Option{Value: g.ID.String(), Text: g.Name})
		}
	}
	if again != nil {
		d.Form, d.Message = again.Form, again.Message
	}
	return p.ren.PageStatus(w, r, status, web.Office, "grid/grid_new", d)
}

func (p *Pages) addGrid(w http.ResponseWriter, r *http.Request, c Caller, area Place) error {
	g, err := p.s.AddGrid(r.Context(), c, NewGrid{AreaID: formID(r, "place"), ParentID: formID(r, "parent"), Kind: GridKind(r.FormValue("kind")),
		Name: r.FormValue("name"), Code: r.FormValue("code")})
	if err != nil {
		return again(r, err, func(status int, f frame) error { return p.showGridForm(w, r, c, area, status, &f) })
	}
	web.Flash(w, r, "ok", "grid.grids.added")
	return web.Redirect(w, r, "/grids/"+g.ID.String()+"/redraw")
}

func (p *Pages) renameGrid(w http.ResponseWriter, r *http.Request, c Caller, g Grid) error {
	if err := p.s.RenameGrid(r.Context(), c, g.ID, r.FormValue("name"), r.FormValue("code")); err != nil {
		return again(r, err, func(status int, f frame) error { return p.showGrid(w, r, c, g, status, &f) })
	}
	web.Flash(w, r, "ok", "grid.saved")
	return web.Redirect(w, r, "/grids/"+g.ID.String())
}

func (p *Pages) closeGrid(w http.ResponseWriter, r *http.Request, c Caller, g Grid) error {
	if err := p.s.CloseGrid(r.Context(), c, g.ID); err != nil {
		return after(w, r, err, "/grids/"+g.ID.String(), "")
	}
	web.Flash(w, r, "ok", "grid.grids.ended")
	return web.Redirect(w, r, "/grids?place="+g.AreaID.String())
}
