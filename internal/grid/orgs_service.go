package grid

import (
	"context"
	"slices"
	"strings"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
)

// Organisations lists running organisations of an area and below it; the id of
// the last one is the cursor of the next page.
func (s *Service) Organisations(ctx context.Context, c Caller, f OrgFilter) ([]Organisation, error) {
	const op = "grid.Organisations"
	if err := c.Require(op, PlaceRead); err != nil {
		return nil, err
	}
	f.Limit = min(max(f.Limit, 1), 1000)
	list, err := listOrgs(ctx, s.d.Read(), c.District, f, s.nowMs())
	return list, errs.Wrap(op, err)
}

// AddOrganisation adds an organisation to an area. Needs post.write there.
func (s *Service) AddOrganisation(ctx context.Context, c Caller, o Organisation) (Organisation, error) {
	const op = "grid.AddOrganisation"
	err := s.d.Write(ctx, op, func(tx *db.Tx) error {
		list, err := s.AddOrganisationsIn(ctx, tx, c, []Organisation{o})
		if err != nil {
			return err
		}
		o = list[0]
		return s.note(ctx, tx, c, PostWrite, "grid.org.add", "organisation", o.ID, "")
	})
	return o, err
}

// AddOrganisationsIn adds organisations within a transaction of the caller.
func (s *Service) AddOrganisationsIn(ctx context.Context, tx *db.Tx, c Caller, list []Organisation) ([]Organisation, error) {
	const op = "grid.AddOrganisation"
	out := slices.Clone(list)
	for i := range out {
		o := &out[i]
		if err := s.inArea(ctx, tx, op, c, o.AreaID); err != nil {
			return nil, err
		}
		if !slices.Contains(OrgKinds, o.Kind) {
			return nil, errs.Field(errs.E(op, errs.Invalid, "error.bad_choice"), "kind")
		}
		var err error
		if o.Name, err = cleanName(Point, o.Name); err != nil {
			return nil, err
		}
		o.ID, o.FromMs = orNew(o.ID), orNow(o.FromMs, s.nowMs())
	}
	s.grantsChanged(tx)
	return out, insertOrgs(ctx, tx, c.District, out)
}

func orNew(v id.ID) id.ID {
	if v == id.Zero {
		return id.New()
	}
	return v
}

func orNow(ms, now int64) int64 {
	if ms == 0 {
		return now
	}
	return ms
}

// inArea asks for post.write over an area.
func (s *Service) inArea(ctx context.Context, q db.Queryer, op string, c Caller, area id.ID) error {
	p, err := placeByID(ctx, q, c.District, area)
	if err != nil {
		return errs.Field(err, "area_id")
	}
	return c.RequirePlace(op, PostWrite, p.Path)
}

// EditOrganisationIn changes a running organisation's name and kind within a
// transaction of the caller. Needs post.write over its area.
func (s *Service) EditOrganisationIn(ctx context.Context, tx *db.Tx, c Caller, o Organisation) error {
	const op = "grid.EditOrganisation"
	list, err := queryOrgs(ctx, tx, "district = $1 AND id = $2", c.District, int64(o.ID))
	if err != nil {
		return err
	}
	if len(list) == 0 || list[0].UntilMs != 0 && list[0].UntilMs <= s.nowMs() {
		return errs.E(op, errs.NotFound, "grid.org.not_found")
	}
	if err := s.inArea(ctx, tx, op, c, list[0].AreaID); err != nil {
		return err
	}
	if !slices.Contains(OrgKinds, o.Kind) {
		return errs.Field(errs.E(op, errs.Invalid, "error.bad_choice"), "kind")
	}
	if o.Name, err = cleanName(Point, o.Name); err != nil {
		return err
	}
	s.grantsChanged(tx)
	if err := updateOrg(ctx, tx, c.District, o); err != nil {
		return err
	}
	return s.note(ctx, tx, c, PostWrite, "grid.org.edit", "organisation", o.ID, "")
}

// EndOrganisation ends an organisation and its bindings now.
func (s *Service) EndOrganisation(ctx context.Context, c Caller, oid id.ID) error {
	const op = "grid.EndOrganisation"
	return s.d.Write(ctx, op, func(tx *db.Tx) error {
		path, err := orgPath(ctx, tx, c.District, oid)
		if err != nil {
			return err
		}
		if path == "" {
			return errs.E(op, errs.NotFound, "grid.org.not_found")
		}
		if err := c.RequirePlace(op, PostWrite, path); err != nil {
			return err
		}
		s.grantsChanged(tx)
		if err := endOrg(ctx, tx, c.District, oid, s.nowMs()); err != nil {
			return err
		}
		return s.note(ctx, tx, c, PostWrite, "grid.org.end", "organisation", oid, "")
	})
}

// orgsNear lists running organisations of areas at, above or below a path that
// the caller may manage, at most 1000.
func (s *Service) orgsNear(ctx context.Context, c Caller, path string) ([]Organisation, error) {
	list, paths, err := orgsNear(ctx, s.d.Read(), c.District, path, s.nowMs())
	out := list[:0]
	for i, o := range list {
		if c.CanPlace(PostWrite, paths[i]) {
			out = append(out, o)
		}
	}
	return out, errs.Wrap("grid.orgsNear", err)
}

