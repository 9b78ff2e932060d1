package grid

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

func (a api) registerGrids(h huma.API) {
	huma.Register(h, endpoint("list-grids", "GET", "/grids", "grids", "Grids of an area and below it"), a.grids)
	huma.Register(h, endpoint("add-grid", "POST", "/grids", "grids", "Make a grid"), asked(a.addGrid))
	huma.Register(h, endpoint("get-grid", "GET", "/grids/{id}", "grids", "One grid"), asked(a.grid))
	huma.Register(h, endpoint("close-grid", "DELETE", "/grids/{id}", "grids", "Close a grid; its doors fall to the one above"), asked(a.closeGrid))
	huma.Register(h, endpoint("preview-doors", "POST", "/grids/{id}/preview", "grids", "What a re-drawing would change"), asked(a.previewDoors))
	huma.Register(h, endpoint("preview-redrawing", "POST", "/grids/redrawings:preview", "grids", "What a re-drawing of several grids would change: doors, households and open work of each, before and after"), asked(a.previewRedraw))
	huma.Register(h, endpoint("redraw", "POST", "/grids/redrawings", "grids", "Re-draw several grids in one step"), asked(a.redraw))
	huma.Register(h, endpoint("list-redrawings", "GET", "/grids/redrawings", "grids", "The latest re-drawings of an area"), a.redrawings)
	huma.Register(h, endpoint("undo-redrawing", "POST", "/grids/redrawings/{id}/undo", "grids", "Take a re-drawing back by a second one"), asked(a.undoRedraw))
	huma.Register(h, endpoint("assign-doors", "POST", "/grids/{id}/doors", "grids", "Re-draw: put doors into a grid; no door and no history moves"), asked(a.assignDoors))
	huma.Register(h, endpoint("list-vacancies", "GET", "/vacancies", "vacancies", "What nobody answers for at and below a place, now or at an instant"), a.vacancies)
}

func (a api) registerPosts(h huma.API) {
	a.registerDuty(h)
	huma.Register(h, endpoint("list-posts", "GET", "/posts", "posts", "Posts with their holders"), a.posts)
	huma.Register(h, endpoint("add-post", "POST", "/posts", "posts", "Make a post"), asked(a.addPost))
	huma.Register(h, endpoint("get-post", "GET", "/posts/{id}", "posts", "One post with all its holders"), asked(a.post))
	huma.Register(h, endpoint("end-post", "DELETE", "/posts/{id}", "posts", "End a post and its holders' terms"), asked(a.endPost))
	huma.Register(h, endpoint("set-post-doors", "PUT", "/posts/{id}/doors", "posts", "Replace the doors of a post over a set of doors"), asked(a.setPostDoors))
	huma.Register(h, endpoint("add-holder", "POST", "/holders", "holders", "Put an account into a post"), asked(a.addHolder))
	huma.Register(h, endpoint("end-holder", "DELETE", "/holders/{id}", "holders", "End somebody's term"), asked(a.endHolder))
	huma.Register(h, endpoint("list-organisations", "GET", "/organisations", "organisations", "Organisations of an area and below it"), a.orgs)
	huma.Register(h, endpoint("add-organisation", "POST", "/organisations", "organisations", "Add an organisation"), asked(a.addOrg))
	huma.Register(h, endpoint("end-organisation", "DELETE", "/organisations/{id}", "organisations", "End an organisation and its bindings"), asked(a.endOrg))
	huma.Register(h, endpoint("list-teams", "GET", "/teams", "teams", "Teams of an area and below it"), a.teams)
	huma.Register(h, endpoint("add-team", "POST", "/teams", "teams", "Add a team; a squad says when its rights expire"), asked(a.addTeam))
	huma.Register(h, endpoint("end-team", "DELETE", "/teams/{id}", "teams", "End a team and its posts' rights"), asked(a.endTeam))
	huma.Register(h, endpoint("list-bindings", "GET", "/bindings", "bindings", "Who is bound to places and grids"), a.bindings)
	huma.Register(h, endpoint("add-binding", "POST", "/bindings", "bindings", "Bind posts and organisations together, one of them leading"), asked(a.bind))
	huma.Register(h, endpoint("end-binding", "DELETE", "/bindings/{id}", "bindings", "End a binding"), asked(a.unbind))
	huma.Register(h, endpoint("list-role-aliases", "GET", "/role-aliases", "posts", "Local names of roles"), asked(a.aliases))
	huma.Register(h, endpoint("set-role-alias", "PUT", "/role-aliases", "posts", "Name a role in an area; empty gives its own name back"), asked(a.setAlias))
}

type underIn struct {
	web.PageQuery
	Place web.IDParam `query:"place" doc:"Default: the highest place your posts cover"`
}

