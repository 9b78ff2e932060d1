package round

import (
	"context"
	"net/http"
	"strings"

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

func operation(name, method, path, tag, summary string, status int) huma.Operation {
	return huma.Operation{OperationID: name, Method: method, Path: "/api/v1" + path, Summary: summary, Tags: []string{tag}, DefaultStatus: status}
}

// MaxBatchBytes bounds the body of one call of marks:batch.
const MaxBatchBytes = 8 << 20

// RegisterAPI adds emergencies, forms, rounds, marks, coverage, rechecks and
// today to the API.
func (s *Service) RegisterAPI(api huma.API) {
	huma.Register(api, operation("list-emergencies", http.MethodGet, "/emergencies", "emergencies", "Emergencies", 200), s.apiEmergencies)
	huma.Register(api, operation("open-emergency", http.MethodPost, "/emergencies", "emergencies", "Open an emergency with its own data key", 201), s.apiOpenEmergency)
	huma.Register(api, operation("list-forms", http.MethodGet, "/forms", "forms", "Forms in use", 200), s.apiForms)
	huma.Register(api, operation("get-form", http.MethodGet, "/forms/{id}", "forms", "One form of any version", 200), s.apiForm)
	huma.Register(api, operation("save-form", http.MethodPost, "/forms", "forms", "Keep a form, or the next version of one", 201), s.apiSaveForm)
	huma.Register(api, operation("list-rounds", http.MethodGet, "/rounds", "rounds", "Rounds that touch one's places", 200), s.apiRounds)
	huma.Register(api, operation("list-results", http.MethodGet, "/rounds/results", "rounds", "Results of marks, sign-off reasons, excuses", 200), s.apiResults)
	huma.Register(api, operation("draft-round", http.MethodPost, "/rounds", "rounds", "Draft a round", 201), s.apiDraft)
	huma.Register(api, operation("get-round", http.MethodGet, "/rounds/{id}", "rounds", "One round", 200), s.apiRound)
	huma.Register(api, operation("edit-round", http.MethodPut, "/rounds/{id}", "rounds", "Change a draft", 200), s.apiEdit)
	huma.Register(api, operation("cost-round", http.MethodGet, "/rounds/{id}/cost", "rounds", "What the round asks of the field", 200), s.apiCost)
	huma.Register(api, operation("submit-round", http.MethodPost, "/rounds/{id}/submit", "rounds", "Hand a draft to the approving body", 200), s.apiSubmit)
	huma.Register(api, operation("approve-round", http.MethodPost, "/rounds/{id}/approve", "rounds", "Approve: the list is frozen in the background", 202), s.apiStep(s.Approve))
	huma.Register(api, operation("return-round", http.MethodPost, "/rounds/{id}/return", "rounds", "Hand a submitted round back", 200), s.apiStep(s.Return))
	huma.Register(api, operation("withdraw-round", http.MethodPost, "/rounds/{id}/withdraw", "rounds", "End a round that was not opened", 200), s.apiStep(s.Withdraw))
	huma.Register(api, operation("close-round", http.MethodPost, "/rounds/{id}/close", "rounds", "Close: refused while anything is outstanding", 200), s.apiClose)
	huma.Register(api, operation("round-coverage", http.MethodGet, "/rounds/{id}/coverage", "rounds", "Figures of a node of either tree and of its children", 200), s.apiCoverage)
	huma.Register(api, operation("round-answers", http.MethodGet, "/rounds/{id}/answers", "rounds", "How often each choice was answered", 200), s.apiAnswers)
	huma.Register(api, operation("round-outstanding", http.MethodGet, "/rounds/{id}/outstanding", "rounds", "Targets by name, outstanding ones unless told otherwise", 200), s.apiOutstanding)
	huma.Register(api, web.OpAs(web.Work, operation("mark", http.MethodPost, "/rounds/{id}/marks", "marks", "Mark one target", 200)), s.apiMark)
	huma.Register(api, operation("target-history", http.MethodGet, "/rounds/{id}/targets/{object}", "marks", "Marks of a target, the current one first", 200), s.apiHistory)
	batch := web.OpAs(web.Work, operation("mark-batch", http.MethodPost, "/marks:batch", "marks", "Mark many, each with its own result", 200))
	batch.MaxBodyBytes = MaxBatchBytes
	batch.Middlewares = append(batch.Middlewares, s.plainBatches(api))
	huma.Register(api, batch, s.apiMarks)
	huma.Register(api, web.OpAs(web.Work, operation("mark-bulk", http.MethodPost, "/rounds/{id}/bulk", "marks", "All normal in a unit or building except the rooms named", 200)), s.apiBulk)
	huma.Register(api, web.OpAs(web.Work, operation("mark-paper", http.MethodPost, "/rounds/{id}/paper", "marks", "Enter a paper sheet by line numbers", 200)), s.apiPaper)
	huma.Register(api, operation("draw-recheck", http.MethodPost, "/rechecks", "rechecks", "Draw a random, repeatable sample", 201), s.apiDraw)
	huma.Register(api, operation("list-rechecks", http.MethodGet, "/rounds/{id}/rechecks", "rechecks", "Samples of a round", 200), s.apiRechecks)
	huma.Register(api, operation("get-recheck", http.MethodGet, "/rechecks/{id}", "rechecks", "A sample with its targets, blind to the first answers", 200), s.apiRecheck)
	huma.Register(api, web.OpAs(web.Work, operation("answer-recheck", http.MethodPost, "/rechecks/{id}/answers", "rechecks", "Record the second answer", 200)), s.apiAnswer)
	s.registerTurns(api)
	huma.Register(api, operation("today", http.MethodGet, "/today", "today", "Buildings of one's posts with what remains", 200), s.apiToday)
	huma.Register(api, operation("today-place", http.MethodGet, "/today/{id}", "today", "One card a door with everything asked there", 200), s.apiCards)
	s.registerPhone(api)
}

// out wraps a value of a call that returns an error beside it.
func out[T any](v T, err error) (*body[T], error) {
	if err != nil {
		return nil, err
	}
	return &body[T]{v}, nil
}

// items wraps a list; an empty one is [] and not null.
func items[T any](list []T, next string, err error) (*body[web.Page[T]], error) {
	if err != nil {
		return nil, err
	}
	if list == nil {
		list = []T{}
	}
	return &body[web.Page[T]]{web.Page[T]{Items: list, Next: next}}, nil
}

func (s *Service) apiEmergencies(ctx context.Context, _ *struct{}) (*body[web.Page[Emergency]], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	list, err := s.Emergencies(ctx, c)
	return items(list, "", err)
}

func (s *Service) apiOpenEmergency(ctx context.Context, in *body[NewEmergency]) (*body[Emergency], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	return out(s.OpenEmergency(ctx, c, in.Body))
}

func (s *Service) apiForms(ctx context.Context, _ *struct{}) (*body[web.Page[Form]], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	list, err := s.Forms(ctx, c)
	return items(list, "", err)
}

func (s *Service) apiForm(ctx context.Context, in *byIDIn) (*body[Form], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	return out(s.Form(ctx, c, in.ID.ID))
}

type saveFormIn struct {
	Body struct {
		ID     id.ID   `json:"id,omitempty" doc:"The form this is the next version of"`
		Name   string  `json:"name" maxLength:"100"`
		AreaID id.ID   `json:"area_id,omitempty"`
		Fields []Field `json:"fields" maxItems:"60"`
	}
}

func (s *Service) apiSaveForm(ctx context.Context, in *saveFormIn) (*body[Form], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	return out(s.SaveForm(ctx, c, Form{ID: in.Body.ID, Name: in.Body.Name, AreaID: in.Body.AreaID, Fields: in.Body.Fields}))
}

type roundsIn struct {
	State     string      `query:"state" doc:"draft, submitted, opening, open, closed, withdrawn; several with commas"`
	Emergency web.IDParam `query:"emergency"`
	Query     string      `query:"q" maxLength:"60"`
	Limit     int         `query:"limit" minimum:"1" maximum:"500" default:"100"`
	After     web.IDParam `query:"after" doc:"The last id of the page before"`
}

func (s *Service) apiRounds(ctx context.Context, in *roundsIn) (*body[web.Page[Round]], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	f := ListFilter{EmergencyID: in.Emergency.ID, Query: in.Query, Before: in.After.ID, Limit: in.Limit}
	for _, st := range strings.FieldsFunc(in.State, func(r rune) bool { return r == ',' }) {
		f.States = append(f.States, RoundState(st))
	}
	list, next, err := s.roundPage(ctx, c, f)
	return items(list, next, err)
}

type vocabulary struct {
	Results  []Result `json:"results"`
	SignOffs []Word   `json:"sign_offs"`
	Excuses  []Word   `json:"excuses"`
	Bases    []Word   `json:"bases"`
}

func (s *Service) apiResults(_ context.Context, _ *struct{}) (*body[vocabulary], error) {
	return &body[vocabulary]{vocabulary{Results: results, SignOffs: SignOffs(), Excuses: Excuses(), Bases: Bases()}}, nil
}

func (s *Service) apiDraft(ctx context.Context, in *body[DraftInput]) (*body[Round], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	return out(s.DraftRound(ctx, c, in.Body))
}

func (s *Service) apiRound(ctx context.Context, in *byIDIn) (*body[Round], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	return out(s.Round(ctx, c, in.ID.ID))
}

type editIn struct {
	ID   web.IDParam `path:"id"`
	Body DraftInput
}

func (s *Service) apiEdit(ctx context.Context, in *editIn) (*body[Round], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	return out(s.EditDraft(ctx, c, in.ID.ID, in.Body))
}

func (s *Service) apiCost(ctx context.Context, in *byIDIn) (*body[Cost], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	return out(s.CostOf(ctx, c, in.ID.ID))
}

func (s *Service) apiSubmit(ctx context.Context, in *byIDIn) (*body[Round], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	return out(s.Submit(ctx, c, in.ID.ID))
}

func (s *Service) apiStep(step func(context.Context, grid.Caller, id.ID) error) func(context.Context, *byIDIn) (*body[Round], error) {
	return func(ctx context.Context, in *byIDIn) (*body[Round], error) {
		c, err := grid.CallerFrom(ctx)
		if err != nil {
			return nil, err
		}
		if err := step(ctx, c, in.ID.ID); err != nil {
			return nil, err
		}
		return out(s.Round(ctx, c, in.ID.ID))
	}
}

type closeIn struct {
	ID   web.IDParam `path:"id"`
	Body struct {
		Reasons map[string]string `json:"reasons,omitempty" doc:"By target id: a sign-off reason"`
	}
}

func (s *Service) apiClose(ctx context.Context, in *closeIn) (*body[Round], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	reasons := map[id.ID]string{}
	for k, v := range in.Body.Reasons {
		object, err := id.Parse(k)
		if err != nil {
			return nil, errs.Field(errs.E("round.Close", errs.Invalid, "error.bad_id"), "body.reasons")
		}
		reasons[object] = v
	}
	if err := s.Close(ctx, c, CloseInput{RoundID: in.ID.ID, Reasons: reasons}); err != nil {
		return nil, err
	}
	return out(s.Round(ctx, c, in.ID.ID))
}

// NodeIn names a node of either tree of a round.
type NodeIn struct {
	ID     web.IDParam `path:"id"`
	Place  web.IDParam `query:"place" doc:"A place; without place and grid the round's area"`
	Grid   web.IDParam `query:"grid" doc:"A grid instead of a place"`
	ByGrid bool        `query:"by_grid" doc:"The grids below the place instead of the places"`
	N      int         `query:"n" minimum:"0" doc:"The n-th occurrence of a round that repeats; without it the current one"`
}

func (n NodeIn) ref() NodeRef {
	return NodeRef{Place: n.Place.ID, Grid: n.Grid.ID, ByGrid: n.ByGrid, N: n.N}
}

func (s *Service) apiCoverage(ctx context.Context, in *NodeIn) (*body[CoverageView], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	v, err := s.Coverage(ctx, c, in.ID.ID, in.ref())
	if v.Children == nil {
		v.Children = []Node{}
	}
	return out(v, err)
}

func (s *Service) apiAnswers(ctx context.Context, in *NodeIn) (*body[web.Page[ChoiceCount]], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	list, err := s.AnswerCounts(ctx, c, in.ID.ID, in.ref())
	return items(list, "", err)
}

type outstandingIn struct {
	NodeIn
	All     bool   `query:"all" doc:"Also what is done or exempt"`
	Evening bool   `query:"evening" doc:"Only the evening list"`
	Limit   int    `query:"limit" minimum:"1" maximum:"5000" default:"200"`
	After   string `query:"after" maxLength:"120"`
}

func (s *Service) apiOutstanding(ctx context.Context, in *outstandingIn) (*body[web.Page[Line]], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	list, next, err := s.Outstanding(ctx, c, in.ID.ID, ListQuery{Ref: in.ref(), All: in.All, Evening: in.Evening, Limit: in.Limit, After: in.After})
	return items(list, next, err)
}
