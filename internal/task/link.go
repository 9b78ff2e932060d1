package task

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// byHand are the kinds of things people may link a task with.
var byHand = []string{"task", "place", "person", "round"}

// linkTransfer links the tasks of a transfer's posts with it; its id is that of
// the transfer's own task.
const linkTransfer = "transfer"

// Tie is a link as a task's page shows it to somebody.
type Tie struct {
	Link
	Text   string `json:"text,omitempty" doc:"What it is called, to who may see it"`
	ByHand bool   `json:"by_hand" doc:"Somebody made it, and it may be taken off again"`
	Href   string `json:"-"`
}

// made reports whether somebody made the link by hand, as it is stored.
func (t Tie) made() bool { return t.ByHand && slices.Contains(byHand, t.Kind) }

// hrefs are the pages of what tasks are linked with.
var hrefs = map[string]string{"task": "/tasks/", "place": "/places/", "household": "/households/", "person": "/persons/", "round": "/rounds/", "lead": "/leads/", "call": "/duty/calls/", "inspection": "/inspections/visits/", "relief": "/relief/", linkTransfer: "/transfers/"}

// Link links a task with another, a place, a person or a round that the caller
// may see. It stands in the history, and between two tasks it is the link of
// both. What is linked already stays as it is. Errors: NotFound, Denied, Invalid
// naming kind or object.
func (s *Service) Link(ctx context.Context, c grid.Caller, task id.ID, l Link) (Task, error) {
	const op = "task.Link"
	if _, err := s.titleOf(ctx, c, task); err != nil { // what is not theirs to see, they learn nothing of
		return Task{}, errs.Wrap(op, err)
	}
	if err := s.linkable(ctx, c, task, l); err != nil {
		return Task{}, errs.Wrap(op, err)
	}
	return s.retie(ctx, op, c, task, l, Join, func(w *work, ties []Tie) (bool, error) {
		if made := slices.DeleteFunc(slices.Clone(ties), func(t Tie) bool { return !t.made() }); len(made) >= maxLinks {
			return false, errs.Field(errs.E(op, errs.Invalid, "task.links.many", maxLinks), "object")
		}
		if slices.ContainsFunc(ties, func(t Tie) bool { return t.Link == l }) {
			return false, nil
		}
		return true, insertLinks(ctx, w.tx, c.District, task, []Link{l}, c.AccountID)
	})
}

// Unlink takes off a link that somebody made by hand. Errors: NotFound, Denied;
// Conflict where there is none, or it follows from what happened.
func (s *Service) Unlink(ctx context.Context, c grid.Caller, task id.ID, l Link) (Task, error) {
	const op = "task.Unlink"
	return s.retie(ctx, op, c, task, l, Part, func(w *work, ties []Tie) (bool, error) {
		if !slices.ContainsFunc(ties, func(t Tie) bool { return t.Link == l && t.made() }) {
			return false, errs.E(op, errs.Conflict, "task.link.fixed")
		}
		return true, deleteLink(ctx, w.tx, c.District, task, l)
	})
}

// retie changes a link of a task, and notes it in the histories of all tasks it
// is a link of. change reports whether there was anything to do.
func (s *Service) retie(ctx context.Context, op string, c grid.Caller, task id.ID, l Link, a Action, change func(w *work, ties []Tie) (bool, error)) (Task, error) {
	var out Task
	err := s.DB.Write(ctx, op, func(tx *db.Tx) error {
		w, err := s.work(ctx, tx, c, task)
		if err != nil {
			return err
		}
		if err := check(w.t, a, w.stands); err != nil {
			return err
		}
		out = w.t
		ties, err := selectTies(ctx, tx, c.District, task)
		if err != nil {
			return err
		}
		if todo, err := change(w, ties); err != nil || !todo {
			return err
		}
		w.noteTie(a, l)
		both := []*work{w}
		if l.Kind == "task" {
			o, err := s.work(ctx, tx, c, l.ObjectID)
			if err != nil {
				return err
			}
			o.noteTie(a, Link{"task", task})
			both = append(both, o)
		}
		slices.SortFunc(both, func(a, b *work) int { return int(a.t.ID - b.t.ID) })
		for _, x := range both {
			if err := x.save(ctx); err != nil {
				return err
			}
		}
		out = w.t
		return nil
	})
	return out, err
}

