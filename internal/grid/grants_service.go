package grid

import (
	"context"
	"slices"
	"sync"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// maxCached bounds the callers kept in memory.
const maxCached = 20000

type grantCache struct {
	mu   sync.Mutex
	list map[grantKey]cachedGrants
}

type grantKey struct {
	district int
	account  id.ID
}

type cachedGrants struct {
	version    int64
	from, till int64 // the instants the answer is good for
	grants     []Grant
}

// CallerFor returns the caller an account is at an instant: one grant for each
// post held then (post, holder and team all running) and for each binding of
// such a post or of its organisation. An account without a post is a caller
// without grants. Answers are kept until a grant changes or a period begins or
// ends.
func (s *Service) CallerFor(ctx context.Context, account id.ID, district int, now time.Time) (Caller, error) {
	c := Caller{District: district, AccountID: account}
	t := clock.Ms(now)
	key := grantKey{district, account}
	version := s.grantsVersion.Load()
	s.grants.mu.Lock()
	hit, ok := s.grants.list[key]
	s.grants.mu.Unlock()
	if ok && hit.version == version && hit.from <= t && t < hit.till {
		c.Grants = hit.grants
		return c, nil
	}
	posts, bindings, err := s.readGrants(ctx, []id.ID{account}, district, t)
	fresh := grantsAt(posts, bindings, t)
	if err != nil {
		return Caller{}, errs.Wrap("grid.CallerFor", err)
	}
	fresh.version = version
	s.grants.mu.Lock()
	defer s.grants.mu.Unlock()
	if s.grants.list == nil || len(s.grants.list) >= maxCached {
		s.grants.list = map[grantKey]cachedGrants{}
	}
	s.grants.list[key] = fresh
	c.Grants = fresh.grants
	return c, nil
}

// readGrants reads the posts of accounts and what is bound to them or to their
// organisations.
func (s *Service) readGrants(ctx context.Context, accounts []id.ID, district int, t int64) ([]held, []bound, error) {
	posts, err := heldPosts(ctx, s.d.Read(), district, accounts, t)
	if err != nil || len(posts) == 0 {
		return nil, nil, err
	}
	var ids, orgs []id.ID
	for _, h := range posts {
		ids = append(ids, h.grant.PostID)
		if h.orgID != id.Zero {
			orgs = append(orgs, h.orgID)
		}
	}
	bindings, err := boundObjects(ctx, s.d.Read(), district, ids, orgs, t)
	return posts, bindings, err
}

// CallersAhead is CallerFor of many accounts with the posts and bindings that
// begin later as if they had begun: what an account will be worth to whoever
// takes it over.
func (s *Service) CallersAhead(ctx context.Context, accounts []id.ID, district int, now time.Time) (map[id.ID]Caller, error) {
	t := clock.Ms(now)
	out := make(map[id.ID]Caller, len(accounts))
	err := db.Chunks(accounts, 500, func(part []id.ID) error {
		posts, bindings, err := s.readGrants(ctx, part, district, t)
		begun(posts, bindings)
		of := map[id.ID][]held{}
		for _, h := range posts {
			of[h.account] = append(of[h.account], h)
		}
		for _, a := range part {
			out[a] = Caller{District: district, AccountID: a, Grants: grantsAt(of[a], bindings, t).grants}
		}
		return err
	})
	return out, errs.Wrap("grid.CallersAhead", err)
}

// begun has every period begin at once.
func begun(posts []held, bindings []bound) {
	for _, h := range posts {
		for i := range h.periods {
			h.periods[i].from = 0
		}
	}
	for i := range bindings {
		bindings[i].period.from, bindings[i].gridPeriod.from = 0, 0
	}
}

// grantsAt works out the grants at t and until when they stay the same.
func grantsAt(posts []held, bindings []bound, t int64) cachedGrants {
	out := cachedGrants{from: t, till: 1<<63 - 1}
	running := func(periods ...span) (until int64, ok bool) {
		ok = true
		for _, p := range periods {
			for _, edge := range []int64{p.from, p.until} {
				if edge > t {
					out.till = min(out.till, edge)
				}
			}
			ok = ok && p.covers(t)
			if p.until != 0 && (until == 0 || p.until < until) {
				until = p.until
			}
		}
		return until, ok
	}
	for _, h := range posts {
		until, ok := running(h.periods...)
		if !ok {
			continue
		}
		g := h.grant
		g.UntilMs = until
		if g.Path != "" || g.ObjectKind == ObjectDoors || g.ObjectKind == ObjectOrganisation {
			out.grants = append(out.grants, g)
		}
		for _, b := range bindings {
			if b.postID != g.PostID && (b.orgID == id.Zero || b.orgID != h.orgID) {
				continue
			}
			if until, ok := running(append(slices.Clone(h.periods), b.period, b.gridPeriod)...); ok && b.path != "" {
				more := g
				more.ObjectKind, more.ObjectID, more.Path, more.UntilMs = b.kind, b.objectID, b.path, until
				out.grants = append(out.grants, more)
			}
		}
	}
	return out
}

// MayManage reports whether the caller may give out the role over the object
// with the path: some post held has the permission there and stands no lower
// than the role. PostWrite is for posts, AccountManage for accounts.
func (c Caller) MayManage(p Permission, role Role, path string) bool {
	if c.system {
		return true
	}
	for _, g := range c.Grants {
		if g.Role.May(p) && g.ObjectKind == ObjectPlace && Under(path, g.Path) && g.Role.Level() <= role.Level() {
			return true
		}
	}
	return false
}
