package inspection

import (
	"context"
	"io"

	"wangge/internal/grid"
	"wangge/internal/platform/blob"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// MaxPhotos bounds the photos of a visit.
const MaxPhotos = 3

// prepare makes photos fit to be kept, before anything is written: small, and
// without place, time and device.
func prepare(ctx context.Context, photos []io.Reader) ([]blob.Photo, error) {
	if len(photos) > MaxPhotos {
		return nil, errs.Field(errs.E("inspection.Visit", errs.Invalid, "inspection.too_many_photos", MaxPhotos), "photo")
	}
	var out []blob.Photo
	for _, r := range photos {
		p, err := blob.Prepare(ctx, r)
		if err != nil {
			return nil, errs.Field(err, "photo")
		}
		out = append(out, p)
	}
	return out, nil
}

// keep seals photos with the visits.
func (s *Service) keep(ctx context.Context, tx *db.Tx, c grid.Caller, taken []blob.Photo) ([]id.ID, error) {
	var out []id.ID
	for _, p := range taken {
		kept, err := p.Save(ctx, tx, s.Keys, c.District, seal.Standing, c.AccountID, s.now())
		if err != nil {
			return nil, err
		}
		out = append(out, kept)
	}
	return out, nil
}

// Photo returns the JPEG of a visit's n-th photo, from 1, to who may read the
// visit. Errors: NotFound.
func (s *Service) Photo(ctx context.Context, c grid.Caller, item id.ID, seq, n int) ([]byte, error) {
	const op = "inspection.Photo"
	if _, err := s.Item(ctx, c, item); err != nil {
		return nil, err
	}
	list, err := selectPhoto(ctx, s.DB.Read(), c.District, item, seq, n)
	if err == nil && len(list) == 0 {
		err = errs.E(op, errs.NotFound, "error.not_found")
	}
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	return blob.Load(ctx, s.DB.Read(), s.Keys, c.District, list[0])
}
