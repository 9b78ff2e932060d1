package main

import (
	"context"
	"slices"

	"wangge/internal/app"
	"wangge/internal/grid/lists"
)

var exportCommand = command{"export", "write a masked list as a workbook: export {outstanding|people|vacancies|" + listNames("|") + "} -o FILE", runExport}

// exportable names what can be exported.
var exportable = "outstanding, people, vacancies, " + listNames(", ")

func runExport(ctx context.Context, env *environment, args []string) error {
	if len(args) == 0 {
		return usageError("export what? %s", exportable)
	}
	fs := flags(env, "export "+args[0])
	var cfg app.Config
	cfg.Bind(fs)
	round := fs.String("round", "", "outstanding: the round (default: the only open one)")
	area := fs.String("area", "", "12-digit code of the area (default: the whole district)")
	out := fs.String("o", "", "file to write (.xlsx)")
	rest, err := parse(fs, args[1:])
	if err != nil {
		return err
	}
	if len(rest) > 0 || *out == "" {
		return usageError("export %s -o FILE", args[0])
	}
	if err := cfg.Resolve(fs, env.getenv); err != nil {
		return err
	}
	o, err := options(env, cfg)
	if err != nil {
		return err
	}
	req := app.ExportRequest{Round: *round, Area: *area, Out: *out, Lang: language(env)}
	switch args[0] {
	case "outstanding":
		return app.ExportOutstanding(ctx, o, req)
	case "people":
		return app.ExportPeople(ctx, o, req)
	}
	if k := lists.Kind(args[0]); k == lists.Vacancies || slices.Contains(app.ListKinds(), k) {
		return app.ExportList(ctx, o, k, req)
	}
	return usageError("there is no export %q: %s", args[0], exportable)
}
