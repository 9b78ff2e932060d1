package duty

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// layout is the phone's for who works at doors, the office's for all others.
func layout(c grid.Caller) web.Layout {
	if c.AtDoors() {
		return web.Phone
	}
	return web.Office
}

type newCallPage struct {
	web.Meta
	Form     web.Form
	At       string       // the place, where it is known before
	Found    []web.Option // places that the text may mean
	Kinds    []web.Option
	MayClose bool // answer on the phone
}

func (p *Pages) readNew(r *http.Request, c grid.Caller, v url.Values) (d newCallPage, err error) {
	ctx := r.Context()
	if err := c.Require("duty.call", grid.TaskDo); err != nil {
		return d, err
	}
	d.Meta = web.Meta{Title: web.T(ctx, "duty.call.new"), Menu: "duty", Crumbs: []web.Crumb{{Text: web.T(ctx, "duty.calls"), Href: "/duty/calls"}}}
	d.Form.Values = v
	for _, k := range Kinds {
		d.Kinds = append(d.Kinds, web.Option{Value: k, Text: web.T(ctx, "duty.kind."+k)})
	}
	d.MayClose = c.Can(grid.TaskIssue)
	if v.Get("at") != "" {
		at, err := p.place(r, c, v.Get("at"))
		if err != nil {
			return d, err
		}
		ways, err := p.s.Grid.Ways(ctx, c, []grid.Place{at})
		d.At = ways[at.ID]
		return d, err
	}
	return d, nil
}

// newCall is the form of a call: where, what kind, a line of words.
func (p *Pages) newCall(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	d, err := p.readNew(r, c, url.Values{"at": {r.URL.Query().Get("place")}, "kind": {Kinds[0]}})
	if err != nil {
		return err
	}
	return p.ren.Page(w, r, layout(c), "duty/new", d)
}

// logCall logs a call, or asks which place was meant.
func (p *Pages) logCall(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	f := r.PostForm
	place, found, err := p.where(r, c)
	if err == nil && place != id.Zero {
		var call Call
		call, err = p.s.Log(r.Context(), c, NewCall{PlaceID: place, Kind: f.Get("kind"), Words: f.Get("words"), Phone: f.Get("phone"), Answered: f.Get("answered") == "1"})
		if err == nil {
			web.Flash(w, r, "ok", "duty.call.logged")
			return web.Redirect(w, r, "/duty/calls/"+call.ID.String())
		}
	}
	if err != nil && !errs.Is(err, errs.Invalid) {
		return err
	}
	d, again := p.readNew(r, c, f)
	if again != nil {
		return again
	}
	d.Form.Errors = web.FormErrors(r.Context(), err)
	d.Found = found
	if d.Found != nil {
		d.Form.Values.Set("asked", f.Get("where"))
	}
	return p.ren.PageStatus(w, r, http.StatusUnprocessableEntity, layout(c), "duty/new", d)
}

// where is the place a call is about: the one the form was opened for, the one
// chosen from those found, or the only one that the text means. Without any
// text it is the caller's own area.
func (p *Pages) where(r *http.Request, c grid.Caller) (id.ID, []web.Option, error) {
	f := r.PostForm
	if at := f.Get("at"); at != "" {
		v, err := id.Parse(at)
		return v, nil, err
	}
	text := strings.TrimSpace(f.Get("where"))
	if chosen, err := id.Parse(f.Get("place")); err == nil && chosen != id.Zero && text == f.Get("asked") {
		return chosen, nil, nil
	}
	if text == "" {
		home, err := p.s.Grid.HomeArea(r.Context(), c)
		return home.ID, nil, err
	}
	hits, err := p.s.Grid.Find(r.Context(), c, text, id.Zero)
	if err != nil {
		return id.Zero, nil, err
	}
	list := append(hits.Doors, hits.Places...)
	switch {
	case len(list) == 0:
		return id.Zero, nil, errs.Field(errs.E("duty.where", errs.Invalid, "duty.call.not_there"), "where")
	case len(list) == 1 || len(hits.Doors) == 1:
		return list[0].ID, nil, nil
	}
	var out []web.Option
	for _, h := range list[:min(len(list), maxFound)] {
		out = append(out, web.Option{Value: h.ID.String(), Text: strings.TrimSpace(h.Where + " " + h.Text)})
	}
	return id.Zero, out, errs.Field(errs.E("duty.where", errs.Invalid, "duty.call.which"), "place")
}

// maxFound bounds the places offered to choose from.
const maxFound = 12

type callsPage struct {
	web.Meta
	Area  grid.Place
	Name  string
	Day   string
	Rota  Rota
	Calls []Call
	Late  int
	Phone bool // in the phone's layout, which has no room for a table
}

