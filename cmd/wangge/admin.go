package main

import (
	"context"
	"fmt"

	"wangge/internal/app"
)

var adminCommand = command{"admin", "keys and accounts: admin {setup-link|reset|escrow}", runAdmin}

func runAdmin(ctx context.Context, env *environment, args []string) error {
	if len(args) == 0 {
		return usageError("admin what? setup-link, reset LOGIN, or escrow KEY")
	}
	fs := flags(env, "admin "+args[0])
	var cfg app.Config
	cfg.Bind(fs)
	base := fs.String("base-url", "http://127.0.0.1:8080", "address people open")
	holder := fs.String("holder", "", "escrow: who keeps the copy")
	place := fs.String("place", "", "escrow: where it is kept")
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
	case args[0] == "escrow" && len(rest) == 1:
		if *holder == "" || *place == "" {
			return usageError("escrow needs --holder and --place")
		}
		text, err = app.EscrowKey(ctx, o, rest[0], *holder, *place)
	default:
		return usageError("admin setup-link, admin reset LOGIN, or admin escrow KEY --holder NAME --place WHERE")
	}
	if err == nil {
		fmt.Fprintln(env.stdout, text)
	}
	return err
}
