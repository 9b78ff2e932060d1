package sheet

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"
)

// textBook reads tables kept as text: comma, tab, semicolon or bar separated.
type textBook struct {
	r    io.ReaderAt
	size int64
	dec  encoding.Encoding // nil for UTF-8
	skip int64             // bytes of a byte order mark
	sep  byte
	lim  Limits
}

func openText(r io.ReaderAt, size int64, lim Limits) (table, error) {
	b := &textBook{r: r, size: size, lim: lim}
	if err := b.detect(); err != nil {
		return nil, err
	}
	head := make([]byte, 64<<10)
	n, err := io.ReadFull(b.reader(context.Background()), head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, damaged(err)
	}
	b.sep = separator(head[:n])
	return b, nil
}

func (b *textBook) sheets() []Info                                        { return []Info{{}} }
func (b *textBook) date1904() bool                                        { return false }
func (b *textBook) hiddenColumns(_ context.Context, _ int) ([]int, error) { return nil, nil }

// detect finds the encoding: a byte order mark, UTF-16 by its zeros, UTF-8 if
// the whole file is valid, else GB18030, which holds GBK and GB2312.
func (b *textBook) detect() error {
	head := make([]byte, min(b.size, headBytes))
	if _, err := b.r.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return damaged(err)
	}
	switch {
	case bytes.HasPrefix(head, []byte("\xef\xbb\xbf")):
		b.skip = 3
		return nil
	case bytes.HasPrefix(head, []byte("\xff\xfe")):
		b.skip, b.dec = 2, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
		return nil
	case bytes.HasPrefix(head, []byte("\xfe\xff")):
		b.skip, b.dec = 2, unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
		return nil
	}
	switch wide(head) {
	case 'l':
		b.dec = unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
		return nil
	case 'b':
		b.dec = unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
		return nil
	}
	valid, err := allUTF8(io.NewSectionReader(b.r, 0, b.size))
	if err != nil {
		return err
	}
	if !valid {
		b.dec = simplifiedchinese.GB18030
	}
	return nil
}

// allUTF8 reads everything and reports whether it is valid UTF-8. Zero bytes
// are an error: no table holds them.
func allUTF8(r io.Reader) (bool, error) {
	buf := make([]byte, 256<<10)
	keep := 0
	for {
		n, err := r.Read(buf[keep:])
		w := buf[:keep+n]
		if bytes.IndexByte(w, 0) >= 0 {
			return false, invalid("sheet.not_table")
		}
		end := len(w)
		if err == nil {
			end = completeUTF8(w)
		}
		if !utf8.Valid(w[:end]) {
			return false, nil
		}
		keep = copy(buf, w[end:])
		if errors.Is(err, io.EOF) {
			return true, nil
		}
		if err != nil {
			return false, damaged(err)
		}
	}
}

// completeUTF8 returns the length of w without a rune cut off at its end.
func completeUTF8(w []byte) int {
	for k := 1; k <= 3 && k <= len(w); k++ {
		if c := w[len(w)-k]; utf8.RuneStart(c) {
			if c >= 0x80 && !utf8.FullRune(w[len(w)-k:]) {
				return len(w) - k
			}
			break
		}
	}
	return len(w)
}

type ctxReader struct {
	ctx context.Context
	io.Reader
}

