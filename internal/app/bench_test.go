package app

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"wangge/internal/bench"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/web"
)

// The pages asked by many readers while marks arrive hold what they must, and
// every live page hears of a mark, on both engines.
func TestBenchOfPages(t *testing.T) {
	for engine, url := range map[string]func(testing.TB) string{"sqlite": func(testing.TB) string { return "" }, "postgres": dbtest.EmptyPostgresURL} {
		t.Run(engine, func(t *testing.T) {
			var out bytes.Buffer
			o := bench.Options{Households: 600, Clients: 8, Pause: time.Millisecond, JSON: true, Lang: "en", Out: &out, DBURL: url(t), Log: slog.New(slog.DiscardHandler)}
			if err := Bench(context.Background(), "pages", o); err != nil {
				t.Fatal(err, out.String())
			}
			for _, name := range []string{"pages.board", "pages.building", "pages.today", "pages.api.outstanding", "pages.live", "pages.memory"} {
				if !strings.Contains(out.String(), `"name":"`+name+`"`) {
					t.Errorf("no figure of %s", name)
				}
			}
		})
	}
}

// Past capacity nothing important is refused while something less important is
// answered, and every answer is one or says when to come back.
func TestBenchOfOverload(t *testing.T) {
	for engine, url := range map[string]func(testing.TB) string{"sqlite": func(testing.TB) string { return "" }, "postgres": dbtest.EmptyPostgresURL} {
		t.Run(engine, func(t *testing.T) {
			var out bytes.Buffer
			o := bench.Options{Households: 600, For: time.Second, JSON: true, Lang: "en", Out: &out, DBURL: url(t), Log: slog.New(slog.DiscardHandler)}
			if err := Bench(context.Background(), "overload", o); err != nil {
				t.Fatal(err, out.String())
			}
			for _, class := range web.Admitted() {
				for _, figure := range []string{"offered", "answered", "refused", "p50", "p99"} {
					if name := "overload." + class.String() + "." + figure; !strings.Contains(out.String(), `"name":"`+name+`"`) {
						t.Errorf("no figure %s", name)
					}
				}
			}
		})
	}
}

func TestBenchOfReplicas(t *testing.T) {
	var out bytes.Buffer
	o := bench.Options{Households: 600, JSON: true, Lang: "en", Out: &out, DBURL: dbtest.EmptyPostgresURL(t), Log: slog.New(slog.DiscardHandler)}
	if err := Bench(context.Background(), "replicas", o); err != nil {
		t.Fatal(err, out.String())
	}
	for _, name := range []string{"county", "street", "community", "building", "news"} {
		if !strings.Contains(out.String(), `"name":"replicas.`+name+`"`) {
			t.Errorf("no figure of %s", name)
		}
	}
}

// Marks over HTTP are measured on PostgreSQL too, in databases of the bench's own.
func TestBenchOfMarksOnPostgres(t *testing.T) {
	var out bytes.Buffer
	o := bench.Options{Households: 400, Clients: 8, JSON: true, Lang: "en", Out: &out, DBURL: dbtest.EmptyPostgresURL(t), Log: slog.New(slog.DiscardHandler)}
	if err := Bench(context.Background(), "marks", o); err != nil {
		t.Fatal(err, out.String())
	}
	for _, name := range []string{"marks.single", "marks.batch", "marks.http"} {
		if !strings.Contains(out.String(), `"name":"`+name) {
			t.Errorf("no figure of %s", name)
		}
	}
}
