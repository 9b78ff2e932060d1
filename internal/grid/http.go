package grid

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"wangge/internal/grid/divisions"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

type body[T any] struct{ Body T }

// result wraps what a service call returned.
func result[T any](v T, err error) (*body[T], error) {
	if err != nil {
		return nil, err
	}
	return &body[T]{v}, nil
}

// page makes a page of a list whose cursor is a key of its last row.
func page[T any](list []T, limit int, key func(T) any) (*body[web.Page[T]], error) {
	p := web.Page[T]{Items: list}
	if p.Items == nil {
		p.Items = []T{}
	}
	if limit > 0 && len(list) >= limit {
		p.Next = web.Cursor(key(list[len(list)-1]))
	}
	return &body[web.Page[T]]{p}, nil
}

// ended is the answer of calls that end something.
type ended struct{}

// endpoint describes an operation; p is its path below /api/v1.
func endpoint(name, method, p, tag, summary string) huma.Operation {
	op := huma.Operation{OperationID: name, Method: method, Path: "/api/v1" + p, Tags: []string{tag}, Summary: summary}
	if method == http.MethodPost {
		op.DefaultStatus = http.StatusCreated
	}
	return op
}

type byID struct {
	ID web.IDParam `path:"id"`
}

// asked gives an operation the caller.
func asked[I, O any](h func(context.Context, Caller, *I) (*O, error)) func(context.Context, *I) (*O, error) {
	return func(ctx context.Context, in *I) (*O, error) {
		c, err := CallerFrom(ctx)
		if err != nil {
			return nil, err
		}
		return h(ctx, c, in)
	}
}

// api holds the handlers of the API.
type api struct{ s *Service }

// MaxAreaBytes bounds a national list sent to the API; a district's has some
// 20 KB, a province's some 2 MB. MaxGeometryBytes bounds outlines.
const (
	MaxAreaBytes     = 8 << 20
	MaxGeometryBytes = maxGeometry
)

// RegisterAPI adds areas, places, doors, grids, posts, holders, organisations,
// teams, bindings and vacancies to the API.
func RegisterAPI(h huma.API, s *Service) {
	a := api{s}
	huma.Register(h, endpoint("list-areas", "GET", "/areas", "areas", "Areas of the district by level, in the order of their codes"), asked(a.areas))
	areas := endpoint("import-areas", "POST", "/areas/import", "areas", "Bring the areas in line with a national list")
	areas.MaxBodyBytes = MaxAreaBytes
	huma.Register(h, areas, asked(a.importAreas))
	huma.Register(h, endpoint("set-successor", "PUT", "/areas/successors", "areas", "Decide which area takes over from one that a newer list no longer holds"), asked(a.setSuccessor))
	huma.Register(h, endpoint("list-former-names", "GET", "/areas/{id}/former", "areas", "What an area was called, which codes it bore and which areas it took over"), asked(a.formerNames))
	geometry := endpoint("import-geometry", "POST", "/areas/geometry", "areas", "Keep outlines of areas from GeoJSON")
	geometry.MaxBodyBytes = maxGeometry
	huma.Register(h, geometry, asked(a.importGeometry))
	huma.Register(h, web.OpAs(web.Heavy, endpoint("get-area-map", "GET", "/areas/{id}/map", "areas", "Map of an area's children: outlines where known, tiles always")), a.areaMap)
	huma.Register(h, endpoint("get-place", "GET", "/places/{id}", "places", "One place with what stands above it"), a.place)
	huma.Register(h, endpoint("list-children", "GET", "/places/{id}/children", "places", "What stands directly below a place, with doors and vacancies"), a.children)
	huma.Register(h, endpoint("list-places", "GET", "/places", "places", "Places below a place in walking order"), a.places)
	huma.Register(h, endpoint("add-places", "POST", "/places", "places", "Add places, parents before their children"), asked(a.addPlaces))
	huma.Register(h, endpoint("edit-place", "PATCH", "/places/{id}", "places", "Change a place's name or aliases"), asked(a.editPlace))
	huma.Register(h, endpoint("close-place", "DELETE", "/places/{id}", "places", "Close a place from now on"), asked(a.closePlace))
	huma.Register(h, endpoint("order-place", "POST", "/places/{id}/order", "places", "Put a place after a sibling in walking order"), asked(a.orderPlace))
	huma.Register(h, endpoint("get-profile", "GET", "/places/{id}/profile", "places", "What a compound is like"), asked(a.getProfile))
	huma.Register(h, endpoint("set-profile", "PUT", "/places/{id}/profile", "places", "Note what a compound is like"), asked(a.setProfile))
	huma.Register(h, endpoint("list-doors", "GET", "/doors", "doors", "Doors below a place in walking order"), a.doors)
	huma.Register(h, endpoint("find-door", "GET", "/doors/find", "doors", "Find a door of an area by compound, building, unit and room, or group and number"), asked(a.findDoor))
	huma.Register(h, endpoint("ensure-door", "POST", "/doors", "doors", "Find a door of an area by its parts or make it with what is missing above it"), asked(a.ensureDoor))
	huma.Register(h, endpoint("list-door-grids", "GET", "/doors/{id}/grids", "doors", "Former grids of a door"), asked(a.doorGrids))
	a.registerGrids(h)
	a.registerPosts(h)
}

