package grid

import (
	"context"
	"slices"
	"strings"

	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// ObjectKind says what a post, grant or binding is about.
type ObjectKind string

// The kinds of objects.
const (
	ObjectPlace        ObjectKind = "place" // an area or any place below it, with its subtree
	ObjectGrid         ObjectKind = "grid"  // a grid, with the grids below it
	ObjectDoors        ObjectKind = "doors" // a named set of doors (post_door)
	ObjectOrganisation ObjectKind = "organisation"
)

// Grant is one right of a caller: a post held now and the object it covers.
type Grant struct {
	PostID     id.ID
	Role       Role
	Title      string
	ObjectKind ObjectKind
	ObjectID   id.ID
	Path       string // the place's or grid's path; empty for doors
	UntilMs    int64  // when the right ends; 0 = open
}

// Caller is who asks. Every store method takes one; its grants become one SQL
// predicate joined to every scoped query, so a page cannot forget the scope.
type Caller struct {
	District  int
	AccountID id.ID
	Lang      string
	Grants    []Grant
	// Purpose is why personal fields are asked for unmasked; logged with the look.
	Purpose string
	// Origin is the district in whose name a token given to it acts; "" for people
	// and their own programs.
	Origin string
	system bool
}

// System is the caller of commands, jobs and the simulation: every permission
// everywhere in the district. It never serves a request of a person.
func System(district int, purpose string) Caller {
	return Caller{District: district, Purpose: purpose, Lang: "zh", system: true}
}

// IsSystem reports whether the caller is the installation itself.
func (c Caller) IsSystem() bool { return c.system }

// Can reports whether any post held grants the permission somewhere.
func (c Caller) Can(p Permission) bool {
	if c.system {
		return true
	}
	for _, g := range c.Grants {
		if g.Role.May(p) {
			return true
		}
	}
	return false
}

// Require returns errs.Denied, which says what is missing, unless the caller Can.
func (c Caller) Require(op string, p Permission) error {
	if c.Can(p) {
		return nil
	}
	if len(c.Grants) == 0 {
		return errs.E(op, errs.Denied, "posts.denied.none")
	}
	return errs.E(op, errs.Denied, "grid.denied."+string(p))
}

// CanPlace reports whether the permission covers the whole subtree of the
// place with the given path (an area or place grant above or at it).
func (c Caller) CanPlace(p Permission, path string) bool {
	if c.system {
		return true
	}
	for _, g := range c.Grants {
		if g.Role.May(p) && g.ObjectKind == ObjectPlace && strings.HasPrefix(path, g.Path) {
			return true
		}
	}
	return false
}

// RequirePlace returns errs.Denied unless CanPlace.
func (c Caller) RequirePlace(op string, p Permission, path string) error {
	if c.CanPlace(p, path) {
		return nil
	}
	if c.Can(p) {
		return errs.E(op, errs.Denied, "grid.denied.area")
	}
	return c.Require(op, p)
}

// Sees reports whether any post held shows the field class.
func (c Caller) Sees(f Field) bool {
	if c.system {
		return true
	}
	for _, g := range c.Grants {
		if g.Role.Sees(f) {
			return true
		}
	}
	return false
}

// AtDoors reports whether the caller holds posts and every one of them is one
// at doors (worker in roles.yaml): such a caller works on the phone's pages.
func (c Caller) AtDoors() bool {
	return len(c.Grants) > 0 && !slices.ContainsFunc(c.Grants, func(g Grant) bool { return !g.Role.Worker() })
}

// PostFor returns the first post held that grants the permission, for the
// record of who did something in which office; Zero for the system.
func (c Caller) PostFor(p Permission) id.ID {
	for _, g := range c.Grants {
		if g.Role.May(p) {
			return g.PostID
		}
	}
	return id.Zero
}

// Columns names the columns a scope predicate is about, in the query at hand.
// An empty Grid or Door means that the query has no such column: grants on
// grids or doors then match nothing.
type Columns struct {
	Path string // path of the place, as "p.path"
	Grid string // lowest grid of the door, as "p.grid_id"
	Door string // id of the door, as "p.id"
}

// Scope returns the SQL predicate "the row lies within what the caller may
// <permission>", adding its values to args. It is never empty: no grant gives
// a predicate that matches nothing.
func (c Caller) Scope(p Permission, args *db.Args, cols Columns) string {
	if c.system {
		return "1=1"
	}
	var or []string
	for _, g := range c.Grants {
		if !g.Role.May(p) {
			continue
		}
		switch g.ObjectKind {
		case ObjectPlace:
			or = append(or, "("+cols.Path+" >= "+args.Add(g.Path)+" AND "+cols.Path+" < "+args.Add(g.Path+"~")+")")
		case ObjectGrid:
			if cols.Grid != "" {
				or = append(or, cols.Grid+" IN (SELECT sg.id FROM grid sg WHERE sg.district = "+args.Add(c.District)+
					" AND sg.path >= "+args.Add(g.Path)+" AND sg.path < "+args.Add(g.Path+"~")+")")
			}
		case ObjectDoors:
			if cols.Door != "" {
				or = append(or, cols.Door+" IN (SELECT sd.door_id FROM post_door sd WHERE sd.district = "+args.Add(c.District)+
					" AND sd.post_id = "+args.Add(int64(g.PostID))+")")
			}
		}
	}
	if len(or) == 0 {
		return "1=0"
	}
	return "(" + strings.Join(or, " OR ") + ")"
}

type callerKey struct{}

// WithCaller puts the caller into the request's context; the app's middleware does this once.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerFrom returns the caller of the request, or errs.Unauthenticated.
func CallerFrom(ctx context.Context) (Caller, error) {
	c, ok := ctx.Value(callerKey{}).(Caller)
	if !ok {
		return Caller{}, errs.E("grid.CallerFrom", errs.Unauthenticated, "error.unauthenticated")
	}
	return c, nil
}
