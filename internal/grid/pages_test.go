package grid

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"wangge/internal/grid/divisions"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// people is grid's view of accounts in tests.
type people struct{}

func (people) AccountNames(_ context.Context, _ int, ids []id.ID) (map[id.ID]string, error) {
	out := map[id.ID]string{}
	for _, v := range ids {
		out[v] = "账号" + v.String()
	}
	return out, nil
}

func (people) FindAccount(_ context.Context, _ int, login string) (Account, error) {
	if login == "nobody" {
		return Account{}, errs.E("test", errs.NotFound, "error.not_found")
	}
	return Account{ID: 9, Name: login}, nil
}

// identity takes the token as the account's number.
type identity struct{}

func (identity) Lookup(_ context.Context, token string) (web.Session, error) {
	v, err := id.Parse(token)
	if err != nil {
		return web.Session{}, errs.E("test", errs.Unauthenticated, "error.unauthenticated")
	}
	return web.Session{AccountID: v, Name: "test"}, nil
}

// site serves the slice; account 1 is district command, 2 a building leader of
// the first unit, 3 holds nothing, and 100 the system.
type site struct {
	*fixture
	srv   *httptest.Server
	comp  Place
	units []Place
	doors []Place
	grid  Grid
	post  Post
	org   Organisation
}

func newSite(t *testing.T, d *db.DB) *site {
	f := fresh(t, d)
	f.SetAccounts(people{})
	s := &site{fixture: f}
	s.comp, s.units, s.doors = f.estate("保利小区", 2, 2, 6)
	root := must(f.Root(ctx, f.c))(t)
	s.grid = must(f.AddGrid(ctx, f.c, NewGrid{AreaID: f.hua.ID, Kind: BasicGrid, Name: "第一网格"}))(t)
	must(f.AssignDoors(ctx, f.c, s.grid.ID, Selection{Places: []id.ID{s.units[0].ID}}))(t)
	must(f.AddPlace(ctx, f.c, NewPlace{ParentID: s.comp.ID, Kind: Point, Subkind: "gate", Name: "东门"}))(t)
	ok(t, f.SetProfile(ctx, f.c, Profile{PlaceID: s.comp.ID, Class: "old", Gates: 2}))
	boss := f.appoint(NewPost{Role: RoleCommand, ObjectKind: ObjectPlace, ObjectID: root.ID}, 1)
	s.post = f.appoint(NewPost{Role: RoleBuildingLeader, ObjectKind: ObjectPlace, ObjectID: s.units[0].ID, Title: "一单元长"}, 2)
	s.org = must(f.AddOrganisation(ctx, f.c, Organisation{AreaID: root.ID, Kind: "department", Name: "区文旅局"}))(t)
	must(f.Bind(ctx, f.c, []Binding{{OrgID: s.org.ID, ObjectKind: ObjectPlace, ObjectID: s.comp.ID}, {PostID: boss.ID, ObjectKind: ObjectPlace, ObjectID: s.comp.ID}}, 0))(t)
	must(f.SeedHQGroups(ctx, f.c, root.ID))(t)
	f.AddSection(func(context.Context, Caller, Place) (template.HTML, error) { return "<p>a section</p>", nil })
	f.SetDoorStates(func(context.Context, Caller, Place, map[string]string) (*DoorBoard, error) {
		return &DoorBoard{Title: "排查", Doors: map[id.ID]DoorState{s.doors[0].ID: {Class: "done", Sign: "✓", Key: "grid.filled"}}}, nil
	})
	ren := web.NewRenderer(f.clock)
	pages, err := NewPages(f.Service, ren)
	ok(t, err)
	app := web.New(web.Options{Renderer: ren, Identity: identity{}, Tokens: identity{}, Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})), Enrich: func(ctx context.Context, ses web.Session) (context.Context, error) {
		if ses.AccountID == 100 {
			return WithCaller(ctx, f.c), nil
		}
		c, err := f.CallerFor(ctx, ses.AccountID, nangang, f.clock.Now())
		return WithCaller(ctx, c), err
	}})
	pages.Register(app)
	app.Handle("GET /as/{n}", func(w http.ResponseWriter, r *http.Request) error {
		web.SetSession(w, r, r.PathValue("n"), time.Time{})
		return nil
	}, web.Public())
	RegisterAPI(web.NewAPI(app, "test", "1"), f.Service)
	s.srv = httptest.NewServer(app)
	t.Cleanup(s.srv.Close)
	return s
}

