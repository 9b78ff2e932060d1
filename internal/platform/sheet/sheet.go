// Package sheet reads and writes the tables people keep: .xlsx, old .xls, and
// text tables (.csv, .tsv in UTF-8, UTF-16 or GB18030).
//
// What it guarantees: a file is recognised by its bytes and never by its name;
// what is not a table is refused with a message a person can act on; memory
// stays bounded whatever the file claims about itself (zip bombs, a million
// empty rows, 200 MB of zeros); nothing is ever evaluated, a formula cell gives
// the value the office program stored last; nothing is spooled to disk, since
// these tables hold names and numbers of people. A cell is given as it was
// stored, together with what its number format says, so that a date kept as a
// serial or a phone kept as a floating-point number can still be understood.
//
// Workbooks are read by a small scanner of its own and not by the library that
// the tests compare it with: that one spools large sheets to temporary files in
// clear, tells no cell types while streaming, and takes four times as long.
package sheet

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"

	"wangge/internal/platform/errs"
)

// Format names the kind of file a table came in.
type Format string

// The kinds of file that can be read.
const (
	XLSX Format = "xlsx"
	XLS  Format = "xls"
	CSV  Format = "csv"
)

// Info describes one sheet of a file.
type Info struct {
	Name   string // the sheet's name; empty for a text table
	Hidden bool   // the sheet is hidden in the office program
}

// Row is one row that the file holds. Rows that were never written are not
// delivered, so N may jump.
type Row struct {
	N      int    // the row's number as the office program shows it, from 1
	Cells  []Cell // from column A on; valid only until the callback returns
	Hidden bool   // the row is hidden or filtered out
}

// Blank reports whether the row holds nothing of its own (copies of merged
// cells are not its own).
func (r Row) Blank() bool {
	for i := range r.Cells {
		if !r.Cells[i].Blank() && !r.Cells[i].Copied() {
			return false
		}
	}
	return true
}

// Limits bound what reading a file may cost. The zero value means the defaults.
type Limits struct {
	Bytes        int64 // largest file, bytes; default 512 MiB
	Uncompressed int64 // most bytes unpacked over one reading of the file; default 4 GiB
	Strings      int64 // largest table of shared strings, bytes; default 256 MiB
	Entries      int   // most parts in a zip; default 5,000
	Columns      int   // columns beyond this one are not read; default 1,024
}

func (l Limits) filled() Limits {
	set := func(p *int64, v int64) {
		if *p <= 0 {
			*p = v
		}
	}
	set(&l.Bytes, 512<<20)
	set(&l.Uncompressed, 4<<30)
	set(&l.Strings, 256<<20)
	if l.Entries <= 0 {
		l.Entries = 5000
	}
	if l.Columns <= 0 {
		l.Columns = 1024
	}
	return l
}

// table is what each kind of file provides.
type table interface {
	sheets() []Info
	hiddenColumns(ctx context.Context, i int) ([]int, error)
	rows(ctx context.Context, i int, fn func(Row) error) error
	date1904() bool
}

// Book is an open file of one or more sheets. It is not safe for concurrent use.
type Book struct {
	t     table
	close func() error
}

// Sheets lists the sheets in the order of the file.
func (b *Book) Sheets() []Info { return b.t.sheets() }

// Date1904 reports whether date serials count from 1904 instead of 1900.
func (b *Book) Date1904() bool { return b.t.date1904() }

// HiddenColumns returns the 1-based numbers of the hidden columns of sheet i.
// Their cells are read like all others.
func (b *Book) HiddenColumns(ctx context.Context, i int) ([]int, error) {
	return b.t.hiddenColumns(ctx, i)
}

// Rows calls fn for each row of sheet i in order and stops at the first error,
// which it returns unchanged. A file found to be damaged or oversized on the
// way gives an error of kind Invalid.
func (b *Book) Rows(ctx context.Context, i int, fn func(Row) error) error {
	if i < 0 || i >= len(b.t.sheets()) {
		return errs.E("sheet.Rows", errs.NotFound, "sheet.no_such_sheet", i+1)
	}
	return b.t.rows(ctx, i, fn)
}

// Close releases the file.
func (b *Book) Close() error {
	if b.close == nil {
		return nil
	}
	return b.close()
}

// OpenFile opens the file at path. Errors: NotFound if there is none, Invalid
// if it is not a table that can be read.
func OpenFile(path string, lim Limits) (*Book, error) {
	const op = "sheet.OpenFile"
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, errs.E(op, errs.NotFound, "sheet.no_file")
	}
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	st, err := f.Stat()
	if err == nil && st.IsDir() {
		f.Close()
		return nil, errs.E(op, errs.Invalid, "sheet.directory")
	}
	if err != nil {
		f.Close()
		return nil, errs.Wrap(op, err)
	}
	b, err := Open(f, st.Size(), lim)
	if err != nil {
		f.Close()
		return nil, err
	}
	b.close = f.Close
	return b, nil
}

// OpenBytes opens a file held in memory.
func OpenBytes(data []byte, lim Limits) (*Book, error) {
	return Open(bytes.NewReader(data), int64(len(data)), lim)
}

// Open opens a file of size bytes. The kind is found from the bytes. Errors
// are of kind Invalid with a message that names what the file is instead.
func Open(r io.ReaderAt, size int64, lim Limits) (*Book, error) {
	lim = lim.filled()
	kind, err := sniff(r, size, lim)
	if err != nil {
		return nil, err
	}
	var t table
	switch kind {
	case XLSX:
		t, err = openXLSX(r, size, lim)
	case XLS:
		t, err = openXLS(r, size, lim)
	default:
		t, err = openText(r, size, lim)
	}
	if err != nil {
		return nil, err
	}
	return &Book{t: t}, nil
}

// invalid makes the error of a file that cannot be read.
func invalid(key string, args ...any) error {
	return errs.E("sheet.Open", errs.Invalid, key, args...)
}

// damaged makes the error of a file that is broken inside.
func damaged(cause error) error {
	return &errs.Error{Op: "sheet.Rows", Kind: errs.Invalid, Key: "sheet.damaged", Err: cause}
}
