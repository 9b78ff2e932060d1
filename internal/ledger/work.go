package ledger

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

type sourceKey struct{}

// WithSource says by which way changes come in (SourceAPI); without it they
// come from a page, or from the system where the caller is the system.
func WithSource(ctx context.Context, source string) context.Context {
	return context.WithValue(ctx, sourceKey{}, source)
}

func sourceOf(ctx context.Context, c grid.Caller) string {
	if v, ok := ctx.Value(sourceKey{}).(string); ok {
		return v
	}
	if c.IsSystem() {
		return SourceSimulation
	}
	return SourcePage
}

// work is one change of the ledger in progress: it loads each household once,
// collects what the listeners will hear, and stores the households at its end.
type work struct {
	ctx        context.Context
	s          *Service
	tx         *db.Tx
	c          grid.Caller
	now        int64
	households map[id.ID]*Household
	vacant     map[id.ID]bool   // households that were known to be empty when they were read
	why        map[id.ID]string // why a household became empty, where it is not reasonEmptied
	changes    []Change
}

// change runs fn as one transaction on the ledger.
func (s *Service) change(ctx context.Context, c grid.Caller, op string, fn func(w *work) error) error {
	if err := c.Require(op, grid.LedgerWrite); err != nil {
		return err
	}
	return s.db.Write(ctx, op, func(tx *db.Tx) error { return s.changeIn(ctx, tx, c, fn) })
}

// changeIn runs fn as one change of the ledger within a transaction of the caller.
func (s *Service) changeIn(ctx context.Context, tx *db.Tx, c grid.Caller, fn func(w *work) error) error {
	w := &work{ctx: ctx, s: s, tx: tx, c: c, now: s.nowMs(), households: map[id.ID]*Household{}, vacant: map[id.ID]bool{}, why: map[id.ID]string{}}
	if err := fn(w); err != nil {
		return err
	}
	s.recordsChanged(tx, c)
	return w.finish()
}

func (w *work) household(h id.ID) (*Household, error) {
	if v := w.households[h]; v != nil {
		return v, nil
	}
	v, _, err := w.s.household(w.ctx, w.tx, w.c, grid.LedgerWrite, h)
	if err != nil {
		return nil, err
	}
	w.households[h], w.vacant[h] = &v, v.Kind == Vacant
	return &v, nil
}

// open is household, refusing one that is closed.
func (w *work) open(h id.ID) (*Household, error) {
	v, err := w.household(h)
	if err == nil && v.UntilMs != 0 {
		return nil, errs.E("ledger.household", errs.Conflict, "ledger.household.closed")
	}
	return v, err
}

// person loads a current person and checks its version (0: any).
func (w *work) person(p id.ID, version int) (*Person, error) {
	r, err := w.s.person(w.ctx, w.tx, w.c, grid.LedgerWrite, p)
	if err != nil {
		return nil, err
	}
	if version != 0 && r.Version != version {
		return nil, errs.E("ledger.person", errs.Conflict, "error.conflict")
	}
	if !r.Current() {
		return nil, errs.E("ledger.person", errs.Conflict, "ledger.person.closed")
	}
	return &r.Person, nil
}

func (w *work) members(h id.ID) ([]*Person, error) {
	recs, err := w.s.members(w.ctx, w.tx, w.c, grid.LedgerWrite, []id.ID{h})
	out := make([]*Person, len(recs))
	for i := range recs {
		out[i] = &recs[i].Person
	}
	return out, err
}

func (w *work) store(p *Person) error { return w.s.storePerson(w.ctx, w.tx, w.c.District, p) }

// event adds an entry to a person's file.
func (w *work) event(p *Person, kind string, object id.ID, changes map[string]FieldChange, text string) error {
	return w.s.insertEvent(w.ctx, w.tx, w.c.District, p.Register, &Event{
		PersonID: p.ID, AtMs: w.now, Kind: kind, AccountID: w.c.AccountID, PostID: w.c.PostFor(grid.LedgerWrite),
		Source: sourceOf(w.ctx, w.c), ObjectID: object, Changes: changes, Text: text,
	})
}

// Why records are closed by the ledger itself; people choose among DepartReasons.
const (
	reasonEmptied = "emptied" // a household that nobody is left in
	reasonMerged  = "merged"  // a record that was taken into another
	// reasonElsewhere is also one that people choose.
	reasonElsewhere = "living_elsewhere"
)

// left records where a person lived until now.
func (w *work) left(p *Person, reason string) error {
	_, err := w.leave(p, reason)
	return err
}

// leave is left and returns the residence's id.
func (w *work) leave(p *Person, reason string) (id.ID, error) {
	since, err := w.s.livedSince(w.ctx, w.tx, w.c.District, p)
	if err != nil {
		return id.Zero, err
	}
	fresh := id.New()
	return fresh, w.tx.BulkInsert(w.ctx, "residence", residenceCols, [][]any{
		{w.c.District, int64(fresh), int64(p.ID), int64(p.HouseholdID), int64(p.DoorID), since, w.now, reason},
	})
}

func (w *work) tell(c Change) {
	c.District, c.At = w.c.District, w.now
	w.changes = append(w.changes, c)
}

// finish stores the touched households, closing those that nobody is left in.
func (w *work) finish() error {
	for _, k := range slices.Sorted(maps.Keys(w.households)) {
		h := w.households[k]
		empty, err := w.emptied(h)
		if err != nil {
			return err
		}
		if empty {
			h.UntilMs, h.UntilReason = w.now, reasonEmptied
			w.tell(Change{Kind: Departed, DoorID: h.DoorID, HouseholdID: h.ID, Reason: h.UntilReason})
		}
		w.tellVacant(h)
		if err := w.s.storeHousehold(w.ctx, w.tx, w.c.District, h); err != nil {
			return err
		}
	}
	return w.s.Tell(w.ctx, w.tx, w.changes)
}

// tellVacant tells that a household became one known to be empty, or no longer is.
func (w *work) tellVacant(h *Household) {
	if h.UntilMs != 0 || w.vacant[h.ID] == (h.Kind == Vacant) {
		return
	}
	ch := Change{Kind: Arrived, DoorID: h.DoorID, HouseholdID: h.ID}
	if h.Kind == Vacant {
		ch.Kind, ch.Reason = Departed, cmp.Or(w.why[h.ID], reasonEmptied)
	}
	w.tell(ch)
}

// emptied reports whether nobody is left in a household, neither counted nor
// recorded (an owner may be recorded who neither lives nor is registered here).
func (w *work) emptied(h *Household) (empty bool, err error) {
	if h.UntilMs != 0 || h.Living > 0 || h.Registered > 0 || h.Kind == Vacant || h.Kind == Business {
		return false, nil
	}
	err = w.across(func() error { // the household may be another community's
		members, err := w.members(h.ID)
		empty = len(members) == 0
		return err
	})
	return empty, err
}

// add counts a person into the household.
func (h *Household) add(p *Person) {
	h.Registered += bit(p.Registered)
	h.Living += bit(p.LivesHere)
	if h.Kind == Vacant && p.LivesHere {
		h.Kind = Family
	}
}

// remove counts a person out of the household.
func (h *Household) remove(p *Person) {
	h.Registered = max(0, h.Registered-bit(p.Registered))
	h.Living = max(0, h.Living-bit(p.LivesHere))
}
