package transfer

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

// rows are the hops that the form has room for, unfolded those it shows at once.
const rows, unfolded = 4, 2

type newPage struct {
	web.Meta
	Form  web.Form
	Home  id.ID
	Where string
	Who   []web.Option
	From  []web.Option
	Next  []web.Option
	Rows  []int
}

// Unfolds reports whether the form shows its later hops: something stands there.
func (d newPage) Unfolds() bool {
	return len(plan(d.Form.Values).Steps) > unfolded
}

func (p *Pages) fresh(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	d, err := p.readNew(r, c, url.Values{"home": {r.URL.Query().Get("home")}})
	if err != nil {
		return err
	}
	return p.ren.Page(w, r, layout(c), "transfer/new", d)
}

func (p *Pages) readNew(r *http.Request, c grid.Caller, v url.Values) (d newPage, err error) {
	ctx := r.Context()
	d = newPage{Form: web.Form{Values: v}, Home: named(v, "home")}
	d.Meta = web.Meta{Title: web.T(ctx, "transfer.new"), Menu: "transfers", Crumbs: []web.Crumb{{Text: web.T(ctx, "transfer.title"), Href: "/transfers"}}}
	choices, err := p.s.Tasks.Choices(ctx, c, kindTransfer)
	if err != nil {
		return d, err
	}
	posts := append([]id.ID{choices.From}, choices.Near...)
	if d.Home != id.Zero {
		home, err := p.s.Home(ctx, c, d.Home)
		if err != nil {
			return d, err
		}
		for _, x := range home.Living {
			text := x.Name + " " + x.Relation
			if x.AgeKnown {
				text += " " + web.T(ctx, "transfer.age", x.Age)
			}
			d.Who = append(d.Who, web.Option{Value: x.ID.String(), Text: text})
		}
		if d.Where, err = p.s.where(ctx, c, d.Home); err != nil {
			return d, err
		}
		over, err := p.s.Grid.PostsOver(ctx, c, home.Place)
		if err != nil {
			return d, err
		}
		posts = append(over, posts...)
	}
	if d.From, err = p.options(r, c, posts, "transfer.choose"); err != nil {
		return d, err
	}
	d.Next, err = p.options(r, c, posts, "transfer.none_more")
	for i := range rows {
		d.Rows = append(d.Rows, i+1)
	}
	return d, err
}

// plan reads the form; rows with nothing in them end the chain.
func plan(f url.Values) Plan {
	p := Plan{HomeID: named(f, "home"), People: f.Get("people"), To: f.Get("to"), FromPost: named(f, "from_post")}
	for _, text := range f["who"] {
		if v, err := id.Parse(text); err == nil {
			p.PersonIDs = append(p.PersonIDs, v)
		}
	}
	for i := range rows {
		n := strconv.Itoa(i + 1)
		st := Step{PostID: named(f, "post"+n), Place: f.Get("place" + n)}
		if text := f.Get("minutes" + n); text != "" {
			var err error
			if st.Minutes, err = strconv.Atoi(text); err != nil || st.Minutes == 0 {
				st.Minutes = -1
			}
		}
		p.Steps = append(p.Steps, st)
	}
	for n := len(p.Steps); n > 0 && p.Steps[n-1] == (Step{}); n-- {
		p.Steps = p.Steps[:n-1]
	}
	return p
}

// inputErrors gives errors of the chain the names that the form's inputs have.
func inputErrors(list map[string]string) map[string]string {
	out := map[string]string{}
	for field, text := range list {
		switch part := strings.Split(field, "."); {
		case part[0] != "steps":
			out[field] = text
		case len(part) == 3:
			out[part[2]+part[1]] = text
		default:
			out["post1"] = text
		}
	}
	return out
}

func (p *Pages) create(w http.ResponseWriter, r *http.Request, c grid.Caller) error {
	t, err := p.s.Create(r.Context(), c, plan(r.PostForm))
	if err == nil {
		web.Flash(w, r, "ok", "transfer.flash.planned")
		return web.Redirect(w, r, "/transfers/"+t.ID.String())
	}
	if !errs.Is(err, errs.Invalid) {
		return err
	}
	d, again := p.readNew(r, c, r.PostForm)
	if again != nil {
		return again
	}
	d.Form.Errors = inputErrors(web.FormErrors(r.Context(), err))
	return p.ren.PageStatus(w, r, http.StatusUnprocessableEntity, layout(c), "transfer/new", d)
}
