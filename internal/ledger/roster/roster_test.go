package roster

import (
	"bytes"
	"context"
	"encoding/json"
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

func TestAddresses(t *testing.T) {
	data := workbook(t, sheetOf{name: "S", rows: [][]any{{"地址", "姓名", "手机号"}, {"哈尔滨市南岗区学府路88号幸福小区3号楼2单元501室", "张三", "13812345678"},
		{"青桐路688弄云栖水岸9-502", "李四(租户)", ""}, {"青桐路688弄71号1301室", "好又多超市", ""}, {"上疃村12号", "赵六", ""}}})
	_, rows := parse(t, data, Options{})
	want := []string{"3/2/501/张三 c=幸福小区 tel=13812345678", "9//502/李四 c=云栖水岸", "71//1301/", "//12/赵六"}
	for i, r := range rows {
		if r.Address = ""; !strings.HasPrefix(line(r), want[i]) {
			t.Error(line(r), want[i])
		}
	}
	if rows[2].Note != "好又多超市" || rows[1].Tags[0] != "tenant" {
		t.Errorf("%+v", rows)
	}
}

func TestShapeForOtherTools(t *testing.T) {
	res, _ := parse(t, workbook(t, sheetOf{name: "S", rows: [][]any{{"楼栋", "房号", "姓名", "电话"}, {"3", "501", "张三", "138 1234 5678"}, {"合计", "1"}}}), Options{Lang: "en"})
	got, _ := json.Marshal(res)
	want := `{"sheets":[{"file":"a.xlsx","sheet":"S","header_row":1,"columns":{"building":"A","name":"C","phone":"D","room":"B"},"rows":2,"accepted":1,"rejected":0,"skipped":1,` +
		`"problems":[{"row":2,"column":"D","value":"138 **** 5678","severity":"repaired","problem":"The phone's spelling was put right."}]}],"doors":1,"households":1,"persons":1}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
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

func TestMappingKeepsFurtherPeople(t *testing.T) {
	data := workbook(t, sheetOf{name: "3栋", rows: [][]any{{"门", "住的人", "电话", "租户", "电话"}, {"101", "张三", "12812345678", "李四", "12812345679"}, {"102", "王五", "", "", ""}}})
	res, _ := parse(t, data, Options{})
	m := map[string]Mapping{res.Sheets[0].Key: {Columns: map[string]string{"room": "A", "name": "B", "phone": "C"}}}
	if _, rows := parse(t, data, Options{Mappings: m}); len(rows) != 3 || line(rows[1]) != "3//101/李四 head=李四 rel=租户 tel=12812345679 tags=tenant" {
		t.Errorf("%+v", rows)
	}
	data = workbook(t, sheetOf{name: "3栋", rows: [][]any{{"室", "谁", "姓名", nil, "室", "谁", "姓名"}, {"101", "张三", "甲", nil, "201", "李四", "乙"}}})
	res, _ = parse(t, data, Options{})
	m = map[string]Mapping{res.Sheets[0].Key: {Columns: map[string]string{"room": "A", "name": "B"}}}
	if _, rows := parse(t, data, Options{Mappings: m}); len(rows) != 2 || line(rows[1]) != "3//201/李四" {
		t.Errorf("%+v", rows)
	}
}

func TestHiddenColumnsGiveWay(t *testing.T) {
	data := workbook(t, sheetOf{name: "3栋", rows: [][]any{{"房号", "电话", "姓名", "电话"}, {"101", "12812345678", "张三", "12812345679"}},
		tune: func(f *excelize.File, name string) { f.SetColVisible(name, "B", false) }})
	res, rows := parse(t, data, Options{})
	if line(rows[0]) != "3//101/张三 tel=12812345679" || res.Sheets[0].Columns["phone"] != "D" || res.Sheets[0].Hidden[0] != "B" {
		t.Errorf("%+v %+v", res.Sheets[0], rows)
	}
}

func TestFormulaTextIsNobody(t *testing.T) {
	data := workbook(t, sheetOf{name: "3栋", rows: [][]any{{"房号", "姓名", "电话"}, {"101", "=cmd|'/c calc'!A0", "12812345678"}, {"102", "@SUM(1)", ""}}})
	if res, rows := parse(t, data, Options{}); res.Persons != 0 || len(rows) != 2 || res.Sheets[0].Doubts != 2 {
		t.Errorf("%+v %+v", res.Sheets[0], rows)
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
