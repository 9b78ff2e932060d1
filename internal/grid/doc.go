// Package grid knows the places of a district and who answers for them.
//
// Two trees stand over the same doors: places (areas with national codes, then
// compound, building, unit, door; or villagers' group and door) and grids
// (block, basic, micro). A door has one place and at most one lowest grid;
// re-drawing grids moves no door and no history. Posts tie a role to a place, a
// grid, a set of doors or an organisation; holders are in post from–until;
// bindings tie posts and organisations to further places and grids.
//
// What it guarantees:
//   - a place's id never changes; its path orders siblings as one walks, and a
//     subtree is one range of paths;
//   - a caller's grants are those of the posts held at the instant asked, and
//     every scoped query carries them as one predicate (Caller.Scope);
//   - a re-drawing and the counters that depend on it commit together
//     (OnRegrid);
//   - vacancies are computed from the same rows at every level, so the figure
//     of an area is the sum of its children's.
package grid
