package staff

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"wangge/internal/grid"
	"wangge/internal/platform/id"
)

// object is what a post is over.
type object struct {
	kind  grid.ObjectKind
	id    id.ID
	path  string
	doors []id.ID // of a set
	under id.ID   // of a set: the unit, building or group the first door is in
	name  string
}

// fault is why a cell cannot be understood: the column, what was there and
// what would have been right.
type fault struct {
	column, value, key string
	args               []any
	expected           []string
}

// world is the places and grids of the district, read as far as a list needs them.
type world struct {
	s     *grid.Service
	c     grid.Caller
	base  grid.Place
	areas []grid.Place
	grids map[id.ID][]grid.Grid // by area
	kids  map[id.ID]map[id.ID][]grid.Place
	doors map[id.ID][]grid.Place
	named map[id.ID]grid.Place
}

func newWorld(ctx context.Context, s *grid.Service, c grid.Caller, base grid.Place) (*world, error) {
	w := &world{s: s, c: c, base: base, grids: map[id.ID][]grid.Grid{}, kids: map[id.ID]map[id.ID][]grid.Place{}, doors: map[id.ID][]grid.Place{}, named: map[id.ID]grid.Place{base.ID: base}}
	var err error
	if w.areas, err = s.Areas(ctx, c); err != nil {
		return nil, err
	}
	for _, a := range w.areas {
		w.named[a.ID] = a
	}
	all, err := s.AllGrids(ctx, c)
	for _, g := range all {
		w.grids[g.AreaID] = append(w.grids[g.AreaID], g)
	}
	return w, err
}

// below reads what stands directly below a place of an area, doors left out.
// An area is read once.
func (w *world) below(ctx context.Context, area, parent id.ID) ([]grid.Place, error) {
	kids, ok := w.kids[area]
	if !ok {
		kids = map[id.ID][]grid.Place{}
		kinds := []grid.Kind{grid.Compound, grid.Building, grid.Unit, grid.Group, grid.Row}
		err := w.s.Subtree(ctx, w.c, w.named[area].Path, kinds, func(p grid.Place) error {
			kids[p.ParentID] = append(kids[p.ParentID], p)
			w.named[p.ID] = p
			return nil
		})
		if err != nil {
			return nil, err
		}
		w.kids[area] = kids
	}
	return kids[parent], nil
}

// doorsBelow reads every door of a subtree, once.
func (w *world) doorsBelow(ctx context.Context, p grid.Place) ([]grid.Place, error) {
	if list, ok := w.doors[p.ID]; ok {
		return list, nil
	}
	var list []grid.Place
	err := w.s.Subtree(ctx, w.c, p.Path, []grid.Kind{grid.Door}, func(d grid.Place) error {
		list = append(list, d)
		return nil
	})
	w.doors[p.ID] = list
	return list, err
}

// area finds a street or community by code or name, below a path.
func (w *world) area(text, column string, kind grid.Kind, under string) (grid.Place, *fault) {
	word, bare := fold(text), vocab.bareArea(text)
	var exact, alike []grid.Place
	for _, a := range w.areas {
		if a.Kind != kind || !grid.Under(a.Path, under) {
			continue
		}
		names := append(strings.Split(a.Alias, ","), a.Name)
		switch {
		case a.Code == word || slices.ContainsFunc(names, func(n string) bool { return n != "" && fold(n) == word }):
			exact = append(exact, a)
		case slices.ContainsFunc(names, func(n string) bool { return n != "" && vocab.bareArea(n) == bare }):
			alike = append(alike, a)
		}
	}
	found := exact
	if len(found) == 0 {
		found = alike
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return grid.Place{}, &fault{column: column, value: text, key: "staff.no_" + string(kind), expected: w.areaNames(kind, under)}
	}
	return grid.Place{}, &fault{column: column, value: text, key: "staff.ambiguous", expected: codes(found)}
}

func codes(list []grid.Place) []string {
	out := make([]string, len(list))
	for i, a := range list {
		out[i] = a.Name + " " + a.Code
	}
	return out
}

