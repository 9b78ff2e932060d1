package roster

import (
	"strings"
	"unicode/utf8"

	"wangge/internal/platform/i18n"
	"wangge/internal/platform/sheet"
)

// finding is a problem before it is put into words.
type finding struct {
	col  int // 0-based; -1 for the whole row
	raw  string
	sev  Severity
	key  string
	args []any
}

// listed reports whether one more problem of the severity is still listed.
func (s *sheetParser) listed(sev Severity) bool {
	count := map[Severity]*int{SevError: &s.out.Errors, SevRepaired: &s.out.Repaired, SevDoubt: &s.out.Doubts}[sev]
	*count++
	return *count <= s.p.o.Problems
}

// report adds a finding to the sheet's problems.
func (s *sheetParser) report(n int, f finding) {
	if !s.listed(f.sev) {
		return
	}
	pr := Problem{Row: n, Severity: f.sev, Code: f.key, Problem: i18n.T(s.p.o.Lang, f.key, f.args...), Value: f.raw}
	if f.col >= 0 {
		pr.Column = sheet.ColumnName(f.col + 1)
	}
	if !s.p.o.Unmasked {
		pr.Value = MaskNumbers(f.raw)
	}
	if utf8.RuneCountInString(pr.Value) > 120 {
		pr.Value = string([]rune(pr.Value)[:120])
	}
	s.out.Problems = append(s.out.Problems, pr)
}

// reasons joins the texts of a row's errors.
func (s *sheetParser) reasons(fs []finding) string {
	var out []string
	for _, f := range fs {
		if f.sev != SevError {
			continue
		}
		t := i18n.T(s.p.o.Lang, f.key, f.args...)
		if f.col >= 0 {
			t = sheet.ColumnName(f.col+1) + ": " + t
		}
		out = append(out, t)
	}
	return strings.Join(out, " ")
}

// MaskNumbers hides the middle of every phone and identity number in a text:
// runs of seven digits and more, blanks and dashes between them included.
func MaskNumbers(s string) string {
	if len(s) < 7 {
		return s
	}
	rs := []rune(s)
	for i := 0; i < len(rs); {
		if digitValue(rs[i]) < 0 {
			i++
			continue
		}
		at := []int{i}
		j := i + 1
		for ; j < len(rs); j++ {
			if digitValue(rs[j]) >= 0 || (rs[j] == 'x' || rs[j] == 'X') && len(at) >= 14 {
				at = append(at, j)
			} else if !(rs[j] == ' ' || rs[j] == '-') || j+1 >= len(rs) || digitValue(rs[j+1]) < 0 {
				break
			}
		}
		maskRun(rs, at)
		i = j
	}
	return string(rs)
}

func maskRun(rs []rune, at []int) {
	head, tail := 2, 2
	switch n := len(at); {
	case n < 7, n == 8 && strings.HasPrefix(string(rs[at[0]:]), "19"), n == 8 && strings.HasPrefix(string(rs[at[0]:]), "20"):
		return // too short for a number of people, or a date
	case n >= 15:
		head, tail = 4, 4
	case n >= 11:
		head, tail = 3, 4
	}
	for _, k := range at[head : len(at)-tail] {
		rs[k] = '*'
	}
}

func digitValue(r rune) int {
	switch {
	case r >= '0' && r <= '9':
		return int(r - '0')
	case r >= 0xff10 && r <= 0xff19:
		return int(r - 0xff10)
	}
	return -1
}
