package round

import (
	"bytes"
	"cmp"
	"net/http"
	"net/url"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

func word(lang, v string) string { return i18n.T(lang, "round.word."+v) }

type outstandingPage struct {
	web.Meta
	Round  Round
	Lines  []Line
	Table  web.Table
	State  string
	Export bool
	Back   string // this page
	Past   int    // the earlier occurrence it is about; 0: the current one
}

func listQuery(q url.Values) ListQuery {
	lq := ListQuery{Ref: NodeRef{Place: idOf(q, "place"), Grid: idOf(q, "grid"), N: nthOf(q)}, After: q.Get("after"), Limit: 200}
	switch q.Get("state") {
	case "all":
		lq.All = true
	case "done":
		lq.States = []State{Done}
	case "exempt":
		lq.States = []State{Exempt}
	case "attempted":
		lq.States = []State{Attempted}
	case "evening":
		lq.Evening = true
	}
	return lq
}

func (p *Pages) outstanding(w http.ResponseWriter, r *http.Request) error {
	c, rid, err := ask(r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	d := outstandingPage{Back: r.URL.RequestURI(), State: cmp.Or(q.Get("state"), "left"), Export: c.Can(grid.Export)}
	if d.Round, err = p.s.Round(r.Context(), c, rid); err != nil {
		return err
	}
	lq := listQuery(q)
	if lq.Ref.N != d.Round.N {
		d.Past = lq.Ref.N
	}
	var next string
	if d.Lines, next, err = p.s.Outstanding(r.Context(), c, rid, lq); err != nil {
		return err
	}
	d.Table = web.TableOf("/rounds/"+rid.String()+"/outstanding", q)
	d.Table.Next = next
	d.Table.Keep = map[string]string{}
	for _, k := range []string{"place", "grid", "state", "n"} {
		if v := q.Get(k); v != "" {
			d.Table.Keep[k] = v
		}
	}
	d.Meta = web.Meta{Title: web.T(r.Context(), "round.outstanding.of", d.Round.Name), Menu: "rounds", Crumbs: crumbs(r, d.Round)}
	return p.ren.Page(w, r, web.Office, "round/outstanding", d)
}

func crumbs(r *http.Request, rd Round) []web.Crumb {
	return []web.Crumb{{Text: web.T(r.Context(), "round.list"), Href: "/rounds"}, {Text: rd.Name, Href: "/rounds/" + rd.ID.String()}}
}

func (p *Pages) export(w http.ResponseWriter, r *http.Request) error {
	c, rid, err := ask(r)
	if err != nil {
		return err
	}
	rd, err := p.s.Round(r.Context(), c, rid)
	if err != nil {
		return err
	}
	var buf bytes.Buffer
	if err := p.s.Export(r.Context(), c, rd, listQuery(r.URL.Query()), &buf); err != nil {
		return err
	}
	return web.Download(w, "round-"+rid.String()+".xlsx", web.XLSX, buf.Bytes())
}

type printPage struct {
	web.Meta
	Round  Round
	Form   Form
	Sheets []Sheet
	State  string // which targets, as on the list; "" those outstanding
}

func (p *Pages) print(w http.ResponseWriter, r *http.Request) error {
	c, rid, err := ask(r)
	if err != nil {
		return err
	}
	q := r.URL.Query()
	d := printPage{State: q.Get("state")}
	if d.Round, err = p.s.Round(r.Context(), c, rid); err != nil {
		return err
	}
	if d.Form, err = p.s.Form(r.Context(), c, d.Round.FormID); err != nil {
		return err
	}
	if d.Sheets, err = p.s.Sheets(r.Context(), c, rid, listQuery(q)); err != nil {
		return err
	}
	d.Meta = web.Meta{Title: d.Round.Name}
	return p.ren.Page(w, r, web.Print, "round/print", d)
}

type paperPage struct {
	web.Meta
	Round   Round
	Sheets  []Sheet
	Sheet   id.ID
	N       int // of a round that repeats, 0: the current occurrence
	Times   []Occurrence
	Results []Result
	Form    web.Form
	Message string
	Done    []Line
	Failed  []string
}

func (p *Pages) paperData(r *http.Request, c grid.Caller, rid id.ID, sheet id.ID, n int) (d paperPage, err error) {
	if d.Round, err = p.s.Round(r.Context(), c, rid); err != nil {
		return d, err
	}
	if d.Round.Recurrence.Repeats() {
		if d.Times, err = p.s.paperTimes(r.Context(), d.Round); err != nil {
			return d, err
		}
	}
	if d.Sheet = sheet; n != d.Round.N {
		d.N = n
	}
	d.Results = Results(d.Round.TargetKind)
	d.Meta = web.Meta{Title: web.T(r.Context(), "round.paper"), Menu: "rounds", Crumbs: crumbs(r, d.Round)}
	if sheet == id.Zero {
		d.Sheets, err = p.s.Sheets(r.Context(), c, rid, ListQuery{Ref: NodeRef{N: d.N}})
		if errs.Is(err, errs.TooMany) {
			err = nil
			d.Message = web.T(r.Context(), "round.paper.choose")
		}
		return d, err
	}
	d.Sheets, err = p.s.Sheets(r.Context(), c, rid, ListQuery{Ref: NodeRef{Place: sheet, N: d.N}, All: true})
	return d, err
}

func (p *Pages) paper(w http.ResponseWriter, r *http.Request) error {
	c, rid, err := ask(r)
	if err != nil {
		return err
	}
	if err := c.Require("round.paper", grid.RoundMark); err != nil {
		return err
	}
	d, err := p.paperData(r, c, rid, idOf(r.URL.Query(), "place"), nthOf(r.URL.Query()))
	if err != nil {
		return err
	}
	return p.ren.Page(w, r, web.Office, "round/paper", d)
}

func (p *Pages) enterPaper(w http.ResponseWriter, r *http.Request) error {
	c, rid, err := ask(r)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return err
	}
	sheet := idOf(r.PostForm, "place")
	in := PaperInput{RoundID: rid, SheetID: sheet, Lines: map[string]string{}, N: nthOf(r.PostForm), ClientKey: r.PostForm.Get(web.KeyField)}
	for k, v := range r.PostForm {
		if code, ok := strings.CutPrefix(k, "lines."); ok && strings.TrimSpace(v[0]) != "" {
			in.Lines[code] = v[0]
		}
	}
	list, err := p.s.Paper(r.Context(), c, in)
	if err == nil {
		failed := 0
		for _, o := range list {
			if o.Err != nil {
				failed++
				err = o.Err
			}
		}
		if failed == 0 {
			web.Flash(w, r, "ok", "round.flash.paper", itoa(len(list)))
			return web.Redirect(w, r, "/rounds/"+rid.String()+"/paper?place="+sheet.String()+nth(in.N))
		}
	}
	form, message, status, ok := again(r, err, r.PostForm)
	if !ok {
		return err
	}
	d, err := p.paperData(r, c, rid, sheet, in.N)
	if err != nil {
		return err
	}
	d.Form, d.Message = form, message
	return p.ren.PageStatus(w, r, status, web.Office, "round/paper", d)
}

// nth names an occurrence in a link; nothing for the current one.
func nth(n int) string {
	if n == 0 {
		return ""
	}
	return "&n=" + itoa(n)
}

type closePage struct {
	web.Meta
	Round    Round
	Left     Figures
	Lines    []Line
	More     bool
	SignOffs []Word
	Message  string
	Chosen   map[string]string
}

func (p *Pages) closeData(r *http.Request, c grid.Caller, rid id.ID) (d closePage, err error) {
	if d.Round, err = p.s.Round(r.Context(), c, rid); err != nil {
		return d, err
	}
	if d.Left, err = p.s.Total(r.Context(), c, rid); err != nil {
		return d, err
	}
	var next string
	d.Lines, next, err = p.s.Outstanding(r.Context(), c, rid, ListQuery{Limit: 500})
	d.More, d.SignOffs = next != "", SignOffs()
	d.Meta = web.Meta{Title: web.T(r.Context(), "round.close"), Menu: "rounds", Crumbs: crumbs(r, d.Round)}
	return d, err
}

func (p *Pages) closing(w http.ResponseWriter, r *http.Request) error {
	c, rid, err := ask(r)
	if err != nil {
		return err
	}
	if _, err := p.s.roundFor(r.Context(), c, grid.RoundClose, rid); err != nil {
		return err
	}
	d, err := p.closeData(r, c, rid)
	if err != nil {
		return err
	}
	return p.ren.Page(w, r, web.Office, "round/close", d)
}

func (p *Pages) closeRound(w http.ResponseWriter, r *http.Request) error {
	c, rid, err := ask(r)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return err
	}
	in := CloseInput{RoundID: rid, Reasons: map[id.ID]string{}}
	for k, v := range r.PostForm {
		if object, ok := strings.CutPrefix(k, "reason."); ok && v[0] != "" {
			if oid, err := id.Parse(object); err == nil {
				in.Reasons[oid] = v[0]
			}
		}
	}
	err = p.s.Close(r.Context(), c, in)
	if err == nil {
		web.Flash(w, r, "ok", "round.flash.closed")
		return web.Redirect(w, r, "/rounds/"+rid.String())
	}
	_, message, status, ok := again(r, err, r.PostForm)
	if !ok {
		return err
	}
	d, derr := p.closeData(r, c, rid)
	if derr != nil {
		return derr
	}
	d.Message = message
	d.Chosen = map[string]string{}
	for object, v := range in.Reasons {
		d.Chosen[object.String()] = v
	}
	return p.ren.PageStatus(w, r, status, web.Office, "round/close", d)
}

// answersOf reads the answers among a form's values: those whose name begins so.
func answersOf(values url.Values, prefix string) map[string]string {
	out := map[string]string{}
	for k, v := range values {
		if key, ok := strings.CutPrefix(k, prefix); ok && len(v) > 0 && strings.TrimSpace(v[0]) != "" {
			out[key] = v[0]
		}
	}
	return out
}
