package address

import "testing"

// TestPlaceOf: where a text lies by the national list, as deep as it says and no
// deeper than beyond doubt.
func TestPlaceOf(t *testing.T) {
	for _, c := range []struct{ text, code, name string }{
		{"沈阳市", "2101", "辽宁省沈阳市"},
		{"沈阳", "2101", "辽宁省沈阳市"},
		{"辽宁省沈阳市和平区", "210102", "辽宁省沈阳市和平区"},
		{"哈尔滨南岗区奋斗路街道", "230103002", "黑龙江省哈尔滨市南岗区奋斗路街道"},
		{"黑龙江省哈尔滨市延寿县玉河镇新城村3组12号", "230129105201", "黑龙江省哈尔滨市延寿县玉河镇新城村"},
		{"北京市东城区多福巷社区", "110101001001", "北京市东城区东华门街道多福巷社区"},
		{"北京 北京市 顺义区", "110113", "北京市顺义区"},
		{"义乌市江东街道", "330782002", "浙江省金华市义乌市江东街道"},
		{"鼓楼区", "", ""},
		{"和平社区", "", ""},
		{"朋友家", "", ""},
		{"", "", ""},
	} {
		p, ok := PlaceOf(c.text)
		if p.Code != c.code || ok != (c.code != "") || c.name != "" && p.Name != c.name {
			t.Errorf("%s: %+v", c.text, p)
		}
	}
}
