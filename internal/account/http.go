package account

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
	"wangge/internal/platform/web"
)

// accountJSON is an account in the API. The phone is masked.
type accountJSON struct {
	ID        id.ID     `json:"id"`
	Name      string    `json:"name"`
	Phone     string    `json:"phone,omitempty" doc:"Masked" example:"138****1234"`
	Lang      string    `json:"lang" enum:"zh,en"`
	State     State     `json:"state" enum:"active,locked"`
	Activated bool      `json:"activated" doc:"A password was set"`
	Worker    bool      `json:"worker" doc:"Sessions last 14 days on a device"`
	Created   time.Time `json:"created"`
}

func toJSON(a Account) accountJSON {
	return accountJSON{a.ID, a.Name, seal.MaskPhone(a.Phone), a.Lang, a.State, a.HasPassword, a.Worker, clock.FromMs(a.Created)}
}

type sessionJSON struct {
	ID      id.ID     `json:"id"`
	Device  string    `json:"device" doc:"Class of device" example:"android"`
	Created time.Time `json:"created"`
	Seen    time.Time `json:"seen" doc:"Last use, to ten minutes"`
	Expires time.Time `json:"expires"`
}

func sessionOf(k SessionInfo) sessionJSON {
	return sessionJSON{k.ID, k.Device, clock.FromMs(k.Created), clock.FromMs(k.Seen), clock.FromMs(k.Expires)}
}

type tokenJSON struct {
	ID      id.ID     `json:"id"`
	Post    id.ID     `json:"post"`
	Name    string    `json:"name"`
	Origin  string    `json:"origin,omitempty" doc:"The district it was given to: it hands people over in its name and does nothing else"`
	Created time.Time `json:"created"`
	Expires time.Time `json:"expires"`
	Secret  string    `json:"secret,omitempty" doc:"Told once, when the token is made"`
}

func tokenOf(t Token, secret string) tokenJSON {
	return tokenJSON{t.ID, t.Post, t.Name, t.Origin, clock.FromMs(t.Created), clock.FromMs(t.Expires), secret}
}

// sender is where a request comes from; huma fills it.
type sender struct {
	remote, agent string
	secure        bool
}

// Resolve reads the sender from the request (huma's seam).
func (s *sender) Resolve(c huma.Context) []error {
	s.remote, s.agent = c.RemoteAddr(), c.Header("User-Agent")
	s.secure = c.TLS() != nil || c.Header(web.TrustedProto) == "https"
	return nil
}

type loginInput struct {
	sender
	Ticket string `cookie:"wangge_queue" doc:"Place in the queue, from the answer 429 to the same log-in"`
	Body   struct {
		Login    string `json:"login" maxLength:"100" doc:"Log-in name or phone"`
		Password string `json:"password" maxLength:"200"`
		Code     string `json:"code,omitempty" maxLength:"40" doc:"Code of the authenticator app, or one on paper, where the account has a second step"`
	}
}

type loginOutput struct {
	SetCookie []http.Cookie `header:"Set-Cookie"`
	Body      struct {
		Session sessionJSON `json:"session"`
		Account accountJSON `json:"account"`
	}
}

type body[T any] struct{ Body T }

// byID is the {id} of a path. It is text because huma reads a parameter of an
// integer kind as a number, which an identifier in JSON is not.
type byID struct {
	Text string `path:"id" pattern:"^[0-9]{1,19}$" doc:"Identifier"`
}

// id returns the identifier; Zero, which names nothing, where it is out of range.
func (b byID) id() id.ID {
	v, err := id.Parse(b.Text)
	if err != nil {
		return id.Zero
	}
	return v
}

// op is an operation of this slice.
func op(name, method, path, summary string, status int) huma.Operation {
	return huma.Operation{OperationID: name, Method: method, Path: "/api/v1" + path, Summary: summary, Tags: []string{"accounts"}, DefaultStatus: status}
}

// RegisterAPI adds sessions, tokens and accounts to the API.
func (s *Service) RegisterAPI(api huma.API) {
	login := web.OpAs(web.Own, op("login", http.MethodPost, "/sessions", "Log in; the answer sets the session cookie", http.StatusCreated))
	login.Security = web.PublicOp
	huma.Register(api, login, s.apiLogin)
	huma.Register(api, op("list-sessions", http.MethodGet, "/sessions", "Own sessions", http.StatusOK), s.apiSessions)
	huma.Register(api, op("get-session", http.MethodGet, "/sessions/{id}", "One of the own sessions", http.StatusOK), s.apiSession)
	huma.Register(api, op("end-session", http.MethodDelete, "/sessions/{id}", "End one of the own sessions", http.StatusNoContent), s.apiEndSession)
	huma.Register(api, op("list-tokens", http.MethodGet, "/tokens", "Own tokens", http.StatusOK), s.apiTokens)
	huma.Register(api, op("create-token", http.MethodPost, "/tokens", "Make a token bound to a post that one holds", http.StatusCreated), s.apiCreateToken)
	huma.Register(api, op("end-token", http.MethodDelete, "/tokens/{id}", "End one of the own tokens", http.StatusNoContent), s.apiEndToken)
	huma.Register(api, op("get-own-account", http.MethodGet, "/account", "The own account", http.StatusOK), s.apiOwn)
	s.registerAdminAPI(api)
}

// listed answers a list that has no pages.
func listed[T, J any](list []T, err error, show func(T) J) (*body[web.Page[J]], error) {
	if err != nil {
		return nil, err
	}
	out := &body[web.Page[J]]{}
	out.Body.Items = make([]J, len(list))
	for i, v := range list {
		out.Body.Items[i] = show(v)
	}
	return out, nil
}

