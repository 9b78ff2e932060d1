package grid

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/simplify"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// The datums in which geometry may come. They differ by some hundred metres;
// the drawing is the same, so only which one it is gets noted.
const (
	WGS84 = "WGS84"
	GCJ02 = "GCJ-02"
)

// maxGeometry bounds an uploaded geometry, in bytes.
const maxGeometry = 32 << 20

// feature is the outline of an area as read from GeoJSON.
type feature struct {
	code  string // 12 digits, where the properties name one
	names []string
	shape orb.MultiPolygon
}

// readGeoJSON reads the polygons of a FeatureCollection. Codes are looked for
// in adcode, code, gb and id, names in name and fullname. Points and lines are
// left out.
func readGeoJSON(raw []byte) ([]feature, error) {
	const op = "grid.readGeoJSON"
	if len(raw) > maxGeometry {
		return nil, errs.E(op, errs.Invalid, "error.too_big", maxGeometry>>10)
	}
	var fc struct {
		Features []struct {
			Properties map[string]any `json:"properties"`
			Geometry   geometry       `json:"geometry"`
		} `json:"features"`
	}
	if err := json.Unmarshal(bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf")), &fc); err != nil {
		return nil, &errs.Error{Op: op, Kind: errs.Invalid, Key: "grid.geo.unreadable", Err: err}
	}
	var out []feature
	for _, f := range fc.Features {
		m, err := f.Geometry.polygons()
		if err != nil {
			return nil, &errs.Error{Op: op, Kind: errs.Invalid, Key: "grid.geo.unreadable", Err: err}
		}
		if len(m) == 0 {
			continue
		}
		if !finite(m) {
			return nil, errs.E(op, errs.Invalid, "grid.geo.bad_numbers")
		}
		out = append(out, feature{code: codeOf(f.Properties), names: namesOf(f.Properties), shape: m})
	}
	if len(out) == 0 {
		return nil, errs.E(op, errs.Invalid, "grid.geo.no_shapes")
	}
	return out, nil
}

// geometry is a GeoJSON geometry (RFC 7946).
type geometry struct {
	Type        string          `json:"type"`
	Coordinates json.RawMessage `json:"coordinates"`
}

// polygons returns the geometry as polygons; points and lines are none.
func (g geometry) polygons() (orb.MultiPolygon, error) {
	var m orb.MultiPolygon
	var err error
	switch g.Type {
	case "Polygon":
		var p orb.Polygon
		err = json.Unmarshal(g.Coordinates, &p)
		m = orb.MultiPolygon{p}
	case "MultiPolygon":
		err = json.Unmarshal(g.Coordinates, &m)
	}
	return m, err
}

// finite reports whether all coordinates are degrees of longitude and latitude.
func finite(m orb.MultiPolygon) bool {
	for _, poly := range m {
		for _, ring := range poly {
			for _, p := range ring {
				if !(math.Abs(p[0]) <= 180 && math.Abs(p[1]) <= 90) {
					return false
				}
			}
		}
	}
	return true
}

func codeOf(props map[string]any) string {
	for _, key := range []string{"adcode", "code", "gb", "id"} {
		s := ""
		switch v := props[key].(type) {
		case string:
			s = v
		case float64:
			s = strconv.FormatFloat(v, 'f', 0, 64)
		}
		s = strings.TrimPrefix(s, "156") // gb codes begin with the country where they have nine digits
		if !digitsOnly(s) || len(s) > 12 || len(s) < 6 {
			continue
		}
		return s + "000000000000"[:12-len(s)]
	}
	return ""
}

func namesOf(props map[string]any) []string {
	var out []string
	for _, key := range []string{"name", "fullname", "NAME"} {
		if s, ok := props[key].(string); ok && s != "" {
			out = append(out, s)
		}
	}
	return out
}

