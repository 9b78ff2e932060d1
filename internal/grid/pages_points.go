package grid

import (
	"net/http"
	"net/url"

	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

const pointsPerPage = 200

type pointsPage struct {
	frame
	Place    Place
	Points   []Place
	Ways     map[id.ID]string
	CanWrite bool
	Next     string
}

func (p *Pages) points(w http.ResponseWriter, r *http.Request, c Caller, at Place) error {
	ctx := r.Context()
	head, err := p.head(ctx, c, at, "grid.points.title", "areas")
	if err != nil {
		return err
	}
	d := &pointsPage{frame: head, Place: at, CanWrite: c.CanPlace(PlaceWrite, at.Path)}
	if d.Points, err = p.s.SubtreePage(ctx, c, at.Path, r.FormValue("after"), []Kind{Point}, pointsPerPage); err != nil {
		return err
	}
	if n := len(d.Points); n == pointsPerPage {
		d.Next = "/points?" + url.Values{"place": {at.ID.String()}, "after": {d.Points[n-1].Path}}.Encode()
	}
	if d.Ways, err = p.s.ways(ctx, c, d.Points); err != nil {
		return err
	}
	return p.ren.Page(w, r, web.Office, "grid/points", d)
}
