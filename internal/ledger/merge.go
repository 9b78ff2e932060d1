package ledger

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// Merge says which of two records of one person stays.
type Merge struct {
	Keep, Drop               id.ID
	KeepVersion, DropVersion int      // of the records shown; 0: any
	Take                     []string // fields of which the dropped record's value is right
}

// mergeBody is what is sealed of a merge: both records as they were.
type mergeBody struct {
	Keep      sealedPerson `json:"k"`
	Drop      sealedPerson `json:"d"`
	Care      []id.ID      `json:"c,omitempty"` // entries that went from drop to keep
	Risk      []id.ID      `json:"r,omitempty"`
	Residence id.ID        `json:"h"` // the line that says where drop lived
}

// sealedPerson is a record's fields inside another sealed body.
type sealedPerson struct {
	Plain      []byte `json:"p"`
	Registered bool   `json:"r,omitempty"`
	LivesHere  bool   `json:"l,omitempty"`
}

func sealedOf(p *Person) sealedPerson {
	return sealedPerson{Plain: appendPerson(nil, p), Registered: p.Registered, LivesHere: p.LivesHere}
}

// into puts the fields back into p; its place and times stay.
func (v sealedPerson) into(p *Person) error {
	n := Person{ID: p.ID, HouseholdID: p.HouseholdID, DoorID: p.DoorID, Register: p.Register, Version: p.Version,
		FromMs: p.FromMs, UntilMs: p.UntilMs, UntilReason: p.UntilReason, Registered: v.Registered, LivesHere: v.LivesHere}
	if err := decodePerson(v.Plain, &n); err != nil {
		return err
	}
	*p = n
	return nil
}

// tableMerge as it stands in the AAD of sealed blobs.
const tableMerge = "person_merge"

// mergeRow is one row of person_merge.
type mergeRow struct {
	id, keep, drop           id.ID
	keepVersion, dropVersion int
	register                 string
	blob                     []byte
	account, post            id.ID
	atMs, undoneMs           int64
}

// MergePersons takes the record m.Drop into the record m.Keep of the same
// person: blanks are filled, phones joined, the fields of m.Take become the
// dropped record's, the files become one. The dropped record stays closed and
// leads to the kept one. It returns the merge's id, for UndoMerge.
func (s *Service) MergePersons(ctx context.Context, c grid.Caller, m Merge) (id.ID, error) {
	const op = "ledger.MergePersons"
	if m.Keep == m.Drop {
		return id.Zero, errs.Field(errs.E(op, errs.Invalid, "ledger.merge.same"), "drop")
	}
	fresh := id.New()
	err := s.change(ctx, c, op, func(w *work) error {
		k, err := w.person(m.Keep, m.KeepVersion)
		if err != nil {
			return err
		}
		d, err := w.person(m.Drop, m.DropVersion)
		if err != nil {
			return err
		}
		if k.Register != d.Register {
			return errs.E(op, errs.Conflict, "ledger.merge.register")
		}
		body := mergeBody{Keep: sealedOf(k), Drop: sealedOf(d)}
		if err := w.takeIn(k, d, m.Take); err != nil {
			return err
		}
		if err := w.closeMerged(d, k.ID, &body); err != nil {
			return err
		}
		return w.journalMerge(fresh, k, d, body)
	})
	return fresh, err
}

// takeIn makes k what the two records say together, with the counts.
func (w *work) takeIn(k, d *Person, take []string) error {
	from, err := w.open(d.HouseholdID)
	if err != nil {
		return err
	}
	from.remove(d)
	was := *k
	if err := mergeInto(k, d, take); err != nil {
		return err
	}
	if was.Registered != k.Registered || was.LivesHere != k.LivesHere {
		h, err := w.open(k.HouseholdID)
		if err != nil {
			return err
		}
		h.remove(&was)
		h.add(k)
		w.tellLiving(&was, k)
	}
	if err := w.store(k); err != nil {
		return err
	}
	return w.event(k, EventMerged, d.ID, diff(&was, k), "")
}

