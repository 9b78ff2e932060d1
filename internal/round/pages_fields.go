package round

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"wangge/internal/platform/id"
)

// putFields writes questions as form values, the way the editor sends them.
func putFields(v url.Values, fields []Field) {
	v.Set("f.n", strconv.Itoa(len(fields)))
	for i, f := range fields {
		at := "f." + strconv.Itoa(i) + "."
		v.Set(at+"key", f.Key)
		v.Set(at+"zh", f.Label.ZH)
		v.Set(at+"en", f.Label.EN)
		v.Set(at+"type", string(f.Type))
		v.Set(at+"basis", f.Basis)
		v.Set(at+"days", strconv.Itoa(f.ValidityDays))
		v.Set(at+"normal", f.Normal)
		v.Set(at+"min", floatText(f.Min))
		v.Set(at+"max", floatText(f.Max))
		if f.Required {
			v.Set(at+"required", "1")
		}
		if f.Member {
			v.Set(at+"member", "1")
		}
		var lines []string
		for _, o := range f.Options {
			lines = append(lines, strings.TrimRight(o.Value+"|"+o.Label.ZH+"|"+o.Label.EN, "|"))
		}
		v.Set(at+"options", strings.Join(lines, "\n"))
		if f.When != nil {
			v.Set(at+"when", f.When.Field+"="+f.When.Equals)
		}
	}
}

func floatText(p *float64) string {
	if p == nil {
		return ""
	}
	return strconv.FormatFloat(*p, 'f', -1, 64)
}

func floatOf(s string) *float64 {
	f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil {
		return nil
	}
	return &f
}

// readFields reads the questions from the editor's values.
func readFields(v url.Values) []Field {
	n, _ := strconv.Atoi(v.Get("f.n"))
	var out []Field
	for i := range min(n, maxFields) {
		at := "f." + strconv.Itoa(i) + "."
		f := Field{Key: v.Get(at + "key"), Label: Text{ZH: strings.TrimSpace(v.Get(at + "zh")), EN: strings.TrimSpace(v.Get(at + "en"))}, Type: FieldType(v.Get(at + "type")),
			Required: v.Get(at+"required") == "1", Basis: v.Get(at + "basis"), Min: floatOf(v.Get(at + "min")), Max: floatOf(v.Get(at + "max")),
			Normal: strings.TrimSpace(v.Get(at + "normal")), Member: v.Get(at+"member") == "1"}
		f.ValidityDays, _ = strconv.Atoi(v.Get(at + "days"))
		if f.Key == "" {
			f.Key = freshKey(out)
		}
		if f.Type == Choice {
			f.Options = readOptions(v.Get(at + "options"))
		}
		if field, equals, ok := strings.Cut(v.Get(at+"when"), "="); ok {
			f.When = &When{Field: strings.TrimSpace(field), Equals: strings.TrimSpace(equals)}
		}
		out = append(out, f)
	}
	return out
}

// freshKey names a question that the author did not name.
func freshKey(have []Field) string {
	for n := len(have) + 1; ; n++ {
		key := "q" + strconv.FormatInt(int64(id.New())%46656, 36) + strconv.Itoa(n)
		if !slices.ContainsFunc(have, func(f Field) bool { return f.Key == key }) {
			return key
		}
	}
}

// readOptions reads choices, one a line: "value|label|English label", or the label alone.
func readOptions(s string) []Option {
	var out []Option
	for _, line := range strings.Split(s, "\n") {
		parts := strings.Split(strings.TrimSpace(line), "|")
		switch {
		case parts[0] == "":
		case len(parts) == 1:
			out = append(out, Option{Value: "o" + strconv.Itoa(len(out)+1), Label: Text{ZH: parts[0]}})
		case len(parts) == 2:
			out = append(out, Option{Value: parts[0], Label: Text{ZH: parts[1]}})
		default:
			out = append(out, Option{Value: parts[0], Label: Text{ZH: parts[1], EN: parts[2]}})
		}
	}
	return out
}

// changeFields does what a button of the editor says to the questions ("add",
// "remove:2", "load"), and reports whether one was pressed.
func changeFields(v url.Values) bool {
	do := v.Get("do")
	fields := readFields(v)
	switch {
	case do == "add":
		fields = append(fields, Field{Type: YesNo, Basis: "statutory", Required: true})
	case strings.HasPrefix(do, "remove:"):
		if n, err := strconv.Atoi(do[len("remove:"):]); err == nil && n >= 0 && n < len(fields) {
			fields = slices.Delete(fields, n, n+1)
		}
	default:
		return false
	}
	for k := range v {
		if strings.HasPrefix(k, "f.") {
			v.Del(k)
		}
	}
	putFields(v, fields)
	return true
}

func fieldRows(v url.Values, faults map[string]string) []fieldRow {
	var out []fieldRow
	for i, f := range readFields(v) {
		at := "f." + strconv.Itoa(i) + "."
		row := fieldRow{N: i, P: at, Field: f, Options: v.Get(at + "options"), When: v.Get(at + "when")}
		for _, part := range []string{"key", "label", "type", "basis", "required", "options", "max", "when", "normal"} {
			if m := faults["fields."+strconv.Itoa(i)+"."+part]; m != "" {
				row.Error = m
			}
		}
		out = append(out, row)
	}
	return out
}
