package grid

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

func (p *Pages) registerRedraw(app *web.App) {
	app.Handle("GET /grids/{id}/redraw", named(p.s.Grid, p.redrawForm))
	app.Handle("POST /grids/{id}/redraw", named(p.s.Grid, p.redraw))
	app.Handle("GET /redrawings/{id}", byPathID(p.redrawing))
	app.Handle("POST /redrawings/{id}/undo", byPathID(p.undoRedraw))
}

type redrawPage struct {
	frame
	Grid    Grid
	At      Place
	AtName  string
	Up      string
	Rows    []redrawRow
	Preview *Redrawing
	Parts   []redrawPart // chosen so far, this grid's and others'
	Others  []web.Option // grids of the area that may take a part too
	Halves  []web.Option
	Orders  []web.Option
	Ranges  bool // doors hang below the place: they can be chosen as a range
	Chosen  []string
	Lang    string
}

type redrawPart struct {
	Text string // as the page carries it
	Grid string
	What string
}

type redrawRow struct {
	Node
	Grid   string // name of the place's own grid
	Here   bool   // it is this grid
	Choose bool
	Label  string
}

// IsChosen reports whether a place is ticked.
func (d redrawPage) IsChosen(p Place) bool { return slices.Contains(d.Chosen, p.ID.String()) }

func (p *Pages) redrawForm(w http.ResponseWriter, r *http.Request, c Caller, g Grid) error {
	return p.showRedraw(w, r, c, g, http.StatusOK, nil, nil)
}

func (p *Pages) showRedraw(w http.ResponseWriter, r *http.Request, c Caller, g Grid, status int, parts []RedrawPart, change func(*redrawPage)) error {
	ctx := r.Context()
	if err := c.RequirePlace("grid.Redraw", GridWrite, g.Path); err != nil {
		return err
	}
	at := formID(r, "at")
	if at == id.Zero {
		at = g.AreaID
	}
	d := &redrawPage{Grid: g, Lang: c.Lang}
	var err error
	if d.At, err = p.s.Place(ctx, c, at); err != nil {
		return err
	}
	ways, err := p.s.ways(ctx, c, []Place{d.At})
	if err != nil {
		return err
	}
	d.AtName, d.Ranges = ways[d.At.ID], !d.At.Kind.IsArea() && d.At.Kind != Compound
	d.Title, d.Menu = web.T(ctx, "grid.redraw.title", g.Name), "grids"
	d.Crumbs = []web.Crumb{{Text: g.Name, Href: "/grids/" + g.ID.String()}}
	d.Halves = []web.Option{{Value: "", Text: web.T(ctx, "grid.redraw.all")}, {Value: OddDoors, Text: web.T(ctx, "grid.redraw.odd")}, {Value: EvenDoors, Text: web.T(ctx, "grid.redraw.even")}}
	d.Orders = []web.Option{{Value: "", Text: web.T(ctx, "grid.redraw.by_number")}, {Value: "1", Text: web.T(ctx, "grid.redraw.by_walk")}}
	if d.At.ID != g.AreaID {
		d.Up = d.At.ParentID.String()
	}
	if d.Rows, err = p.redrawRows(r, c, g, d.At); err != nil {
		return err
	}
	if err := p.redrawParts(r, c, d, parts); err != nil {
		return err
	}
	if change != nil {
		change(d)
	}
	return p.ren.PageStatus(w, r, status, web.Office, "grid/redraw", d)
}

// redrawParts words what was chosen so far and lists the grids that may take
// something too.
func (p *Pages) redrawParts(r *http.Request, c Caller, d *redrawPage, parts []RedrawPart) error {
	ctx := r.Context()
	grids, err := queryGrids(ctx, p.s.d.Read(), "g.district = $1 AND g.area_id = $2 AND g.until_ms = 0 ORDER BY g.path", c.District, int64(d.Grid.AreaID))
	if err != nil {
		return err
	}
	names := map[id.ID]string{}
	for _, g := range grids {
		names[g.ID] = g.Name
		if g.ID != d.Grid.ID {
			d.Others = append(d.Others, web.Option{Value: g.ID.String(), Text: g.Name})
		}
	}
	for _, part := range parts {
		what, err := p.partText(r, c, part)
		if err != nil {
			return err
		}
		d.Parts = append(d.Parts, redrawPart{Text: part.Text(), Grid: names[part.Grid], What: what})
	}
	return nil
}

// partText words a part's choice: the places, and the ranges of doors.
func (p *Pages) partText(r *http.Request, c Caller, part RedrawPart) (string, error) {
	ctx := r.Context()
	ids := slices.Clone(part.Places)
	for _, x := range part.Ranges {
		ids = append(ids, x.Place)
	}
	places, err := placesByID(ctx, p.s.d.Read(), c.District, uniq(ids))
	if err != nil {
		return "", err
	}
	list := make([]Place, 0, len(places))
	for _, x := range places {
		list = append(list, x)
	}
	ways, err := p.s.ways(ctx, c, list)
	if err != nil {
		return "", err
	}
	var words []string
	for _, pid := range part.Places {
		words = append(words, ways[pid])
	}
	for _, x := range part.Ranges {
		text := ways[x.Place] + " " + x.From + "–" + x.To
		if x.Only != "" {
			text += " " + web.T(ctx, "grid.redraw."+x.Only)
		}
		words = append(words, text)
	}
	return strings.Join(words, web.T(ctx, "grid.comma")), nil
}

