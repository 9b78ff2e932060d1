package app

import "wangge/internal/grid"

// readRules say of every reading route who may use it.
var readRules = map[string]rule{
	"GET /login": {}, "GET /sw.js": {}, "GET /setup": {}, "GET /password": {}, "GET /account": {}, "GET /{$}": {}, "GET /api/docs": {}, "GET /search": {},
	"GET /api/v1/openapi.json": {}, "GET /api/v1/openapi-3.0.json": {}, "GET /api/v1/openapi.yaml": {}, "GET /api/v1/openapi-3.0.yaml": {},
	"GET /api/v1/account": {}, "GET /api/v1/sessions": {}, "GET /api/v1/tokens": {}, "GET /api/v1/rounds/results": {},
	"GET /api/v1/sessions/{id}": {object: "account", reach: held}, // of another account: nobody's
	"GET /live":                 {reach: held, more: "?topic=person:1"},

	"GET /accounts":                      {"", grid.AccountManage, held, ""},
	"GET /accounts/new":                  {"", grid.AccountManage, held, ""},
	"GET /accounts/{id}":                 {"account", grid.AccountManage, whole, ""},
	"GET /api/v1/accounts":               {"", grid.AccountManage, held, ""},
	"GET /api/v1/accounts/{id}":          {"account", grid.AccountManage, whole, ""},
	"GET /api/v1/accounts/{id}/sessions": {"account", grid.AccountManage, whole, ""},
	"GET /audit":                         {"", grid.AuditRead, held, ""},
	"GET /api/v1/audit":                  {"", grid.AuditRead, held, ""},
	"GET /audit/looks":                   {"", grid.AuditRead, held, ""},
	"GET /audit/looks/file":              {"", grid.AuditRead, held, ""},
	"GET /audit/exports":                 {"", grid.AuditRead, held, ""},
	"GET /audit/exports/file":            {"", grid.AuditRead, held, ""},
	"GET /api/v1/audit/looks":            {"", grid.AuditRead, held, ""},
	"GET /api/v1/audit/exports":          {"", grid.AuditRead, held, ""},

	"GET /exports":                  {"", grid.ExportFull, held, ""},
	"GET /exports/new":              {"area", grid.ExportFull, whole, "?place={id}"},
	"GET /exports/{id}":             {"export", grid.ExportFull, whole, ""},
	"GET /exports/{id}/file":        {object: "export", reach: held}, // somebody else's: nobody's
	"GET /api/v1/exports":           {"", grid.ExportFull, held, ""},
	"GET /api/v1/exports/{id}":      {"export", grid.ExportFull, whole, ""},
	"GET /api/v1/exports/{id}/file": {object: "export", reach: held},

	"GET /duty":                   {"area", grid.PlaceRead, held, "?area={id}"},
	"GET /duty/{code}":            {}, // a resident checks a call
	"GET /api/v1/areas/{id}/duty": {"area", grid.PlaceRead, held, ""},

	"GET /areas":                         {}, // leads to the highest area of one's posts
	"GET /areas/import":                  {"", grid.EmergencyWrite, held, ""},
	"GET /areas/{id}":                    {"area", grid.PlaceRead, held, ""},
	"GET /places/{id}":                   {"building", grid.PlaceRead, seen, ""},
	"GET /places/{id}/edit":              {"building", grid.PlaceWrite, whole, ""},
	"GET /points":                        {}, // empty without a post
	"GET /buildings/{id}":                {"building", grid.PlaceRead, seen, ""},
	"GET /vacancies":                     {"area", grid.PlaceRead, whole, "?place={id}"},
	"GET /grids":                         {"", grid.PlaceRead, held, ""},
	"GET /grids/new":                     {"", grid.GridWrite, held, ""},
	"GET /grids/{id}":                    {"grid", grid.PlaceRead, covered, ""},
	"GET /grids/{id}/redraw":             {"grid", grid.GridWrite, whole, ""},
	"GET /posts":                         {"", grid.PlaceRead, held, ""},
	"GET /posts/new":                     {"", grid.PostWrite, held, ""},
	"GET /posts/{id}":                    {"post", grid.PlaceRead, whole, ""},
	"GET /organisations":                 {"", grid.PlaceRead, held, ""},
	"GET /teams":                         {"", grid.PlaceRead, held, ""},
	"GET /bindings":                      {"", grid.PlaceRead, held, ""},
	"GET /bindings/new":                  {"area", grid.PostWrite, whole, "?place={id}"},
	"GET /role-aliases":                  {"", grid.PlaceRead, held, ""},
	"GET /api/v1/areas":                  {"", grid.PlaceRead, held, ""},
	"GET /api/v1/areas/{id}/former":      {"area", grid.PlaceRead, held, ""},
	"GET /api/v1/areas/{id}/map":         {"area", grid.PlaceRead, held, ""},
	"GET /api/v1/places/{id}":            {"building", grid.PlaceRead, seen, ""},
	"GET /api/v1/places/{id}/children":   {"building", grid.PlaceRead, seen, ""},
	"GET /api/v1/places":                 {"building", grid.PlaceRead, seen, "?place={id}"},
	"GET /api/v1/places/{id}/profile":    {"building", grid.PlaceRead, seen, ""},
	"GET /api/v1/doors":                  {"building", grid.PlaceRead, seen, "?place={id}"},
	"GET /api/v1/doors/find":             {"area", "", held, "?area={id}&building=no&room=no"}, // there is no such door
	"GET /api/v1/doors/{id}/grids":       {"door", grid.PlaceRead, covered, ""},
	"GET /api/v1/grids":                  {"", grid.PlaceRead, held, ""},
	"GET /api/v1/grids/{id}":             {"grid", grid.PlaceRead, covered, ""},
	"GET /api/v1/vacancies":              {"area", grid.PlaceRead, whole, "?place={id}"},
	"GET /api/v1/posts":                  {"", grid.PlaceRead, held, ""},
	"GET /api/v1/posts/{id}":             {"post", grid.PlaceRead, whole, ""},
	"GET /api/v1/organisations":          {"", grid.PlaceRead, held, ""},
	"GET /api/v1/teams":                  {"", grid.PlaceRead, held, ""},
	"GET /api/v1/bindings":               {"", grid.PlaceRead, held, ""},
	"GET /api/v1/role-aliases":           {"", grid.PlaceRead, held, ""},
	"GET /board/{id}":                    {"area", grid.PlaceRead, seen, ""},
	"GET /board/{id}/figures":            {"area", grid.PlaceRead, seen, ""},
	"GET /api/v1/board":                  {"area", grid.PlaceRead, seen, "?area={id}"},
	"GET /doors/{id}":                    {"door", grid.PlaceRead, covered, ""},
	"GET /doors/{id}/households":         {"door", grid.LedgerRead, covered, ""},
	"GET /households/{id}":               {"household", grid.LedgerRead, covered, ""},
	"GET /households/{id}/persons/new":   {"household", grid.LedgerWrite, covered, ""},
	"GET /persons":                       {"", grid.LedgerRead, held, ""},
	"GET /persons/{id}":                  {"person", grid.LedgerRead, covered, ""},
	"GET /persons/{id}/edit":             {"person", grid.LedgerWrite, covered, ""},
	"GET /elsewhere":                     {"", grid.LedgerRead, held, ""},
	"GET /elsewhere/{id}":                {"elsewhere", grid.Export, held, ""}, // both communities and those above
	"GET /persons/{id}/elsewhere":        {"person", grid.LedgerWrite, covered, ""},
	"GET /api/v1/elsewhere":              {"", grid.LedgerRead, held, ""},
	"GET /api/v1/elsewhere/counts":       {"", grid.PlaceRead, held, ""},
	"GET /api/v1/elsewhere/{id}":         {"elsewhere", grid.Export, held, ""},
	"GET /fix":                           {}, // a household's code, not a post, opens it
	"GET /corrections":                   {"", grid.LedgerWrite, held, ""},
	"GET /corrections/{id}":              {"correction", grid.LedgerWrite, covered, ""},
	"GET /households/{id}/paper":         {"household", grid.LedgerWrite, covered, ""},
	"GET /api/v1/corrections":            {"", grid.LedgerWrite, held, ""},
	"GET /api/v1/corrections/{id}":       {"correction", grid.LedgerWrite, covered, ""},
	"GET /facets":                        {"area", grid.PlaceRead, whole, "?place={id}"},
	"GET /facets/doors":                  {"area", grid.LedgerUnmask, whole, "?place={id}&facet=base"}, // who sees addresses
	"GET /api/v1/facets":                 {"area", grid.PlaceRead, whole, "?place={id}"},
	"GET /api/v1/facets/doors":           {"area", grid.LedgerUnmask, whole, "?place={id}&facet=base"},
	"GET /duplicates":                    {"", grid.LedgerWrite, held, ""},
	"GET /api/v1/duplicates":             {"", grid.LedgerWrite, held, ""},
	"GET /persons/{id}/merge":            {"person", grid.LedgerWrite, covered, ""},
	"GET /persons/export":                {"area", grid.Export, whole, "?place={id}"},
	"GET /care":                          {"", grid.LedgerUnmask, held, ""}, // the same roles see the care list
	"GET /risk":                          {"", grid.LedgerImport, held, ""}, // and the risk list
	"GET /imports":                       {"", grid.LedgerImport, held, ""},
	"GET /imports/{id}":                  {"import", grid.LedgerImport, whole, ""},
	"GET /imports/{id}/progress":         {"import", grid.LedgerImport, whole, ""},
	"GET /imports/{id}/rejected":         {"import", grid.LedgerImport, whole, ""},
	"GET /api/v1/doors/{id}":             {"door", grid.LedgerRead, covered, ""},
	"GET /api/v1/households/{id}":        {"household", grid.LedgerRead, covered, ""},
	"GET /api/v1/persons":                {"", grid.LedgerRead, held, ""},
	"GET /api/v1/persons/{id}":           {"person", grid.LedgerRead, covered, ""},
	"GET /api/v1/persons/{id}/file":      {"person", grid.LedgerRead, covered, ""},
	"GET /api/v1/imports":                {"", grid.LedgerImport, held, ""},
	"GET /api/v1/imports/{id}":           {"import", grid.LedgerImport, whole, ""},
	"GET /api/v1/imports/{id}/rejected":  {"import", grid.LedgerImport, whole, ""},
	"GET /persons/{id}/papers":           {"person", grid.LedgerUnmask, covered, ""}, // who sees addresses
	"GET /households/{id}/papers":        {"household", grid.LedgerUnmask, covered, ""},
	"GET /api/v1/persons/{id}/papers":    {"person", grid.LedgerUnmask, covered, ""},
	"GET /api/v1/households/{id}/papers": {"household", grid.LedgerUnmask, covered, ""},
	"GET /api/v1/papers/{id}":            {"paper", grid.LedgerUnmask, covered, "?purpose=verify_record"},

	"GET /rounds":                              {"", grid.RoundRead, held, ""},
	"GET /rounds/new":                          {"", grid.RoundDraft, held, ""},
	"GET /rounds/{id}":                         {"round", grid.RoundRead, seen, ""},
	"GET /rounds/{id}/figures":                 {"openround", grid.RoundRead, seen, ""},
	"GET /rounds/{id}/edit":                    {"draft", grid.RoundDraft, whole, ""},
	"GET /rounds/{id}/outstanding":             {"openround", grid.RoundRead, held, ""},
	"GET /rounds/{id}/export":                  {"openround", grid.Export, held, ""},
	"GET /rounds/{id}/print":                   {"openround", grid.RoundRead, held, "?place=<building>"},
	"GET /rounds/{id}/paper":                   {"openround", grid.RoundMark, held, "?place=<building>"},
	"GET /rounds/{id}/recheck":                 {"openround", grid.RoundRecheck, held, ""},
	"GET /rounds/{id}/close":                   {"openround", grid.RoundClose, whole, ""},
	"GET /reports":                             {"", grid.RoundMark, held, ""},
	"GET /rounds/{id}/text":                    {"openround", grid.RoundRead, held, ""},
	"GET /cutoffs/{id}":                        {"cutoff", grid.RoundRead, held, ""},
	"GET /cutoffs/{id}/csv":                    {"cutoff", grid.Export, held, ""},
	"GET /rechecks/{id}":                       {"recheck", grid.RoundRecheck, seen, ""},
	"GET /forms":                               {"", grid.RoundRead, held, ""},
	"GET /forms/{id}":                          {"form", grid.RoundRead, held, ""},
	"GET /emergencies":                         {"", grid.RoundRead, held, ""},
	"GET /today":                               {"", grid.RoundMark, held, ""},
	"GET /today/evening":                       {"", grid.RoundMark, held, ""},
	"GET /today/offline":                       {}, // holds nothing of anybody
	"GET /doors/{id}/card":                     {"door", grid.RoundMark, covered, ""},
	"GET /today/{id}":                          {"building", grid.RoundMark, seen, ""},
	"GET /marks/{id}/photo":                    {"mark", grid.RoundMark, covered, ""},
	"GET /api/v1/emergencies":                  {"", grid.RoundRead, held, ""},
	"GET /api/v1/forms":                        {"", grid.RoundRead, held, ""},
	"GET /api/v1/forms/{id}":                   {"form", grid.RoundRead, held, ""},
	"GET /api/v1/rounds":                       {"", grid.RoundRead, held, ""},
	"GET /api/v1/rounds/{id}":                  {"round", grid.RoundRead, seen, ""},
	"GET /api/v1/rounds/{id}/cost":             {"draft", grid.RoundRead, whole, ""},
	"GET /api/v1/rounds/{id}/coverage":         {"building", grid.RoundRead, seen, "?place={id}"},
	"GET /api/v1/rounds/{id}/answers":          {"openround", grid.RoundRead, held, ""},
	"GET /api/v1/rounds/{id}/outstanding":      {"openround", grid.RoundRead, held, ""},
	"GET /api/v1/rounds/{id}/targets/{object}": {"target", grid.RoundMark, covered, ""},
	"GET /api/v1/rounds/{id}/rechecks":         {"openround", grid.RoundRecheck, held, ""},
	"GET /api/v1/rounds/{id}/occurrences":      {"openround", grid.RoundRead, held, ""},
	"GET /api/v1/rounds/{id}/cutoffs":          {"openround", grid.RoundRead, held, ""},
	"GET /api/v1/plan":                         {"building", grid.RoundRead, seen, "?place={id}"},
	"GET /api/v1/reports":                      {"", grid.RoundMark, held, ""},
	"GET /api/v1/rounds/{id}/text":             {"openround", grid.RoundRead, held, ""},
	"GET /api/v1/cutoffs/{id}":                 {"cutoff", grid.RoundRead, held, ""},
	"GET /api/v1/rechecks/{id}":                {"recheck", grid.RoundRecheck, seen, ""},
	"GET /api/v1/today":                        {"", grid.RoundMark, held, ""},
	"GET /api/v1/today/doors":                  {"", grid.RoundMark, held, ""},
	"GET /api/v1/today/{id}":                   {"building", grid.RoundMark, seen, ""},
}

