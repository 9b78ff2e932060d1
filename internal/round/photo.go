package round

import (
	"context"
	"io"

	"wangge/internal/grid"
	"wangge/internal/platform/blob"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// SavePhoto keeps a photo for a mark of the round: encoded anew without
// metadata, at most 300 KB, sealed under the emergency's key.
func (s *Service) SavePhoto(ctx context.Context, c grid.Caller, round id.ID, r io.Reader) (id.ID, error) {
	const op = "round.SavePhoto"
	if err := c.Require(op, grid.RoundMark); err != nil {
		return id.Zero, err
	}
	info, err := s.info(ctx, c.District, round)
	if err != nil {
		return id.Zero, err
	}
	p, err := blob.Prepare(ctx, r)
	if err != nil {
		return id.Zero, err
	}
	var photo id.ID
	err = s.DB.Write(ctx, op, func(tx *db.Tx) error {
		photo, err = p.Save(ctx, tx, s.Keys, c.District, info.register, c.AccountID, s.now())
		return err
	})
	return photo, err
}

// MarkPhoto returns the JPEG of a mark's photo to whoever may mark its target.
func (s *Service) MarkPhoto(ctx context.Context, c grid.Caller, mark id.ID) ([]byte, error) {
	const op = "round.MarkPhoto"
	occ, object, photo, err := markOfPhoto(ctx, s.DB.Read(), c.District, mark)
	if err != nil {
		return nil, err
	}
	may, err := authorised(ctx, s.DB.Read(), c, grid.RoundMark, occ, []id.ID{object})
	if err != nil {
		return nil, err
	}
	if _, ok := may[object]; !ok || photo == id.Zero {
		return nil, errs.E(op, errs.NotFound, "round.photo_missing")
	}
	return blob.Load(ctx, s.DB.Read(), s.Keys, c.District, photo)
}
