package app

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"wangge/internal/account"
	"wangge/internal/command"
	"wangge/internal/duty"
	"wangge/internal/grid"
	"wangge/internal/grid/lists"
	"wangge/internal/grid/staff"
	"wangge/internal/incoming"
	"wangge/internal/inspection"
	"wangge/internal/inspection/bulletin"
	"wangge/internal/ledger"
	"wangge/internal/ledger/importer"
	"wangge/internal/platform/blob"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/relist"
	"wangge/internal/platform/web"
	"wangge/internal/relief"
	"wangge/internal/round"
	"wangge/internal/task"
	"wangge/internal/transfer"
	"wangge/internal/trust"
)

// Handler returns the pages and the API of the district.
func (a *App) Handler() (http.Handler, error) {
	ren := web.NewRenderer(a.clock())
	ren.Shell.Home, ren.Shell.Live, ren.Shell.Search = "/", "/live", "/search"
	ren.Menu = menu()
	ren.Drill = func(context.Context) bool { return a.Drill }
	reg := newMetrics(a)
	site := web.New(web.Options{
		Renderer: ren, Identity: a.Accounts, Tokens: a.Accounts.Tokens(), Outside: []string{"POST /api/v1/leads"}, Enrich: a.enrich, Idempotency: a.Accounts,
		Log: a.log(), Clock: clock.Real(), Metrics: reg.handler(a.Config.MetricsToken),
		Ready: a.DB.Ping, Observe: reg.observe, BehindTLS: a.Config.BaseURL != "" && strings.HasPrefix(a.Config.BaseURL, "https://"),
		BehindProxy: a.Config.BehindProxy,
	})
	reg.watch(site, a.Accounts)
	if err := a.registerPages(site, ren); err != nil {
		return nil, err
	}
	site.Handle("GET /sw.js", web.ServiceWorker("/today/offline"), web.Public())
	site.Handle("GET /live", a.hub.Handler(a.mayHear), web.Stream())
	site.Limit("POST /api/v1/imports", web.MaxBody(importer.MaxBytes+1<<20), web.Timeout(5*time.Minute), web.As(web.Heavy))
	for _, k := range ListKinds() {
		site.Limit("POST /api/v1/lists/"+string(k), web.MaxBody(relist.MaxBytes+1<<10), web.Timeout(5*time.Minute), web.As(web.Heavy))
		site.Limit("GET /api/v1/lists/"+string(k), web.As(web.Heavy))
	}
	site.Limit("POST /api/v1/posts:import", web.MaxBody(staff.MaxBytes+1<<10), web.Timeout(3*time.Minute), web.As(web.Heavy))
	site.Limit("POST /api/v1/incoming", web.MaxBody(incoming.MaxBytes+1<<10), web.Timeout(5*time.Minute), web.As(web.Heavy))
	site.Limit("GET /api/v1/incoming/{id}/back", web.As(web.Heavy))
	site.Limit("GET /api/v1/incoming/{id}/refused", web.As(web.Heavy))
	site.Limit("POST /api/v1/marks:batch", web.MaxBody(round.MaxBatchBytes))
	site.Limit("POST /api/v1/rounds/{id}/photos", web.MaxBody(blob.MaxUpload), web.Timeout(5*time.Minute))
	site.Limit("POST /api/v1/tasks/{id}/changes", web.MaxBody(blob.MaxInJSON), web.Timeout(5*time.Minute))
	site.Limit("POST /api/v1/inspections/visits/{id}", web.MaxBody(inspection.MaxPhotos*blob.MaxInJSON), web.Timeout(5*time.Minute), web.As(web.Work))
	site.Limit("POST /api/v1/areas/import", web.MaxBody(grid.MaxAreaBytes), web.As(web.Heavy))
	site.Limit("POST /api/v1/areas/geometry", web.MaxBody(grid.MaxGeometryBytes), web.As(web.Heavy))
	site.Limit("GET /persons/export", web.As(web.Heavy))
	site.Limit("GET /api/v1/imports/{id}/rejected", web.As(web.Heavy))
	site.Limit("POST /api/v1/posts/slips", web.As(web.Heavy))
	site.Limit("POST /api/v1/exports", web.As(web.Heavy))
	site.Limit("POST /api/v1/exports/{id}/approve", web.As(web.Heavy))
	site.Limit("GET /api/v1/exports/{id}/file", web.As(web.Heavy))
	api := web.NewAPI(site, "Wangge", Version)
	a.Accounts.RegisterAPI(api)
	grid.RegisterAPI(api, a.Grid)
	staff.RegisterAPI(api, a.staff())
	lists.RegisterAPI(api, a.lists())
	ledger.RegisterAPI(api, a.Ledger)
	importer.RegisterAPI(api, a.Imports)
	a.Rounds.RegisterAPI(api)
	task.RegisterAPI(api, a.Tasks)
	transfer.RegisterAPI(api, a.Transfers)
	relief.RegisterAPI(api, a.Relief)
	command.RegisterAPI(api, a.Command)
	duty.RegisterAPI(api, a.Duty)
	inspection.RegisterAPI(api, a.Inspect)
	bulletin.RegisterAPI(api, a.Bulletins)
	incoming.RegisterAPI(api, a.Incoming)
	trust.RegisterAPI(api, a.Trust)
	return site, nil
}

