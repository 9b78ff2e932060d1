package round

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// NodeRef names a node of either tree: a place or a grid. Both Zero mean the
// round's whole area.
type NodeRef struct {
	Place id.ID
	Grid  id.ID
	// ByGrid asks for the grids below a place instead of the places.
	ByGrid bool
	// N asks for the N-th occurrence; 0 is the current one.
	N int
}

// Node is a node of the coverage of a round with its figures.
type Node struct {
	ID     id.ID  `json:"id"`
	Parent id.ID  `json:"parent_id,omitempty"`
	Kind   string `json:"kind"`
	Name   string `json:"name"`
	Path   string `json:"path"`
	Grid   bool   `json:"grid,omitempty" doc:"A node of the grid tree"`
	Figures
}

// CoverageView is a node's figures with those of its children. Own are the
// targets right at the node: Node = Own + Σ Children.
type CoverageView struct {
	RoundID  id.ID   `json:"round_id"`
	Version  int64   `json:"version" doc:"Grows with every change; equal versions are equal figures"`
	AtMs     int64   `json:"at_ms"`
	Node     Node    `json:"node"`
	Children []Node  `json:"children"`
	Own      Figures `json:"own" doc:"Targets right at the node, in no child"`
}

// Coverage returns the figures of a node of a round and of its children, on
// either tree, as far as the caller's posts reach.
func (s *Service) Coverage(ctx context.Context, c grid.Caller, round id.ID, ref NodeRef) (CoverageView, error) {
	const op = "round.Coverage"
	if err := c.Require(op, grid.RoundRead); err != nil {
		return CoverageView{}, err
	}
	info, err := s.info(ctx, c.District, round)
	if err != nil {
		return CoverageView{}, err
	}
	if ok, err := s.reaches(ctx, c, grid.RoundRead, info.round.AreaPath); err != nil {
		return CoverageView{}, err
	} else if !ok {
		return CoverageView{}, errs.E(op, errs.NotFound, "round.missing")
	}
	if info.round.OccurrenceID == id.Zero {
		return CoverageView{}, errs.E(op, errs.Conflict, "round.not_open")
	}
	if info, err = s.at(ctx, info, ref.N); err != nil {
		return CoverageView{}, err
	}
	v, err := s.viewOf(ctx, c, grid.RoundRead, info.round.OccurrenceID)
	if err != nil {
		return CoverageView{}, err
	}
	out := CoverageView{RoundID: round, Version: v.cells.version, AtMs: s.now()}
	switch {
	case ref.Grid != id.Zero:
		err = s.coverGrid(ctx, v, info.round, ref.Grid, &out)
	case ref.ByGrid:
		err = s.coverAreaByGrid(ctx, v, info.round, ref.Place, &out)
	default:
		err = s.coverPlace(ctx, v, info.round, ref.Place, &out)
	}
	if err != nil {
		return CoverageView{}, err
	}
	where := out.Node.Path
	if out.Node.Grid { // a grid is as far as its area
		where, _, _ = strings.Cut(where, "g")
	}
	if ok, err := s.reaches(ctx, c, grid.RoundRead, where); err != nil {
		return CoverageView{}, err
	} else if !ok { // not even its name
		return CoverageView{}, errs.E(op, errs.NotFound, "round.place_missing")
	}
	out.relabel(c.Lang)
	return out, nil
}

func nodeOf(p place, grid bool) Node {
	return Node{ID: p.ID, Parent: p.ParentID, Kind: p.Kind, Name: p.Name, Path: p.Path, Grid: grid}
}

func (s *Service) coverPlace(ctx context.Context, v *view, r Round, at id.ID, out *CoverageView) error {
	if at == id.Zero {
		at = r.AreaID
	}
	p, err := selectPlace(ctx, s.DB.Read(), r.district, at)
	if err != nil {
		return err
	}
	list, err := children(ctx, s.DB.Read(), r.district, at)
	if err != nil {
		return err
	}
	out.Node = nodeOf(p, false)
	out.Node.Figures = v.sum(p.Path)
	out.Own = out.Node.Figures
	for _, ch := range list {
		n := nodeOf(ch, false)
		n.Figures = v.sum(ch.Path)
		out.append(n)
	}
	return nil
}

// append adds a child with targets and takes its figures out of the node's own.
func (o *CoverageView) append(n Node) {
	if n.Total == 0 {
		return
	}
	o.Children = append(o.Children, n)
	o.Own = o.Own.minus(n.Figures)
}

func (f Figures) minus(g Figures) Figures {
	return Figures{Total: f.Total - g.Total, Done: f.Done - g.Done, Exempt: f.Exempt - g.Exempt,
		Attempted: f.Attempted - g.Attempted, Outstanding: f.Outstanding - g.Outstanding}
}

