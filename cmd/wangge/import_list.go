package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"wangge/internal/app"
	"wangge/internal/grid/lists"
	"wangge/internal/platform/relist"
)

// importList brings back a list that was exported and changed.
func importList(ctx context.Context, env *environment, args []string) error {
	fs := flags(env, "import list")
	var cfg app.Config
	cfg.Bind(fs)
	in := app.ListImport{Lang: language(env)}
	fs.StringVar(&in.Area, "area", "", "12-digit code of the area the list may speak of (default: the district)")
	fs.BoolVar(&in.Dry, "dry-run", false, "say what would change and change nothing")
	asJSON := fs.Bool("json", false, "print JSON")
	rest, err := parse(fs, args)
	if err != nil {
		return err
	}
	if len(rest) != 2 || !slices.Contains(app.ListKinds(), lists.Kind(rest[0])) {
		return usageError("import list {%s} FILE", listNames("|"))
	}
	in.Kind, in.File = lists.Kind(rest[0]), rest[1]
	if err := cfg.Resolve(fs, env.getenv); err != nil {
		return err
	}
	o, err := options(env, cfg)
	if err != nil {
		return err
	}
	report, err := app.ImportList(ctx, o, in)
	if err != nil {
		return err
	}
	if *asJSON {
		err = printJSON(env, report)
	} else {
		printList(env, report, in.Dry)
	}
	if err == nil && report.Refused > 0 {
		err = app.ErrFound
	}
	return err
}

// listNames names the lists that go out and come back.
func listNames(between string) string {
	var names []string
	for _, k := range app.ListKinds() {
		names = append(names, string(k))
	}
	return strings.Join(names, between)
}

func printList(env *environment, r *relist.Report, dry bool) {
	for _, l := range r.Lines {
		for _, c := range l.Changes {
			fmt.Fprintf(env.stdout, "row %d %s: %s %q → %q\n", l.Row, l.ID, c.Column, c.From, c.To)
		}
		for _, p := range l.Problems {
			fmt.Fprintf(env.stdout, "row %d column %s refused: %s\n", l.Row, p.Letter, p.Text)
		}
	}
	word := "done"
	if dry {
		word = "nothing was written"
	}
	fmt.Fprintf(env.stdout, "%d rows: %d changed, %d new, %d unchanged, %d refused; %s\n", r.Rows, r.Changed, r.New, r.Unchanged, r.Refused, word)
}
