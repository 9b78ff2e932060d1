package relist

import (
	"strconv"
	"strings"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/sheet"
)

// Day reads a date written in any usual way, or kept as an office program's
// serial number, as that day's midnight in UTC+8.
func Day(text string) (t time.Time, ok bool) {
	s := sheet.Squeeze(text)
	if n, err := strconv.ParseFloat(s, 64); err == nil && n > 30000 && n < 60000 {
		return time.Date(1899, 12, 30, 0, 0, 0, 0, clock.CST).AddDate(0, 0, int(n)), true
	}
	parts := strings.FieldsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
	if len(parts) == 1 && len(parts[0]) == 8 {
		parts = []string{parts[0][:4], parts[0][4:6], parts[0][6:]}
	}
	if len(parts) < 3 || len(parts[0]) != 4 {
		return t, false
	}
	y, _ := strconv.Atoi(parts[0])
	m, _ := strconv.Atoi(parts[1])
	d, _ := strconv.Atoi(parts[2])
	t = time.Date(y, time.Month(m), d, 0, 0, 0, 0, clock.CST)
	return t, t.Year() == y && int(t.Month()) == m && t.Day() == d && y > 1990 && y < 2150
}

// AsDay writes a date as exports do, 2022-10-01; what is no date stays.
func AsDay(text string) string {
	if t, ok := Day(text); ok {
		return clock.Day(t)
	}
	return text
}
