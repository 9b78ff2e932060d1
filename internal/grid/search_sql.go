package grid

import (
	"context"
	"strings"

	"wangge/internal/platform/db"
	"wangge/internal/platform/id"
)

// landmarksOf reads the open places of a district that are no doors, in walking
// order, by their own index.
func landmarksOf(ctx context.Context, q db.Queryer, district int) ([]Place, error) {
	return queryPlaces(ctx, q, "p.district = $1 AND p.kind <> 'door' AND p.until_ms = 0 ORDER BY p.path", db.NewArgs(district))
}

// doorsNamed reads the doors in scope that hang on one of the parents and bear
// one of the labels, in walking order.
func doorsNamed(ctx context.Context, q db.Queryer, c Caller, parents []id.ID, labels []string) ([]Place, error) {
	a := db.NewArgs(c.District)
	where := "p.district = $1 AND p.kind = 'door' AND p.until_ms = 0 AND p.parent_id IN " + db.In(a, nums(parents)) + " AND p.name IN " + db.In(a, labels) +
		" AND " + c.Scope(PlaceRead, a, Columns{Path: "p.path", Grid: "p.grid_id", Door: "p.id"})
	return queryPlaces(ctx, q, where+" ORDER BY p.path", a)
}

// doorParents returns the paths of the parents of a post's named doors.
func doorParents(ctx context.Context, q db.Queryer, district int, post id.ID) ([]string, error) {
	return db.List(ctx, q, func(s *string) []any { return []any{s} },
		`SELECT DISTINCT u.path FROM post_door pd JOIN place d ON d.district = pd.district AND d.id = pd.door_id
			JOIN place u ON u.district = d.district AND u.id = d.parent_id WHERE pd.district = $1 AND pd.post_id = $2`, district, int64(post))
}

// postsTitled reads running posts in scope whose title holds the text, at or
// below a path where one is given.
func postsTitled(ctx context.Context, q db.Queryer, c Caller, path, text string, now int64, limit int) ([]PostView, error) {
	a := db.NewArgs(c.District)
	where := "p.district = $1 AND (p.until_ms = 0 OR p.until_ms > " + a.Add(now) + ") AND p.title LIKE " + a.Add("%"+likeText(text)+"%") + " ESCAPE '\\'"
	if path != "" {
		where += " AND " + postInPath(a, path)
	}
	return queryPosts(ctx, q, where+" AND "+postScope(c, a)+" ORDER BY p.id LIMIT "+a.Add(limit), a)
}

// likeText makes a text stand for itself in a LIKE pattern.
func likeText(s string) string {
	return strings.NewReplacer("\\", "\\\\", "%", "\\%", "_", "\\_").Replace(s)
}