var bracketed = regexp.MustCompile(`\[[a-z]+(\.[a-z_]+)+\]`)

// ask sends a request as an account and returns status and body; the pages
// must never fail and never show a missing message.
func (s *site) ask(account int, lang, method, path, kind string, body io.Reader) (int, string) {
	s.t.Helper()
	req, err := http.NewRequest(method, s.srv.URL+path, body)
	ok(s.t, err)
	req.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: fmt.Sprint(account)})
	req.Header.Set("Accept-Language", lang)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	ok(s.t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	ok(s.t, err)
	if m := bracketed.Find(raw); m != nil {
		s.t.Errorf("%s %s %s: the page shows %s", lang, method, path, m)
	}
	if res.StatusCode >= 500 {
		s.t.Errorf("%s %s: %d %s", method, path, res.StatusCode, raw)
	}
	return res.StatusCode, res.Header.Get("Location") + "\n" + string(raw)
}

func (s *site) get(account int, path string, status int, has ...string) {
	s.t.Helper()
	for _, lang := range []string{"zh", "en"} {
		got, body := s.ask(account, lang, "GET", path, "", nil)
		if got != status {
			s.t.Errorf("GET %s as %d: %d, want %d", path, account, got, status)
		}
		for _, h := range has {
			if !strings.Contains(body, h) {
				s.t.Errorf("GET %s as %d (%s): no %q in\n%s", path, account, lang, h, main(body))
			}
		}
	}
}

func main(body string) string {
	if i := strings.Index(body, "<main"); i >= 0 {
		return body[i:]
	}
	return body
}

func (s *site) post_(account int, path string, status int, has string, pairs ...string) string {
	s.t.Helper()
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	got, body := s.ask(account, "zh", "POST", path, "application/x-www-form-urlencoded", strings.NewReader(v.Encode()))
	if got != status || !strings.Contains(body, has) {
		s.t.Errorf("POST %s as %d: %d, want %d with %q in\n%s", path, account, got, status, has, main(body))
	}
	return strings.TrimSpace(body[:strings.IndexByte(body, '\n')])
}

