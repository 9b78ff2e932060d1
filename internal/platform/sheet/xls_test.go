package sheet

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"testing"

	"wangge/internal/platform/errs"
)

func TestOldWorkbook(t *testing.T) {
	data, err := os.ReadFile("testdata/lorem.xls")
	if err != nil {
		t.Fatal(err)
	}
	g := grid(t, data, 0)
	if got := fmt.Sprintf("%q%q%q", g[1], g[2], g[4]); got != `["Test1" "Lorem" "Ipsum"]["Avocado" "1" "2"]["" "4" "7"]` {
		t.Error(got)
	}
	for cut := 0; cut < len(data); cut += 97 { // any cut or wrong byte is an error at worst
		bad := append([]byte(nil), data...)
		bad[cut] ^= 0xff
		for _, d := range [][]byte{data[:cut], bad} {
			b, err := OpenBytes(d, Limits{})
			if err != nil {
				continue
			}
			for i := range b.Sheets() {
				b.Rows(context.Background(), i, func(Row) error { return nil })
			}
		}
	}
}

func rec(typ uint16, parts ...[]byte) []byte {
	var body []byte
	for _, p := range parts {
		body = append(body, p...)
	}
	out := binary.LittleEndian.AppendUint16(nil, typ)
	out = binary.LittleEndian.AppendUint16(out, uint16(len(body)))
	return append(out, body...)
}

func words(vs ...uint16) []byte {
	var out []byte
	for _, v := range vs {
		out = binary.LittleEndian.AppendUint16(out, v)
	}
	return out
}

// biff builds the stream of a workbook whose shared string runs on into a
// continuation, with a date, a formula's text, a merged area and hidden parts.
func biff() []byte {
	name, long := utf16le("3号楼"), utf16le("张三丰")
	bof := rec(recBOF, words(0x0600, 5, 0, 0, 0, 0, 0, 0))
	sst := append(rec(recSST, words(1, 0, 1, 0), words(3), []byte{1}, long[:2]), rec(recCont, []byte{1}, long[2:])...)
	tail := append(rec(recXF, words(0, 0, 0)), rec(recXF, words(0, 14, 0))...)
	tail = append(append(tail, sst...), rec(recEOF)...)
	bound := func(at uint32) []byte {
		return rec(recSheet, binary.LittleEndian.AppendUint32(nil, at), []byte{0, 0, 3, 1}, name)
	}
	at := uint32(len(bof) + len(bound(0)) + len(tail))
	out := append(append(append([]byte(nil), bof...), bound(at)...), tail...)
	num := make([]byte, 8)
	binary.LittleEndian.PutUint64(num, math.Float64bits(18263))
	text := []byte{0, 0, 0, 0, 0, 0, 0xff, 0xff}
	for _, r := range [][]byte{bof,
		rec(recColInfo, words(2, 2, 0, 0, 1, 0)),
		rec(recRow, words(1, 0, 9, 0, 0, 0, 0x20, 0)),
		rec(recLabSST, words(0, 0, 0, 0, 0)),
		rec(recNumber, words(0, 1, 1), num),
		rec(recMulRK, words(0, 2), words(0), []byte{0x16, 0, 0, 0}, words(0), []byte{0x16, 0, 0, 0}, words(3)),
		rec(recFormula, words(1, 1, 0), text, words(0, 0, 0)),
		rec(recString, words(2), []byte{1}, utf16le("女儿")),
		rec(recMerges, words(1, 0, 1, 0, 0)),
		rec(recEOF)} {
		out = append(out, r...)
	}
	return out
}

func TestOldWorkbookRecords(t *testing.T) {
	b := &xlsBook{formats: map[uint16]string{}, limit: 100, stream: biff()}
	if err := b.globals(); err != nil {
		t.Fatal(err)
	}
	var got string
	err := b.rows(context.Background(), 0, func(r Row) error {
		for _, c := range r.Cells {
			got += fmt.Sprintf("%d:%s/%v/%v/%v ", r.N, c.Raw, c.Date, c.Copied(), r.Hidden)
		}
		return nil
	})
	want := "1:张三丰/false/false/false 1:18263/true/false/false 1:5/false/false/false 1:5/false/false/false 2:张三丰/false/true/true 2:女儿/false/false/true "
	if err != nil || got != want || b.infos[0].Name != "3号楼" {
		t.Errorf("%v %v\n got %s\nwant %s", err, b.infos, got, want)
	}
	if h, _ := b.hiddenColumns(context.Background(), 0); fmt.Sprint(h) != "[3]" {
		t.Error(h)
	}
}

func TestOldWorkbookWithPassword(t *testing.T) {
	b := &xlsBook{formats: map[uint16]string{}, stream: append(rec(recBOF, words(0x0600, 5)), rec(recCrypt, words(1))...)}
	if err := b.globals(); errs.As(err).Key != "sheet.encrypted" {
		t.Error(err)
	}
}

func FuzzOldWorkbook(f *testing.F) {
	f.Add(biff())
	f.Fuzz(func(t *testing.T, data []byte) {
		b := &xlsBook{formats: map[uint16]string{}, limit: 64, stream: data}
		if b.globals() != nil {
			return
		}
		for i := range b.infos {
			b.rows(context.Background(), i, func(Row) error { return nil })
		}
	})
}
