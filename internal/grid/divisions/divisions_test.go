package divisions

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"wangge/internal/platform/errs"
)

func TestShippedPlaces(t *testing.T) {
	counts := map[string][2]int{ // streets, communities, as the source counts them
		"nangang": {22, 213}, "daoli": {23, 202}, "daowai": {29, 175}, "xiangfang": {25, 175},
		"yanshou": {11, 139}, "muling": {10, 225}, "mohe": {6, 14}, "xinlin": {7, 8},
		"yaodu": {25, 340}, "huangzhou": {10, 140}, "hongshan": {17, 327}, "huangdao": {23, 376},
		"shuangliu": {19, 257},
	}
	if len(Presets) != len(counts) {
		t.Fatalf("%d presets", len(Presets))
	}
	villages := 0
	for _, p := range Presets {
		areas, ok := Load(p.County)
		if !ok {
			t.Fatalf("%s does not ship", p.Name)
		}
		var n [6]int
		for _, a := range areas {
			n[a.Level.Rank()]++
			if p.Name == "muling" && IsVillage(a) {
				villages++
			}
		}
		if want := counts[p.Name]; n[1] != 1 || n[2] != 1 || n[3] != 1 || n[4] != want[0] || n[5] != want[1] {
			t.Errorf("%s: %v, want %v", p.Name, n, want)
		}
		if by, ok := ByName(strings.ToUpper(p.Name)); !ok || by != p {
			t.Errorf("ByName(%s) = %v", p.Name, by)
		}
	}
	if villages != 127 {
		t.Errorf("muling has %d villages, want 127", villages)
	}
	if _, ok := Load("990000"); ok {
		t.Error("a county that does not ship was found")
	}
}

func TestLevelOf(t *testing.T) {
	for _, c := range []struct {
		code   string
		level  Level
		parent string
	}{
		{"230000000000", Province, ""},
		{"230100000000", City, "230000000000"},
		{"230103000000", County, "230100000000"},
		{"230103001000", Street, "230103000000"},
		{"230103001001", Community, "230103001000"},
		{"441900000000", City, "440000000000"},
		{"441900003000", Street, "441900000000"},
		{"441900003001", Community, "441900003000"},
		{"469001000000", County, "469000000000"},
	} {
		l, ok := LevelOf(c.code)
		if !ok || l != c.level || ParentOf(c.code) != c.parent {
			t.Errorf("%s: %s %v under %q", c.code, l, ok, ParentOf(c.code))
		}
	}
	for _, bad := range []string{"", "23", "000000000000", "990103000000", "230103000001", "230000001000", "23010300100x"} {
		if l, ok := LevelOf(bad); ok {
			t.Errorf("%q taken for a %s", bad, l)
		}
	}
}

func TestReadShapes(t *testing.T) {
	gb, _ := simplifiedchinese.GB18030.NewEncoder().String("统计用区划代码,名称\n441900003001,岗贝社区居民委员会\n")
	utf16, _ := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewEncoder().String("code\tname\n440000000000\t广东省\n")
	for name, c := range map[string]struct{ in, want string }{
		"villages": {"code,name\n110101001001,多福巷社区居委会\n", "110101001001 多福巷社区居委会 community 110101001000"},
		"bom":      {"\ufeffcode,name,level,parent_code\n440000000000,广东省,province,000000000000\n", "440000000000 广东省 province "},
		"gb18030":  {gb, "441900003001 岗贝社区居民委员会 community 441900003000"},
		"utf16":    {utf16, "440000000000 广东省 province "},
		"streets": {"code,name,areaCode,provinceCode,cityCode\n110101001,\"东华门街道\",110101,11,1101\n",
			"110101001000 东华门街道 street 110101000000"},
		"counties":  {"code,name,cityCode,provinceCode\n441900,\"东莞市\",4419,44\n", "441900000000 东莞市 city 440000000000"},
		"no county": {"code,name,level,parent\n441900000000,东莞市,city,440000000000\n441900003000,东城街道,street,441900000000\n", "441900000000 东莞市 city 440000000000|441900003000 东城街道 street 441900000000"},
		"headless":  {"110101001001,多福巷社区居委会\n110101001002,银闸社区居委会\n", "110101001001 多福巷社区居委会 community 110101001000|110101001002 银闸社区居委会 community 110101001000"},
		"title":     {"区划表\n\n代码,名称,级别\n１１０１０１,东城区,县\n", "110101000000 东城区 county 110100000000"},
		"semicolon": {"名称;代码\n东城区;110101.0\n", "110101000000 东城区 county 110100000000"},
	} {
		areas, problems, err := Read(strings.NewReader(c.in))
		if err != nil || len(problems) > 0 {
			t.Errorf("%s: %v %v", name, problems, err)
			continue
		}
		var got []string
		for _, a := range areas {
			got = append(got, strings.Join([]string{a.Code, a.Name, string(a.Level), a.Parent}, " "))
		}
		if g := strings.Join(got, "|"); g != c.want {
			t.Errorf("%s: %s", name, g)
		}
	}
}

