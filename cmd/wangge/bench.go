package main

import (
	"context"
	"errors"
	"os"
	"runtime/pprof"
	"strings"

	"wangge/internal/app"
	"wangge/internal/bench"
)

var benchCommand = command{"bench", "measure: bench {" + strings.Join(bench.Names(), "|") + "}", runBench}

func runBench(ctx context.Context, env *environment, args []string) error {
	if len(args) == 0 {
		return usageError("bench what? %s", strings.Join(bench.Names(), ", "))
	}
	fs := flags(env, "bench "+args[0])
	o := bench.Options{Out: env.stdout, Lang: language(env)}
	fs.StringVar(&o.DBURL, "db", "", "a PostgreSQL server, on which the bench makes a database and drops it (default: a temporary SQLite file)")
	fs.IntVar(&o.Size, "size", 0, "rows or targets (default: the bench's own)")
	fs.IntVar(&o.Households, "households", 0, "households of the district (default: the bench's own)")
	fs.IntVar(&o.Clients, "clients", 64, "clients at the same time")
	fs.BoolVar(&o.JSON, "json", false, "one JSON object a line")
	fs.StringVar(&o.Plot, "plot", "", "scale: draw how the figures grow into this SVG file")
	profile := fs.String("profile", "", "write a CPU profile of the run into this file")
	level := fs.String("log-level", "error", "debug, info, warn or error")
	rest, err := parse(fs, args[1:])
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return usageError("bench takes one name (%q is left over)", rest[0])
	}
	if o.Log, err = app.Logger(env.stderr, *level); err != nil {
		return err
	}
	if *profile == "" {
		return app.Bench(ctx, args[0], o)
	}
	f, err := os.Create(*profile)
	if err != nil {
		return usageError("%v", err)
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return errors.Join(err, f.Close())
	}
	err = app.Bench(ctx, args[0], o)
	pprof.StopCPUProfile()
	return errors.Join(err, f.Close())
}
