package staff

import (
	"bytes"
	"fmt"
	"testing"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/id"
	"wangge/internal/platform/sheet"
)

// leaders is how many grid leaders a district of 640,000 households has.
const leaders = 6747

// district adds units enough for every leader over all communities of the
// district and returns a workbook that puts one into each.
func (h *house) district(t testing.TB) []byte {
	t.Helper()
	areas := dbtest.Must(h.grid.Areas(ctx, h.c, grid.Community))(t)
	var b bytes.Buffer
	w := dbtest.Must(sheet.NewXLSX(&b, "全区网格力量"))(t)
	dbtest.OK(t, w.Row("姓名", "手机", "岗位", "街道", "社区", "小区", "楼栋", "单元"))
	var list []grid.NewPlace
	for n := 0; n < leaders; {
		for _, a := range areas {
			if n == leaders {
				break
			}
			comp := grid.NewPlace{ID: id.New(), ParentID: a.ID, Kind: grid.Compound, Name: fmt.Sprintf("第%d小区", n)}
			bld := grid.NewPlace{ID: id.New(), ParentID: comp.ID, Kind: grid.Building, Name: "1"}
			list = append(list, comp, bld)
			for u := 1; u <= 8 && n < leaders; u++ {
				list = append(list, grid.NewPlace{ID: id.New(), ParentID: bld.ID, Kind: grid.Unit, Name: fmt.Sprint(u)})
				dbtest.OK(t, w.Row(fmt.Sprintf("人%d", n), fmt.Sprintf("1380%07d", n), "单元长", "", a.Code, comp.Name, "1号楼", fmt.Sprintf("%d单元", u)))
				n++
			}
		}
	}
	dbtest.OK(t, w.Close())
	for part := range parts(list, 4000) {
		dbtest.Must(h.grid.AddPlaces(ctx, h.c, part))(t)
	}
	return b.Bytes()
}

// parts cuts a list where a compound begins, so that parents come along.
func parts(list []grid.NewPlace, size int) func(func([]grid.NewPlace) bool) {
	return func(yield func([]grid.NewPlace) bool) {
		for len(list) > 0 {
			n := min(size, len(list))
			for n < len(list) && list[n].Kind != grid.Compound {
				n++
			}
			if !yield(list[:n]) {
				return
			}
			list = list[n:]
		}
	}
}

// TestEveryLeaderOfADistrict brings 6,747 leaders into post from one workbook;
// the times are printed, not judged.
func TestEveryLeaderOfADistrict(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := fresh(t, d)
		data := h.district(t)
		start := clock.Real().Now()
		r := dbtest.Must(h.Plan(ctx, h.c, data, Options{Lang: "zh"}))(t)
		planned := clock.Real().Now()
		if r.New != leaders || r.Accounts != leaders || r.Posts != leaders {
			t.Fatalf("%d new, %d refused: %+v", r.New, r.Refused, r.Problems[:min(len(r.Problems), 3)])
		}
		r = dbtest.Must(h.Apply(ctx, h.c, data, Options{Lang: "zh"}))(t)
		applied := clock.Real().Now()
		if r.New != leaders {
			t.Fatalf("%+v", r.Problems)
		}
		again := dbtest.Must(h.Apply(ctx, h.c, data, Options{Lang: "zh"}))(t)
		if again.Unchanged != leaders {
			t.Fatalf("%d unchanged", again.Unchanged)
		}
		if n := dbtest.Must(h.accounts.Count(ctx))(t); n != leaders {
			t.Errorf("%d accounts", n)
		}
		t.Logf("%d leaders, %d KB: compared in %v, written in %v, compared again in %v", leaders, len(data)>>10, planned.Sub(start), applied.Sub(planned), clock.Real().Now().Sub(applied))
		h.pagesOfAllPosts(t)
	})
}
