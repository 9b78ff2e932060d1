package ledger

import (
	"context"
	"embed"
	"html/template"
	"net/http"
	"net/url"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

func (p *Pages) registerFacets(app *web.App) {
	app.Handle("GET /facets", grid.Called(p.completeness))
	app.Handle("GET /facets/doors", grid.Called(p.lacking))
}

type facetsPage struct {
	web.Meta
	Tabs     []web.Item
	C        *Completeness
	Where    string
	Heads    []facetHead
	MayDoors bool // the doors behind the figures are the caller's to see
}

// facetHead is a facet with its figure for the whole place.
type facetHead struct {
	Key, Name, Help string
	Met, Doors      int
	Href            string
}

// completeness shows how complete the records of a place are; without a place
// that of the caller's highest post.
func (p *Pages) completeness(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	ctx := r.Context()
	place := id.From(r.URL.Query().Get("place"))
	if place == id.Zero {
		var err error
		if place, err = p.s.highest(ctx, c); err != nil {
			return err
		}
	}
	v, err := p.s.Completeness(ctx, c, place)
	if err != nil {
		return err
	}
	name, path, err := p.s.placeName(ctx, c.District, place)
	if err != nil {
		return err
	}
	d := facetsPage{Meta: web.Meta{Title: web.T(ctx, "ledger.facets.title"), Menu: "people", Wide: true, AsOf: clock.FromMs(v.AsOfMs)}, Tabs: peopleTabs(ctx, c, "/facets"), C: v, Where: name,
		MayDoors: len(path) >= communityLen && (c.IsSystem() || seeing(c, grid.FieldAddress).CanPlace(grid.LedgerRead, path))}
	for i, key := range v.Facets {
		h := facetHead{Key: key, Name: web.T(ctx, "ledger.facet."+key), Help: web.T(ctx, "ledger.facet."+key+".help"), Met: v.Total.Met[i], Doors: v.Total.Of[i]}
		if d.MayDoors && h.Met < h.Doors {
			h.Href = "/facets/doors?" + url.Values{"place": {place.String()}, "facet": {key}}.Encode()
		}
		d.Heads = append(d.Heads, h)
	}
	return p.ren.Page(w, r, layoutFor(c), "ledger/facets", d)
}

type lackingPage struct {
	web.Meta
	Rows []LackingDoor
	More bool
	Help string
}

// lacking lists the doors whose records lack a facet.
func (p *Pages) lacking(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	ctx, q := r.Context(), r.URL.Query()
	place, facet := id.From(q.Get("place")), q.Get("facet")
	d := lackingPage{}
	var err error
	if d.Rows, d.More, err = p.s.Lacking(ctx, c, place, facet); err != nil {
		return err
	}
	name, _, err := p.s.placeName(ctx, c.District, place)
	if err != nil {
		return err
	}
	d.Help = web.T(ctx, "ledger.facet."+facet+".help")
	d.Meta = web.Meta{Title: web.T(ctx, "ledger.facet.lacking", name, web.T(ctx, "ledger.facet."+facet)), Menu: "people",
		Crumbs: []web.Crumb{{Text: web.T(ctx, "ledger.facets.title"), Href: "/facets?place=" + place.String()}}}
	return p.ren.Page(w, r, layoutFor(c), "ledger/lacking", d)
}

//go:embed section
var sectionFiles embed.FS

// facetSection renders the part of area pages.
var facetSection = web.Part(sectionFiles, "section/facets.html")

// AreaSection shows on the page of an area or compound how complete its records
// are, as far as it is counted already.
func (s *Service) AreaSection(ctx context.Context, c grid.Caller, p grid.Place) (template.HTML, error) {
	if c.AtDoors() || !c.CanPlace(grid.PlaceRead, p.Path) || p.Kind == grid.Door || p.Kind == grid.Point {
		return "", nil
	}
	v, err := s.completeness(ctx, c, p.ID, false)
	if err != nil || v.Total.Doors == 0 && v.Missing == 0 {
		return "", err
	}
	type row struct {
		Key        string
		Met, Doors int
	}
	var rows []row
	for i, key := range v.Facets {
		if v.Missing == 0 {
			rows = append(rows, row{key, v.Total.Met[i], v.Total.Of[i]})
		}
	}
	return facetSection(web.Lang(ctx), map[string]any{"Rows": rows, "Place": p.ID})
}
