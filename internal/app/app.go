// Package app wires everything: it is the only package that imports every
// slice. Open builds the services over one database, Handler the pages and the
// API, Check what `wangge check` verifies.
package app

import (
	"context"
	"log/slog"
	"time"

	"wangge/internal/account"
	"wangge/internal/command"
	"wangge/internal/duty"
	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/ledger/importer"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/jobs"
	"wangge/internal/platform/seal"
	"wangge/internal/platform/web"
	"wangge/internal/round"
	"wangge/internal/sim/district"
	"wangge/internal/trust"
)

// Options say how Open builds an App.
type Options struct {
	Config Config
	Clock  clock.Clock // what the field works by; nil: the machine's
	Log    *slog.Logger
	// Drill marks every page and print, and accepts unassignable numbers.
	Drill bool
}

// App is one district's installation over one open database.
type App struct {
	Options
	District int
	DB       *db.DB
	Keys     *seal.Keyring
	Audit    *audit.Log
	Accounts *account.Service
	Grid     *grid.Service
	Ledger   *ledger.Service
	Imports  *importer.Service
	Rounds   *round.Service
	Trust    *trust.Service
	Command  *command.Service
	Duty     *duty.Service
	hub      *web.Hub
}

// maxStreams bounds the open live streams of a process.
const maxStreams = 2000

// OpenDatabase opens and migrates the database that the settings name.
func OpenDatabase(ctx context.Context, o Options) (*db.DB, error) {
	url, err := o.Config.DatabaseURL()
	if err != nil {
		return nil, err
	}
	d, err := db.Open(ctx, url, o.clock(), o.log())
	if err != nil {
		return nil, err
	}
	if err := d.Migrate(ctx); err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

func (o Options) clock() clock.Clock {
	if o.Clock == nil {
		return clock.Real()
	}
	return o.Clock
}

func (o Options) log() *slog.Logger {
	if o.Log == nil {
		return slog.Default()
	}
	return o.Log
}

// Keyring opens the keys and makes the standing register's key if there is none.
func Keyring(ctx context.Context, dir string) (*seal.Keyring, error) {
	keys, err := seal.NewKeyring(dir, nil)
	if err != nil {
		return nil, err
	}
	if !keys.Has(seal.Standing) {
		if err := keys.Create(ctx, seal.Standing); err != nil && !errs.Is(err, errs.Conflict) {
			return nil, err
		}
	}
	return keys, nil
}

// New builds the services of a district over an open database. The caller
// closes the database; Close ends what runs in the background before that.
func New(ctx context.Context, o Options, d *db.DB, code int) (*App, error) {
	keys, err := Keyring(ctx, o.Config.KeyDir())
	if err != nil {
		return nil, err
	}
	if !o.Drill { // a demo's folder stays a drill whatever opens it
		state, _, err := district.StateOf(ctx, d)
		if err != nil {
			return nil, err
		}
		o.Drill = state == district.Half || state == district.Ready
	}
	a := &App{Options: o, District: code, DB: d, Keys: keys, hub: web.NewHub(clock.Real(), maxStreams)}
	clk, log := o.clock(), o.log()
	a.Audit = audit.New(code, clk)
	a.Grid = grid.New(d, clk, a.note, nil)
	a.Accounts = account.New(account.Options{District: code, DB: d, Keys: keys, Clock: clock.Real(), Audit: a.Audit,
		Auth: authorizer{a}, First: a.firstPost, Log: log})
	a.Grid.SetAccounts(accountNames{a.Accounts})
	a.Ledger = ledger.New(ledger.Deps{DB: d, District: code, Keys: keys, Audit: a.Audit, Clock: clk, Names: a.Accounts.Names, Places: a.Grid})
	a.Rounds = round.New(round.Deps{DB: d, Clock: clk, Keys: keys, Audit: a.Audit, Log: log})
	a.Ledger.OnHousehold(a.Rounds.HouseholdChanged)
	a.Grid.OnRegrid(a.Rounds.Regridded)
	a.Grid.OnMerge(a.Rounds.AreaMerged)
	a.Grid.SetWorkload(a.workload)
	a.Imports = importer.New(importer.Deps{DB: d, Keys: keys, Audit: a.Audit, Clock: clk, Log: log, Ledger: a.Ledger, Places: a.Grid, Drill: o.Drill})
	a.Grid.AddSection(a.Rounds.AreaSection)
	a.Grid.AddSection(a.Ledger.AreaSection)
	a.Grid.SetDoorStates(a.Rounds.Board)
	a.Trust = trust.New(trust.Deps{DB: d, Keys: keys, Clock: clk, Audit: a.Audit, Accounts: accountNames{a.Accounts}, Ledger: a.Ledger, Places: a.Grid,
		Callers: func(ctx context.Context, account id.ID) (grid.Caller, error) {
			return a.Grid.CallerFor(ctx, account, code, clk.Now())
		}})
	a.Duty = duty.New(d, clk, a.Grid, a.Audit)
	a.Command = command.New(a.Grid, a.Ledger, a.Rounds)
	return a, nil
}

// note writes a grid change into the audit chain.
func (a *App) note(ctx context.Context, tx *db.Tx, n grid.Note) error {
	return a.Audit.Append(ctx, tx, audit.Entry{Account: n.Caller.AccountID, Post: n.Caller.PostFor(n.Perm), Action: n.Action,
		Object: n.Object, ObjectID: n.ObjectID, Detail: n.Detail})
}

// Recover ends or resumes what a killed process left: imports are undone from
// their journal, openings of rounds go on. It runs once before serving.
func (a *App) Recover(ctx context.Context) error {
	if _, err := jobs.MarkInterrupted(ctx, a.DB); err != nil {
		return err
	}
	if err := a.Imports.Recover(ctx, a.District); err != nil {
		return err
	}
	return a.Rounds.ResumeOpenings(ctx, a.District)
}

// Background runs what goes on beside requests until ctx ends: the audit's
// anchors, the outbox, news for live pages, and sweeping old keys of
// idempotency.
func (a *App) Background(ctx context.Context) {
	go a.Audit.Run(ctx, a.DB, a.log())
	go a.news(ctx)
	go a.outbox(ctx)
	go a.warm(ctx)
	go a.sweep(ctx)
	go a.expire(ctx)
	if a.DB.Engine() == db.Postgres {
		go a.watch(ctx)
	}
}

// watch undoes the imports of replicas that died while they wrote.
func (a *App) watch(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-clock.Real().After(jobs.LeaseTime):
		}
		if err := a.Imports.Recover(ctx, a.District); err != nil && ctx.Err() == nil {
			a.log().Warn("a dead replica's import was not undone", "error", err)
		}
	}
}

