package roster

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"wangge/internal/platform/errs"
)

// sheetOf is one sheet of a look-alike workbook: rows of cells, merged ranges.
type sheetOf struct {
	name   string
	rows   [][]any
	merges []string
	tune   func(f *excelize.File, name string)
}

func workbook(t testing.TB, sheets ...sheetOf) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for i, s := range sheets {
		if i == 0 {
			f.SetSheetName("Sheet1", s.name)
		} else {
			f.NewSheet(s.name)
		}
		for k, row := range s.rows {
			for c, v := range row {
				if v != nil && v != "" {
					ref, _ := excelize.CoordinatesToCellName(c+1, k+1)
					f.SetCellValue(s.name, ref, v)
				}
			}
		}
		for _, m := range s.merges {
			from, to, _ := strings.Cut(m, ":")
			f.MergeCell(s.name, from, to)
		}
		if s.tune != nil {
			s.tune(f, s.name)
		}
	}
	var buf bytes.Buffer
	if err := f.Write(&buf); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func parse(t testing.TB, data []byte, o Options) (*Result, []Row) {
	t.Helper()
	var rows []Row
	res, err := Parse(context.Background(), []File{{"a.xlsx", bytes.NewReader(data), int64(len(data))}}, o, func(r Row) error {
		rows = append(rows, r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return res, rows
}

// line is a short form of an accepted row for comparing.
func line(r Row) string {
	s := fmt.Sprintf("%s/%s/%s/%s", r.Building, r.Unit, r.Room, r.Name)
	add := func(k, v string) {
		if v != "" {
			s += " " + k + "=" + v
		}
	}
	add("c", r.Compound)
	add("g", r.Group)
	add("f", r.Floor)
	add("head", r.Head)
	add("rel", r.Relation)
	add("sex", r.Sex)
	add("born", r.Birth)
	add("id", r.IDNo)
	add("tel", strings.Join(append([]string{r.Phone}, r.MorePhones...), "+"))
	add("land", r.Landline)
	add("addr", r.Address)
	add("tags", strings.Join(r.Tags, ","))
	if r.Persons > 0 {
		s += fmt.Sprint(" n=", r.Persons)
	}
	if r.Vacant {
		s += " vacant"
	}
	return s
}

type mess struct {
	name   string
	sheets []sheetOf
	want   string   // columns, header row and counts of each sheet
	lines  []string // accepted rows
	found  []string // problems as row column severity code
	totals string   // doors households persons
}

func (m mess) check(t *testing.T) {
	t.Helper()
	res, rows := parse(t, workbook(t, m.sheets...), Options{})
	var got []string
	var found []string
	for _, s := range res.Sheets {
		cols := ""
		for _, k := range Keys() {
			if c := s.Columns[k]; c != "" {
				cols += k + "=" + c + " "
			}
		}
		got = append(got, fmt.Sprintf("%s@%d %d=%d+%d+%d", cols, s.HeaderRow, s.Rows, s.Accepted, s.Rejected, s.Skipped))
		if s.Rows != s.Accepted+s.Rejected+s.Skipped {
			t.Error("rows do not add up")
		}
		for _, p := range s.Problems {
			found = append(found, fmt.Sprintf("%d %s %s %s", p.Row, p.Column, p.Severity, strings.TrimPrefix(p.Code, "roster.")))
			if strings.HasPrefix(p.Problem, "[") {
				t.Error("no text for", p.Code)
			}
		}
	}
	if g := strings.Join(got, "\n"); g != m.want {
		t.Errorf("got  %s\nwant %s", g, m.want)
	}
	for i := 0; i < max(len(rows), len(m.lines)); i++ {
		g, w := "", ""
		if i < len(rows) {
			g = line(rows[i])
		}
		if i < len(m.lines) {
			w = m.lines[i]
		}
		if g != w {
			t.Errorf("row %d\n got  %s\n want %s", i, g, w)
		}
	}
	if g, w := strings.Join(found, "\n"), strings.Join(m.found, "\n"); g != w {
		t.Errorf("problems\n%s\nwant\n%s", g, w)
	}
	if g := fmt.Sprint(res.Doors, res.Households, res.Persons); g != m.totals {
		t.Errorf("totals %s, want %s", g, m.totals)
	}
}

func TestMesses(t *testing.T) {
	for _, m := range messes {
		t.Run(m.name, m.check)
	}
}

var messes = []mess{
	{name: "titles, merged building, totals, footer",
		sheets: []sheetOf{{name: "Sheet1", rows: [][]any{
			{"幸福小区住户信息登记表"},
			{"制表单位：幸福物业", nil, nil, nil, "2022年3月1日"},
			{"序号", "楼栋", "单元", "房号", "户主\n姓名", "联系电话（必填）"},
			{1, "3号楼", "1单元", 501, "张三", 13812345678},
			{2, nil, "1单元", "502室", "李四", "138 1234 5679"},
			{},
			{3, nil, "2单元", 501.0, "王 五", "13812345680.0"},
			{"合计", nil, nil, "3户"},
			{"制表人：赵六", nil, nil, nil, "第1页 共2页"},
		}, merges: []string{"A1:F1", "B4:B7"}}},
		want: "building=B unit=C room=D head=E name=E phone=F @3 6=3+0+3",
		lines: []string{"3/1/501/张三 c=幸福小区 head=张三 tel=13812345678", "3/1/502/李四 c=幸福小区 head=李四 tel=13812345679",
			"3/2/501/王五 c=幸福小区 head=王五 tel=13812345680"},
		found: []string{"5 F repaired phone_fixed", "7 F repaired phone_fixed"}, totals: "3 3 3"},
	{name: "two-row header, household below its head",
		sheets: []sheetOf{{name: "住户", rows: [][]any{
			{"居民花名册"},
			{"序号", "家庭住址", nil, nil, "姓名", "与户主关系", "联系方式", nil, "身份证号"},
			{nil, "楼号", "单元", "房号", nil, nil, "手机", "固定电话", nil},
			{1, "十号楼", "三单元", "301", "张三", "户主", "13812345678", "0451-82345678", "11010519491231002x"},
			{2, "", "", "", "李梅", "妻", "同上", "", ""},
			{3, "", "", "", "张小宝", "子", "", "", ""},
			{4, "〃", "〃", "302", "王五", "户主", "13812345679", "", ""},
		}, merges: []string{"A1:I1", "B2:D2", "G2:H2", "A2:A3", "E2:E3", "F2:F3", "I2:I3"}}},
		want: "building=B unit=C room=D name=E relation=F idno=I phone=G landline=H @3 4=4+0+0",
		lines: []string{"10/3/301/张三 head=张三 rel=户主 sex=F born=1949-12-31 id=11010519491231002X tel=13812345678 land=0451-82345678",
			"10/3/301/李梅 head=张三 rel=妻 tel=13812345678", "10/3/301/张小宝 head=张三 rel=子", "10/3/302/王五 head=王五 rel=户主 tel=13812345679"},
		found: []string{"4 I repaired idno_fixed_case"}, totals: "2 2 4"},
	{name: "sheets as buildings, vacant and let flats",
		sheets: []sheetOf{
			{name: "3号楼", rows: [][]any{{"单元", "室", "业主", "人数", "手机", "备注"}, {1, "101", "张三", 3, "13812345678", ""}, {1, "102", "空置", "", "", ""}, {1, "103", "", "", "", "空户"}, {2, "101", "李四", "2人", "", "出租"}}},
			{name: "A座", rows: [][]any{{"房间号", "业主姓名"}, {"1201", "王五"}}},
			{name: "说明", rows: [][]any{{"填表说明：每户一行"}}}},
		want:  "unit=A room=B name=C phone=E persons=D note=F @1 4=4+0+0\nroom=A name=B @1 1=1+0+0\n@0 1=0+0+1",
		lines: []string{"3/1/101/张三 tel=13812345678 n=3", "3/1/102/ vacant", "3/1/103/ vacant", "3/2/101/李四 tags=let n=2", "A//1201/王五"},
		found: []string{"0  error not_roster"}, totals: "5 3 3"},
	{name: "door in one cell, two people in one cell",
		sheets: []sheetOf{{name: "S", rows: [][]any{{"房号", "姓名", "电话"},
			{"3-2-501", "张三、李四", "13812345678/13912345678"}, {"3号楼2单元502室", "王五/赵六", "13812345679"}, {"3栋2单元503", "钱七", ""}}}},
		want: "room=A name=B phone=C @1 3=3+0+0",
		lines: []string{"3/2/501/张三 tel=13812345678", "3/2/501/李四 tel=13912345678", "3/2/502/王五 tel=13812345679", "3/2/502/赵六",
			"3/2/503/钱七"},
		found: []string{"2 B repaired several_people", "3 B repaired several_people"}, totals: "3 3 5"},
	{name: "rooms in the building column, signs",
		sheets: []sheetOf{{name: "S", rows: [][]any{{"楼栋", "房号", "姓名"}, {"95号", "302室", "张三"}, {"511室", "", "李四"}, {"95号", "１单元４０１", "王五"}}}},
		want:   "building=A room=B name=C @1 3=3+0+0",
		lines:  []string{"95//302/张三", "95//511/李四", "95/1/401/王五"},
		found:  []string{"3 A repaired room_in_building"}, totals: "3 3 3"},
	{name: "no header at all",
		sheets: []sheetOf{{name: "S", rows: [][]any{
			{1, "3号楼", "1单元", 501, "张三", "男", "13812345678"}, {2, "3号楼", "1单元", 502, "李四", "女", "13812345679"}, {3, "3号楼", "2单元", 501, "王五", "男", "13812345670"}}}},
		want:  "building=B unit=C room=D name=E sex=F phone=G @0 3=3+0+0",
		lines: []string{"3/1/501/张三 sex=M tel=13812345678", "3/1/502/李四 sex=F tel=13812345679", "3/2/501/王五 sex=M tel=13812345670"}, totals: "3 3 3"},
	{name: "header shifted by one",
		sheets: []sheetOf{{name: "S", rows: [][]any{{"楼栋", "单元", "房号", "姓名", "电话"},
			{1, "3栋", "1单元", "501", "张三", "13812345678"}, {2, "3栋", "1单元", "502", "李四", "13812345679"}, {3, "3栋", "2单元", "503", "王五", "13812345670"}}}},
		want:  "building=B unit=C room=D name=E phone=F @1 3=3+0+0",
		lines: []string{"3/1/501/张三 tel=13812345678", "3/1/502/李四 tel=13812345679", "3/2/503/王五 tel=13812345670"}, totals: "3 3 3"},
	{name: "header without the name, as found in the field",
		sheets: []sheetOf{{name: "S", rows: [][]any{{"", "单元", "楼栋", "房间", "核酸", "电话号码"},
			{"吕一", "1单元", "2栋", 201, "阴", "252626"}, {"汪宏", "1单元", "2栋", 202, "阴", "8245678"}, {"张加", "2单元", "2栋", 203, "阳", "636656345"}}}},
		want:  "building=C unit=B room=D name=A phone=F @1 3=3+0+0",
		lines: []string{"2/1/201/吕一 land=252626", "2/1/202/汪宏 land=8245678", "2/2/203/张加"},
		found: []string{"2 F doubt phone_short", "4 F doubt phone_bad"}, totals: "3 3 3"},
	{name: "damage that cannot be undone",
		sheets: []sheetOf{{name: "S", rows: [][]any{{"楼栋", "房号", "姓名", "身份证号码", "手机"},
			{"1", "101", "张三", 110105194912310021.0, "13812345678"}, {"1", "102", "李四", "1.10105E+17", ""}, {"1", "103", "王五", "110105194912310021", ""},
			{"1", "104", "赵六", "", "1.38E+10"}, {"1", "105", "钱七", "", "1.3812345678E+10"}, {"1", "106", "孙八", "110105 19491231 002X", "138-1234-5678"},
			{"", "", "周九", "", ""}, {"1", "", "吴十", "无", "没有"}}}},
		want:  "building=A room=B name=C idno=D phone=E @1 8=4+4+0",
		lines: []string{"1//105/钱七 tel=13812345678", "1//106/孙八 sex=F born=1949-12-31 id=11010519491231002X tel=13812345678", "1//106/周九", "1//106/吴十"},
		found: []string{"2 D error idno_damaged", "3 D error idno_exponent", "4 D error idno_check", "5 E error phone_lost", "6 E repaired phone_fixed",
			"7 D repaired idno_fixed_spaces", "7 E repaired phone_fixed"}, totals: "2 2 4"},
	{name: "dates of all kinds",
		sheets: []sheetOf{{name: "S", rows: [][]any{{"楼号", "门牌", "姓名", "性别", "出生年月"},
			{1, 1, "张三", "1", "1949.12.31"}, {1, 2, "李四", 2, "19491231"}, {1, 3, "王五", "女 ", "1949年12月31日"}, {1, 4, "赵六", "男", 18263}, {1, 5, "钱七", "", 19491231}, {1, 6, "孙八", "", "1949/1"}, {1, 7, "周九", "", "不详"}, {1, 8, "吴十", "甲", "49.13.1"}}}},
		want: "building=A room=B name=C sex=D birth=E @1 8=8+0+0",
		lines: []string{"1//1/张三 sex=M born=1949-12-31", "1//2/李四 sex=F born=1949-12-31", "1//3/王五 sex=F born=1949-12-31", "1//4/赵六 sex=M born=1949-12-31",
			"1//5/钱七 born=1949-12-31", "1//6/孙八 born=1949-01", "1//7/周九", "1//8/吴十"},
		found: []string{"9 D doubt not_understood", "9 E doubt birth_bad"}, totals: "8 8 8"},
	{name: "village: group and head",
		sheets: []sheetOf{{name: "上疃村", rows: [][]any{{"村民小组", "户主姓名", "家庭成员", "与户主关系", "联系电话", "户籍地址"},
			{"三组", "张三", "张三", "户主", "13812345678", "上疃村三组"}, {"", "", "李梅", "妻子", "", ""}, {"三组", "王五", "王五", "户主", "", ""}, {"东屯", "赵六", "赵六", "户主", "", ""}},
			merges: []string{"B2:B3"}}},
		want: "group=A head=B name=C relation=D phone=E address=F @1 4=4+0+0",
		lines: []string{"///张三 g=3 head=张三 rel=户主 tel=13812345678 addr=上疃村三组", "///李梅 g=3 head=张三 rel=妻子",
			"///王五 g=3 head=王五 rel=户主", "///赵六 g=东屯 head=赵六 rel=户主"}, totals: "3 3 4"},
	{name: "section rows and repeated header",
		sheets: []sheetOf{{name: "名册", rows: [][]any{{"房号", "姓名", "电话"}, {"3号楼1单元"}, {"101", "张三", "13812345678"}, {"102", "李四", ""}, {"房号", "姓名", "电话"}, {"3号楼2单元"}, {"101", "王五", ""}, {"小计", "3"}}}},
		want:   "room=A name=B phone=C @1 7=3+0+4",
		lines:  []string{"3/1/101/张三 tel=13812345678", "3/1/102/李四", "3/2/101/王五"}, totals: "3 3 3"},
	{name: "goods and parking are no rosters",
		sheets: []sheetOf{{name: "物资", rows: [][]any{{"大类", "类型", "具体", "数量", "单位"}, {"饮食", "主食", "米", 129, "袋"}}},
			{name: "车位", rows: [][]any{{"车位号", "车牌号", "车型", "业主", "房号", "电话"}, {"A1", "黑A12345", "轿车", "张三", "501", "13812345678"}}}},
		want: "@1 1=0+0+1\nroom=E name=D phone=F @1 1=0+0+1", found: []string{"1  error not_roster", "1  error not_roster"}, totals: "0 0 0"},
	{name: "shared flat and several households",
		sheets: []sheetOf{{name: "1栋", rows: [][]any{{"房号", "姓名", "与户主关系", "标签"},
			{"101", "张三", "户主", "独居老人、高血压"}, {"102", "李四", "户主", ""}, {"102", "王五", "户主", "租户"}, {"102", "赵六", "妻", "信访"}}}},
		want:   "room=A name=B relation=C tags=D @1 4=4+0+0",
		lines:  []string{"1//101/张三 head=张三 rel=户主 tags=living_alone,chronic", "1//102/李四 head=李四 rel=户主", "1//102/王五 head=王五 rel=户主 tags=tenant", "1//102/赵六 head=王五 rel=妻"},
		found:  []string{"5 D doubt tag_forbidden"},
		totals: "2 3 4"},
}

func TestMappingIsRemembered(t *testing.T) {
	data := workbook(t, sheetOf{name: "S", rows: [][]any{{"甲", "乙", "丙"}, {"3", "501", "张三"}, {"3", "502", "李四"}}})
	res, _ := parse(t, data, Options{})
	key := res.Sheets[0].Key
	one := 1
	res, rows := parse(t, data, Options{Mappings: map[string]Mapping{key: {HeaderRow: &one, Columns: map[string]string{"building": "A", "room": "B", "name": "C"}}}})
	if len(rows) != 2 || line(rows[0]) != "3//501/张三" || res.Sheets[0].HeaderRow != 1 {
		t.Errorf("%+v %+v", rows, res.Sheets[0])
	}
	if MappingKey([]string{"联系电话（必填）", " 姓 名 "}) != MappingKey([]string{"联系电话", "姓名", ""}) || MappingKey([]string{"a"}) == MappingKey([]string{"b"}) {
		t.Error("fingerprint")
	}
}

func TestRefusedRowsComeBackAndAreImportedAgain(t *testing.T) {
	data := workbook(t, sheetOf{name: "3号楼", rows: [][]any{{"住户表"}, {"单元", "房号", "姓名", "身份证号"},
		{"1", "101", "张三", ""}, {"", "", "李四", "110105194912310021"}, {"1", "102", "=王五", "1.1E+17"}}, merges: []string{"A1:D1"}})
	var buf bytes.Buffer
	w := NewRejectWriter(&buf, "zh")
	res, _ := parse(t, data, Options{Rejects: w})
	if err := w.Close(); err != nil || w.Rows() != 2 || res.Sheets[0].Rejected != 2 {
		t.Fatal(err, w.Rows(), res.Sheets[0])
	}
	f, err := excelize.OpenReader(&buf)
	if err != nil {
		t.Fatal(err)
	}
	rows, _ := f.GetRows("3号楼")
	if len(rows) != 4 || rows[1][4] != "未导入原因" || !strings.Contains(rows[2][4], "校验位") || rows[2][1] != "101" {
		t.Fatalf("%q", rows)
	}
	f.SetCellValue("3号楼", "D3", "11010519491231002X")
	f.SetCellValue("3号楼", "D4", "")
	var again bytes.Buffer
	f.Write(&again)
	res, got := parse(t, again.Bytes(), Options{})
	if len(got) != 2 || line(got[0]) != "3/1/101/李四 sex=F born=1949-12-31 id=11010519491231002X" || res.Sheets[0].Rejected != 0 {
		t.Errorf("%+v", got)
	}
}

func TestTextTableInGB18030(t *testing.T) {
	data, _ := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte("楼幢,户室号,业主姓名,联系手机\r\n3幢,501,张三,'13812345678\r\n"))
	_, rows := parse(t, data, Options{})
	if len(rows) != 1 || line(rows[0]) != "3//501/张三 tel=13812345678" {
		t.Errorf("%+v", rows)
	}
}

func TestProblemsAreMasked(t *testing.T) {
	for in, want := range map[string]string{
		"138 1234 5678": "138 **** 5678", "110105194912310021": "1101**********0021", "11010519491231002x": "1101**********002x",
		"张三13812345678": "张三138****5678", "3-2-501": "3-2-501", "1949-12-31": "1949-12-31", "82345678": "82****78",
	} {
		if got := MaskNumbers(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

func TestTemplateIsUnderstood(t *testing.T) {
	for _, lang := range []string{"zh", "en"} {
		var buf bytes.Buffer
		if err := WriteTemplate(&buf, lang); err != nil {
			t.Fatal(err)
		}
		f, err := excelize.OpenReader(&buf)
		if err != nil {
			t.Fatal(err)
		}
		name := f.GetSheetList()[0]
		f.SetSheetRow(name, "A2", &[]any{"幸福小区", "3", "1", "", "501", "", "张三", "张三", "户主"})
		var filled bytes.Buffer
		f.Write(&filled)
		res, rows := parse(t, filled.Bytes(), Options{Lang: lang})
		if len(rows) != 1 || len(res.Sheets[0].Columns) != len(Keys()) || res.Sheets[0].Rejected != 0 {
			t.Errorf("%s: %+v %+v", lang, res.Sheets[0], rows)
		}
	}
}

func TestBlankTablesAreRefused(t *testing.T) {
	for _, data := range [][]byte{workbook(t, sheetOf{name: "S"}), []byte(strings.Repeat(",,,\n", 1_000_000))} {
		_, err := Parse(context.Background(), []File{{"a", bytes.NewReader(data), int64(len(data))}}, Options{}, nil)
		if e := errs.As(err); e.Kind != errs.Invalid || e.Key != "sheet.no_rows" || e.Field != "a" {
			t.Error(err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("楼栋,房号,姓名\n3号楼,501,张三、李四\n合计"))
	f.Add([]byte("3-2-501\t张三\t1.38E+10\n"))
	f.Add([]byte("(,[,\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		res, err := Parse(context.Background(), []File{{"a", bytes.NewReader(data), int64(len(data))}}, Options{}, nil)
		if err != nil {
			return
		}
		for _, s := range res.Sheets {
			if s.Rows != s.Accepted+s.Rejected+s.Skipped {
				t.Fatalf("%+v", s)
			}
		}
	})
}
