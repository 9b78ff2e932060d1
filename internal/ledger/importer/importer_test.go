package importer_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/ledger/importer"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
	"wangge/internal/platform/seal/sealtest"
	"wangge/internal/platform/sheet"
)

const (
	district  = 230103
	community = "230103001005"
)

var ctx = context.Background()

type world struct {
	t    testing.TB
	d    *db.DB
	s    *importer.Service
	l    *ledger.Service
	com  id.ID
	c    grid.Caller
	keys importer.Deps
}

func newWorld(t testing.TB, d *db.DB) *world {
	t.Helper()
	return newWorldWith(t, d, sealtest.New(t))
}

func newWorldWith(t testing.TB, d *db.DB, keys *seal.Keyring) *world {
	t.Helper()
	clk := dbtest.Clock()
	w := &world{t: t, d: d, com: id.New()}
	log := audit.New(district, clk)
	w.l = ledger.New(ledger.Deps{DB: d, Keys: keys, Audit: log, Clock: clk})
	w.keys = importer.Deps{DB: d, Keys: keys, Audit: log, Clock: clk, Ledger: w.l, Places: grid.New(d, clk, nil, nil), Drill: true}
	w.s = importer.New(w.keys)
	w.c = grid.Caller{District: district, AccountID: 77, Lang: "zh", Grants: []grid.Grant{{PostID: 5, Role: grid.RoleCommunity, ObjectKind: grid.ObjectPlace, Path: community}}}
	if err := d.Read().QueryRowContext(ctx, "SELECT id FROM place WHERE path = $1", community).Scan((*int64)(&w.com)); err == nil {
		return w // a database that was used before
	}
	must(t, d.Write(ctx, "test", func(tx *db.Tx) error {
		return tx.BulkInsert(ctx, "place", []string{"district", "id", "parent_id", "area_id", "kind", "name", "code", "ordinal", "path", "from_ms"},
			[][]any{{district, int64(w.com), 0, int64(w.com), "community", "测试社区", community, 1, community, 1}})
	}))
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) count(query string, args ...any) (n int) {
	w.t.Helper()
	must(w.t, w.d.Read().QueryRowContext(ctx, query, args...).Scan(&n))
	return n
}

// silence makes it long ago that whoever writes was heard of.
func (w *world) silence() {
	w.t.Helper()
	must(w.t, w.d.Write(ctx, "test", func(tx *db.Tx) error {
		_, err := tx.ExecContext(ctx, "UPDATE job SET beat_ms = 1")
		return err
	}))
}

func text(name, content string) importer.File {
	return importer.File{Name: name, R: strings.NewReader(content), Size: int64(len(content))}
}

func (w *world) target() importer.Target {
	return importer.Target{Place: w.com, Compound: "幸福小区"}
}

func (w *world) run(content string) *importer.Report {
	w.t.Helper()
	r, err := w.s.Run(ctx, w.c, w.target(), []importer.File{text("roster.csv", content)})
	must(w.t, err)
	return r
}

func (w *world) want(what string, query string, n int) {
	w.t.Helper()
	if got := w.count(query); got != n {
		w.t.Errorf("%s: %d, want %d", what, got, n)
	}
}

func (w *world) wantCounts(r *importer.Report, created, updated, unchanged int) {
	w.t.Helper()
	if *r.Created != created || *r.Updated != updated || *r.Unchanged != unchanged {
		w.t.Errorf("created %d updated %d unchanged %d, want %d %d %d", *r.Created, *r.Updated, *r.Unchanged, created, updated, unchanged)
	}
}

const (
	persons    = "SELECT COUNT(*) FROM person WHERE until_ms = 0"
	households = "SELECT COUNT(*) FROM household WHERE until_ms = 0"
	doors      = "SELECT COUNT(*) FROM place WHERE kind = 'door' AND until_ms = 0"
)

const first = `楼栋,单元,房号,姓名,与户主关系,联系电话,备注
3,1,501,王建国,户主,13812345678,
3,1,501,李秀英,配偶,13812345679,
3,1,502,张小明,户主,13812345680,养狗
3,2,501,赵四,户主,,
`

func both(t *testing.T, body func(t *testing.T, w *world)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) { body(t, newWorld(t, d)) })
}

