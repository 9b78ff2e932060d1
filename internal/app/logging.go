package app

import (
	"fmt"
	"io"
	"log/slog"
)

// Logger returns the structured log of the process. Log lines hold ids and
// figures only, never personal fields.
func Logger(w io.Writer, level string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, fmt.Errorf("%w: --log-level: %q is none of debug, info, warn, error", ErrCall, level)
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: l})), nil
}
