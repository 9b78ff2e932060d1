package app

import (
	"maps"

	"wangge/internal/grid"
)

// The rules of the routes by which people come into posts: lists, slips, leave
// and rosters.
func init() {
	maps.Copy(readRules, map[string]rule{
		"GET /activate":                 {},
		"GET /posts/import":             {"area", grid.PostWrite, whole, "?place={id}"},
		"GET /posts/import-template":    {"", grid.PostWrite, held, ""},
		"GET /post-lists/{id}":          {object: "account", reach: held}, // of another account: nobody's
		"GET /post-lists/{id}/rejected": {object: "account", reach: held},
		"GET /posts/slips":              {"area", grid.PostWrite, whole, "?place={id}"},
		"GET /posts/{id}/roster":        {"post", grid.PlaceRead, whole, ""},
		"GET /holders/{id}":             {"holder", grid.PostWrite, whole, ""},
		"GET /api/v1/posts/slips":       {"area", grid.PostWrite, whole, "?place={id}"},
		"GET /api/v1/posts/{id}/roster": {"post", grid.PlaceRead, whole, ""},
		"GET /api/v1/posts/{id}/leaves": {"post", grid.PlaceRead, whole, ""},
	})
	maps.Copy(writeRules, map[string]rule{
		"POST /api/v1/posts:import":          {"area", grid.PostWrite, whole, "?place=<area>"},
		"POST /api/v1/posts/slips":           {"area", grid.PostWrite, whole, "?place=<area>"},
		"POST /api/v1/posts/{id}/roster":     {"post", grid.PostWrite, whole, `{"shifts":[{"weekday":1,"start":"08:00","end":"20:00"}]}`},
		"DELETE /api/v1/shifts/{id}":         {"", grid.PostWrite, held, ""}, // there is no such shift
		"POST /api/v1/holders/{id}/leave":    {"holder", grid.PostWrite, whole, `{"until_ms":1}`},
		"POST /api/v1/holders/{id}/transfer": {"holder", grid.PostWrite, whole, `{"post_id":"<post>"}`},
		"DELETE /api/v1/leaves/{id}":         {"", grid.PostWrite, held, ""}, // there is no such leave
	})
	publicRoutes = append(publicRoutes, "GET /activate")
}