func TestImportAgainChangesNothing(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		w.wantCounts(w.run(first), 4, 0, 0)
		w.want("persons", persons, 4)
		w.want("households", households, 3)
		w.want("doors", doors, 3)
		w.want("households of two", households+" AND living_count = 2 AND registered_count = 2", 1)
		w.want("file parts left", "SELECT COUNT(*) FROM import_file", 0)
		w.wantCounts(w.run(first), 0, 0, 4)
		w.want("persons after the second import", persons, 4)
		w.want("doors after the second import", doors, 3)
		w.want("events", "SELECT COUNT(*) FROM person_event", 0)
	})
}

func TestCorrectedFileUpdates(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		w.run(first)
		fixed := strings.ReplaceAll(first, "13812345679", "13812340000")
		fixed = strings.ReplaceAll(fixed, "3,1,502,张小明", "3,1,503,张小明") + "3,2,502,孙七,户主,13812345999,\n"
		w.wantCounts(w.run(fixed), 1, 2, 2)
		w.want("persons", persons, 5)
		w.want("the household left behind is closed", households, 4)
		w.want("residences", "SELECT COUNT(*) FROM residence", 1)
		found, err := w.l.Search(ctx, w.c, ledger.Search{Text: "13812340000"})
		must(t, err)
		if len(found.Persons) != 1 {
			t.Fatal("the corrected phone finds nobody")
		}
		c := w.c
		c.Purpose = "verify_record"
		f, err := w.l.File(ctx, c, found.Persons[0].ID)
		must(t, err)
		if len(f.Events) != 2 || f.Events[0].Kind != ledger.EventImported || f.Events[0].Changes["phone"].Old != "13812345679" || f.Events[1].Source != ledger.SourceImport {
			t.Errorf("the file: %+v", f.Events)
		}
	})
}

func TestUndo(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		w.run(first)
		imp, err := w.s.Stage(ctx, w.c, w.target(), []importer.File{text("b.csv", strings.ReplaceAll(first, "13812345679", "13812340000")+"9,1,101,孙七,户主,13812345999,\n")})
		must(t, err)
		if imp.Counts.Created != 1 || imp.Counts.Updated != 1 || imp.Counts.NewDoors != 1 {
			t.Errorf("the plan says %+v", imp.Counts)
		}
		_, err = w.s.Apply(ctx, w.c, imp.ID)
		must(t, err)
		must(t, w.s.Undo(ctx, w.c, imp.ID))
		w.want("persons", persons, 4)
		w.want("doors", doors, 3)
		w.want("buildings", "SELECT COUNT(*) FROM place WHERE kind = 'building' AND until_ms = 0", 1)
		found, err := w.l.Search(ctx, w.c, ledger.Search{Text: "13812345679"})
		must(t, err)
		if len(found.Persons) != 1 {
			t.Error("the phone before the import is not back")
		}
		if err := w.s.Undo(ctx, w.c, imp.ID); !errs.Is(err, errs.Conflict) {
			t.Errorf("undone twice: %v", err)
		}
	})
}

func TestUndoSparesWhatWasChangedSince(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		imp, err := w.s.Stage(ctx, w.c, w.target(), []importer.File{text("a.csv", first)})
		must(t, err)
		_, err = w.s.Apply(ctx, w.c, imp.ID)
		must(t, err)
		found, err := w.l.Search(ctx, w.c, ledger.Search{Text: "赵四"})
		must(t, err)
		p := found.Persons[0]
		must(t, w.l.EditPerson(ctx, w.c, ledger.Person{ID: p.ID, Version: p.Version, Name: "赵四", Phones: []string{"13800000001"}, LivesHere: true, Registered: true}))
		must(t, w.s.Undo(ctx, w.c, imp.ID))
		w.want("persons", persons, 1)
		w.want("households", households, 1)
		w.want("doors", doors, 1)
	})
}

// big is a roster of n rows.
func big(n int) string {
	var b strings.Builder
	b.WriteString("楼栋,单元,房号,姓名,与户主关系,联系电话\n")
	for i := range n {
		fmt.Fprintf(&b, "%d,%d,%d,王%c%c,户主,139%08d\n", i/200+1, i/50%4+1, i%50/2*100+101+i%2, rune(0x4e00+i%2000), rune(0x4e00+i/2000), i)
	}
	return b.String()
}

