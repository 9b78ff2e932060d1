package lists

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"wangge/internal/account"
	"wangge/internal/grid"
	"wangge/internal/grid/gridtest"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/relist"
)

var ctx = context.Background()

// world is a district with lists of every kind, made by chance.
type world struct {
	*Service
	t     testing.TB
	c     grid.Caller
	rng   *rand.Rand
	hua   grid.Place // a community
	doors []id.ID
}

func newWorld(t testing.TB, d *db.DB, seed uint64) *world {
	h := gridtest.New(t, d)
	w := &world{Service: New(Deps{DB: d, Keys: h.Keys, Clock: h.Clock, Audit: h.Log, Grid: h.Grid, Accounts: h.Accounts}), t: t, c: h.C, rng: rand.New(rand.NewPCG(seed, 7)), hua: h.Hua}
	w.build()
	return w
}

func (w *world) build() {
	comp := grid.NewPlace{ID: id.New(), ParentID: w.hua.ID, Kind: grid.Compound, Name: "东风小区"}
	bld := grid.NewPlace{ID: id.New(), ParentID: comp.ID, Kind: grid.Building, Name: "1"}
	places := []grid.NewPlace{comp, bld}
	for n := range 4 {
		p := grid.NewPlace{ID: id.New(), ParentID: bld.ID, Kind: grid.Door, Name: fmt.Sprint(101 + n)}
		places, w.doors = append(places, p), append(w.doors, p.ID)
	}
	dbtest.Must(w.grid.AddPlaces(ctx, w.c, places))(w.t)
	var grids []grid.Grid
	for i := range 2 + w.rng.IntN(3) {
		grids = append(grids, dbtest.Must(w.grid.AddGrid(ctx, w.c, grid.NewGrid{AreaID: w.hua.ID, Kind: grid.BasicGrid, Name: fmt.Sprintf("第%d网格", i+1), Code: w.odd("", "G0", "00", "=1+1")}))(w.t))
	}
	dbtest.Must(w.grid.AddGrid(ctx, w.c, grid.NewGrid{ParentID: grids[0].ID, Kind: grid.MicroGrid, Name: "微网格　1"}))(w.t)
	var orgs []id.ID
	for i := range 2 + w.rng.IntN(3) {
		o := grid.Organisation{AreaID: w.hua.ID, Kind: grid.OrgKinds[w.rng.IntN(len(grid.OrgKinds))], Name: w.odd("物业", "Ａ公司（南）", "+门诊", "a  b") + fmt.Sprint(i)}
		orgs = append(orgs, dbtest.Must(w.grid.AddOrganisation(ctx, w.c, o))(w.t).ID)
	}
	dbtest.Must(w.grid.SeedHQGroups(ctx, w.c, dbtest.Must(w.grid.Root(ctx, w.c))(w.t).ID))(w.t)
	now := w.now()
	for i := range 1 + w.rng.IntN(3) {
		dbtest.Must(w.grid.AddTeam(ctx, w.c, grid.Team{AreaID: w.hua.ID, OrgID: orgs[0], Kind: grid.TeamSquad, Name: fmt.Sprint("小分队", i), PartyBranch: w.odd("", "第一支部"),
			UntilMs: now + int64(1+w.rng.IntN(40))*86_400_000 + int64(w.rng.IntN(86_400_000))}))(w.t)
	}
	over := []grid.NewPost{{Role: grid.RoleCommunity, ObjectKind: grid.ObjectPlace, ObjectID: w.hua.ID}, {Role: grid.RoleBuildingLeader, ObjectKind: grid.ObjectPlace, ObjectID: bld.ID},
		{Role: grid.RoleGridWorker, ObjectKind: grid.ObjectGrid, ObjectID: grids[0].ID}, {Role: grid.RoleRepresentative, ObjectKind: grid.ObjectDoors, Doors: w.doors[:2]}}
	bound := id.Zero
	for i := range 4 + w.rng.IntN(8) {
		n := over[w.rng.IntN(len(over))]
		n.Title, n.OrgID = w.odd("", "片长", "楼长　甲"), orgs[w.rng.IntN(len(orgs))]
		post := dbtest.Must(w.grid.AddPost(ctx, w.c, n))(w.t)
		bound = post.ID
		for j := range w.rng.IntN(3) {
			w.hold(post.ID, fmt.Sprintf("任职%d%d", i, j), w.odd("", fmt.Sprintf("1380000%02d%02d", i, j)))
		}
	}
	w.settings(comp.ID, bld.ID, bound, orgs[0])
}

