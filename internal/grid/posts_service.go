package grid

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Posts lists running posts over what the caller may read, with their
// holders; the id of the last one is the cursor of the next page.
func (s *Service) Posts(ctx context.Context, c Caller, f PostFilter) ([]PostView, error) {
	const op = "grid.Posts"
	if err := c.Require(op, PlaceRead); err != nil {
		return nil, err
	}
	if f.Limit <= 0 {
		f.Limit = 50
	}
	f.Limit = min(f.Limit, 500)
	path := ""
	if f.Place != id.Zero {
		p, err := s.Place(ctx, c, f.Place)
		if err != nil {
			return nil, err
		}
		path = p.Path
	}
	list, err := listPosts(ctx, s.d.Read(), c, f, path, s.nowMs())
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	return list, errs.Wrap(op, s.addHolders(ctx, c, list, false))
}

// PostsOn lists the running posts on objects (grids or organisations) that the
// caller may read.
func (s *Service) PostsOn(ctx context.Context, c Caller, objects ...id.ID) ([]PostView, error) {
	const op = "grid.PostsOn"
	a := db.NewArgs(c.District, s.nowMs())
	list, err := queryPosts(ctx, s.d.Read(), "p.district = $1 AND (p.until_ms = 0 OR p.until_ms > $2) AND p.object_id IN "+db.In(a, objects)+" ORDER BY p.id", a)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	list = slices.DeleteFunc(list, func(p PostView) bool { return !c.CanPlace(PlaceRead, p.Path) && !c.CanGrid(PlaceRead, p.Path) })
	return list, errs.Wrap(op, s.addHolders(ctx, c, list, false))
}

// Post returns one post with all its holders, past ones too.
func (s *Service) Post(ctx context.Context, c Caller, pid id.ID) (PostView, error) {
	const op = "grid.Post"
	list, err := queryPosts(ctx, s.d.Read(), "p.district = $1 AND p.id = $2", db.NewArgs(c.District, int64(pid)))
	if err != nil {
		return PostView{}, errs.Wrap(op, err)
	}
	seen, err := listPosts(ctx, s.d.Read(), c, PostFilter{After: pid - 1, Limit: 1}, "", 0)
	if err != nil {
		return PostView{}, errs.Wrap(op, err)
	}
	if len(list) == 0 || len(seen) == 0 || seen[0].ID != pid {
		return PostView{}, errs.E(op, errs.NotFound, "grid.post.not_found")
	}
	return list[0], errs.Wrap(op, s.addHolders(ctx, c, list, true))
}

// addHolders fills holders, their names and whether somebody is in post.
func (s *Service) addHolders(ctx context.Context, c Caller, list []PostView, all bool) error {
	ids := make([]id.ID, len(list))
	at := map[id.ID]int{}
	for i := range list {
		ids[i], at[list[i].ID] = list[i].ID, i
		list[i].Holders = []Holder{}
	}
	if err := s.nameObjects(ctx, c, list); err != nil {
		return err
	}
	now := s.nowMs()
	holders, err := holdersOf(ctx, s.d.Read(), c.District, ids, now, all)
	if err != nil {
		return err
	}
	names, err := s.accountNames(ctx, c, holders)
	if err != nil {
		return err
	}
	teams, err := s.teamSpans(ctx, c, list)
	if err != nil {
		return err
	}
	for _, h := range holders {
		h.Name = names[h.AccountID]
		p := &list[at[h.PostID]]
		p.Holders = append(p.Holders, h)
		running := span{h.FromMs, h.UntilMs}.covers(now) && span{p.FromMs, p.UntilMs}.covers(now)
		p.Filled = p.Filled || running && (p.TeamID == id.Zero || teams[p.TeamID].covers(now))
	}
	return nil
}

// nameObjects writes the places posts are over in full ("3号楼2单元").
func (s *Service) nameObjects(ctx context.Context, c Caller, list []PostView) error {
	var ids []id.ID
	for _, p := range list {
		if p.ObjectKind == ObjectPlace {
			ids = append(ids, p.ObjectID)
		}
	}
	places, err := placesByID(ctx, s.d.Read(), c.District, uniq(ids))
	if err != nil {
		return err
	}
	ways, err := s.ways(ctx, c, slices.Collect(maps.Values(places)))
	for i, p := range list {
		if p.ObjectKind == ObjectPlace {
			list[i].Object = ways[p.ObjectID]
		}
	}
	return err
}

func (s *Service) accountNames(ctx context.Context, c Caller, holders []Holder) (map[id.ID]string, error) {
	if s.accounts == nil || len(holders) == 0 || !c.Can(PostWrite) && !c.Can(AccountManage) && !c.IsSystem() {
		return nil, nil
	}
	var ids []id.ID
	for _, h := range holders {
		ids = append(ids, h.AccountID)
	}
	return s.accounts.AccountNames(ctx, c.District, uniq(ids))
}

