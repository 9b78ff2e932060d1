package grid

import (
	"context"
	"unicode/utf8"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
)

// Staffing lists every running post over places, grids and sets of doors at or
// below a place, with those who hold it now or will, without names; the path of
// a set is that of its first door. Needs
// post.write over the place.
func (s *Service) Staffing(ctx context.Context, c Caller, under Place) ([]PostView, error) {
	const op = "grid.Staffing"
	if err := c.RequirePlace(op, PostWrite, under.Path); err != nil {
		return nil, err
	}
	q, now := s.d.Read(), s.nowMs()
	a := db.NewArgs(c.District, now)
	list, err := queryPosts(ctx, q, "p.district = $1 AND (p.until_ms = 0 OR p.until_ms > $2) AND "+postInPath(a, under.Path)+" ORDER BY p.id", a)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	ids, at := make([]id.ID, len(list)), make(map[id.ID]int, len(list))
	for i, p := range list {
		ids[i], at[p.ID] = p.ID, i
	}
	holders, err := holdersOf(ctx, q, c.District, ids, now, false)
	for _, h := range holders {
		p := &list[at[h.PostID]]
		p.Holders = append(p.Holders, h)
	}
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	sets := filter(ids, func(p id.ID) bool { return list[at[p]].ObjectKind == ObjectDoors })
	doors, err := doorSets(ctx, q, c.District, sets)
	for p, set := range doors {
		list[at[p]].Path = set[0].Path
	}
	return list, errs.Wrap(op, err)
}

// DoorSets returns the doors of posts over sets of doors, by post.
func (s *Service) DoorSets(ctx context.Context, c Caller, posts []id.ID) (map[id.ID][]Place, error) {
	const op = "grid.DoorSets"
	if err := c.Require(op, PostWrite); err != nil {
		return nil, err
	}
	out, err := doorSets(ctx, s.d.Read(), c.District, posts)
	return out, errs.Wrap(op, err)
}

// AllGrids lists the open grids of the district. Needs place.read.
func (s *Service) AllGrids(ctx context.Context, c Caller) ([]Grid, error) {
	const op = "grid.AllGrids"
	if err := c.Require(op, PlaceRead); err != nil {
		return nil, err
	}
	list, err := openGrids(ctx, s.d.Read(), c.District)
	return list, errs.Wrap(op, err)
}

// Term is a holder's period as it is to be.
type Term struct {
	HolderID      id.ID
	PostID        id.ID
	FromMs        int64
	UntilMs       int64
	Title         string  // of the post; empty leaves it
	NoTitle       bool    // the post is called by its role again
	Doors         []id.ID // of a post over a set of doors; empty leaves them
	ChangedPeriod bool
}

// ChangeTermsIn changes periods of holders, and titles and doors of their
// posts, within a transaction of the caller, who audits it. Every post must be
// one the caller may manage.
func (s *Service) ChangeTermsIn(ctx context.Context, tx *db.Tx, c Caller, list []Term) error {
	const op = "grid.ChangeTerms"
	return s.keepDuty(ctx, tx, op, c, func() error {
		for _, t := range list {
			if err := s.changeTerm(ctx, tx, op, c, t); err != nil {
				return err
			}
		}
		s.grantsChanged(tx)
		return nil
	})
}

func (s *Service) changeTerm(ctx context.Context, tx *db.Tx, op string, c Caller, t Term) error {
	p, err := s.manageable(ctx, tx, op, c, t.PostID)
	if err != nil {
		return err
	}
	if t.ChangedPeriod {
		if t.UntilMs != 0 && t.UntilMs <= t.FromMs {
			return errs.Field(errs.E(op, errs.Invalid, "grid.post.ends_first"), "until")
		}
		if err := setTerm(ctx, tx, c.District, t.HolderID, t.FromMs, t.UntilMs); err != nil {
			return errs.Wrap(op, err)
		}
	}
	if utf8.RuneCountInString(t.Title) > maxName {
		return errs.Field(errs.E(op, errs.Invalid, "error.too_long", maxName), "title")
	}
	if t.Title != "" || t.NoTitle {
		if err := setPostTitle(ctx, tx, c.District, p.ID, t.Title); err != nil {
			return errs.Wrap(op, err)
		}
	}
	if len(t.Doors) > 0 {
		paths, err := s.objectPaths(ctx, tx, c, []NewPost{{ObjectKind: ObjectDoors, Doors: t.Doors}})
		if err != nil {
			return errs.Wrap(op, err)
		}
		if err := checkPost(c, p.Post, paths[0]); err != nil {
			return err
		}
		if err := replacePostDoors(ctx, tx, c.District, p.ID, t.Doors); err != nil {
			return errs.Wrap(op, err)
		}
	}
	return nil
}