// writeRules say of every writing route of the API who may use it on what.
var writeRules = map[string]rule{
	"POST /api/v1/sessions": {}, "POST /api/v1/tokens": {}, "POST /api/v1/search": {},
	"DELETE /api/v1/sessions/{id}": {object: "account", reach: held},
	"DELETE /api/v1/tokens/{id}":   {object: "account", reach: held},

	"POST /api/v1/accounts/search":                    {"", grid.AccountManage, held, `{"find":""}`},
	"POST /api/v1/accounts":                           {"", grid.AccountManage, held, `{"name":"x"}`},
	"PUT /api/v1/accounts/{id}":                       {"account", grid.AccountManage, whole, `{"name":"x","login":"xyz","lang":"zh","worker":false}`},
	"PUT /api/v1/accounts/{id}/state":                 {"account", grid.AccountManage, whole, `{"state":"locked"}`},
	"POST /api/v1/accounts/{id}/codes":                {"account", grid.AccountManage, whole, ""},
	"DELETE /api/v1/accounts/{id}/sessions":           {"account", grid.AccountManage, whole, ""},
	"DELETE /api/v1/accounts/{id}/sessions/{session}": {"account", grid.AccountManage, whole, ""},

	"PUT /api/v1/areas/successors":      {"", grid.EmergencyWrite, held, `{"old_code":"230103001001","new_code":"230103001003"}`},
	"POST /api/v1/areas/import":         {"", grid.EmergencyWrite, held, `{"areas":[{"code":"230103000000","name":"x"}],"dry_run":true}`},
	"POST /api/v1/areas/geometry":       {"", grid.EmergencyWrite, held, "?datum=WGS84"},
	"PUT /api/v1/areas/{id}/duty":       {"area", grid.PostWrite, whole, `{"phone":"12345"}`},
	"POST /api/v1/places":               {"area", grid.PlaceWrite, whole, `{"places":[{"parent_id":"<area>","kind":"compound","name":"x"}]}`},
	"PATCH /api/v1/places/{id}":         {"building", grid.PlaceWrite, whole, `{"name":"9"}`},
	"DELETE /api/v1/places/{id}":        {"door", grid.PlaceWrite, whole, ""},
	"POST /api/v1/places/{id}/order":    {"building", grid.PlaceWrite, whole, `{"after":"0"}`},
	"PUT /api/v1/places/{id}/profile":   {"building", grid.PlaceWrite, whole, `{}`},
	"POST /api/v1/doors":                {"area", grid.PlaceWrite, whole, `{"area":"<area>","building":"77","room":"101"}`},
	"POST /api/v1/grids":                {"area", grid.GridWrite, whole, `{"area_id":"<area>","kind":"basic","name":"x"}`},
	"DELETE /api/v1/grids/{id}":         {"grid", grid.GridWrite, whole, ""},
	"POST /api/v1/grids/{id}/preview":   {"grid", grid.GridWrite, whole, `{"places":["<building>"]}`},
	"POST /api/v1/grids/{id}/doors":     {"grid", grid.GridWrite, whole, `{"places":["<building>"]}`},
	"POST /api/v1/posts":                {"area", grid.PostWrite, whole, `{"role":"volunteer","object_kind":"place","object_id":"<area>"}`},
	"DELETE /api/v1/posts/{id}":         {"post", grid.PostWrite, whole, ""},
	"PUT /api/v1/posts/{id}/doors":      {"post", grid.PostWrite, whole, `{"doors":["<door>"]}`},
	"POST /api/v1/holders":              {"post", grid.PostWrite, whole, `{"post_id":"<post>","account_id":"<account>"}`},
	"DELETE /api/v1/holders/{id}":       {"holder", grid.PostWrite, whole, ""},
	"POST /api/v1/organisations":        {"area", grid.PostWrite, whole, `{"area_id":"<area>","kind":"other","name":"x"}`},
	"DELETE /api/v1/organisations/{id}": {"organisation", grid.PostWrite, whole, ""},
	"POST /api/v1/teams":                {"area", grid.PostWrite, whole, `{"area_id":"<area>","kind":"squad","name":"x","until_ms":9999999999999}`},
	"DELETE /api/v1/teams/{id}":         {"team", grid.PostWrite, whole, ""},
	"POST /api/v1/bindings":             {"area", grid.PostWrite, whole, `{"object_kind":"place","object_id":"<area>","members":[{"post_id":"<post>"}]}`},
	"DELETE /api/v1/bindings/{id}":      {"binding", grid.PostWrite, whole, ""},
	"PUT /api/v1/role-aliases":          {"area", grid.PostWrite, whole, `{"area_id":"<area>","role":"volunteer","alias":"x"}`},

	"POST /api/v1/households":                      {"door", grid.LedgerWrite, covered, `{"door_id":"<door>","kind":"family","registered":1,"living":1}`},
	"PUT /api/v1/households/{id}":                  {"household", grid.LedgerWrite, covered, `{"door_id":"<door>","kind":"family","registered":1,"living":1}`},
	"POST /api/v1/households/{id}/depart":          {"household", grid.LedgerWrite, covered, `{"version":0,"reason":"moved_away"}`},
	"POST /api/v1/households/{id}/move":            {"household", grid.LedgerWrite, covered, `{"door_id":"<door>","kind":"family","registered":1,"living":1}`},
	"POST /api/v1/households/{id}/split":           {"household", grid.LedgerWrite, covered, `{"persons":["<person>"],"kind":"family"}`},
	"POST /api/v1/households/{id}/join":            {"household", grid.LedgerWrite, covered, `{"into":"1"}`},
	"POST /api/v1/persons":                         {"household", grid.LedgerWrite, covered, `{"household_id":"<household>","name":"甲","registered":true,"lives_here":true}`},
	"PUT /api/v1/persons/{id}":                     {"person", grid.LedgerWrite, covered, `{"name":"甲","registered":true,"lives_here":true}`},
	"POST /api/v1/persons/{id}/move":               {"person", grid.LedgerWrite, covered, `{"version":0,"door_id":"<door>"}`},
	"POST /api/v1/persons/{id}/depart":             {"person", grid.LedgerWrite, covered, `{"version":0,"reason":"moved_away"}`},
	"POST /api/v1/persons/{id}/return":             {"person", grid.LedgerWrite, covered, `{"version":0}`},
	"POST /api/v1/persons/{id}/merge":              {"person", grid.LedgerWrite, covered, `{"drop":"1"}`},
	"POST /api/v1/persons/{id}/apart":              {"person", grid.LedgerWrite, covered, `{"other":"1"}`},
	"POST /api/v1/persons/{id}/merges/{item}/undo": {"person", grid.LedgerWrite, covered, ""},
	"POST /api/v1/persons/{id}/elsewhere":          {"person", grid.LedgerWrite, covered, `{"to":"1"}`},
	"POST /api/v1/elsewhere/{id}/accept":           {"elsewhere", grid.LedgerWrite, whole, `{}`},
	"POST /api/v1/elsewhere/{id}/refuse":           {"elsewhere", grid.LedgerWrite, whole, `{}`},
	"POST /api/v1/elsewhere/{id}/withdraw":         {"sent", grid.LedgerWrite, whole, `{"version":99}`},
	"POST /api/v1/households/{id}/code":            {"household", grid.LedgerWrite, covered, ""},
	"POST /api/v1/corrections/{id}/decide":         {"correction", grid.LedgerWrite, covered, `{"index":99,"accept":false}`},
	"POST /api/v1/persons/{id}/papers":             {"person", grid.LedgerWrite, covered, "?kind=consent"},
	"POST /api/v1/households/{id}/papers":          {"household", grid.LedgerWrite, covered, "?kind=consent"},
	"POST /api/v1/persons/{id}/notes":              {"person", grid.LedgerWrite, covered, `{"text":"x"}`},
	"POST /api/v1/persons/{id}/care":               {"person", grid.LedgerWrite, covered, `{"kind":"living_alone"}`},
	"DELETE /api/v1/persons/{id}/care/{item}":      {"person", grid.LedgerWrite, covered, ""},
	"POST /api/v1/persons/{id}/risk":               {"person", grid.LedgerWrite, covered, `{"kind":"close_contact"}`},
	"DELETE /api/v1/persons/{id}/risk/{item}":      {"person", grid.LedgerWrite, covered, ""},
	"POST /api/v1/imports":                         {"area", grid.LedgerImport, whole, "?place=<area>"},
	"PUT /api/v1/imports/{id}":                     {"import", grid.LedgerImport, whole, `{}`},
	"POST /api/v1/imports/{id}/apply":              {"import", grid.LedgerImport, whole, ""},
	"POST /api/v1/imports/{id}/undo":               {"import", grid.LedgerImport, whole, ""},

	"POST /api/v1/exports":               {"area", grid.ExportFull, whole, `{"place_id":"<area>","purpose":"verify_record"}`},
	"POST /api/v1/exports/{id}/approve":  {"export", grid.ExportFull, whole, ""},
	"POST /api/v1/exports/{id}/refuse":   {"export", grid.ExportFull, whole, ""},
	"POST /api/v1/exports/{id}/withdraw": {object: "export", reach: held},

	"POST /api/v1/emergencies":           {"", grid.EmergencyWrite, held, `{"name":"x","basis":"x","purpose":"x","recipients":"x","retention_days":3}`},
	"POST /api/v1/forms":                 {"", grid.FormWrite, held, `{"name":"x","fields":[]}`},
	"POST /api/v1/rounds":                {"area", grid.RoundDraft, whole, `{"area_id":"<area>","name":"x","target_kind":"doors","form_id":"<form>","due_ms":9999999999999}`},
	"PUT /api/v1/rounds/{id}":            {"draft", grid.RoundDraft, whole, `{"area_id":"<area>","name":"x","target_kind":"doors","form_id":"<form>","due_ms":9999999999999}`},
	"POST /api/v1/rounds/{id}/submit":    {"draft", grid.RoundDraft, whole, ""},
	"POST /api/v1/rounds/{id}/approve":   {"draft", grid.RoundApprove, whole, ""},
	"POST /api/v1/rounds/{id}/return":    {"draft", grid.RoundApprove, whole, ""},
	"POST /api/v1/rounds/{id}/withdraw":  {"draft", grid.RoundDraft, whole, ""},
	"POST /api/v1/rounds/{id}/close":     {"openround", grid.RoundClose, whole, `{}`},
	"POST /api/v1/rounds/{id}/stop":      {"openround", grid.RoundClose, whole, ""},
	"POST /api/v1/rounds/{id}/cutoffs":   {"openround", grid.RoundClose, whole, ""},
	"POST /api/v1/rounds/{id}/photos":    {"openround", grid.RoundMark, held, "x"},
	"POST /api/v1/reports":               {"target", grid.RoundMark, covered, `{"round_id":"<openround>","object_id":"<target>"}`},
	"POST /api/v1/rounds/{id}/marks":     {"target", grid.RoundMark, covered, `{"object_id":"<target>","result":"normal"}`},
	"POST /api/v1/marks:batch":           {"target", grid.RoundMark, covered, `{"marks":[{"round_id":"<openround>","object_id":"<target>","result":"normal"}]}`},
	"POST /api/v1/rounds/{id}/bulk":      {"building", grid.RoundMark, seen, `{"place_id":"<building>"}`},
	"POST /api/v1/rounds/{id}/paper":     {"building", grid.RoundMark, seen, `{"sheet_id":"<building>","lines":{"normal":"1"}}`},
	"POST /api/v1/rechecks":              {"area", grid.RoundRecheck, whole, `{"round_id":"<openround>","place_id":"<area>","permille":1000}`},
	"POST /api/v1/rechecks/{id}/answers": {"recheck", grid.RoundRecheck, seen, `{"object_id":"<target>","absent":true}`},
}

