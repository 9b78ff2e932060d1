package app

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/id"
)

// workload tells the grid what hangs on doors, for the effect of a re-drawing.
// Who may not read rounds sees no open work.
func (a *App) workload(ctx context.Context, c grid.Caller, doors []grid.Place) (map[id.ID]grid.DoorWork, error) {
	ids := make([]id.ID, len(doors))
	var leaves []id.ID
	seen := map[id.ID]bool{}
	for i, d := range doors {
		ids[i] = d.ID
		if !seen[d.ParentID] {
			seen[d.ParentID] = true
			leaves = append(leaves, d.ParentID)
		}
	}
	households, err := a.Ledger.HouseholdsAt(ctx, c, ids)
	if err != nil {
		return nil, err
	}
	open := map[id.ID]int{}
	if c.Can(grid.RoundRead) {
		if open, err = a.Rounds.OpenAt(ctx, c, leaves); err != nil {
			return nil, err
		}
	}
	out := make(map[id.ID]grid.DoorWork, len(ids))
	for _, d := range ids {
		out[d] = grid.DoorWork{Households: households[d], Open: open[d]}
	}
	return out, nil
}