func TestPagesRender(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newSite(t, d)
		root := must(s.Root(ctx, s.c))(t)
		bld := s.units[0].ParentID
		for _, account := range []int{1, 100} {
			s.get(account, "/areas", 303)
			s.get(account, "/areas/"+root.ID.String(), 200, "花园街道", "/vacancies?place="+root.ID.String())
			s.get(account, "/areas/"+s.hua.ID.String(), 200, "保利小区", "a section")
			s.get(account, "/places/"+s.comp.ID.String(), 200, "东门", "区文旅局")
			s.get(account, "/places/"+s.doors[0].ID.String(), 200, "/doors/"+s.doors[0].ID.String())
			s.get(account, "/buildings/"+bld.String(), 200, "dr-done", "302", `class="bld-unit"`, "排查")
			s.get(account, "/places/"+s.comp.ID.String()+"/edit", 200, `value="保利小区"`)
			s.get(account, "/points?place="+s.comp.ID.String(), 200, "东门")
			s.get(account, "/grids", 200, "第一网格")
			s.get(account, "/grids/new?place="+s.hua.ID.String(), 200, s.hua.Name)
			s.get(account, "/grids/"+s.grid.ID.String(), 200, "第一网格")
			s.get(account, "/grids/"+s.grid.ID.String()+"/redraw", 200, "保利小区")
			s.get(account, "/grids/"+s.grid.ID.String()+"/redraw?at="+bld.String(), 200, s.units[0].ID.String())
			s.get(account, "/posts", 200, "一单元长", "账号2")
			s.get(account, "/posts?vacant=1&role=grid_worker&q=x", 200)
			s.get(account, "/posts/"+s.post.ID.String(), 200, "账号2")
			s.get(account, "/posts/"+s.post.ID.String()+"/roster", 200, "weekday")
			s.get(account, "/holders/"+s.term(s.post.ID).ID.String(), 200, "账号2")
			s.get(account, "/posts/new?place="+s.hua.ID.String(), 200, "community")
			s.get(account, "/posts/new?place="+s.units[0].ID.String()+"&doors=1", 200, s.doors[0].ID.String())
			s.get(account, "/posts/new?org="+s.org.ID.String(), 200, "区文旅局")
			s.get(account, "/posts/new?grid="+s.grid.ID.String(), 200, "第一网格")
			s.get(account, "/organisations", 200, "区文旅局")
			s.get(account, "/organisations?q=%E6%96%87%E6%97%85", 200, "区文旅局")
			s.get(account, "/organisations?q=%25", 200, "%")
			s.get(account, "/teams", 200)
			s.get(account, "/bindings", 200, "区文旅局")
			s.get(account, "/bindings/new?place="+s.comp.ID.String()+"&q=%E6%96%87%E6%97%85&who=p"+s.post.ID.String(), 200, "一单元长", "who=o"+s.org.ID.String())
			s.get(account, "/role-aliases", 200)
			s.get(account, "/vacancies", 200, "花园街道")
			s.get(account, "/vacancies?place="+s.hua.ID.String()+"&at=2022-10-11T02:00&duty=1", 200, "第一网格")
			s.get(account, "/areas/import", 200)
		}
		s.get(2, "/buildings/"+bld.String(), 200, "dr-done")
		s.get(2, "/places/"+s.doors[23].ID.String(), 404)
		s.get(2, "/vacancies?place="+s.hua.ID.String(), 403)
		s.get(2, "/posts/new?place="+s.units[0].ID.String(), 403)
		s.get(2, "/areas/import", 403)
		s.get(3, "/places/"+s.comp.ID.String(), 403)
		s.get(1, "/places/zzz", 404)
	})
}

