package inspection

import (
	"context"
	"encoding/json"
	"io"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/blob"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
	"wangge/internal/round"
	"wangge/internal/task"
)

// Draw draws and keeps a list of what to visit in an area. It needs inspect over
// the area. The same seed over the same area draws the same list while nothing
// there has changed. Errors: Denied, NotFound, Invalid naming object, n, seed or
// form, Conflict inspection.nothing where there is nothing to visit.
func (s *Service) Draw(ctx context.Context, c grid.Caller, in NewInspection) (Inspection, error) {
	const op = "inspection.Draw"
	if err := c.Require(op, permission); err != nil {
		return Inspection{}, err
	}
	if err := checkDraw(&in); err != nil {
		return Inspection{}, err
	}
	area, err := s.Grid.Place(ctx, c, in.AreaID)
	if err != nil {
		return Inspection{}, errs.Wrap(op, err)
	}
	if err := c.RequirePlace(op, permission, area.Path); err != nil {
		return Inspection{}, err
	}
	fields, err := s.checklist(ctx, c, in)
	if err != nil {
		return Inspection{}, err
	}
	from, err := s.population(ctx, c, area, in.Object)
	if err != nil {
		return Inspection{}, errs.Wrap(op, err)
	}
	if len(from) == 0 {
		return Inspection{}, errs.E(op, errs.Conflict, "inspection.nothing")
	}
	if in.Seed == "" {
		in.Seed = round.NewSeed()
	}
	i := Inspection{ID: id.New(), AreaID: area.ID, Object: in.Object, Seed: in.Seed, Population: len(from), Fields: fields, path: area.Path,
		PostID: c.PostFor(permission), AccountID: c.AccountID, CreatedMs: s.now()}
	b, err := json.Marshal(fields)
	if err != nil {
		return Inspection{}, errs.Wrap(op, err)
	}
	i.fields = string(b)
	items := itemsOf(in.Object, from, round.Draw(in.Seed, in.N, from))
	i.Drawn = len(items)
	return i, s.DB.Write(ctx, op, func(tx *db.Tx) error {
		if err := insertInspection(ctx, tx, c.District, i, items); err != nil {
			return err
		}
		return s.Audit.Append(ctx, tx, audit.Entry{Account: c.AccountID, Post: i.PostID, Action: "inspection.draw", Object: "inspection", ObjectID: i.ID, Detail: "seed=" + asciiSeed(i.Seed)})
	})
}

// asciiSeed is a seed as records of the audit hold it; one in other letters
// stays on the list alone.
func asciiSeed(seed string) string {
	if slices.ContainsFunc([]byte(seed), func(b byte) bool { return b <= ' ' || b > '~' }) {
		return "own"
	}
	return seed
}

// checklist is the form asked for without its photos, else that of the object.
func (s *Service) checklist(ctx context.Context, c grid.Caller, in NewInspection) ([]round.Field, error) {
	if in.FormID == id.Zero {
		return checklists[in.Object], nil
	}
	f, err := s.Rounds.Form(ctx, c, in.FormID)
	if err != nil {
		return nil, errs.Field(err, "form")
	}
	return slices.DeleteFunc(slices.Clone(f.Fields), func(q round.Field) bool { return q.Type == round.Photo }), nil
}

// population is what a list is drawn from, in walking order: the communities,
// doors or filled posts below the level of who draws.
func (s *Service) population(ctx context.Context, c grid.Caller, area grid.Place, o Object) ([]id.ID, error) {
	var out []id.ID
	if o == Posts {
		return s.posts(ctx, c, area)
	}
	kind := grid.Community
	if o == Doors {
		kind = grid.Door
	}
	err := s.Grid.Subtree(ctx, c, area.Path, []grid.Kind{kind}, func(p grid.Place) error {
		out = append(out, p.ID)
		return nil
	})
	return out, err
}

