package grid

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// DoorParts names a door within a community, as written on paper: a town door
// by compound, building, unit and room; a bungalow by row and number; a
// village door by group and number. Empty parts are absent.
type DoorParts struct {
	Compound string
	Building string
	Unit     string
	Floor    int
	Room     string
	Group    string
	Row      string
}

// Empty reports whether the parts name no door at all.
func (d DoorParts) Empty() bool {
	return d.Room == "" && d.Building == "" && d.Unit == "" && d.Group == "" && d.Row == ""
}

// Resolver finds and makes doors of one area by their parts, in memory: the
// area's places are read once, new ones are kept until Flush. It serves one
// import and is not safe for concurrent use.
type Resolver struct {
	s      *Service
	c      Caller
	area   Place
	byKey  map[placeKey]id.ID
	places map[id.ID]Place
	byKind map[id.ID]map[Kind][]id.ID // children by kind
	fresh  []NewPlace
	next   map[id.ID]int // next walking number of a parent
}

type placeKey struct {
	parent id.ID
	kind   Kind
	label  string
}

// Resolver reads the places below an area (a community; larger areas work and
// take memory). Needs ledger.read over the area; making doors needs
// ledger.import or place.write at Flush.
func (s *Service) Resolver(ctx context.Context, c Caller, areaID id.ID) (*Resolver, error) {
	const op = "grid.Resolver"
	area, err := s.Place(ctx, c, areaID)
	if err != nil {
		return nil, err
	}
	if !c.CanPlace(PlaceRead, area.Path) {
		return nil, errs.E(op, errs.Denied, "grid.denied.area")
	}
	r := &Resolver{s: s, c: c, area: area, byKey: map[placeKey]id.ID{}, places: map[id.ID]Place{}, byKind: map[id.ID]map[Kind][]id.ID{}, next: map[id.ID]int{}}
	r.places[area.ID] = area
	err = s.Subtree(ctx, c, area.Path, nil, func(p Place) error {
		r.remember(p)
		return nil
	})
	return r, errs.Wrap(op, err)
}

func (r *Resolver) remember(p Place) {
	r.places[p.ID] = p
	for _, name := range append(strings.Split(p.Alias, ","), p.Name) {
		if name != "" {
			r.byKey[placeKey{p.ParentID, p.Kind, Normalise(p.Kind, name)}] = p.ID
		}
	}
	if r.byKind[p.ParentID] == nil {
		r.byKind[p.ParentID] = map[Kind][]id.ID{}
	}
	r.byKind[p.ParentID][p.Kind] = append(r.byKind[p.ParentID][p.Kind], p.ID)
	if p.Kind == Door {
		if n, err := strconv.Atoi(p.Name); err == nil && n >= r.next[p.ParentID] {
			r.next[p.ParentID] = n + 1
		}
	}
}

// Place returns a place of the area, a new one too.
func (r *Resolver) Place(pid id.ID) (Place, bool) {
	p, ok := r.places[pid]
	return p, ok
}

// Find returns the door with the parts; ok is false where there is none.
func (r *Resolver) Find(parts DoorParts) (door Place, ok bool) {
	at := r.area.ID
	for _, st := range r.steps(parts) {
		pid, found := r.byKey[placeKey{at, st.kind, st.label}]
		if !found {
			return Place{}, false
		}
		at = pid
	}
	p := r.places[at]
	return p, p.Kind == Door
}

type step struct {
	kind  Kind
	label string
	floor int
}

// steps turns parts into the chain of places from the area down. A building
// without a compound is looked for in the area's only compound, or where one
// compound alone has a building of that label.
func (r *Resolver) steps(d DoorParts) []step {
	var out []step
	add := func(k Kind, label string, floor int) {
		if l := Normalise(k, label); l != "" {
			out = append(out, step{k, l, floor})
		}
	}
	switch {
	case d.Compound != "":
		add(Compound, d.Compound, 0)
	case d.Building != "" || d.Row != "":
		if name, ok := r.onlyCompound(d); ok {
			out = append(out, step{Compound, name, 0})
		}
	}
	add(Group, d.Group, 0)
	add(Row, d.Row, 0)
	add(Building, d.Building, 0)
	if d.Building != "" {
		add(Unit, d.Unit, 0)
	}
	floor := d.Floor
	if floor == 0 {
		floor = FloorOf(d.Room)
	}
	add(Door, d.Room, floor)
	return out
}

func (r *Resolver) onlyCompound(d DoorParts) (string, bool) {
	if len(r.byKind[r.area.ID][Building])+len(r.byKind[r.area.ID][Row]) > 0 {
		return "", false
	}
	compounds := r.byKind[r.area.ID][Compound]
	if len(compounds) == 1 {
		p := r.places[compounds[0]]
		return Normalise(Compound, p.Name), true
	}
	found := ""
	for _, cid := range compounds {
		if _, ok := r.byKey[placeKey{cid, Building, Normalise(Building, d.Building)}]; ok && d.Building != "" {
			if found != "" {
				return "", false
			}
			found = Normalise(Compound, r.places[cid].Name)
		}
	}
	return found, found != ""
}

