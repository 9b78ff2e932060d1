package command

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"wangge/internal/grid"
	"wangge/internal/platform/web"
)

// RegisterAPI adds the board's operation.
func RegisterAPI(api huma.API, s *Service) {
	huma.Register(api, huma.Operation{
		OperationID: "get-board", Method: http.MethodGet, Path: "/api/v1/board", Tags: []string{"command"},
		Summary: "One table: the children of an area with population, coverage of a round and vacancies",
	}, func(ctx context.Context, in *struct {
		Area  web.IDParam `query:"area" doc:"An area; default: the highest one your posts cover"`
		Round web.IDParam `query:"round" doc:"An open round; default: the latest"`
	}) (*struct{ Body *Board }, error) {
		c, err := grid.CallerFrom(ctx)
		if err != nil {
			return nil, err
		}
		b, err := s.Board(ctx, c, in.Area.ID, in.Round.ID)
		if err != nil {
			return nil, err
		}
		return &struct{ Body *Board }{b}, nil
	})
}
