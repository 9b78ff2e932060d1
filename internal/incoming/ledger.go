package incoming

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// toLedger records that a person lives behind a door: one who is known is moved
// there if need be, one who is new joins the household behind it or a new one.
// Who may not write the ledger there leaves it alone.
func (s *Service) toLedger(ctx context.Context, c grid.Caller, l *lead, door id.ID) error {
	if !c.Can(grid.LedgerWrite) || l.body.Name == "" {
		return nil
	}
	if l.PersonID != id.Zero {
		return s.moveHome(ctx, c, l.PersonID, door)
	}
	p := ledger.Person{LivesHere: true, Register: seal.Standing, Name: l.body.Name, Phones: l.body.Phones}
	if ledger.CitizenNumber(l.body.IDNo) {
		p.IDNo = l.body.IDNo
	} else {
		p.Passport = l.body.IDNo
	}
	hs, err := s.Ledger.Behind(ctx, c, door)
	if errs.Is(err, errs.NotFound) || errs.Is(err, errs.Denied) {
		return nil // outside the caller's ledger
	}
	if err != nil {
		return err
	}
	if len(hs) != 1 {
		_, err = s.Ledger.AddHousehold(ctx, c, ledger.HouseholdInput{DoorID: door, Kind: ledger.Family, Living: 1}, []ledger.Person{p})
		return err
	}
	person, err := s.Ledger.AddPerson(ctx, c, hs[0].ID, p, false)
	if err != nil {
		return err
	}
	const op = "incoming.toLedger"
	return s.DB.Write(ctx, op, func(tx *db.Tx) error { return setPerson(ctx, tx, c.District, l.ID, person) })
}

// moveHome moves a recorded person to the door where they say they live.
func (s *Service) moveHome(ctx context.Context, c grid.Caller, person, door id.ID) error {
	p, err := s.Ledger.Person(ctx, c, person)
	if errs.Is(err, errs.NotFound) {
		return nil // recorded where the caller may not look
	}
	if err != nil || p.DoorID == door && p.LivesHere {
		return err
	}
	err = s.Ledger.MovePerson(ctx, c, ledger.Move{PersonID: person, DoorID: door})
	if errs.Is(err, errs.NotFound) || errs.Is(err, errs.Denied) {
		return nil
	}
	return err
}
