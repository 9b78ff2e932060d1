package task

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

type newPage struct {
	web.Meta
	Form   web.Form
	Kind   Kind
	Kinds  []web.Option
	To     []web.Option
	Gaps   []web.Option // what becomes of areas without a post, once they are named
	Signs  []web.Option
	Asks   []web.Option
	Facts  []web.Option // of a report
	ToHelp string       // where those are that the list of posts has no room for
	Where  string       // the place it is about
	Usual  int64        // the deadline it gets if none is given
	Direct bool         // several posts can be addressed at once
}

// TextHelp says what belongs into the text: of a referral, which leaves the
// line, the facts needed to act and nobody's personal data.
func (d newPage) TextHelp() string {
	if d.Kind.Referral {
		return "task.text.help.referral"
	}
	return "task.text.help"
}

// AsksNumbers reports whether the form asks that numbers are needed: once they
// were refused, or the tick was set.
func (d newPage) AsksNumbers() bool {
	return d.Kind.Referral && (d.Form.Values.Get("numbers") == "1" || hasNumbers(d.Form.Values.Get("title")) || hasNumbers(d.Form.Values.Get("text")))
}

// fresh is the empty form of a task: of the kind named, else the first that the
// caller may issue.
func (p *Pages) fresh(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	q := r.URL.Query()
	d, err := p.readNew(r, c, url.Values{"kind": {q.Get("kind")}, "place": {q.Get("place")}, "to": {q.Get("to")}, "links": {q.Get("links")}})
	if err != nil {
		return err
	}
	return p.ren.Page(w, r, layout(c), "task/new", d)
}

// hidden are the kinds that people do not choose: other packages issue them.
var hidden = []string{KindLead, KindHands, KindTransfer}