// calls lists the calls of a day, without one named of today.
func (p *Pages) calls(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	ctx, q := r.Context(), r.URL.Query()
	var d callsPage
	var err error
	if q.Get("area") == "" {
		d.Area, err = p.s.Grid.HomeArea(ctx, c)
	} else {
		d.Area, err = p.place(r, c, q.Get("area"))
	}
	if err != nil {
		return err
	}
	day := p.s.Clock.Now()
	if q.Get("day") != "" {
		if day, err = time.ParseInLocation(time.DateOnly, q.Get("day"), clock.CST); err != nil {
			return errs.Field(errs.E("duty.calls", errs.Invalid, "error.bad_date"), "day")
		}
	}
	if d.Calls, err = p.s.Calls(ctx, c, d.Area.ID, day); err != nil {
		return err
	}
	for _, call := range d.Calls {
		if call.Late {
			d.Late++
		}
	}
	if d.Rota, err = p.s.Rota(ctx, c, d.Area.ID); err != nil {
		return err
	}
	d.Name, d.Day, d.Phone = grid.Label(c.Lang, d.Area), clock.Day(day), layout(c) == web.Phone
	d.Meta = web.Meta{Title: web.T(ctx, "duty.calls"), Menu: "duty", Crumbs: []web.Crumb{{Text: web.T(ctx, "duty.title"), Href: "/duty"}}}
	return p.ren.Page(w, r, layout(c), "duty/calls", d)
}

type callPage struct {
	web.Meta
	Call
	Phone  string // shown, once it was asked for
	CodeAt string // address at which anybody looks a code up
}

// Tell is the code as it is told.
func (d callPage) Tell() string { return ShowCode(d.Code) }

func (p *Pages) call(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	return p.showCall(w, r, c, func(id.ID) (string, error) { return "", nil })
}

// phone shows the number to call back; the look is on record.
func (p *Pages) phone(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	return p.showCall(w, r, c, func(call id.ID) (string, error) { return p.s.Phone(r.Context(), c, call) })
}

func (p *Pages) showCall(w http.ResponseWriter, r *http.Request, c grid.Caller, phone func(id.ID) (string, error)) error {
	v, err := id.Parse(r.PathValue("id"))
	if err != nil {
		return errs.E("duty.call", errs.NotFound, "duty.call.not_found")
	}
	d := callPage{CodeAt: web.ServerURL(r) + "/code", Meta: web.Meta{Title: web.T(r.Context(), "duty.call"), Menu: "duty", Crumbs: []web.Crumb{{Text: web.T(r.Context(), "duty.calls"), Href: "/duty/calls"}}}}
	if d.Call, err = p.s.Call(r.Context(), c, v); err != nil {
		return err
	}
	if d.Phone, err = phone(v); err != nil {
		return err
	}
	return p.ren.Page(w, r, layout(c), "duty/call", d)
}

type codePage struct {
	web.Meta
	Form web.Form
	*Progress
	Tell string
}

// askCode asks for the code of a call, and leads to its page.
func (p *Pages) askCode(w http.ResponseWriter, r *http.Request) error {
	if code := CleanCode(r.Form.Get("c")); code != "" {
		return web.Redirect(w, r, "/code/"+code)
	}
	d := p.codePage(r, r.Form.Get("c"))
	if d.Form.Value("c") == "" {
		return p.ren.Page(w, r, web.Plain, "duty/code", d)
	}
	d.Form.Errors = map[string]string{"c": web.T(r.Context(), "duty.code.none")}
	return p.ren.PageStatus(w, r, http.StatusUnprocessableEntity, web.Plain, "duty/code", d)
}

func (p *Pages) codePage(r *http.Request, code string) codePage {
	return codePage{Meta: web.Meta{Title: web.T(r.Context(), "duty.code.title")}, Form: web.Form{Values: url.Values{"c": {code}}}}
}

// code tells anybody with the code of a call how far it is.
func (p *Pages) code(w http.ResponseWriter, r *http.Request) error {
	ctx, code := r.Context(), r.PathValue("number")
	d := p.codePage(r, code)
	sys := grid.System(p.district, "how far a call is, shown to who has its code")
	sys.Lang = web.Lang(ctx)
	got, err := p.s.Progress(ctx, sys, code, web.Remote(r))
	if errs.Is(err, errs.Invalid) {
		d.Form.Errors = map[string]string{"c": web.FormErrors(ctx, err)["code"]}
		return p.ren.PageStatus(w, r, http.StatusUnprocessableEntity, web.Plain, "duty/code", d)
	}
	if err != nil {
		return err
	}
	d.Progress, d.Tell = &got, ShowCode(CleanCode(code))
	return p.ren.Page(w, r, web.Plain, "duty/code", d)
}
