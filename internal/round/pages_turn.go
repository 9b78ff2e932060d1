package round

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// registerTurns adds the pages of what repeats and is reported.
func (p *Pages) registerTurns(app *web.App) {
	app.Handle("POST /rounds/{id}/stop", p.step(p.s.StopRepeating, "round.flash.stopped"))
	app.Handle("POST /rounds/{id}/cutoffs", p.cutNow)
	app.Handle("GET /cutoffs/{id}", p.cutoff)
	app.Handle("GET /cutoffs/{id}/csv", p.cutoffCSV, web.As(web.Heavy))
	app.Handle("GET /reports", p.reports)
	app.Handle("POST /rounds/{id}/report", p.confirmReport)
	app.Handle("GET /rounds/{id}/text", p.text)
	app.Handle("POST /rounds/{id}/text", p.text)
}

func (p *Pages) cutNow(w http.ResponseWriter, r *http.Request) error {
	c, rid, err := ask(r)
	if err != nil {
		return err
	}
	cut, err := p.s.CutNow(r.Context(), c, rid)
	if err != nil {
		return err
	}
	return web.Redirect(w, r, "/cutoffs/"+cut.ID.String())
}

type cutoffPage struct {
	web.Meta
	Round   Round
	View    CutoffView
	Answers []answerRow
	Export  bool
}

// ClassText says in what a result's targets counted.
func (d cutoffPage) ClassText(class, lang string) string {
	state := map[string]State{"done": Done, "exempt": Exempt, "attempt": Outstanding}[class]
	return i18n.T(lang, "round.state."+state.String())
}

func (p *Pages) cutoffData(r *http.Request) (d cutoffPage, c grid.Caller, err error) {
	c, cid, err := ask(r)
	if err != nil {
		return d, c, err
	}
	if d.View, err = p.s.CutoffAt(r.Context(), c, cid, idOf(r.URL.Query(), "place")); err != nil {
		return d, c, err
	}
	if d.Round, err = p.s.Round(r.Context(), c, d.View.RoundID); err != nil {
		return d, c, err
	}
	if len(d.View.Answers) > 0 {
		info, err := p.s.info(r.Context(), c.District, d.View.RoundID)
		if err != nil {
			return d, c, err
		}
		d.Answers = answerRows(web.Lang(r.Context()), info.form, d.View.Answers)
	}
	d.Export = c.Can(grid.Export)
	d.Meta = web.Meta{Title: web.T(r.Context(), "round.cutoff"), Menu: "rounds", Crumbs: crumbs(r, d.Round)}
	return d, c, nil
}

func (p *Pages) cutoff(w http.ResponseWriter, r *http.Request) error {
	d, _, err := p.cutoffData(r)
	if err != nil {
		return err
	}
	return p.ren.Page(w, r, web.Office, "round/cutoff", d)
}

func (p *Pages) cutoffCSV(w http.ResponseWriter, r *http.Request) error {
	d, c, err := p.cutoffData(r)
	if err != nil {
		return err
	}
	var buf bytes.Buffer
	if err := p.s.CutoffCSV(r.Context(), c, d.View, &buf); err != nil {
		return err
	}
	return web.Download(w, "cutoff-"+d.View.ID.String()+".csv", "text/csv; charset=utf-8", buf.Bytes())
}

type textPage struct {
	web.Meta
	Round   Round
	Text    string
	Rows    int
	Place   id.ID
	Rooms   bool // the text names rooms
	May     bool // may confirm that it does
	Message string
}

// text shows the report for a chat group; posted with the confirmation it names
// the outstanding rooms too.
func (p *Pages) text(w http.ResponseWriter, r *http.Request) error {
	c, rid, err := ask(r)
	if err != nil {
		return err
	}
	ctx, status := r.Context(), http.StatusOK
	d := textPage{Place: idOf(r.URL.Query(), "place")}
	if d.Round, err = p.s.Round(ctx, c, rid); err != nil {
		return err
	}
	d.Rooms = r.Method == http.MethodPost && r.PostFormValue("rooms") == "1"
	in := GroupTextInput{RoundID: rid, PlaceID: d.Place, Rooms: d.Rooms}
	d.Text, err = p.s.GroupText(ctx, c, in)
	if err != nil && d.Rooms {
		form, message, code, ok := again(r, err, url.Values{})
		if !ok || len(form.Errors) > 0 {
			return err
		}
		d.Message, status, d.Rooms, in.Rooms = message, code, false, false
		d.Text, err = p.s.GroupText(ctx, c, in)
	}
	if err != nil {
		return err
	}
	d.Rows = min(24, 2+strings.Count(d.Text, "\n"))
	d.May = d.Round.State == Open && d.Round.TargetKind == Doors && c.Can(grid.RoundClose)
	d.Meta = web.Meta{Title: web.T(ctx, "round.text"), Menu: "rounds", Crumbs: crumbs(r, d.Round)}
	return p.ren.PageStatus(w, r, status, web.Office, "round/text", d)
}

