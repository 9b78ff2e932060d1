package round

import (
	"context"
	"io"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/sheet"
)

// Export writes the targets of a list as a workbook: places, states and
// reasons, no name and no answer. Verified empty flats and those who live
// elsewhere are not told apart from other exemptions. It needs the export
// permission and leaves an audit entry.
func (s *Service) Export(ctx context.Context, c grid.Caller, r Round, q ListQuery, w io.Writer) error {
	const op = "round.Export"
	if err := c.Require(op, grid.Export); err != nil {
		return err
	}
	q.Limit, q.perm = maxList, grid.Export
	lines, next, err := s.Outstanding(ctx, c, r.ID, q)
	if err != nil {
		return err
	}
	if next != "" {
		return errs.E(op, errs.TooMany, "round.print_big", maxList)
	}
	err = s.DB.Write(ctx, op, func(tx *db.Tx) error {
		return s.Audit.Append(ctx, tx, audit.Entry{Account: c.AccountID, Post: c.PostFor(grid.Export), Action: "export.round", Object: "round",
			ObjectID: r.ID, Detail: "rows=" + itoa(len(lines))})
	})
	if err != nil {
		return err
	}
	t := func(key string) string { return i18n.T(c.Lang, key) }
	out, err := sheet.NewXLSX(w, r.Name, sheet.Column{Title: t("round.col.row")}, sheet.Column{Title: t("round.col.line")}, sheet.Column{Title: t("round.col.building")},
		sheet.Column{Title: t("round.col.door")}, sheet.Column{Title: t("round.col.state")}, sheet.Column{Title: t("round.col.attempts")})
	if err != nil {
		return errs.Wrap(op, err)
	}
	for _, l := range lines {
		if err := out.Row(l.ObjectID.String(), l.LineNo, l.Building, l.Label, i18n.T(c.Lang, "round.state."+l.State.String()), l.Attempts); err != nil {
			return errs.Wrap(op, err)
		}
	}
	return errs.Wrap(op, out.Close())
}
