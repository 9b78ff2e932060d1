package sheet

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"wangge/internal/platform/errs"
)

// grid reads sheet i wholly, as strings by row number.
func grid(t testing.TB, data []byte, i int) map[int][]string {
	t.Helper()
	b, err := OpenBytes(data, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	out := map[int][]string{}
	err = b.Rows(context.Background(), i, func(r Row) error {
		var row []string
		for _, c := range r.Cells {
			row = append(row, c.String())
		}
		out[r.N] = row
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func excelFile(t testing.TB, build func(f *excelize.File)) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	build(f)
	var buf bytes.Buffer
	if err := f.Write(&buf); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestReadWorkbook(t *testing.T) {
	data := excelFile(t, func(f *excelize.File) {
		f.SetSheetRow("Sheet1", "A1", &[]any{"幸福小区住户登记表"})
		f.MergeCell("Sheet1", "A1", "D1")
		f.SetSheetRow("Sheet1", "A3", &[]any{"3号楼", 501.0, 13812345678.0, "<&\"> \n第二行"})
		f.SetSheetRow("Sheet1", "A4", &[]any{nil, 502, true, nil})
		f.MergeCell("Sheet1", "A3", "A4")
		f.SetCellFormula("Sheet1", "E3", "1+1")
		style, _ := f.NewStyle(&excelize.Style{NumFmt: 14})
		f.SetCellValue("Sheet1", "F3", 18263)
		f.SetCellStyle("Sheet1", "F3", "F3", style)
		f.SetColVisible("Sheet1", "C", false)
		f.SetRowVisible("Sheet1", 4, false)
		f.NewSheet("二")
		f.SetSheetVisible("二", false)
	})
	g := grid(t, data, 0)
	if got := fmt.Sprintf("%q", g[3][:4]); got != `["3号楼" "501" "13812345678" "<&\"> \n第二行"]` {
		t.Error(got)
	}
	if got := fmt.Sprintf("%q", g[4]); got != `["3号楼" "502" "1"]` {
		t.Error(got)
	}
	b, _ := OpenBytes(data, Limits{})
	if s := b.Sheets(); len(s) != 2 || s[1].Name != "二" || !s[1].Hidden || s[0].Hidden {
		t.Errorf("sheets %+v", s)
	}
	if h, err := b.HiddenColumns(context.Background(), 0); err != nil || fmt.Sprint(h) != "[3]" {
		t.Error(h, err)
	}
	b.Rows(context.Background(), 0, func(r Row) error {
		switch r.N {
		case 1:
			if !r.Cells[1].FromLeft() || r.Cells[0].Copied() {
				t.Error("merged title")
			}
		case 3:
			if c := r.Cells[5]; !c.Date || c.Raw != "18263" {
				t.Errorf("date %+v", c)
			}
		case 4:
			if !r.Hidden || !r.Cells[0].FromAbove() {
				t.Errorf("row %+v", r)
			}
		}
		return nil
	})
}

func TestEncodingsOfText(t *testing.T) {
	const table = "楼栋,房号,姓名\r\n3号楼,501,\"张三,\n字\"\"号\"\"\"\r\n\r\n4号楼,502,李四"
	for name, enc := range map[string]encoding.Encoding{
		"utf8": encoding.Nop, "bom": unicode.UTF8BOM, "gb18030": simplifiedchinese.GB18030,
		"utf16": unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), "utf16be": unicode.UTF16(unicode.BigEndian, unicode.UseBOM),
		"utf16 without mark": unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM),
	} {
		data, err := enc.NewEncoder().Bytes([]byte(table))
		if err != nil {
			t.Fatal(err)
		}
		g := grid(t, data, 0)
		if got := fmt.Sprintf("%q%q%q%d", g[1], g[2], g[4], len(g)); got != `["楼栋" "房号" "姓名"]["3号楼" "501" "张三,\n字\"号\""]["4号楼" "502" "李四"]3` {
			t.Errorf("%s: %s", name, got)
		}
	}
	for _, sep := range []string{"\t", ";", "|"} {
		if g := grid(t, []byte(strings.ReplaceAll("a,b\n1,2\n", ",", sep)), 0); len(g[2]) != 2 {
			t.Errorf("%q: %v", sep, g)
		}
	}
}

func TestNotTables(t *testing.T) {
	zeros := make([]byte, 200<<20)
	deep := func(n int) []byte {
		var buf bytes.Buffer
		z := zip.NewWriter(&buf)
		w, _ := z.Create("xl/workbook.xml")
		w.Write(zeros[:n])
		z.Close()
		return buf.Bytes()
	}
	encrypted := append([]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), make([]byte, 512)...)
	encrypted = append(encrypted, utf16le("EncryptedPackage\x00")...)
	for _, c := range []struct {
		name, key string
		data      []byte
	}{
		{"nothing", "sheet.empty_file", nil},
		{"zeros", "sheet.not_table", zeros},
		{"bomb", "sheet.bomb", deep(100 << 20)},
		{"pdf", "sheet.is_pdf", []byte("%PDF-1.7 ...")},
		{"png", "sheet.is_image", []byte("\x89PNG\r\n")},
		{"web page", "sheet.is_html", []byte("\n<html><table>")},
		{"encrypted", "sheet.encrypted", encrypted},
		{"cut workbook", "sheet.damaged", []byte("PK\x03\x04 and then nothing")},
		{"late zero", "sheet.not_table", append([]byte(strings.Repeat("a,b\n", 5000)), 0, 0, 0)},
	} {
		_, err := OpenBytes(c.data, Limits{})
		if e := errs.As(err); err == nil || e.Key != c.key || e.Kind != errs.Invalid {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestLyingSizesStopAtTheBudget(t *testing.T) {
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	put := func(name, s string) { w, _ := z.Create(name); io.WriteString(w, s) }
	put("xl/workbook.xml", `<workbook xmlns:r="r"><sheets><sheet name="a" r:id="x"/></sheets></workbook>`)
	put("xl/_rels/workbook.xml.rels", `<Relationships><Relationship Id="x" Type="t/worksheet" Target="s.xml"/></Relationships>`)
	w, _ := z.Create("xl/s.xml")
	io.WriteString(w, "<worksheet><sheetData>")
	rnd := rand.New(rand.NewSource(1))
	for i := 0; i < 200_000; i++ {
		fmt.Fprintf(w, `<row r="%d"><c r="A%d" s="%d"/></row>`, i+1, i+1, rnd.Intn(9))
	}
	io.WriteString(w, "</sheetData></worksheet>")
	z.Close()
	b, err := OpenBytes(buf.Bytes(), Limits{Uncompressed: 10 << 20})
	if err != nil {
		t.Fatal(err)
	}
	err = b.Rows(context.Background(), 0, func(r Row) error {
		if !r.Blank() {
			t.Fatal("not blank")
		}
		return nil
	})
	if errs.As(err).Key != "sheet.bomb" {
		t.Error(err)
	}
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		"501.0": "501", "1.3812345678E+10": "13812345678", "1.38E10": "13800000000", "36.50": "36.5", "-0.5e1": "-5",
		"0501": "0501", "2.30103194912310E17": "230103194912310000", "1e-3": "0.001", "": "", "36.600000000000001": "36.6", "12.": "12",
	} {
		if got, _ := Plain(in); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
	for _, in := range []string{"a", "1e999", ".", "+-1", "1 2", "e5"} {
		if got, ok := Plain(in); ok {
			t.Errorf("%q: %q", in, got)
		}
	}
}

func TestWriteIsSafeAndReadsBack(t *testing.T) {
	evil := []any{"=cmd|' /C calc'!A0", "+86 13812345678", "-1+2", "@SUM(A1)", "\t=1", "普通", "012345678901234567", 12, 3.5, nil, "x\x01<y>&"}
	var x, c bytes.Buffer
	xw, err := NewXLSX(&x, "a/b:c", Column{Title: "甲", Width: 20}, Column{Title: "乙"})
	if err != nil {
		t.Fatal(err)
	}
	cw, err := NewCSV(&c, Column{Title: "甲"})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []Writer{xw, cw} {
		if err := w.Row(evil...); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
	f, err := excelize.OpenReader(bytes.NewReader(x.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if names := f.GetSheetList(); names[0] != "a b c" {
		t.Error(names)
	}
	for i := range evil {
		ref := ColumnName(i+1) + "2"
		if s, _ := f.GetCellFormula("a b c", ref); s != "" {
			t.Errorf("%s is a formula", ref)
		}
		got, _ := f.GetCellValue("a b c", ref)
		want, _ := plainValue(evil[i])
		if got != want {
			t.Errorf("%s: %q, want %q", ref, got, want)
		}
	}
	for _, line := range strings.Split(c.String(), "\r\n")[1:] {
		if dangerous(line) {
			t.Errorf("line %q", line)
		}
	}
	for _, data := range [][]byte{x.Bytes(), c.Bytes()} {
		g := grid(t, data, 0)
		for i, v := range evil {
			want, _ := plainValue(v)
			if g[2][i] != want {
				t.Errorf("%q, want %q", g[2][i], want)
			}
		}
	}
}

func FuzzOpen(f *testing.F) {
	f.Add([]byte("a,b\n1,\"2"))
	f.Add([]byte("\xff\xfea\x00,\x00"))
	f.Add(excelFile(f, func(x *excelize.File) { x.SetSheetRow("Sheet1", "A1", &[]any{"a", 1, true}) }))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := OpenBytes(data, Limits{Uncompressed: 1 << 20, Strings: 1 << 20})
		if err != nil {
			if errs.KindOf(err) != errs.Invalid {
				t.Fatal(err)
			}
			return
		}
		for i := range b.Sheets() {
			if err := b.Rows(context.Background(), i, func(Row) error { return nil }); err != nil && errs.KindOf(err) != errs.Invalid {
				t.Fatal(err)
			}
		}
	})
}

func FuzzScanner(f *testing.F) {
	f.Add([]byte(`<a b="1>2" c='&amp;'><!-- x --><![CDATA[<]]>t&#x41;</a>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := newScanner(bytes.NewReader(data))
		for n := 0; ; n++ {
			tok, err := s.next()
			if err != nil {
				return
			}
			if tok == startTag {
				s.attr("b")
			}
			if n > len(data) {
				t.Fatal("no progress")
			}
		}
	})
}
