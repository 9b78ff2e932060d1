package sheet

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"testing"

	"github.com/xuri/excelize/v2"
)

var bigBook = sync.OnceValue(func() []byte {
	f := excelize.NewFile()
	defer f.Close()
	w, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		panic(err)
	}
	for i := 1; i <= 100_000; i++ {
		w.SetRow(fmt.Sprintf("A%d", i), []any{i, fmt.Sprintf("%d号楼", i/100), "1单元", i % 3000, "张三", "户主", "男",
			18263 + i%9000, 13000000000 + i, fmt.Sprintf("23010319491231%04d", i%9999), "是", "备注"})
	}
	w.Flush()
	var buf bytes.Buffer
	if err := f.Write(&buf); err != nil {
		panic(err)
	}
	return buf.Bytes()
})

// BenchmarkRead reads 100,000 rows of 12 columns.
func BenchmarkRead(b *testing.B) {
	data := bigBook()
	for b.Loop() {
		book, err := OpenBytes(data, Limits{})
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		if err := book.Rows(context.Background(), 0, func(r Row) error { n += len(r.Cells); return nil }); err != nil || n != 1_200_000 {
			b.Fatal(n, err)
		}
	}
}

// BenchmarkReadLibrary reads the same with the library, for comparison.
func BenchmarkReadLibrary(b *testing.B) {
	data := bigBook()
	for b.Loop() {
		f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{RawCellValue: true})
		if err != nil {
			b.Fatal(err)
		}
		rows, err := f.Rows("Sheet1")
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for rows.Next() {
			c, _ := rows.Columns()
			n += len(c)
		}
		rows.Close()
		f.Close()
		if n != 1_200_000 {
			b.Fatal(n)
		}
	}
}

// BenchmarkWrite writes 100,000 rows of 12 columns.
func BenchmarkWrite(b *testing.B) {
	for b.Loop() {
		w, err := NewXLSX(io.Discard, "a", Column{Title: "甲"})
		if err != nil {
			b.Fatal(err)
		}
		for i := 0; i < 100_000; i++ {
			w.Row(i, "3号楼", "1单元", "501", "张三", "户主", "男", "1949-12-31", "13812345678", "230103194912310000", "是", "备注")
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
