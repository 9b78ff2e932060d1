package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/user"
	"text/tabwriter"
	"time"

	"wangge/internal/app"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/escrow"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
)

// keysCall is one call of `wangge admin keys`.
type keysCall struct {
	o       app.Options
	env     *environment
	lang    string
	json    bool
	to      string // escrow: the folder
	key     string // end: one key of the copy
	confirm string // destroy: the name once more
	force   bool   // destroy: although rounds are open
	who     escrow.Who
	operand string
}

// keysVerbs says what each verb does, and whether it takes an operand.
var keysVerbs = map[string]struct {
	operand string
	run     func(ctx context.Context, c *keysCall) error
}{
	"list":    {"", listKeys},
	"escrow":  {"", escrowKeys},
	"print":   {"KEY", printKey},
	"end":     {"COPY", endCopy},
	"destroy": {"KEY", destroyKey},
	"restore": {"", restoreKey},
}

const keysUsage = "admin keys {list | escrow --to FOLDER --holder BODY | print KEY --holder BODY --place WHERE | end COPY | destroy KEY | restore}"

func runKeys(ctx context.Context, env *environment, args []string) error {
	if len(args) == 0 {
		return usageError(keysUsage)
	}
	verb, ok := keysVerbs[args[0]]
	if !ok {
		return usageError("%s", keysUsage)
	}
	fs := flags(env, "admin keys "+args[0])
	var cfg app.Config
	cfg.Bind(fs)
	c := keysCall{env: env, lang: language(env)}
	fs.BoolVar(&c.json, "json", false, "print JSON")
	fs.StringVar(&c.to, "to", "", "escrow: folder to write the copy to, empty or not there yet")
	fs.StringVar(&c.who.Holder, "holder", "", "escrow, print: the body or post that keeps the copy")
	fs.StringVar(&c.who.Place, "place", "", "escrow, print: where it lies, as \"safe 3\"")
	fs.StringVar(&c.who.By, "by", machineUser(), "who does it, for the record")
	fs.StringVar(&c.key, "key", "", "end: only this key of the copy")
	fs.StringVar(&c.confirm, "confirm", "", "destroy: the key's name once more")
	fs.BoolVar(&c.force, "force", false, "destroy: although rounds of the emergency are open")
	rest, err := parse(fs, args[1:])
	if err != nil {
		return err
	}
	switch {
	case verb.operand == "" && len(rest) == 0:
	case verb.operand != "" && len(rest) == 1:
		c.operand = rest[0]
	default:
		return usageError("%s", keysUsage)
	}
	if err := cfg.Resolve(fs, env.getenv); err != nil {
		return err
	}
	if c.o, err = options(env, cfg); err != nil {
		return err
	}
	return verb.run(ctx, &c)
}

// machineUser is who is logged in at the machine.
func machineUser() string {
	u, err := user.Current()
	if err != nil {
		return ""
	}
	return u.Username
}

func (c *keysCall) say(key string, args ...any) {
	fmt.Fprintln(c.env.stdout, i18n.T(c.lang, key, args...))
}

func (c *keysCall) encode(v any) error { return json.NewEncoder(c.env.stdout).Encode(v) }

func listKeys(ctx context.Context, c *keysCall) error {
	report, err := app.ListKeys(ctx, c.o)
	if err != nil {
		return err
	}
	if c.json {
		return c.encode(report)
	}
	w := tabwriter.NewWriter(c.env.stdout, 0, 0, 2, ' ', 0)
	for _, k := range report.Keys {
		fmt.Fprintf(w, "%s\t%s\n", k.Key, i18n.T(c.lang, "app.keys.state."+k.State))
	}
	w.Flush()
	if len(report.Copies) == 0 {
		c.say("app.keys.no_copies")
		return nil
	}
	printCopies(c.env.stdout, report.Copies, c.lang)
	return nil
}

func printCopies(out io.Writer, list []escrow.Copy, lang string) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, col := range []string{"copy", "key", "state", "holder", "where", "made", "by"} {
		fmt.Fprint(w, i18n.T(lang, "app.keys.col."+col)+"\t")
	}
	fmt.Fprintln(w)
	for _, k := range list {
		made := clock.FromMs(k.MadeMs).In(clock.CST).Format(time.DateTime)
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s %s\t%s\t%s\n", k.ID, k.Key, i18n.T(lang, "app.keys.state."+k.State), k.Holder, k.Folder, k.Place, made, k.MadeBy)
	}
	w.Flush()
}

func escrowKeys(ctx context.Context, c *keysCall) error {
	if c.to == "" || c.who.Holder == "" {
		return usageError("escrow needs --to and --holder")
	}
	made, err := app.EscrowKeys(ctx, c.o, c.to, c.who)
	if err != nil || c.json {
		return c.orJSON(made, err)
	}
	c.say("app.keys.copied", made.Copy.ID, len(made.Keys), made.Copy.Folder)
	if !made.Master {
		c.say("app.keys.no_master")
	}
	return nil
}

func printKey(ctx context.Context, c *keysCall) error {
	if c.who.Holder == "" || c.who.Place == "" {
		return usageError("print needs --holder and --place")
	}
	made, err := app.PrintKey(ctx, c.o, c.operand, c.who)
	if err != nil || c.json {
		return c.orJSON(made, err)
	}
	fmt.Fprintln(c.env.stderr, i18n.T(c.lang, "app.keys.printed", made.Copy.ID))
	fmt.Fprintln(c.env.stdout, made.Text)
	return nil
}

func endCopy(ctx context.Context, c *keysCall) error {
	copyID, err := id.Parse(c.operand)
	if err != nil {
		return usageError("%q is not the number of a copy; admin keys list names them", c.operand)
	}
	if err := app.EndKeyCopy(ctx, c.o, copyID, c.key, c.who.By); err != nil {
		return err
	}
	c.say("app.keys.ended", copyID)
	return nil
}

func destroyKey(ctx context.Context, c *keysCall) error {
	if c.confirm != c.operand {
		return usageError("%s", i18n.T(c.lang, "app.keys.confirm", c.operand))
	}
	list, err := app.DestroyKey(ctx, c.o, c.operand, c.who.By, c.force)
	if err != nil || c.json {
		return c.orJSON(list, err)
	}
	c.say("app.keys.destroyed", c.operand)
	for _, k := range list {
		what := i18n.T(c.lang, "app.keys.removed")
		if k.State == escrow.Called {
			what = i18n.T(c.lang, "app.keys.call", k.ID)
		}
		fmt.Fprintf(c.env.stdout, "  %s %s %s %s: %s\n", k.ID, k.Holder, k.Folder, k.Place, what)
	}
	return nil
}

// restoreKey reads the line from standard input: in a command line it would
// stay in the shell's history.
func restoreKey(ctx context.Context, c *keysCall) error {
	text, err := io.ReadAll(io.LimitReader(c.env.stdin, 4096))
	if err != nil {
		return err
	}
	key, err := app.RestoreKey(ctx, c.o, string(text))
	if err != nil {
		return err
	}
	c.say("app.keys.restored", key, c.o.Config.KeyDir())
	return nil
}

// orJSON prints v as JSON unless there is an error.
func (c *keysCall) orJSON(v any, err error) error {
	if err != nil {
		return err
	}
	return c.encode(v)
}
