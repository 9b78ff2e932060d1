package grid

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// maxName bounds the name of a place, grid, post or organisation, in characters.
const maxName = 60

// AddPlaces adds physical places in one transaction and returns them in the
// order given, with ids, ordinals and paths. Parents stand in the database or
// earlier in the list. A name an open sibling of the same kind bears is
// Conflict. Needs place.write over every parent.
func (s *Service) AddPlaces(ctx context.Context, c Caller, list []NewPlace) ([]Place, error) {
	const op = "grid.AddPlaces"
	var out []Place
	err := s.d.Write(ctx, op, func(tx *db.Tx) error {
		var err error
		out, err = s.AddPlacesIn(ctx, tx, c, list)
		if err != nil || len(out) == 0 {
			return err
		}
		return s.note(ctx, tx, c, PlaceWrite, "grid.place.add", "place", out[0].ID, fmt.Sprintf("places=%d", len(out)))
	})
	return out, err
}

// AddPlacesIn is AddPlaces within a transaction of the caller, who audits it.
// Some hundred thousand places may be added at once.
func (s *Service) AddPlacesIn(ctx context.Context, tx *db.Tx, c Caller, list []NewPlace) ([]Place, error) {
	return s.addPlaces(ctx, tx, c, PlaceWrite, list)
}

func (s *Service) addPlaces(ctx context.Context, tx *db.Tx, c Caller, perm Permission, list []NewPlace) ([]Place, error) {
	const op = "grid.AddPlaces"
	if len(list) == 0 {
		return nil, nil
	}
	b := &adder{district: c.District, now: s.nowMs(), made: make([]Place, len(list)), at: make(map[id.ID]int, len(list)), groups: map[id.ID][]int{}}
	if err := b.collect(list); err != nil {
		return nil, err
	}
	if err := b.parents(ctx, tx, c, perm); err != nil {
		return nil, err
	}
	for _, parent := range b.order {
		if err := b.number(ctx, tx, parent); err != nil {
			return nil, err
		}
	}
	if err := insertPlaces(ctx, tx, c.District, b.made); err != nil {
		return nil, errs.Wrap(op, db.Fault(op, err))
	}
	s.placesChanged(tx)
	return b.made, nil
}

// adder works out ordinals and paths of new places, parent by parent.
type adder struct {
	district int
	now      int64
	made     []Place
	at       map[id.ID]int   // new places by id
	groups   map[id.ID][]int // new places by parent
	order    []id.ID         // parents, above before below
	outer    map[id.ID]Place // parents that are in the database
}

func (b *adder) collect(list []NewPlace) error {
	const op = "grid.AddPlaces"
	for i, n := range list {
		if !n.Kind.Known() || n.Kind.IsArea() {
			return errs.Field(errs.E(op, errs.Invalid, "grid.place.bad_kind", string(n.Kind)), "kind")
		}
		name, err := cleanName(n.Kind, n.Name)
		if err != nil {
			return err
		}
		if n.ID == id.Zero {
			n.ID = id.New()
		}
		if _, twice := b.at[n.ID]; twice || n.ParentID == n.ID {
			return errs.E(op, errs.Invalid, "grid.place.under_itself")
		}
		b.at[n.ID] = i
		b.made[i] = Place{ID: n.ID, ParentID: n.ParentID, Kind: n.Kind, Subkind: n.Subkind, Name: name, Alias: joinAliases(n.Alias), Code: n.Code,
			Ordinal: n.Ordinal, Floor: n.Floor, GridID: n.GridID, FromMs: b.now}
		if n.Kind == Door && n.Floor == 0 {
			b.made[i].Floor = FloorOf(name)
		}
		if b.groups[n.ParentID] == nil {
			b.order = append(b.order, n.ParentID)
		}
		b.groups[n.ParentID] = append(b.groups[n.ParentID], i)
	}
	return nil
}

// parents reads the parents that are not new themselves and checks the right
// to write below them.
func (b *adder) parents(ctx context.Context, q db.Queryer, c Caller, perm Permission) error {
	const op = "grid.AddPlaces"
	var ids []id.ID
	for _, p := range b.order {
		if _, isNew := b.at[p]; !isNew {
			ids = append(ids, p)
		}
	}
	var err error
	if b.outer, err = placesByID(ctx, q, c.District, ids); err != nil {
		return err
	}
	for _, pid := range ids {
		p, ok := b.outer[pid]
		if !ok {
			return errs.Field(errs.E(op, errs.NotFound, "grid.place.no_parent"), "parent_id")
		}
		if p.UntilMs != 0 {
			return errs.Field(errs.E(op, errs.Conflict, "grid.place.closed"), "parent_id")
		}
		if err := c.RequirePlace(op, perm, p.Path); err != nil {
			return err
		}
	}
	return nil
}

