package grid

import (
	"net/http"
	"slices"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

type postFormPage struct {
	frame
	Place  *Place
	Grid   *Grid
	Org    *Organisation
	Way    string
	Groups []doorGroup // doors to choose from, where the post is over a set of doors
	Below  []Place     // where there are too many doors to choose from: nearer places
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
	aliases, err := p.s.RoleAliases(ctx, c)
	if err != nil {
		return err
	}
	for _, role := range Roles() {
		if c.MayManage(PostWrite, role, path) {
			d.Roles = append(d.Roles, web.Option{Value: string(role), Text: RoleName(c.Lang, aliases, role, path)})
		}
	}
	if len(d.Roles) == 0 {
		return errs.E("grid.AddPost", errs.Denied, "grid.post.above")
	}
	if d.Orgs, err = p.orgChoices(r, c, path); err != nil {
		return err
	}
	if d.Teams, err = p.teamChoices(r, c, path); err != nil {
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
		err = p.doorChoices(r, c, d)
	}
	return at.Path, err
}

// maxChoices is how many doors a person may reasonably choose from on a page.
const maxChoices = 300

// doorGroup is the doors of a unit, row or group to choose from.
type doorGroup struct {
	Place Place
	Name  string // with the building it is in
	Doors []Place
	Open  bool // the only one, or something in it is chosen
}

// doorChoices offers the doors below the place by unit, or the places below
// it where there are too many.
func (p *Pages) doorChoices(r *http.Request, c Caller, d *postFormPage) error {
	ctx := r.Context()
	list, err := p.s.SubtreePage(ctx, c, d.Place.Path, "", []Kind{Unit, Group, Row, Building, Door}, maxChoices+1)
	if err != nil {
		return err
	}
	if len(list) > maxChoices {
		below, err := childrenOf(ctx, p.s.d.Read(), c.District, d.Place.ID, false)
		d.Below = slices.DeleteFunc(below, func(b Place) bool { return b.Kind == Point || b.Kind == Door })
		if err != nil || len(d.Below) > 0 {
			return err
		}
	}
	byID := map[id.ID]Place{d.Place.ID: *d.Place}
	chosen := formIDs(r, "door")
	for _, x := range list {
		byID[x.ID] = x
		if x.Kind != Door {
			continue
		}
		if n := len(d.Groups); n == 0 || d.Groups[n-1].Place.ID != x.ParentID {
			d.Groups = append(d.Groups, doorGroup{Place: byID[x.ParentID]})
		}
		g := &d.Groups[len(d.Groups)-1]
		g.Doors = append(g.Doors, x)
		g.Open = g.Open || slices.Contains(chosen, x.ID)
	}
	if len(d.Groups) == 1 {
		d.Groups[0].Open = true
	}
	parents := make([]Place, len(d.Groups))
	for i, g := range d.Groups {
		parents[i] = g.Place
	}
	ways, err := p.s.ways(ctx, c, parents)
	for i, g := range d.Groups {
		d.Groups[i].Name = ways[g.Place.ID]
	}
	return err
}

// orgChoices offers the organisations of areas at, above or below a path that
// the caller may place posts in.
func (p *Pages) orgChoices(r *http.Request, c Caller, path string) ([]web.Option, error) {
	ctx := r.Context()
	out := []web.Option{{Value: "0", Text: web.T(ctx, "grid.none")}}
	list, err := p.s.orgsNear(ctx, c, path)
	for _, o := range list {
		out = append(out, web.Option{Value: o.ID.String(), Text: o.Name})
	}
	return out, err
}

// teamChoices offers the running teams of areas at, above or below a path.
func (p *Pages) teamChoices(r *http.Request, c Caller, path string) ([]web.Option, error) {
	ctx := r.Context()
	out := []web.Option{{Value: "0", Text: web.T(ctx, "grid.none")}}
	list, err := p.s.teamsNear(ctx, c, path)
	for _, t := range list {
		out = append(out, web.Option{Value: t.ID.String(), Text: TeamName(c.Lang, t)})
	}
	return out, err
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