// settings are points, bindings and names of roles.
func (w *world) settings(comp, bld, post, org id.ID) {
	w.t.Helper()
	for i := range 2 + w.rng.IntN(3) {
		parent := []id.ID{w.hua.ID, comp, bld}[w.rng.IntN(3)]
		dbtest.Must(w.grid.AddPlace(ctx, w.c, grid.NewPlace{ParentID: parent, Kind: grid.Point, Subkind: w.odd("", "gate", "bin"), Name: w.odd("南门", "=东门", "门　口") + fmt.Sprint(i), Alias: w.odd("", "大门")}))(w.t)
	}
	members := []grid.Binding{{PostID: post, ObjectKind: grid.ObjectPlace, ObjectID: comp}, {OrgID: org, ObjectKind: grid.ObjectPlace, ObjectID: comp}}
	dbtest.Must(w.grid.Bind(ctx, w.c, members, w.rng.IntN(2)))(w.t)
	g := dbtest.Must(w.grid.Grids(ctx, w.c, w.hua, "", 1))(w.t)[0]
	dbtest.Must(w.grid.Bind(ctx, w.c, []grid.Binding{{OrgID: org, ObjectKind: grid.ObjectGrid, ObjectID: g.ID, UntilMs: w.now() + 86_400_000*int64(1+w.rng.IntN(60))}}, 0))(w.t)
	for _, r := range []grid.Role{grid.RoleBuildingLeader, grid.RoleVolunteer} {
		dbtest.Must(w.grid.SetRoleAlias(ctx, w.c, w.hua.ID, r, w.odd("红管家", "片长 甲")))(w.t)
	}
}

func (w *world) hold(post id.ID, name, phone string) {
	dbtest.OK(w.t, w.d.Write(ctx, "test", func(tx *db.Tx) error {
		a, err := w.accounts.CreateMany(ctx, tx, id.Zero, []account.NewAccount{{Name: name, Phone: phone}})
		if err != nil {
			return err
		}
		h := grid.Holder{ID: id.New(), PostID: post, AccountID: a[0].ID, FromMs: w.now() - int64(w.rng.IntN(30*86_400_000))}
		if w.rng.IntN(2) == 0 {
			h.UntilMs = w.now() + 1 + int64(w.rng.IntN(30*86_400_000))
		}
		return w.grid.AddHolderIn(ctx, tx, w.c, h)
	}))
}

// emptyPost adds a post over the community that nobody holds.
func (w *world) emptyPost(title string) id.ID {
	w.t.Helper()
	return dbtest.Must(w.grid.AddPost(ctx, w.c, grid.NewPost{Role: grid.RoleVolunteer, ObjectKind: grid.ObjectPlace, ObjectID: w.hua.ID, Title: title}))(w.t).ID
}

func (w *world) odd(words ...string) string { return words[w.rng.IntN(len(words))] }

// out takes a list out and opens it.
func (w *world) out(k Kind, lang string) *excelize.File {
	w.t.Helper()
	c := w.c
	c.Lang = lang
	var b bytes.Buffer
	dbtest.OK(w.t, w.Export(ctx, c, k, id.Zero, grid.When{}, &b))
	return dbtest.Must(excelize.OpenReader(&b))(w.t)
}

// in brings a workbook back.
func (w *world) in(k Kind, f *excelize.File, dry bool) *relist.Report {
	w.t.Helper()
	var b bytes.Buffer
	dbtest.OK(w.t, f.Write(&b))
	c := w.c
	c.Lang = "zh"
	return dbtest.Must(w.Import(ctx, c, b.Bytes(), Options{Kind: k, File: "x.xlsx", Dry: dry}))(w.t)
}