func (s *Service) teamSpans(ctx context.Context, c Caller, list []PostView) (map[id.ID]span, error) {
	out := map[id.ID]span{}
	if !slices.ContainsFunc(list, func(p PostView) bool { return p.TeamID != id.Zero }) {
		return out, nil
	}
	teams, err := queryTeams(ctx, s.d.Read(), "district = $1", c.District)
	for _, t := range teams {
		out[t.ID] = span{t.FromMs, t.UntilMs}
	}
	return out, err
}

// AddPost makes one post. The caller must hold post.write over its object in a
// post that stands no lower than the role.
func (s *Service) AddPost(ctx context.Context, c Caller, n NewPost) (Post, error) {
	const op = "grid.AddPost"
	var out []Post
	err := s.d.Write(ctx, op, func(tx *db.Tx) error {
		var err error
		if out, err = s.AddPostsIn(ctx, tx, c, []NewPost{n}); err != nil {
			return err
		}
		return s.note(ctx, tx, c, PostWrite, "grid.post.add", "post", out[0].ID, "role="+string(out[0].Role))
	})
	if err != nil {
		return Post{}, err
	}
	return out[0], nil
}

// AddPostsIn makes posts within a transaction of the caller, who audits it.
func (s *Service) AddPostsIn(ctx context.Context, tx *db.Tx, c Caller, list []NewPost) ([]Post, error) {
	out := make([]Post, len(list))
	doors := map[id.ID][]id.ID{}
	paths, err := s.objectPaths(ctx, tx, c, list)
	if err != nil {
		return nil, err
	}
	if err := s.mayJoin(ctx, tx, c, list); err != nil {
		return nil, err
	}
	for i, n := range list {
		p := Post{ID: n.ID, Role: n.Role, Title: strings.TrimSpace(n.Title), ObjectKind: n.ObjectKind, ObjectID: n.ObjectID, OrgID: n.OrgID, TeamID: n.TeamID, FromMs: n.FromMs, UntilMs: n.UntilMs}
		if p.ID == id.Zero {
			p.ID = id.New()
		}
		if p.FromMs == 0 {
			p.FromMs = s.nowMs()
		}
		if err := checkPost(c, p, paths[i]); err != nil {
			return nil, err
		}
		if p.ObjectKind == ObjectDoors {
			doors[p.ID] = n.Doors
		}
		out[i] = p
	}
	if err := insertPosts(ctx, tx, c.District, out, doors); err != nil {
		return nil, err
	}
	s.grantsChanged(tx)
	return out, nil
}

// checkPost refuses a post that cannot be, or that the caller may not make.
// paths are those of its object (of each door of a set).
func checkPost(c Caller, p Post, paths []string) error {
	const op = "grid.AddPost"
	switch {
	case !p.Role.Known():
		return errs.Field(errs.E(op, errs.Invalid, "grid.post.bad_role"), "role")
	case len(paths) == 0 || slices.Contains(paths, ""):
		return errs.Field(errs.E(op, errs.NotFound, "grid.post.no_object"), "object_id")
	case utf8.RuneCountInString(p.Title) > maxName:
		return errs.Field(errs.E(op, errs.Invalid, "error.too_long", maxName), "title")
	case p.UntilMs != 0 && p.UntilMs <= p.FromMs:
		return errs.Field(errs.E(op, errs.Invalid, "grid.post.ends_first"), "until")
	}
	for _, path := range paths {
		if !c.MayManage(PostWrite, p.Role, path) {
			if c.Can(PostWrite) {
				return errs.E(op, errs.Denied, "grid.post.above")
			}
			return c.Require(op, PostWrite)
		}
	}
	return nil
}

// objectPaths reads the paths of what posts are over; an object that is not
// there has the path "".
func (s *Service) objectPaths(ctx context.Context, q db.Queryer, c Caller, list []NewPost) ([][]string, error) {
	ids := map[ObjectKind][]id.ID{}
	for _, n := range list {
		if n.ObjectKind == ObjectDoors {
			ids[ObjectDoors] = append(ids[ObjectDoors], n.Doors...)
			continue
		}
		ids[n.ObjectKind] = append(ids[n.ObjectKind], n.ObjectID)
	}
	found, err := s.pathsOf(ctx, q, c.District, ids)
	if err != nil {
		return nil, err
	}
	out := make([][]string, len(list))
	for i, n := range list {
		if n.ObjectKind != ObjectDoors {
			out[i] = []string{found[n.ObjectKind][n.ObjectID]}
			continue
		}
		for _, d := range n.Doors {
			out[i] = append(out[i], found[ObjectDoors][d])
		}
	}
	return out, nil
}