func TestPagesForms(t *testing.T) {
	s := newSite(t, dbtest.One(t))
	comp, unit := "/places/"+s.comp.ID.String(), s.units[3].ID.String()
	s.post_(1, comp+"/add", 303, comp, "kind", "building", "name", "9号楼")
	s.post_(1, comp+"/add", 409, "已经有", "kind", "building", "name", "九栋")
	s.post_(1, comp+"/add", 422, "要填", "kind", "building", "name", " ")
	s.post_(1, comp+"/edit", 303, comp, "name", "保利一期", "alias", "老保利，大院", "floor", "")
	s.post_(1, comp+"/profile", 303, comp, "class", "old", "gates", "4", "elderly_share", "30")
	s.post_(1, comp+"/profile", 422, "数字", "gates", "many")
	s.post_(1, comp+"/close", 409, "没有停用")
	s.post_(2, comp+"/edit", 403, "", "name", "x")
	g := s.post_(1, "/grids/new", 303, "/redraw", "place", s.hua.ID.String(), "kind", "basic", "name", "第二网格")
	s.post_(1, g, 200, "第一网格", "step", "preview", "places", s.units[0].ID.String(), "places", unit)
	s.post_(1, g, 422, "勾选", "step", "preview")
	s.post_(1, g, 422, "没有“999”", "step", "preview", "at", unit, "walk", "1", "from", "999")
	s.post_(1, g, 422, "对调", "step", "preview", "at", unit, "walk", "1", "from", "301", "to", "101")
	s.post_(1, g, 200, "继续选", "step", "preview", "at", unit, "from", "101", "to", "201", "only", "odd")
	part := RedrawPart{Grid: must(id.Parse(strings.Split(g, "/")[2]))(t), Selection: Selection{Places: []id.ID{s.units[3].ID}}}
	s.post_(1, g, 200, "已经选好的", "step", "next", "next", s.grid.ID.String(), "part", part.Text())
	s.post_(1, g, 200, "301", "step", "preview", "into", unit, "part", part.Text())
	s.post_(1, g, 303, "/grids/", "step", "apply", "part", part.Text())
	record := must(s.Redrawings(ctx, s.c, s.hua, 10))(t)[0]
	s.get(1, "/redrawings/"+record.ID.String(), 200, "/undo")
	s.post_(1, "/redrawings/"+record.ID.String()+"/undo", 303, "/redrawings/")
	s.post_(1, "/redrawings/"+record.ID.String()+"/undo", 303, "/redrawings/") // said on the page: taken back before
	s.get(1, "/redrawings/"+record.ID.String(), 200, "notice-info")
	s.post_(1, g, 303, "/grids/", "step", "apply", "part", part.Text())
	s.post_(1, "/grids/"+s.grid.ID.String(), 303, "/grids/", "name", "一网格", "code", "01")
	s.post_(1, "/grids/"+s.grid.ID.String()+"/close", 303, "/grids?place=")
	p := s.post_(1, "/posts/new", 303, "/posts/", "place", unit, "role", "building_leader", "title", "四单元长", "until", "2022-12-31")
	s.post_(1, "/posts/new", 422, "日期", "place", unit, "role", "building_leader", "until", "soon")
	s.post_(1, "/posts/new", 422, "至少选一户", "place", unit, "role", "representative", "doors", "1")
	s.post_(1, "/posts/new", 303, "/posts/", "place", unit, "role", "representative", "doors", "1", "door", s.doors[23].ID.String())
	s.post_(1, p+"/holders", 303, p, "login", "13900000000")
	s.post_(1, p+"/holders", 409, "已经在这个岗位", "login", "13900000000")
	s.post_(1, p+"/holders", 404, "没有找到", "login", "nobody")
	s.get(1, p, 200, "账号9")
	s.post_(1, p+"/end", 303, "/posts")
	s.dutyForms()
	place := s.hua.ID.String()
	s.post_(1, "/organisations", 303, place, "place", place, "kind", "clinic", "name", "花园卫生院")
	s.post_(1, "/organisations", 422, "要填", "place", place, "kind", "clinic", "name", "")
	s.post_(1, "/teams", 422, "最后一天", "place", place, "kind", "squad", "name", "小分队")
	s.post_(1, "/teams", 303, place, "place", place, "kind", "squad", "name", "小分队", "until", "2022-11-01")
	s.post_(1, "/bindings", 303, place, "place", place, "who", "o"+s.org.ID.String(), "who", "p"+s.post.ID.String())
	s.post_(1, "/bindings", 422, "牵头", "place", place)
	s.post_(1, "/bindings", 422, "fld-err", "place", place, "who", "x9")
	s.post_(1, "/bindings", 422, "区文旅局", "place", place, "who", "o"+s.org.ID.String(), "until", "soon")
	s.post_(1, "/role-aliases", 303, place, "place", place, "role", "building_leader", "alias", "红管家")
	s.get(1, "/posts?place="+place, 200, "红管家")
}

