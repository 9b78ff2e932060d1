package sheet

import (
	"strconv"
	"strings"
)

// Kind says how a cell is stored.
type Kind uint8

// The kinds of cell.
const (
	Empty  Kind = iota // nothing
	Text               // characters
	Number             // a number; it may be a date, see Cell.Date
	Bool               // TRUE or FALSE
	Error              // an error value such as #N/A
)

// Cell is one cell as it is stored.
type Cell struct {
	Raw     string // the stored text; a number in the file's own notation, as 1.38E+10
	Kind    Kind
	Date    bool  // the number's format is a date or time: Raw is a serial
	Formula bool  // the value is the stored result of a formula
	Format  uint8 // for a date, what the format shows: see the DateShows bits
	merged  uint8
}

// What a date format shows, for cells that were typed as 3-2 and turned into a day.
const (
	ShowsYear uint8 = 1 << iota
	ShowsMonth
	ShowsDay
	ShowsTime
)

const (
	fromAbove uint8 = 1
	fromLeft  uint8 = 2
)

// Blank reports whether the cell holds nothing but white space.
func (c Cell) Blank() bool { return c.Kind == Empty || strings.TrimSpace(c.Raw) == "" }

// Copied reports whether the value belongs to another cell, the top left one
// of a merged area.
func (c Cell) Copied() bool { return c.merged != 0 }

// FromAbove reports whether the value was copied down its own column from the
// first row of a merged area.
func (c Cell) FromAbove() bool { return c.merged == fromAbove }

// FromLeft reports whether the value was copied from another column of a
// merged area.
func (c Cell) FromLeft() bool { return c.merged&fromLeft != 0 }

// String returns the cell as a person would type it: text as it is, a number
// in plain digits without a needless fraction (501.0 is 501, 1.38E+10 is
// 13800000000). A date stays a serial.
func (c Cell) String() string {
	if c.Kind == Number {
		if s, ok := Plain(c.Raw); ok {
			return s
		}
	}
	return c.Raw
}

// Float returns the value of a number cell.
func (c Cell) Float() (float64, bool) {
	if c.Kind != Number {
		return 0, false
	}
	f, err := strconv.ParseFloat(c.Raw, 64)
	return f, err == nil
}

// Plain rewrites a decimal number, with or without exponent, as plain digits:
// "1.3812345678E+10" is "13812345678", "501.0" is "501", "36.50" is "36.5".
// Floating-point noise beyond 15 significant digits is rounded away
// ("36.600000000000001" is "36.6"). It reports false if s is no number or its
// exponent is beyond ±30.
func Plain(s string) (string, bool) {
	if isDigits(s) {
		return s, s != ""
	}
	mant, exp, ok := splitNumber(s)
	if !ok || exp > 30 || exp < -30 {
		return "", false
	}
	neg := strings.HasPrefix(mant, "-")
	mant = strings.TrimLeft(mant, "+-")
	whole, frac, _ := strings.Cut(mant, ".")
	if len(strings.TrimLeft(whole+frac, "0")) > 15 && frac != "" {
		return rounded(s)
	}
	digits := whole + frac
	point := len(whole) + exp
	for point > len(digits) {
		digits += "0"
	}
	for point < 0 {
		digits = "0" + digits
		point++
	}
	whole, frac = strings.TrimLeft(digits[:point], "0"), strings.TrimRight(digits[point:], "0")
	if whole == "" {
		whole = "0"
	}
	if frac != "" {
		whole += "." + frac
	}
	if neg && whole != "0" {
		whole = "-" + whole
	}
	return whole, true
}

func rounded(s string) (string, bool) {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return "", false
	}
	r, err := strconv.ParseFloat(strconv.FormatFloat(f, 'g', 15, 64), 64)
	if err != nil {
		return "", false
	}
	return strconv.FormatFloat(r, 'f', -1, 64), true
}

// splitNumber splits a decimal number into mantissa and exponent.
func splitNumber(s string) (mant string, exp int, ok bool) {
	mant = s
	if i := strings.IndexAny(s, "eE"); i >= 0 {
		n, err := strconv.Atoi(s[i+1:])
		if err != nil {
			return "", 0, false
		}
		mant, exp = s[:i], n
	}
	body := strings.TrimLeft(mant, "+-")
	if len(mant)-len(body) > 1 {
		return "", 0, false
	}
	whole, frac, _ := strings.Cut(body, ".")
	return mant, exp, whole+frac != "" && isDigits(whole+frac)
}

func isDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// ColumnName returns the letters of a 1-based column number: 1 is A, 28 is AB.
func ColumnName(n int) string {
	var b [8]byte
	i := len(b)
	for n > 0 && i > 0 {
		n--
		i--
		b[i] = byte('A' + n%26)
		n /= 26
	}
	return string(b[i:])
}

// ColumnNumber returns the 1-based number of a column's letters, 0 if they are none.
func ColumnNumber(s string) int {
	n := 0
	for i := 0; i < len(s); i++ {
		c := s[i] &^ 0x20
		if c < 'A' || c > 'Z' || n > 1<<20 {
			return 0
		}
		n = n*26 + int(c-'A') + 1
	}
	return n
}
