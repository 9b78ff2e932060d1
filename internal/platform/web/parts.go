package web

import (
	"fmt"
	"net/url"
	"reflect"
	"strconv"

	"wangge/internal/platform/i18n"
)

// Coverage is a progress figure; the partial "coverage" draws it. Done +
// Exempt + Outstanding = Total.
type Coverage struct {
	Done, Exempt, Outstanding, Total int64
}

// coverageBar is a Coverage with the lengths of its parts, in thousandths.
type coverageBar struct {
	Coverage
	W1, X2, W2, X3, W3 string
	Complete           bool
	Label              string
}

// newCoverage reads Done, Exempt, Outstanding and Total from a Coverage or any
// struct or map with such members.
func newCoverage(lang string, v any) (coverageBar, error) {
	c, err := asCoverage(v)
	if err != nil {
		return coverageBar{}, err
	}
	b := coverageBar{Coverage: c, Complete: c.Total > 0 && c.Outstanding == 0}
	b.Label = i18n.T(lang, "web.coverage.label", num(c.Done), num(c.Exempt), num(c.Outstanding), num(c.Total))
	if c.Total <= 0 {
		return b, nil
	}
	share := func(n int64) float64 { return 1000 * float64(n) / float64(c.Total) }
	text := func(f float64) string { return strconv.FormatFloat(f, 'f', 1, 64) }
	done, exempt := share(c.Done), share(c.Exempt)
	b.W1, b.X2, b.W2 = text(done), text(done), text(exempt)
	b.X3, b.W3 = text(done+exempt), text(1000-done-exempt)
	return b, nil
}

func asCoverage(v any) (Coverage, error) {
	if c, ok := v.(Coverage); ok {
		return c, nil
	}
	get := func(name string) (int64, bool) {
		rv := reflect.Indirect(reflect.ValueOf(v))
		switch rv.Kind() {
		case reflect.Struct:
			if f := rv.FieldByName(name); f.IsValid() && f.CanInt() {
				return f.Int(), true
			}
		case reflect.Map:
			if m, ok := v.(map[string]any); ok {
				return toInt(m[name])
			}
		}
		return 0, false
	}
	var out Coverage
	for name, dst := range map[string]*int64{"Done": &out.Done, "Exempt": &out.Exempt, "Outstanding": &out.Outstanding, "Total": &out.Total} {
		n, ok := get(name)
		if !ok {
			return out, fmt.Errorf("coverage: %T has no whole number %s", v, name)
		}
		*dst = n
	}
	return out, nil
}

// Table is the state of a list on a page: what is searched, how it is sorted,
// where it stands. Read it with TableOf; the partials "table-search",
// "table-head" and "table-pager" show it.
type Table struct {
	Path   string // the page
	Query  string // search text, without personal fields
	Sort   string // column key
	Desc   bool
	Cursor string            // where this page of the list starts; empty: the start
	Next   string            // cursor of the next page; empty: this is the last. The handler sets it
	Count  int64             // rows in all, if known; else negative
	Keep   map[string]string // further parameters that links keep, as filters
}

// TableOf reads q, sort ("-name" is downwards) and after from the address.
// columns are the keys that may be sorted by, the default first.
func TableOf(path string, q url.Values, columns ...string) Table {
	t := Table{Path: path, Query: q.Get("q"), Cursor: q.Get("after"), Count: -1}
	s := q.Get("sort")
	if len(s) > 0 && s[0] == '-' {
		t.Desc, s = true, s[1:]
	}
	for _, c := range columns {
		if c == s {
			t.Sort = s
			return t
		}
	}
	if len(columns) > 0 {
		t.Sort, t.Desc = columns[0], false
	}
	return t
}

func (t Table) href(sort, after string) string {
	q := url.Values{}
	for k, v := range t.Keep {
		q.Set(k, v)
	}
	if t.Query != "" {
		q.Set("q", t.Query)
	}
	if sort != "" {
		q.Set("sort", sort)
	}
	if after != "" {
		q.Set("after", after)
	}
	if len(q) == 0 {
		return t.Path
	}
	return t.Path + "?" + q.Encode()
}

func (t Table) sortParam() string {
	if t.Desc {
		return "-" + t.Sort
	}
	return t.Sort
}

// SortHref is the address of the list sorted by column, turned round if it is
// sorted by it already.
func (t Table) SortHref(column string) string {
	if column == t.Sort && !t.Desc {
		return t.href("-"+column, "")
	}
	return t.href(column, "")
}

// NextHref is the address of the next page of the list.
func (t Table) NextHref() string { return t.href(t.sortParam(), t.Next) }

// FirstHref is the address of the start of the list.
func (t Table) FirstHref() string { return t.href(t.sortParam(), "") }

// Aria is the aria-sort of a column: ascending, descending or none.
func (t Table) Aria(column string) string {
	switch {
	case column != t.Sort:
		return "none"
	case t.Desc:
		return "descending"
	}
	return "ascending"
}

// Form is a form shown with what was typed and what is wrong with it. The
// partial "field" reads it.
type Form struct {
	Values url.Values
	Errors map[string]string // from FormErrors
	Key    string            // idempotency key; empty: a fresh one
}

// Value returns what stands in the field.
func (f Form) Value(name string) string { return f.Values.Get(name) }

// Checked reports whether the field holds value.
func (f Form) Checked(name, value string) bool {
	for _, v := range f.Values[name] {
		if v == value {
			return true
		}
	}
	return false
}

// Error returns what is wrong with the field; empty: nothing.
func (f Form) Error(name string) string { return f.Errors[name] }

// Option is a choice of a select, radio or checks field.
type Option struct{ Value, Text string }
