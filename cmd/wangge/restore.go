package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"wangge/internal/app"
	"wangge/internal/platform/i18n"
)

var restoreCommand = command{"restore", "check a backup and put it in place: restore FILE --data FOLDER", runRestore}

func runRestore(ctx context.Context, env *environment, args []string) error {
	fs := flags(env, "restore")
	var cfg app.Config
	cfg.Bind(fs)
	force := fs.Bool("force", false, "set an existing database aside (renamed, not deleted)")
	asJSON := fs.Bool("json", false, "print JSON")
	rest, err := parse(fs, args)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return usageError("restore FILE --data FOLDER")
	}
	if err := cfg.Resolve(fs, env.getenv); err != nil {
		return err
	}
	o, err := options(env, cfg)
	if err != nil {
		return err
	}
	lang := language(env)
	report, err := app.Restore(ctx, o, rest[0], *force, lang)
	if err != nil && !errors.Is(err, app.ErrFound) {
		return err
	}
	if *asJSON {
		return errors.Join(json.NewEncoder(env.stdout).Encode(report), err)
	}
	if err != nil {
		printReport(env, report.Check)
		return err
	}
	fmt.Fprintln(env.stdout, i18n.T(lang, "app.restore.done", report.File))
	if report.SetAside != "" {
		fmt.Fprintln(env.stdout, i18n.T(lang, "app.restore.aside", report.SetAside))
	}
	if missing := report.MissingKeys(); missing != "" {
		fmt.Fprintln(env.stderr, "wangge restore: "+i18n.T(lang, "app.restore.keys", missing, cfg.KeyDir()))
	}
	return nil
}
