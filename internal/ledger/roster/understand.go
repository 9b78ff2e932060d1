package roster

import (
	"slices"
	"strconv"
	"strings"

	"wangge/internal/platform/sheet"
)

// understand finds header and columns in the buffered rows and returns those
// below the header.
func (s *sheetParser) understand() []bufRow {
	s.decided = true
	h := s.v.findHeader(s.buf, s.titled)
	width := 0
	for _, r := range s.buf {
		width = max(width, len(r.cells))
	}
	s.out.Key = sheetKey(h.labels, width)
	m := s.mapping(&h)
	rows := s.buf[h.last+1:]
	s.out.Headers = h.labels
	if h.last >= 0 {
		s.out.HeaderRow = s.buf[h.last].n
	}
	s.readTitles(h)
	if len(s.outs) == 1 {
		s.readFileName()
	}
	s.setByPerson()
	ps := s.v.profiles(rows, width)
	for _, c := range s.hidden {
		if c <= width {
			ps[c-1].hidden = true
		}
	}
	s.split(h, ps, m)
	s.judge(h, m)
	s.out.Columns = s.cols.letters()
	s.startN = s.out.HeaderRow
	if h.last < 0 && len(rows) > 0 {
		s.startN = rows[0].n - 1
	}
	s.lastN = max(s.startN, 1)
	if h.last < 0 {
		s.lastN = s.startN
	}
	s.sample(rows)
	return rows
}

// judge decides whether the table is a roster.
func (s *sheetParser) judge(h header, m *Mapping) {
	if s.p.ownersFirst && s.join == nil && len(s.outs) == 1 && s.role() == ownersSheet {
		s.startJoin()
		s.out.Roster = true
		return
	}
	if m != nil {
		s.out.Roster = len(s.cols.at) > 0
		return
	}
	ok, reason := s.cols.isRoster(h.labels, s.v, s.base.group != "")
	if s.out.Roster = ok; !ok {
		s.report(s.out.HeaderRow, finding{col: -1, sev: SevError, key: reason})
	}
}

// sheetKey is the fingerprint of a sheet as it was found, before any
// correction; sheets without a header are told apart by their width.
func sheetKey(labels []string, width int) string {
	if len(labels) == 0 {
		labels = []string{"\x00" + strconv.Itoa(width)}
	}
	return MappingKey(labels)
}

// mapping finds the caller's correction for this sheet and applies its header row.
func (s *sheetParser) mapping(h *header) *Mapping {
	m, ok := s.p.o.Mappings[s.out.Key]
	if !ok {
		return nil
	}
	if m.HeaderRow != nil {
		*h = header{first: -1, last: -1}
		for i, r := range s.buf {
			if *m.HeaderRow > 0 && r.n <= *m.HeaderRow {
				h.first, h.last, h.labels = i, i, oneRow(r)
			}
		}
	}
	return &m
}

// columnsOf finds the columns of a table, or takes them from a correction made
// for a table that stands shift columns to the left. What a correction cannot
// say stays as found: further persons of a row, lanes and phases.
func (v *vocabulary) columnsOf(labels []string, ps []profile, m *Mapping, shift int) *columns {
	if m == nil {
		return v.assign(labels, ps)
	}
	c := &columns{at: map[string]int{}, weak: map[string]int{}, hukou: -1, width: len(ps)}
	for _, key := range Keys() {
		if n := sheet.ColumnNumber(m.Columns[key]); n > 0 {
			c.at[key] = n - 1 + shift
		}
	}
	for i, l := range labels {
		if key, _ := v.matchHeader(l); key == RowID {
			c.at[RowID] = i
		}
	}
	width := max(len(ps), maxColumn(c)+1)
	v.settle(c, make([]profile, width))
	ps = append(slices.Clone(ps), make([]profile, width-len(ps))...)
	claims := v.claims(labels, ps, 0)
	used := make([]bool, width)
	for key, i := range c.at {
		used[i] = true
		if key == Compound && claims[i].key == lane {
			c.weak[lane] = i
		}
		claims[i] = claim{key, 3}
	}
	for i, cl := range claims {
		switch {
		case used[i]:
		case cl.key == phase, cl.key == ownerNo:
			c.weak[cl.key] = i
		case cl.key == Room && c.has(Room) && v.plate.has(v.foldHeader(labels[i])):
			c.weak[plateKey] = i
		}
	}
	v.members(c, shifted(labels, width, 0), claims, ps)
	c.shape(ps)
	return c
}

func maxColumn(c *columns) int {
	n := 0
	for _, i := range c.at {
		n = max(n, i)
	}
	return n
}

// readTitles takes place names from the rows above the header.
func (s *sheetParser) readTitles(h header) {
	for i := 0; i <= h.last; i++ {
		s.head = append(s.head, s.buf[i].cells)
		if i >= h.first || len(s.buf[i].cells) == 0 {
			continue
		}
		s.readTitle(s.buf[i])
	}
}

// readTitle reads the first cell of a title row, and any further cell that
// says what it is, as in "Building: 3".
func (s *sheetParser) readTitle(r bufRow) {
	first := true
	for c := range r.cells {
		if !r.own(c) {
			continue
		}
		t := r.text(c)
		if strings.HasSuffix(t, ":") && r.own(c+1) {
			t += r.text(c + 1)
		}
		if first || strings.Contains(t, ":") {
			s.learnText(t, FromTitle, r.n)
		}
		first = false
	}
}

const sampleRows = 8

func (s *sheetParser) sample(rows []bufRow) {
	for i := 0; i < len(rows) && i < sampleRows; i++ {
		var line []string
		for c := range rows[i].cells {
			t := rows[i].text(c)
			if !s.p.o.Unmasked {
				t = MaskNumbers(t)
			}
			line = append(line, t)
		}
		s.out.Sample = append(s.out.Sample, line)
	}
}
