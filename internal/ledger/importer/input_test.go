package importer_test

import (
	"bytes"
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/ledger/importer"
	"wangge/internal/ledger/roster"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/sheet"
)

// elsewhereGrants are those of the clerk of another community.
func elsewhereGrants() []grid.Grant {
	return []grid.Grant{{PostID: 6, Role: grid.RoleCommunity, ObjectKind: grid.ObjectPlace, Path: "230103001009"}}
}

func TestOnlyOnesOwnArea(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		other := w.c
		other.Grants = elsewhereGrants()
		if _, err := w.s.Stage(ctx, other, w.target(), []importer.File{text("a.csv", first)}); !errs.Is(err, errs.Denied) {
			t.Errorf("another community: %v", err)
		}
		imp, err := w.s.Stage(ctx, w.c, w.target(), []importer.File{text("a.csv", first)})
		must(t, err)
		if _, err := w.s.Get(ctx, other, imp.ID); !errs.Is(err, errs.NotFound) {
			t.Errorf("reading another's import: %v", err)
		}
		if _, err := w.s.Apply(ctx, other, imp.ID); !errs.Is(err, errs.NotFound) {
			t.Errorf("applying another's import: %v", err)
		}
	})
}

func TestBadFiles(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		for name, content := range map[string][]byte{
			"picture.xlsx": []byte("\x89PNG\r\n\x1a\n0000000000"), "empty.csv": {}, "zeros.xlsx": make([]byte, 1<<20), "page.html": []byte("<html><body>hello</body></html>"),
		} {
			_, err := w.s.Stage(ctx, w.c, w.target(), []importer.File{{Name: name, R: bytes.NewReader(content), Size: int64(len(content))}})
			if k := errs.KindOf(err); err == nil || k == errs.Internal {
				t.Errorf("%s: %v", name, err)
			}
		}
		w.want("imports", "SELECT COUNT(*) FROM ledger_import", 0)
	})
}

func TestFormulaCellsAreText(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		r := w.run("楼栋,单元,房号,姓名,联系电话,备注\n3,1,501,王建国,13812345678,\"=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\"\n3,1,502,李四,123,=1+1\n")
		if *r.Created == 0 {
			t.Errorf("nothing was imported: %+v", r.Sheets[0].Problems)
		}
	})
}

func TestRejectedRowsComeBack(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		damaged := "楼栋,单元,房号,姓名,身份证号\n3,1,501,王建国,230103199003070000\n3,1,502,李四,\n"
		imp, err := w.s.Stage(ctx, w.c, w.target(), []importer.File{text("b.csv", damaged)})
		must(t, err)
		if imp.Counts.Rejected != 1 {
			t.Fatalf("rejected %d: %+v", imp.Counts.Rejected, imp.Sheets)
		}
		before, err := w.s.Rejected(ctx, w.c, imp.ID)
		must(t, err)
		_, err = w.s.Apply(ctx, w.c, imp.ID)
		must(t, err)
		after, err := w.s.Rejected(ctx, w.c, imp.ID)
		must(t, err)
		for _, book := range [][]byte{before, after} {
			b, err := sheet.OpenBytes(book, sheet.Limits{})
			must(t, err)
			rows := 0
			must(t, b.Rows(ctx, 0, func(r sheet.Row) error { rows++; return nil }))
			if rows != 2 {
				t.Errorf("the workbook holds %d rows", rows)
			}
			b.Close()
		}
	})
}

func TestCorrectionIsRemembered(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		odd := "甲,乙,丙,丁\n3,1,501,王建国\n3,1,502,李小红\n3,2,601,张大山\n"
		imp, err := w.s.Stage(ctx, w.c, w.target(), []importer.File{text("odd.csv", odd)})
		must(t, err)
		one := 1
		key := imp.Sheets[0].MapKey
		imp, err = w.s.Correct(ctx, w.c, imp.ID, importer.Correction{Mappings: map[string]roster.Mapping{key: {HeaderRow: &one, Columns: map[string]string{"building": "A", "unit": "B", "room": "C", "name": "D"}}}, Compound: "幸福"})
		must(t, err)
		if imp.Counts.Created != 3 {
			t.Errorf("corrected: %+v, %+v", imp.Counts, imp.Sheets[0])
		}
		again, err := w.s.Stage(ctx, w.c, w.target(), []importer.File{text("odd2.csv", odd)})
		must(t, err)
		if again.Sheets[0].Columns["name"] != "D" || again.Counts.Created != 3 {
			t.Errorf("not remembered: %+v", again.Sheets[0].Columns)
		}
	})
}

