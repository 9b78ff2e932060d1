package task

import (
	"net/url"
	"strings"
	"testing"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// removes ends a post for good.
func (w *world) removes(name string) {
	w.t.Helper()
	w.vacate(name)
	w.ok(w.g.EndPost(w.ctx, sys, w.post[name], 0))
}

func TestAreasWithoutAPostAreNamedBeforeADirectiveGoesOut(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		s := newSite(t, w)
		w.removes("comm12")
		w.removes("comm21")
		name := func(path string) string {
			p, err := w.g.Place(w.ctx, sys, w.place[path])
			w.ok(err)
			return p.Name
		}
		form := url.Values{"kind": {KindDirective}, "title": {"who returned"}, "to": {"level:community"}}
		page, _ := s.ask("hq", "zh", "/tasks/new", form, 422)
		for _, text := range []string{"这 2 个社区", name("230103001002") + "，将由", `name="gaps"`, `value="skip"`} {
			if !strings.Contains(page, text) {
				t.Errorf("the page does not say %q", text)
			}
		}
		if len(w.inbox("comm11", Mine)) != 0 {
			t.Fatal("it was sent before anybody chose")
		}
		form.Set("gaps", GapsSkip)
		form.Set("gaps_of", "grid_worker") // chosen for another level: asked again
		s.ask("hq", "zh", "/tasks/new", form, 422)
		form.Set("gaps_of", "community")
		_, at := s.ask("hq", "zh", "/tasks/new", form, 303)
		if got := w.posts(at); len(got) != 2 {
			t.Errorf("left out: it went to %v", got)
		}
		form.Set("gaps", GapsUp)
		_, at = s.ask("hq", "zh", "/tasks/new", form, 303)
		if got := w.posts(at); len(got) != 4 || got["street1"] == "" || !strings.Contains(got["street1"], name("230103001002")) || got["comm11"] != "" {
			t.Errorf("one level up: it went to %v", got)
		}
		_, err := w.s.levelAddress(w.ctx, w.as("street1"), KindDirective, "community", "")
		if !errs.Is(err, errs.Invalid) || errs.As(err).Field != "gaps" {
			t.Errorf("from the street: %v", err)
		}
		to, err := w.s.levelAddress(w.ctx, w.as("street1"), KindDirective, "community", GapsUp)
		if err != nil || len(to.Posts) != 1 {
			t.Errorf("nobody stands between the street and its community: %v, %v", to, err)
		}
		w.whole()
	})
}

// posts are the addressees of a directive by name, with the note each got.
func (w *world) posts(at string) map[string]string {
	w.t.Helper()
	head, err := id.Parse(strings.TrimPrefix(at, "/tasks/"))
	w.ok(err)
	tree, err := w.s.Tree(w.ctx, w.as("hq"), head)
	w.ok(err)
	out := map[string]string{}
	for _, b := range tree.Branches {
		for name, p := range w.post {
			if p == b.PostID {
				out[name] = b.Note
			}
		}
	}
	return out
}

func TestAGridWithoutAWorkerIsNamedToo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.removes("grid11")
		_, err := w.s.levelAddress(w.ctx, w.as("hq"), KindDirective, string(grid.RoleGridWorker), "")
		if e := errs.As(err); e == nil || e.Key != "task.gaps.grid_worker" || e.Args[0] != 1 {
			t.Fatalf("one grid has nobody: %v", err)
		}
		to, err := w.s.levelAddress(w.ctx, w.as("hq"), KindDirective, string(grid.RoleGridWorker), GapsUp)
		if err != nil || to.Notes[w.post["comm11"]] == "" || len(to.Posts) != 4 {
			t.Errorf("the community gets it for the grid: %+v, %v", to, err)
		}
		if _, err := w.s.levelAddress(w.ctx, w.as("street2"), KindDirective, string(grid.RoleGridWorker), ""); err != nil {
			t.Errorf("another street's grids all have theirs: %v", err)
		}
	})
}
