package schema

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

func TestDialectReplacesTheByteOrderToken(t *testing.T) {
	base := fstest.MapFS{"00001_a.sql": {Data: []byte("-- +goose Up\nCREATE TABLE a (path TEXT /*C*/ NOT NULL);\n")}}
	for engine, want := range map[string]string{"sqlite": "TEXT /*C*/ NOT NULL", "postgres": `TEXT COLLATE "C" NOT NULL`} {
		text, err := fs.ReadFile(Dialect(base, engine), "00001_a.sql")
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), want) {
			t.Errorf("%s: %q lacks %q", engine, text, want)
		}
		names, err := fs.Glob(Dialect(base, engine), "*.sql")
		if err != nil || len(names) != 1 {
			t.Errorf("%s: glob gives %v, %v", engine, names, err)
		}
	}
}

// pathOfWords is a column of paths that is ordered by a language's rules.
var pathOfWords = regexp.MustCompile(`(?m)^\s+\w*path\s+TEXT\s+NOT`)

func TestMigrationsArePortable(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		names, err := fs.Glob(FS(engine), "*.sql")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			b, err := fs.ReadFile(FS(engine), name)
			if err != nil {
				t.Fatal(err)
			}
			text := string(b)
			if !strings.HasPrefix(text, "-- +goose Up") {
				t.Errorf("%s does not begin with -- +goose Up", name)
			}
			up := strings.ToUpper(text)
			for _, word := range []string{"AUTOINCREMENT", "SERIAL", "CURRENT_TIMESTAMP", "NOW()", "TIMESTAMPTZ", " BOOLEAN", "JSONB"} {
				if strings.Contains(up, word) {
					t.Errorf("%s contains %q, which one of the engines or the house rules do not take", name, word)
				}
			}
			if engine == "sqlite" && pathOfWords.MatchString(text) {
				t.Errorf("%s: a column of paths without %s: subtrees are ranges of bytes, a language's order loses what lies below", name, token)
			}
			if engine == "postgres" && strings.Contains(text, token) {
				t.Errorf("%s still holds the token for PostgreSQL", name)
			}
		}
	}
}
