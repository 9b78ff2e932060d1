package i18n

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"sort"
)

//go:embed catalogue/zh/*.json catalogue/en/*.json
var files embed.FS

type catalogue struct {
	messages map[string]map[string]message
	problems []string
}

func load(fsys fs.FS) *catalogue {
	c := &catalogue{messages: map[string]map[string]message{}}
	for _, lang := range Langs() {
		c.messages[lang] = map[string]message{}
		names, err := fs.Glob(fsys, path.Join("catalogue", lang, "*.json"))
		if err != nil {
			c.note("%s: %v", lang, err)
		}
		from := map[string]string{}
		for _, name := range names {
			c.merge(fsys, lang, name, from)
		}
	}
	return c
}

func (c *catalogue) note(format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, args...))
}

// merge reads one file; from remembers which file gave each key.
func (c *catalogue) merge(fsys fs.FS, lang, name string, from map[string]string) {
	raw, err := fs.ReadFile(fsys, name)
	if err != nil {
		c.note("%s: %v", name, err)
		return
	}
	err = eachPair(raw, func(key, text string) {
		if first, twice := from[key]; twice {
			c.note("%s: key %q is already in %s", name, key, first)
			return
		}
		from[key] = name
		c.messages[lang][key] = parseMessage(text)
	})
	if err != nil {
		c.note("%s: %v", name, err)
	}
}

// eachPair walks a flat JSON object of strings without losing repeated keys.
func eachPair(raw []byte, fn func(key, text string)) error {
	dec := json.NewDecoder(bytes.NewReader(raw))
	tok, err := dec.Token()
	if err != nil {
		return err
	}
	if tok != json.Delim('{') {
		return errors.New("not a JSON object")
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		val, err := dec.Token()
		if err != nil {
			return err
		}
		text, ok := val.(string)
		if !ok {
			return fmt.Errorf("key %q: the value is not a string", key)
		}
		fn(key.(string), text)
	}
	if _, err := dec.Token(); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("text after the object")
	}
	return nil
}

func (c *catalogue) check() []string {
	out := append([]string(nil), c.problems...)
	zh, en := c.messages[ZH], c.messages[EN]
	for k, m := range zh {
		other, ok := en[k]
		switch {
		case !ok:
			out = append(out, fmt.Sprintf("key %q is missing in en", k))
		case m.placeholders() != other.placeholders():
			out = append(out, fmt.Sprintf("key %q: placeholders differ: zh has %q, en has %q", k, m.placeholders(), other.placeholders()))
		}
		if len(m) == 0 {
			out = append(out, fmt.Sprintf("key %q is empty in zh", k))
		}
	}
	for k, m := range en {
		if _, ok := zh[k]; !ok {
			out = append(out, fmt.Sprintf("key %q is missing in zh", k))
		}
		if len(m) == 0 {
			out = append(out, fmt.Sprintf("key %q is empty in en", k))
		}
	}
	sort.Strings(out)
	return out
}