// number gives the new children of one parent their ordinals and paths.
func (b *adder) number(ctx context.Context, q db.Queryer, pid id.ID) error {
	const op = "grid.AddPlaces"
	parent, have, err := b.parent(ctx, q, pid)
	if err != nil {
		return err
	}
	var siblings []sibling
	taken, names := map[int]bool{}, map[string]bool{}
	for _, h := range have {
		taken[h.Ordinal] = true
		siblings = append(siblings, sibling{Normalise(h.Kind, h.Name), h.Ordinal})
		if h.UntilMs == 0 {
			names[string(h.Kind)+h.Name] = true
		}
	}
	var fresh []string
	var open []int
	for _, i := range b.groups[pid] {
		if err := b.made[i].admit(parent, taken, names); err != nil {
			return err
		}
		if b.made[i].Ordinal == 0 {
			fresh, open = append(fresh, b.made[i].Name), append(open, i)
		}
	}
	ordinals, ok := placeAmong(siblings, taken, fresh)
	if !ok {
		return errs.E(op, errs.Conflict, "grid.place.full", maxOrdinal)
	}
	for k, i := range open {
		b.made[i].Ordinal = ordinals[k]
	}
	return b.paths(parent, b.groups[pid])
}

// parent returns the parent of a group of new places with the children it has.
func (b *adder) parent(ctx context.Context, q db.Queryer, pid id.ID) (Place, []Place, error) {
	i, isNew := b.at[pid]
	if !isNew {
		have, err := childrenOf(ctx, q, b.district, pid, true)
		return b.outer[pid], have, err
	}
	p := b.made[i]
	if p.Path == "" || i > b.groups[pid][0] {
		return p, nil, errs.E("grid.AddPlaces", errs.Invalid, "grid.place.under_itself")
	}
	return p, nil, nil
}

// admit checks a new place against its parent and siblings and takes its name
// and, where it was given one, its ordinal.
func (p Place) admit(parent Place, taken map[int]bool, names map[string]bool) error {
	const op = "grid.AddPlaces"
	key := string(p.Kind) + p.Name
	switch {
	case !p.Kind.Fits(parent.Kind):
		return errs.E(op, errs.Invalid, "grid.place.bad_parent", string(p.Kind), string(parent.Kind))
	case names[key]:
		return errs.Field(errs.E(op, errs.Conflict, "grid.place.same_name", p.Name), "name")
	case p.Ordinal != 0 && taken[p.Ordinal]:
		return errs.Field(errs.E(op, errs.Conflict, "grid.place.same_ordinal", p.Ordinal), "ordinal")
	}
	names[key] = true
	if p.Ordinal != 0 {
		taken[p.Ordinal] = true
	}
	return nil
}

func (b *adder) paths(parent Place, group []int) error {
	for _, i := range group {
		p := &b.made[i]
		path, ok := ChildPath(parent.Path, p.Ordinal)
		if !ok {
			return errs.Field(errs.E("grid.AddPlaces", errs.Invalid, "grid.place.bad_ordinal", maxOrdinal), "ordinal")
		}
		p.Path, p.AreaID = path, parent.AreaID
		if p.GridID == id.Zero {
			p.GridID = parent.GridID
		}
	}
	return nil
}

// cleanName checks a place's name and returns the form it is kept in: labels
// of doors, units, buildings, groups and rows normalised, names of compounds
// and points as written.
func cleanName(k Kind, name string) (string, error) {
	name = strings.TrimSpace(name)
	if k != Compound && k != Point && !k.IsArea() {
		name = Normalise(k, name)
	}
	switch {
	case name == "":
		return "", errs.Field(errs.E("grid.name", errs.Invalid, "error.required"), "name")
	case utf8.RuneCountInString(name) > maxName:
		return "", errs.Field(errs.E("grid.name", errs.Invalid, "error.too_long", maxName), "name")
	case !utf8.ValidString(name) || strings.ContainsAny(name, "\x00\r\n"):
		return "", errs.Field(errs.E("grid.name", errs.Invalid, "error.invalid"), "name")
	}
	return name, nil
}

// joinAliases tidies a list of aliases typed with any comma.
func joinAliases(s string) string {
	out := ""
	for _, a := range strings.FieldsFunc(s, func(r rune) bool {
		return r == ',' || r == 0xFF0C || r == 0x3001 || r == ';' || r == 0xFF1B || r == '\n'
	}) {
		out = addAlias(out, strings.TrimSpace(a))
	}
	return out
}