// coverAreaByGrid shows a place with the top grids that answer for it.
func (s *Service) coverAreaByGrid(ctx context.Context, v *view, r Round, at id.ID, out *CoverageView) error {
	if at == id.Zero {
		at = r.AreaID
	}
	p, err := selectPlace(ctx, s.DB.Read(), r.district, at)
	if err != nil {
		return err
	}
	out.Node = nodeOf(p, false)
	sums := map[id.ID]*Figures{}
	tops, err := topGrids(ctx, s.DB.Read(), r.district, p.Path)
	if err != nil {
		return err
	}
	v.each(p.Path, func(c cell) {
		out.Node.add(c.Figures)
		if top := topOf(tops, c.gridPath); top != nil {
			if sums[top.ID] == nil {
				sums[top.ID] = &Figures{}
			}
			sums[top.ID].add(c.Figures)
		}
	})
	out.Own = out.Node.Figures
	for _, g := range tops {
		if f := sums[g.ID]; f != nil {
			n := nodeOf(g, true)
			n.Figures = *f
			out.append(n)
		}
	}
	return nil
}

// topOf returns the top grid that holds the grid with the path; tops are in
// path order.
func topOf(tops []place, path string) *place {
	i, exact := slices.BinarySearchFunc(tops, path, func(g place, p string) int { return strings.Compare(g.Path, p) })
	if exact {
		return &tops[i]
	}
	if path == "" || i == 0 || !strings.HasPrefix(path, tops[i-1].Path) {
		return nil
	}
	return &tops[i-1]
}

func (s *Service) coverGrid(ctx context.Context, v *view, r Round, at id.ID, out *CoverageView) error {
	g, err := selectGrid(ctx, s.DB.Read(), r.district, at)
	if err != nil {
		return err
	}
	list, err := gridsBelow(ctx, s.DB.Read(), r.district, at, id.Zero)
	if err != nil {
		return err
	}
	out.Node = nodeOf(g, true)
	sums := make([]Figures, len(list))
	v.each("", func(c cell) {
		if !strings.HasPrefix(c.gridPath, g.Path) {
			return
		}
		out.Node.add(c.Figures)
		if i := slices.IndexFunc(list, func(ch place) bool { return strings.HasPrefix(c.gridPath, ch.Path) }); i >= 0 {
			sums[i].add(c.Figures)
		}
	})
	out.Own = out.Node.Figures
	for i, ch := range list {
		n := nodeOf(ch, true)
		n.Figures = sums[i]
		out.append(n)
	}
	return nil
}

// Total returns the figures of a round over everything the caller sees.
func (s *Service) Total(ctx context.Context, c grid.Caller, round id.ID) (Figures, error) {
	if err := c.Require("round.Total", grid.RoundRead); err != nil {
		return Figures{}, err
	}
	info, err := s.info(ctx, c.District, round)
	if err != nil || info.round.OccurrenceID == id.Zero {
		return Figures{}, err
	}
	v, err := s.viewOf(ctx, c, grid.RoundRead, info.round.OccurrenceID)
	if err != nil {
		return Figures{}, err
	}
	return v.sum(""), nil
}

// AnswerCounts returns how often each choice was answered below a place of an
// occurrence, as far as the caller's posts reach. Grids are not asked for.
func (s *Service) AnswerCounts(ctx context.Context, c grid.Caller, round id.ID, ref NodeRef) ([]ChoiceCount, error) {
	if err := c.Require("round.AnswerCounts", grid.RoundRead); err != nil {
		return nil, err
	}
	info, err := s.info(ctx, c.District, round)
	if err != nil {
		return nil, err
	}
	if info, err = s.at(ctx, info, ref.N); err != nil {
		return nil, err
	}
	path := info.round.AreaPath
	if ref.Place != id.Zero {
		p, err := selectPlace(ctx, s.DB.Read(), c.District, ref.Place)
		if err != nil {
			return nil, err
		}
		path = p.Path
	}
	counts, err := selectAnswerCounts(ctx, s.DB.Read(), c, info.round.OccurrenceID, path)
	if err != nil || len(namedPosts(c, grid.RoundRead)) == 0 {
		return counts, err
	}
	named, err := s.namedCounts(ctx, c, info, path)
	counts = mergeChoices(append(counts, named...))
	slices.SortFunc(counts, func(a, b ChoiceCount) int {
		return cmp.Or(strings.Compare(a.Field, b.Field), strings.Compare(a.Choice, b.Choice))
	})
	return counts, err
}

// namedCounts counts the answers at the doors the caller's posts are named for,
// from the marks themselves: they are few, and the counts are kept by leaf.
func (s *Service) namedCounts(ctx context.Context, c grid.Caller, info *roundInfo, path string) ([]ChoiceCount, error) {
	objects, err := namedDone(ctx, s.DB.Read(), c, grid.RoundRead, info.round.OccurrenceID, path)
	if err != nil {
		return nil, err
	}
	marks, err := currentMarks(ctx, s.DB.Read(), c.District, []id.ID{info.round.OccurrenceID}, objects)
	if err != nil {
		return nil, err
	}
	var out []ChoiceCount
	for _, m := range marks {
		counts, err := s.countsOf(info, m)
		if err != nil {
			return nil, err
		}
		out = append(out, counts...)
	}
	return out, nil
}

// namedPosts returns the caller's posts over named doors that grant the permission.
func namedPosts(c grid.Caller, p grid.Permission) []id.ID {
	var out []id.ID
	for _, g := range c.Grants {
		if g.ObjectKind == grid.ObjectDoors && g.Role.May(p) {
			out = append(out, g.PostID)
		}
	}
	return out
}