func TestReadProblems(t *testing.T) {
	in := `code,name,level,parent_code
230000000000,黑龙江省,province,000000000000
230100000000,哈尔滨市,city,230000000000
230103000000,南岗区,county,230100000000
230103000000,南岗区,county,230100000000
230104000000,道外区,county,230104000000
230103001000,花园街道,street,230199000000
230103002000,奋斗路街道,county,230103000000
230103003000,革新街道,hamlet,230103000000
2.30103E+11,文化街道,street,230103000000
23010300,大成街道,street,230103000000
230103000007,无街道社区,village,230103000000
230103006000,,street,230103000000
230104001000,靖宇街道,street,230104000000
230104001001,南头道社区,village,230104001000
230103005000,和平街道,street,230103007001
230103007000,荣市街道,street,230103000000
230103007001,下社区,village,230103007000
`
	want := map[int]string{
		5: ProblemDuplicate, 6: ProblemSelf, 7: ProblemParent, 8: ProblemLevelCode, 9: ProblemLevel, 10: ProblemDamaged,
		11: ProblemDigits, 12: ProblemShape, 13: ProblemName, 14: ProblemParent, 15: ProblemParent, 16: ProblemParentLevel,
	}
	areas, problems, err := Read(strings.NewReader(in))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if want[p.Row] != p.Key {
			t.Errorf("%s, want %q", p, want[p.Row])
		}
		delete(want, p.Row)
	}
	if len(want) > 0 {
		t.Errorf("not found: %v", want)
	}
	if len(areas) != 5 {
		t.Errorf("%d areas stand: %v", len(areas), areas)
	}
}

func TestCircle(t *testing.T) {
	in := "code,name,parent\n230100000000,甲市,230103000000\n230103000000,乙区,230100000000\n"
	areas, problems, err := Read(strings.NewReader(in))
	if err != nil || len(areas) != 0 || len(problems) != 2 || problems[0].Key != ProblemSelf || problems[1].Key != ProblemSelf {
		t.Errorf("%v %v %v", areas, problems, err)
	}
}

func TestReadRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		in  []byte
		key string
	}{
		"empty":  {nil, "divisions.no_codes"},
		"zeros":  {make([]byte, 1000), "divisions.not_text"},
		"xlsx":   {[]byte("PK\x03\x04\x00\x00"), "divisions.not_text"},
		"prose":  {[]byte(strings.Repeat("an ordinary letter\n", 40)), "divisions.no_codes"},
		"binary": {bytes.Repeat([]byte{0xFF, 0x80, 0x81}, 50), "divisions.not_text"},
	} {
		_, _, err := Read(bytes.NewReader(c.in))
		if err == nil || errs.As(err).Key != c.key {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("code,name\n110101001001,多福巷社区居委会\n"))
	f.Add([]byte("\xff\xfe\x00"))
	f.Fuzz(func(t *testing.T, in []byte) {
		areas, _, err := Read(bytes.NewReader(in))
		if err != nil && len(areas) > 0 {
			t.Error("areas beside an error")
		}
	})
}
