package staff

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"wangge/internal/grid"
	"wangge/internal/platform/web"
)

type answer[T any] struct{ Body T }

func op[I, O any](api huma.API, o huma.Operation, fn func(ctx context.Context, c grid.Caller, in *I) (*O, error)) {
	o.Path, o.Tags = "/api/v1"+o.Path, []string{"posts"}
	huma.Register(api, o, func(ctx context.Context, in *I) (*O, error) {
		c, err := grid.CallerFrom(ctx)
		if err != nil {
			return nil, err
		}
		return fn(ctx, c, in)
	})
}

type importIn struct {
	Place    web.IDParam `query:"place" doc:"The area of rows that name none; default: the highest place your posts cover"`
	File     string      `query:"file" maxLength:"200" default:"posts" doc:"The file's name, as shown"`
	Dry      bool        `query:"dry_run" doc:"Say what would change and change nothing"`
	Complete bool        `query:"complete" doc:"The list is complete: who is not in it loses a post of the same roles in the same communities"`
	RawBody  []byte      `contentType:"application/octet-stream"`
}

type slipsIn struct {
	Place web.IDParam `query:"place" doc:"Default: the highest place your posts cover"`
	Again bool        `query:"again" doc:"Also for those who have a slip that is still good; it ends"`
}

// RegisterAPI adds the import of people and their slips to the API.
func RegisterAPI(api huma.API, s *Service) {
	op(api, huma.Operation{OperationID: "import-posts", Method: http.MethodPost, Path: "/posts:import", MaxBodyBytes: MaxBytes, BodyReadTimeout: -1,
		Summary:     "Bring the people of a list (.xlsx, .xls, .csv, as the request's body) into their posts",
		Description: "Makes accounts without a password, posts and holders; the same list again changes nothing. Rows are new, changed, ended, unchanged or refused with the reason. See the guide to posts."},
		func(ctx context.Context, c grid.Caller, in *importIn) (*answer[*Report], error) {
			do := s.Apply
			if in.Dry {
				do = s.Plan
			}
			r, err := do(ctx, c, in.RawBody, Options{Place: in.Place.ID, File: in.File, Complete: in.Complete, Lang: web.Lang(ctx)})
			return &answer[*Report]{r}, err
		})
	op(api, huma.Operation{OperationID: "list-waiting", Method: http.MethodGet, Path: "/posts/slips", Summary: "How many people in posts have not opened their accounts"},
		func(ctx context.Context, c grid.Caller, in *slipsIn) (*answer[Waiting], error) {
			_, w, err := s.Waiting(ctx, c, in.Place.ID)
			return &answer[Waiting]{w}, err
		})
	op(api, huma.Operation{OperationID: "issue-slips", Method: http.MethodPost, Path: "/posts/slips", DefaultStatus: http.StatusCreated,
		Summary:     "Issue activation slips, at most 200 a call, to people in posts who have not opened their accounts",
		Description: "Each code is good once and for seven days, and is told only in this answer. The holder chooses a password at /activate."},
		func(ctx context.Context, c grid.Caller, in *slipsIn) (*answer[[]Slip], error) {
			list, err := s.Slips(ctx, c, in.Place.ID, in.Again)
			if list == nil {
				list = []Slip{}
			}
			return &answer[[]Slip]{list}, err
		})
}
