package app

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"wangge/internal/duty"
	"wangge/internal/grid"
	"wangge/internal/grid/lists"
	"wangge/internal/ledger"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/relist"
	"wangge/internal/round"
)

// ExportRequest says what `wangge export` writes where.
type ExportRequest struct {
	Round string // id; empty: the only open round
	Area  string // 12-digit code; empty: the whole district
	Out   string // the workbook
	Lang  string
}

// ExportOutstanding writes the outstanding targets of a round.
func ExportOutstanding(ctx context.Context, o Options, r ExportRequest) error {
	return export(ctx, o, r, func(a *App, c grid.Caller, at grid.Place, w io.Writer) error {
		rd, err := a.onlyRound(ctx, c, r.Round)
		if err != nil {
			return err
		}
		return a.Rounds.Export(ctx, c, rd, round.ListQuery{Ref: round.NodeRef{Place: at.ID}}, w)
	})
}

// ExportPeople writes the persons of an area, masked.
func ExportPeople(ctx context.Context, o Options, r ExportRequest) error {
	return export(ctx, o, r, func(a *App, c grid.Caller, at grid.Place, w io.Writer) error {
		return a.Ledger.ExportWorkbook(ctx, c, ledger.Filter{Place: at.ID, Sort: "door"}, w)
	})
}

// lists takes lists out and in again; it keeps nothing of its own.
func (a *App) lists() *lists.Service {
	return lists.New(lists.Deps{DB: a.DB, Keys: a.Keys, Clock: a.clock(), Audit: a.Audit, Grid: a.Grid, Accounts: a.Accounts, Tables: []lists.Table{a.Duty.List()}})
}

// ListKinds names the lists that go out and come back.
func ListKinds() []lists.Kind { return append(lists.Kinds(), duty.ListKind) }

// ExportList writes a list of the grid.
func ExportList(ctx context.Context, o Options, k lists.Kind, r ExportRequest) error {
	return export(ctx, o, r, func(a *App, c grid.Caller, at grid.Place, w io.Writer) error {
		return a.lists().Export(ctx, c, k, at.ID, grid.When{}, w)
	})
}

// ListImport says which exported list is brought back how.
type ListImport struct {
	Kind lists.Kind
	File string
	Area string // 12-digit code of what it may speak of; empty: the district
	Dry  bool
	Lang string
}

// ImportList brings an exported list back into the settings' database.
func ImportList(ctx context.Context, o Options, in ListImport) (*relist.Report, error) {
	data, err := os.ReadFile(in.File)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrCall, err)
	}
	var report *relist.Report
	err = withApp(ctx, o, func(a *App) error {
		c, at, err := a.system(ctx, "import", in.Lang, in.Area)
		if err != nil {
			return err
		}
		report, err = a.lists().Import(ctx, c, data, lists.Options{Kind: in.Kind, Place: at.ID, File: filepath.Base(in.File), Dry: in.Dry})
		return err
	})
	return report, err
}

// system is the installation itself as a caller, and the area that a command
// names by its code (empty: the district's).
func (a *App) system(ctx context.Context, purpose, lang, area string) (grid.Caller, grid.Place, error) {
	c := grid.System(a.District, purpose)
	c.Lang = lang
	if area != "" {
		at, err := a.Grid.Area(ctx, c, area)
		return c, at, err
	}
	at, err := a.Grid.Root(ctx, c)
	return c, at, err
}

// onlyRound returns the round with an id, or the only open one.
func (a *App) onlyRound(ctx context.Context, c grid.Caller, text string) (round.Round, error) {
	if text != "" {
		rid, err := id.Parse(text)
		if err != nil {
			return round.Round{}, fmt.Errorf("%w: --round: %v", ErrCall, err)
		}
		return a.Rounds.Round(ctx, c, rid)
	}
	open, err := a.Rounds.Rounds(ctx, c, round.ListFilter{States: []round.RoundState{round.Open}})
	if err != nil {
		return round.Round{}, err
	}
	if len(open) != 1 {
		return round.Round{}, fmt.Errorf("%w: %d rounds are open; choose one with --round", ErrCall, len(open))
	}
	return open[0], nil
}

// export opens the installation and the file, and removes the file if nothing
// whole could be written.
func export(ctx context.Context, o Options, r ExportRequest, write func(*App, grid.Caller, grid.Place, io.Writer) error) error {
	return withApp(ctx, o, func(a *App) error {
		c, at, err := a.system(ctx, "export", r.Lang, r.Area)
		if err != nil {
			return err
		}
		f, err := os.OpenFile(r.Out, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
		if err != nil {
			return fmt.Errorf("%w: -o: %v", ErrCall, err)
		}
		defer f.Close()
		err = write(a, c, at, f)
		if err == nil {
			err = f.Sync()
		}
		if err != nil {
			os.Remove(r.Out)
		}
		return errs.Wrap("app.export", err)
	})
}
