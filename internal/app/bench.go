package app

import (
	"context"

	"wangge/internal/bench"
	"wangge/internal/platform/db"
)

// Bench runs one bench over whole installations of this binary, pages and API
// included.
func Bench(ctx context.Context, name string, b bench.Options) error {
	b.Install = func(ctx context.Context, d *db.DB, dir string, code int) (*bench.Installation, error) {
		a, err := New(ctx, Options{Config: Config{Data: dir, Keys: dir}, Clock: d.Clock(), Log: b.Log, Drill: true}, d, code)
		if err != nil {
			return nil, err
		}
		h, err := a.Handler()
		if err != nil {
			return nil, err
		}
		return &bench.Installation{Services: a.demoServices(), Imports: a.Imports, Handler: h, Start: a.Background, Close: a.Close}, nil
	}
	return bench.Run(ctx, name, b)
}
