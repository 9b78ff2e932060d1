package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"wangge/internal/app"
	"wangge/internal/ledger/importer"
)

var importCommand = command{"import", "read files into the database: import {areas|roster} FILE…", runImport}

func runImport(ctx context.Context, env *environment, args []string) error {
	if len(args) == 0 {
		return usageError("import what? areas or roster")
	}
	switch args[0] {
	case "areas":
		return importAreas(ctx, env, args[1:])
	case "roster":
		return importRoster(ctx, env, args[1:])
	}
	return usageError("there is no import %q: areas or roster", args[0])
}

// importAreas reads a national 12-digit list into the district it is about.
func importAreas(ctx context.Context, env *environment, args []string) error {
	fs := flags(env, "import areas")
	var cfg app.Config
	cfg.Bind(fs)
	dry := fs.Bool("dry-run", false, "say what would change and change nothing")
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
	report, err := app.ImportAreas(ctx, o, in, *dry, language(env))
	if err != nil {
		return err
	}
	if *asJSON {
		err = printJSON(env, report)
	} else {
		for _, p := range report.Problems {
			fmt.Fprintln(env.stdout, p.Text)
		}
		fmt.Fprintf(env.stdout, "added %d, renamed %d, unchanged %d, not in the list any more %d\n", report.Added, report.Renamed, report.Unchanged, report.Gone)
	}
	if err == nil && len(report.Problems) > 0 {
		err = app.ErrFound
	}
	return err
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
	if err := cfg.Resolve(fs, env.getenv); err != nil {
		return err
	}
	o, err := options(env, cfg)
	if err != nil {
		return err
	}
	report, err := app.ImportRoster(ctx, o, app.RosterImport{Files: files, Area: *area, Compound: *compound, Dry: *dry, Rejected: *rejects, Lang: language(env)})
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
	fmt.Fprintf(env.stdout, "%d doors, %d households, %d persons\n", r.Doors, r.Households, r.Persons)
	if !dry {
		fmt.Fprintf(env.stdout, "%d created, %d updated, %d unchanged\n", *r.Created, *r.Updated, *r.Unchanged)
	}
}
