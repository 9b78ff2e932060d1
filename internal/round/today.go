package round

import (
	"context"
	"slices"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// TodayBuilding is a building, group or other place where the caller has doors
// to mark.
type TodayBuilding struct {
	PlaceID id.ID  `json:"place_id"`
	Name    string `json:"name"`
	Rounds  int    `json:"rounds"`
	Figures
	path string
}

// Today is what a worker has to do: buildings with what remains, and how many
// doors are on the evening list.
type Today struct {
	Buildings []TodayBuilding `json:"buildings"`
	Evening   int             `json:"evening"`
	Rounds    []Round         `json:"rounds"`
	More      int             `json:"more" doc:"Buildings not shown"`
	Reports   int             `json:"reports" doc:"Reports that one's own posts and areas still owe"`
}

// maxToday bounds the buildings of one page.
const maxToday = 300

// openRounds returns the open rounds in which the caller may mark something.
func (s *Service) openRounds(ctx context.Context, c grid.Caller) ([]Round, error) {
	if err := c.Require("round.Today", grid.RoundMark); err != nil {
		return nil, err
	}
	return s.Rounds(ctx, c, ListFilter{States: []RoundState{Open}})
}

// Today returns the buildings of the caller's posts with what remains to be
// done in all open rounds, those with most left first within walking order.
func (s *Service) Today(ctx context.Context, c grid.Caller) (Today, error) {
	rounds, err := s.openRounds(ctx, c)
	if err != nil {
		return Today{}, err
	}
	rounds = slices.DeleteFunc(rounds, Round.Reports) // they have a page of their own
	out := Today{Rounds: rounds}
	if out.Reports, err = s.ReportsOwed(ctx, c); err != nil {
		return out, err
	}
	at := map[id.ID]*TodayBuilding{}
	for _, r := range rounds {
		if err := s.addToday(ctx, c, r, at); err != nil {
			return out, err
		}
		n, err := eveningCount(ctx, s.DB.Read(), c, r.OccurrenceID)
		if err != nil {
			return out, err
		}
		out.Evening += n
	}
	places, err := placesByID(ctx, s.DB.Read(), c.District, sortedIDs(at))
	if err != nil {
		return out, err
	}
	parents := map[id.ID]bool{}
	for _, p := range places {
		parents[p.ParentID] = true
	}
	above, err := placesByID(ctx, s.DB.Read(), c.District, sortedIDs(parents))
	if err != nil {
		return out, err
	}
	for pid, b := range at {
		p := places[pid]
		b.path = p.Path
		b.Name = saidIn(c.Lang, above[p.ParentID], p)
		out.Buildings = append(out.Buildings, *b)
	}
	slices.SortFunc(out.Buildings, func(a, b TodayBuilding) int {
		if (a.Outstanding == 0) != (b.Outstanding == 0) {
			if a.Outstanding == 0 {
				return 1
			}
			return -1
		}
		return strings.Compare(a.path, b.path)
	})
	if len(out.Buildings) > maxToday {
		out.More = len(out.Buildings) - maxToday
		out.Buildings = out.Buildings[:maxToday]
	}
	return out, nil
}

func (s *Service) addToday(ctx context.Context, c grid.Caller, r Round, at map[id.ID]*TodayBuilding) error {
	v, err := s.viewOf(ctx, c, grid.RoundMark, r.OccurrenceID)
	if err != nil {
		return err
	}
	byLeaf := map[id.ID]Figures{}
	v.each("", func(x cell) {
		f := byLeaf[x.leaf]
		f.add(x.Figures)
		byLeaf[x.leaf] = f
	})
	of, err := sheets(ctx, s.DB.Read(), c.District, Doors, sortedIDs(byLeaf))
	if err != nil {
		return err
	}
	counted := map[id.ID]bool{}
	for leaf, f := range byLeaf {
		sheet := of[leaf]
		b := at[sheet]
		if b == nil {
			b = &TodayBuilding{PlaceID: sheet}
			at[sheet] = b
		}
		b.Figures.add(f)
		if !counted[sheet] {
			counted[sheet] = true
			b.Rounds++
		}
	}
	return nil
}

// Card is one door (or other target) with everything asked there.
type Card struct {
	Key     id.ID      `json:"key"` // the door, or the target where there is no door
	DoorID  id.ID      `json:"door_id,omitempty"`
	Label   string     `json:"label"`
	Where   string     `json:"where"`
	Unit    string     `json:"unit,omitempty"`
	Items   []CardItem `json:"items"`
	Evening bool       `json:"evening,omitempty"`
	Left    int        `json:"left"` // items still outstanding
	path    string
}

// CardItem is what one round asks at a card's door.
type CardItem struct {
	RoundID   id.ID      `json:"round_id"`
	RoundName string     `json:"round_name"`
	Line      Line       `json:"target"`
	Kind      TargetKind `json:"kind"`
	Fields    []Field    `json:"fields"`
	Members   []id.ID    `json:"members,omitempty"` // the persons to answer for, where the round asks per member
	// What members answered lately, by person: shown for confirmation.
	MemberFresh map[id.ID][]FreshAnswer `json:"member_fresh,omitempty"`
	Each        []Field                 `json:"each,omitempty"`
	Results     []Result                `json:"results"`
	Fresh       []FreshAnswer           `json:"fresh,omitempty"`
	Photo       bool                    `json:"photo,omitempty"` // a photo is needed
	PerMember   bool                    `json:"per_member,omitempty"`
	// Where a round asks of several households or persons behind one door, which
	// of how many this is, and how many live in the household by the ledger.
	Part  int `json:"part,omitempty"`
	Parts int `json:"parts,omitempty"`
	Heads int `json:"heads,omitempty"`
}

// CardQuery says whose cards are wanted: those below a place, of one door, or
// all on the evening list.
type CardQuery struct {
	Place   id.ID
	Door    id.ID
	Evening bool
	All     bool // also what is done
}

// maxCards bounds the targets of one page of cards.
const maxCards = 1200

// Cards returns one card a door with everything asked there by all open rounds.
func (s *Service) Cards(ctx context.Context, c grid.Caller, q CardQuery) ([]Card, error) {
	rounds, err := s.openRounds(ctx, c)
	if err != nil {
		return nil, err
	}
	if q.Place != id.Zero {
		if _, err := s.placeFor(ctx, c, grid.RoundMark, q.Place); err != nil {
			return nil, err
		}
	}
	byKey := map[id.ID]*Card{}
	for _, r := range rounds {
		if r.Reports() && q.Door == id.Zero {
			continue
		}
		items, err := s.cardItems(ctx, c, r, q)
		if err != nil {
			return nil, err
		}
		for _, it := range items {
			addCard(byKey, it)
		}
	}
	out := make([]Card, 0, len(byKey))
	for _, card := range byKey {
		card.number()
		out = append(out, *card)
	}
	slices.SortFunc(out, func(a, b Card) int { return strings.Compare(a.path, b.path) })
	return out, nil
}

func addCard(byKey map[id.ID]*Card, it CardItem) {
	key, door := it.Line.ObjectID, id.Zero
	switch it.Kind {
	case Doors, Households, Persons:
		key, door = it.Line.DoorID, it.Line.DoorID
	}
	card := byKey[key]
	if card == nil {
		card = &Card{Key: key, DoorID: door, Label: it.Line.Label, Where: it.Line.Building, path: it.Line.Path}
		byKey[key] = card
	}
	card.Items = append(card.Items, it)
	card.Evening = card.Evening || it.Line.Evening
	if it.Line.State == Outstanding || it.Line.State == Attempted {
		card.Left++
	}
}

func (s *Service) cardItems(ctx context.Context, c grid.Caller, r Round, q CardQuery) ([]CardItem, error) {
	lq := ListQuery{Ref: NodeRef{Place: q.Place}, All: q.All, Evening: q.Evening, Limit: maxCards, perm: grid.RoundMark}
	if q.Door != id.Zero {
		objects, err := objectsAt(ctx, s.DB.Read(), c.District, r, q.Door)
		if err != nil || len(objects) == 0 {
			return nil, err
		}
		lq.Objects = objects
	}
	lines, _, err := s.Outstanding(ctx, c, r.ID, lq)
	if err != nil || len(lines) == 0 {
		return nil, err
	}
	info, err := s.info(ctx, c.District, r.ID)
	if err != nil {
		return nil, err
	}
	fresh, err := s.fresh(ctx, s.DB.Read(), info, objectsOf(lines))
	if err != nil {
		return nil, err
	}
	heads := map[id.ID]int{}
	if r.TargetKind == Households {
		if heads, err = livingAt(ctx, s.DB.Read(), c.District, r.TargetKind, objectsOf(lines)); err != nil {
			return nil, err
		}
	}
	once, each := info.form.parts(r.PerMember)
	out := make([]CardItem, len(lines))
	for i, l := range lines {
		out[i] = CardItem{RoundID: r.ID, RoundName: r.Title(c.Lang), Line: l, Kind: r.TargetKind, Fields: once, Each: each,
			Results: Results(r.TargetKind), Fresh: fresh[l.ObjectID], Photo: r.NeedsPhoto, PerMember: r.PerMember, Heads: heads[l.ObjectID]}
		if r.PerMember && q.Door != id.Zero {
			if out[i].Members, err = peopleAt(ctx, s.DB.Read(), c.District, r.TargetKind, l.Target); err != nil {
				return nil, err
			}
			if out[i].MemberFresh, err = s.freshMembers(ctx, s.DB.Read(), info, l.ObjectID); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// CardOf returns the card of one door or other target; NotFound where no open
// round asks anything of it within the caller's posts.
func (s *Service) CardOf(ctx context.Context, c grid.Caller, key id.ID) (Card, error) {
	list, err := s.Cards(ctx, c, CardQuery{Door: key, All: true})
	if err != nil {
		return Card{}, err
	}
	if len(list) == 0 {
		return Card{}, errs.E("round.Card", errs.NotFound, "round.nothing_here")
	}
	return list[0], nil
}

// DoorState is how a door stands in a round, for building boards.
type DoorState struct {
	DoorID  id.ID  `json:"door_id"`
	State   State  `json:"state"`
	Reason  string `json:"reason,omitempty"`
	Evening bool   `json:"evening,omitempty"`
	Bulk    bool   `json:"bulk,omitempty"`
}

// DoorStates returns how the doors below a place stand in a round over doors or
// households; with several targets behind a door the least finished counts.
func (s *Service) DoorStates(ctx context.Context, c grid.Caller, round, at id.ID) (map[id.ID]DoorState, error) {
	list, _, err := s.Outstanding(ctx, c, round, ListQuery{Ref: NodeRef{Place: at}, All: true, Limit: maxList})
	if err != nil {
		return nil, err
	}
	out := map[id.ID]DoorState{}
	for _, l := range list {
		old, had := out[l.DoorID]
		if l.DoorID == id.Zero || had && old.State <= l.State {
			continue
		}
		out[l.DoorID] = DoorState{l.DoorID, l.State, l.Reason, l.Evening, l.Bulk}
	}
	return out, nil
}
