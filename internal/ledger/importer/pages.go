package importer

import (
	"embed"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

//go:embed all:templates
var templates embed.FS

// Pages serves the import wizard.
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
	app.Handle("GET /imports", grid.Called(p.list))
	app.Handle("POST /imports", grid.Called(p.upload), web.MaxBody(MaxBytes+1<<20), web.Timeout(5*time.Minute), web.As(web.Heavy))
	app.Handle("GET /imports/{id}", grid.Called(p.one))
	app.Handle("GET /imports/{id}/progress", grid.Called(p.progress))
	app.Handle("POST /imports/{id}", grid.Called(p.correct), web.Timeout(5*time.Minute))
	app.Handle("POST /imports/{id}/apply", grid.Called(p.apply))
	app.Handle("GET /imports/{id}/undo", grid.Called(p.undoEffect), web.Timeout(time.Minute))
	app.Handle("POST /imports/{id}/undo", grid.Called(p.undo), web.Timeout(time.Minute))
	p.registerReconcile(app)
	app.Handle("GET /imports/{id}/rejected", grid.Called(p.rejected), web.Timeout(5*time.Minute), web.As(web.Heavy))
}

type listPage struct {
	web.Meta
	Imports []*Import
	Places  []web.Option
	Form    web.Form
	Next    string
	Limit   int
}

func (p *Pages) list(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	return p.listPage(w, r, c, http.StatusOK, web.Form{Values: url.Values{"place": {r.URL.Query().Get("place")}}})
}

func (p *Pages) listPage(w http.ResponseWriter, r *http.Request, c grid.Caller, status int, form web.Form) error {
	ctx := r.Context()
	list, err := p.s.List(ctx, c, id.From(r.URL.Query().Get("after")))
	if err != nil {
		return err
	}
	places, err := p.s.targets(ctx, c)
	if err != nil {
		return err
	}
	d := listPage{Meta: web.Meta{Title: web.T(ctx, "ledger.import.title"), Menu: "imports"}, Imports: list, Form: form, Limit: MaxBytes >> 20}
	for _, t := range places {
		text := t.Name
		if t.Below != "" {
			text = t.Below + " · " + t.Name
		}
		d.Places = append(d.Places, web.Option{Value: t.ID.String(), Text: text})
	}
	if len(list) == 50 {
		d.Next = "/imports?after=" + list[49].ID.String()
	}
	return p.ren.PageStatus(w, r, status, web.Office, "import/list", d)
}

// upload stages the files of the form. They are kept in memory, never in a
// temporary file, since they hold names and numbers of people.
func (p *Pages) upload(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	form, err := r.MultipartReader()
	if err != nil {
		return errs.E("importer.upload", errs.Invalid, "error.bad_form")
	}
	values, files, err := readForm(form)
	if err != nil {
		return err
	}
	v, err := p.s.Stage(r.Context(), c, Target{Place: id.From(values.Get("place")), Compound: strings.TrimSpace(values.Get("compound"))}, files)
	if fields := web.FileErrors(r.Context(), err); fields != nil {
		return p.listPage(w, r, c, http.StatusUnprocessableEntity, web.Form{Values: values, Errors: fields})
	}
	if err != nil {
		return err
	}
	return web.Redirect(w, r, "/imports/"+v.ID.String())
}

func readForm(form *multipart.Reader) (url.Values, []File, error) {
	values := url.Values{}
	var files []File
	var total int64
	for {
		part, err := form.NextPart()
		if err == io.EOF {
			return values, files, nil
		}
		if err != nil {
			return nil, nil, err
		}
		b, err := io.ReadAll(io.LimitReader(part, MaxBytes+1-total))
		if err != nil {
			return nil, nil, err
		}
		if part.FormName() != "file" {
			values.Add(part.FormName(), string(b))
			continue
		}
		if total += int64(len(b)); total > MaxBytes {
			return nil, nil, errs.Field(errs.E("importer.upload", errs.TooMany, "error.too_big", MaxBytes>>10), "file")
		}
		if part.FileName() != "" {
			files = append(files, File{Name: part.FileName(), R: strings.NewReader(string(b)), Size: int64(len(b))})
		}
	}
}

type onePage struct {
	web.Meta
	I         *Import
	Columns   []sheetColumns
	Percent   int64
	Community string
	Rosters   int // sheets that are read
}

func (p *Pages) one(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	d, err := p.data(r, c)
	if err != nil {
		return err
	}
	return p.ren.Page(w, r, web.Office, "import/one", d)
}

func (p *Pages) progress(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	d, err := p.data(r, c)
	if err != nil {
		return err
	}
	if d.I.State != Applying {
		w.Header().Set("HX-Refresh", "true")
	}
	return p.ren.Fragment(w, r, "import/one", "import/progress", d)
}

func (p *Pages) data(r *http.Request, c grid.Caller) (onePage, error) {
	ctx := r.Context()
	v, err := p.s.Get(ctx, c, id.From(r.PathValue("id")))
	if err != nil {
		return onePage{}, err
	}
	d := onePage{I: v, Community: v.community, Meta: web.Meta{Title: web.T(ctx, "ledger.import.one", v.Place), Menu: "imports", Wide: true, Crumbs: []web.Crumb{{Text: web.T(ctx, "ledger.import.title"), Href: "/imports"}}}}
	if v.Total > 0 {
		d.Percent = 100 * v.Done / v.Total
	}
	for i, sh := range v.Sheets {
		if sh.IsRoster {
			d.Rosters++
		}
		d.Columns = append(d.Columns, sheetColumns{Understood: sh, Index: i, Letters: columnsOf(ctx, sh), Places: placesOf(sh)})
	}
	return d, nil
}

// correct reads the form: "map.<sheet>.<letter>" holds a column key,
// "header.<sheet>" the header's row, "place.<sheet>.<key>" where rows belong.
func (p *Pages) correct(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	if err := r.ParseForm(); err != nil {
		return errs.E("importer.correct", errs.Invalid, "error.bad_form")
	}
	v, err := p.s.Get(r.Context(), c, id.From(r.PathValue("id")))
	if err != nil {
		return err
	}
	if _, err := p.s.Correct(r.Context(), c, v.ID, correctionOf(r.PostForm, v)); err != nil {
		return err
	}
	web.Flash(w, r, "ok", "ledger.import.corrected")
	return web.Redirect(w, r, "/imports/"+v.ID.String())
}

// apply writes the import. Corrections that were made in the form and not
// checked yet are checked and shown first: nothing is written unseen.
func (p *Pages) apply(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	if err := r.ParseForm(); err != nil {
		return errs.E("importer.apply", errs.Invalid, "error.bad_form")
	}
	v, err := p.s.Get(r.Context(), c, id.From(r.PathValue("id")))
	if err != nil {
		return err
	}
	if say := correctionOf(r.PostForm, v); r.PostForm.Has("shown") && (len(say.Mappings) > 0 || len(say.Places) > 0 || say.Compound != v.Compound) {
		return p.correct(w, r, c)
	}
	if err := p.s.Start(r.Context(), c, id.From(r.PathValue("id"))); err != nil {
		return err
	}
	return web.Redirect(w, r, "/imports/"+r.PathValue("id"))
}

func (p *Pages) rejected(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	book, err := p.s.Rejected(r.Context(), c, id.From(r.PathValue("id")))
	if err != nil {
		return err
	}
	return web.Download(w, "rejected.xlsx", web.XLSX, book)
}
