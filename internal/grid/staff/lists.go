package staff

import (
	"bytes"
	"context"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
	"wangge/internal/platform/sheet"
)

// keepLists is how long a list is kept, for its refused rows to be mended.
const keepLists = 7 * 24 * time.Hour

// List is a list that was handed in.
type List struct {
	ID        id.ID   `json:"id"`
	PlaceID   id.ID   `json:"place_id"`
	File      string  `json:"file"`
	CreatedMs int64   `json:"created_ms"`
	AppliedMs int64   `json:"applied_ms,omitempty" doc:"0: nothing was written yet"`
	Report    *Report `json:"report" doc:"What was done; of a list that was not applied, what would be"`
}

// content is what is sealed of a list.
type content struct {
	File string `json:"file"`
	Data []byte `json:"data"`
}

func listAAD(list id.ID) string   { return seal.AAD(seal.Standing, "post_list", list) }
func resultAAD(list id.ID) string { return seal.AAD(seal.Standing, "post_list_result", list) }

// Stage keeps a list and says what it would change; nothing else is written.
// Errors as of Plan.
func (s *Service) Stage(ctx context.Context, c grid.Caller, data []byte, o Options) (*List, error) {
	const op = "staff.Stage"
	p, err := s.plan(ctx, c, data, o)
	if err != nil {
		return nil, err
	}
	now := clock.Ms(s.clk.Now())
	l := stored{ID: id.New(), Place: p.w.base.ID, Account: c.AccountID, Created: now}
	if l.sealed, err = s.keys.SealJSON(seal.Standing, listAAD(l.ID), content{o.File, data}); err != nil {
		return nil, errs.Wrap(op, err)
	}
	err = s.d.Write(ctx, op, func(tx *db.Tx) error {
		if err := deleteLists(ctx, tx, c.District, now-keepLists.Milliseconds()); err != nil {
			return err
		}
		return insertList(ctx, tx, c.District, l)
	})
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	return &List{ID: l.ID, PlaceID: l.Place, File: o.File, CreatedMs: now, Report: p.report}, nil
}

// open reads a list of the caller's.
func (s *Service) open(ctx context.Context, c grid.Caller, list id.ID) (stored, content, error) {
	const op = "staff.List"
	l, err := selectList(ctx, s.d.Read(), c.District, list)
	if err != nil {
		return l, content{}, errs.Wrap(op, err)
	}
	if l.Account != c.AccountID && !c.IsSystem() {
		return l, content{}, errs.E(op, errs.NotFound, "staff.list.not_found")
	}
	var in content
	err = s.keys.OpenJSON(seal.Standing, listAAD(l.ID), l.sealed, &in)
	return l, in, errs.Wrap(op, err)
}

// Get returns a list of one's own: with what it did, or would do now.
func (s *Service) Get(ctx context.Context, c grid.Caller, list id.ID) (*List, error) {
	l, in, err := s.open(ctx, c, list)
	if err != nil {
		return nil, err
	}
	out := &List{ID: l.ID, PlaceID: l.Place, File: in.File, CreatedMs: l.Created, AppliedMs: l.Applied}
	if l.Applied != 0 {
		out.Report = &Report{}
		return out, errs.Wrap("staff.Get", s.keys.OpenJSON(seal.Standing, resultAAD(l.ID), l.result, out.Report))
	}
	out.Report, err = s.Plan(ctx, c, in.Data, Options{Place: l.Place, File: in.File, Lang: c.Lang})
	return out, err
}

// Lists returns one's own latest lists, without their reports.
func (s *Service) Lists(ctx context.Context, c grid.Caller) ([]List, error) {
	const op = "staff.Lists"
	if err := c.Require(op, grid.PostWrite); err != nil {
		return nil, err
	}
	rows, err := recentLists(ctx, s.d.Read(), c.District, c.AccountID)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	var out []List
	for _, l := range rows {
		var in content
		if err := s.keys.OpenJSON(seal.Standing, listAAD(l.ID), l.sealed, &in); err != nil {
			return nil, errs.Wrap(op, err)
		}
		out = append(out, List{ID: l.ID, PlaceID: l.Place, File: in.File, CreatedMs: l.Created, AppliedMs: l.Applied})
	}
	return out, nil
}

// ApplyList applies a staged list as it stands now; complete ends the posts of
// those it does not name. Conflict staff.list.applied where it was applied.
func (s *Service) ApplyList(ctx context.Context, c grid.Caller, list id.ID, complete bool) (*List, error) {
	const op = "staff.ApplyList"
	l, in, err := s.open(ctx, c, list)
	if err != nil {
		return nil, err
	}
	if l.Applied != 0 {
		return nil, errs.E(op, errs.Conflict, "staff.list.applied")
	}
	r, err := s.Apply(ctx, c, in.Data, Options{Place: l.Place, File: in.File, Complete: complete, Lang: c.Lang})
	if err != nil {
		return nil, err
	}
	now := clock.Ms(s.clk.Now())
	result, err := s.keys.SealJSON(seal.Standing, resultAAD(l.ID), r)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	err = s.d.Write(ctx, op, func(tx *db.Tx) error { return setApplied(ctx, tx, c.District, list, now, result) })
	return &List{ID: l.ID, PlaceID: l.Place, File: in.File, CreatedMs: l.Created, AppliedMs: now, Report: r}, errs.Wrap(op, err)
}

// Rejected returns the refused rows of a list as a workbook that can be mended
// and handed in again; the last column says why.
func (s *Service) Rejected(ctx context.Context, c grid.Caller, list id.ID) ([]byte, error) {
	l, in, err := s.open(ctx, c, list)
	if err != nil {
		return nil, err
	}
	p, err := s.plan(ctx, c, in.Data, Options{Place: l.Place, File: in.File, Lang: c.Lang})
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