// noteTie notes in a task's history that it was linked, or that the link was
// taken off.
func (w *work) noteTie(a Action, l Link) {
	w.step(string(a)+"_"+l.Kind, w.t.State, Change{})
	w.events[len(w.events)-1].OtherID = l.ObjectID
}

// linkable refuses to link a task with what the caller may not see.
func (s *Service) linkable(ctx context.Context, c grid.Caller, task id.ID, l Link) error {
	bad := func(field, key string) error { return errs.Field(errs.E("task.Link", errs.Invalid, key), field) }
	if !slices.Contains(byHand, l.Kind) {
		return bad("kind", "task.links.bad")
	}
	if l.ObjectID == id.Zero || l.Kind == "task" && l.ObjectID == task {
		return bad("object", "task.links.bad")
	}
	_, err := s.called(ctx, c, l)
	if errs.Is(err, errs.NotFound) || errs.Is(err, errs.Denied) {
		return bad("object", "task.link.unseen")
	}
	return err
}

// linkableAll is linkable of what a task is to be issued with.
func (s *Service) linkableAll(ctx context.Context, c grid.Caller, list []Link) error {
	for _, l := range list {
		if !slices.Contains(byHand, l.Kind) {
			continue
		}
		if err := s.linkable(ctx, c, id.Zero, l); err != nil {
			return errs.Field(err, "links")
		}
	}
	return nil
}

// called is what something is called, to a caller who may see it. Errors:
// NotFound, Denied.
func (s *Service) called(ctx context.Context, c grid.Caller, l Link) (string, error) {
	switch {
	case l.Kind == "task":
		return s.titleOf(ctx, c, l.ObjectID)
	case l.Kind == "place":
		p, err := s.Grid.Place(ctx, c, l.ObjectID)
		if err != nil {
			return "", err
		}
		ways, err := s.Grid.Ways(ctx, c, []grid.Place{p})
		return ways[p.ID], err
	case l.Kind == "person" && s.Ledger != nil:
		c.Purpose = "" // masked, which is no look
		p, err := s.Ledger.Person(ctx, c, l.ObjectID)
		return p.Name, err
	case l.Kind == "round" && s.Rounds != nil:
		r, err := s.Rounds.Round(ctx, c, l.ObjectID)
		return r.Name, err
	}
	return "", errs.E("task.Link", errs.NotFound, "task.links.bad")
}

// titleOf is a task's title, to whoever may see the task.
func (s *Service) titleOf(ctx context.Context, c grid.Caller, task id.ID) (string, error) {
	b, err := s.bearings(ctx, c)
	if err != nil {
		return "", err
	}
	titles, err := s.titles(ctx, c, b, []id.ID{task})
	if title, ok := titles[task]; ok || err != nil {
		return title, err
	}
	return "", errs.E("task.Task", errs.NotFound, "task.not_found")
}

// titles are what tasks are called, of those that the caller may see.
func (s *Service) titles(ctx context.Context, c grid.Caller, b bearings, tasks []id.ID) (map[id.ID]string, error) {
	if len(tasks) == 0 {
		return nil, nil
	}
	rows, err := selectTasks(ctx, s.DB.Read(), c.District, tasks)
	if err != nil {
		return nil, err
	}
	list, err := s.open(c.Lang, rows)
	if err != nil {
		return nil, err
	}
	watched, err := watchedOf(ctx, s.DB.Read(), c.District, tasks, c.AccountID)
	if err != nil {
		return nil, err
	}
	out := make(map[id.ID]string, len(list))
	for _, t := range list {
		v := View{Watching: slices.Contains(watched, t.ID)}
		if err := b.judge(c, t, &v); err == nil {
			out[t.ID] = cmp.Or(v.Title, v.KindName)
		} else if !errs.Is(err, errs.NotFound) {
			return nil, err
		}
	}
	return out, nil
}

