package incoming

import (
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

type deskPage struct {
	web.Meta
	*Desk
	Glance Glance
	Form   cardForm
}

// cardForm is what a page needs to take the result of a call.
type cardForm struct {
	web.Form
	Card      *Card
	Short     []Result // one tap
	Long      []Result // with what the call gave
	Exposures []web.Option
	Areas     []web.Option
	Receivers []web.Option
	Stops     []int
	Mates     []int
	Ledger    bool // the caller may write the ledger
	AddsDoors bool // the caller may add doors
	MayCall   bool
	MayDecide bool
	Back      string
	Door      string // preselected, for the address shown
	Here      string // the community the lead belongs to
}

// rowsOfForm is how many places and companions a form has room for.
const rowsOfForm = 3

func (p *Pages) cardForm(r *http.Request, c grid.Caller, card *Card, form web.Form) (cardForm, error) {
	f := cardForm{Form: form, Card: card, Stops: upTo(rowsOfForm), Mates: upTo(rowsOfForm), Ledger: c.Can(grid.LedgerWrite), AddsDoors: c.Can(grid.PlaceWrite), MayCall: c.Can(grid.LeadCall) && card.Full,
		MayDecide: c.CanPlace(grid.LeadImport, card.path)}
	if f.Values == nil {
		f.Values = url.Values{"address": {card.Address}, "ledger": {"1"}}
		if card.DoorID != id.Zero {
			f.Values.Set("door", card.DoorID.String())
		}
	}
	f.Door = f.Values.Get("door")
	if card.Script.Verify != "" {
		card.Script.Verify = web.ServerURL(r) + card.Script.Verify
	}
	for _, res := range results {
		if res.Short {
			f.Short = append(f.Short, res)
		} else {
			f.Long = append(f.Long, res)
		}
	}
	f.Exposures = []web.Option{{Value: "", Text: web.T(r.Context(), "incoming.exposure.unasked")}}
	for _, e := range measures.Exposures {
		f.Exposures = append(f.Exposures, web.Option{Value: e.Code, Text: e.In(c.Lang)})
	}
	areas, err := p.s.Grid.Areas(r.Context(), grid.System(p.district, "areas to hand a lead to"), grid.Street, grid.Community)
	f.Areas = []web.Option{{Value: "", Text: web.T(r.Context(), "incoming.choose")}}
	for _, a := range areas {
		f.Areas = append(f.Areas, web.Option{Value: a.ID.String(), Text: grid.Label(c.Lang, a)})
		if a.Kind == grid.Community && a.Path == card.path {
			f.Here = a.ID.String()
		}
	}
	if err != nil {
		return f, err
	}
	to, err := p.s.Receivers(r.Context(), c, grid.LeadRead)
	if len(to) > 0 {
		f.Receivers = []web.Option{{Value: "", Text: web.T(r.Context(), "incoming.receiver.none")}}
	}
	for _, x := range to {
		f.Receivers = append(f.Receivers, web.Option{Value: x.ID.String(), Text: x.Name})
	}
	return f, err
}

func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func (p *Pages) desk(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	d, err := p.s.Desk(r.Context(), c)
	if err != nil {
		return err
	}
	page := deskPage{Meta: web.Meta{Title: web.T(r.Context(), "incoming.desk"), Menu: "desk"}, Desk: d}
	page.Glance = Glance{Sitting: d.Sitting, Area: d.Seat.Area, Load: d.Seat.Load, Later: d.Later, Done: d.Done}
	if d.Now != nil {
		if page.Form, err = p.cardForm(r, c, d.Now, web.Form{}); err != nil {
			return err
		}
		page.Form.Back = "desk"
	}
	return p.ren.Page(w, r, layoutFor(c), "incoming/desk", page)
}

// deskNow is the part of an open desk that moves when leads change.
func (p *Pages) deskNow(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	version, _ := strconv.Atoi(r.URL.Query().Get("version"))
	g, err := p.s.Glance(r.Context(), c, id.From(r.URL.Query().Get("card")), version)
	if err != nil {
		return err
	}
	return p.ren.Fragment(w, r, "incoming/desk", "incoming/desk-part", g)
}

func (p *Pages) sit(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	if err := p.s.Sit(r.Context(), c); err != nil {
		return err
	}
	return web.Redirect(w, r, "/desk")
}

func (p *Pages) leave(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	if err := p.s.Leave(r.Context(), c); err != nil {
		return err
	}
	web.Flash(w, r, "ok", "incoming.left")
	return web.Redirect(w, r, "/desk")
}

type leadPage struct {
	web.Meta
	Form  cardForm
	Other web.Form // of the page's other forms: where it belongs, the measure, the receipt
	Moved string   // that somebody else was faster, and what to do
	Typed string   // what was typed, where there is no form any more to hold it
}

func (p *Pages) lead(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	return p.leadPage(w, r, c, http.StatusOK, web.Form{}, web.Form{})
}

func (p *Pages) leadPage(w http.ResponseWriter, r *http.Request, c grid.Caller, status int, form, other web.Form) error {
	ctx := r.Context()
	card, err := p.s.Card(ctx, c, pathID(r))
	if err != nil {
		return err
	}
	d := leadPage{Meta: web.Meta{Title: web.T(ctx, "incoming.lead"), Menu: menuOf(c), Crumbs: []web.Crumb{{Text: web.T(ctx, "incoming.tab."+string(card.State)), Href: "/incoming/" + string(card.State)}}}}
	if err := p.doorsTyped(r, c, card, form.Values); err != nil {
		return err
	}
	if d.Form, err = p.cardForm(r, c, card, form); err != nil {
		return err
	}
	if d.Other = other; other.Values == nil {
		d.Other.Values = url.Values{"area_id": {d.Form.Here}}
	}
	if back := form.Values.Get("back"); back != "" {
		d.Form.Back = back
	}
	if status == http.StatusConflict {
		d.moved(r, card, form.Values)
	}
	return p.ren.PageStatus(w, r, status, layoutFor(c), "incoming/lead", d)
}

// moved says that somebody else recorded something meanwhile. Who may still record
// finds the form as it was typed; else the words stand in the notice.
func (d *leadPage) moved(r *http.Request, card *Card, typed url.Values) {
	if d.Form.MayCall && (card.State == Open || card.State == Unclear) {
		d.Moved = web.T(r.Context(), "incoming.moved.again")
		return
	}
	d.Moved, d.Typed = web.T(r.Context(), "incoming.moved"), joinWords(typed.Get("address"), typed.Get("note"))
}

// doorsTyped offers the doors that the address typed may mean, in place of those
// of the address in the list, and the one that was chosen already.
func (p *Pages) doorsTyped(r *http.Request, c grid.Caller, card *Card, typed url.Values) error {
	if !card.Full || typed.Get("address") == "" {
		return nil
	}
	at, err := p.s.spotNear(r.Context(), c, card.path, typed.Get("address"))
	if err != nil || len(at.choices) == 0 {
		return err
	}
	chosen := id.From(typed.Get("door"))
	kept := slices.DeleteFunc(card.Doors, func(d Choice) bool {
		return d.DoorID != chosen || slices.ContainsFunc(at.choices, func(x Choice) bool { return x.DoorID == d.DoorID })
	})
	card.Doors = append(kept, at.choices...)
	return nil
}

// dropShownDoor takes the preselected door back where the address beside it was
// written anew: it is matched again, or chosen.
func dropShownDoor(f url.Values) {
	if strings.TrimSpace(f.Get("address")) != strings.TrimSpace(f.Get("shown_address")) && f.Get("door") == f.Get("shown_door") && f.Get("door") != "none" {
		f.Del("door")
	}
}

// outcomeOf reads the form of a call.
func outcomeOf(f url.Values) Outcome {
	version, _ := strconv.Atoi(f.Get("version"))
	o := Outcome{Result: f.Get("result"), Version: version, NoDoor: f.Get("door") == "none"}
	o.Answer = Answer{Address: f.Get("address"), DoorID: id.From(f.Get("door")), Exposure: f.Get("exposure"), ExposedDay: f.Get("exposed_day"), TestDay: f.Get("test_day"),
		Help: strings.Join(append(slices.Clone(f["helps"]), f["help"]...), " "), To: f.Get("to"), ToArea: id.From(f.Get("to_area")), ReceiverID: id.From(f.Get("receiver")), Note: f.Get("note"), Ledger: f.Get("ledger") == "1"}
	if r, ok := resultOf(o.Result); ok && r.Short {
		o.Answer = Answer{Note: o.Note} // a tap: what stands in the other fields was not said
		return o
	}
	for i := range rowsOfForm {
		n := strconv.Itoa(i)
		o.Stops = append(o.Stops, Stop{Day: f.Get("stop-day-" + n), Place: short(f.Get("stop-place-"+n), 200)})
		o.Companions = append(o.Companions, Companion{Name: short(f.Get("mate-name-"+n), 60), Phone: short(f.Get("mate-phone-"+n), 40)})
	}
	return o
}

func (p *Pages) record(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	dropShownDoor(r.PostForm)
	o := outcomeOf(r.PostForm)
	err := p.s.Record(r.Context(), c, pathID(r), o)
	switch {
	case errs.Is(err, errs.Invalid):
		return p.leadPage(w, r, c, http.StatusUnprocessableEntity, formAgain(r, err), web.Form{})
	case errs.Is(err, errs.Conflict):
		return p.leadPage(w, r, c, http.StatusConflict, web.Form{Values: r.PostForm}, web.Form{})
	case err != nil:
		return err
	}
	done, _ := resultOf(o.Result)
	web.Flash(w, r, "ok", "incoming.recorded", done.In(c.Lang), done.Next.In(c.Lang))
	switch {
	case r.PostForm.Get("back") == "desk":
		return web.Redirect(w, r, "/desk")
	case done.To == "area": // it may lie where the caller does not see it any more
		return web.Redirect(w, r, "/incoming/open")
	}
	return web.Redirect(w, r, "/leads/"+r.PathValue("id"))
}

// formAgain is a form as it was typed, with what is wrong with it.
func formAgain(r *http.Request, err error) web.Form {
	return web.Form{Values: r.PostForm, Errors: web.FormErrors(r.Context(), err)}
}

// again shows the person with what was typed into one of the forms beside the
// call's, and what is wrong with it.
func (p *Pages) again(w http.ResponseWriter, r *http.Request, c grid.Caller, err error) error {
	return p.leadPage(w, r, c, http.StatusUnprocessableEntity, web.Form{}, formAgain(r, err))
}

func (p *Pages) decide(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	f := r.PostForm
	version, _ := strconv.Atoi(f.Get("version"))
	d := Decision{Version: version, DoorID: id.From(f.Get("door")), AreaID: id.From(f.Get("area_id")), Anywhere: f.Get("anywhere") == "1", Phone: f.Get("phone")}
	err := p.s.Decide(r.Context(), c, pathID(r), d)
	if errs.Is(err, errs.Invalid) {
		return p.again(w, r, c, err)
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "ok", "incoming.placed")
	return web.Redirect(w, r, "/incoming/unclear")
}

func (p *Pages) accept(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	version, _ := strconv.Atoi(r.FormValue("version"))
	if err := p.s.Accept(r.Context(), c, pathID(r), version); err != nil {
		return err
	}
	web.Flash(w, r, "ok", "incoming.accepted")
	return web.Redirect(w, r, "/incoming/sent")
}

func (p *Pages) receipt(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	version, _ := strconv.Atoi(r.FormValue("version"))
	err := p.s.Receipt(r.Context(), c, pathID(r), version, r.FormValue("receipt"))
	if errs.Is(err, errs.Invalid) {
		return p.again(w, r, c, err)
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "ok", "incoming.received")
	return web.Redirect(w, r, "/incoming/sent")
}

func (p *Pages) recall(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	version, _ := strconv.Atoi(r.FormValue("version"))
	if err := p.s.Recall(r.Context(), c, pathID(r), version); err != nil {
		return err
	}
	web.Flash(w, r, "ok", "incoming.recalled")
	return web.Redirect(w, r, "/leads/"+r.PathValue("id"))
}

func (p *Pages) confirm(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	version, _ := strconv.Atoi(r.FormValue("version"))
	f := r.PostForm
	err := p.s.Confirm(r.Context(), c, pathID(r), Verdict{Version: version, Confirm: f.Get("verdict") == "confirm", Authority: f.Get("authority"), Document: f.Get("document"), Reason: f.Get("reason")})
	if errs.Is(err, errs.Invalid) {
		return p.again(w, r, c, err)
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "ok", "incoming.decided")
	return web.Redirect(w, r, "/incoming/measures")
}

func num(n int) string { return strconv.Itoa(n) }
