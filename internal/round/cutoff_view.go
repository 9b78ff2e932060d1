package round

import (
	"context"
	"io"
	"slices"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/sheet"
)

// frozen arranges the figures of a cut-off by where their leaves lie now.
func (s *Service) frozen(ctx context.Context, c grid.Caller, cut Cutoff) (*cells, error) {
	list, err := selectFrozen(ctx, s.DB.Read(), c.District, cut.ID)
	if err != nil {
		return nil, err
	}
	o := &occCache{}
	if err := s.readPaths(ctx, c.District, cut.OccurrenceID, o); err != nil {
		return nil, err
	}
	return o.arrange(0, list, false), nil
}

// correct adds what late marks change to the nodes and by day.
func (v *CutoffView) correct(seen *view, shifts []shift) {
	at := map[[2]int64]cell{}
	for x := range seen.cells.within(0, seen.cells.n) {
		at[[2]int64{int64(x.leaf), int64(x.grid)}] = x
	}
	for _, sh := range shifts {
		x, ok := at[[2]int64{int64(sh.leaf), int64(sh.grid)}]
		if !ok || !seen.sees(x) || !strings.HasPrefix(x.leafPath, v.Node.Path) {
			continue
		}
		v.Node.Change.shift(sh.Figures)
		for i := range v.Children {
			if strings.HasPrefix(x.leafPath, v.Children[i].Path) {
				v.Children[i].Change.shift(sh.Figures)
			}
		}
		i := slices.IndexFunc(v.Corrections, func(k Correction) bool { return k.Day == sh.day })
		if i < 0 {
			i = len(v.Corrections)
			v.Corrections = append(v.Corrections, Correction{Day: sh.day})
		}
		v.Corrections[i].shift(sh.Figures)
	}
}

// shift adds a change, whose figures may be negative.
func (f *Figures) shift(g Figures) {
	f.Done += g.Done
	f.Exempt += g.Exempt
	f.Attempted += g.Attempted
	f.Outstanding += g.Outstanding
}

// Corrected are the node's figures with what is known now.
func (n CutoffNode) Corrected() Figures {
	f := n.Figures
	f.shift(n.Change)
	return f
}

// CutoffCSV writes a cut-off as a table: one row a place, the frozen figures and
// beside them what late news change. It needs the export permission and leaves
// an audit entry.
func (s *Service) CutoffCSV(ctx context.Context, c grid.Caller, v CutoffView, w io.Writer) error {
	const op = "round.CutoffCSV"
	if err := c.Require(op, grid.Export); err != nil {
		return err
	}
	err := s.DB.Write(ctx, op, func(tx *db.Tx) error {
		return s.Audit.Append(ctx, tx, audit.Entry{Account: c.AccountID, Post: c.PostFor(grid.Export), Action: "export.round", Object: "round",
			ObjectID: v.RoundID, Detail: "cutoff=" + v.ID.String() + " rows=" + itoa(len(v.Children)+1)})
	})
	if err != nil {
		return err
	}
	t := func(key string) sheet.Column { return sheet.Column{Title: i18n.T(c.Lang, key)} }
	out, err := sheet.NewCSV(w, t("round.cutoff.at"), t("round.node"), t("round.total"), t("round.state.done"), t("round.state.exempt"), t("round.state.outstanding"),
		t("round.state.attempted"), t("round.cutoff.change.done"), t("round.cutoff.change.exempt"), t("round.cutoff.change.outstanding"))
	if err != nil {
		return errs.Wrap(op, err)
	}
	when := clock.FromMs(v.AtMs).In(clock.CST).Format("2006-01-02 15:04:05")
	for _, n := range append([]CutoffNode{v.Node}, v.Children...) {
		if err := out.Row(when, n.Name, n.Total, n.Done, n.Exempt, n.Outstanding, n.Attempted, n.Change.Done, n.Change.Exempt, n.Change.Outstanding); err != nil {
			return errs.Wrap(op, err)
		}
	}
	return errs.Wrap(op, out.Close())
}
