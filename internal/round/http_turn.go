package round

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"wangge/internal/grid"
	"wangge/internal/platform/web"
)

// registerTurns adds what repeats and what is reported: occurrences, cut-offs,
// nil returns, the text for a group and the plan of the day.
func (s *Service) registerTurns(api huma.API) {
	huma.Register(api, operation("round-occurrences", http.MethodGet, "/rounds/{id}/occurrences", "rounds", "The latest occurrences with their figures, the oldest first", 200), s.apiOccurrences)
	huma.Register(api, operation("stop-repeating", http.MethodPost, "/rounds/{id}/stop", "rounds", "No further occurrence follows; the current one goes on until it is closed", 200), s.apiStep(s.StopRepeating))
	huma.Register(api, operation("list-cutoffs", http.MethodGet, "/rounds/{id}/cutoffs", "rounds", "Cut-offs, the latest first", 200), s.apiCutoffs)
	huma.Register(api, operation("take-cutoff", http.MethodPost, "/rounds/{id}/cutoffs", "rounds", "Freeze the figures as they stand", 201), s.apiCutNow)
	huma.Register(api, operation("get-cutoff", http.MethodGet, "/cutoffs/{id}", "rounds", "A cut-off at a place: the frozen figures, and beside them what late news change", 200), s.apiCutoff)
	huma.Register(api, operation("list-reports", http.MethodGet, "/reports", "rounds", "Reports one's own posts and areas owe, with what they would say by the figures at hand", 200), s.apiReports)
	huma.Register(api, operation("confirm-report", http.MethodPost, "/reports", "rounds", "Give a report, as drafted or as changed", 200), s.apiReport)
	huma.Register(api, operation("day-plan", http.MethodGet, "/plan", "today", "Today's work of a place against the hands in post", 200), s.apiPlan)
	huma.Register(api, operation("round-text", http.MethodGet, "/rounds/{id}/text", "rounds", "A report for a chat group: counts only", 200), s.apiText)
}

func (s *Service) apiOccurrences(ctx context.Context, in *byIDIn) (*body[web.Page[Occurrence]], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	list, err := s.Occurrences(ctx, c, in.ID.ID)
	return items(list, "", err)
}

func (s *Service) apiCutoffs(ctx context.Context, in *byIDIn) (*body[web.Page[Cutoff]], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	list, err := s.Cutoffs(ctx, c, in.ID.ID)
	return items(list, "", err)
}

func (s *Service) apiCutNow(ctx context.Context, in *byIDIn) (*body[Cutoff], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	return out(s.CutNow(ctx, c, in.ID.ID))
}

type cutoffIn struct {
	ID    web.IDParam `path:"id"`
	Place web.IDParam `query:"place" doc:"Without it the round's area"`
}

func (s *Service) apiCutoff(ctx context.Context, in *cutoffIn) (*body[CutoffView], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	return out(s.CutoffAt(ctx, c, in.ID.ID, in.Place.ID))
}

func (s *Service) apiReports(ctx context.Context, _ *struct{}) (*body[web.Page[Report]], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	list, err := s.Reports(ctx, c)
	return items(list, "", err)
}

func (s *Service) apiReport(ctx context.Context, in *body[ReportInput]) (*body[MarkResult], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	return out(s.ConfirmReport(ctx, c, in.Body))
}

type planIn struct {
	Place web.IDParam `query:"place" required:"true"`
}

func (s *Service) apiPlan(ctx context.Context, in *planIn) (*body[DayPlan], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	p, err := s.placeFor(ctx, c, grid.RoundRead, in.Place.ID)
	if err != nil {
		return nil, err
	}
	return out(s.PlanAt(ctx, c, p.Path))
}

type textIn struct {
	ID    web.IDParam `path:"id"`
	Place web.IDParam `query:"place" doc:"Without it the highest place your posts cover"`
}

type textBody struct {
	Text string `json:"text"`
}

func (s *Service) apiText(ctx context.Context, in *textIn) (*body[textBody], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	text, err := s.GroupText(ctx, c, GroupTextInput{RoundID: in.ID.ID, PlaceID: in.Place.ID})
	return out(textBody{text}, err)
}
