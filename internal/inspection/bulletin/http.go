package bulletin

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"wangge/internal/grid"
	"wangge/internal/platform/web"
)

type body[T any] struct{ Body T }

func answered[T any](v T, err error) (*body[T], error) {
	if err != nil {
		return nil, err
	}
	return &body[T]{v}, nil
}

type byIDIn struct {
	ID web.IDParam `path:"id"`
}

// RegisterAPI adds the operations of bulletins.
func RegisterAPI(api huma.API, s *Service) {
	op := func(name, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: name, Method: method, Path: "/api/v1" + path, Tags: []string{"bulletins"}, Summary: summary}
	}
	huma.Register(api, op("list-bulletins", http.MethodGet, "/bulletins", "Bulletins of a series that one may see, the latest first"), s.apiList)
	huma.Register(api, op("create-bulletin", http.MethodPost, "/bulletins", "Begin a draft"), s.apiCreate)
	huma.Register(api, op("get-bulletin", http.MethodGet, "/bulletins/{id}", "A bulletin with its entries and figures"), s.apiShow)
	huma.Register(api, op("change-bulletin", http.MethodPost, "/bulletins/{id}", "Write, show, publish or withdraw it"), s.apiChange)
	huma.Register(api, op("list-named", http.MethodGet, "/named", "What names the caller in person"), s.apiMine)
	huma.Register(api, op("open-named", http.MethodPost, "/named/{id}/open", "Read what names one; the first time begins the time to reply"), s.apiOpen)
	huma.Register(api, op("reply-named", http.MethodPost, "/named/{id}/reply", "Reply to it, once; published beneath as it is"), s.apiReply)
}

func (s *Service) apiList(ctx context.Context, in *struct {
	Kind Kind        `query:"kind" required:"true" enum:"work,discipline"`
	Area web.IDParam `query:"area" doc:"Of this area, below it and above it; without it all"`
}) (*body[web.Page[Bulletin]], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	list, err := s.List(ctx, c, in.Kind, in.Area.ID)
	return answered(web.Page[Bulletin]{Items: append([]Bulletin{}, list...)}, err)
}

func (s *Service) apiCreate(ctx context.Context, in *body[NewBulletin]) (*body[Bulletin], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	return answered(s.Create(ctx, c, in.Body))
}

func (s *Service) apiShow(ctx context.Context, in *byIDIn) (*body[View], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	return answered(s.Bulletin(ctx, c, in.ID.ID))
}

func (s *Service) apiChange(ctx context.Context, in *struct {
	ID   web.IDParam `path:"id"`
	Body Change
}) (*body[View], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	return answered(s.Change(ctx, c, in.ID.ID, in.Body))
}

func (s *Service) apiMine(ctx context.Context, _ *struct{}) (*body[web.Page[Notice]], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	list, err := s.Mine(ctx, c)
	return answered(web.Page[Notice]{Items: list}, err)
}

func (s *Service) apiOpen(ctx context.Context, in *byIDIn) (*body[Notice], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	return answered(s.Open(ctx, c, in.ID.ID))
}

func (s *Service) apiReply(ctx context.Context, in *struct {
	ID   web.IDParam `path:"id"`
	Body struct {
		Words string `json:"words" maxLength:"500"`
	}
}) (*body[Notice], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	return answered(s.Reply(ctx, c, in.ID.ID, in.Body.Words))
}
