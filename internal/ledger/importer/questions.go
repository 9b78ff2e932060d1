package importer

import (
	"slices"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/ledger/roster"
)

// ask keeps what a person should look at: compounds that would be made, rows
// and titles that speak of another place than the one chosen.
func (imp *Import) ask(p *plan, compounds []string) {
	q := Questions{OtherCompound: p.other, NewCompounds: p.res.named}
	for _, f := range p.res.fresh {
		if f.Kind == grid.Compound {
			q.NewCompounds = append(q.NewCompounds, f.Name)
		}
	}
	if len(q.NewCompounds) > 0 {
		q.Compounds = compounds
	}
	for _, sh := range p.result.Sheets {
		if sh.Roster && sh.Community != "" && q.OtherCommunity == "" && !sameCommunity(sh.Community, imp.community) {
			q.OtherCommunity = sh.Community
		}
	}
	imp.body.Asks = q
}

// sameCommunity compares a community's name in a title with its official one,
// which has more before and behind it.
func sameCommunity(said, official string) bool {
	return official == "" || strings.Contains(official, roster.CommunityRoot(said))
}

// otherThan counts rows that name another compound than the one the roster was
// uploaded for; they go to the chosen one all the same.
func (p *plan) otherThan(chosen, named string) {
	if chosen != "" && named != "" && grid.Normalise(grid.Compound, named) != grid.Normalise(grid.Compound, chosen) {
		p.other++
	}
}

// namesOf gives the names of the places of a kind, sorted.
func namesOf(places []known, kind grid.Kind) []string {
	var out []string
	for _, p := range places {
		if p.kind == kind {
			out = append(out, p.name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