// tables are all a list could change.
var tables = []string{"place", "grid", "organisation", "team", "post", "holder", "account", "area_successor", "place_past", "post_door", "binding", "role_alias"}

// state is what stands in the tables, row by row.
func (w *world) state() map[string][]string {
	out := map[string][]string{}
	for _, table := range tables {
		rows := dbtest.Must(w.d.Read().QueryContext(ctx, "SELECT * FROM "+table))(w.t)
		cols := dbtest.Must(rows.Columns())(w.t)
		for rows.Next() {
			cells := make([]any, len(cols))
			for i := range cells {
				cells[i] = new(any)
			}
			dbtest.OK(w.t, rows.Scan(cells...))
			var text strings.Builder
			for i, c := range cells {
				fmt.Fprintf(&text, "%s=%v ", cols[i], *c.(*any))
			}
			out[table] = append(out[table], text.String())
		}
		rows.Close()
		slices.Sort(out[table])
	}
	return out
}

func (w *world) sameState(before map[string][]string, what string) {
	w.t.Helper()
	for table, rows := range w.state() {
		if !slices.Equal(rows, before[table]) {
			w.t.Errorf("%s: table %s changed", what, table)
		}
	}
}

func TestListsComeBackUnchanged(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 1)
		before := w.state()
		for _, k := range Kinds() {
			for _, lang := range []string{"zh", "en"} {
				r := w.in(k, w.out(k, lang), false)
				if r.Rows == 0 || r.Unchanged != r.Rows {
					t.Errorf("%s in %s: %+v", k, lang, r)
				}
			}
		}
		w.sameState(before, "unchanged lists")
	})
}

// column is the letters of a column of a list by its key.
func columnOf(t testing.TB, k Kind, key string) string {
	for i, c := range new(Service).table(k, grid.When{}).list().Columns {
		if c.Key == key {
			return string(rune('B' + i))
		}
	}
	t.Fatalf("%s has no column %s", k, key)
	return ""
}

// edits are the columns of each kind that a list may change, and what to write.
var edits = map[Kind]map[string]func(n int) string{
	Posts:         {colName: func(n int) string { return fmt.Sprint("改名", n) }, colPhone: func(n int) string { return fmt.Sprintf("1390000%04d", n) }, colUntil: func(n int) string { return fmt.Sprintf("2023/5/%d", 1+n%28) }},
	Organisations: {colName: func(n int) string { return fmt.Sprint("新单位", n) }},
	Teams:         {colBranch: func(n int) string { return fmt.Sprint("支部", n) }, colUntil: func(n int) string { return fmt.Sprintf("2023年6月%d日", 1+n%28) }},
	Areas:         {colName: func(n int) string { return fmt.Sprint("新名社区", n) }, colAlias: func(n int) string { return fmt.Sprint("旧称", n) }},
	Grids:         {colName: func(n int) string { return fmt.Sprint("新网格", n) }, colCode: func(n int) string { return fmt.Sprint("N", n) }},
	Points:        {colName: func(n int) string { return fmt.Sprint("新门", n) }, colKind: func(n int) string { return []string{"公告栏", "park"}[n%2] }, colAlias: func(n int) string { return fmt.Sprint("旧称", n) }},
	Bindings:      {colUntil: func(n int) string { return fmt.Sprintf("2023/7/%d", 1+n%28) }},
	RoleNames:     {colLocal: func(n int) string { return fmt.Sprint("管家", n) }},
}

// TestExactlyTheChangedCellsAreTheDifference changes random cells of random
// worlds: the difference names those and no others, a dry run writes nothing,
// and after applying, the list says what was written.
func TestExactlyTheChangedCellsAreTheDifference(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		for seed := range uint64(2) {
			if seed > 0 {
				d = again(t, d)
			}
			w := newWorld(t, d, 100+seed)
			for _, k := range Kinds() {
				w.changeCells(k)
			}
		}
	})
}

