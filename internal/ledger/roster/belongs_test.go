package roster

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
)

// said gives what was understood of where a table's rows belong.
func said(s *SheetResult) string {
	var out []string
	for _, x := range s.Said {
		out = append(out, x.Key+"="+x.Value+"/"+x.From)
	}
	if s.Community != "" {
		out = append(out, "in "+s.Community)
	}
	for _, p := range s.Problems {
		out = append(out, fmt.Sprint(p.Row, " ", strings.TrimPrefix(p.Code, "roster.")))
	}
	return strings.Join(out, ", ")
}

func TestWhereTheRowsBelong(t *testing.T) {
	plain := [][]any{{"房号", "姓名"}, {"101", "张三"}, {"102", "李四"}}
	titled := func(title string, rows ...[]any) [][]any { return append([][]any{{title}}, rows...) }
	for _, c := range []struct {
		name, file, sheet string
		rows              [][]any
		said, first       string
	}{
		{"title", "a.xlsx", "Sheet1", titled("工大社区某小区1号楼住户登记表", plain...), "compound=某小区/title, building=1/title, in 工大社区", "1//101/张三 c=某小区"},
		{"sheet's name before the title", "a.xlsx", "2号楼", titled("某小区住户登记表", plain...), "building=2/sheet, compound=某小区/title", "2//101/张三 c=某小区"},
		{"file", "工大社区某小区3号楼住户(终版).xlsx", "Sheet1", plain, "compound=某小区/file, building=3/file, in 工大社区", "3//101/张三 c=某小区"},
		{"file with underscores", "工大社区_某小区_3号楼.xlsx", "Sheet1", plain, "compound=某小区/file, building=3/file, in 工大社区", "3//101/张三 c=某小区"},
		{"sheet and title disagree", "a.xlsx", "2号楼", titled("某小区1号楼2单元", plain...), "building=2/sheet, compound=某小区/title, 1 title_contradicts", "2//101/张三 c=某小区"},
		{"several buildings are none", "a.xlsx", "Sheet1", titled("某小区1-5号楼住户表", plain...), "compound=某小区/title", "//101/张三 c=某小区"},
		{"two buildings are none", "某小区1号楼、2号楼.xlsx", "Sheet1", plain, "compound=某小区/file", "//101/张三 c=某小区"},
		{"a guess is told", "a.xlsx", "Sheet1", titled("恒大绿洲7号楼住户登记表", plain...), "compound=恒大绿洲/title, building=7/title, 1 compound_guessed", "7//101/张三 c=恒大绿洲"},
		{"a known compound", "a.xlsx", "Sheet1", titled("学府绿洲住户登记表", plain...), "compound=学府绿洲/title", "//101/张三 c=学府绿洲"},
		{"nothing said", "住户登记表2022.xlsx", "Sheet1", titled("疫情防控住户登记表", plain...), "", "//101/张三"},
		{"columns are followed", "a.xlsx", "Sheet1", titled("某小区1号楼", []any{"楼号", "房号", "姓名"}, []any{"", "101", "张三"}, []any{2, "101", "李四"}), "compound=某小区/title, building=1/title, 0 rows_contradict", "1//101/张三 c=某小区"},
	} {
		t.Run(c.name, func(t *testing.T) {
			data := workbook(t, sheetOf{name: c.sheet, rows: c.rows})
			var rows []Row
			res, err := Parse(context.Background(), []File{{c.file, bytes.NewReader(data), int64(len(data))}}, Options{Compounds: []string{"绿洲", "学府绿洲"}}, func(r Row) error {
				rows = append(rows, r)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if got := said(res.Sheets[0]); got != c.said {
				t.Errorf("said %s\nwant %s", got, c.said)
			}
			if len(rows) == 0 || line(rows[0]) != c.first {
				t.Errorf("rows %+v, want first %s", rows, c.first)
			}
		})
	}
}

func TestAPersonSaysWhereTheRowsBelong(t *testing.T) {
	data := workbook(t, sheetOf{name: "2号楼", rows: [][]any{{"某小区住户登记表"}, {"房号", "姓名"}, {"101", "张三"}}})
	res, _ := parse(t, data, Options{})
	o := Options{Places: map[string]Place{res.Sheets[0].PlaceKey: {Compound: "云栖水岸", Unit: "3"}}}
	res, rows := parse(t, data, o)
	if got := said(res.Sheets[0]); got != "compound=云栖水岸/person, unit=3/person" || line(rows[0]) != "/3/101/张三 c=云栖水岸" {
		t.Errorf("%s: %s", got, line(rows[0]))
	}
}
