package importer

import (
	"net/http"

	"wangge/internal/grid"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// keptShown is how many records a page lists that stay.
const keptShown = 100

type undoPage struct {
	web.Meta
	I      *Import
	Counts UndoCounts
	Done   bool // taken back already: a report, no question
	Kept   []KeptRecord
	Next   string
}

// undoEffect shows what taking an import back would do, or did, with everything
// that stays by name.
func (p *Pages) undoEffect(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	ctx := r.Context()
	v, err := p.s.Get(ctx, c, id.From(r.PathValue("id")))
	if err != nil {
		return err
	}
	d := undoPage{I: v, Done: v.State == Reverted, Meta: web.Meta{Title: web.T(ctx, "ledger.undo.title", v.Place), Menu: "imports",
		Crumbs: []web.Crumb{{Text: web.T(ctx, "ledger.import.title"), Href: "/imports"}, {Text: web.T(ctx, "ledger.import.one", v.Place), Href: "/imports/" + v.ID.String()}}}}
	if d.Done {
		if v.Undone != nil {
			d.Counts = *v.Undone
		}
	} else {
		e, err := p.s.Effect(ctx, c, v.ID)
		if err != nil {
			return err
		}
		d.Counts = e.UndoCounts
	}
	var next id.ID
	if d.Kept, next, err = p.s.Kept(ctx, c, v.ID, id.From(r.URL.Query().Get("after")), keptShown); err != nil {
		return err
	}
	if next != id.Zero {
		d.Next = "/imports/" + v.ID.String() + "/undo?after=" + next.String()
	}
	return p.ren.Page(w, r, web.Office, "import/undo", d)
}

func (p *Pages) undo(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	if err := p.s.StartUndo(r.Context(), c, id.From(r.PathValue("id"))); err != nil {
		return err
	}
	return web.Redirect(w, r, "/imports/"+r.PathValue("id"))
}
