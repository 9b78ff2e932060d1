package main

import (
	"context"
	"fmt"

	"wangge/internal/app"
)

var adminCommand = command{"admin", "keys and accounts: admin {setup-link|reset|keys}", runAdmin}

func runAdmin(ctx context.Context, env *environment, args []string) error {
	if len(args) == 0 {
		return usageError("admin what? setup-link, reset LOGIN, or keys")
	}
	if args[0] == "keys" {
		return runKeys(ctx, env, args[1:])
	}
	fs := flags(env, "admin "+args[0])
	var cfg app.Config
	cfg.Bind(fs)
	base := fs.String("base-url", "http://127.0.0.1:8080", "address people open")
	rest, err := parse(fs, args[1:])
	if err != nil {
		return err
	}
	if err := cfg.Resolve(fs, env.getenv); err != nil {
		return err
	}
	o, err := options(env, cfg)
	if err != nil {
		return err
	}
	var text string
	switch {
	case args[0] == "setup-link" && len(rest) == 0:
		text, err = app.SetupLink(ctx, o, *base)
	case args[0] == "reset" && len(rest) == 1:
		text, err = app.ResetLink(ctx, o, *base, rest[0])
	default:
		return usageError("admin setup-link, admin reset LOGIN, or admin keys")
	}
	if err == nil {
		fmt.Fprintln(env.stdout, text)
	}
	return err
}