// news passes what the database tells on to the open pages, and has open
// rounds join or close the doors that were added or closed.
func (a *App) news(ctx context.Context) {
	moved := make(chan struct{}, 1)
	moved <- struct{}{} // what happened while no process listened
	go a.reconcile(ctx, moved)
	for topic := range a.DB.Listen(ctx) {
		a.Accounts.Heard(topic)
		a.hub.Publish(topic)
		if topic == grid.TopicPlaces || topic == db.Everything {
			select {
			case moved <- struct{}{}:
			default:
			}
		}
	}
}

// outbox hands what is due to its handlers: openings of rounds that repeat, and
// cut-offs.
func (a *App) outbox(ctx context.Context) {
	r := jobs.NewRunner(a.DB, a.log())
	a.Rounds.Handle(r)
	if err := r.Run(ctx); err != nil {
		a.log().Error("the outbox stands still", "error", err)
	}
}

// warm reads the district's board once, so that the first person who opens it
// need not wait while a whole district is counted.
func (a *App) warm(ctx context.Context) {
	c := grid.System(a.District, "warm")
	if _, err := a.Command.Board(ctx, c, id.Zero, id.Zero); err != nil && ctx.Err() == nil {
		a.log().Debug("the board was not read ahead", "error", err)
	}
}

// reconcilePause gathers the many small changes of an import into one pass.
const reconcilePause = 2 * time.Second

// reconcile brings the lists of open rounds in step with the places, each time
// told, with a pause in between.
func (a *App) reconcile(ctx context.Context, moved <-chan struct{}) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-moved:
		}
		c := grid.System(a.District, "reconcile")
		open, err := a.Rounds.Rounds(ctx, c, round.ListFilter{States: []round.RoundState{round.Open}})
		for _, r := range open {
			if err == nil {
				_, _, err = a.Rounds.Reconcile(ctx, c, r.ID)
			}
		}
		if err != nil && ctx.Err() == nil {
			a.log().Warn("open rounds not brought in step with the places; tried again at the next change", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-clock.Real().After(reconcilePause):
		}
	}
}

func (a *App) sweep(ctx context.Context) {
	for {
		if err := a.Accounts.Sweep(ctx); err != nil && ctx.Err() == nil {
			a.log().Warn("old submissions not swept", "error", err)
		}
		if _, err := a.Ledger.SweepPapers(ctx, grid.System(a.District, "retention")); err != nil && ctx.Err() == nil {
			a.log().Warn("papers past their time not deleted", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-clock.Real().After(time.Hour):
		}
	}
}

// expire deletes exported files whose time is over, each minute.
func (a *App) expire(ctx context.Context) {
	for {
		if err := a.Trust.SweepExports(ctx, a.District); err != nil && ctx.Err() == nil {
			a.log().Warn("exported files whose time is over are not deleted yet; tried again in a minute", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-clock.Real().After(time.Minute):
		}
	}
}

// Close ends background work of the services. The database is closed by who opened it.
func (a *App) Close() { a.Imports.Close() }

// accountNames is grid's view of accounts.
type accountNames struct{ s *account.Service }

func (n accountNames) AccountNames(ctx context.Context, _ int, ids []id.ID) (map[id.ID]string, error) {
	return n.s.Names(ctx, ids)
}

func (n accountNames) FindAccount(ctx context.Context, _ int, login string) (grid.Account, error) {
	a, err := n.s.Find(ctx, login)
	return grid.Account{ID: a.ID, Name: a.Name}, err
}

// Names and FindID are the auditor's pages' view of accounts.
func (n accountNames) Names(ctx context.Context, ids []id.ID) (map[id.ID]string, error) {
	return n.s.Names(ctx, ids)
}

func (n accountNames) FindID(ctx context.Context, login string) (id.ID, error) {
	a, err := n.s.Find(ctx, login)
	return a.ID, err
}
