package divisions

import "strings"

// split gives the five groups of a 12-digit code.
func split(code string) [5]string {
	return [5]string{code[:2], code[2:4], code[4:6], code[6:9], code[9:]}
}

func zero(s string) bool { return strings.Trim(s, "0") == "" }

// LevelOf infers the level of a 12-digit code from its zero groups. ok is
// false for a code that fits none: not 12 digits, an empty province, a zero
// group in the middle other than a missing city (province-run counties) or
// county (cities without counties).
func LevelOf(code string) (l Level, ok bool) {
	if len(code) != 12 || !digits(code) {
		return "", false
	}
	g := split(code)
	switch {
	case g[0] < "11" || g[0] > "83":
		return "", false
	case !zero(g[4]):
		return Community, !zero(g[3]) && !zero(g[1])
	case !zero(g[3]):
		return Street, !zero(g[1])
	case !zero(g[2]):
		return County, true
	case !zero(g[1]):
		return City, true
	}
	return Province, true
}

// ParentOf infers the parent of a 12-digit code, empty for a province. A
// street without county digits hangs on its city; a county without city
// digits on its province.
func ParentOf(code string) string {
	l, ok := LevelOf(code)
	if !ok {
		return ""
	}
	g := split(code)
	switch l {
	case Community:
		return code[:9] + "000"
	case Street:
		if zero(g[2]) {
			return code[:4] + "00000000"
		}
		return code[:6] + "000000"
	case County:
		if zero(g[1]) {
			return code[:2] + "0000000000"
		}
		return code[:4] + "00000000"
	case City:
		return code[:2] + "0000000000"
	}
	return ""
}

// IsVillage says whether a community is a village (村) rather than an urban
// one: the list numbers villages 200 to 399 within their street or town, and
// their names end so.
func IsVillage(a Area) bool {
	if a.Level != Community || len(a.Code) != 12 {
		return false
	}
	n := a.Code[9:]
	if n >= "200" && n < "400" {
		return true
	}
	for _, end := range words.village {
		// a one-character ending also names urban estates, whose numbers are below 200
		if strings.HasSuffix(a.Name, end) && (len(end) > 3 || n >= "400") {
			return true
		}
	}
	return false
}

// normCode makes 12 digits of a code cell: full-width digits, blanks, a
// leading apostrophe and a spreadsheet's ".0" are repaired, short codes are
// padded with zeros. On failure it returns the problem's key.
func normCode(cell string) (code, problem string) {
	s := strings.Map(func(r rune) rune {
		switch {
		case r >= 0xFF10 && r <= 0xFF19:
			return r - 0xFF10 + '0'
		case r == ' ' || r == '\t' || r == 0x3000 || r == 0xA0 || r == '\'' || r == '"':
			return -1
		}
		return r
	}, cell)
	s = strings.TrimSuffix(s, ".0")
	if !digits(s) {
		if strings.ContainsAny(s, "eE") && strings.Contains(s, "+") {
			return "", ProblemDamaged
		}
		return "", ProblemDigits
	}
	switch len(s) {
	case 2, 4, 6, 9, 12:
		return s + "000000000000"[len(s):], ""
	}
	return "", ProblemDigits
}

func digits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// check gives the areas that stand and the problems of the rest: codes seen
// twice, parents missing, not above or in a circle. A parent may be missing
// only where the list begins below it (a list of one county, or of villages).
func check(rows []row) ([]Area, []Problem) {
	var problems []Problem
	bad := func(r *row, column, value, key string) {
		r.bad = true
		problems = append(problems, Problem{Row: r.line, Column: column, Value: value, Key: key})
	}
	index := make(map[string]int, len(rows))
	var n [6]int // rows of each level
	for i := range rows {
		r := &rows[i]
		if _, twice := index[r.Code]; twice {
			bad(r, "code", r.Code, ProblemDuplicate)
			continue
		}
		index[r.Code] = i
		n[r.Level.Rank()]++
	}
	begins := begin(n)
	for i := range rows {
		r := &rows[i]
		if r.bad || r.Parent == "" {
			continue
		}
		switch pi, found := index[r.Parent]; {
		case r.Parent == r.Code, found && circle(rows, index, i):
			bad(r, "parent", r.Parent, ProblemSelf)
		case found && rows[pi].Level.Rank() >= r.Level.Rank():
			bad(r, "parent", r.Parent, ProblemParentLevel)
		case !found && r.Level.Rank() > begins:
			bad(r, "parent", r.Parent, ProblemParent)
		}
	}
	areas := keep(rows, index, bad)
	return areas, problems
}

// begin gives the rank of the level a list begins with. A handful of rows
// above it does not count: the nation's list of villages holds one code that
// reads as a street's.
func begin(n [6]int) int {
	first, above := 0, 0
	for rank := 1; rank < len(n); rank++ {
		if n[rank] > 0 && (first == 0 || n[rank] > 200*above) {
			first = rank
		}
		above += n[rank]
	}
	return first
}

// circle says whether following parents from i comes back to i.
func circle(rows []row, index map[string]int, i int) bool {
	at := i
	for step := 0; step <= len(ranks)+1; step++ {
		next, ok := index[rows[at].Parent]
		if !ok {
			return false
		}
		if next == i {
			return true
		}
		at = next
	}
	return false
}

// keep drops rows whose parent was dropped, from above, and returns the rest
// in the order of the file.
func keep(rows []row, index map[string]int, bad func(*row, string, string, string)) []Area {
	for rank := 1; rank <= len(ranks); rank++ {
		for i := range rows {
			r := &rows[i]
			if r.bad || r.Level.Rank() != rank || r.Parent == "" {
				continue
			}
			if pi, found := index[r.Parent]; found && rows[pi].bad {
				bad(r, "parent", r.Parent, ProblemParent)
			}
		}
	}
	areas := make([]Area, 0, len(rows))
	for i := range rows {
		if !rows[i].bad {
			areas = append(areas, rows[i].Area)
		}
	}
	return areas
}
