package bench

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/xuri/excelize/v2"

	"wangge/internal/ledger/importer"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/sheet"
	"wangge/internal/sim"
)

// benchImport measures the import of a roster of 100,000 rows × 12 columns,
// read, matched, sealed and written, then of the same roster again, beside
// only reading it with the usual library; and what marks wait for meanwhile.
func benchImport(ctx context.Context, r *run) (err error) {
	rows := first(r.Size, 100_000)
	w, err := r.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if err := w.places(ctx, 250); err != nil {
		return err
	}
	path := filepath.Join(w.dir, "roster.xlsx")
	if err := roster(path, rows, 2, workbook); err != nil {
		return err
	}
	area, err := w.Grid.Area(ctx, w.sys, "230103001008")
	if err != nil {
		return err
	}
	into := importer.Target{Place: area.ID, Compound: i18n.T(i18n.ZH, "bench.compound")}
	resetPeak()
	before, peak := peakMB(), 0.0
	for _, again := range []bool{false, true} {
		rep, took, err := w.importFile(ctx, into, path)
		if err != nil {
			return err
		}
		peak = max(peak, peakMB())
		persons, err := countRows(ctx, w, "person")
		if err != nil {
			return err
		}
		f := Figure{Name: "import.roster", Engine: w.engine(), Size: rows, Value: took.Seconds(), Unit: "s"}
		f.Correct = persons == rows && rep.Created != nil && *rep.Created == rows
		if again {
			f.Name = "import.again"
			f.Correct = persons == rows && rep.Unchanged != nil && *rep.Unchanged == rows
		}
		read, n, err := readWith(path)
		if err != nil {
			return err
		}
		f.Correct = f.Correct && n == rows+1
		f.Baseline = Baseline{"excelize reads the file", read.Seconds()}
		if err := r.emit(f); err != nil {
			return err
		}
		resetPeak() // what the other library took is not ours
	}
	if err := w.importMeanwhile(ctx, into, path); err != nil {
		return err
	}
	if err := r.emit(Figure{Name: "import.memory", Engine: w.engine(), Size: rows, Value: peak, Unit: "MB", Baseline: Baseline{"before the import", before}, Correct: true}); err != nil {
		return err
	}
	return w.importCSV(ctx, 10*rows)
}

// importMeanwhile imports the roster into another compound while doors are
// marked.
func (w *world) importMeanwhile(ctx context.Context, into importer.Target, path string) error {
	rid, err := w.draft(ctx)
	if err != nil {
		return err
	}
	if err := w.Rounds.ApproveNow(ctx, w.sys, rid); err != nil {
		return err
	}
	into.Compound += "2"
	return w.marksMeanwhile(ctx, "import.marks_meanwhile", rid, func() error {
		_, _, err := w.importFile(ctx, into, path)
		return err
	})
}

func (w *world) importFile(ctx context.Context, into importer.Target, path string) (*importer.Report, time.Duration, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, errs.Wrap("bench.import", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errs.Wrap("bench.import", err)
	}
	sw := clock.Start()
	rep, err := w.Imports.Run(ctx, w.sys, into, []importer.File{{Name: filepath.Base(path), R: f, Size: info.Size()}})
	return rep, sw.Elapsed(), err
}

// readWith reads every cell with excelize and returns how many rows there are.
func readWith(path string) (took time.Duration, n int, err error) {
	sw := clock.Start()
	f, err := excelize.OpenFile(path)
	if err != nil {
		return 0, 0, errs.Wrap("bench.import", err)
	}
	defer f.Close()
	rows, err := f.Rows(f.GetSheetName(0))
	if err != nil {
		return 0, 0, errs.Wrap("bench.import", err)
	}
	defer rows.Close()
	for rows.Next() {
		if _, err := rows.Columns(); err != nil {
			return 0, 0, errs.Wrap("bench.import", err)
		}
		n++
	}
	return sw.Elapsed(), n, errs.Wrap("bench.import", rows.Error())
}

var rosterColumns = []string{"building", "unit", "floor", "room", "head", "name", "relation", "sex", "birth", "idno", "phone", "note"}

// tableOf begins a table of the roster's columns.
type tableOf func(w io.Writer, columns ...sheet.Column) (sheet.Writer, error)

func workbook(w io.Writer, columns ...sheet.Column) (sheet.Writer, error) {
	return sheet.NewXLSX(w, "roster", columns...)
}

// roster writes a table of invented people: 200 doors a building.
func roster(path string, rows int, seed uint64, begin tableOf) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return errs.Wrap("bench.roster", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	cols := make([]sheet.Column, len(rosterColumns))
	for i, k := range rosterColumns {
		cols[i].Title = i18n.T(i18n.ZH, "bench.column."+k)
	}
	out, err := begin(f, cols...)
	if err != nil {
		return err
	}
	d, err := sim.Generate(sim.Config{Place: place, Households: rows/2 + 100, Seed: seed})
	if err != nil {
		return err
	}
	door := 0
	for c := range d.Communities() {
		for _, at := range c.Doors() {
			for _, h := range at.Door.Households {
				for i := range h.Persons {
					if rows == 0 {
						return out.Close()
					}
					rows--
					if err := out.Row(rosterRow(door, &h, i)...); err != nil {
						return err
					}
				}
				door++
			}
		}
	}
	return out.Close()
}

func rosterRow(door int, h *sim.Household, i int) []any {
	p := &h.Persons[i]
	floor := door%50/2 + 1
	room := floor*100 + door%2 + 1
	sex := "bench.male"
	if p.Sex == sim.Female {
		sex = "bench.female"
	}
	return []any{strconv.Itoa(door/200 + 1), strconv.Itoa(door%200/50 + 1), floor, strconv.Itoa(room), h.Persons[0].Name, p.Name,
		i18n.T(i18n.ZH, "demo.relation."+string(p.Relation)), i18n.T(i18n.ZH, sex), p.Birth.String(), p.IDNo, p.Phone, ""}
}
