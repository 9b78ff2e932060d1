package incoming

import (
	"bytes"
	"context"
	"strconv"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
	"wangge/internal/platform/sheet"
)

// PageOfLists is how many lists one page holds.
const PageOfLists = 50

// twoPeopleAbove is the number of rows above which who closed a list and who
// takes it out are two people.
const twoPeopleAbove = 200

// Lists returns lists of the caller's area, the newest first; before is the
// last one seen, or Zero.
func (s *Service) Lists(ctx context.Context, c grid.Caller, before id.ID) ([]List, error) {
	const op = "incoming.Lists"
	if err := c.Require(op, grid.LeadImport); err != nil {
		return nil, err
	}
	a := db.NewArgs(c.District)
	where := "t.id > 0"
	if before != id.Zero {
		where = "t.id < " + a.Add(before)
	}
	rows, err := listsWhere(ctx, s.DB.Read(), c, a, where, PageOfLists)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	out := make([]List, len(rows))
	ids := make([]id.ID, len(rows))
	for i := range rows {
		if err := s.openList(&rows[i]); err != nil {
			return nil, errs.Wrap(op, err)
		}
		out[i], ids[i] = rows[i].List, rows[i].ID
	}
	states, err := listStates(ctx, s.DB.Read(), c.District, ids)
	for i := range out {
		out[i].Figures = states[out[i].ID]
	}
	return out, errs.Wrap(op, err)
}

func (s *Service) openList(l *listRow) error {
	err := s.Keys.OpenJSON(l.register, seal.AAD(l.register, tableList, l.ID), l.sealed, &l.body)
	l.Name = l.body.Name
	if l.Lost = seal.IsDestroyed(err); l.Lost {
		return nil // its emergency is over and its key destroyed: the figures stay
	}
	return err
}

func (s *Service) list(ctx context.Context, q db.Queryer, c grid.Caller, v id.ID) (listRow, error) {
	const op = "incoming.list"
	if err := c.Require(op, grid.LeadImport); err != nil {
		return listRow{}, err
	}
	a := db.NewArgs(c.District)
	rows, err := listsWhere(ctx, q, c, a, "t.id = "+a.Add(v), 1)
	if err == nil && len(rows) == 0 {
		err = errs.E(op, errs.NotFound, "incoming.list_gone")
	}
	if err != nil {
		return listRow{}, err
	}
	return rows[0], s.openList(&rows[0])
}

// Get returns a list of the caller's area with its people, the unsettled first.
func (s *Service) Get(ctx context.Context, c grid.Caller, v id.ID) (List, []Lead, error) {
	const op = "incoming.Get"
	l, err := s.list(ctx, s.DB.Read(), c, v)
	if err != nil {
		return List{}, nil, errs.Wrap(op, err)
	}
	states, err := listStates(ctx, s.DB.Read(), c.District, []id.ID{v})
	if err != nil {
		return List{}, nil, errs.Wrap(op, err)
	}
	l.Figures = states[v]
	leads, err := listLeads(ctx, s.DB.Read(), c.District, v, shownLeads)
	if err != nil {
		return List{}, nil, errs.Wrap(op, err)
	}
	out, err := s.listed(ctx, c, leads)
	return l.List, out, errs.Wrap(op, err)
}

// Close ends a list. With people outstanding it takes a reason, which goes back
// with them; once the emergency's key is destroyed nobody can be called and
// nothing written, and it just closes. Errors: Conflict where it is closed;
// Invalid "reason".
func (s *Service) Close(ctx context.Context, c grid.Caller, v id.ID, reason string) error {
	const op = "incoming.Close"
	return errs.Wrap(op, s.DB.Write(ctx, op, func(tx *db.Tx) error {
		l, err := s.list(ctx, tx, c, v)
		if err != nil {
			return err
		}
		if err := c.RequirePlace(op, grid.LeadImport, l.path); err != nil {
			return err
		}
		states, err := listStates(ctx, tx, c.District, []id.ID{v})
		if err != nil {
			return err
		}
		f := states[v]
		if err := s.reasoned(&l, f, reason); err != nil {
			return err
		}
		l.ClosedBy, l.ClosedMs = c.AccountID, s.nowMs()
		if err := closeList(ctx, tx, c.District, &l); err != nil {
			return err
		}
		tx.Notify(topic)
		return s.note(ctx, tx, c, grid.LeadImport, "lead.close", tableList, v, "outstanding="+strconv.Itoa(f.People-f.Done))
	}))
}

// reasoned seals why a list is closed with people outstanding.
func (s *Service) reasoned(l *listRow, f Figures, reason string) (err error) {
	const op = "incoming.reasoned"
	if l.Lost {
		return nil
	}
	if l.body.Reason = short(reason, 300); f.Done < f.People && l.body.Reason == "" {
		return errs.Field(errs.E(op, errs.Invalid, "incoming.outstanding", f.People-f.Done), "reason")
	}
	l.sealed, err = s.Keys.SealJSON(l.register, seal.AAD(l.register, tableList, l.ID), &l.body)
	return err
}