type areasIn struct {
	Kind string `query:"kind" enum:"province,city,county,street,community" doc:"One level only"`
}

func (a api) areas(ctx context.Context, c Caller, in *areasIn) (*body[web.Page[Place]], error) {
	if err := c.Require("grid.Areas", PlaceRead); err != nil {
		return nil, err
	}
	var kinds []Kind
	if in.Kind != "" {
		kinds = append(kinds, Kind(in.Kind))
	}
	list, err := a.s.Areas(ctx, c, kinds...)
	if err != nil {
		return nil, err
	}
	return page(list, 0, nil)
}

type areaRow struct {
	Code   string `json:"code" doc:"12 digits"`
	Name   string `json:"name"`
	Level  string `json:"level,omitempty" enum:"province,city,county,street,community" doc:"Default: by the code"`
	Parent string `json:"parent,omitempty" doc:"Default: by the code"`
}

type importAreasIn struct {
	Body struct {
		Areas  []areaRow `json:"areas" minItems:"1" maxItems:"100000"`
		DryRun bool      `json:"dry_run,omitempty"`
		Whole  bool      `json:"whole,omitempty" doc:"The list is whole, though it lacks more than half of a level"`
	}
}

func (a api) importAreas(ctx context.Context, c Caller, in *importAreasIn) (*body[AreaReport], error) {
	list := make([]divisions.Area, len(in.Body.Areas))
	for i, r := range in.Body.Areas {
		list[i] = divisions.Area{Code: r.Code, Name: r.Name, Level: divisions.Level(r.Level), Parent: r.Parent}
		if r.Level == "" {
			list[i].Level, _ = divisions.LevelOf(r.Code)
		}
		if r.Parent == "" {
			list[i].Parent = divisions.ParentOf(r.Code)
		}
	}
	return result(a.s.importAreas(ctx, c, list, in.Body.DryRun, in.Body.Whole))
}

type successorIn struct {
	Body struct {
		OldCode string `json:"old_code" minLength:"12" maxLength:"12"`
		NewCode string `json:"new_code" maxLength:"12" doc:"Empty: the decision is withdrawn"`
	}
}

func (a api) setSuccessor(ctx context.Context, c Caller, in *successorIn) (*ended, error) {
	return nil, a.s.SetSuccessor(ctx, c, in.Body.OldCode, in.Body.NewCode)
}

func (a api) formerNames(ctx context.Context, c Caller, in *byID) (*body[web.Page[FormerName]], error) {
	list, err := a.s.FormerNames(ctx, c, in.ID.ID)
	if err != nil {
		return nil, err
	}
	return page(list, 0, nil)
}

