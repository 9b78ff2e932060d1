package account

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

func (s *Service) registerAdminAPI(api huma.API) {
	huma.Register(api, op("list-accounts", http.MethodGet, "/accounts", "Accounts that one administers", http.StatusOK), s.apiList)
	huma.Register(api, op("search-accounts", http.MethodPost, "/accounts/search", "Find accounts by name, log-in name or phone, which never stand in an address", http.StatusOK), s.apiSearch)
	huma.Register(api, op("create-account", http.MethodPost, "/accounts", "Make an account with the code that activates it", http.StatusCreated), s.apiCreate)
	huma.Register(api, op("get-account", http.MethodGet, "/accounts/{id}", "One account that one administers", http.StatusOK), s.apiGet)
	huma.Register(api, op("edit-account", http.MethodPut, "/accounts/{id}", "Change an account; a masked phone or log-in name means unchanged", http.StatusNoContent), s.apiEdit)
	huma.Register(api, op("set-account-state", http.MethodPut, "/accounts/{id}/state", "Lock or unlock an account; locking ends its sessions and tokens", http.StatusNoContent), s.apiState)
	huma.Register(api, op("create-account-code", http.MethodPost, "/accounts/{id}/codes", "Make a one-time code to choose a password; earlier ones end", http.StatusCreated), s.apiCode)
	huma.Register(api, op("list-account-sessions", http.MethodGet, "/accounts/{id}/sessions", "Devices on which an account is logged in", http.StatusOK), s.apiSessionsOf)
	huma.Register(api, op("end-account-second-step", http.MethodDelete, "/accounts/{id}/second-step", "End the second step of somebody who lost the app; every session ends", http.StatusNoContent), s.apiTakeSecond)
	huma.Register(api, op("end-account-session", http.MethodDelete, "/accounts/{id}/sessions/{session}", "End one session of an account", http.StatusNoContent), s.apiEndSessionOf)
	huma.Register(api, op("end-account-sessions", http.MethodDelete, "/accounts/{id}/sessions", "End every session of an account", http.StatusNoContent), s.apiEndSessions)
}

func (s *Service) apiList(ctx context.Context, in *web.PageQuery) (*body[web.Page[accountJSON]], error) {
	return s.apiPage(ctx, "", in.After, in.Limit)
}

func (s *Service) apiPage(ctx context.Context, find, after string, limit int) (*body[web.Page[accountJSON]], error) {
	list, next, err := s.List(ctx, find, after, limit)
	out, err := listed(list, err, toJSON)
	if err != nil {
		return nil, err
	}
	out.Body.Next = next
	return out, nil
}

type searchInput struct {
	Body struct {
		Find  string `json:"find" maxLength:"100"`
		After string `json:"after,omitempty" doc:"Cursor from next of the page before"`
		Limit int    `json:"limit,omitempty" minimum:"1" maximum:"500" default:"50"`
	}
}

func (s *Service) apiSearch(ctx context.Context, in *searchInput) (*body[web.Page[accountJSON]], error) {
	return s.apiPage(ctx, in.Body.Find, in.Body.After, in.Body.Limit)
}

type createInput struct {
	Body struct {
		Name   string `json:"name" maxLength:"60"`
		Login  string `json:"login,omitempty" maxLength:"60" doc:"Without it the phone is the log-in name"`
		Phone  string `json:"phone,omitempty" maxLength:"30"`
		Lang   string `json:"lang,omitempty" enum:"zh,en" default:"zh"`
		Worker bool   `json:"worker,omitempty" doc:"Sessions last 14 days on a device"`
	}
}

type codeJSON struct {
	Code    string    `json:"code" doc:"To be handed over in person; told once"`
	Expires time.Time `json:"expires"`
}

type createdJSON struct {
	Account accountJSON `json:"account"`
	Code    codeJSON    `json:"code"`
}

func (s *Service) codeOf(text string) codeJSON {
	return codeJSON{text, s.clk.Now().Add(ResetTTL).In(clock.CST)}
}

