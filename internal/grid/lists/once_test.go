package lists

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"wangge/internal/grid"
	"wangge/internal/grid/gridtest"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/relist"
	"wangge/internal/platform/web"
)

// with takes a list out and adds rows.
func (w *world) with(k Kind, rows ...[]any) *excelize.File {
	w.t.Helper()
	f := w.out(k, "zh")
	sheet := f.GetSheetName(0)
	n := len(dbtest.Must(f.GetRows(sheet))(w.t))
	for i, row := range rows {
		dbtest.OK(w.t, f.SetSheetRow(sheet, fmt.Sprint("A", n+1+i), &row))
	}
	return f
}

func (w *world) bytes(f *excelize.File) []byte {
	var b bytes.Buffer
	dbtest.OK(w.t, f.Write(&b))
	return b.Bytes()
}

// refusedBy reports whether exactly the errors of the keys refuse rows of a report.
func refusedBy(r *relist.Report, keys ...string) bool {
	var have, want []string
	for _, l := range r.Lines {
		for _, p := range l.Problems {
			have = append(have, p.Text)
		}
	}
	for _, k := range keys {
		want = append(want, i18n.T("zh", k))
	}
	return slices.Equal(have, want)
}

// TestARefusedRowLeavesNothingBehind: the account and the title of a row that is
// undone are not there for the rows after it.
func TestARefusedRowLeavesNothingBehind(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 21)
		for range 2 {
			w.emptyPost("空岗")
		}
		shared := w.emptyPost("合岗")
		w.hold(shared, "周一", "13511110001")
		w.hold(shared, "周二", "13511110002")
		f := w.out(Posts, "zh")
		sheet := f.GetSheetName(0)
		seen := map[string]int{}
		for i, r := range dbtest.Must(f.GetRows(sheet))(t) {
			if len(r) < 5 || r[4] != "空岗" && r[4] != "合岗" {
				continue
			}
			set := func(key, v string) { dbtest.OK(t, f.SetCellStr(sheet, fmt.Sprint(columnOf(t, Posts, key), i+1), v)) }
			if r[4] == "空岗" {
				set(colName, "赵新")
				set(colPhone, "13711112222")
			} else {
				set(colTitle, fmt.Sprint("合岗", seen[r[4]]))
			}
			if seen[r[4]]++; seen[r[4]] == 1 {
				set(colUntil, "2020-01-01")
			}
		}
		for _, dry := range []bool{true, false} {
			if r := w.in(Posts, f, dry); r.Changed != 2 || r.Refused != 2 || !refusedBy(r, "grid.post.ends_first", "grid.post.ends_first") {
				t.Fatalf("dry %v: %+v", dry, r)
			}
		}
		a := dbtest.Must(w.accounts.Find(ctx, "13711112222"))(t)
		if held := dbtest.Must(w.grid.Posts(ctx, w.c, grid.PostFilter{Account: a.ID}))(t); len(held) != 1 {
			t.Errorf("%d posts are held", len(held))
		}
	})
}

// TestOnePhoneIsOnePerson: two empty posts whose rows call the one with a new
// phone differently.
func TestOnePhoneIsOnePerson(t *testing.T) {
	w := newWorld(t, dbtest.One(t), 22)
	for range 2 {
		w.emptyPost("空岗")
	}
	f := w.out(Posts, "zh")
	sheet := f.GetSheetName(0)
	for i, r := range dbtest.Must(f.GetRows(sheet))(t) {
		if len(r) > 4 && r[4] == "空岗" {
			dbtest.OK(t, f.SetCellStr(sheet, fmt.Sprint("B", i+1), fmt.Sprint("赵", i)))
			dbtest.OK(t, f.SetCellStr(sheet, fmt.Sprint("C", i+1), "13711112222"))
		}
	}
	if r := w.in(Posts, f, false); r.Changed != 1 || !refusedBy(r, "staff.phone_other") {
		t.Errorf("%+v", r)
	}
}

