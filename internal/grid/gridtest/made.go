package gridtest

import (
	"context"
	"testing"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/id"
)

// Area is a place of a made-up district; Up names the one it lies in.
type Area struct {
	Name, Up string
	Kind     grid.Kind
	Path     string
}

// Seat is a post over a place of a made-up district, with a holder.
type Seat struct {
	Name  string
	Role  grid.Role
	Place string
}

// At is an area within the one named up; "" for the district's own.
func At(name, up string, kind grid.Kind, path string) Area { return Area{name, up, kind, path} }

// Over is a post over a place, held by an account of the post's name.
func Over(name string, role grid.Role, place string) Seat { return Seat{name, role, place} }

// Made are what a made-up district consists of, by name: an account holds the
// post of its name.
type Made struct{ Place, Post, Account map[string]id.ID }

// Make sets up a district of a few places, without the national areas; the
// first account has the id 1000.
func Make(t testing.TB, d *db.DB, g *grid.Service, areas []Area, seats []Seat) Made {
	t.Helper()
	ctx, sys := context.Background(), grid.System(Nangang, "test")
	m := Made{map[string]id.ID{}, map[string]id.ID{}, map[string]id.ID{}}
	var rows [][]any
	for i, a := range areas {
		m.Place[a.Name] = id.New()
		rows = append(rows, []any{Nangang, int64(m.Place[a.Name]), int64(m.Place[a.Up]), int64(m.Place[a.Name]), string(a.Kind), a.Name, (a.Path + "000000000000")[:12], i + 1, a.Path, int64(1)})
	}
	if err := d.Write(ctx, "test", func(tx *db.Tx) error {
		return tx.BulkInsert(ctx, "place", []string{"district", "id", "parent_id", "area_id", "kind", "name", "code", "ordinal", "path", "from_ms"}, rows)
	}); err != nil {
		t.Fatal(err)
	}
	for i, s := range seats {
		post := dbtest.Must(g.AddPost(ctx, sys, grid.NewPost{Role: s.Role, ObjectKind: grid.ObjectPlace, ObjectID: m.Place[s.Place]}))(t)
		m.Post[s.Name], m.Account[s.Name] = post.ID, id.ID(1000+i)
		dbtest.Must(g.AddHolder(ctx, sys, grid.Holder{PostID: post.ID, AccountID: m.Account[s.Name]}))(t)
	}
	return m
}
