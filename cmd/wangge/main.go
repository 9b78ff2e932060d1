// Command wangge runs a community's epidemic prevention: see README.md.
//
// Exit codes: 0 success, 1 the data are at fault, 2 the call is at fault,
// 3 the machine is (database unreachable, disk full).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"wangge/internal/app"
	"wangge/internal/platform/i18n"
)

// command is one word of the command line. Each lives in a file of its own.
type command struct {
	name  string
	short string // one line for the overview
	run   func(ctx context.Context, env *environment, args []string) error
}

// environment is what a command may touch of the process, so that tests can replace it.
type environment struct {
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	getenv func(string) string
}

var commands = []command{demoCommand, serveCommand, importCommand, exportCommand, parseCommand, checkCommand, backupCommand, restoreCommand, benchCommand, adminCommand, versionCommand}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	env := &environment{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv}
	os.Exit(run(ctx, env, os.Args[1:]))
}

// run finds the command, runs it and turns its error into the exit code.
func run(ctx context.Context, env *environment, args []string) int {
	if len(args) == 0 || slices.Contains([]string{"help", "-h", "--help"}, args[0]) {
		usage(env.stdout)
		return app.ExitOK
	}
	for _, c := range commands {
		if c.name == args[0] {
			return report(env, c.name, c.run(ctx, env, args[1:]))
		}
	}
	fmt.Fprintf(env.stderr, "wangge: there is no command %q\n\n", args[0])
	usage(env.stderr)
	return app.ExitCall
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "wangge: the open platform for a community's epidemic prevention\n\nUsage: wangge COMMAND [options]   (wangge COMMAND --help lists them)")
	for _, c := range commands {
		fmt.Fprintf(w, "  %-8s %s\n", c.name, c.short)
	}
}

// report prints a failed command's cause in one line and returns its exit code.
func report(env *environment, name string, err error) int {
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return app.ExitOK
	}
	code := app.ExitCode(err)
	if errors.Is(err, app.ErrFound) {
		return code // the findings are printed already
	}
	fmt.Fprintf(env.stderr, "wangge %s: %s\n", name, app.Explain(err, language(env)))
	return code
}

// language is the language of the terminal: Chinese if its locale says so, English otherwise.
func language(env *environment) string {
	for _, k := range []string{"WANGGE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"} {
		if v := env.getenv(k); v != "" {
			if strings.HasPrefix(v, "zh") {
				return i18n.ZH
			}
			return i18n.EN
		}
	}
	return i18n.EN
}

// usageError is a fault of the call: exit 2.
func usageError(format string, args ...any) error {
	return fmt.Errorf("%w: %s", app.ErrCall, fmt.Sprintf(format, args...))
}

// flags returns a flag set whose faults are faults of the call.
func flags(env *environment, name string) *flag.FlagSet {
	fs := flag.NewFlagSet("wangge "+name, flag.ContinueOnError)
	fs.SetOutput(env.stderr)
	return fs
}

// options are the settings of a command on data, with its log on stderr.
func options(env *environment, cfg app.Config) (app.Options, error) {
	log, err := app.Logger(env.stderr, cfg.LogLevel)
	return app.Options{Config: cfg, Log: log}, err
}

// parse reads args into fs, allowing options after operands, and returns the operands.
func parse(fs *flag.FlagSet, args []string) ([]string, error) {
	var rest []string
	for {
		if err := fs.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, err
			}
			return nil, usageError("%v", err)
		}
		if fs.NArg() == 0 {
			return rest, nil
		}
		rest = append(rest, fs.Arg(0))
		args = fs.Args()[1:]
	}
}