// TestNamesOfAnUndoneTransactionAreFree applies new grids in a transaction that
// is lost and run again, as PostgreSQL does after a race, and in one that is
// only shown.
func TestNamesOfAnUndoneTransactionAreFree(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 23)
		c := w.c
		c.Lang = "zh"
		data := w.bytes(w.with(Grids, []any{"", w.hua.Code, "", i18n.T("zh", "grid.gridkind."+string(grid.BasicGrid)), "新网格甲", "", ""}, []any{"", w.hua.Code, "", i18n.T("zh", "grid.gridkind."+string(grid.MicroGrid)), "新微甲", "", "新网格甲"}))
		table := w.table(Grids, grid.When{})
		wk := dbtest.Must(w.begin(ctx, c, "test", table, id.Zero))(t)
		rows := dbtest.Must(table.list().Read(ctx, data))(t)
		lines := table.list().Diff("zh", dbtest.Must(table.load(ctx, wk))(t), rows)
		var fresh []*relist.Line
		for i := range lines {
			if lines[i].State == relist.New {
				fresh = append(fresh, &lines[i])
			}
		}
		lost := errors.New("lost")
		run := func(part []*relist.Line, end error) (refused map[int]error) {
			err := w.d.Write(ctx, "test", func(tx *db.Tx) (err error) {
				if refused, err = w.apply(ctx, tx, wk, table, part); err != nil {
					return err
				}
				return end
			})
			if !errors.Is(err, end) {
				t.Fatal(err)
			}
			return refused
		}
		for range 2 {
			if refused := run(fresh, lost); len(refused) != 0 {
				t.Errorf("refused: %v", refused)
			}
		}
		if refused := run(fresh[1:], lost); errs.As(refused[0]).Key != "lists.no_parent" {
			t.Errorf("below a grid that was never written: %v", refused)
		}
		for i := range fresh {
			if refused := run(fresh[i:i+1], nil); len(refused) != 0 {
				t.Errorf("line %d: %v", i, refused)
			}
		}
		if refused := run(fresh, nil); len(refused) != 2 {
			t.Errorf("written again: %v", refused)
		}
	})
}

// newOnes are lists with a record that is not there yet.
func (w *world) newOnes() map[Kind][]any {
	return map[Kind][]any{
		Grids:         {"", w.hua.Code, "", "微网格", "微网格新", "W9", "第1网格"},
		Organisations: {"", "新物业", "物业公司", w.hua.Code},
		Teams:         {"", "突击队", "小分队", w.hua.Code, "", "", "", "", "2023-01-31"},
		Points:        {"", "北门", "大门/卡口", "", w.hua.Code, "", "东风小区1号楼"},
		RoleNames:     {"", w.hua.Code, "", "网格员", "片警"},
	}
}

func TestAListIsWrittenOnce(t *testing.T) { dbtest.Each(t, aListIsWrittenOnce) }

func aListIsWrittenOnce(t *testing.T, d *db.DB) {
	w := newWorld(t, d, 25)
	for k, row := range w.newOnes() {
		data := w.bytes(w.with(k, row))
		list := dbtest.Must(w.Stage(ctx, w.c, data, Options{Kind: k, File: "x.xlsx"}))(t)
		other := dbtest.Must(w.Stage(ctx, w.c, data, Options{Kind: k, File: "x.xlsx"}))(t)
		got := make([]error, 4)
		var all sync.WaitGroup
		for i := range got {
			all.Go(func() { got[i] = w.Apply(ctx, w.c, list) })
		}
		all.Wait()
		done := 0
		for _, err := range got {
			if err == nil {
				done++
			} else if !errs.Is(err, errs.Conflict) {
				t.Errorf("%s: %v", k, err)
			}
		}
		if done != 1 {
			t.Errorf("%s was written %d times", k, done)
		}
		l := dbtest.Must(w.Get(ctx, w.c, list))(t)
		if l.AppliedMs == 0 || l.Writing || l.Report.New != 1 || l.Report.Refused != 0 {
			t.Errorf("%s: %+v %+v", k, l, l.Report)
		}
		dbtest.OK(t, w.Apply(ctx, w.c, other))
		if r := dbtest.Must(w.Get(ctx, w.c, other))(t).Report; r.New != 0 || r.Refused != 1 || k == Organisations && !refusedBy(r, "lists.name_taken") {
			t.Errorf("%s handed in twice: %+v", k, r)
		}
	}
}

// TestAListWhoseWritingFailedWaits: a claim is given back by an error.
func TestAListWhoseWritingFailedWaits(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 27)
		list := dbtest.Must(w.Stage(ctx, w.c, w.bytes(w.with(Organisations, w.newOnes()[Organisations])), Options{Kind: Organisations, File: "x.xlsx"}))(t)
		if err := w.Apply(ctx, grid.Caller{District: gridtest.Nangang}, list); !errs.Is(err, errs.Denied) {
			t.Fatalf("without the right: %v", err)
		}
		if l := dbtest.Must(w.Get(ctx, w.c, list))(t); l.Writing || l.AppliedMs != 0 || l.Report.New != 1 {
			t.Fatalf("after an error: %+v", l)
		}
		dbtest.OK(t, w.Apply(ctx, w.c, list))
		if l := dbtest.Must(w.Get(ctx, w.c, list))(t); l.Writing || l.AppliedMs == 0 || l.Report.New != 1 {
			t.Errorf("afterwards: %+v", l)
		}
	})
}

