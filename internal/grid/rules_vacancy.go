package grid

import (
	"slices"
	"strings"

	"wangge/internal/platform/id"
)

// Reach is one object that a filled post answers for, by its own placement or
// by a binding.
type Reach struct {
	Role     Role
	Kind     ObjectKind
	ObjectID id.ID
	Path     string // of the place or grid; empty for sets of doors
	// Physical is set for places below the areas: only posts there, on grids
	// and on sets of doors answer for doors.
	Physical bool
}

// leafKey names a leaf.
type leafKey struct{ place, grid id.ID }

// openDoors returns, for each leaf, how many of its doors nobody answers for:
// none where a place or grid around it is watched, else the doors outside the
// sets of doors that are. gridPaths are the paths of the open grids, single
// the doors named one by one, by leaf.
func openDoors(leaves []Leaf, reach []Reach, gridPaths map[id.ID]string, single map[leafKey]int) []int {
	places, grids := map[string]bool{}, map[string]bool{}
	for _, r := range reach {
		switch {
		case !r.Role.Answers() || r.Path == "":
		case r.Kind == ObjectPlace && r.Physical:
			places[r.Path] = true
		case r.Kind == ObjectGrid:
			grids[r.Path] = true
		}
	}
	watched := watchedGrids(gridPaths, grids)
	out := make([]int, len(leaves))
	for i, l := range leaves {
		if watched[l.GridID] || hasPrefixIn(places, l.Path) {
			continue
		}
		out[i] = max(0, l.Doors-single[leafKey{l.PlaceID, l.GridID}])
	}
	return out
}

// hasPrefixIn reports whether the path or one above it is in the set. Below an
// area each level takes one segment, and areas themselves are never in the set.
func hasPrefixIn(set map[string]bool, path string) bool {
	for n := len(path); n > segment; n -= segment {
		if set[path[:n]] {
			return true
		}
	}
	return false
}

// watchedGrids returns the grids that a filled post stands on or above.
func watchedGrids(paths map[id.ID]string, filled map[string]bool) map[id.ID]bool {
	out := make(map[id.ID]bool, len(paths))
	for gid, path := range paths {
		g := strings.IndexByte(path, 'g')
		for n := len(path); g >= 0 && n > g+1; n -= segment {
			if filled[path[:n]] {
				out[gid] = true
				break
			}
		}
	}
	return out
}

// areaRole is the role that must be in post at an area of the kind; empty for
// the levels above the district.
func areaRole(p Place, root string) Role {
	switch {
	case p.Path == root:
		return RoleCommand
	case p.Kind == Street:
		return RoleStreet
	case p.Kind == Community:
		return RoleCommunity
	}
	return ""
}

// vacantAreas returns the areas at or below root without anybody in the post
// of their level.
func vacantAreas(areas []Place, reach []Reach, root string) []Place {
	filled := map[id.ID][]Role{}
	for _, r := range reach {
		if r.Kind == ObjectPlace && !r.Physical {
			filled[r.ObjectID] = append(filled[r.ObjectID], r.Role)
		}
	}
	var out []Place
	for _, a := range areas {
		if role := areaRole(a, root); role != "" && Under(a.Path, root) && !slices.Contains(filled[a.ID], role) {
			out = append(out, a)
		}
	}
	return out
}

// vacantGrids returns the grids without anybody in post on them: blocks need
// any post, basic and micro grids one that answers for doors.
func vacantGrids(grids []Grid, reach []Reach) []Grid {
	filled := map[id.ID][]Role{}
	for _, r := range reach {
		if r.Kind == ObjectGrid {
			filled[r.ObjectID] = append(filled[r.ObjectID], r.Role)
		}
	}
	var out []Grid
	for _, g := range grids {
		ok := slices.ContainsFunc(filled[g.ID], func(r Role) bool { return g.Kind == BlockGrid || r.Answers() })
		if !ok {
			out = append(out, g)
		}
	}
	return out
}

// OrgBinding is an organisation bound to a place or grid.
type OrgBinding struct {
	BindingID id.ID      `json:"binding_id"`
	OrgID     id.ID      `json:"org_id"`
	OrgName   string     `json:"org_name"`
	Kind      ObjectKind `json:"kind"`
	ObjectID  id.ID      `json:"object_id"`
	Object    string     `json:"object" doc:"Name of the place or grid"`
	Path      string     `json:"-"`
}

// orgPost is a filled post of an organisation.
type orgPost struct {
	org  id.ID
	kind ObjectKind
	path string
}

// unnamed returns the bindings whose organisation has nobody in post for the
// object: on the organisation itself, on the object, above it or within it.
func unnamed(bindings []OrgBinding, posts []orgPost) []OrgBinding {
	byOrg := map[id.ID][]orgPost{}
	for _, p := range posts {
		byOrg[p.org] = append(byOrg[p.org], p)
	}
	var out []OrgBinding
	for _, b := range bindings {
		named := slices.ContainsFunc(byOrg[b.OrgID], func(p orgPost) bool {
			if p.kind == ObjectOrganisation {
				return true
			}
			return p.kind == b.Kind && p.path != "" && (Under(b.Path, p.path) || Under(p.path, b.Path))
		})
		if !named {
			out = append(out, b)
		}
	}
	return out
}
