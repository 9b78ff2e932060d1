package app

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"wangge/internal/command"
	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/id"
	"wangge/internal/round"
)

func boardOf(t *testing.T, d *drill, client *http.Client, query string) *command.Board {
	t.Helper()
	res, err := client.Get(d.srv.URL + "/api/v1/board" + query)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("board: %d %s %v", res.StatusCode, body, err)
	}
	b := &command.Board{}
	if err := json.Unmarshal(body, b); err != nil {
		t.Fatal(err)
	}
	return b
}

// The board's rows add up to its total at every level down to the compounds,
// and the total is what the round itself says.
func TestBoardRowsSumToTheTotal(t *testing.T) {
	d := newDrill(t, Options{}, "nangang", 400)
	client := d.login(t, "district_command")
	c := grid.System(d.app.District, "test")
	var walk func(at id.ID, depth int)
	seen := 0
	walk = func(at id.ID, depth int) {
		query := ""
		if at != id.Zero {
			query = "?area=" + at.String()
		}
		b := boardOf(t, d, client, query)
		seen++
		var sum command.Row
		for _, r := range b.Rows {
			sum.Households += r.Households
			sum.Persons += r.Persons
			sum.Doors += r.Doors
			sum.Vacancies += r.Vacancies
			sum.Total += r.Total
			sum.Outstanding += r.Outstanding
			if r.Done+r.Exempt+r.Outstanding != r.Total {
				t.Errorf("%s: %d done + %d exempt + %d outstanding is not %d", r.Name, r.Done, r.Exempt, r.Outstanding, r.Total)
			}
		}
		if sum.Households != b.Total.Households || sum.Persons != b.Total.Persons || sum.Doors != b.Total.Doors || sum.Vacancies != b.Total.Vacancies {
			t.Errorf("%s: rows sum to %+v, the total is %+v", b.Area.Name, sum, b.Total)
		}
		v, err := d.app.Rounds.Coverage(context.Background(), c, d.loaded.Round, round.NodeRef{Place: b.Area.ID})
		if err != nil {
			t.Fatal(err)
		}
		if v.Node.Total != b.Total.Total || sum.Total+v.Own.Total != b.Total.Total {
			t.Errorf("%s: the round has %d targets, the board %d, its rows %d", b.Area.Name, v.Node.Total, b.Total.Total, sum.Total)
		}
		if depth == 0 || len(b.Rows) == 0 {
			return
		}
		for _, r := range b.Rows[:min(2, len(b.Rows))] {
			if grid.Kind(r.Kind).IsArea() {
				walk(r.ID, depth-1)
			}
		}
	}
	walk(id.Zero, 2)
	if seen < 5 {
		t.Errorf("only %d boards were read", seen)
	}
}

// Areas with geometry are drawn; the table stays.
func TestBoardDrawsOutlines(t *testing.T) {
	d := newDrill(t, Options{}, "mohe", 60)
	c := grid.System(d.app.District, "test")
	root, err := d.app.Grid.Root(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	streets, err := d.app.Grid.Children(context.Background(), c, root)
	if err != nil {
		t.Fatal(err)
	}
	var features []string
	for i, s := range streets {
		x := string(rune('1' + i))
		features = append(features, `{"type":"Feature","properties":{"code":"`+s.Code+`"},"geometry":{"type":"Polygon","coordinates":[[[12`+x+`,50],[12`+x+`.8,50],[12`+x+`.8,50.5],[12`+x+`,50]]]}}`)
	}
	raw := `{"type":"FeatureCollection","features":[` + strings.Join(features, ",") + `]}`
	if _, err := d.app.Grid.ImportGeoJSON(context.Background(), c, []byte(raw), grid.WGS84); err != nil {
		t.Fatal(err)
	}
	res, err := d.login(t, "district_command").Get(d.srv.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(page), `class="outline outline-`); n != len(streets) {
		t.Errorf("%d outlines for %d streets", n, len(streets))
	}
}

// The auditor reads who acted, narrows the list, and sees a tampered entry named.
func TestAuditorSeesActsAndTampering(t *testing.T) {
	d := newDrill(t, Options{}, "mohe", 60)
	ctx := context.Background()
	clerk := d.logins["community"]
	d.login(t, "community")
	c := grid.System(d.app.District, "test")
	rows, _, err := d.app.Trust.List(ctx, c, audit.Filter{Account: clerk.Login.Account, Action: "account."}, "", 10)
	if err != nil {
		t.Fatal(err)
	}
	if len(rows) == 0 || rows[0].Account != clerk.Login.Account || rows[0].Name == "" {
		t.Fatalf("the clerk's log-in is not on record: %+v", rows)
	}
	if _, _, err := d.app.Trust.List(ctx, grid.Caller{District: d.app.District}, audit.Filter{}, "", 10); err == nil {
		t.Error("somebody without a post read the record")
	}
	if problems, err := d.app.Trust.Verify(ctx, c); err != nil || len(problems) > 0 {
		t.Fatalf("a record nobody touched: %v %v", problems, err)
	}
	tamper(t, d.app.DB, rows[0])
	problems, err := d.app.Trust.Verify(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, p := range problems {
		found = found || p.Seq == rows[0].Link
	}
	if !found {
		t.Errorf("the changed entry in link %d is not named: %+v", rows[0].Link, problems)
	}
	res, err := d.login(t, "auditor").Get(d.srv.URL + "/audit?account=" + clerk.Login.Account.String() + "&day=2026-13-45")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusUnprocessableEntity {
		t.Errorf("a day that does not exist: %d", res.StatusCode)
	}
}
