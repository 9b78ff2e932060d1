package round

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
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
	d.Meta = web.Meta{Title: web.T(r.Context(), "round.evening"), Menu: "today", Crumbs: []web.Crumb{{Text: web.T(r.Context(), "round.today"), Href: "/today"}}}
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

// doorItem is one round on a door's page, with its history.
type doorItem struct {
	CardItem
	History []Mark
	Labels  map[string]string // of questions, by key
}

type doorPage struct {
	web.Meta
	Card    Card
	Items   []doorItem
	Form    web.Form
	Message string
	Back    string
	Excuses []Word
}

func (p *Pages) doorData(r *http.Request, c grid.Caller, key id.ID) (d doorPage, err error) {
	ctx := r.Context()
	if d.Card, err = p.s.CardOf(ctx, c, key); err != nil {
		return d, err
	}
	for _, it := range d.Card.Items {
		x := doorItem{CardItem: it, Labels: map[string]string{}}
		if x.History, err = p.s.History(ctx, c, it.RoundID, it.Line.ObjectID); err != nil {
			return d, err
		}
		for _, f := range append(it.Fields[:len(it.Fields):len(it.Fields)], it.Each...) {
			x.Labels[f.Key] = f.Label.In(web.Lang(ctx))
		}
		d.Items = append(d.Items, x)
	}
	d.Excuses = Excuses()
	d.Back = web.SafeNext(r.FormValue("back"), "/today")
	d.Meta = web.Meta{Title: d.Card.Label, Menu: "today", Crumbs: []web.Crumb{{Text: web.T(ctx, "round.today"), Href: d.Back}}}
	return d, nil
}

func (p *Pages) door(w http.ResponseWriter, r *http.Request) error {
	c, key, err := ask(r)
	if err != nil {
		return err
	}
	d, err := p.doorData(r, c, key)
	if notMine(c, err) {
		return p.doorSeen(w, r, c, key)
	}
	if err != nil {
		return err
	}
	return p.ren.Page(w, r, web.Phone, "round/door", d)
}

// markDoor marks what was answered at a door: one round of it ("round" and
// "object" given) or all that is outstanding there at one touch.
func (p *Pages) markDoor(w http.ResponseWriter, r *http.Request) error {
	c, key, err := ask(r)
	if err != nil {
		return err
	}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
		err = r.ParseMultipartForm(1 << 20)
	} else {
		err = r.ParseForm()
	}
	if err != nil {
		return errs.E("round.mark", errs.Invalid, "error.bad_form")
	}
	card, err := p.s.CardOf(r.Context(), c, key)
	if err != nil {
		return err
	}
	err = p.markCard(r, c, card)
	back := web.SafeNext(r.PostForm.Get("back"), "/today")
	switch {
	case err == nil && web.IsHTMX(r):
		return p.cardAgain(w, r, c, key, back)
	case err == nil:
		web.Flash(w, r, "ok", "round.flash.marked")
		return web.Redirect(w, r, back+"#d"+key.String())
	case web.IsHTMX(r):
		return err
	}
	form, message, status, ok := again(r, err, r.PostForm)
	if !ok {
		return err
	}
	d, derr := p.doorData(r, c, key)
	if derr != nil {
		return derr
	}
	d.Form, d.Message = form, message
	return p.ren.PageStatus(w, r, status, web.Phone, "round/door", d)
}

// cardAgain answers with the card as it stands now.
func (p *Pages) cardAgain(w http.ResponseWriter, r *http.Request, c grid.Caller, key id.ID, back string) error {
	card, err := p.s.CardOf(r.Context(), c, key)
	if err != nil {
		return err
	}
	return p.ren.Fragment(w, r, "round/cards", "round/card", map[string]any{"Card": card, "Back": back})
}

// markCard makes the marks of one knock.
func (p *Pages) markCard(r *http.Request, c grid.Caller, card Card) error {
	only := idOf(r.PostForm, "round")
	object := idOf(r.PostForm, "object")
	var marks []MarkInput
	for _, it := range card.Items {
		if only != id.Zero && (it.RoundID != only || object != id.Zero && it.Line.ObjectID != object) {
			continue
		}
		if only == id.Zero && it.Line.State != Outstanding && it.Line.State != Attempted {
			continue
		}
		m, err := p.markOf(r, c, it)
		if err != nil {
			return err
		}
		marks = append(marks, m)
	}
	if len(marks) == 0 {
		return errs.E("round.mark", errs.Conflict, "round.nothing_left")
	}
	var faults []error
	for _, o := range p.s.MarkMany(r.Context(), c, marks) {
		if o.Err != nil {
			faults = append(faults, o.Err)
		}
	}
	return errors.Join(faults...)
}

// markOf reads one round's part of the door form.
func (p *Pages) markOf(r *http.Request, c grid.Caller, it CardItem) (MarkInput, error) {
	v := r.PostForm
	m := MarkInput{RoundID: it.RoundID, ObjectID: it.Line.ObjectID, Result: v.Get("result"), Note: v.Get("note"), How: How(v.Get("how")), Correct: v.Get("correct") == "1"}
	m.ClaimedMs, m.SentMs = number(v, "claimed_ms"), number(v, "sent_ms")
	if k := v.Get(web.KeyField); k != "" {
		m.ClientKey = k[:min(len(k), 38)] + "-" + it.RoundID.String() + "-" + it.Line.ObjectID.String()
	}
	if res, _ := ResultOf(m.Result); res.Class() == Done {
		m.Answers = answersOf(v, "a.")
		for _, person := range it.Members {
			m.Members = append(m.Members, MemberAnswer{PersonID: person, Exempt: v.Get("x." + person.String()), Answers: answersOf(v, "m."+person.String()+".")})
		}
		if m.Result == resultNormal {
			m.Members, m.Answers = nil, confirmed(it.Fields, it.Fresh, m.Answers)
		}
	}
	if r.MultipartForm != nil && len(r.MultipartForm.File["photo"]) > 0 && r.MultipartForm.File["photo"][0].Size > 0 {
		f, err := r.MultipartForm.File["photo"][0].Open()
		if err != nil {
			return m, err
		}
		defer f.Close()
		if m.PhotoID, err = p.s.SavePhoto(r.Context(), c, it.RoundID, f); err != nil {
			return m, err
		}
	}
	return m, nil
}

func number(v url.Values, name string) int64 {
	n, err := strconv.ParseInt(v.Get(name), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

func (p *Pages) photo(w http.ResponseWriter, r *http.Request) error {
	c, mark, err := ask(r)
	if err != nil {
		return err
	}
	jpeg, err := p.s.MarkPhoto(r.Context(), c, mark)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("Cache-Control", "private, max-age=600")
	_, err = w.Write(jpeg)
	return err
}
