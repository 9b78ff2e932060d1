package trust

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/sheet"
	"wangge/internal/platform/web"
)

func (p *Pages) registerLooks(app *web.App) {
	app.Handle("GET /audit/looks", grid.Called(p.looks))
	app.Handle("GET /audit/looks/file", grid.Called(p.looksFile), web.Timeout(fileTime), web.As(web.Heavy))
	app.Handle("GET /audit/exports", grid.Called(p.taken))
	app.Handle("GET /audit/exports/file", grid.Called(p.takenFile), web.Timeout(fileTime), web.As(web.Heavy))
}

// tab is one of the auditor's questions.
type tab struct {
	Href, Text string
	Active     bool
}

func tabs(ctx context.Context, at string) (out []tab) {
	for _, t := range [][2]string{{"/audit", "trust.tab.acts"}, {"/audit/looks", "trust.tab.looks"}, {"/audit/exports", "trust.tab.exports"}} {
		out = append(out, tab{t[0], web.T(ctx, t[1]), t[0] == at})
	}
	return out
}

// answerPage is the answer to one question.
type answerPage struct {
	web.Meta
	Tabs    []tab
	Form    web.Form
	Where   string     // the door asked about
	Choices []doorLink // doors the address may mean
	Looks   []LookRow
	Taken   []ExportRow
	Next    string
	File    string
}

type doorLink struct{ Href, Text string }

const answerRows = 50

func (p *Pages) looks(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	d, q, err := p.question(r, c, "/audit/looks", "trust.tab.looks")
	if err == nil && len(d.Choices) == 0 {
		d.Looks, d.Next, err = p.s.Looks(r.Context(), c, q, r.URL.Query().Get("after"), answerRows)
	}
	return p.answer(w, r, "trust/looks", d, err)
}

func (p *Pages) taken(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	d, q, err := p.question(r, c, "/audit/exports", "trust.tab.exports")
	if err == nil {
		d.Taken, d.Next, err = p.s.Taken(r.Context(), c, q, r.URL.Query().Get("after"), answerRows)
		for i := range d.Taken {
			d.Taken[i].Row = named(r.Context(), []Row{d.Taken[i].Row})[0]
		}
	}
	return p.answer(w, r, "trust/taken", d, err)
}

// answer shows a question with its answer, or with what is wrong about it.
func (p *Pages) answer(w http.ResponseWriter, r *http.Request, page string, d answerPage, err error) error {
	if errs.Is(err, errs.Invalid) {
		d.Form.Errors = web.FormErrors(r.Context(), err)
		return p.ren.PageStatus(w, r, http.StatusUnprocessableEntity, web.Office, page, d)
	}
	if err != nil {
		return err
	}
	if d.Next != "" {
		d.Next = r.URL.Path + "?" + with(d.Form.Values, "after", d.Next)
	}
	return p.ren.Page(w, r, web.Office, page, d)
}

func with(v url.Values, key, value string) string {
	out := url.Values{}
	for k, vs := range v {
		if k != "after" {
			out[k] = vs
		}
	}
	out.Set(key, value)
	return out.Encode()
}

// question reads what is asked; without days it is about the last seven.
func (p *Pages) question(r *http.Request, c grid.Caller, path, title string) (answerPage, Question, error) {
	ctx, v := r.Context(), r.URL.Query()
	week := Week(clock.FromMs(p.s.now()))
	for k, day := range map[string]string{"from": week.From, "until": week.Until} {
		if !v.Has(k) {
			v.Set(k, day)
		}
	}
	d := answerPage{Meta: web.Meta{Title: web.T(ctx, title), Menu: "audit", Wide: true}, Tabs: tabs(ctx, path), Form: web.Form{Values: v}, File: path + "/file?" + v.Encode()}
	q := Question{From: v.Get("from"), Until: v.Get("until")}
	var err error
	if q.Person, err = number(v, "person"); err != nil {
		return d, q, err
	}
	if q.Account, err = p.s.account(ctx, v.Get("account")); err != nil {
		return d, q, err
	}
	if q.Door, err = number(v, "door"); err != nil {
		return d, q, err
	}
	if q.Door == id.Zero && v.Get("address") != "" {
		return d, q, p.doorOf(ctx, c, v, &d, &q)
	}
	if q.Door != id.Zero {
		texts, err := p.s.ledger.DoorTexts(ctx, c.District, []id.ID{q.Door})
		d.Where = texts[q.Door]
		return d, q, err
	}
	return d, q, nil
}