// caller returns the account of a person logged in by session. A token cannot
// manage sessions and tokens.
func caller(ctx context.Context) (id.ID, error) {
	k := web.SessionFrom(ctx)
	if k.Token {
		return 0, errs.E("account.caller", errs.Denied, "error.denied")
	}
	return k.AccountID, nil
}

func (s *Service) apiLogin(ctx context.Context, in *loginInput) (*loginOutput, error) {
	device, address := DeviceOf(in.agent), web.Host(in.remote)
	secure := in.secure
	e, q, err := s.login(ctx, Attempt{Login: in.Body.Login, Password: in.Body.Password, Device: device, Address: address, Ticket: in.Ticket}, apiPatience)
	switch {
	case q != nil:
		return nil, s.stillQueued(ctx, q, secure)
	case err != nil:
		return nil, err
	case e.SecondSetup:
		return nil, errs.E("account.login", errs.Denied, "account.second.setup_first")
	case e.SecondCode != "" && in.Body.Code == "":
		return nil, errs.Field(errs.E("account.login", errs.Unauthenticated, "account.second.needed"), "code")
	case e.SecondCode != "":
		if e, _, err = s.TakeStep(ctx, e.SecondCode, in.Body.Code, device, address); err != nil {
			return nil, err
		}
	}
	if e.ChangeCode != "" {
		return nil, errs.E("account.login", errs.Denied, "account.must_change")
	}
	out := &loginOutput{SetCookie: []http.Cookie{{
		Name: web.SessionCookie, Value: e.Token, Path: "/", Expires: time.UnixMilli(e.Session.Expires),
		HttpOnly: true, Secure: secure, SameSite: http.SameSiteLaxMode,
	}}}
	if in.Ticket != "" { // it is spent
		out.SetCookie = append(out.SetCookie, *noTicket(ticketAPI, secure))
	}
	out.Body.Session, out.Body.Account = sessionOf(e.Session), toJSON(e.Account)
	return out, nil
}

// apiPatience is how long a call waits for its turn.
const apiPatience = 20 * time.Second

// stillQueued tells a program where its log-in stands. The same call again keeps
// the place: with the cookie in every process, without it in this one.
func (s *Service) stillQueued(ctx context.Context, q *waiting, secure bool) error {
	text, err := s.sealTicket(q.ticket)
	if err != nil {
		return err
	}
	p := web.ProblemOf(web.Lang(ctx), errs.After(queued(q.ahead, q.wait), lookAgain(q.wait)))
	p.Instance, p.Place = web.RequestID(ctx), q.ahead+1
	head := http.Header{}
	head.Set("Retry-After", strconv.Itoa(p.RetryAfter))
	head.Set("Set-Cookie", cookieOf(text, ticketAPI, secure).String())
	return huma.ErrorWithHeaders(p, head)
}

func (s *Service) apiSessions(ctx context.Context, _ *struct{}) (*body[web.Page[sessionJSON]], error) {
	account, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	list, err := s.Sessions(ctx, account)
	return listed(list, err, sessionOf)
}

func (s *Service) apiSession(ctx context.Context, in *byID) (*body[sessionJSON], error) {
	account, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	list, err := s.Sessions(ctx, account)
	if err != nil {
		return nil, err
	}
	for _, k := range list {
		if k.ID == in.id() {
			return &body[sessionJSON]{sessionOf(k)}, nil
		}
	}
	return nil, errs.E("account.apiSession", errs.NotFound, "account.session_not_found")
}

func (s *Service) apiEndSession(ctx context.Context, in *byID) (*struct{}, error) {
	account, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.EndSession(ctx, account, account, in.id())
}

func (s *Service) apiTokens(ctx context.Context, _ *struct{}) (*body[web.Page[tokenJSON]], error) {
	account, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	list, err := s.ListTokens(ctx, account)
	return listed(list, err, func(t Token) tokenJSON { return tokenOf(t, "") })
}

type tokenInput struct {
	Body struct {
		Post   id.ID  `json:"post" doc:"A post held now"`
		Name   string `json:"name" maxLength:"60" doc:"What it is for"`
		Days   int    `json:"days" minimum:"1" maximum:"366" doc:"Days until it ends"`
		Origin string `json:"origin,omitempty" maxLength:"6" doc:"For a token given to another district: its national code. Such a token hands people over (POST /api/v1/leads) and does nothing else"`
	}
}

func (s *Service) apiCreateToken(ctx context.Context, in *tokenInput) (*body[tokenJSON], error) {
	account, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	t, secret, err := s.CreateToken(ctx, account, NewToken{Post: in.Body.Post, Name: in.Body.Name, TTL: time.Duration(in.Body.Days) * 24 * time.Hour, Origin: in.Body.Origin})
	if err != nil {
		return nil, err
	}
	return &body[tokenJSON]{tokenOf(t, secret)}, nil
}

func (s *Service) apiEndToken(ctx context.Context, in *byID) (*struct{}, error) {
	account, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	return nil, s.EndToken(ctx, account, account, in.id())
}

func (s *Service) apiOwn(ctx context.Context, _ *struct{}) (*body[accountJSON], error) {
	a, err := s.Get(ctx, web.SessionFrom(ctx).AccountID)
	if err != nil {
		return nil, err
	}
	return &body[accountJSON]{toJSON(a)}, nil
}
