package roster

import (
	"slices"

	"wangge/internal/platform/sheet"
)

// view is one table within a sheet: mostly the only one, or one of several
// that stand side by side.
type view struct {
	cols     *columns
	labels   []string
	from, to int // the table's columns, 0-based; to is 0 for the whole width

	sectionText, sectionSent string // the last section row, and the last one given to Rejects

	base    place // from the sheet's name and titles
	section place // from the last section row
	prev    carried
}

// sideBySide finds where tables with the same header stand beside each other:
// the first label comes again, and every stretch names a door and a person.
func (v *vocabulary) sideBySide(labels []string) []int {
	first := slices.IndexFunc(labels, func(l string) bool { return l != "" })
	if first < 0 {
		return nil
	}
	starts := []int{}
	for i, l := range labels {
		if l == labels[first] {
			starts = append(starts, i)
		}
	}
	if len(starts) < 2 {
		return nil
	}
	for k, from := range starts {
		to := len(labels)
		if k+1 < len(starts) {
			to = starts[k+1]
		}
		door, person := false, false
		for _, l := range labels[from:to] {
			key, strength := v.matchHeader(l)
			door = door || strength == 3 && (key == Room || key == Address)
			person = person || strength == 3 && (key == Name || key == Head)
		}
		if !door || !person {
			return nil
		}
	}
	return starts
}

// split makes one view of each table side by side; titles above a table belong
// to it alone, and a correction of the first holds for all.
func (s *sheetParser) split(h header, ps []profile, m *Mapping) {
	starts := s.v.sideBySide(h.labels)
	if starts == nil {
		s.cols, s.labels = s.v.columnsOf(h.labels, ps, m, 0), h.labels
		return
	}
	whole := *s.view
	s.views = nil
	for k, from := range starts {
		w := whole
		w.from, w.to = from, len(ps)
		if k+1 < len(starts) {
			w.to = starts[k+1]
		}
		w.labels = make([]string, len(ps))
		own := make([]profile, len(ps))
		copy(w.labels[from:w.to], h.labels[from:min(w.to, len(h.labels))])
		copy(own[from:w.to], ps[from:w.to])
		w.cols = s.v.columnsOf(w.labels, own, m, from-starts[0])
		for i := 0; i < h.first; i++ {
			for c := from; c < w.to; c++ {
				if s.buf[i].own(c) {
					p := s.v.titleContext(s.buf[i].text(c), false)
					p.addMissing(w.base)
					w.base = p
				}
			}
		}
		s.views = append(s.views, &w)
	}
	s.view = s.views[0]
}

// within blanks the cells of the other tables of the row.
func (w *view) within(cells []sheet.Cell) []sheet.Cell {
	if w.to == 0 {
		return cells
	}
	out := make([]sheet.Cell, min(len(cells), w.to))
	if w.from < len(out) {
		copy(out[w.from:], cells[w.from:])
	}
	return out
}

// most tables one sheet may hold below each other
const mostTables = 100

// startsTable reports a row below the data that is the header of a further
// table with other columns.
func (s *sheetParser) startsTable(n int, cells []sheet.Cell) bool {
	known := 0
	for _, c := range cells[:min(len(cells), 8)] {
		if c.Kind == sheet.Text && s.v.exact[c.Raw] != "" {
			known++
		}
	}
	if known < 2 || len(s.outs) >= mostTables {
		return false
	}
	labels := oneRow(bufRow{n, cells})
	same := 0
	for c, l := range labels {
		if l != "" && (len(l) > 60 || cells[c].Kind != sheet.Text || digitsOnly(l)) {
			return false
		}
		if l != "" && c < len(s.labels) && s.labels[c] == l {
			same++
		}
	}
	return s.v.firm(labels) && same*2 < known
}

// restart begins a further table below the one read so far.
func (s *sheetParser) restart(n int, cells []sheet.Cell) {
	gap := n - 1 - s.lastN
	s.out.Rows += gap
	s.out.Skipped += gap
	s.tellOthers()
	old := s.out
	s.out = &SheetResult{File: old.File, Sheet: old.Sheet, Columns: map[string]string{}, Problems: []Problem{}}
	s.outs = append(s.outs, s.out)
	base := s.view.base
	base.addMissing(s.view.section)
	s.out.Community = old.Community
	for _, f := range []Said{{Compound, base.compound, FromTitle}, {Building, base.building, FromTitle}, {Unit, base.unit, FromTitle}, {Group, base.group, FromTitle}} {
		if f.Value != "" {
			s.out.Said = append(s.out.Said, f)
		}
	}
	s.view = &view{base: base}
	s.views = []*view{s.view}
	s.decided, s.head, s.sent, s.titled = false, nil, false, true
	s.buf = append(s.buf[:0], bufRow{n, slices.Clone(cells)})
}
