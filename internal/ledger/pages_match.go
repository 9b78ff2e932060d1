package ledger

import (
	"context"
	"html/template"
	"net/http"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/ledger/address"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

func (p *Pages) registerMatch(app *web.App) {
	for pattern, h := range map[string]grid.Handler{
		"GET /addresses":                          p.addresses,
		"POST /addresses":                         p.addresses,
		"POST /doors/{id}/address":                p.chooseDoor,
		"GET /places/{id}/aliases":                p.aliases,
		"POST /places/{id}/aliases/{item}/forget": p.forgetAlias,
	} {
		app.Handle(pattern, grid.Called(h))
	}
}

// maxLines of addresses are read at once on the page.
const maxLines = 50

type addressesPage struct {
	web.Meta
	Text    string
	Matches []matchView
	More    bool // some lines were left out
	Choose  bool // the caller may say which door is meant
}

// matchView is one address with what was understood, in the order of an address.
type matchView struct {
	Match
	Text  string
	Parts []part
}

// part is one field that an address told.
type part struct{ Key, Value string }

func partsOf(a address.Address) []part {
	var out []part
	for _, k := range address.Fields() {
		if v := a.Field(k); v != "" {
			out = append(out, part{"address.part." + k.String(), v})
		}
	}
	return out
}

// addresses reads the addresses that were typed or pasted, one a line.
func (p *Pages) addresses(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	ctx := r.Context()
	if err := c.Require("ledger.addresses", grid.PlaceRead); err != nil {
		return err
	}
	d := addressesPage{Meta: web.Meta{Title: web.T(ctx, "address.title"), Menu: "people", Crumbs: []web.Crumb{{Text: web.T(ctx, "ledger.search.title"), Href: "/search"}}},
		Text: r.PostFormValue("text"), Choose: c.Can(grid.LedgerRead)}
	var texts []string
	for line := range strings.Lines(d.Text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		if d.More = len(texts) == maxLines; d.More {
			break
		}
		texts = append(texts, line)
	}
	list, err := p.s.MatchAddresses(ctx, c, texts)
	if err != nil {
		return err
	}
	if err := p.s.InWords(ctx, c, list); err != nil {
		return err
	}
	for i, m := range list {
		d.Matches = append(d.Matches, matchView{m, texts[i], partsOf(m.Address)})
	}
	return p.ren.Page(w, r, layoutFor(c), "ledger/addresses", d)
}

// chooseDoor says which door an address means and shows that door.
func (p *Pages) chooseDoor(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	door := pathID(r)
	name, err := p.s.ChooseDoor(r.Context(), c, r.PostFormValue("text"), door)
	if err != nil {
		return err
	}
	if name != "" {
		web.Flash(w, r, "ok", "address.remembered", name)
	}
	return web.Redirect(w, r, "/doors/"+door.String()+"/households")
}

type aliasesPage struct {
	web.Meta
	Place id.ID
	Name  string
	Rows  []PlaceAlias
	May   bool
}

// aliases lists the remembered names of a compound.
func (p *Pages) aliases(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	ctx := r.Context()
	d := aliasesPage{Place: pathID(r)}
	var err error
	if d.Rows, err = p.s.Aliases(ctx, c, d.Place); err != nil {
		return err
	}
	name, path, err := p.s.placeName(ctx, c.District, d.Place)
	if err != nil {
		return err
	}
	d.Name, d.May = name, c.CanPlace(grid.PlaceWrite, path)
	d.Meta = web.Meta{Title: web.T(ctx, "address.aliases", name), Menu: "places", Crumbs: []web.Crumb{{Text: name, Href: "/places/" + d.Place.String()}}}
	return p.ren.Page(w, r, layoutFor(c), "ledger/aliases", d)
}

func (p *Pages) forgetAlias(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	if err := p.s.ForgetAlias(r.Context(), c, pathID(r), id.From(r.PathValue("item"))); err != nil {
		return err
	}
	web.Flash(w, r, "ok", "address.forgotten")
	return web.Redirect(w, r, "/places/"+r.PathValue("id")+"/aliases")
}

// aliasSection renders the part of compounds' pages.
var aliasSection = web.Part(sectionFiles, "section/aliases.html")

// AliasSection shows on the page of a compound or group how many names people
// remembered for it, and leads to them.
func (s *Service) AliasSection(ctx context.Context, c grid.Caller, p grid.Place) (template.HTML, error) {
	if p.Kind != grid.Compound && p.Kind != grid.Group || !c.CanPlace(grid.PlaceRead, p.Path) {
		return "", nil
	}
	list, err := aliasesOf(ctx, s.db.Read(), c.District, p.ID)
	if err != nil || len(list) == 0 {
		return "", err
	}
	return aliasSection(web.Lang(ctx), struct {
		Place id.ID
		Names []PlaceAlias
	}{p.ID, list})
}