// dutyForms fills in leaves, transfers and rosters, wrongly first.
func (s *site) dutyForms() {
	s.t.Helper()
	one := "/posts/" + s.post.ID.String()
	term := "/holders/" + s.term(s.post.ID).ID.String()
	other := must(s.AddPost(ctx, s.c, NewPost{Role: RoleBuildingLeader, ObjectKind: ObjectPlace, ObjectID: s.units[1].ID, Title: "二单元长"}))(s.t)
	s.post_(1, term+"/leave", 422, "写到什么时候", "until", "")
	s.post_(1, term+"/leave", 422, "日期", "until", "tomorrow")
	s.post_(1, term+"/leave", 404, "没有找到", "until", "2030-01-01T08:00", "substitute_id", "nobody")
	s.post_(1, term+"/transfer", 422, "要填", "post_id", "")
	s.post_(1, term+"/transfer", 404, "没有这个岗位", "post_id", "7")
	s.post_(2, term+"/leave", 403, "", "until", "2030-01-01T08:00")
	s.post_(1, one+"/roster", 422, "星期", "start", "08:00", "end", "20:00")
	s.post_(1, one+"/roster", 422, "08:30", "weekday", "1", "start", "8", "end", "20:00")
	s.post_(1, one+"/roster", 303, one, "weekday", "1", "weekday", "2", "start", "20:00", "end", "08:00")
	s.get(1, one+"/roster", 200, "20:00")
	shift := must(s.Roster(ctx, s.c, s.post.ID))(s.t)[0]
	s.post_(1, "/shifts/"+shift.ID.String()+"/end", 303, one, "post", s.post.ID.String())
	s.post_(1, term+"/leave", 303, one, "until", "2030-01-01T08:00", "substitute_id", "13900000000")
	s.get(1, one, 200, "leaves/")
	leave := must(s.LeavesOf(ctx, s.c, s.post.ID))(s.t)[0]
	s.post_(1, "/leaves/"+leave.ID.String()+"/end", 303, one, "post", s.post.ID.String())
	held := must(s.Post(ctx, s.c, s.post.ID))(s.t).Holders
	back := slices.IndexFunc(held, func(h Holder) bool { return h.UntilMs == 0 })
	s.post_(1, "/holders/"+held[back].ID.String()+"/transfer", 303, other.ID.String(), "post_id", other.ID.String(), "successor_id", "13900000001")
	s.get(1, "/posts/"+other.ID.String(), 200, "账号2")
}

// upload makes a multipart form with one file.
func upload(file string, content []byte, pairs ...string) (string, io.Reader) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, _ := w.CreateFormFile("file", file)
	part.Write(content)
	for i := 0; i < len(pairs); i += 2 {
		w.WriteField(pairs[i], pairs[i+1])
	}
	w.Close()
	return w.FormDataContentType(), &b
}

func TestImportPage(t *testing.T) {
	s := newSite(t, dbtest.One(t))
	raw, _ := divisions.Shipped("230103")
	for _, c := range []struct {
		path, file string
		content    []byte
		field      []string
		status     int
		has        string
	}{
		{"/areas/import", "a.csv", raw, nil, 200, "没有要改的"},
		{"/areas/import", "a.csv", bytes.Replace(raw, []byte("230103001001,花园街社区居委会,village,230103001000"), nil, 1), nil, 200, "name=\"new_code\""},
		{"/areas/import", "a.csv", raw[:300], []string{"step", "apply"}, 409, "一半以上"},
		{"/areas/import", "a.csv", append(raw, "230103001000,重复,street,230103000000\n"...), []string{"step", "apply"}, 200, "导入结果"},
		{"/areas/import", "a.csv", make([]byte, 5000), nil, 422, ""},
		{"/areas/import", "a.csv", []byte("code,name\n110101000000,东城区\n"), nil, 422, "没有本区县"},
		{"/areas/geometry", "g.json", []byte(geoJSON), []string{"datum", "GCJ-02"}, 200, "对上 1 个"},
		{"/areas/geometry", "g.json", []byte("{}"), []string{"datum", "GCJ-02"}, 422, "面状"},
		{"/areas/geometry", "g.json", []byte("nonsense"), []string{"datum", "WGS84"}, 422, "读不懂"},
	} {
		kind, body := upload(c.file, c.content, c.field...)
		got, page := s.ask(100, "zh", "POST", c.path, kind, body)
		if got != c.status || !strings.Contains(page, c.has) {
			t.Errorf("%s %s %v: %d, want %d with %q\n%s", c.path, c.file, c.field, got, c.status, c.has, main(page))
		}
	}
}