func (r ctxReader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

func (b *textBook) reader(ctx context.Context) io.Reader {
	var r io.Reader = ctxReader{ctx, io.NewSectionReader(b.r, b.skip, b.size-b.skip)}
	if b.dec != nil {
		r = b.dec.NewDecoder().Reader(r)
	}
	return r
}

// separator finds the character that splits the first lines most evenly.
func separator(head []byte) byte {
	lines := strings.Split(string(head), "\n")
	if len(lines) > 1 && len(head) == cap(head) {
		lines = lines[:len(lines)-1]
	}
	if s, ok := strings.CutPrefix(strings.ToLower(strings.TrimSpace(lines[0])), "sep="); ok && len(s) == 1 {
		return s[0]
	}
	best, most := byte(','), 0
	for _, sep := range []byte{',', '\t', ';', '|'} {
		have, total := 0, 0
		for _, l := range lines[:min(len(lines), 40)] {
			if k := strings.Count(l, string(sep)); k > 0 {
				have++
				total += k
			}
		}
		if score := have*1000 + total; have > 0 && score > most {
			best, most = sep, score
		}
	}
	return best
}

const maxTextCell = 64 << 10

func (b *textBook) rows(ctx context.Context, _ int, fn func(Row) error) error {
	p := textParser{r: bufio.NewReaderSize(b.reader(ctx), 256<<10), sep: b.sep, limit: b.lim.Columns}
	for n := 1; ; n++ {
		cells, err := p.record()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return damaged(err)
		}
		if n == 1 && len(cells) > 0 && len(cells[0].Raw) == 5 && strings.HasPrefix(strings.ToLower(cells[0].Raw), "sep=") {
			continue
		}
		if len(cells) == 0 {
			continue
		}
		if err := fn(Row{N: n, Cells: cells}); err != nil {
			return err
		}
	}
}

// textParser splits records the way office programs do: quotes only count at a
// cell's start, doubled quotes are one, a stray quote inside is itself.
type textParser struct {
	r     *bufio.Reader
	sep   byte
	limit int
	cells []Cell
	val   []byte
	done  bool
}

var errLongCell = errors.New("a cell of more than 64 KiB, perhaps after a stray quote")

// record returns the next line's cells; io.EOF at the end.
func (p *textParser) record() ([]Cell, error) {
	if p.done {
		return nil, io.EOF
	}
	p.cells, p.val = p.cells[:0], p.val[:0]
	start := true
	for {
		c, err := p.r.ReadByte()
		if err == io.EOF {
			p.done = true
			if start && len(p.cells) == 0 {
				return nil, io.EOF
			}
			p.push()
			return p.trimmed(), nil
		}
		if err != nil {
			return nil, err
		}
		switch {
		case c == p.sep:
			p.push()
			start = true
			continue
		case c == '\n':
			p.push()
			return p.trimmed(), nil
		case c == '\r':
			if b, err := p.r.Peek(1); err == nil && b[0] == '\n' {
				continue
			}
			p.push()
			return p.trimmed(), nil
		case c == '"' && start:
			if err := p.quoted(); err != nil {
				return nil, err
			}
		default:
			p.val = append(p.val, c)
		}
		start = false
		if len(p.val) > maxTextCell {
			return nil, errLongCell
		}
	}
}

// quoted reads up to the closing quote.
func (p *textParser) quoted() error {
	for len(p.val) <= maxTextCell {
		c, err := p.r.ReadByte()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if c != '"' {
			p.val = append(p.val, c)
			continue
		}
		b, err := p.r.Peek(1)
		if err != nil || b[0] != '"' {
			return nil
		}
		p.r.Discard(1)
		p.val = append(p.val, '"')
	}
	return errLongCell
}

func (p *textParser) push() {
	if len(p.cells) < p.limit {
		p.cells = append(p.cells, textCell(p.val))
	}
	p.val = p.val[:0]
}

// textCell makes a cell of text; the apostrophe that guards against formulas,
// as our own tables have it, and ="..." around digits are taken off.
func textCell(val []byte) Cell {
	if len(val) == 0 {
		return Cell{}
	}
	s := strings.ToValidUTF8(string(val), "\uFFFD")
	if len(s) > 1 && s[0] == '\'' && dangerous(s[1:]) {
		s = s[1:]
	} else if len(s) > 3 && strings.HasPrefix(s, "=\"") && strings.HasSuffix(s, "\"") {
		s = s[2 : len(s)-1]
	}
	return Cell{Raw: s, Kind: Text}
}

func (p *textParser) trimmed() []Cell {
	n := len(p.cells)
	for n > 0 && p.cells[n-1].Blank() {
		n--
	}
	return p.cells[:n]
}
