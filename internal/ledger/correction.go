package ledger

import (
	"context"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
	"wangge/internal/platform/web"
)

// tableCorrection as it stands in the AAD of sealed blobs; keyFix is the kind
// of the keyed hash of a code.
const (
	tableCorrection = "correction"
	keyFix          = "fix"
)

// correctionRow is one row of table correction.
type correctionRow struct {
	id, household  id.ID
	source         string
	register       string
	blob           []byte
	open           int
	account, post  id.ID
	created, ended int64
	version        int
	door           id.ID
}

// CorrectionCode makes the one-time code with which a household corrects what
// is recorded about it; an unused one it had before ends. It is told once, to
// be handed over at the door, and good until the instant returned (UTC ms).
func (s *Service) CorrectionCode(ctx context.Context, c grid.Caller, household id.ID) (code string, until int64, err error) {
	const op = "ledger.CorrectionCode"
	code = newFixCode()
	err = s.change(ctx, c, op, func(w *work) error {
		h, err := w.open(household)
		if err != nil {
			return err
		}
		delete(w.households, h.ID) // it does not change
		until = w.now + int64(correctable.Days)*24*time.Hour.Milliseconds()
		post := c.PostFor(grid.LedgerWrite)
		hash := s.keys.Hash(h.Register, keyFix, normFixCode(code))
		if err := s.insertFixCode(ctx, w.tx, c.District, hash, household, c.AccountID, post, w.now, until); err != nil {
			return err
		}
		return s.audit.Append(ctx, w.tx, audit.Entry{Account: c.AccountID, Post: post, Action: "correction.code", Object: "household", ObjectID: household})
	})
	return code, until, err
}

// CorrectionSheet is what a household sees of itself: masked.
type CorrectionSheet struct {
	HouseholdID id.ID
	Door        string
	Living      int
	Persons     []PersonView // who lives there
	UntilMs     int64        // when the code ends
}

// findCode returns the household of a code that is good now.
func (s *Service) findCode(ctx context.Context, q queryer, c grid.Caller, code, address string) (row fixCode, err error) {
	const op = "ledger.code"
	if !s.fixes.Take(address, s.clk.Now()) {
		return row, errs.E(op, errs.TooMany, "ledger.fix.too_many", int(web.GuardWindow/time.Minute))
	}
	if n := normFixCode(code); n != "" {
		row, err = s.fixCode(ctx, q, c.District, s.keys.Hash(seal.Standing, keyFix, n), s.nowMs())
	} else {
		err = errs.E(op, errs.NotFound, "ledger.fix.code")
	}
	if errs.Is(err, errs.NotFound) {
		return row, errs.Field(errs.E(op, errs.Invalid, "ledger.fix.code"), "code")
	}
	s.fixes.GiveBack(address)
	return row, err
}

// asHousehold is the caller of a household that acts by its code: it has no
// account; what it says changes nothing until staff accept it.
func asHousehold(district int) grid.Caller { return grid.System(district, "household's correction") }

// CorrectionSheet returns what the household of a code sees of itself. address
// is where the request comes from, for the limit of wrong codes. Errors:
// Invalid ledger.fix.code, TooMany.
func (s *Service) CorrectionSheet(ctx context.Context, c grid.Caller, code, address string) (*CorrectionSheet, error) {
	const op = "ledger.CorrectionSheet"
	row, err := s.findCode(ctx, s.db.Read(), c, code, address)
	if err != nil {
		return nil, err
	}
	out, err := s.sheetOf(ctx, c, row.household)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	out.UntilMs = row.until
	return out, nil
}

// sheetOf reads a household, masked as a neighbour sees it.
func (s *Service) sheetOf(ctx context.Context, c grid.Caller, household id.ID) (*CorrectionSheet, error) {
	c.Purpose = ""
	h, err := s.Household(ctx, c, household)
	if err != nil {
		return nil, err
	}
	out := &CorrectionSheet{HouseholdID: h.ID, Door: h.Door, Living: h.Living}
	for _, p := range h.Persons {
		if p.LivesHere {
			out.Persons = append(out.Persons, PersonView{ID: p.ID, Name: p.Name, Relation: p.Relation, Phones: p.Phones, Minor: p.Minor, LivesHere: true})
		}
	}
	return out, nil
}

// SubmitCorrection stores what the household of a code says should be
// otherwise and ends the code. Nothing is changed until staff accept it.
func (s *Service) SubmitCorrection(ctx context.Context, c grid.Caller, code, address string, in Correction) error {
	const op = "ledger.SubmitCorrection"
	return s.change(WithSource(ctx, SourceResident), c, op, func(w *work) error {
		row, err := s.findCode(ctx, w.tx, c, code, address)
		if err != nil {
			return err
		}
		if err := w.propose(row.household, in); err != nil {
			return err
		}
		return s.useFixCode(ctx, w.tx, c.District, row.id, w.now)
	})
}

// EnterCorrection stores a household's paper form as staff entered it.
func (s *Service) EnterCorrection(ctx context.Context, c grid.Caller, household id.ID, in Correction) error {
	return s.change(WithSource(ctx, SourcePaper), c, "ledger.EnterCorrection", func(w *work) error { return w.propose(household, in) })
}

// propose stores a correction.
func (w *work) propose(household id.ID, in Correction) error {
	h, err := w.open(household)
	if err != nil {
		return err
	}
	delete(w.households, h.ID) // it does not change yet
	members, err := w.members(household)
	if err != nil {
		return err
	}
	list, err := proposalsOf(in, h, members)
	if err != nil {
		return err
	}
	row := correctionRow{id: id.New(), household: household, source: sourceOf(w.ctx, w.c), register: h.Register, open: len(list),
		account: w.c.AccountID, post: w.c.PostFor(grid.LedgerWrite), created: w.now, version: 1}
	if row.blob, err = w.s.keys.SealJSON(row.register, seal.AAD(row.register, tableCorrection, row.id), list); err != nil {
		return err
	}
	return w.s.insertCorrection(w.ctx, w.tx, w.c.District, row)
}

func (s *Service) openProposals(row correctionRow) (list []proposal, err error) {
	err = s.keys.OpenJSON(row.register, seal.AAD(row.register, tableCorrection, row.id), row.blob, &list)
	return list, err
}

// expiryDay is the day a code ends, for printing.
func expiryDay(until int64) string { return clock.Day(clock.FromMs(until)) }
