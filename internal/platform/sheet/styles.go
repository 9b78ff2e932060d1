package sheet

import (
	"strconv"
	"strings"
)

// cellStyle is what a cell's number format means for reading it.
type cellStyle struct {
	date  bool
	shows uint8
}

// readStyles finds which of the workbook's cell styles show dates.
func (b *xlsxBook) readStyles() error {
	custom := map[int]string{}
	inXfs := false
	return b.each(b.stylesPart(), func(s *scanner) error {
		switch string(s.name) {
		case "numFmt":
			if id, err := strconv.Atoi(s.attr("numFmtId")); err == nil {
				custom[id] = s.attr("formatCode")
			}
		case "cellXfs":
			inXfs = true
		case "cellStyles", "dxfs", "cellStyleXfs":
			inXfs = false
		case "xf":
			if inXfs && len(b.styles) < 1<<16 {
				id, _ := strconv.Atoi(s.attr("numFmtId"))
				b.styles = append(b.styles, styleOf(id, custom[id]))
			}
		}
		return nil
	})
}

// styleOf tells from a format's number and code whether it shows a date.
func styleOf(id int, code string) cellStyle {
	if code != "" {
		shows := dateParts(code)
		return cellStyle{date: shows != 0, shows: shows}
	}
	const day = ShowsYear | ShowsMonth | ShowsDay
	switch {
	case id == 14 || id == 15 || id == 30 || id == 31 || id == 36 || id == 50 || id == 54:
		return cellStyle{true, day}
	case id == 16 || id == 28 || id == 29 || id == 51 || id == 53 || id == 58:
		return cellStyle{true, ShowsMonth | ShowsDay}
	case id == 17 || id == 27 || id == 52 || id == 55 || id == 57:
		return cellStyle{true, ShowsYear | ShowsMonth}
	case id == 22:
		return cellStyle{true, day | ShowsTime}
	case id >= 18 && id <= 21, id >= 32 && id <= 35, id >= 45 && id <= 47, id == 56:
		return cellStyle{true, ShowsTime}
	}
	return cellStyle{}
}

// dateParts reads a format code and returns what of a date it shows, 0 if it
// is not one. Quoted text, escapes, colours and locales are passed over.
func dateParts(code string) uint8 {
	code, _, _ = strings.Cut(strings.ToLower(code), ";")
	if code == "general" {
		return 0
	}
	var shows uint8
	for i := 0; i < len(code); i++ {
		switch c := code[i]; c {
		case '"':
			end := strings.IndexByte(code[i+1:], '"')
			if end < 0 {
				return shows
			}
			i += end + 1
		case '\\', '_', '*':
			i++
		case '[':
			end := strings.IndexByte(code[i:], ']')
			if end < 0 {
				return shows
			}
			if in := code[i+1 : i+end]; strings.Trim(in, "h") == "" || strings.Trim(in, "s") == "" || strings.Trim(in, "m") == "" {
				shows |= ShowsTime
			}
			i += end
		case 'y', 'e':
			if c == 'e' && i+1 < len(code) && (code[i+1] == '+' || code[i+1] == '-') {
				return 0
			}
			shows |= ShowsYear
		case 'm':
			shows |= ShowsMonth
		case 'd':
			shows |= ShowsDay
		case 'h', 's':
			shows |= ShowsTime
		case '0', '#', '?', '@':
			if shows == 0 {
				return 0
			}
		}
	}
	return shows
}
