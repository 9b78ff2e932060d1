package duty

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

type body[T any] struct{ Body T }

func answered[T any](v T, err error) (*body[T], error) {
	if err != nil {
		return nil, err
	}
	return &body[T]{v}, nil
}

// registerCalls adds the operations of calls and rotas.
func registerCalls(api huma.API, s *Service) {
	op := func(name, method, path, tag, summary string) huma.Operation {
		return huma.Operation{OperationID: name, Method: method, Path: "/api/v1" + path, Tags: []string{tag}, Summary: summary}
	}
	huma.Register(api, web.OpAs(web.Work, op("log-call", http.MethodPost, "/calls", "calls", "Log a call to a duty number; it becomes a task")), s.apiLog)
	huma.Register(api, op("list-calls", http.MethodGet, "/calls", "calls", "Calls of a day about an area"), s.apiCalls)
	huma.Register(api, op("get-call", http.MethodGet, "/calls/{id}", "calls", "A call, and how far its task is"), s.apiCall)
	huma.Register(api, op("get-rota", http.MethodGet, "/areas/{id}/rota", "areas", "Who answers an area's duty number"), s.apiRota)
	huma.Register(api, op("set-rota", http.MethodPut, "/areas/{id}/rota", "areas", "Set which posts answer an area's duty number, in their order"), s.apiSetRota)
}

func (s *Service) apiLog(ctx context.Context, in *body[NewCall]) (*body[Call], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	return answered(s.Log(ctx, c, in.Body))
}

func (s *Service) apiCalls(ctx context.Context, in *struct {
	Area web.IDParam `query:"area" required:"true"`
	Day  string      `query:"day" doc:"2006-01-02 in UTC+8; today without one"`
}) (*body[web.Page[Call]], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	day := s.Clock.Now()
	if in.Day != "" {
		if day, err = time.ParseInLocation(time.DateOnly, in.Day, clock.CST); err != nil {
			return nil, errs.Field(errs.E("duty.Calls", errs.Invalid, "error.bad_date"), "day")
		}
	}
	list, err := s.Calls(ctx, c, in.Area.ID, day)
	return answered(web.Page[Call]{Items: append([]Call{}, list...)}, err)
}

func (s *Service) apiCall(ctx context.Context, in *struct {
	ID web.IDParam `path:"id"`
}) (*body[Call], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	return answered(s.Call(ctx, c, in.ID.ID))
}

func (s *Service) apiRota(ctx context.Context, in *struct {
	ID web.IDParam `path:"id"`
}) (*body[Rota], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	return answered(s.Rota(ctx, c, in.ID.ID))
}

func (s *Service) apiSetRota(ctx context.Context, in *struct {
	ID   web.IDParam `path:"id"`
	Body struct {
		PostIDs []id.ID `json:"post_ids" maxItems:"50"`
	}
}) (*body[Rota], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.SetRota(ctx, c, in.ID.ID, in.Body.PostIDs); err != nil {
		return nil, err
	}
	return answered(s.Rota(ctx, c, in.ID.ID))
}
