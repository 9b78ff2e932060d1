package divisions

import (
	"bufio"
	"bytes"
	"embed"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"sort"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/unicode"

	"wangge/internal/platform/errs"
)

// maxBytes bounds a list; the whole nation's has 30 MB.
const maxBytes = 128 << 20

// maxProblems bounds what one damaged file may cost; reading stops there.
const maxProblems = 10_000

type row struct {
	Area
	line int
	bad  bool
}

var words = loadWords(files)

type wordlist struct {
	columns map[string]string // header in lower case → column
	parents []string          // parent headers, the most specific first
	levels  map[string]Level
	village []string
	kinds   []string // what a name ends in that says what the area is, longest first
}

// Read reads a national list: a table with a column of codes and one of
// names, levels and parents where it has them (else they follow from the
// codes). Header spellings, their absence, a byte order mark, GB18030, UTF-16,
// tabs and semicolons are understood. Areas come in the order of the file;
// rows with a problem are left out of them. The error (kind Invalid) is for a
// file that is no such list at all.
func Read(r io.Reader) ([]Area, []Problem, error) {
	const op = "divisions.Read"
	raw, err := io.ReadAll(io.LimitReader(r, maxBytes+1))
	if err != nil {
		return nil, nil, errs.Wrap(op, err)
	}
	if len(raw) > maxBytes {
		return nil, nil, errs.E(op, errs.Invalid, "divisions.too_large", maxBytes>>20)
	}
	text, ok := decode(raw)
	if !ok {
		return nil, nil, errs.E(op, errs.Invalid, "divisions.not_text")
	}
	p := parser{csv: csv.NewReader(bytes.NewReader(text))}
	p.csv.Comma = separator(text)
	p.csv.FieldsPerRecord = -1
	p.csv.LazyQuotes = true
	p.csv.ReuseRecord = true
	if err := p.rows(); err != nil {
		return nil, nil, err
	}
	areas, more := check(p.found)
	problems := append(p.problems, more...)
	sort.SliceStable(problems, func(i, j int) bool { return problems[i].Row < problems[j].Row })
	return areas, problems, nil
}

type parser struct {
	csv      *csv.Reader
	cols     map[string]int // code, name, level
	parents  []int
	found    []row
	problems []Problem
}

func (p *parser) rows() error {
	const op = "divisions.Read"
	for {
		rec, err := p.csv.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return &errs.Error{Op: op, Kind: errs.Invalid, Key: "divisions.not_a_table", Err: err}
		}
		line, _ := p.csv.FieldPos(0)
		if blank(rec) {
			continue
		}
		if p.cols == nil {
			if p.header(rec) {
				continue
			}
			if !p.guess(rec) {
				if line > 20 {
					return errs.E(op, errs.Invalid, "divisions.no_codes")
				}
				continue // a title above the header
			}
		}
		p.row(rec, line)
		if len(p.problems) > maxProblems {
			return errs.E(op, errs.Invalid, "divisions.too_many_problems", maxProblems)
		}
	}
	if p.cols == nil {
		return errs.E(op, errs.Invalid, "divisions.no_codes")
	}
	return nil
}

// header takes the columns from a header row; false if rec is none.
func (p *parser) header(rec []string) bool {
	cols := map[string]int{}
	at := map[string]int{}
	for i, cell := range rec {
		h := strings.ToLower(strings.TrimSpace(cell))
		if c := words.columns[h]; c != "" {
			if _, taken := cols[c]; !taken {
				cols[c] = i
			}
			at[h] = i
		}
	}
	_, code := cols["code"]
	_, name := cols["name"]
	if !code || !name {
		return false
	}
	for _, h := range words.parents {
		if i, ok := at[h]; ok {
			p.parents = append(p.parents, i)
		}
	}
	p.cols = cols
	return true
}

// guess takes the columns from a first row of data without a header: the
// first cell that is a code, the first that is a name, and a later code as
// the parent.
func (p *parser) guess(rec []string) bool {
	cols := map[string]int{}
	for i, cell := range rec {
		c, _ := normCode(cell)
		_, hasCode := cols["code"]
		_, hasName := cols["name"]
		switch {
		case c != "" && !hasCode && len(strings.TrimSpace(cell)) >= 6:
			cols["code"] = i
		case c == "" && words.levels[strings.ToLower(strings.TrimSpace(cell))] != "":
			cols["level"] = i
		case c == "" && !hasName && strings.TrimSpace(cell) != "":
			cols["name"] = i
		case len(c) == 12 && hasCode && len(strings.TrimSpace(cell)) == 12:
			p.parents = []int{i}
		}
	}
	if len(cols) < 2 || !has(cols, "code") || !has(cols, "name") {
		p.parents = nil
		return false
	}
	p.cols = cols
	return true
}

