package relief

import (
	"bytes"
	"net/http"
	"strconv"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/sheet"
	"wangge/internal/platform/web"
)

// fileColumns are the columns of the list as a file.
var fileColumns = []string{"relief.post", "relief.ends", "relief.out", "relief.out.at", "relief.out.items", "relief.in", "relief.in.at", "relief.in.items", "relief.late.minutes", "relief.passed.to", "relief.passed.at", "relief.state"}

// file writes the list as a workbook and records that it was taken out. What
// the outgoing wrote stays inside.
func (p *Pages) file(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	const op = "relief.file"
	ctx := r.Context()
	if err := c.Require(op, grid.Export); err != nil {
		return err
	}
	q, _, err := p.readAsked(r)
	if err != nil {
		return err
	}
	list, cut, err := p.s.handovers(ctx, c, q, maxRows)
	if err != nil {
		return err
	}
	err = p.s.DB.Write(ctx, op, func(tx *db.Tx) error {
		return p.s.Audit.Append(ctx, tx, audit.Entry{Account: c.AccountID, Post: c.PostFor(grid.Export), Action: "relief.export", Object: "post", ObjectID: q.PostID, Detail: "rows=" + strconv.Itoa(len(list))})
	})
	if err != nil {
		return err
	}
	var book bytes.Buffer
	cols := make([]sheet.Column, len(fileColumns))
	for i, key := range fileColumns {
		cols[i] = sheet.Column{Title: web.T(ctx, key), Width: 18}
	}
	out, err := sheet.NewXLSX(&book, web.T(ctx, "relief.title"), cols...)
	for _, l := range list {
		if err == nil {
			err = out.Row(l.Post, stamp(l.EndMs), l.Out, stamp(l.OutMs), l.OutItems, l.In, stamp(l.InMs), l.InItems, int(l.LateMinutes()), l.Leader, stamp(l.PassedMs), web.T(ctx, "relief.state."+string(l.State)))
		}
	}
	if err == nil && cut {
		err = out.Row(web.T(ctx, "relief.cut", maxRows))
	}
	if err == nil {
		err = out.Close()
	}
	if err != nil {
		return err
	}
	return web.Download(w, "shift-handovers.xlsx", web.XLSX, book.Bytes())
}

func stamp(ms int64) string {
	if ms == 0 {
		return ""
	}
	return clock.FromMs(ms).In(clock.CST).Format(time.DateTime)
}
