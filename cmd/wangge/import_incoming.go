package main

import (
	"context"
	"fmt"

	"wangge/internal/app"
	"wangge/internal/incoming"
	"wangge/internal/platform/id"
)

// importIncoming brings in lists of people to be verified.
func importIncoming(ctx context.Context, env *environment, args []string) error {
	fs := flags(env, "import incoming")
	var cfg app.Config
	cfg.Bind(fs)
	in := app.IncomingImport{Lang: language(env)}
	fs.StringVar(&in.Area, "area", "", "code of the area whose list it is (default: the district)")
	fs.StringVar(&in.Name, "name", "", "name of the list (default: the file's)")
	emergency := fs.String("emergency", "", "`ID` of the emergency (default: the only open one)")
	fs.BoolVar(&in.Dry, "dry-run", false, "say what would happen and change nothing")
	fs.StringVar(&in.Refused, "rejected", "", "write refused rows to this workbook, with the reason in the last column")
	asJSON := fs.Bool("json", false, "print JSON")
	files, err := parse(fs, args)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return usageError("import incoming needs a file")
	}
	if *emergency != "" {
		if in.Emergency, err = id.Parse(*emergency); err != nil {
			return usageError("--emergency: %v", err)
		}
	}
	if err := cfg.Resolve(fs, env.getenv); err != nil {
		return err
	}
	o, err := options(env, cfg)
	if err != nil {
		return err
	}
	in.Files = files
	report, err := app.ImportIncoming(ctx, o, in)
	if err != nil {
		return err
	}
	if *asJSON {
		err = printJSON(env, report)
	} else {
		printIncoming(env, report)
	}
	if err == nil && report.Refused > 0 {
		err = app.ErrFound
	}
	return err
}

func printIncoming(env *environment, r *incoming.Report) {
	for _, p := range r.Problems {
		at := ""
		if p.Column != "" {
			at = fmt.Sprintf(" column %s %q", p.Column, p.Value)
		}
		fmt.Fprintf(env.stdout, "%s %s row %d%s (%s): %s\n", p.File, p.Sheet, p.Row, at, p.Severity, p.Problem)
	}
	fmt.Fprintf(env.stdout, "%s: %d rows, %d refused, %d about people who were there\n", r.Name, r.Rows, r.Refused, r.Joined)
	fmt.Fprintf(env.stdout, "%d new people: %d with a door, %d with a community, %d to be placed by somebody; %d in the ledger, %d verified before\n",
		r.New, r.Door, r.Community, r.Unclear, r.Known, r.Earlier)
}
