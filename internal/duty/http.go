package duty

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"wangge/internal/grid"
	"wangge/internal/platform/web"
)

// RegisterAPI adds the operations of duty numbers, their rotas and calls.
func RegisterAPI(api huma.API, s *Service) {
	registerCalls(api, s)
	type answer struct{ Body Number }
	huma.Register(api, web.OpAs(web.Urgent, huma.Operation{
		OperationID: "get-duty-number", Method: http.MethodGet, Path: "/api/v1/areas/{id}/duty", Tags: []string{"areas"},
		Summary: "The duty number that holds at an area: its own, or the nearest above",
	}), func(ctx context.Context, in *struct {
		ID web.IDParam `path:"id"`
	}) (*answer, error) {
		c, err := grid.CallerFrom(ctx)
		if err != nil {
			return nil, err
		}
		n, err := s.For(ctx, c, in.ID.ID)
		return &answer{n}, err
	})
	huma.Register(api, huma.Operation{
		OperationID: "set-duty-number", Method: http.MethodPut, Path: "/api/v1/areas/{id}/duty", Tags: []string{"areas"},
		Summary: "Give an area its duty number; an empty phone takes it away",
	}, func(ctx context.Context, in *struct {
		ID   web.IDParam `path:"id"`
		Body struct {
			Phone string `json:"phone" doc:"The office's number, as 0451-87654321 or 12345"`
			Hours string `json:"hours,omitempty" doc:"When somebody answers"`
		}
	}) (*answer, error) {
		c, err := grid.CallerFrom(ctx)
		if err != nil {
			return nil, err
		}
		n, err := s.Set(ctx, c, in.ID.ID, in.Body.Phone, in.Body.Hours)
		return &answer{n}, err
	})
}
