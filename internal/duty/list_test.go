package duty

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/xuri/excelize/v2"

	"wangge/internal/grid"
	"wangge/internal/grid/gridtest"
	"wangge/internal/grid/lists"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/relist"
)

var ctx = context.Background()

// book is the list of duty numbers of Nangang, taken out.
type book struct {
	t    *testing.T
	h    *gridtest.House
	s    *Service
	l    *lists.Service
	file *excelize.File
}

func newBook(t *testing.T, d *db.DB) *book {
	h := gridtest.New(t, d)
	s := New(Deps{DB: d, Clock: h.Clock, Grid: h.Grid, Audit: h.Log})
	b := &book{t: t, h: h, s: s, l: lists.New(lists.Deps{DB: d, Keys: h.Keys, Clock: h.Clock, Audit: h.Log, Grid: h.Grid, Accounts: h.Accounts, Tables: []lists.Table{s.List()}})}
	dbtest.Must(s.Set(ctx, h.C, h.Hua.ID, "0451-87654321", "24小时"))(t)
	return b
}

func (b *book) out(lang string) {
	b.t.Helper()
	c := b.h.C
	c.Lang = lang
	var buf bytes.Buffer
	dbtest.OK(b.t, b.l.Export(ctx, c, ListKind, id.Zero, grid.When{}, &buf))
	b.file = dbtest.Must(excelize.OpenReader(&buf))(b.t)
}

func (b *book) in(dry bool) *relist.Report {
	b.t.Helper()
	var buf bytes.Buffer
	dbtest.OK(b.t, b.file.Write(&buf))
	c := b.h.C
	c.Lang = "zh"
	return dbtest.Must(b.l.Import(ctx, c, buf.Bytes(), lists.Options{Kind: ListKind, File: "x.xlsx", Dry: dry}))(b.t)
}

func (b *book) rows() [][]string {
	return dbtest.Must(b.file.GetRows(b.file.GetSheetName(0)))(b.t)
}

func (b *book) set(row int, column, value string) {
	dbtest.OK(b.t, b.file.SetCellStr(b.file.GetSheetName(0), fmt.Sprint(column, row), value))
}

// numbers are those there are, by area.
func (b *book) numbers() string {
	areas := dbtest.Must(b.h.Grid.Areas(ctx, b.h.C))(b.t)
	ids := make([]id.ID, len(areas))
	for i, a := range areas {
		ids[i] = a.ID
	}
	own := dbtest.Must(numbersOf(ctx, b.s.DB.Read(), gridtest.Nangang, ids))(b.t)
	var out []string
	for k, n := range own {
		out = append(out, fmt.Sprint(k, n.Phone, n.Hours))
	}
	slices.Sort(out)
	return fmt.Sprint(out)
}

// TestNumbersComeBack: unchanged to nothing in both languages, otherwise to
// exactly the cells that were changed.
func TestNumbersComeBack(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBook(t, d)
		before := b.numbers()
		for _, lang := range []string{"zh", "en"} {
			b.out(lang)
			if r := b.in(false); r.Rows < 100 || r.Unchanged != r.Rows {
				t.Errorf("%s: %+v", lang, r)
			}
		}
		if b.numbers() != before {
			t.Error("unchanged numbers were changed")
		}
		rng := rand.New(rand.NewPCG(3, 7))
		want := map[string]bool{}
		b.out("zh")
		for n, row := range rng.Perm(len(b.rows()) - 1)[:20] {
			b.set(row+2, "D", fmt.Sprintf("0451-8800 %04d", n))
			want[b.rows()[row+1][0]+"/phone"] = true
			if rng.IntN(2) == 0 {
				b.set(row+2, "E", "白天")
				want[b.rows()[row+1][0]+"/hours"] = true
			}
		}
		r, got := b.in(true), map[string]bool{}
		for _, l := range r.Lines {
			for _, c := range l.Changes {
				got[l.ID+"/"+c.Column] = true
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(want) || r.Refused != 0 || b.numbers() != before {
			t.Fatalf("changed %v, the difference says %v: %+v", want, got, r)
		}
		b.in(false)
		if r := b.in(true); r.Unchanged != r.Rows {
			t.Errorf("afterwards: %+v", r)
		}
	})
}

func TestNumbersThatAreRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		b := newBook(t, d)
		before := b.numbers()
		for name, c := range map[string]struct{ column, value string }{
			"no number": {"D", "值班室"}, "hours and no number": {"E", "白天"}, "another code": {"B", "1"},
		} {
			b.out("zh")
			row := 2 + slices.IndexFunc(b.rows()[1:], func(r []string) bool { return len(r) < 4 || r[3] == "" })
			b.set(row, c.column, c.value)
			if r := b.in(false); r.Refused != 1 || r.Changed != 0 || len(r.Lines[0].Problems) != 1 {
				t.Errorf("%s: %+v", name, r)
			}
		}
		if b.numbers() != before {
			t.Error("refused rows were written")
		}
		b.out("zh")
		row := 2 + slices.IndexFunc(b.rows()[1:], func(r []string) bool { return len(r) > 3 && r[3] != "" })
		b.set(row, "D", "")
		if r := b.in(false); r.Changed != 1 || b.numbers() != "[]" {
			t.Errorf("taken away: %+v, %s", r, b.numbers())
		}
		if err := b.l.Export(ctx, grid.Caller{District: gridtest.Nangang}, ListKind, b.h.Hua.ID, grid.When{}, &bytes.Buffer{}); !errs.Is(err, errs.Denied) && !errs.Is(err, errs.NotFound) {
			t.Errorf("without the right: %v", err)
		}
	})
}
