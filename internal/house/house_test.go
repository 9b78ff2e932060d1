package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"wangge/internal/platform/i18n"
)

const root = "../.."

// layer returns the layer of a package path below the module: a package may
// import its own layer's rules (see allowed) and everything lower.
func layer(pkg string) string {
	p := strings.TrimPrefix(pkg, "wangge/")
	switch {
	case p == "web", p == "internal/schema", strings.HasPrefix(p, "internal/platform/"):
		return "platform"
	case coreOf(p) != "":
		return "core"
	case strings.HasPrefix(p, "internal/sim"):
		return "sim"
	case p == "internal/app", p == "internal/e2e", p == "internal/bench", p == "internal/faults":
		return "app"
	case p == "internal/house":
		return "house"
	case strings.HasPrefix(p, "cmd/"):
		return "cmd"
	}
	return "capability"
}

// coreRank orders the core packages: one may import those before it.
var coreRank = []string{"account", "grid", "ledger", "rule", "status", "round", "task"}

func coreOf(p string) string {
	for _, c := range coreRank {
		if p == "internal/"+c || strings.HasPrefix(p, "internal/"+c+"/") {
			return c
		}
	}
	return ""
}

// allowed reports whether package from may import package to (both in this module).
func allowed(from, to string) bool {
	order := []string{"platform", "core", "capability", "sim", "app", "cmd", "house"}
	lf, lt := slices.Index(order, layer(from)), slices.Index(order, layer(to))
	if lf != lt {
		return lf > lt
	}
	switch layer(from) {
	case "core":
		return slices.Index(coreRank, coreOf(strings.TrimPrefix(from, "wangge/"))) >= slices.Index(coreRank, coreOf(strings.TrimPrefix(to, "wangge/")))
	case "capability":
		return slice(from) == slice(to)
	}
	return true
}

// slice returns the capability folder a package belongs to.
func slice(pkg string) string {
	parts := strings.Split(strings.TrimPrefix(pkg, "wangge/internal/"), "/")
	return parts[0]
}

// sources walks the Go files of the module, tests left out.
func sources(t *testing.T, visit func(path, pkg string, file *ast.File, fset *token.FileSet)) {
	t.Helper()
	fset := token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != root || d.Name() == "testdata" || d.Name() == "vendor") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(fset, path, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		visit(filepath.ToSlash(rel), "wangge/"+filepath.ToSlash(filepath.Dir(rel)), f, fset)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestDependencyRule(t *testing.T) {
	seen := 0
	sources(t, func(path, pkg string, f *ast.File, _ *token.FileSet) {
		for _, im := range f.Imports {
			to, _ := strconv.Unquote(im.Path.Value)
			if !strings.HasPrefix(to, "wangge/") {
				continue
			}
			seen++
			if !allowed(pkg, to) {
				t.Errorf("%s (%s) imports %s (%s): the dependency rule is platform ← core ← capabilities ← sim ← app ← cmd", path, layer(pkg), to, layer(to))
			}
		}
	})
	if seen < 20 {
		t.Fatalf("only %d imports seen: the walk is broken", seen)
	}
}

func TestDependencyRuleCatches(t *testing.T) {
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"wangge/internal/platform/db", "wangge/internal/grid", false},
		{"wangge/internal/grid", "wangge/internal/ledger", false},
		{"wangge/internal/round", "wangge/internal/ledger/roster", true},
		{"wangge/internal/care", "wangge/internal/gate", false},
		{"wangge/internal/care", "wangge/internal/round", true},
		{"wangge/internal/round", "wangge/internal/app", false},
		{"wangge/cmd/wangge", "wangge/internal/app", true},
	} {
		if got := allowed(c.from, c.to); got != c.want {
			t.Errorf("allowed(%s, %s) = %v", c.from, c.to, got)
		}
	}
}

// The machine's clock is asked in platform/clock alone.
func TestClockOnlyInClock(t *testing.T) {
	banned := []string{"Now", "Since", "Until", "After", "Tick", "NewTimer", "NewTicker", "AfterFunc"}
	sources(t, func(path, pkg string, f *ast.File, fset *token.FileSet) {
		if pkg == "wangge/internal/platform/clock" || strings.HasSuffix(pkg, "test") {
			return
		}
		ast.Inspect(f, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok && x.Name == "time" && x.Obj == nil && slices.Contains(banned, sel.Sel.Name) {
				t.Errorf("%s: time.%s belongs to platform/clock", fset.Position(n.Pos()), sel.Sel.Name)
			}
			return true
		})
	})
}

// SQL text stands in sql.go, *_sql.go and migrations; HTTP routes in http.go, pages*.go and platform/web.
func TestSQLAndHTTPInTheirFiles(t *testing.T) {
	sqlFiles := func(base, pkg string) bool {
		return base == "sql.go" || strings.HasSuffix(base, "_sql.go") || strings.HasPrefix(pkg, "wangge/internal/platform/db") || strings.HasSuffix(pkg, "test")
	}
	sources(t, func(path, pkg string, f *ast.File, fset *token.FileSet) {
		base := filepath.Base(path)
		if sqlFiles(base, pkg) {
			return
		}
		ast.Inspect(f, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			s, _ := strconv.Unquote(lit.Value)
			s = strings.TrimSpace(s)
			for _, verb := range []string{"SELECT ", "INSERT INTO ", "UPDATE ", "DELETE FROM "} {
				if strings.HasPrefix(s, verb) {
					t.Errorf("%s: SQL belongs in sql.go or *_sql.go: %.40q", fset.Position(n.Pos()), s)
				}
			}
			return true
		})
	})
}

func TestHanOnlyInCatalogue(t *testing.T) {
	found, err := i18n.HanOutsideCatalogue(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range found {
		t.Error(f)
	}
}

func TestEveryMessageKeyExists(t *testing.T) {
	missing, err := i18n.MissingKeys(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range missing {
		t.Error(k)
	}
}
