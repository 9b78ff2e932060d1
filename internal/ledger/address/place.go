package address

import "wangge/internal/ledger/address/nation"

// Place is the deepest place of the national list that a text names beyond
// doubt.
type Place struct {
	Code string `json:"code,omitempty" doc:"National division code: 2 digits of a province to 12 of a community"`
	Name string `json:"name,omitempty" doc:"From the province down"`
}

// PlaceOf finds the place that a text names: where somebody comes from (沈阳,
// 哈尔滨市南岗区), or lies. ok is false where it names none, or one of several
// that bear the name.
func PlaceOf(text string) (p Place, ok bool) { return Parse(text).Place() }

// Place finds the place of the national list in which an address lies, as deep as
// each of its areas is one of the area above it.
func (a Address) Place() (p Place, ok bool) {
	n := nation.Get()
	var in *nation.Area
	for _, name := range []string{a.Province, a.City, a.County, a.Street} {
		if name == "" {
			continue
		}
		found, unique := n.Find(name, in)
		switch {
		case found != nil && !unique:
			return named(n, in)
		case found != nil:
			in = found
		case in == nil || n.Bears(in, name):
		default:
			return named(n, in) // renamed or merged since: what lies below would be guessed
		}
	}
	if a.Community != "" && (in == nil && a.Province+a.City+a.County+a.Street == "" || in != nil && in.Level >= nation.City) {
		if list := n.FindCommunity(in, a.Community, 2); len(list) == 1 {
			return Place{list[0].Code, n.Whole(list[0].Code) + list[0].Name}, true
		}
	}
	return named(n, in)
}

func named(n *nation.Table, in *nation.Area) (Place, bool) {
	if in == nil {
		return Place{}, false
	}
	return Place{in.Code, n.Whole(in.Code)}, true
}
