package task

import (
	"context"
	"io"

	"wangge/internal/grid"
	"wangge/internal/platform/blob"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// SavePhoto keeps a photo for a line of a task's history: encoded anew, so that
// neither place nor time nor device stay in it, at most 300 KB, sealed with the
// task. Its place is kept beside it only where the kind asks for it and whoever
// took it was told so. Who may see the task may add one.
func (s *Service) SavePhoto(ctx context.Context, c grid.Caller, task id.ID, r io.Reader, told bool) (id.ID, error) {
	const op = "task.SavePhoto"
	v, err := s.Task(ctx, c, task)
	if err != nil {
		return id.Zero, err
	}
	prepare := blob.Prepare
	if told && v.Spec.Asks(EvidencePlace) {
		prepare = blob.PrepareWithPlace
	}
	p, err := prepare(ctx, r)
	if err != nil {
		return id.Zero, errs.Field(err, "photo")
	}
	var photo id.ID
	err = s.DB.Write(ctx, op, func(tx *db.Tx) error {
		photo, err = p.Save(ctx, tx, s.Keys, c.District, v.register, c.AccountID, s.now())
		return err
	})
	return photo, err
}

// Photo returns the JPEG of a line of a task's history, to who may see the task.
func (s *Service) Photo(ctx context.Context, c grid.Caller, task id.ID, seq int) ([]byte, error) {
	v, err := s.Task(ctx, c, task)
	if err != nil {
		return nil, err
	}
	for _, e := range v.History {
		if e.Seq == seq && e.PhotoID != id.Zero {
			return blob.Load(ctx, s.DB.Read(), s.Keys, c.District, e.PhotoID)
		}
	}
	return nil, errs.E("task.Photo", errs.NotFound, "error.not_found")
}

// addPlaces adds the places of photos to the lines of a history.
func (s *Service) addPlaces(ctx context.Context, q db.Queryer, district int, history []Event) error {
	var photos []id.ID
	for _, e := range history {
		if e.PhotoID != id.Zero {
			photos = append(photos, e.PhotoID)
		}
	}
	if len(photos) == 0 {
		return nil
	}
	places, err := blob.Places(ctx, q, s.Keys, district, photos)
	for i, e := range history {
		if p, asked := places[e.PhotoID]; asked {
			history[i].PhotoPlace = &p
		}
	}
	return err
}
