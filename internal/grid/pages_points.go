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

func (p *Pages) points(w http.ResponseWriter, r *http.Request, c Caller, at Place) error {
	ctx := r.Context()
	head, err := p.head(ctx, c, at, "grid.points.title", "areas")
	if err != nil {
		return err
	}
	d := &pointsPage{frame: head, Place: at, CanWrite: c.CanPlace(PlaceWrite, at.Path)}
	if d.Points, err = p.s.SubtreePage(ctx, c, at.Path, r.FormValue("after"), []Kind{Point}, 500); err != nil {
		return err
	}
	if d.Ways, err = p.s.ways(ctx, c, d.Points); err != nil {
		return err
	}
	return p.ren.Page(w, r, web.Office, "grid/points", d)
}
