package app

import (
	_ "embed"
	"fmt"
	"strings"

	"wangge/internal/grid"
)

//go:embed testdata/permissions.txt
var permissionLines string

// reach says how far a right must go for a route.
type reach string

const (
	nobody  reach = "nobody"
	public  reach = "public"  // everybody
	open    reach = "open"    // everybody logged in
	held    reach = "held"    // whoever holds the right anywhere
	placed  reach = "placed"  // whoever holds it over a place anywhere
	seen    reach = "seen"    // the right touches the object: holds it or lies in it
	covered reach = "covered" // a grant covers the very object
	whole   reach = "whole"   // a grant over places holds the object
	between reach = "between" // a grant over places holds either community it is about
)

// rule says who may use a route. The expectation for each role is worked out
// from the grants and roles.yaml, not from what the stores do.
type rule struct {
	pattern string // as ServeMux has it
	work    string // the area of work it stands under
	object  string // kind of the {id}; "" where there is none
	perm    grid.Permission
	sees    grid.Field // also asked; "": nothing
	reach   reach
	more    string // query of reading routes; of writing ones what is sent
}

// rules are the lines of permissions.txt in their order.
var rules = readRules(permissionLines)

func readRules(text string) []rule {
	var out []rule
	work := ""
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		if title, ok := strings.CutPrefix(line, "## "); ok {
			work = title
		}
		if line == "" || line[0] == '#' {
			continue
		}
		cols := strings.SplitN(line, "|", 5)
		if len(cols) < 4 {
			panic(fmt.Sprintf("permissions.txt: %q has not four columns", line))
		}
		for i := range cols {
			cols[i] = strings.TrimSpace(cols[i])
		}
		perm, field, _ := strings.Cut(cols[2], "+")
		r := rule{pattern: cols[0], work: work, object: cols[1], perm: grid.Permission(perm), sees: grid.Field(field), reach: reach(cols[3])}
		if len(cols) == 5 {
			r.more = cols[4]
		}
		out = append(out, r)
	}
	return out
}

// ruleOf returns the rule of a pattern.
func ruleOf(pattern string) (rule, bool) {
	for _, r := range rules {
		if r.pattern == pattern {
			return r, true
		}
	}
	return rule{}, false
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
POST /posts/{id}/roster
POST /holders/{id}/leave
POST /holders/{id}/transfer
POST /leaves/{id}/end
POST /shifts/{id}/end
POST /posts/import
POST /posts/slips
POST /post-lists/{id}/apply
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
