package match

import (
	"cmp"
	"slices"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/id"
)

// Index is the doors of a district by what addresses call them. 640,000 doors
// take about 40 MB.
type Index struct {
	nodes  []node // all places but doors, in walking order
	doors  []door // by parent, in walking order
	labels map[string]uint32
	names  map[string][]int32 // compounds, groups and rows by every key they are known by
	sorted []string           // the keys of names
	near   map[string][]int32 // the same by keys that miss a character
	areas  map[string][]int32 // streets and communities
	above  map[grid.Kind][]string
	byID   map[id.ID]int32
}

type node struct {
	id     id.ID
	parent int32 // -1 at the root
	kind   grid.Kind
	name   string
	key    string
	path   string
	lo, hi int32   // its doors
	below  []int32 // its children but doors and points
}

type door struct {
	id     id.ID
	parent int32
	label  uint32
	name   string
}

// Builder takes the places of a district, parents before children.
type Builder struct{ ix *Index }

// NewBuilder begins an index.
func NewBuilder() *Builder {
	return &Builder{&Index{labels: map[string]uint32{}, names: map[string][]int32{}, near: map[string][]int32{}, areas: map[string][]int32{}, above: map[grid.Kind][]string{}, byID: map[id.ID]int32{}}}
}

// Add takes one place. Points are left out, as is what hangs on no known parent.
func (b *Builder) Add(p grid.Place) {
	ix := b.ix
	parent, known := ix.byID[p.ParentID]
	if !known {
		parent = -1
	}
	switch p.Kind {
	case grid.Point:
		return
	case grid.Door:
		if known {
			ix.doors = append(ix.doors, door{p.ID, parent, ix.intern(labelKey(grid.Door, p.Name)), p.Name})
		}
		return
	}
	at := int32(len(ix.nodes))
	n := node{id: p.ID, parent: parent, kind: p.Kind, name: p.Name, path: p.Path}
	all := append(strings.Split(p.Alias, ","), p.Name)
	switch p.Kind {
	case grid.Province, grid.City, grid.County:
		for _, name := range all {
			ix.above[p.Kind] = append(ix.above[p.Kind], areaKey(name))
		}
	case grid.Street, grid.Community:
		for _, name := range all {
			add(ix.areas, areaKey(name), at)
		}
	case grid.Compound, grid.Group:
		for _, name := range all {
			add(ix.names, nameKey(p.Kind, name), at)
		}
	default:
		n.key = labelKey(p.Kind, p.Name)
	}
	if n.key == "" {
		n.key = nameKey(p.Kind, p.Name)
	}
	ix.nodes = append(ix.nodes, n)
	ix.byID[p.ID] = at
	if parent >= 0 {
		ix.nodes[parent].below = append(ix.nodes[parent].below, at)
	}
}

// add notes a place under a key, once.
func add(m map[string][]int32, key string, at int32) {
	if key != "" && !slices.Contains(m[key], at) {
		m[key] = append(m[key], at)
	}
}

func (ix *Index) intern(label string) uint32 {
	n, ok := ix.labels[label]
	if !ok {
		n = uint32(len(ix.labels) + 1)
		ix.labels[strings.Clone(label)] = n
	}
	return n
}

// Index ends building.
func (b *Builder) Index() *Index {
	ix := b.ix
	slices.SortStableFunc(ix.doors, func(a, b door) int { return cmp.Compare(a.parent, b.parent) })
	for i := range ix.doors {
		n := &ix.nodes[ix.doors[i].parent]
		if n.hi == 0 {
			n.lo = int32(i)
		}
		n.hi = int32(i + 1)
	}
	for key, list := range ix.names {
		ix.sorted = append(ix.sorted, key)
		for _, k := range shorter(key) {
			for _, at := range list {
				add(ix.near, k, at)
			}
		}
	}
	slices.Sort(ix.sorted)
	return ix
}

// Doors counts the doors of the index.
func (ix *Index) Doors() int { return len(ix.doors) }

// within reports whether a node lies in (or is) another.
func (ix *Index) within(at, in int32) bool {
	return strings.HasPrefix(ix.nodes[at].path, ix.nodes[in].path)
}

// words is a place in words, from its compound or group down.
func (ix *Index) words(at int32) string {
	n := &ix.nodes[at]
	if n.parent < 0 || n.kind.IsArea() || ix.nodes[n.parent].kind.IsArea() && n.kind == grid.Compound {
		return n.name
	}
	return ix.words(n.parent) + " " + n.name
}

// areaWords names the street and the community that a place lies in.
func (ix *Index) areaWords(at int32) string {
	text := ""
	for ; at >= 0; at = ix.nodes[at].parent {
		if n := &ix.nodes[at]; n.kind == grid.Community || n.kind == grid.Street {
			text = strings.TrimSpace(n.name + " " + text)
		}
	}
	return text
}

// child finds a child of the kinds by its key.
func (ix *Index) child(at int32, key string, kinds ...grid.Kind) (int32, bool) {
	for _, c := range ix.nodes[at].below {
		if n := &ix.nodes[c]; n.key == key && slices.Contains(kinds, n.kind) {
			return c, true
		}
	}
	return 0, false
}

// has reports whether a place has children of a kind.
func (ix *Index) has(at int32, kind grid.Kind) bool {
	return slices.ContainsFunc(ix.nodes[at].below, func(c int32) bool { return ix.nodes[c].kind == kind })
}

// door finds a door right below a place by its key.
func (ix *Index) door(at int32, key string) (int32, bool) {
	label, ok := ix.labels[key]
	if !ok {
		return 0, false
	}
	n := &ix.nodes[at]
	for i := n.lo; i < n.hi; i++ {
		if ix.doors[i].label == label {
			return i, true
		}
	}
	return 0, false
}