// pathsOf reads the paths of open objects by kind; an organisation's is its area's.
func (s *Service) pathsOf(ctx context.Context, q db.Queryer, district int, ids map[ObjectKind][]id.ID) (map[ObjectKind]map[id.ID]string, error) {
	out := map[ObjectKind]map[id.ID]string{ObjectPlace: {}, ObjectGrid: {}, ObjectOrganisation: {}}
	places, err := placesByID(ctx, q, district, uniq(ids[ObjectPlace]))
	if err != nil {
		return nil, err
	}
	for _, p := range places {
		if p.UntilMs == 0 {
			out[ObjectPlace][p.ID] = p.Path
		}
	}
	grids, err := gridsByID(ctx, q, district, uniq(ids[ObjectGrid]))
	if err != nil {
		return nil, err
	}
	for _, g := range grids {
		if g.UntilMs == 0 {
			out[ObjectGrid][g.ID] = g.Path
		}
	}
	if out[ObjectDoors], err = doorPaths(ctx, q, district, uniq(ids[ObjectDoors])); err != nil {
		return nil, err
	}
	for _, oid := range uniq(ids[ObjectOrganisation]) {
		if out[ObjectOrganisation][oid], err = orgPath(ctx, q, district, oid); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// manageable reads a post the caller may change.
func (s *Service) manageable(ctx context.Context, q db.Queryer, op string, c Caller, pid id.ID) (PostView, error) {
	p, err := postByID(ctx, q, c.District, pid)
	if err != nil {
		return p, err
	}
	paths := []string{p.Path}
	if p.ObjectKind == ObjectDoors {
		doors, err := postDoors(ctx, q, c.District, pid)
		if err != nil {
			return p, err
		}
		paths = paths[:0]
		for _, d := range doors {
			paths = append(paths, d.Path)
		}
	}
	if len(paths) == 0 {
		paths = []string{""} // a set without doors is nobody's but the installation's
	}
	for _, path := range paths {
		if path == "" && !c.system || !c.MayManage(PostWrite, p.Role, path) {
			return p, errs.E(op, errs.Denied, "grid.post.above")
		}
	}
	if p.UntilMs != 0 && p.UntilMs <= s.nowMs() {
		return p, errs.E(op, errs.Conflict, "grid.post.ended")
	}
	return p, nil
}

// EndPost ends a post at an instant (0: now), and with it its holders' terms.
func (s *Service) EndPost(ctx context.Context, c Caller, pid id.ID, until int64) error {
	const op = "grid.EndPost"
	return s.changeTerms(ctx, op, c, func(tx *db.Tx) error {
		p, err := s.manageable(ctx, tx, op, c, pid)
		if err != nil {
			return err
		}
		if until == 0 {
			until = s.nowMs()
		}
		if err := endPost(ctx, tx, c.District, p.ID, max(until, s.nowMs())); err != nil {
			return err
		}
		s.grantsChanged(tx)
		return s.note(ctx, tx, c, PostWrite, "grid.post.end", "post", p.ID, "")
	})
}

// SetPostDoors replaces the doors of a post over a set of doors.
func (s *Service) SetPostDoors(ctx context.Context, c Caller, pid id.ID, doors []id.ID) error {
	const op = "grid.SetPostDoors"
	return s.d.Write(ctx, op, func(tx *db.Tx) error {
		p, err := s.manageable(ctx, tx, op, c, pid)
		if err != nil {
			return err
		}
		if p.ObjectKind != ObjectDoors {
			return errs.Field(errs.E(op, errs.Invalid, "grid.post.no_set"), "doors")
		}
		paths, err := s.objectPaths(ctx, tx, c, []NewPost{{ObjectKind: ObjectDoors, Doors: doors}})
		if err != nil {
			return err
		}
		if err := checkPost(c, p.Post, paths[0]); err != nil {
			return err
		}
		if err := replacePostDoors(ctx, tx, c.District, pid, doors); err != nil {
			return err
		}
		s.grantsChanged(tx)
		return s.note(ctx, tx, c, PostWrite, "grid.post.doors", "post", pid, fmt.Sprintf("doors=%d", len(doors)))
	})
}

// PostDoors returns the doors of a post over a set of doors, in walking order.
func (s *Service) PostDoors(ctx context.Context, c Caller, pid id.ID) ([]Place, error) {
	if _, err := s.Post(ctx, c, pid); err != nil {
		return nil, err
	}
	list, err := postDoors(ctx, s.d.Read(), c.District, pid)
	return list, errs.Wrap("grid.PostDoors", err)
}
