package app

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"wangge/internal/account"
	"wangge/internal/grid"
	"wangge/internal/grid/divisions"
	"wangge/internal/incoming"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/id"
	"wangge/internal/round"
)

// county is a district with its own server, database and keys, in an emergency,
// with headquarters in post.
type county struct {
	app    *App
	srv    *httptest.Server
	hq     grid.Caller
	token  string // of headquarters, given to the sender
	street grid.Place
}

func newCounty(t *testing.T, code int, sender string) *county {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	o := Options{Clock: clock.Real(), Log: slog.New(slog.NewTextHandler(&testLog{t}, &slog.HandlerOptions{Level: slog.LevelError}))}
	o.Config.Data = t.TempDir()
	d := must(OpenDatabase(ctx, o))
	a := must(New(ctx, o, d, code))
	c := &county{app: a, srv: httptest.NewServer(must(a.Handler()))}
	t.Cleanup(func() {
		a.hub.Close()
		c.srv.Close()
		cancel()
		a.Close()
		d.Close()
	})
	sys := grid.System(code, "test")
	areas, _ := divisions.Load(id.ID(code).String())
	must(a.Grid.ImportAreas(ctx, sys, areas, false))
	must(a.Rounds.OpenEmergency(ctx, sys, round.NewEmergency{Name: "应急响应", Basis: "预案", Purpose: "核查", Recipients: "外区", RetentionDays: 30}))
	root := must(a.Grid.Root(ctx, sys))
	who, _ := must2(a.Accounts.CreateWithCode(grid.WithCaller(ctx, sys), id.Zero, account.NewAccount{Name: "某人", Login: "command1"}))
	post := must(a.Grid.AddPost(ctx, sys, grid.NewPost{Role: grid.RoleCommand, ObjectKind: grid.ObjectPlace, ObjectID: root.ID}))
	must(a.Grid.AddHolder(ctx, sys, grid.Holder{PostID: post.ID, AccountID: who.ID}))
	var err error
	if _, c.token, err = a.Accounts.CreateToken(ctx, who.ID, account.NewToken{Post: post.ID, Name: "外区移交", TTL: time.Hour, Origin: sender}); err != nil {
		t.Fatal(err)
	}
	c.hq = must(a.Grid.CallerFor(ctx, who.ID, code, a.clock().Now()))
	streets := must(a.Grid.Areas(ctx, sys, grid.Street))
	c.street = streets[0]
	a.Background(ctx)
	return c
}

// Two districts, two servers: a person handed on by one is a lead of the other,
// once, and its receipt settles the lead where it came from. What a token of
// none sends is refused, and the sender sees why.
func TestLeadsGoFromDistrictToDistrict(t *testing.T) {
	ctx := t.Context()
	from, to := newCounty(t, 230103, ""), newCounty(t, 230104, "230103")
	sys := grid.System(230103, "test")
	wrong := must(from.app.Incoming.AddReceiver(ctx, from.hq, incoming.NewReceiver{Name: "道外区", URL: to.srv.URL, Token: "wgt_wrong"}))
	right := must(from.app.Incoming.AddReceiver(ctx, from.hq, incoming.NewReceiver{Name: "道外区指挥部", URL: to.srv.URL, Token: to.token}))
	text := "姓名,电话,线索类型\n王小明,13900000011,加急\n李小红,13900000012,普通\n"
	rep := must(from.app.Incoming.Import(ctx, sys, incoming.Input{Area: from.street.ID, Files: []incoming.File{{Name: "l.csv", R: strings.NewReader(text), Size: int64(len(text))}}}))
	_, people, err := from.app.Incoming.Get(ctx, sys, rep.ListID)
	if err != nil || len(people) != 2 {
		t.Fatal(people, err)
	}
	for i, receiver := range []id.ID{wrong, right} {
		if err := from.app.Incoming.Record(ctx, sys, people[i].ID, incoming.Outcome{Result: "other_district", Answer: incoming.Answer{ReceiverID: receiver}}); err != nil {
			t.Fatal(err)
		}
	}
	card := func(v id.ID) *incoming.Card { return must(from.app.Incoming.Card(ctx, sys, v)) }
	if !soon(func() bool { return card(people[1].ID).State == incoming.Done }) {
		t.Fatalf("no receipt: %+v", card(people[1].ID).Sending)
	}
	there := grid.System(230104, "test")
	got := must(to.app.Incoming.InState(ctx, there, incoming.Unclear))
	if len(got) != 1 || got[0].Source != incoming.FromDistrict {
		t.Fatalf("%+v", got)
	}
	if receipt := card(people[1].ID).Answer.Receipt; receipt != "230104-"+got[0].ID.String() {
		t.Errorf("the receipt %q is of another lead than %s", receipt, got[0].ID)
	}
	if !soon(func() bool { s := card(people[0].ID).Sending; return s != nil && s.Tries > 0 }) {
		t.Fatal("a token of none was not tried")
	}
	if c := card(people[0].ID); c.State != incoming.Sent || c.Sending.Failed == "" {
		t.Errorf("%+v %+v", c.Lead, c.Sending)
	}
	for _, a := range []*App{from.app, to.app} {
		if r := must(CheckDB(ctx, a.DB, a.Keys, "zh")); !r.Clean {
			t.Errorf("%+v", r)
		}
	}
}

// A token that was given to another district opens nothing here, not even what
// its post may read.
func TestATokenGivenAwayOnlyHandsOver(t *testing.T) {
	c := newCounty(t, 230104, "230103")
	for ask, want := range map[string]int{"GET /api/v1/places": 403, "GET /api/v1/leads": 403, "GET /api/v1/account": 403, "GET /api/v1/tokens": 403, "GET /tasks": 403, "GET /events": 403, "POST /api/v1/leads": 422} {
		method, path, _ := strings.Cut(ask, " ")
		req := must(http.NewRequestWithContext(t.Context(), method, c.srv.URL+path, strings.NewReader(`{"from":"230103","reference":"1","urgency":"normal"}`)))
		req.Header.Set("Authorization", "Bearer "+c.token)
		req.Header.Set("Content-Type", "application/json")
		res := must(http.DefaultClient.Do(req))
		text, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: %d, not %d: %s", ask, res.StatusCode, want, text)
		}
	}
}