// TestATeamsPastEndIsNow: what a team's posts did since stands.
func TestATeamsPastEndIsNow(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 29)
		team := dbtest.Must(w.grid.AddTeam(ctx, w.c, grid.Team{AreaID: w.hua.ID, Kind: grid.TeamSquad, Name: "值守队", UntilMs: w.now() + 90*86_400_000}))(t)
		d.Clock().(*clock.Manual).Advance(5 * 24 * time.Hour)
		f := w.out(Teams, "zh")
		sheet := f.GetSheetName(0)
		row := slices.IndexFunc(dbtest.Must(f.GetRows(sheet))(t), func(r []string) bool { return len(r) > 1 && r[1] == "值守队" }) + 1
		dbtest.OK(t, f.SetCellStr(sheet, fmt.Sprint(columnOf(t, Teams, colUntil), row), "2022-10-12"))
		if r := w.in(Teams, f, false); r.Changed != 1 {
			t.Fatalf("%+v", r)
		}
		list := dbtest.Must(w.grid.Teams(ctx, w.c, w.hua, id.Zero, 100))(t)
		if i := slices.IndexFunc(list, func(x grid.Team) bool { return x.ID == team.ID }); list[i].UntilMs != w.now() {
			t.Errorf("it ends at %v, now is %v", clock.FromMs(list[i].UntilMs), clock.FromMs(w.now()))
		}
	})
}

// TestAListSpeaksOfItsPlaceOnly: a new row names an area beside the place.
func TestAListSpeaksOfItsPlaceOnly(t *testing.T) {
	w := newWorld(t, dbtest.One(t), 31)
	areas := dbtest.Must(w.grid.Areas(ctx, w.c))(t)
	beside := slices.IndexFunc(areas, func(a grid.Place) bool { return a.Kind == grid.Community && a.ID != w.hua.ID })
	data := w.bytes(w.with(Organisations, []any{"", "邻居物业", "物业公司", areas[beside].Code}))
	c := w.c
	c.Lang = "zh"
	if r := dbtest.Must(w.Import(ctx, c, data, Options{Kind: Organisations, Place: w.hua.ID, Dry: true}))(t); !refusedBy(r, "lists.no_area") {
		t.Errorf("%+v", r)
	}
	if r := dbtest.Must(w.Import(ctx, c, data, Options{Kind: Organisations, Dry: true}))(t); r.New != 1 {
		t.Errorf("of the district: %+v", r)
	}
}

// TestListsLetOthersPass: bringing a list back waits in the low lane. Where one
// writes at a time somebody waits: on SQLite.
func TestListsLetOthersPass(t *testing.T) {
	d := dbtest.SQLite(t)
	w := newWorld(t, d, 33)
	data := w.bytes(w.with(Organisations, w.newOnes()[Organisations]))
	held, let, done := make(chan bool), make(chan bool), make(chan error, 2)
	go func() {
		done <- d.Write(ctx, "test", func(*db.Tx) error { held <- true; <-let; return nil })
	}()
	<-held
	go func() {
		_, err := w.Import(ctx, w.c, data, Options{Kind: Organisations})
		done <- err
	}()
	for range 500 {
		if l := d.Load(); l.WaitingHot+l.WaitingLow > 0 {
			break
		}
		<-clock.Real().After(5 * time.Millisecond)
	}
	if l := d.Load(); l.WaitingLow != 1 || l.WaitingHot != 0 {
		t.Errorf("waiting: %+v", l)
	}
	close(let)
	for range 2 {
		dbtest.OK(t, <-done)
	}
}

// TestBroughtBackListsAreHeavy: comparing and writing a list can wait a minute.
func TestBroughtBackListsAreHeavy(t *testing.T) {
	ren := web.NewRenderer(dbtest.Clock())
	p := dbtest.Must(NewPages(newWorld(t, dbtest.One(t), 35).Service, ren))(t)
	var got []string
	app := web.New(web.Options{Renderer: ren, Log: slog.New(slog.DiscardHandler), Observe: func(_ string, c web.Class, _ int, _ time.Duration) { got = append(got, c.String()) }})
	p.Register(app)
	app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/brought-back/1", nil))
	app.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/brought-back/1/apply", nil))
	if !slices.Equal(got, []string{"heavy", "heavy"}) {
		t.Errorf("the classes are %v", got)
	}
}
