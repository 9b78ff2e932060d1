package round

import (
	"context"
	"embed"
	"html/template"

	"wangge/internal/grid"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

//go:embed section/area.html
var sectionFiles embed.FS

// section renders the part of area pages.
var section = web.Part(sectionFiles, "section/area.html")

// sectionRow is one open round at a place, with the lengths of its bar.
type sectionRow struct {
	ID   id.ID
	Name string
	Figures
	W1, W2, X3, W3 int
}

// maxSection bounds the rounds shown on an area's page.
const maxSection = 8

// AreaSection is the part of area and place pages that shows the open rounds
// there, for grid.Service.AddSection.
func (s *Service) AreaSection(ctx context.Context, c grid.Caller, p grid.Place) (template.HTML, error) {
	if !c.Can(grid.RoundRead) {
		return "", nil
	}
	list, err := s.Rounds(ctx, c, ListFilter{States: []RoundState{Open}})
	if err != nil {
		return "", err
	}
	var rows []sectionRow
	for _, r := range list {
		if len(rows) == maxSection || !touches(r.AreaPath, []string{p.Path}) {
			continue
		}
		v, err := s.viewOf(ctx, c, grid.RoundRead, r.OccurrenceID)
		if err != nil {
			return "", err
		}
		if f := v.sum(p.Path); f.Total > 0 {
			row := sectionRow{ID: r.ID, Name: r.Name, Figures: f, W1: f.Done * 1000 / f.Total, W2: f.Exempt * 1000 / f.Total}
			row.X3 = row.W1 + row.W2
			row.W3 = 1000 - row.X3
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		return "", nil
	}
	plan, err := s.PlanAt(ctx, c, p.Path)
	if err != nil {
		return "", err
	}
	return section(web.Lang(ctx), map[string]any{"Rows": rows, "Place": p.ID, "Plan": plan})
}

// signs are the characters that stand for a door's state on a building board.
var signs = map[State]string{Outstanding: "○", Attempted: "!", Done: "✓", Exempt: "–"}

// looks are the style classes of a door's state on a building board.
var looks = map[State]string{Outstanding: "out", Attempted: "attempt", Done: "done", Exempt: "exempt"}

// Board colours a building board by an open round over its doors or households:
// the one named by the page's parameter round, else the latest. It is for
// grid.Service.SetDoorStates.
func (s *Service) Board(ctx context.Context, c grid.Caller, building grid.Place, query map[string]string) (*grid.DoorBoard, error) {
	if !c.Can(grid.RoundRead) {
		return nil, nil
	}
	list, err := s.Rounds(ctx, c, ListFilter{States: []RoundState{Open, Closed}})
	if err != nil {
		return nil, err
	}
	for _, r := range list {
		if r.TargetKind != Doors && r.TargetKind != Households || !touches(r.AreaPath, []string{building.Path}) {
			continue
		}
		if want := query["round"]; want != r.ID.String() && (want != "" || r.State != Open) {
			continue
		}
		return s.board(ctx, c, r, building)
	}
	return nil, nil
}

func (s *Service) board(ctx context.Context, c grid.Caller, r Round, building grid.Place) (*grid.DoorBoard, error) {
	states, err := s.DoorStates(ctx, c, r.ID, building.ID)
	if err != nil {
		return nil, err
	}
	out := &grid.DoorBoard{Title: r.Name, Href: "/rounds/" + r.ID.String() + "?place=" + building.ID.String(), Doors: map[id.ID]grid.DoorState{}}
	lang := web.Lang(ctx)
	for door, st := range states {
		d := grid.DoorState{Class: looks[st.State], Sign: signs[st.State], Key: "round.state." + st.State.String()}
		switch {
		case st.Evening:
			d.Note = i18n.T(lang, "round.evening.short")
		case st.Reason != "":
			d.Note = ReasonLabel(lang, st.Reason)
		}
		out.Doors[door] = d
	}
	return out, nil
}

// Section adds a part to a round's page, such as the tasks about it. It returns
// finished HTML of its own template, or "" where it has nothing to say.
type Section func(ctx context.Context, c grid.Caller, round id.ID) (template.HTML, error)

// AddSection registers a part of rounds' pages; call it before serving.
func (s *Service) AddSection(f Section) { s.parts = append(s.parts, f) }

// partsOf asks the other slices for their parts of a round's page.
func (s *Service) partsOf(ctx context.Context, c grid.Caller, round id.ID) (out []template.HTML, err error) {
	for _, f := range s.parts {
		part, err := f(ctx, c, round)
		if err != nil {
			return nil, err
		}
		if part != "" {
			out = append(out, part)
		}
	}
	return out, nil
}
