package incoming

import (
	"bytes"
	"context"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/ledger/roster"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/sheet"
)

// transferColumns are the columns of a transfer sheet, as lists are pushed; the
// import of another district reads them unchanged.
var transferColumns = []string{"number", "title", "class", "urgency", "ask", roster.Name, roster.IDNo, roster.Phone, roster.Address, "transport", "seat", "origin", "arrival", roster.Note, "to", "reason"}

// TransferSheet is a file for an authority outside.
type TransferSheet struct {
	File []byte // a workbook, its rows in the caller's language
	Left int    // how many are on no sheet yet
}

// MakeSheet puts the people of the caller's area who went to an authority outside
// and are not sent by API on a list that this can bring in: at most 200 that are on
// none yet; again: at most 200 of those that are, the last ones first. Each one's
// history says so, and who handed them over is on record for each. Needs
// lead.import, and lead.call with unmasked phones over each; without anybody it
// holds the columns only.
func (s *Service) MakeSheet(ctx context.Context, c grid.Caller, again bool) (TransferSheet, error) {
	const op = "incoming.MakeSheet"
	var out TransferSheet
	if err := c.Require(op, grid.LeadImport); err != nil {
		return out, err
	}
	drills, err := s.drills(ctx, c)
	if err != nil {
		return out, errs.Wrap(op, err)
	}
	var rows [][]any
	drill := false
	err = s.DB.Write(ctx, op, func(tx *db.Tx) error {
		list, err := forSheet(ctx, tx, c, again, shownLeads)
		if err != nil {
			return err
		}
		rows, drill = make([][]any, len(list)), false
		for i := range list {
			drill = drill || drills[list[i].EmergencyID]
			if err := s.open(&list[i]); err != nil {
				return err
			}
			rows[i] = s.transferRow(c, &list[i])
		}
		if err := s.onSheet(ctx, tx, c, list); err != nil {
			return err
		}
		out.Left, err = countForSheet(ctx, tx, c, false)
		return err
	})
	if err == nil {
		out.File, err = transferBook(c.Lang, rows, drill)
	}
	return out, errs.Wrap(op, err)
}

// ForSheet counts whom the caller may put on a transfer sheet: who is on none yet,
// and who is on one. Needs lead.import.
func (s *Service) ForSheet(ctx context.Context, c grid.Caller) (left, on int, err error) {
	const op = "incoming.ForSheet"
	if err := c.Require(op, grid.LeadImport); err != nil {
		return 0, 0, err
	}
	if left, err = countForSheet(ctx, s.DB.Read(), c, false); err == nil {
		on, err = countForSheet(ctx, s.DB.Read(), c, true)
	}
	return left, on, errs.Wrap(op, err)
}

// transferRow is a lead in the order of transferColumns.
func (s *Service) transferRow(c grid.Caller, l *lead) []any {
	r := s.referral(c, l)
	return []any{r.From + "-" + r.Reference, r.Title, r.Class, urgent[l.Urgency].In(c.Lang), r.Ask, r.Name, r.IDNo, strings.Join(r.Phones, " "), r.Address, r.Transport, r.Seat, r.Origin, r.Arrival, r.Note, l.body.Answer.To, r.Reason}
}

// drills are the emergencies that are exercises.
func (s *Service) drills(ctx context.Context, c grid.Caller) (map[id.ID]bool, error) {
	list, err := s.Rounds.Emergencies(ctx, grid.System(c.District, "incoming"))
	out := map[id.ID]bool{}
	for _, e := range list {
		out[e.ID] = e.Drill
	}
	return out, err
}

// drillMark is the line above a sheet that comes from an exercise.
func drillMark(lang string, drill bool) string {
	if !drill {
		return ""
	}
	return i18n.T(lang, "incoming.drill.mark")
}

func transferBook(lang string, rows [][]any, drill bool) ([]byte, error) {
	cols := make([]sheet.Column, len(transferColumns))
	for i, k := range transferColumns {
		cols[i] = sheet.Column{Title: i18n.T(lang, "incoming.sheet."+k)}
	}
	var buf bytes.Buffer
	b := sheet.NewWorkbook(&buf)
	w, err := b.Sheet(i18n.T(lang, "incoming.sheet"), sheet.SheetOptions{Columns: cols, Freeze: true, Mark: drillMark(lang, drill)})
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		if err := w.Row(r...); err != nil {
			return nil, err
		}
	}
	err = b.Close()
	return buf.Bytes(), err
}

// onSheet notes that leads went out on a sheet, and who handed them over.
func (s *Service) onSheet(ctx context.Context, tx *db.Tx, c grid.Caller, list []lead) error {
	if len(list) == 0 {
		return nil
	}
	events := make([]eventRow, len(list))
	for i := range list {
		var err error
		if events[i], err = s.event(c, &list[i], "sheet", "", ""); err != nil {
			return err
		}
		if err := s.handedOver(ctx, tx, c, &list[i]); err != nil {
			return err
		}
	}
	if err := insertEvents(ctx, tx, c.District, events); err != nil {
		return err
	}
	tx.Notify(topic)
	return s.note(ctx, tx, c, grid.LeadImport, "lead.sheet", tableLead, id.Zero, "rows="+num(len(list)))
}
