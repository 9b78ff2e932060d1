package grid

import (
	"io"
	"net/http"

	"wangge/internal/grid/divisions"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/web"
)

type importPage struct {
	frame
	Report   *AreaReport
	Geometry *GeoReport
	Dry      bool
	Empty    bool // no areas yet
	Steps    []web.Option
	GeoForm  web.Form
	Datums   []web.Option
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
	d.Steps = []web.Option{{Value: "check", Text: web.T(ctx, "grid.import.check")}, {Value: "apply", Text: web.T(ctx, "grid.import.apply")}}
	d.Title, d.Menu, d.Form = web.T(ctx, "grid.import.title"), "areas", seen("step", "check")
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

// importAreas shows what a list holds, and imports it when asked to.
func (p *Pages) importAreas(w http.ResponseWriter, r *http.Request, c Caller) error {
	file, _, err := r.FormFile("file")
	if err != nil {
		return p.importFailed(w, r, c, errs.Field(errs.E("grid.ImportAreas", errs.Invalid, "error.required"), "file"))
	}
	defer file.Close()
	list, problems, err := divisions.Read(file)
	if err != nil {
		return p.importFailed(w, r, c, err)
	}
	dry := r.FormValue("step") != "apply"
	report, err := p.s.ImportAreas(r.Context(), c, list, dry)
	report.Problems = append(problems, report.Problems...)
	if err != nil {
		return p.importFailed(w, r, c, err)
	}
	return p.showImport(w, r, c, http.StatusOK, func(d *importPage) { d.Report, d.Dry = &report, dry })
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
