package grid

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func TestNormalise(t *testing.T) {
	for _, c := range []struct {
		kind Kind
		in   string
		want string
	}{
		{Building, "3号楼", "3"}, {Building, "3栋", "3"}, {Building, "３幢", "3"}, {Building, "三号楼", "3"}, {Building, " 03 ", "3"},
		{Building, "3#", "3"}, {Building, "第十二栋", "12"}, {Building, "a座", "A"}, {Building, "甲栋", "甲"}, {Building, "锅炉房楼", "锅炉房楼"},
		{Building, "二十三号楼", "23"}, {Building, "一百零五栋", "105"}, {Building, "楼", "楼"}, {Building, "3号楼A座", "3号楼A座"},
		{Unit, "二单元", "2"}, {Unit, "2单元", "2"}, {Unit, "甲单元", "甲"}, {Unit, "1门", "1"},
		{Door, "302室", "302"}, {Door, "0302", "302"}, {Door, "三〇二", "302"}, {Door, "95号", "95"}, {Door, "A-12", "A-12"},
		{Compound, "丽水丁香园小区", "丽水丁香园"}, {Compound, "一品 蓝湾", "一品蓝湾"}, {Compound, "小区", "小区"},
		{Group, "一组", "1"}, {Group, "王家屯", "王家"}, {Group, "3村民小组", "3"}, {Row, "二排", "2"},
	} {
		if got := Normalise(c.kind, c.in); got != c.want {
			t.Errorf("%s %q: %q, want %q", c.kind, c.in, got, c.want)
		}
	}
}

func TestFloorOf(t *testing.T) {
	for in, want := range map[string]int{"302": 3, "1203室": 12, "0302": 3, "95号": 0, "A302": 0, "": 0, "12034": 0} {
		if got := FloorOf(in); got != want {
			t.Errorf("%q: %d, want %d", in, got, want)
		}
	}
}

func TestPaths(t *testing.T) {
	if p, ok := ChildPath("230103001005", 37); !ok || p != "230103001005011" {
		t.Errorf("%q", p)
	}
	if _, ok := ChildPath("2", maxOrdinal+1); ok {
		t.Error("an ordinal out of range was written")
	}
	if p, _ := GridPath("230103001005", 1); p != "230103001005g001" {
		t.Errorf("%q", p)
	}
	if p, _ := GridPath("230103001005g001", 2); p != "230103001005g001002" {
		t.Errorf("%q", p)
	}
	if AreaPath(Street, "441900003000") != "441900003" || AreaPath(City, "441900000000") != "4419" {
		t.Error("area paths")
	}
}

func TestOrdinalsKeepNaturalOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		labels := rapid.SliceOfNDistinct(rapid.StringMatching(`[1-9][0-9]{0,2}[A-C]?|[A-D][1-9]?`), 1, 40, rapid.ID[string]).Draw(t, "labels")
		cut := rapid.IntRange(0, len(labels)).Draw(t, "cut")
		taken := map[int]bool{}
		first, ok := placeAmong(nil, taken, labels[:cut])
		if !ok {
			t.Fatal("full")
		}
		var have []sibling
		for i, l := range labels[:cut] {
			have = append(have, sibling{l, first[i]})
		}
		second, ok := placeAmong(slices.Clone(have), taken, labels[cut:])
		if !ok {
			t.Fatal("full")
		}
		seen := map[int]string{}
		for i, o := range append(first, second...) {
			if o < 1 || o > maxOrdinal || seen[o] != "" {
				t.Fatalf("ordinal %d of %s: taken by %q", o, labels[i], seen[o])
			}
			seen[o] = labels[i]
		}
		if cut == 0 {
			order := slices.Clone(labels)
			slices.SortFunc(order, CompareLabels)
			last := 0
			for _, l := range order {
				o := second[slices.Index(labels, l)]
				if o <= last {
					t.Fatalf("%v: %s has ordinal %d after %d", order, l, o, last)
				}
				last = o
			}
		}
	})
}
