package round

import (
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/id"
)

// Two rounds that share questions are answered in one form of the door's page:
// each question once, each round with its own answers.
func TestASharedQuestionIsAskedOnceOnADoorsPage(t *testing.T) {
	w := newWorld(t, dbtest.One(t), 1, 1, 3)
	s := newSite(t, w)
	w.emergency()
	first := w.opened(Doors, commA, Filter{}, w.form().ID)
	second := w.opened(Doors, commA, Filter{}, w.form().ID)
	door := w.doors[0].String()
	body := s.get("/doors/" + door)
	joint := body[:strings.Index(body, `name="object"`)]
	if n := strings.Count(joint, `name="a.head_count"`); n != 1 {
		t.Fatalf("the joint form asks for the head count %d times", n)
	}
	if !strings.Contains(joint, `value="`+second.ID.String()+" "+first.ID.String()+`"`) {
		t.Fatal("the joint form does not name its rounds")
	}
	both := url.Values{"rounds": {second.ID.String() + " " + first.ID.String()}, "result": {"answered"},
		"a.head_count": {"4"}, "a.away_return": {"no"}, "note": {"typed before"}}
	status, body, _ := s.post("/doors/"+door+"/mark", both)
	if status != 422 || !strings.Contains(body, "typed before") || !strings.Contains(body, `value="4"`) {
		t.Fatalf("an incomplete form: %d, what was typed is kept: %v", status, strings.Contains(body, "typed before"))
	}
	both.Set("a.symptom", "no")
	s.sent("/doors/"+door+"/mark", both)
	for _, r := range []id.ID{first.ID, second.ID} {
		hist, err := w.s.History(w.ctx, sys, r, w.doors[0])
		w.ok(err)
		if len(hist) != 1 || hist[0].Answers["head_count"] != "4" {
			t.Fatalf("history %+v", hist)
		}
	}
	if body := s.get("/doors/" + door); strings.Contains(body, `name="rounds" value="`+second.ID.String()+" ") {
		t.Fatal("a joint form of what is done")
	}
	w.check()
}

// The pages send the phone's times: a phone that is ten minutes slow is corrected.
func TestTheFormsTimesAreCorrected(t *testing.T) { dbtest.Each(t, theFormsTimesAreCorrected) }

func theFormsTimesAreCorrected(t *testing.T, d *db.DB) {
	w := newWorld(t, d, 1, 1, 2)
	s := newSite(t, w)
	w.emergency()
	r := w.opened(Doors, commA, Filter{}, w.form().ID)
	now := clock.Ms(w.clk.Now())
	slow := now - (10 * time.Minute).Milliseconds()
	at := func(ms int64) []string { return []string{strconv.FormatInt(ms, 10)} }
	s.sent("/doors/"+w.doors[0].String()+"/mark", url.Values{"result": {"normal"}, "claimed_ms": at(slow - 5000), "sent_ms": at(slow)})
	s.sent("/doors/"+w.doors[1].String()+"/mark", url.Values{"result": {"normal"}, "claimed_ms": {""}, "sent_ms": {""}})
	for i, want := range []struct{ claimed, corrected int64 }{{slow - 5000, now - 5000}, {0, now}} {
		hist, err := w.s.History(w.ctx, sys, r.ID, w.doors[i])
		w.ok(err)
		if len(hist) != 1 || hist[0].ClaimedMs != want.claimed || hist[0].CorrectedMs != want.corrected || hist[0].ReceivedMs != now {
			t.Errorf("door %d: %+v, now %d", i, hist, now)
		}
	}
}

func TestQuestionsThatDifferAreNotJoined(t *testing.T) {
	item := func(round id.ID, fields ...Field) CardItem { return CardItem{RoundID: round, Fields: fields} }
	count := Field{Key: "n", Type: Number, Label: Text{ZH: "n"}, Required: true}
	other := Field{Key: "n", Type: YesNo, Label: Text{ZH: "n"}}
	loose := Field{Key: "n", Type: Number, Label: Text{ZH: "n"}}
	if got := joinable([]CardItem{item(1, count), item(2, other)}); got != nil {
		t.Fatalf("joined %+v", got)
	}
	got := joinable([]CardItem{item(1, loose), item(2, other), item(3, count)})
	if len(got) != 2 || got[1].RoundID != 3 {
		t.Fatalf("joined %+v", got)
	}
	if one := together(got); len(one.Fields) != 1 || !one.Fields[0].Required {
		t.Fatalf("together %+v", one)
	}
	done := item(4, count)
	done.Line.State = Done
	if got := joinable([]CardItem{item(1, count), done}); got != nil {
		t.Fatalf("what is done was joined: %+v", got)
	}
}