type geometryIn struct {
	Datum   string `query:"datum" enum:"WGS84,GCJ-02" required:"true"`
	RawBody []byte `contentType:"application/geo+json"`
}

func (a api) importGeometry(ctx context.Context, c Caller, in *geometryIn) (*body[GeoReport], error) {
	return result(a.s.ImportGeoJSON(ctx, c, in.RawBody, in.Datum))
}

func (a api) areaMap(ctx context.Context, in *byID) (*body[TileMap], error) {
	c, p, err := a.at(ctx, in.ID.ID)
	if err != nil {
		return nil, err
	}
	return result(a.s.TileMap(ctx, c, p))
}

// at returns the caller and a place they may see; Zero is the highest their
// posts cover.
func (a api) at(ctx context.Context, pid id.ID) (Caller, Place, error) {
	c, err := CallerFrom(ctx)
	if err != nil {
		return c, Place{}, err
	}
	if pid == id.Zero {
		p, err := a.s.Home(ctx, c)
		return c, p, err
	}
	p, err := a.s.Place(ctx, c, pid)
	return c, p, err
}

type placeOut struct {
	Place
	Above []Place `json:"above" nullable:"false" doc:"What stands above it, outermost first"`
}

func (a api) place(ctx context.Context, in *byID) (*body[placeOut], error) {
	c, p, err := a.at(ctx, in.ID.ID)
	if err != nil {
		return nil, err
	}
	above, err := a.s.Ancestors(ctx, c, p)
	return result(placeOut{p, append([]Place{}, above...)}, err)
}

func (a api) children(ctx context.Context, in *byID) (*body[web.Page[Node]], error) {
	c, p, err := a.at(ctx, in.ID.ID)
	if err != nil {
		return nil, err
	}
	list, err := a.s.Children(ctx, c, p)
	if err != nil {
		return nil, err
	}
	return page(list, 0, nil)
}

type placesIn struct {
	web.PageQuery
	Place web.IDParam `query:"place" doc:"Default: the highest place your posts cover"`
	Kind  string      `query:"kind" enum:"compound,building,unit,group,row,door,point,community,street" doc:"One kind only"`
	Text  string      `query:"q" maxLength:"60" doc:"Part of a name, alias or code: the best matches, not paged"`
}

func (a api) places(ctx context.Context, in *placesIn) (*body[web.Page[Place]], error) {
	c, p, err := a.at(ctx, in.Place.ID)
	if err != nil {
		return nil, err
	}
	if in.Text != "" {
		return a.placesNamed(ctx, c, in)
	}
	var kinds []Kind
	if in.Kind != "" {
		kinds = append(kinds, Kind(in.Kind))
	}
	return a.subtree(ctx, c, p, kinds, in.PageQuery)
}

// placesNamed answers a search by name with the places themselves.
func (a api) placesNamed(ctx context.Context, c Caller, in *placesIn) (*body[web.Page[Place]], error) {
	hits, err := a.s.Find(ctx, c, in.Text, in.Place.ID)
	if err != nil {
		return nil, err
	}
	var ids []id.ID
	for _, h := range hits.Places {
		ids = append(ids, h.ID)
	}
	found, err := a.s.Places(ctx, a.s.d.Read(), c, ids)
	if err != nil {
		return nil, err
	}
	var list []Place
	for _, pid := range ids {
		if p := found[pid]; in.Kind == "" || string(p.Kind) == in.Kind {
			list = append(list, p)
		}
	}
	return page(list[:min(len(list), max(1, in.Limit))], 0, nil)
}

func (a api) subtree(ctx context.Context, c Caller, p Place, kinds []Kind, q web.PageQuery) (*body[web.Page[Place]], error) {
	after := ""
	if err := web.ReadCursor(q.After, &after); err != nil {
		return nil, err
	}
	list, err := a.s.SubtreePage(ctx, c, p.Path, after, kinds, q.Limit)
	if err != nil {
		return nil, err
	}
	return page(list, q.Limit, func(p Place) any { return p.Path })
}