// teamsNear lists running teams of areas at, above or below a path.
func (s *Service) teamsNear(ctx context.Context, c Caller, path string) ([]Team, error) {
	list, err := teamsNear(ctx, s.d.Read(), c.District, path, s.nowMs())
	return list, errs.Wrap("grid.teamsNear", err)
}

// hasHQ reports whether an area's headquarters has its groups.
func (s *Service) hasHQ(ctx context.Context, c Caller, area Place) (bool, error) {
	have, err := queryTeams(ctx, s.d.Read(), "district = $1 AND area_id = $2 AND kind = 'hq_group' AND until_ms = 0 LIMIT 1", c.District, int64(area.ID))
	return len(have) > 0, err
}

// RoleAliases lists what roles are called in the areas of the district.
func (s *Service) RoleAliases(ctx context.Context, c Caller) ([]RoleAlias, error) {
	if err := c.Require("grid.RoleAliases", PlaceRead); err != nil {
		return nil, err
	}
	list, err := queryAliases(ctx, s.d.Read(), c.District)
	return list, errs.Wrap("grid.RoleAliases", err)
}

// SetRoleAlias says what a role is called in an area and below it; an empty
// alias gives the role its own name back. Without an alias there, changed is
// false. Needs post.write over the area.
func (s *Service) SetRoleAlias(ctx context.Context, c Caller, area id.ID, role Role, alias string) (changed bool, err error) {
	err = s.d.Write(ctx, "grid.SetRoleAlias", func(tx *db.Tx) (err error) {
		changed, err = s.SetRoleAliasIn(ctx, tx, c, area, role, alias)
		return err
	})
	return changed, err
}

// SetRoleAliasIn is SetRoleAlias within a transaction of the caller.
func (s *Service) SetRoleAliasIn(ctx context.Context, tx *db.Tx, c Caller, area id.ID, role Role, alias string) (changed bool, err error) {
	const op = "grid.SetRoleAlias"
	if err := s.inArea(ctx, tx, op, c, area); err != nil {
		return false, err
	}
	if !role.Known() {
		return false, errs.Field(errs.E(op, errs.Invalid, "grid.post.bad_role"), "role")
	}
	if alias = strings.TrimSpace(alias); alias != "" {
		if _, err := cleanName(Point, alias); err != nil {
			return false, errs.Field(err, "alias")
		}
	}
	if changed, err = setAlias(ctx, tx, c.District, area, role, alias); err != nil || !changed {
		return false, err
	}
	return true, s.note(ctx, tx, c, PostWrite, "grid.alias.set", "place", area, "role="+string(role))
}

// RoleName is what a role is called at a place: the alias of the nearest area
// above, else the catalogue's name.
func RoleName(lang string, aliases []RoleAlias, role Role, path string) string {
	best := RoleAlias{}
	for _, a := range aliases {
		if a.Role == role && Under(path, a.Path) && len(a.Path) > len(best.Path) {
			best = a
		}
	}
	if best.Alias != "" {
		return best.Alias
	}
	return i18n.T(lang, "grid.role."+string(role))
}

// Profile returns what a compound is like; ok is false where nothing is noted.
func (s *Service) Profile(ctx context.Context, c Caller, place id.ID) (p Profile, ok bool, err error) {
	if _, err := s.Place(ctx, c, place); err != nil {
		return p, false, err
	}
	p, ok, err = readProfile(ctx, s.d.Read(), c.District, place)
	return p, ok, errs.Wrap("grid.Profile", err)
}

// SetProfile notes what a compound is like. Needs place.write over it.
func (s *Service) SetProfile(ctx context.Context, c Caller, p Profile) error {
	const op = "grid.SetProfile"
	return s.d.Write(ctx, op, func(tx *db.Tx) error {
		place, err := s.writable(ctx, tx, op, c, p.PlaceID)
		if err != nil {
			return err
		}
		if err := checkProfile(place, p); err != nil {
			return err
		}
		p.UpdatedMs = s.nowMs()
		if err := writeProfile(ctx, tx, c.District, p); err != nil {
			return err
		}
		return s.note(ctx, tx, c, PlaceWrite, "grid.profile.set", "place", p.PlaceID, "")
	})
}

func checkProfile(place Place, p Profile) error {
	const op = "grid.SetProfile"
	if place.Kind != Compound {
		return errs.E(op, errs.Invalid, "grid.profile.not_compound")
	}
	if p.Class != "" && !slices.Contains(CompoundKinds, p.Class) {
		return errs.Field(errs.E(op, errs.Invalid, "error.bad_choice"), "class")
	}
	for field, n := range map[string]int{"gates": p.Gates, "fences": p.Fences, "fire_lanes": p.FireLanes} {
		if n < 0 || n > 999 {
			return errs.Field(errs.E(op, errs.Invalid, "error.bad_number"), field)
		}
	}
	if p.ElderlyShare < 0 || p.ElderlyShare > 100 {
		return errs.Field(errs.E(op, errs.Invalid, "error.bad_number"), "elderly_share")
	}
	if len([]rune(p.Note)) > 500 || len([]rune(p.PartyBranch)) > maxName {
		return errs.Field(errs.E(op, errs.Invalid, "error.too_long", 500), "note")
	}
	return nil
}
