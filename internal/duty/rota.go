package duty

import (
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// onDuty is the first of the posts that has somebody on duty at an instant.
func onDuty(line *grid.Line, posts []id.ID, at int64) id.ID {
	for _, p := range posts {
		if len(line.Post(p).OnDuty(at)) > 0 {
			return p
		}
	}
	return id.Zero
}

// Rota says who answers an area's number, now and by the rota.
func (s *Service) Rota(ctx context.Context, c grid.Caller, area id.ID) (Rota, error) {
	const op = "duty.Rota"
	out := Rota{AreaID: area, Turns: []Turn{}}
	p, err := s.Grid.Place(ctx, c, area)
	if err != nil {
		return out, errs.Wrap(op, err)
	}
	posts, err := rotaOf(ctx, s.DB.Read(), c.District, area)
	if err != nil {
		return out, errs.Wrap(op, err)
	}
	line, err := s.Grid.Line(ctx, c)
	if err != nil {
		return out, errs.Wrap(op, err)
	}
	now := s.now()
	stands := onDuty(line, posts, now)
	if stands == id.Zero {
		over, err := s.Grid.PostsOver(ctx, c, p)
		if err != nil {
			return out, errs.Wrap(op, err)
		}
		if i := slices.IndexFunc(over, func(p id.ID) bool { return line.Post(p).Role != grid.RoleGridWorker }); i >= 0 {
			stands = line.Effective(over[i], now)
		}
	}
	turns, err := s.turns(ctx, c, append([]id.ID{stands}, posts...))
	if err != nil {
		return out, errs.Wrap(op, err)
	}
	out.Turns = turns[1:]
	for i := range out.Turns {
		out.Turns[i].Now = out.Turns[i].PostID == stands
	}
	if stands != id.Zero {
		out.Stands = turns[0]
		out.Stands.Now = true
	}
	return out, nil
}

// turns are posts in words, each with who is in it and on duty now.
func (s *Service) turns(ctx context.Context, c grid.Caller, posts []id.ID) ([]Turn, error) {
	line, err := s.Grid.Line(ctx, c)
	if err != nil {
		return nil, err
	}
	words, err := s.Grid.PostWords(ctx, c, posts)
	if err != nil {
		return nil, err
	}
	names, err := s.names(ctx, c, line, posts)
	out := make([]Turn, len(posts))
	for i, post := range posts {
		out[i] = Turn{PostID: post, Post: words[post].String()}
		for _, a := range line.Post(post).OnDuty(s.now()) {
			if n := names[a]; n != "" {
				out[i].On = append(out[i].On, n)
			}
		}
	}
	return out, err
}

// names are those of who is on duty in the posts.
func (s *Service) names(ctx context.Context, c grid.Caller, line *grid.Line, posts []id.ID) (map[id.ID]string, error) {
	var accounts []id.ID
	for _, p := range posts {
		accounts = append(accounts, line.Post(p).OnDuty(s.now())...)
	}
	if s.Names == nil || len(accounts) == 0 {
		return nil, nil
	}
	return s.Names(ctx, accounts)
}

// Candidates are the posts that can be put on an area's rota: those over it
// that handle tasks, of a community also those of its grids.
func (s *Service) Candidates(ctx context.Context, c grid.Caller, area grid.Place) ([]id.ID, error) {
	line, err := s.Grid.Line(ctx, c)
	if err != nil {
		return nil, errs.Wrap("duty.Candidates", err)
	}
	var out []id.ID
	line.Each(s.now(), func(p *grid.LinePost) {
		inside := area.Kind == grid.Community && p.Role.Level() <= grid.RoleGridWorker.Level() && grid.Under(p.Path, area.Path)
		if p.Role.May(grid.TaskDo) && (p.Object == area.ID || inside) {
			out = append(out, p.ID)
		}
	})
	slices.Sort(out)
	return out, nil
}

// SetRota sets which posts answer an area's number, in their order. It needs
// post.write over the area. Errors: Denied, NotFound, Invalid naming post.
func (s *Service) SetRota(ctx context.Context, c grid.Caller, area id.ID, posts []id.ID) error {
	const op = "duty.SetRota"
	p, err := s.Grid.Place(ctx, c, area)
	if err != nil {
		return errs.Wrap(op, err)
	}
	if err := c.RequirePlace(op, grid.PostWrite, p.Path); err != nil {
		return err
	}
	if !p.Kind.IsArea() {
		return errs.E(op, errs.Invalid, "duty.not_area")
	}
	may, err := s.Candidates(ctx, c, p)
	if err != nil {
		return err
	}
	if len(posts) > maxTurns {
		return errs.Field(errs.E(op, errs.Invalid, "duty.rota.long", maxTurns), "post")
	}
	for i, post := range posts {
		if !slices.Contains(may, post) || slices.Contains(posts[:i], post) {
			return errs.Field(errs.E(op, errs.Invalid, "duty.rota.post"), "post")
		}
	}
	return s.DB.Write(ctx, op, func(tx *db.Tx) error {
		if err := setRota(ctx, tx, c.District, area, posts, c.AccountID, s.now()); err != nil {
			return err
		}
		return s.Audit.Append(ctx, tx, audit.Entry{Account: c.AccountID, Post: c.PostFor(grid.PostWrite), Action: "duty.rota", Object: "place", ObjectID: area})
	})
}
