package upload

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal/sealtest"
)

var (
	ctx = context.Background()
	me  = Owner{District: 230103, Account: 7}
)

func newStore(t *testing.T, d *db.DB, kinds ...string) *Store {
	return New(d, sealtest.New(t), d.Clock(), kinds...)
}

func TestAFileOpensForWhoHandedItIn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newStore(t, d, "people", "posts")
		kept := dbtest.Must(s.Keep(ctx, me, File{Kind: "people", Place: 9, Name: "a.xlsx", Data: []byte("rows")}))(t)
		f := dbtest.Must(s.Open(ctx, me, kept.ID))(t)
		if f.Kind != "people" || f.Place != 9 || f.Name != "a.xlsx" || string(f.Data) != "rows" || f.AppliedMs != 0 || f.Writing {
			t.Errorf("%+v", f)
		}
		for name, c := range map[string]struct {
			who   Owner
			store *Store
			file  id.ID
		}{"somebody else": {Owner{District: 230103, Account: 8}, s, f.ID}, "another district": {Owner{District: 230104, Account: 7}, s, f.ID},
			"another kind": {me, New(d, s.keys, s.clk, "grids"), f.ID}, "no file": {me, s, id.New()}} {
			if _, err := c.store.Open(ctx, c.who, c.file); !errs.Is(err, errs.NotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := s.Open(ctx, Owner{District: 230103, All: true}, f.ID); err != nil {
			t.Errorf("the installation: %v", err)
		}
		last := dbtest.Must(s.Keep(ctx, me, File{Kind: "posts", Name: "b.xlsx"}))(t)
		if list := dbtest.Must(s.Latest(ctx, me, 10))(t); len(list) != 2 || list[0].ID != last.ID || list[1].Name != "a.xlsx" {
			t.Errorf("latest: %+v", list)
		}
		d.Clock().(*clock.Manual).Advance(keep + time.Second)
		dbtest.Must(s.Keep(ctx, me, File{Kind: "posts"}))(t)
		if list := dbtest.Must(s.Latest(ctx, me, 10))(t); len(list) != 1 {
			t.Errorf("%d files after a week", len(list))
		}
	})
}

func TestOnce(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newStore(t, d, "people")
		f := dbtest.Must(s.Keep(ctx, me, File{Kind: "people"}))(t)
		refused := errors.New("refused")
		if err := s.Once(ctx, me, f, func() (any, error) { return nil, refused }); !errors.Is(err, refused) {
			t.Fatal(err)
		}
		var ran atomic.Int32
		got := make([]error, 4)
		var all sync.WaitGroup
		for i := range got {
			all.Go(func() { got[i] = s.Once(ctx, me, f, func() (any, error) { return ran.Add(1), nil }) })
		}
		all.Wait()
		done := 0
		for _, err := range got {
			if err == nil {
				done++
			} else if !errs.Is(err, errs.Conflict) {
				t.Error(err)
			}
		}
		if done != 1 || ran.Load() != 1 {
			t.Errorf("%d were let in, it ran %d times", done, ran.Load())
		}
		var result int
		f = dbtest.Must(s.Open(ctx, me, f.ID))(t)
		if err := s.Result(f, &result); err != nil || result != 1 || f.AppliedMs != s.now() {
			t.Errorf("%d %v %+v", result, err, f)
		}
		if err := s.Once(ctx, me, f, nil); errs.As(err).Key != "upload.applied" {
			t.Error(err)
		}
	})
}

// TestWhatBrokeOffIsCarriedOutAgain: a claim keeps others out while it holds and
// runs out; who comes to an end after that changes nothing.
func TestWhatBrokeOffIsCarriedOutAgain(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := newStore(t, d, "people")
		f := dbtest.Must(s.Keep(ctx, me, File{Kind: "people"}))(t)
		began, let, late := make(chan bool), make(chan bool), make(chan error)
		go func() {
			late <- s.Once(ctx, me, f, func() (any, error) { began <- true; <-let; return "late", nil })
		}()
		<-began
		if err := s.Once(ctx, me, f, nil); errs.As(err).Key != "upload.writing" {
			t.Errorf("while it is carried out: %v", err)
		}
		if f := dbtest.Must(s.Open(ctx, me, f.ID))(t); !f.Writing || f.AppliedMs != 0 {
			t.Errorf("while it is carried out: %+v", f)
		}
		d.Clock().(*clock.Manual).Advance(claim + time.Millisecond)
		if f := dbtest.Must(s.Open(ctx, me, f.ID))(t); f.Writing {
			t.Errorf("broken off: %+v", f)
		}
		dbtest.OK(t, s.Once(ctx, me, f, func() (any, error) { return "again", nil }))
		let <- true
		dbtest.OK(t, <-late)
		var result string
		if f = dbtest.Must(s.Open(ctx, me, f.ID))(t); s.Result(f, &result) != nil || result != "again" {
			t.Errorf("%q", result)
		}
	})
}
