package grid

import (
	"context"
	"sync"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
)

// lineCache keeps the line of the present versions.
type lineCache struct {
	mu   sync.Mutex
	last map[int]*Line
}

// Line returns the posts of the caller's district and who stands above whom. It
// says nothing personal; what follows from it is for who may ask. It is kept
// until a post, a holder, a roster or a place changes.
func (s *Service) Line(ctx context.Context, c Caller) (*Line, error) {
	version := [2]int64{s.placesVersion.Load(), s.grantsVersion.Load()}
	s.line.mu.Lock()
	defer s.line.mu.Unlock()
	if l := s.line.last[c.District]; l != nil && l.version == version {
		return l, nil
	}
	l, err := s.LineIn(ctx, s.d.Read(), c)
	if err != nil {
		return nil, err
	}
	l.version = version
	if s.line.last == nil {
		s.line.last = map[int]*Line{}
	}
	s.line.last[c.District] = l
	return l, nil
}

// LineIn is Line read anew within a transaction or snapshot.
func (s *Service) LineIn(ctx context.Context, q db.Queryer, c Caller) (*Line, error) {
	const op = "grid.Line"
	posts, err := readLine(ctx, q, c.District)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	ix, err := s.leaves(ctx, c.District)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	grids, err := openGrids(ctx, q, c.District)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	paths := make(map[id.ID]string, len(grids))
	for _, g := range grids {
		paths[g.ID] = g.Path
	}
	for _, p := range posts {
		if p.Path != "" && p.Kind != ObjectGrid && p.Kind != ObjectOrganisation {
			p.grid = paths[ix.mainGrid(p.Path)]
		}
	}
	return newLine(rootPath(c.District), posts), nil
}

// mainGrid is the grid that answers for the most doors at and below a physical
// place; Zero for areas, which hold grids instead.
func (ix *leafIndex) mainGrid(path string) id.ID {
	if len(path) <= 12 {
		return id.Zero
	}
	lo, hi := ix.span(path)
	if lo == hi { // a door lies in the leaf above it
		lo, hi = ix.span(path[:len(path)-segment])
	}
	doors := map[id.ID]int{}
	best := id.Zero
	for _, l := range ix.leaves[lo:hi] {
		if l.GridID == id.Zero {
			continue
		}
		doors[l.GridID] += l.Doors
		if best == id.Zero || doors[l.GridID] > doors[best] {
			best = l.GridID
		}
	}
	return best
}

// PostsOver lists the posts of the line over a place, the nearest first: those
// of the grids that answer for it, of the places and areas that hold it, at
// last the district's duty posts. Filled or not is not asked.
func (s *Service) PostsOver(ctx context.Context, c Caller, p Place) ([]id.ID, error) {
	const op = "grid.PostsOver"
	l, err := s.Line(ctx, c)
	if err != nil {
		return nil, err
	}
	at := &LinePost{ID: -1, Path: p.Path, Kind: ObjectPlace, Role: RoleVolunteer}
	gid := p.GridID
	if gid == id.Zero {
		ix, err := s.leaves(ctx, c.District)
		if err != nil {
			return nil, errs.Wrap(op, err)
		}
		gid = ix.mainGrid(p.Path)
	}
	if gid != id.Zero {
		grids, err := gridsByID(ctx, s.d.Read(), c.District, []id.ID{gid})
		if err != nil {
			return nil, errs.Wrap(op, err)
		}
		at.grid = grids[gid].Path
	}
	return l.up(at), nil
}

// PostWord is a post in words for whoever may hear of it: what it is over, and
// what it is called.
type PostWord struct {
	Over string // the place, grid or organisation, as people say it
	Name string // the post's title, else its role
}

// String is both, as "3rd grid · grid worker".
func (w PostWord) String() string {
	switch {
	case w.Over == "" || w.Over == w.Name:
		return w.Name
	case w.Name == "":
		return w.Over
	}
	return w.Over + " · " + w.Name
}

// PostWords writes posts in words. It asks for no right over them: it is for
// records that were scoped already, and says nothing of who holds them.
func (s *Service) PostWords(ctx context.Context, c Caller, posts []id.ID) (map[id.ID]PostWord, error) {
	const op = "grid.PostWords"
	out := make(map[id.ID]PostWord, len(posts))
	err := db.Chunks(uniq(posts), 500, func(part []id.ID) error {
		a := db.NewArgs(c.District)
		list, err := queryPosts(ctx, s.d.Read(), "p.district = $1 AND p.id IN "+db.In(a, nums(part)), a)
		if err != nil {
			return err
		}
		if err := s.nameObjects(ctx, c, list); err != nil {
			return err
		}
		for _, p := range list {
			w := PostWord{Over: p.Object, Name: p.Title}
			if w.Name == "" {
				w.Name = i18n.T(c.Lang, "grid.role."+string(p.Role))
			}
			out[p.ID] = w
		}
		return nil
	})
	return out, errs.Wrap(op, err)
}
