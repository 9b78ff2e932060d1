package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"strings"
)

const headBytes = 8192

// magics are first bytes of files that are taken for tables now and then.
var magics = []struct{ magic, key string }{
	{"%PDF", "sheet.is_pdf"},
	{"\x89PNG", "sheet.is_image"},
	{"\xff\xd8\xff", "sheet.is_image"},
	{"GIF8", "sheet.is_image"},
	{"RIFF", "sheet.is_image"},
	{"Rar!", "sheet.is_archive"},
	{"7z\xbc\xaf\x27\x1c", "sheet.is_archive"},
	{"\x1f\x8b", "sheet.is_archive"},
	{"{\\rtf", "sheet.is_document"},
	{"SQLite format 3", "sheet.not_table"},
	{"\x7fELF", "sheet.not_table"},
	{"MZ\x90\x00", "sheet.not_table"},
}

// sniff finds the kind of file from its bytes.
func sniff(r io.ReaderAt, size int64, lim Limits) (Format, error) {
	if size == 0 {
		return "", invalid("sheet.empty_file")
	}
	if size > lim.Bytes {
		return "", invalid("sheet.too_large", lim.Bytes>>20)
	}
	head := make([]byte, min(size, headBytes))
	if _, err := r.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return "", damaged(err)
	}
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return XLSX, sniffZip(r, size, lim)
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")):
		return XLS, sniffOLE(r, size)
	}
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.magic)) {
			return "", invalid(m.key)
		}
	}
	return CSV, sniffText(head)
}

// sniffZip tells a workbook from other files that are zips, and refuses one
// that claims to unpack into more than it may.
func sniffZip(r io.ReaderAt, size int64, lim Limits) error {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return damaged(err)
	}
	if len(z.File) > lim.Entries {
		return invalid("sheet.bomb")
	}
	var total uint64
	book := false
	for _, f := range z.File {
		total += f.UncompressedSize64
		if f.UncompressedSize64 > 16<<20 && f.UncompressedSize64/max(f.CompressedSize64, 1) > 400 {
			return invalid("sheet.bomb")
		}
		if total > uint64(lim.Uncompressed) || f.UncompressedSize64 > uint64(lim.Uncompressed) {
			return invalid("sheet.bomb")
		}
		switch name := strings.ToLower(partName(f.Name)); {
		case name == "xl/workbook.bin":
			return invalid("sheet.is_xlsb")
		case name == "word/document.xml", name == "ppt/presentation.xml":
			return invalid("sheet.is_document")
		case name == "mimetype":
			return invalid("sheet.is_ods")
		case name == "xl/workbook.xml", name == "_rels/.rels":
			book = true
		}
	}
	if !book {
		return invalid("sheet.is_archive")
	}
	return nil
}

func partName(s string) string {
	return strings.TrimPrefix(strings.ReplaceAll(s, "\\", "/"), "/")
}

// sniffText refuses bytes that are no text, and pages and XML named as tables.
func sniffText(head []byte) error {
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) || wide(head) != 0 {
		return nil
	}
	control := 0
	for _, b := range head {
		if b == 0 {
			return invalid("sheet.not_table")
		}
		if b < 0x20 && b != '\t' && b != '\n' && b != '\r' && b != 0x1a && b != 0x0c {
			control++
		}
	}
	if control*50 > len(head) {
		return invalid("sheet.not_table")
	}
	low := bytes.ToLower(bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n"))
	for _, p := range []string{"<html", "<!doctype", "<table", "<?xml", "<style", "<meta", "<head"} {
		if bytes.HasPrefix(low, []byte(p)) {
			return invalid("sheet.is_html")
		}
	}
	if bytes.HasPrefix(low, []byte("{\"")) || bytes.HasPrefix(low, []byte("[{")) {
		return invalid("sheet.not_table")
	}
	return nil
}

// wide recognises UTF-16 without a byte order mark: 'l' little, 'b' big
// endian, 0 neither. It needs some ASCII (separators, digits, line ends), whose
// other half is zero, always on the same side.
func wide(head []byte) byte {
	var even, odd int
	n := len(head) &^ 1
	for i := 0; i < n; i += 2 {
		if head[i] == 0 && head[i+1] == 0 {
			return 0
		}
		if head[i] == 0 {
			even++
		}
		if head[i+1] == 0 {
			odd++
		}
	}
	switch {
	case odd*10 >= n/2 && even == 0 && odd > 2:
		return 'l'
	case even*10 >= n/2 && odd == 0 && even > 2:
		return 'b'
	}
	return 0
}
