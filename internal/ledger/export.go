package ledger

import (
	"context"
	"io"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/sheet"
)

// exportColumns are the columns of an exported list of persons; each has a
// name in the catalogue under ledger.col.
var exportColumns = []string{"row", "door", "name", "sex", "relation", "phone", "idno", "registered", "lives_here"}

// ExportWorkbook writes a list of persons as a workbook in the caller's
// language: masked, with the number of each record in the first column. It
// needs and records what Export does; nothing is written when Export fails.
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
	t := func(key string) string { return i18n.T(c.Lang, key) }
	var cols []sheet.Column
	for _, k := range exportColumns {
		cols = append(cols, sheet.Column{Title: t("ledger.col." + k)})
	}
	x, err := sheet.NewXLSX(w, t("ledger.list.title"), cols...)
	if err != nil {
		return errs.Wrap(op, err)
	}
	yes := map[bool]string{true: t("ledger.yes"), false: t("ledger.no")}
	for _, v := range rows {
		sex := ""
		if v.Sex != "" {
			sex = t("ledger.sex." + string(v.Sex))
		}
		registered := ""
		if v.RegistrationShown {
			registered = yes[v.Registered]
		}
		if err := x.Row(v.ID.String(), v.Door, v.Name, sex, v.Relation, strings.Join(v.Phones, " "), v.IDNo, registered, yes[v.LivesHere]); err != nil {
			return errs.Wrap(op, err)
		}
	}
	return errs.Wrap(op, x.Close())
}
