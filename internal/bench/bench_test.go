package bench_test

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"wangge/internal/bench"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
)

// Every bench gives right answers at a small size, in the shape other tools
// read, on both engines.
func TestBenches(t *testing.T) {
	sizes := map[string]bench.Options{
		"import":   {Size: 600},
		"csv":      {Size: 1000},
		"round":    {Size: 600},
		"marks":    {Size: 400, Clients: 8},
		"rollup":   {Size: 600},
		"address":  {Size: 3000},
		"tasks":    {Size: 3000},
		"incoming": {Size: 200, Households: 600},
	}
	for _, name := range bench.Names() {
		if slices.Contains([]string{"pages", "overload", "replicas", "scale"}, name) { // need pages: the application's tests run them; makes its own files
			continue
		}
		for engine, url := range map[string]func(testing.TB) string{"sqlite": func(testing.TB) string { return "" }, "postgres": dbtest.EmptyPostgresURL} {
			t.Run(name+"/"+engine, func(t *testing.T) {
				var out bytes.Buffer
				o := sizes[name]
				o.JSON, o.Out, o.DBURL = true, &out, url(t)
				if err := bench.Run(context.Background(), name, o); err != nil {
					t.Fatal(err, out.String())
				}
				checkLines(t, &out, engine)
			})
		}
	}
}

func checkLines(t *testing.T, out *bytes.Buffer, engine string) {
	t.Helper()
	dec, n := json.NewDecoder(out), 0
	for ; dec.More(); n++ {
		var f map[string]any
		if err := dec.Decode(&f); err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"name", "engine", "size", "value", "unit", "p50_ms", "p99_ms", "baseline", "ratio", "correct"} {
			if _, ok := f[key]; !ok {
				t.Errorf("%v lacks %s", f["name"], key)
			}
		}
		if f["engine"] != engine || f["correct"] != true {
			t.Errorf("line %v", f)
		}
	}
	if n == 0 {
		t.Error("no figure")
	}
}

func TestTableAndUnknown(t *testing.T) {
	var out bytes.Buffer
	if err := bench.Run(context.Background(), "marks", bench.Options{Size: 60, Clients: 4, Lang: "en", Out: &out}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(out.Bytes(), []byte("marks.single")) || !bytes.Contains(out.Bytes(), []byte("baseline")) {
		t.Errorf("table:\n%s", out.String())
	}
	if err := bench.Run(context.Background(), "replicas", bench.Options{Out: &out}); !errs.Is(err, errs.Invalid) {
		t.Errorf("replicas of a SQLite file: %v", err)
	}
	if err := bench.Run(context.Background(), "speed", bench.Options{Out: &out}); !errs.Is(err, errs.Invalid) {
		t.Errorf("an unknown bench: %v", err)
	}
}

// TestScale: three sizes, four figures each, and a plot of them.
func TestScale(t *testing.T) {
	var out bytes.Buffer
	file := filepath.Join(t.TempDir(), "scale.svg")
	if err := bench.Run(context.Background(), "scale", bench.Options{Households: 1200, Clients: 4, JSON: true, Out: &out, Plot: file}); err != nil {
		t.Fatal(err, out.String())
	}
	if n := strings.Count(out.String(), "\n"); n != 12 {
		t.Errorf("%d figures:\n%s", n, out.String())
	}
	checkLines(t, &out, "sqlite")
	svg, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var any struct{}
	if err := xml.Unmarshal(svg, &any); err != nil || strings.Count(string(svg), "<circle") != 12 {
		t.Errorf("the plot: %v\n%s", err, svg)
	}
	if err := bench.Run(context.Background(), "scale", bench.Options{DBURL: "postgres://nowhere/x", Out: &out}); !errs.Is(err, errs.Invalid) {
		t.Errorf("over a database of others: %v", err)
	}
}
