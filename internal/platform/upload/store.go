package upload

import (
	"cmp"
	"context"
	"slices"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// content is what is sealed of a file.
type content struct {
	File string `json:"file"`
	Data []byte `json:"data"`
}

func fileAAD(file id.ID) string   { return seal.AAD(seal.Standing, "list_in", file) }
func resultAAD(file id.ID) string { return seal.AAD(seal.Standing, "list_in_result", file) }

func (s *Store) now() int64 { return clock.Ms(s.clk.Now()) }

// lost is the instant before which a carrying out that has not ended began is
// taken to have broken off.
func (s *Store) lost() int64 { return s.now() - claim.Milliseconds() }

// Keep takes a file in and returns it with its number; those past their time go.
func (s *Store) Keep(ctx context.Context, who Owner, f File) (*File, error) {
	const op = "upload.Keep"
	f.ID, f.CreatedMs = id.New(), s.now()
	sealed, err := s.keys.SealJSON(seal.Standing, fileAAD(f.ID), content{f.Name, f.Data})
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	err = s.d.Write(ctx, op, func(tx *db.Tx) error {
		if err := deleteOlder(ctx, tx, who.District, f.CreatedMs-keep.Milliseconds()); err != nil {
			return err
		}
		return insertFile(ctx, tx, who, f, sealed)
	})
	return &f, errs.Wrap(op, err)
}

// Open reads a file of one's own. Errors: NotFound upload.not_found.
func (s *Store) Open(ctx context.Context, who Owner, file id.ID) (*File, error) {
	const op = "upload.Open"
	r, err := selectFile(ctx, s.d.Read(), who.District, file)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	if r.account != who.Account && !who.All || !slices.Contains(s.kinds, r.Kind) {
		return nil, errs.E(op, errs.NotFound, "upload.not_found")
	}
	f, err := s.opened(r)
	return &f, errs.Wrap(op, err)
}

func (s *Store) opened(r row) (File, error) {
	f, began := r.File, r.AppliedMs
	if len(f.result) == 0 {
		f.AppliedMs, f.Writing = 0, began != 0 && began >= s.lost()
	}
	var in content
	err := s.keys.OpenJSON(seal.Standing, fileAAD(f.ID), r.sealed, &in)
	f.Name, f.Data = in.File, in.Data
	return f, err
}

// Latest reads one's own last files, newest first.
func (s *Store) Latest(ctx context.Context, who Owner, n int) ([]File, error) {
	const op = "upload.Latest"
	rows, err := latestFiles(ctx, s.d.Read(), who, s.kinds, n)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	out := make([]File, len(rows))
	for i, r := range rows {
		if out[i], err = s.opened(r); err != nil {
			return nil, errs.Wrap(op, err)
		}
	}
	return out, nil
}

// Result reads what a file that was carried out did.
func (s *Store) Result(f *File, into any) error {
	return errs.Wrap("upload.Result", s.keys.OpenJSON(seal.Standing, resultAAD(f.ID), f.result, into))
}

// Once carries a file out and keeps what it did. Errors: Conflict
// upload.applied where that was done, upload.writing while it is, and the error
// of do: then the file waits as before.
func (s *Store) Once(ctx context.Context, who Owner, f *File, do func() (result any, err error)) error {
	const op = "upload.Once"
	if f.AppliedMs != 0 {
		return errs.E(op, errs.Conflict, "upload.applied")
	}
	began := s.now()
	err := s.d.Write(ctx, op, func(tx *db.Tx) error {
		mine, err := claimFile(ctx, tx, who.District, f.ID, began, s.lost())
		if err == nil && !mine {
			return errs.E(op, errs.Conflict, "upload.writing")
		}
		return err
	})
	if err != nil {
		return err
	}
	result, err := s.sealed(f, do)
	done := context.WithoutCancel(ctx)
	ended := s.d.Write(done, op, func(tx *db.Tx) error {
		return endClaim(done, tx, who.District, f.ID, began, s.now(), result)
	})
	return cmp.Or(err, ended)
}

// sealed carries a file out and seals what it did.
func (s *Store) sealed(f *File, do func() (any, error)) ([]byte, error) {
	result, err := do()
	if err != nil {
		return nil, err
	}
	return s.keys.SealJSON(seal.Standing, resultAAD(f.ID), result)
}
