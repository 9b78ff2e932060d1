package grid

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Hit is a place, grid, post or door that a search found.
type Hit struct {
	ID    id.ID  `json:"id"`
	Kind  string `json:"kind" doc:"A kind of place, or grid or post"`
	Text  string `json:"text" doc:"As people say it, from the compound on"`
	Where string `json:"where,omitempty" doc:"The areas above it"`
	Href  string `json:"-"`
	score int
}

// Hits is what a search found, best first.
type Hits struct {
	Places []Hit
	Doors  []Hit
	Grids  []Hit
	Posts  []Hit
	More   bool // there are more than are listed
}

const (
	hitLimit  = 20   // of each kind but doors
	doorLimit = 50   // doors
	askLimit  = 4000 // doors' parents that one search looks at
)

// landmarkIndex is every open place of a district but the doors, sorted by path.
type landmarkIndex struct {
	version int64
	list    []landmark
}

type landmarkCache struct {
	mu sync.Mutex
	ix map[int]*landmarkIndex
}

// landmarks returns the index of the present version; it is read again (some
// 100 ms at 640,000 doors) when places changed.
func (s *Service) landmarks(ctx context.Context, district int) ([]landmark, error) {
	version := s.placesVersion.Load()
	s.marks.mu.Lock()
	defer s.marks.mu.Unlock()
	if ix := s.marks.ix[district]; ix != nil && ix.version >= version {
		return ix.list, nil
	}
	places, err := landmarksOf(ctx, s.d.Read(), district)
	if err != nil {
		return nil, err
	}
	former, err := formerCodes(ctx, s.d.Read(), district)
	if err != nil {
		return nil, err
	}
	ix := &landmarkIndex{version: version, list: make([]landmark, len(places))}
	var way []int // the places above the one at hand
	for i, p := range places {
		for len(way) > 0 && !Under(p.Path, ix.list[way[len(way)-1]].Path) {
			way = way[:len(way)-1]
		}
		up := -1
		if len(way) > 0 {
			up = way[len(way)-1]
		}
		ix.list[i] = newLandmark(p, up)
		ix.list[i].codes = append(former[p.ID], p.Code)
		way = append(way, i)
	}
	if s.marks.ix == nil {
		s.marks.ix = map[int]*landmarkIndex{}
	}
	s.marks.ix[district] = ix
	return ix.list, nil
}

// finder is one search under way.
type finder struct {
	s    *Service
	c    Caller
	list []landmark
	see  reach
	in   string // path of the place searched below; empty: all
	adr  addresses
	out  Hits
}

// Find finds areas, places, doors, grids and posts within the caller's scope
// by what people call them: part of a name or of a former name, a code, a
// post's title, or an address as "工大社区 3-2-501" or "3号楼2单元501". Areas are
// found by everybody who may see places. below narrows it to a place's subtree.
func (s *Service) Find(ctx context.Context, c Caller, text string, below id.ID) (Hits, error) {
	const op = "grid.Find"
	if err := c.Require(op, PlaceRead); err != nil {
		return Hits{}, err
	}
	f := &finder{s: s, c: c}
	if below != id.Zero {
		p, err := s.Place(ctx, c, below)
		if err != nil {
			return Hits{}, err
		}
		f.in = p.Path
	}
	query := strings.Trim(foldQuery(text), "-")
	if query == "" {
		return f.out, nil
	}
	var err error
	if f.list, err = s.landmarks(ctx, c.District); err != nil {
		return Hits{}, errs.Wrap(op, err)
	}
	if f.see, err = s.reachOf(ctx, c); err != nil {
		return Hits{}, errs.Wrap(op, err)
	}
	f.adr = readAddresses(f.list, query)
	f.places()
	for _, find := range []func(context.Context) error{f.doors, f.grids, f.posts} {
		if err := find(ctx); err != nil {
			return Hits{}, errs.Wrap(op, err)
		}
	}
	return f.out, nil
}

func (f *finder) places() {
	var hits []Hit
	for i := range f.list {
		n := &f.list[i]
		score := f.adr.answers(n)
		if score > 0 && Under(n.Path, f.in) && (n.Kind.IsArea() || f.see.place(n)) {
			hits = append(hits, f.hit(i, score))
		}
	}
	f.out.Places = f.best(hits)
}

// best sorts hits by how well they answer and keeps the first; what answers
// equally well stays in walking order.
func (f *finder) best(hits []Hit) []Hit {
	slices.SortStableFunc(hits, func(a, b Hit) int {
		return cmp.Or(b.score-a.score, kindRank[Kind(a.Kind)]-kindRank[Kind(b.Kind)])
	})
	if len(hits) > hitLimit {
		hits, f.out.More = hits[:hitLimit], true
	}
	return hits
}

func (f *finder) hit(i, score int) Hit {
	n := &f.list[i]
	way := f.way(i)
	h := Hit{ID: n.ID, Kind: n.KindWord(), Text: n.Name, Where: f.where(way), Href: placeHref(n.Place), score: score}
	if !n.Kind.IsArea() {
		h.Text = Address(f.c.Lang, way)
	}
	return h
}

