package incoming

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/task"
)

// keep brings the tasks of leads in step with them: a lead is a task of the post
// that decides where it belongs, due when it is due, and has ended when it is
// settled. begun: somebody has called, or accepted it.
func (s *Service) keep(ctx context.Context, tx *db.Tx, c grid.Caller, begun bool, leads ...*lead) error {
	list, err := s.kept(ctx, c, begun, leads)
	if err != nil {
		return err
	}
	return s.Tasks.KeepTx(ctx, tx, c, task.KindLead, list)
}

// kept is what leads ask of their tasks.
func (s *Service) kept(ctx context.Context, c grid.Caller, begun bool, leads []*lead) ([]task.Kept, error) {
	line, err := s.Grid.Line(ctx, c)
	if err != nil {
		return nil, err
	}
	areas, err := s.Grid.Areas(ctx, grid.System(c.District, "custody of leads"))
	if err != nil {
		return nil, err
	}
	places := make(map[string]id.ID, len(areas))
	for _, a := range areas {
		places[a.Path] = a.ID
	}
	now, owners := s.nowMs(), map[string]id.ID{}
	out := make([]task.Kept, len(leads))
	for i, l := range leads {
		owner, known := owners[l.Path]
		if !known && places[l.Path] != id.Zero { // else its area changes just now, see Follow: its post stays
			owner = line.Over(l.Path, grid.LeadImport, now)
			owners[l.Path] = owner
		}
		out[i] = task.Kept{ID: l.ID, PostID: owner, PlaceID: places[l.Path], FromPost: c.PostFor(grid.LeadImport), DeadlineMs: l.DueMs, Begun: begun}
		if l.State == Done {
			out[i].End = task.Finish
		}
	}
	return out, nil
}

// followedAtOnce is how many leads one transaction of the follower brings in step.
// Tests change it.
var followedAtOnce = 500

// Follow brings in step what no transaction of a lead did: tasks of leads that
// were there before leads were tasks, those of an emergency that has ended, and
// leads whose area got another code or was merged. A job repeats it.
func (s *Service) Follow(ctx context.Context, c grid.Caller) error {
	const op = "incoming.Follow"
	if !c.IsSystem() {
		return errs.E(op, errs.Denied, "error.denied")
	}
	astray, err := anyAstray(ctx, s.DB.Read(), c.District)
	if err == nil && astray {
		err = s.DB.Write(ctx, op, func(tx *db.Tx) error { return followAreas(ctx, tx, c.District) })
	}
	if err != nil {
		return errs.Wrap(op, err)
	}
	var afterBare, afterOver id.ID // each is looked at once: what cannot be mended keeps nobody busy for ever
	for {
		var bare, over []lead
		err := s.DB.WriteLow(ctx, op, func(tx *db.Tx) (err error) {
			if bare, err = withoutTask(ctx, tx, c.District, afterBare, followedAtOnce); err != nil {
				return err
			}
			if over, err = overWithTask(ctx, tx, c.District, afterOver, followedAtOnce); err != nil {
				return err
			}
			return s.followed(ctx, tx, c, bare, over)
		})
		if err != nil || len(bare) < followedAtOnce && len(over) < followedAtOnce {
			return errs.Wrap(op, err)
		}
		afterBare, afterOver = lastOf(bare, afterBare), lastOf(over, afterOver)
	}
}

// lastOf is the id of the last of some leads, or the one before where there are none.
func lastOf(list []lead, before id.ID) id.ID {
	if len(list) == 0 {
		return before
	}
	return list[len(list)-1].ID
}

// followed gives tasks to the leads that lack them, and ends those of leads that
// are over.
func (s *Service) followed(ctx context.Context, tx *db.Tx, c grid.Caller, bare, over []lead) error {
	if len(bare)+len(over) == 0 {
		return nil
	}
	list, err := s.kept(ctx, c, false, pointers(bare))
	if err != nil {
		return err
	}
	for _, l := range over {
		end := task.Cancel // its emergency has ended
		if l.State == Done {
			end = task.Finish
		}
		list = append(list, task.Kept{ID: l.ID, End: end})
	}
	return s.Tasks.KeepTx(ctx, tx, c, task.KindLead, list)
}

func pointers(list []lead) []*lead {
	out := make([]*lead, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	return out
}
