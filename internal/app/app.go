// Package app wires everything: it is the only package that imports every
// slice. Open builds the services over one database, Handler the pages and the
// API, Check what `wangge check` verifies.
package app

import (
	"context"
	"log/slog"
	"sync"

	"wangge/internal/account"
	"wangge/internal/command"
	"wangge/internal/duty"
	"wangge/internal/grid"
	"wangge/internal/incoming"
	"wangge/internal/inspection"
	"wangge/internal/inspection/bulletin"
	"wangge/internal/ledger"
	"wangge/internal/ledger/importer"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/escrow"
	"wangge/internal/platform/id"
	"wangge/internal/platform/jobs"
	"wangge/internal/platform/seal"
	"wangge/internal/platform/web"
	"wangge/internal/relief"
	"wangge/internal/round"
	"wangge/internal/sim/district"
	"wangge/internal/task"
	"wangge/internal/transfer"
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
	District  int
	DB        *db.DB
	Keys      *seal.Keyring
	Audit     *audit.Log
	Accounts  *account.Service
	Grid      *grid.Service
	Ledger    *ledger.Service
	Imports   *importer.Service
	Rounds    *round.Service
	Tasks     *task.Service
	Transfers *transfer.Service
	Relief    *relief.Service
	Trust     *trust.Service
	Command   *command.Service
	Duty      *duty.Service
	Inspect   *inspection.Service
	Bulletins *bulletin.Service
	Incoming  *incoming.Service
	Escrow    *escrow.Register
	hub       *web.Hub
	stop      context.CancelFunc // ends the background; nil: there is none
	runs      sync.WaitGroup
	seats     *jobs.Seats
	moved     chan struct{} // places changed since open rounds were last brought in step
}

// maxStreams bounds the open live streams of a process.
const maxStreams = 2000

// OpenDatabase opens and migrates the database that the settings name, once it
// is known that its keys can be kept: what fails leaves nothing new behind.
func OpenDatabase(ctx context.Context, o Options) (*db.DB, error) {
	url, err := o.Config.DatabaseURL()
	if err != nil {
		return nil, err
	}
	if err := seal.CheckFolder(o.Config.KeyDir()); err != nil {
		return nil, err
	}
	return db.OpenMigrated(ctx, url, o.clock(), o.log())
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

// New builds the services of a district over an open database. The caller
// closes the database; Close ends what runs in the background before that.
func New(ctx context.Context, o Options, d *db.DB, code int) (*App, error) {
	keys, err := keyringOf(ctx, d, o.Config.KeyDir())
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
	a := &App{Options: o, District: code, DB: d, Keys: keys, hub: web.NewHub(clock.Real(), maxStreams), moved: make(chan struct{}, 1)}
	clk, log := o.clock(), o.log()
	a.seats = jobs.NewSeats(d, code, log, jobs.SeatTime)
	a.Audit = audit.New(code, clk)
	a.Escrow = &escrow.Register{District: code, DB: d, Keys: keys, Audit: a.Audit, Clock: clk}
	if err := a.Escrow.Enforce(ctx); err != nil {
		return nil, err
	}
	a.Grid = grid.New(d, clk, a.note, nil)
	a.Accounts = account.New(account.Options{District: code, DB: d, Keys: keys, Clock: clock.Real(), Audit: a.Audit,
		Auth: authorizer{a}, First: a.firstPost, Log: log})
	a.Grid.SetAccounts(accountNames{a.Accounts})
	a.Ledger = ledger.New(ledger.Deps{DB: d, District: code, Keys: keys, Audit: a.Audit, Clock: clk, Names: a.Accounts.Names, Places: a.Grid})
	a.Rounds = round.New(round.Deps{DB: d, Clock: clk, Keys: keys, Audit: a.Audit, Log: log, Alone: a.seats.Alone})
	a.Tasks = task.New(task.Deps{DB: d, Clock: clk, Keys: keys, Audit: a.Audit, Log: log, Grid: a.Grid, Ledger: a.Ledger, Rounds: a.Rounds, Names: a.Accounts.Names})
	a.Transfers = transfer.New(transfer.Deps{DB: d, Clock: clk, Keys: keys, Audit: a.Audit, Log: log, Grid: a.Grid, Ledger: a.Ledger, Tasks: a.Tasks, Names: a.Accounts.Names})
	a.Relief = relief.New(relief.Deps{DB: d, Clock: clk, Keys: keys, Audit: a.Audit, Log: log, Grid: a.Grid, Tasks: a.Tasks, Names: a.Accounts.Names})
	a.Ledger.OnHousehold(a.Rounds.HouseholdChanged)
	a.Ledger.AskRounds(a.Rounds.AnsweredBelow)
	a.Grid.OnRegrid(a.Rounds.Regridded)
	a.Grid.OnMerge(a.Rounds.AreaMerged)
	a.Grid.SetWorkload(a.workload)
	a.Imports = importer.New(importer.Deps{DB: d, Keys: keys, Audit: a.Audit, Clock: clk, Log: log, Ledger: a.Ledger, Places: a.Grid, Drill: o.Drill})
	a.Grid.AddSection(a.Rounds.AreaSection)
	a.Grid.AddSection(a.Ledger.AreaSection)
	a.Grid.AddSection(a.Ledger.AliasSection)
	a.Grid.AddSection(a.Tasks.PlaceSection)
	a.Ledger.AddPersonSection(a.Tasks.PersonSection)
	a.Rounds.AddSection(a.Tasks.RoundSection)
	a.Grid.SetDoorStates(a.Rounds.Board)
	a.Trust = trust.New(trust.Deps{DB: d, Keys: keys, Clock: clk, Audit: a.Audit, Accounts: accountNames{a.Accounts}, Ledger: a.Ledger, Places: a.Grid,
		Callers: func(ctx context.Context, account id.ID) (grid.Caller, error) {
			return a.Grid.CallerFor(ctx, account, code, clk.Now())
		}})
	a.Duty = duty.New(duty.Deps{DB: d, Clock: clk, Grid: a.Grid, Audit: a.Audit, Keys: keys, Tasks: a.Tasks, Names: a.Accounts.Names})
	a.Incoming = incoming.New(incoming.Deps{DB: d, Keys: keys, Audit: a.Audit, Clock: clk, Log: log, Grid: a.Grid, Ledger: a.Ledger, Rounds: a.Rounds, Tasks: a.Tasks, Names: a.Accounts.Names, Drill: o.Drill})
	a.Inspect = inspection.New(inspection.Deps{DB: d, Clock: clk, Keys: keys, Audit: a.Audit, Grid: a.Grid, Rounds: a.Rounds, Tasks: a.Tasks})
	a.Bulletins = bulletin.New(bulletin.Deps{DB: d, Clock: clk, Keys: keys, Audit: a.Audit, Grid: a.Grid, Inspections: a.Inspect, Names: a.Accounts.Names, Bears: a.Ledger.NamesUnder})
	a.Tasks.AddAsides(a.Bulletins.Aside)
	a.Tasks.AddAsides(a.Incoming.Aside)
	a.Command = command.New(a.Grid, a.Ledger, a.Rounds)
	return a, nil
}

// note writes a grid change into the audit chain.
func (a *App) note(ctx context.Context, tx *db.Tx, n grid.Note) error {
	return a.Audit.Append(ctx, tx, audit.Entry{Account: n.Caller.AccountID, Post: n.Caller.PostFor(n.Perm), Action: n.Action,
		Object: n.Object, ObjectID: n.ObjectID, Detail: n.Detail})
}

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
