package trust_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal/sealtest"
	"wangge/internal/trust"
)

var ctx = context.Background()

const (
	district  = 230103
	community = "230103001005"
	street    = "230103001"
)

type names struct{}

func (names) Names(_ context.Context, ids []id.ID) (map[id.ID]string, error) {
	out := map[id.ID]string{}
	for _, v := range ids {
		out[v] = fmt.Sprintf("账号%d", v)
	}
	return out, nil
}

func (names) FindID(_ context.Context, login string) (id.ID, error) {
	if login == "clerk" {
		return 7, nil
	}
	return id.Zero, errs.E("test", errs.NotFound, "error.not_found")
}

// world is a community with two buildings: a small one and one of many flats.
type world struct {
	t       *testing.T
	d       *db.DB
	clk     *clock.Manual
	s       *trust.Service
	l       *ledger.Service
	place   map[string]id.ID
	doors   []id.ID
	callers map[id.ID]grid.Caller
}

func newWorld(t *testing.T, d *db.DB, flats int) *world {
	clk := dbtest.Clock()
	w := &world{t: t, d: d, clk: clk, place: map[string]id.ID{}, callers: map[id.ID]grid.Caller{}}
	keys, log := sealtest.New(t), audit.New(district, clk)
	w.l = ledger.New(ledger.Deps{DB: d, Keys: keys, Audit: log, Clock: clk})
	w.s = trust.New(trust.Deps{DB: d, Keys: keys, Clock: clk, Audit: log, Accounts: names{}, Ledger: w.l, Places: grid.New(d, clk, nil, nil),
		Callers: func(_ context.Context, account id.ID) (grid.Caller, error) { return w.callers[account], nil }})
	var rows [][]any
	add := func(path, kind, name string) id.ID {
		v := id.New()
		w.place[path] = v
		parent := id.Zero
		for n := len(path) - 1; n > 0 && parent == id.Zero; n-- {
			parent = w.place[path[:n]]
		}
		rows = append(rows, []any{district, int64(v), int64(parent), int64(w.place[community]), kind, name, "", 1, path, 1})
		return v
	}
	add("230103", "county", "测试区")
	add(street, "street", "测试街道")
	add(community, "community", "测试社区")
	add("230103001006", "community", "邻社区")
	add(community+"001", "compound", "幸福")
	add(community+"001001", "building", "1")
	add(community+"001002", "building", "2")
	for i := range 2 + flats {
		b := community + "001001"
		if i >= 2 {
			b = community + "001002"
		}
		w.doors = append(w.doors, add(fmt.Sprintf("%s%03d", b, i+1), "door", fmt.Sprint(101+i)))
	}
	w.must(d.Write(ctx, "test", func(tx *db.Tx) error {
		return tx.BulkInsert(ctx, "place", []string{"district", "id", "parent_id", "area_id", "kind", "name", "code", "ordinal", "path", "from_ms"}, rows)
	}))
	sys := grid.System(district, "test")
	for i, door := range w.doors {
		p := ledger.Person{Name: fmt.Sprintf("王大%c", '一'+rune(i)), Phones: []string{fmt.Sprintf("138%08d", i)}, LivesHere: i != 1, Registered: true}
		_, err := w.l.AddHousehold(ctx, sys, ledger.HouseholdInput{DoorID: door, Kind: ledger.Family}, []ledger.Person{p})
		w.must(err)
	}
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) kind(err error, k errs.Kind, what string) {
	w.t.Helper()
	if !errs.Is(err, k) {
		w.t.Errorf("%s: got %v, want an error of kind %s", what, err, k)
	}
}

// caller makes an account with posts of a role over paths.
func (w *world) caller(account id.ID, role grid.Role, paths ...string) grid.Caller {
	c := grid.Caller{District: district, AccountID: account, Lang: "zh"}
	for i, p := range paths {
		c.Grants = append(c.Grants, grid.Grant{PostID: account*10 + id.ID(i), Role: role, ObjectKind: grid.ObjectPlace, ObjectID: w.place[p], Path: p})
	}
	w.callers[account] = c
	return c
}

func (w *world) count(table string) (n int) {
	w.t.Helper()
	w.must(w.d.Read().QueryRowContext(ctx, "SELECT COUNT(*) FROM "+table).Scan(&n))
	return n
}

func (w *world) actions() string {
	w.t.Helper()
	list, err := db.List(ctx, w.d.Read(), func(s *string) []any { return []any{s} }, "SELECT action FROM audit_entry WHERE action LIKE 'export.%' ORDER BY id")
	w.must(err)
	return strings.Join(list, " ")
}

func both(t *testing.T, flats int, body func(t *testing.T, w *world)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) { body(t, newWorld(t, d, flats)) })
}

