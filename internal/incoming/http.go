package incoming

import (
	"bytes"
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"wangge/internal/grid"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

type answer[T any] struct{ Body T }

// ByID is the {id} of a path.
type ByID struct {
	ID web.IDParam `path:"id"`
}

func op[I, O any](api huma.API, method, path, name, summary string, fn func(ctx context.Context, c grid.Caller, in *I) (*O, error), with ...func(*huma.Operation)) {
	o := huma.Operation{OperationID: name, Method: method, Path: "/api/v1" + path, Tags: []string{"incoming"}, Summary: summary}
	for _, f := range with {
		f(&o)
	}
	huma.Register(api, o, func(ctx context.Context, in *I) (*O, error) {
		c, err := grid.CallerFrom(ctx)
		if err != nil {
			return nil, err
		}
		return fn(ctx, c, in)
	})
}

// listAnswer is a list with its people.
type listAnswer struct {
	List
	People []Lead `json:"leads" doc:"Its people, the unsettled first, at most 200"`
}

// RegisterAPI adds the operations of lists and of the desk to the API.
func RegisterAPI(api huma.API, s *Service) {
	registerLists(api, s)
	registerDesk(api, s)
	registerTransfer(api, s)
	op(api, http.MethodGet, "/incoming/words", "incoming-words", "Results a call may have, exposures and classes, with their words",
		func(_ context.Context, c grid.Caller, _ *struct{}) (*answer[Words], error) {
			return &answer[Words]{wordsIn(c.Lang)}, nil
		})
}

func registerLists(api huma.API, s *Service) {
	op(api, http.MethodGet, "/incoming", "incoming-lists", "Lists of people to be verified in one's area, the newest first",
		func(ctx context.Context, c grid.Caller, in *struct {
			After string `query:"after" pattern:"^[0-9]*$"`
		}) (*answer[web.Page[List]], error) {
			list, err := s.Lists(ctx, c, id.From(in.After))
			out := web.Page[List]{Items: list}
			if len(list) == PageOfLists {
				out.Next = list[len(list)-1].ID.String()
			}
			return &answer[web.Page[List]]{out}, err
		})
	op(api, http.MethodPost, "/incoming", "incoming-import", "Bring in a list (.xlsx, .xls, .csv) as the request's body; rows that nobody could be found with come back",
		func(ctx context.Context, c grid.Caller, in *struct {
			Area    web.IDParam `query:"area" doc:"Whose list it is; missing: one's own area"`
			File    string      `query:"file" maxLength:"200" default:"list" doc:"The file's name"`
			Name    string      `query:"name" maxLength:"100" doc:"The list's name; missing: the file's"`
			Dry     bool        `query:"dry_run" doc:"Say what would happen and write nothing"`
			RawBody []byte      `contentType:"application/octet-stream"`
		}) (*answer[*Report], error) {
			rep, err := s.Import(ctx, c, Input{Name: in.Name, Area: in.Area.ID, Dry: in.Dry, Files: []File{{Name: in.File, R: bytes.NewReader(in.RawBody), Size: int64(len(in.RawBody))}}})
			return &answer[*Report]{rep}, err
		}, func(o *huma.Operation) {
			o.MaxBodyBytes, o.BodyReadTimeout, o.DefaultStatus = MaxBytes, -1, http.StatusCreated
		})
	op(api, http.MethodGet, "/incoming/{id}", "incoming-list", "A list with its people",
		func(ctx context.Context, c grid.Caller, in *ByID) (*answer[listAnswer], error) {
			l, people, err := s.Get(ctx, c, in.ID.ID)
			return &answer[listAnswer]{listAnswer{l, people}}, err
		})
	op(api, http.MethodGet, "/incoming/{id}/refused", "incoming-refused", "The refused rows of a list as a workbook, with the reason in the last column",
		func(ctx context.Context, c grid.Caller, in *ByID) (*web.FileAnswer, error) {
			b, err := s.Refused(ctx, c, in.ID.ID)
			return web.NewFileAnswer("refused.xlsx", web.XLSX, b), err
		})
	op(api, http.MethodPost, "/incoming/{id}/close", "incoming-close", "Close a list; with people outstanding it takes a reason",
		func(ctx context.Context, c grid.Caller, in *struct {
			ByID
			Body struct {
				Reason string `json:"reason,omitempty" maxLength:"300"`
			}
		}) (*struct{}, error) {
			return nil, s.Close(ctx, c, in.ID.ID, in.Body.Reason)
		})
	op(api, http.MethodGet, "/incoming/{id}/back", "incoming-back", "A closed list as it came, the columns untouched, with the results behind them",
		func(ctx context.Context, c grid.Caller, in *ByID) (*web.FileAnswer, error) {
			b, err := s.Back(ctx, c, in.ID.ID)
			return web.NewFileAnswer("results.xlsx", web.XLSX, b), err
		})
}

func registerDesk(api huma.API, s *Service) {
	op(api, http.MethodGet, "/desk", "desk", "One's desk: the person to be called now, with what is known",
		func(ctx context.Context, c grid.Caller, _ *struct{}) (*answer[*Desk], error) {
			d, err := s.Desk(ctx, c)
			return &answer[*Desk]{d}, err
		})
	op(api, http.MethodPost, "/desk", "desk-sit", "Sit at the desk and get people to call",
		func(ctx context.Context, c grid.Caller, _ *struct{}) (*struct{}, error) { return nil, s.Sit(ctx, c) })
	op(api, http.MethodDelete, "/desk", "desk-leave", "Leave the desk; what is open goes to the others at once",
		func(ctx context.Context, c grid.Caller, _ *struct{}) (*struct{}, error) { return nil, s.Leave(ctx, c) })
	op(api, http.MethodGet, "/leads", "leads", "People of one's area in a state, the most pressing first, those done the newest first, at most 200",
		func(ctx context.Context, c grid.Caller, in *struct {
			State string `query:"state" enum:"unclear,open,sent,done,late" default:"open"`
			After string `query:"after" pattern:"^[0-9]*$" doc:"Of those done: the last one seen"`
		}) (*answer[web.Page[Lead]], error) {
			list, err := s.InStateAfter(ctx, c, State(in.State), id.From(in.After))
			out := web.Page[Lead]{Items: list}
			if in.State == string(Done) && len(list) == shownLeads {
				out.Next = list[len(list)-1].ID.String()
			}
			return &answer[web.Page[Lead]]{out}, err
		})
	op(api, http.MethodGet, "/leads/{id}", "lead", "One person with what is known, the script and what happened",
		func(ctx context.Context, c grid.Caller, in *ByID) (*answer[*Card], error) {
			card, err := s.Card(ctx, c, in.ID.ID)
			return &answer[*Card]{card}, err
		})
	op(api, http.MethodPost, "/leads/{id}/results", "lead-result", "Record the result of a call",
		func(ctx context.Context, c grid.Caller, in *struct {
			ByID
			Body Outcome
		}) (*struct{}, error) {
			return nil, s.Record(ctx, c, in.ID.ID, in.Body)
		})
	op(api, http.MethodPut, "/leads/{id}/place", "lead-place", "Decide where a person that was set aside belongs",
		func(ctx context.Context, c grid.Caller, in *struct {
			ByID
			Body Decision
		}) (*struct{}, error) {
			return nil, s.Decide(ctx, c, in.ID.ID, in.Body)
		})
	op(api, http.MethodPost, "/leads/{id}/accept", "lead-accept", "Accept a person that another street or community handed on",
		func(ctx context.Context, c grid.Caller, in *struct {
			ByID
			Body struct {
				Version int `json:"version"`
			}
		}) (*struct{}, error) {
			return nil, s.Accept(ctx, c, in.ID.ID, in.Body.Version)
		})
	op(api, http.MethodPost, "/leads/{id}/receipt", "lead-receipt", "Record the receipt of an authority outside the district",
		func(ctx context.Context, c grid.Caller, in *struct {
			ByID
			Body struct {
				Version int    `json:"version"`
				Receipt string `json:"receipt" maxLength:"200"`
			}
		}) (*struct{}, error) {
			return nil, s.Receipt(ctx, c, in.ID.ID, in.Body.Version, in.Body.Receipt)
		})
	op(api, http.MethodPost, "/leads/{id}/measure", "lead-measure", "Confirm or decline a proposed measure",
		func(ctx context.Context, c grid.Caller, in *struct {
			ByID
			Body Verdict
		}) (*struct{}, error) {
			return nil, s.Confirm(ctx, c, in.ID.ID, in.Body)
		})
}

// sheetAnswer is a transfer sheet as an operation answers it.
type sheetAnswer struct {
	ContentType string `header:"Content-Type"`
	Disposition string `header:"Content-Disposition"`
	Left        int    `header:"X-Left" doc:"How many are on no sheet yet"`
	Body        []byte
}

// registerTransfer adds what hands leads to other districts and takes theirs.
func registerTransfer(api huma.API, s *Service) {
	op(api, http.MethodPost, "/leads", "lead-receive", "Take over a person whom another district hands over; the answer is the receipt",
		func(ctx context.Context, c grid.Caller, in *struct{ Body Referral }) (*answer[Receipt], error) {
			receipt, err := s.Receive(ctx, c, in.Body)
			return &answer[Receipt]{Receipt{receipt}}, err
		}, func(o *huma.Operation) { o.DefaultStatus = http.StatusCreated })
	op(api, http.MethodPost, "/leads/{id}/recall", "lead-recall", "Take back a person handed to an authority outside the district that gave no receipt yet",
		func(ctx context.Context, c grid.Caller, in *struct {
			ByID
			Body struct {
				Version int `json:"version"`
			}
		}) (*struct{}, error) {
			return nil, s.Recall(ctx, c, in.ID.ID, in.Body.Version)
		})
	op(api, http.MethodPost, "/incoming/sheet", "incoming-sheet", "Put people handed to authorities outside the district, who are not sent by API, on a list these can bring in: at most 200 that are on none yet",
		func(ctx context.Context, c grid.Caller, in *struct {
			Again bool `query:"again" doc:"Those that are on a sheet already, the last ones first"`
		}) (*sheetAnswer, error) {
			t, err := s.MakeSheet(ctx, c, in.Again)
			f := web.NewFileAnswer("transfer.xlsx", web.XLSX, t.File)
			return &sheetAnswer{ContentType: f.ContentType, Disposition: f.Disposition, Left: t.Left, Body: f.Body}, err
		})
	op(api, http.MethodGet, "/incoming/receivers", "incoming-receivers", "Authorities outside the district that take people by API",
		func(ctx context.Context, c grid.Caller, _ *struct{}) (*answer[[]Receiver], error) {
			list, err := s.Receivers(ctx, c, grid.LeadRead)
			return &answer[[]Receiver]{list}, err
		})
	op(api, http.MethodPost, "/incoming/receivers", "incoming-receiver-add", "Add an authority that takes people by API",
		func(ctx context.Context, c grid.Caller, in *struct{ Body NewReceiver }) (*answer[Receiver], error) {
			v, err := s.AddReceiver(ctx, c, in.Body)
			return &answer[Receiver]{Receiver{ID: v, Name: in.Body.Name, URL: in.Body.URL}}, err
		}, func(o *huma.Operation) { o.DefaultStatus = http.StatusCreated })
	op(api, http.MethodDelete, "/incoming/receivers/{id}", "incoming-receiver-end", "Send nothing more to an authority",
		func(ctx context.Context, c grid.Caller, in *ByID) (*struct{}, error) {
			return nil, s.EndReceiver(ctx, c, in.ID.ID)
		})
}

// Word is a code with its label.
type Word struct {
	Code string `json:"code"`
	Text string `json:"text"`
	Next string `json:"next,omitempty" doc:"Of a result: what happens next"`
}

// Words are the vocabularies of calls.
type Words struct {
	Results   []Word `json:"results"`
	Exposures []Word `json:"exposures"`
	Classes   []Word `json:"classes"`
}

func wordsIn(lang string) Words {
	var out Words
	for _, r := range results {
		out.Results = append(out.Results, Word{r.Code, r.In(lang), r.Next.In(lang)})
	}
	for _, e := range measures.Exposures {
		out.Exposures = append(out.Exposures, Word{Code: e.Code, Text: e.In(lang)})
	}
	for _, k := range scripts.Classes {
		out.Classes = append(out.Classes, Word{Code: k.Code, Text: k.In(lang)})
	}
	return out
}