// pages is what each slice's pages are to the app.
type pages interface{ Register(app *web.App) }

func (a *App) registerPages(site *web.App, ren *web.Renderer) error {
	for _, build := range []func() (pages, error){
		func() (pages, error) { return account.NewPages(a.Accounts, ren) },
		func() (pages, error) { return grid.NewPages(a.Grid, ren) },
		func() (pages, error) { return staff.NewPages(a.staff(), ren) },
		func() (pages, error) { return lists.NewPages(a.lists(), ren) },
		func() (pages, error) { return ledger.NewPages(a.Ledger, ren) },
		func() (pages, error) { return importer.NewPages(a.Imports, ren) },
		func() (pages, error) { return round.NewPages(a.Rounds, ren) },
		func() (pages, error) { return task.NewPages(a.Tasks, ren) },
		func() (pages, error) { return transfer.NewPages(a.Transfers, ren) },
		func() (pages, error) { return relief.NewPages(a.Relief, ren) },
		func() (pages, error) { return command.NewPages(a.Command, ren) },
		func() (pages, error) { return duty.NewPages(a.Duty, ren, a.District) },
		func() (pages, error) { return incoming.NewPages(a.Incoming, ren, a.District) },
		func() (pages, error) { return inspection.NewPages(a.Inspect, ren) },
		func() (pages, error) { return bulletin.NewPages(a.Bulletins, ren) },
		func() (pages, error) { return trust.NewPages(a.Trust, ren) },
	} {
		p, err := build()
		if err != nil {
			return err
		}
		p.Register(site)
	}
	return nil
}

// enrich puts the caller that an account is now into the request's context:
// with all the posts held, or with the one post of a program's token.
func (a *App) enrich(ctx context.Context, s web.Session) (context.Context, error) {
	c, err := a.Grid.CallerFor(ctx, s.AccountID, a.District, a.clock().Now())
	if err != nil {
		return ctx, err
	}
	c.Lang = web.Lang(ctx)
	if post, ok := account.TokenPost(s); ok {
		kept := c.Grants[:0:0]
		for _, g := range c.Grants {
			if g.PostID == post {
				kept = append(kept, g)
			}
		}
		c.Grants, c.Origin = kept, s.Origin
	}
	return grid.WithCaller(ctx, c), nil
}

// mayHear lets everyone logged in hear that something changed, of rounds those
// whose places they touch, of tasks those they concern; what changed is read again under the caller's own scope.
func (a *App) mayHear(ctx context.Context, topic string) bool {
	kind, which, _ := strings.Cut(topic, ":")
	if kind == "job" || kind == "grid" || kind == "leads" {
		return true
	}
	c, err := grid.CallerFrom(ctx)
	if err != nil {
		return false
	}
	v, err := id.Parse(which)
	if err != nil {
		return false
	}
	switch kind {
	case "round":
		_, err = a.Rounds.Round(ctx, c, v)
	case "task":
		if _, err = a.Tasks.Task(ctx, c, v); errs.Is(err, errs.NotFound) && a.Transfers.Concerns(ctx, c, v) {
			err = nil // a post of a transfer's chain, or one that cares, need not be one of its task
		}
	case "taskpost":
		return slices.ContainsFunc(c.Grants, func(g grid.Grant) bool { return g.PostID == v })
	default:
		return false
	}
	return err == nil
}

// can shows a menu entry to those whose posts allow one of the permissions.
func can(ps ...grid.Permission) func(context.Context) bool {
	return func(ctx context.Context) bool {
		c, err := grid.CallerFrom(ctx)
		if err != nil {
			return false
		}
		for _, p := range ps {
			if c.Can(p) {
				return true
			}
		}
		return false
	}
}

