package sim

import (
	"fmt"
	"strconv"
)

// What a basic grid and a micro grid hold, in households.
const (
	basicSize = 400
	microSize = 95
	repSize   = 34
)

// edge is a place where a grid may end: after so many doors and households.
type edge struct {
	doors, households int
	strength          int // 0 within a building or a row of houses, 1 after a building, 2 after a compound
}

// edges lists where grids may end: after each stairwell, and after each ten
// houses where there are none.
func edges(c *Community) []edge {
	out := []edge{{}}
	at := edge{}
	mark := func(strength int) {
		if last := &out[len(out)-1]; last.doors == at.doors {
			last.strength = max(last.strength, strength)
			return
		}
		e := at
		e.strength = strength
		out = append(out, e)
	}
	walk := func(doors []Door, every int) {
		for i := range doors {
			at.doors++
			at.households += len(doors[i].Households)
			if every > 0 && (i+1)%every == 0 {
				mark(0)
			}
		}
		mark(0)
	}
	for i := range c.Compounds {
		k := &c.Compounds[i]
		walk(k.Doors, 10)
		for j := range k.Buildings {
			walk(k.Buildings[j].Doors, 20)
			for u := range k.Buildings[j].Units {
				walk(k.Buildings[j].Units[u].Doors, 0)
			}
			mark(1)
		}
		mark(2)
	}
	return out
}

// cut splits edges[from:to] into n parts of about equal households, preferring
// to end with a compound, then with a building. It gives the n+1 indices.
func cut(e []edge, from, to, n, slack int) []int {
	n = max(1, min(n, to-from))
	out := []int{from}
	for k := n; k > 1; k-- {
		start := out[len(out)-1]
		ideal := e[start].households + (e[to].households-e[start].households)/k
		best, bestCost := start+1, 1<<30
		for i := start + 1; i <= to-(k-1); i++ {
			cost := e[i].households - ideal
			if cost < 0 {
				cost = -cost
			}
			cost -= e[i].strength * slack
			if cost < bestCost {
				best, bestCost = i, cost
			}
		}
		out = append(out, best)
	}
	return append(out, to)
}

// grids lays basic and micro grids over the doors, and one temporary block
// over the district's first community that has room for it.
func (b *builder) grids(c *Community, index int) []Grid {
	e := edges(c)
	if len(e) < 2 {
		return nil
	}
	total := e[len(e)-1].households
	bounds := cut(e, 0, len(e)-1, (total+basicSize/2)/basicSize, 30)
	var out []Grid
	for i := 1; i < len(bounds); i++ {
		code := fmt.Sprintf("%s%02d", c.Area.Code, i)
		out = append(out, Grid{
			Code: code, Name: label("grid", strconv.Itoa(i)), Kind: Basic, Parent: -1,
			Doors: Span{e[bounds[i-1]].doors, e[bounds[i]].doors},
		})
	}
	basics := len(out)
	for p := range basics {
		from, to := bounds[p], bounds[p+1]
		held := e[to].households - e[from].households
		micro := cut(e, from, to, (held+microSize/2)/microSize, 8)
		for m := 1; m < len(micro); m++ {
			lo, hi := e[micro[m-1]].doors, e[micro[m]].doors
			out = append(out, Grid{
				Code: fmt.Sprintf("%s%02d", out[p].Code, m), Kind: Micro, Parent: p, Doors: Span{lo, hi},
				Name: microName(c, Span{lo, hi}, out[p].Name, m),
			})
		}
		if index == 0 && p == 0 && len(micro) > 2 {
			out = append(out, blockOver(out[p]))
		}
	}
	return out
}

// blockOver makes the temporary block: the middle half of a basic grid.
func blockOver(g Grid) Grid {
	q := g.Doors.Len() / 4
	return Grid{
		Code: g.Code + "901", Name: g.Name + label("block"), Kind: Block, Parent: 0,
		Doors: Span{g.Doors.From + q, g.Doors.To - q}, Days: 14,
	}
}

// microName says what the micro grid holds: a compound's buildings, a
// building's stairwells, a row of houses.
func microName(c *Community, s Span, basic string, m int) string {
	var first, last DoorAt
	n, seen := 0, 0
	for i := range c.Compounds { // skip whole compounds: walking every door for every grid is slow
		k := &c.Compounds[i]
		size := k.size()
		if n+size <= s.From || n >= s.To {
			n += size
			continue
		}
		seen++
		if seen == 1 {
			first = k.doorAt(s.From - n)
		}
		if s.To <= n+size {
			last = k.doorAt(s.To - 1 - n)
		}
		n += size
	}
	if seen != 1 || last.Door == nil {
		return basic + label("micro", strconv.Itoa(m))
	}
	name := first.Compound.Name
	switch {
	case first.Building == nil && first.Compound.Kind == Group:
		return name + label("doors", strconv.Itoa(first.Door.Ordinal), strconv.Itoa(last.Door.Ordinal))
	case first.Building == nil:
		return name + label("houses", strconv.Itoa(first.Door.Ordinal), strconv.Itoa(last.Door.Ordinal))
	case first.Building != last.Building:
		return name + label("range", first.Building.Name, last.Building.Name)
	case first.Unit == nil || first.Unit == &first.Building.Units[0] && last.Unit == &last.Building.Units[len(last.Building.Units)-1]:
		return name + first.Building.Name
	case first.Unit == last.Unit:
		return name + first.Building.Name + first.Unit.Name
	}
	return name + first.Building.Name + label("range", first.Unit.Name, last.Unit.Name)
}

// size is the number of doors.
func (k *Compound) size() int {
	n := len(k.Doors)
	for i := range k.Buildings {
		n += len(k.Buildings[i].Doors)
		for j := range k.Buildings[i].Units {
			n += len(k.Buildings[i].Units[j].Doors)
		}
	}
	return n
}

// doorAt finds the i-th door of the compound.
func (k *Compound) doorAt(i int) DoorAt {
	if i < len(k.Doors) {
		return DoorAt{Compound: k, Door: &k.Doors[i]}
	}
	i -= len(k.Doors)
	for j := range k.Buildings {
		b := &k.Buildings[j]
		if i < len(b.Doors) {
			return DoorAt{Compound: k, Building: b, Door: &b.Doors[i]}
		}
		i -= len(b.Doors)
		for u := range b.Units {
			if i < len(b.Units[u].Doors) {
				return DoorAt{Compound: k, Building: b, Unit: &b.Units[u], Door: &b.Units[u].Doors[i]}
			}
			i -= len(b.Units[u].Doors)
		}
	}
	return DoorAt{Compound: k}
}