// doorOf finds the door an address means, or offers those it may mean.
func (p *Pages) doorOf(ctx context.Context, c grid.Caller, v url.Values, d *answerPage, q *Question) error {
	hits, err := p.s.Doors(ctx, c, v.Get("address"))
	if err != nil {
		return err
	}
	switch len(hits) {
	case 0:
		return errs.Field(errs.E("trust.looks", errs.Invalid, "trust.no_door"), "address")
	case 1:
		q.Door, d.Where = hits[0].ID, hits[0].Text
	default:
		for _, h := range hits {
			d.Choices = append(d.Choices, doorLink{"/audit/looks?" + with(v, "door", h.ID.String()), h.Text + " " + h.Where})
		}
	}
	return nil
}

func (p *Pages) looksFile(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	_, q, err := p.question(r, c, "/audit/looks", "trust.tab.looks")
	if err != nil {
		return err
	}
	rows, _, err := p.s.Looks(r.Context(), c, q, "", MaxAnswer)
	if err != nil {
		return err
	}
	return p.file(w, r, c, "looks", []string{"trust.f.at", "trust.f.who", "trust.f.account", "trust.f.role", "trust.f.why", "trust.f.person", "trust.f.door"}, len(rows), func(i int) []any {
		v := rows[i]
		who := v.Person.String()
		if v.Lead {
			who = web.T(r.Context(), "trust.lead", who)
		}
		return []any{stamp(v.AtMs), v.Name, v.Account.String(), web.T(r.Context(), "ledger.role."+v.Role), web.T(r.Context(), "ledger.purpose."+v.Purpose), who, v.Where}
	})
}

func (p *Pages) takenFile(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	_, q, err := p.question(r, c, "/audit/exports", "trust.tab.exports")
	if err != nil {
		return err
	}
	var rows []ExportRow
	for cursor := ""; len(rows) < MaxAnswer; {
		page, next, err := p.s.Taken(r.Context(), c, q, cursor, 500)
		if err != nil {
			return err
		}
		rows = append(rows, page...)
		if cursor = next; next == "" {
			break
		}
	}
	return p.file(w, r, c, "exports", []string{"trust.f.at", "trust.f.who", "trust.f.account", "trust.f.what", "trust.export.number", "trust.export.where", "trust.export.people", "trust.f.why"}, len(rows), func(i int) []any {
		v := rows[i]
		v.Row = named(r.Context(), []Row{v.Row})[0]
		return []any{stamp(v.AtMs), v.Name, v.Account.String(), v.Action, v.Number, v.Where, v.People, v.Purpose}
	})
}

func stamp(ms int64) string { return clock.FromMs(ms).In(clock.CST).Format(time.DateTime) }

// file writes an answer as a workbook and records that it was taken out.
func (p *Pages) file(w http.ResponseWriter, r *http.Request, c grid.Caller, what string, titles []string, n int, row func(int) []any) error {
	if err := p.s.noteAnswer(r.Context(), c, what, n); err != nil {
		return err
	}
	var book bytes.Buffer
	cols := make([]sheet.Column, len(titles))
	for i, t := range titles {
		cols[i] = sheet.Column{Title: web.T(r.Context(), t), Width: 20}
	}
	out, err := sheet.NewXLSX(&book, what, cols...)
	for i := 0; i < n && err == nil; i++ {
		err = out.Row(row(i)...)
	}
	if err == nil {
		err = out.Close()
	}
	if err != nil {
		return err
	}
	return web.Download(w, what+".xlsx", web.XLSX, book.Bytes())
}
