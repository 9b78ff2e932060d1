package task

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/id"
)

// Level is a group of posts that a directive can be given to at once: one post
// for each area, grid or building that has one of the role.
type Level struct {
	Role  grid.Role `json:"role"`
	Posts []id.ID   `json:"-"`
	N     int       `json:"posts"`
	Empty int       `json:"empty" doc:"Of these, posts that nobody holds now"`
}

// maxNear bounds the single posts offered to choose from.
const maxNear = 300

// Choices are whom a caller can give a task of a kind.
type Choices struct {
	From   id.ID   `json:"from" doc:"The post in whose name"`
	Levels []Level `json:"levels"`
	Near   []id.ID `json:"near" doc:"Posts one line down, and those up the line"`
	Signs  []id.ID `json:"signs" doc:"Posts the caller holds by which they can sign a short deadline"`
}

// Choices lists whom a caller can give a task of a kind, from their first post
// that may issue it. Errors: Denied.
func (s *Service) Choices(ctx context.Context, c grid.Caller, kind string) (Choices, error) {
	var out Choices
	kinds, err := s.Kinds(ctx, c)
	if err != nil {
		return out, err
	}
	line, err := s.Grid.Line(ctx, c)
	if err != nil {
		return out, err
	}
	k, _ := kinds.Get(kind)
	in := Issue{Kind: kind}
	now := s.now()
	if err := issuingPost(c, k, line, &in, now); err != nil {
		return out, err
	}
	out.From = in.FromPost
	if k.Way != WayUp && line.Post(in.FromPost).Role.May(grid.TaskIssue) {
		out.below(line, now)
	}
	if k.Way != WayDown {
		out.Near = append(line.Up(in.FromPost), out.Near...)
	}
	out.Near = out.Near[:min(len(out.Near), maxNear)]
	for _, p := range append([]id.ID{in.FromPost}, line.Up(in.FromPost)...) {
		if in.SignedPost = p; leaderSigned(c, in, line, now) {
			out.Signs = append(out.Signs, p)
		}
	}
	return out, nil
}

// below fills in the levels below a post, and the posts one line down. Others
// of the same level over the same object are no level: they are chosen singly.
func (ch *Choices) below(line *grid.Line, now int64) {
	own := line.Post(ch.From)
	first := map[grid.Role]map[string]*grid.LinePost{} // one post of a role for each object
	var all []*grid.LinePost
	line.Each(now, func(p *grid.LinePost) {
		if p.Role.May(grid.TaskDo) && p.Role != grid.RoleCommand && below(line, ch.From, p.ID) {
			all = append(all, p)
		}
	})
	slices.SortFunc(all, func(a, b *grid.LinePost) int {
		return cmp.Or(cmp.Compare(a.Role.Level(), b.Role.Level()), strings.Compare(a.Path, b.Path), cmp.Compare(a.ID, b.ID))
	})
	for _, p := range all {
		if own.Role.Level() != p.Role.Level() || objectOf(own) != objectOf(p) {
			represent(first, p, now)
		}
		if up := line.Up(p.ID); len(up) > 0 && (up[0] == ch.From || len(ch.Near) < maxNear && p.Role.Line()) {
			ch.Near = append(ch.Near, p.ID)
		}
	}
	for role, objects := range first {
		l := Level{Role: role, N: len(objects)}
		for _, p := range objects {
			l.Posts = append(l.Posts, p.ID)
			if len(p.Holders(now)) == 0 {
				l.Empty++
			}
		}
		slices.Sort(l.Posts)
		ch.Levels = append(ch.Levels, l)
	}
	slices.SortFunc(ch.Levels, func(a, b Level) int {
		return cmp.Or(cmp.Compare(a.Role.Level(), b.Role.Level()), strings.Compare(string(a.Role), string(b.Role)))
	})
}

// represent has a post stand for its object on its level, unless one that is
// held does so already.
func represent(first map[grid.Role]map[string]*grid.LinePost, p *grid.LinePost, now int64) {
	if first[p.Role] == nil {
		first[p.Role] = map[string]*grid.LinePost{}
	}
	if o := first[p.Role][objectOf(p)]; o == nil || len(o.Holders(now)) == 0 && len(p.Holders(now)) > 0 {
		first[p.Role][objectOf(p)] = p
	}
}

// objectOf names what a post is over; departments are one for each
// organisation, sets of doors one for each post.
func objectOf(p *grid.LinePost) string {
	switch {
	case p.Kind == grid.ObjectDoors || p.Object == id.Zero:
		return "p" + p.ID.String()
	case p.OrgID != id.Zero:
		return "o" + p.OrgID.String()
	}
	return string(p.Kind) + p.Object.String()
}