func TestBackground(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		imp, err := w.s.Stage(ctx, w.c, w.target(), []importer.File{text("a.csv", big(2500))})
		must(t, err)
		must(t, w.s.Start(ctx, w.c, imp.ID))
		for range 1000 {
			v, err := w.s.Get(ctx, w.c, imp.ID)
			must(t, err)
			if v.State == importer.Applied {
				if v.Counts.Created != 2500 || v.Done == 0 || v.Done != v.Total {
					t.Errorf("%+v done %d of %d", v.Counts, v.Done, v.Total)
				}
				w.s.Close()
				return
			}
			<-clock.Real().After(5 * time.Millisecond)
		}
		t.Error("the import never ended")
	})
}

func TestVillageDoorsCarryNoName(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		village := "组别,户主姓名,姓名,与户主关系,联系电话\n3组,刘老根,刘老根,户主,13812345678\n3组,刘老根,丁香,配偶,\n3组,谢大脚,谢大脚,户主,13812345670\n"
		r, err := w.s.Run(ctx, w.c, importer.Target{Place: w.com}, []importer.File{text("v.csv", village)})
		must(t, err)
		w.wantCounts(r, 3, 0, 0)
		w.want("doors", doors, 2)
		w.want("doors named by people", "SELECT COUNT(*) FROM place WHERE name LIKE '%刘%' OR name LIKE '%谢%'", 0)
		r, err = w.s.Run(ctx, w.c, importer.Target{Place: w.com}, []importer.File{text("v.csv", village)})
		must(t, err)
		w.wantCounts(r, 0, 0, 3)
		w.want("doors", doors, 2)
	})
}

func TestTitlesSayWhereARosterBelongs(t *testing.T) {
	both(t, func(t *testing.T, w *world) {
		titled := "工大社区某小区1号楼住户登记表,,\n单元,房号,姓名\n1,101,王建国\n1,102,李小红\n"
		imp, err := w.s.Stage(ctx, w.c, importer.Target{Place: w.com}, []importer.File{text("a.csv", titled)})
		must(t, err)
		q := imp.Questions
		if imp.NeedsName || q.OtherCommunity != "工大社区" || len(q.NewCompounds) != 1 || q.NewCompounds[0] != "某小区" || len(imp.Sheets[0].Said) != 2 {
			t.Fatalf("understood %+v, asked %+v", imp.Sheets[0].Said, q)
		}
		imp, err = w.s.Correct(ctx, w.c, imp.ID, importer.Correction{Places: map[string]roster.Place{imp.Sheets[0].PlaceKey: {Compound: "云栖", Building: "2"}}})
		must(t, err)
		if s := imp.Sheets[0].Said; len(s) != 2 || s[0] != (roster.Said{Key: "compound", Value: "云栖", From: "person"}) {
			t.Errorf("after the correction: %+v", s)
		}
		_, err = w.s.Apply(ctx, w.c, imp.ID)
		must(t, err)
		w.want("the compound", "SELECT COUNT(*) FROM place WHERE kind = 'compound' AND name = '云栖'", 1)
		w.want("the building", "SELECT COUNT(*) FROM place WHERE kind = 'building' AND name = '2'", 1)
		imp, err = w.s.Stage(ctx, w.c, importer.Target{Place: id.ID(w.count("SELECT id FROM place WHERE kind = 'compound'"))}, []importer.File{text("a.csv", titled)})
		must(t, err)
		if imp.Questions.OtherCompound != 2 {
			t.Errorf("a roster of another compound is taken without a question: %+v", imp.Questions)
		}
	})
}
