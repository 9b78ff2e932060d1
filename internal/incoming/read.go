package incoming

import (
	"context"
	"io"

	"wangge/internal/ledger/roster"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/sheet"
)

// Bounds of a list that is handed in.
const (
	MaxBytes = 32 << 20
	MaxRows  = 20_000
)

// headerDepth is how far down a header is looked for.
const headerDepth = 30

// sampleRows is how many rows the recognition of columns looks at.
const sampleRows = 200

// File is one file of a list.
type File struct {
	Name string // as shown to people
	R    io.ReaderAt
	Size int64
}

// sheetHead is what stood above the rows of a sheet, to be given back with them.
type sheetHead struct {
	File   string         `json:"file"`
	Name   string         `json:"name"`
	Head   [][]sheet.Cell `json:"head"`
	Header int            `json:"header"` // index in Head of the row with the labels; -1: none
	Width  int            `json:"width"`

	columns map[string]int // by key, of this package and of package roster
}

// rawRow is a row of a list as it was sent.
type rawRow struct {
	sheet int // index of its sheetHead
	at    int // row number in its sheet
	cells []sheet.Cell
}

// read reads the sheets of the files. Errors: Invalid "file" for what is no
// table, or no list of people.
func read(ctx context.Context, files []File) ([]sheetHead, []rawRow, error) {
	const op = "incoming.read"
	var heads []sheetHead
	var rows []rawRow
	var total int64
	for _, f := range files {
		if total += f.Size; total > MaxBytes {
			return nil, nil, errs.Field(errs.E(op, errs.TooMany, "error.too_big", MaxBytes>>10), "file")
		}
		book, err := sheet.Open(f.R, f.Size, sheet.Limits{Bytes: MaxBytes, Uncompressed: 256 << 20, Strings: 64 << 20})
		if err != nil {
			return nil, nil, errs.Field(err, "file")
		}
		h, r, err := readBook(ctx, book, f.Name, len(heads), MaxRows-len(rows))
		if e := book.Close(); err == nil {
			err = e
		}
		if err != nil {
			return nil, nil, err
		}
		heads, rows = append(heads, h...), append(rows, r...)
	}
	if len(rows) == 0 {
		return nil, nil, errs.Field(errs.E(op, errs.Invalid, "incoming.not_a_list"), "file")
	}
	return heads, rows, nil
}

func readBook(ctx context.Context, book *sheet.Book, file string, first, room int) ([]sheetHead, []rawRow, error) {
	var heads []sheetHead
	var rows []rawRow
	for i, info := range book.Sheets() {
		var all []rawRow
		err := book.Rows(ctx, i, func(r sheet.Row) error {
			if r.Blank() {
				return nil
			}
			if len(all) > room+headerDepth {
				return errs.Field(errs.E("incoming.read", errs.Invalid, "relist.too_many", MaxRows), "file")
			}
			all = append(all, rawRow{sheet: first + len(heads), at: r.N, cells: append([]sheet.Cell{}, r.Cells...)})
			return nil
		})
		if err != nil {
			return nil, nil, errs.Field(err, "file")
		}
		h, data := understand(all)
		if len(data) == 0 {
			continue // an empty sheet, or one about something else
		}
		h.File, h.Name = file, info.Name
		heads, rows, room = append(heads, h), append(rows, data...), room-len(data)
	}
	return heads, rows, nil
}

// understand finds the header of a sheet's rows and what its columns hold; no
// rows where it is no list of people.
func understand(all []rawRow) (sheetHead, []rawRow) {
	at := findHeader(all)
	h := sheetHead{Header: at}
	for i := 0; i <= at; i++ {
		h.Head = append(h.Head, all[i].cells)
	}
	data := all[at+1:]
	for _, r := range all {
		h.Width = max(h.Width, len(r.cells))
	}
	var labels []string
	if at >= 0 {
		labels = texts(all[at].cells)
	}
	h.columns = columnsOf(labels, data, h.Width)
	for _, key := range []string{roster.Phone, roster.IDNo, roster.Landline} {
		if _, ok := h.columns[key]; ok {
			return h, data
		}
	}
	_, name := h.columns[roster.Name]
	if _, address := h.columns[roster.Address]; name && address {
		return h, data
	}
	return h, nil
}

func texts(cells []sheet.Cell) []string {
	out := make([]string, len(cells))
	for i, c := range cells {
		if !c.FromLeft() {
			out[i] = sheet.Tidy(c.String())
		}
	}
	return out
}

// findHeader is the index of the row of labels: the first of which half and at
// least two are known, or which is one known label alone; -1: there is none.
func findHeader(rows []rawRow) int {
	for i, r := range rows[:min(len(rows), headerDepth)] {
		filled, known := 0, 0
		for _, l := range texts(r.cells) {
			if l == "" {
				continue
			}
			filled++
			if headings[foldHeading(l)] != "" || roster.Header(l) != "" {
				known++
			}
		}
		if known >= 2 && known*2 >= filled || known == 1 && filled == 1 && len(rows) > 1 && len(r.cells) == 1 {
			return i
		}
	}
	return -1
}

// columnsOf tells what the columns hold: those of clues by their labels, those
// of people by package roster, which sees neither labels nor cells of the former.
func columnsOf(labels []string, data []rawRow, width int) map[string]int {
	own, rest := map[string]int{}, make([]string, width)
	taken := map[int]bool{}
	for i, l := range labels {
		key := headings[foldHeading(l)]
		if _, twice := own[key]; key == "" || twice {
			rest[i] = l
			continue
		}
		own[key], taken[i] = i, true
	}
	sample := make([][]sheet.Cell, 0, min(len(data), sampleRows))
	for _, r := range data[:min(len(data), sampleRows)] {
		cells := append([]sheet.Cell{}, r.cells...)
		for i := range cells {
			if taken[i] {
				cells[i] = sheet.Cell{}
			}
		}
		sample = append(sample, cells)
	}
	for key, i := range roster.Columns(rest, sample) {
		own[key] = i
	}
	return own
}

// cell is what a row says under a key; the zero cell for nothing.
func (r rawRow) cell(h *sheetHead, key string) sheet.Cell {
	if i, ok := h.columns[key]; ok && i < len(r.cells) {
		return r.cells[i]
	}
	return sheet.Cell{}
}

func (r rawRow) text(h *sheetHead, key string) string { return sheet.Tidy(r.cell(h, key).String()) }
