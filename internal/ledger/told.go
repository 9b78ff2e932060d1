package ledger

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Told is what a person's file tells about its fields.
type Told struct {
	Changed  map[string]int64  // field: when it was last written, UTC ms; absent since the record was made
	Outvoted map[string]string // field: what another source said last and was not followed
}

// toldAtOnce bounds the persons of one query, toldEvents the entries read of each.
const (
	toldAtOnce = 200
	toldEvents = 100
)

// Told returns what the files of persons tell, by person; the importer compares
// with it whose word is the later one. The caller has found the persons within
// what may be imported into.
func (s *Service) Told(ctx context.Context, c grid.Caller, persons []id.ID) (map[id.ID]Told, error) {
	const op = "ledger.Told"
	if err := c.Require(op, grid.LedgerImport); err != nil {
		return nil, err
	}
	out := make(map[id.ID]Told, len(persons))
	err := db.Chunks(persons, toldAtOnce, func(part []id.ID) error {
		events, err := s.events(ctx, s.db.Read(), c.District, part, toldAtOnce*toldEvents)
		for _, e := range events { // newest first
			out[e.PersonID] = out[e.PersonID].with(e)
		}
		return err
	})
	return out, errs.Wrap(op, err)
}

func (t Told) with(e Event) Told {
	if t.Changed == nil {
		t = Told{map[string]int64{}, map[string]string{}}
	}
	for f, ch := range e.Changes {
		if e.Kind == EventOutvoted {
			if _, known := t.Outvoted[f]; !known {
				t.Outvoted[f] = ch.Old
			}
			continue
		}
		t.Changed[f] = max(t.Changed[f], e.AtMs)
	}
	if e.Kind == EventMoved {
		t.Changed["door"] = max(t.Changed["door"], e.AtMs)
	}
	return t
}
