package round

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// putFields writes questions as form values, the way the editor sends them: in
// the words of the language, not in codes.
func putFields(lang string, v url.Values, fields []Field) {
	v.Set("f.n", strconv.Itoa(len(fields)))
	for i, f := range fields {
		at := "f." + strconv.Itoa(i) + "."
		v.Set(at+"key", f.Key)
		v.Set(at+"zh", f.Label.ZH)
		v.Set(at+"en", f.Label.EN)
		v.Set(at+"type", string(f.Type))
		v.Set(at+"basis", f.Basis)
		v.Set(at+"days", strconv.Itoa(f.ValidityDays))
		v.Set(at+"normal", saidValue(lang, f, f.Normal))
		v.Set(at+"min", floatText(f.Min))
		v.Set(at+"max", floatText(f.Max))
		if f.Required {
			v.Set(at+"required", "1")
		}
		if f.Member {
			v.Set(at+"member", "1")
		}
		var lines, was []string
		for _, o := range f.Options {
			lines, was = append(lines, o.line()), append(was, o.Value)
		}
		v.Set(at+"options", strings.Join(lines, "\n"))
		v.Set(at+"was", strings.Join(append(was, lines...), "\n"))
		if f.When != nil {
			v.Set(at+"when", f.When.Field)
			v.Set(at+"equals", saidValue(lang, fieldOf(fields, f.When.Field), f.When.Equals))
		}
	}
}

func floatText(p *float64) string {
	if p == nil {
		return ""
	}
	return strconv.FormatFloat(*p, 'f', -1, 64)
}