// closeMerged closes the record d, whose entries on lists go to keep.
func (w *work) closeMerged(d *Person, keep id.ID, body *mergeBody) (err error) {
	if body.Residence, err = w.leave(d, reasonMerged); err != nil {
		return err
	}
	d.UntilMs, d.UntilReason = w.now, reasonMerged
	if err := w.store(d); err != nil {
		return err
	}
	if err := w.event(d, EventMergedInto, keep, nil, ""); err != nil {
		return err
	}
	w.tell(Change{Kind: Merged, DoorID: d.DoorID, HouseholdID: d.HouseholdID, PersonID: d.ID, IntoID: keep})
	for table, moved := range map[string]*[]id.ID{tableCare: &body.Care, tableRisk: &body.Risk} {
		items, err := w.s.itemsOf(w.ctx, w.tx, w.c.District, table, []id.ID{d.ID})
		if err != nil {
			return err
		}
		for _, it := range items {
			*moved = append(*moved, it.id)
		}
		if err := w.s.handItems(w.ctx, w.tx, w.c.District, table, *moved, keep); err != nil {
			return err
		}
	}
	return nil
}

func (w *work) journalMerge(fresh id.ID, k, d *Person, body mergeBody) error {
	blob, err := w.s.keys.SealJSON(k.Register, seal.AAD(k.Register, tableMerge, fresh), body)
	if err != nil {
		return err
	}
	post := w.c.PostFor(grid.LedgerWrite)
	err = w.s.insertMerge(w.ctx, w.tx, w.c.District, mergeRow{id: fresh, keep: k.ID, drop: d.ID, keepVersion: k.Version, dropVersion: d.Version,
		register: k.Register, blob: blob, account: w.c.AccountID, post: post, atMs: w.now})
	if err != nil {
		return err
	}
	return w.s.audit.Append(w.ctx, w.tx, audit.Entry{Account: w.c.AccountID, Post: post, Action: "person.merge", Object: "person", ObjectID: k.ID, Detail: "drop=" + d.ID.String()})
}

// tellLiving tells that somebody who lived here does no more, or again.
func (w *work) tellLiving(was, now *Person) {
	ch := Change{DoorID: now.DoorID, HouseholdID: now.HouseholdID, PersonID: now.ID}
	switch {
	case was.LivesHere && !now.LivesHere:
		ch.Kind, ch.Reason = Departed, reasonElsewhere
	case !was.LivesHere && now.LivesHere:
		ch.Kind = Arrived
	default:
		return
	}
	w.tell(ch)
}

// MergeState says of a merge whether it can be undone.
type MergeState struct {
	ID     id.ID
	Keep   id.ID
	Drop   id.ID
	AtMs   int64
	Undone bool
	// Since lists what was changed of the two records since; where it is not
	// empty the merge cannot be undone.
	Since []Event
	// Undoable is false where Since holds something, and where the kept record
	// was itself closed or taken into another.
	Undoable bool
}

// MergesOf returns the merges in which the record stayed, newest first.
func (s *Service) MergesOf(ctx context.Context, c grid.Caller, keep id.ID) ([]MergeState, error) {
	const op = "ledger.MergesOf"
	if _, err := s.person(ctx, s.db.Read(), c, grid.LedgerRead, keep); err != nil {
		return nil, errs.Wrap(op, err)
	}
	rows, err := s.merges(ctx, s.db.Read(), c.District, keep)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	out := make([]MergeState, len(rows))
	for i, m := range rows {
		if out[i], err = s.mergeState(ctx, c, m); err != nil {
			return nil, errs.Wrap(op, err)
		}
	}
	return out, nil
}

