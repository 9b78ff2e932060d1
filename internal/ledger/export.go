package ledger

import (
	"cmp"
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/sheet"
)

// exportColumns are the columns of an exported list of persons; each has a
// name in the catalogue under ledger.col, which the roster import knows again.
var exportColumns = []sheet.Column{{Title: "row", Width: 21}, {Title: "door", Width: 30}, {Title: "name"}, {Title: "sex", Width: 6}, {Title: "birth", Width: 12},
	{Title: "relation"}, {Title: "phone", Width: 18}, {Title: "landline"}, {Title: "idno", Width: 22}, {Title: "registered", Width: 10}, {Title: "lives_here", Width: 10}}

// Exportable reports whether the list may leave the system. Who lives elsewhere
// is a list of flats that may stand empty; such a list, like those of people
// who live alone, is never written out in bulk.
func (f Filter) Exportable() bool { return f.Lives != "elsewhere" }

// ExportWorkbook writes a list of persons as a workbook in the caller's
// language: masked, with the number of each record in the first column, so that
// the roster import takes it back: a row that nobody touched changes nothing.
// It needs and records what Export does; nothing is written when Export fails.
func (s *Service) ExportWorkbook(ctx context.Context, c grid.Caller, f Filter, w io.Writer) error {
	const op = "ledger.ExportWorkbook"
	var rows []PersonView
	err := s.Export(ctx, c, f, func(v PersonView) error {
		rows = append(rows, v)
		return nil
	})
	if err != nil {
		return err
	}
	x, err := sheet.NewXLSX(w, i18n.T(c.Lang, "ledger.list.title"), ExportColumns(c.Lang)...)
	if err != nil {
		return errs.Wrap(op, err)
	}
	for _, v := range rows {
		if err := x.Row(ExportCells(c.Lang, v)...); err != nil {
			return errs.Wrap(op, err)
		}
	}
	return errs.Wrap(op, x.Close())
}

// ExportColumns are the columns of an exported list of persons.
func ExportColumns(lang string) []sheet.Column {
	cols := slices.Clone(exportColumns)
	for i := range cols {
		cols[i].Title = i18n.T(lang, "ledger.col."+cols[i].Title)
	}
	return cols
}

// ExportCells are a person's cells, as far as the view shows them.
func ExportCells(lang string, v PersonView) []any {
	t := func(key string) string { return i18n.T(lang, key) }
	yes := map[bool]string{true: t("ledger.yes"), false: t("ledger.no")}
	sex, registered := "", ""
	if v.Sex != "" {
		sex = t("ledger.sex." + string(v.Sex))
	}
	if v.RegistrationShown {
		registered = yes[v.Registered]
	}
	return []any{v.ID.String(), v.Door, v.Name, sex, v.Birth, v.Relation, strings.Join(v.Phones, " "), v.Landline, cmp.Or(v.IDNo, v.Passport), registered, yes[v.LivesHere]}
}

// Masks returns what an export shows instead of a person's sealed fields, by
// the roster's column keys.
func Masks(p *Person) map[string]string {
	v := present(p, seesNameMasked|seesPhoneMasked|seesIDNoMasked, false, time.Time{})
	return map[string]string{"name": v.Name, "birth": v.Birth, "phone": strings.Join(v.Phones, " "), "landline": v.Landline, "idno": cmp.Or(v.IDNo, v.Passport)}
}

// DoorTexts returns doors in words, by id, as exports write them. The caller
// has decided which doors may be spoken of.
func (s *Service) DoorTexts(ctx context.Context, district int, doors []id.ID) (map[id.ID]string, error) {
	texts, err := s.doorTexts(ctx, district, doors)
	out := make(map[id.ID]string, len(texts))
	for k, d := range texts {
		out[k] = d.text
	}
	return out, errs.Wrap("ledger.DoorTexts", err)
}
