package roster

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"wangge/internal/platform/sheet"
)

const benchHeader = "序号,小区,楼栋,单元,房号,姓名,与户主关系,性别,出生日期,联系电话,是否常住,备注"

func benchRow(i int) string {
	rel := []string{"户主", "妻", "子"}[i%3]
	return fmt.Sprintf("%d,幸福小区,%d号楼,%d单元,%d,张三%c,%s,男,1949-12-%02d,1%010d,是,", i+1, i/900+1, i/300%3+1, i/3%100+101, 0x4e00+rune(i%5000), rel, i%28+1, 3000000000+i)
}

var benchBook = sync.OnceValue(func() []byte {
	var buf bytes.Buffer
	w, _ := sheet.NewXLSX(&buf, "名册")
	for i := -1; i < 100_000; i++ {
		s := benchHeader
		if i >= 0 {
			s = benchRow(i)
		}
		var vals []any
		for _, f := range strings.Split(s, ",") {
			vals = append(vals, f)
		}
		w.Row(vals...)
	}
	w.Close()
	return buf.Bytes()
})

// BenchmarkWorkbook understands a workbook of 100,000 rows of 12 columns.
func BenchmarkWorkbook(b *testing.B) {
	data := benchBook()
	for b.Loop() {
		n := 0
		res, err := Parse(context.Background(), []File{{"a", bytes.NewReader(data), int64(len(data))}}, Options{}, func(Row) error { n++; return nil })
		if err != nil || n != 100_000 || res.Persons != 100_000 {
			b.Fatal(n, res, err)
		}
	}
}

// BenchmarkMillion understands a text table of 1,000,000 residents and reports
// the memory in use behind it.
func BenchmarkMillion(b *testing.B) {
	var buf bytes.Buffer
	buf.WriteString(benchHeader + "\n")
	for i := range 1_000_000 {
		buf.WriteString(benchRow(i) + "\n")
	}
	data := buf.Bytes()
	for b.Loop() {
		var peak uint64
		n := 0
		_, err := Parse(context.Background(), []File{{"a", bytes.NewReader(data), int64(len(data))}}, Options{}, func(Row) error {
			if n++; n%100_000 == 0 {
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, m.HeapInuse)
			}
			return nil
		})
		if err != nil || n != 1_000_000 {
			b.Fatal(n, err)
		}
		b.ReportMetric(float64(peak-uint64(len(data)))/1e6, "MB-heap")
	}
}
