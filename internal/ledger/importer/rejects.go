package importer

import (
	"bytes"
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/sheet"
)

// rejects collects refused rows into a workbook: the table as it came, with
// the reason in the last column.
type rejects struct {
	lang  string
	buf   bytes.Buffer
	book  *sheet.Workbook
	sh    *sheet.XLSXSheet
	in    string
	width int
	rows  int
}

func newRejects(lang string) *rejects {
	r := &rejects{lang: lang}
	r.book = sheet.NewWorkbook(&r.buf)
	return r
}

// Reject takes one refused row.
func (r *rejects) Reject(file, name string, head [][]sheet.Cell, cells []sheet.Cell, reason string) error {
	if in := file + "\x00" + name; r.sh == nil || in != r.in {
		r.in, r.width = in, len(cells)
		for _, row := range head {
			r.width = max(r.width, len(row))
		}
		if name == "" {
			name = "1"
		}
		sh, err := r.book.Sheet(name, sheet.SheetOptions{})
		if err != nil {
			return err
		}
		r.sh = sh
		for i, row := range head {
			last := ""
			if i == len(head)-1 {
				last = i18n.T(r.lang, "ledger.import.reason")
			}
			if err := sh.Header(r.line(row, last)...); err != nil {
				return err
			}
		}
	}
	r.rows++
	return r.sh.Row(r.line(cells, reason)...)
}

func (r *rejects) line(cells []sheet.Cell, last string) []any {
	out := make([]any, max(r.width, len(cells))+1)
	for i := range out {
		out[i] = ""
	}
	for i, c := range cells {
		out[i] = c.String()
	}
	out[len(out)-1] = last
	return out
}

// close ends the workbook; nil where nothing was refused.
func (r *rejects) close() ([]byte, error) {
	if r == nil || r.rows == 0 {
		return nil, nil
	}
	if err := r.book.Close(); err != nil {
		return nil, err
	}
	return r.buf.Bytes(), nil
}

// Rejected returns the workbook of the refused rows: of an applied import as it
// was kept, of a planned one made anew. NotFound where nothing was refused.
func (s *Service) Rejected(ctx context.Context, c grid.Caller, imp id.ID) ([]byte, error) {
	const op = "importer.Rejected"
	v, maps, err := s.load(ctx, s.db.Read(), c, imp)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	var book []byte
	if v.State == Applied {
		book, err = s.loadParts(ctx, c.District, imp, rejectPart, 1<<30)
	} else {
		var files []File
		if files, err = s.files(ctx, c.District, v); err == nil {
			keep := newRejects(c.Lang)
			if _, err = s.read(ctx, c, v, maps, files, keep); err == nil {
				book, err = keep.close()
			}
		}
	}
	if err == nil && len(book) == 0 {
		err = errs.E(op, errs.NotFound, "ledger.import.no_rejects")
	}
	return book, errs.Wrap(op, err)
}
