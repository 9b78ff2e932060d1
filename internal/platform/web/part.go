package web

import (
	"bytes"
	"html/template"
	"io/fs"
	"path"
	"sync"

	"wangge/internal/platform/i18n"
)

// Part returns a function that renders one template of a slice in a language,
// to stand inside another slice's page. The template has T, num and pct; it is
// read when it is first used, and one that cannot be read panics then.
func Part(fsys fs.FS, file string) func(lang string, data any) (template.HTML, error) {
	byLang := sync.OnceValue(func() map[string]*template.Template {
		out := map[string]*template.Template{}
		for _, lang := range i18n.Langs() {
			out[lang] = template.Must(template.New(path.Base(file)).Funcs(template.FuncMap{
				"T":   func(key string, args ...any) string { return i18n.T(lang, key, args...) },
				"num": num, "pct": pct,
			}).ParseFS(fsys, file))
		}
		return out
	})
	return func(lang string, data any) (template.HTML, error) {
		var b bytes.Buffer
		err := byLang()[i18n.Known(lang)].Execute(&b, data)
		return template.HTML(b.String()), err
	}
}
