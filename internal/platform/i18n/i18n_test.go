package i18n

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

func TestCatalogueIsWhole(t *testing.T) {
	for _, p := range Problems() {
		t.Error(p)
	}
}

func TestT(t *testing.T) {
	if got := T("en", "error.too_long", 40); got != "At most 40 characters." {
		t.Errorf("got %q", got)
	}
	if got := T("zh", "error.too_long", 40); got != "最多 40 个字。" {
		t.Errorf("got %q", got)
	}
	if got := T("fr", "error.required"); got != T("zh", "error.required") {
		t.Errorf("an unknown language gives %q", got)
	}
	if got := T("en", "no.such.key", 1); got != "[no.such.key]" {
		t.Errorf("got %q", got)
	}
}

func TestMessageFormat(t *testing.T) {
	for _, c := range []struct {
		text string
		args []any
		want string
	}{
		{"{1} before {0}", []any{"a", 2}, "2 before a"},
		{"{0} {0|door|doors}", []any{1}, "1 door"},
		{"{0} {0|door|doors}", []any{0}, "0 doors"},
		{"no {place} and {", nil, "no {place} and {"},
		{"lost {0}", nil, "lost {0}"},
		{"{0}", []any{"{0}"}, "{0}"},
		{"", []any{1}, ""},
	} {
		if got := parseMessage(c.text).format(c.args); got != c.want {
			t.Errorf("%q with %v: got %q, want %q", c.text, c.args, got, c.want)
		}
	}
}

func TestMatch(t *testing.T) {
	for header, want := range map[string]string{
		"": ZH, "en-GB,en;q=0.8": EN, "zh-CN,zh;q=0.9,en;q=0.8": ZH, "fr, en;q=0.5": EN, "fr": ZH,
	} {
		if got := Match(header); got != want {
			t.Errorf("%q: got %s, want %s", header, got, want)
		}
	}
}

func TestProblemsAreFound(t *testing.T) {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	c := load(fstest.MapFS{
		"catalogue/zh/a.json": file(`{"a.one":"{0}","a.two":"x","a.twice":"1","a.twice":"2"}`),
		"catalogue/zh/b.json": file(`{"a.two":"y","b.empty":""}`),
		"catalogue/en/a.json": file(`{"a.one":"{1}","a.two":"x","a.twice":"1","b.empty":"e","a.extra":"z"}`),
		"catalogue/en/b.json": file(`{"b.n":3}`),
		"catalogue/en/c.json": file(`{"c.x":"1"} {}`),
	})
	all := strings.Join(c.check(), "\n")
	for _, want := range []string{`"a.one": placeholders differ`, `"a.two" is already in catalogue/zh/a.json`, `"a.twice" is already`,
		`"a.extra" is missing in zh`, `"b.empty" is empty in zh`, `"b.n": the value is not a string`, `"c.x" is missing in zh`, "text after the object"} {
		if !strings.Contains(all, want) {
			t.Errorf("no problem says %s in\n%s", want, all)
		}
	}
}

func write(t *testing.T, root, name, text string) {
	t.Helper()
	p := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestHanOutsideCatalogue(t *testing.T) {
	root := t.TempDir()
	write(t, root, "a.go", "package a\n// 注释 is free\nvar x = \"plain\"\nvar y = \"门\"\nvar z = '栋'\nvar u = \"\\u95e8\"\n")
	write(t, root, "a_test.go", "package a\nvar y = \"门\"\n")
	write(t, root, "p.html", "<p>\n{{/* 注释 */}}<!-- 注 -->\n门</p>")
	write(t, root, "s.js", "// 注释\nlet a = 1; /* 多\n行 */\nlet b = '门'")
	write(t, root, "vocab/v.html", "门")
	write(t, root, "catalogue/zh/x.js", "门")
	got, err := HanOutsideCatalogue(root)
	if err != nil {
		t.Fatal(err)
	}
	want := "a.go:4 a.go:5 a.go:6 p.html:3 s.js:4"
	if s := strings.ReplaceAll(strings.Join(got, " "), root+"/", ""); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}

func TestMissingKeys(t *testing.T) {
	root := t.TempDir()
	write(t, root, "a.go", `package a
func f() {
	i18n.T(lang, "error.required")
	i18n.T(lang, "a.gone")
	errs.E("a.f", errs.Invalid, "a.bad", 1)
	p.T("a.page")
	p.T(lang, "a.second")
	T("zh", "a.third")
	i18n.T(lang, "error." + kind)
	i18n.T(lang, "zzz." + kind)
	_ = &errs.Error{Op: "x", Key: "a.field"}
	t.T(5)
}
`)
	write(t, root, "p.html", `{{.T "error.required"}} {{t "p.one"}} {{$.T "p.two" 3}} {{T .Lang "p.three"}} {{.T (print "error." .X)}} {{.T (printf "qqq.%s" .X)}} {{import "nothing"}}`)
	got, err := MissingKeys(root)
	if err != nil {
		t.Fatal(err)
	}
	want := "a.go:10 zzz. a.go:11 a.field a.go:4 a.gone a.go:5 a.bad a.go:6 a.page a.go:7 a.second a.go:8 a.third p.html:1 p.one p.html:1 p.three p.html:1 p.two p.html:1 qqq."
	if s := strings.ReplaceAll(strings.Join(got, " "), root+"/", ""); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}

func BenchmarkT(b *testing.B) {
	for b.Loop() {
		T("zh", "error.too_long", 40)
	}
}
