package round

import (
	"wangge/internal/grid"
	"wangge/internal/platform/i18n"
)

// label is the place's name as people say it: names are kept without their
// kind's word.
func (p place) label(lang string) string {
	return grid.Label(lang, grid.Place{Kind: grid.Kind(p.Kind), Name: p.Name})
}

// within writes a place after what it stands in; outer may be "".
func within(lang, outer, inner string) string {
	if outer == "" || inner == "" {
		return outer + inner
	}
	return i18n.T(lang, "round.label.within", outer, inner)
}

// saidIn is a building or group with what people name before it: its compound,
// or the village.
func saidIn(lang string, above, p place) string {
	if above.ID == 0 {
		return p.label(lang)
	}
	return within(lang, above.label(lang), p.label(lang))
}

// relabel writes the names of a view in a language.
func (o *CoverageView) relabel(lang string) {
	for i := range o.Children {
		o.Children[i].relabel(lang)
	}
	o.Node.relabel(lang)
}

func (n *Node) relabel(lang string) {
	if !n.Grid {
		n.Name = place{Kind: n.Kind, Name: n.Name}.label(lang)
	}
}
