package incoming

import (
	"context"
	"maps"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// joining is what came in about somebody who is to be called already.
type joining struct {
	lead *lead // as read in the transaction that writes it
	more []record
}

// late is a list as its transaction finds it: who of its new people came in by
// another way since it was read joins the lead that is there.
type late struct {
	fresh []*lead
	moved map[id.ID]id.ID // of a fresh lead that is none: the one it joins
	joins []*joining
}

// sift parts the new people from those who are there. It changes nothing of w.
func (w *intake) sift(have *people) late {
	in := late{moved: map[id.ID]id.ID{}}
	open := have.open()
	joins := map[id.ID]*joining{}
	add := func(v id.ID, r record) {
		if l := open[v]; l != nil {
			if joins[v] == nil {
				joins[v] = &joining{lead: l}
			}
			joins[v].more = append(joins[v].more, r)
		}
	}
	for v, rows := range w.joins {
		for _, i := range rows {
			add(v, w.records[i])
		}
	}
	for _, l := range w.fresh {
		there, _ := have.find(w.keys[l.ID])
		if there == nil {
			in.fresh = append(in.fresh, l)
			continue
		}
		in.moved[l.ID] = there.id
		add(there.id, record{body: l.body, class: l.Class, urgency: l.Urgency})
	}
	for _, v := range slices.Sorted(maps.Keys(joins)) {
		in.joins = append(in.joins, joins[v])
	}
	return in
}

// open are the leads of the index that are not settled.
func (p *people) open() map[id.ID]*lead {
	out := map[id.ID]*lead{}
	for _, by := range []map[string][]*known{p.byIDNo, p.byPhone} {
		for _, list := range by {
			for _, k := range list {
				if k.open && k.lead != nil {
					out[k.id] = k.lead
				}
			}
		}
	}
	return out
}

// joined adds to leads what came in about them, with an event that says what.
func (s *Service) joined(ctx context.Context, tx *db.Tx, c grid.Caller, list []*joining) error {
	var events []eventRow
	var raised []*lead
	for _, j := range list {
		more, due := false, j.lead.DueMs
		for i := range j.more {
			e, err := s.event(c, j.lead, "joined", "", summary(&Answer{Address: j.more[i].body.Address, Note: j.more[i].body.Note}))
			if err != nil {
				return err
			}
			events = append(events, e)
			more = j.lead.raise(&j.more[i], s.nowMs()) || more
		}
		if !more {
			continue
		}
		if j.lead.DueMs != due {
			raised = append(raised, j.lead)
		}
		if err := s.seal(j.lead); err != nil {
			return err
		}
		if err := storeMore(ctx, tx, c.District, j.lead); err != nil {
			return err
		}
		if err := setKeys(ctx, tx, c.District, j.lead.ID, keysOf(&j.lead.body, s.hasher(j.lead.Register))); err != nil {
			return err
		}
	}
	if err := insertEvents(ctx, tx, c.District, events); err != nil || len(raised) == 0 {
		return err
	}
	return s.keep(ctx, tx, c, false, raised...)
}

// raise adds what came in later; who becomes more urgent is due from now.
func (l *lead) raise(r *record, now int64) (more bool) {
	due, urgency := l.DueMs, l.Urgency
	more = l.add(r)
	if l.Urgency > urgency {
		l.DueMs = min(due, dueMs(now, l.Urgency))
	}
	return more
}