func has(m map[string]int, k string) bool { _, ok := m[k]; return ok }

// row reads one row of data.
func (p *parser) row(rec []string, line int) {
	get := func(col string) string {
		if i, ok := p.cols[col]; ok && i < len(rec) {
			return strings.TrimSpace(rec[i])
		}
		return ""
	}
	bad := func(column, value, key string) {
		p.problems = append(p.problems, Problem{Row: line, Column: column, Value: strings.Clone(clip(value)), Key: key})
	}
	cell := get("code")
	code, key := normCode(cell)
	if key != "" {
		bad("code", cell, key)
		return
	}
	inferred, ok := LevelOf(code)
	if !ok {
		bad("code", cell, ProblemShape)
		return
	}
	name := get("name")
	if name == "" || !utf8.ValidString(name) {
		bad("name", name, ProblemName)
		return
	}
	a := Area{Code: strings.Clone(code), Name: strings.Clone(name), Level: inferred, Parent: ParentOf(code)}
	if s := get("level"); s != "" {
		switch given := words.levels[strings.ToLower(s)]; {
		case given == "":
			bad("level", s, ProblemLevel)
			return
		case given != inferred:
			bad("level", s, ProblemLevelCode)
			return
		}
	}
	if s := p.parentCell(rec); s != "" && strings.Trim(s, "0-") != "" {
		parent, key := normCode(s)
		if key != "" {
			bad("parent", s, key)
			return
		}
		// The national list of counties repeats a city without counties as its
		// own county ("441900" of city "4419"): it keeps its province.
		if parent != a.Code || inferred != City || len(s) > 4 {
			a.Parent = strings.Clone(parent)
		}
	}
	p.found = append(p.found, row{Area: a, line: line})
}

// parentCell gives the most specific parent the row names.
func (p *parser) parentCell(rec []string) string {
	for _, i := range p.parents {
		if i < len(rec) {
			if s := strings.TrimSpace(rec[i]); s != "" {
				return s
			}
		}
	}
	return ""
}

func blank(rec []string) bool {
	for _, c := range rec {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}

// clip keeps a problem's value short enough to print.
func clip(s string) string {
	if len(s) <= 80 {
		return s
	}
	return strings.ToValidUTF8(s[:80], "") + "…"
}

// decode gives UTF-8 text without a byte order mark; ok is false where the
// bytes are no text in an encoding known here.
func decode(raw []byte) (text []byte, ok bool) {
	switch {
	case bytes.HasPrefix(raw, []byte{0xEF, 0xBB, 0xBF}):
		raw = raw[3:]
	case bytes.HasPrefix(raw, []byte{0xFF, 0xFE}), bytes.HasPrefix(raw, []byte{0xFE, 0xFF}):
		out, err := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Bytes(raw)
		return out, err == nil
	}
	if bytes.IndexByte(raw, 0) >= 0 {
		return nil, false
	}
	if utf8.Valid(raw) {
		return raw, true
	}
	out, err := simplifiedchinese.GB18030.NewDecoder().Bytes(raw)
	return out, err == nil && bytes.Count(out, []byte("�")) == 0
}

// separator picks the character that the first lines hold most of.
func separator(text []byte) rune {
	best, count := ',', 0
	sc := bufio.NewScanner(bytes.NewReader(text[:min(len(text), 8<<10)]))
	for n := 0; n < 5 && sc.Scan(); n++ {
		for _, c := range []rune{',', '\t', ';', '|'} {
			if k := strings.Count(sc.Text(), string(c)); k > count {
				best, count = c, k
			}
		}
	}
	return best
}

func loadWords(fsys embed.FS) wordlist {
	raw, err := fsys.ReadFile("data/headers.json")
	if err != nil {
		panic(err)
	}
	var f struct {
		Code, Name, Level, Parent, Village, Kinds []string
		Levels                                    map[Level][]string
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		panic("divisions: data/headers.json: " + err.Error())
	}
	w := wordlist{columns: map[string]string{}, levels: map[string]Level{}, parents: f.Parent, village: f.Village, kinds: f.Kinds}
	for column, heads := range map[string][]string{"code": f.Code, "name": f.Name, "level": f.Level, "parent": f.Parent} {
		for _, h := range heads {
			w.columns[h] = column
		}
	}
	for l, names := range f.Levels {
		for _, n := range names {
			w.levels[n] = l
		}
	}
	return w
}
