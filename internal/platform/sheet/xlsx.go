package sheet

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io"
	"path"
	"strconv"
	"strings"

	"golang.org/x/text/encoding/unicode"

	"wangge/internal/platform/errs"
)

// xlsxBook reads Office Open XML workbooks, streaming each sheet from the zip.
type xlsxBook struct {
	parts   map[string]*zip.File
	infos   []Info
	targets []string // part of each sheet
	epoch04 bool
	styles  []cellStyle
	shared  []string
	layouts map[int]*layout
	lim     Limits
	budget  int64 // bytes that may still be unpacked
}

var errBudget = errors.New("unpacks into more than it may")

func openXLSX(r io.ReaderAt, size int64, lim Limits) (table, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, damaged(err)
	}
	b := &xlsxBook{parts: map[string]*zip.File{}, layouts: map[int]*layout{}, lim: lim, budget: lim.Uncompressed}
	for _, f := range z.File {
		if f.Flags&1 != 0 {
			return nil, invalid("sheet.encrypted")
		}
		b.parts[strings.ToLower(partName(f.Name))] = f
	}
	for _, step := range []func() error{b.readWorkbook, b.readStyles, b.readShared} {
		if err := step(); err != nil {
			return nil, b.fault(err)
		}
	}
	if len(b.infos) == 0 {
		return nil, invalid("sheet.no_sheets")
	}
	return b, nil
}

func (b *xlsxBook) sheets() []Info { return b.infos }
func (b *xlsxBook) date1904() bool { return b.epoch04 }

// fault turns what went wrong inside the file into the message for people.
func (b *xlsxBook) fault(err error) error {
	if errors.Is(err, errBudget) {
		return invalid("sheet.bomb")
	}
	var e *errs.Error
	if errors.As(err, &e) {
		return err
	}
	return damaged(err)
}

// metered counts unpacked bytes against the book's budget.
type metered struct {
	io.ReadCloser
	ctx context.Context
	b   *xlsxBook
}

func (m metered) Read(p []byte) (int, error) {
	if err := m.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := m.ReadCloser.Read(p)
	if m.b.budget -= int64(n); m.b.budget < 0 {
		return n, errBudget
	}
	return n, err
}

// open starts reading a part. The scanner is nil if the part is not there.
func (b *xlsxBook) open(ctx context.Context, name string) (*scanner, func(), error) {
	f := b.parts[strings.ToLower(name)]
	if f == nil {
		return nil, func() {}, nil
	}
	rc, err := f.Open()
	if err != nil {
		return nil, nil, err
	}
	m := metered{rc, ctx, b}
	bom := make([]byte, 2)
	n, _ := io.ReadFull(m, bom)
	var r io.Reader = io.MultiReader(bytes.NewReader(bom[:n]), m)
	if n == 2 && (bom[0] == 0xff && bom[1] == 0xfe || bom[0] == 0xfe && bom[1] == 0xff) {
		r = unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Reader(r)
	}
	return newScanner(r), func() { rc.Close() }, nil
}

// each calls fn for every start tag of a small part.
func (b *xlsxBook) each(name string, fn func(s *scanner) error) error {
	s, done, err := b.open(context.Background(), name)
	if err != nil || s == nil {
		return err
	}
	defer done()
	for {
		tok, err := s.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if tok == startTag {
			if err := fn(s); err != nil {
				return err
			}
		}
	}
}

// relations reads the targets of a part's relations: worksheets by id, and
// the first of each type. The empty part is the package itself.
func (b *xlsxBook) relations(part string) (byID, byType map[string]string, err error) {
	byID, byType = map[string]string{}, map[string]string{}
	dir, rels := path.Dir(part), "_rels/.rels"
	if part != "" {
		rels = path.Join(dir, "_rels", path.Base(part)+".rels")
	}
	err = b.each(rels, func(s *scanner) error {
		if string(s.name) != "Relationship" {
			return nil
		}
		target, typ := s.attr("Target"), path.Base(s.attr("Type"))
		if !strings.HasPrefix(target, "/") {
			target = path.Join(dir, target)
		}
		target = partName(target)
		if byType[typ] == "" {
			byType[typ] = target
		}
		if typ == "worksheet" {
			byID[s.attr("Id")] = target
		}
		return nil
	})
	return byID, byType, err
}

func (b *xlsxBook) workbookPart() string {
	_, types, err := b.relations("")
	if err == nil && types["officeDocument"] != "" {
		return types["officeDocument"]
	}
	return "xl/workbook.xml"
}

func (b *xlsxBook) readWorkbook() error {
	wb := b.workbookPart()
	if b.parts[strings.ToLower(wb)] == nil {
		return invalid("sheet.is_archive")
	}
	byID, types, err := b.relations(wb)
	if err != nil {
		return err
	}
	b.targets = nil
	err = b.each(wb, func(s *scanner) error {
		switch string(s.name) {
		case "workbookPr":
			b.epoch04 = truth(s.attr("date1904"))
		case "sheet":
			target := byID[s.attr("id")]
			if target == "" || len(b.infos) >= 1000 {
				return nil
			}
			b.infos = append(b.infos, Info{Name: s.attr("name"), Hidden: strings.Contains(strings.ToLower(s.attr("state")), "hidden")})
			b.targets = append(b.targets, target)
		}
		return nil
	})
	b.targets = append(b.targets, types["styles"], types["sharedStrings"])
	return err
}

func (b *xlsxBook) stylesPart() string { return b.targets[len(b.infos)] }
func (b *xlsxBook) sharedPart() string { return b.targets[len(b.infos)+1] }

func truth(s string) bool { return s == "1" || strings.EqualFold(s, "true") || s == "on" }

// readShared loads the table of shared strings; phonetic guides are left out.
func (b *xlsxBook) readShared() error {
	part := b.sharedPart()
	if f := b.parts[strings.ToLower(part)]; f != nil && f.UncompressedSize64 > uint64(b.lim.Strings) {
		return invalid("sheet.bomb")
	}
	s, done, err := b.open(context.Background(), part)
	if err != nil || s == nil {
		return err
	}
	defer done()
	var cur []byte
	left := b.lim.Strings
	inText, phonetic := false, false
	for {
		tok, err := s.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		switch tok {
		case charData:
			if inText && !phonetic {
				cur = s.appendText(cur)
			}
		case startTag:
			switch string(s.name) {
			case "si":
				cur = cur[:0]
				if s.empty {
					b.shared = append(b.shared, "")
				}
			case "t":
				inText = !s.empty
			case "rPh":
				phonetic = !s.empty
			}
		case endTag:
			switch string(s.name) {
			case "si":
				if left -= int64(len(cur)) + 16; left < 0 {
					return errBudget
				}
				b.shared = append(b.shared, bstr(string(cur)))
			case "t":
				inText = false
			case "rPh":
				phonetic = false
			}
		}
	}
}

func (b *xlsxBook) sharedString(raw []byte) (string, bool) {
	n, err := strconv.Atoi(string(bytes.TrimSpace(raw)))
	if err != nil || n < 0 || n >= len(b.shared) {
		return "", false
	}
	return b.shared[n], true
}
