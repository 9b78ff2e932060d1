package grid

import (
	"encoding/csv"
	"io"
	"net/http"
	"strings"

	"wangge/internal/grid/divisions"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/web"
)

type importPage struct {
	frame
	Report   *AreaReport
	Geometry *GeoReport
	Done     bool   // the report tells what was written
	List     string // the district's rows of the uploaded list, carried from step to step
	Empty    bool   // no areas yet
	GeoForm  web.Form
	Datums   []web.Option
}

// Kinds lists the kinds of changes in the order they are shown.
func (importPage) Kinds() []divisions.ChangeKind {
	return []divisions.ChangeKind{divisions.Removed, divisions.Moved, divisions.Recoded, divisions.Renamed, divisions.Added}
}

// Of returns the changes of one kind.
func (d importPage) Of(k divisions.ChangeKind) []AreaChange {
	var out []AreaChange
	for _, c := range d.Report.Changes {
		if c.Kind == k {
			out = append(out, c)
		}
	}
	return out
}

func (p *Pages) importForm(w http.ResponseWriter, r *http.Request, c Caller) error {
	return p.showImport(w, r, c, http.StatusOK, nil)
}

func (p *Pages) showImport(w http.ResponseWriter, r *http.Request, c Caller, status int, change func(*importPage)) error {
	ctx := r.Context()
	if err := c.RequirePlace("grid.ImportAreas", PlaceWrite, rootPath(c.District)); err != nil {
		return err
	}
	d := &importPage{Datums: []web.Option{{Value: GCJ02, Text: web.T(ctx, "grid.geo.gcj")}, {Value: WGS84, Text: web.T(ctx, "grid.geo.wgs")}}}
	d.Title, d.Menu = web.T(ctx, "grid.import.title"), "areas"
	have, err := p.s.Areas(ctx, c)
	if err != nil {
		return err
	}
	d.Empty = len(have) == 0
	if change != nil {
		change(d)
	}
	return p.ren.PageStatus(w, r, status, web.Office, "grid/import", d)
}

// importAreas shows what a list would change. Its rows travel with the page,
// where successors are decided and the changes are applied in the end.
func (p *Pages) importAreas(w http.ResponseWriter, r *http.Request, c Caller) error {
	list, problems, err := uploadedAreas(r)
	if err != nil {
		return p.importFailed(w, r, c, err)
	}
	step := r.FormValue("step")
	var wrong error
	if step == "successor" {
		wrong = p.s.SetSuccessor(r.Context(), c, r.FormValue("old_code"), successorChosen(r))
	}
	report, err := p.s.importAreas(r.Context(), c, list, step != "apply", r.FormValue("whole") != "")
	report.Problems = append(problems, report.Problems...)
	if wrong == nil {
		wrong = err
	}
	show := func(d *importPage) {
		d.Report, d.List, d.Done = &report, areasText(c.District, list), step == "apply" && err == nil
	}
	if wrong != nil && len(report.Changes) > 0 {
		return again(r, wrong, func(status int, f frame) error {
			return p.showImport(w, r, c, status, func(d *importPage) { show(d); d.Form, d.Message = f.Form, f.first() })
		})
	}
	if wrong != nil {
		return p.importFailed(w, r, c, wrong)
	}
	return p.showImport(w, r, c, http.StatusOK, show)
}

// first is what is wrong, of whatever field.
func (f frame) first() string {
	for _, text := range f.Form.Errors {
		return text
	}
	return f.Message
}

// uploadedAreas reads the file that was sent, or the rows of one sent before.
func uploadedAreas(r *http.Request) ([]divisions.Area, []divisions.Problem, error) {
	if text := r.FormValue("list"); text != "" {
		return divisions.Read(strings.NewReader(text))
	}
	file, _, err := r.FormFile("file")
	if err != nil {
		return nil, nil, errs.Field(errs.E("grid.ImportAreas", errs.Invalid, "error.required"), "file")
	}
	defer file.Close()
	return divisions.Read(file)
}

// successorChosen is the code typed, else the suggestion picked.
func successorChosen(r *http.Request) string {
	if typed := strings.TrimSpace(r.FormValue("other")); typed != "" {
		return typed
	}
	return r.FormValue("new_code")
}

// areasText writes the district's rows of a list, and those above it, as a list.
func areasText(district int, list []divisions.Area) string {
	mine, _ := planAreas(district, list)
	var b strings.Builder
	out := csv.NewWriter(&b)
	_ = out.Write([]string{"code", "name", "level", "parent_code"}) // a strings.Builder takes everything
	for _, a := range mine {
		_ = out.Write([]string{a.Code, a.Name, string(a.Level), a.Parent})
	}
	out.Flush()
	return b.String()
}

func (p *Pages) importFailed(w http.ResponseWriter, r *http.Request, c Caller, err error) error {
	return again(r, err, func(status int, f frame) error {
		return p.showImport(w, r, c, status, func(d *importPage) { d.Form, d.Message = f.Form, f.Message })
	})
}

func (p *Pages) importGeometry(w http.ResponseWriter, r *http.Request, c Caller) error {
	file, _, err := r.FormFile("file")
	if err != nil {
		return p.importFailed(w, r, c, errs.E("grid.ImportGeoJSON", errs.Invalid, "grid.geo.no_file"))
	}
	defer file.Close()
	raw, err := io.ReadAll(io.LimitReader(file, maxGeometry+1))
	if err != nil {
		return errs.Wrap("grid.ImportGeoJSON", err)
	}
	report, err := p.s.ImportGeoJSON(r.Context(), c, raw, r.FormValue("datum"))
	if err != nil {
		return p.importFailed(w, r, c, err)
	}
	return p.showImport(w, r, c, http.StatusOK, func(d *importPage) { d.Geometry = &report })
}
