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
