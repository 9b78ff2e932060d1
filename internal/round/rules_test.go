package round

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

func TestParseRooms(t *testing.T) {
	doors := []DoorName{{1, "301", "1单元"}, {2, "302", "1单元"}, {3, "501", "1单元"}, {4, "301", "2单元"}, {5, "602室", "2单元"}}
	for _, c := range []struct {
		text string
		want []id.ID
		key  string
	}{
		{"302 and 501", []id.ID{2, 3}, ""},
		{"全部正常，除了302和501", []id.ID{2, 3}, ""},
		{"除３０２、５０１外都正常", []id.ID{2, 3}, ""},
		{"all normal except 602", []id.ID{5}, ""},
		{"2-301", []id.ID{4}, ""},
		{"301", nil, "round.bulk_which"},
		{"501-602", []id.ID{3, 5}, ""},
		{"999", nil, "round.bulk_no_door"},
		{"302 发热", nil, "round.bulk_words"},
		{"", nil, ""},
	} {
		got, err := ParseRooms(c.text, doors)
		if key := keyOf(err); key != c.key {
			t.Errorf("%q: error %q, want %q", c.text, key, c.key)
			continue
		}
		var ids []id.ID
		for _, d := range got {
			ids = append(ids, d.ID)
		}
		if !slices.Equal(ids, c.want) {
			t.Errorf("%q: %v, want %v", c.text, ids, c.want)
		}
	}
}

func keyOf(err error) string {
	if err == nil {
		return ""
	}
	return errs.As(err).Key
}

func TestParseLines(t *testing.T) {
	for _, c := range []struct {
		text string
		want []int
		bad  bool
	}{
		{"3 7 12", []int{3, 7, 12}, false}, {"3、7，12", []int{3, 7, 12}, false}, {"3-7", []int{3, 4, 5, 6, 7}, false}, {"第3到5行", []int{3, 4, 5}, false},
		{"１２", []int{12}, false}, {"3 3", []int{3}, false}, {"7-3", nil, true}, {"0", nil, true}, {"21", nil, true}, {"3 maybe", nil, true}, {"3-9999999999999", nil, true}, {"", nil, false},
	} {
		got, err := ParseLines(c.text, 20)
		if (err != nil) != c.bad || !slices.Equal(got, c.want) {
			t.Errorf("%q: %v %v", c.text, got, err)
		}
	}
}

func TestCorrectTime(t *testing.T) {
	const now, day = int64(1_700_000_000_000), int64(86_400_000)
	for _, c := range []struct {
		name                string
		claimed, sent, want int64
		off                 bool
	}{
		{"nothing claimed", 0, 0, now, false},
		{"right clock", now - 5000, now, now - 5000, false},
		{"small drift stays", now - 5000, now - 60_000, now - 5000, false},
		{"a day ahead", now + day - 5000, now + day, now - 5000, true},
		{"a day behind", now - day - 5000, now - day, now - 5000, true},
		{"future without offset", now + day, 0, now, true},
		{"in 1970", 1000, 0, now, true},
		{"in 1970 with the clock's word", 1000, 6000, now - 5000, true},
		{"yesterday without network", now - day, now, now - day, false},
	} {
		if got, off := CorrectTime(c.claimed, c.sent, now); got != c.want || off != c.off {
			t.Errorf("%s: %d %v, want %d %v", c.name, got, off, c.want, c.off)
		}
	}
}

func TestWhoApprovesIsToldOfIdentityNumbers(t *testing.T) {
	for label, want := range map[Text]bool{{ZH: "现住几人", EN: "People living here now"}: false, {ZH: "户主身份证号"}: true, {ZH: "号码", EN: "Passport or ID number"}: true} {
		if got := (Field{Label: label}).AsksIdentity(); got != want {
			t.Errorf("%v: %t", label, got)
		}
	}
}

func TestCheckForm(t *testing.T) {
	good := Field{Key: "q", Label: Text{ZH: "问题"}, Type: YesNo, Basis: "statutory"}
	with := func(change func(*Field)) []Field {
		f := good
		change(&f)
		return []Field{f}
	}
	lo, hi := 5.0, 1.0
	for name, c := range map[string]struct {
		fields []Field
		key    string
	}{
		"good":              {[]Field{good}, ""},
		"none":              {nil, "round.form_empty"},
		"key":               {with(func(f *Field) { f.Key = "Q 1" }), "round.field_key"},
		"twice":             {[]Field{good, good}, "round.field_twice"},
		"no basis":          {with(func(f *Field) { f.Basis = "" }), "round.field_basis"},
		"forced consent":    {with(func(f *Field) { f.Basis, f.Required = "consent", true }), "round.consent_required"},
		"religion":          {with(func(f *Field) { f.Label.ZH = "宗教信仰" }), "round.field_forbidden"},
		"petition":          {with(func(f *Field) { f.Label = Text{EN: "Petition record"} }), "round.field_forbidden"},
		"range":             {with(func(f *Field) { f.Type, f.Min, f.Max = Number, &lo, &hi }), "round.field_range"},
		"one option":        {with(func(f *Field) { f.Type, f.Options = Choice, []Option{{"a", Text{ZH: "甲"}}} }), "round.field_options"},
		"when of nothing":   {with(func(f *Field) { f.When = &When{"x", "yes"} }), "round.field_when"},
		"normal that fails": {with(func(f *Field) { f.Normal = "maybe" }), "round.field_normal"},
	} {
		faults := CheckForm("form", c.fields)
		if (len(faults) == 0) != (c.key == "") || c.key != "" && keyOf(faults[0]) != c.key {
			t.Errorf("%s: %v, want %s", name, faults, c.key)
		}
	}
	if faults := CheckForm("screening", Screening()); len(faults) > 0 {
		t.Errorf("the default questions: %v", faults)
	}
}

