package command

import (
	"embed"
	"net/http"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

//go:embed all:templates
var templates embed.FS

// Pages serves the command board.
type Pages struct {
	s   *Service
	ren *web.Renderer
}

// NewPages adds the templates to ren and returns the pages.
func NewPages(s *Service, ren *web.Renderer) (*Pages, error) {
	return &Pages{s, ren}, ren.AddDir(templates, "templates")
}

// Register adds the routes to app.
func (p *Pages) Register(app *web.App) {
	app.Handle("GET /{$}", grid.Called(p.home))
	app.Handle("GET /board/{id}", grid.Called(p.board))
	app.Handle("GET /board/{id}/figures", grid.Called(p.figures))
}

// home leads workers to Today and everybody else to the board.
func (p *Pages) home(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	if len(c.Grants) == 0 {
		return p.ren.Page(w, r, web.Office, "command/none", boardPage{Meta: web.Meta{Title: web.T(r.Context(), "command.none")}})
	}
	if c.AtDoors() {
		return web.Redirect(w, r, "/today")
	}
	return p.show(w, r, c, id.Zero, false)
}

func (p *Pages) board(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	return p.byID(w, r, c, false)
}

func (p *Pages) figures(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	return p.byID(w, r, c, true)
}

func (p *Pages) byID(w http.ResponseWriter, r *http.Request, c grid.Caller, fragment bool) error {
	area, err := id.Parse(r.PathValue("id"))
	if err != nil {
		return errs.E("command.board", errs.NotFound, "grid.place.not_found")
	}
	return p.show(w, r, c, area, fragment)
}

type boardPage struct {
	web.Meta
	*Board
	Query   string // the chosen round, for links and refreshes
	Import  string // where rosters are imported; empty: not by this caller
	Choices []web.Option
	Form    web.Form
}

func (p *Pages) show(w http.ResponseWriter, r *http.Request, c grid.Caller, area id.ID, fragment bool) error {
	ctx := r.Context()
	var chosen id.ID
	if text := r.URL.Query().Get("round"); text != "" {
		var err error
		if chosen, err = id.Parse(text); err != nil {
			return errs.E("command.board", errs.NotFound, "error.not_found")
		}
	}
	b, err := p.s.Board(ctx, c, area, chosen)
	if err != nil {
		return err
	}
	d := boardPage{Board: b, Meta: web.Meta{Title: b.Area.Name, Menu: "board", Wide: true}}
	for _, a := range b.Above {
		crumb := web.Crumb{Text: a.Name}
		if c.CanPlace(grid.PlaceRead, a.Path) {
			crumb.Href = "/board/" + a.ID.String()
		}
		d.Crumbs = append(d.Crumbs, crumb)
	}
	if c.Can(grid.LedgerImport) {
		d.Import = "/imports"
	}
	if b.Round != nil {
		d.Query = "?round=" + b.Round.ID.String()
		d.Form.Values = map[string][]string{"round": {b.Round.ID.String()}}
		d.AsOf = clock.FromMs(b.AtMs)
	}
	for _, o := range b.Rounds {
		d.Choices = append(d.Choices, web.Option{Value: o.ID.String(), Text: o.Name})
	}
	if fragment {
		return p.ren.Fragment(w, r, "command/board", "command/figures", d)
	}
	return p.ren.Page(w, r, web.Office, "command/board", d)
}

// Outline is a row drawn on the map, with the SVG path of its area.
type Outline struct {
	Row
	Path string
}

// Outlines returns the rows with their outlines, where every child has one.
func (b *Board) Outlines() []Outline {
	if b.outlines.ViewBox == "" {
		return nil
	}
	at := make(map[id.ID]string, len(b.outlines.Tiles))
	for _, t := range b.outlines.Tiles {
		at[t.ID] = t.Path
	}
	var out []Outline
	for _, r := range b.Rows {
		if at[r.ID] != "" {
			out = append(out, Outline{r, at[r.ID]})
		}
	}
	return out
}

// ViewBox is the frame of the outlines; empty without geometry.
func (b *Board) ViewBox() string { return b.outlines.ViewBox }

// Level is the shade of a tile: 0 nothing accounted for, 4 nearly all, "full" all.
func (r Row) Level() string {
	if !r.InRound {
		return "0"
	}
	if r.Outstanding == 0 {
		return "full"
	}
	return string(rune('0' + min(4, 5*(r.Done+r.Exempt)/r.Total)))
}

// Href is the page a row leads to: the board of an area, the page of a place.
func (r Row) Href() string {
	if grid.Kind(r.Kind).IsArea() {
		return "/board/" + r.ID.String()
	}
	return "/places/" + r.ID.String()
}
