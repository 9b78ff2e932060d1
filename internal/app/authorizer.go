package app

import (
	"context"

	"wangge/internal/account"
	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// authorizer tells account what it must know of posts.
type authorizer struct{ a *App }

func (z authorizer) MayManageAccounts(ctx context.Context) bool {
	c, err := grid.CallerFrom(ctx)
	return err == nil && c.Can(grid.AccountManage)
}

// Manageable keeps the accounts all of whose grants, also those that begin
// later, lie within a post of the caller that manages accounts and stands no
// lower: who may reset a password can be whom it belongs to. Accounts without a post are anybody's who may
// manage, since somebody must be able to give them one.
func (z authorizer) Manageable(ctx context.Context, accounts []id.ID) (map[id.ID]bool, error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	out := make(map[id.ID]bool, len(accounts))
	for _, acc := range accounts {
		of, err := z.a.Grid.CallerAhead(ctx, acc, z.a.District, z.a.clock().Now())
		if err != nil {
			return nil, errs.Wrap("app.Manageable", err)
		}
		out[acc] = z.a.covers(ctx, c, of)
	}
	return out, nil
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
	return c.Can(grid.AccountManage)
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
