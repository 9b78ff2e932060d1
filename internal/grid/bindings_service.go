package grid

import (
	"context"
	"maps"
	"slices"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Bindings lists running bindings to places and grids at or below a place
// (object Zero) or to one object; the id of the last one is the cursor.
func (s *Service) Bindings(ctx context.Context, c Caller, under Place, object, after id.ID, limit int) ([]BindingView, error) {
	const op = "grid.Bindings"
	if err := c.Require(op, PlaceRead); err != nil {
		return nil, err
	}
	list, err := listBindings(ctx, s.d.Read(), c.District, under.Path, object, after, min(max(limit, 1), 1000), s.nowMs())
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	list = slices.DeleteFunc(list, func(b BindingView) bool {
		return !c.CanPlace(PlaceRead, b.Path) && !c.CanGrid(PlaceRead, b.Path)
	})
	return list, errs.Wrap(op, s.nameBound(ctx, c, list))
}

// nameBound writes the places bindings are to in full.
func (s *Service) nameBound(ctx context.Context, c Caller, list []BindingView) error {
	var ids []id.ID
	for _, b := range list {
		if b.ObjectKind == ObjectPlace {
			ids = append(ids, b.ObjectID)
		}
	}
	places, err := placesByID(ctx, s.d.Read(), c.District, uniq(ids))
	if err != nil {
		return err
	}
	ways, err := s.ways(ctx, c, slices.Collect(maps.Values(places)))
	for i, b := range list {
		if b.ObjectKind == ObjectPlace {
			list[i].Object = ways[b.ObjectID]
		}
	}
	return err
}

// Bind ties posts and organisations to one object together; lead is the index
// of the one who leads. Each member names either a post or an organisation.
// Needs post.write over the object.
func (s *Service) Bind(ctx context.Context, c Caller, members []Binding, lead int) ([]Binding, error) {
	const op = "grid.Bind"
	if len(members) == 0 || lead < 0 || lead >= len(members) {
		return nil, errs.Field(errs.E(op, errs.Invalid, "grid.binding.no_lead"), "lead")
	}
	out := slices.Clone(members)
	joint := id.New()
	for i := range out {
		out[i].ID, out[i].JointID, out[i].Lead = id.New(), joint, i == lead
		out[i].FromMs = orNow(out[i].FromMs, s.nowMs())
	}
	err := s.d.Write(ctx, op, func(tx *db.Tx) error {
		if err := s.AddBindingsIn(ctx, tx, c, out); err != nil {
			return err
		}
		return s.note(ctx, tx, c, PostWrite, "grid.binding.add", string(out[0].ObjectKind), out[0].ObjectID, "joint="+joint.String())
	})
	return out, err
}

// AddBindingsIn adds bindings with their ids within a transaction of the caller.
func (s *Service) AddBindingsIn(ctx context.Context, tx *db.Tx, c Caller, list []Binding) error {
	const op = "grid.Bind"
	ids := map[ObjectKind][]id.ID{}
	var orgs, posts []id.ID
	for _, b := range list {
		if b.ObjectKind != ObjectPlace && b.ObjectKind != ObjectGrid {
			return errs.Field(errs.E(op, errs.Invalid, "error.bad_choice"), "object_kind")
		}
		if (b.PostID == id.Zero) == (b.OrgID == id.Zero) {
			return errs.Field(errs.E(op, errs.Invalid, "grid.binding.who"), "post_id")
		}
		if b.UntilMs != 0 && b.UntilMs <= b.FromMs {
			return errs.Field(errs.E(op, errs.Invalid, "grid.post.ends_first"), "until")
		}
		ids[b.ObjectKind] = append(ids[b.ObjectKind], b.ObjectID)
		if b.OrgID != id.Zero {
			orgs = append(orgs, b.OrgID)
		} else {
			posts = append(posts, b.PostID)
		}
	}
	paths, err := s.pathsOf(ctx, tx, c.District, ids)
	if err != nil {
		return err
	}
	for _, b := range list {
		path := paths[b.ObjectKind][b.ObjectID]
		if path == "" {
			return errs.Field(errs.E(op, errs.NotFound, "grid.post.no_object"), "object_id")
		}
		if err := c.RequirePlace(op, PostWrite, path); err != nil {
			return err
		}
	}
	if err := s.checkBound(ctx, tx, c, uniq(orgs), uniq(posts), list, paths); err != nil {
		return err
	}
	s.grantsChanged(tx)
	return insertBindings(ctx, tx, c.District, list)
}

// checkBound refuses organisations and posts that are not there, and roles the
// caller may not give over the object.
func (s *Service) checkBound(ctx context.Context, tx *db.Tx, c Caller, orgs, posts []id.ID, list []Binding, paths map[ObjectKind]map[id.ID]string) error {
	const op = "grid.Bind"
	for _, oid := range orgs {
		if path, err := orgPath(ctx, tx, c.District, oid); err != nil {
			return err
		} else if path == "" {
			return errs.Field(errs.E(op, errs.NotFound, "grid.org.not_found"), "org_id")
		}
	}
	roles := map[id.ID]Role{}
	err := db.Chunks(posts, 500, func(part []id.ID) error {
		a := db.NewArgs(c.District)
		found, err := queryPosts(ctx, tx, "p.district = $1 AND p.id IN "+db.In(a, nums(part)), a)
		for _, p := range found {
			roles[p.ID] = p.Role
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, b := range list {
		if b.PostID == id.Zero {
			continue
		}
		role, ok := roles[b.PostID]
		if !ok {
			return errs.Field(errs.E(op, errs.NotFound, "grid.post.not_found"), "post_id")
		}
		if !c.MayManage(PostWrite, role, paths[b.ObjectKind][b.ObjectID]) {
			return errs.E(op, errs.Denied, "grid.post.above")
		}
	}
	return nil
}

// Unbind ends a binding now.
func (s *Service) Unbind(ctx context.Context, c Caller, bid id.ID) error {
	return s.d.Write(ctx, "grid.Unbind", func(tx *db.Tx) error { return s.EndBindingIn(ctx, tx, c, bid, s.nowMs()) })
}

// EndBindingIn says when a running binding ends (0: not yet) within a
// transaction of the caller; an end that is past ends it now. Needs post.write
// over the object.
func (s *Service) EndBindingIn(ctx context.Context, tx *db.Tx, c Caller, bid id.ID, until int64) error {
	const op = "grid.EndBinding"
	list, err := queryBindings(ctx, tx, "b.district = $1 AND b.id = $2", c.District, int64(bid))
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return errs.E(op, errs.NotFound, "grid.binding.not_found")
	}
	b, now := list[0], s.nowMs()
	if err := c.RequirePlace(op, PostWrite, b.Path); err != nil {
		return err
	}
	switch {
	case b.UntilMs != 0 && b.UntilMs <= now:
		return errs.E(op, errs.Conflict, "grid.binding.ended")
	case until != 0 && until < b.FromMs:
		return errs.Field(errs.E(op, errs.Invalid, "grid.post.ends_first"), "until")
	case until != 0:
		until = max(until, now) // what was done while it held stands
	}
	s.grantsChanged(tx)
	if err := setBindingEnd(ctx, tx, c.District, bid, until); err != nil {
		return err
	}
	return s.note(ctx, tx, c, PostWrite, "grid.binding.end", string(b.ObjectKind), b.ObjectID, "")
}

// mayJoin refuses posts in an organisation beyond the caller's area or bound
// beyond it: a post of an organisation has its role wherever that is bound.
func (s *Service) mayJoin(ctx context.Context, q db.Queryer, c Caller, list []NewPost) error {
	if c.system {
		return nil
	}
	reach := map[id.ID][]string{}
	for _, n := range list {
		if n.OrgID == id.Zero {
			continue
		}
		paths, known := reach[n.OrgID]
		if !known {
			own, err := orgPath(ctx, q, c.District, n.OrgID)
			if err != nil {
				return err
			}
			if own == "" {
				return errs.Field(errs.E("grid.AddPost", errs.NotFound, "grid.org.not_found"), "org_id")
			}
			bindings, err := queryBindings(ctx, q, "b.district = $1 AND b.org_id = $2 AND (b.until_ms = 0 OR b.until_ms > $3)", c.District, int64(n.OrgID), s.nowMs())
			if err != nil {
				return err
			}
			paths = []string{own}
			for _, b := range bindings {
				paths = append(paths, b.Path)
			}
			reach[n.OrgID] = paths
		}
		for _, path := range paths {
			if !c.MayManage(PostWrite, n.Role, path) {
				return errs.Field(errs.E("grid.AddPost", errs.Denied, "grid.post.above"), "org_id")
			}
		}
	}
	return nil
}
