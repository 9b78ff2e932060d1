package command

import (
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/round"
)

// Board returns the board of an area (Zero: the highest one the caller's posts
// cover) for a round (Zero: the latest open one). Without an open round the
// figures are those of the ledger alone.
func (s *Service) Board(ctx context.Context, c grid.Caller, area, chosen id.ID) (*Board, error) {
	const op = "command.Board"
	at, err := s.areaOf(ctx, c, area)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	b := &Board{Area: at}
	if b.Above, err = s.grid.Ancestors(ctx, c, at); err != nil {
		return nil, errs.Wrap(op, err)
	}
	children, err := s.grid.Children(ctx, c, at)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	children = slices.DeleteFunc(children, func(n grid.Node) bool { return n.Kind == grid.Point })
	if b.outlines, err = s.grid.TileMap(ctx, c, at); err != nil {
		return nil, errs.Wrap(op, err)
	}
	people, err := s.ledger.Population(ctx, c, at.Path, pathsOf(children))
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	if err := s.fill(ctx, c, b, children, people); err != nil {
		return nil, errs.Wrap(op, err)
	}
	if err := s.addRound(ctx, c, b, chosen); err != nil {
		return nil, errs.Wrap(op, err)
	}
	if err := s.addPlans(ctx, c, b, children); err != nil {
		return nil, errs.Wrap(op, err)
	}
	return b, nil
}

// addPlans puts today's work and hands beside the rows, and what the caller
// still owes the level above.
func (s *Service) addPlans(ctx context.Context, c grid.Caller, b *Board, children []grid.Node) error {
	if b.Round == nil {
		return nil
	}
	plans, err := s.rounds.Plans(ctx, c, append(pathsOf(children), b.Area.Path))
	if err != nil {
		return err
	}
	for i := range b.Rows {
		b.Rows[i].Plan = plans[i]
	}
	b.Total.Plan = plans[len(children)]
	b.Owed, err = s.rounds.ReportsOwed(ctx, c)
	return err
}

func pathsOf(nodes []grid.Node) []string {
	out := make([]string, len(nodes))
	for i, n := range nodes {
		out[i] = n.Path
	}
	return out
}

// areaOf returns the area asked for, or the highest place a post of the caller covers.
func (s *Service) areaOf(ctx context.Context, c grid.Caller, area id.ID) (grid.Place, error) {
	if area != id.Zero {
		return s.grid.Place(ctx, c, area)
	}
	return s.grid.Home(ctx, c)
}

// fill makes the rows of the children and their sum.
func (s *Service) fill(ctx context.Context, c grid.Caller, b *Board, children []grid.Node, people []ledger.Count) error {
	b.Total = Row{ID: b.Area.ID, Name: b.Area.Name, Kind: string(b.Area.Kind)}
	for i, ch := range children {
		vacant, err := s.grid.VacancyCount(ctx, c, ch.Path)
		if err != nil {
			return err
		}
		r := Row{ID: ch.ID, Name: grid.Label(c.Lang, ch.Place), Kind: string(ch.Kind), Doors: ch.Doors, Vacancies: vacant.Doors,
			Households: people[i].Households, Persons: people[i].Persons}
		b.Total.Doors += r.Doors
		b.Total.Vacancies += r.Vacancies
		b.Total.Households += r.Households
		b.Total.Persons += r.Persons
		b.Rows = append(b.Rows, r)
	}
	return nil
}

// addRound puts a round's figures beside the rows.
func (s *Service) addRound(ctx context.Context, c grid.Caller, b *Board, chosen id.ID) error {
	if !c.Can(grid.RoundRead) {
		return nil
	}
	open, err := s.rounds.Rounds(ctx, c, round.ListFilter{States: []round.RoundState{round.Open}})
	if err != nil {
		return err
	}
	for i := range open {
		if !touches(open[i].AreaPath, b.Area.Path) {
			continue
		}
		b.Rounds = append(b.Rounds, open[i])
		if open[i].ID == chosen || chosen == id.Zero && (b.Round == nil || b.Round.Reports() && !open[i].Reports()) {
			b.Round = &open[i]
		}
	}
	if b.Round == nil {
		return nil
	}
	v, err := s.rounds.Coverage(ctx, c, b.Round.ID, round.NodeRef{Place: b.Area.ID})
	if err != nil {
		return err
	}
	b.AtMs, b.Total.Figures = v.AtMs, v.Node.Figures
	at := make(map[id.ID]round.Figures, len(v.Children))
	for _, n := range v.Children {
		at[n.ID] = n.Figures
	}
	for i := range b.Rows {
		b.Rows[i].Figures = at[b.Rows[i].ID]
		b.Rows[i].InRound = b.Rows[i].Total > 0
	}
	return nil
}

// touches reports whether one of two paths lies below the other.
func touches(a, b string) bool { return grid.Under(a, b) || grid.Under(b, a) }
