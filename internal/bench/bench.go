// Package bench measures what the installation does, each figure beside its
// baseline: the bare work of the same run on the same machine without our
// rules. It fails if an answer is wrong, never because the machine is slow.
//
// Each bench works on an invented district (package sim) in a database of its
// own: a temporary SQLite file, or one it makes on a PostgreSQL server and drops.
package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"wangge/internal/ledger/importer"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/sim/district"
)

// Options say what is measured and where the figures go.
type Options struct {
	DBURL      string        // a PostgreSQL server's, whose user may create databases; empty: a temporary SQLite file
	Size       int           // of what the bench is about (rows, households); 0: its own default
	Households int           // of the district; 0: Size, else the bench's default
	Clients    int           // at the same time; 0: 64
	Pause      time.Duration // of a reader on a page; 0: a second, nobody turns pages faster
	For        time.Duration // how long a load lasts that has no other end; 0: the bench's own
	JSON       bool          // one JSON object a line instead of a table
	Lang       string        // of the table's headings
	Plot       string        // a file for the plot of scale; empty: none
	Out        io.Writer
	Log        *slog.Logger
	// Install builds the services of a district over a fresh, migrated database,
	// its keys in dir. nil builds them without pages and API: then nothing is
	// measured over HTTP.
	Install func(ctx context.Context, d *db.DB, dir string, code int) (*Installation, error)
}

// Installation is what a bench works on.
type Installation struct {
	district.Services
	Imports *importer.Service
	Handler http.Handler              // nil: without HTTP
	Start   func(ctx context.Context) // begins what runs in the background; nil: nothing does
	Close   func()                    // ends it; may be nil
}

// Baseline is the bare work a figure is compared with.
type Baseline struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
}

// Figure is one line of the output. Ratio is Value divided by the baseline's.
type Figure struct {
	Name     string   `json:"name"`
	Engine   string   `json:"engine"`
	Size     int      `json:"size"`
	Value    float64  `json:"value"`
	Unit     string   `json:"unit"` // per_second, ms, s, MB
	P50      float64  `json:"p50_ms"`
	P99      float64  `json:"p99_ms"`
	Baseline Baseline `json:"baseline"`
	Ratio    float64  `json:"ratio"`
	Correct  bool     `json:"correct"`
}

// ErrWrong says that a bench's answer was wrong; its line says correct=false.
var ErrWrong = errs.E("bench.Run", errs.Invalid, "bench.wrong")

type bench struct {
	name string
	run  func(ctx context.Context, r *run) error
}

// benches are in the order the command offers them.
var benches = []bench{
	{"import", benchImport},
	{"csv", benchCSV},
	{"round", benchRound},
	{"marks", benchMarks},
	{"rollup", benchRollup},
	{"replicas", benchReplicas},
	{"tasks", benchTasks},
	{"pages", benchPages},
	{"overload", benchOverload},
	{"address", benchAddress},
	{"scale", benchScale},
	{"incoming", benchIncoming},
}

// Names lists the benches.
func Names() []string {
	out := make([]string, len(benches))
	for i, b := range benches {
		out[i] = b.name
	}
	return out
}

// run is one bench at work.
type run struct {
	Options
	wrong bool
	lines int
}

// Run measures the bench of the name and writes its figures. Errors: Invalid
// bench.unknown, Conflict demo.not_empty (the database is not fresh), ErrWrong
// after all lines are written, and what the machine is at fault for.
func Run(ctx context.Context, name string, o Options) error {
	r := &run{Options: o}
	if r.Clients <= 0 {
		r.Clients = 64
	}
	if r.Pause <= 0 {
		r.Pause = time.Second
	}
	if r.Log == nil {
		r.Log = slog.New(slog.DiscardHandler)
	}
	for _, b := range benches {
		if b.name != name {
			continue
		}
		if err := b.run(ctx, r); err != nil {
			return err
		}
		if r.wrong {
			return ErrWrong
		}
		return nil
	}
	return errs.E("bench.Run", errs.Invalid, "bench.unknown", name, strings.Join(Names(), ", "))
}

// emit writes a figure.
func (r *run) emit(f Figure) error {
	if f.Baseline.Value > 0 {
		f.Ratio = round3(f.Value / f.Baseline.Value)
	}
	f.Value, f.Baseline.Value, f.P50, f.P99 = round3(f.Value), round3(f.Baseline.Value), round3(f.P50), round3(f.P99)
	r.wrong = r.wrong || !f.Correct
	r.lines++
	if r.JSON {
		return errs.Wrap("bench.Run", json.NewEncoder(r.Out).Encode(f))
	}
	if r.lines == 1 {
		if _, err := fmt.Fprintln(r.Out, i18n.T(r.Lang, "bench.heading")); err != nil {
			return errs.Wrap("bench.Run", err)
		}
	}
	ok := "ok"
	if !f.Correct {
		ok = i18n.T(r.Lang, "bench.line_wrong")
	}
	_, err := fmt.Fprintf(r.Out, "%-22s %-8s %9d %12.1f %-10s %8.2f %8.2f   %-28s %12.1f %7.2f  %s\n",
		f.Name, f.Engine, f.Size, f.Value, f.Unit, f.P50, f.P99, f.Baseline.Name, f.Baseline.Value, f.Ratio, ok)
	return errs.Wrap("bench.Run", err)
}
