package app

import (
	"context"
	"net/http"

	"wangge/internal/platform/db"
	"wangge/internal/sim/district"
)

// Drill is an invented district behind its pages and API, without simulated
// workers: what the demo serves, for tests that play the workers themselves.
type Drill struct {
	App     *App
	Handler http.Handler
	Loaded  *district.Loaded
	Logins  map[string]district.Printed // by log-in name, and by grid role
	db      *db.DB
}

// OpenDrill loads the district into the data folder of o and issues the
// passwords. What runs in the background ends with ctx; Close comes after.
func OpenDrill(ctx context.Context, o Options, opt DemoOptions) (*Drill, error) {
	o.Drill = true
	d, err := OpenDatabase(ctx, o)
	if err != nil {
		return nil, err
	}
	a, loaded, err := loadDemo(ctx, o, d, opt)
	if err != nil {
		d.Close()
		return nil, err
	}
	out := &Drill{App: a, Loaded: loaded, Logins: map[string]district.Printed{}, db: d}
	if out.Handler, err = a.Handler(); err != nil {
		d.Close()
		return nil, err
	}
	a.Background(ctx)
	printed, err := district.Issue(ctx, a.demoServices(), loaded)
	for _, p := range printed {
		out.Logins[p.Login.Login] = p
		if p.Login.Login != "duty" && p.Login.Login != "secretary" { // there is another of the role
			out.Logins[p.Role] = p
		}
	}
	return out, err
}

// WriteLeads writes a list of people to be verified into dir/samples and returns
// its path.
func (d *Drill) WriteLeads(ctx context.Context, dir string) (string, error) {
	return district.WriteLeads(ctx, d.App.demoServices(), d.Loaded, dir)
}

// EndStreams ends the open live streams, so that a server can shut down.
func (d *Drill) EndStreams() { d.App.hub.Close() }

// Close ends what goes on and closes the database.
func (d *Drill) Close() {
	d.App.Close()
	d.db.Close()
}
