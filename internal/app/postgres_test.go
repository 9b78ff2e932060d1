package app

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db/dbtest"
)

// TestOnPostgreSQL walks the main job on the other engine: a district is
// loaded, a community's round is drafted, approved, marked and closed, and the
// figures add up on the way.
func TestOnPostgreSQL(t *testing.T) {
	if os.Getenv("WANGGE_TEST_ENGINES") == "sqlite" {
		t.Log("PostgreSQL is left out by WANGGE_TEST_ENGINES")
		return
	}
	var o Options
	o.Config.DB = dbtest.PostgresURL(t)
	d := newDrill(t, o, "nangang", 600)
	clerk, street := d.login(t, "community"), d.login(t, "street")
	var open struct {
		FormID string `json:"form_id"`
	}
	d.api(t, clerk, "GET", "/api/v1/rounds/"+d.openRound(), nil, &open)
	var r struct{ ID, State string }
	status, p := d.api(t, clerk, "POST", "/api/v1/rounds", map[string]any{"name": "one community", "area_id": d.loaded.Story.Community.String(), "form_id": open.FormID,
		"target_kind": "doors", "due_ms": clock.Real().Now().Add(48 * time.Hour).UnixMilli()}, &r)
	if status != 201 {
		t.Fatalf("draft: %d %+v", status, p)
	}
	at := "/api/v1/rounds/" + r.ID
	if status, p := d.api(t, clerk, "POST", at+"/submit", nil, nil); status != 200 {
		t.Fatalf("submit: %d %+v", status, p)
	}
	if status, p := d.api(t, clerk, "POST", at+"/approve", nil, nil); status != 403 {
		t.Errorf("the community approves its own round: %d %+v", status, p)
	}
	if status, p := d.api(t, street, "POST", at+"/approve", nil, nil); status != 202 {
		t.Fatalf("approve: %d %+v", status, p)
	}
	for deadline := time.Now().Add(20 * time.Second); r.State != "open"; time.Sleep(20 * time.Millisecond) {
		if d.api(t, clerk, "GET", at, nil, &r); time.Now().After(deadline) {
			t.Fatalf("the round is still %s", r.State)
		}
	}
	var list struct {
		Items []struct {
			ObjectID string `json:"object_id"`
		}
	}
	d.api(t, clerk, "GET", at+"/outstanding?limit=5000", nil, &list)
	if len(list.Items) < 4 {
		t.Fatalf("only %d doors", len(list.Items))
	}
	var marks []map[string]any
	for _, l := range list.Items[1:] {
		marks = append(marks, map[string]any{"round_id": r.ID, "object_id": l.ObjectID, "result": "normal"})
	}
	var done struct{ Items []struct{ Status int } }
	d.api(t, clerk, "POST", "/api/v1/marks:batch", map[string]any{"marks": marks}, &done)
	for i, it := range done.Items {
		if it.Status != 200 {
			t.Errorf("mark %d: %d", i, it.Status)
		}
	}
	d.pgCoverage(t, at, len(list.Items), len(list.Items)-1)
	if status, p := d.api(t, clerk, "POST", at+"/close", map[string]any{}, nil); status != 409 && status != 422 {
		t.Errorf("closed with a door outstanding: %d %+v", status, p)
	}
	d.api(t, clerk, "POST", at+"/marks", map[string]any{"object_id": list.Items[0].ObjectID, "result": "verified_empty"}, nil)
	d.pgCoverage(t, at, len(list.Items), len(list.Items))
	if status, p := d.api(t, clerk, "POST", at+"/close", map[string]any{}, &r); status != 200 || r.State != "closed" {
		t.Errorf("close: %d %s %+v", status, r.State, p)
	}
	d.cleanDrill(t)
	d.metricsHold(t)
}

// pgCoverage compares the figures with what was marked, and with their children.
func (d *drill) pgCoverage(t *testing.T, at string, total, accounted int) {
	t.Helper()
	status, _, text := d.ask(t, d.login(t, "street"), "GET", at+"/coverage", "", nil)
	type figures struct{ Total, Done, Exempt, Outstanding int }
	var v struct {
		Node, Own figures
		Children  []figures
	}
	if err := json.NewDecoder(bytes.NewReader([]byte(text))).Decode(&v); err != nil || status != 200 {
		t.Fatalf("coverage: %d %v %s", status, err, text)
	}
	sum := v.Own.Total
	for _, c := range v.Children {
		sum += c.Total
	}
	if v.Node.Total != total || v.Node.Done+v.Node.Exempt != accounted || v.Node.Outstanding != total-accounted || sum != total {
		t.Errorf("figures %+v (children %d), want %d of %d accounted for", v.Node, sum, accounted, total)
	}
}
