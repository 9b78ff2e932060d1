package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"wangge/internal/grid"
	"wangge/internal/incoming"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/sheet"
	"wangge/internal/round"
)

// benchCallers is how many callers sit at the desk.
const benchCallers = 20

// benchIncoming measures a list of 10,000 people: read, matched to doors of the
// district, sealed, written and spread over callers; then the same list again,
// every row of which joins the person who is there. Beside it only reading the
// file's cells.
func benchIncoming(ctx context.Context, r *run) (err error) {
	rows := first(r.Size, 10_000)
	w, err := r.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	if err := w.places(ctx, first(r.Households, 20_000)); err != nil {
		return err
	}
	if _, err := w.Rounds.OpenEmergency(ctx, w.sys, round.NewEmergency{Name: "bench", Basis: "bench", Purpose: "bench", Recipients: "bench", RetentionDays: 1, Drill: true}); err != nil {
		return err
	}
	if err := w.seatCallers(ctx); err != nil {
		return err
	}
	book, err := w.pushed(ctx, rows)
	if err != nil {
		return err
	}
	if _, err := w.Ledger.MatchAddress(ctx, w.sys, "1"); err != nil { // the index of doors is built once
		return err
	}
	for _, name := range []string{"incoming.list", "incoming.again"} {
		sw := clock.Start()
		rep, err := w.Incoming.Import(ctx, w.sys, incoming.Input{Files: []incoming.File{{Name: "list.xlsx", R: bytes.NewReader(book), Size: int64(len(book))}}})
		if err != nil {
			return err
		}
		f := Figure{Name: name, Engine: w.engine(), Size: rows, Value: sw.Elapsed().Seconds(), Unit: "s"}
		waiting, err := countWaiting(ctx, w)
		if err != nil {
			return err
		}
		f.Correct = rep.Rows == rows && rep.Refused == 0 && rep.New+rep.Joined == rows && waiting == 0
		if name == "incoming.again" {
			f.Correct = f.Correct && rep.New == 0
		} else {
			f.Correct = f.Correct && rep.New == rows && rep.Door*10 >= rows*9
		}
		if f.Baseline, err = readCells(ctx, book); err != nil {
			return err
		}
		if err := r.emit(f); err != nil {
			return err
		}
	}
	return nil
}

// readCells measures only reading the cells of a workbook.
func readCells(ctx context.Context, book []byte) (Baseline, error) {
	sw := clock.Start()
	b, err := sheet.OpenBytes(book, sheet.Limits{})
	if err != nil {
		return Baseline{}, err
	}
	defer b.Close()
	err = b.Rows(ctx, 0, func(sheet.Row) error { return nil })
	return Baseline{"reading the file's cells", sw.Elapsed().Seconds()}, err
}

// seatCallers puts callers of the district's street and communities at the desk.
func (w *world) seatCallers(ctx context.Context) error {
	if err := w.dutyPost(ctx); err != nil {
		return err
	}
	streets, err := w.Grid.Areas(ctx, w.sys, grid.Street)
	if err != nil {
		return err
	}
	for i := range max(benchCallers, len(streets)) {
		account := id.New()
		post, err := w.Grid.AddPost(ctx, w.sys, grid.NewPost{Role: grid.RoleStreet, ObjectKind: grid.ObjectPlace, ObjectID: streets[i%len(streets)].ID})
		if err != nil {
			return err
		}
		if _, err := w.Grid.AddHolder(ctx, w.sys, grid.Holder{PostID: post.ID, AccountID: account}); err != nil {
			return err
		}
		c, err := w.Grid.CallerFor(ctx, account, code, w.Clock.Now())
		if err == nil {
			err = w.Incoming.Sit(ctx, c)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// dutyPost fills the district's duty post, which answers for whoever nobody else
// answers for.
func (w *world) dutyPost(ctx context.Context) error {
	root, err := w.Grid.Root(ctx, w.sys)
	if err != nil {
		return err
	}
	post, err := w.Grid.AddPost(ctx, w.sys, grid.NewPost{Role: grid.RoleCommand, ObjectKind: grid.ObjectPlace, ObjectID: root.ID})
	if err == nil {
		_, err = w.Grid.AddHolder(ctx, w.sys, grid.Holder{PostID: post.ID, AccountID: id.New()})
	}
	return err
}

// pushed is a workbook of so many people at doors all over the district.
func (w *world) pushed(ctx context.Context, rows int) ([]byte, error) {
	var doors []id.ID
	root, err := w.Grid.Root(ctx, w.sys)
	if err != nil {
		return nil, err
	}
	err = w.Grid.Subtree(ctx, w.sys, root.Path, []grid.Kind{grid.Door}, func(p grid.Place) error {
		doors = append(doors, p.ID)
		return nil
	})
	if err != nil {
		return nil, err
	}
	var texts []string
	for i := range rows {
		doors[i%len(doors)], doors[(i*7919)%len(doors)] = doors[(i*7919)%len(doors)], doors[i%len(doors)]
	}
	if texts, err = w.doorTexts(ctx, doors[:min(rows, len(doors))]); err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	out, err := sheet.NewXLSX(&buf, "list", sheet.Column{Title: "name"}, sheet.Column{Title: "phone"}, sheet.Column{Title: "address"})
	if err != nil {
		return nil, errs.Wrap("bench.pushed", err)
	}
	for i := range rows {
		if err := out.Row(fmt.Sprintf("P%05d", i), fmt.Sprintf("120%08d", i), texts[i%len(texts)]); err != nil {
			return nil, errs.Wrap("bench.pushed", err)
		}
	}
	err = out.Close()
	return buf.Bytes(), errs.Wrap("bench.pushed", err)
}

// doorTexts writes doors as lists name them, with their community before them.
func (w *world) doorTexts(ctx context.Context, doors []id.ID) ([]string, error) {
	words, err := w.Ledger.DoorTexts(ctx, code, doors)
	if err != nil {
		return nil, err
	}
	places, err := w.Grid.Places(ctx, w.DB.Read(), w.sys, doors)
	if err != nil {
		return nil, err
	}
	areas, err := w.Grid.Areas(ctx, w.sys, grid.Community)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	for _, a := range areas {
		names[a.Path] = a.Name
	}
	out := make([]string, len(doors))
	for i, d := range doors {
		out[i] = names[places[d].Path[:12]] + words[d]
	}
	return out, nil
}

// countWaiting counts people whom nobody on shift has.
func countWaiting(ctx context.Context, w *world) (n int, err error) {
	err = w.DB.Read().QueryRowContext(ctx, leadsWaiting, code).Scan(&n)
	return n, err
}
