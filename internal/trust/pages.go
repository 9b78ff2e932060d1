package trust

import (
	"context"
	"embed"
	"net/http"
	"net/url"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

//go:embed all:templates
var templates embed.FS

// Pages serves the auditor's page.
type Pages struct {
	s   *Service
	ren *web.Renderer
}

// NewPages adds the templates to ren and returns the pages.
func NewPages(s *Service, ren *web.Renderer) (*Pages, error) {
	return &Pages{s, ren}, ren.AddDir(templates, "templates")
}

// Register adds the routes to app.
func (p *Pages) Register(app *web.App) {
	app.Handle("GET /audit", grid.Called(p.list))
	app.Handle("POST /audit/verify", grid.Called(p.verify))
	p.registerExports(app)
	p.registerLooks(app)
}

// kinds are the beginnings of actions offered as a filter; each has a name in
// the catalogue under trust.kind.
var kinds = []string{"account.", "grid.", "import.", "emergency.", "round.", "person.", "export.", "key."}

type listPage struct {
	web.Meta
	Tabs     []tab
	Form     web.Form
	Rows     []Row
	Kinds    []web.Option
	Next     string
	Filtered bool
	Verified bool
	Problems []audit.Problem
}

func (p *Pages) list(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	d, err := p.read(r, c)
	if errs.Is(err, errs.Invalid) {
		d.Form.Errors = web.FormErrors(r.Context(), err)
		return p.ren.PageStatus(w, r, http.StatusUnprocessableEntity, web.Office, "trust/audit", d)
	}
	if err != nil {
		return err
	}
	return p.ren.Page(w, r, web.Office, "trust/audit", d)
}

func (p *Pages) read(r *http.Request, c grid.Caller) (listPage, error) {
	ctx, q := r.Context(), r.URL.Query()
	d := listPage{Meta: web.Meta{Title: web.T(ctx, "trust.title"), Menu: "audit", Wide: true}, Tabs: tabs(ctx, "/audit"), Form: web.Form{Values: q}}
	d.Kinds = append(d.Kinds, web.Option{Value: "", Text: web.T(ctx, "trust.kind.all")})
	for _, k := range kinds {
		d.Kinds = append(d.Kinds, web.Option{Value: k, Text: web.T(ctx, "trust.kind."+k[:len(k)-1])})
	}
	d.Filtered = q.Get("account") != "" || q.Get("object") != "" || q.Get("action") != "" || q.Get("day") != ""
	f, err := p.filterOf(ctx, q)
	if err != nil {
		return d, err
	}
	rows, next, err := p.s.List(ctx, c, f, q.Get("after"), 100)
	if err != nil {
		return d, err
	}
	d.Rows = named(ctx, rows)
	if next != "" {
		q.Set("after", next)
		d.Next = "/audit?" + q.Encode()
	}
	return d, nil
}

// named gives acts and purposes their names in the reader's language.
func named(ctx context.Context, rows []Row) []Row {
	for i := range rows {
		if key := "audit.action." + rows[i].Action; i18n.Has(key) {
			rows[i].Action = web.T(ctx, key)
		}
		if key := "ledger.purpose." + rows[i].Purpose; i18n.Has(key) {
			rows[i].Purpose = web.T(ctx, key)
		}
	}
	return rows
}

func (p *Pages) filterOf(ctx context.Context, q url.Values) (audit.Filter, error) {
	account, err := p.s.account(ctx, q.Get("account"))
	if err != nil {
		return audit.Filter{}, err
	}
	object, err := number(q, "object")
	if err != nil {
		return audit.Filter{}, err
	}
	return narrow(audit.Filter{Account: account, ObjectID: object, Action: q.Get("action")}, q.Get("day"))
}

func number(q url.Values, name string) (id.ID, error) {
	v, err := id.Parse(q.Get(name))
	if err != nil && q.Get(name) != "" {
		return id.Zero, errs.Field(errs.E("trust.filter", errs.Invalid, "trust.bad_number"), name)
	}
	return v, nil
}

// narrow limits a filter to a day of UTC+8; the empty day does not.
func narrow(f audit.Filter, day string) (audit.Filter, error) {
	if day == "" {
		return f, nil
	}
	f, err := f.Day(day)
	if err != nil {
		return f, errs.Field(err, "day")
	}
	return f, nil
}

// verify walks all chains and shows the result above the list.
func (p *Pages) verify(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	problems, err := p.s.Verify(r.Context(), c)
	if err != nil {
		return err
	}
	d, err := p.read(r, c)
	if err != nil {
		return err
	}
	d.Verified, d.Problems = true, problems
	return p.ren.Page(w, r, web.Office, "trust/audit", d)
}
