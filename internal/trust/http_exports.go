package trust

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"wangge/internal/grid"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

type answer[T any] struct{ Body T }

type byID struct {
	ID web.IDParam `path:"id"`
}

// called adds an operation that needs a caller.
func called[I, O any](api huma.API, o huma.Operation, fn func(ctx context.Context, c grid.Caller, in *I) (*O, error)) {
	huma.Register(api, o, func(ctx context.Context, in *I) (*O, error) {
		c, err := grid.CallerFrom(ctx)
		if err != nil {
			return nil, err
		}
		return fn(ctx, c, in)
	})
}

func registerExports(api huma.API, s *Service) {
	op := func(name, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: name, Method: method, Path: "/api/v1/exports" + path, Summary: summary, Tags: []string{"exports"}}
	}
	called(api, op("exports-list", http.MethodGet, "", "Unmasked lists one asked for or may decide on, newest first"),
		func(ctx context.Context, c grid.Caller, in *struct{ web.PageQuery }) (*answer[web.Page[Request]], error) {
			rows, next, err := s.Exports(ctx, c, in.After, in.Limit)
			return &answer[web.Page[Request]]{web.Page[Request]{Items: rows, Next: next}}, err
		})
	ask := op("export-ask", http.MethodPost, "", "Ask for a list of persons unmasked: up to 200 at once, above that a second person of another post approves")
	ask.DefaultStatus = http.StatusCreated
	called(api, ask, func(ctx context.Context, c grid.Caller, in *answer[NewExport]) (*answer[Request], error) {
		r, err := s.Ask(ctx, c, in.Body)
		return &answer[Request]{r}, err
	})
	for _, o := range []struct {
		op huma.Operation
		do func(context.Context, grid.Caller, id.ID) (Request, error)
	}{
		{op("export-get", http.MethodGet, "/{id}", "An export and what became of it"), s.Export},
		{op("export-approve", http.MethodPost, "/{id}/approve", "Let an export go, as the second person"), s.Approve},
		{op("export-refuse", http.MethodPost, "/{id}/refuse", "Refuse an export, as the second person"), s.Refuse},
		{op("export-withdraw", http.MethodPost, "/{id}/withdraw", "Take one's own export back; its file is deleted"), s.Withdraw},
	} {
		called(api, o.op, func(ctx context.Context, c grid.Caller, in *byID) (*answer[Request], error) {
			r, err := o.do(ctx, c, in.ID.ID)
			return &answer[Request]{r}, err
		})
	}
	called(api, op("export-file", http.MethodGet, "/{id}/file", "The workbook, for who asked and nobody else, for 24 hours and at most three times"),
		func(ctx context.Context, c grid.Caller, in *byID) (*web.FileAnswer, error) {
			name, book, err := s.Fetch(ctx, c, in.ID.ID)
			return web.NewFileAnswer(name, web.XLSX, book), err
		})
}