const geoJSON = `{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"adcode":230103,"name":"南岗区"},"geometry":{"type":"MultiPolygon","coordinates":[[[[126.5,45.6,3],[126.8,45.6],[126.8,45.8],[126.5,45.8],[126.5,45.6]]]]}},
{"type":"Feature","properties":{"name":"无此区"},"geometry":{"type":"Polygon","coordinates":[[[126.5,45.6],[126.8,45.6],[126.8,45.8],[126.5,45.6]]]}},
{"type":"Feature","properties":{"name":"a point"},"geometry":{"type":"Point","coordinates":[126.5,45.6]}}]}`

func TestTileMap(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := fresh(t, d)
		root := must(f.Root(ctx, f.c))(t)
		m := must(f.TileMap(ctx, f.c, root))(t)
		if len(m.Tiles) != 22 || m.Rows*m.Cols < 22 || (m.Rows-1)*m.Cols >= 22 || m.ViewBox != "" {
			t.Errorf("%d tiles in %d × %d", len(m.Tiles), m.Rows, m.Cols)
		}
		r := must(f.ImportGeoJSON(ctx, f.c, []byte(geoJSON), GCJ02))(t)
		if r.Matched != 1 || len(r.Unknown) != 1 {
			t.Errorf("%+v", r)
		}
		city := must(f.Area(ctx, f.c, "230100"))(t)
		m = must(f.TileMap(ctx, f.c, city))(t)
		if len(m.Tiles) != 1 || m.Datum != GCJ02 || !strings.HasPrefix(m.ViewBox, "0 0 1000 ") || !strings.HasPrefix(m.Tiles[0].Path, "M0 ") || !strings.HasSuffix(m.Tiles[0].Path, "Z") {
			t.Errorf("%+v", m)
		}
	})
}

func TestBoardAndLabels(t *testing.T) {
	b := Place{ID: 1, Kind: Building, Name: "3"}
	u1, u2 := Place{ID: 2, Kind: Unit, Name: "1"}, Place{ID: 3, Kind: Unit, Name: "2"}
	doors := []Place{{ID: 4, ParentID: 2, Kind: Door, Name: "101", Floor: 1}, {ID: 5, ParentID: 2, Kind: Door, Name: "102", Floor: 1}, {ID: 6, ParentID: 3, Kind: Door, Name: "201", Floor: 2}, {ID: 7, ParentID: 1, Kind: Door, Name: "门卫"}}
	board := newBoard(b, []Place{u1, u2}, doors)
	if len(board) != 3 || len(board[0].Floors) != 2 || board[0].Floors[0].Floor != 2 || len(board[0].Floors[1].Doors) != 2 || len(board[1].Floors) != 2 {
		t.Errorf("%+v", board)
	}
	if hut := board[2]; hut.ID != b.ID || len(hut.Floors) != 0 || len(hut.Unnamed) != 1 {
		t.Errorf("a door on the building itself: %+v", hut)
	}
	if got := Address("zh", []Place{{Kind: Community, Name: "x"}, {Kind: Compound, Name: "保利"}, b, u2, doors[0]}); got != "保利3号楼2单元101室" {
		t.Error(got)
	}
	if got := Label("en", Place{Kind: Building, Name: "锅炉房"}); got != "锅炉房" {
		t.Error(got)
	}
}

