package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"wangge/internal/app"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
)

// wrongClock is the machine's clock, off by so much.
type wrongClock struct {
	clock.Clock
	off atomic.Int64
}

// Now returns the wrong time.
func (c *wrongClock) Now() time.Time { return c.Clock.Now().Add(time.Duration(c.off.Load())) }

// state marks a door and returns its state.
func (l *load) state(door, result string) string {
	l.t.Helper()
	body, err := json.Marshal(map[string]string{"object_id": door, "result": result})
	if err != nil {
		l.t.Fatal(err)
	}
	res, err := l.client.Post(l.s.base+"/api/v1/rounds/"+l.s.round+"/marks", "application/json", bytes.NewReader(body))
	if err != nil {
		l.t.Fatal(err)
	}
	defer res.Body.Close()
	var v struct{ State string }
	if err := json.NewDecoder(res.Body).Decode(&v); err != nil || res.StatusCode != 200 {
		l.t.Fatalf("%d %v", res.StatusCode, err)
	}
	return v.State
}

// clockBack sets the field's clock back by an hour under load. The server runs in
// the test, since a program takes its clock from the machine all share.
func clockBack(t *testing.T, engine, url string) {
	ctx, cancel := context.WithCancel(context.Background())
	clk := &wrongClock{Clock: clock.Real()}
	o := app.Options{Clock: clk, Log: slog.New(slog.DiscardHandler)}
	o.Config.Data, o.Config.DB = t.TempDir(), url
	d, err := app.OpenDrill(ctx, o, app.DemoOptions{Place: "mohe", Households: 200, Seed: 7, Speed: 1})
	if err != nil {
		t.Fatal(err)
	}
	srv := httptest.NewServer(d.Handler)
	defer func() {
		d.EndStreams()
		srv.Close()
		cancel()
		d.Close()
	}()
	s := &stand{t: t, data: o.Config.Data, db: url, direct: url, base: srv.URL}
	if url == "" {
		s.direct = db.FileURL(filepath.Join(s.data, "wangge.db"))
	}
	s.learn(d)
	l := startLoad(t, s)
	l.await(before, time.Minute)
	clk.off.Store(-int64(time.Hour))
	at := l.began.Elapsed()
	l.await(before, time.Minute)
	l.stop()
	for result, want := range map[string]string{"living_elsewhere": "exempt", "normal": "done"} {
		if got := l.state(s.doors[0], result); got != want {
			t.Errorf("a door marked %s after the clock was set back is %s", result, got)
		}
	}
	settle(t, s, l, line{fault: "clock set back by an hour", engine: engine, service: l.service(at), remark: "a later mark stays the later one"})
}

// TestClockSetBack: marks made after the clock was set back count, each once.
func TestClockSetBack(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { clockBack(t, "SQLite", "") })
	if !withoutPostgres(t) {
		t.Run("postgres", func(t *testing.T) { clockBack(t, "PostgreSQL", dbtest.PostgresURL(t)) })
	}
}