func (w *world) areaNames(kind grid.Kind, under string) []string {
	var out []string
	for _, a := range w.areas {
		if a.Kind == kind && grid.Under(a.Path, under) {
			out = append(out, a.Name)
		}
	}
	return out
}

// texts are the cells of a row that say where, by column.
type texts map[string]string

func (t texts) has(column string) bool {
	return t[column] != "" && !slices.Contains(vocab.Whole, fold(t[column]))
}

// objects finds what a row is about: the deepest places, or the grid, that its
// columns name; a free text is cut into them first.
func (w *world) objects(ctx context.Context, t texts) ([]object, *fault, error) {
	at := w.base
	if t.has(colStreet) {
		street, f := w.area(t[colStreet], colStreet, grid.Street, w.base.Path)
		if f != nil && w.base.Kind != grid.Street && w.base.Kind != grid.Community {
			return nil, f, nil
		}
		if f == nil {
			at = street
		}
	}
	if t.has(colArea) {
		rest, err := w.cut(ctx, at, t)
		if err != nil {
			return nil, nil, err
		}
		if rest != "" && w.base.Kind != grid.Community && !t.has(colCommunity) {
			return nil, &fault{column: colArea, value: t[colArea], key: "staff.which_community", expected: w.areaNames(grid.Community, at.Path)}, nil
		}
		if rest != "" {
			return nil, &fault{column: colArea, value: t[colArea], key: "staff.not_read", args: []any{rest}}, nil
		}
	}
	if t.has(colCommunity) && !(at.Kind == grid.Community && vocab.bareArea(at.Name) == vocab.bareArea(t[colCommunity])) {
		community, f := w.area(t[colCommunity], colCommunity, grid.Community, at.Path)
		if f != nil {
			return nil, f, nil
		}
		at = community
	}
	deeper := t.has(colCompound) || t.has(colBuilding) || t.has(colUnit) || t.has(colGroup) || t.has(colRow) || t.has(colDoor)
	if !deeper && !t.has(colGrid) {
		return []object{placeObject(at)}, nil, nil
	}
	if at.Kind != grid.Community {
		return nil, &fault{column: colCommunity, value: t[colCommunity], key: "staff.which_community", expected: w.areaNames(grid.Community, at.Path)}, nil
	}
	if !deeper {
		return w.grid(at, t)
	}
	return w.places(ctx, at, t)
}

func placeObject(p grid.Place) object {
	return object{kind: grid.ObjectPlace, id: p.ID, path: p.Path, name: p.Name}
}

// grid finds the grid of a community by name or number.
func (w *world) grid(at grid.Place, t texts) ([]object, *fault, error) {
	key := func(s string) string {
		return grid.Normalise(grid.Door, strings.TrimSuffix(fold(s), vocab.GridWord))
	}
	var names []string
	for _, g := range w.grids[at.ID] {
		if fold(g.Name) == fold(t[colGrid]) || g.Code != "" && fold(g.Code) == fold(t[colGrid]) || key(g.Name) == key(t[colGrid]) {
			return []object{{kind: grid.ObjectGrid, id: g.ID, path: g.Path, name: g.Name}}, nil, nil
		}
		names = append(names, g.Name)
	}
	return nil, &fault{column: colGrid, value: t[colGrid], key: "staff.no_grid", args: []any{at.Name}, expected: names}, nil
}

// places goes down from a community through the columns given.
func (w *world) places(ctx context.Context, community grid.Place, t texts) ([]object, *fault, error) {
	at := []grid.Place{community}
	for _, step := range []struct {
		column string
		kind   grid.Kind
	}{{colCompound, grid.Compound}, {colGroup, grid.Group}, {colRow, grid.Row}, {colBuilding, grid.Building}, {colUnit, grid.Unit}} {
		if !t.has(step.column) {
			continue
		}
		next, f, err := w.step(ctx, community.ID, at, step.kind, t[step.column], step.column)
		if err != nil || f != nil {
			return nil, f, err
		}
		at = next
	}
	if t.has(colDoor) {
		return w.doorSet(ctx, at, t[colDoor])
	}
	out := make([]object, len(at))
	for i, p := range at {
		out[i] = placeObject(p)
	}
	return out, nil, nil
}

