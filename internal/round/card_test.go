package round

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/id"
)

func TestHouseholdsBehindOneDoorAreToldApart(t *testing.T) {
	dbtest.Each(t, householdsBehindOneDoorAreToldApart)
}

func householdsBehindOneDoorAreToldApart(t *testing.T, d *db.DB) {
	w := newWorld(t, d, 1, 1, 3)
	s := newSite(t, w)
	w.emergency()
	w.write(func(tx *db.Tx) error {
		return tx.BulkInsert(w.ctx, "household", []string{"district", "id", "door_id", "kind", "registered_count", "living_count", "register", "sealed", "from_ms"},
			[][]any{{district, int64(id.New()), int64(w.doors[0]), "shared", 0, 5, "standing", []byte{}, int64(1)}})
	})
	r := w.opened(Households, commA, Filter{}, w.form().ID)
	card, err := w.s.CardOf(w.ctx, sys, w.doors[0])
	w.ok(err)
	if len(card.Items) != 2 || card.Items[0].PartIn("en") != "household 1 of 2, 3 living there" || card.Items[1].PartIn("en") != "household 2 of 2, 5 living there" {
		t.Fatalf("card %+v", card)
	}
	if body := s.get("/doors/" + w.doors[0].String()); !strings.Contains(body, card.Items[1].PartIn("zh")) {
		t.Fatal("the door's page does not tell its households apart")
	}
	s.sent("/doors/"+w.doors[0].String()+"/mark", url.Values{"rounds": {r.ID.String()}, "object": {card.Items[1].Line.ObjectID.String()}, "result": {"normal"}})
	again, err := w.s.CardOf(w.ctx, sys, w.doors[0])
	w.ok(err)
	if again.Left != 1 || again.Items[0].Line.State != Outstanding || again.Items[1].Line.State != Done || again.Items[1].PartIn("en") != card.Items[1].PartIn("en") {
		t.Fatalf("after one mark %+v", again)
	}
	if one, err := w.s.CardOf(w.ctx, sys, w.doors[1]); err != nil || one.Items[0].PartIn("en") != "" {
		t.Fatalf("a door with one household: %+v %v", one, err)
	}
}

// What a door answered last week is shown on its card, and "all normal"
// confirms it instead of the ledger's head count.
func TestFreshAnswersAreConfirmedAtOneTouch(t *testing.T) {
	dbtest.Each(t, freshAnswersAreConfirmedAtOneTouch)
}

func freshAnswersAreConfirmedAtOneTouch(t *testing.T, d *db.DB) {
	w := newWorld(t, d, 1, 1, 3)
	s := newSite(t, w)
	w.emergency()
	form := w.form()
	first := w.opened(Doors, commA, Filter{}, form.ID)
	_, err := w.s.Mark(w.ctx, sys, MarkInput{RoundID: first.ID, ObjectID: w.doors[0], Result: "answered",
		Answers: map[string]string{"head_count": "7", "away_return": "yes", "symptom": "no"}})
	w.ok(err)
	w.ok(w.s.Close(w.ctx, sys, CloseInput{RoundID: first.ID, Reasons: map[id.ID]string{w.doors[1]: "unreachable", w.doors[2]: "unreachable"}}))
	w.clk.Advance(2 * 24 * time.Hour)
	second := w.opened(Doors, commA, Filter{}, form.ID)
	for _, path := range []string{"/doors/" + w.doors[0].String(), "/today/" + w.place[commA+"001001"].String()} {
		if body := s.get(path); !strings.Contains(body, "<b>7</b>") {
			t.Fatalf("%s does not show the fresh head count", path)
		}
	}
	s.sent("/doors/"+w.doors[0].String()+"/mark", url.Values{"result": {"normal"}})
	history, err := w.s.History(w.ctx, sys, second.ID, w.doors[0])
	w.ok(err)
	if a := history[0].Answers; a["head_count"] != "7" || a["away_return"] != "no" {
		t.Fatalf("confirmed %v", a)
	}
	third := w.opened(Doors, commA, Filter{}, form.ID)
	_, err = w.s.BulkNormal(w.ctx, sys, BulkInput{RoundID: third.ID, PlaceID: w.place[commA+"001001001"]})
	w.ok(err)
	for i, want := range []string{"7", "3"} {
		history, err := w.s.History(w.ctx, sys, third.ID, w.doors[i])
		w.ok(err)
		if a := history[0].Answers; a["head_count"] != want || a["symptom"] != "no" {
			t.Fatalf("door %d in bulk %v", i, a)
		}
	}
	w.check()
}

func TestEditingADraftKeepsItsFilter(t *testing.T) { dbtest.Each(t, editingADraftKeepsItsFilter) }

func editingADraftKeepsItsFilter(t *testing.T, d *db.DB) {
	w := newWorld(t, d, 1, 1, 3)
	s := newSite(t, w)
	w.emergency()
	f := Filter{PlaceIDs: []id.ID{w.place[commA+"001"]}, Classes: []string{"old"}, Care: []string{"dialysis"}}
	r := w.draft(Doors, commA, f, w.form().ID)
	page := "/rounds/" + r.ID.String()
	body := s.get(page + "/edit")
	if !strings.Contains(body, `name="class" value="old" checked`) || !strings.Contains(body, `name="care" value="dialysis" checked`) {
		t.Fatalf("the editor does not show the filter:\n%s", body)
	}
	v := url.Values{"name": {"again"}, "area": {r.AreaID.String()}, "target_kind": {"doors"}, "form": {r.FormID.String()}, "class": {"old", "bungalow"}, "do": {"save"},
		"due": {clock.FromMs(r.DueMs).Format("2006-01-02T15:04")}}
	putFields("zh", v, Screening())
	s.who = w.caller(grid.RoleDepartment, countyPath) // does not see the care list
	if strings.Contains(s.get(page+"/edit"), "dialysis") {
		t.Fatal("a care kind is told to a post that may not see it")
	}
	s.sent(page+"/edit", v)
	got, err := w.s.Round(w.ctx, sys, r.ID)
	w.ok(err)
	if g := got.Filter; len(g.PlaceIDs) != 1 || len(g.Classes) != 2 || len(g.Care) != 1 {
		t.Fatalf("after editing %+v", g)
	}
}
