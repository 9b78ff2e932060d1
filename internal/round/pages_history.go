package round

import (
	"net/http"
	"slices"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// targetPage is a target through the occurrences of a round: how it stood in
// each, and the marks of one.
type targetPage struct {
	web.Meta
	Round   Round
	Times   []TargetTime
	At      TargetTime
	Where   string
	History []Mark
	Labels  map[string]string // of questions, by key
	Hidden  bool              // the marks are not the caller's to see
	Back    string
}

// target shows a target's history by occurrence. Who may not mark there sees how
// it stood, without answers.
func (p *Pages) target(w http.ResponseWriter, r *http.Request) error {
	c, rid, err := ask(r)
	if err != nil {
		return err
	}
	ctx := r.Context()
	object, err := id.Parse(r.PathValue("object"))
	if err != nil {
		return errs.E("round.target", errs.NotFound, "error.not_found")
	}
	d := targetPage{Labels: map[string]string{}, Back: web.SafeNext(r.FormValue("back"), "/rounds/"+rid.String())}
	if d.Round, err = p.s.Round(ctx, c, rid); err != nil {
		return err
	}
	if d.Times, err = p.s.TargetTimes(ctx, c, rid, object); err != nil {
		return err
	}
	n := nthOf(r.URL.Query())
	i := slices.IndexFunc(d.Times, func(t TargetTime) bool { return t.N == n })
	if n != 0 && i < 0 {
		return errs.E("round.target", errs.NotFound, "round.occurrence_missing")
	}
	d.At = d.Times[max(0, i)]
	if d.History, err = p.s.HistoryAt(ctx, c, rid, object, d.At.N); errs.Is(err, errs.NotFound) {
		d.Hidden, err = true, nil
	}
	if err != nil {
		return err
	}
	info, err := p.s.info(ctx, c.District, rid)
	if err != nil {
		return err
	}
	for _, f := range info.form.Fields {
		d.Labels[f.Key] = f.Label.In(c.Lang)
	}
	lines, _, err := p.s.Outstanding(ctx, c, rid, ListQuery{Ref: NodeRef{N: d.At.N}, All: true, Objects: []id.ID{object}})
	if err != nil {
		return err
	}
	for _, l := range lines {
		d.Where = within(c.Lang, l.Building, l.Label)
	}
	d.Meta = web.Meta{Title: web.T(ctx, "round.history.title", d.Where), Menu: "rounds", Crumbs: append(crumbs(r, d.Round), web.Crumb{Text: web.T(ctx, "round.back.list"), Href: d.Back})}
	layout := web.Office
	if c.AtDoors() {
		layout = web.Phone
	}
	return p.ren.Page(w, r, layout, "round/target", d)
}
