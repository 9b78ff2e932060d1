package sheet

import (
	"bytes"
	"io"
	"unicode/utf16"
)

// sniffOLE tells old workbooks from encrypted ones and from other files in the
// same container by the names in its directory.
func sniffOLE(r io.ReaderAt, size int64) error {
	found := map[string]bool{}
	names := []string{"EncryptedPackage", "Workbook", "Book", "WordDocument", "PowerPoint Document"}
	pattern := map[string][]byte{}
	for _, n := range names {
		pattern[n] = utf16le(n + "\x00")
	}
	const chunk = 1 << 20
	buf := make([]byte, chunk+128)
	for off := int64(0); off < size; off += chunk {
		n, err := r.ReadAt(buf, off)
		for name, p := range pattern {
			found[name] = found[name] || bytes.Contains(buf[:n], p)
		}
		if err != nil && err != io.EOF {
			return damaged(err)
		}
	}
	switch {
	case found["EncryptedPackage"]:
		return invalid("sheet.encrypted")
	case found["Workbook"] || found["Book"]:
		return nil
	case found["WordDocument"] || found["PowerPoint Document"]:
		return invalid("sheet.is_document")
	}
	return invalid("sheet.not_table")
}

func utf16le(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}