// Refused returns the refused rows of a list as a workbook to correct: as they
// were sent, with the reason in the last column. NotFound where there are none.
func (s *Service) Refused(ctx context.Context, c grid.Caller, v id.ID) ([]byte, error) {
	const op = "incoming.Refused"
	return s.workbook(ctx, c, op, v, true)
}

// Back returns a closed list as it came, the columns untouched, with the results
// behind them. Above a number of rows, who closed it cannot take it out: that
// takes a second person. Errors: Conflict while it is open; Denied to who closed it.
func (s *Service) Back(ctx context.Context, c grid.Caller, v id.ID) ([]byte, error) {
	const op = "incoming.Back"
	return s.workbook(ctx, c, op, v, false)
}

func (s *Service) workbook(ctx context.Context, c grid.Caller, op string, v id.ID, refused bool) ([]byte, error) {
	l, err := s.list(ctx, s.DB.Read(), c, v)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	if err := c.RequirePlace(op, grid.LeadImport, l.path); err != nil {
		return nil, err
	}
	if l.Lost {
		return nil, errs.E(op, errs.Conflict, "incoming.lost")
	}
	if !refused {
		switch {
		case l.State != "closed":
			return nil, errs.E(op, errs.Conflict, "incoming.still_open")
		case l.Rows > twoPeopleAbove && l.ClosedBy == c.AccountID && !c.IsSystem():
			return nil, errs.E(op, errs.Denied, "incoming.second_person", twoPeopleAbove)
		}
	}
	var buf bytes.Buffer
	if err := s.writeBook(ctx, c, &l, refused, &buf); err != nil {
		return nil, errs.Wrap(op, err)
	}
	action := "lead.back"
	if refused {
		action = "lead.refused"
	}
	err = s.DB.Write(ctx, op, func(tx *db.Tx) error {
		return s.note(ctx, tx, c, grid.LeadImport, action, tableList, v, "rows="+strconv.Itoa(l.Rows))
	})
	return buf.Bytes(), errs.Wrap(op, err)
}

// resultColumns are the columns behind a list that goes back.
var resultColumns = []string{"result", "community", "door", "stops", "test", "companions", "measure", "note", "time"}

func (s *Service) writeBook(ctx context.Context, c grid.Caller, l *listRow, refused bool, buf *bytes.Buffer) error {
	rows, err := rowsOf(ctx, s.DB.Read(), c.District, l.ID, refused)
	if err != nil {
		return err
	}
	if len(rows) == 0 {
		return errs.E("incoming.writeBook", errs.NotFound, "incoming.none_refused")
	}
	leads, err := leadsOf(ctx, s.DB.Read(), c.District, l.ID)
	if err != nil {
		return err
	}
	res, err := s.results(ctx, c, leads)
	if err != nil {
		return err
	}
	drills, err := s.drills(ctx, c)
	if err != nil {
		return err
	}
	b := sheet.NewWorkbook(buf)
	b.SetProperties(sheet.Properties{Title: l.Name, Identifier: l.ID.String() + "/" + c.AccountID.String()})
	w := bookWriter{b: b, l: l, lang: c.Lang, refused: refused, at: -1, mark: drillMark(c.Lang, drills[l.EmergencyID])}
	for _, r := range rows {
		var body rowBody
		if err := s.Keys.OpenJSON(l.register, rowAAD(l.register, l.ID, r.n), r.sealed, &body); err != nil {
			return err
		}
		if err := w.row(&body, res[r.lead]); err != nil {
			return err
		}
	}
	return b.Close()
}

// bookWriter writes rows under the headers they came with.
type bookWriter struct {
	b       *sheet.Workbook
	cur     *sheet.XLSXSheet
	l       *listRow
	lang    string
	refused bool
	at      int    // index of the sheet being written
	mark    string // of an exercise
}

func (w *bookWriter) row(r *rowBody, results []any) error {
	if r.Sheet != w.at {
		if err := w.start(r.Sheet); err != nil {
			return err
		}
	}
	h := &w.l.body.Sheets[r.Sheet]
	if r.Refused != "" {
		results = []any{i18n.T(w.lang, r.Refused, longest)}
	}
	return w.cur.Row(append(widen(r.Cells, h.Width), results...)...)
}

// start begins a sheet with what stood above its rows.
func (w *bookWriter) start(n int) (err error) {
	w.at = n
	h := &w.l.body.Sheets[n]
	if w.cur, err = w.b.Sheet(h.Name, sheet.SheetOptions{Mark: w.mark}); err != nil {
		return err
	}
	for i, cells := range h.Head {
		line := widen(cells, h.Width)
		if i == h.Header {
			line = append(line, w.titles()...)
		}
		if err := w.cur.Header(line...); err != nil {
			return err
		}
	}
	return nil
}

func (w *bookWriter) titles() []any {
	if w.refused {
		return []any{i18n.T(w.lang, "incoming.col.refused")}
	}
	out := make([]any, len(resultColumns))
	for i, k := range resultColumns {
		out[i] = i18n.T(w.lang, "incoming.col."+k)
	}
	return out
}

// widen gives cells as they were, filled up to a width.
func widen(cells []sheet.Cell, width int) []any {
	out := make([]any, max(width, len(cells)))
	for i, c := range cells {
		if c.Kind != sheet.Empty && !c.FromLeft() {
			out[i] = c
		}
	}
	return out
}