func TestSmallListIsReadyAtOnce(t *testing.T) {
	both(t, 1, func(t *testing.T, w *world) {
		clerk := w.caller(7, grid.RoleCommunity, community)
		r, err := w.s.Ask(ctx, clerk, trust.NewExport{Place: w.place[community], Purpose: "verify_record"})
		w.must(err)
		if r.State != trust.Ready || r.People != 3 || !r.MayFetch || r.Number != "20221010-001" {
			t.Fatalf("%+v", r)
		}
		if n := w.count("look"); n != 3 {
			t.Errorf("%d looks on record, want one a person", n)
		}
		for _, secret := range []string{"王大", "13800000"} {
			rows, err := db.List(ctx, w.d.Read(), func(b *[]byte) []any { return []any{b} }, "SELECT sealed FROM export_part")
			w.must(err)
			for _, b := range rows {
				if bytes.Contains(b, []byte(secret)) {
					t.Errorf("the kept file shows %s", secret)
				}
			}
		}
		for i := range trust.MaxFetches {
			name, file, err := w.s.Fetch(ctx, clerk, r.ID)
			w.must(err)
			if i == 0 {
				w.marked(name, file)
			}
		}
		_, _, err = w.s.Fetch(ctx, clerk, r.ID)
		w.kind(err, errs.Conflict, "a fourth fetch")
		if got := w.actions(); got != "export.asked export.made export.fetched export.fetched export.fetched" {
			t.Errorf("on record: %s", got)
		}
	})
}

// marked reads a file as office programs do and looks for whom it was made.
func (w *world) marked(name string, file []byte) {
	t := w.t
	t.Helper()
	if name != "people-20221010-001.xlsx" {
		t.Errorf("the file is called %s", name)
	}
	f, err := excelize.OpenReader(bytes.NewReader(file))
	w.must(err)
	rows, err := f.GetRows(f.GetSheetName(0))
	w.must(err)
	const mark = "仅供 账号7 使用 · 2022-10-10 08:00 · 事由：核对台账 · 编号 20221010-001 · 不得转发"
	if len(rows) != 6 || rows[0][0] != mark || rows[5][0] != mark || rows[2][2] != "王大一" || rows[2][11] != "20221010-001-7" {
		t.Errorf("rows %q", rows)
	}
	if p, err := f.GetDocProps(); err != nil || p.Creator != "账号7" || p.Identifier != "20221010-001" {
		t.Errorf("properties %+v %v", p, err)
	}
	if shown, err := f.GetColVisible(f.GetSheetName(0), "L"); err != nil || shown {
		t.Errorf("the trace column is shown")
	}
	z, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	w.must(err)
	r, err := z.Open("xl/worksheets/sheet1.xml")
	w.must(err)
	text, _ := io.ReadAll(r)
	if !bytes.Contains(text, []byte("<oddHeader>")) || !bytes.Contains(text, []byte("<oddFooter>")) {
		t.Error("printed pages carry no mark")
	}
}

