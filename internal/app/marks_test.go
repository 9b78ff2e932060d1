package app

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/web"
)

// TestMarksThatCannotBe: outside one's area, twice, by a wrong clock.
func TestMarksThatCannotBe(t *testing.T) {
	d := newDrill(t, Options{}, "nangang", 600)
	type line struct {
		ObjectID string `json:"object_id"`
		State    string `json:"state"`
	}
	var mine, all struct{ Items []line }
	leader, street := d.login(t, "building_leader"), d.login(t, "district_command")
	at := "/api/v1/rounds/" + d.openRound()
	if status, p := d.api(t, leader, "GET", at+"/outstanding", nil, &mine); status != 200 || len(mine.Items) < 4 {
		t.Fatalf("the leader's doors: %d %+v %v", status, p, mine)
	}
	d.api(t, street, "GET", at+"/outstanding?limit=5000", nil, &all)
	outside := ""
	own := map[string]bool{}
	for _, l := range mine.Items {
		own[l.ObjectID] = true
	}
	for _, l := range all.Items {
		if !own[l.ObjectID] {
			outside = l.ObjectID
		}
	}
	if outside == "" {
		t.Fatal("the district has no door outside the leader's")
	}
	var before, after struct {
		Node struct{ Total, Done, Exempt, Outstanding int }
	}
	d.api(t, street, "GET", at+"/coverage", nil, &before)
	for _, body := range []map[string]any{{"object_id": outside, "result": "normal"}, {"object_id": outside, "result": "absent", "note": "x"}} {
		for _, lang := range []string{"en", "zh"} {
			d.speak(t, leader, lang)
			b, _ := json.Marshal(body)
			status, kind, text := d.ask(t, leader, "POST", at+"/marks", "application/json", bytes.NewReader(b))
			if status != 403 && status != 404 {
				t.Errorf("a door outside: %d %s", status, text)
			}
			clearProblem(t, lang, "a door outside", kind, text, status)
		}
	}
	var batch struct {
		Items []struct {
			Status  int
			Problem *web.Problem
		}
	}
	d.api(t, leader, "POST", "/api/v1/marks:batch", map[string]any{"marks": []map[string]any{
		{"round_id": d.openRound(), "object_id": outside, "result": "normal"}, {"round_id": d.openRound(), "object_id": mine.Items[3].ObjectID, "result": "normal", "client_key": "b1"},
		{"round_id": "99", "object_id": outside, "result": "normal"}}}, &batch)
	if len(batch.Items) != 3 || batch.Items[0].Status < 403 || batch.Items[0].Problem == nil || batch.Items[1].Status != 200 || batch.Items[2].Status != 404 {
		t.Errorf("a batch with a door outside, one's own and an unknown round: %+v", batch)
	}
	d.api(t, street, "GET", at+"/coverage", nil, &after)
	if after.Node.Done != before.Node.Done+1 || after.Node.Total != before.Node.Total {
		t.Errorf("figures %+v became %+v by one mark that may be", before.Node, after.Node)
	}
	d.sameKey(t, leader, at, mine.Items[0].ObjectID)
	d.wrongClock(t, leader, at, mine.Items[1].ObjectID, mine.Items[2].ObjectID)
	d.badAnswers(t, leader, at, mine.Items[1].ObjectID)
	d.cleanDrill(t)
	d.metricsHold(t)
}

type markAnswer struct {
	MarkID   string `json:"mark_id"`
	Replayed bool
	ClockOff bool `json:"clock_off"`
	State    string
}