// step finds the places of a kind that a text names below any of at. A
// building without its compound is looked for in all of them.
func (w *world) step(ctx context.Context, area id.ID, at []grid.Place, kind grid.Kind, text, column string) ([]grid.Place, *fault, error) {
	var list []grid.Place
	for _, p := range at {
		below, err := w.below(ctx, area, p.ID)
		if err != nil {
			return nil, nil, err
		}
		for _, b := range below {
			if b.Kind == kind {
				list = append(list, b)
			}
			if p.Kind == grid.Community && b.Kind == grid.Compound && kind != grid.Compound {
				inner, err := w.below(ctx, area, b.ID)
				if err != nil {
					return nil, nil, err
				}
				list = append(list, slices.DeleteFunc(slices.Clone(inner), func(x grid.Place) bool { return x.Kind != kind })...)
			}
		}
	}
	found, f := pick(list, kind, text, column)
	if f == nil && len(at) == 1 && at[0].Kind == grid.Community && kind != grid.Compound && len(parents(found)) > 1 {
		f = &fault{column: colCompound, value: "", key: "staff.which_compound", args: []any{text}}
	}
	return found, f, nil
}

func parents(list []grid.Place) map[id.ID]bool {
	out := map[id.ID]bool{}
	for _, p := range list {
		out[p.ParentID] = true
	}
	return out
}

// pick finds the places whose labels a text names, as one, a list or a range.
func pick(list []grid.Place, kind grid.Kind, text, column string) ([]grid.Place, *fault) {
	names := make([]string, len(list))
	for i, p := range list {
		names[i] = p.Name
		if p.Alias != "" && grid.Normalise(kind, p.Name) != grid.Normalise(kind, text) {
			for _, a := range strings.Split(p.Alias, ",") {
				if grid.Normalise(kind, a) == grid.Normalise(kind, text) {
					names[i] = a
				}
			}
		}
	}
	items := []span{{from: text}}
	if len(items[0].picked(kind, names)) == 0 {
		items = vocab.spans(text)
	}
	var out []grid.Place
	for _, item := range items {
		got := item.all(kind, names)
		if len(got) == 0 {
			return nil, &fault{column: column, value: text, key: "staff.no_" + string(kind), expected: names}
		}
		for _, i := range got {
			if !slices.ContainsFunc(out, func(p grid.Place) bool { return p.ID == list[i].ID }) {
				out = append(out, list[i])
			}
		}
	}
	return out, nil
}

// all is picked with every place of the same label: buildings 3 of two compounds.
func (sp span) all(kind grid.Kind, names []string) []int {
	got := sp.picked(kind, names)
	if sp.to != "" || len(got) != 1 {
		return got
	}
	for i, n := range names {
		if i != got[0] && grid.Normalise(kind, n) == grid.Normalise(kind, names[got[0]]) {
			got = append(got, i)
		}
	}
	return got
}

// doorSet makes the set of the doors that a text names below the places.
func (w *world) doorSet(ctx context.Context, at []grid.Place, text string) ([]object, *fault, error) {
	o := object{kind: grid.ObjectDoors, under: at[0].ID, path: at[0].Path}
	for _, p := range at {
		doors, err := w.doorsBelow(ctx, p)
		if err != nil {
			return nil, nil, err
		}
		found, f := pick(doors, grid.Door, text, colDoor)
		if f != nil {
			return nil, f, nil
		}
		for _, d := range found {
			o.doors = append(o.doors, d.ID)
		}
	}
	o.name = at[0].Name + " " + text
	return []object{o}, nil, nil
}

