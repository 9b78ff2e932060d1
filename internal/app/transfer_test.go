package app

import (
	"slices"
	"testing"
	"time"

	"wangge/internal/account"
	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/id"
	"wangge/internal/round"
)

// TestOpenRoundWorkFollowsAPost: a building leader is transferred at an instant
// and somebody else takes over. Up to that instant the doors, and the evening's
// attempts, are in the Today of the one, from it on in that of the other and
// nowhere else; who left may no longer mark there.
func TestOpenRoundWorkFollowsAPost(t *testing.T) {
	for name, config := range map[string]func(t *testing.T) Config{
		"sqlite":   func(*testing.T) Config { return Config{} },
		"postgres": func(t *testing.T) Config { return Config{DB: dbtest.PostgresURL(t)} },
	} {
		t.Run(name, func(t *testing.T) {
			handsOver(t, newDrill(t, Options{Config: config(t)}, "nangang", 600))
		})
	}
}

func handsOver(t *testing.T, d *drill) {
	a, ctx := d.app, t.Context()
	sys := grid.System(a.District, "test")
	now := a.clock().Now()
	one := d.logins[string(grid.RoleBuildingLeader)].Account
	as := func(who id.ID, at time.Time) grid.Caller {
		return must(a.Grid.CallerFor(ctx, who, a.District, at))
	}
	today := func(who id.ID, at time.Time) round.Today {
		c := as(who, at)
		if len(c.Grants) == 0 {
			return round.Today{}
		}
		return must(a.Rounds.Today(ctx, c))
	}

	// Attempts stand open at one of the leader's doors.
	lines, _ := must2(a.Rounds.Outstanding(ctx, as(one, now), d.loaded.Round, round.ListQuery{Limit: 5}))
	for range round.EveningAfter {
		must(a.Rounds.Mark(ctx, as(one, now), round.MarkInput{RoundID: d.loaded.Round, ObjectID: lines[0].ObjectID, Result: "absent"}))
	}
	before := today(one, now)
	if len(before.Buildings) == 0 || before.Evening == 0 {
		t.Fatalf("the leader has %d buildings and %d doors for the evening", len(before.Buildings), before.Evening)
	}

	// The other has an account and no post; the first goes to another community.
	var other id.ID
	err := a.DB.Write(ctx, "test", func(tx *db.Tx) error {
		made, err := a.Accounts.CreateMany(ctx, tx, id.Zero, []account.NewAccount{{Name: "接任", Worker: true}})
		if err == nil {
			other = made[0].ID
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	held := must(a.Grid.Posts(ctx, sys, grid.PostFilter{Account: one}))
	if len(held) != 1 {
		t.Fatalf("the leader has %d posts", len(held))
	}
	term := held[0].Holders[slices.IndexFunc(held[0].Holders, func(h grid.Holder) bool { return h.AccountID == one })]
	away := awayFrom(t, a, sys, held[0].Path)
	post := must(a.Grid.AddPost(ctx, sys, grid.NewPost{Role: grid.RoleVolunteer, ObjectKind: grid.ObjectPlace, ObjectID: away.ID, FromMs: clock.Ms(now)}))
	at := now.Add(2 * time.Hour).Truncate(time.Minute)
	must(a.Grid.TransferHolder(ctx, sys, grid.Transfer{HolderID: term.ID, ToPost: post.ID, SuccessorID: other, AtMs: clock.Ms(at)}))

	same(t, "the first, a minute before", today(one, at.Add(-time.Minute)), before)
	same(t, "the other, a minute before", today(other, at.Add(-time.Minute)), round.Today{})
	same(t, "the other, from then on", today(other, at), before)
	for _, b := range today(one, at).Buildings {
		if slices.ContainsFunc(before.Buildings, func(x round.TodayBuilding) bool { return x.PlaceID == b.PlaceID }) {
			t.Errorf("the first still sees %s", b.Name)
		}
	}
	if n := today(one, at).Evening; n != 0 {
		t.Errorf("the first still has %d doors for the evening", n)
	}
	if after, _ := must2(a.Rounds.Outstanding(ctx, as(other, at), d.loaded.Round, round.ListQuery{Objects: []id.ID{lines[0].ObjectID}})); len(after) != 1 || after[0].State != round.Attempted {
		t.Errorf("the attempt of the evening: %+v", after)
	}
	if _, err := a.Rounds.Mark(ctx, as(one, at), round.MarkInput{RoundID: d.loaded.Round, ObjectID: lines[0].ObjectID, Result: "normal"}); err == nil {
		t.Error("who left marks a door of the post")
	}
	if _, err := a.Rounds.Mark(ctx, as(other, at), round.MarkInput{RoundID: d.loaded.Round, ObjectID: lines[0].ObjectID, Result: "normal"}); err != nil {
		t.Errorf("who took over cannot mark: %v", err)
	}
	if n := today(other, at).Evening; n != before.Evening-1 {
		t.Errorf("the other has %d doors for the evening, want %d", n, before.Evening-1)
	}
}

// same compares what two see of the buildings and of the evening.
func same(t *testing.T, who string, got, want round.Today) {
	t.Helper()
	if got.Evening != want.Evening || len(got.Buildings) != len(want.Buildings) {
		t.Fatalf("%s: %d buildings and %d of the evening, want %d and %d", who, len(got.Buildings), got.Evening, len(want.Buildings), want.Evening)
	}
	for i, b := range got.Buildings {
		if b.PlaceID != want.Buildings[i].PlaceID || b.Figures != want.Buildings[i].Figures {
			t.Errorf("%s sees %+v, want %+v", who, b, want.Buildings[i])
		}
	}
}

// awayFrom is a community in which the path does not lie.
func awayFrom(t *testing.T, a *App, sys grid.Caller, path string) grid.Place {
	t.Helper()
	for _, p := range must(a.Grid.Areas(t.Context(), sys, grid.Community)) {
		if !grid.Under(path, p.Path) {
			return p
		}
	}
	t.Fatal("there is one community only")
	return grid.Place{}
}
