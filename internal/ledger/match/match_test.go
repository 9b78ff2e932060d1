package match

import (
	"fmt"
	"testing"

	"wangge/internal/grid"
	"wangge/internal/ledger/address"
	"wangge/internal/platform/id"
)

// town is a small district: two communities with a compound of one name in
// each, a bungalow area and a village with two groups.
type town struct {
	b     *Builder
	paths map[id.ID]string
	last  id.ID
}

func (w *town) add(parent id.ID, kind grid.Kind, name string) id.ID {
	w.last++
	w.paths[w.last] = fmt.Sprintf("%s/%03d", w.paths[parent], w.last)
	w.b.Add(grid.Place{ID: w.last, ParentID: parent, Kind: kind, Name: name, Path: w.paths[w.last]})
	return w.last
}

func (w *town) building(compound id.ID, name string, units int) {
	b := w.add(compound, grid.Building, name)
	for u := range units {
		unit := w.add(b, grid.Unit, fmt.Sprintf("%d单元", u+1))
		for _, room := range []string{"101", "102", "201", "202"} {
			w.add(unit, grid.Door, room)
		}
	}
}

func newTown() *Index {
	w := &town{b: NewBuilder(), paths: map[id.ID]string{}}
	root := w.add(w.add(w.add(0, grid.Province, "黑龙江省"), grid.City, "哈尔滨市"), grid.County, "南岗区")
	street := w.add(root, grid.Street, "奋斗路街道")
	for _, name := range []string{"民生社区居委会", "光明社区居委会"} {
		c := w.add(street, grid.Community, name)
		k := w.add(c, grid.Compound, "幸福小区")
		w.building(k, "1号楼", 2)
		w.building(k, "2号楼", 1)
		if name == "光明社区居委会" {
			k := w.add(c, grid.Compound, "云栖水岸")
			w.building(k, "3栋", 2)
			k = w.add(c, grid.Compound, "云栖水岸二期")
			w.building(k, "3栋", 1)
			k = w.add(c, grid.Compound, "河沿平房区")
			for i := range 20 {
				w.add(k, grid.Door, fmt.Sprintf("%d号", i+1))
			}
		}
	}
	v := w.add(w.add(root, grid.Street, "王岗镇"), grid.Community, "上疃村村委会")
	for _, name := range []string{"孙家屯", "腰屯"} {
		g := w.add(v, grid.Group, name)
		for i := range 12 {
			if i != 6 || name == "腰屯" {
				w.add(g, grid.Door, fmt.Sprint(i+1))
			}
		}
	}
	return w.b.Index()
}

func TestMatch(t *testing.T) {
	ix := newTown()
	for _, c := range []struct {
		text   string
		door   string // of a certain match
		reason Reason
		n      int // candidates
	}{
		{"南岗区民生社区幸福小区1号楼2单元201", "幸福小区 1号楼 2单元 201", Exact, 1},
		{"光明社区幸福1-2-201", "幸福小区 1号楼 2单元 201", Exact, 1},
		{"光明社区幸福小区2号楼202室", "幸福小区 2号楼 1单元 202", NoUnit, 1},
		{"光明社区幸福小区1号楼202室", "", Several, 2},
		{"幸福小区1号楼2单元201", "", Several, 2},
		{"云栖水岸3栋2单元101", "云栖水岸 3栋 2单元 101", Exact, 1},
		{"云栖水岸2期3栋1单元101", "云栖水岸二期 3栋 1单元 101", Exact, 1},
		{"云栖3栋2单元101", "", LikeName, 1},
		{"云栖水案3栋2单元101", "", LikeName, 1},
		{"民生社区云栖水岸3栋2单元101", "", OtherArea, 1},
		{"云栖水岸3栋2单元5楼101", "", Floor, 1},
		{"云栖水岸3栋2单元109", "", NoRoom, 0},
		{"云栖水岸3栋2单元", "", NoRoom, 0},
		{"河沿平房区12号", "河沿平房区 12号", Exact, 1},
		{"上疃村孙家屯12号", "上疃村村委会 孙家屯 12", Exact, 1},
		{"上疃村7号", "", NoPart, 1},
		{"道里区幸福小区1号楼2单元201", "", Elsewhere, 0},
		{"没有这个地方", "", NoPlace, 0},
		{"", "", NoPlace, 0},
	} {
		r := ix.Match(address.Parse(c.text), nil)
		got := ""
		if r.Certain() {
			got = r.Candidates[0].Text
		}
		if got != c.door || r.Reason != c.reason || len(r.Candidates) != c.n {
			t.Errorf("%s: %q %s %v, not %q %s %d", c.text, got, r.Reason, r.Candidates, c.door, c.reason, c.n)
		}
	}
}

