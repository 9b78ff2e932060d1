package duty

import (
	"net/http"
	"slices"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// rotaOptions are the posts that can be added to an area's rota, with who is in
// them now: a community has several posts of one name.
func (p *Pages) rotaOptions(r *http.Request, c grid.Caller, d dutyPage) ([]web.Option, error) {
	posts, err := p.s.Candidates(r.Context(), c, d.Area)
	if err != nil {
		return nil, err
	}
	posts = slices.DeleteFunc(posts, func(post id.ID) bool {
		return slices.ContainsFunc(d.Rota.Turns, func(t Turn) bool { return t.PostID == post })
	})
	turns, err := p.s.turns(r.Context(), c, posts)
	out := make([]web.Option, len(turns))
	for i, t := range turns {
		out[i] = web.Option{Value: t.PostID.String(), Text: strings.Join(append([]string{t.Post}, t.On...), " · ")}
	}
	return out, err
}

// setRota adds a post to an area's rota, or takes one off it.
func (p *Pages) setRota(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	ctx := r.Context()
	area, err := p.place(r, c, r.PostForm.Get("area"))
	if err != nil {
		return err
	}
	post, err := id.Parse(r.PostForm.Get("post"))
	if err != nil {
		return errs.Field(errs.E("duty.rota", errs.Invalid, "duty.rota.post"), "post")
	}
	have, err := rotaOf(ctx, p.s.DB.Read(), c.District, area.ID)
	if err != nil {
		return err
	}
	posts := slices.DeleteFunc(have, func(v id.ID) bool { return v == post })
	if r.PostForm.Get("do") != "remove" {
		posts = append(posts, post)
	}
	if err := p.s.SetRota(ctx, c, area.ID, posts); err != nil {
		return err
	}
	web.Flash(w, r, "ok", "duty.saved")
	return web.Redirect(w, r, "/duty?area="+area.ID.String())
}