func TestAPI(t *testing.T) {
	s := newSite(t, dbtest.One(t))
	call := func(account int, method, path, in string, status int, has string) string {
		t.Helper()
		var body io.Reader
		if in != "" {
			body = strings.NewReader(in)
		}
		got, out := s.ask(account, "zh", method, "/api/v1"+path, "application/json", body)
		if got != status || !strings.Contains(out, has) {
			t.Errorf("%s %s as %d: %d, want %d with %q: %s", method, path, account, got, status, has, out)
		}
		return out
	}
	call(1, "GET", "/areas?kind=street", "", 200, "花园街道")
	call(1, "GET", "/areas/"+s.hua.ParentID.String()+"/map", "", 200, `"rows"`)
	call(1, "GET", "/places/"+s.doors[0].ID.String(), "", 200, `"above"`)
	call(1, "GET", "/places/"+s.hua.ID.String()+"/children", "", 200, `"doors":24`)
	call(1, "GET", "/places?q=%E4%BF%9D%E5%88%A9", "", 200, s.comp.ID.String())
	first := call(1, "GET", "/doors?limit=10&place="+s.comp.ID.String(), "", 200, `"next"`)
	next := regexp.MustCompile(`"next":"([^"]+)"`).FindStringSubmatch(first)[1]
	call(1, "GET", "/doors?limit=10&place="+s.comp.ID.String()+"&after="+next, "", 200, s.doors[10].ID.String())
	call(1, "GET", "/doors?after=zzz", "", 422, "after")
	call(1, "GET", "/doors/find?area="+s.hua.ID.String()+"&building=1&unit=1&room=101", "", 200, s.doors[0].ID.String())
	call(1, "POST", "/doors", `{"area":"`+s.hua.ID.String()+`","building":"1","unit":"1","room":"909"}`, 201, `"floor":9`)
	call(1, "POST", "/places", `{"places":[{"parent_id":"`+s.comp.ID.String()+`","kind":"building","name":"8"}]}`, 201, `"8"`)
	call(2, "POST", "/places", `{"places":[{"parent_id":"`+s.comp.ID.String()+`","kind":"building","name":"7"}]}`, 403, "problem")
	call(1, "PATCH", "/places/"+s.comp.ID.String(), `{"alias":"大院"}`, 200, "大院")
	call(1, "GET", "/places/"+s.comp.ID.String()+"/profile", "", 200, `"gates":2`)
	call(1, "GET", "/grids", "", 200, "第一网格")
	call(1, "POST", "/grids", `{"area_id":"`+s.hua.ID.String()+`","kind":"basic","name":"第二网格"}`, 201, "g002")
	call(1, "POST", "/grids/"+s.grid.ID.String()+"/preview", `{"places":["`+s.units[1].ID.String()+`"]}`, 201, `"doors":6`)
	call(1, "POST", "/grids/"+s.grid.ID.String()+"/doors", `{"places":["`+s.units[1].ID.String()+`"]}`, 201, `"doors":6`)
	call(1, "GET", "/vacancies?place="+s.hua.ID.String(), "", 200, `"buildings"`)
	call(2, "GET", "/vacancies?place="+s.hua.ID.String(), "", 403, "")
	call(1, "GET", "/posts?role=building_leader", "", 200, "一单元长")
	call(1, "POST", "/posts", `{"role":"volunteer","object_kind":"place","object_id":"`+s.comp.ID.String()+`"}`, 201, "volunteer")
	call(1, "POST", "/holders", `{"post_id":"`+s.post.ID.String()+`","account_id":"77"}`, 201, `"77"`)
	call(1, "DELETE", "/posts/"+s.post.ID.String(), "", 204, "")
	call(1, "GET", "/organisations", "", 200, "区文旅局")
	call(1, "POST", "/organisations", `{"area_id":"`+s.hua.ID.String()+`","kind":"clinic","name":"卫生院"}`, 201, "卫生院")
	call(1, "GET", "/teams", "", 200, "coordination")
	call(1, "GET", "/bindings", "", 200, `"lead":true`)
	call(1, "POST", "/bindings", `{"object_kind":"place","object_id":"`+s.comp.ID.String()+`","members":[{"org_id":"`+s.org.ID.String()+`"}]}`, 201, s.org.ID.String())
	call(1, "PUT", "/role-aliases", `{"area_id":"`+s.hua.ID.String()+`","role":"volunteer","alias":"红马甲"}`, 204, "")
	call(1, "GET", "/role-aliases", "", 200, "红马甲")
	call(100, "POST", "/areas/import", `{"dry_run":true,"areas":[{"code":"230103001000","name":"花园街道"}]}`, 201, `"unchanged":1`)
}
