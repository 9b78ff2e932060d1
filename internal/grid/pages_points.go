package grid

import (
	"net/http"

	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

type pointsPage struct {
	frame
	Place    Place
	Points   []Place
	Ways     map[id.ID]string
	CanWrite bool
}

func (p *Pages) points(w http.ResponseWriter, r *http.Request) error {
	ctx := r.Context()
	c, err := caller(r)
	if err != nil {
		return err
	}
	at, err := p.under(r, c)
	if err != nil {
		return err
	}
	d := &pointsPage{Place: at, CanWrite: c.CanPlace(PlaceWrite, at.Path)}
	d.Title, d.Menu = web.T(ctx, "grid.points.title", Label(c.Lang, at)), "areas"
	if d.Crumbs, err = p.crumbs(ctx, c, at, true); err != nil {
		return err
	}
	if d.Points, err = p.s.SubtreePage(ctx, c, at.Path, r.FormValue("after"), []Kind{Point}, 500); err != nil {
		return err
	}
	if d.Ways, err = p.s.ways(ctx, c, d.Points); err != nil {
		return err
	}
	return p.ren.Page(w, r, web.Office, "grid/points", d)
}
