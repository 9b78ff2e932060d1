package round

import (
	"net/http"
	"net/url"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

type recheckPage struct {
	web.Meta
	Round   Round
	List    []Recheck
	One     Recheck
	Items   []RecheckItem
	Fields  []Field
	Form    web.Form
	Message string
}

func (p *Pages) recheckData(r *http.Request, c grid.Caller, rid id.ID) (d recheckPage, err error) {
	if d.Round, err = p.s.Round(r.Context(), c, rid); err != nil {
		return d, err
	}
	d.List, err = p.s.Rechecks(r.Context(), c, rid)
	d.Meta = web.Meta{Title: web.T(r.Context(), "round.recheck"), Menu: "rounds", Crumbs: crumbs(r, d.Round)}
	return d, err
}

func (p *Pages) rechecks(w http.ResponseWriter, r *http.Request) error {
	c, rid, err := ask(r)
	if err != nil {
		return err
	}
	d, err := p.recheckData(r, c, rid)
	if err != nil {
		return err
	}
	d.Form.Values = url.Values{"percent": {"5"}}
	return p.ren.Page(w, r, web.Office, "round/rechecks", d)
}

func (p *Pages) drawRecheck(w http.ResponseWriter, r *http.Request) error {
	c, rid, err := ask(r)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return err
	}
	rc, err := p.s.DrawRecheck(r.Context(), c, RecheckInput{RoundID: rid, PlaceID: idOf(r.PostForm, "place"),
		Permille: permille(r.PostForm.Get("percent")), Seed: strings.TrimSpace(r.PostForm.Get("seed"))})
	if err == nil {
		return web.Redirect(w, r, "/rechecks/"+rc.ID.String())
	}
	form, message, status, ok := again(r, err, r.PostForm)
	if !ok {
		return err
	}
	d, derr := p.recheckData(r, c, rid)
	if derr != nil {
		return derr
	}
	d.Form, d.Message = form, message
	return p.ren.PageStatus(w, r, status, web.Office, "round/rechecks", d)
}

func (p *Pages) oneRecheck(r *http.Request, c grid.Caller, rc id.ID) (d recheckPage, err error) {
	if d.One, d.Items, err = p.s.RecheckItems(r.Context(), c, rc); err != nil {
		return d, err
	}
	if d.Round, err = p.s.Round(r.Context(), c, d.One.RoundID); err != nil {
		return d, err
	}
	form, err := p.s.Form(r.Context(), c, d.Round.FormID)
	d.Fields, _ = form.parts(d.Round.PerMember)
	d.Meta = web.Meta{Title: web.T(r.Context(), "round.recheck"), Menu: "rounds",
		Crumbs: append(crumbs(r, d.Round), web.Crumb{Text: web.T(r.Context(), "round.recheck"), Href: "/rounds/" + d.Round.ID.String() + "/recheck"})}
	return d, err
}

func (p *Pages) recheck(w http.ResponseWriter, r *http.Request) error {
	c, rc, err := ask(r)
	if err != nil {
		return err
	}
	d, err := p.oneRecheck(r, c, rc)
	if err != nil {
		return err
	}
	return p.ren.Page(w, r, web.Office, "round/recheck", d)
}

func (p *Pages) answerRecheck(w http.ResponseWriter, r *http.Request) error {
	c, rc, err := ask(r)
	if err != nil {
		return err
	}
	if err := r.ParseForm(); err != nil {
		return err
	}
	in := RecheckAnswer{RecheckID: rc, ObjectID: idOf(r.PostForm, "object"), Absent: r.PostForm.Get("do") == "absent", Answers: answersOf(r.PostForm, "a.")}
	if _, err = p.s.AnswerRecheck(r.Context(), c, in); err == nil {
		return web.Redirect(w, r, "/rechecks/"+rc.String()+"#t"+in.ObjectID.String())
	}
	form, message, status, ok := again(r, err, r.PostForm)
	if !ok {
		return err
	}
	d, derr := p.oneRecheck(r, c, rc)
	if derr != nil {
		return derr
	}
	d.Form, d.Message = form, message
	return p.ren.PageStatus(w, r, status, web.Office, "round/recheck", d)
}
