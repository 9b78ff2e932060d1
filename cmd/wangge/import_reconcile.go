package main

import (
	"flag"
	"fmt"
	"strings"
	"time"

	"wangge/internal/ledger/importer"
	"wangge/internal/platform/errs"
)

// reconcileFlags adds the options of a comparison with the ledger; the function
// gives them once the flags are parsed, nil where no comparison is asked for.
func reconcileFlags(fs *flag.FlagSet) func() (*importer.ReconcileOptions, error) {
	on := fs.Bool("reconcile", false, "compare with the ledger: same, differs, only here, only there; decide by the rules")
	source := fs.String("source", "", "whose roster it is; its rules are remembered (with --reconcile)")
	asOf := fs.String("as-of", "", "the day the roster speaks of, 2006-01-02 (with --reconcile)")
	rules := fs.String("rules", "", "as phone=theirs,name=ours,note=newest,only_there=skip,only_here=depart; without it those remembered for the source (with --reconcile)")
	return func() (*importer.ReconcileOptions, error) {
		if !*on {
			if *source != "" || *asOf != "" || *rules != "" {
				return nil, usageError("--source, --as-of and --rules need --reconcile")
			}
			return nil, nil
		}
		if _, err := time.Parse(time.DateOnly, *asOf); *asOf != "" && err != nil {
			return nil, usageError("--as-of: %q is not a day such as 2022-01-31", *asOf)
		}
		r, err := parseRules(*rules)
		return &importer.ReconcileOptions{Source: *source, AsOf: *asOf, Rules: r}, err
	}
}

// parseRules reads FIELD=WORD,…; nil for "".
func parseRules(text string) (*importer.Rules, error) {
	if text == "" {
		return nil, nil
	}
	r := &importer.Rules{Fields: map[string]string{}}
	for _, part := range strings.Split(text, ",") {
		field, word, ok := strings.Cut(strings.TrimSpace(part), "=")
		switch {
		case !ok || word == "":
			return nil, usageError("--rules: %q is not FIELD=WORD", part)
		case field == "only_there":
			r.OnlyThere = word
		case field == "only_here":
			r.OnlyHere = word
		default:
			r.Fields[field] = word
		}
	}
	if err := r.Check(); err != nil {
		return nil, usageError("--rules: %s takes another word: theirs, ours or newest for a field; only_there add or skip; only_here keep or depart", strings.TrimPrefix(errs.As(err).Field, "rule."))
	}
	return r, nil
}

// printComparison prints where a roster and the ledger differ.
func printComparison(env *environment, c *importer.Comparison) {
	if c == nil {
		return
	}
	fmt.Fprintf(env.stdout, "same %d (completed %d), differs %d, only here %d, only there %d\n", c.Counts.Same, c.Counts.Filled, len(c.Differs), len(c.OnlyHere), len(c.OnlyThere))
	for _, list := range [][]importer.Item{c.Differs, c.OnlyHere, c.OnlyThere} {
		for _, it := range list {
			fmt.Fprintf(env.stdout, "  %s %s, %s", it.Class, it.Name, it.Door)
			for _, f := range it.Fields {
				fmt.Fprintf(env.stdout, "; %s: ledger %s, roster %s: %s", f.Field, f.Ours, f.Theirs, f.Pick)
			}
			fmt.Fprintln(env.stdout, wordAfter(": ", it.Decision))
		}
	}
}

func wordAfter(sep, word string) string {
	if word == "" {
		return ""
	}
	return sep + word
}
