package importer

import (
	"bytes"
	"context"

	"wangge/internal/grid"
	"wangge/internal/ledger/roster"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// rejects collects refused rows into a workbook in memory.
type rejects struct {
	*roster.RejectWriter
	buf bytes.Buffer
}

func newRejects(lang string) *rejects {
	r := &rejects{}
	r.RejectWriter = roster.NewRejectWriter(&r.buf, lang)
	return r
}

// finish ends the workbook; nil where nothing was refused.
func (r *rejects) finish() ([]byte, error) {
	if r == nil || r.Rows() == 0 {
		return nil, nil
	}
	if err := r.Close(); err != nil {
		return nil, err
	}
	return r.buf.Bytes(), nil
}

// Rejected returns the workbook of the refused rows: of an applied import as it
// was kept, of a planned one made anew. The rows are as they were uploaded,
// unmasked, so each look at them is on record. NotFound where nothing was refused.
func (s *Service) Rejected(ctx context.Context, c grid.Caller, imp id.ID) ([]byte, error) {
	const op = "importer.Rejected"
	v, maps, err := s.load(ctx, s.db.Read(), c, imp)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	var book []byte
	if v.State == Applied || v.State == Reverted {
		book, err = s.loadParts(ctx, c.District, imp, rejectPart, 1<<30)
	} else {
		book, err = s.rejectsAnew(ctx, c, v, maps)
	}
	if err == nil && len(book) == 0 {
		err = errs.E(op, errs.NotFound, "ledger.import.no_rejects")
	}
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	err = s.db.Write(ctx, op, func(tx *db.Tx) error { return s.note(ctx, tx, c, "export.rejected", imp) })
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	return book, nil
}

func (s *Service) rejectsAnew(ctx context.Context, c grid.Caller, v *Import, maps map[string]roster.Mapping) ([]byte, error) {
	files, err := s.files(ctx, c.District, v)
	if err != nil {
		return nil, err
	}
	keep := newRejects(c.Lang)
	if _, err := s.read(ctx, c, v, maps, files, keep, nil); err != nil {
		return nil, err
	}
	return keep.finish()
}
