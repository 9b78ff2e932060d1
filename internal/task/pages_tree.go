package task

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

type treePage struct {
	web.Meta
	Tree
	Form    web.Form
	CanPass bool
	To      []web.Option
	Gaps    []web.Option
}

// tree shows what a directive came to, and lets it be passed on.
func (p *Pages) tree(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	return p.showTree(w, r, c, http.StatusOK, web.Form{Values: url.Values{}})
}

func (p *Pages) showTree(w http.ResponseWriter, r *http.Request, c grid.Caller, status int, f web.Form) error {
	task, err := pathID(r)
	if err != nil {
		return err
	}
	d := treePage{Form: f}
	if d.Tree, err = p.s.Tree(r.Context(), c, task); err != nil {
		return err
	}
	v, err := p.s.Task(r.Context(), c, task)
	if err != nil {
		return err
	}
	if d.CanPass = v.CanPass; d.CanPass {
		ch, err := p.s.Choices(r.Context(), c, KindDirective)
		if err != nil {
			return err
		}
		if d.To, err = p.options(r, c, ch.Near, "task.to.choose", ch.From); err != nil {
			return err
		}
		d.Gaps = gapOptions(r, f)
		d.To = append(append(d.To[:1:1], levelOptions(r, ch.Levels)...), d.To[1:]...)
	}
	d.Meta = web.Meta{Title: web.T(r.Context(), "task.tree"), Menu: "tasks", Crumbs: []web.Crumb{
		{Text: web.T(r.Context(), "task.title"), Href: "/tasks"}, {Text: v.Title, Href: "/tasks/" + task.String()}}}
	return p.ren.PageStatus(w, r, status, layout(c), "task/tree", d)
}

// pass passes a directive on to the level or post chosen.
func (p *Pages) pass(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	task, err := pathID(r)
	if err != nil {
		return err
	}
	n, err := p.passForm(r, c, task)
	if errs.Is(err, errs.Invalid) {
		return p.showTree(w, r, c, http.StatusUnprocessableEntity, web.Form{Values: r.PostForm, Errors: renamed(web.FormErrors(r.Context(), err))})
	}
	if err != nil {
		return err
	}
	web.Flash(w, r, "ok", "task.flash.directed", strconv.Itoa(n))
	return web.Redirect(w, r, "/tasks/"+task.String()+"/tree")
}

func (p *Pages) passForm(r *http.Request, c grid.Caller, task id.ID) (n int, err error) {
	f := r.PostForm
	deadline, err := web.LocalTime(f.Get("deadline"), "deadline")
	if err != nil {
		return 0, err
	}
	to := Address{Posts: []id.ID{named(f, "to")}}
	if role, ok := strings.CutPrefix(f.Get("to"), "level:"); ok {
		if to, err = p.s.levelAddress(r.Context(), c, KindDirective, role, gapsChosen(f, role)); err != nil {
			return 0, err
		}
	} else if to.Posts[0] == id.Zero {
		return 0, errs.Field(errs.E("task.pass", errs.Invalid, "error.required"), "post")
	}
	_, err = p.s.PassOn(r.Context(), c, task, to, f.Get("note"), deadline)
	return len(to.Posts), err
}

// remind reminds those who are late.
func (p *Pages) remind(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	task, err := pathID(r)
	if err != nil {
		return err
	}
	n, err := p.s.Remind(r.Context(), c, task)
	if err != nil {
		return err
	}
	web.Flash(w, r, "ok", "task.flash.reminded", strconv.Itoa(n))
	return web.Redirect(w, r, "/tasks/"+task.String()+"/tree")
}
