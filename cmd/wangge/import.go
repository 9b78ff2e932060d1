package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"wangge/internal/app"
	"wangge/internal/ledger/importer"
)

var importCommand = command{"import", "read files into the database: import {areas|posts|roster|incoming|list} FILE…", runImport}

func runImport(ctx context.Context, env *environment, args []string) error {
	if len(args) == 0 {
		return usageError("import what? areas, posts, roster, incoming or list")
	}
	switch args[0] {
	case "areas":
		return importAreas(ctx, env, args[1:])
	case "posts":
		return importPosts(ctx, env, args[1:])
	case "list":
		return importList(ctx, env, args[1:])
	case "incoming":
		return importIncoming(ctx, env, args[1:])
	case "roster":
		return importRoster(ctx, env, args[1:])
	}
	return usageError("there is no import %q: areas, posts, roster, incoming or list", args[0])
}

// importAreas reads a national 12-digit list into the district it is about.
func importAreas(ctx context.Context, env *environment, args []string) error {
	fs := flags(env, "import areas")
	var cfg app.Config
	cfg.Bind(fs)
	dry := fs.Bool("dry-run", false, "say what would change and change nothing")
	whole := fs.Bool("whole", false, "the list is whole, though it lacks more than half of what is there")
	successors := codes{}
	fs.Var(successors, "successor", "`OLD=NEW`: the area with code NEW takes over the doors of OLD, which the list no longer has (repeatable; kept)")
	asJSON := fs.Bool("json", false, "print JSON")
	files, err := parse(fs, args)
	if err != nil {
		return err
	}
	if len(files) != 1 {
		return usageError("import areas takes one file")
	}
	if err := cfg.Resolve(fs, env.getenv); err != nil {
		return err
	}
	o, err := options(env, cfg)
	if err != nil {
		return err
	}
	in := io.Reader(env.stdin)
	if files[0] != "-" {
		f, err := os.Open(files[0])
		if err != nil {
			return usageError("%v", err)
		}
		defer f.Close()
		in = f
	}
	report, err := app.ImportAreas(ctx, o, app.AreaImport{In: in, Dry: *dry, Whole: *whole, Successors: successors, Lang: language(env)})
	if err != nil && len(report.Changes) == 0 {
		return err
	}
	if *asJSON {
		if e := printJSON(env, report); e != nil {
			return e
		}
	} else {
		printAreas(env, report)
	}
	if err == nil && len(report.Problems) > 0 {
		err = app.ErrFound
	}
	return err
}

// codes collects pairs of area codes from a flag that may be repeated.
type codes map[string]string

func (c codes) String() string { return "" }

func (c codes) Set(s string) error {
	from, to, ok := strings.Cut(s, "=")
	if !ok || from == "" || to == "" {
		return errors.New("want OLD=NEW, two 12-digit codes")
	}
	c[from] = to
	return nil
}

// printAreas tells the differences between a list and the database, a line each.
func printAreas(env *environment, r app.AreaReport) {
	for _, p := range r.Problems {
		fmt.Fprintln(env.stdout, p.Text)
	}
	for _, c := range r.Changes {
		switch {
		case c.OldCode == "":
			fmt.Fprintf(env.stdout, "added    %s %s\n", c.Code, c.Name)
		case c.Code == "":
			fmt.Fprintf(env.stdout, "removed  %s %s\n", c.OldCode, c.OldName)
		default:
			fmt.Fprintf(env.stdout, "%-8s %s %s -> %s %s\n", c.Kind, c.OldCode, c.OldName, c.Code, c.Name)
		}
	}
	for _, b := range r.Blocked {
		fmt.Fprintf(env.stdout, "%s %s holds %d doors", b.Code, b.Name, b.Doors)
		if b.Successor != "" {
			fmt.Fprintf(env.stdout, "; they go to %s %s\n", b.Successor, b.Into)
			continue
		}
		fmt.Fprintf(env.stdout, "; name a successor: --successor %s=CODE\n", b.Code)
		for _, s := range b.Suggestions {
			fmt.Fprintf(env.stdout, "    perhaps %s %s (%s)\n", s.Code, s.Name, s.Under)
		}
	}
	fmt.Fprintf(env.stdout, "added %d, renamed %d, recoded %d, moved %d, unchanged %d, not in the list any more %d\n",
		r.Added, r.Renamed, r.Recoded, r.Moved, r.Unchanged, r.Gone)
}

// importRoster reads rosters into the ledger of an area.
func importRoster(ctx context.Context, env *environment, args []string) error {
	fs := flags(env, "import roster")
	var cfg app.Config
	cfg.Bind(fs)
	area := fs.String("area", "", "12-digit code of the community the roster is about")
	compound := fs.String("compound", "", "compound of rows that name none")
	dry := fs.Bool("dry-run", false, "say what would happen and change nothing")
	asJSON := fs.Bool("json", false, "print JSON")
	compare := reconcileFlags(fs)
	rejects := fs.String("rejected", "", "write refused rows to this workbook, with the reason in the last column")
	files, err := parse(fs, args)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return usageError("import roster needs a file")
	}
	if *area == "" {
		return usageError("import roster needs --area CODE")
	}
	reconcile, err := compare()
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
	report, err := app.ImportRoster(ctx, o, app.RosterImport{Reconcile: reconcile, Files: files, Area: *area, Compound: *compound, Dry: *dry, Rejected: *rejects, Lang: language(env)})
	if err != nil {
		return err
	}
	if *asJSON {
		err = printJSON(env, report)
	} else {
		printImport(env, report, *dry)
	}
	if err == nil && refused(report) > 0 {
		err = app.ErrFound
	}
	return err
}

func refused(r *importer.Report) (n int) {
	for _, s := range r.Sheets {
		n += s.Rejected
	}
	return n
}

func printImport(env *environment, r *importer.Report, dry bool) {
	for _, s := range r.Sheets {
		fmt.Fprintf(env.stdout, "%s / %s: %d rows, %d accepted, %d rejected, %d skipped\n", s.File, s.Sheet, s.Rows, s.Accepted, s.Rejected, s.Skipped)
		for _, p := range s.Problems {
			fmt.Fprintf(env.stdout, "  row %d column %s (%s) %q: %s\n", p.Row, p.Column, p.Severity, p.Value, p.Problem)
		}
	}
	printComparison(env, r.Reconcile)
	fmt.Fprintf(env.stdout, "%d doors, %d households, %d persons\n", r.Doors, r.Households, r.Persons)
	if !dry {
		fmt.Fprintf(env.stdout, "%d created, %d updated, %d unchanged\n", *r.Created, *r.Updated, *r.Unchanged)
	}
}
