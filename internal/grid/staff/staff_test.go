package staff

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"wangge/internal/grid"
	"wangge/internal/grid/gridtest"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/id"
	"wangge/internal/platform/sheet"
)

var ctx = context.Background()

// house is the service over Nangang's areas; hua is a community with a
// compound of two buildings of two units of six doors, and a grid.
type house struct {
	*Service
	t     testing.TB
	base  *gridtest.House
	c     grid.Caller
	clk   *clock.Manual
	hua   grid.Place
	comp  grid.Place
	units []grid.Place
	grid0 grid.Grid
}

func fresh(t testing.TB, d *db.DB) *house {
	base := gridtest.New(t, d)
	h := &house{Service: New(Deps{DB: d, Keys: base.Keys, Clock: base.Clock, Grid: base.Grid, Accounts: base.Accounts}), t: t, base: base, c: base.C, clk: base.Clock, hua: base.Hua}
	h.comp, h.units = h.estate(h.hua, "东风小区", 2, 2, 6)
	h.grid0 = dbtest.Must(h.grid.AddGrid(ctx, h.c, grid.NewGrid{AreaID: h.hua.ID, Kind: grid.BasicGrid, Name: "第1网格"}))(t)
	return h
}

// estate adds a compound; doors are numbered by floors of two.
func (h *house) estate(area grid.Place, name string, buildings, units, doors int) (comp grid.Place, out []grid.Place) {
	h.t.Helper()
	var list []grid.NewPlace
	top := grid.NewPlace{ID: id.New(), ParentID: area.ID, Kind: grid.Compound, Name: name}
	list = append(list, top)
	var ids []id.ID
	for b := 1; b <= buildings; b++ {
		bld := grid.NewPlace{ID: id.New(), ParentID: top.ID, Kind: grid.Building, Name: fmt.Sprint(b)}
		list = append(list, bld)
		for u := 1; u <= units; u++ {
			unit := grid.NewPlace{ID: id.New(), ParentID: bld.ID, Kind: grid.Unit, Name: fmt.Sprint(u)}
			list, ids = append(list, unit), append(ids, unit.ID)
			for n := range doors {
				list = append(list, grid.NewPlace{ID: id.New(), ParentID: unit.ID, Kind: grid.Door, Name: fmt.Sprint((n/2+1)*100 + n%2 + 1)})
			}
		}
	}
	dbtest.Must(h.grid.AddPlaces(ctx, h.c, list))(h.t)
	comp = dbtest.Must(h.grid.Place(ctx, h.c, top.ID))(h.t)
	for _, u := range ids {
		out = append(out, dbtest.Must(h.grid.Place(ctx, h.c, u))(h.t))
	}
	return comp, out
}

// book makes a workbook of rows, the first being its header.
func book(t testing.TB, rows ...string) []byte {
	var b bytes.Buffer
	w := dbtest.Must(sheet.NewXLSX(&b, "名单"))(t)
	for _, r := range rows {
		var cells []any
		for _, c := range strings.Split(r, "|") {
			cells = append(cells, c)
		}
		dbtest.OK(t, w.Row(cells...))
	}
	dbtest.OK(t, w.Close())
	return b.Bytes()
}

var lists = []string{
	"花园街道2022年网格力量名单",
	"序号|姓名|联系电话*|职务|社区|小区|楼号|单元|门牌|网格|开始日期|截止日期",
	"1|吴采|13800000001|网格长|花园街社区||||| 1网格|2022-10-01|",
	"2|肖竹|13800000002|楼长|花园街|东风小区|1号楼|||||",
	"3|刘权|13800000003|单元长|花园街社区居委会|东风|2栋|1-2单元||||2022年12月31日",
	"4|王志|13800000004|居民代表|230103001001|东风小区|1|1|101-202、302|||",
	"5|无机|无|志愿者|花园街社区||||||||",
	"合计|5人",
}

