package main

import (
	"context"
	"fmt"

	"wangge/internal/app"
	"wangge/internal/grid/staff"
)

// importPosts brings the people of a list into their posts.
func importPosts(ctx context.Context, env *environment, args []string) error {
	fs := flags(env, "import posts")
	var cfg app.Config
	cfg.Bind(fs)
	in := app.PostsImport{Lang: language(env)}
	fs.StringVar(&in.Area, "area", "", "12-digit code of the area of rows that name none; the district otherwise")
	fs.BoolVar(&in.Dry, "dry-run", false, "say what would change and change nothing")
	fs.BoolVar(&in.Complete, "complete", false, "the list is complete: who is not in it loses a post of the same roles in the same communities")
	fs.StringVar(&in.Rejected, "rejected", "", "write refused rows to this workbook, with the reason in the last column")
	asJSON := fs.Bool("json", false, "print JSON")
	files, err := parse(fs, args)
	if err != nil {
		return err
	}
	if len(files) != 1 {
		return usageError("import posts takes one file")
	}
	in.File = files[0]
	if err := cfg.Resolve(fs, env.getenv); err != nil {
		return err
	}
	o, err := options(env, cfg)
	if err != nil {
		return err
	}
	report, err := app.ImportPosts(ctx, o, in)
	if err != nil {
		return err
	}
	if *asJSON {
		err = printJSON(env, report)
	} else {
		printPosts(env, report, in.Dry)
	}
	if err == nil && report.Refused > 0 {
		err = app.ErrFound
	}
	return err
}

func printPosts(env *environment, r *staff.Report, dry bool) {
	for _, p := range r.Problems {
		fmt.Fprintf(env.stdout, "row %d column %s (%s) %q: %s", p.Row, p.Column, p.Severity, p.Value, p.Text)
		if p.Expected != "" {
			fmt.Fprintf(env.stdout, " Expected: %s", p.Expected)
		}
		fmt.Fprintln(env.stdout)
	}
	word := "done"
	if dry {
		word = "nothing was written"
	}
	fmt.Fprintf(env.stdout, "%d rows: %d new (%d accounts, %d posts), %d changed, %d ended, %d unchanged, %d refused; %d in post are not in the list; %s\n",
		r.Rows, r.New, r.Accounts, r.Posts, r.Changed, r.Ended, r.Unchanged, r.Refused, len(r.Missing), word)
}
