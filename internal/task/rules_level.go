package task

import (
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/id"
)

// spot is an area or grid that should have a post of a level.
type spot struct {
	name, path string
	grid       id.ID // of a grid
}

// uncovered lists those of some areas or grids below a post that no running post
// of a role is over. A grid is covered from above too, and by its micro grids.
func uncovered(line *grid.Line, spots []spot, from id.ID, role grid.Role, nowMs int64) (out []spot) {
	issuer := line.Post(from)
	if issuer == nil || issuer.Path == "" || len(spots) == 0 {
		return nil
	}
	var over []string
	line.Each(nowMs, func(p *grid.LinePost) {
		if p.Role == role && p.Path != "" && (p.Kind == grid.ObjectGrid) == (role == grid.RoleGridWorker) {
			over = append(over, p.Path)
		}
	})
	for _, s := range spots {
		if strings.HasPrefix(s.path, issuer.Path) && !coveredBy(over, s.path, role) {
			out = append(out, s)
		}
	}
	return out
}

func coveredBy(over []string, path string, role grid.Role) bool {
	for _, o := range over {
		if o == path || role == grid.RoleGridWorker && (strings.HasPrefix(path, o) || strings.HasPrefix(o, path)) {
			return true
		}
	}
	return false
}

// takes reports whether a post up the line from an area can be given a directive
// by another for it.
func takes(line *grid.Line, from, post id.ID, nowMs int64) bool {
	p := line.Post(post)
	return p != nil && p.Runs(nowMs) && p.Role.May(grid.TaskDo) && below(line, from, post)
}
