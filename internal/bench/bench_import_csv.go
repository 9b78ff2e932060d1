package bench

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"wangge/internal/ledger/importer"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/sheet"
)

// benchCSV measures the import of a text table alone.
func benchCSV(ctx context.Context, r *run) (err error) {
	w, err := r.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if err := w.places(ctx, 250); err != nil {
		return err
	}
	return w.importCSV(ctx, first(r.Size, 1_000_000))
}

// importCSV measures the import of a text table of a whole district's people
// into an empty community, and the memory it took, beside only reading it.
func (w *world) importCSV(ctx context.Context, rows int) error {
	path := filepath.Join(w.dir, "roster.csv")
	if err := roster(path, rows, 3, sheet.NewCSV); err != nil {
		return err
	}
	area, err := w.Grid.Area(ctx, w.sys, "230103001006")
	if err != nil {
		return err
	}
	had, err := countRows(ctx, w, "person")
	if err != nil {
		return err
	}
	read, lines, err := readCSV(path)
	if err != nil {
		return err
	}
	resetPeak()
	before := peakMB()
	rep, took, err := w.importFile(ctx, importer.Target{Place: area.ID, Compound: i18n.T(i18n.ZH, "bench.compound")}, path)
	if err != nil {
		return err
	}
	peak := peakMB()
	persons, err := countRows(ctx, w, "person")
	if err != nil {
		return err
	}
	correct := lines == rows+1 && persons == had+*rep.Created && *rep.Created+*rep.Updated+*rep.Unchanged == rows
	return errors.Join(
		w.emit(Figure{Name: "import.csv", Engine: w.engine(), Size: rows, Value: took.Seconds(), Unit: "s", Baseline: Baseline{"encoding/csv reads the file", read.Seconds()}, Correct: correct}),
		w.emit(Figure{Name: "import.csv.memory", Engine: w.engine(), Size: rows, Value: peak, Unit: "MB", Baseline: Baseline{"before the import", before}, Correct: correct}))
}

// readCSV reads every record with the standard library and returns how many
// there are.
func readCSV(path string) (took time.Duration, n int, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, 0, errs.Wrap("bench.import", err)
	}
	defer f.Close()
	sw := clock.Start()
	in := csv.NewReader(f)
	in.ReuseRecord = true
	for ; ; n++ {
		if _, err := in.Read(); errors.Is(err, io.EOF) {
			return sw.Elapsed(), n, nil
		} else if err != nil {
			return 0, 0, errs.Wrap("bench.import", err)
		}
	}
}
