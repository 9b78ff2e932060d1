package inspection

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"wangge/internal/grid"
	"wangge/internal/platform/blob"
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

// listed is an inspection with what is to be visited.
type listed struct {
	Inspection
	Items []Item `json:"items"`
}

// RegisterAPI adds the operations of inspections.
func RegisterAPI(api huma.API, s *Service) {
	op := func(name, method, path, summary string) huma.Operation {
		return huma.Operation{OperationID: name, Method: method, Path: "/api/v1/inspections" + path, Tags: []string{"inspections"}, Summary: summary}
	}
	huma.Register(api, op("list-inspections", http.MethodGet, "", "Inspections in an area"), s.apiList)
	huma.Register(api, op("draw-inspection", http.MethodPost, "", "Draw a list of unannounced visits"), s.apiDraw)
	huma.Register(api, op("get-inspection", http.MethodGet, "/{id}", "A list with what is to be visited"), s.apiShow)
	huma.Register(api, op("get-inspection-item", http.MethodGet, "/visits/{id}", "One to be visited, with its visits"), s.apiItem)
	visit := web.OpAs(web.Work, op("record-inspection-visit", http.MethodPost, "/visits/{id}", "Record a visit; what was found becomes a task"))
	visit.MaxBodyBytes, visit.BodyReadTimeout = MaxPhotos*blob.MaxInJSON, -1
	huma.Register(api, visit, s.apiVisit)
}

func (s *Service) apiList(ctx context.Context, in *struct {
	Area web.IDParam `query:"area" required:"true"`
}) (*body[web.Page[Inspection]], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	list, err := s.List(ctx, c, in.Area.ID)
	return answered(web.Page[Inspection]{Items: append([]Inspection{}, list...)}, err)
}

func (s *Service) apiDraw(ctx context.Context, in *body[NewInspection]) (*body[Inspection], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	return answered(s.Draw(ctx, c, in.Body))
}

func (s *Service) apiShow(ctx context.Context, in *byIDIn) (*body[listed], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	i, items, err := s.Inspection(ctx, c, in.ID.ID)
	return answered(listed{i, items}, err)
}

func (s *Service) apiItem(ctx context.Context, in *byIDIn) (*body[View], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	return answered(s.Item(ctx, c, in.ID.ID))
}

func (s *Service) apiVisit(ctx context.Context, in *struct {
	ID   web.IDParam `path:"id"`
	Body struct {
		NewVisit
		Photos [][]byte `json:"photos,omitempty" maxItems:"3" doc:"JPEG or PNG in base64, each at most 20 MB; encoded anew without metadata"`
	}
}) (*body[View], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	photos := make([]io.Reader, len(in.Body.Photos))
	for i, b := range in.Body.Photos {
		photos[i] = bytes.NewReader(b)
	}
	return answered(s.Visit(ctx, c, in.ID.ID, in.Body.NewVisit, photos...))
}
