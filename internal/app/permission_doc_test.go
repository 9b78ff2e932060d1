package app

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"wangge/internal/grid"
	"wangge/internal/platform/i18n"
)

var update = flag.Bool("update", false, "write docs/permissions.md anew")

const permissionsPage = "../../docs/permissions.md"

// remarks explain rows that a table of objects cannot.
var remarks = map[string]string{
	"POST /account/sessions/{id}/end": " (another's)", "POST /account/tokens/{id}/end": " (another's)",
	"GET /api/v1/sessions/{id}": " (another's)", "DELETE /api/v1/sessions/{id}": " (another's)", "DELETE /api/v1/tokens/{id}": " (another's)",
	"GET /rounds/{id}/figures": " (a round of the whole district)",
	"GET /elsewhere/{id}":      " (of both communities)", "GET /api/v1/elsewhere/{id}": " (of both communities)",
	"POST /rounds/{id}/report": " (of a round that asks one for no report)", "POST /api/v1/reports": " (of a round that asks one for no report)",
	"POST /doors/{id}/settle": " (where nothing contradicts)", "PUT /api/v1/areas/successors": " (of an area that is not)",
	"GET /exports/{id}/file": " (another's)", "POST /exports/{id}/withdraw": " (another's)",
	"GET /api/v1/exports/{id}/file": " (another's)", "POST /api/v1/exports/{id}/withdraw": " (another's)",
	"GET /tasks/{id}": " (of other posts)", "POST /tasks/{id}": " (of other posts)", "GET /api/v1/tasks/{id}": " (of other posts)",
	"GET /transfers/{id}": " (of other posts)", "POST /transfers/{id}": " (of other posts)", "GET /api/v1/transfers/{id}": " (of other posts)",
	"GET /live": " (news of a person, which there is none)",
}

// roleColumns are the roles from the top of the line down.
func roleColumns() []grid.Role {
	list := grid.Roles()
	slices.SortStableFunc(list, func(a, b grid.Role) int { return cmp.Compare(a.Level(), b.Level()) })
	return list
}

// cell says in which stances a role may use a route: the same oracle that the
// matrix compares the server with.
func (w *world) cell(t *testing.T, r rule, role grid.Role, callers map[string]grid.Caller) string {
	switch r.reach {
	case public, open:
		return "all"
	}
	var b strings.Builder
	for _, st := range stances {
		s := w.spots[st.object]
		if _, ok := r.request(s); !ok {
			continue
		}
		c := callers[st.letter]
		for i := range c.Grants {
			c.Grants[i].Role = role
		}
		if r.may(c, s, w.doorsOf(t, c)) {
			b.WriteString(st.letter)
		}
	}
	letters := b.String()
	if strings.ContainsAny(letters, "SEN") && r.reach != held && r.reach != placed && r.object != "openround" && r.reach != between {
		t.Errorf("%s stands open to a post elsewhere or to none: %s", r.pattern, letters)
	}
	switch {
	case letters == "":
		return "–"
	case r.reach == held || r.reach == placed:
		return "✓"
	default:
		return letters
	}
}

// page writes docs/permissions.md.
func (w *world) page(t *testing.T) string {
	t.Helper()
	callers := map[string]grid.Caller{}
	a := w.actors(t)[:1]
	for _, st := range stances {
		takeAway := w.put(t, st, a)
		callers[st.letter] = must(w.app.Grid.CallerFor(t.Context(), a[0].account, w.app.District, w.app.clock().Now()))
		takeAway()
	}
	var b strings.Builder
	b.WriteString(permissionsHead)
	for _, st := range stances {
		fmt.Fprintf(&b, "| %s | %s |\n", st.letter, st.name)
	}
	b.WriteString(permissionsCells)
	roles, work := roleColumns(), ""
	for _, r := range rules {
		if r.work != work {
			work = r.work
			fmt.Fprintf(&b, "\n## %s\n\n| route |", work)
			for _, role := range roles {
				fmt.Fprintf(&b, " %s |", strings.ReplaceAll(string(role), "_", " "))
			}
			b.WriteString("\n|---|" + strings.Repeat("---|", len(roles)) + "\n")
		}
		fmt.Fprintf(&b, "| `%s`%s |", strings.TrimSuffix(r.pattern, "{$}"), remarks[r.pattern])
		for _, role := range roles {
			fmt.Fprintf(&b, " %s |", w.cell(t, r, role, callers))
		}
		b.WriteString("\n")
	}
	b.WriteString(fieldTable())
	return b.String()
}

// fieldTable is which classes of a person's data a role sees.
func fieldTable() string {
	var b strings.Builder
	b.WriteString(permissionsFields)
	fields := []grid.Field{grid.FieldNameMasked, grid.FieldPhoneMasked, grid.FieldIDNoMasked, grid.FieldName, grid.FieldPhone, grid.FieldIDNo, grid.FieldAddress, grid.FieldCare, grid.FieldRisk}
	b.WriteString("| role |")
	for _, f := range fields {
		fmt.Fprintf(&b, " %s |", strings.ReplaceAll(string(f), "_", " "))
	}
	b.WriteString(" in full |\n|---|" + strings.Repeat("---|", len(fields)+1) + "\n")
	for _, role := range roleColumns() {
		fmt.Fprintf(&b, "| %s %s |", strings.ReplaceAll(string(role), "_", " "), i18n.T("zh", "grid.role."+string(role)))
		for _, f := range fields {
			b.WriteString(yes(role.Sees(f)))
		}
		b.WriteString(yes(role.May(grid.LedgerUnmask)) + "\n")
	}
	return b.String()
}

func yes(v bool) string {
	if v {
		return " ✓ |"
	}
	return " – |"
}

// document compares docs/permissions.md with the rules, or writes it.
func (w *world) document(t *testing.T) {
	want := w.page(t)
	if *update {
		if err := os.WriteFile(permissionsPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(permissionsPage)
	if err != nil || string(have) != want {
		t.Errorf("docs/permissions.md is not what the rules say (%v): go test ./internal/app -run TestWhoMayWhat -update", err)
	}
}

const permissionsHead = `# Who may do what

Made by the test that tries it (` + "`go test ./internal/app -run TestWhoMayWhat -update`" + `): every route with every role in every stance below, on a running server. What is allowed is tried too: writes run to their end and are undone. The test fails when a route has no row, when the server does something else than its row says, and when this page is old.

A stance is how a post stands to the object that is asked for:

| | stance |
|---|---|
`

const permissionsCells = `
In the tables a cell holds the letters of the stances in which the role may: ` + "`OB`" + ` is "in its own area and below". **S, E and N stand nowhere**: a sister's objects, a post that has ended and no post at all give nothing. ` + "`✓`" + ` may, whatever its post is over; what a list then shows is only what the post covers. ` + "`all`" + ` is everybody logged in (log-in itself: everybody). ` + "`–`" + ` may not, and is told so (403) or finds nothing (404).
`

const permissionsFields = `
## What a role sees of a person

Within the doors its posts cover. A class without "masked" is seen in full only with a purpose, which is on record and shown in the person's file; "in full" is the right to ask for that. Care is the care list and its reasons, risk the list of those at risk. Neighbour roles (building leader, representative, volunteer) and the property office see an action ("visit, bring medicine"), never a reason.

`
