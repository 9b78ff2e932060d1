package schema

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A distributed PostgreSQL (Citus) keeps the rows of a district together on one
// machine. It takes a schema and statements where the column district is in every
// key, unique index and foreign key, and where tables are joined by it. These
// tests hold the migrations and every SQL text to that.

// wholeInstallation are the tables without districts: small, the same on every
// machine.
var wholeInstallation = []string{"wangge"}

var (
	createTable  = regexp.MustCompile(`(?is)CREATE TABLE (?:IF NOT EXISTS )?(\w+)\s*\((.*?)\n\)`)
	primaryKey   = regexp.MustCompile(`(?i)PRIMARY KEY\s*\(([^)]*)\)`)
	uniqueOf     = regexp.MustCompile(`(?i)\bUNIQUE\s*\(([^)]*)\)`)
	uniqueIndex  = regexp.MustCompile(`(?i)CREATE UNIQUE INDEX (\w+) ON (\w+)\s*\(([^)]*)\)`)
	foreignKey   = regexp.MustCompile(`(?i)FOREIGN KEY\s*\(([^)]*)\)\s*REFERENCES (\w+)\s*\(([^)]*)\)`)
	references   = regexp.MustCompile(`(?i)\bREFERENCES\b`)
	inlineUnique = regexp.MustCompile(`(?im)^\s*\w+\s+\w+[^,\n(]*\b(UNIQUE|PRIMARY KEY)\b\s*(,|$)`)
)

// up is the text of all migrations, without comments and what goes back.
func up(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	names, err := fs.Glob(FS("sqlite"), "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		b, err := fs.ReadFile(FS("sqlite"), name)
		if err != nil {
			t.Fatal(err)
		}
		text, _, _ := strings.Cut(string(b), "-- +goose Down")
		all.WriteString(regexp.MustCompile(`--[^\n]*`).ReplaceAllString(text, ""))
	}
	return all.String()
}

func columns(list string) (names []string) {
	for _, c := range strings.Split(list, ",") {
		names = append(names, strings.Fields(c)[0])
	}
	return names
}

// tables returns the tables of the schema, each with its body, those that are
// made anew under another name by theirs.
func tables(t *testing.T) map[string]string {
	out := map[string]string{}
	for _, m := range createTable.FindAllStringSubmatch(up(t), -1) {
		out[m[1]] = m[2]
	}
	if len(out) < 30 {
		t.Fatalf("only %d tables are found", len(out))
	}
	return out
}

// TestDistrictIsInEveryKey: primary keys begin with district; unique indexes and
// foreign keys hold it.
func TestDistrictIsInEveryKey(t *testing.T) {
	for table, body := range tables(t) {
		if slices.Contains(wholeInstallation, table) {
			continue
		}
		pk := primaryKey.FindStringSubmatch(body)
		if pk == nil || columns(pk[1])[0] != "district" {
			t.Errorf("%s: the primary key does not begin with district", table)
		}
		for _, m := range uniqueOf.FindAllStringSubmatch(body, -1) {
			if !slices.Contains(columns(m[1]), "district") {
				t.Errorf("%s: UNIQUE (%s) lacks district", table, m[1])
			}
		}
		if m := inlineUnique.FindString(body); m != "" {
			t.Errorf("%s: a key of one column: %s", table, strings.TrimSpace(m))
		}
		keys := foreignKey.FindAllStringSubmatch(body, -1)
		if len(keys) != len(references.FindAllString(body, -1)) {
			t.Errorf("%s: a foreign key of one column", table)
		}
		for _, m := range keys {
			if columns(m[1])[0] != "district" || columns(m[3])[0] != "district" {
				t.Errorf("%s: FOREIGN KEY (%s) REFERENCES %s (%s) does not begin with district", table, m[1], m[2], m[3])
			}
		}
	}
	for _, m := range uniqueIndex.FindAllStringSubmatch(up(t), -1) {
		if !slices.Contains(wholeInstallation, m[2]) && !slices.Contains(columns(m[3]), "district") {
			t.Errorf("the unique index %s (%s) lacks district", m[1], m[3])
		}
	}
}

// hole stands in a text for a part that is known only when it runs.
const hole = "\x00"

// sqlText is a text put together in one expression, with where it stands.
type sqlText struct {
	at     gotoken.Position
	text   string
	around string // the declaration it stands in, for what is joined elsewhere in it
}

// textsOf returns every string expression of the program's files that hold SQL.
func textsOf(t *testing.T) (out []sqlText) {
	t.Helper()
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		name := filepath.Base(path)
		if err != nil || e.IsDir() || name != "sql.go" && !strings.HasSuffix(name, "_sql.go") {
			return err
		}
		out = append(out, textsIn(t, path)...)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) < 200 {
		t.Fatalf("only %d texts are found", len(out))
	}
	return out
}

