package incoming

import (
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
	"wangge/internal/task"
)

// toLedger records that a person lives behind a door: one who is known is moved
// there if need be, one who is new joins the household behind it or a new one.
// Who may not write the ledger there leaves it alone; then, and for somebody
// without a name, nothing is recorded.
func (s *Service) toLedger(ctx context.Context, c grid.Caller, l *lead, door id.ID) (recorded bool, err error) {
	if !c.Can(grid.LedgerWrite) || l.body.Name == "" {
		return false, nil
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
		return false, nil // outside the caller's ledger
	}
	if err != nil {
		return false, err
	}
	if len(hs) != 1 {
		_, err = s.Ledger.AddHousehold(ctx, c, ledger.HouseholdInput{DoorID: door, Kind: ledger.Family, Living: 1}, []ledger.Person{p})
		return err == nil, err
	}
	person, err := s.Ledger.AddPerson(ctx, c, hs[0].ID, p, false)
	if err != nil {
		return false, err
	}
	const op = "incoming.toLedger"
	err = s.DB.Write(ctx, op, func(tx *db.Tx) error { return setPerson(ctx, tx, c.District, l.ID, person) })
	return err == nil, err
}

// moveHome moves a recorded person to the door where they say they live, unless
// that is outside the caller's ledger.
func (s *Service) moveHome(ctx context.Context, c grid.Caller, person, door id.ID) (moved bool, err error) {
	p, err := s.Ledger.Person(ctx, c, person)
	if errs.Is(err, errs.NotFound) {
		return false, nil // recorded where the caller may not look
	}
	if err != nil || p.DoorID == door && p.LivesHere {
		return err == nil, err
	}
	err = s.Ledger.MovePerson(ctx, c, ledger.Move{PersonID: person, DoorID: door})
	if errs.Is(err, errs.NotFound) || errs.Is(err, errs.Denied) {
		return false, nil
	}
	return err == nil, err
}

// askDoor has the community add a door that the ledger lacks: a task of the post
// that answers there, with the address in its sealed text and the lead linked.
// Where a place has done away with requests, or nobody there may write the ledger,
// the history says that nothing was recorded.
func (s *Service) askDoor(ctx context.Context, tx *db.Tx, c grid.Caller, kinds task.Kinds, l *lead, address string) error {
	line, err := s.Grid.Line(ctx, c)
	if err != nil {
		return err
	}
	told, post := "unrecorded", line.Over(l.Path, grid.LedgerWrite, s.nowMs())
	if k, ok := kinds.Get(task.KindRequest); ok && !k.Retired && post != id.Zero {
		areas, err := s.Grid.Areas(ctx, grid.System(c.District, "incoming"))
		if err != nil {
			return err
		}
		at := slices.IndexFunc(areas, func(p grid.Place) bool { return p.Path == l.Path })
		if at < 0 {
			return errs.E("incoming.askDoor", errs.Conflict, "error.conflict") // it changes just now
		}
		by := grid.System(c.District, "incoming")
		by.AccountID, by.Lang = c.AccountID, c.Lang
		_, err = s.Tasks.IssueTx(ctx, tx, by, task.Issue{Kind: task.KindRequest, PostID: post, FromPost: c.PostFor(grid.LeadCall), PlaceID: areas[at].ID, EmergencyID: l.EmergencyID,
			Says:  &task.Says{Title: task.Message{Key: "incoming.door.title"}, Text: task.Message{Key: "incoming.door.text", Args: []string{address}}},
			Links: []task.Link{{Kind: "lead", ObjectID: l.ID}}})
		if err != nil {
			return err
		}
		told = "door_asked"
	}
	e, err := s.event(c, l, told, "", "")
	if err != nil {
		return err
	}
	return insertEvents(ctx, tx, c.District, []eventRow{e})
}
