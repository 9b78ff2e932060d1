package main

import (
	"context"
	"fmt"

	"wangge/internal/app"
)

var serveCommand = command{"serve", "run the server for real work", runServe}

func runServe(ctx context.Context, env *environment, args []string) error {
	fs := flags(env, "serve")
	var cfg app.Config
	cfg.Bind(fs)
	cfg.BindServer(fs)
	rest, err := parse(fs, args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return usageError("serve takes no operand (%q)", rest[0])
	}
	if err := cfg.Resolve(fs, env.getenv); err != nil {
		return err
	}
	log, err := app.Logger(env.stderr, cfg.LogLevel)
	if err != nil {
		return err
	}
	return app.Serve(ctx, app.Options{Config: cfg, Log: log}, func(line string) { fmt.Fprintln(env.stdout, line) })
}