// again is another fresh database of the same engine.
func again(t *testing.T, d *db.DB) *db.DB {
	if d.Engine() == db.Postgres {
		return dbtest.Postgres(t)
	}
	return dbtest.One(t)
}

func (w *world) changeCells(k Kind) {
	w.t.Helper()
	f := w.out(k, "zh")
	sheet := f.GetSheetName(0)
	rows := dbtest.Must(f.GetRows(sheet))(w.t)
	want := map[string]bool{}
	for n := range 1 + w.rng.IntN(4) {
		row := 2 + w.rng.IntN(len(rows)-1)
		if k == Posts && len(rows[row-1]) < 7 || k == Posts && rows[row-1][1] == "" || k == Teams && rows[row-1][2] != "小分队" {
			continue // nobody to change; HQ's groups
		}
		keys := make([]string, 0, 3)
		for key := range edits[k] {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		key := keys[w.rng.IntN(len(keys))]
		if want[rows[row-1][0]+"/"+key] {
			continue
		}
		dbtest.OK(w.t, f.SetCellStr(sheet, fmt.Sprint(columnOf(w.t, k, key), row), edits[k][key](int(w.rng.IntN(10000))+n)))
		want[rows[row-1][0]+"/"+key] = true
	}
	before := w.state()
	r := w.in(k, f, true)
	got := map[string]bool{}
	for _, l := range r.Lines {
		for _, c := range l.Changes {
			got[l.ID+"/"+c.Column] = true
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) || r.Refused != 0 || r.New != 0 {
		w.t.Fatalf("%s: changed %v, the difference says %v: %+v", k, want, got, r)
	}
	w.sameState(before, string(k)+" dry")
	w.in(k, f, false)
	if r := w.in(k, w.out(k, "zh"), true); r.Unchanged != r.Rows {
		w.t.Errorf("%s after applying: %+v", k, r)
	}
	for _, l := range w.in(k, f, true).Lines {
		for _, c := range l.Changes {
			if want[l.ID+"/"+c.Column] {
				w.t.Errorf("%s: %s is still %q and not %q", k, c.Column, c.From, c.To)
			}
		}
	}
}

func TestRowsThatAreRefused(t *testing.T) { dbtest.Each(t, rowsThatAreRefused) }

func rowsThatAreRefused(t *testing.T, d *db.DB) {
	w := newWorld(t, d, 5)
	post := dbtest.Must(w.grid.AddPost(ctx, w.c, grid.NewPost{Role: grid.RoleBuildingLeader, ObjectKind: grid.ObjectPlace, ObjectID: w.hua.ID}))(t)
	w.hold(post.ID, "王建国", "13812345678")
	before := w.state()
	for name, c := range map[string]struct{ key, value, why string }{
		"another mask":   {colPhone, "139****9999", relist.WhyMasked},
		"no name":        {colName, "", "error.required"},
		"another role":   {colRole, "网格员", relist.WhyFixed},
		"another place":  {colOver, "别处", relist.WhyFixed},
		"no first day":   {colFrom, "", "error.required"},
		"no day":         {colUntil, "明年", "error.bad_date"},
		"ends first":     {colUntil, "2020-01-01", "grid.post.ends_first"},
		"no phone":       {colPhone, "12", "account.bad_phone"},
		"unknown number": {"id", "912273318038220815", relist.WhyUnknown},
		"no number":      {"id", "", relist.WhyNoNew},
	} {
		f := w.out(Posts, "zh")
		sheet := f.GetSheetName(0)
		rows := dbtest.Must(f.GetRows(sheet))(t)
		row := slices.IndexFunc(rows, func(r []string) bool { return len(r) > 1 && r[1] == "王建国" }) + 1
		col := "A"
		if c.key != "id" {
			col = columnOf(t, Posts, c.key)
		}
		dbtest.OK(t, f.SetCellStr(sheet, fmt.Sprint(col, row), c.value))
		r := w.in(Posts, f, false)
		if r.Refused != 1 || r.Changed != 0 || len(r.Lines) != 1 || len(r.Lines[0].Problems) != 1 {
			t.Errorf("%s: %+v", name, r)
			continue
		}
		if p := r.Lines[0].Problems[0]; c.key != "id" && p.Letter != col {
			t.Errorf("%s: the problem stands in %q, not in %s: %+v", name, p.Letter, col, p)
		}
	}
	w.sameState(before, "refused rows")
	if _, err := w.Import(ctx, w.c, []byte("a,b\n1,2\n"), Options{Kind: Posts}); !errs.Is(err, errs.Invalid) {
		t.Errorf("a strange file: %v", err)
	}
}

func TestAnEmptyPostIsFilledByItsRow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 9)
		for range 2 {
			w.emptyPost("空岗")
		}
		f := w.out(Posts, "zh")
		sheet := f.GetSheetName(0)
		for i, r := range dbtest.Must(f.GetRows(sheet))(t) {
			if len(r) > 4 && r[4] == "空岗" {
				dbtest.OK(t, f.SetCellStr(sheet, fmt.Sprint("B", i+1), "赵新"))
				dbtest.OK(t, f.SetCellStr(sheet, fmt.Sprint("C", i+1), "13711112222"))
			}
		}
		if r := w.in(Posts, f, true); r.Changed != 2 || r.Refused != 0 {
			t.Fatalf("dry: %+v", r)
		}
		if r := w.in(Posts, f, false); r.Changed != 2 || r.Refused != 0 {
			t.Fatalf("%+v", r)
		}
		a := dbtest.Must(w.accounts.Find(ctx, "13711112222"))(t)
		if a.Home != w.hua.ID || a.Name != "赵新" {
			t.Errorf("the account is %+v", a)
		}
		held := dbtest.Must(w.grid.Posts(ctx, w.c, grid.PostFilter{Account: a.ID}))(t)
		if len(held) != 2 {
			t.Errorf("%d posts are held", len(held))
		}
	})
}