func TestFailureInTheMiddleLeavesNothing(t *testing.T) {
	defer importer.InPieces(1000)()
	both(t, func(t *testing.T, w *world) {
		w.run(first)
		imp, err := w.s.Stage(ctx, w.c, w.target(), []importer.File{text("big.csv", big(1500))})
		must(t, err)
		cut, cancel := context.WithCancel(ctx)
		pieces := 0
		w.l.OnHousehold(func(context.Context, *db.Tx, []ledger.Change) error {
			if pieces++; pieces == 2 {
				cancel()
			}
			return nil
		})
		if _, err := w.s.Apply(cut, w.c, imp.ID); err == nil {
			t.Fatal("a cancelled import succeeded")
		}
		w.want("persons", persons, 4)
		w.want("households", households, 3)
		w.want("doors", doors, 3)
		v, err := w.s.Get(ctx, w.c, imp.ID)
		must(t, err)
		if v.State != importer.Failed || v.Message == "" {
			t.Errorf("state %s, message %q", v.State, v.Message)
		}
		if _, err := w.s.Apply(ctx, w.c, imp.ID); err != nil {
			t.Fatal(err)
		}
		w.want("persons after trying again", persons, 1504)
	})
}

func TestRecoverAfterACrash(t *testing.T) {
	defer importer.InPieces(1000)()
	both(t, func(t *testing.T, w *world) {
		imp, err := w.s.Stage(ctx, w.c, w.target(), []importer.File{text("big.csv", big(1500))})
		must(t, err)
		pieces := 0
		w.l.OnHousehold(func(context.Context, *db.Tx, []ledger.Change) error {
			if pieces++; pieces == 2 {
				panic("the machine stops")
			}
			return nil
		})
		func() { // a panic stands for the crash: nothing of ours runs after it
			defer func() { recover() }()
			w.s.Apply(ctx, w.c, imp.ID)
		}()
		if w.count(persons) == 0 {
			t.Fatal("the crash came before the first piece")
		}
		w.silence()
		again := importer.New(w.keys)
		must(t, again.Recover(ctx, district))
		w.want("persons", persons, 0)
		w.want("households", households, 0)
		w.want("doors", doors, 0)
		w.want("journal", "SELECT COUNT(*) FROM import_row", 0)
		v, err := again.Get(ctx, w.c, imp.ID)
		must(t, err)
		if v.State != importer.Failed {
			t.Errorf("state %s", v.State)
		}
		_, err = again.Apply(ctx, w.c, imp.ID)
		must(t, err)
		w.want("persons after trying again", persons, 1500)
	})
}

func BenchmarkImport(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		d := dbtest.Open(b, db.FileURL(b.TempDir()+"/b.db"))
		must(b, d.Migrate(ctx))
		w := newWorld(b, d)
		book := workbook(b, 100_000)
		b.StartTimer()
		sw := clock.Start()
		r, err := w.s.Run(ctx, w.c, w.target(), []importer.File{{Name: "big.xlsx", R: bytes.NewReader(book), Size: int64(len(book))}})
		must(b, err)
		b.ReportMetric(float64(*r.Created)/sw.Elapsed().Seconds(), "rows/s")
		b.Logf("created %d in %v, rejected %d", *r.Created, sw.Elapsed(), r.Sheets[0].Rejected)
	}
}

// workbook is a roster of n rows and twelve columns.
func workbook(t testing.TB, n int) []byte {
	var buf bytes.Buffer
	var w io.Writer = &buf
	b := sheet.NewWorkbook(w)
	sh, err := b.Sheet("roster", sheet.SheetOptions{})
	must(t, err)
	must(t, sh.Header("楼栋", "单元", "房号", "姓名", "与户主关系", "性别", "出生日期", "联系电话", "户籍地址", "是否常住", "人员类别", "备注"))
	for i := range n {
		must(t, sh.Row(fmt.Sprint(i/600+1), fmt.Sprint(i/150%4+1), fmt.Sprint(i%150/6*100+101+i/3%2), fmt.Sprintf("王%c%c", rune(0x4e00+i%2000), rune(0x4e00+i/2000)),
			[]string{"户主", "配偶", "子"}[i%3], []string{"男", "女"}[i%2], "1980-01-02", fmt.Sprintf("139%08d", i), "黑龙江省哈尔滨市南岗区和平路1号", "是", "", ""))
	}
	must(t, b.Close())
	return buf.Bytes()
}
