package trust

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/web"
)

// RegisterAPI adds the audit operations.
func RegisterAPI(api huma.API, s *Service) {
	registerExports(api, s)
	registerLooks(api, s)
	huma.Register(api, huma.Operation{
		OperationID: "list-audit", Method: http.MethodGet, Path: "/api/v1/audit", Tags: []string{"audit"},
		Summary: "Who did what, newest first",
	}, func(ctx context.Context, in *struct {
		Account web.IDParam `query:"account" doc:"Only what this account did"`
		Object  web.IDParam `query:"object" doc:"Only what was done to this record"`
		Action  string      `query:"action" doc:"An action, or the beginning of one ending in a dot, as ledger."`
		Day     string      `query:"day" doc:"One day in UTC+8, as 2006-01-02"`
		web.PageQuery
	}) (*struct{ Body web.Page[Row] }, error) {
		c, err := grid.CallerFrom(ctx)
		if err != nil {
			return nil, err
		}
		f, err := narrow(audit.Filter{Account: in.Account.ID, ObjectID: in.Object.ID, Action: in.Action}, in.Day)
		if err != nil {
			return nil, err
		}
		rows, next, err := s.List(ctx, c, f, in.After, in.Limit)
		if err != nil {
			return nil, err
		}
		return &struct{ Body web.Page[Row] }{web.Page[Row]{Items: rows, Next: next}}, nil
	})
}
