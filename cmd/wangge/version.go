package main

import (
	"context"
	"fmt"
	"runtime"

	"wangge/internal/app"
)

var versionCommand = command{"version", "print the version", func(_ context.Context, env *environment, _ []string) error {
	_, err := fmt.Fprintf(env.stdout, "wangge %s %s/%s %s\n", app.Version, runtime.GOOS, runtime.GOARCH, runtime.Version())
	return err
}}
