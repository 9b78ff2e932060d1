package lists

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/xuri/excelize/v2"

	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/relist"
)

// told is a report without what differs from one reading to the next.
func told(t *testing.T, r *relist.Report) string {
	t.Helper()
	return string(dbtest.Must(json.Marshal(r))(t))
}

// TestThePreviewJudgesTheWholeList: rows that hang on rows of another
// transaction are shown as they are written.
func TestThePreviewJudgesTheWholeList(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d, 61)
		w.chunk = 2
		grids := w.with(Grids,
			[]any{"", w.hua.Code, "", "网格", "新网格甲", "", ""}, []any{"", w.hua.Code, "", "网格", "新网格乙", "", ""},
			[]any{"", w.hua.Code, "", "微网格", "新微甲", "", "新网格甲"}, []any{"", w.hua.Code, "", "网格", "新网格乙", "", ""},
			[]any{"", w.hua.Code, "", "微网格", "新微乙", "", "没有的网格"})
		shown := w.in(Grids, grids, true)
		if shown.New != 3 || shown.Refused != 2 {
			t.Fatalf("shown: %s", told(t, shown))
		}
		if written := w.in(Grids, grids, false); told(t, written) != told(t, shown) {
			t.Errorf("shown %s\nwritten %s", told(t, shown), told(t, written))
		}
		w.titlesOfOnePost(t)
	})
}

// titlesOfOnePost gives three holders of a post two titles, in rows of two
// transactions.
func (w *world) titlesOfOnePost(t *testing.T) {
	post := w.emptyPost("合岗")
	for i := range 3 {
		w.hold(post, fmt.Sprint("周", i), fmt.Sprintf("1351111000%d", i))
	}
	f := w.out(Posts, "zh")
	w.eachRow(f, "合岗", func(n, row int) {
		dbtest.OK(t, f.SetCellStr(f.GetSheetName(0), fmt.Sprint(columnOf(t, Posts, colTitle), row), []string{"甲岗", "甲岗", "乙岗"}[n]))
	})
	shown := w.in(Posts, f, true)
	if shown.Changed != 2 || shown.Refused != 1 {
		t.Fatalf("shown: %s", told(t, shown))
	}
	if written := w.in(Posts, f, false); told(t, written) != told(t, shown) {
		t.Errorf("shown %s\nwritten %s", told(t, shown), told(t, written))
	}
}

// TestHowMuchIsShownTogether: a longer list says what to do; nothing is written.
func TestHowMuchIsShownTogether(t *testing.T) {
	w := newWorld(t, dbtest.One(t), 63)
	w.together = 50
	rows := make([][]any, w.together+1)
	for i := range rows {
		rows[i] = []any{"", w.hua.Code, "", "网格", fmt.Sprint("新网格", i), "", ""}
	}
	c, before := w.c, w.state()
	c.Lang = "zh"
	if _, err := w.Import(ctx, c, w.bytes(w.with(Grids, rows...)), Options{Kind: Grids, Dry: true}); !errs.Is(err, errs.Invalid) || errs.As(err).Field != "file" {
		t.Errorf("too many: %v", err)
	}
	if r := w.in(Grids, w.with(Grids, rows[1:]...), true); r.New != w.together {
		t.Errorf("%d new, %d refused", r.New, r.Refused)
	}
	w.sameState(before, "what was shown")
}

// eachRow calls fn for each row of the list of posts with a title; rows of the
// sheet are counted from 1.
func (w *world) eachRow(f *excelize.File, title string, fn func(n, row int)) {
	w.t.Helper()
	n := 0
	for i, r := range dbtest.Must(f.GetRows(f.GetSheetName(0)))(w.t) {
		if len(r) > 4 && r[4] == title {
			fn(n, i+1)
			n++
		}
	}
}
