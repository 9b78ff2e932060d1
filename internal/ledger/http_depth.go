package ledger

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"wangge/internal/grid"
	"wangge/internal/platform/id"
)

func registerMerges(api huma.API, s *Service) {
	type pairOf struct {
		ByID
		Body struct {
			Other id.ID `json:"other" doc:"The other record"`
		}
	}
	op(api, http.MethodGet, "/duplicates", "duplicates-list", "ledger", "Records that may be of one person, the surest first", func(ctx context.Context, c grid.Caller, in *struct {
		Place string `query:"place" pattern:"^[0-9]*$" doc:"A community or a place below one; without it one's own scope"`
	}) (*body[[]Candidate], error) {
		list, _, err := s.Duplicates(ctx, c, idOf(in.Place))
		return &body[[]Candidate]{append([]Candidate{}, list...)}, err
	})
	op(api, http.MethodPost, "/persons/{id}/apart", "person-apart", "ledger", "Record that two records are of two people", func(ctx context.Context, c grid.Caller, in *pairOf) (*struct{}, error) {
		return nil, s.KeepApart(ctx, c, in.id(), in.Body.Other)
	})
	op(api, http.MethodPost, "/persons/{id}/merges/{item}/undo", "merge-undo", "ledger", "Undo a merge; 409 once somebody changed one of the two records", func(ctx context.Context, c grid.Caller, in *struct {
		ByID
		Item string `path:"item" pattern:"^[0-9]{1,19}$" doc:"The merge"`
	}) (*struct{}, error) {
		return nil, s.UndoMerge(ctx, c, in.id(), idOf(in.Item))
	})
}