func textsIn(t *testing.T, path string) (out []sqlText) {
	t.Helper()
	src, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	set := gotoken.NewFileSet()
	file, err := parser.ParseFile(set, path, src, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range file.Decls {
		around := string(src[set.Position(d.Pos()).Offset:set.Position(d.End()).Offset])
		ast.Inspect(d, func(n ast.Node) bool {
			e, ok := n.(ast.Expr)
			if !ok {
				return true
			}
			text, ok := flat(e)
			if !ok {
				return true
			}
			out = append(out, sqlText{set.Position(e.Pos()), text, boundIn(t, path, around)})
			return false
		})
	}
	return out
}

// flat joins the literals of a string expression; what else is added to them
// leaves a hole.
func flat(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != gotoken.STRING {
			return "", false
		}
		text, err := strconv.Unquote(e.Value)
		return text, err == nil
	case *ast.ParenExpr:
		return flat(e.X)
	case *ast.BinaryExpr:
		if e.Op != gotoken.ADD {
			return "", false
		}
		left, okL := flat(e.X)
		right, okR := flat(e.Y)
		if !okL {
			left = hole
		}
		if !okR {
			right = hole
		}
		return left + right, okL || okR
	}
	return "", false
}

// boundElsewhere are files whose texts name tables that one function, in the file
// given, binds by their districts with these words.
var boundElsewhere = map[string][2]string{
	"ledger/sql.go":        {"ledger/sql.go", "p.district = $1 AND d.district = $1"},
	"ledger/search_sql.go": {"ledger/sql.go", "p.district = $1 AND d.district = $1"},
}

// boundIn adds to the text around those words.
func boundIn(t *testing.T, path, around string) string {
	t.Helper()
	for file, by := range boundElsewhere {
		if !strings.HasSuffix(filepath.ToSlash(path), "/"+file) {
			continue
		}
		src, err := os.ReadFile(filepath.Join("..", by[0]))
		if err != nil || !strings.Contains(string(src), by[1]) {
			t.Fatalf("%s does not hold %q any more; %v", by[0], by[1], err)
		}
		return around + by[1]
	}
	return around
}

var (
	joined    = regexp.MustCompile(`(?i)\bJOIN\s+(\w+)(?:\s+AS)?\s+(\w+)`)
	joinedSub = regexp.MustCompile(`(?i)\bJOIN\s+\(`)
	commaJoin = regexp.MustCompile(`(?i)\bFROM\s+(\w+)(?:\s+\w+)?\s*,\s*(\w+)(?:\s+(\w+))?`)
)

// TestTablesAreJoinedByDistrict: a table that is joined is joined by its district,
// or narrowed to one.
func TestTablesAreJoinedByDistrict(t *testing.T) {
	known := tables(t)
	joins := 0
	for _, s := range textsOf(t) {
		for _, m := range joined.FindAllStringSubmatch(s.text, -1) {
			if _, ok := known[m[1]]; !ok {
				continue // a common table expression of the text, or words that are no SQL
			}
			joins++
			alias := m[2]
			if slices.Contains([]string{"on", "where", "using"}, strings.ToLower(alias)) {
				alias = m[1]
			}
			bound := regexp.MustCompile(`\b` + alias + `\.district\s*=|=\s*` + alias + `\.district\b`)
			if !bound.MatchString(s.text) && (!strings.Contains(s.text, hole) && !dangling(s.text) || !bound.MatchString(s.around)) {
				t.Errorf("%s: %s %s is joined without its district", s.at, m[1], alias)
			}
		}
		for range joinedSub.FindAllString(s.text, -1) {
			joins++
			if !strings.Contains(s.text, "district") {
				t.Errorf("%s: what is joined is not narrowed to a district", s.at)
			}
		}
		for _, m := range commaJoin.FindAllStringSubmatch(s.text, -1) {
			if _, ok := known[m[2]]; ok {
				t.Errorf("%s: %s and %s stand side by side; join them by district", s.at, m[1], m[2])
			}
		}
	}
	if joins < 60 {
		t.Errorf("only %d joins are found", joins)
	}
}

// dangling reports whether a text is a part of a statement that is put together
// elsewhere in its declaration.
func dangling(text string) bool {
	up := strings.ToUpper(strings.TrimSpace(text))
	return !strings.HasPrefix(up, "SELECT") && !strings.HasPrefix(up, "UPDATE") && !strings.HasPrefix(up, "DELETE") && !strings.HasPrefix(up, "WITH") && !strings.HasPrefix(up, "INSERT")
}
