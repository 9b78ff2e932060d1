package grid

import (
	"context"
	"slices"
	"unicode/utf8"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
)

// Teams lists the teams of an area and below it, expired ones too.
func (s *Service) Teams(ctx context.Context, c Caller, area Place, after id.ID, limit int) ([]Team, error) {
	const op = "grid.Teams"
	if err := c.Require(op, PlaceRead); err != nil {
		return nil, err
	}
	list, err := listTeams(ctx, s.d.Read(), c.District, area.Path, after, min(max(limit, 1), 1000))
	return list, errs.Wrap(op, err)
}

// TeamName is what a team is called: HQ's groups by the catalogue, others as written.
func TeamName(lang string, t Team) string {
	if t.Kind == TeamHQGroup && i18n.Has("grid.hq."+t.Name) {
		return i18n.T(lang, "grid.hq."+t.Name)
	}
	return t.Name
}

// AddTeam adds a team. A squad must say when its rights expire. Needs
// post.write over its area.
func (s *Service) AddTeam(ctx context.Context, c Caller, t Team) (Team, error) {
	t.ID, t.FromMs = orNew(t.ID), orNow(t.FromMs, s.nowMs())
	return t, s.d.Write(ctx, "grid.AddTeam", func(tx *db.Tx) error { return s.AddTeamIn(ctx, tx, c, t) })
}

// AddTeamIn is AddTeam within a transaction of the caller; the team has its id
// and first instant.
func (s *Service) AddTeamIn(ctx context.Context, tx *db.Tx, c Caller, t Team) error {
	const op = "grid.AddTeam"
	if err := s.inArea(ctx, tx, op, c, t.AreaID); err != nil {
		return err
	}
	if !slices.Contains(TeamKinds, t.Kind) {
		return errs.Field(errs.E(op, errs.Invalid, "error.bad_choice"), "kind")
	}
	if err := checkTeam(op, &t); err != nil {
		return err
	}
	s.grantsChanged(tx)
	if err := insertTeams(ctx, tx, c.District, []Team{t}); err != nil {
		return err
	}
	return s.note(ctx, tx, c, PostWrite, "grid.team.add", "team", t.ID, "")
}

// checkTeam cleans a team's name and refuses a period that cannot be.
func checkTeam(op string, t *Team) (err error) {
	switch {
	case t.Kind == TeamSquad && t.UntilMs == 0:
		return errs.Field(errs.E(op, errs.Invalid, "grid.team.no_end"), "until")
	case t.UntilMs != 0 && t.UntilMs <= t.FromMs:
		return errs.Field(errs.E(op, errs.Invalid, "grid.post.ends_first"), "until")
	}
	t.Name, err = cleanName(Point, t.Name)
	return err
}

// EditTeamIn changes a running team's name, party branch and end within a
// transaction of the caller; an end that is past ends it now. HQ's groups keep
// their names. Needs post.write
// over its area.
func (s *Service) EditTeamIn(ctx context.Context, tx *db.Tx, c Caller, t Team) error {
	const op = "grid.EditTeam"
	list, err := queryTeams(ctx, tx, "district = $1 AND id = $2", c.District, int64(t.ID))
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return errs.E(op, errs.NotFound, "grid.team.not_found")
	}
	was := list[0]
	if err := s.inArea(ctx, tx, op, c, was.AreaID); err != nil {
		return err
	}
	switch {
	case was.UntilMs != 0 && was.UntilMs <= s.nowMs():
		return errs.E(op, errs.Conflict, "grid.team.ended")
	case was.Kind == TeamHQGroup && t.Name != was.Name:
		return errs.Field(errs.E(op, errs.Invalid, "grid.team.hq_name"), "name")
	case utf8.RuneCountInString(t.PartyBranch) > maxName:
		return errs.Field(errs.E(op, errs.Invalid, "error.too_long", maxName), "party_branch")
	}
	if t.UntilMs > was.FromMs {
		t.UntilMs = max(t.UntilMs, s.nowMs()) // what was done in the team since stands
	}
	was.Name, was.PartyBranch, was.UntilMs = t.Name, t.PartyBranch, t.UntilMs
	if err := checkTeam(op, &was); err != nil {
		return err
	}
	s.grantsChanged(tx)
	if err := updateTeam(ctx, tx, c.District, was); err != nil {
		return err
	}
	return s.note(ctx, tx, c, PostWrite, "grid.team.edit", "team", t.ID, "")
}

// EndTeam ends a team, and the rights of its posts, at an instant (0: now).
func (s *Service) EndTeam(ctx context.Context, c Caller, tid id.ID, until int64) error {
	const op = "grid.EndTeam"
	return s.changeTerms(ctx, op, c, func(tx *db.Tx) error {
		list, err := queryTeams(ctx, tx, "district = $1 AND id = $2", c.District, int64(tid))
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return errs.E(op, errs.NotFound, "grid.team.not_found")
		}
		if err := s.inArea(ctx, tx, op, c, list[0].AreaID); err != nil {
			return err
		}
		s.grantsChanged(tx)
		if err := setTeamEnd(ctx, tx, c.District, tid, max(until, s.nowMs())); err != nil {
			return err
		}
		return s.note(ctx, tx, c, PostWrite, "grid.team.end", "team", tid, "")
	})
}

// SeedHQGroups makes the seven groups of an area's headquarters that are not
// there yet and returns all of them.
func (s *Service) SeedHQGroups(ctx context.Context, c Caller, area id.ID) ([]Team, error) {
	const op = "grid.SeedHQGroups"
	var out []Team
	err := s.d.Write(ctx, op, func(tx *db.Tx) error {
		if err := s.inArea(ctx, tx, op, c, area); err != nil {
			return err
		}
		have, err := queryTeams(ctx, tx, "district = $1 AND area_id = $2 AND kind = 'hq_group' AND until_ms = 0 ORDER BY id", c.District, int64(area))
		if err != nil {
			return err
		}
		var fresh []Team
		for _, code := range HQGroups {
			if !slices.ContainsFunc(have, func(t Team) bool { return t.Name == code }) {
				fresh = append(fresh, Team{ID: id.New(), AreaID: area, Kind: TeamHQGroup, Name: code, FromMs: s.nowMs()})
			}
		}
		out = append(have, fresh...)
		if len(fresh) == 0 {
			return nil
		}
		s.grantsChanged(tx)
		if err := insertTeams(ctx, tx, c.District, fresh); err != nil {
			return err
		}
		return s.note(ctx, tx, c, PostWrite, "grid.team.hq", "place", area, "")
	})
	return out, err
}
