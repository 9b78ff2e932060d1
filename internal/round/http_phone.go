package round

import (
	"bytes"
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"wangge/internal/grid"
	"wangge/internal/platform/blob"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// registerPhone adds what the worker's pages need to work without network.
func (s *Service) registerPhone(api huma.API) {
	huma.Register(api, operation("today-doors", http.MethodGet, "/today/doors", "today", "The day's doors in one answer, to work without network", 200), s.apiDay)
	photo := web.OpAs(web.Work, operation("save-photo", http.MethodPost, "/rounds/{id}/photos", "marks", "Keep a photo for a mark, encoded anew without metadata", 201))
	photo.MaxBodyBytes = blob.MaxUpload
	huma.Register(api, photo, s.apiPhoto)
}

func (s *Service) apiDay(ctx context.Context, _ *struct{}) (*body[Day], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	c.Lang = web.Lang(ctx)
	return out(s.Day(ctx, c))
}

type photoIn struct {
	ID      web.IDParam `path:"id"`
	RawBody []byte      `contentType:"image/jpeg"`
}

// PhotoKept names a photo that a mark may refer to.
type PhotoKept struct {
	PhotoID id.ID `json:"photo_id"`
}

func (s *Service) apiPhoto(ctx context.Context, in *photoIn) (*body[PhotoKept], error) {
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return nil, err
	}
	photo, err := s.SavePhoto(ctx, c, in.ID.ID, bytes.NewReader(in.RawBody))
	return out(PhotoKept{photo}, err)
}

// tellContradictions says of each mark just made whether another author had
// answered otherwise, so that a person can decide.
func (s *Service) tellContradictions(ctx context.Context, c grid.Caller, marks []MarkInput, list []MarkOutcome) error {
	for i := range list {
		if list[i].Err != nil || list[i].State != Done {
			continue
		}
		hist, err := s.History(ctx, c, marks[i].RoundID, marks[i].ObjectID)
		if err != nil {
			return err
		}
		for _, m := range hist {
			if m.ID == list[i].MarkID {
				list[i].Differs = m.Differs
			}
		}
	}
	return nil
}