// Ensure returns the door with the parts and makes what is missing on the way;
// made lists the ids of new places, outermost first. Parts that end above a
// door (no room) get the next walking number where they name a group or row,
// and are Invalid otherwise. Nothing is written before Flush.
func (r *Resolver) Ensure(d DoorParts) (door id.ID, made []id.ID, err error) {
	const op = "grid.EnsureDoor"
	if d.Empty() {
		return 0, nil, errs.E(op, errs.Invalid, "grid.door.no_parts")
	}
	if d.Room == "" && d.Group == "" && d.Row == "" {
		return 0, nil, errs.Field(errs.E(op, errs.Invalid, "grid.door.no_room"), "room")
	}
	at := r.area.ID
	steps := r.steps(d)
	for _, st := range steps {
		pid, found := r.byKey[placeKey{at, st.kind, st.label}]
		if !found {
			if !st.kind.Fits(r.places[at].Kind) {
				return 0, nil, errs.E(op, errs.Invalid, "grid.place.bad_parent", string(st.kind), string(r.places[at].Kind))
			}
			name := st.label
			if st.kind == Compound && d.Compound != "" {
				name = strings.TrimSpace(d.Compound)
			}
			pid = r.make(at, st.kind, name, st.floor)
			made = append(made, pid)
		}
		at = pid
	}
	if d.Room == "" {
		at = r.make(at, Door, strconv.Itoa(max(1, r.next[at])), 0)
		made = append(made, at)
	}
	return at, made, nil
}

func (r *Resolver) make(parent id.ID, k Kind, name string, floor int) id.ID {
	p := Place{ID: id.New(), ParentID: parent, AreaID: r.area.ID, Kind: k, Name: name, Floor: floor, GridID: r.defaultGrid(parent)}
	r.remember(p)
	r.fresh = append(r.fresh, NewPlace{ID: p.ID, ParentID: parent, Kind: k, Name: name, Floor: floor, GridID: p.GridID})
	return p.ID
}

// defaultGrid is the grid a new place below parent falls into: the parent's
// own, else the one grid all its doors share.
func (r *Resolver) defaultGrid(parent id.ID) id.ID {
	if g := r.places[parent].GridID; g != id.Zero {
		return g
	}
	g := id.Zero
	for _, d := range r.byKind[parent][Door] {
		switch p := r.places[d]; {
		case g == id.Zero:
			g = p.GridID
		case p.GridID != g:
			return id.Zero
		}
	}
	return g
}

// Flush writes the new places, parents first, and returns them. After a
// failed transaction the resolver is still as it was before.
func (r *Resolver) Flush(ctx context.Context, tx *db.Tx) ([]Place, error) {
	perm := PlaceWrite
	if !r.c.CanPlace(PlaceWrite, r.area.Path) {
		perm = LedgerImport
	}
	out, err := r.s.addPlaces(ctx, tx, r.c, perm, slices.Clone(r.fresh))
	if err != nil {
		return nil, err
	}
	tx.OnCommit(func() {
		for _, p := range out {
			r.places[p.ID] = p
		}
		r.fresh = nil
	})
	return out, nil
}

// FindDoor returns the door with the parts in an area; NotFound where there is none.
func (s *Service) FindDoor(ctx context.Context, c Caller, areaID id.ID, parts DoorParts) (Place, error) {
	r, err := s.Resolver(ctx, c, areaID)
	if err != nil {
		return Place{}, err
	}
	p, ok := r.Find(parts)
	if !ok {
		return Place{}, errs.E("grid.FindDoor", errs.NotFound, "grid.door.not_found")
	}
	return p, nil
}

// EnsureDoor finds the door with the parts in an area or makes it with what is
// missing above it. For many doors use one Resolver.
func (s *Service) EnsureDoor(ctx context.Context, c Caller, areaID id.ID, parts DoorParts) (Place, error) {
	const op = "grid.EnsureDoor"
	if !c.Can(LedgerImport) {
		if err := c.Require(op, PlaceWrite); err != nil {
			return Place{}, err
		}
	}
	r, err := s.Resolver(ctx, c, areaID)
	if err != nil {
		return Place{}, err
	}
	door, _, err := r.Ensure(parts)
	if err != nil {
		return Place{}, err
	}
	err = s.d.Write(ctx, op, func(tx *db.Tx) error {
		_, err := r.Flush(ctx, tx)
		return err
	})
	if err != nil {
		return Place{}, err
	}
	return r.places[door], nil
}
