package roster

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what is understood of testdata as the new golden files")

// golden is what is expected of one file: the result as other tools read it,
// and the people and doors.
type golden struct {
	*Result
	Rows []string `json:"people"`
}

// TestGolden reads every table in testdata, as it came, and compares with the
// .json of the same name.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.*")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, ".json") {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			g := golden{}
			g.Result, err = Parse(context.Background(), []File{{filepath.Base(file), bytes.NewReader(data), int64(len(data))}},
				Options{Lang: "en", Today: "2022-11-21"}, func(r Row) error {
					g.Rows = append(g.Rows, line(r))
					return nil
				})
			if err != nil {
				t.Fatal(err)
			}
			var got bytes.Buffer
			enc := json.NewEncoder(&got)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", " ")
			if err := enc.Encode(g); err != nil {
				t.Fatal(err)
			}
			path := file + ".json"
			if *update {
				if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Bytes(), want) {
				t.Errorf("%s: got\n%s", file, got.String())
			}
		})
	}
}