func TestAListBringsPeopleIntoPosts(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := fresh(t, d)
		data := book(t, lists...)
		r := dbtest.Must(h.Plan(ctx, h.c, data, Options{File: "a.xlsx", Lang: "zh"}))(t)
		if r.Rows != 5 || r.New != 5 || r.Refused != 0 || r.Accounts != 5 || r.Posts != 6 {
			t.Fatalf("%+v", r)
		}
		if n := dbtest.Must(h.accounts.Count(ctx))(t); n != 0 {
			t.Fatalf("a plan made %d accounts", n)
		}
		r = dbtest.Must(h.Apply(ctx, h.c, data, Options{Lang: "zh"}))(t)
		if r.New != 5 || r.Refused != 0 {
			t.Fatalf("%+v", r.Problems)
		}
		again := dbtest.Must(h.Apply(ctx, h.c, data, Options{Lang: "zh"}))(t)
		if again.Unchanged != 5 || again.New+again.Changed+again.Ended+again.Refused+again.Accounts+again.Posts != 0 {
			t.Fatalf("the same list again: %+v", again.Lines)
		}
		leader := dbtest.Must(h.accounts.Find(ctx, "13800000003"))(t)
		c := dbtest.Must(h.grid.CallerFor(ctx, leader.ID, gridtest.Nangang, h.clk.Now()))(t)
		if len(c.Grants) != 2 || c.Grants[0].ObjectID != h.units[2].ID || c.Grants[0].Role != grid.RoleBuildingLeader || c.Grants[0].Title != "单元长" || c.Grants[0].UntilMs == 0 {
			t.Errorf("%+v", c.Grants)
		}
		rep := dbtest.Must(h.accounts.Find(ctx, "13800000004"))(t)
		posts := dbtest.Must(h.grid.Posts(ctx, h.c, grid.PostFilter{Account: rep.ID}))(t)
		if len(posts) != 1 || posts[0].Doors != 5 {
			t.Errorf("%+v", posts)
		}
	})
}

// TestEachAccountIsOfTheAreaOfItsPost: a list of the whole district makes
// accounts that each community and street administers for itself.
func TestEachAccountIsOfTheAreaOfItsPost(t *testing.T) {
	h := fresh(t, dbtest.SQLite(t))
	other := dbtest.Must(h.grid.Area(ctx, h.c, "230103001003"))(t)
	street := dbtest.Must(h.grid.Area(ctx, h.c, "230103001000"))(t)
	r := dbtest.Must(h.Apply(ctx, h.c, book(t, lists[1],
		"1|吴采|13800000001|网格长|花园街社区||||| 1网格||",
		"2|肖竹|13800000002|楼长|花园街社区|东风小区|1号楼|||||",
		"3|王志|13800000004|居民代表|230103001001|东风小区|1|1|101-202|||",
		"4|外人|13800000005|志愿者|230103001003||||||||",
		"5|街上|13800000006|街道|||||||||"), Options{Lang: "zh", Place: street.ID}))(t)
	if r.Refused != 0 || r.Accounts != 5 {
		t.Fatalf("%+v", r.Problems)
	}
	for phone, home := range map[string]id.ID{"13800000001": h.hua.ID, "13800000002": h.hua.ID, "13800000004": h.hua.ID, "13800000005": other.ID, "13800000006": street.ID} {
		if a := dbtest.Must(h.accounts.Find(ctx, phone))(t); a.Home != home {
			t.Errorf("%s is of %s, not of %s", a.Name, a.Home, home)
		}
	}
}

func TestAListChanges(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := fresh(t, d)
		dbtest.Must(h.Apply(ctx, h.c, book(t, lists...), Options{Lang: "zh"}))(t)
		next := []string{lists[1],
			"1|吴彩|13800000001|网格长|花园街社区||||| 第1网格|2022-10-01|",  // a name mended
			"2|肖竹|13800000002|楼长|花园街|东风小区|1号楼||||| 2022-10-05",  // ended
			"3|刘权|13800000003|单元长|花园街|东风|2栋|1-2单元||||2023/1/31", // longer
			"4|王志|13800000004|居民代表|花园街|东风小区|1|1|101-202、301|||", // other doors
			"5|新人|13800000009|楼长|花园街|东风小区|1号楼||||||",            // takes the post
			"6|别人|13800000010|志愿者|花园街社区||||||||",                // 无机 is not in the list
		}
		h.clk.Set(h.clk.Now().AddDate(0, 0, 1))
		r := dbtest.Must(h.Apply(ctx, h.c, book(t, next...), Options{Lang: "zh"}))(t)
		if r.New != 2 || r.Changed != 3 || r.Ended != 1 || r.Refused != 0 || r.Posts != 0 || len(r.Missing) != 1 || r.Missing[0].Name != "无机" {
			t.Fatalf("%+v", r)
		}
		old := dbtest.Must(h.accounts.Find(ctx, "13800000002"))(t)
		if c := dbtest.Must(h.grid.CallerFor(ctx, old.ID, gridtest.Nangang, h.clk.Now()))(t); len(c.Grants) != 0 {
			t.Errorf("ended, yet %+v", c.Grants)
		}
		if a := dbtest.Must(h.accounts.Find(ctx, "13800000001"))(t); a.Name != "吴彩" {
			t.Error(a.Name)
		}
		r = dbtest.Must(h.Apply(ctx, h.c, book(t, next...), Options{Lang: "zh", Complete: true}))(t)
		if r.New+r.Changed+r.Ended != 0 || len(r.Missing) != 1 {
			t.Fatalf("%+v", r.Lines)
		}
		if r = dbtest.Must(h.Plan(ctx, h.c, book(t, next...), Options{Lang: "zh"}))(t); len(r.Missing) != 0 {
			t.Errorf("a complete list left %+v", r.Missing)
		}
	})
}

