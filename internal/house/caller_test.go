package house

import (
	"go/ast"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// withoutCaller are the exported functions of slices that take a context and no
// caller, each with why nobody's rights are asked there. A new one is a hole
// until it stands here with a reason.
var withoutCaller = map[string]string{
	"grid.CallerFor":         "makes the caller",
	"grid.CallersAhead":      "makes callers",
	"grid.CallerFrom":        "gives the caller of a request",
	"grid.WithCaller":        "puts the caller into a request",
	"grid.Flush":             "a resolver is made for a caller and asks that one",
	"ledger.Write":           "a batch within the transaction of an import that was authorised",
	"ledger.DoorTexts":       "doors in words for doors that the import decided on; nothing personal",
	"ledger.ValueInWords":    "words for a value the caller was shown",
	"ledger.WithSource":      "names the source of what is written",
	"roster.Parse":           "reads files, no data",
	"round.Check":            "wangge check, which runs for the machine",
	"task.Check":             "wangge check, which runs for the machine",
	"relief.Check":           "wangge check, which runs for the machine",
	"task.CheckAt":           "wangge check, which runs for the machine",
	"incoming.Check":         "wangge check, which runs for the machine",
	"transfer.Check":         "wangge check, which runs for the machine",
	"round.Recount":          "wangge check, which runs for the machine",
	"ledger.Tell":            "told within the transaction of a write that was authorised",
	"ledger.Before":          "the journal of an import that was authorised",
	"ledger.Restore":         "the journal of an import that was authorised",
	"ledger.Erase":           "the journal of an import that was authorised",
	"ledger.Touched":         "the journal of an import that was authorised",
	"ledger.ChangedFrom":     "the journal of an import that was authorised",
	"ledger.Inhabited":       "the journal of an import that was authorised",
	"ledger.Occupied":        "the journal of an import that was authorised",
	"importer.Recover":       "what a kill left, before anybody is served",
	"round.ResumeOpenings":   "what a kill left, before anybody is served",
	"trust.SweepExports":     "the hourly job that deletes files past their time",
	"round.Turn":             "the job that opens a due occurrence of an approved round",
	"round.RunOpening":       "goes on with an opening that was approved",
	"round.HouseholdChanged": "told within the transaction of a write that was authorised",
}

// slices whose exported functions answer to a caller. account stands below grid:
// it asks through its Authorizer.
func answersToCaller(pkg string) bool {
	l := layer(pkg)
	return (l == "core" || l == "capability") && !strings.HasPrefix(pkg, "wangge/internal/account")
}

// A store cannot be called without a caller: every exported function of a slice
// that takes a context takes a grid.Caller too and looks at it.
func TestStoresTakeACaller(t *testing.T) {
	seen, excused := 0, map[string]bool{}
	sources(t, func(path, pkg string, f *ast.File, fset *token.FileSet) {
		if !answersToCaller(pkg) {
			return
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || !fn.Name.IsExported() || fn.Body == nil || !hasParam(fn, "context.Context") {
				continue
			}
			name := filepath.Base(pkg) + "." + fn.Name.Name
			if withoutCaller[name] != "" {
				excused[name] = true
				continue
			}
			seen++
			switch caller := callerParam(fn); {
			case caller == "":
				t.Errorf("%s: %s takes a context and no grid.Caller: whose rights count? (withoutCaller names the exceptions)", fset.Position(fn.Pos()), name)
			case caller == "_" || !mentions(fn.Body, caller):
				t.Errorf("%s: %s takes a caller and never looks at it", fset.Position(fn.Pos()), name)
			}
		}
	})
	if seen < 50 {
		t.Fatalf("only %d functions seen: the walk is broken", seen)
	}
	for name := range withoutCaller {
		if !excused[name] {
			t.Errorf("%s is excused and is no such function any more", name)
		}
	}
}

// typeName writes a parameter's type as "grid.Caller".
func typeName(e ast.Expr) string {
	switch x := e.(type) {
	case *ast.Ident:
		return x.Name
	case *ast.SelectorExpr:
		return typeName(x.X) + "." + x.Sel.Name
	case *ast.StarExpr:
		return typeName(x.X)
	}
	return ""
}

func hasParam(fn *ast.FuncDecl, want string) bool {
	return slices.ContainsFunc(fn.Type.Params.List, func(p *ast.Field) bool { return typeName(p.Type) == want })
}

// callerParam returns the name of the caller's parameter; "" where there is none.
func callerParam(fn *ast.FuncDecl) string {
	for _, p := range fn.Type.Params.List {
		if n := typeName(p.Type); n == "grid.Caller" || n == "Caller" {
			if len(p.Names) == 0 {
				return "_"
			}
			return p.Names[0].Name
		}
	}
	return ""
}

func mentions(body *ast.BlockStmt, name string) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && id.Name == name {
			found = true
		}
		return !found
	})
	return found
}
