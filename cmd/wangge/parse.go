package main

import (
	"bufio"
	"context"
	"encoding/json"
	"os"
	"strings"

	"wangge/internal/app"
	"wangge/internal/ledger/address"
	"wangge/internal/ledger/idno"
	"wangge/internal/ledger/roster"
	"wangge/internal/platform/clock"
)

var parseCommand = command{"parse", "read rosters, addresses or identity numbers without a database: parse {roster|address|idno} FILE…", runParse}

func runParse(ctx context.Context, env *environment, args []string) error {
	if len(args) == 0 {
		return usageError("parse what? roster, address or idno")
	}
	switch args[0] {
	case "roster":
		return parseRoster(ctx, env, args[1:])
	case "address":
		return parseAddress(env, args[1:])
	case "idno":
		return parseIDNo(env, args[1:])
	}
	return usageError("there is no parse %q: roster, address or idno", args[0])
}

// parseRoster prints what a roster says, in the shape of `import roster --dry-run --json`.
func parseRoster(ctx context.Context, env *environment, args []string) error {
	fs := flags(env, "parse roster")
	lang := fs.String("lang", language(env), "language of the messages: zh or en")
	drill := fs.Bool("drill", false, "accept identity numbers that are not assigned")
	fs.Bool("json", true, "print JSON (the only form)")
	files, err := parse(fs, args)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return usageError("parse roster needs a file")
	}
	in, closeAll, err := app.OpenFiles(files)
	if err != nil {
		return err
	}
	defer closeAll()
	res, err := roster.Parse(ctx, in, roster.Options{Lang: *lang, Today: clock.Day(clock.Real().Now()), Drill: *drill}, func(roster.Row) error { return nil })
	if err != nil {
		return err
	}
	return printJSON(env, res)
}

// parseIDNo prints one JSON object for each line of a file or of standard input.
func parseIDNo(env *environment, args []string) error {
	return parseLines(env, "idno", args, func(text string) any { return describe(text) })
}

// parseAddress prints one JSON object for each address, one a line.
func parseAddress(env *environment, args []string) error {
	return parseLines(env, "address", args, func(text string) any { return address.Parse(text) })
}

// maxLine bounds a line in bytes.
const maxLine = 16 << 20

// parseLines prints what read says of each line of the file given, or of
// standard input; empty lines are passed over.
func parseLines(env *environment, what string, args []string, read func(text string) any) error {
	files, err := parse(flags(env, "parse "+what), args)
	if err != nil {
		return err
	}
	in := env.stdin
	if len(files) == 1 && files[0] != "-" {
		f, err := os.Open(files[0])
		if err != nil {
			return usageError("%v", err)
		}
		defer f.Close()
		in = f
	} else if len(files) > 1 {
		return usageError("parse %s takes one file", what)
	}
	out := bufio.NewWriter(env.stdout)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		if text := strings.TrimSpace(lines.Text()); text != "" {
			if err := enc.Encode(read(text)); err != nil {
				return err
			}
		}
	}
	if err := lines.Err(); err != nil {
		return err
	}
	return out.Flush()
}

// idnoLine is what parse idno prints of one line: the number as understood, or
// the stable code of its fault.
type idnoLine struct {
	*idno.Number
	Fault string `json:"fault,omitempty"`
}

func describe(text string) idnoLine {
	n, err := idno.Parse(text, idno.Options{})
	if err != nil {
		return idnoLine{Fault: err.Error()}
	}
	return idnoLine{Number: &n}
}

func printJSON(env *environment, v any) error {
	enc := json.NewEncoder(env.stdout)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}
