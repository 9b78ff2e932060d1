package ledger

import (
	"context"
	"slices"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// ElsewhereView is an item as both communities see it. Who the person is stays
// masked for both; the person's file is open to the community it belongs to.
type ElsewhereView struct {
	ID       id.ID          `json:"id"`
	PersonID id.ID          `json:"person_id" doc:"The record at the sending community"`
	ResultID id.ID          `json:"result_id,omitempty" doc:"The record that counts after acceptance"`
	Name     string         `json:"name" doc:"Masked"`
	Phones   []string       `json:"phones,omitempty" doc:"Masked"`
	Sex      Sex            `json:"sex,omitempty"`
	Age      int            `json:"age,omitempty"`
	AgeKnown bool           `json:"age_known,omitempty"`
	FromID   id.ID          `json:"from_area_id"`
	From     string         `json:"from" doc:"The sending community"`
	ToID     id.ID          `json:"to_area_id"`
	To       string         `json:"to" doc:"The receiving community"`
	State    ElsewhereState `json:"state" enum:"proposed,accepted,refused,withdrawn,left,ended"`
	Reason   string         `json:"reason,omitempty" doc:"Why it was refused, or why the person left"`
	Address  string         `json:"address,omitempty" doc:"Where the person lives as told; only for posts of the two communities that see addresses"`
	Note     string         `json:"note,omitempty"`
	Answer   string         `json:"answer,omitempty" doc:"What the receiver wrote when refusing"`
	Agreed   bool           `json:"agreed" doc:"The receiver has a record of the same number that lives there"`

	OwnerRole string `json:"owner_role,omitempty" doc:"The role of the post that must answer now; a vacancy climbs to the nearest filled post"`
	OwnerArea string `json:"owner_area,omitempty"`
	Climbed   bool   `json:"climbed,omitempty" doc:"The post that was asked is vacant; one above answers"`
	DueMs     int64  `json:"due_ms"`
	Overdue   bool   `json:"overdue"`
	CreatedMs int64  `json:"created_ms"`
	DecidedMs int64  `json:"decided_ms,omitempty"`
	Version   int    `json:"version" doc:"Give it back with a decision"`
	// MayReceive and MayWithdraw say what the caller may decide.
	MayReceive  bool `json:"-"`
	MayWithdraw bool `json:"-"`
	MayNote     bool `json:"-"` // the person left, and the caller is the sender
	StandsIn    bool `json:"-"` // the receiver's post is vacant, and the caller decides in its place
	MySide      bool `json:"-"` // the person's file at the sending community is the caller's to read
	ResultMine  bool `json:"-"` // so is the record that counts
	row         elsewhereRow
}

// elsewhereViews shows rows as the caller may see them.
func (s *Service) elsewhereViews(ctx context.Context, c grid.Caller, rows []elsewhereRow) ([]ElsewhereView, error) {
	people, err := s.recordsOf(ctx, c.District, rows)
	if err != nil {
		return nil, err
	}
	now := s.nowMs()
	owners := map[string]id.ID{}
	out := make([]ElsewhereView, len(rows))
	for i, r := range rows {
		v := &out[i]
		*v = ElsewhereView{ID: r.id, PersonID: r.person, ResultID: r.result, FromID: r.from, From: r.fromName, ToID: r.to, To: r.toName, State: r.state, Reason: r.reason,
			Agreed: r.match != id.Zero, DueMs: r.dueMs, CreatedMs: r.createdMs, DecidedMs: r.decidedMs, Version: r.version, row: r}
		open := r.state == ElsewhereProposed
		v.Overdue = (open || r.state == ElsewhereLeft) && now > r.dueMs
		acting, err := s.standIn(ctx, s.db.Read(), c, r)
		if err != nil {
			return nil, err
		}
		v.MayReceive = open && acting.CanPlace(grid.LedgerWrite, r.toPath)
		v.StandsIn = len(acting.Grants) > len(c.Grants)
		v.MayNote = r.state == ElsewhereLeft && c.CanPlace(grid.LedgerWrite, r.fromPath)
		v.MayWithdraw = open && c.CanPlace(grid.LedgerWrite, r.fromPath)
		v.MySide, v.ResultMine = c.CanPlace(grid.LedgerRead, r.fromPath), c.CanPlace(grid.LedgerRead, r.toPath)
		if err := s.fillElsewhere(c, v, people[r.person]); err != nil {
			return nil, err
		}
		if !open {
			continue
		}
		if _, known := owners[r.toPath]; !known {
			if owners[r.toPath], _, err = s.postUp(ctx, s.db.Read(), c.District, r.toPath, now); err != nil {
				return nil, err
			}
		}
	}
	return out, s.nameOwners(ctx, c, out, owners)
}

// recordsOf reads the sending communities' records of items.
func (s *Service) recordsOf(ctx context.Context, district int, rows []elsewhereRow) (map[id.ID]*Person, error) {
	out := map[id.ID]*Person{}
	sys := grid.System(district, "elsewhere")
	for _, r := range rows {
		if out[r.person] != nil {
			continue
		}
		rec, err := s.person(ctx, s.db.Read(), sys, grid.LedgerRead, r.person)
		if err != nil {
			return nil, err
		}
		out[r.person] = &rec.Person
	}
	return out, nil
}

func (s *Service) fillElsewhere(c grid.Caller, v *ElsewhereView, p *Person) error {
	v.Name, v.Sex = seal.MaskName(p.Name), p.Sex
	v.Age, v.AgeKnown = p.Age(s.clk.Now())
	if c.Sees(grid.FieldPhoneMasked) {
		for _, ph := range p.Phones {
			v.Phones = append(v.Phones, seal.MaskPhone(ph))
		}
	}
	if !sidesSee(c, v.row, grid.FieldAddress) {
		return nil
	}
	body, err := s.openElsewhere(v.row)
	v.Address, v.Note, v.Answer = body.Address, body.Note, body.Answer
	return err
}

// overElsewhere reports whether a post reads items about living elsewhere: one
// over a whole area that may know registrations, or that leads the district.
// Neighbours and those who answer for a few doors do not.
func overElsewhere(g grid.Grant) bool {
	return g.ObjectKind == grid.ObjectPlace && g.Role.May(grid.LedgerRead) && g.Role.Level() <= grid.RoleCommunity.Level()
}

// overAreas is the caller with only the posts that overElsewhere lets read.
func overAreas(c grid.Caller) grid.Caller {
	if !c.IsSystem() {
		c.Grants = slices.DeleteFunc(slices.Clone(c.Grants), func(g grid.Grant) bool { return !overElsewhere(g) })
	}
	return c
}

// sidesSee reports whether a post of the caller at or above one of the two
// communities shows a class of fields.
func sidesSee(c grid.Caller, r elsewhereRow, f grid.Field) bool {
	if c.IsSystem() {
		return true
	}
	for _, g := range c.Grants {
		if overElsewhere(g) && g.Role.Sees(f) && (strings.HasPrefix(r.fromPath, g.Path) || strings.HasPrefix(r.toPath, g.Path)) {
			return true
		}
	}
	return false
}

func (s *Service) nameOwners(ctx context.Context, c grid.Caller, list []ElsewhereView, owners map[string]id.ID) error {
	var posts []id.ID
	for _, o := range owners {
		posts = append(posts, o)
	}
	names, err := s.postNames(ctx, c.District, posts)
	for i := range list {
		if o, open := owners[list[i].row.toPath]; open && list[i].State == ElsewhereProposed {
			list[i].OwnerRole, list[i].OwnerArea = names[o].Role, names[o].Area
			list[i].Climbed = names[o].Area != list[i].To
		}
	}
	return err
}

// ElsewhereFilter narrows the list of items.
type ElsewhereFilter struct {
	Area   id.ID // an end lies at or below this area; Zero: the caller's scope
	Closed bool  // decided ones, newest first; else open ones by deadline
	After  id.ID // cursor of closed ones
}

// Elsewheres lists items of which an end lies in the caller's scope, at most
// ListPage.
func (s *Service) Elsewheres(ctx context.Context, c grid.Caller, f ElsewhereFilter) ([]ElsewhereView, error) {
	const op = "ledger.Elsewheres"
	if err := c.Require(op, grid.LedgerRead); err != nil {
		return nil, err
	}
	under, err := s.under(ctx, c, f.Area)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	c = overAreas(c)
	rows, err := s.elsewheres(ctx, c, under, f.Closed, f.After, ListPage)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	out, err := s.elsewhereViews(ctx, c, rows)
	return out, errs.Wrap(op, err)
}

// under returns the path of a place the caller may read; empty for Zero.
func (s *Service) under(ctx context.Context, c grid.Caller, place id.ID) (string, error) {
	if place == id.Zero {
		return "", nil
	}
	return s.placePath(ctx, c, place)
}

// ElsewhereCounts says for each receiving community of the caller's scope how
// many open items wait for it and how many are overdue, in the order of the list.
func (s *Service) ElsewhereCounts(ctx context.Context, c grid.Caller, area id.ID) ([]ElsewhereCount, error) {
	const op = "ledger.ElsewhereCounts"
	if err := c.Require(op, grid.PlaceRead); err != nil {
		return nil, err
	}
	under, err := s.under(ctx, c, area)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	out, err := s.elsewhereCounts(ctx, c, under, s.nowMs())
	return out, errs.Wrap(op, err)
}

// ElsewhereItem is one item with what the receiver may accept it as.
type ElsewhereItem struct {
	ElsewhereView
	// Alike are the receiver's own records that may be of the same person:
	// same number, or same name and phone. Only for whom may receive.
	Alike []PersonView `json:"alike,omitempty"`
}

// Elsewhere returns one item of which an end lies in the caller's scope.
func (s *Service) Elsewhere(ctx context.Context, c grid.Caller, item id.ID) (ElsewhereItem, error) {
	const op = "ledger.Elsewhere"
	c.Purpose = ""
	row, err := s.elsewhereRow(ctx, s.db.Read(), c.District, item)
	if err == nil && !sidesSee(c, row, grid.FieldNameMasked) {
		err = errs.E(op, errs.NotFound, "error.not_found")
	}
	if err != nil {
		return ElsewhereItem{}, errs.Wrap(op, err)
	}
	views, err := s.elsewhereViews(ctx, c, []elsewhereRow{row})
	if err != nil {
		return ElsewhereItem{}, errs.Wrap(op, err)
	}
	out := ElsewhereItem{ElsewhereView: views[0]}
	if out.MayReceive {
		out.Alike, err = s.alikeThere(ctx, c, row)
	}
	return out, errs.Wrap(op, err)
}

// alikeThere finds the receiver's own records of the same person.
func (s *Service) alikeThere(ctx context.Context, c grid.Caller, row elsewhereRow) ([]PersonView, error) {
	people, err := s.recordsOf(ctx, c.District, []elsewhereRow{row})
	if err != nil {
		return nil, err
	}
	p := people[row.person]
	var recs []personRec
	for _, k := range s.keysOf(p) {
		if k.kind == keyPhone4 || k.kind == keyName {
			continue
		}
		found, err := s.byHash(ctx, c, k.kind, k.hash, row.toPath, foundLimit)
		if err != nil {
			return nil, err
		}
		for _, r := range found {
			if k.kind == keyIDNo || seal.NormName(r.Name) == seal.NormName(p.Name) {
				recs = append(recs, r)
			}
		}
	}
	var f Found
	err = s.fillPersons(ctx, c, recs, &f)
	return f.Persons, err
}
