package sheet

// merger copies the value of each merged area's first cell over the area while
// rows stream by in order.
type merger struct {
	todo   []area
	active []activeArea
}

// maxActive bounds the merged areas that may cover one row.
const maxActive = 1024

type activeArea struct {
	area
	value Cell
	seen  bool
}

func newMerger(areas []area) *merger { return &merger{todo: areas} }

// apply fills the merged cells of row n. Rows arrive in rising order; an area
// whose first row was never written stays blank.
func (m *merger) apply(n int, cells []Cell, limit int) []Cell {
	for len(m.todo) > 0 && m.todo[0].r1 <= n {
		if len(m.active) < maxActive {
			m.active = append(m.active, activeArea{area: m.todo[0]})
		}
		m.todo = m.todo[1:]
	}
	if len(m.active) == 0 {
		return cells
	}
	keep := m.active[:0]
	for _, a := range m.active {
		if a.r2 < n {
			continue
		}
		if a.r1 == n && !a.seen {
			a.seen = true
			if a.c1 <= len(cells) {
				a.value = cells[a.c1-1]
			}
		}
		if a.value.Kind != Empty {
			cells = a.fill(n, cells, limit)
		}
		keep = append(keep, a)
	}
	m.active = keep
	return cells
}

func (a *activeArea) fill(n int, cells []Cell, limit int) []Cell {
	last := min(a.c2, limit)
	if a.c2-a.c1 > 256 {
		last = min(last, max(len(cells), a.c1))
	}
	for len(cells) < last {
		cells = append(cells, Cell{})
	}
	for c := a.c1; c <= last; c++ {
		if n == a.r1 && c == a.c1 {
			continue
		}
		v := a.value
		v.merged = 0
		if n > a.r1 {
			v.merged |= fromAbove
		}
		if c > a.c1 {
			v.merged |= fromLeft
		}
		cells[c-1] = v
	}
	return cells
}