func TestCheckAnswers(t *testing.T) {
	lo, hi := 0.0, 10.0
	fields := []Field{{Key: "n", Type: Number, Min: &lo, Max: &hi, Required: true}, {Key: "ill", Type: YesNo}, {Key: "since", Type: Date, Required: true, When: &When{"ill", "yes"}},
		{Key: "c", Type: Temperature}, {Key: "how", Type: Choice, Options: []Option{{"bus", Text{}}, {"car", Text{}}}}, {Key: "t", Type: FreeText}, {Key: "p", Type: Photo}}
	for _, c := range []struct{ given, want, bad string }{
		{"n=3", "n=3", ""}, {"n=03.0", "n=3", ""}, {"", "", "n"}, {"n=11", "", "n"}, {"n=NaN", "", "n"}, {"n=x", "", "n"},
		{"n=1 ill=no since=x", "ill=no n=1", ""}, {"n=1 ill=yes", "ill=yes n=1", "since"}, {"n=1 ill=yes since=2022-02-30", "ill=yes n=1", "since"},
		{"n=1 ill=maybe", "n=1", "ill"}, {"n=1 c=36.5", "c=36.5 n=1", ""}, {"n=1 c=365", "n=1", "c"}, {"n=1 how=plane", "n=1", "how"}, {"n=1 what=1", "n=1", "what"},
		{"n=1 t=" + strings.Repeat("字", 501), "n=1", "t"}, {"n=1 p=-4", "n=1", "p"},
	} {
		given := map[string]string{}
		for _, kv := range strings.Fields(c.given) {
			k, v, _ := strings.Cut(kv, "=")
			given[k] = v
		}
		got, faults := CheckAnswers(fields, given, "")
		var parts []string
		for k, v := range got {
			parts = append(parts, k+"="+v)
		}
		slices.Sort(parts)
		bad := ""
		if len(faults) > 0 {
			bad = errs.As(faults[0]).Field
		}
		if strings.Join(parts, " ") != c.want || bad != c.bad {
			t.Errorf("%s: %v %v", c.given, parts, faults)
		}
	}
}

func TestNormalAnswersFillOnlyWhatIsMissing(t *testing.T) {
	got := NormalAnswers(Screening(), map[string]string{"symptom": "yes"}, Drafts{NormalLiving: 4})
	if fmt.Sprint(got) != "map[away_return:no head_count:4 symptom:yes]" {
		t.Error(got)
	}
}

func TestDrawSample(t *testing.T) {
	var list []candidate
	for i := range 1000 {
		list = append(list, candidate{object: id.ID(i + 1), bulk: i%2 == 0})
	}
	a := drawSample("seed", 50, list)
	slices.Reverse(list)
	b := drawSample("seed", 50, list)
	if !slices.Equal(a, b) || len(a) != 50 {
		t.Fatal("the same seed gives another sample")
	}
	if slices.Equal(a, drawSample("other", 50, list)) {
		t.Fatal("another seed gives the same sample")
	}
	inBulk := 0
	for i := range 40 {
		for _, c := range drawSample(fmt.Sprint(i), 50, list) {
			if c.bulk {
				inBulk++
			}
		}
	}
	if share := float64(inBulk) / 2000; share < 0.70 || share > 0.80 {
		t.Errorf("doors marked in bulk are %.2f of the samples, want about 0.75", share)
	}
	if len(drawSample("s", 1, list[:3])) != 1 || len(drawSample("s", 1000, list)) != 1000 || drawSample("s", 50, nil) != nil {
		t.Error("sizes")
	}
}

func TestEstimate(t *testing.T) {
	if m, h := estimate(Doors, 1000, 3, 0, 0); m != 4200 || h != 70 {
		t.Error(m, h)
	}
	if m, _ := estimate(Doors, 1000, 3, 500, 100); m != 3630 {
		t.Error(m)
	}
}

func TestEveryResultIsWhole(t *testing.T) {
	for _, r := range results {
		if r.ZH == "" || r.EN == "" || !slices.Contains([]string{"done", "attempt", "exempt", "open"}, r.ClassName) {
			t.Errorf("%+v", r)
		}
	}
	for _, k := range TargetKinds() {
		if _, ok := costs.Minutes[k]; !ok || len(Results(k)) < 3 {
			t.Errorf("%s lacks minutes or results", k)
		}
	}
}
