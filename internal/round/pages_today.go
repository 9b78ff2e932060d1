package round

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// permille reads per cent, as "5" or "2.5", as thousandths.
func permille(s string) int {
	f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || f <= 0 || f > 100 {
		return 0
	}
	return max(1, int(f*10+0.5))
}

type todayPage struct {
	web.Meta
	Today Today
	Table web.Table
}

func (p *Pages) today(w http.ResponseWriter, r *http.Request) error {
	c, _, err := ask(r)
	if err != nil {
		return err
	}
	var d todayPage
	if d.Today, err = p.s.Today(r.Context(), c); err != nil {
		return err
	}
	d.Meta = web.Meta{Title: web.T(r.Context(), "round.today"), Menu: "today"}
	return p.ren.Page(w, r, web.Phone, "round/today", d)
}

// cardsPage shows cards, one a door.
type cardsPage struct {
	web.Meta
	Place   place
	Units   []place
	Rounds  []Round // those that may be marked in bulk here
	Cards   []Card
	Left    int
	Done    int
	All     bool
	Evening bool
	Form    web.Form
	Message string
	Back    string
}

func (p *Pages) cardsData(r *http.Request, c grid.Caller, at id.ID) (d cardsPage, err error) {
	ctx, q := r.Context(), r.URL.Query()
	if d.Place, err = selectPlace(ctx, p.s.DB.Read(), c.District, at); err != nil {
		return d, err
	}
	if d.Cards, err = p.s.Cards(ctx, c, CardQuery{Place: at, All: true}); err != nil {
		return d, err
	}
	d.All = q.Get("all") == "1"
	rounds := map[id.ID]bool{}
	for _, card := range d.Cards {
		for _, it := range card.Items {
			if it.Kind == Doors || it.Kind == Households {
				rounds[it.RoundID] = true
			}
		}
		if card.Left > 0 {
			d.Left++
		} else {
			d.Done++
		}
	}
	open, err := p.s.openRounds(ctx, c)
	for _, rd := range open {
		if rounds[rd.ID] {
			d.Rounds = append(d.Rounds, rd)
		}
	}
	if err == nil {
		d.Units, err = children(ctx, p.s.DB.Read(), c.District, at)
	}
	if err == nil {
		err = d.say(ctx, p.s, c)
	}
	d.Back = "/today/" + at.String()
	d.Meta = web.Meta{Title: d.Place.Name, Menu: "today", Crumbs: []web.Crumb{{Text: web.T(ctx, "round.today"), Href: "/today"}}}
	return d, err
}

// Asked returns what the rounds of the cards ask, for the phone's outbox.
func (d cardsPage) Asked() []DayRound { return roundsOf(d.Cards) }

// say writes the names of the page's places as people say them.
func (d *cardsPage) say(ctx context.Context, s *Service, c grid.Caller) error {
	above, err := placesByID(ctx, s.DB.Read(), c.District, []id.ID{d.Place.ParentID})
	d.Place.Name = saidIn(c.Lang, above[d.Place.ParentID], d.Place)
	for i := range d.Units {
		d.Units[i].Name = d.Units[i].label(c.Lang)
	}
	return err
}

func (p *Pages) todayPlace(w http.ResponseWriter, r *http.Request) error {
	c, at, err := ask(r)
	if err != nil {
		return err
	}
	d, err := p.cardsData(r, c, at)
	if err != nil {
		return err
	}
	return p.ren.Page(w, r, web.Phone, "round/cards", d)
}

func (p *Pages) evening(w http.ResponseWriter, r *http.Request) error {
	c, _, err := ask(r)
	if err != nil {
		return err
	}
	d := cardsPage{Evening: true, Back: "/today/evening"}
	if d.Cards, err = p.s.Cards(r.Context(), c, CardQuery{Evening: true}); err != nil {
		return err
	}
	d.Left = len(d.Cards)
	d.Meta = web.Meta{Title: web.T(r.Context(), "round.evening"), Menu: "evening", Crumbs: []web.Crumb{{Text: web.T(r.Context(), "round.today"), Href: "/today"}}}
	return p.ren.Page(w, r, web.Phone, "round/cards", d)
}

// bulk marks a unit or building all normal except some rooms, in every open
// round over its doors.
func (p *Pages) bulk(w http.ResponseWriter, r *http.Request) error {
	c, at, err := ask(r)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return err
	}
	target := idOf(r.PostForm, "unit")
	if target == id.Zero {
		target = at
	}
	marked, excepted := 0, 0
	for _, rid := range r.PostForm["round"] {
		v, perr := id.Parse(rid)
		if perr != nil {
			continue
		}
		var res BulkResult
		if res, err = p.s.BulkNormal(r.Context(), c, BulkInput{RoundID: v, PlaceID: target, Except: r.PostForm.Get("except"), ClientKey: roundKey(r.PostForm.Get(web.KeyField), v)}); err != nil {
			break
		}
		marked = max(marked, res.Marked) // doors, not marks
		excepted = len(res.Excepted)
	}
	if err == nil {
		web.Flash(w, r, "ok", "round.flash.bulk", itoa(marked), itoa(excepted))
		return web.Redirect(w, r, "/today/"+at.String())
	}
	form, message, status, ok := again(r, err, r.PostForm)
	if !ok {
		return err
	}
	d, derr := p.cardsData(r, c, at)
	if derr != nil {
		return derr
	}
	d.Form, d.Message = form, message
	return p.ren.PageStatus(w, r, status, web.Phone, "round/cards", d)
}

// roundKey makes the key of one form's writing into one round.
func roundKey(form string, round id.ID) string {
	if form == "" {
		return ""
	}
	return form[:min(len(form), 38)] + "-" + round.String()
}

// shell shows the page that a phone keeps for when there is no network: nothing
// of anybody stands in it, the phone fills it with the day's doors.
func (p *Pages) shell(w http.ResponseWriter, r *http.Request) error {
	d := shellPage{Meta: web.Meta{Title: web.T(r.Context(), "round.today"), Menu: "today", Crumbs: []web.Crumb{{Text: web.T(r.Context(), "round.today"), Href: "/today"}}}, Buttons: cardButtons(true)}
	return p.ren.Page(w, r, web.Phone, "round/offline", d)
}

type shellPage struct {
	web.Meta
	Buttons []Result // of a card, at a door
}
