package importer

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// UndoCounts say what taking an import back does.
type UndoCounts struct {
	Persons    int `json:"persons" doc:"People it made, who go"`
	Households int `json:"households" doc:"Households it made, which go"`
	Doors      int `json:"doors" doc:"Doors it made, which go"`
	Changes    int `json:"changes" doc:"People and households it changed, which get their former state"`
	Care       int `json:"care" doc:"Entries of the care list it made, which go"`
	Kept       int `json:"kept" doc:"People and households that stay, because they were changed since"`
}

// Effect is what taking an import back would do, before it is done.
type Effect struct {
	UndoCounts
	kept map[string][]id.ID // by object
}

// KeptRecord is a record that the undoing of an import leaves as it is.
type KeptRecord struct {
	Object string `json:"object" enum:"person,household"`
	ID     id.ID  `json:"id"`
	Name   string `json:"name" doc:"Masked; of a household its door"`
	Door   string `json:"door"`
}

// Effect tells what taking an import back would do; nothing is changed. One that
// is not written, or not any more, has none.
func (s *Service) Effect(ctx context.Context, c grid.Caller, imp id.ID) (*Effect, error) {
	const op = "importer.Effect"
	v, _, err := s.load(ctx, s.db.Read(), c, imp)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	if v.State != Applied {
		return &Effect{}, nil
	}
	e, err := s.effect(ctx, c.District, imp)
	return e, errs.Wrap(op, err)
}

// did is what an import did, out of its journal.
type did struct {
	made    map[string][]id.ID       // by object
	changed map[string]map[id.ID]int // by object: the version it left
}

func (s *Service) effect(ctx context.Context, district int, imp id.ID) (*Effect, error) {
	d, err := s.did(ctx, district, imp)
	if err != nil {
		return nil, err
	}
	q := s.db.Read()
	e := &Effect{kept: map[string][]id.ID{}}
	for _, object := range []string{ledger.ObjectPerson, ledger.ObjectHousehold} {
		other, err := s.Ledger.ChangedFrom(ctx, q, district, object, d.changed[object])
		if err != nil {
			return nil, err
		}
		for rec := range d.changed[object] {
			if other[rec] {
				e.keep(object, rec)
			} else {
				e.Changes++
			}
		}
	}
	goes := map[id.ID]bool{}
	touched, err := s.Ledger.Touched(ctx, q, district, ledger.ObjectPerson, d.made[ledger.ObjectPerson])
	if err != nil {
		return nil, err
	}
	for _, p := range d.made[ledger.ObjectPerson] {
		if touched[p] {
			e.keep(ledger.ObjectPerson, p)
		} else {
			goes[p] = true
		}
	}
	e.Persons, e.Care = len(goes), len(d.made[ledger.ObjectCare])
	return e, s.effectOnHomes(ctx, district, d, e, goes)
}

// effectOnHomes finds which households and doors go once the people have gone.
func (s *Service) effectOnHomes(ctx context.Context, district int, d *did, e *Effect, people map[id.ID]bool) error {
	q, homes := s.db.Read(), d.made[ledger.ObjectHousehold]
	touched, err := s.Ledger.Touched(ctx, q, district, ledger.ObjectHousehold, homes)
	if err != nil {
		return err
	}
	inhabited, err := s.Ledger.Inhabited(ctx, q, district, homes, people)
	if err != nil {
		return err
	}
	goes := map[id.ID]bool{}
	for _, h := range homes {
		if touched[h] || inhabited[h] {
			e.keep(ledger.ObjectHousehold, h)
		} else {
			goes[h] = true
		}
	}
	e.Households = len(goes)
	doors, err := doorsAmong(ctx, q, district, d.made[objectPlace])
	if err != nil {
		return err
	}
	occupied, err := s.Ledger.Occupied(ctx, q, district, doors, goes)
	e.Doors = len(doors) - len(occupied)
	return err
}

func (e *Effect) keep(object string, rec id.ID) {
	e.kept[object] = append(e.kept[object], rec)
	e.Kept++
}

// did reads the journal.
func (s *Service) did(ctx context.Context, district int, imp id.ID) (*did, error) {
	d := &did{made: map[string][]id.ID{}, changed: map[string]map[id.ID]int{}}
	rows, err := lastRows(ctx, s.db.Read(), district, imp, 1<<30)
	for _, r := range rows {
		if r.action == actionCreated {
			d.made[r.object] = append(d.made[r.object], unpackIDs(r.before)...)
			continue
		}
		version, err := ledger.VersionOf(r.before)
		if err != nil {
			return nil, err
		}
		if d.changed[r.object] == nil {
			d.changed[r.object] = map[id.ID]int{}
		}
		d.changed[r.object][r.objectID] = version + 1
	}
	return d, err
}

// Kept lists what taking an import back leaves as it is, by name, behind an id
// (Zero: from the first): of an applied import what would be left, of one taken
// back what was. It returns at most limit, and the id to go on from.
func (s *Service) Kept(ctx context.Context, c grid.Caller, imp id.ID, after id.ID, limit int) (list []KeptRecord, next id.ID, err error) {
	const op = "importer.Kept"
	v, _, err := s.load(ctx, s.db.Read(), c, imp)
	if err != nil {
		return nil, id.Zero, errs.Wrap(op, err)
	}
	var all []KeptRecord
	if v.State == Applied {
		e, err := s.effect(ctx, c.District, imp)
		if err != nil {
			return nil, id.Zero, errs.Wrap(op, err)
		}
		all = e.records()
	} else if all, err = keptOf(ctx, s.db.Read(), c.District, imp); err != nil {
		return nil, id.Zero, errs.Wrap(op, err)
	}
	for _, k := range all {
		if k.ID > after {
			list = append(list, k)
		}
	}
	if len(list) > limit {
		list = list[:limit]
		next = list[limit-1].ID
	}
	return list, next, errs.Wrap(op, s.nameKept(ctx, c, list))
}

// nameKept puts names and doors to records, as the caller may see them.
func (s *Service) nameKept(ctx context.Context, c grid.Caller, list []KeptRecord) error {
	at := make([]id.ID, len(list))
	for i, k := range list {
		if k.Object == ledger.ObjectPerson {
			p, err := s.Ledger.Person(ctx, c, k.ID)
			if err == nil {
				list[i].Name, at[i] = p.Name, p.DoorID
			} else if !errs.Is(err, errs.NotFound) {
				return err
			}
			continue
		}
		h, err := s.Ledger.Household(ctx, c, k.ID)
		if err == nil {
			at[i] = h.DoorID
		} else if !errs.Is(err, errs.NotFound) {
			return err
		}
	}
	words, err := s.Ledger.DoorTexts(ctx, c.District, at)
	for i := range list {
		list[i].Door = words[at[i]]
	}
	return err
}