// packShape writes an outline as GeoJSON, thinned to what a screen can show.
func packShape(m orb.MultiPolygon) (string, error) {
	b := m.Bound()
	size := math.Max(b.Max[0]-b.Min[0], b.Max[1]-b.Min[1])
	thin := simplify.DouglasPeucker(size / 2000).MultiPolygon(m.Clone())
	coords, err := json.Marshal(thin)
	if err != nil {
		return "", err
	}
	raw, err := json.Marshal(geometry{Type: "MultiPolygon", Coordinates: coords})
	return string(raw), err
}

func unpackShape(text string) (orb.MultiPolygon, error) {
	var g geometry
	if err := json.Unmarshal([]byte(text), &g); err != nil {
		return nil, err
	}
	return g.polygons()
}

// Tile is one area on the board's map: a cell of the schematic map, and its
// outline where geometry was imported.
type Tile struct {
	ID   id.ID  `json:"id"`
	Name string `json:"name"`
	Code string `json:"code,omitempty"`
	Row  int    `json:"row"`
	Col  int    `json:"col"`
	Path string `json:"path,omitempty" doc:"SVG path in the map's view box"`
}

// TileMap is a map of an area's children. Without geometry it is schematic:
// cells in the order of the codes, as near to a square as it goes.
type TileMap struct {
	Rows    int    `json:"rows"`
	Cols    int    `json:"cols"`
	Tiles   []Tile `json:"tiles"`
	ViewBox string `json:"view_box,omitempty" doc:"Set when all tiles have an outline"`
	Datum   string `json:"datum,omitempty"`
}

// layout places n cells on a grid that is as near to a square as it goes, a
// little wider than high, without an empty row.
func layout(n int) (rows, cols int) {
	if n == 0 {
		return 0, 0
	}
	cols = int(math.Ceil(math.Sqrt(float64(n) * 1.3)))
	return (n + cols - 1) / cols, cols
}

// newTileMap lays out places in the order of their paths.
func newTileMap(places []Place) TileMap {
	list := slices.Clone(places)
	slices.SortFunc(list, func(a, b Place) int { return strings.Compare(a.Path, b.Path) })
	m := TileMap{}
	m.Rows, m.Cols = layout(len(list))
	for i, p := range list {
		m.Tiles = append(m.Tiles, Tile{ID: p.ID, Name: p.Name, Code: p.Code, Row: i / m.Cols, Col: i % m.Cols})
	}
	return m
}

// viewWidth is the width of the map's view box.
const viewWidth = 1000.0

// draw turns outlines into paths of one view box; north is up and a degree of
// longitude is shortened by the latitude.
func (m *TileMap) draw(shapes map[id.ID]orb.MultiPolygon) {
	first := true
	var bound orb.Bound
	for _, t := range m.Tiles {
		if len(shapes[t.ID]) == 0 {
			return
		}
		if b := shapes[t.ID].Bound(); first {
			bound, first = b, false
		} else {
			bound = bound.Union(b)
		}
	}
	if first || bound.Max[0] <= bound.Min[0] {
		return
	}
	squeeze := math.Cos(bound.Center()[1] * math.Pi / 180)
	scale := viewWidth / ((bound.Max[0] - bound.Min[0]) * squeeze)
	for i := range m.Tiles {
		m.Tiles[i].Path = svgPath(shapes[m.Tiles[i].ID], func(p orb.Point) (x, y float64) {
			return (p[0] - bound.Min[0]) * squeeze * scale, (bound.Max[1] - p[1]) * scale
		})
	}
	m.ViewBox = "0 0 " + coordinate(viewWidth) + " " + coordinate((bound.Max[1]-bound.Min[1])*scale)
}

func svgPath(shape orb.MultiPolygon, project func(orb.Point) (x, y float64)) string {
	var b strings.Builder
	for _, poly := range shape {
		for _, ring := range poly {
			for i, p := range ring {
				cmd := "L"
				if i == 0 {
					cmd = "M"
				}
				x, y := project(p)
				b.WriteString(cmd + coordinate(x) + " " + coordinate(y))
			}
			b.WriteString("Z")
		}
	}
	return b.String()
}

func coordinate(f float64) string {
	return strconv.FormatFloat(math.Round(f*10)/10, 'f', -1, 64)
}