// way returns the places from the outermost down to the one at i.
func (f *finder) way(i int) []Place {
	var way []Place
	for ; i >= 0; i = f.list[i].up {
		way = append(way, f.list[i].Place)
	}
	slices.Reverse(way)
	return way
}

// where names the areas of a way below the district, without the last place.
func (f *finder) where(way []Place) string {
	var names []string
	for _, p := range way[:max(0, len(way)-1)] {
		if p.Kind == Street || p.Kind == Community {
			names = append(names, p.Name)
		}
	}
	return strings.Join(names, " · ")
}

// doors looks for what is left of the text among the doors of the places it
// was left at. A bare room number is looked for only where the scope is small.
func (f *finder) doors(ctx context.Context) error {
	var asked []doorAsked
	for i := range f.list {
		n := &f.list[i]
		if n.Kind.IsArea() && n.Kind != Community || n.Kind == Point || !Under(n.Path, f.in) || !f.see.place(n) {
			continue
		}
		for _, rest := range f.adr.left[i] {
			asked = f.ask(asked, i, rest)
		}
		if f.see.small || f.in != "" {
			asked = f.ask(asked, i, f.adr.text)
		}
	}
	if len(asked) > askLimit {
		asked, f.out.More = asked[:askLimit], true
	}
	for len(asked) > 0 && len(f.out.Doors) <= doorLimit {
		part := asked[:min(len(asked), 500)]
		asked = asked[len(part):]
		if err := f.doorsOf(ctx, part); err != nil {
			return err
		}
	}
	if len(f.out.Doors) > doorLimit {
		f.out.Doors, f.out.More = f.out.Doors[:doorLimit], true
	}
	return nil
}

// doorAsked is a label looked for among the doors of a place.
type doorAsked struct {
	at    int
	label string
}

func (f *finder) ask(asked []doorAsked, at int, rest string) []doorAsked {
	if l := doorLabel(rest); l != "" {
		asked = append(asked, doorAsked{at, l})
	}
	return asked
}

func (f *finder) doorsOf(ctx context.Context, asked []doorAsked) error {
	at := map[id.ID]int{}
	want := map[id.ID][]string{}
	var parents []id.ID
	var names []string
	for _, a := range asked {
		pid := f.list[a.at].ID
		at[pid] = a.at
		want[pid] = append(want[pid], a.label)
		parents, names = append(parents, pid), append(names, a.label)
	}
	slices.Sort(names)
	doors, err := doorsNamed(ctx, f.s.d.Read(), f.c, uniq(parents), slices.Compact(names))
	if err != nil {
		return err
	}
	for _, d := range doors {
		if !slices.Contains(want[d.ParentID], d.Name) {
			continue
		}
		way := append(f.way(at[d.ParentID]), d)
		f.out.Doors = append(f.out.Doors, Hit{ID: d.ID, Kind: string(Door), Text: Address(f.c.Lang, way), Where: f.where(way), Href: placeHref(d)})
	}
	return nil
}

func (f *finder) grids(ctx context.Context) error {
	grids, err := openGrids(ctx, f.s.d.Read(), f.c.District)
	if err != nil {
		return err
	}
	at := map[id.ID]int{}
	for i := range f.list {
		if f.list[i].Kind.IsArea() {
			at[f.list[i].ID] = i
		}
	}
	var hits []Hit
	for _, g := range grids {
		i, known := at[g.AreaID]
		if !known || !Under(g.Path, f.in) || !f.c.CanGrid(PlaceRead, g.Path) {
			continue
		}
		n := landmark{up: i, name: fold(g.Name), codes: []string{g.Code}}
		if score := f.adr.answers(&n); score > 0 {
			hits = append(hits, Hit{ID: g.ID, Kind: "grid", Text: g.Name, Where: f.where(append(f.way(i), Place{})), Href: "/grids/" + g.ID.String(), score: score})
		}
	}
	f.out.Grids = f.best(hits)
	return nil
}

// posts looks for titles that hold the text, or what is left of it below the
// area or compound that it begins with.
func (f *finder) posts(ctx context.Context) error {
	type where struct{ path, text string }
	asked := []where{{f.in, f.adr.text}}
	for i := range f.list {
		n := &f.list[i]
		if n.Kind != Street && n.Kind != Community && n.Kind != Compound || len(asked) > 5 || !Under(n.Path, f.in) {
			continue
		}
		for _, rest := range f.adr.left[i] {
			if rest != "" && !slices.Contains(f.adr.above(n), rest) {
				asked = append(asked, where{n.Path, rest})
			}
		}
	}
	seen := map[id.ID]bool{}
	for _, a := range slices.Backward(asked) {
		list, err := postsTitled(ctx, f.s.d.Read(), f.c, a.path, a.text, f.s.nowMs(), hitLimit+1)
		if err != nil {
			return err
		}
		if err := f.s.nameObjects(ctx, f.c, list); err != nil {
			return err
		}
		for _, p := range list {
			if !seen[p.ID] {
				seen[p.ID] = true
				f.out.Posts = append(f.out.Posts, Hit{ID: p.ID, Kind: "post", Text: p.Title, Where: p.Object, Href: "/posts/" + p.ID.String()})
			}
		}
	}
	f.out.Posts = f.best(f.out.Posts)
	return nil
}
