package app

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/grid/divisions"
	"wangge/internal/ledger/importer"
	"wangge/internal/ledger/roster"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
)

// AreaProblem is a fault of a row of a national list, with its text.
type AreaProblem struct {
	divisions.Problem
	Text string `json:"text"`
}

// AreaReport says what an import of areas did or, dry, would do.
type AreaReport struct {
	Added     int               `json:"added"`
	Renamed   int               `json:"renamed"`
	Recoded   int               `json:"recoded"`
	Moved     int               `json:"moved"`
	Unchanged int               `json:"unchanged"`
	Gone      int               `json:"gone" doc:"Areas of the database that the list no longer has"`
	Partial   bool              `json:"partial" doc:"The list lacks more than half of the areas of a level"`
	Changes   []grid.AreaChange `json:"changes"`
	Blocked   []grid.AreaBlock  `json:"blocked" doc:"Areas no longer in the list that still hold doors, and which area takes over"`
	Problems  []AreaProblem     `json:"problems"`
}

// AreaImport says which list goes in and how.
type AreaImport struct {
	In         io.Reader
	Dry        bool              // say what would change and change nothing
	Whole      bool              // the list is whole, however much it lacks
	Successors map[string]string // which area takes over from a removed one, by codes; kept for later imports
	Lang       string
}

// ImportAreas reads a national list into the database of the settings. Rows at
// fault are told and left out. Where a removed area still needs a successor,
// the report says so beside the error.
func ImportAreas(ctx context.Context, o Options, in AreaImport) (AreaReport, error) {
	list, problems, err := divisions.Read(in.In)
	if err != nil {
		return AreaReport{}, err
	}
	district, ok := grid.DistrictOf(list)
	if !ok {
		return AreaReport{}, errs.E("app.ImportAreas", errs.Invalid, "app.first.districts")
	}
	d, err := OpenDatabase(ctx, o)
	if err != nil {
		return AreaReport{}, err
	}
	defer d.Close()
	a, err := New(ctx, o, d, district)
	if err != nil {
		return AreaReport{}, err
	}
	defer a.Close()
	c := grid.System(district, "import")
	for _, from := range slices.Sorted(maps.Keys(in.Successors)) {
		if err := a.Grid.SetSuccessor(ctx, c, from, in.Successors[from]); err != nil {
			return AreaReport{}, err
		}
	}
	bring := a.Grid.ImportAreas
	if in.Whole && !in.Dry {
		bring = func(ctx context.Context, c grid.Caller, list []divisions.Area, _ bool) (grid.AreaReport, error) {
			return a.Grid.ImportWholeList(ctx, c, list)
		}
	}
	rep, err := bring(ctx, c, list, in.Dry)
	out := AreaReport{Added: rep.Created, Renamed: rep.Renamed, Recoded: rep.Recoded, Moved: rep.Moved, Unchanged: rep.Unchanged, Gone: len(rep.Removed),
		Partial: rep.Partial, Changes: append([]grid.AreaChange{}, rep.Changes...), Blocked: append([]grid.AreaBlock{}, rep.Blocked...), Problems: []AreaProblem{}}
	for _, p := range append(problems, rep.Problems...) {
		out.Problems = append(out.Problems, AreaProblem{p, i18n.T(in.Lang, "app.areas.problem", p.Row, p.Column, p.Value, i18n.T(in.Lang, p.Key))})
	}
	return out, err
}

// RosterImport says which rosters go where.
type RosterImport struct {
	Files    []string
	Area     string // 12-digit code of the community
	Compound string // compound of rows that name none
	Dry      bool
	Rejected string // workbook for refused rows; empty: none
	Lang     string

	Reconcile *importer.ReconcileOptions // compare with the ledger and follow rules; nil: the roster's word counts
}

// ImportRoster reads rosters into the ledger of the settings' database.
func ImportRoster(ctx context.Context, o Options, in RosterImport) (report *importer.Report, err error) {
	err = withApp(ctx, o, func(a *App) error {
		report, err = a.importRoster(ctx, in)
		return err
	})
	return report, err
}

func (a *App) importRoster(ctx context.Context, in RosterImport) (*importer.Report, error) {
	if err := a.Recover(ctx); err != nil {
		return nil, err
	}
	c := grid.System(a.District, "import")
	c.Lang = in.Lang
	area, err := a.Grid.Area(ctx, c, in.Area)
	if err != nil {
		return nil, err
	}
	files, closeAll, err := OpenFiles(in.Files)
	if err != nil {
		return nil, err
	}
	defer closeAll()
	t := importer.Target{Place: area.ID, Compound: in.Compound, Reconcile: in.Reconcile}
	var list []importer.File
	for _, f := range files {
		list = append(list, importer.File(f))
	}
	if in.Rejected != "" {
		if err := writeRejected(ctx, in, files, a.Drill); err != nil {
			return nil, err
		}
	}
	if in.Dry {
		return a.Imports.Preview(ctx, c, t, list)
	}
	return a.Imports.Run(ctx, c, t, list)
}

// writeRejected writes the refused rows of the files, with the reason in the
// last column, to the workbook asked for.
func writeRejected(ctx context.Context, in RosterImport, files []roster.File, drill bool) error {
	out, err := os.OpenFile(in.Rejected, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("%w: --rejected: %v", ErrCall, err)
	}
	defer out.Close()
	w := roster.NewRejectWriter(out, in.Lang)
	o := roster.Options{Lang: in.Lang, Compound: in.Compound, Drill: drill, Today: clock.Day(clock.Real().Now()), Rejects: w}
	if _, err := roster.Parse(ctx, files, o, func(roster.Row) error { return nil }); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return out.Sync()
}

// openOnly builds the services of the only district of a database.
func openOnly(ctx context.Context, o Options, d *db.DB) (*App, error) {
	district, err := DistrictOf(ctx, d, o.Config.District)
	if err != nil {
		return nil, err
	}
	if district == 0 {
		return nil, errs.E("app.open", errs.NotFound, "app.no_district")
	}
	if o.Clock == nil {
		o.Clock = clock.Real()
	}
	return New(ctx, o, d, district)
}
