package task

import (
	"context"
	"slices"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
)

// Address is whom a directive goes to.
type Address struct {
	Posts []id.ID
	Notes map[id.ID]string // by post: what it is told besides
}

// What becomes of areas that have no post of the level a directive is given to.
const (
	GapsUp   = "up"   // the nearest post up the line gets it for them
	GapsSkip = "skip" // they are left out
)

// gap is areas without a post of a level, and who gets a directive for them.
type gap struct {
	areas []string
	post  id.ID // Zero: no post between them and the issuer
}

// maxNamed is how many areas without a post are named.
const maxNamed = 20

// levelAddress is the posts of a level below the caller. Where an area or grid
// of that level has no such post, gaps must say what becomes of it; else the
// error names those areas and who would get the directive for them. Errors:
// Invalid naming post or gaps.
func (s *Service) levelAddress(ctx context.Context, c grid.Caller, kind, role, gaps string) (Address, error) {
	const op = "task.level"
	ch, err := s.Choices(ctx, c, kind)
	if err != nil {
		return Address{}, err
	}
	at := slices.IndexFunc(ch.Levels, func(l Level) bool { return string(l.Role) == role })
	if at < 0 {
		return Address{}, errs.Field(errs.E(op, errs.Invalid, "task.direct.none"), "post")
	}
	out := Address{Posts: ch.Levels[at].Posts}
	list, err := s.gaps(ctx, c, ch.From, grid.Role(role))
	if err != nil || len(list) == 0 || gaps == GapsSkip {
		return out, errs.Wrap(op, err)
	}
	if gaps == GapsUp {
		out.fill(c.Lang, list)
		return out, nil
	}
	return out, s.nameGaps(ctx, c, role, list)
}

// fill adds the posts that get a directive for areas without one of their own,
// and tells them so.
func (a *Address) fill(lang string, list []gap) {
	a.Notes = map[id.ID]string{}
	for _, g := range list {
		if g.post == id.Zero {
			continue
		}
		a.Notes[g.post] = i18n.T(lang, "task.gaps.note", named20(lang, g.areas))
		if !slices.Contains(a.Posts, g.post) {
			a.Posts = append(slices.Clone(a.Posts), g.post)
		}
	}
}

// nameGaps is the error that names areas without a post.
func (s *Service) nameGaps(ctx context.Context, c grid.Caller, role string, list []gap) error {
	posts := make([]id.ID, len(list))
	n := 0
	for i, g := range list {
		posts[i] = g.post
		n += len(g.areas)
	}
	words, err := s.postWords(ctx, c, posts)
	if err != nil {
		return err
	}
	parts := make([]string, len(list))
	for i, g := range list {
		key := "task.gaps.to"
		if g.post == id.Zero {
			key = "task.gaps.self"
		}
		parts[i] = i18n.T(c.Lang, key, named20(c.Lang, g.areas), words[g.post])
	}
	return errs.Field(errs.E("task.level", errs.Invalid, "task.gaps."+role, n, strings.Join(parts, i18n.T(c.Lang, "task.gaps.and"))), "gaps")
}

// named20 are the names of areas, at most maxNamed of them.
func named20(lang string, names []string) string {
	more := ""
	if n := len(names); n > maxNamed {
		names, more = names[:maxNamed], i18n.T(lang, "task.gaps.more", n)
	}
	return strings.Join(names, i18n.T(lang, "task.gaps.comma")) + more
}

// gaps lists the areas, or basic grids, below an issuing post that have no post
// of a role, by who would get a directive for them. Levels below the grids have
// none: there is no rule which building must have a leader.
func (s *Service) gaps(ctx context.Context, c grid.Caller, from id.ID, role grid.Role) ([]gap, error) {
	line, err := s.Grid.Line(ctx, c)
	if err != nil {
		return nil, err
	}
	spots, err := s.spots(ctx, c, role)
	if err != nil {
		return nil, err
	}
	now := s.now()
	var out []gap
	for _, p := range uncovered(line, spots, from, role, now) {
		over, err := s.Grid.PostsOver(ctx, c, grid.Place{Path: p.path, GridID: p.grid})
		if err != nil {
			return nil, err
		}
		to := id.Zero
		if i := slices.IndexFunc(over, func(q id.ID) bool { return takes(line, from, q, now) }); i >= 0 {
			to = over[i]
		}
		at := slices.IndexFunc(out, func(g gap) bool { return g.post == to })
		if at < 0 {
			at, out = len(out), append(out, gap{post: to})
		}
		out[at].areas = append(out[at].areas, p.name)
	}
	return out, nil
}

// spots are the areas or grids of which each should have a post of a role.
func (s *Service) spots(ctx context.Context, c grid.Caller, role grid.Role) (out []spot, err error) {
	if role == grid.RoleGridWorker {
		grids, err := s.Grid.OpenGrids(ctx, c, grid.BasicGrid)
		for _, g := range grids {
			out = append(out, spot{name: g.Name, path: g.Path, grid: g.ID})
		}
		return out, err
	}
	kind, ok := map[grid.Role]grid.Kind{grid.RoleStreet: grid.Street, grid.RoleCommunity: grid.Community}[role]
	if !ok {
		return nil, nil
	}
	areas, err := s.Grid.Areas(ctx, c, kind)
	for _, a := range areas {
		out = append(out, spot{name: a.Name, path: a.Path})
	}
	return out, err
}
