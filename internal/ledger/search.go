package ledger

import (
	"context"
	"slices"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Search is what is looked for.
type Search struct {
	Text  string // a door, a name, pinyin initials, a nickname, a phone or its last four, an identity number
	Place id.ID  // search below this place only; Zero: the caller's whole scope
}

// HouseholdHit is a household found by what neighbours call its door.
type HouseholdHit struct {
	ID       id.ID  `json:"id"`
	DoorID   id.ID  `json:"door_id"`
	Door     string `json:"door"`
	Nickname string `json:"nickname"`
}

// Found is what a search gives, best first.
type Found struct {
	Places     []grid.Hit     `json:"places" doc:"Areas, compounds, buildings and other places"`
	Grids      []grid.Hit     `json:"grids"`
	Posts      []grid.Hit     `json:"posts"`
	Doors      []grid.Hit     `json:"doors"`
	Households []HouseholdHit `json:"households"`
	Persons    []PersonView   `json:"persons" doc:"Masked"`
	// ExactOnly says that the scope is above a community: names were looked up
	// as a whole, not in part and not by pinyin.
	ExactOnly bool `json:"exact_only"`
	More      bool `json:"more" doc:"There are more than are listed"`
}

// Empty reports whether nothing was found at all.
func (f *Found) Empty() bool {
	return len(f.Places)+len(f.Grids)+len(f.Posts)+len(f.Doors)+len(f.Households)+len(f.Persons) == 0
}

// foundLimit bounds each list of Found; openLimit how many records one search
// opens (a large community has some 30,000 people).
const (
	foundLimit = 50
	openLimit  = 60_000
)

// Search finds places, grids, posts, doors, households and persons within the
// caller's scope.
// Within a community it opens the records and finds parts of names, pinyin and
// nicknames; above it only exact values are looked up by their keyed hashes.
// Persons come back masked, whatever the caller's purpose.
func (s *Service) Search(ctx context.Context, c grid.Caller, q Search) (*Found, error) {
	const op = "ledger.Search"
	c.Purpose = ""
	k := classify(q.Text)
	f := &Found{Places: []grid.Hit{}, Grids: []grid.Hit{}, Posts: []grid.Hit{}, Doors: []grid.Hit{}, Households: []HouseholdHit{}, Persons: []PersonView{}}
	under := ""
	if q.Place != id.Zero {
		var err error
		if under, err = s.placePath(ctx, c, q.Place); err != nil {
			return nil, errs.Wrap(op, err)
		}
	}
	if strings.TrimSpace(q.Text) == "" {
		return f, nil
	}
	if err := s.searchPlaces(ctx, c, q, f); err != nil {
		return nil, errs.Wrap(op, err)
	}
	if !c.Can(grid.LedgerRead) {
		return f, nil
	}
	recs, err := s.searchExact(ctx, c, k, under)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	f.ExactOnly = !narrow(c, under)
	if !f.ExactOnly && k.phone == "" && k.last4 == "" && (k.name != "" || k.latin != "") {
		more, err := s.searchOpen(ctx, c, k, under, f)
		if err != nil {
			return nil, errs.Wrap(op, err)
		}
		recs = append(recs, more...)
	}
	return f, errs.Wrap(op, s.fillPersons(ctx, c, recs, f))
}

// fillPersons puts found persons into f, each once.
func (s *Service) fillPersons(ctx context.Context, c grid.Caller, recs []personRec, f *Found) error {
	seen := map[id.ID]bool{}
	recs = slices.DeleteFunc(recs, func(r personRec) bool {
		twice := seen[r.ID]
		seen[r.ID] = true
		return twice
	})
	if len(recs) > foundLimit {
		recs, f.More = recs[:foundLimit], true
	}
	vs, err := s.withDoors(ctx, c, recs)
	f.Persons = append(f.Persons, vs...)
	return err
}

// withDoors shows persons with their doors in words.
func (s *Service) withDoors(ctx context.Context, c grid.Caller, recs []personRec) ([]PersonView, error) {
	vs, err := s.views(ctx, c, recs)
	if err != nil {
		return nil, err
	}
	doors := make([]id.ID, len(vs))
	for i, v := range vs {
		doors[i] = v.DoorID
	}
	texts, err := s.doorTexts(ctx, c.District, doors)
	for i := range vs {
		vs[i].Door = texts[vs[i].DoorID].text
	}
	return vs, err
}

// narrow reports whether a search lies within a community: by the place asked
// for, or because every right to read is at or below one.
func narrow(c grid.Caller, under string) bool {
	if len(under) >= communityLen {
		return true
	}
	if c.IsSystem() {
		return false
	}
	for _, g := range c.Grants {
		if g.Role.May(grid.LedgerRead) && g.ObjectKind == grid.ObjectPlace && len(g.Path) < communityLen {
			return false
		}
	}
	return true
}

// searchPlaces finds what stands where, and who answers for it.
func (s *Service) searchPlaces(ctx context.Context, c grid.Caller, q Search, f *Found) error {
	if s.places == nil || !c.Can(grid.PlaceRead) {
		return nil
	}
	hits, err := s.places.Find(ctx, c, q.Text, q.Place)
	f.Places, f.Grids, f.Posts, f.Doors = append(f.Places, hits.Places...), append(f.Grids, hits.Grids...), append(f.Posts, hits.Posts...), append(f.Doors, hits.Doors...)
	f.More = f.More || hits.More
	return err
}

// searchExact looks whole values up by their hashes.
func (s *Service) searchExact(ctx context.Context, c grid.Caller, k searchKind, under string) ([]personRec, error) {
	var out []personRec
	for _, key := range []struct {
		kind, value string
		need        sight
	}{
		{keyPhone, k.phone, seesPhone | seesPhoneMasked}, {keyPhone4, k.last4, seesPhone | seesPhoneMasked},
		{keyIDNo, k.idno, seesIDNo | seesIDNoMasked}, {keyName, k.name, seesName | seesNameMasked},
	} {
		for _, register := range s.registers() {
			h := s.keys.Hash(register, key.kind, key.value)
			if h == nil {
				continue
			}
			recs, err := s.byHash(ctx, c, key.kind, h, under, foundLimit+1)
			if err != nil {
				return nil, err
			}
			for _, r := range recs {
				if r.sight&key.need != 0 {
					out = append(out, r)
				}
			}
		}
	}
	return out, nil
}

// searchOpen opens the records in scope and compares names and nicknames.
func (s *Service) searchOpen(ctx context.Context, c grid.Caller, k searchKind, under string, f *Found) ([]personRec, error) {
	recs, more, err := s.eachPerson(ctx, c, under, openLimit)
	if err != nil {
		return nil, err
	}
	f.More = f.More || more
	type hit struct {
		rec   personRec
		score int
	}
	var hits []hit
	for _, r := range recs {
		if n := k.matchName(r.Name); n > 0 && r.sight.has(seesName|seesNameMasked) {
			hits = append(hits, hit{r, n})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return b.score - a.score })
	out := make([]personRec, len(hits))
	for i, h := range hits {
		out[i] = h.rec
	}
	return out, s.searchNicknames(ctx, c, k, under, f)
}

func (s *Service) searchNicknames(ctx context.Context, c grid.Caller, k searchKind, under string, f *Found) error {
	c = seeing(c, grid.FieldNameMasked, grid.FieldName)
	hs, err := s.eachHousehold(ctx, c, under, openLimit)
	if err != nil {
		return err
	}
	var doors []id.ID
	for _, h := range hs {
		if h.Nickname == "" || k.matchName(h.Nickname) == 0 {
			continue
		}
		if len(f.Households) == foundLimit {
			f.More = true
			break
		}
		f.Households = append(f.Households, HouseholdHit{ID: h.ID, DoorID: h.DoorID, Nickname: h.Nickname})
		doors = append(doors, h.DoorID)
	}
	texts, err := s.doorTexts(ctx, c.District, doors)
	for i := range f.Households {
		f.Households[i].Door = texts[f.Households[i].DoorID].text
	}
	return err
}
