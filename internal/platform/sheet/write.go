package sheet

import (
	"bufio"
	"io"
	"strconv"
	"strings"
)

// Column is one column of a table to be written.
type Column struct {
	Title string
	Width float64 // in characters; 0 means 14
	// Hidden columns are written but not shown (workbooks only).
	Hidden bool
}

// Writer writes a table row by row. Values may be string, Cell, bool, any of
// int, int64, float64, or nil for a blank. Text is always written as text:
// what would be taken for a formula (a leading = + - @, tab or line end) is
// marked so that no program evaluates it, and long numbers keep their digits.
type Writer interface {
	// Row writes one row.
	Row(values ...any) error
	// Close finishes the table. The underlying writer stays open.
	Close() error
}

// dangerous reports whether an office program would take s for a formula.
func dangerous(s string) bool {
	if s == "" {
		return false
	}
	switch s[0] {
	case '=', '+', '-', '@', '\t', '\r', '\n':
		return true
	}
	return strings.HasPrefix(s, "\uff1d") || strings.HasPrefix(s, "\uff0b") || strings.HasPrefix(s, "\uff20")
}

// csvWriter writes UTF-8 with a byte order mark, so that office programs show
// Chinese, and CRLF line ends.
type csvWriter struct{ w *bufio.Writer }

// NewCSV starts a comma separated table with a header row (none if there are
// no columns). Text that starts like a formula gets a leading apostrophe.
func NewCSV(w io.Writer, columns ...Column) (Writer, error) {
	c := &csvWriter{bufio.NewWriter(w)}
	if _, err := c.w.WriteString("\ufeff"); err != nil {
		return nil, err
	}
	if len(columns) == 0 {
		return c, nil
	}
	titles := make([]any, len(columns))
	for i, col := range columns {
		titles[i] = col.Title
	}
	return c, c.Row(titles...)
}

// Row writes one line.
func (c *csvWriter) Row(values ...any) error {
	for i, v := range values {
		if i > 0 {
			c.w.WriteByte(',')
		}
		s, text := plainValue(v)
		if text && dangerous(s) {
			s = "'" + s
		}
		if strings.ContainsAny(s, ",\"\r\n\t;|") || strings.HasPrefix(s, " ") {
			s = "\"" + strings.ReplaceAll(s, "\"", "\"\"") + "\""
		}
		c.w.WriteString(s)
	}
	_, err := c.w.WriteString("\r\n")
	return err
}

// Close flushes the table.
func (c *csvWriter) Close() error { return c.w.Flush() }

// plainValue gives a value's characters, and whether it is text.
func plainValue(v any) (s string, text bool) {
	switch x := v.(type) {
	case nil:
		return "", false
	case string:
		return x, true
	case Cell:
		return x.Raw, x.Kind != Number
	case bool:
		if x {
			return "TRUE", false
		}
		return "FALSE", false
	case int:
		return strconv.Itoa(x), false
	case int64:
		return strconv.FormatInt(x, 10), false
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64), false
	case interface{ String() string }:
		return x.String(), true
	}
	return "", false
}
