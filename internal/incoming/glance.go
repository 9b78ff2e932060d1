package incoming

import (
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/task"
)

// What became of the card that an open desk shows.
const (
	cardGone    = "gone"    // another has it, or it is settled
	cardChanged = "changed" // something came in about the person
)

// Glance is what an open desk is told when leads have changed: how much lies
// there, and whether its card still holds. It shows nobody.
type Glance struct {
	Sitting bool
	Area    string
	Load    int
	Later   int
	Done    int
	Card    string // cardGone, cardChanged, or empty: as it was
}

// Glance looks at the caller's desk, of which a card in a version is open; Zero:
// none. It changes nothing, and keeps the card for nobody.
func (s *Service) Glance(ctx context.Context, c grid.Caller, card id.ID, version int) (Glance, error) {
	const op = "incoming.Glance"
	if err := c.Require(op, grid.LeadCall); err != nil {
		return Glance{}, err
	}
	seat, sitting, err := s.seatOf(ctx, c)
	if err != nil || !sitting {
		return Glance{}, errs.Wrap(op, err)
	}
	g := Glance{Sitting: true}
	if g.Done, err = countDone(ctx, s.DB.Read(), c, s.dayStart()); err != nil {
		return g, errs.Wrap(op, err)
	}
	areas, err := s.areaNames(ctx, c)
	if err != nil {
		return g, errs.Wrap(op, err)
	}
	mine, err := myLeads(ctx, s.DB.Read(), c)
	if err != nil {
		return g, errs.Wrap(op, err)
	}
	g.Area, g.Load = areas[seat.path], len(mine)
	for _, l := range mine {
		if l.RetryMs > s.nowMs() {
			g.Later++
		}
	}
	at := slices.IndexFunc(mine, func(l lead) bool { return l.ID == card })
	switch {
	case card == id.Zero:
	case at < 0:
		g.Card = cardGone
	case mine[at].Version != version:
		g.Card = cardChanged
	}
	return g, nil
}

// Aside is the line above a caller's inbox: whom they have to call, or, off
// shift, how many of their area nobody has. Their tasks are the community's.
func (s *Service) Aside(ctx context.Context, c grid.Caller) ([]task.Aside, error) {
	const op = "incoming.Aside"
	if !c.Can(grid.LeadCall) {
		return nil, nil
	}
	n, key, err := 0, "incoming.inbox.mine", error(nil)
	if n, err = countMine(ctx, s.DB.Read(), c); err == nil && n == 0 {
		key = "incoming.inbox.waiting"
		n, err = countWaiting(ctx, s.DB.Read(), c)
	}
	if err != nil || n == 0 {
		return nil, errs.Wrap(op, err)
	}
	return []task.Aside{{Text: i18n.T(c.Lang, key, n), Href: "/desk", Waits: true}}, nil
}
