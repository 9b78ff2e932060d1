package task

import (
	"net/http"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
	"wangge/internal/round"
)

// pickPage is a list to choose from: what a task is merged into or linked with.
type pickPage struct {
	web.Meta
	Task  View
	Form  web.Form
	Kind  string   // of what is listed
	Kinds []string // of what can be listed; nil: there is but one
	Path  string   // of this page
	Rows  []pickRow
	Merge bool
}

// pickRow is a line to choose.
type pickRow struct {
	ID        id.ID
	Text, Sub string
	State     State
}

// pick shows the list; what is searched for comes with a form, because it may be
// a name.
func (p *Pages) pick(w http.ResponseWriter, r *http.Request, c grid.Caller, d pickPage, a Action) error {
	task, err := pathID(r)
	if err != nil {
		return err
	}
	if d.Task, err = p.s.Task(r.Context(), c, task); err != nil {
		return err
	}
	if !d.Task.Can[a] {
		return check(d.Task.Task, a, d.Task.stands)
	}
	d.Form = web.Form{Values: r.PostForm}
	if d.Rows, err = p.pickRows(r, c, d.Task, d.Kind, a); err != nil {
		return err
	}
	d.Meta = web.Meta{Title: web.T(r.Context(), "task.pick."+string(a)), Menu: "tasks", Crumbs: []web.Crumb{
		{Text: web.T(r.Context(), "task.title"), Href: "/tasks"}, {Text: d.Task.Title, Href: "/tasks/" + task.String()}}}
	return p.ren.Page(w, r, layout(c), "task/pick", d)
}

// into lists the tasks that one can be merged into.
func (p *Pages) into(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	return p.pick(w, r, c, pickPage{Kind: "task", Path: "/tasks/" + r.PathValue("id") + "/merge", Merge: true}, Merge)
}

// with lists what a task can be linked with.
func (p *Pages) with(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	kinds := p.s.kindsToLink(c)
	kind := r.URL.Query().Get("kind")
	if kind == "" {
		kind = kinds[0]
	}
	return p.pick(w, r, c, pickPage{Kind: kind, Kinds: kinds, Path: "/tasks/" + r.PathValue("id") + "/links?kind=" + kind}, Join)
}

// kindsToLink are the kinds of things that a caller can look for.
func (s *Service) kindsToLink(c grid.Caller) []string {
	out := []string{"task", "place"}
	if s.Ledger != nil && c.Can(grid.LedgerRead) {
		out = append(out, "person")
	}
	if s.Rounds != nil && c.Can(grid.RoundRead) {
		out = append(out, "round")
	}
	return out
}

// pickRows finds what there is to choose from.
func (p *Pages) pickRows(r *http.Request, c grid.Caller, v View, kind string, a Action) (out []pickRow, err error) {
	words := r.PostForm.Get("q")
	switch {
	case kind == "task":
		list, err := p.s.Candidates(r.Context(), c, v.ID, a, words)
		for _, t := range list {
			text := t.Title
			if text == "" {
				text = t.KindName
			}
			out = append(out, pickRow{t.ID, text, joined(t.KindName, t.Where, t.Who, web.T(r.Context(), "task.number", end(t.ID))), t.State})
		}
		return out, err
	case kind == "place" && words != "":
		found, err := p.s.Grid.Find(r.Context(), c, words, id.Zero)
		for _, h := range append(found.Doors, found.Places...) {
			out = append(out, pickRow{ID: h.ID, Text: h.Text, Sub: h.Where})
		}
		return out, err
	case kind == "person" && p.s.Ledger != nil:
		return p.persons(r, c, v, words)
	case kind == "round" && p.s.Rounds != nil:
		list, err := p.s.Rounds.Rounds(r.Context(), c, round.ListFilter{Query: words, Limit: maxHits})
		for _, x := range list {
			out = append(out, pickRow{ID: x.ID, Text: x.Name})
		}
		return out, err
	}
	return nil, nil
}

// maxDoors is behind how many doors found it is looked who lives there.
const maxDoors = 10

// persons are who is looked for, else who lives behind the door that the task is
// about, masked.
func (p *Pages) persons(r *http.Request, c grid.Caller, v View, words string) (out []pickRow, err error) {
	ctx := r.Context()
	c.Purpose = ""
	var list []ledger.PersonView
	var doors []id.ID // behind which they live
	if words != "" {
		found, err := p.s.Ledger.Search(ctx, c, ledger.Search{Text: words})
		if err != nil {
			return nil, err
		}
		list = found.Persons
		for _, h := range found.Doors[:min(len(found.Doors), maxDoors)] {
			doors = append(doors, h.ID)
		}
	} else if v.PlaceID != id.Zero {
		doors = append(doors, v.PlaceID)
	}
	if len(doors) > 0 {
		homes, err := p.s.Ledger.Behind(ctx, c, doors...)
		if err != nil && !errs.Is(err, errs.Denied) && !errs.Is(err, errs.NotFound) {
			return nil, err
		}
		for _, h := range homes {
			list = append(list, h.Persons...)
		}
	}
	for _, x := range list {
		out = append(out, pickRow{ID: x.ID, Text: x.Name, Sub: joined(x.Door, x.RelationIn(c.Lang))})
	}
	return out, nil
}

// joined joins what there is with a middle dot.
func joined(parts ...string) (out string) {
	for _, p := range parts {
		if p != "" && out != "" {
			out += " · "
		}
		out += p
	}
	return out
}

// end is how people name a task by its number: the last six digits.
func end(task id.ID) string {
	text := task.String()
	return text[max(0, len(text)-6):]
}

// link links a task with what was chosen, and takes a link off again.
func (p *Pages) link(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	task, err := pathID(r)
	if err != nil {
		return err
	}
	l, said := Link{r.PostForm.Get("kind"), named(r.PostForm, "object")}, "task.flash.linked"
	if r.PostForm.Get("off") == "1" {
		said = "task.flash.unlinked"
		_, err = p.s.Unlink(r.Context(), c, task, l)
	} else {
		_, err = p.s.Link(r.Context(), c, task, l)
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "ok", said)
	return web.Redirect(w, r, "/tasks/"+task.String())
}
