package grid

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

func (p *Pages) registerPosts(app *web.App) {
	app.Handle("GET /posts", p.under(p.posts))
	app.Handle("GET /posts/new", Called(p.postForm))
	app.Handle("POST /posts/new", Called(p.addPost))
	app.Handle("GET /posts/{id}", named(p.s.Post, p.post))
	app.Handle("POST /posts/{id}/holders", named(p.s.Post, p.addHolder))
	app.Handle("POST /posts/{id}/holders/{holder}/end", Called(p.endHolder))
	app.Handle("POST /posts/{id}/end", byPathID(p.endPost))
	p.registerDuty(app)
}

type postsPage struct {
	frame
	Place   Place
	Table   web.Table
	Posts   []PostView
	Roles   []web.Option
	Aliases []RoleAlias
	Vacant  bool
	CanPost bool
	Lang    string
}

// RoleName writes a role as it is called where the post is.
func (d postsPage) RoleName(p PostView) string { return RoleName(d.Lang, d.Aliases, p.Role, p.Path) }

func (p *Pages) posts(w http.ResponseWriter, r *http.Request, c Caller, at Place) error {
	ctx := r.Context()
	q := r.URL.Query()
	head, err := p.head(ctx, c, at, "grid.posts.title", "posts")
	if err != nil {
		return err
	}
	d := &postsPage{frame: head, Place: at, Lang: c.Lang, Vacant: q.Get("vacant") != "", CanPost: c.CanPlace(PostWrite, at.Path)}
	d.Table = web.TableOf("/posts", q)
	d.Table.Keep = map[string]string{"place": at.ID.String(), "role": q.Get("role"), "vacant": q.Get("vacant")}
	d.Form = seen("role", q.Get("role"), "vacant", q.Get("vacant"))
	d.Roles = options(ctx, "grid.role.", "grid.posts.any_role", strs(Roles()))
	const page = 100
	f := PostFilter{Place: at.ID, Role: Role(q.Get("role")), Text: d.Table.Query, Vacant: d.Vacant, After: formID(r, "after"), Limit: page}
	if d.Posts, err = p.s.Posts(ctx, c, f); err != nil {
		return err
	}
	if len(d.Posts) == page {
		d.Table.Next = d.Posts[page-1].ID.String()
	}
	if d.Aliases, err = p.s.RoleAliases(ctx, c); err != nil {
		return err
	}
	return p.ren.Page(w, r, web.Office, "grid/posts", d)
}

type postPage struct {
	frame
	Post      PostView
	RoleName  string
	Doors     []Place
	Bindings  []BindingView
	Leaves    []Leave
	CanManage bool
	MayTask   bool // the caller issues tasks, and the post does them
	NowMs     int64
	Lang      string
}

// TeamName is what the post's team is called; HQ's groups go by their codes.
func (d postPage) TeamName() string {
	if slices.Contains(HQGroups, d.Post.Team) {
		return TeamName(d.Lang, Team{Kind: TeamHQGroup, Name: d.Post.Team})
	}
	return d.Post.Team
}

// Label writes a place's name as people say it.
func (d postPage) Label(p Place) string { return Label(d.Lang, p) }

func (p *Pages) post(w http.ResponseWriter, r *http.Request, c Caller, v PostView) error {
	return p.showPost(w, r, c, v, http.StatusOK, nil)
}

func (p *Pages) showPost(w http.ResponseWriter, r *http.Request, c Caller, v PostView, status int, again *frame) error {
	ctx := r.Context()
	d := &postPage{Post: v, Lang: c.Lang, NowMs: p.s.nowMs()}
	aliases, err := p.s.RoleAliases(ctx, c)
	if err != nil {
		return err
	}
	d.RoleName = RoleName(c.Lang, aliases, d.Post.Role, d.Post.Path)
	d.Title, d.Menu = d.Post.Title, "posts"
	if d.Title == "" {
		d.Title = d.RoleName
	}
	d.Crumbs = []web.Crumb{{Text: web.T(ctx, "grid.posts"), Href: "/posts"}}
	if d.Post.ObjectKind == ObjectDoors {
		if d.Doors, err = p.s.PostDoors(ctx, c, v.ID); err != nil {
			return err
		}
	}
	if d.Bindings, err = p.s.postBindings(ctx, c, v.ID); err != nil {
		return err
	}
	if d.Leaves, err = p.s.LeavesOf(ctx, c, v.ID); err != nil {
		return err
	}
	_, err = p.s.manageable(ctx, p.s.d.Read(), "grid.post", c, v.ID)
	d.CanManage = err == nil
	d.MayTask = c.Can(TaskIssue) && v.Role.May(TaskDo)
	if again != nil {
		d.Form, d.Message = again.Form, again.Message
	}
	return p.ren.PageStatus(w, r, status, web.Office, "grid/post", d)
}

// postBindings lists the running bindings of a post.
func (s *Service) postBindings(ctx context.Context, c Caller, pid id.ID) ([]BindingView, error) {
	list, err := queryBindings(ctx, s.d.Read(), "b.district = $1 AND b.post_id = $2 AND (b.until_ms = 0 OR b.until_ms > $3) ORDER BY b.id",
		c.District, int64(pid), s.nowMs())
	return list, errs.Wrap("grid.postBindings", err)
}

func (p *Pages) addHolder(w http.ResponseWriter, r *http.Request, c Caller, v PostView) error {
	if err := p.assign(r, c, v.ID); err != nil {
		return again(r, err, func(status int, f frame) error { return p.showPost(w, r, c, v, status, &f) })
	}
	web.Flash(w, r, "ok", "grid.holder.added")
	return web.Redirect(w, r, "/posts/"+v.ID.String())
}

// assign reads the holder's form: an account by log-in name or phone.
func (p *Pages) assign(r *http.Request, c Caller, pid id.ID) error {
	h := Holder{PostID: pid, AccountID: formID(r, "account_id")}
	var err error
	if h.FromMs, err = day(r, "from", false); err != nil {
		return err
	}
	if h.UntilMs, err = day(r, "until", true); err != nil {
		return err
	}
	if login := strings.TrimSpace(r.FormValue("login")); login != "" && p.s.accounts != nil {
		a, err := p.s.accounts.FindAccount(r.Context(), c.District, login)
		if err != nil {
			return errs.Field(err, "login")
		}
		h.AccountID = a.ID
	}
	if h.AccountID == id.Zero {
		return errs.Field(errs.E("grid.AddHolder", errs.Invalid, "error.required"), "login")
	}
	if _, err = p.s.AddHolder(r.Context(), c, h); err != nil && errs.As(err).Field == "account_id" {
		return errs.Field(err, "login") // the form asks for the account by its log-in
	}
	return err
}

func (p *Pages) endHolder(w http.ResponseWriter, r *http.Request, c Caller) error {
	hid, err := id.Parse(r.PathValue("holder"))
	if err != nil {
		return errs.E("grid.EndHolder", errs.NotFound, "grid.post.no_holder")
	}
	return after(w, r, p.s.EndHolder(r.Context(), c, hid, 0), "/posts/"+r.PathValue("id"), "grid.holder.ended")
}

func (p *Pages) endPost(w http.ResponseWriter, r *http.Request, c Caller, pid id.ID) error {
	return after(w, r, p.s.EndPost(r.Context(), c, pid, 0), "/posts", "grid.posts.ended")
}
