package importer

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/ledger/roster"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Preview reads files and says what was understood, without writing anything.
func (s *Service) Preview(ctx context.Context, c grid.Caller, t Target, files []File) (*Report, error) {
	const op = "importer.Preview"
	imp, err := s.begin(ctx, c, t)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	maps, err := mappingsFor(ctx, s.db.Read(), c.District, imp.AreaID)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	if imp.CreatedMs = s.nowMs(); t.Reconcile != nil {
		p, cmp, _, err := s.comparison(ctx, c, imp, maps, files, *t.Reconcile)
		if err != nil {
			return nil, errs.Wrap(op, err)
		}
		return &Report{Result: p.result, Reconcile: cmp}, nil
	}
	p, err := s.read(ctx, c, imp, maps, files, nil, nil)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	return &Report{Result: p.result}, nil
}

// Comparison lists where a roster and the ledger differ, with what the rules
// decide.
type Comparison struct {
	Reconciliation
	Differs   []Item `json:"differs"`
	OnlyHere  []Item `json:"only_here"`
	OnlyThere []Item `json:"only_there"`
}

// comparison compares and lists the items as they would be shown.
func (s *Service) comparison(ctx context.Context, c grid.Caller, imp *Import, maps map[string]roster.Mapping, files []File, o ReconcileOptions) (*plan, *Comparison, map[id.ID]string, error) {
	p, later, err := s.compare(ctx, c, imp, maps, files, o)
	if err != nil {
		return nil, nil, nil, err
	}
	r := imp.body.Reconcile
	out := &Comparison{Reconciliation: *r, Differs: []Item{}, OnlyHere: []Item{}, OnlyThere: []Item{}}
	var doors []id.ID
	for _, d := range imp.judge.drafts {
		if d.class != OnlyThere {
			doors = append(doors, d.person.DoorID)
		}
	}
	words, err := s.Ledger.DoorTexts(ctx, c.District, doors)
	list := map[Class]*[]Item{Differs: &out.Differs, OnlyHere: &out.OnlyHere, OnlyThere: &out.OnlyThere}
	for i, d := range imp.judge.drafts {
		row := itemRow{Item: Item{Seq: i + 1, Class: d.class, key: d.key}, sealedItem: d.sealedItem}
		if d.class != OnlyThere {
			row.PersonID, row.DoorID, row.newest = d.person.ID, d.person.DoorID, later[d.person.ID]
		}
		*list[d.class] = append(*list[d.class], row.shown(r.Rules, words[row.DoorID]))
	}
	return p, out, later, err
}

// Run imports files in one call, as the command line does: they are read once
// and not kept.
func (s *Service) Run(ctx context.Context, c grid.Caller, t Target, files []File) (*Report, error) {
	const op = "importer.Run"
	imp, err := s.begin(ctx, c, t)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	maps, err := mappingsFor(ctx, s.db.Read(), c.District, imp.AreaID)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	imp.ID, imp.State, imp.CreatedMs = id.New(), Planned, s.nowMs()
	for _, f := range files {
		imp.body.Files = append(imp.body.Files, fileInfo{Name: f.Name, Size: f.Size})
	}
	var cmp *Comparison
	var later map[id.ID]string
	if t.Reconcile != nil {
		if _, cmp, later, err = s.comparison(ctx, c, imp, maps, files, *t.Reconcile); err != nil {
			return nil, errs.Wrap(op, err)
		}
	}
	err = s.db.Write(ctx, op, func(tx *db.Tx) error {
		if err := s.insertImport(ctx, tx, c.District, imp); err != nil {
			return err
		}
		if cmp != nil {
			if err := s.insertItems(ctx, tx, c.District, imp.ID, imp.judge.drafts, later); err != nil {
				return err
			}
			if err := s.keepRules(ctx, tx, c, imp); err != nil {
				return err
			}
		}
		return s.savePlan(ctx, tx, c.District, imp, maps)
	})
	if err != nil {
		return nil, err
	}
	p, v, err := s.apply(ctx, c, imp.ID, files)
	if err != nil {
		return nil, err
	}
	return &Report{Result: p.result, Created: &v.Counts.Created, Updated: &v.Counts.Updated, Unchanged: &v.Counts.Unchanged, Reconcile: cmp}, nil
}

// Apply writes a planned import and waits for its end. When it fails, what it
// wrote is undone first.
func (s *Service) Apply(ctx context.Context, c grid.Caller, imp id.ID) (*Import, error) {
	_, v, err := s.apply(ctx, c, imp, nil)
	return v, err
}

// Start takes an import for writing and writes it in the background; its
// progress stands in Get.
func (s *Service) Start(ctx context.Context, c grid.Caller, imp id.ID) error {
	const op = "importer.Start"
	if err := s.alive.Err(); err != nil {
		return errs.E(op, errs.Unavailable, "error.unavailable")
	}
	lease, err := s.claim(ctx, c, imp)
	if err != nil {
		return errs.Wrap(op, err)
	}
	s.runs.Go(func() {
		if _, _, err := s.carryOut(s.alive, c, lease, imp, nil); err != nil {
			s.Log.Warn("import failed", "import", imp.String(), "error", err)
		}
	})
	return nil
}
