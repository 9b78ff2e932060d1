package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"wangge/internal/grid/staff"
)

// PostsImport says which list of people is taken how.
type PostsImport struct {
	File     string
	Area     string // 12-digit code of the area of rows that name none; empty: the district
	Dry      bool
	Complete bool   // who is not in the list loses a post of the same roles
	Rejected string // workbook for refused rows; empty: none
	Lang     string
}

// staff is what brings people into posts; it keeps nothing of its own.
func (a *App) staff() *staff.Service {
	return staff.New(staff.Deps{DB: a.DB, Keys: a.Keys, Clock: a.clock(), Grid: a.Grid, Accounts: a.Accounts})
}

// ImportPosts brings the people of a list into their posts in the settings' database.
func ImportPosts(ctx context.Context, o Options, in PostsImport) (report *staff.Report, err error) {
	data, err := os.ReadFile(in.File)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrCall, err)
	}
	err = withApp(ctx, o, func(a *App) error {
		report, err = a.importPosts(ctx, in, data)
		return err
	})
	return report, err
}

func (a *App) importPosts(ctx context.Context, in PostsImport, data []byte) (*staff.Report, error) {
	c, at, err := a.system(ctx, "import", in.Lang, in.Area)
	if err != nil {
		return nil, err
	}
	how := staff.Options{Place: at.ID, File: filepath.Base(in.File), Complete: in.Complete, Lang: in.Lang}
	do := a.staff().Apply
	if in.Dry {
		do = a.staff().Plan
	}
	report, err := do(ctx, c, data, how)
	if err != nil || in.Rejected == "" {
		return report, err
	}
	book, err := staff.RejectedRows(report, in.Lang)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(in.Rejected, book, 0o600); err != nil {
		return nil, fmt.Errorf("%w: --rejected: %v", ErrCall, err)
	}
	return report, nil
}