func TestSecondPerson(t *testing.T) {
	both(t, trust.AloneLimit, func(t *testing.T, w *world) {
		clerk := w.caller(7, grid.RoleCommunity, community, community)
		in := trust.NewExport{Place: w.place[community], Purpose: "verify_record"}
		r, err := w.s.Ask(ctx, clerk, in)
		w.must(err)
		if r.State != trust.Waiting || r.MayDecide || r.MayFetch || w.count("look") != 0 || w.count("export_part") != 0 {
			t.Fatalf("%+v", r)
		}
		_, _, err = w.s.Fetch(ctx, clerk, r.ID)
		w.kind(err, errs.Conflict, "fetch before anybody agreed")
		_, err = w.s.Approve(ctx, clerk, r.ID)
		w.kind(err, errs.Denied, "approving one's own")
		same := w.caller(8, grid.RoleCommunity, community)
		same.Grants[0].PostID = r.Post
		_, err = w.s.Approve(ctx, same, r.ID)
		w.kind(err, errs.Denied, "approving in the same post")
		for _, c := range []grid.Caller{
			w.caller(9, grid.RoleCommunity, "230103001006"), w.caller(10, grid.RoleCommunity, community+"001"), w.caller(11, grid.RoleGridWorker, community),
			w.caller(12, grid.RoleCommand, "230103"), w.caller(13, grid.RoleProperty, community), w.caller(14, grid.RoleVolunteer, community), w.caller(15, grid.RoleStreet),
		} {
			_, err = w.s.Approve(ctx, c, r.ID)
			w.kind(err, errs.NotFound, fmt.Sprintf("account %d approving", c.AccountID))
			_, err = w.s.Refuse(ctx, c, r.ID)
			w.kind(err, errs.NotFound, fmt.Sprintf("account %d refusing", c.AccountID))
		}
		auditor := w.caller(16, grid.RoleAuditor, "230103")
		_, err = w.s.Approve(ctx, auditor, r.ID)
		w.kind(err, errs.NotFound, "an auditor approving")
		boss := w.caller(20, grid.RoleStreet, street)
		if list, _, err := w.s.Exports(ctx, boss, "", 10); err != nil || len(list) != 1 || !list[0].MayDecide {
			t.Fatalf("the street's list: %+v %v", list, err)
		}
		r, err = w.s.Approve(ctx, boss, r.ID)
		w.must(err)
		if r.State != trust.Ready || r.MayFetch || r.DecidedBy != 20 {
			t.Errorf("approved: %+v", r)
		}
		_, err = w.s.Approve(ctx, boss, r.ID)
		w.kind(err, errs.Conflict, "approving twice")
		_, _, err = w.s.Fetch(ctx, boss, r.ID)
		w.kind(err, errs.Denied, "a file of somebody else's")
		var viewers int
		w.must(w.d.Read().QueryRowContext(ctx, "SELECT COUNT(DISTINCT account_id) FROM look WHERE account_id = 7").Scan(&viewers))
		if viewers != 1 || w.count("look") != trust.AloneLimit+2 {
			t.Errorf("%d looks by %d viewers", w.count("look"), viewers)
		}
		_, file, err := w.s.Fetch(ctx, clerk, r.ID)
		w.must(err)
		if len(file) == 0 {
			t.Error("the file is empty")
		}
		gone := clerk
		gone.Grants = nil
		_, _, err = w.s.Fetch(ctx, gone, r.ID)
		w.kind(err, errs.Denied, "a fetch after the post ended")
		w.clk.Advance(trust.FileLife)
		_, _, err = w.s.Fetch(ctx, clerk, r.ID)
		w.kind(err, errs.Conflict, "a fetch after a day")
		w.must(w.s.SweepExports(ctx, district))
		if n := w.count("export_part"); n != 0 {
			t.Errorf("%d parts are kept", n)
		}
		if got := w.actions(); got != "export.asked export.approved export.made export.fetched export.expired" {
			t.Errorf("on record: %s", got)
		}
		if problems, err := audit.Verify(ctx, w.d); err != nil || len(problems) > 0 {
			t.Errorf("%v %v", problems, err)
		}
	})
}

func TestExportsThatEndOtherwise(t *testing.T) {
	both(t, trust.AloneLimit, func(t *testing.T, w *world) {
		clerk, boss := w.caller(7, grid.RoleCommunity, community), w.caller(20, grid.RoleStreet, street)
		ask := func() trust.Request {
			r, err := w.s.Ask(ctx, clerk, trust.NewExport{Place: w.place[community], Purpose: "medical"})
			w.must(err)
			return r
		}
		r, err := w.s.Refuse(ctx, boss, ask().ID)
		w.must(err)
		if r.State != trust.Refused || r.DecidedBy != 20 {
			t.Errorf("refused: %+v", r)
		}
		r, err = w.s.Withdraw(ctx, clerk, ask().ID)
		w.must(err)
		if r.State != trust.Withdrawn {
			t.Errorf("withdrawn: %+v", r)
		}
		r = ask()
		_, err = w.s.Withdraw(ctx, boss, r.ID)
		w.kind(err, errs.Denied, "withdrawing another's")
		w.callers[7] = grid.Caller{District: district, AccountID: 7}
		_, err = w.s.Approve(ctx, boss, r.ID)
		w.kind(err, errs.Conflict, "approving for somebody whose post ended")
		w.clk.Advance(trust.AskLife + time.Hour)
		if r, err = w.s.Export(ctx, clerk, r.ID); err != nil || r.State != trust.Expired {
			t.Errorf("after a week: %+v %v", r, err)
		}
		_, err = w.s.Approve(ctx, boss, r.ID)
		w.kind(err, errs.Conflict, "approving after a week")
		w.must(w.s.SweepExports(ctx, district))
		var state string
		w.must(w.d.Read().QueryRowContext(ctx, "SELECT state FROM export_request WHERE id = $1", r.ID).Scan(&state))
		if state != "expired" {
			t.Errorf("the sweep left it %s", state)
		}
	})
}

// TestListsThatNeverLeave tries every filter of the list of persons, masked and
// unmasked: who lives elsewhere tells which flats are empty.
func TestListsThatNeverLeave(t *testing.T) { dbtest.Each(t, listsThatNeverLeave) }

