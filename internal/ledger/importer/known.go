package importer

import (
	"context"

	"wangge/internal/ledger"
	"wangge/internal/ledger/roster"
	"wangge/internal/platform/id"
	"wangge/internal/platform/relist"
)

// exported takes back the rows of lists that were exported from here: they name
// their record, and a cell that equals the mask of what is recorded leaves it
// as it is. Any other star is refused, and so are numbers of records that are
// not in this place, rows that come twice, and doors that were written over:
// people move on their own page, where the move keeps its history.
type exported struct {
	s     *Service
	m     *matcher
	byID  map[string]*personState
	doors map[id.ID]string // in words
	seen  relist.Seen
}

func newExported(s *Service, m *matcher) *exported { return &exported{s: s, m: m} }

// check refuses a row that cannot be taken back, by a catalogue key and the
// column it is about.
func (x *exported) check(ctx context.Context, district int, err *error) func(*roster.Row) (column, problem string) {
	return func(row *roster.Row) (string, string) {
		if x.byID == nil && *err == nil {
			*err = x.load(ctx, district)
		}
		if *err != nil {
			return roster.RowID, relist.WhyUnknown
		}
		q := x.byID[row.Record]
		if why := x.seen.Check(row.Record, q != nil); why != "" {
			return roster.RowID, why
		}
		if row.Door != roster.Tidy(x.doors[q.DoorID]) {
			return roster.Address, "roster.row_door"
		}
		masks := ledger.Masks(q.recorded())
		for key, cell := range row.Masked {
			if kept, _ := relist.Kept(cell, masks[key]); !kept {
				return key, relist.WhyMasked
			}
		}
		return "", ""
	}
}

// load indexes the persons of the place, once the first such row is met.
func (x *exported) load(ctx context.Context, district int) (err error) {
	x.byID, x.seen = map[string]*personState{}, relist.Seen{}
	var doors []id.ID
	for _, h := range x.m.homes {
		for _, v := range h {
			doors = append(doors, v.DoorID)
		}
	}
	for _, q := range x.m.known {
		x.byID[q.ID.String()] = q
	}
	x.doors, err = x.s.Ledger.DoorTexts(ctx, district, doors)
	return err
}

// take works in a row that check let pass.
func (x *exported) take(row *roster.Row) {
	q := x.byID[row.Record]
	p := personOf(row, q.DoorID)
	x.m.update(q, &p, row, q.home)
	q.sheet = true
	x.m.index(q)
}