func (p *Pages) readNew(r *http.Request, c grid.Caller, v url.Values) (d newPage, err error) {
	ctx := r.Context()
	d.Form.Values = v
	d.Meta = web.Meta{Title: web.T(ctx, "task.new"), Menu: "tasks", Crumbs: []web.Crumb{{Text: web.T(ctx, "task.title"), Href: "/tasks"}}}
	if err := c.Require("task.new", grid.TaskDo); err != nil {
		return d, err
	}
	if err := p.chooseKind(r, c, &d); err != nil {
		return d, err
	}
	now := p.s.now()
	d.Usual = d.Kind.after(now, d.Kind.Deadline)
	ch, err := p.s.Choices(ctx, c, d.Kind.Key)
	if err != nil {
		return d, err
	}
	if err := p.fillTo(r, c, &d, ch); err != nil {
		return d, err
	}
	if len(ch.Signs) > 0 && d.Kind.Least > 0 {
		if d.Signs, err = p.options(r, c, ch.Signs, "task.sign.none", id.Zero); err != nil {
			return d, err
		}
	}
	if d.Direct = d.Kind.Key == KindDirective; d.Direct {
		for _, t := range append([]string{""}, questionTypes...) {
			d.Asks = append(d.Asks, web.Option{Value: t, Text: web.T(ctx, "task.ask."+orNone(t))})
		}
	}
	if d.Kind.Key == KindReport {
		for _, f := range Facts {
			d.Facts = append(d.Facts, web.Option{Value: f.Key, Text: web.T(ctx, "task.fact."+f.Key)})
		}
	}
	if place := named(v, "place"); place != id.Zero {
		at, err := p.s.Grid.Place(ctx, c, place)
		if err != nil {
			return d, err
		}
		ways, err := p.s.Grid.Ways(ctx, c, []grid.Place{at})
		d.Where = ways[at.ID]
		return d, err
	}
	return d, nil
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// chooseKind lists the kinds the caller may issue and takes the one asked for.
func (p *Pages) chooseKind(r *http.Request, c grid.Caller, d *newPage) error {
	kinds, err := p.s.Kinds(r.Context(), c)
	if err != nil {
		return err
	}
	want := d.Form.Values.Get("kind")
	found := false
	for _, k := range kinds {
		if k.Retired || slices.Contains(hidden, k.Key) || !mayIssue(c, k) {
			continue
		}
		d.Kinds = append(d.Kinds, web.Option{Value: k.Key, Text: k.Name(c.Lang)})
		if !found && (want == "" || want == k.Key) {
			d.Kind, found = k, true
		}
	}
	if !found {
		return errs.Field(errs.E("task.new", errs.Denied, "task.kind.denied"), "kind")
	}
	d.Form.Values.Set("kind", d.Kind.Key)
	return nil
}

func mayIssue(c grid.Caller, k Kind) bool {
	for _, g := range c.Grants {
		if k.MayIssue(g.Role) {
			return true
		}
	}
	return false
}

// fillTo lists whom the task can be given to: nobody named, which means who
// answers for the place or stands one line up; whole levels; single posts.
func (p *Pages) fillTo(r *http.Request, c grid.Caller, d *newPage, ch Choices) error {
	ctx := r.Context()
	posts := ch.Near
	if to := named(d.Form.Values, "to"); to > 0 {
		posts = append([]id.ID{to}, posts...)
	}
	list, err := p.options(r, c, posts, "task.to.choose", ch.From)
	if err != nil {
		return err
	}
	switch {
	case d.Form.Values.Get("place") != "" && d.Kind.Way != WayUp:
		list[0].Text = web.T(ctx, "task.to.place")
	case d.Kind.Way != WayDown:
		list[0].Text = web.T(ctx, "task.to.up")
	}
	d.To = list[:1:1]
	if d.Kind.Key == KindDirective {
		d.To = append(d.To, levelOptions(r, ch.Levels)...)
	}
	d.To = append(d.To, list[1:]...)
	if len(ch.Near) >= maxNear {
		d.ToHelp = web.T(ctx, "task.to.more")
	}
	return nil
}

// levelOptions are whole levels to choose from.
func levelOptions(r *http.Request, levels []Level) []web.Option {
	var out []web.Option
	for _, l := range levels {
		text := web.T(r.Context(), "task.to.level", web.T(r.Context(), "grid.role."+string(l.Role)), l.N)
		if l.Empty > 0 {
			text += web.T(r.Context(), "task.to.empty", l.Empty)
		}
		out = append(out, web.Option{Value: "level:" + string(l.Role), Text: text})
	}
	return out
}

// gapsChosen is what the form says becomes of areas without a post: nothing,
// where they were named for another level than the one chosen now.
func gapsChosen(f url.Values, role string) string {
	if f.Get("gaps_of") != role {
		return ""
	}
	return f.Get("gaps")
}

// gapOptions are the ways to choose from where areas without a post are named.
func gapOptions(r *http.Request, f web.Form) []web.Option {
	if f.Error("gaps") == "" {
		return nil
	}
	role, _ := strings.CutPrefix(f.Values.Get("to"), "level:")
	f.Values.Set("gaps_of", role)
	return []web.Option{{Value: GapsUp, Text: web.T(r.Context(), "task.gaps.up")}, {Value: GapsSkip, Text: web.T(r.Context(), "task.gaps.skip")}}
}

// issue issues what the form says.
func (p *Pages) issue(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	t, n, err := p.issueForm(r, c)
	if err == nil {
		if n > 0 {
			web.Flash(w, r, "ok", "task.flash.directed", strconv.Itoa(n))
		} else {
			web.Flash(w, r, "ok", "task.flash.issued")
		}
		return web.Redirect(w, r, "/tasks/"+t.ID.String())
	}
	if !errs.Is(err, errs.Invalid) {
		return err
	}
	d, again := p.readNew(r, c, r.PostForm)
	if again != nil {
		return again
	}
	d.Form.Errors = renamed(web.FormErrors(r.Context(), err))
	d.Gaps = gapOptions(r, d.Form)
	return p.ren.PageStatus(w, r, http.StatusUnprocessableEntity, layout(c), "task/new", d)
}

// renamed gives errors the names that the form's inputs have.
func renamed(list map[string]string) map[string]string {
	for from, to := range map[string]string{"post": "to", "posts": "to", "type": "ask", "question": "ask_label", "options": "ask_options"} {
		if text, ok := list[from]; ok {
			list[to] = text
			delete(list, from)
		}
	}
	return list
}

// issueForm issues a task, or a directive to n posts.
func (p *Pages) issueForm(r *http.Request, c grid.Caller) (t Task, n int, err error) {
	ctx, f := r.Context(), r.PostForm
	in := Issue{Kind: f.Get("kind"), Title: f.Get("title"), Text: f.Get("text"), Fact: f.Get("fact"), PlaceID: named(f, "place"), Urgent: f.Get("urgent") == "1", Numbers: f.Get("numbers") == "1", SignedPost: named(f, "signed")}
	if in.DeadlineMs, err = web.LocalTime(f.Get("deadline"), "deadline"); err != nil {
		return t, 0, err
	}
	if q := (Question{Type: f.Get("ask"), Label: f.Get("ask_label")}); in.Kind == KindDirective && (q.Type != "" || strings.TrimSpace(q.Label) != "") {
		q.Options = strings.Split(f.Get("ask_options"), "\n")
		in.Question = &q
	}
	if of := named(f, "links"); of > 0 {
		in.Links = []Link{{"task", of}}
	}
	if role, ok := strings.CutPrefix(f.Get("to"), "level:"); ok {
		to, err := p.s.levelAddress(ctx, c, in.Kind, role, gapsChosen(f, role))
		if err != nil {
			return t, 0, err
		}
		t, err = p.s.Direct(ctx, c, in, to)
		return t, len(to.Posts), err
	}
	in.PostID = named(f, "to")
	if in.Kind == KindDirective && in.PostID != id.Zero {
		t, err = p.s.Direct(ctx, c, in, Address{Posts: []id.ID{in.PostID}})
		return t, 1, err
	}
	t, err = p.s.Issue(ctx, c, in)
	return t, 0, err
}
