package incoming

import (
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// shownLeads is how many leads one list shows.
const shownLeads = 200

// Decision says where a lead that was set aside belongs.
type Decision struct {
	Version int   `json:"version" doc:"Of the person shown"`
	DoorID  id.ID `json:"door_id,omitempty" doc:"The door; its community calls"`
	AreaID  id.ID `json:"area_id,omitempty" doc:"The street or community that calls"`
	// Anywhere lets any caller of the area ask: nobody knows where the person is.
	Anywhere bool   `json:"anywhere,omitempty" doc:"Nobody knows where: any caller of the area asks"`
	Phone    string `json:"phone,omitempty" maxLength:"40" doc:"Another number that was found"`
}

// InState lists the leads of the caller's area in a state, the most pressing
// first, those settled the newest first.
func (s *Service) InState(ctx context.Context, c grid.Caller, state State) ([]Lead, error) {
	return s.InStateAfter(ctx, c, state, id.Zero)
}

// InStateAfter is InState, of those settled after the last one seen.
func (s *Service) InStateAfter(ctx context.Context, c grid.Caller, state State, after id.ID) ([]Lead, error) {
	const op = "incoming.InState"
	if err := c.Require(op, grid.LeadRead); err != nil {
		return nil, err
	}
	if !slices.Contains([]State{Unclear, Open, Sent, Done, Late}, state) {
		return nil, errs.Field(errs.E(op, errs.Invalid, "error.bad_choice"), "state")
	}
	list, err := deskLeads(ctx, s.DB.Read(), c, state, after, s.nowMs(), shownLeads)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	out, err := s.listed(ctx, c, list)
	return out, errs.Wrap(op, err)
}

// Counts are the leads of the caller's area by state.
func (s *Service) Counts(ctx context.Context, c grid.Caller) (Figures, error) {
	const op = "incoming.Counts"
	if err := c.Require(op, grid.LeadRead); err != nil {
		return Figures{}, err
	}
	f, err := countStates(ctx, s.DB.Read(), c)
	return f, errs.Wrap(op, err)
}

// Decide says where a lead that was set aside belongs, and whoever calls there
// gets it. Errors: Denied without lead.import over where it is now; Conflict
// where it is not set aside any more.
func (s *Service) Decide(ctx context.Context, c grid.Caller, v id.ID, d Decision) error {
	const op = "incoming.Decide"
	l, err := s.undecided(ctx, s.DB.Read(), c, v, d.Version)
	if err != nil {
		return errs.Wrap(op, err)
	}
	more := body{}
	if d.Phone != "" {
		if err := more.dialled(d.Phone); err != nil {
			return err
		}
	}
	place, err := s.decided(ctx, c, d)
	if err != nil {
		return errs.Wrap(op, err)
	}
	version := l.Version
	err = s.DB.Write(ctx, op, func(tx *db.Tx) error {
		var err error
		if l, err = s.undecided(ctx, tx, c, v, version); err != nil {
			return err
		}
		l.decide(place, more.Phones)
		k := keysOf(&l.body, s.hasher(l.Register))
		if err := s.save(ctx, tx, c, &l, "placed", "", ""); err != nil {
			return err
		}
		if err := setKeys(ctx, tx, c.District, l.ID, k); err != nil {
			return err
		}
		return s.rebalance(ctx, tx, c.District)
	})
	if err != nil {
		return errs.Wrap(op, err)
	}
	if err := s.remember(ctx, c, l.body.Address, d.DoorID); err != nil {
		s.Log.Warn("the door chosen for an address is not remembered", "lead", l.ID, "error", err)
	}
	return nil
}

func (s *Service) undecided(ctx context.Context, q db.Queryer, c grid.Caller, v id.ID, version int) (lead, error) {
	const op = "incoming.undecided"
	if err := c.Require(op, grid.LeadImport); err != nil {
		return lead{}, err
	}
	l, err := oneLead(ctx, q, c, grid.LeadImport, v)
	switch {
	case err != nil:
		return l, err
	case l.State != Unclear, version != 0 && version != l.Version:
		return l, errs.E(op, errs.Conflict, "error.conflict")
	}
	if err := c.RequirePlace(op, grid.LeadImport, l.Path); err != nil {
		return l, err
	}
	return l, s.open(&l)
}

// decided is the place that a decision names; none where anybody may ask.
func (s *Service) decided(ctx context.Context, c grid.Caller, d Decision) (grid.Place, error) {
	const op = "incoming.decided"
	sys := grid.System(c.District, "incoming")
	at := d.DoorID
	switch {
	case d.Anywhere:
		return grid.Place{}, nil
	case at == id.Zero:
		at = d.AreaID
	}
	p, err := s.Grid.Place(ctx, sys, at)
	if err != nil || p.Kind != grid.Door && !p.Kind.IsArea() {
		return p, errs.Field(errs.E(op, errs.Invalid, "incoming.where"), "area_id")
	}
	return p, nil
}

// decide gives a lead its place, where one is named, and the phones found for it.
func (l *lead) decide(p grid.Place, phones []string) {
	l.State, l.RetryMs, l.AccountID, l.PostID = Open, 0, id.Zero, id.Zero
	if len(phones) > 0 {
		l.body.Phones = append(slices.Clone(phones), slices.DeleteFunc(l.body.Phones, func(p string) bool { return slices.Contains(phones, p) })...)
		l.Tries = 0
	}
	if p.ID == id.Zero {
		return
	}
	l.Path = communityOf(p.Path)
	if p.Kind == grid.Door {
		l.DoorID = p.ID
	}
}
