package ledger

import (
	"context"
	"slices"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// goings is what changes say about where persons are: gone from a community, or
// there (again).
type goings struct {
	gone map[id.ID]string // why
	here map[id.ID]string // path of the door
}

// elsewhereNews tells the sending communities when a person they handed over
// leaves the receiving one, and takes that back when the person returns. It
// hears what the rounds hear, so no way of leaving is missed.
func (s *Service) elsewhereNews(ctx context.Context, tx *db.Tx, changes []Change) error {
	byDistrict := map[int][]Change{}
	for _, ch := range changes {
		if ch.PersonID != id.Zero && !ch.New {
			byDistrict[ch.District] = append(byDistrict[ch.District], ch)
		}
	}
	for district, part := range byDistrict {
		rows, err := s.handedOver(ctx, tx, district, part)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			continue
		}
		g, err := s.goingsOf(ctx, tx, district, part, rows)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if err := s.followHandedOver(ctx, tx, district, r, g); err != nil {
				return err
			}
		}
	}
	return nil
}

// handedOver returns the accepted items whose persons the changes are about.
func (s *Service) handedOver(ctx context.Context, tx *db.Tx, district int, changes []Change) ([]elsewhereRow, error) {
	var persons []id.ID
	for _, ch := range changes {
		persons = append(persons, ch.PersonID)
	}
	slices.Sort(persons)
	var out []elsewhereRow
	err := db.Chunks(slices.Compact(persons), idsAtOnce, func(part []id.ID) error {
		rows, err := s.elsewheresWith(ctx, tx, district, part)
		out = append(out, rows...)
		return err
	})
	return out, err
}

// goingsOf sums up the changes; the last about a person counts. Only the doors
// of those an item is about are looked up.
func (s *Service) goingsOf(ctx context.Context, tx *db.Tx, district int, changes []Change, rows []elsewhereRow) (goings, error) {
	g := goings{map[id.ID]string{}, map[id.ID]string{}}
	for _, ch := range changes {
		if !slices.ContainsFunc(rows, func(r elsewhereRow) bool { return r.counts == ch.PersonID }) {
			continue
		}
		switch ch.Kind {
		case Departed:
			g.gone[ch.PersonID] = ch.Reason
			delete(g.here, ch.PersonID)
		case Arrived, Moved:
			_, _, path, err := s.communityOf(ctx, tx, district, ch.DoorID)
			if err != nil {
				return g, err
			}
			g.here[ch.PersonID] = path
			delete(g.gone, ch.PersonID)
		}
	}
	return g, nil
}

// reasonMovedOn is why an item's person left who was moved to another community.
const reasonMovedOn = "moved_away"

func (s *Service) followHandedOver(ctx context.Context, tx *db.Tx, district int, r elsewhereRow, g goings) error {
	why, gone := g.gone[r.counts]
	path, here := g.here[r.counts]
	if here && !strings.HasPrefix(path, r.toPath) {
		gone, here, why = true, false, reasonMovedOn
	}
	now := s.nowMs()
	switch {
	case gone && r.state == ElsewhereAccepted:
		r.state, r.reason, r.dueMs = ElsewhereLeft, why, dueFrom(clock.FromMs(now))
	case here && r.state == ElsewhereLeft:
		r.state, r.reason = ElsewhereAccepted, ""
	default:
		return nil
	}
	if err := setElsewhere(ctx, tx, district, r); err != nil {
		return err
	}
	kind := EventElsewhereLeft
	if here {
		kind = EventElsewhereAccepted
	}
	return s.insertEvent(ctx, tx, district, r.register, &Event{PersonID: r.person, AtMs: now, Kind: kind, Source: SourceElsewhere, ObjectID: r.id, Text: r.toName})
}

// NoteElsewhereLeft ends an item whose person left the receiving community: the
// sending one knows, and looks after its own record.
func (s *Service) NoteElsewhereLeft(ctx context.Context, c grid.Caller, item id.ID, version int) error {
	const op = "ledger.NoteElsewhereLeft"
	return s.change(ctx, c, op, func(w *work) error {
		row, err := w.itemAt(op, item, sender)
		if err != nil {
			return err
		}
		if row.state != ElsewhereLeft || version != 0 && row.version != version {
			return errs.E(op, errs.Conflict, "ledger.elsewhere.gone")
		}
		row.state = ElsewhereEnded
		if err := setElsewhere(ctx, w.tx, c.District, row); err != nil {
			return err
		}
		return w.noteElsewhere("elsewhere.end", row)
	})
}

// standIn is the caller with the rights of a receiving community whose posts
// nobody holds, where an open item climbed to one of the caller's posts: who is
// named must be able to act. Otherwise it is the caller.
func (s *Service) standIn(ctx context.Context, q queryer, c grid.Caller, r elsewhereRow) (grid.Caller, error) {
	if c.IsSystem() || r.state != ElsewhereProposed || c.CanPlace(grid.LedgerWrite, r.toPath) {
		return c, nil
	}
	_, path, err := s.postUp(ctx, q, c.District, r.toPath, s.nowMs())
	if err != nil || path == "" || path == r.toPath {
		return c, err
	}
	for _, g := range c.Grants {
		if overElsewhere(g) && g.Path == path && slices.Contains(answersElsewhere, g.Role) {
			g.Role, g.ObjectID, g.Path = grid.RoleCommunity, r.to, r.toPath
			c.Grants = append(slices.Clone(c.Grants), g)
			break
		}
	}
	return c, nil
}

// receiving is the caller as the receiver of an item: see standIn. What is wrong
// with the item is told by what follows.
func (s *Service) receiving(ctx context.Context, c grid.Caller, item id.ID) (grid.Caller, error) {
	row, err := s.elsewhereRow(ctx, s.db.Read(), c.District, item)
	if errs.Is(err, errs.NotFound) {
		return c, nil
	}
	if err != nil {
		return c, err
	}
	return s.standIn(ctx, s.db.Read(), c, row)
}