func (s *Service) apiCreate(ctx context.Context, in *createInput) (*body[createdJSON], error) {
	b := in.Body
	a, text, err := s.CreateWithCode(ctx, web.SessionFrom(ctx).AccountID, NewAccount{Login: b.Login, Name: b.Name, Phone: b.Phone, Lang: b.Lang, Worker: b.Worker})
	if err != nil {
		return nil, err
	}
	return &body[createdJSON]{createdJSON{toJSON(a), s.codeOf(text)}}, nil
}

// managed checks that the caller administers the account and returns the caller.
func (s *Service) managed(ctx context.Context, account id.ID) (by id.ID, err error) {
	return web.SessionFrom(ctx).AccountID, s.Manages(ctx, account)
}

func (s *Service) apiGet(ctx context.Context, in *byID) (*body[accountJSON], error) {
	if _, err := s.managed(ctx, in.id()); err != nil {
		return nil, err
	}
	a, err := s.Get(ctx, in.id())
	if err != nil {
		return nil, err
	}
	return &body[accountJSON]{toJSON(a)}, nil
}

type editInput struct {
	Text string `path:"id" pattern:"^[0-9]{1,19}$" doc:"Identifier"`
	Body struct {
		Name   string `json:"name" maxLength:"60"`
		Login  string `json:"login" maxLength:"60"`
		Phone  string `json:"phone,omitempty" maxLength:"30"`
		Lang   string `json:"lang" enum:"zh,en"`
		Worker bool   `json:"worker" doc:"Sessions last 14 days on a device"`
	}
}

func (s *Service) apiEdit(ctx context.Context, in *editInput) (*struct{}, error) {
	account, b := byID{in.Text}.id(), in.Body
	by, err := s.managed(ctx, account)
	if err != nil {
		return nil, err
	}
	return nil, s.SetProfile(ctx, by, account, Profile{Login: b.Login, Name: b.Name, Phone: b.Phone, Lang: b.Lang, Worker: &b.Worker})
}

type stateInput struct {
	Text string `path:"id" pattern:"^[0-9]{1,19}$" doc:"Identifier"`
	Body struct {
		State State `json:"state" enum:"active,locked"`
	}
}

func (s *Service) apiState(ctx context.Context, in *stateInput) (*struct{}, error) {
	account := byID{in.Text}.id()
	by, err := s.managed(ctx, account)
	if err != nil {
		return nil, err
	}
	return nil, s.SetState(ctx, by, account, in.Body.State)
}

func (s *Service) apiCode(ctx context.Context, in *byID) (*body[codeJSON], error) {
	by, err := s.managed(ctx, in.id())
	if err != nil {
		return nil, err
	}
	text, err := s.ResetCode(ctx, by, in.id())
	if err != nil {
		return nil, err
	}
	return &body[codeJSON]{s.codeOf(text)}, nil
}

func (s *Service) apiEndSessions(ctx context.Context, in *byID) (*struct{}, error) {
	by, err := s.managed(ctx, in.id())
	if err != nil {
		return nil, err
	}
	return nil, s.EndSessions(ctx, by, in.id(), id.Zero)
}

func (s *Service) apiSessionsOf(ctx context.Context, in *byID) (*body[web.Page[sessionJSON]], error) {
	if _, err := s.managed(ctx, in.id()); err != nil {
		return nil, err
	}
	list, err := s.Sessions(ctx, in.id())
	return listed(list, err, sessionOf)
}

func (s *Service) apiTakeSecond(ctx context.Context, in *byID) (*struct{}, error) {
	by, err := s.managed(ctx, in.id())
	if err != nil {
		return nil, err
	}
	return nil, s.TakeSecond(ctx, by, in.id())
}

type sessionOfInput struct {
	Text    string `path:"id" pattern:"^[0-9]{1,19}$" doc:"Identifier of the account"`
	Session string `path:"session" pattern:"^[0-9]{1,19}$" doc:"Identifier of the session"`
}

func (s *Service) apiEndSessionOf(ctx context.Context, in *sessionOfInput) (*struct{}, error) {
	account := byID{in.Text}.id()
	by, err := s.managed(ctx, account)
	if err != nil {
		return nil, err
	}
	return nil, s.EndSession(ctx, by, account, byID{in.Session}.id())
}
