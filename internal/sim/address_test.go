package sim

import (
	"fmt"
	"testing"

	"wangge/internal/grid"
	"wangge/internal/ledger/address"
	"wangge/internal/ledger/match"
	"wangge/internal/platform/id"
)

// located is a door of the index with its address's parts.
type located struct {
	door id.ID
	at   Location
}

// indexOf makes the match index of a district and lists its doors.
func indexOf(d *District, province, city, county string) (*match.Index, []located) {
	b, last := match.NewBuilder(), id.ID(0)
	var doors []located
	add := func(parent id.ID, kind grid.Kind, name string) id.ID {
		last++
		b.Add(grid.Place{ID: last, ParentID: parent, Kind: kind, Name: name, Path: fmt.Sprintf("%s/%d", paths[parent], last)})
		paths[last] = fmt.Sprintf("%s/%d", paths[parent], last)
		return last
	}
	root := add(add(add(0, grid.Province, province), grid.City, city), grid.County, county)
	streets := map[string]id.ID{}
	for c := range d.Communities() {
		if streets[c.Street.Code] == 0 {
			streets[c.Street.Code] = add(root, grid.Street, c.Street.Name)
		}
		community := add(streets[c.Street.Code], grid.Community, c.Area.Name)
		at := Location{Province: province, City: city, County: county, Street: c.Street.Name, Community: c.Area.Name}
		for i := range c.Compounds {
			k := &c.Compounds[i]
			at := at
			at.Compound, at.Group = k.Name, k.Kind == Group
			kind := grid.Compound
			if at.Group {
				kind = grid.Group
			}
			compound := add(community, kind, k.Name)
			put := func(parent id.ID, at Location, list []Door) {
				for _, door := range list {
					at.Room, at.Floor = door.Label, door.Floor
					doors = append(doors, located{add(parent, grid.Door, door.Label), at})
				}
			}
			put(compound, at, k.Doors)
			for _, bd := range k.Buildings {
				at := at
				at.Building = bd.Name
				building := add(compound, grid.Building, bd.Name)
				put(building, at, bd.Doors)
				for _, u := range bd.Units {
					at.Unit = u.Name
					put(add(building, grid.Unit, u.Name), at, u.Doors)
				}
			}
		}
	}
	return b.Index(), doors
}

var paths = map[id.ID]string{}

// TestAddressesFindTheirDoors writes addresses of the simulated ledger as people
// would (data/addresses.json) and matches them: of those taken without a
// person's look at least 99.8 % are right, and at least 85 % are taken.
func TestAddressesFindTheirDoors(t *testing.T) {
	d := mustPlan(t, "nangang", 30_000, 7)
	ix, doors := indexOf(d, "黑龙江省", "哈尔滨市", "南岗区")
	const n = 20_000
	taken, right, exact, seen, shown := 0, 0, 0, 0, 0
	why := map[match.Reason]int{}
	for i := range n {
		l := doors[i*7919%len(doors)]
		text, whole := l.at.Address(uint64(i) + 1)
		a := address.Parse(text)
		res := ix.Match(a, nil)
		if whole {
			exact++
		}
		for _, c := range res.Candidates {
			if c.DoorID == l.door {
				seen++
			}
		}
		switch {
		case res.Certain():
			taken++
			if res.DoorID == l.door {
				right++
			} else if shown++; shown < 20 {
				t.Logf("wrong: %s is %+v, not %s", text, l.at, res.Candidates[0].Text)
			}
		case whole:
			if why[res.Reason]++; why[res.Reason] < 12 {
				t.Logf("%s: %s\n   %+v\n   %v", res.Reason, text, a, res.Candidates)
			}
		}
	}
	precision, share := float64(right)/float64(taken), float64(taken)/n
	t.Logf("taken %.4f, of them right %.4f; the door among the candidates %.4f; whole texts %.4f; not taken %v", share, precision, float64(seen)/n, float64(exact)/n, why)
	if precision < 0.998 || share < 0.85 {
		t.Errorf("precision %.4f (at least 0.998), share %.4f (at least 0.85)", precision, share)
	}
}
