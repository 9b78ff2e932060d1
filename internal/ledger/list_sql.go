package ledger

import (
	"context"
	"slices"
	"strconv"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Filter narrows a list of persons.
type Filter struct {
	Place      id.ID  // below this place; Zero: the caller's whole scope
	Lives      string // "here", "elsewhere" or "" for both
	Registered string // "yes", "no" or "" for both
	Sort       string // "door" (walking order) or "name"; names sort only within a community
	Desc       bool   // names only
	After      string // cursor of the page before
	Limit      int    // 1 to 500
}

// People is one page of a list of persons.
type People struct {
	Persons []PersonView
	Next    string // cursor of the next page; empty: the last
	ByDoor  bool   // sorted by door although names were asked for: the scope is above a community
}

// where returns the conditions of the filter.
func (f Filter) where(a *db.Args, under string) string {
	w := onDoor + " AND p.until_ms = 0" + underPath(a, under)
	switch f.Lives {
	case "here":
		w += " AND p.lives_here = 1"
	case "elsewhere":
		w += " AND p.lives_here = 0"
	}
	switch f.Registered {
	case "yes":
		w += " AND p.registered = 1"
	case "no":
		w += " AND p.registered = 0"
	}
	return w
}

// Persons lists current persons within the caller's scope, masked. Filters by
// residence or registration count only what posts show that see addresses, and
// are Denied to callers with no such post.
func (s *Service) Persons(ctx context.Context, c grid.Caller, f Filter) (People, error) {
	const op = "ledger.Persons"
	if err := c.Require(op, grid.LedgerRead); err != nil {
		return People{}, err
	}
	c.Purpose = ""
	if f.Lives != "" || f.Registered != "" {
		if !c.Sees(grid.FieldAddress) {
			return People{}, errs.E(op, errs.Denied, "ledger.list.denied.filter")
		}
		if !c.IsSystem() {
			c = seeing(c, grid.FieldAddress)
		}
	}
	under := ""
	var err error
	if f.Place != id.Zero {
		if under, err = s.placePath(ctx, c, f.Place); err != nil {
			return People{}, errs.Wrap(op, err)
		}
	}
	f.Limit = min(max(f.Limit, 1), 500)
	var out People
	var recs []personRec
	if f.Sort == "name" && narrow(c, under) {
		recs, out.Next, err = s.personsByName(ctx, c, f, under)
	} else {
		out.ByDoor = f.Sort == "name"
		recs, out.Next, err = s.personsByDoor(ctx, c, f, under)
	}
	if err == nil {
		out.Persons, err = s.withDoors(ctx, c, recs)
	}
	return out, errs.Wrap(op, err)
}

func (s *Service) personsByDoor(ctx context.Context, c grid.Caller, f Filter, under string) ([]personRec, string, error) {
	a := db.NewArgs(c.District)
	where := f.where(a, under)
	if f.After != "" {
		path, last, ok := cutCursor(f.After)
		if !ok {
			return nil, "", errs.Field(errs.E("ledger.Persons", errs.Invalid, "error.bad_cursor"), "after")
		}
		p := a.Add(path)
		where += " AND d.path >= " + p + " AND (d.path > " + p + " OR p.id > " + a.Add(last) + ")"
	}
	// +p.id: a bare p.id makes SQLite walk all persons in order of id for every
	// door, since that spares it a sort, instead of the door's few by their index.
	recs, err := s.personsWhere(ctx, s.db.Read(), c, grid.LedgerRead, a, fromDoors, where, " ORDER BY d.path, +p.id LIMIT "+a.Add(f.Limit+1))
	if err != nil || len(recs) <= f.Limit {
		return recs, "", err
	}
	recs = recs[:f.Limit]
	l := recs[len(recs)-1]
	return recs, l.path + "." + l.ID.String(), nil
}

func cutCursor(s string) (path string, last int64, ok bool) {
	for i := range len(s) {
		if s[i] == '.' {
			n, err := strconv.ParseInt(s[i+1:], 10, 64)
			return s[:i], n, err == nil
		}
	}
	return "", 0, false
}

// personsByName opens the records in scope and sorts them by reading; the
// cursor is how many were shown.
func (s *Service) personsByName(ctx context.Context, c grid.Caller, f Filter, under string) ([]personRec, string, error) {
	a := db.NewArgs(c.District)
	recs, err := s.personsWhere(ctx, s.db.Read(), c, grid.LedgerRead, a, fromDoors, f.where(a, under), " LIMIT "+a.Add(openLimit))
	if err != nil {
		return nil, "", err
	}
	type keyed struct {
		key string
		rec personRec
	}
	list := make([]keyed, len(recs))
	for i, r := range recs {
		list[i] = keyed{nameKey(r.Name), r}
	}
	slices.SortStableFunc(list, func(x, y keyed) int {
		switch {
		case x.key == y.key:
			return int(min(max(x.rec.ID-y.rec.ID, -1), 1))
		case (x.key < y.key) != f.Desc:
			return -1
		}
		return 1
	})
	from := 0
	if f.After != "" {
		if from, err = strconv.Atoi(f.After); err != nil || from < 0 {
			return nil, "", errs.Field(errs.E("ledger.Persons", errs.Invalid, "error.bad_cursor"), "after")
		}
	}
	from = min(from, len(list))
	to, next := min(from+f.Limit, len(list)), ""
	if to < len(list) {
		next = strconv.Itoa(to)
	}
	out := make([]personRec, 0, to-from)
	for _, k := range list[from:to] {
		out = append(out, k.rec)
	}
	return out, next, nil
}

// MaxExport is the most rows one export holds.
const MaxExport = 50_000

// Export calls fn with the masked persons of a list in walking order and
// records the export. It needs the permission to export over the whole scope
// asked for, and stops with TooMany above MaxExport rows.
func (s *Service) Export(ctx context.Context, c grid.Caller, f Filter, fn func(PersonView) error) error {
	const op = "ledger.Export"
	if err := c.Require(op, grid.Export); err != nil {
		return err
	}
	if !f.Exportable() {
		return errs.E(op, errs.Denied, "ledger.export.never")
	}
	scoped := c
	scoped.Grants = slices.DeleteFunc(slices.Clone(c.Grants), func(g grid.Grant) bool { return !g.Role.May(grid.Export) })
	f.Sort, f.After, f.Limit = "door", "", 500
	var all []PersonView
	for {
		page, err := s.Persons(ctx, scoped, f)
		if err != nil {
			return err
		}
		if all = append(all, page.Persons...); len(all) > MaxExport {
			return errs.E(op, errs.TooMany, "ledger.export.too_many", MaxExport)
		}
		if f.After = page.Next; f.After == "" {
			break
		}
	}
	err := s.db.Write(ctx, op, func(tx *db.Tx) error {
		return s.audit.Append(ctx, tx, audit.Entry{Account: c.AccountID, Post: c.PostFor(grid.Export), Action: "export.masked", Object: "place", ObjectID: f.Place,
			Detail: "rows=" + strconv.Itoa(len(all))})
	})
	if err != nil {
		return err
	}
	for _, v := range all {
		if err := fn(v); err != nil {
			return err
		}
	}
	return nil
}