// posts are the filled posts of communities, compounds and grids in an area.
func (s *Service) posts(ctx context.Context, c grid.Caller, area grid.Place) ([]id.ID, error) {
	line, err := s.Grid.Line(ctx, c)
	if err != nil {
		return nil, err
	}
	var list []*grid.LinePost
	line.Each(s.now(), func(p *grid.LinePost) {
		level := p.Role.Level()
		if grid.Under(p.Path, area.Path) && p.Role.May(grid.TaskDo) && level >= grid.RoleCommunity.Level() && level <= grid.RoleGridWorker.Level() && len(p.Holders(s.now())) > 0 {
			list = append(list, p)
		}
	})
	slices.SortFunc(list, func(a, b *grid.LinePost) int {
		if a.Path != b.Path {
			if a.Path < b.Path {
				return -1
			}
			return 1
		}
		return int(a.ID - b.ID)
	})
	out := make([]id.ID, len(list))
	for i, p := range list {
		out[i] = p.ID
	}
	return out, nil
}

// itemsOf are the drawn ones as items, in the population's order.
func itemsOf(o Object, population, drawn []id.ID) []Item {
	chosen := make(map[id.ID]bool, len(drawn))
	for _, v := range drawn {
		chosen[v] = true
	}
	var out []Item
	for _, v := range population {
		switch {
		case !chosen[v]:
		case o == Posts:
			out = append(out, Item{ID: id.New(), PostID: v})
		default:
			out = append(out, Item{ID: id.New(), PlaceID: v})
		}
	}
	return out
}

// maxListed bounds a list of inspections.
const maxListed = 100

// List lists the latest inspections in an area that the caller may read.
func (s *Service) List(ctx context.Context, c grid.Caller, area id.ID) ([]Inspection, error) {
	const op = "inspection.List"
	if err := c.Require(op, permission); err != nil {
		return nil, err
	}
	p, err := s.Grid.Place(ctx, c, area)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	list, err := selectInspections(ctx, s.DB.Read(), c, p.Path, maxListed)
	for i := range list {
		if err == nil {
			err = json.Unmarshal([]byte(list[i].fields), &list[i].Fields)
		}
	}
	return list, errs.Wrap(op, err)
}

// Inspection returns a list with its items in walking order. Errors: NotFound.
func (s *Service) Inspection(ctx context.Context, c grid.Caller, inspection id.ID) (Inspection, []Item, error) {
	const op = "inspection.Inspection"
	i, err := s.read(ctx, c, inspection)
	if err == nil && !mayRead(c, i) {
		err = errs.E(op, errs.NotFound, "inspection.not_found")
	}
	if err != nil {
		return Inspection{}, nil, err
	}
	items, err := selectItems(ctx, s.DB.Read(), c.District, inspection)
	if err != nil {
		return i, nil, errs.Wrap(op, err)
	}
	for n := range items {
		items[n].Status = statusOf(items[n].Outcome, items[n].taskOpen)
	}
	return i, items, errs.Wrap(op, s.namesOf(ctx, c, items))
}

func (s *Service) read(ctx context.Context, c grid.Caller, inspection id.ID) (Inspection, error) {
	list, err := selectInspection(ctx, s.DB.Read(), c.District, inspection)
	if err == nil && len(list) == 0 {
		err = errs.E("inspection.read", errs.NotFound, "inspection.not_found")
	}
	if err != nil {
		return Inspection{}, err
	}
	return list[0], json.Unmarshal([]byte(list[0].fields), &list[0].Fields)
}

// View is an item with its visits.
type View struct {
	Item
	Inspection Inspection `json:"inspection"`
	Visits     []Visit    `json:"history"`
	CanVisit   bool       `json:"can_visit"`
}

// Item returns one to be visited, to who may inspect the area and to who has a
// task from it. Errors: NotFound.
func (s *Service) Item(ctx context.Context, c grid.Caller, item id.ID) (View, error) {
	const op = "inspection.Item"
	var v View
	list, err := selectItem(ctx, s.DB.Read(), c.District, item)
	if err == nil && len(list) == 0 {
		err = errs.E(op, errs.NotFound, "inspection.not_found")
	}
	if err != nil {
		return v, err
	}
	v.Item = list[0]
	if v.Inspection, err = s.read(ctx, c, v.InspectionID); err != nil {
		return v, err
	}
	if v.Visits, err = selectVisits(ctx, s.DB.Read(), c.District, item); err != nil {
		return v, errs.Wrap(op, err)
	}
	if !mayRead(c, v.Inspection) && !s.hasTask(ctx, c, v.Visits) {
		return View{}, errs.E(op, errs.NotFound, "inspection.not_found")
	}
	for n := range v.Visits {
		var text said
		if err := s.Keys.OpenJSON(seal.Standing, visitAAD(item, v.Visits[n].Seq), v.Visits[n].sealed, &text); err != nil {
			return v, errs.Wrap(op, err)
		}
		v.Visits[n].Answers, v.Visits[n].Words = text.Answers, text.Words
	}
	v.Status = statusOf(v.Outcome, v.taskOpen)
	v.CanVisit = mayRead(c, v.Inspection) && visitable(v.Status) == nil
	one := []Item{v.Item}
	err = s.namesOf(ctx, c, one)
	v.Name = one[0].Name
	return v, errs.Wrap(op, err)
}

