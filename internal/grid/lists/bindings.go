package lists

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
	"wangge/internal/platform/relist"
)

// bindings is the list of running bindings. Who is bound to what is chosen on
// its page, where both are found; a list changes until when.
type bindings struct{}

// leads is the word in the column of who leads.
const leads = "yes"

func (*bindings) right() grid.Permission { return grid.PostWrite }

func (*bindings) list() relist.List {
	return relist.List{Label: colWho, Columns: []relist.Column{fixed(colWho, 28), chosen(fixed(colLead, 8), "lists.lead.", []string{leads}), fixed(colBoundTo, 34),
		dated(fixed(colFrom, 12)), dated(column(colUntil, 12))}}
}

func (*bindings) load(ctx context.Context, w *work) ([]relist.Record, error) {
	list, err := runningBindings(ctx, w, w.c)
	if err != nil {
		return nil, err
	}
	other := w.otherwise()
	also, err := runningBindings(ctx, w, other)
	if err != nil {
		return nil, err
	}
	said := map[id.ID]map[string]string{}
	for _, b := range also {
		said[b.ID] = map[string]string{colWho: bound(other.Lang, b), colBoundTo: b.Object}
	}
	out := make([]relist.Record, 0, len(list))
	for _, b := range list {
		lead := ""
		if b.Lead {
			lead = word(w.c.Lang, "lists.lead.", leads)
		}
		out = append(out, relist.Record{ID: b.ID.String(), Also: said[b.ID], Cells: map[string]string{colWho: bound(w.c.Lang, b), colLead: lead, colBoundTo: b.Object,
			colFrom: firstDay(b.FromMs), colUntil: lastDay(b.UntilMs)}})
	}
	return out, nil
}

// bound is who is bound: a post by its title, else by its role.
func bound(lang string, b grid.BindingView) string {
	if b.Who == "" && b.Role != "" {
		return word(lang, "grid.role.", string(b.Role))
	}
	return b.Who
}

func runningBindings(ctx context.Context, w *work, c grid.Caller) ([]grid.BindingView, error) {
	var list []grid.BindingView
	for after := id.Zero; ; after = list[len(list)-1].ID {
		part, err := w.s.grid.Bindings(ctx, c, w.at, id.Zero, after, pageSize)
		if err != nil {
			return nil, err
		}
		if list = append(list, part...); len(part) < pageSize {
			return list, nil
		}
	}
}

func (*bindings) start() {}

func (*bindings) apply(ctx context.Context, tx *db.Tx, w *work, l *relist.Line) error {
	cell, _ := l.Cell(colUntil)
	until, err := readDay(cell, colUntil, true)
	if err != nil {
		return err
	}
	return at(w.s.grid.EndBindingIn(ctx, tx, w.c, id.From(l.ID), until), nil)
}
