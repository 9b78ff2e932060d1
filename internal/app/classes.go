package app

import "wangge/internal/platform/web"

// classed says which routes matter more, or less, than reading a page. When
// there are more requests than the server can answer, the last are refused first.
var classed = map[web.Class][]string{
	web.Work: {
		"POST /api/v1/marks:batch", "POST /api/v1/rounds/{id}/marks", "POST /api/v1/rounds/{id}/photos", "POST /doors/{id}/mark", "POST /today/{id}/bulk",
	},
	web.Heavy: {
		"GET /api/v1/audit/exports", "GET /audit/exports/file", "GET /api/v1/exports/{id}/file", "POST /api/v1/exports", "GET /exports/{id}/file", "POST /exports",
		"GET /persons/export", "GET /rounds/{id}/export", "GET /cutoffs/{id}/csv",
		"GET /api/v1/imports/{id}/rejected", "GET /imports/{id}/rejected", "POST /api/v1/imports", "POST /imports",
		"POST /api/v1/posts:import", "POST /posts/import", "POST /api/v1/areas/import", "POST /areas/import",
	},
}

func classify(site *web.App) {
	for class, patterns := range classed {
		site.Classify(class, patterns...)
	}
}
