package round

import (
	"net/url"
	"reflect"
	"testing"
)

// What the editor shows in words is read back as it was, in either language.
func TestQuestionsSurviveTheEditor(t *testing.T) {
	lo, hi := 0.0, 60.0
	fields := []Field{
		{Key: "heads", Label: Text{ZH: "现住几人"}, Type: Number, Basis: "statutory", Min: &lo, Max: &hi, Normal: NormalLiving, ValidityDays: 14},
		{Key: "fever", Label: Text{ZH: "有人发热", EN: "Fever"}, Type: YesNo, Basis: "statutory", Normal: "no", Required: true},
		{Key: "came_by", Label: Text{ZH: "怎么回来的"}, Type: Choice, Basis: "consent", Normal: "car",
			Options: []Option{{"car", Text{ZH: "自家车", EN: "Own car"}}, {"o7", Text{ZH: "火车"}}}, When: &When{"fever", "yes"}},
	}
	for _, lang := range []string{"zh", "en"} {
		v := url.Values{}
		putFields(lang, v, fields)
		if got, faults := readFields(v); !reflect.DeepEqual(got, fields) || faults != nil {
			t.Errorf("%s: %v\n got %+v\nwant %+v", lang, faults, got, fields)
		}
	}
	v := url.Values{}
	putFields("zh", v, fields)
	if v.Get("f.1.normal") != "否" || v.Get("f.2.when") != "fever" || v.Get("f.2.equals") != "是" || v.Get("f.2.options") != "自家车 / Own car\n火车" {
		t.Errorf("codes stand in the editor: %v", v)
	}
}

// A choice that stays keeps its value; a new one gets a value of its own.
func TestChoicesKeepTheirValues(t *testing.T) {
	got := readOptions("飞机\n火车\n\n自家车 / Own car", "car\no7\n自家车 / Own car\n火车")
	want := []Option{{"o1", Text{ZH: "飞机"}}, {"o7", Text{ZH: "火车"}}, {"car", Text{ZH: "自家车", EN: "Own car"}}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
