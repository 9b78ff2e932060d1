package i18n

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode"
)

// skippedDirs hold Han or keys on purpose, or nothing of ours.
var skippedDirs = map[string]bool{"catalogue": true, "vocab": true, "data": true, "testdata": true, "vendor": true, "node_modules": true, ".git": true, "docs": true}

// walk calls fn for each source file below root, tests excluded.
func walk(root string, fn func(path, ext string, src []byte) error) error {
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path != root && skippedDirs[d.Name()] {
				return filepath.SkipDir
			}
			return nil
		}
		ext := filepath.Ext(path)
		switch ext {
		case ".go", ".html", ".js", ".ts", ".css":
		default:
			return nil
		}
		if strings.HasSuffix(path, "_test.go") {
			return nil
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return fn(path, ext, src)
	})
}

// HanOutsideCatalogue lists, as file:line, the Han text below root that stands
// in Go string or rune literals (comments and _test.go files are free) or in
// .html, .js, .ts and .css files outside comments.
func HanOutsideCatalogue(root string) ([]string, error) {
	var out []string
	err := walk(root, func(path, ext string, src []byte) error {
		found := hanInText
		if ext == ".go" {
			found = hanInGo
		}
		for _, line := range found(src) {
			out = append(out, fmt.Sprintf("%s:%d", path, line))
		}
		return nil
	})
	sort.Strings(out)
	return out, err
}

func hasHan(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

func hanInGo(src []byte) []int {
	var lines []int
	fset := token.NewFileSet()
	file := fset.AddFile("", fset.Base(), len(src))
	var s scanner.Scanner
	s.Init(file, src, nil, 0)
	for {
		pos, tok, lit := s.Scan()
		if tok == token.EOF {
			return lines
		}
		if (tok == token.STRING || tok == token.CHAR) && hasHan(unquoted(lit)) {
			lines = append(lines, fset.Position(pos).Line)
		}
	}
}

// unquoted also resolves \u escapes, so that Han cannot hide behind them.
func unquoted(lit string) string {
	if s, err := strconv.Unquote(lit); err == nil {
		return s
	}
	return lit
}

var textComment = regexp.MustCompile(`(?s)/\*.*?\*/|<!--.*?-->|(?m)^\s*//[^\n]*$`)

func hanInText(src []byte) []int {
	blanked := textComment.ReplaceAllFunc(src, func(c []byte) []byte {
		return []byte(strings.Repeat("\n", strings.Count(string(c), "\n")))
	})
	var lines []int
	for i, line := range strings.Split(string(blanked), "\n") {
		if hasHan(line) {
			lines = append(lines, i+1)
		}
	}
	return lines
}

// MissingKeys lists, as file:line key, the message keys below root that the
// catalogue lacks: string literals given to T (function or method), to errs.E,
// to a Key field of an errs.Error, and to t/T in templates. A literal that ends
// in a dot and is joined to something ("round.state." + s) needs at least one
// key with that beginning.
func MissingKeys(root string) ([]string, error) {
	var out []string
	err := walk(root, func(path, ext string, src []byte) error {
		var uses []use
		switch ext {
		case ".go":
			var err error
			if uses, err = usesInGo(path, src); err != nil {
				return err
			}
		case ".html":
			uses = usesInTemplate(src)
		}
		for _, u := range uses {
			if !u.known() {
				out = append(out, fmt.Sprintf("%s:%d %s", path, u.line, u.key))
			}
		}
		return nil
	})
	sort.Strings(out)
	return out, err
}

type use struct {
	key    string
	prefix bool
	line   int
}

func (u use) known() bool {
	if !u.prefix {
		return Has(u.key)
	}
	for k := range loaded().messages[ZH] {
		if strings.HasPrefix(k, u.key) {
			return true
		}
	}
	return false
}

var keyShape = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[A-Za-z0-9_\-]+)*\.?$`)

func usesInGo(path string, src []byte) ([]use, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, path, src, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var uses []use
	add := func(e ast.Expr) {
		if u, ok := keyOf(e); ok {
			u.line = fset.Position(e.Pos()).Line
			uses = append(uses, u)
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if e := keyArgument(n); e != nil {
				add(e)
			}
		case *ast.CompositeLit:
			if sel, ok := n.Type.(*ast.SelectorExpr); ok && sel.Sel.Name == "Error" {
				addKeyField(n, add)
			}
		}
		return true
	})
	return uses, nil
}

func addKeyField(lit *ast.CompositeLit, add func(ast.Expr)) {
	for _, el := range lit.Elts {
		if kv, ok := el.(*ast.KeyValueExpr); ok {
			if name, ok := kv.Key.(*ast.Ident); ok && name.Name == "Key" {
				add(kv.Value)
			}
		}
	}
}

// keyArgument returns the argument of a call that is a message key, or nil.
func keyArgument(c *ast.CallExpr) ast.Expr {
	switch fn := c.Fun.(type) {
	case *ast.SelectorExpr:
		pkg, _ := fn.X.(*ast.Ident)
		switch {
		case pkg != nil && pkg.Name == "i18n" && fn.Sel.Name == "T" && len(c.Args) > 1:
			return c.Args[1]
		case pkg != nil && pkg.Name == "errs" && fn.Sel.Name == "E" && len(c.Args) > 2:
			return c.Args[2]
		case fn.Sel.Name == "T" && len(c.Args) > 0:
			return firstKey(c.Args)
		}
	case *ast.Ident:
		if fn.Name == "T" && len(c.Args) > 0 {
			return firstKey(c.Args)
		}
	}
	return nil
}

// firstKey skips a leading language argument.
func firstKey(args []ast.Expr) ast.Expr {
	if u, ok := keyOf(args[0]); ok && u.key != ZH && u.key != EN {
		return args[0]
	}
	if len(args) > 1 {
		return args[1]
	}
	return nil
}

func keyOf(e ast.Expr) (use, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return use{}, false
		}
		s, err := strconv.Unquote(e.Value)
		return use{key: s}, err == nil && keyShape.MatchString(s)
	case *ast.BinaryExpr:
		u, ok := keyOf(e.X)
		u.prefix = true
		return u, ok
	}
	return use{}, false
}

var (
	templateKey    = regexp.MustCompile("(?:^|[\\s({|.$])[tT]\\s+(?:[$.][\\w.$]*\\s+)?[\"`]([a-z][\\w.\\-]*)[\"`]")
	templatePrefix = regexp.MustCompile("(?:^|[\\s({|.$])[tT]\\s+(?:[$.][\\w.$]*\\s+)?\\(\\s*(?:printf|print)\\s+[\"`]([a-z][\\w.\\-]*\\.)(?:%\\w)?[\"`]")
)

func usesInTemplate(src []byte) []use {
	var uses []use
	for i, line := range strings.Split(string(src), "\n") {
		for _, m := range templateKey.FindAllStringSubmatch(line, -1) {
			uses = append(uses, use{key: m[1], line: i + 1})
		}
		for _, m := range templatePrefix.FindAllStringSubmatch(line, -1) {
			uses = append(uses, use{key: m[1], prefix: true, line: i + 1})
		}
	}
	return uses
}
