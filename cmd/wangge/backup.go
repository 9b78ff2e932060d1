package main

import (
	"context"
	"encoding/json"
	"fmt"

	"wangge/internal/app"
	"wangge/internal/platform/i18n"
)

var backupCommand = command{"backup", "copy the embedded database while it is used: backup FILE|FOLDER", runBackup}

func runBackup(ctx context.Context, env *environment, args []string) error {
	fs := flags(env, "backup")
	var cfg app.Config
	cfg.Bind(fs)
	asJSON := fs.Bool("json", false, "print JSON")
	rest, err := parse(fs, args)
	if err != nil {
		return err
	}
	if len(rest) != 1 {
		return usageError("backup FILE, or backup FOLDER for a name with district and time")
	}
	if err := cfg.Resolve(fs, env.getenv); err != nil {
		return err
	}
	o, err := options(env, cfg)
	if err != nil {
		return err
	}
	report, err := app.Backup(ctx, o, rest[0])
	if err != nil {
		return err
	}
	if *asJSON {
		return json.NewEncoder(env.stdout).Encode(report)
	}
	lang := language(env)
	fmt.Fprintln(env.stdout, i18n.T(lang, "app.backup.done", report.File, (report.Bytes+1<<20-1)>>20))
	if len(report.Keys) > 0 {
		fmt.Fprintln(env.stdout, i18n.T(lang, "app.backup.keys", len(report.Keys)))
	}
	return nil
}
