package lists

import (
	"slices"
	"strconv"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/relist"
	"wangge/internal/platform/sheet"
)

// The columns of the lists.
const (
	colName      = "name"
	colPhone     = "phone"
	colRole      = "role"
	colTitle     = "title"
	colOver      = "over"
	colOrg       = "org"
	colFrom      = "from"
	colUntil     = "until"
	colKind      = "kind"
	colAreaCode  = "area_code"
	colArea      = "area"
	colCode      = "code"
	colParent    = "parent"
	colAlias     = "alias"
	colSuccessor = "successor"
	colEnded     = "ended"
	colBranch    = "party_branch"
	colDoors     = "doors"
	colOpen      = "open"
	colStands    = "stands"
	colWho       = "who"
	colLead      = "lead"
	colBoundTo   = "bound_to"
	colLocal     = "local"
)

func column(key string, width float64) relist.Column {
	return relist.Column{Key: key, Title: "lists.col." + key, Width: width}
}

func fixed(key string, width float64) relist.Column {
	c := column(key, width)
	c.Fixed = true
	return c
}

func info(key string, width float64) relist.Column {
	c := column(key, width)
	c.Info = true
	return c
}

// dated is a column of days.
func dated(c relist.Column) relist.Column {
	c.Norm = relist.AsDay
	return c
}

// chosen is a column of words of the catalogue under a prefix; cells are handed
// on as the keys, and read in every language.
func chosen(c relist.Column, prefix string, keys []string) relist.Column {
	words := map[string]string{}
	for _, k := range keys {
		words[k] = k
		for _, lang := range i18n.Langs() {
			words[strings.ToLower(sheet.Squeeze(i18n.T(lang, prefix+k)))] = k
		}
	}
	c.Norm = func(cell string) string {
		if k, ok := words[strings.ToLower(sheet.Squeeze(cell))]; ok {
			return k
		}
		return cell
	}
	return c
}

// roleColumn is the column of a role.
func roleColumn() relist.Column {
	roles := make([]string, len(grid.Roles()))
	for i, r := range grid.Roles() {
		roles[i] = string(r)
	}
	return chosen(fixed(colRole, 16), "grid.role.", roles)
}

// firstDay and lastDay write a period's ends as days; 0 is blank.
func firstDay(ms int64) string {
	if ms == 0 {
		return ""
	}
	return clock.Day(clock.FromMs(ms))
}

func lastDay(until int64) string {
	if until == 0 {
		return ""
	}
	return clock.Day(clock.FromMs(until - 1))
}

// readDay reads a cell of a day: as its first instant, or as the instant after
// it where it is the last day of something. Blank is 0.
func readDay(cell, col string, last bool) (int64, error) {
	if cell == "" {
		return 0, nil
	}
	t, ok := relist.Day(cell)
	if !ok {
		return 0, errs.Field(errs.E("lists.day", errs.Invalid, "error.bad_date"), col)
	}
	if last {
		t = t.AddDate(0, 0, 1)
	}
	return clock.Ms(t), nil
}

// needed is the error of a cell that must not be empty.
func needed(col string) error {
	return errs.Field(errs.E("lists.cell", errs.Invalid, "error.required"), col)
}

// at moves the field of an error of a service to the column it came from.
func at(err error, fields map[string]string) error {
	if err == nil {
		return nil
	}
	e := *errs.As(err)
	if col, ok := fields[e.Field]; ok {
		e.Field = col
	} else if !slices.Contains([]string{colName, colPhone, colTitle, colUntil, colFrom, colKind, colAlias, colBranch}, e.Field) {
		e.Field = ""
	}
	return &e
}

// word is a word of the catalogue.
func word(lang, prefix, key string) string { return i18n.T(lang, prefix+key) }

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
