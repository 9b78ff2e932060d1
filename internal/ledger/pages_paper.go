package ledger

import (
	"encoding/base64"
	"html/template"
	"net/http"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/blob"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

func (p *Pages) registerPapers(app *web.App) {
	app.Handle("GET /persons/{id}/papers", grid.Called(p.papers))
	app.Handle("GET /households/{id}/papers", grid.Called(p.papers))
	app.Handle("POST /persons/{id}/papers", grid.Called(p.addPaper), web.MaxBody(blob.MaxUpload+1<<20))
	app.Handle("POST /households/{id}/papers", grid.Called(p.addPaper), web.MaxBody(blob.MaxUpload+1<<20))
	app.Handle("POST /papers/{id}", grid.Called(p.paperPhoto))
}

type papersPage struct {
	web.Meta
	Rows     []Paper
	Action   string
	Form     web.Form
	Kinds    []web.Option
	Purposes []web.Option
	MayWrite bool
	Shown    id.ID // the paper whose picture is shown
	Photo    template.URL
}

// owner says whose papers a request is about, by its path.
func owner(r *http.Request) (household, person id.ID) {
	if strings.HasPrefix(r.URL.Path, "/persons/") {
		return id.Zero, pathID(r)
	}
	return pathID(r), id.Zero
}

func (p *Pages) papers(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	household, person := owner(r)
	return p.papersPage(w, r, c, household, person, http.StatusOK, papersPage{})
}

func (p *Pages) papersPage(w http.ResponseWriter, r *http.Request, c grid.Caller, household, person id.ID, status int, d papersPage) error {
	ctx := r.Context()
	rows, err := p.s.Papers(ctx, c, household, person)
	if err != nil {
		return err
	}
	back, text := "/households/"+household.String(), web.T(ctx, "ledger.household")
	if person != id.Zero {
		v, err := p.s.Person(ctx, withPurpose(c, ""), person)
		if err != nil {
			return err
		}
		back, text = "/persons/"+person.String(), web.T(ctx, "ledger.person.title", orDash(v.Name))
	}
	d.Rows, d.Action, d.MayWrite = rows, back+"/papers", c.Can(grid.LedgerWrite)
	d.Kinds, d.Purposes = options(ctx, "ledger.paper.", PaperKinds(), true), options(ctx, "ledger.purpose.", vocab.Purposes, true)
	d.Meta = web.Meta{Title: web.T(ctx, "ledger.papers"), Menu: "people", Crumbs: []web.Crumb{{Text: text, Href: back}}}
	return p.ren.PageStatus(w, r, status, layoutFor(c), "ledger/papers", d)
}

// addPaper keeps the photo that was taken or chosen.
func (p *Pages) addPaper(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	household, person := owner(r)
	err := p.savePaper(r, c, household, person)
	if showAgain(err) {
		return p.papersPage(w, r, c, household, person, statusOf(err), papersPage{Form: formOf(r, err)})
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "ok", "ledger.paper.kept")
	return web.Redirect(w, r, r.URL.Path)
}

// photoMemory is how much of an upload is read into memory at once.
const photoMemory = 4 << 20

func (p *Pages) savePaper(r *http.Request, c grid.Caller, household, person id.ID) error {
	const op = "ledger.savePaper"
	if err := r.ParseMultipartForm(photoMemory); err != nil {
		return errs.E(op, errs.Invalid, "error.bad_form")
	}
	f, _, err := r.FormFile("photo")
	if err != nil {
		return errs.Field(errs.E(op, errs.Invalid, "ledger.paper.photo"), "photo")
	}
	defer f.Close()
	_, err = p.s.AddPaper(r.Context(), c, household, person, r.PostForm.Get("kind"), f)
	return err
}

// paperPhoto shows the picture of a paper for a purpose.
func (p *Pages) paperPhoto(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	paper, jpeg, err := p.s.PaperPhoto(r.Context(), withPurpose(c, r.PostForm.Get("purpose")), pathID(r))
	d := papersPage{Shown: paper.ID, Photo: template.URL("data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(jpeg))}
	if showAgain(err) {
		d = papersPage{Form: formOf(r, err)}
	} else if err != nil {
		return err
	}
	household := paper.HouseholdID
	if paper.PersonID != id.Zero {
		household = id.Zero
	}
	status := http.StatusOK
	if err != nil {
		status = statusOf(err)
	}
	return p.papersPage(w, r, c, household, paper.PersonID, status, d)
}