func listsThatNeverLeave(t *testing.T, d *db.DB) {
	w := newWorld(t, d, 1)
	clerk := w.caller(7, grid.RoleCommunity, community)
	for _, lives := range []string{"", "here", "elsewhere"} {
		for _, registered := range []string{"", "yes", "no"} {
			want := lives != "elsewhere"
			f := ledger.Filter{Place: w.place[community], Lives: lives, Registered: registered}
			err := w.l.ExportWorkbook(ctx, clerk, f, io.Discard)
			if got := err == nil; got != want {
				t.Errorf("masked, lives %q registered %q: %v", lives, registered, err)
			}
			_, err = w.s.Ask(ctx, clerk, trust.NewExport{Place: f.Place, Lives: lives, Registered: registered, Purpose: "verify_record"})
			if got := !errs.Is(err, errs.Denied); got != want {
				t.Errorf("unmasked, lives %q registered %q: %v", lives, registered, err)
			}
		}
	}
	for name, in := range map[string]trust.NewExport{
		"no purpose": {Place: w.place[community]}, "an unknown purpose": {Place: w.place[community], Purpose: "curiosity"},
		"nobody": {Place: w.place["230103001006"], Purpose: "medical"}, "no place": {Purpose: "medical"},
	} {
		if _, err := w.s.Ask(ctx, clerk, in); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// TestNumbersOfOneInstant has many ask at the same instant: each export has a
// number of its own, and none is left out.
func TestNumbersOfOneInstant(t *testing.T) {
	both(t, 3, func(t *testing.T, w *world) {
		const asking = 16
		w.caller(7, grid.RoleCommunity, community)
		numbers := make(chan string, asking)
		var all sync.WaitGroup
		for range asking {
			all.Go(func() {
				r, err := w.s.Ask(ctx, w.callers[7], trust.NewExport{Place: w.place[community], Purpose: "verify_record"})
				if err != nil {
					t.Error(err)
				}
				numbers <- r.Number
			})
		}
		all.Wait()
		close(numbers)
		seen := map[string]bool{}
		for n := range numbers {
			seen[n] = true
		}
		for i := range asking {
			if n := fmt.Sprintf("20221010-%03d", i+1); !seen[n] {
				t.Errorf("no export has the number %s: %v", n, seen)
			}
		}
		err := w.d.Write(ctx, "test", func(tx *db.Tx) error {
			_, err := tx.ExecContext(ctx, "UPDATE export_request SET number = '20221010-001'")
			return err
		})
		w.kind(err, errs.Conflict, "two exports with one number")
	})
}

// TestWhoCanDecide names the others in other posts over the whole place, the
// nearest first.
func TestWhoCanDecide(t *testing.T) {
	both(t, 0, func(t *testing.T, w *world) {
		g, sys := grid.New(w.d, w.clk, nil, nil), grid.System(district, "test")
		post := func(path string, role grid.Role, title string, holders ...id.ID) id.ID {
			p, err := g.AddPost(ctx, sys, grid.NewPost{Role: role, ObjectKind: grid.ObjectPlace, ObjectID: w.place[path], Title: title})
			w.must(err)
			for _, h := range holders {
				w.must(w.d.Write(ctx, "test", func(tx *db.Tx) error {
					return g.AddHolderIn(ctx, tx, sys, grid.Holder{ID: id.New(), PostID: p.ID, AccountID: h, FromMs: clock.Ms(w.clk.Now()) - 1})
				}))
			}
			return p.ID
		}
		own := post(community, grid.RoleCommunity, "申请人的岗位", 7, 8)
		post(community, grid.RoleCommunity, "申请人兼的岗位", 7)
		post(street, grid.RoleStreet, "街道主任", 20, 7)
		post(community, grid.RoleCommunity, "社区书记", 21)
		post(street, grid.RoleStreet, "空岗")
		post(community, grid.RoleGridWorker, "网格员", 22)
		post("230103001006", grid.RoleCommunity, "邻社区书记", 23)
		post(community+"001", grid.RoleCommunity, "一个小区的", 24)
		post("230103", grid.RoleCommand, "指挥部", 25)
		c := w.caller(7, grid.RoleCommunity, community)
		list, err := w.s.Deciders(ctx, c, trust.Request{What: trust.NewExport{Place: w.place[community]}, Account: 7, Post: own})
		w.must(err)
		var got []string
		for _, d := range list {
			got = append(got, fmt.Sprint(d.Over, " ", d.Post, len(d.Names)))
		}
		if want := "[测试社区 社区书记1 测试街道 街道主任1]"; fmt.Sprint(got) != want {
			t.Errorf("%v, not %s", got, want)
		}
		if _, err := w.s.Deciders(ctx, w.caller(9, grid.RoleCommunity, "230103001006"), trust.Request{What: trust.NewExport{Place: w.place[community]}}); err == nil {
			t.Error("who may not see the place is told")
		}
	})
}
