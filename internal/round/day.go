package round

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/id"
)

// Day is what a phone keeps to work without network: the caller's doors with
// everything asked there, and no name, number or free text of anybody.
type Day struct {
	AtMs   int64      `json:"at_ms" doc:"When it was read, UTC ms"`
	Places []DayPlace `json:"places" nullable:"false"`
	Rounds []DayRound `json:"rounds" nullable:"false"`
	Cards  []DayCard  `json:"cards" nullable:"false" doc:"In walking order"`
	More   bool       `json:"more,omitempty" doc:"There are more doors than a phone keeps"`
}

// DayPlace is a building or group of the day.
type DayPlace struct {
	ID   id.ID  `json:"id"`
	Name string `json:"name"`
}

// DayRound is what one round asks, once for all its doors.
type DayRound struct {
	ID      id.ID      `json:"id"`
	Name    string     `json:"name"`
	Kind    TargetKind `json:"kind"`
	Fields  []Field    `json:"fields" nullable:"false"`
	Each    []Field    `json:"each,omitempty"`
	Results []Result   `json:"results"`
	Photo   bool       `json:"photo,omitempty"`
}

// DayCard is a door of the day.
type DayCard struct {
	Key     id.ID     `json:"key"`
	PlaceID id.ID     `json:"place_id"`
	Unit    string    `json:"unit,omitempty" doc:"The unit of the building the door is in"`
	Label   string    `json:"label"`
	Where   string    `json:"where"`
	Door    bool      `json:"door,omitempty"`
	Evening bool      `json:"evening,omitempty"`
	Items   []DayItem `json:"items"`
}

// DayItem is one target behind a door.
type DayItem struct {
	RoundID  id.ID         `json:"round_id"`
	ObjectID id.ID         `json:"object_id"`
	State    State         `json:"state"`
	Attempts int           `json:"attempts,omitempty"`
	Part     string        `json:"part,omitempty" doc:"Which household or person, where there are several"`
	Members  []id.ID       `json:"members,omitempty"`
	Fresh    []FreshAnswer `json:"fresh,omitempty"`
}

// Day returns the doors a phone keeps to work without network, at most maxCards
// targets a round.
func (s *Service) Day(ctx context.Context, c grid.Caller) (Day, error) {
	out := Day{AtMs: s.now(), Places: []DayPlace{}, Rounds: []DayRound{}, Cards: []DayCard{}}
	today, err := s.Today(ctx, c)
	if err != nil {
		return out, err
	}
	for _, b := range today.Buildings {
		out.Places = append(out.Places, DayPlace{b.PlaceID, b.Name})
	}
	cards, err := s.Cards(ctx, c, CardQuery{All: true})
	if err != nil {
		return out, err
	}
	of, err := sheets(ctx, s.DB.Read(), c.District, Doors, leavesOf(cards))
	if err != nil {
		return out, err
	}
	units, err := placesByID(ctx, s.DB.Read(), c.District, leavesOf(cards))
	if err != nil {
		return out, err
	}
	out.Rounds = roundsOf(cards)
	count := map[id.ID]int{}
	for _, card := range cards {
		d := DayCard{Key: card.Key, PlaceID: of[card.Items[0].Line.LeafID], Label: card.Label, Where: card.Where, Door: card.DoorID != id.Zero, Evening: card.Evening, Items: card.Day(c.Lang)}
		if leaf := units[card.Items[0].Line.LeafID]; leaf.Kind == "unit" {
			d.Unit = leaf.label(c.Lang)
		}
		for i, it := range card.Items {
			count[it.RoundID]++
			if it.PerMember {
				if d.Items[i].Members, err = peopleAt(ctx, s.DB.Read(), c.District, it.Kind, it.Line.Target); err != nil {
					return out, err
				}
			}
		}
		out.Cards = append(out.Cards, d)
	}
	for _, n := range count {
		out.More = out.More || n >= maxCards
	}
	return out, nil
}

// Buttons are the results that a list's card offers, the first as its great one.
func (c Card) Buttons() []Result { return cardButtons(c.DoorID != id.Zero) }

// cardButtons are the short results of what is knocked at: of a door, or of
// something that is none.
func cardButtons(door bool) []Result {
	var out []Result
	for _, r := range results {
		if r.Short && r.By == "" && (len(r.Targets) == 0 || door && r.fits(Doors)) {
			out = append(out, r)
		}
	}
	return out
}

// Day returns the card's targets as a phone keeps them.
func (c Card) Day(lang string) []DayItem {
	out := make([]DayItem, len(c.Items))
	for i, it := range c.Items {
		out[i] = it.day(lang)
	}
	return out
}

func (i CardItem) day(lang string) DayItem {
	return DayItem{RoundID: i.RoundID, ObjectID: i.Line.ObjectID, State: i.Line.State, Attempts: i.Line.Attempts, Part: i.PartIn(lang), Members: i.Members, Fresh: i.Fresh}
}

// roundsOf returns the rounds of cards, each once.
func roundsOf(cards []Card) []DayRound {
	out, seen := []DayRound{}, map[id.ID]bool{}
	for _, card := range cards {
		for _, it := range card.Items {
			if !seen[it.RoundID] {
				seen[it.RoundID] = true
				out = append(out, dayRound(it))
			}
		}
	}
	return out
}

func leavesOf(cards []Card) []id.ID {
	seen := map[id.ID]bool{}
	for _, card := range cards {
		seen[card.Items[0].Line.LeafID] = true
	}
	return sortedIDs(seen)
}

func dayRound(it CardItem) DayRound {
	d := DayRound{ID: it.RoundID, Name: it.RoundName, Kind: it.Kind, Fields: it.Fields, Each: it.Each, Results: it.Results, Photo: it.Photo}
	if d.Fields == nil {
		d.Fields = []Field{}
	}
	return d
}