// below answers a page of what a place and the places below it have; key is a
// row's cursor.
func below[T, K any](ctx context.Context, a api, in *underIn, list func(c Caller, p Place, after K) ([]T, error), key func(T) K) (*body[web.Page[T]], error) {
	c, p, err := a.at(ctx, in.Place.ID)
	if err != nil {
		return nil, err
	}
	var after K
	if err := web.ReadCursor(in.After, &after); err != nil {
		return nil, err
	}
	rows, err := list(c, p, after)
	if err != nil {
		return nil, err
	}
	return page(rows, in.Limit, func(v T) any { return key(v) })
}

func (a api) grids(ctx context.Context, in *underIn) (*body[web.Page[GridNode]], error) {
	return below(ctx, a, in, func(c Caller, p Place, after string) ([]GridNode, error) {
		return a.s.Grids(ctx, c, p, after, in.Limit)
	}, func(g GridNode) string { return g.Path })
}

type postsIn struct {
	web.PageQuery
	Place  web.IDParam `query:"place" doc:"Default: the highest place your posts cover"`
	Role   string      `query:"role"`
	Org    web.IDParam `query:"organisation"`
	Team   web.IDParam `query:"team"`
	Text   string      `query:"q" maxLength:"60"`
	Vacant bool        `query:"vacant" doc:"Only posts that nobody holds now"`
}

func (a api) posts(ctx context.Context, in *postsIn) (*body[web.Page[PostView]], error) {
	c, p, err := a.at(ctx, in.Place.ID)
	if err != nil {
		return nil, err
	}
	f := PostFilter{Place: p.ID, Role: Role(in.Role), Org: in.Org.ID, Team: in.Team.ID, Text: in.Text, Vacant: in.Vacant, Limit: in.Limit}
	if err := web.ReadCursor(in.After, &f.After); err != nil {
		return nil, err
	}
	list, err := a.s.Posts(ctx, c, f)
	if err != nil {
		return nil, err
	}
	return page(list, in.Limit, func(p PostView) any { return p.ID })
}

type addPostIn struct {
	Body struct {
		Role       string  `json:"role"`
		Title      string  `json:"title,omitempty" maxLength:"60"`
		ObjectKind string  `json:"object_kind" enum:"place,grid,doors,organisation"`
		ObjectID   id.ID   `json:"object_id,omitempty"`
		Doors      []id.ID `json:"doors,omitempty" maxItems:"5000" doc:"Of a post over a set of doors"`
		OrgID      id.ID   `json:"org_id,omitempty"`
		TeamID     id.ID   `json:"team_id,omitempty"`
		FromMs     int64   `json:"from_ms,omitempty"`
		UntilMs    int64   `json:"until_ms,omitempty"`
	}
}

func (a api) addPost(ctx context.Context, c Caller, in *addPostIn) (*body[Post], error) {
	b := in.Body
	return result(a.s.AddPost(ctx, c, NewPost{Role: Role(b.Role), Title: b.Title, ObjectKind: ObjectKind(b.ObjectKind), ObjectID: b.ObjectID,
		Doors: b.Doors, OrgID: b.OrgID, TeamID: b.TeamID, FromMs: b.FromMs, UntilMs: b.UntilMs}))
}

func (a api) post(ctx context.Context, c Caller, in *byID) (*body[PostView], error) {
	return result(a.s.Post(ctx, c, in.ID.ID))
}

type endIn struct {
	ID    web.IDParam `path:"id"`
	Until int64       `query:"until" doc:"UTC milliseconds, not before now; default: now"`
}

func (a api) endPost(ctx context.Context, c Caller, in *endIn) (*ended, error) {
	return nil, a.s.EndPost(ctx, c, in.ID.ID, in.Until)
}

type postDoorsIn struct {
	ID   web.IDParam `path:"id"`
	Body struct {
		Doors []id.ID `json:"doors" minItems:"1" maxItems:"5000"`
	}
}

func (a api) setPostDoors(ctx context.Context, c Caller, in *postDoorsIn) (*ended, error) {
	return nil, a.s.SetPostDoors(ctx, c, in.ID.ID, in.Body.Doors)
}

type addHolderIn struct {
	Body struct {
		PostID    id.ID `json:"post_id"`
		AccountID id.ID `json:"account_id"`
		FromMs    int64 `json:"from_ms,omitempty"`
		UntilMs   int64 `json:"until_ms,omitempty"`
	}
}

func (a api) addHolder(ctx context.Context, c Caller, in *addHolderIn) (*body[Holder], error) {
	b := in.Body
	return result(a.s.AddHolder(ctx, c, Holder{PostID: b.PostID, AccountID: b.AccountID, FromMs: b.FromMs, UntilMs: b.UntilMs}))
}

func (a api) endHolder(ctx context.Context, c Caller, in *endIn) (*ended, error) {
	return nil, a.s.EndHolder(ctx, c, in.ID.ID, in.Until)
}

