package grid

import (
	"context"
	"fmt"
	"slices"

	"github.com/paulmach/orb"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// GeoReport says what an import of outlines did.
type GeoReport struct {
	Matched int      `json:"matched"`
	Unknown []string `json:"unknown" doc:"Names or codes of outlines that are no area of the district"`
}

// ImportGeoJSON keeps the outlines of areas from a GeoJSON FeatureCollection,
// matched by code, else by name. datum is WGS84 or GCJ-02. Needs place.write
// for the whole district.
func (s *Service) ImportGeoJSON(ctx context.Context, c Caller, raw []byte, datum string) (GeoReport, error) {
	const op = "grid.ImportGeoJSON"
	var report GeoReport
	if err := c.RequirePlace(op, PlaceWrite, rootPath(c.District)); err != nil {
		return report, err
	}
	if datum != WGS84 && datum != GCJ02 {
		return report, errs.Field(errs.E(op, errs.Invalid, "error.bad_choice"), "datum")
	}
	features, err := readGeoJSON(raw)
	if err != nil {
		return report, err
	}
	areas, err := areasOf(ctx, s.d.Read(), c.District)
	if err != nil {
		return report, errs.Wrap(op, err)
	}
	shapes := map[id.ID]string{}
	for _, f := range features {
		p, ok := matchArea(areas, f)
		if !ok {
			report.Unknown = append(report.Unknown, label(f))
			continue
		}
		if shapes[p.ID], err = packShape(f.shape); err != nil {
			return report, errs.Wrap(op, err)
		}
	}
	report.Matched = len(shapes)
	if len(shapes) == 0 {
		return report, errs.E(op, errs.Invalid, "grid.geo.no_match")
	}
	err = s.d.Write(ctx, op, func(tx *db.Tx) error {
		for _, p := range areas {
			if text, ok := shapes[p.ID]; ok {
				if err := writeShape(ctx, tx, c.District, p.ID, datum, text, s.nowMs()); err != nil {
					return err
				}
			}
		}
		s.placesChanged(tx)
		return s.note(ctx, tx, c, PlaceWrite, "grid.geometry.import", "place", id.Zero, fmt.Sprintf("shapes=%d datum=%s", len(shapes), datum))
	})
	return report, err
}

func label(f feature) string {
	if len(f.names) > 0 {
		return f.names[0]
	}
	return f.code
}

// matchArea finds the area of an outline: by code, else by its only namesake.
func matchArea(areas []Place, f feature) (Place, bool) {
	if f.code != "" {
		i := slices.IndexFunc(areas, func(p Place) bool { return p.Code == f.code })
		if i >= 0 {
			return areas[i], true
		}
	}
	var found []Place
	for _, p := range areas {
		if slices.Contains(f.names, p.Name) {
			found = append(found, p)
		}
	}
	if len(found) == 1 {
		return found[0], true
	}
	return Place{}, false
}

// TileMap returns the map of an area's children: their outlines where all have
// one, and always a schematic place for each.
func (s *Service) TileMap(ctx context.Context, c Caller, parent Place) (TileMap, error) {
	const op = "grid.TileMap"
	if err := c.Require(op, PlaceRead); err != nil {
		return TileMap{}, err
	}
	children, err := s.Children(ctx, c, parent)
	if err != nil {
		return TileMap{}, err
	}
	places := make([]Place, 0, len(children))
	for _, n := range children {
		places = append(places, n.Place)
	}
	m := newTileMap(places)
	texts, datum, err := shapesOf(ctx, s.d.Read(), c.District, parent.ID)
	if err != nil {
		return m, errs.Wrap(op, err)
	}
	shapes := map[id.ID]orb.MultiPolygon{}
	for pid, text := range texts {
		if shapes[pid], err = unpackShape(text); err != nil {
			return m, errs.Wrap(op, err)
		}
	}
	m.draw(shapes)
	if m.ViewBox != "" {
		m.Datum = datum
	}
	return m, nil
}
