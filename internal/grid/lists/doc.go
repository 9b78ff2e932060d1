// Package lists takes the lists of the grid out and in again: posts with those
// who hold them, organisations, teams, areas, grids, and the settings of a few
// rows: bindings, points, local names of roles. Other packages hand in theirs
// (Table). What nobody answers for goes out only.
//
// What it guarantees (with relist, which compares):
//   - who may change a list may take it out, and nobody else; each is on record;
//   - handed in unchanged it comes to nothing, otherwise to exactly the cells
//     that were changed;
//   - what would change is found by making the changes and undoing them, so that
//     it is what applying them will do: under the same rights, with the same
//     refusals, each row by itself;
//   - a list that waits to be applied lies sealed, and is compared again then.
package lists

import (
	"context"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/relist"
)

// Kind is a kind of list, as addresses name it.
type Kind string

// The kinds of lists of the grid.
const (
	Posts         Kind = "posts"
	Organisations Kind = "organisations"
	Teams         Kind = "teams"
	Areas         Kind = "areas"
	Grids         Kind = "grids"
	Points        Kind = "points"
	Bindings      Kind = "bindings"
	RoleNames     Kind = "role-aliases"
	Vacancies     Kind = "vacancies" // goes out only
)

// Kinds lists the kinds of the grid that come back, in the order they are shown.
func Kinds() []Kind {
	return []Kind{Posts, Organisations, Teams, Areas, Grids, Points, Bindings, RoleNames}
}

// Table is a list that another package hands in. Its page stands at /Kind and
// its words in the catalogue under lists.kind, lists.title, lists.out.why and,
// without new rows, lists.in.no_new.
type Table struct {
	Kind  Kind
	Menu  string          // entry of the menu that the page belongs to
	Right grid.Permission // needed over the place
	List  relist.List
	// Load reads the records at and below a place.
	Load func(ctx context.Context, c grid.Caller, at grid.Place) ([]relist.Record, error)
	// Apply carries out a changed or new line; errors name its column as field.
	Apply func(ctx context.Context, tx *db.Tx, c grid.Caller, l *relist.Line) error
}

// table is one kind of list, for one caller and place.
type table interface {
	// right is what the caller needs over the place.
	right() grid.Permission
	list() relist.List
	// load reads the records, and what apply needs to know of them.
	load(ctx context.Context, w *work) ([]relist.Record, error)
	// start begins a transaction's worth of lines.
	start()
	// apply carries out a changed or new line.
	apply(ctx context.Context, tx *db.Tx, w *work, l *relist.Line) error
}

// table returns a kind's list; nil where there is no such kind. when is the
// instant of Vacancies.
func (s *Service) table(k Kind, when grid.When) table {
	switch k {
	case Posts:
		return &posts{}
	case Organisations:
		return &orgs{}
	case Teams:
		return &teams{}
	case Areas:
		return &areas{}
	case Grids:
		return &grids{}
	case Points:
		return &points{}
	case Bindings:
		return &bindings{}
	case RoleNames:
		return &roleNames{}
	case Vacancies:
		return &vacancies{when: when}
	}
	for _, t := range s.given {
		if t.Kind == k {
			return given{t}
		}
	}
	return nil
}

// given is a Table as a table.
type given struct{ Table }

func (t given) right() grid.Permission { return t.Right }

func (t given) list() relist.List { return t.List }

func (t given) load(ctx context.Context, w *work) ([]relist.Record, error) {
	return t.Load(ctx, w.c, w.at)
}

func (given) start() {}

func (t given) apply(ctx context.Context, tx *db.Tx, w *work, l *relist.Line) error {
	return t.Apply(ctx, tx, w.c, l)
}

// work is a list being taken out or brought back.
type work struct {
	s  *Service
	c  grid.Caller
	at grid.Place
}
