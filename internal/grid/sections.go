package grid

import (
	"context"
	"html/template"

	"wangge/internal/platform/id"
)

// AreaSection adds a part to the pages of areas and places, such as a round's
// coverage. It returns finished HTML of its own template, or "" where it has
// nothing to say there.
type AreaSection func(ctx context.Context, c Caller, p Place) (template.HTML, error)

// DoorState is how a door stands, as the building board shows it: a class for
// its colour and a word and sign so that colour is never alone.
type DoorState struct {
	Class string // done, exempt, attempt, out, flag or none (the house's style classes)
	Sign  string // one character shown in the cell
	Key   string // catalogue key of the word in the legend
	Note  string // further text for the cell, in the page's language; never personal
}

// DoorBoard is the state of a building's doors.
type DoorBoard struct {
	Title string // what is shown, such as a round's name
	Href  string // where it leads
	Doors map[id.ID]DoorState
}

// DoorStates gives the states shown on a building board; query are the page's
// parameters (as a chosen round). nil shows none.
type DoorStates func(ctx context.Context, c Caller, building Place, query map[string]string) (*DoorBoard, error)

// AddSection registers a part of area pages; call it before serving.
func (s *Service) AddSection(f AreaSection) { s.sections = append(s.sections, f) }

// SetDoorStates registers who colours building boards; call it before serving.
func (s *Service) SetDoorStates(f DoorStates) { s.states = f }