// hasTask reports whether one of the findings is before the caller.
func (s *Service) hasTask(ctx context.Context, c grid.Caller, visits []Visit) bool {
	return slices.ContainsFunc(visits, func(v Visit) bool {
		if v.TaskID == id.Zero {
			return false
		}
		_, err := s.Tasks.Task(ctx, c, v.TaskID)
		return err == nil
	})
}

func visitAAD(item id.ID, seq int) string {
	return seal.AAD(seal.Standing, "inspection_visit", item) + "/" + id.ID(seq).String()
}

// Visit records a visit. What was found is a task of the post that answers for
// what was visited, in the same transaction. Errors: NotFound; Invalid naming
// outcome, words, deadline, photo or an answer; Conflict where a finding is still
// being put right, nothing is left to visit, or another visit was recorded first.
// Photos are kept without their metadata, and carried to the finding's task.
func (s *Service) Visit(ctx context.Context, c grid.Caller, item id.ID, in NewVisit, photos ...io.Reader) (View, error) {
	const op = "inspection.Visit"
	v, err := s.Item(ctx, c, item)
	if err != nil {
		return v, err
	}
	if !mayRead(c, v.Inspection) {
		return v, errs.E(op, errs.Denied, "grid.denied.inspect")
	}
	if err := visitable(v.Status); err != nil {
		return v, err
	}
	if err := checkVisit(v.Inspection.Fields, &in); err != nil {
		return v, err
	}
	visit := Visit{Seq: v.Item.Visits + 1, AtMs: s.now(), AccountID: c.AccountID, PostID: c.PostFor(permission), Outcome: in.Outcome}
	if visit.sealed, err = s.Keys.SealJSON(seal.Standing, visitAAD(item, visit.Seq), said{in.Answers, in.Words}); err != nil {
		return v, errs.Wrap(op, err)
	}
	taken, err := prepare(ctx, photos)
	if err != nil {
		return v, err
	}
	err = s.DB.Write(ctx, op, func(tx *db.Tx) error { return s.visitTx(ctx, tx, c, v.Item, visit, in, taken) })
	if err != nil {
		return v, err
	}
	return s.Item(ctx, c, item)
}

func (s *Service) visitTx(ctx context.Context, tx *db.Tx, c grid.Caller, m Item, visit Visit, in NewVisit, taken []blob.Photo) error {
	photos, err := s.keep(ctx, tx, c, taken)
	if err != nil {
		return err
	}
	if in.Outcome == Found {
		issue := task.Issue{Kind: task.KindFinding, Title: titleOf(in.Words), PostID: m.PostID, PlaceID: m.PlaceID, FromPost: visit.PostID, DeadlineMs: in.DeadlineMs, Photos: photos,
			Links: []task.Link{{Kind: "inspection", ObjectID: m.ID}}}
		if issue.Title != in.Words {
			issue.Text = in.Words
		}
		t, err := s.Tasks.IssueTx(ctx, tx, c, issue)
		if err != nil {
			return ownWords(err)
		}
		visit.TaskID = t.ID
	}
	ok, err := insertVisit(ctx, tx, c.District, m, visit)
	if err == nil && !ok {
		err = errs.E("inspection.Visit", errs.Conflict, "inspection.moved")
	}
	if err != nil {
		return err
	}
	return insertPhotos(ctx, tx, c.District, m.ID, visit.Seq, photos)
}
