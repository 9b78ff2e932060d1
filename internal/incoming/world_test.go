package incoming

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"wangge/internal/grid"
	"wangge/internal/grid/gridtest"
	"wangge/internal/ledger"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/id"
	"wangge/internal/platform/sheet"
	"wangge/internal/round"
	"wangge/internal/task"
)

var ctx = context.Background()

// world is a community with three doors and somebody behind one of them, in an
// emergency, with callers.
type world struct {
	*gridtest.House
	t     testing.TB
	s     *Service
	led   *ledger.Service
	tasks *task.Service
	doors []grid.Place
	known id.ID // 王建国, 230103199003076616, behind the first door
}

func newWorld(t testing.TB, d *db.DB) *world {
	t.Helper()
	h := gridtest.New(t, d)
	w := &world{House: h, t: t, led: ledger.New(ledger.Deps{DB: d, District: gridtest.Nangang, Keys: h.Keys, Audit: h.Log, Clock: h.Clock})}
	rounds := round.New(round.Deps{DB: d, Clock: h.Clock, Keys: h.Keys, Audit: h.Log})
	dbtest.Must(rounds.OpenEmergency(ctx, h.C, round.NewEmergency{Name: "演练", Basis: "预案", Purpose: "核查", Recipients: "区指挥部", RetentionDays: 30}))(t)
	w.tasks = task.New(task.Deps{DB: d, Keys: h.Keys, Audit: h.Log, Clock: h.Clock, Grid: h.Grid})
	w.s = New(Deps{DB: d, Keys: h.Keys, Audit: h.Log, Clock: h.Clock, Grid: h.Grid, Ledger: w.led, Rounds: rounds, Tasks: w.tasks, Names: h.Accounts.Names, Drill: true})
	for _, room := range []string{"501", "502", "503"} {
		w.doors = append(w.doors, dbtest.Must(h.Grid.EnsureDoor(ctx, h.C, h.Hua.ID, grid.DoorParts{Compound: "幸福小区", Building: "3", Unit: "2", Room: room}))(t))
	}
	home := dbtest.Must(w.led.AddHousehold(ctx, h.C, ledger.HouseholdInput{DoorID: w.doors[0].ID, Kind: ledger.Family, Living: 1}, nil))(t)
	w.known = dbtest.Must(w.led.AddPerson(ctx, h.C, home, ledger.Person{Name: "王建国", IDNo: "230103199003076616", Phones: []string{"13900000001"}, LivesHere: true}, false))(t)
	return w
}

// caller is somebody with a post over an area, as it is held now.
func (w *world) caller(role grid.Role, area id.ID) (grid.Caller, id.ID) {
	w.t.Helper()
	who := id.New()
	post := dbtest.Must(w.Grid.AddPost(ctx, w.C, grid.NewPost{Role: role, ObjectKind: grid.ObjectPlace, ObjectID: area}))(w.t)
	dbtest.Must(w.Grid.AddHolder(ctx, w.C, grid.Holder{PostID: post.ID, AccountID: who}))(w.t)
	return w.again(who), post.ID
}

// again is the caller that an account is now.
func (w *world) again(account id.ID) grid.Caller {
	c := dbtest.Must(w.Grid.CallerFor(ctx, account, gridtest.Nangang, w.Clock.Now()))(w.t)
	c.Lang = "zh"
	return c
}

const header = "系统编号,线索标题,线索类别,线索类型,核查要求,姓名,身份证,电话,详细地址,车次/航班\n"

func csvFile(lines ...string) []File {
	text := header + strings.Join(lines, "\n") + "\n"
	return []File{{Name: "推送.csv", R: strings.NewReader(text), Size: int64(len(text))}}
}

func (w *world) bring(c grid.Caller, area id.ID, lines ...string) *Report {
	w.t.Helper()
	return dbtest.Must(w.s.Import(ctx, c, Input{Area: area, Files: csvFile(lines...)}))(w.t)
}

func (w *world) lead(c grid.Caller, v id.ID) *Card {
	w.t.Helper()
	return dbtest.Must(w.s.Card(ctx, c, v))(w.t)
}

// the people of a list by their full name, which the list itself does not show.
func (w *world) people(c grid.Caller, list id.ID) map[string]Lead {
	w.t.Helper()
	_, leads, err := w.s.Get(ctx, c, list)
	dbtest.OK(w.t, err)
	out := map[string]Lead{}
	for _, l := range leads {
		full := dbtest.Must(oneLead(ctx, w.s.DB.Read(), w.C, grid.LeadRead, l.ID))(w.t)
		dbtest.OK(w.t, w.s.open(&full))
		out[full.body.Name] = l
	}
	return out
}

// cellsOf reads a workbook's first sheet as text.
func cellsOf(t testing.TB, data []byte) [][]string {
	t.Helper()
	b := dbtest.Must(sheet.Open(bytes.NewReader(data), int64(len(data)), sheet.Limits{}))(t)
	defer b.Close()
	var out [][]string
	dbtest.OK(t, b.Rows(ctx, 0, func(r sheet.Row) error {
		var line []string
		for _, c := range r.Cells {
			line = append(line, c.String())
		}
		out = append(out, line)
		return nil
	}))
	return out
}