// TestAliases: a remembered name is as good as the compound's own.
// Doors that read alike in two communities are told apart by their areas.
func TestAlikeDoorsAreToldApart(t *testing.T) {
	ix := newTown()
	seen := map[string]bool{}
	r := ix.Match(address.Parse("幸福小区1号楼1单元101"), nil)
	for _, c := range r.Candidates {
		seen[c.Text] = true
	}
	if len(r.Candidates) < 2 || len(seen) != len(r.Candidates) || !seen["奋斗路街道 光明社区居委会 幸福小区 1号楼 1单元 101"] {
		t.Errorf("%+v", r.Candidates)
	}
	if r := ix.Match(address.Parse("光明社区幸福小区1号楼202室"), nil); r.Candidates[0].Text != "幸福小区 1号楼 1单元 202" {
		t.Errorf("the area stands where nothing needs it: %+v", r.Candidates)
	}
}

func TestAliases(t *testing.T) {
	ix := newTown()
	a := address.Parse("南岗区学府路88弄3栋2单元101")
	key, name, ok := ix.Name(a)
	if !ok || name != "学府路88弄" {
		t.Fatal(key, name, ok)
	}
	water := ix.nodes[ix.names["云栖水岸"][0]].id
	r := ix.Match(a, Aliases{key: {water}})
	if !r.Certain() || r.Candidates[0].Text != "云栖水岸 3栋 2单元 101" || r.Reason != Alias {
		t.Error(r)
	}
	for _, text := range []string{"幸福小区3栋", "3栋2单元101", "张伟3栋101"} {
		if key, _, ok := ix.Name(address.Parse(text)); ok {
			t.Error(text, "would be remembered as", key)
		}
	}
}

// TestDeepestPlace: without a certain door the place beyond doubt is told.
func TestDeepestPlace(t *testing.T) {
	ix := newTown()
	for text, want := range map[string]string{
		"民生社区幸福小区1号楼":  "1号楼",
		"幸福小区1号楼":      "奋斗路街道",
		"民生社区":         "民生社区居委会",
		"奋斗路街道":        "奋斗路街道",
		"云栖水岸3栋2单元109": "2单元",
	} {
		r := ix.Match(address.Parse(text), nil)
		if got := ix.nodes[ix.byID[r.PlaceID]].name; got != want {
			t.Errorf("%s: %s, not %s", text, got, want)
		}
	}
}

// TestMissingDoor: the label of a door that alone is missing is told with the
// place that lacks it, and where anything else is in doubt, nothing.
func TestMissingDoor(t *testing.T) {
	ix := newTown()
	for text, want := range map[string]string{
		"云栖水岸3栋2单元109":       "2单元 109",
		"云栖水岸二期3栋1单元109室":    "1单元 109",
		"河沿平房区99号":           "河沿平房区 99",
		"上疃村孙家屯99号":          "孙家屯 99",
		"云栖水岸3栋2单元101":       "", // it is there
		"云栖水岸3栋109":          "", // which unit?
		"云栖水岸3栋9单元109":       "", // the unit is missing too
		"云栖水岸99栋2单元109":      "",
		"云栖水案3栋2单元109":       "", // a name that is only like it
		"民生社区云栖水岸3栋2单元109":   "", // it lies in another community
		"云栖水岸3栋2单元5楼109":     "", // the floor is not the room's
		"幸福小区1号楼2单元909":      "", // two communities have one
		"民生社区幸福小区1号楼2单元909":  "2单元 909",
		"云栖水岸3栋2单元":          "",
		"道里区民生社区幸福小区1号楼2单元9": "",
	} {
		r := ix.Match(address.Parse(text), nil)
		got := ""
		if r.Missing != "" {
			got = ix.nodes[ix.byID[r.PlaceID]].name + " " + r.Missing
		}
		if got != want {
			t.Errorf("%s: %q, not %q", text, got, want)
		}
	}
}