// WhoMay lists the running posts over a place as a whole, the area itself and
// those up its line, whose role has a right, with who holds them, the lowest
// first. Needs place.read over the place.
func (s *Service) WhoMay(ctx context.Context, c Caller, perm Permission, place id.ID) ([]PostView, error) {
	const op = "grid.WhoMay"
	at, err := s.Place(ctx, c, place)
	if err == nil {
		err = c.RequirePlace(op, PlaceRead, at.Path)
	}
	if err != nil {
		return nil, err
	}
	var roles []string
	for _, r := range Roles() {
		if r.May(perm) {
			roles = append(roles, string(r))
		}
	}
	list, err := postsUp(ctx, s.d.Read(), c.District, append(waysUp(at.Path), at.Path), roles, s.nowMs())
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	if err := s.addHolders(ctx, c, list, false); err != nil {
		return nil, errs.Wrap(op, err)
	}
	return list, s.NamePosts(ctx, c, list)
}

// NoteStaff audits a list of people brought into posts.
func (s *Service) NoteStaff(ctx context.Context, tx *db.Tx, c Caller, place id.ID, detail string) error {
	return s.note(ctx, tx, c, PostWrite, "grid.staff.import", "place", place, detail)
}

// NamePosts writes in full what posts are over, with the community, and gives
// those without a title their role's local name. Needs place.read.
func (s *Service) NamePosts(ctx context.Context, c Caller, list []PostView) error {
	const op = "grid.NamePosts"
	aliases, err := s.RoleAliases(ctx, c)
	if err != nil {
		return err
	}
	if err := s.nameObjects(ctx, c, list); err != nil {
		return errs.Wrap(op, err)
	}
	if err := s.nameSets(ctx, c, list); err != nil {
		return errs.Wrap(op, err)
	}
	areas, err := s.Areas(ctx, c)
	if err != nil {
		return err
	}
	byPath := make(map[string]string, len(areas))
	for _, a := range areas {
		byPath[a.Path] = a.Name
	}
	for i, p := range list {
		if p.Title == "" {
			list[i].Title = RoleName(c.Lang, aliases, p.Role, p.Path)
		}
		if len(p.Path) > 12 {
			list[i].Object = byPath[p.Path[:12]] + " " + p.Object
		}
	}
	return nil
}

// nameSets writes where sets of doors are, and how many doors they have.
func (s *Service) nameSets(ctx context.Context, c Caller, list []PostView) error {
	var paths []string
	for _, p := range list {
		if p.ObjectKind == ObjectDoors && len(p.Path) > segment {
			paths = append(paths, p.Path[:len(p.Path)-segment])
		}
	}
	var places []Place
	err := db.Chunks(paths, 500, func(part []string) error {
		found, err := placesByPath(ctx, s.d.Read(), c.District, part)
		places = append(places, found...)
		return err
	})
	if err != nil {
		return err
	}
	ways, err := s.ways(ctx, c, places)
	byPath := map[string]string{}
	for _, p := range places {
		byPath[p.Path] = ways[p.ID]
	}
	for i, p := range list {
		if p.ObjectKind == ObjectDoors && len(p.Path) > segment {
			list[i].Object = byPath[p.Path[:len(p.Path)-segment]] + " " + i18n.T(c.Lang, "grid.n_doors", p.Doors)
		}
	}
	return err
}
