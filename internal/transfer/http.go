package transfer

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

type body[T any] struct{ Body T }

type byIDIn struct {
	ID web.IDParam `path:"id"`
}

// Change is one thing done with a transfer, as programs give it.
type Change struct {
	Do      string  `json:"do" enum:"list,off,care,accept,start,confirm,confirm_both,call_off"`
	Version int     `json:"version,omitempty" doc:"As it was read; a change by somebody else since then is a conflict"`
	LeftID  id.ID   `json:"left_id,omitempty" doc:"Of off, care and accept"`
	List    Listing `json:"list,omitempty" doc:"Of list"`
	Care    Care    `json:"care,omitempty" doc:"Of care"`
	Note    string  `json:"note,omitempty" doc:"Of call_off: why"`
	Code    string  `json:"code,omitempty" doc:"Of confirm: the other side's"`
	Name    string  `json:"name,omitempty" doc:"Of confirm, where there is no code: of whom the other side is"`
}

// Change does one thing with a transfer: see List, TakeOff, Care, Accept, Start,
// Confirm, ConfirmBoth and CallOff.
func (s *Service) Change(ctx context.Context, c grid.Caller, transfer id.ID, in Change) (Transfer, error) {
	switch in.Do {
	case "list":
		return s.List(ctx, c, transfer, in.Version, in.List)
	case "off":
		return s.TakeOff(ctx, c, transfer, in.Version, in.LeftID)
	case "care":
		in.Care.LeftID = in.LeftID
		return s.Care(ctx, c, transfer, in.Version, in.Care)
	case "accept":
		return s.Accept(ctx, c, transfer, in.LeftID)
	case "start":
		return s.Start(ctx, c, transfer, in.Version)
	case "confirm":
		return s.Confirm(ctx, c, transfer, in.Code, in.Name)
	case "confirm_both":
		return s.ConfirmBoth(ctx, c, transfer)
	case "call_off":
		return s.CallOff(ctx, c, transfer, in.Version, in.Note)
	}
	return Transfer{}, errs.E("transfer.Change", errs.Invalid, "task.action.unknown")
}

// RegisterAPI adds transfers to the API.
func RegisterAPI(api huma.API, s *Service) {
	op := func(name, method, path, summary string, status int) huma.Operation {
		return huma.Operation{OperationID: name, Method: method, Path: "/api/v1" + path, Summary: summary, Tags: []string{"transfers"}, DefaultStatus: status}
	}
	huma.Register(api, op("list-transfers", http.MethodGet, "/transfers", "Transfers one's posts have to do with", 200), s.apiList)
	huma.Register(api, op("plan-transfer", http.MethodPost, "/transfers", "Plan a transfer of people, hand to hand", 201), s.apiPlan)
	huma.Register(api, op("get-transfer", http.MethodGet, "/transfers/{id}", "A transfer with its hops and who stays behind", 200), s.apiGet)
	huma.Register(api, web.OpAs(web.Work, op("change-transfer", http.MethodPost, "/transfers/{id}/changes", "Confirm the list, name a carer, accept, start, confirm a hand-over or call off", 200)), s.apiChange)
}

func (s *Service) apiList(ctx context.Context, _ *struct{}) (*body[[]Line], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	list, err := s.Transfers(ctx, c)
	return &body[[]Line]{list}, err
}

func (s *Service) apiPlan(ctx context.Context, in *body[Plan]) (*body[View], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	t, err := s.Create(ctx, c, in.Body)
	if err != nil {
		return nil, err
	}
	return s.apiView(ctx, c, t.ID)
}

func (s *Service) apiView(ctx context.Context, c grid.Caller, transfer id.ID) (*body[View], error) {
	v, err := s.Transfer(ctx, c, transfer)
	if err != nil {
		return nil, err
	}
	return &body[View]{v}, nil
}

func (s *Service) apiGet(ctx context.Context, in *byIDIn) (*body[View], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	return s.apiView(ctx, c, in.ID.ID)
}

func (s *Service) apiChange(ctx context.Context, in *struct {
	byIDIn
	Body Change
}) (*body[View], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := s.Change(ctx, c, in.ID.ID, in.Body); err != nil {
		return nil, err
	}
	return s.apiView(ctx, c, in.ID.ID)
}