// cut reads a free text ("第3网格", "东风小区3号楼1-3单元") into the columns it
// speaks of, those that are empty, and returns what it could not read.
func (w *world) cut(ctx context.Context, at grid.Place, t texts) (rest string, err error) {
	rest = fold(t[colArea])
	if !t.has(colStreet) {
		rest = w.cutArea(rest, grid.Street, at.Path, t, colStreet)
	}
	if !t.has(colCommunity) {
		rest = w.cutArea(rest, grid.Community, at.Path, t, colCommunity)
	}
	if t.has(colStreet) && at.Kind != grid.Street {
		if street, f := w.area(t[colStreet], colStreet, grid.Street, at.Path); f == nil {
			at = street
		}
	}
	if t.has(colCommunity) {
		if community, f := w.area(t[colCommunity], colCommunity, grid.Community, at.Path); f == nil {
			at = community
		}
	}
	if at.Kind != grid.Community || rest == "" {
		return rest, nil
	}
	if g := w.gridNamed(at, rest); g != "" {
		t[colGrid] = g
		return "", nil
	}
	below, err := w.below(ctx, at.ID, at.ID)
	if err != nil {
		return "", err
	}
	if name, cut := longest(rest, below); name != "" {
		t[colCompound], rest = name, cut
	}
	for _, step := range []struct{ column, kind string }{{colGroup, "group"}, {colRow, "row"}, {colBuilding, "building"}, {colUnit, "unit"}, {colDoor, "door"}} {
		t[step.column], rest = cutLabel(rest, vocab.Places[step.kind], t[step.column])
	}
	if rest != "" && (t.has(colUnit) || t.has(colBuilding) || t.has(colGroup) || t.has(colRow)) && !strings.ContainsFunc(rest, notLabel) {
		t[colDoor], rest = rest, ""
	}
	return rest, nil
}

// cutArea takes the name of an area off the front of a text.
func (w *world) cutArea(text string, kind grid.Kind, under string, t texts, column string) string {
	best := ""
	for _, a := range w.areas {
		if a.Kind != kind || !grid.Under(a.Path, under) && !grid.Under(under, a.Path) {
			continue
		}
		forms := []string{fold(a.Name)}
		if kind == grid.Community { // a street's bare name may begin its communities'
			forms = append(forms, vocab.bareArea(a.Name))
		}
		for _, n := range forms {
			if strings.HasPrefix(text, n) && len(n) > len(best) {
				best = n
			}
		}
	}
	if best == "" {
		return text
	}
	rest := strings.TrimPrefix(text, best)
	for _, suf := range vocab.AreaSuffixes {
		if cut, ok := strings.CutPrefix(rest, suf); ok {
			rest = cut
			break
		}
	}
	t[column] = best
	return rest
}

func (w *world) gridNamed(at grid.Place, text string) string {
	for _, g := range w.grids[at.ID] {
		if fold(g.Name) == text {
			return g.Name
		}
	}
	if strings.HasSuffix(text, vocab.GridWord) {
		return text
	}
	return ""
}

// longest is the compound with the longest name that the text begins with, and
// what follows it.
func longest(text string, below []grid.Place) (name, rest string) {
	best := 0
	for _, p := range below {
		if p.Kind != grid.Compound {
			continue
		}
		for _, n := range append(strings.Split(p.Alias, ","), p.Name) {
			for _, form := range []string{fold(n), strings.ToLower(grid.Normalise(grid.Compound, n))} {
				if form != "" && strings.HasPrefix(text, form) && len(form) > best {
					name, rest, best = p.Name, text[len(form):], len(form)
				}
			}
		}
	}
	return name, rest
}

// cutLabel takes "1-3" off "1-3单元501" where a word of the kind follows a
// label; a label at the end of a list of doors needs no word.
func cutLabel(text string, words []string, have string) (label, rest string) {
	for _, word := range words {
		i := strings.Index(text, word)
		if i <= 0 || utf8.RuneCountInString(text[:i]) > 30 || strings.ContainsFunc(text[:i], notLabel) {
			continue
		}
		return text[:i], text[i+len(word):]
	}
	return have, text
}

// notLabel reports a letter that no list of labels holds: an East Asian one
// that is no numeral, separator or word of a range.
func notLabel(r rune) bool {
	if r < 0x80 {
		return false
	}
	s := string(r)
	if slices.Contains(vocab.Separators, s) || slices.Contains(vocab.Ranges, s) {
		return false
	}
	return grid.Normalise(grid.Unit, s) == s && !strings.Contains(vocab.Marks, s)
}
