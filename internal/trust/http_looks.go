package trust

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"wangge/internal/grid"
	"wangge/internal/platform/web"
)

// asked is an auditor's question as the API takes it.
type asked struct {
	Account web.IDParam `query:"account" doc:"Only what this account did"`
	From    string      `query:"from" doc:"The first day, in UTC+8" example:"2022-11-21"`
	Until   string      `query:"until" doc:"The last day, in UTC+8" example:"2022-11-27"`
	web.PageQuery
}

func registerLooks(api huma.API, s *Service) {
	op := func(name, path, summary string) huma.Operation {
		return huma.Operation{OperationID: name, Method: http.MethodGet, Path: "/api/v1/audit/" + path, Summary: summary, Tags: []string{"audit"}}
	}
	called(api, op("audit-looks", "looks", "Who looked at whose unmasked fields and why, newest first; the person stays a number"),
		func(ctx context.Context, c grid.Caller, in *struct {
			Door   web.IDParam `query:"door" doc:"Only at who lives or lived behind this door"`
			Person web.IDParam `query:"person" doc:"Only at this person"`
			asked
		}) (*answer[web.Page[LookRow]], error) {
			rows, next, err := s.Looks(ctx, c, Question{Door: in.Door.ID, Person: in.Person.ID, Account: in.Account.ID, From: in.From, Until: in.Until}, in.After, in.Limit)
			return &answer[web.Page[LookRow]]{web.Page[LookRow]{Items: rows, Next: next}}, err
		})
	called(api, op("audit-exports", "exports", "What was taken out, masked and unmasked, newest first"),
		func(ctx context.Context, c grid.Caller, in *asked) (*answer[web.Page[ExportRow]], error) {
			rows, next, err := s.Taken(ctx, c, Question{Account: in.Account.ID, From: in.From, Until: in.Until}, in.After, in.Limit)
			return &answer[web.Page[ExportRow]]{web.Page[ExportRow]{Items: rows, Next: next}}, err
		})
}
