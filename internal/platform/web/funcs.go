package web

import (
	"encoding/json"
	"fmt"
	"html/template"
	"math"
	"strconv"
	"strings"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
)

// funcs are the functions of templates in one language; doc.go lists them.
func (r *Renderer) funcs(lang string) template.FuncMap {
	return template.FuncMap{
		"T":        func(key string, args ...any) string { return i18n.T(lang, key, args...) },
		"lang":     func() string { return lang },
		"dateTime": func(t any) string { return formatTime(t, "2006-01-02 15:04") },
		"date":     func(t any) string { return formatTime(t, time.DateOnly) },
		"clock":    func(t any) string { return formatTime(t, "15:04") },
		"ago":      func(t any) string { return ago(lang, r.clk.Now(), t) },
		"num":      num,
		"signed":   signed,
		"pct":      pct,
		"dict":     dict,
		"list":     func(v ...any) []any { return v },
		"asset":    AssetURL,
		"json":     toJSON,
		"add":      func(a, b int) int { return a + b },
		"add64":    func(a, b int64) int64 { return a + b },
		"sub":      func(a, b int) int { return a - b },
		"newKey":   NewKey,
		"coverage": func(v any) (coverageBar, error) { return newCoverage(lang, v) },
		"has":      func(m map[string]string, k string) bool { _, ok := m[k]; return ok },
		"join":     func(sep string, v []string) string { return strings.Join(v, sep) },
		"default":  orElse,
	}
}

// asTime reads what templates give as a time: time.Time or UTC milliseconds.
func asTime(v any) (time.Time, bool) {
	switch t := v.(type) {
	case time.Time:
		return t, !t.IsZero()
	case *time.Time:
		if t != nil {
			return *t, !t.IsZero()
		}
	case int64:
		return clock.FromMs(t), t != 0
	}
	return time.Time{}, false
}

func formatTime(v any, layout string) string {
	t, ok := asTime(v)
	if !ok {
		return "–"
	}
	return t.In(clock.CST).Format(layout)
}

// ago says how long before now v lies; what is older than a week is a date.
func ago(lang string, now time.Time, v any) string {
	t, ok := asTime(v)
	if !ok {
		return "–"
	}
	d := now.Sub(t)
	switch {
	case d < -time.Minute:
		return formatTime(t, "2006-01-02 15:04")
	case d < time.Minute:
		return i18n.T(lang, "web.ago.now")
	case d < time.Hour:
		return i18n.T(lang, "web.ago.minutes", int(d.Minutes()))
	case d < 24*time.Hour:
		return i18n.T(lang, "web.ago.hours", int(d.Hours()))
	case d < 7*24*time.Hour:
		return i18n.T(lang, "web.ago.days", int(d.Hours()/24))
	}
	return formatTime(t, time.DateOnly)
}

// num writes an integer with thousands apart.
func num(v any) string {
	n, ok := toInt(v)
	if !ok {
		return fmt.Sprint(v)
	}
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// signed writes a change with its sign; none as 0.
func signed(v any) string {
	if n, ok := toInt(v); ok && n > 0 {
		return "+" + num(v)
	}
	return num(v)
}

func toInt(v any) (int64, bool) {
	switch n := v.(type) {
	case int:
		return int64(n), true
	case int64:
		return n, true
	case int32:
		return int64(n), true
	case uint32:
		return int64(n), true
	case id.ID:
		return int64(n), true
	case float64:
		return int64(math.Round(n)), true
	}
	return 0, false
}

// pct writes part of whole in per cent; it says 100 only when nothing is
// missing and 0 only when there is nothing.
func pct(part, whole any) string {
	a, ok1 := toInt(part)
	b, ok2 := toInt(whole)
	if !ok1 || !ok2 || b == 0 {
		return "–"
	}
	f := 100 * float64(a) / float64(b)
	switch {
	case a == b:
		return "100%"
	case f > 99.9:
		f = 99.9
	case a > 0 && f < 0.1:
		f = 0.1
	}
	return strconv.FormatFloat(f, 'f', 1, 64) + "%"
}

// dict makes a map of pairs, to hand several values to a partial.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict: a key has no value")
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		k, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: key %v is not text", pairs[i])
		}
		m[k] = pairs[i+1]
	}
	return m, nil
}

// toJSON writes v as JSON text, for data attributes.
func toJSON(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}

// orElse returns v unless it is the zero text or missing; then fallback.
func orElse(fallback, v any) any {
	if v == nil || v == "" {
		return fallback
	}
	return v
}