func (a api) orgs(ctx context.Context, in *underIn) (*body[web.Page[Organisation]], error) {
	return below(ctx, a, in, func(c Caller, p Place, after id.ID) ([]Organisation, error) {
		return a.s.Organisations(ctx, c, OrgFilter{Area: p, After: after, Limit: in.Limit})
	}, func(v Organisation) id.ID { return v.ID })
}

type addOrgIn struct {
	Body struct {
		AreaID id.ID  `json:"area_id"`
		Kind   string `json:"kind" enum:"department,property_company,clinic,volunteer_team,sending_unit,other"`
		Name   string `json:"name" maxLength:"60"`
	}
}

func (a api) addOrg(ctx context.Context, c Caller, in *addOrgIn) (*body[Organisation], error) {
	return result(a.s.AddOrganisation(ctx, c, Organisation{AreaID: in.Body.AreaID, Kind: in.Body.Kind, Name: in.Body.Name}))
}

func (a api) endOrg(ctx context.Context, c Caller, in *byID) (*ended, error) {
	return nil, a.s.EndOrganisation(ctx, c, in.ID.ID)
}

func (a api) teams(ctx context.Context, in *underIn) (*body[web.Page[Team]], error) {
	return below(ctx, a, in, func(c Caller, p Place, after id.ID) ([]Team, error) {
		return a.s.Teams(ctx, c, p, after, in.Limit)
	}, func(v Team) id.ID { return v.ID })
}

type addTeamIn struct {
	Body struct {
		AreaID      id.ID  `json:"area_id"`
		OrgID       id.ID  `json:"org_id,omitempty"`
		Kind        string `json:"kind" enum:"squad,hq_group,care"`
		Name        string `json:"name" maxLength:"60"`
		PartyBranch string `json:"party_branch,omitempty" maxLength:"60"`
		FromMs      int64  `json:"from_ms,omitempty"`
		UntilMs     int64  `json:"until_ms,omitempty"`
	}
}

func (a api) addTeam(ctx context.Context, c Caller, in *addTeamIn) (*body[Team], error) {
	b := in.Body
	return result(a.s.AddTeam(ctx, c, Team{AreaID: b.AreaID, OrgID: b.OrgID, Kind: b.Kind, Name: b.Name, PartyBranch: b.PartyBranch, FromMs: b.FromMs, UntilMs: b.UntilMs}))
}

func (a api) endTeam(ctx context.Context, c Caller, in *endIn) (*ended, error) {
	return nil, a.s.EndTeam(ctx, c, in.ID.ID, in.Until)
}

func (a api) bindings(ctx context.Context, in *underIn) (*body[web.Page[BindingView]], error) {
	return below(ctx, a, in, func(c Caller, p Place, after id.ID) ([]BindingView, error) {
		return a.s.Bindings(ctx, c, p, id.Zero, after, in.Limit)
	}, func(v BindingView) id.ID { return v.ID })
}

type bindIn struct {
	Body struct {
		ObjectKind string `json:"object_kind" enum:"place,grid"`
		ObjectID   id.ID  `json:"object_id"`
		Members    []struct {
			PostID id.ID `json:"post_id,omitempty"`
			OrgID  id.ID `json:"org_id,omitempty"`
		} `json:"members" minItems:"1" maxItems:"50" doc:"Posts or organisations"`
		Lead    int   `json:"lead,omitempty" doc:"Index of the member who leads"`
		FromMs  int64 `json:"from_ms,omitempty"`
		UntilMs int64 `json:"until_ms,omitempty"`
	}
}

func (a api) bind(ctx context.Context, c Caller, in *bindIn) (*body[[]Binding], error) {
	var list []Binding
	for _, m := range in.Body.Members {
		list = append(list, Binding{PostID: m.PostID, OrgID: m.OrgID, ObjectKind: ObjectKind(in.Body.ObjectKind), ObjectID: in.Body.ObjectID,
			FromMs: in.Body.FromMs, UntilMs: in.Body.UntilMs})
	}
	return result(a.s.Bind(ctx, c, list, in.Body.Lead))
}

func (a api) unbind(ctx context.Context, c Caller, in *byID) (*ended, error) {
	return nil, a.s.Unbind(ctx, c, in.ID.ID)
}

func (a api) aliases(ctx context.Context, c Caller, _ *struct{}) (*body[web.Page[RoleAlias]], error) {
	list, err := a.s.RoleAliases(ctx, c)
	if err != nil {
		return nil, err
	}
	return page(list, 0, nil)
}

type aliasIn struct {
	Body struct {
		AreaID id.ID  `json:"area_id"`
		Role   string `json:"role"`
		Alias  string `json:"alias" maxLength:"60"`
	}
}

func (a api) setAlias(ctx context.Context, c Caller, in *aliasIn) (*ended, error) {
	_, err := a.s.SetRoleAlias(ctx, c, in.Body.AreaID, Role(in.Body.Role), in.Body.Alias)
	return nil, err
}
