package importer

import (
	"context"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"wangge/internal/grid"
	"wangge/internal/platform/web"
)

// registerReconcile adds the comparison of a roster with the ledger.
func registerReconcile(api huma.API, s *Service) {
	op(api, huma.Operation{OperationID: "import-reconcile", Method: http.MethodPost, Path: "/imports/{id}/reconcile", Summary: "Compare a planned import with the ledger, person by person; earlier decisions go"},
		func(ctx context.Context, c grid.Caller, in *struct {
			ByID
			Body struct {
				Source string `json:"source,omitempty" maxLength:"40" doc:"Whose roster it is; its rules are remembered"`
				AsOf   string `json:"as_of,omitempty" doc:"The day the roster speaks of, 2006-01-02; the upload's if left out"`
				Rules  *Rules `json:"rules,omitempty" doc:"Those remembered for the source if left out"`
			}
		}) (*answer[*Import], error) {
			v, err := s.Reconcile(ctx, c, in.id(), ReconcileOptions{in.Body.Source, in.Body.AsOf, in.Body.Rules})
			return &answer[*Import]{v}, err
		})
	op(api, huma.Operation{OperationID: "import-rules", Method: http.MethodPut, Path: "/imports/{id}/rules", Summary: "Change the rules of a comparison; remembered for its source"},
		func(ctx context.Context, c grid.Caller, in *struct {
			ByID
			Body Rules
		}) (*answer[*Import], error) {
			v, err := s.SetRules(ctx, c, in.id(), in.Body)
			return &answer[*Import]{v}, err
		})
	op(api, huma.Operation{OperationID: "import-items", Method: http.MethodGet, Path: "/imports/{id}/items", Summary: "Where a roster and the ledger differ, with what would be done"},
		func(ctx context.Context, c grid.Caller, in *struct {
			ByID
			Class string `query:"class" enum:"differs,only_here,only_there" doc:"All classes if left out"`
			Field string `query:"field" doc:"Only items that differ in this field"`
			Open  bool   `query:"open" doc:"Only items no person decided"`
			After int    `query:"after" minimum:"0"`
			Limit int    `query:"limit" minimum:"1" maximum:"500" default:"100"`
		}) (*answer[web.Page[Item]], error) {
			list, next, err := s.Items(ctx, c, in.id(), ItemFilter{Class(in.Class), in.Field, in.Open}, in.After, in.Limit)
			out := web.Page[Item]{Items: append([]Item{}, list...)}
			if next > 0 {
				out.Next = strconv.Itoa(next)
			}
			return &answer[web.Page[Item]]{out}, err
		})
	op(api, huma.Operation{OperationID: "import-decide", Method: http.MethodPost, Path: "/imports/{id}/decisions", Summary: "Decide items one by one, or all of a kind at once"},
		func(ctx context.Context, c grid.Caller, in *struct {
			ByID
			Body struct {
				Decisions []Decision `json:"decisions,omitempty" maxItems:"2000"`
				All       *struct {
					Class string `json:"class" enum:"differs,only_here,only_there"`
					Field string `json:"field,omitempty"`
					Open  bool   `json:"open,omitempty"`
					Word  string `json:"word" enum:"theirs,ours,add,skip,keep,depart," doc:"Empty: by the rules again"`
				} `json:"all,omitempty"`
			}
		}) (*answer[decided], error) {
			n := len(in.Body.Decisions)
			err := s.Decide(ctx, c, in.id(), in.Body.Decisions)
			if all := in.Body.All; all != nil && err == nil {
				n, err = s.DecideAll(ctx, c, in.id(), ItemFilter{Class(all.Class), all.Field, all.Open}, all.Word)
			}
			return &answer[decided]{decided{n}}, err
		})
}

type decided struct {
	Decided int `json:"decided" doc:"Items that were decided"`
}
