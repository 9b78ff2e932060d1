package nation

import (
	"testing"
	"time"
)

func TestTableIsWhole(t *testing.T) {
	n := Get()
	var count [Street + 1]int
	for _, a := range n.areas {
		count[a.Level]++
	}
	if count != [...]int{0, 31, 342, 2978, 41352} {
		t.Fatal(count)
	}
	communities := 0
	for i := range n.areas {
		if n.areas[i].Level == Province {
			n.communities(&n.areas[i], func(street, code, name string) bool {
				if len(street+code) != 12 || name == "" || n.words.community(name) == "" {
					t.Fatal(code, name)
				}
				communities++
				return true
			})
		}
	}
	if communities != 620_573 {
		t.Fatal(communities)
	}
}

func TestFind(t *testing.T) {
	n := Get()
	heb, unique := n.Find("哈尔滨", nil)
	if heb == nil || heb.Code != "2301" || !unique {
		t.Fatal(heb)
	}
	for _, c := range []struct {
		name   string
		in     *Area
		code   string
		unique bool
	}{
		{"南岗区", nil, "230103", true},
		{"南岗", heb, "230103", true},
		{"恩施", nil, "4228", true},
		{"内蒙古", nil, "15", true},
		{"延边", nil, "2224", true},
		{"鼓楼区", nil, "320106", false},
		{"奋斗路街道", heb, "230103002", true},
	} {
		a, unique := n.Find(c.name, c.in)
		if a == nil || a.Code != c.code || unique != c.unique {
			t.Errorf("%s: %+v %v", c.name, a, unique)
		}
	}
	if a, _ := n.Find("没有这个地方", nil); a != nil {
		t.Error(a)
	}
}

func TestCommunities(t *testing.T) {
	n := Get()
	town, _ := n.Find("龙山镇", first(t, n, "慈溪市"))
	code, size, full := n.CommunityAt(town, "东渡海丰北路", true)
	if code == "" || size != len("东渡") || full {
		t.Error(town, code, size, full)
	}
	if code, _, _ := n.CommunityAt(town, "东渡", false); code != "" {
		t.Error("a short name was not asked for", code)
	}
	if list := n.FindCommunity(first(t, n, "东城区"), "多福巷社区", 5); len(list) != 1 || list[0].Code != "110101001001" {
		t.Error(list)
	}
	if list := n.FindCommunity(nil, "和平社区", 5); len(list) != 5 {
		t.Error("a common name is told to be ambiguous", list)
	}
	if list := n.FindCommunity(nil, "没有这个社区", 5); len(list) != 0 {
		t.Error(list)
	}
}

func first(t *testing.T, n *Table, name string) *Area {
	t.Helper()
	a, _ := n.Find(name, nil)
	if a == nil {
		t.Fatal(name)
	}
	return a
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		load()
	}
	b.ReportMetric(float64(b.Elapsed()/time.Duration(b.N)/time.Millisecond), "ms")
}

func BenchmarkFindEverywhere(b *testing.B) {
	n := Get()
	for b.Loop() {
		n.FindCommunity(nil, "上疃村", 5)
	}
}
