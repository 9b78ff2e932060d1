package importer

import (
	"bytes"
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"wangge/internal/grid"
	"wangge/internal/ledger/roster"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

type answer[T any] struct{ Body T }

// ByID is the {id} of a path, to be embedded in inputs.
type ByID struct {
	Text string `path:"id" pattern:"^[0-9]{1,19}$" doc:"Identifier of the import"`
}

func (b ByID) id() id.ID { return id.From(b.Text) }

func op[I, O any](api huma.API, o huma.Operation, fn func(ctx context.Context, c grid.Caller, in *I) (*O, error)) {
	o.Path, o.Tags = "/api/v1"+o.Path, []string{"imports"}
	huma.Register(api, o, func(ctx context.Context, in *I) (*O, error) {
		c, err := grid.CallerFrom(ctx)
		if err != nil {
			return nil, err
		}
		return fn(ctx, c, in)
	})
}

// RegisterAPI adds the imports' operations to the API.
func RegisterAPI(api huma.API, s *Service) {
	op(api, huma.Operation{OperationID: "imports-list", Method: http.MethodGet, Path: "/imports", Summary: "Imports of one's areas, newest first"},
		func(ctx context.Context, c grid.Caller, in *struct {
			After string `query:"after" pattern:"^[0-9]*$"`
		}) (*answer[web.Page[*Import]], error) {
			list, err := s.List(ctx, c, id.From(in.After))
			out := web.Page[*Import]{Items: append([]*Import{}, list...)}
			if len(list) == 50 {
				out.Next = list[49].ID.String()
			}
			return &answer[web.Page[*Import]]{out}, err
		})
	op(api, huma.Operation{OperationID: "import-stage", Method: http.MethodPost, Path: "/imports", Summary: "Upload a roster (.xlsx, .xls, .csv) as the request's body and see what is understood; nothing is written yet", MaxBodyBytes: MaxBytes, BodyReadTimeout: -1, DefaultStatus: http.StatusCreated},
		func(ctx context.Context, c grid.Caller, in *struct {
			Place    string `query:"place" required:"true" pattern:"^[0-9]{1,19}$" doc:"A community, or a compound below one"`
			Compound string `query:"compound" maxLength:"60" doc:"The compound of rows that name none"`
			File     string `query:"file" maxLength:"200" default:"roster" doc:"The file's name, as shown"`
			RawBody  []byte `contentType:"application/octet-stream"`
		}) (*answer[*Import], error) {
			v, err := s.Stage(ctx, c, Target{Place: id.From(in.Place), Compound: in.Compound}, []File{{Name: in.File, R: bytes.NewReader(in.RawBody), Size: int64(len(in.RawBody))}})
			return &answer[*Import]{v}, err
		})
	op(api, huma.Operation{OperationID: "import-get", Method: http.MethodGet, Path: "/imports/{id}", Summary: "An import, with its progress while it is written"},
		func(ctx context.Context, c grid.Caller, in *ByID) (*answer[*Import], error) {
			v, err := s.Get(ctx, c, in.id())
			return &answer[*Import]{v}, err
		})
	op(api, huma.Operation{OperationID: "import-correct", Method: http.MethodPut, Path: "/imports/{id}", Summary: "Correct what columns mean (remembered for the area) and where rows belong"},
		func(ctx context.Context, c grid.Caller, in *struct {
			ByID
			Body struct {
				Mappings map[string]roster.Mapping `json:"mappings,omitempty" doc:"By map_key of a sheet"`
				Places   map[string]roster.Place   `json:"places,omitempty" doc:"Where rows belong that do not say so themselves, by place_key of a sheet"`
				Compound string                    `json:"compound,omitempty" maxLength:"60"`
			}
		}) (*answer[*Import], error) {
			v, err := s.Correct(ctx, c, in.id(), Correction{in.Body.Mappings, in.Body.Places, in.Body.Compound})
			return &answer[*Import]{v}, err
		})
	registerReconcile(api, s)
	registerActs(api, s)
}

func registerActs(api huma.API, s *Service) {
	op(api, huma.Operation{OperationID: "import-apply", Method: http.MethodPost, Path: "/imports/{id}/apply", Summary: "Write an import in the background", DefaultStatus: http.StatusAccepted},
		func(ctx context.Context, c grid.Caller, in *ByID) (*struct{}, error) {
			return nil, s.Start(ctx, c, in.id())
		})
	op(api, huma.Operation{OperationID: "import-undo", Method: http.MethodPost, Path: "/imports/{id}/undo", Summary: "Take an import back; what was changed since stays"},
		func(ctx context.Context, c grid.Caller, in *ByID) (*struct{}, error) {
			return nil, s.Undo(ctx, c, in.id())
		})
	op(api, huma.Operation{OperationID: "import-effect", Method: http.MethodGet, Path: "/imports/{id}/undo", Summary: "What taking an applied import back would do; nothing is changed"},
		func(ctx context.Context, c grid.Caller, in *ByID) (*answer[*Effect], error) {
			e, err := s.Effect(ctx, c, in.id())
			return &answer[*Effect]{e}, err
		})
	op(api, huma.Operation{OperationID: "import-kept", Method: http.MethodGet, Path: "/imports/{id}/kept", Summary: "What taking an import back leaves as it is, because it was changed since"},
		func(ctx context.Context, c grid.Caller, in *struct {
			ByID
			After string `query:"after" pattern:"^[0-9]*$"`
		}) (*answer[web.Page[KeptRecord]], error) {
			list, next, err := s.Kept(ctx, c, in.id(), id.From(in.After), keptShown)
			out := web.Page[KeptRecord]{Items: append([]KeptRecord{}, list...)}
			if next != id.Zero {
				out.Next = next.String()
			}
			return &answer[web.Page[KeptRecord]]{out}, err
		})
	op(api, huma.Operation{OperationID: "import-rejected", Method: http.MethodGet, Path: "/imports/{id}/rejected", Summary: "The refused rows as a workbook, with the reason in the last column"},
		func(ctx context.Context, c grid.Caller, in *ByID) (*web.FileAnswer, error) {
			book, err := s.Rejected(ctx, c, in.id())
			return web.NewFileAnswer("rejected.xlsx", web.XLSX, book), err
		})
}
