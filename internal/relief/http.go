package relief

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"wangge/internal/grid"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

type body[T any] struct{ Body T }

// listIn narrows the list of changes; the last day without a time given.
type listIn struct {
	PostID  web.IDParam `query:"post_id" doc:"Of one post"`
	FromMs  int64       `query:"from_ms" doc:"Shifts that ended from then on; missing: a day before until_ms"`
	UntilMs int64       `query:"until_ms" doc:"and before; missing: now"`
}

// RegisterAPI adds changes of shift to the API.
func RegisterAPI(api huma.API, s *Service) {
	op := func(name, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: name, Method: method, Path: "/api/v1/relief" + path, Summary: summary, Tags: []string{"relief"}}
	}
	huma.Register(api, op("list-shift-handovers", http.MethodGet, "", "Changes of shift that were signed or were late, the last first, at most 500"), s.apiList)
	huma.Register(api, op("get-shift-handover", http.MethodGet, "/{id}", "A change of shift of a post, with what is open"), s.apiGet)
	huma.Register(api, web.OpAs(web.Work, op("sign-shift-handover", http.MethodPost, "/{id}/signatures", "Sign a change of shift, as who goes or as who comes")), s.apiSign)
}

func (s *Service) apiList(ctx context.Context, in *listIn) (*body[[]Line], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	q := Asked{in.PostID.ID, in.FromMs, in.UntilMs}
	if q.UntilMs == 0 {
		q.UntilMs = s.now()
	}
	if q.FromMs == 0 {
		q.FromMs = q.UntilMs - dayMs
	}
	list, err := s.Handovers(ctx, c, q)
	return &body[[]Line]{list}, err
}

func (s *Service) apiGet(ctx context.Context, in *struct {
	ID    web.IDParam `path:"id" doc:"The post"`
	EndMs int64       `query:"end_ms" doc:"When the shift ends; missing: the change at hand"`
}) (*body[View], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	return s.apiView(ctx, c, in.ID.ID, in.EndMs)
}

func (s *Service) apiView(ctx context.Context, c grid.Caller, post id.ID, endMs int64) (*body[View], error) {
	v, err := s.Handover(ctx, c, post, endMs)
	if err != nil {
		return nil, err
	}
	return &body[View]{v}, nil
}

func (s *Service) apiSign(ctx context.Context, in *struct {
	ID   web.IDParam `path:"id" doc:"The post"`
	Body struct {
		EndMs int64  `json:"end_ms" doc:"When the shift ends, as it was read"`
		Side  string `json:"side" enum:"out,in"`
		Note  string `json:"note,omitempty" doc:"Of out: what the relief must know"`
	}
}) (*body[View], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := s.Sign(ctx, c, in.ID.ID, in.Body.EndMs, in.Body.Side, in.Body.Note); err != nil {
		return nil, err
	}
	return s.apiView(ctx, c, in.ID.ID, in.Body.EndMs)
}
