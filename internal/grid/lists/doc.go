// Package lists takes the lists of the grid out and in again: posts with those
// who hold them, organisations, teams, areas and grids; what nobody answers for
// goes out only.
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

// The kinds of lists.
const (
	Posts         Kind = "posts"
	Organisations Kind = "organisations"
	Teams         Kind = "teams"
	Areas         Kind = "areas"
	Grids         Kind = "grids"
	Vacancies     Kind = "vacancies" // goes out only
)

// Kinds lists the kinds that come back, in the order they are shown.
func Kinds() []Kind { return []Kind{Posts, Organisations, Teams, Areas, Grids} }

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

func newTable(k Kind, when grid.When) table {
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
	case Vacancies:
		return &vacancies{when: when}
	}
	return nil
}

// work is a list being taken out or brought back.
type work struct {
	s  *Service
	c  grid.Caller
	at grid.Place
}
