package app

import (
	"context"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// withApp runs fn over the only district of the settings' database.
func withApp(ctx context.Context, o Options, fn func(a *App) error) error {
	d, err := OpenDatabase(ctx, o)
	if err != nil {
		return err
	}
	defer d.Close()
	a, err := openOnly(ctx, o, d)
	if err != nil {
		return err
	}
	defer a.Close()
	return fn(a)
}

// SetupLink returns a new one-time link for the first account; Conflict once there is one.
func SetupLink(ctx context.Context, o Options, base string) (link string, err error) {
	err = withApp(ctx, o, func(a *App) error {
		code, err := a.Accounts.SetupCode(ctx)
		if err == nil && code == "" {
			err = errs.E("app.SetupLink", errs.Conflict, "account.setup_done")
		}
		link = base + "/setup?token=" + code
		return err
	})
	return link, err
}

// ResetLink returns a one-time link by which the account with a log-in name or
// phone chooses a new password. For the machine's administrator, when nobody
// above can issue one.
func ResetLink(ctx context.Context, o Options, base, login string) (link string, err error) {
	err = withApp(ctx, o, func(a *App) error {
		acc, err := a.Accounts.Find(ctx, login)
		if err != nil {
			return err
		}
		code, err := a.Accounts.ResetCode(ctx, id.Zero, acc.ID)
		link = base + "/setup?token=" + code
		return err
	})
	return link, err
}
