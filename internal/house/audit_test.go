package house

import (
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"testing"

	"wangge/internal/platform/i18n"
)

// TestEveryActionHasItsWords: what the record says of an action is in the
// catalogue in both languages. Actions are the field Action of an audit entry,
// and the arguments of the functions that hand one on as a parameter "action".
func TestEveryActionHasItsWords(t *testing.T) {
	var files []*ast.File
	var sets []*token.FileSet
	takes := map[string]int{} // package and function → the parameter's place
	sources(t, func(_, pkg string, f *ast.File, fset *token.FileSet) {
		files, sets = append(files, f), append(sets, fset)
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && !fn.Name.IsExported() {
				if i := slices.Index(parameters(fn), "action"); i >= 0 {
					takes[f.Name.Name+"."+fn.Name.Name] = i
				}
			}
		}
	})
	found := map[string]token.Position{}
	for i, f := range files {
		consts := stringsOf(f, files)
		ast.Inspect(f, func(n ast.Node) bool {
			for _, e := range actionsIn(n, f.Name.Name, takes) {
				words, read := values(e, f, consts)
				if !read {
					t.Errorf("%s: this action cannot be read off the text: write it as a literal, a constant, or a variable named action", sets[i].Position(e.Pos()))
				}
				for _, w := range words {
					found[w] = sets[i].Position(e.Pos())
				}
			}
			return true
		})
	}
	if len(found) < 60 {
		t.Fatalf("only %d actions seen: the walk is broken", len(found))
	}
	keys := map[string][]string{}
	for _, lang := range i18n.Langs() {
		keys[lang] = i18n.Keys(lang)
	}
	for action, at := range found {
		for _, lang := range i18n.Langs() {
			if !slices.Contains(keys[lang], "audit.action."+action) {
				t.Errorf("%s: the action %s has no words in %s (audit.action.%s)", at, action, lang, action)
			}
		}
	}
}

// parameters are the names of a function's parameters in their order.
func parameters(fn *ast.FuncDecl) []string {
	var out []string
	for _, p := range fn.Type.Params.List {
		for _, n := range p.Names {
			out = append(out, n.Name)
		}
	}
	return out
}

// actionsIn are the expressions of a node that stand for actions.
func actionsIn(n ast.Node, pkg string, takes map[string]int) []ast.Expr {
	switch n := n.(type) {
	case *ast.CompositeLit:
		return actionField(n)
	case *ast.CallExpr:
		name := ""
		switch f := n.Fun.(type) {
		case *ast.SelectorExpr:
			name = f.Sel.Name
		case *ast.Ident:
			name = f.Name
		}
		if i, ok := takes[pkg+"."+name]; ok && i < len(n.Args) {
			return []ast.Expr{n.Args[i]}
		}
	}
	return nil
}

// actionField is the field Action of an audit entry.
func actionField(lit *ast.CompositeLit) []ast.Expr {
	entry := false
	switch typ := lit.Type.(type) {
	case *ast.SelectorExpr:
		entry = typ.Sel.Name == "Entry"
	case *ast.Ident:
		entry = typ.Name == "Entry"
	}
	for _, e := range lit.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok && entry {
			if k, ok := kv.Key.(*ast.Ident); ok && k.Name == "Action" {
				return []ast.Expr{kv.Value}
			}
		}
	}
	return nil
}

// stringsOf are the string constants of a file's package by name.
func stringsOf(f *ast.File, all []*ast.File) map[string]string {
	out := map[string]string{}
	for _, g := range all {
		if g.Name.Name != f.Name.Name {
			continue
		}
		ast.Inspect(g, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok {
				for i, name := range v.Names {
					if i < len(v.Values) {
						if s, ok := literal(v.Values[i]); ok {
							out[name.Name] = s
						}
					}
				}
			}
			return true
		})
	}
	return out
}

func literal(e ast.Expr) (string, bool) {
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(l.Value)
	return s, err == nil
}

// values are what an action may be: itself, a constant, or all that is assigned
// to the variable in its file. A parameter named action, or a field Action, is
// read where it is given. read is false for anything else.
func values(e ast.Expr, f *ast.File, consts map[string]string) (words []string, read bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		s, ok := literal(e)
		return []string{s}, ok
	case *ast.SelectorExpr:
		return nil, e.Sel.Name == "Action"
	case *ast.Ident:
		if s, ok := consts[e.Name]; ok {
			return []string{s}, true
		}
		if e.Name == "action" {
			return assigned(f), true
		}
	}
	return nil, false
}

// assigned are the literals that a file gives to variables named action.
func assigned(f *ast.File) []string {
	var out []string
	ast.Inspect(f, func(n ast.Node) bool {
		if a, ok := n.(*ast.AssignStmt); ok {
			for i, l := range a.Lhs {
				if id, ok := l.(*ast.Ident); ok && id.Name == "action" && i < len(a.Rhs) {
					if s, ok := literal(a.Rhs[i]); ok {
						out = append(out, s)
					}
				}
			}
		}
		return true
	})
	return out
}