// maxTies is how many of the things that a task is or was linked with are
// named on its page. Many more can be merged into one.
const maxTies = 50

// tieWords says what the things are called that a task is or was linked with:
// those the caller may see; of others only that there is one. Of more than it
// names it leaves out, and counts, links, and leaves the history a way to them.
func (s *Service) tieWords(ctx context.Context, c grid.Caller, b bearings, v *View) error {
	v.MoreLinks = max(0, len(v.Links)-maxTies)
	v.Links = v.Links[:len(v.Links)-v.MoreLinks]
	v.tied = map[Link]Tie{}
	links := v.linked()
	for _, l := range links[min(len(links), maxTies):] {
		v.tied[l] = Tie{Link: l, Href: l.href()}
	}
	links = links[:min(len(links), maxTies)]
	var tasks []id.ID
	for _, l := range links {
		if l.Kind == "task" || l.Kind == linkTransfer {
			tasks = append(tasks, l.ObjectID)
		}
	}
	titles, err := s.titles(ctx, c, b, tasks)
	if err != nil {
		return err
	}
	for _, l := range links {
		if v.tied[l], err = s.tieWord(ctx, c, l, titles); err != nil {
			return err
		}
		if l.Kind == linkTransfer && v.stands&owner != 0 { // it shows them their part
			v.tied[l] = Tie{Link: l, Text: v.tied[l].Text, Href: l.href()}
		}
	}
	for i, t := range v.Links {
		v.Links[i] = v.tied[t.Link]
		v.Links[i].ByHand = t.made()
	}
	return nil
}

// linked are the links of a task, then those of its history, each once.
func (v *View) linked() (out []Link) {
	seen := map[Link]bool{{}: true}
	add := func(l Link) {
		if !seen[l] {
			seen[l], out = true, append(out, l)
		}
	}
	for _, t := range v.Links {
		add(t.Link)
	}
	for _, e := range v.History {
		add(linkOf(e))
	}
	return out
}

// tieWord says what one thing is called, and where its page is. titles are those
// of the tasks that the caller may see.
func (s *Service) tieWord(ctx context.Context, c grid.Caller, l Link, titles map[id.ID]string) (Tie, error) {
	t, err := Tie{Link: l}, error(nil)
	switch {
	case l.Kind == "task" || l.Kind == linkTransfer:
		seen := false
		if t.Text, seen = titles[l.ObjectID]; !seen {
			return t, nil
		}
	case l.Kind == "lead" && !c.Can(grid.LeadRead):
		return t, nil
	case slices.Contains(byHand, l.Kind):
		t.Text, err = s.called(ctx, c, l)
	}
	if errs.Is(err, errs.NotFound) || errs.Is(err, errs.Denied) {
		return Tie{Link: l}, nil
	}
	t.Href = l.href()
	return t, err
}

// href is the page of what is linked; empty: it has none.
func (l Link) href() string {
	if at, ok := hrefs[l.Kind]; ok {
		return at + l.ObjectID.String()
	}
	return ""
}

// linkOf is the link that an event made or took off; of other events none.
func linkOf(e Event) Link {
	for _, a := range []Action{Join, Part} {
		if kind, ok := strings.CutPrefix(e.Kind, string(a)+"_"); ok {
			return Link{kind, e.OtherID}
		}
	}
	return Link{}
}

// OfLink reports whether an event made a link or took one off.
func (v View) OfLink(e Event) bool { return linkOf(e).Kind != "" }

// TieOf is what an event linked the task with, in words.
func (v View) TieOf(e Event) Tie { return v.tied[linkOf(e)] }
