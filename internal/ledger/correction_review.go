package ledger

import (
	"context"
	"slices"
	"strconv"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// PurposeCorrect is the purpose of looking at what a household corrects.
const PurposeCorrect = "correct_record"

// CorrectionView is a correction as staff see it.
type CorrectionView struct {
	ID          id.ID          `json:"id"`
	HouseholdID id.ID          `json:"household_id"`
	DoorID      id.ID          `json:"door_id"`
	Door        string         `json:"door"`
	Source      string         `json:"source" enum:"resident,paper" doc:"Sent with the household's code, or entered from paper"`
	CreatedMs   int64          `json:"created_ms"`
	ClosedMs    int64          `json:"closed_ms,omitempty"`
	Open        int            `json:"open" doc:"Proposals that await a decision"`
	Version     int            `json:"version"`
	Unmasked    bool           `json:"unmasked,omitempty"`
	Proposals   []ProposalView `json:"proposals,omitempty"`
}

// ProposalView is one field of a correction: what is recorded now and what the
// household says.
type ProposalView struct {
	Index    int           `json:"index"`
	PersonID id.ID         `json:"person_id,omitempty"`
	Person   string        `json:"person,omitempty" doc:"Whom it is about"`
	Field    string        `json:"field" enum:"name,relation,phone,lives_here,living,newcomer"`
	Basis    Basis         `json:"basis" enum:"statutory,consent"`
	Old      string        `json:"old"`
	New      string        `json:"new"`
	State    ProposalState `json:"state" enum:",accepted,declined"`
}

// CorrectionFilter narrows the list of corrections.
type CorrectionFilter struct {
	Place  id.ID
	Closed bool
	After  id.ID // cursor of closed ones
}

// Corrections lists corrections of the caller's scope without their contents:
// open ones oldest first, closed ones newest first, at most ListPage.
func (s *Service) Corrections(ctx context.Context, c grid.Caller, f CorrectionFilter) ([]CorrectionView, error) {
	const op = "ledger.Corrections"
	if err := c.Require(op, grid.LedgerWrite); err != nil {
		return nil, err
	}
	under, err := s.under(ctx, c, f.Place)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	rows, err := s.correctionRows(ctx, c, under, f.Closed, f.After, ListPage)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	doors := make([]id.ID, len(rows))
	for i, r := range rows {
		doors[i] = r.door
	}
	texts, err := s.doorTexts(ctx, c.District, doors)
	out := make([]CorrectionView, len(rows))
	for i, r := range rows {
		out[i] = r.view(texts[r.door].text)
	}
	return out, errs.Wrap(op, err)
}

func (r correctionRow) view(door string) CorrectionView {
	return CorrectionView{ID: r.id, HouseholdID: r.household, DoorID: r.door, Door: door, Source: r.source, CreatedMs: r.created, ClosedMs: r.ended, Open: r.open, Version: r.version}
}

// Correction returns one correction with its proposals: masked, or with
// c.Purpose and the right in full, the looks recorded.
func (s *Service) Correction(ctx context.Context, c grid.Caller, correction id.ID) (CorrectionView, error) {
	const op = "ledger.Correction"
	row, err := s.correctionRow(ctx, s.db.Read(), c, correction)
	if err != nil {
		return CorrectionView{}, errs.Wrap(op, err)
	}
	texts, err := s.doorTexts(ctx, c.District, []id.ID{row.door})
	if err != nil {
		return CorrectionView{}, errs.Wrap(op, err)
	}
	out := row.view(texts[row.door].text)
	list, err := s.openProposals(row)
	if err != nil {
		return out, errs.Wrap(op, err)
	}
	err = s.viewProposals(ctx, c, row, list, &out)
	return out, errs.Wrap(op, err)
}

func (s *Service) viewProposals(ctx context.Context, c grid.Caller, row correctionRow, list []proposal, out *CorrectionView) error {
	recs := map[id.ID]personRec{}
	var about []personRec
	for _, p := range list {
		if _, known := recs[p.PersonID]; known || p.PersonID == id.Zero {
			continue
		}
		r, err := s.person(ctx, s.db.Read(), c, grid.LedgerWrite, p.PersonID)
		if err != nil && !errs.Is(err, errs.NotFound) {
			return err
		}
		if err == nil {
			recs[p.PersonID] = r
			about = append(about, r)
		}
	}
	views, err := s.views(ctx, c, about)
	if err != nil {
		return err
	}
	full := c.Purpose != "" && c.Sees(grid.FieldName) && c.Can(grid.LedgerUnmask)
	out.Unmasked = full
	for i, p := range list {
		v := ProposalView{Index: i, PersonID: p.PersonID, Field: p.Field, Basis: BasisOf(p.Field), Old: p.Old, New: p.shown(), State: p.State}
		if p.Field == fieldNewcomer {
			v.Basis = BasisOf("name")
		}
		if k := slices.IndexFunc(views, func(w PersonView) bool { return w.ID == p.PersonID }); k >= 0 {
			v.Person = views[k].Name
			if p.State == ProposalOpen {
				r := recs[p.PersonID]
				v.Old = fields(&r.Person)[p.Field]
			}
		}
		if !full {
			v.Old, v.New = p.masked(v.Old), p.masked(v.New)
		}
		out.Proposals = append(out.Proposals, v)
	}
	return nil
}

// shown is the new value as it is read.
func (p proposal) shown() string {
	out := p.New
	for _, more := range []string{p.Relation, p.Phone} {
		if p.Field == fieldNewcomer && more != "" {
			out += " · " + more
		}
	}
	return out
}

// masked hides a value of the proposal's field.
func (p proposal) masked(v string) string {
	switch p.Field {
	case "name":
		return seal.MaskName(v)
	case "phone":
		return seal.MaskPhone(v)
	case fieldNewcomer:
		return seal.MaskName(p.New)
	}
	return v
}

// DecideCorrection accepts or declines one proposal. What is accepted becomes
// the record's, with the old value in the person's history.
func (s *Service) DecideCorrection(ctx context.Context, c grid.Caller, correction id.ID, version, index int, accept bool) error {
	const op = "ledger.DecideCorrection"
	return s.change(ctx, c, op, func(w *work) error {
		row, err := s.correctionRow(ctx, w.tx, c, correction)
		if err != nil {
			return err
		}
		list, err := s.openProposals(row)
		if err != nil {
			return err
		}
		if index < 0 || index >= len(list) {
			return errs.Field(errs.E(op, errs.Invalid, "error.bad_choice"), "index")
		}
		if list[index].State != ProposalOpen || version != 0 && row.version != version {
			return errs.E(op, errs.Conflict, "error.conflict")
		}
		p := &list[index]
		p.State, p.By, p.AtMs = ProposalDeclined, c.AccountID, w.now
		if accept {
			p.State = ProposalAccepted
			w.ctx = WithSource(ctx, row.source)
			if err := w.apply(row, *p); err != nil {
				return err
			}
		}
		if row.open--; row.open == 0 {
			row.ended = w.now
		}
		if row.blob, err = s.keys.SealJSON(row.register, seal.AAD(row.register, tableCorrection, row.id), list); err != nil {
			return err
		}
		return s.updateCorrection(ctx, w.tx, c.District, row)
	})
}

// apply makes the record what a proposal says.
func (w *work) apply(row correctionRow, p proposal) error {
	h, err := w.open(row.household)
	if err != nil {
		return err
	}
	switch p.Field {
	case "living":
		return w.applyHeads(h, p)
	case fieldNewcomer:
		return w.applyNewcomer(h, p)
	}
	old, err := w.person(p.PersonID, 0)
	if err != nil {
		return err
	}
	n := *old
	switch p.Field {
	case "name":
		n.Name = p.New
	case "relation":
		n.Relation = p.New
	case "phone":
		n.Phones = append([]string{p.New}, slices.DeleteFunc(slices.Clone(old.Phones), func(ph string) bool { return ph == p.New || ph == p.Old })...)
	case "lives_here":
		if !old.Registered {
			h.remove(old)
			return w.depart(old, "moved_away")
		}
		n.LivesHere = false
	}
	return w.edit(old, &n, EventEdited)
}

// applyHeads sets how many live there, not below those recorded by name.
func (w *work) applyHeads(h *Household, p proposal) error {
	n, err := strconv.Atoi(p.New)
	if err != nil {
		return err
	}
	members, err := w.members(h.ID)
	if err != nil {
		return err
	}
	living := 0
	for _, m := range members {
		living += bit(m.LivesHere)
	}
	if n < living {
		return errs.E("ledger.DecideCorrection", errs.Conflict, "ledger.fix.fewer", living)
	}
	h.Living = n
	return nil
}

// applyNewcomer records somebody who was among the unnamed, or has come.
func (w *work) applyNewcomer(h *Household, p proposal) error {
	n := Person{Name: p.New, Relation: p.Relation, LivesHere: true}
	if p.Phone != "" {
		n.Phones = []string{p.Phone}
	}
	_, err := w.record(h, n, false)
	return err
}
