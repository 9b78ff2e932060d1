package main

import (
	"context"
	"fmt"
	"os"

	"wangge/internal/app"
)

var demoCommand = command{"demo", "invent a district and run a screening round in it", runDemo}

func runDemo(ctx context.Context, env *environment, args []string) error {
	fs := flags(env, "demo")
	var cfg app.Config
	opt := app.DemoOptions{Lang: language(env)}
	fs.StringVar(&opt.Place, "place", "nangang", "nangang daoli daowai xiangfang yanshou muling mohe xinlin yaodu huangzhou hongshan huangdao shuangliu")
	fs.IntVar(&opt.Households, "households", 20000, "households in the district")
	fs.StringVar(&opt.Listen, "listen", "127.0.0.1:8080", "address to listen on")
	fs.StringVar(&cfg.Data, "data", "", "folder to keep it in (default: a new one, printed)")
	fs.StringVar(&cfg.DB, "db", "", "database URL (default: SQLite in the folder)")
	fs.Uint64Var(&opt.Seed, "seed", 1, "same seed, same district")
	fs.Float64Var(&opt.Speed, "speed", 1, "how much faster than real time its clock runs")
	fs.StringVar(&opt.Lang, "lang", opt.Lang, "language of the terminal: zh or en")
	level := fs.String("log-level", "warn", "debug, info, warn or error")
	rest, err := parse(fs, args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return usageError("demo takes no operand (%q)", rest[0])
	}
	if err := cfg.Resolve(fs, env.getenv); err != nil {
		return err
	}
	log, err := app.Logger(env.stderr, *level)
	if err != nil {
		return err
	}
	if cfg.Data == "" {
		if cfg.Data, err = os.MkdirTemp("", "wangge-demo-"); err != nil {
			return err
		}
	}
	opt.Progress = progressLine(env)
	return app.Demo(ctx, app.Options{Config: cfg, Log: log}, opt, func(line string) { fmt.Fprintln(env.stdout, line) })
}

// progressLine rewrites one line of the terminal while a district is loaded.
func progressLine(env *environment) func(done, total int) {
	last := -1
	return func(done, total int) {
		if pct := done * 100 / max(total, 1); pct != last {
			last = pct
			fmt.Fprintf(env.stderr, "\r%3d%%  %d / %d", pct, done, total)
			if done >= total {
				fmt.Fprintln(env.stderr)
			}
		}
	}
}
