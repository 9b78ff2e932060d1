package importer_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"wangge/internal/ledger"
	"wangge/internal/ledger/importer"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
)

const residents = `小区,楼栋,单元,房号,姓名,性别,与户主关系,证件号码,联系电话,固定电话,户籍在此,是否居住
幸福小区,3,1,501,王建国,男,户主,230103198001019998,13812345678,0451-82345678,是,是
幸福小区,3,1,501,李秀英,女,配偶,,13812345679 13912345679,,否,是
幸福小区,3,1,502,张小明,,户主,,,,是,否
幸福小区,5,,101,Anna Müller,女,,,+4915112345678,,否,是
`

// export writes the list of persons as a workbook and opens it.
func (w *world) export(lang string) *excelize.File {
	w.t.Helper()
	var book bytes.Buffer
	c := w.c
	c.Lang = lang
	must(w.t, w.l.ExportWorkbook(ctx, c, ledger.Filter{Place: w.com}, &book))
	f, err := excelize.OpenReader(&book)
	must(w.t, err)
	return f
}

func (w *world) back(f *excelize.File) *importer.Report {
	w.t.Helper()
	var book bytes.Buffer
	must(w.t, f.Write(&book))
	r, err := w.s.Run(ctx, w.c, w.target(), []importer.File{{Name: "people.xlsx", R: bytes.NewReader(book.Bytes()), Size: int64(book.Len())}})
	must(w.t, err)
	return r
}

// rowOf returns the number of the exported row of a person, by its mask.
func (w *world) rowOf(f *excelize.File, name string) string {
	w.t.Helper()
	rows, err := f.GetRows(f.GetSheetName(0))
	must(w.t, err)
	for i, r := range rows {
		if len(r) > 2 && r[2] == name {
			n, _ := excelize.CoordinatesToCellName(1, i+1)
			return strings.TrimPrefix(n, "A")
		}
	}
	w.t.Fatalf("no row of %s among %q", name, rows)
	return ""
}

func TestExportComesBackUnchanged(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.run(residents)
		events := w.count("SELECT COUNT(*) FROM person_event")
		places := w.count("SELECT COUNT(*) FROM place")
		for _, lang := range []string{"zh", "en"} {
			r := w.back(w.export(lang))
			w.wantCounts(r, 0, 0, 4)
			if sh := r.Sheets[0]; sh.Rejected != 0 || len(sh.Problems) != 0 {
				t.Errorf("%s: %+v", lang, sh.Problems)
			}
		}
		if n := w.count("SELECT COUNT(*) FROM person_event"); n != events {
			t.Errorf("%d events more", n-events)
		}
		if n := w.count("SELECT COUNT(*) FROM place"); n != places {
			t.Errorf("%d places more", n-places)
		}
	})
}

func TestExportComesBackCorrected(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.run(residents)
		f := w.export("zh")
		s := f.GetSheetName(0)
		must(t, f.SetCellStr(s, "G"+w.rowOf(f, "李*"), "13700000001"))
		must(t, f.SetCellStr(s, "C"+w.rowOf(f, "张*"), "张晓明"))
		must(t, f.SetSheetRow(s, "A6", &[]any{"", "幸福小区 3栋1单元502", "新来的", "", "", "", "13700000002"}))
		r := w.back(f)
		w.wantCounts(r, 1, 2, 2)
		w.want("persons", persons, 5)
		w.want("doors", doors, 3)
	})
}

func TestExportedRowsThatAreRefused(t *testing.T) { dbtest.Each(t, exportedRowsThatAreRefused) }

func exportedRowsThatAreRefused(t *testing.T, d *db.DB) {
	w := newWorld(t, d)
	w.run(residents)
	for name, c := range map[string]struct {
		column, value, code string
	}{
		"another mask":   {"G", "139****9999", "relist.masked"},
		"half a name":    {"C", "张*明", "relist.masked"},
		"another door":   {"B", "幸福小区 9栋1单元101", "roster.row_door"},
		"unknown number": {"A", "912273318038220815", "relist.unknown"},
		"two people":     {"C", "张三、李四", "roster.row_several"},
		"no number":      {"A", "", "roster.name_masked"},
	} {
		f := w.export("zh")
		must(t, f.SetCellStr(f.GetSheetName(0), c.column+w.rowOf(f, "王*"), c.value))
		r := w.back(f)
		w.wantCounts(r, 0, 0, 3)
		found := false
		for _, p := range r.Sheets[0].Problems {
			found = found || p.Code == c.code && p.Column == c.column || p.Code == c.code && c.value == ""
		}
		if !found {
			t.Errorf("%s: want %s in %s among %+v", name, c.code, c.column, r.Sheets[0].Problems)
		}
	}
	f := w.export("zh")
	s := f.GetSheetName(0)
	number, err := f.GetCellValue(s, "A"+w.rowOf(f, "王*"))
	must(t, err)
	must(t, f.SetCellStr(s, "A"+w.rowOf(f, "李*"), number))
	if r := w.back(f); r.Sheets[0].Rejected != 1 {
		t.Errorf("a number twice: %+v", r.Sheets[0].Problems)
	}
}