func TestNewRows(t *testing.T) {
	dbtest.Each(t, newRows)
}

func newRows(t *testing.T, d *db.DB) {
	w := newWorld(t, d, 11)
	for k, row := range w.newOnes() {
		f := w.out(k, "zh")
		sheet := f.GetSheetName(0)
		n := len(dbtest.Must(f.GetRows(sheet))(t)) + 1
		dbtest.OK(t, f.SetSheetRow(sheet, fmt.Sprint("A", n), &row))
		if r := w.in(k, f, false); r.New != 1 || r.Refused != 0 {
			t.Errorf("%s: %+v", k, r)
		}
		if r := w.in(k, w.out(k, "en"), true); r.Unchanged != r.Rows || r.Rows != n-1 {
			t.Errorf("%s afterwards: %+v", k, r)
		}
	}
}

// TestWhoMayNotChangeAListMayNotTakeItOut asks as roles that lack the right.
func TestWhoMayNotChangeAListMayNotTakeItOut(t *testing.T) {
	dbtest.Each(t, whoMayNotChangeAListMayNotTakeItOut)
}

func whoMayNotChangeAListMayNotTakeItOut(t *testing.T, d *db.DB) {
	w := newWorld(t, d, 13)
	post := dbtest.Must(w.grid.AddPost(ctx, w.c, grid.NewPost{Role: grid.RoleGridWorker, ObjectKind: grid.ObjectPlace, ObjectID: w.hua.ID}))(t)
	w.hold(post.ID, "无权", "13600000000")
	a := dbtest.Must(w.accounts.Find(ctx, "13600000000"))(t)
	c := dbtest.Must(w.grid.CallerFor(ctx, a.ID, gridtest.Nangang, dbtest.Start.Add(time.Minute)))(t)
	for _, k := range Kinds() {
		if err := w.Export(ctx, c, k, w.hua.ID, grid.When{}, &bytes.Buffer{}); !errs.Is(err, errs.Denied) {
			t.Errorf("%s is taken out: %v", k, err)
		}
		if _, err := w.Import(ctx, c, []byte("x"), Options{Kind: k, Place: w.hua.ID}); !errs.Is(err, errs.Denied) {
			t.Errorf("%s is brought back: %v", k, err)
		}
	}
}