func (p *Pages) redrawRows(r *http.Request, c Caller, g Grid, at Place) ([]redrawRow, error) {
	ctx := r.Context()
	children, err := p.s.Children(ctx, c, at)
	if err != nil {
		return nil, err
	}
	var ids []id.ID
	for _, n := range children {
		ids = append(ids, n.GridID)
	}
	grids, err := gridsByID(ctx, p.s.d.Read(), c.District, uniq(ids))
	if err != nil {
		return nil, err
	}
	var rows []redrawRow
	for _, n := range children {
		rows = append(rows, redrawRow{Node: n, Grid: grids[n.GridID].Name, Here: n.GridID == g.ID, Choose: !n.Kind.IsArea() || n.Kind == Community, Label: Label(c.Lang, n.Place)})
	}
	return rows, nil
}

// redraw collects what goes into which grid, shows the effect and carries it
// out when confirmed.
func (p *Pages) redraw(w http.ResponseWriter, r *http.Request, c Caller, g Grid) error {
	ctx := r.Context()
	parts, err := ReadRedrawParts(r.Form["part"])
	if err != nil {
		return err
	}
	switch r.FormValue("step") {
	case "apply":
		done, err := p.s.Redraw(ctx, c, parts)
		if err != nil {
			return after(w, r, err, "/grids/"+g.ID.String()+"/redraw", "")
		}
		web.Flash(w, r, "ok", "grid.redraw.done", strconv.Itoa(done.Doors))
		return web.Redirect(w, r, "/grids/"+g.ID.String())
	case "next":
		return p.nextPart(w, r, c, parts)
	}
	if into := r.FormValue("into"); into != "" {
		r.Form.Set("at", into)
		return p.showRedraw(w, r, c, g, http.StatusOK, parts, nil)
	}
	if sel := chosenIn(r); !sel.empty() || len(parts) == 0 {
		parts = append(parts, RedrawPart{g.ID, sel})
	}
	preview, err := p.s.PreviewRedraw(ctx, c, parts)
	if err == nil {
		return p.showRedraw(w, r, c, g, http.StatusOK, parts, func(d *redrawPage) { d.Preview = preview })
	}
	return again(r, err, func(status int, f frame) error {
		return p.showRedraw(w, r, c, g, status, parts[:len(parts)-1], func(d *redrawPage) {
			d.Message, d.Form, d.Chosen = f.first(), f.Form, r.Form["places"]
		})
	})
}

// nextPart goes on to another grid that takes something in the same step.
func (p *Pages) nextPart(w http.ResponseWriter, r *http.Request, c Caller, parts []RedrawPart) error {
	g, err := p.s.Grid(r.Context(), c, formID(r, "next"))
	if err != nil {
		return err
	}
	return p.showRedraw(w, r, c, g, http.StatusOK, parts, nil)
}

// chosenIn reads what was ticked, and the range of doors where one was typed.
func chosenIn(r *http.Request) Selection {
	sel := Selection{Places: formIDs(r, "places")}
	x := DoorRange{Place: formID(r, "at"), From: strings.TrimSpace(r.FormValue("from")), To: strings.TrimSpace(r.FormValue("to")),
		Only: r.FormValue("only"), Walk: r.FormValue("walk") != ""}
	if x.Place != id.Zero && (x.From != "" || x.To != "" || x.Only != "") {
		sel.Ranges = []DoorRange{x}
	}
	return sel
}

type redrawingPage struct {
	frame
	Record  RedrawRecord
	Area    Place
	Preview *Redrawing
}

// redrawing shows a re-drawing that was applied, and what taking it back would change.
func (p *Pages) redrawing(w http.ResponseWriter, r *http.Request, c Caller, rid id.ID) error {
	ctx := r.Context()
	rec, undo, err := p.s.PreviewUndo(ctx, c, rid)
	if err != nil {
		return err
	}
	area, err := p.s.Place(ctx, c, rec.AreaID)
	if err != nil {
		return err
	}
	head, err := p.head(ctx, c, area, "grid.redraw.record", "grids")
	if err != nil {
		return err
	}
	return p.ren.Page(w, r, web.Office, "grid/redrawing", &redrawingPage{frame: head, Record: rec, Area: area, Preview: undo})
}

func (p *Pages) undoRedraw(w http.ResponseWriter, r *http.Request, c Caller, rid id.ID) error {
	done, err := p.s.UndoRedraw(r.Context(), c, rid)
	if err != nil {
		return after(w, r, err, "/redrawings/"+rid.String(), "")
	}
	if done.ID == id.Zero {
		return errs.E("grid.UndoRedraw", errs.Conflict, "grid.redraw.nothing_left")
	}
	web.Flash(w, r, "ok", "grid.redraw.taken_back", strconv.Itoa(done.Doors))
	return web.Redirect(w, r, "/redrawings/"+rid.String())
}
