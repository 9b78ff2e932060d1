package incoming

import (
	"cmp"
	"context"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// spot is where an address is: a door, or a community with the doors it may
// mean, or nowhere.
type spot struct {
	path    string // of the community; "" where it is not certain
	door    id.ID
	choices []Choice
	lacks   gap
}

// gap is the one door that a place lacks for an address to be in the ledger.
type gap struct {
	place id.ID
	label string
}

// shownDoors is how many doors that an address may mean are offered.
const shownDoors = 6

// spots finds where addresses are, in the order of the texts. It reads for the
// whole district: a list names people of all of it.
func (s *Service) spots(ctx context.Context, district int, texts []string) ([]spot, error) {
	sys := grid.System(district, "incoming")
	out := make([]spot, len(texts))
	var asked []string
	var at []int
	for i, t := range texts {
		if t != "" {
			asked, at = append(asked, t), append(at, i)
		}
	}
	if len(asked) == 0 {
		return out, nil
	}
	found, err := s.Ledger.MatchAddresses(ctx, sys, asked)
	if err != nil {
		return nil, err
	}
	areas, err := s.Grid.Areas(ctx, sys, grid.Community)
	if err != nil {
		return nil, err
	}
	paths := make(map[id.ID]string, len(areas))
	for _, a := range areas {
		paths[a.ID] = a.Path
	}
	for i := range found {
		out[at[i]] = spotOf(&found[i], paths)
	}
	return out, nil
}

func spotOf(m *ledger.Match, communities map[id.ID]string) spot {
	out := spot{path: communities[m.CommunityID]}
	if m.Certain {
		out.door = m.DoorID
		return out
	}
	if m.Missing != "" {
		out.lacks = gap{m.PlaceID, m.Missing}
	}
	for _, c := range m.Candidates[:min(len(m.Candidates), shownDoors)] {
		out.choices = append(out.choices, Choice{c.DoorID, c.Text})
	}
	return out
}

// spotNear finds where an address is that somebody of an area says: people leave
// out what is plain there, so the area's name stands before what they say.
func (s *Service) spotNear(ctx context.Context, c grid.Caller, under, text string) (spot, error) {
	names, err := s.areaNames(ctx, c)
	if err != nil {
		return spot{}, err
	}
	list, err := s.spots(ctx, c.District, []string{text, names[under] + text})
	if err != nil {
		return spot{}, err
	}
	at := list[1]
	if list[0].door != id.Zero || list[1].door == id.Zero && len(list[0].choices) > 0 {
		at = list[0]
	}
	at.lacks = cmp.Or(at.lacks, list[0].lacks, list[1].lacks)
	return at, nil
}

// remember keeps which door somebody chose for an address, so that the next like
// it is found. Who may not read the ledger there leaves it.
func (s *Service) remember(ctx context.Context, c grid.Caller, text string, door id.ID) error {
	if text == "" || door == id.Zero || !c.Can(grid.LedgerRead) {
		return nil
	}
	_, err := s.Ledger.ChooseDoor(ctx, c, text, door)
	if errs.Is(err, errs.NotFound) || errs.Is(err, errs.Denied) || errs.Is(err, errs.Invalid) {
		return nil
	}
	return err
}
