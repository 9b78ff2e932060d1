package web

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
	"sync"
	"text/template/parse"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
)

//go:embed templates
var ownTemplates embed.FS

// Layout is the frame around a page.
type Layout string

// The layouts.
const (
	Office Layout = "office" // desk work: navigation, search, account menu
	Phone  Layout = "phone"  // workers: big header, tabs below
	Plain  Layout = "plain"  // log-in, set-up, errors: one card
	Print  Layout = "print"  // paper: A4, no navigation
)

// Renderer holds every template of the program, parsed once for each language.
// Add the slices' templates before serving; afterwards it is safe for
// concurrent use.
type Renderer struct {
	Shell Shell                          // addresses used by the layouts
	Menu  []Menu                         // navigation, in order
	Drill func(ctx context.Context) bool // says that everything is a drill; nil: never

	clk   clock.Clock
	base  map[string]*template.Template       // by language: funcs, layouts, partials
	pages map[string]map[string]*pageTemplate // by language and page name
}

// pageTemplate is a page, put together when it is first opened: each holds a
// copy of the layouts and partials, and few installations open every page in
// every language.
type pageTemplate struct {
	base       *template.Template
	name, text string
	once       sync.Once
	whole      *template.Template
	err        error
}

func (p *pageTemplate) get() (*template.Template, error) {
	p.once.Do(func() {
		if p.whole, p.err = p.base.Clone(); p.err == nil {
			_, p.err = p.whole.New("page:" + p.name).Parse(p.text)
		}
	})
	return p.whole, p.err
}

// NewRenderer returns a renderer with the layouts, the shared partials and the
// pages of the shell itself. clk gives the time shown on pages. It panics if
// the templates built into the program do not parse.
func NewRenderer(clk clock.Clock) *Renderer {
	r := &Renderer{
		Shell: Shell{Search: "/search", Account: "/me", Logout: "/logout", Live: "/live", Home: "/"},
		clk:   clk,
		base:  map[string]*template.Template{},
		pages: map[string]map[string]*pageTemplate{},
	}
	for _, lang := range i18n.Langs() {
		t := template.New("base").Funcs(r.funcs(lang))
		template.Must(t.ParseFS(ownTemplates, "templates/layouts/*.html", "templates/partials/*.html"))
		r.base[lang] = t
		r.pages[lang] = map[string]*pageTemplate{}
	}
	if err := r.AddDir(ownTemplates, "templates/pages"); err != nil {
		panic(err)
	}
	return r
}

