package task

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"testing"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

func TestALevelIsBelowWhoGivesIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.holds("cadre1", grid.RoleStreet, grid.ObjectPlace, w.place["230103001"])
		w.holds("clerk11", grid.RoleCommunity, grid.ObjectPlace, w.place["230103001001"])
		for who, want := range map[string][]grid.Role{
			"hq":      {grid.RoleStreet, grid.RoleCommunity, grid.RoleGridWorker, grid.RoleBuildingLeader},
			"street1": {grid.RoleCommunity, grid.RoleGridWorker, grid.RoleBuildingLeader},
			"comm11":  {grid.RoleGridWorker, grid.RoleBuildingLeader},
		} {
			ch, err := w.s.Choices(w.ctx, w.as(who), KindDirective)
			w.ok(err)
			var got []grid.Role
			for _, l := range ch.Levels {
				got = append(got, l.Role)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s: %v, want %v", who, got, want)
			}
		}
		ch, err := w.s.Choices(w.ctx, w.as("street1"), KindDirective)
		w.ok(err)
		if !slices.Contains(ch.Near, w.post["cadre1"]) {
			t.Error("the other post of the street cannot be chosen by itself")
		}
	})
}

func TestPostsThatReadAlikeAreToldApart(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.holds("cadre1", grid.RoleStreet, grid.ObjectPlace, w.place["230103001"])
		w.s.Names = func(_ context.Context, list []id.ID) (map[id.ID]string, error) {
			return map[id.ID]string{w.acct["street1"]: "Zhao", w.acct["cadre1"]: "Qian"}, nil
		}
		posts := []id.ID{w.post["street1"], w.post["cadre1"], w.post["grid11"], w.post["grid12"]}
		words, err := w.s.PostChoices(w.ctx, w.as("hq"), posts)
		w.ok(err)
		if got := alike(words); len(got) != 0 {
			t.Errorf("still alike: %v", words)
		}
		if !strings.HasSuffix(words[w.post["cadre1"]], " · Qian") || !strings.Contains(words[w.post["street1"]], "Zhao") {
			t.Errorf("who is in post is not said: %v", words)
		}
		w.vacate("cadre1")
		words, err = w.s.PostChoices(w.ctx, w.as("hq"), posts)
		w.ok(err)
		if !strings.HasSuffix(words[w.post["cadre1"]], "空缺") {
			t.Errorf("a vacant post reads %q", words[w.post["cadre1"]])
		}
		one, err := w.s.PostChoices(w.ctx, w.as("hq"), []id.ID{w.post["cadre1"], w.post["comm11"]})
		w.ok(err)
		if strings.Contains(one[w.post["cadre1"]], "空缺") {
			t.Errorf("more is said than is needed: %v", one)
		}
	})
}

func TestAGridsPostIsReadWithItsCommunity(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		posts := []id.ID{w.post["grid11"], w.post["comm11"], w.post["hq"]}
		plain, err := w.s.postWords(w.ctx, w.as("hq"), posts)
		w.ok(err)
		words, err := w.s.PostsInArea(w.ctx, w.as("hq"), append(posts, id.Zero))
		w.ok(err)
		for name, want := range map[string]string{"grid11": "community1 · " + plain[w.post["grid11"]], "comm11": plain[w.post["comm11"]], "hq": plain[w.post["hq"]]} {
			if words[w.post[name]] != want {
				t.Errorf("%s reads %q, want %q", name, words[w.post[name]], want)
			}
		}
	})
}

func TestWhatWasPassedOnIsNotOfferedForMerging(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		s := newSite(t, w)
		head, err := w.s.Direct(w.ctx, w.as("hq"), Issue{Kind: KindDirective, Title: "who returned"}, to(w.post["street1"]))
		w.ok(err)
		if _, err := w.s.Candidates(w.ctx, w.as("hq"), head.ID, Merge, ""); !errs.Is(err, errs.Conflict) {
			t.Errorf("candidates: %v", err)
		}
		s.ask("hq", "zh", "/tasks/"+head.ID.String()+"/merge", nil, 409)
		s.ask("hq", "zh", "/tasks/"+head.ID.String()+"/merge", url.Values{"q": {"x"}}, 409)
	})
}