// readFields reads the questions from the editor's values, and what in them is
// no number, one error a fault.
func readFields(v url.Values) (out []Field, faults []error) {
	n, _ := strconv.Atoi(v.Get("f.n"))
	for i := range min(n, maxFields) {
		at := "f." + strconv.Itoa(i) + "."
		fault := func(part string, err error) {
			if err != nil {
				faults = append(faults, errs.Field(err, "fields."+strconv.Itoa(i)+"."+part))
			}
		}
		f := Field{Key: v.Get(at + "key"), Label: Text{ZH: strings.TrimSpace(v.Get(at + "zh")), EN: strings.TrimSpace(v.Get(at + "en"))}, Type: FieldType(v.Get(at + "type")),
			Required: v.Get(at+"required") == "1", Basis: v.Get(at + "basis"), Member: v.Get(at+"member") == "1"}
		var err error
		f.Min, err = web.Decimal(v, at+"min")
		fault("min", err)
		f.Max, err = web.Decimal(v, at+"max")
		fault("max", err)
		f.ValidityDays, err = web.Whole(v, at+"days")
		fault("validity_days", err)
		if f.Key == "" {
			f.Key = freshKey(out)
		}
		if f.Type == Choice {
			f.Options = readOptions(v.Get(at+"options"), v.Get(at+"was"))
		}
		f.Normal = readValue(f, v.Get(at+"normal"))
		if key := v.Get(at + "when"); key != "" {
			f.When = &When{Field: key, Equals: readValue(fieldOf(out, key), v.Get(at+"equals"))}
		}
		out = append(out, f)
	}
	return out, faults
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

// line is an option as the editor shows it: "label" or "label / English label".
func (o Option) line() string {
	if o.Label.EN == "" {
		return o.Label.ZH
	}
	return strings.TrimSpace(o.Label.ZH + " / " + o.Label.EN)
}

// readOptions reads choices, one a line. was holds the values and then the
// lines of the choices shown before: a line that stayed keeps its value, so
// that earlier answers go on counting.
func readOptions(s, was string) []Option {
	before := strings.Split(was, "\n")
	values, lines := before[:len(before)/2], before[len(before)/2:]
	taken := map[string]bool{}
	for _, v := range values {
		taken[v] = true
	}
	var out []Option
	for _, line := range strings.Split(s, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		o := Option{}
		o.Label.ZH, o.Label.EN, _ = strings.Cut(line, " / ")
		if i := slices.Index(lines, line); i >= 0 && i < len(values) {
			o.Value = values[i]
		} else {
			o.Value = newValue(taken)
		}
		out = append(out, o)
	}
	return out
}

func newValue(taken map[string]bool) string {
	for n := 1; ; n++ {
		if v := "o" + strconv.Itoa(n); !taken[v] {
			taken[v] = true
			return v
		}
	}
}

func fieldOf(fields []Field, key string) Field {
	f, _ := Form{Fields: fields}.field(key)
	return f
}

// saidValue is an answer in words: of a yes/no its word, of a choice its label.
func saidValue(lang string, f Field, v string) string {
	switch {
	case slices.Contains(draftCodes, v):
		return i18n.T(lang, "round.f."+v[1:])
	case f.Type == YesNo && (v == yes || v == no):
		return word(lang, v)
	case f.Type == Choice:
		for _, o := range f.Options {
			if o.Value == v {
				return o.Label.In(lang)
			}
		}
	}
	return v
}

// readValue is the answer that words stand for, in either language; what is no
// word is the answer itself.
func readValue(f Field, s string) string {
	s = strings.TrimSpace(s)
	answers := append([]string{yes, no}, draftCodes...)
	for _, o := range f.Options {
		answers = append(answers, o.Value)
	}
	for _, lang := range i18n.Langs() {
		for _, v := range answers {
			if said := saidValue(lang, f, v); said != "" && strings.EqualFold(said, s) {
				return v
			}
		}
	}
	return s
}

// changeFields does what a button of the editor says to the questions ("add",
// "ready:in_group", "remove:2"), and reports whether one was pressed.
func changeFields(lang string, v url.Values) bool {
	do := v.Get("do")
	fields, _ := readFields(v)
	typed := typedNumbers(v, fields)
	switch {
	case do == "add":
		fields = append(fields, Field{Type: YesNo, Basis: "statutory", Required: true})
	case strings.HasPrefix(do, "ready:"):
		if f, ok := (Form{Fields: ReadyFields()}).field(do[len("ready:"):]); ok && fieldOf(fields, f.Key).Key == "" {
			fields = append(fields, f)
		}
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
	putFields(lang, v, fields)
	for i, f := range fields {
		for part, text := range typed[f.Key] {
			v.Set("f."+strconv.Itoa(i)+"."+part, text)
		}
	}
	return true
}

// typedNumbers are the number inputs of each question as they were typed, so
// that one that is no number stays to be mended.
func typedNumbers(v url.Values, fields []Field) map[string]map[string]string {
	out := map[string]map[string]string{}
	for i, f := range fields {
		out[f.Key] = map[string]string{}
		for _, part := range []string{"min", "max", "days"} {
			out[f.Key][part] = v.Get("f." + strconv.Itoa(i) + "." + part)
		}
	}
	return out
}

func fieldRows(lang string, v url.Values, faults map[string]string) []fieldRow {
	var out []fieldRow
	var earlier []web.Option
	fields, _ := readFields(v)
	for i, f := range fields {
		at := "f." + strconv.Itoa(i) + "."
		row := fieldRow{N: i, P: at, Field: f, Options: v.Get(at + "options"), Was: v.Get(at + "was"), Normal: v.Get(at + "normal"),
			When: v.Get(at + "when"), Equals: v.Get(at + "equals"), Earlier: earlier, Min: v.Get(at + "min"), Max: v.Get(at + "max"), Days: v.Get(at + "days")}
		earlier = append(slices.Clip(earlier), web.Option{Value: f.Key, Text: i18n.T(lang, "round.question.n", i+1) + " " + f.Label.In(lang)})
		for _, part := range []string{"key", "label", "type", "basis", "required", "options", "when", "normal"} {
			if m := faults["fields."+strconv.Itoa(i)+"."+part]; m != "" {
				row.Error = m
			}
		}
		for part, at := range map[string]*string{"min": &row.MinError, "max": &row.MaxError, "validity_days": &row.DaysError} {
			*at = faults["fields."+strconv.Itoa(i)+"."+part]
		}
		out = append(out, row)
	}
	return out
}
