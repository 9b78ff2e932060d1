package grid

import (
	"net/http"
	"net/url"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

type vacanciesPage struct {
	frame
	*Vacancies
	Lang    string
	At      string // as the field of the form writes it; empty: now
	Tonight string // two o'clock of the coming night
	Ways    map[id.ID]string
	CanPost bool
}

// Href is the page about another place at the same instant.
func (d vacanciesPage) Href(place id.ID) string {
	return vacancyHref(place, d.At, d.OnDuty)
}

// NowHref and TonightHref lead to what is vacant by the roster.
func (d vacanciesPage) NowHref() string     { return vacancyHref(d.Node.ID, "", true) }
func (d vacanciesPage) TonightHref() string { return vacancyHref(d.Node.ID, d.Tonight, true) }

// PostsHref leads to what nobody holds at all, now.
func (d vacanciesPage) PostsHref() string { return vacancyHref(d.Node.ID, "", false) }

func vacancyHref(place id.ID, at string, onDuty bool) string {
	return "/vacancies?" + vacancyQuery(place, at, onDuty)
}

func vacancyQuery(place id.ID, at string, onDuty bool) string {
	q := url.Values{"place": {place.String()}}
	if at != "" {
		q.Set("at", at)
	}
	if onDuty {
		q.Set("duty", "1")
	}
	return q.Encode()
}

// fieldTime is how a form's field writes an instant.
const fieldTime = "2006-01-02T15:04"

// moment reads an instant of a form, in UTC+8; empty is 0.
func moment(r *http.Request, name string) (int64, error) {
	s := r.FormValue(name)
	if s == "" {
		return 0, nil
	}
	t, err := time.ParseInLocation(fieldTime, s, clock.CST)
	if err != nil {
		return 0, errs.Field(errs.E("grid.moment", errs.Invalid, "error.bad_date"), name)
	}
	return clock.Ms(t), nil
}

// ReadWhen reads the instant of vacancies from a form: at, in UTC+8, and duty.
func ReadWhen(r *http.Request) (When, error) {
	at, err := moment(r, "at")
	return When{AtMs: at, OnDuty: r.FormValue("duty") == "1"}, err
}

// ExportHref leads to the list as a file.
func (d vacanciesPage) ExportHref() string {
	return "/lists/vacancies/file?" + vacancyQuery(d.Node.ID, d.At, d.OnDuty)
}

// Label writes a place's name as people say it.
func (d vacanciesPage) Label(p Place) string { return Label(d.Lang, p) }

func (p *Pages) vacancies(w http.ResponseWriter, r *http.Request, c Caller, at Place) error {
	ctx := r.Context()
	when, err := ReadWhen(r)
	if err != nil {
		return err
	}
	v, err := p.s.Vacancies(ctx, c, at.ID, when)
	if err != nil {
		return err
	}
	d := &vacanciesPage{Vacancies: v, Lang: c.Lang, At: r.FormValue("at"), CanPost: c.CanPlace(PostWrite, at.Path)}
	d.Title, d.Menu = web.T(ctx, "grid.vacancies.title", Label(c.Lang, at)), "vacancies"
	night := clock.DayStart(p.s.clk.Now()).Add(2 * time.Hour)
	if !night.After(p.s.clk.Now()) {
		night = night.AddDate(0, 0, 1)
	}
	d.Tonight = night.In(clock.CST).Format(fieldTime)
	above, err := p.s.Ancestors(ctx, c, at)
	if err != nil {
		return err
	}
	for _, a := range above {
		if c.CanPlace(PlaceRead, a.Path) {
			d.Crumbs = append(d.Crumbs, web.Crumb{Text: Label(c.Lang, a), Href: d.Href(a.ID)})
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