// showTurns fills in the strip of days and the cut-offs of the round page.
func (p *Pages) showTurns(ctx context.Context, c grid.Caller, d *showPage) (err error) {
	if d.Round.Recurrence.Repeats() {
		if d.Occurrences, err = p.s.Occurrences(ctx, c, d.Round.ID); err != nil {
			return err
		}
	}
	d.Cutoffs, err = p.s.Cutoffs(ctx, c, d.Round.ID)
	return err
}

// The choices of how often a round comes.
const (
	repeatOnce     = ""
	repeatDaily    = "daily"
	repeatEvery    = "every"
	repeatWeekdays = "weekdays"
	repeatDates    = "dates"
)

// putRecurrence writes a recurrence as form values.
func putRecurrence(v url.Values, p Recurrence) {
	v.Set("at", "08:00")
	v.Set("hours", "12")
	v.Set("every", "2")
	v.Set("cutoffs", strings.Join(p.Cutoffs, " "))
	if !p.Repeats() {
		return
	}
	v.Set("at", p.At)
	v.Set("hours", strconv.Itoa(p.Hours))
	v.Set("until", p.Until)
	v.Set("dates", strings.Join(p.Dates, " "))
	for _, d := range p.Weekdays {
		v.Add("weekdays", strconv.Itoa(d))
	}
	switch {
	case p.Every == 1:
		v.Set("repeat", repeatDaily)
	case p.Every > 1:
		v.Set("repeat", repeatEvery)
		v.Set("every", strconv.Itoa(p.Every))
	case len(p.Weekdays) > 0:
		v.Set("repeat", repeatWeekdays)
	default:
		v.Set("repeat", repeatDates)
	}
}

// readRecurrence reads what the editor holds. What was left out of the choice
// made is said by the check of the recurrence.
func readRecurrence(v url.Values) (Recurrence, []error) {
	p := Recurrence{Cutoffs: words(v.Get("cutoffs"))}
	repeat := v.Get("repeat")
	if repeat == repeatOnce {
		return p, nil
	}
	p.At, p.Until = v.Get("at"), v.Get("until")
	var faults []error
	whole := func(name string, at *int) {
		n, err := web.Whole(v, name)
		if *at = n; err != nil {
			faults = append(faults, errs.Field(err, "recurrence."+name))
		}
	}
	whole("hours", &p.Hours)
	switch repeat {
	case repeatDaily:
		p.Every = 1
	case repeatEvery:
		if whole("every", &p.Every); p.Every < 1 && len(faults) == 0 {
			faults = append(faults, invalid("recurrence.every", "round.every_range", maxEvery))
		}
	case repeatWeekdays:
		for _, d := range v["weekdays"] {
			n, err := strconv.Atoi(d)
			if err != nil {
				faults = append(faults, invalid("recurrence.weekdays", "error.bad_choice"))
			}
			p.Weekdays = append(p.Weekdays, n)
		}
	case repeatDates:
		p.Dates = words(v.Get("dates"))
	}
	if len(faults) > 0 {
		return p, faults
	}
	if !p.Repeats() {
		return p, []error{invalid("recurrence."+repeat, "round.repeat_which")}
	}
	return p, nil
}

// words splits what people write between dates and times.
func words(s string) []string {
	list := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" \t\r\n,;\uff0c\uff1b\u3001", r) })
	for i := range list {
		list[i] = strings.ReplaceAll(list[i], "\uff1a", ":")
		if len(list[i]) == 4 && list[i][1] == ':' { // 8:00
			list[i] = "0" + list[i]
		}
	}
	return slices.Compact(list)
}

// repeats fills in how often a round may come.
func (d *editPage) repeats(lang string) {
	for _, v := range []string{repeatOnce, repeatDaily, repeatEvery, repeatWeekdays, repeatDates} {
		key := v
		if v == repeatOnce {
			key = "once"
		}
		d.Repeats = append(d.Repeats, web.Option{Value: v, Text: i18n.T(lang, "round.repeat."+key)})
	}
	for n := 1; n <= 7; n++ {
		d.Weekdays = append(d.Weekdays, web.Option{Value: strconv.Itoa(n), Text: i18n.T(lang, "round.weekday."+strconv.Itoa(n))})
	}
}
