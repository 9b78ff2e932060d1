package ledger

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// Probe is what somebody's list says of a person; any part may be missing.
type Probe struct {
	Name   string
	IDNo   string
	Phones []string
	DoorID id.ID // where the list says the person lives
}

// Recognised is the recorded person a Probe is about; PersonID is Zero where
// there is none, or several who might be.
type Recognised struct {
	PersonID    id.ID
	HouseholdID id.ID
	DoorID      id.ID
	DoorPath    string
	LivesHere   bool
	By          Likeness
}

// Recognise finds whom the probes of a list are about, within what the caller
// may read: by the identity number, else by a phone together with the name (or
// by the phone alone where the list has no name and only one person has it),
// else by the name behind the door. Values are looked up by their keyed hashes.
func (s *Service) Recognise(ctx context.Context, c grid.Caller, probes []Probe) ([]Recognised, error) {
	const op = "ledger.Recognise"
	if err := c.Require(op, grid.LedgerRead); err != nil {
		return nil, err
	}
	r := recogniser{s: s, byKey: map[string][]*personRec{}, byDoor: map[id.ID][]*personRec{}}
	if err := r.load(ctx, c, probes); err != nil {
		return nil, errs.Wrap(op, err)
	}
	out := make([]Recognised, len(probes))
	for i := range probes {
		p, by := r.find(&probes[i])
		if p == nil {
			continue
		}
		out[i] = Recognised{PersonID: p.ID, HouseholdID: p.HouseholdID, DoorID: p.DoorID, DoorPath: p.path, LivesHere: p.LivesHere, By: by}
	}
	return out, nil
}

// recogniser holds the records that any probe may mean.
type recogniser struct {
	s      *Service
	byKey  map[string][]*personRec // by hash
	byDoor map[id.ID][]*personRec
}

// probeKey is the hash of a value under the standing register, nil for none.
func (s *Service) probeKey(kind, value string) []byte { return s.keys.Hash(seal.Standing, kind, value) }

func (r *recogniser) load(ctx context.Context, c grid.Caller, probes []Probe) error {
	seen, doors := map[string]bool{}, map[id.ID]bool{}
	var hashes [][]byte
	var at []id.ID
	want := func(kind, value string) {
		if h := r.s.probeKey(kind, value); h != nil && !seen[string(h)] {
			seen[string(h)] = true
			hashes = append(hashes, h)
		}
	}
	for i := range probes {
		p := &probes[i]
		want(keyIDNo, seal.NormIDNo(p.IDNo))
		for _, ph := range p.Phones {
			want(keyPhone, seal.NormPhone(ph))
		}
		if p.DoorID != id.Zero && p.Name != "" && !doors[p.DoorID] {
			doors[p.DoorID] = true
			at = append(at, p.DoorID)
		}
	}
	err := db.Chunks(hashes, 500, func(part [][]byte) error {
		recs, err := r.s.personsByHashes(ctx, c, part)
		for i := range recs {
			r.keep(&recs[i])
		}
		return err
	})
	if err != nil {
		return err
	}
	return db.Chunks(at, 500, func(part []id.ID) error {
		recs, err := r.s.personsAtDoors(ctx, c, part)
		for i := range recs {
			r.byDoor[recs[i].DoorID] = append(r.byDoor[recs[i].DoorID], &recs[i])
		}
		return err
	})
}

func (r *recogniser) keep(p *personRec) {
	for _, k := range r.s.keysOf(&p.Person) {
		if k.kind != keyIDNo && k.kind != keyPhone {
			continue
		}
		list := r.byKey[string(k.hash)]
		known := false
		for _, have := range list {
			known = known || have.ID == p.ID
		}
		if !known {
			r.byKey[string(k.hash)] = append(list, p)
		}
	}
}

func (r *recogniser) find(p *Probe) (*personRec, Likeness) {
	if list := r.byKey[string(r.s.probeKey(keyIDNo, seal.NormIDNo(p.IDNo)))]; p.IDNo != "" && len(list) > 0 {
		return r.oneLiving(list), SameNumber
	}
	name := seal.NormName(p.Name)
	for _, ph := range p.Phones {
		var fit []*personRec
		for _, have := range r.byKey[string(r.s.probeKey(keyPhone, seal.NormPhone(ph)))] {
			if name == "" || seal.NormName(have.Name) == name {
				fit = append(fit, have)
			}
		}
		if len(fit) == 1 || len(fit) > 1 && name != "" {
			return r.oneLiving(fit), SameNamePhone
		}
	}
	var fit []*personRec
	for _, have := range r.byDoor[p.DoorID] {
		if name != "" && seal.NormName(have.Name) == name {
			fit = append(fit, have)
		}
	}
	if len(fit) == 1 {
		return fit[0], SameNameDoor
	}
	return nil, ""
}

// oneLiving prefers, of several records of one person, the one at the door
// where the person lives.
func (r *recogniser) oneLiving(list []*personRec) *personRec {
	for _, p := range list {
		if p.LivesHere {
			return p
		}
	}
	return list[0]
}
