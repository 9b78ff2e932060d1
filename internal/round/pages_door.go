package round

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// doorItem is one round on a door's page, with its history.
type doorItem struct {
	CardItem
	History []Mark
	Labels  map[string]string // of questions, by key
	Again   bool              // the round had earlier occurrences
}

// Differs reports whether two authors answered differently and nobody decided yet.
func (d doorItem) Differs() bool {
	return slices.ContainsFunc(d.History, func(m Mark) bool { return m.Differs })
}

// doorForm is one form of a door's page: of one target in one round, or of all
// rounds that are answered there at once.
type doorForm struct {
	CardItem
	Joint []string // ids of the rounds answered at once
	Asks  []DayItem
	Typed url.Values
	Wrong map[string]string // by field, as answers.head_count
	Open  bool              // the questions are shown
}

// Value is what stands in a question's field: what was typed, else what is fresh.
func (f doorForm) Value(name, key string) string {
	if f.Typed != nil {
		return f.Typed.Get(name)
	}
	return f.FreshValue(key)
}

// Rounds are those whose targets the form marks.
func (f doorForm) Rounds() string {
	if len(f.Joint) > 0 {
		return strings.Join(f.Joint, " ")
	}
	return f.RoundID.String()
}

type doorPage struct {
	web.Meta
	Card    Card
	Names   []string // of the rounds in Joint
	Joint   *doorForm
	Items   []doorItem
	Form    web.Form
	Message string
	Back    string
	Excuses []Word
	lang    string
}

// Asked returns what the door's rounds ask, for the phone's outbox.
func (d doorPage) Asked() []DayRound { return roundsOf([]Card{d.Card}) }

// FormOf returns the form of one item, with what was typed where it came back.
func (d doorPage) FormOf(it doorItem) doorForm {
	return d.filled(doorForm{CardItem: it.CardItem, Asks: []DayItem{it.day(d.lang)}})
}

func (d doorPage) filled(f doorForm) doorForm {
	v := d.Form.Values
	if v != nil && v.Get("rounds") == f.Rounds() && (len(f.Joint) > 0 || v.Get("object") == f.Line.ObjectID.String()) {
		f.Typed, f.Open, f.Wrong = v, true, d.Form.Errors
	}
	return f
}

func (d *doorPage) join(items []CardItem) {
	if items == nil {
		return
	}
	f := doorForm{CardItem: together(items)}
	for _, it := range items {
		f.Joint = append(f.Joint, it.RoundID.String())
		f.Asks = append(f.Asks, it.day(d.lang))
		d.Names = append(d.Names, it.RoundName)
	}
	f = d.filled(f)
	d.Joint = &f
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
		info, err := p.s.info(ctx, c.District, it.RoundID)
		if err != nil {
			return d, err
		}
		x.Again = info.round.N > 1
		for _, f := range it.questions() {
			x.Labels[f.Key] = f.Label.In(web.Lang(ctx))
		}
		d.Items = append(d.Items, x)
	}
	d.Excuses, d.lang = Excuses(), c.Lang
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
	d.join(joinable(d.Card.Items))
	return p.ren.Page(w, r, web.Phone, "round/door", d)
}

// markDoor marks what was answered at a door: one target of one round ("rounds"
// and "object" given), the rounds named, or all that is outstanding there at one
// touch.
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
	case err == nil:
		web.Flash(w, r, "ok", "round.flash.marked")
		return web.Redirect(w, r, back+"#d"+key.String())
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
	d.join(joinable(d.Card.Items))
	return p.ren.PageStatus(w, r, status, web.Phone, "round/door", d)
}

// settle decides a contradiction: what one author answered is recorded again as
// what holds.
func (p *Pages) settle(w http.ResponseWriter, r *http.Request) error {
	c, key, err := ask(r)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return err
	}
	v := r.PostForm
	if err := p.s.Settle(r.Context(), c, idOf(v, "round"), idOf(v, "object"), idOf(v, "mark"), v.Get(web.KeyField)); err != nil {
		return err
	}
	web.Flash(w, r, "ok", "round.flash.settled")
	return web.Redirect(w, r, "/doors/"+key.String()+"?back="+url.QueryEscape(web.SafeNext(v.Get("back"), "/today")))
}

// card answers with one card of a list, as a page shows it after a mark.
func (p *Pages) card(w http.ResponseWriter, r *http.Request) error {
	c, key, err := ask(r)
	if err != nil {
		return err
	}
	card, err := p.s.CardOf(r.Context(), c, key)
	if err != nil {
		return err
	}
	return p.ren.Fragment(w, r, "round/cards", "round/card", map[string]any{"Card": card, "Back": web.SafeNext(r.FormValue("back"), "/today")})
}

// markCard makes the marks of one knock.
func (p *Pages) markCard(r *http.Request, c grid.Caller, card Card) error {
	only := strings.Fields(r.PostForm.Get("rounds"))
	object := idOf(r.PostForm, "object")
	var marks []MarkInput
	for _, it := range card.Items {
		if len(only) > 0 && !slices.Contains(only, it.RoundID.String()) || object != id.Zero && it.Line.ObjectID != object {
			continue
		}
		if object == id.Zero && !it.left() {
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
		m.Answers = answersTo(it.Fields, answersOf(v, "a."))
		for _, person := range it.Members {
			m.Members = append(m.Members, MemberAnswer{PersonID: person, Exempt: v.Get("x." + person.String()), Answers: answersTo(it.Each, answersOf(v, "m."+person.String()+"."))})
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

// answersTo returns the answers to the fields: a form that serves several rounds asks
// more than each of them.
func answersTo(fields []Field, given map[string]string) map[string]string {
	maps.DeleteFunc(given, func(key, _ string) bool {
		return !slices.ContainsFunc(fields, func(f Field) bool { return f.Key == key })
	})
	return given
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
