package staff

import (
	"bytes"
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/sheet"
	"wangge/internal/platform/upload"
)

// List is a list that was handed in.
type List struct {
	ID        id.ID   `json:"id"`
	PlaceID   id.ID   `json:"place_id"`
	File      string  `json:"file"`
	CreatedMs int64   `json:"created_ms"`
	AppliedMs int64   `json:"applied_ms,omitempty" doc:"0: it was not written to its end"`
	Writing   bool    `json:"writing,omitempty" doc:"Somebody is writing it"`
	Report    *Report `json:"report" doc:"What was done; of a list that was not applied, what would be"`
}

// Kind is what lists of people are called among those that were handed in.
const Kind = "people"

func owner(c grid.Caller) upload.Owner {
	return upload.Owner{District: c.District, Account: c.AccountID, All: c.IsSystem()}
}

// listOf is a file as a list, without its report.
func listOf(f *upload.File) *List {
	return &List{ID: f.ID, PlaceID: f.Place, File: f.Name, CreatedMs: f.CreatedMs, AppliedMs: f.AppliedMs, Writing: f.Writing}
}

func optionsOf(c grid.Caller, f *upload.File) Options {
	return Options{Place: f.Place, File: f.Name, Lang: c.Lang}
}

// Stage keeps a list and says what it would change; nothing else is written.
// Errors as of Plan.
func (s *Service) Stage(ctx context.Context, c grid.Caller, data []byte, o Options) (*List, error) {
	p, err := s.plan(ctx, c, data, o)
	if err != nil {
		return nil, err
	}
	f, err := s.files.Keep(ctx, owner(c), upload.File{Kind: Kind, Place: p.w.base.ID, Name: o.File, Data: data})
	if err != nil {
		return nil, errs.Wrap("staff.Stage", err)
	}
	l := listOf(f)
	l.Report = p.report
	return l, nil
}

// Get returns a list of one's own: with what it did, or would do now.
func (s *Service) Get(ctx context.Context, c grid.Caller, list id.ID) (*List, error) {
	f, err := s.files.Open(ctx, owner(c), list)
	if err != nil {
		return nil, err
	}
	l := listOf(f)
	if l.AppliedMs != 0 {
		l.Report = &Report{}
		return l, s.files.Result(f, l.Report)
	}
	l.Report, err = s.Plan(ctx, c, f.Data, optionsOf(c, f))
	return l, err
}

// Lists returns one's own latest lists, without their reports.
func (s *Service) Lists(ctx context.Context, c grid.Caller) ([]List, error) {
	const op = "staff.Lists"
	if err := c.Require(op, grid.PostWrite); err != nil {
		return nil, err
	}
	files, err := s.files.Latest(ctx, owner(c), 10)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	out := make([]List, len(files))
	for i := range files {
		out[i] = *listOf(&files[i])
	}
	return out, nil
}

// ApplyList applies a list of one's own as it stands now, once; complete ends
// the posts of those it does not name. Errors as of upload.Store.Once.
func (s *Service) ApplyList(ctx context.Context, c grid.Caller, list id.ID, complete bool) error {
	f, err := s.files.Open(ctx, owner(c), list)
	if err != nil {
		return err
	}
	o := optionsOf(c, f)
	o.Complete = complete
	return s.files.Once(ctx, owner(c), f, func() (any, error) { return s.Apply(ctx, c, f.Data, o) })
}

// Rejected returns the refused rows of a list as a workbook that can be mended
// and handed in again; the last column says why.
func (s *Service) Rejected(ctx context.Context, c grid.Caller, list id.ID) ([]byte, error) {
	f, err := s.files.Open(ctx, owner(c), list)
	if err != nil {
		return nil, err
	}
	p, err := s.plan(ctx, c, f.Data, optionsOf(c, f))
	if err != nil {
		return nil, err
	}
	return RejectedRows(p.report, c.Lang)
}

// RejectedRows writes the refused rows of a report of Plan or Apply, sheet by
// sheet, with the reason in the last column.
func RejectedRows(r *Report, lang string) ([]byte, error) {
	var b bytes.Buffer
	book := sheet.NewWorkbook(&b)
	at := 0
	for _, sr := range r.Sheets {
		if sr.HeaderRow == 0 {
			continue
		}
		head := r.header[at]
		at++
		width := len(head)
		var bad []Line
		for _, l := range r.Lines {
			if l.Sheet == sr.Sheet && l.State == StateRefused {
				bad, width = append(bad, l), max(width, len(l.cells))
			}
		}
		if len(bad) == 0 {
			continue
		}
		widths := make([]float64, width+1)
		widths[width] = 60
		out, err := book.Sheet(sr.Sheet, sheet.SheetOptions{Widths: widths})
		if err != nil {
			return nil, err
		}
		if err := out.Header(padded(head, width, i18n.T(lang, "staff.reason"))...); err != nil {
			return nil, err
		}
		for _, l := range bad {
			if err := out.Row(padded(l.cells, width, l.Reason)...); err != nil {
				return nil, err
			}
		}
	}
	err := book.Close()
	return b.Bytes(), err
}

func padded(cells []string, width int, last string) []any {
	out := make([]any, width+1)
	for i, c := range cells {
		out[i] = c
	}
	out[width] = last
	return out
}

// Template returns an empty workbook with the usual columns and, on a second
// sheet, what each of them takes.
func Template(lang string) ([]byte, error) {
	var b bytes.Buffer
	book := sheet.NewWorkbook(&b)
	var cols []sheet.Column
	for _, k := range vocab.Columns {
		cols = append(cols, sheet.Column{Title: i18n.T(lang, "staff.column."+k), Width: 16})
	}
	if _, err := book.Sheet(i18n.T(lang, "staff.template.sheet"), sheet.SheetOptions{Columns: cols, Freeze: true}); err != nil {
		return nil, err
	}
	help, err := book.Sheet(i18n.T(lang, "staff.template.help"), sheet.SheetOptions{Widths: []float64{16, 90}})
	if err != nil {
		return nil, err
	}
	for _, k := range vocab.Columns {
		if err := help.Row(i18n.T(lang, "staff.column."+k), i18n.T(lang, "staff.help."+k)); err != nil {
			return nil, err
		}
	}
	err = book.Close()
	return b.Bytes(), err
}
