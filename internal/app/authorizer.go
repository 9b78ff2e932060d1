package app

import (
	"context"
	"slices"

	"wangge/internal/account"
	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// authorizer tells account what it must know of posts.
type authorizer struct{ a *App }

func (z authorizer) MayManageAccounts(ctx context.Context) bool {
	c, err := grid.CallerFrom(ctx)
	return err == nil && c.Can(grid.AccountManage)
}

// Manageable keeps the accounts all of whose grants, also those that begin
// later, lie within a post of the caller that manages accounts and stands no
// lower: who may reset a password can be whom it belongs to. An account without
// a post is whose who made it, and of those who manage accounts at or above the
// area it was made for.
func (z authorizer) Manageable(ctx context.Context, accounts []account.Subject) (map[id.ID]bool, error) {
	const op = "app.Manageable"
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	ids := make([]id.ID, len(accounts))
	for i, acc := range accounts {
		ids[i] = acc.ID
	}
	ahead, err := z.a.Grid.CallersAhead(ctx, ids, z.a.District, z.a.clock().Now())
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	out, homes := make(map[id.ID]bool, len(accounts)), map[id.ID]string{}
	for _, acc := range accounts {
		of := ahead[acc.ID]
		if len(of.Grants) > 0 {
			out[acc.ID] = z.a.covers(ctx, c, of)
			continue
		}
		home, known := homes[acc.Home]
		if !known {
			if home, err = z.a.homePath(ctx, acc.Home); err != nil {
				return nil, errs.Wrap(op, err)
			}
			homes[acc.Home] = home
		}
		out[acc.ID] = c.CanPlace(grid.AccountManage, home) || acc.MadeBy == c.AccountID && c.Can(grid.AccountManage)
	}
	return out, nil
}

// homePath is the path of the area an account was made for: the district's where
// there is none (any more).
func (a *App) homePath(ctx context.Context, home id.ID) (string, error) {
	sys := grid.System(a.District, "accounts")
	if home != id.Zero {
		p, err := a.Grid.Place(ctx, sys, home)
		if err == nil || !errs.Is(err, errs.NotFound) {
			return p.Path, err
		}
	}
	root, err := a.Grid.Root(ctx, sys)
	return root.Path, err
}

// HomeFor is the area of the first post that manages accounts.
func (z authorizer) HomeFor(ctx context.Context) id.ID {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return id.Zero
	}
	for _, g := range c.Grants {
		if g.ObjectKind == grid.ObjectPlace && g.Role.May(grid.AccountManage) {
			return g.ObjectID
		}
	}
	return id.Zero
}

// covers reports whether every grant of the other lies within one of c's that
// manages accounts of its level. A grid's path begins with its area's, so one test serves both trees.
func (a *App) covers(ctx context.Context, c, other grid.Caller) bool {
	for _, g := range other.Grants {
		paths := []string{g.Path}
		if g.ObjectKind == grid.ObjectDoors {
			doors, err := a.Grid.PostDoors(ctx, grid.System(a.District, "accounts"), g.PostID)
			if err != nil {
				return false
			}
			if len(doors) > 0 {
				paths = paths[:0]
			}
			for _, d := range doors {
				paths = append(paths, d.Path)
			}
		}
		for _, path := range paths {
			if !c.MayManage(grid.AccountManage, g.Role, path) {
				return false
			}
		}
	}
	return true
}

func (z authorizer) PostsOf(ctx context.Context, acc id.ID) ([]account.Post, error) {
	c, err := z.a.Grid.CallerFor(ctx, acc, z.a.District, z.a.clock().Now())
	if err != nil {
		return nil, err
	}
	var out []account.Post
	seen := map[id.ID]bool{}
	for _, g := range c.Grants {
		if !seen[g.PostID] {
			seen[g.PostID] = true
			out = append(out, account.Post{ID: g.PostID, Title: g.Title})
		}
	}
	return out, nil
}

// MustSecond asks a second step of who holds a post of the district or a street,
// where the settings say so.
func (z authorizer) MustSecond(ctx context.Context, acc id.ID) (bool, error) {
	if !z.a.Config.RequireSecondStep {
		return false, nil
	}
	c, err := z.a.Grid.CallerFor(ctx, acc, z.a.District, z.a.clock().Now())
	return slices.ContainsFunc(c.Grants, func(g grid.Grant) bool { return g.Role.Level() <= grid.RoleStreet.Level() }), err
}

// PostsShown names each post, by its role where it has no title, and what it is
// over: the first place or grid of its grants.
func (z authorizer) PostsShown(ctx context.Context, acc id.ID) ([]account.Post, error) {
	const op = "app.PostsShown"
	c, err := z.a.Grid.CallerFor(ctx, acc, z.a.District, z.a.clock().Now())
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	var out []account.Post
	seen := map[id.ID]bool{}
	for _, g := range c.Grants {
		if seen[g.PostID] {
			continue
		}
		seen[g.PostID] = true
		where, err := z.a.over(ctx, g)
		if err != nil {
			return nil, errs.Wrap(op, err)
		}
		title := g.Title
		if title == "" {
			title = grid.RoleName(web.Lang(ctx), nil, g.Role, g.Path)
		}
		out = append(out, account.Post{ID: g.PostID, Title: title, Where: where, Until: g.UntilMs})
	}
	return out, nil
}

// over names what a grant is over; a set of doors and an organisation have no one name.
func (a *App) over(ctx context.Context, g grid.Grant) (string, error) {
	sys := grid.System(a.District, "accounts")
	switch g.ObjectKind {
	case grid.ObjectPlace:
		p, err := a.Grid.Place(ctx, sys, g.ObjectID)
		return p.Name, err
	case grid.ObjectGrid:
		v, err := a.Grid.Grid(ctx, sys, g.ObjectID)
		return v.Name, err
	}
	return "", nil
}

// firstPost gives the account made through the set-up link the posts that may
// make all others: the installation's administrator and the district's command.
func (a *App) firstPost(ctx context.Context, tx *db.Tx, acc id.ID) error {
	c := grid.System(a.District, "setup")
	root, err := a.Grid.Root(ctx, c)
	if err != nil {
		return err
	}
	var posts []grid.NewPost
	for _, role := range []grid.Role{grid.RoleAdmin, grid.RoleCommand} {
		posts = append(posts, grid.NewPost{Role: role, ObjectKind: grid.ObjectPlace, ObjectID: root.ID})
	}
	made, err := a.Grid.AddPostsIn(ctx, tx, c, posts)
	if err != nil {
		return err
	}
	var holders []grid.Holder
	for _, p := range made {
		holders = append(holders, grid.Holder{PostID: p.ID, AccountID: acc})
	}
	return a.Grid.AddHoldersIn(ctx, tx, c, holders)
}