// Add parses all *.html files of fsys. A file whose name begins with "_" holds
// shared defines for the other files of fsys; every other file is a page named
// by its path without ".html" and defines "content", optionally "title" (used
// when Meta.Title is empty), "actions" (buttons beside the heading), and any
// blocks that Fragment renders alone. A name given twice is an error.
func (r *Renderer) Add(fsys fs.FS) error {
	shared, pages, err := readTemplates(fsys)
	if err != nil {
		return err
	}
	for _, lang := range i18n.Langs() {
		base := template.Must(r.base[lang].Clone())
		for name, text := range shared {
			if _, err := base.New(name).Parse(text); err != nil {
				return fmt.Errorf("web: template %s: %w", name, err)
			}
		}
		for name, text := range pages {
			if err := r.addPage(base, lang, name, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// AddDir is Add for a folder of fsys, as a slice's embedded templates.
func (r *Renderer) AddDir(fsys fs.FS, dir string) error {
	sub, err := fs.Sub(fsys, dir)
	if err != nil {
		return err
	}
	return r.Add(sub)
}

func (r *Renderer) addPage(base *template.Template, lang, name, text string) error {
	if _, twice := r.pages[lang][name]; twice {
		return fmt.Errorf("web: page %s is registered twice", name)
	}
	t, defined := parse.New(name), map[string]*parse.Tree{}
	t.Mode = parse.SkipFuncCheck // the functions are known when the page is put together
	if _, err := t.Parse(text, "", "", defined); err != nil {
		return fmt.Errorf("web: page %s: %w", name, err)
	}
	if defined["content"] == nil && base.Lookup("content") == nil {
		return fmt.Errorf("web: page %s does not define content", name)
	}
	r.pages[lang][name] = &pageTemplate{base: base, name: name, text: text}
	return nil
}

func readTemplates(fsys fs.FS) (shared, pages map[string]string, err error) {
	shared, pages = map[string]string{}, map[string]string{}
	err = fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Ext(p) != ".html" {
			return err
		}
		b, err := fs.ReadFile(fsys, p)
		if err != nil {
			return err
		}
		if strings.HasPrefix(path.Base(p), "_") {
			shared[p] = string(b)
		} else {
			pages[strings.TrimSuffix(p, ".html")] = string(b)
		}
		return nil
	})
	return shared, pages, err
}

// Names returns the names of all pages, for tests.
func (r *Renderer) Names() []string {
	var out []string
	for name := range r.pages[i18n.ZH] {
		out = append(out, name)
	}
	return out
}

// Check puts every page together in every language and returns what is wrong
// with the first that cannot be: tests call it, for a page that nobody opened
// yet was only parsed.
func (r *Renderer) Check() error {
	for lang, pages := range r.pages {
		for name, p := range pages {
			if _, err := p.get(); err != nil {
				return fmt.Errorf("web: page %s (%s): %w", name, lang, err)
			}
		}
	}
	return nil
}

// Page answers with the page name inside layout. Nothing is sent if it fails,
// so the error can still be shown.
func (r *Renderer) Page(w http.ResponseWriter, req *http.Request, layout Layout, name string, data any) error {
	return r.PageStatus(w, req, http.StatusOK, layout, name, data)
}

// PageStatus is Page with another status, as 422 for a form shown again.
func (r *Renderer) PageStatus(w http.ResponseWriter, req *http.Request, status int, layout Layout, name string, data any) error {
	v := r.view(req, data)
	if layout == Office || layout == Phone {
		v.Items = r.items(req.Context(), v.Lang, v.Meta.Menu, layout == Phone)
	}
	if layout == Phone {
		v.Desk = r.desk(req.Context(), v.Lang, v.Meta.Menu)
	}
	v.Flash = takeFlash(w, req, v.Lang)
	return r.send(w, status, v, name, "layout/"+string(layout))
}

// Fragment answers with one block of the page name, for a part of a page that
// htmx replaces. The dot is the same View as in the whole page.
// The page's "as of" is set anew with it.
func (r *Renderer) Fragment(w http.ResponseWriter, req *http.Request, name, block string, data any) error {
	v := r.view(req, data)
	asOf := i18n.T(v.Lang, "web.asof", formatTime(v.AsOf, "2006-01-02 15:04"))
	w.Header().Set("X-As-Of", url.PathEscape(asOf))
	return r.send(w, http.StatusOK, v, name, block)
}

var bufPool = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func (r *Renderer) send(w http.ResponseWriter, status int, v *View, name, block string) error {
	p, ok := r.pages[v.Lang][name]
	if !ok {
		return errs.Wrap("web.Page", fmt.Errorf("no page is named %q", name))
	}
	t, err := p.get()
	if err != nil {
		return errs.Wrap("web.Page "+name, err)
	}
	buf := bufPool.Get().(*bytes.Buffer)
	defer bufPool.Put(buf)
	buf.Reset()
	if err := t.ExecuteTemplate(buf, block, v); err != nil {
		return errs.Wrap("web.Page "+name, err)
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	h.Add("Vary", "Cookie, Accept-Language, HX-Request")
	w.WriteHeader(status)
	_, err = w.Write(buf.Bytes())
	return errs.Wrap("web.Page", err)
}

// errorData is what the shell's error page shows.
type errorData struct {
	Meta
	Problem *Problem
	Kind    string
	Back    string
}

// errorPage shows p as a whole page ("page") or as a notice ("toast").
func (r *Renderer) errorPage(w http.ResponseWriter, req *http.Request, form string, p *Problem) {
	kind := strings.TrimPrefix(p.Type, "/problems/")
	d := errorData{Meta: Meta{Title: p.Title}, Problem: p, Kind: kind, Back: backOf(req)}
	v := r.view(req, d)
	v.Fault = true
	block := "layout/plain"
	if form == "toast" {
		block = "toast-problem"
	}
	if err := r.send(w, p.Status, v, "shell-error", block); err != nil {
		logFrom(req.Context()).ErrorContext(req.Context(), "error page failed", "error", err)
		writeProblem(w, p)
	}
}

// backOf is where "back" leads from an error page: the page before, if it was
// ours, else the start.
func backOf(r *http.Request) string {
	ref := r.Referer()
	if i := strings.Index(ref, "://"); i >= 0 {
		host, rest, _ := strings.Cut(ref[i+3:], "/")
		if host == r.Host && "/"+rest != r.URL.RequestURI() {
			return SafeNext("/"+rest, "/")
		}
	}
	return "/"
}
