package bench

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"wangge/internal/account"
	"wangge/internal/grid"
	"wangge/internal/incoming"
	"wangge/internal/ledger"
	"wangge/internal/ledger/importer"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
	"wangge/internal/round"
	"wangge/internal/sim"
	"wangge/internal/sim/district"
	"wangge/internal/task"
)

// place and code name the district benches work on.
const (
	place = "nangang"
	code  = 230103
)

// world is an installation of its own.
type world struct {
	*run
	*Installation
	DB     *db.DB
	url    string
	dir    string
	drop   func(context.Context) error // the PostgreSQL database; nothing for a file
	sys    grid.Caller
	loaded *district.Loaded
}

// open builds the services over a fresh database.
func (r *run) open(ctx context.Context) (*world, error) {
	dir, err := os.MkdirTemp("", "wangge-bench-")
	if err != nil {
		return nil, errs.Wrap("bench.open", err)
	}
	url, drop := db.FileURL(filepath.Join(dir, "bench.db")), keep
	if r.DBURL != "" {
		if url, drop, err = db.Scratch(ctx, r.DBURL); err != nil {
			os.RemoveAll(dir)
			return nil, err
		}
	}
	d, err := db.Open(ctx, url, clock.Real(), r.Log)
	if err != nil {
		os.RemoveAll(dir)
		return nil, errors.Join(err, drop(ctx))
	}
	w := &world{run: r, DB: d, url: url, dir: dir, drop: drop, sys: grid.System(code, "bench")}
	install := r.Install
	if install == nil {
		install = r.install
	}
	err = d.Migrate(ctx)
	if err == nil {
		w.Installation, err = install(ctx, d, filepath.Join(dir, "keys"), code)
	}
	if err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

// keep drops nothing.
func keep(context.Context) error { return nil }

// install builds the services without pages and API.
func (r *run) install(ctx context.Context, d *db.DB, dir string, code int) (*Installation, error) {
	keys, err := seal.NewKeyring(dir, nil)
	if err != nil {
		return nil, err
	}
	if err := keys.Create(ctx, seal.Standing); err != nil {
		return nil, err
	}
	clk := d.Clock()
	s := district.Services{DB: d, Clock: clk, Log: r.Log, Keys: keys, Audit: audit.New(code, clk), Grid: grid.New(d, clk, nil, nil)}
	s.Accounts = account.New(account.Options{District: code, DB: d, Keys: keys, Clock: clk, Audit: s.Audit, Log: r.Log})
	s.Ledger = ledger.New(ledger.Deps{DB: d, Keys: keys, Audit: s.Audit, Clock: clk})
	s.Rounds = round.New(round.Deps{DB: d, Clock: clk, Keys: keys, Audit: s.Audit, Log: r.Log})
	s.Tasks = task.New(task.Deps{DB: d, Clock: clk, Keys: keys, Audit: s.Audit, Log: r.Log, Grid: s.Grid})
	s.Incoming = incoming.New(incoming.Deps{DB: d, Keys: keys, Audit: s.Audit, Clock: clk, Log: r.Log, Grid: s.Grid, Ledger: s.Ledger, Rounds: s.Rounds, Tasks: s.Tasks, Drill: true})
	s.Ledger.OnHousehold(s.Rounds.HouseholdChanged)
	s.Grid.OnRegrid(s.Rounds.Regridded)
	imports := importer.New(importer.Deps{DB: d, Keys: keys, Audit: s.Audit, Clock: clk, Log: r.Log, Ledger: s.Ledger, Places: s.Grid, Drill: true})
	return &Installation{Services: s, Imports: imports, Close: imports.Close}, nil
}

func (w *world) close() error {
	if w.Installation != nil && w.Close != nil {
		w.Close()
	}
	return errors.Join(w.DB.Close(), w.drop(context.Background()), os.RemoveAll(w.dir))
}

func (w *world) engine() string { return string(w.DB.Engine()) }

// places loads places and grids of a district of so many households.
func (w *world) places(ctx context.Context, households int) (err error) {
	w.loaded, err = district.LoadPlaces(ctx, w.Services, sim.Config{Place: place, Households: households, Seed: 1}, nil)
	return err
}

// draft makes a screening over all doors of the district, ready to be opened.
func (w *world) draft(ctx context.Context) (id.ID, error) {
	if _, err := w.Rounds.OnlyEmergency(ctx, w.sys); err != nil {
		if _, err := w.Rounds.OpenEmergency(ctx, w.sys, round.NewEmergency{Name: "bench", Basis: "bench", Purpose: "bench", Recipients: "bench", RetentionDays: 1, Drill: true}); err != nil {
			return id.Zero, err
		}
	}
	root, err := w.Grid.Root(ctx, w.sys)
	if err != nil {
		return id.Zero, err
	}
	f, err := w.Rounds.SaveForm(ctx, w.sys, round.Form{Name: "bench", AreaID: root.ID, Fields: round.Screening()})
	if err != nil {
		return id.Zero, err
	}
	r, err := w.Rounds.DraftRound(ctx, w.sys, round.DraftInput{AreaID: root.ID, Name: "bench", TargetKind: round.Doors, FormID: f.ID, DueMs: clock.Ms(w.Clock.Now()) + 24*60*60*1000})
	if err != nil {
		return id.Zero, err
	}
	_, err = w.Rounds.Submit(ctx, w.sys, r.ID)
	return r.ID, err
}

// opened is a district with an open screening.
func (r *run) opened(ctx context.Context, households int) (*world, id.ID, error) {
	w, err := r.open(ctx)
	if err != nil {
		return nil, id.Zero, err
	}
	rid, err := w.screening(ctx, households)
	if err != nil {
		return nil, id.Zero, errors.Join(err, w.close())
	}
	return w, rid, nil
}

func (w *world) screening(ctx context.Context, households int) (id.ID, error) {
	if err := w.places(ctx, households); err != nil {
		return id.Zero, err
	}
	rid, err := w.draft(ctx)
	if err != nil {
		return id.Zero, err
	}
	return rid, w.Rounds.ApproveNow(ctx, w.sys, rid)
}

func first(list ...int) int {
	for _, n := range list {
		if n > 0 {
			return n
		}
	}
	return 0
}
