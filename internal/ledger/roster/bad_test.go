package roster

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"wangge/internal/platform/errs"
)

// zeros is a file of nothing but zeros.
type zeros int64

func (z zeros) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(z) {
		return 0, io.EOF
	}
	clear(p)
	return len(p), nil
}

// zipped packs parts into a zip.
func zipped(t *testing.T, parts map[string]string) []byte {
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for name, text := range parts {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		io.WriteString(w, text)
	}
	z.Close()
	return buf.Bytes()
}

// withSheet is a workbook whose only sheet is the XML given.
func withSheet(t *testing.T, data string) []byte {
	good := workbook(t, sheetOf{name: "S", rows: [][]any{{"a"}}})
	z, err := zip.NewReader(bytes.NewReader(good), int64(len(good)))
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{}
	for _, f := range z.File {
		r, _ := f.Open()
		b, _ := io.ReadAll(r)
		parts[f.Name] = string(b)
	}
	parts["xl/worksheets/sheet1.xml"] = `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>` + data + `</sheetData></worksheet>`
	return zipped(t, parts)
}

// TestFilesThatAreNoRosters: each is refused with a plain message, fast and in
// little memory.
func TestFilesThatAreNoRosters(t *testing.T) {
	good := workbook(t, sheetOf{name: "S", rows: [][]any{{"楼号", "房号", "姓名"}, {1, 101, "张三"}}})
	var locked bytes.Buffer
	f := excelize.NewFile()
	if err := f.Write(&locked, excelize.Options{Password: "x"}); err != nil {
		t.Fatal(err)
	}
	cell := `<row><c t="inlineStr"><is><t>` + strings.Repeat("A", 32<<20) + `</t></is></c></row>`
	for _, c := range []struct {
		name string
		data []byte
		key  string
	}{
		{"pdf", []byte("%PDF-1.4\n1 0 obj\n<<>>\nendobj\n"), "sheet.is_pdf"},
		{"docx", zipped(t, map[string]string{"[Content_Types].xml": "<Types/>", "word/document.xml": "<w:document/>"}), "sheet.is_document"},
		{"other zip", zipped(t, map[string]string{"a.txt": "a"}), "sheet.is_archive"},
		{"nothing", nil, "sheet.empty_file"},
		{"cut off", good[:len(good)/2], "sheet.damaged"},
		{"locked", locked.Bytes(), "sheet.encrypted"},
		{"million empty rows", withSheet(t, strings.Repeat("<row/>", 1_000_000)), "sheet.no_rows"},
		{"more rows than a sheet has", withSheet(t, strings.Repeat(`<row><c t="inlineStr"><is><t>a</t></is></c></row>`, 1_100_000)), "sheet.bomb"},
		{"one cell of 32 MB", withSheet(t, cell), "sheet.bomb"},
		{"one cell of 32 MB as text", []byte("楼号,房号,姓名\n1,101,\"" + strings.Repeat("a", 32<<20) + "\"\n"), "sheet.damaged"},
	} {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		res, err := Parse(ctx, []File{{c.name, bytes.NewReader(c.data), int64(len(c.data))}}, Options{}, nil)
		if e := errs.As(err); res != nil || e.Kind != errs.Invalid || e.Key != c.key || e.Field != c.name {
			t.Errorf("%s: %v", c.name, err)
		}
		cancel()
	}
	if _, err := Parse(context.Background(), []File{{"zeros", zeros(200 << 20), 200 << 20}}, Options{}, nil); errs.As(err).Key != "sheet.not_table" {
		t.Error(err)
	}
}
