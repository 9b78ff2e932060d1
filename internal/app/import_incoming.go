package app

import (
	"context"
	"fmt"
	"os"

	"wangge/internal/incoming"
	"wangge/internal/platform/id"
)

// IncomingImport says which list of people to be verified comes in and where.
type IncomingImport struct {
	Files     []string
	Name      string
	Area      string // code of the area; empty: the district
	Emergency id.ID  // Zero: the only open one
	Dry       bool
	Refused   string // workbook for refused rows; empty: none
	Lang      string
}

// ImportIncoming brings a list into the database of the settings.
func ImportIncoming(ctx context.Context, o Options, in IncomingImport) (report *incoming.Report, err error) {
	err = withApp(ctx, o, func(a *App) error {
		report, err = a.importIncoming(ctx, in)
		return err
	})
	return report, err
}

func (a *App) importIncoming(ctx context.Context, in IncomingImport) (*incoming.Report, error) {
	c, area, err := a.system(ctx, "import", in.Lang, in.Area)
	if err != nil {
		return nil, err
	}
	files, closeAll, err := OpenFiles(in.Files)
	if err != nil {
		return nil, err
	}
	defer closeAll()
	list := incoming.Input{Name: in.Name, Area: area.ID, EmergencyID: in.Emergency, Dry: in.Dry}
	for _, f := range files {
		list.Files = append(list.Files, incoming.File(f))
	}
	rep, err := a.Incoming.Import(ctx, c, list)
	if err != nil || in.Dry || in.Refused == "" || rep.Refused == 0 {
		return rep, err
	}
	book, err := a.Incoming.Refused(ctx, c, rep.ListID)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(in.Refused, book, 0o600); err != nil {
		return nil, fmt.Errorf("%w: --rejected: %v", ErrCall, err)
	}
	return rep, nil
}
