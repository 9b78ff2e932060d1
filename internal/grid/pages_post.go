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
	CanManage bool
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
	_, err = p.s.manageable(ctx, p.s.d.Read(), "grid.post", c, v.ID)
	d.CanManage = err == nil
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

type postFormPage struct {
	frame
	Place  *Place
	Grid   *Grid
	Org    *Organisation
	Doors  []Place // to choose from, where the post is over a set of doors
	Way    string
	Roles  []web.Option
	Orgs   []web.Option
	Teams  []web.Option
	Lang   string
	Hidden map[string]string
}

// Label writes a place's name as people say it.
func (d postFormPage) Label(p Place) string { return Label(d.Lang, p) }

func (p *Pages) postForm(w http.ResponseWriter, r *http.Request, c Caller) error {
	return p.showPostForm(w, r, c, http.StatusOK, nil)
}

func (p *Pages) showPostForm(w http.ResponseWriter, r *http.Request, c Caller, status int, again *frame) error {
	ctx := r.Context()
	d := &postFormPage{Lang: c.Lang, Hidden: map[string]string{}}
	d.Title, d.Menu = web.T(ctx, "grid.posts.new"), "posts"
	path, err := p.postObject(r, c, d)
	if err != nil {
		return err
	}
	for _, role := range Roles() {
		if c.MayManage(PostWrite, role, path) {
			d.Roles = append(d.Roles, web.Option{Value: string(role), Text: web.T(ctx, "grid.role."+string(role))})
		}
	}
	if len(d.Roles) == 0 {
		return errs.E("grid.AddPost", errs.Denied, "grid.post.above")
	}
	if d.Orgs, d.Teams, err = p.orgChoices(r, c); err != nil {
		return err
	}
	if again != nil {
		d.Form, d.Message = again.Form, again.Message
	}
	return p.ren.PageStatus(w, r, status, web.Office, "grid/post_new", d)
}

// postObject reads what a new post is over: grid, org, or place (with doors=1:
// doors to be chosen below it).
func (p *Pages) postObject(r *http.Request, c Caller, d *postFormPage) (path string, err error) {
	ctx := r.Context()
	if gid := formID(r, "grid"); gid != id.Zero {
		g, err := p.s.Grid(ctx, c, gid)
		d.Grid, d.Hidden["grid"] = &g, gid.String()
		return g.Path, err
	}
	if oid := formID(r, "org"); oid != id.Zero {
		list, err := queryOrgs(ctx, p.s.d.Read(), "district = $1 AND id = $2", c.District, int64(oid))
		if err != nil {
			return "", err
		}
		if len(list) == 0 {
			return "", errs.E("grid.AddPost", errs.NotFound, "grid.org.not_found")
		}
		d.Org, d.Hidden["org"] = &list[0], oid.String()
		return orgPath(ctx, p.s.d.Read(), c.District, oid)
	}
	at, err := p.chosen(r, c)
	if err != nil {
		return "", err
	}
	d.Place, d.Way, d.Hidden["place"] = &at, Label(c.Lang, at), at.ID.String()
	if r.FormValue("doors") != "" {
		d.Hidden["doors"] = "1"
		d.Doors, err = p.s.SubtreePage(ctx, c, at.Path, "", []Kind{Door}, 500)
	}
	return at.Path, err
}

func (p *Pages) orgChoices(r *http.Request, c Caller) (orgs, teams []web.Option, err error) {
	ctx := r.Context()
	none := web.Option{Value: "0", Text: web.T(ctx, "grid.none")}
	orgs, teams = []web.Option{none}, []web.Option{none}
	root, err := p.s.Root(ctx, c)
	if err != nil {
		return nil, nil, err
	}
	list, err := p.s.Organisations(ctx, c, root, id.Zero, 1000)
	if err != nil {
		return nil, nil, err
	}
	for _, o := range list {
		orgs = append(orgs, web.Option{Value: o.ID.String(), Text: o.Name})
	}
	all, err := p.s.Teams(ctx, c, root, id.Zero, 1000)
	for _, t := range all {
		if t.UntilMs == 0 || t.UntilMs > p.s.nowMs() {
			teams = append(teams, web.Option{Value: t.ID.String(), Text: TeamName(c.Lang, t)})
		}
	}
	return orgs, teams, err
}

// newPost reads the form of a new post.
func newPost(r *http.Request) (NewPost, error) {
	n := NewPost{Role: Role(r.FormValue("role")), Title: r.FormValue("title"), OrgID: formID(r, "org_id"), TeamID: formID(r, "team_id")}
	switch {
	case formID(r, "grid") != id.Zero:
		n.ObjectKind, n.ObjectID = ObjectGrid, formID(r, "grid")
	case formID(r, "org") != id.Zero:
		n.ObjectKind, n.ObjectID, n.OrgID = ObjectOrganisation, formID(r, "org"), formID(r, "org")
	case r.FormValue("doors") != "":
		n.ObjectKind, n.Doors = ObjectDoors, formIDs(r, "door")
		if len(n.Doors) == 0 {
			return n, errs.Field(errs.E("grid.AddPost", errs.Invalid, "grid.post.no_doors"), "door")
		}
	default:
		n.ObjectKind, n.ObjectID = ObjectPlace, formID(r, "place")
	}
	var err error
	if n.FromMs, err = day(r, "from", false); err != nil {
		return n, err
	}
	n.UntilMs, err = day(r, "until", true)
	return n, err
}

func (p *Pages) addPost(w http.ResponseWriter, r *http.Request, c Caller) error {
	n, err := newPost(r)
	var made Post
	if err == nil {
		made, err = p.s.AddPost(r.Context(), c, n)
	}
	if err != nil {
		return again(r, err, func(status int, f frame) error { return p.showPostForm(w, r, c, status, &f) })
	}
	web.Flash(w, r, "ok", "grid.posts.added")
	return web.Redirect(w, r, "/posts/"+made.ID.String())
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