// office shows an entry to those with a post that is not one at doors.
func office(ps ...grid.Permission) func(context.Context) bool {
	return func(ctx context.Context) bool {
		c, err := grid.CallerFrom(ctx)
		if err != nil {
			return false
		}
		for _, g := range c.Grants {
			for _, p := range ps {
				if !g.Role.Worker() && g.Role.May(p) {
					return true
				}
			}
		}
		return false
	}
}

// menu is the navigation of the office and the tabs of the phone.
func menu() []web.Menu {
	return []web.Menu{
		{Key: "board", Href: "/", Icon: "board", Allowed: office(grid.PlaceRead)},
		{Key: "tasks", Href: "/tasks", Icon: "list", Allowed: office(grid.TaskDo)},
		{Key: "transfers", Href: "/transfers", Icon: "next", Allowed: office(grid.TaskDo)},
		{Key: "rounds", Href: "/rounds", Icon: "round", Section: "menu.section.rounds", Allowed: can(grid.RoundRead)},
		{Key: "forms", Href: "/forms", Icon: "form", Section: "menu.section.rounds", Allowed: can(grid.FormWrite)},
		{Key: "today", Href: "/today", Icon: "today", Section: "menu.section.rounds", Allowed: can(grid.RoundMark)},
		{Key: "reports", Href: "/reports", Icon: "check", Section: "menu.section.rounds", Allowed: can(grid.RoundMark)},
		{Key: "emergencies", Href: "/emergencies", Icon: "bell", Section: "menu.section.rounds", Allowed: office(grid.RoundRead)},
		{Key: "incoming", Href: "/incoming", Icon: "phone", Section: "menu.section.ledger", Allowed: can(grid.LeadImport)},
		{Key: "desk", Href: "/desk", Icon: "phone", Section: "menu.section.ledger", Allowed: office(grid.LeadCall)},
		{Key: "imports", Href: "/imports", Icon: "upload", Section: "menu.section.ledger", Allowed: can(grid.LedgerImport)},
		{Key: "people", Href: "/persons", Icon: "people", Section: "menu.section.ledger", Allowed: office(grid.LedgerRead)},
		{Key: "exports", Href: "/exports", Icon: "download", Section: "menu.section.ledger", Allowed: can(grid.ExportFull)},
		{Key: "care", Href: "/care", Icon: "people", Section: "menu.section.ledger", Allowed: office(grid.LedgerWrite)},
		{Key: "places", Href: "/areas", Icon: "map", Section: "menu.section.grid", Allowed: office(grid.PlaceRead)},
		{Key: "grids", Href: "/grids", Icon: "grid", Section: "menu.section.grid", Allowed: office(grid.PlaceRead)},
		{Key: "posts", Href: "/posts", Icon: "people", Section: "menu.section.grid", Allowed: can(grid.PostWrite)},
		{Key: "organisations", Href: "/organisations", Icon: "building", Section: "menu.section.grid", Allowed: can(grid.PostWrite)},
		{Key: "vacancies", Href: "/vacancies", Icon: "vacancy", Section: "menu.section.grid", Allowed: office(grid.PlaceRead)},
		{Key: "duty", Href: "/duty", Icon: "bell", Section: "menu.section.grid", Allowed: office(grid.PlaceRead)},
		{Key: "inspections", Href: "/inspections", Icon: "check", Section: "menu.section.grid", Allowed: can(grid.Inspect)},
		{Key: "bulletins", Href: "/bulletins", Icon: "form", Section: "menu.section.grid", Allowed: can(grid.BulletinRead)},
		{Key: "accounts", Href: "/accounts", Icon: "user", Section: "menu.section.admin", Allowed: can(grid.AccountManage)},
		{Key: "audit", Href: "/audit", Icon: "history", Section: "menu.section.admin", Allowed: can(grid.AuditRead)},
		{Key: "today", Href: "/today", Icon: "today", Phone: true, Allowed: can(grid.RoundMark)},
		{Key: "evening", Href: "/today/evening", Icon: "clock", Phone: true, Allowed: can(grid.RoundMark)},
		{Key: "tasks", Href: "/tasks", Icon: "list", Phone: true, Allowed: can(grid.TaskDo)},
		{Key: "desk", Href: "/desk", Icon: "phone", Phone: true, Allowed: can(grid.LeadCall)},
		{Key: "search", Href: "/search", Icon: "search", Phone: true, Allowed: can(grid.LedgerRead)},
		{Key: "account", Href: "/account", Icon: "user", Phone: true},
	}
}
