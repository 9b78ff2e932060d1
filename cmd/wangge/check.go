package main

import (
	"context"
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"wangge/internal/app"
)

var checkCommand = command{"check", "verify coverage, the audit chain and references on live data", runCheck}

func runCheck(ctx context.Context, env *environment, args []string) error {
	fs := flags(env, "check")
	var cfg app.Config
	cfg.Bind(fs)
	asJSON := fs.Bool("json", false, "print JSON")
	rest, err := parse(fs, args)
	if err != nil {
		return err
	}
	if len(rest) > 0 {
		return usageError("check takes no operand (%q)", rest[0])
	}
	if err := cfg.Resolve(fs, env.getenv); err != nil {
		return err
	}
	o, err := options(env, cfg)
	if err != nil {
		return err
	}
	report, err := app.Check(ctx, o, language(env))
	if err != nil {
		return err
	}
	if *asJSON {
		if err := json.NewEncoder(env.stdout).Encode(report); err != nil {
			return err
		}
	} else {
		printReport(env, report)
	}
	if !report.Clean {
		return app.ErrFound
	}
	return nil
}

func printReport(env *environment, r app.Report) {
	w := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	for _, c := range r.Checks {
		state := "ok"
		switch {
		case len(c.Problems) > 0:
			state = "VIOLATED"
		case c.Note != "" && c.Looked > 0:
			state = "IN PART"
		case c.Note != "":
			state = "NOT CHECKED"
		}
		fmt.Fprintf(w, "%s\t%s\t%d\n", c.Name, state, c.Looked)
		if c.Note != "" {
			fmt.Fprintf(w, "  \t%s\t\n", c.Note)
		}
		for _, p := range c.Problems {
			fmt.Fprintf(w, "  \t%s\t\n", p)
		}
	}
	w.Flush()
}
