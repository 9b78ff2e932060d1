package ledger

import (
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Candidate is two records that may be of one person.
type Candidate struct {
	Why Likeness   `json:"why" enum:"idno,name_phone,name_door" doc:"What the two have in common"`
	A   PersonView `json:"a" doc:"The older record, masked"`
	B   PersonView `json:"b"`
}

// MaxCandidates bounds one list of candidates.
const MaxCandidates = 100

// Duplicates lists the records below a place (Zero: the caller's scope) that
// may be of one person, the surest first, masked, at most MaxCandidates; more
// reports that there are others. Pairs that somebody found to be two people are
// left out. It looks through whole communities and is Invalid above one.
func (s *Service) Duplicates(ctx context.Context, c grid.Caller, place id.ID) (list []Candidate, more bool, err error) {
	const op = "ledger.Duplicates"
	if err := c.Require(op, grid.LedgerWrite); err != nil {
		return nil, false, err
	}
	c.Purpose = ""
	under := ""
	if place != id.Zero {
		if under, err = s.placePath(ctx, c, place); err != nil {
			return nil, false, errs.Wrap(op, err)
		}
	}
	if !narrow(c, under) {
		return nil, false, errs.Field(errs.E(op, errs.Invalid, "ledger.duplicates.wide"), "place")
	}
	recs, _, err := s.eachPerson(ctx, c, under, openLimit)
	if err != nil {
		return nil, false, errs.Wrap(op, err)
	}
	pairs, err := s.stillPairs(ctx, c, duplicates(recs))
	if err != nil {
		return nil, false, errs.Wrap(op, err)
	}
	if more = len(pairs) > MaxCandidates; more {
		pairs = pairs[:MaxCandidates]
	}
	list, err = s.candidates(ctx, c, recs, pairs)
	return list, more, errs.Wrap(op, err)
}

// stillPairs leaves out the pairs that were found to be two people.
func (s *Service) stillPairs(ctx context.Context, c grid.Caller, pairs []pair) ([]pair, error) {
	first := make([]id.ID, len(pairs))
	for i, p := range pairs {
		first[i] = p.a
	}
	apart, err := s.keptApart(ctx, s.db.Read(), c.District, first)
	return slices.DeleteFunc(pairs, func(p pair) bool { return apart[[2]id.ID{p.a, p.b}] }), err
}

func (s *Service) candidates(ctx context.Context, c grid.Caller, recs []personRec, pairs []pair) ([]Candidate, error) {
	byID := map[id.ID]personRec{}
	for _, r := range recs {
		byID[r.ID] = r
	}
	both := make([]personRec, 0, 2*len(pairs))
	for _, p := range pairs {
		both = append(both, byID[p.a], byID[p.b])
	}
	views, err := s.withDoors(ctx, c, both)
	out := make([]Candidate, len(pairs))
	for i := range pairs {
		if err == nil {
			out[i] = Candidate{pairs[i].why, views[2*i], views[2*i+1]}
		}
	}
	return out, err
}

// KeepApart records that two records are of two people: they are not offered
// as duplicates again.
func (s *Service) KeepApart(ctx context.Context, c grid.Caller, a, b id.ID) error {
	const op = "ledger.KeepApart"
	if a == b {
		return errs.Field(errs.E(op, errs.Invalid, "ledger.merge.same"), "other")
	}
	return s.change(ctx, c, op, func(w *work) error {
		for _, p := range []id.ID{a, b} {
			if _, err := w.person(p, 0); err != nil {
				return err
			}
		}
		return s.insertApart(ctx, w.tx, c.District, a, b, c.AccountID, w.now)
	})
}

// FieldPair is one field of two records side by side, as the caller may see it.
type FieldPair struct {
	Field  string
	A, B   string
	Differ bool // both say something, and not the same
}

// Compare shows two records of the caller's scope side by side; values are
// masked unless the caller has a purpose and the right. Whether they differ is
// found from the full values.
func (s *Service) Compare(ctx context.Context, c grid.Caller, a, b id.ID) (va, vb PersonView, fields []FieldPair, err error) {
	const op = "ledger.Compare"
	recs := make([]personRec, 2)
	for i, p := range []id.ID{a, b} {
		if recs[i], err = s.person(ctx, s.db.Read(), c, grid.LedgerWrite, p); err != nil {
			return va, vb, nil, errs.Wrap(op, err)
		}
	}
	views, err := s.withDoors(ctx, c, recs)
	if err != nil {
		return va, vb, nil, errs.Wrap(op, err)
	}
	return views[0], views[1], comparePersons(&recs[0].Person, &recs[1].Person, &views[0], &views[1]), nil
}

// comparePersons lists the fields of which either record says something.
func comparePersons(a, b *Person, va, vb *PersonView) []FieldPair {
	seenA, seenB := va.asPerson(), vb.asPerson()
	trueA, trueB := fields(a), fields(b)
	shownA, shownB := fields(&seenA), fields(&seenB)
	var out []FieldPair
	names := make([]string, 0, len(textFields)+3)
	for _, f := range textFields {
		names = append(names, f.name)
	}
	for _, f := range markFields {
		names = append(names, f.name)
	}
	for _, k := range slices.Insert(names, 5, "phone") {
		if trueA[k] == "" && trueB[k] == "" || shownA[k] == "" && shownB[k] == "" {
			continue
		}
		out = append(out, FieldPair{Field: k, A: shownA[k], B: shownB[k], Differ: trueA[k] != "" && trueB[k] != "" && trueA[k] != trueB[k]})
	}
	return out
}

// asPerson returns the fields as the view shows them.
func (v *PersonView) asPerson() Person {
	return Person{Name: v.Name, Sex: v.Sex, Birth: v.Birth, IDNo: v.IDNo, Passport: v.Passport, Phones: v.Phones, Landline: v.Landline, Relation: v.Relation,
		RegAddress: v.RegAddress, LiveAddress: v.LiveAddress, Work: v.Work, Note: v.Note, Registered: v.Registered, LivesHere: v.LivesHere}
}

// Similar lists records of the scope that share a name, a phone or a number
// with a person, or that text finds, without the person itself; masked.
func (s *Service) Similar(ctx context.Context, c grid.Caller, person id.ID, text string) ([]PersonView, error) {
	const op = "ledger.Similar"
	c.Purpose = ""
	r, err := s.person(ctx, s.db.Read(), c, grid.LedgerWrite, person)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	f := &Found{}
	if text != "" {
		f, err = s.Search(ctx, c, Search{Text: text})
	} else {
		err = s.alike(ctx, c, &r.Person, f)
	}
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	return slices.DeleteFunc(f.Persons, func(v PersonView) bool { return v.ID == person }), nil
}

// alike finds the records that share a whole name, number or phone with p.
func (s *Service) alike(ctx context.Context, c grid.Caller, p *Person, f *Found) error {
	var recs []personRec
	for _, v := range append([]string{p.Name, p.IDNo, p.Passport}, p.Phones...) {
		if v == "" {
			continue
		}
		more, err := s.searchExact(ctx, c, classify(v), "")
		if err != nil {
			return err
		}
		recs = append(recs, more...)
	}
	return s.fillPersons(ctx, c, recs, f)
}
