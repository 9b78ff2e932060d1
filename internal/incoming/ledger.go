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

// settle puts into the ledger, in the transaction of the result, where somebody
// lives: the door that alone is missing is added, another missing one asked of the
// community; the person is recorded behind the door. It returns what the lead's
// history tells of it.
func (s *Service) settle(ctx context.Context, tx *db.Tx, c grid.Caller, kinds task.Kinds, l *lead, o *Outcome) (told []string, err error) {
	switch {
	case o.NoDoor && o.lacks.label == "":
		k, err := s.askDoor(ctx, tx, c, kinds, l, o.Address)
		return []string{k}, err
	case o.NoDoor:
		door, made, err := s.Grid.AddDoorIn(ctx, tx, c, o.lacks.place, o.lacks.label)
		if err != nil {
			return nil, err
		}
		if o.DoorID = door.ID; made {
			told = append(told, "door_added")
		}
	}
	if !o.Ledger {
		return told, nil
	}
	recorded, err := s.toLedger(ctx, tx, c, l, o.DoorID)
	if err == nil && !recorded {
		told = append(told, "unrecorded")
	}
	return told, err
}

// addable is a gap where the caller may add the door; else none.
func (s *Service) addable(ctx context.Context, c grid.Caller, g gap) (gap, error) {
	if g.label == "" || !c.Can(grid.PlaceWrite) {
		return gap{}, nil
	}
	p, err := s.Grid.Place(ctx, grid.System(c.District, "incoming"), g.place)
	if err != nil || !c.CanPlace(grid.PlaceWrite, p.Path) {
		return gap{}, err
	}
	return g, nil
}

// toLedger records that a person lives behind a door, unless the caller may not
// write the ledger there, or nobody knows the name.
func (s *Service) toLedger(ctx context.Context, tx *db.Tx, c grid.Caller, l *lead, door id.ID) (recorded bool, err error) {
	if l.body.Name == "" {
		return false, nil
	}
	p := ledger.Person{ID: l.PersonID, Register: seal.Standing, Name: l.body.Name, Phones: l.body.Phones}
	if ledger.CitizenNumber(l.body.IDNo) {
		p.IDNo = l.body.IDNo
	} else {
		p.Passport = l.body.IDNo
	}
	who, err := s.Ledger.Reside(ctx, tx, c, p, door)
	if err != nil || who == id.Zero {
		return false, err
	}
	l.PersonID = who
	return true, nil
}

// askDoor has the community add a door that the ledger lacks: a task of the post
// that answers there, with the address in its sealed text and the lead linked.
// Where a place has done away with requests, or nobody there may write the ledger,
// the history says that nothing was recorded.
func (s *Service) askDoor(ctx context.Context, tx *db.Tx, c grid.Caller, kinds task.Kinds, l *lead, address string) (told string, err error) {
	line, err := s.Grid.Line(ctx, c)
	if err != nil {
		return "", err
	}
	told, post := "unrecorded", line.Over(l.Path, grid.LedgerWrite, s.nowMs())
	if k, ok := kinds.Get(task.KindRequest); ok && !k.Retired && post != id.Zero {
		areas, err := s.Grid.Areas(ctx, grid.System(c.District, "incoming"))
		if err != nil {
			return "", err
		}
		at := slices.IndexFunc(areas, func(p grid.Place) bool { return p.Path == l.Path })
		if at < 0 {
			return "", errs.E("incoming.askDoor", errs.Conflict, "error.conflict") // it changes just now
		}
		by := grid.System(c.District, "incoming")
		by.AccountID, by.Lang = c.AccountID, c.Lang
		_, err = s.Tasks.IssueTx(ctx, tx, by, task.Issue{Kind: task.KindRequest, PostID: post, FromPost: c.PostFor(grid.LeadCall), PlaceID: areas[at].ID, EmergencyID: l.EmergencyID,
			Says:  &task.Says{Title: task.Message{Key: "incoming.door.title"}, Text: task.Message{Key: "incoming.door.text", Args: []string{address}}},
			Links: []task.Link{{Kind: "lead", ObjectID: l.ID}}})
		if err != nil {
			return "", err
		}
		told = "door_asked"
	}
	return told, nil
}