func (s *Service) mergeState(ctx context.Context, c grid.Caller, m mergeRow) (MergeState, error) {
	st := MergeState{ID: m.id, Keep: m.keep, Drop: m.drop, AtMs: m.atMs, Undone: m.undoneMs != 0}
	if st.Undone {
		return st, nil
	}
	k, d, err := s.versionsOf(ctx, s.db.Read(), c.District, m.keep, m.drop)
	if err != nil {
		return st, err
	}
	if st.Undoable = k == m.keepVersion && d == m.dropVersion; st.Undoable {
		return st, nil
	}
	events, err := s.events(ctx, s.db.Read(), c.District, []id.ID{m.keep, m.drop}, fileEvents)
	for _, e := range events {
		if e.AtMs >= m.atMs && changesRecord(e.Kind) && (e.Kind != EventMerged || e.ObjectID != m.drop) && (e.Kind != EventMergedInto || e.PersonID != m.drop) {
			e.Changes = nil // which fields they were the file says, to those who may see it
			st.Since = append(st.Since, e)
		}
	}
	return st, err
}

// changesRecord reports whether an event of this kind changed a record itself;
// notes and lists stand beside it.
func changesRecord(kind string) bool {
	switch kind {
	case EventNote, EventCareAdded, EventCareEnded, EventRiskAdded, EventRiskEnded:
		return false
	}
	return true
}

// UndoMerge takes a merge into the record keep back: both records are again what they were, with the
// entries on lists that each had. It is a Conflict (ledger.merge.changed) when
// either record was changed since; MergesOf lists by what. Notes and list
// entries added since stay with the kept record.
func (s *Service) UndoMerge(ctx context.Context, c grid.Caller, keep, merge id.ID) error {
	const op = "ledger.UndoMerge"
	return s.change(ctx, c, op, func(w *work) error {
		k, err := w.person(keep, 0)
		if err != nil {
			return err
		}
		m, err := s.merge(ctx, w.tx, c.District, merge)
		if err == nil && m.keep != keep {
			err = errs.E(op, errs.NotFound, "error.not_found")
		}
		if err != nil {
			return err
		}
		r, err := s.person(ctx, w.tx, c, grid.LedgerWrite, m.drop)
		if err != nil {
			return err
		}
		if m.undoneMs != 0 || k.Version != m.keepVersion || r.Version != m.dropVersion {
			return errs.E(op, errs.Conflict, "ledger.merge.changed")
		}
		var body mergeBody
		if err := s.keys.OpenJSON(m.register, seal.AAD(m.register, tableMerge, m.id), m.blob, &body); err != nil {
			return err
		}
		return w.unmerge(m, k, &r.Person, body)
	})
}

func (w *work) unmerge(m mergeRow, k, d *Person, body mergeBody) error {
	was := *k
	if err := body.Keep.into(k); err != nil {
		return err
	}
	h, err := w.open(k.HouseholdID)
	if err != nil {
		return err
	}
	h.remove(&was)
	h.add(k)
	w.tellLiving(&was, k)
	if err := w.store(k); err != nil {
		return err
	}
	if err := body.Drop.into(d); err != nil {
		return err
	}
	if err := w.comeHome(d, Undone); err != nil {
		return err
	}
	for table, moved := range map[string][]id.ID{tableCare: body.Care, tableRisk: body.Risk} {
		if err := w.s.handItems(w.ctx, w.tx, w.c.District, table, moved, d.ID); err != nil {
			return err
		}
	}
	if err := w.s.endMerge(w.ctx, w.tx, w.c.District, m.id, body.Residence, w.now); err != nil {
		return err
	}
	for p, other := range map[*Person]id.ID{k: d.ID, d: k.ID} {
		if err := w.event(p, EventMergeUndone, other, nil, ""); err != nil {
			return err
		}
	}
	return w.s.audit.Append(w.ctx, w.tx, audit.Entry{Account: w.c.AccountID, Post: w.c.PostFor(grid.LedgerWrite), Action: "person.unmerge", Object: "person", ObjectID: k.ID, Detail: "drop=" + d.ID.String()})
}
