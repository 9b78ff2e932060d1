package importer

import (
	"strconv"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/ledger/roster"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// resolver finds the door of a row, or plans a new one. A village door has no
// label of its own: it is found by its head of household, and a new one gets
// the next number of its group, so that no name stands in a place.
type resolver struct {
	root     node // the community, or the compound the roster is for
	compound string
	children map[childKey]id.ID
	heads    map[headKey]id.ID // group and head's name → door
	last     map[id.ID]int     // highest number given to a village door, by parent
	fresh    []grid.NewPlace   // to be made
	doors    int               // of those taken already, doors
	named    []string          // and compounds
}

type node struct {
	id   id.ID
	kind grid.Kind
}

type childKey struct {
	parent id.ID
	kind   grid.Kind
	name   string
}

type headKey struct {
	parent id.ID
	name   string
}

// known is a place that exists.
type known struct {
	id, parent id.ID
	kind       grid.Kind
	name       string
}

func newResolver(root node, compound string, places []known) *resolver {
	r := &resolver{root: root, compound: compound, children: make(map[childKey]id.ID, len(places)), heads: map[headKey]id.ID{}, last: map[id.ID]int{}}
	for _, p := range places {
		name := grid.Normalise(p.kind, p.name)
		r.children[childKey{p.parent, p.kind, name}] = p.id
		if n, err := strconv.Atoi(name); err == nil && p.kind == grid.Door {
			r.last[p.parent] = max(r.last[p.parent], n)
		}
	}
	return r
}

// knowHeads learns by whose name the doors of villages are found.
func (r *resolver) knowHeads(places []known, households []ledger.Household, persons []*ledger.Person) {
	parent := make(map[id.ID]id.ID, len(places))
	for _, p := range places {
		if p.kind == grid.Door {
			parent[p.id] = p.parent
		}
	}
	note := func(door id.ID, name string) {
		if name == "" {
			return
		}
		k := headKey{parent[door], seal.NormName(name)}
		if _, taken := r.heads[k]; !taken {
			r.heads[k] = door
		}
	}
	for _, p := range persons {
		if ledger.IsHead(p.Relation) {
			note(p.DoorID, p.Name)
		}
	}
	for _, h := range households {
		note(h.DoorID, h.Nickname)
	}
}

// forget lets go of what only planning needed.
func (r *resolver) forget() { r.children, r.heads, r.last = nil, nil, nil }

// take gives up to n of the places to be made, in the order of the file.
func (r *resolver) take(n int) []grid.NewPlace {
	out := r.fresh[:n:n]
	if r.fresh = r.fresh[n:]; len(r.fresh) == 0 {
		r.fresh = nil
	}
	for _, p := range out {
		switch p.Kind {
		case grid.Door:
			r.doors++
		case grid.Compound:
			r.named = append(r.named, p.Name)
		}
	}
	return out
}

// door returns the door of a row. village says that it was found by a name.
func (r *resolver) door(row *roster.Row) (door id.ID, village bool) {
	parent := r.root
	if parent.kind == grid.Community {
		name := row.Compound
		if name == "" {
			name = r.compound
		}
		if name != "" {
			parent = r.child(parent, grid.Compound, name, "", 0)
		}
	}
	if row.Group != "" {
		parent = r.child(parent, grid.Group, row.Group, "", 0)
	}
	label, floor := row.Room, r.floor(row)
	switch {
	case row.Building != "" && label != "":
		parent = r.child(parent, grid.Building, row.Building, "", 0)
		if row.Unit != "" {
			parent = r.child(parent, grid.Unit, row.Unit, "", 0)
		}
	case row.Building != "":
		label = row.Building
	}
	if label == "" {
		return r.villageDoor(parent, row), true
	}
	return r.child(parent, grid.Door, label, "", floor).id, false
}

func (r *resolver) floor(row *roster.Row) int {
	if n, err := strconv.Atoi(row.Floor); err == nil {
		return n
	}
	return grid.FloorOf(row.Room)
}

func (r *resolver) child(parent node, kind grid.Kind, label, subkind string, floor int) node {
	name := grid.Normalise(kind, label)
	k := childKey{parent.id, kind, name}
	if v, ok := r.children[k]; ok {
		return node{v, kind}
	}
	v := id.New()
	r.children[k] = v
	if kind == grid.Compound {
		name = strings.TrimSpace(label) // shown as people call it
	}
	r.fresh = append(r.fresh, grid.NewPlace{ID: v, ParentID: parent.id, Kind: kind, Subkind: subkind, Name: name, Floor: floor})
	return node{v, kind}
}

func (r *resolver) villageDoor(parent node, row *roster.Row) id.ID {
	head := row.Head
	if head == "" {
		head = row.Name
	}
	k := headKey{parent.id, seal.NormName(head)}
	if v, ok := r.heads[k]; ok && head != "" {
		return v
	}
	r.last[parent.id]++
	v := r.child(parent, grid.Door, strconv.Itoa(r.last[parent.id]), "", 0).id
	if head != "" {
		r.heads[k] = v
	}
	return v
}
