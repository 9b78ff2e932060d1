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

// TransferSheet returns the people of the caller's area who went to an authority
// outside and are not sent by API, as a list it can bring in, at most 200. Each
// one's history says that they are on a sheet. Needs lead.import, and lead.call
// over each; without anybody it holds the columns only.
func (s *Service) TransferSheet(ctx context.Context, c grid.Caller) ([]byte, error) {
	const op = "incoming.TransferSheet"
	if err := c.Require(op, grid.LeadImport); err != nil {
		return nil, err
	}
	list, err := sentAway(ctx, s.DB.Read(), c, shownLeads)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	var rows [][]any
	var out []*lead
	for i := range list {
		l := &list[i]
		if !seesFull(c, l) {
			continue
		}
		if err := s.open(l); err != nil {
			return nil, errs.Wrap(op, err)
		}
		rows, out = append(rows, s.transferRow(c, l)), append(out, l)
	}
	if err := s.onSheet(ctx, c, out); err != nil {
		return nil, errs.Wrap(op, err)
	}
	b, err := transferBook(c.Lang, rows)
	return b, errs.Wrap(op, err)
}

// transferRow is a lead in the order of transferColumns.
func (s *Service) transferRow(c grid.Caller, l *lead) []any {
	r := s.referral(c, l)
	return []any{r.From + "-" + r.Reference, r.Title, r.Class, urgent[l.Urgency].In(c.Lang), r.Ask, r.Name, r.IDNo, strings.Join(r.Phones, " "), r.Address, r.Transport, r.Seat, r.Origin, r.Arrival, r.Note, l.body.Answer.To, r.Reason}
}

func transferBook(lang string, rows [][]any) ([]byte, error) {
	cols := make([]sheet.Column, len(transferColumns))
	for i, k := range transferColumns {
		cols[i] = sheet.Column{Title: i18n.T(lang, "incoming.sheet."+k)}
	}
	var buf bytes.Buffer
	w, err := sheet.NewXLSX(&buf, i18n.T(lang, "incoming.sheet"), cols...)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		if err := w.Row(r...); err != nil {
			return nil, err
		}
	}
	err = w.Close()
	return buf.Bytes(), err
}

// onSheet notes that leads went out on a sheet, and that somebody took it.
func (s *Service) onSheet(ctx context.Context, c grid.Caller, list []*lead) error {
	const op = "incoming.onSheet"
	if len(list) == 0 {
		return nil
	}
	return s.DB.Write(ctx, op, func(tx *db.Tx) error {
		events := make([]eventRow, len(list))
		for i, l := range list {
			var err error
			if events[i], err = s.event(c, l, "sheet", "", ""); err != nil {
				return err
			}
		}
		if err := insertEvents(ctx, tx, c.District, events); err != nil {
			return err
		}
		return s.note(ctx, tx, c, grid.LeadImport, "lead.sheet", tableLead, id.Zero, "rows="+num(len(list)))
	})
}