type newPlaceIn struct {
	ID       id.ID  `json:"id,omitempty" doc:"Preassigned, so that later rows can name it as their parent"`
	ParentID id.ID  `json:"parent_id"`
	Kind     string `json:"kind" enum:"compound,building,unit,group,row,door,point"`
	Subkind  string `json:"subkind,omitempty"`
	Name     string `json:"name" maxLength:"60"`
	Alias    string `json:"alias,omitempty" maxLength:"200"`
	Floor    int    `json:"floor,omitempty"`
	Ordinal  int    `json:"ordinal,omitempty"`
}

type addPlacesIn struct {
	Body struct {
		Places []newPlaceIn `json:"places" minItems:"1" maxItems:"2000"`
	}
}

func (a api) addPlaces(ctx context.Context, c Caller, in *addPlacesIn) (*body[web.Page[Place]], error) {
	list := make([]NewPlace, len(in.Body.Places))
	for i, n := range in.Body.Places {
		list[i] = NewPlace{ID: n.ID, ParentID: n.ParentID, Kind: Kind(n.Kind), Subkind: n.Subkind, Name: n.Name, Alias: n.Alias, Floor: n.Floor, Ordinal: n.Ordinal}
	}
	made, err := a.s.AddPlaces(ctx, c, list)
	if err != nil {
		return nil, err
	}
	return page(made, 0, nil)
}

type editPlaceIn struct {
	ID   web.IDParam `path:"id"`
	Body struct {
		Name  *string `json:"name,omitempty" maxLength:"60"`
		Alias *string `json:"alias,omitempty" maxLength:"200"`
		Floor *int    `json:"floor,omitempty"`
	}
}

func (a api) editPlace(ctx context.Context, c Caller, in *editPlaceIn) (*body[Place], error) {
	return result(a.s.EditPlace(ctx, c, in.ID.ID, PlaceEdit{Name: in.Body.Name, Alias: in.Body.Alias, Floor: in.Body.Floor}))
}

func (a api) closePlace(ctx context.Context, c Caller, in *byID) (*ended, error) {
	return nil, a.s.ClosePlace(ctx, c, in.ID.ID)
}

type orderIn struct {
	ID   web.IDParam `path:"id"`
	Body struct {
		After id.ID `json:"after" doc:"The sibling it comes after; 0: first"`
	}
}

func (a api) orderPlace(ctx context.Context, c Caller, in *orderIn) (*ended, error) {
	return nil, a.s.MoveInOrder(ctx, c, in.ID.ID, in.Body.After)
}

func (a api) getProfile(ctx context.Context, c Caller, in *byID) (*body[Profile], error) {
	p, _, err := a.s.Profile(ctx, c, in.ID.ID)
	return result(p, err)
}

type profileIn struct {
	ID   web.IDParam `path:"id"`
	Body struct {
		OrgID        id.ID  `json:"org_id,omitempty"`
		Class        string `json:"class,omitempty"`
		Gates        int    `json:"gates,omitempty"`
		Fences       int    `json:"fences,omitempty"`
		FireLanes    int    `json:"fire_lanes,omitempty"`
		ElderlyShare int    `json:"elderly_share,omitempty"`
		PartyBranch  string `json:"party_branch,omitempty"`
		Note         string `json:"note,omitempty" maxLength:"500"`
	}
}

func (a api) setProfile(ctx context.Context, c Caller, in *profileIn) (*ended, error) {
	b := in.Body
	return nil, a.s.SetProfile(ctx, c, Profile{PlaceID: in.ID.ID, OrgID: b.OrgID, Class: b.Class, Gates: b.Gates, Fences: b.Fences,
		FireLanes: b.FireLanes, ElderlyShare: b.ElderlyShare, PartyBranch: b.PartyBranch, Note: b.Note})
}