// sameKey: the same mark again is the same answer, another under its key 409;
// both by the mark's own key and by the header of any call.
func (d *drill) sameKey(t *testing.T, c *http.Client, at, object string) {
	var one, two markAnswer
	body := map[string]any{"object_id": object, "result": "absent", "client_key": "once"}
	d.api(t, c, "POST", at+"/marks", body, &one)
	if status, _ := d.api(t, c, "POST", at+"/marks", body, &two); status != 200 || two.MarkID != one.MarkID || !two.Replayed {
		t.Errorf("sent twice: %d, %+v then %+v", status, one, two)
	}
	body["result"] = "refused"
	if status, p := d.api(t, c, "POST", at+"/marks", body, nil); status != 409 || p.Code == "" {
		t.Errorf("another mark under the same key: %d %+v", status, p)
	}
	send := func(result string) (int, string, string) {
		req, err := http.NewRequestWithContext(t.Context(), "POST", d.srv.URL+at+"/marks", strings.NewReader(`{"object_id":"`+object+`","result":"`+result+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set(web.KeyHeader, "header-key")
		res, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		return res.StatusCode, res.Header.Get("Idempotent-Replayed"), string(b)
	}
	s1, _, first := send("absent")
	s2, again, second := send("absent")
	s3, _, _ := send("normal")
	if s1 != 200 || s2 != 200 || again != "true" || strings.TrimSpace(first) != strings.TrimSpace(second) || s3 != 409 {
		t.Errorf("the header's key: %d, %d (%q), %d: %s %s", s1, s2, again, s3, first, second)
	}
	var h struct{ Items []any }
	d.api(t, c, "GET", at+"/targets/"+object, nil, &h)
	if len(h.Items) != 2 {
		t.Errorf("%d marks were made, want 2", len(h.Items))
	}
}

// wrongClock: a phone a year behind or ahead is corrected by what it said when sending.
func (d *drill) wrongClock(t *testing.T, c *http.Client, at string, objects ...string) {
	for i, off := range []time.Duration{-365 * 24 * time.Hour, 365 * 24 * time.Hour} {
		phone := clock.Real().Now().Add(off)
		var m markAnswer
		status, p := d.api(t, c, "POST", at+"/marks", map[string]any{"object_id": objects[i], "result": "normal", "client_key": fmt.Sprint("clock", i),
			"claimed_ms": phone.Add(-10 * time.Minute).UnixMilli(), "sent_ms": phone.UnixMilli()}, &m)
		if status != 200 || !m.ClockOff || m.State != "done" {
			t.Fatalf("a clock %v off: %d %+v %+v", off, status, m, p)
		}
		var h struct {
			Items []struct {
				CorrectedMs int64 `json:"corrected_ms"`
				ReceivedMs  int64 `json:"received_ms"`
				ClaimedMs   int64 `json:"claimed_ms"`
			}
		}
		d.api(t, c, "GET", at+"/targets/"+objects[i], nil, &h)
		got := h.Items[0]
		if ago := time.Duration(got.ReceivedMs-got.CorrectedMs) * time.Millisecond; ago < 9*time.Minute || ago > 11*time.Minute || got.ClaimedMs != phone.Add(-10*time.Minute).UnixMilli() {
			t.Errorf("a clock %v off: corrected to %v before it arrived: %+v", off, ago, got)
		}
	}
}

// badAnswers do not fit the form; each names its field.
func (d *drill) badAnswers(t *testing.T, c *http.Client, at, object string) {
	for name, answers := range map[string]map[string]string{
		"head_count": {"head_count": "many", "away_return": "no", "symptom": "no"},
		"symptom":    {"head_count": "2", "away_return": "no", "symptom": "perhaps"},
		"nonsense":   {"head_count": "2", "away_return": "no", "symptom": "no", "nonsense": "1"},
	} {
		status, p := d.api(t, c, "POST", at+"/marks", map[string]any{"object_id": object, "result": "answered", "answers": answers}, nil)
		if status != 422 || len(p.Errors) == 0 || !strings.Contains(p.Errors[0].Field, name) {
			t.Errorf("a wrong %s: %d %+v", name, status, p)
		}
	}
	if status, p := d.api(t, c, "POST", at+"/marks", map[string]any{"object_id": object, "result": "abducted"}, nil); status != 422 || len(p.Errors) == 0 {
		t.Errorf("an unknown result: %d %+v", status, p)
	}
}

// TestRoundWithoutTargets: it cannot be submitted, and says why.
func TestRoundWithoutTargets(t *testing.T) {
	d := newDrill(t, Options{}, "nangang", 600)
	c := d.login(t, "community")
	var r struct{ ID, State, FormID string }
	var open map[string]any
	d.api(t, c, "GET", "/api/v1/rounds/"+d.openRound(), nil, &open)
	status, p := d.api(t, c, "POST", "/api/v1/rounds", map[string]any{"name": "nobody", "area_id": d.loaded.Story.Compound.String(), "form_id": open["form_id"],
		"target_kind": "persons", "filter": map[string]any{"care": []string{"dialysis"}}, "due_ms": clock.Real().Now().Add(time.Hour).UnixMilli()}, &r)
	if status != 201 {
		t.Logf("refused already as a draft: %d %+v", status, p)
		status, p = d.api(t, c, "POST", "/api/v1/rounds", map[string]any{"name": "nobody", "area_id": d.loaded.Story.Compound.String(), "form_id": open["form_id"],
			"target_kind": "persons", "due_ms": clock.Real().Now().Add(time.Hour).UnixMilli()}, &r)
	}
	if status != 201 {
		t.Fatalf("a draft for a compound nobody lives in yet: %d %+v", status, p)
	}
	for _, lang := range []string{"en", "zh"} {
		d.speak(t, c, lang)
		status, kind, text := d.ask(t, c, "POST", "/api/v1/rounds/"+r.ID+"/submit", "application/json", strings.NewReader("{}"))
		if status != 422 && status != 409 {
			t.Errorf("a round of nobody is submitted: %d %s", status, text)
		}
		if p := clearProblem(t, lang, "no targets", kind, text, status); p.Code != "round.no_targets" {
			t.Errorf("the message is %s", p.Code)
		}
	}
	d.api(t, c, "GET", "/api/v1/rounds/"+r.ID, nil, &r)
	if r.State != "draft" {
		t.Errorf("the round is %s", r.State)
	}
	d.cleanDrill(t)
}
