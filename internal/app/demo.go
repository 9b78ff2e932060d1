package app

import (
	"context"
	"fmt"

	"wangge/internal/grid/divisions"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/web"
	"wangge/internal/sim"
	"wangge/internal/sim/district"
)

// DemoOptions say which district the demo invents and how.
type DemoOptions struct {
	Place      string  // a preset's name or six-digit code
	Households int     // living groups in the whole district
	Seed       uint64  // same seed, same district
	Speed      float64 // how much faster than real time its clock runs
	Listen     string
	Lang       string
	// Progress is told how many of the households are written; may be nil.
	Progress func(done, total int)
}

// Demo loads an invented district into the data folder of o, unless it holds
// one already, lets simulated workers mark doors, and serves it until ctx ends.
// It is a drill: every page says so.
func Demo(ctx context.Context, o Options, opt DemoOptions, say func(line string)) error {
	if opt.Speed <= 0 {
		return fmt.Errorf("%w: --speed must be above 0", ErrCall)
	}
	o.Drill, o.Clock = true, clock.Fast(opt.Speed)
	ln, err := web.Listen(opt.Listen, "", "")
	if err != nil {
		return err
	}
	d, err := OpenDatabase(ctx, o)
	if err != nil {
		ln.Close()
		return unlessEnded(ctx, err)
	}
	defer d.Close()
	a, loaded, err := loadDemo(ctx, o, d, opt)
	if err != nil {
		ln.Close()
		return unlessEnded(ctx, err)
	}
	defer a.Close()
	h, err := a.Handler()
	if err != nil {
		ln.Close()
		return unlessEnded(ctx, err)
	}
	life, err := district.NewLife(ctx, a.demoServices(), loaded, district.LifeOptions{})
	if err != nil {
		ln.Close()
		return unlessEnded(ctx, err)
	}
	if err := a.tell(ctx, loaded, o.baseURL(ln.Addr()), opt.Lang, say); err != nil {
		ln.Close()
		return unlessEnded(ctx, err)
	}
	a.Background(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := life.Run(ctx); err != nil && ctx.Err() == nil {
			a.log().Error("the simulated workers stopped", "error", err)
		}
	}()
	defer func() { <-done }()
	return web.ServeOn(ctx, ln, h, a.log(), a.hub.Close)
}

// loadDemo opens the demo of the folder, or loads one into it. What an
// interrupted load left is cleared first.
func loadDemo(ctx context.Context, o Options, d *db.DB, opt DemoOptions) (*App, *district.Loaded, error) {
	state, loaded, err := district.StateOf(ctx, d)
	if err != nil {
		return nil, nil, err
	}
	if state == district.Half {
		o.log().Warn("an earlier start was interrupted while loading; its data are cleared")
		if err := district.Clear(ctx, d); err != nil {
			return nil, nil, err
		}
	}
	if state == district.Foreign {
		return nil, nil, errs.E("app.Demo", errs.Conflict, "app.demo.foreign")
	}
	code := 0
	if state == district.Ready {
		code = loaded.District
	} else if code, err = divisionOf(opt.Place); err != nil {
		return nil, nil, err
	}
	a, err := New(ctx, o, d, code)
	if err != nil {
		return nil, nil, err
	}
	if state == district.Ready {
		return a, loaded, a.Recover(ctx)
	}
	loaded, err = district.Load(ctx, a.demoServices(), sim.Config{Place: opt.Place, Households: opt.Households, Seed: opt.Seed, At: a.clock().Now()}, opt.Progress)
	return a, loaded, err
}

func divisionOf(place string) (int, error) {
	p, ok := divisions.ByName(place)
	if !ok {
		return 0, errs.Field(errs.E("app.Demo", errs.Invalid, "app.demo.place", place), "place")
	}
	var n int
	_, err := fmt.Sscan(p.County, &n)
	return n, err
}

func (a *App) demoServices() district.Services {
	return district.Services{DB: a.DB, Grid: a.Grid, Ledger: a.Ledger, Rounds: a.Rounds, Tasks: a.Tasks, Transfers: a.Transfers, Incoming: a.Incoming, Accounts: a.Accounts, Audit: a.Audit, Keys: a.Keys,
		Clock: a.clock(), Log: a.log()}
}

// tell prints the address, one account a role with a fresh password, and where
// the sample workbooks lie.
func (a *App) tell(ctx context.Context, l *district.Loaded, base, lang string, say func(string)) error {
	logins, err := district.Issue(ctx, a.demoServices(), l)
	if err != nil {
		return err
	}
	book, _, err := l.WriteSample(a.Config.Data)
	if err != nil {
		return err
	}
	leads, err := district.WriteLeads(ctx, a.demoServices(), l, a.Config.Data)
	if err != nil {
		return err
	}
	t := func(key string, args ...any) string { return i18n.T(lang, key, args...) }
	say("")
	say(t("app.demo.ready", l.Name, l.Figures.Households, base))
	say("")
	say(fmt.Sprintf("  %-18s %-14s %s", t("app.demo.login"), t("app.demo.password"), t("app.demo.who")))
	for _, p := range logins {
		say(fmt.Sprintf("  %-18s %-14s %s · %s", p.Login.Login, p.Password, t("grid.role."+p.Role), p.Place))
	}
	say("")
	if book != "" {
		say(t("app.demo.workbook", l.Story.Name, l.Story.Title, book))
	}
	if leads != "" {
		say(t("app.demo.leads", leads))
	}
	say(t("app.demo.data", a.Config.Data))
	return nil
}
