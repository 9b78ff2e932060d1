package round

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// MarkBody is a mark as the API takes it; the round stands in the address.
type MarkBody struct {
	ObjectID  id.ID             `json:"object_id" doc:"The target: a door, household, person, place or post"`
	Result    string            `json:"result" maxLength:"40" doc:"A result of /rounds/results, as normal, answered, absent"`
	Answers   map[string]string `json:"answers,omitempty" doc:"By field key"`
	Members   []MemberAnswer    `json:"members,omitempty"`
	Note      string            `json:"note,omitempty" maxLength:"500"`
	How       string            `json:"how,omitempty" enum:"door,phone,self,chat,paper,bulk,import"`
	PhotoID   id.ID             `json:"photo_id,omitempty"`
	ClientKey string            `json:"client_key,omitempty" maxLength:"80" doc:"The same key makes the mark once"`
	ClaimedMs int64             `json:"claimed_ms,omitempty" doc:"When it happened by the phone's clock, UTC ms"`
	SentMs    int64             `json:"sent_ms,omitempty" doc:"The phone's clock when sending, UTC ms"`
	Correct   bool              `json:"correct,omitempty" doc:"The mark before was a mistake"`
}

func (b MarkBody) input(round id.ID) MarkInput {
	return MarkInput{RoundID: round, ObjectID: b.ObjectID, Result: b.Result, Answers: b.Answers, Members: b.Members, Note: b.Note, How: How(b.How),
		PhotoID: b.PhotoID, ClientKey: b.ClientKey, ClaimedMs: b.ClaimedMs, SentMs: b.SentMs, Correct: b.Correct}
}

type markIn struct {
	ID   web.IDParam `path:"id"`
	Body MarkBody
}

func (s *Service) apiMark(ctx context.Context, in *markIn) (*body[MarkResult], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	return out(s.Mark(ctx, c, in.Body.input(in.ID.ID)))
}

type historyIn struct {
	ID     web.IDParam `path:"id"`
	Object web.IDParam `path:"object"`
	N      int         `query:"n" minimum:"0" doc:"The n-th occurrence of a round that repeats; without it the current one"`
}

func (s *Service) apiHistory(ctx context.Context, in *historyIn) (*body[web.Page[Mark]], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	list, err := s.HistoryAt(ctx, c, in.ID.ID, in.Object.ID, in.N)
	return items(list, "", err)
}

type batchRecord struct {
	RoundID id.ID `json:"round_id"`
	MarkBody
}

type batchIn struct {
	Body struct {
		Marks []batchRecord `json:"marks" minItems:"1" maxItems:"2000"`
		Tell  bool          `json:"tell_contradictions,omitempty" doc:"Say of each mark whether another author answered otherwise"`
	}
}

// BatchOutcome is the result or the problem of one mark of a batch.
type BatchOutcome struct {
	Status  int          `json:"status" doc:"200, or the status the mark alone would have got"`
	Result  *MarkResult  `json:"result,omitempty"`
	Problem *web.Problem `json:"problem,omitempty"`
}

func (s *Service) apiMarks(ctx context.Context, in *batchIn) (*body[web.Page[BatchOutcome]], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	marks := make([]MarkInput, len(in.Body.Marks))
	for i, m := range in.Body.Marks {
		marks[i] = m.input(m.RoundID)
	}
	list := s.MarkMany(ctx, c, marks)
	if in.Body.Tell {
		err = s.tellContradictions(ctx, c, marks, list)
	}
	return items(outcomes(ctx, list), "", err)
}

func outcomes(ctx context.Context, list []MarkOutcome) []BatchOutcome {
	res := make([]BatchOutcome, len(list))
	for i, o := range list {
		if o.Err != nil {
			p := web.ProblemOf(web.Lang(ctx), o.Err)
			res[i] = BatchOutcome{Status: p.Status, Problem: p}
			continue
		}
		r := o.MarkResult
		res[i] = BatchOutcome{Status: 200, Result: &r}
	}
	return res
}

type bulkIn struct {
	ID   web.IDParam `path:"id"`
	Body struct {
		PlaceID   id.ID  `json:"place_id" doc:"A unit, building, group or row"`
		Except    string `json:"except,omitempty" maxLength:"500" doc:"Rooms that stay outstanding, as 302 and 501"`
		ClientKey string `json:"client_key,omitempty" maxLength:"60"`
	}
}

func (s *Service) apiBulk(ctx context.Context, in *bulkIn) (*body[BulkResult], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	return out(s.BulkNormal(ctx, c, BulkInput{RoundID: in.ID.ID, PlaceID: in.Body.PlaceID, Except: in.Body.Except, ClientKey: in.Body.ClientKey}))
}

type paperIn struct {
	ID   web.IDParam `path:"id"`
	Body struct {
		SheetID   id.ID             `json:"sheet_id" doc:"The building whose list it is"`
		Lines     map[string]string `json:"lines" doc:"Line numbers by result, as {\"normal\": \"3 7 12\", \"absent\": \"5\"}"`
		N         int               `json:"n,omitempty" minimum:"0" doc:"The n-th occurrence of a round that repeats, whose sheet it is; without it the current one"`
		ClientKey string            `json:"client_key,omitempty" maxLength:"60"`
	}
}

func (s *Service) apiPaper(ctx context.Context, in *paperIn) (*body[web.Page[BatchOutcome]], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	list, err := s.Paper(ctx, c, PaperInput{RoundID: in.ID.ID, SheetID: in.Body.SheetID, Lines: in.Body.Lines, N: in.Body.N, ClientKey: in.Body.ClientKey})
	return items(outcomes(ctx, list), "", err)
}

func (s *Service) apiDraw(ctx context.Context, in *body[RecheckInput]) (*body[Recheck], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	return out(s.DrawRecheck(ctx, c, in.Body))
}

func (s *Service) apiRechecks(ctx context.Context, in *byIDIn) (*body[web.Page[Recheck]], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	list, err := s.Rechecks(ctx, c, in.ID.ID)
	return items(list, "", err)
}

type recheckView struct {
	Recheck Recheck       `json:"recheck"`
	Items   []RecheckItem `json:"items"`
}

func (s *Service) apiRecheck(ctx context.Context, in *byIDIn) (*body[recheckView], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	rc, list, err := s.RecheckItems(ctx, c, in.ID.ID)
	if list == nil {
		list = []RecheckItem{}
	}
	return out(recheckView{rc, list}, err)
}

type answerIn struct {
	ID   web.IDParam `path:"id"`
	Body struct {
		ObjectID id.ID             `json:"object_id"`
		Absent   bool              `json:"absent,omitempty"`
		Answers  map[string]string `json:"answers,omitempty"`
		Note     string            `json:"note,omitempty" maxLength:"500"`
	}
}

func (s *Service) apiAnswer(ctx context.Context, in *answerIn) (*body[RecheckItem], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	return out(s.AnswerRecheck(ctx, c, RecheckAnswer{RecheckID: in.ID.ID, ObjectID: in.Body.ObjectID, Absent: in.Body.Absent, Answers: in.Body.Answers, Note: in.Body.Note}))
}

func (s *Service) apiToday(ctx context.Context, _ *struct{}) (*body[Today], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	return out(s.Today(ctx, c))
}

func (s *Service) apiCards(ctx context.Context, in *byIDIn) (*body[web.Page[Card]], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	list, err := s.Cards(ctx, c, CardQuery{Place: in.ID.ID, All: true})
	return items(list, "", err)
}
