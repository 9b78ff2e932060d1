package lists

import (
	"bytes"
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"wangge/internal/grid"
	"wangge/internal/platform/relist"
	"wangge/internal/platform/web"
)

type exportIn struct {
	Place web.IDParam `query:"place" doc:"Default: the highest place your posts cover"`
}

type importIn struct {
	Place   web.IDParam `query:"place" doc:"What the list may speak of; default: the highest place your posts cover"`
	File    string      `query:"file" maxLength:"200" default:"list" doc:"The file's name, as shown"`
	Dry     bool        `query:"dry_run" doc:"Say what would change and change nothing"`
	RawBody []byte      `contentType:"application/octet-stream"`
}

type importOut struct{ Body *relist.Report }

// RegisterAPI adds the lists to the API.
func RegisterAPI(api huma.API, s *Service) {
	for _, k := range append(s.Kinds(), Vacancies) {
		huma.Register(api, huma.Operation{OperationID: "export-" + string(k), Method: http.MethodGet, Path: "/api/v1/lists/" + string(k), Tags: []string{"lists"},
			Summary: "Take the list of " + string(k) + " out as a workbook; phones masked"}, s.exported(k))
	}
	for _, k := range s.Kinds() {
		huma.Register(api, huma.Operation{OperationID: "bring-back-" + string(k), Method: http.MethodPost, Path: "/api/v1/lists/" + string(k), Tags: []string{"lists"},
			MaxBodyBytes: relist.MaxBytes, BodyReadTimeout: -1,
			Summary:     "Bring the list of " + string(k) + " back that was taken out (.xlsx, .csv, as the request's body)",
			Description: "Rows are known by their record number; a row nobody touched is unchanged, other cells are changed one by one, refused rows keep nobody else out. See the guide to exports."}, s.imported(k))
	}
}

func (s *Service) exported(k Kind) func(context.Context, *exportIn) (*web.FileAnswer, error) {
	return func(ctx context.Context, in *exportIn) (*web.FileAnswer, error) {
		c, err := grid.CallerFrom(ctx)
		if err != nil {
			return nil, err
		}
		c.Lang = web.Lang(ctx)
		var b bytes.Buffer
		err = s.Export(ctx, c, k, in.Place.ID, grid.When{}, &b)
		return web.NewFileAnswer(string(k)+".xlsx", web.XLSX, b.Bytes()), err
	}
}

func (s *Service) imported(k Kind) func(context.Context, *importIn) (*importOut, error) {
	return func(ctx context.Context, in *importIn) (*importOut, error) {
		c, err := grid.CallerFrom(ctx)
		if err != nil {
			return nil, err
		}
		c.Lang = web.Lang(ctx)
		r, err := s.Import(ctx, c, in.RawBody, Options{Kind: k, Place: in.Place.ID, File: in.File, Dry: in.Dry})
		return &importOut{r}, err
	}
}