func TestWhatIsRefusedAndWhy(t *testing.T) { dbtest.Each(t, whatIsRefusedAndWhy) }

func whatIsRefusedAndWhy(t *testing.T, d *db.DB) {
	h := fresh(t, d)
	dbtest.Must(h.Apply(ctx, h.c, book(t, lists...), Options{Lang: "zh"}))(t)
	for _, c := range []struct{ row, column, value, want, has string }{
		{"|13800000010|楼长|花园街|东风|1|||", "A", "", "", "姓名"},
		{"甲|1380000|楼长|花园街|东风|1|||", "B", "1380000", "11", "手机"},
		{"甲|13800000010|大王|花园街|东风|1|||", "C", "大王", "楼长", "角色"},
		{"甲|13800000010|楼长|无此社区|东风|1|||", "D", "无此社区", "花园街社区居委会", "社区"},
		{"甲|13800000010|楼长|花园街|西风|1|||", "E", "西风", "东风小区", "小区"},
		{"甲|13800000010|楼长|花园街|东风|1-9|||", "F", "1-9", "1、2", "楼栋"},
		{"甲|13800000010|单元长|花园街|东风|1|3||", "G", "3", "1、2", "单元"},
		{"甲|13800000010|居民代表|花园街|东风|1|1|909|", "H", "909", "101", "门"},
		{"甲|13800000010|楼长|花园街|||||", "F", "", "", "楼栋"},
		{"甲|13800000010|楼长|花园街|东风|1||| 明天", "I", "明天", "2022-10-01", "日期"},
		{"甲|13800000002|楼长|花园街|东风|1|||", "B", "13800000002", "肖*", "手机"},
	} {
		r := dbtest.Must(h.Plan(ctx, h.c, book(t, "姓名|手机|岗位|社区|小区|楼栋|单元|门牌|开始", c.row, "好人|13800000011|楼长|花园街|东风|2||||"), Options{Lang: "zh"}))(t)
		if r.Refused != 1 || r.New != 1 || len(r.Problems) != 1 {
			t.Errorf("%s: %+v", c.row, r)
			continue
		}
		p := r.Problems[0]
		if p.Row != 2 || p.Column != c.column || p.Value != c.value || !strings.Contains(p.Expected, c.want) || !strings.Contains(p.Text, c.has) {
			t.Errorf("%s: %+v", c.row, p)
		}
	}
	for name, data := range map[string][]byte{"nothing": nil, "zeros": make([]byte, 9000), "no header": book(t, "a|b|c", "1|2|3")} {
		if _, err := h.Plan(ctx, h.c, data, Options{}); err == nil {
			t.Errorf("%s was read", name)
		}
	}
}

func TestFreeTexts(t *testing.T) { dbtest.Each(t, freeTexts) }

func freeTexts(t *testing.T, d *db.DB) {
	h := fresh(t, d)
	for _, c := range []struct {
		text  string
		posts int
		first id.ID
	}{
		{"花园街社区", 1, h.hua.ID}, {"第1网格", 1, h.grid0.ID}, {"花园街社区1网格", 1, h.grid0.ID}, {"东风小区", 1, h.comp.ID},
		{"东风小区2号楼1单元", 1, h.units[2].ID}, {"东风2栋1-2单元", 2, h.units[2].ID}, {"花园街道花园街社区居委会东风小区1号楼二单元", 1, h.units[1].ID}, {"东风小区1号楼1单元101-202", 1, 0},
	} {
		r := dbtest.Must(h.plan(ctx, h.c, book(t, "姓名|职务|负责区域", "甲|网格员|"+c.text), Options{Lang: "zh", Place: h.hua.ID}))(t)
		l := r.report.Lines[0]
		if l.State != StateNew || len(l.acts) != c.posts || l.acts[0].object.id != c.first {
			t.Errorf("%s: %s %+v", c.text, l.Reason, l.acts)
		}
	}
}
