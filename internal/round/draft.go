package round

import (
	"context"
	"slices"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// DraftInput is what a round is drafted with.
type DraftInput struct {
	EmergencyID id.ID      `json:"emergency_id,omitempty" doc:"Without it the only open one"`
	AreaID      id.ID      `json:"area_id" doc:"The area, compound or building the round covers"`
	Name        string     `json:"name" maxLength:"100"`
	Kind        string     `json:"kind,omitempty" doc:"screening, notice, inspection … (free)" maxLength:"40"`
	TargetKind  TargetKind `json:"target_kind" enum:"doors,households,persons,points,areas,places,posts"`
	FormID      id.ID      `json:"form_id"`
	Filter      Filter     `json:"filter,omitempty"`
	PerMember   bool       `json:"per_member,omitempty"`
	NeedsPhoto  bool       `json:"needs_photo,omitempty"`
	DueMs       int64      `json:"due_ms" doc:"Deadline of the first occurrence"`
	Recurrence  Recurrence `json:"recurrence,omitempty" doc:"When the round comes again, and its cut-offs"`
	AboutID     id.ID      `json:"about_id,omitempty" doc:"Rounds over posts or areas: the round whose figures they report"`
}

const maxRoundName = 100

// selfApproval are the roles whose post may approve its own draft: a street's
// and above.
var selfApproval = []grid.Role{grid.RoleStreet, grid.RoleCommand}

func (s *Service) careHash(kind string) []byte { return s.Keys.Hash(seal.Standing, "care", kind) }

// DraftRound keeps a new round as a draft. It needs round.draft over the area.
func (s *Service) DraftRound(ctx context.Context, c grid.Caller, in DraftInput) (Round, error) {
	return s.saveDraft(ctx, c, id.Zero, in)
}

// mayDraft refuses who may not draft a round over the area, nor change the
// draft where there is one; asked before a form is kept for it.
func (s *Service) mayDraft(ctx context.Context, c grid.Caller, round, area id.ID) error {
	const op = "round.Draft"
	if round != id.Zero {
		old, err := selectRound(ctx, s.DB.Read(), c.District, round)
		if err != nil {
			return err
		}
		if err := c.RequirePlace(op, grid.RoundDraft, old.AreaPath); err != nil {
			return err
		}
	}
	if area == id.Zero {
		return c.Require(op, grid.RoundDraft)
	}
	at, err := selectPlace(ctx, s.DB.Read(), c.District, area)
	if err != nil {
		return err
	}
	return c.RequirePlace(op, grid.RoundDraft, at.Path)
}

// EditDraft changes a round that is still a draft.
func (s *Service) EditDraft(ctx context.Context, c grid.Caller, round id.ID, in DraftInput) (Round, error) {
	return s.saveDraft(ctx, c, round, in)
}

func (s *Service) saveDraft(ctx context.Context, c grid.Caller, round id.ID, in DraftInput) (Round, error) {
	const op = "round.Draft"
	if round != id.Zero { // whose draft it is, not only where it is to be
		old, err := selectRound(ctx, s.DB.Read(), c.District, round)
		if err != nil {
			return Round{}, err
		}
		if err := c.RequirePlace(op, grid.RoundDraft, old.AreaPath); err != nil {
			return Round{}, err
		}
	}
	if in.EmergencyID == id.Zero {
		e, err := s.OnlyEmergency(ctx, c)
		if err != nil {
			return Round{}, err
		}
		in.EmergencyID = e.ID
	} else if e, err := s.Emergency(ctx, c, in.EmergencyID); err != nil {
		return Round{}, err
	} else if e.State != emergencyOpen {
		return Round{}, errs.E(op, errs.Conflict, "round.emergency_ended")
	}
	r, err := s.checkDraft(ctx, c, in)
	if err != nil {
		return Round{}, err
	}
	if round != id.Zero && !c.Sees(grid.FieldCare) {
		was, err := selectRound(ctx, s.DB.Read(), c.District, round)
		if err != nil {
			return Round{}, err
		}
		r.Filter.Care = was.Filter.Care // not shown to the caller, who cannot have meant to drop it
	}
	r.ID, r.State, r.CreatedBy, r.CreatedPost, r.CreatedMs = id.New(), Draft, c.AccountID, c.PostFor(grid.RoundDraft), s.now()
	err = s.DB.Write(ctx, op, func(tx *db.Tx) error {
		if round == id.Zero {
			return insertRound(ctx, tx, c.District, r)
		}
		r.ID = round
		return updateDraft(ctx, tx, c.District, r)
	})
	if err != nil {
		return Round{}, err
	}
	return selectRound(ctx, s.DB.Read(), c.District, r.ID)
}

func (s *Service) checkDraft(ctx context.Context, c grid.Caller, in DraftInput) (Round, error) {
	const op = "round.Draft"
	var faults []error
	in.Name = strings.TrimSpace(in.Name)
	switch {
	case in.Name == "":
		faults = append(faults, invalid("name", "error.required"))
	case len([]rune(in.Name)) > maxRoundName:
		faults = append(faults, invalid("name", "error.too_long", maxRoundName))
	}
	if !in.TargetKind.Known() {
		faults = append(faults, invalid("target_kind", "error.bad_choice"))
	}
	if (in.TargetKind == Areas || in.TargetKind == Places) && len(in.Filter.Kinds) == 0 {
		faults = append(faults, invalid("filter.kinds", "round.kinds_needed"))
	}
	if in.DueMs <= s.now() {
		faults = append(faults, invalid("due_ms", "round.due_past"))
	}
	faults = append(faults, in.Recurrence.check()...)
	if in.PerMember && in.TargetKind != Doors && in.TargetKind != Households {
		faults = append(faults, invalid("per_member", "round.member_kind"))
	}
	if len(in.Filter.Care) > 0 && !c.Sees(grid.FieldCare) {
		faults = append(faults, errs.Field(errs.E(op, errs.Denied, "round.care_denied"), "filter.care"))
	}
	if len(faults) > 0 {
		return Round{}, faultsOf(faults)
	}
	area, err := selectPlace(ctx, s.DB.Read(), c.District, in.AreaID)
	if err != nil {
		return Round{}, errs.Field(err, "area_id")
	}
	if err := c.RequirePlace(op, grid.RoundDraft, area.Path); err != nil {
		return Round{}, errs.Field(err, "area_id")
	}
	if _, err := selectForm(ctx, s.DB.Read(), c.District, in.FormID); err != nil {
		return Round{}, errs.Field(err, "form_id")
	}
	if in.Kind == "" {
		in.Kind = "screening"
	}
	if in.AboutID != id.Zero {
		if _, err := s.Round(ctx, c, in.AboutID); err != nil {
			return Round{}, errs.Field(err, "about_id")
		}
	}
	r := Round{Recurrence: in.Recurrence, AboutID: in.AboutID, EmergencyID: in.EmergencyID, AreaID: in.AreaID, Name: in.Name, Kind: in.Kind, TargetKind: in.TargetKind, FormID: in.FormID,
		Filter: in.Filter, PerMember: in.PerMember, NeedsPhoto: in.NeedsPhoto, DueMs: in.DueMs, AreaPath: area.Path, district: c.District}
	if err := s.deadlineGiven(ctx, c, r); err != nil {
		return r, err
	}
	_, err = s.resolve(ctx, s.DB.Read(), r)
	return r, err
}

// Round returns one round that touches the caller's places; others are
// NotFound. Figures and lists are scoped apart. The care kinds of the filter
// are told only to who may see them.
func (s *Service) Round(ctx context.Context, c grid.Caller, round id.ID) (Round, error) {
	const op = "round.Round"
	if err := c.Require(op, grid.RoundRead); err != nil {
		return Round{}, err
	}
	r, err := selectRound(ctx, s.DB.Read(), c.District, round)
	if err != nil {
		return Round{}, err
	}
	if ok, err := s.reaches(ctx, c, grid.RoundRead, r.AreaPath); err != nil {
		return Round{}, err
	} else if !ok {
		return Round{}, errs.E(op, errs.NotFound, "round.missing")
	}
	return r.shownTo(c), nil
}

// roundFor is Round for those who may do something to the whole of it.
func (s *Service) roundFor(ctx context.Context, c grid.Caller, p grid.Permission, round id.ID) (Round, error) {
	r, err := s.Round(ctx, c, round)
	if err == nil {
		err = c.RequirePlace("round.Round", p, r.AreaPath)
	}
	return r, err
}

// placeFor returns a place that holds or lies in what the caller has the
// permission for; others are NotFound.
func (s *Service) placeFor(ctx context.Context, c grid.Caller, p grid.Permission, pid id.ID) (place, error) {
	const op = "round.place"
	if err := c.Require(op, p); err != nil {
		return place{}, err
	}
	at, err := selectPlace(ctx, s.DB.Read(), c.District, pid)
	if err != nil {
		return place{}, err
	}
	if ok, err := s.reaches(ctx, c, p, at.Path); err != nil || !ok {
		return place{}, errOr(err, errs.E(op, errs.NotFound, "round.place_missing"))
	}
	return at, nil
}

func errOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// reaches reports whether a place or grid with the path holds something of the
// caller's, or lies in it: what may be named to the caller.
func (s *Service) reaches(ctx context.Context, c grid.Caller, p grid.Permission, path string) (bool, error) {
	if c.IsSystem() {
		return true, nil
	}
	paths, err := s.grantPaths(ctx, c, p)
	return touches(path, paths), err
}

func (r Round) shownTo(c grid.Caller) Round {
	if !c.Sees(grid.FieldCare) {
		r.Filter.Care = nil
	}
	return r
}

// ListFilter narrows a list of rounds.
type ListFilter struct {
	States      []RoundState
	EmergencyID id.ID
	Query       string // part of the name
	Before      id.ID  // only rounds older than this one: the cursor
	Limit       int    // 0: 100
}

// Rounds lists the rounds that touch the caller's places, the latest first.
func (s *Service) Rounds(ctx context.Context, c grid.Caller, f ListFilter) ([]Round, error) {
	if err := c.Require("round.Rounds", grid.RoundRead); err != nil {
		return nil, err
	}
	if f.Limit <= 0 || f.Limit > 500 {
		f.Limit = 100
	}
	paths, err := s.grantPaths(ctx, c, grid.RoundRead)
	if err != nil {
		return nil, err
	}
	var out []Round
	for {
		where, args := listWhere(f, c.District)
		list, err := selectRounds(ctx, s.DB.Read(), c.District, where, args)
		if err != nil {
			return nil, err
		}
		for _, r := range list {
			if len(out) < f.Limit && (c.IsSystem() || touches(r.AreaPath, paths)) {
				out = append(out, r.shownTo(c))
			}
		}
		if len(list) < f.Limit || len(out) == f.Limit {
			return out, nil
		}
		f.Before = list[len(list)-1].ID
	}
}

// roundPage is Rounds with the cursor of the next page.
func (s *Service) roundPage(ctx context.Context, c grid.Caller, f ListFilter) ([]Round, string, error) {
	if f.Limit <= 0 {
		f.Limit = 100
	}
	list, err := s.Rounds(ctx, c, f)
	if err != nil || len(list) < f.Limit {
		return list, "", err
	}
	return list, list[len(list)-1].ID.String(), nil
}

// touches reports whether an area holds or lies in one of the paths.
func touches(area string, paths []string) bool {
	return slices.ContainsFunc(paths, func(p string) bool { return strings.HasPrefix(p, area) || strings.HasPrefix(area, p) })
}

// grantPaths returns the paths of places in which the caller has the permission:
// of grids the path of their area, of named doors the doors' own.
func (s *Service) grantPaths(ctx context.Context, c grid.Caller, p grid.Permission) ([]string, error) {
	var out []string
	for _, g := range c.Grants {
		if !g.Role.May(p) {
			continue
		}
		switch g.ObjectKind {
		case grid.ObjectPlace:
			out = append(out, g.Path)
		case grid.ObjectGrid:
			area, _, _ := strings.Cut(g.Path, "g")
			out = append(out, area)
		case grid.ObjectDoors:
			doors, err := postDoors(ctx, s.DB.Read(), c.District, g.PostID)
			if err != nil {
				return nil, err
			}
			for _, d := range doors {
				out = append(out, d.Path)
			}
		}
	}
	return out, nil
}

// Submit hands a draft to the approving body, with its cost. A round without
// targets cannot be submitted.
func (s *Service) Submit(ctx context.Context, c grid.Caller, round id.ID) (Round, error) {
	const op = "round.Submit"
	r, err := selectRound(ctx, s.DB.Read(), c.District, round)
	if err != nil {
		return r, err
	}
	if err := c.RequirePlace(op, grid.RoundDraft, r.AreaPath); err != nil {
		return r, err
	}
	cost, err := s.cost(ctx, r)
	if err != nil {
		return r, err
	}
	if cost.Targets == 0 {
		return r, errs.Field(errs.E(op, errs.Invalid, "round.no_targets"), "filter")
	}
	err = s.DB.Write(ctx, op, func(tx *db.Tx) error {
		if err := setState(ctx, tx, c.District, round, Draft, Submitted); err != nil {
			return err
		}
		return setCost(ctx, tx, c.District, round, cost)
	})
	r.State, r.Cost = Submitted, cost
	return r, err
}

// Return hands a submitted round back to its drafter.
func (s *Service) Return(ctx context.Context, c grid.Caller, round id.ID) error {
	return s.step(ctx, c, "round.Return", grid.RoundApprove, round, Submitted, Draft, "round.return")
}

// Withdraw ends a round that was not opened.
func (s *Service) Withdraw(ctx context.Context, c grid.Caller, round id.ID) error {
	r, err := selectRound(ctx, s.DB.Read(), c.District, round)
	if err != nil {
		return err
	}
	return s.step(ctx, c, "round.Withdraw", grid.RoundDraft, round, r.State, Withdrawn, "round.withdraw")
}

func (s *Service) step(ctx context.Context, c grid.Caller, op string, p grid.Permission, round id.ID, from, to RoundState, action string) error {
	r, err := selectRound(ctx, s.DB.Read(), c.District, round)
	if err != nil {
		return err
	}
	if err := c.RequirePlace(op, p, r.AreaPath); err != nil {
		return err
	}
	if from != Draft && from != Submitted {
		return errs.E(op, errs.Conflict, "round.state_changed")
	}
	return s.DB.Write(ctx, op, func(tx *db.Tx) error {
		if err := setState(ctx, tx, c.District, round, from, to); err != nil {
			return err
		}
		return s.Audit.Append(ctx, tx, audit.Entry{Account: c.AccountID, Post: c.PostFor(p), Action: action, Object: "round", ObjectID: round})
	})
}

// mayApprove returns the post that approves the round: one that may, over the
// whole area, and not the drafter's own unless it is a street's or above.
func mayApprove(c grid.Caller, r Round) (id.ID, error) {
	const op = "round.Approve"
	if c.IsSystem() {
		return id.Zero, nil
	}
	own := false
	for _, g := range c.Grants {
		if !g.Role.May(grid.RoundApprove) || g.ObjectKind != grid.ObjectPlace || !strings.HasPrefix(r.AreaPath, g.Path) {
			continue
		}
		if g.PostID == r.CreatedPost && !slices.Contains(selfApproval, g.Role) {
			own = true
			continue
		}
		return g.PostID, nil
	}
	if own {
		return id.Zero, errs.E(op, errs.Denied, "round.approve_own")
	}
	return id.Zero, c.RequirePlace(op, grid.RoundApprove, r.AreaPath)
}