// publicRoutes need no log-in.
var publicRoutes = []string{"GET /sw.js", "GET /login", "POST /login", "POST /logout", "GET /setup", "POST /setup", "POST /api/v1/sessions", "GET /api/docs", "GET /fix", "POST /fix", "POST /fix/send", "GET /duty/{code}",
	"GET /api/v1/openapi.json", "GET /api/v1/openapi-3.0.json", "GET /api/v1/openapi.yaml", "GET /api/v1/openapi-3.0.yaml"}

// formRoutes are the writing routes of pages. They call what the API's do; here
// they are tried from outside only.
const formRoutes = `
POST /login
POST /logout
POST /setup
POST /password
POST /account
POST /account/sessions/end
POST /account/sessions/{id}/end
POST /account/tokens
POST /account/tokens/{id}/end
POST /accounts/search
POST /accounts
POST /accounts/{id}
POST /accounts/{id}/reset
POST /accounts/{id}/lock
POST /accounts/{id}/unlock
POST /accounts/{id}/end
POST /accounts/{id}/sessions/{session}/end
POST /areas/import
POST /areas/geometry
POST /places/{id}/edit
POST /places/{id}/add
POST /places/{id}/profile
POST /places/{id}/close
POST /places/{id}/order
POST /duty
POST /grids/new
POST /grids/{id}
POST /grids/{id}/close
POST /grids/{id}/redraw
POST /posts/new
POST /posts/{id}/holders
POST /posts/{id}/holders/{holder}/end
POST /posts/{id}/end
POST /organisations
POST /organisations/{id}/end
POST /teams
POST /teams/hq
POST /teams/{id}/end
POST /bindings
POST /bindings/{id}/end
POST /role-aliases
POST /search
POST /doors/{id}/households
POST /households/{id}
POST /households/{id}/unmask
POST /households/{id}/join
POST /households/{id}/move
POST /households/{id}/split
POST /households/{id}/depart
POST /households/{id}/persons/new
POST /persons/{id}/unmask
POST /persons/{id}/edit
POST /persons/{id}/move
POST /persons/{id}/depart
POST /persons/{id}/return
POST /persons/{id}/merge
POST /persons/{id}/merges/{item}/undo
POST /persons/{id}/same
POST /persons/{id}/papers
POST /households/{id}/papers
POST /papers/{id}
POST /corrections/{id}
POST /corrections/{id}/decide
POST /households/{id}/code
POST /households/{id}/paper
POST /fix
POST /fix/send
POST /persons/{id}/elsewhere
POST /elsewhere/{id}/accept
POST /elsewhere/{id}/refuse
POST /elsewhere/{id}/withdraw
POST /persons/{id}/apart
POST /persons/{id}/note
POST /persons/{id}/care
POST /persons/{id}/risk
POST /persons/{id}/care/{item}
POST /persons/{id}/risk/{item}
POST /imports
POST /imports/{id}
POST /imports/{id}/apply
POST /imports/{id}/undo
POST /rounds/new
POST /rounds/{id}/edit
POST /rounds/{id}/submit
POST /rounds/{id}/approve
POST /rounds/{id}/return
POST /rounds/{id}/withdraw
POST /rounds/{id}/paper
POST /rounds/{id}/recheck
POST /rounds/{id}/close
POST /rounds/{id}/stop
POST /rounds/{id}/cutoffs
POST /rounds/{id}/text
POST /rounds/{id}/report
POST /rechecks/{id}
POST /forms/{id}
POST /emergencies
POST /today/{id}/bulk
POST /doors/{id}/mark
POST /doors/{id}/settle
POST /audit/verify
POST /exports
POST /exports/{id}/approve
POST /exports/{id}/refuse
POST /exports/{id}/withdraw
`
