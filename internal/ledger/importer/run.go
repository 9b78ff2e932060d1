package importer

import (
	"context"

	"wangge/internal/grid"
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
	p, err := s.read(ctx, c, imp, maps, files, nil)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	return &Report{Result: p.result}, nil
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
	err = s.db.Write(ctx, op, func(tx *db.Tx) error {
		if err := s.insertImport(ctx, tx, c.District, imp); err != nil {
			return err
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
	return &Report{Result: p.result, Created: &v.Counts.Created, Updated: &v.Counts.Updated, Unchanged: &v.Counts.Unchanged}, nil
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
