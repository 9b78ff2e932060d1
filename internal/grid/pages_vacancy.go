package grid

import (
	"net/http"

	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

type vacanciesPage struct {
	frame
	*Vacancies
	Lang    string
	At      string
	Ways    map[id.ID]string
	CanPost bool
}

// Label writes a place's name as people say it.
func (d vacanciesPage) Label(p Place) string { return Label(d.Lang, p) }

func (p *Pages) vacancies(w http.ResponseWriter, r *http.Request, c Caller, at Place) error {
	ctx := r.Context()
	when, err := day(r, "day", false)
	if err != nil {
		return err
	}
	v, err := p.s.Vacancies(ctx, c, at.ID, when)
	if err != nil {
		return err
	}
	d := &vacanciesPage{Vacancies: v, Lang: c.Lang, At: r.FormValue("day"), CanPost: c.CanPlace(PostWrite, at.Path)}
	d.Title, d.Menu = web.T(ctx, "grid.vacancies.title", Label(c.Lang, at)), "vacancies"
	above, err := p.s.Ancestors(ctx, c, at)
	if err != nil {
		return err
	}
	for _, a := range above {
		if c.CanPlace(PlaceRead, a.Path) {
			d.Crumbs = append(d.Crumbs, web.Crumb{Text: Label(c.Lang, a), Href: "/vacancies?place=" + a.ID.String()})
		}
	}
	places := make([]Place, len(v.Leaves))
	for i, l := range v.Leaves {
		places[i] = l.Place
	}
	if d.Ways, err = p.s.ways(ctx, c, places); err != nil {
		return err
	}
	return p.ren.Page(w, r, web.Office, "grid/vacancies", d)
}
