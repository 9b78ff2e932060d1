package web_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/web"
)

// listen opens a stream and gives its lines; the channel closes with it.
func listen(t *testing.T, url string) <-chan string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	req.Header.Set("Cookie", web.SessionCookie+"=good")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") || res.Header.Get("Content-Encoding") != "" {
		t.Fatalf("%d %v", res.StatusCode, res.Header)
	}
	out := make(chan string, 100)
	go func() {
		defer close(out)
		defer res.Body.Close()
		for sc := bufio.NewScanner(res.Body); sc.Scan(); {
			if sc.Text() != "" {
				out <- sc.Text()
			}
		}
	}()
	if l := <-out; l != "retry: 3000" {
		t.Fatalf("first line %q", l)
	}
	if l := <-out; l != ": listening" {
		t.Fatalf("second line %q", l)
	}
	return out
}

func hubServer(t *testing.T, clk clock.Clock, max int) (*web.Hub, string) {
	t.Helper()
	hub := web.NewHub(clk, max)
	a := newApp(t, nil)
	a.Handle("GET /live", hub.Handler(func(_ context.Context, topic string) bool { return topic != "secret" }), web.Stream())
	srv := httptest.NewServer(a)
	t.Cleanup(srv.Close)
	t.Cleanup(hub.Close)
	return hub, srv.URL + "/live?topic="
}

// advanceWhen moves the clock by d once somebody waits for that or less: the
// stream may not have begun to wait yet.
func advanceWhen(clk *clock.Manual, d time.Duration) {
	for {
		if next, ok := clk.Next(); ok && next <= d {
			clk.Advance(d)
			return
		}
		runtime.Gosched()
	}
}

func TestHubCoalesces(t *testing.T) {
	clk := clock.NewManual(noon)
	hub, url := hubServer(t, clk, 10)
	lines := listen(t, url+"a&topic=b&topic=secret")
	hub.Publish("a")
	if l := <-lines; l != "data: a" {
		t.Fatal(l)
	}
	for range 100 {
		hub.Publish("a", "secret", "other")
	}
	hub.Publish("b") // told at once: another topic
	if l := <-lines; l != "data: b" {
		t.Fatalf("%q: the second of a is not over", l)
	}
	advanceWhen(clk, time.Second)
	if l := <-lines; l != "data: a" {
		t.Fatal(l)
	}
	hub.Publish("b")
	if l := <-lines; l != "data: b" {
		t.Fatalf("%q: a hundred changes are one event", l)
	}
}

func TestHubBeatsAndCloses(t *testing.T) {
	clk := clock.NewManual(noon)
	hub, url := hubServer(t, clk, 1)
	lines := listen(t, url+"a")
	advanceWhen(clk, 21*time.Second)
	if l := <-lines; l != ": beat" {
		t.Fatal(l)
	}
	if hub.Streams() != 1 {
		t.Fatal(hub.Streams())
	}
	full := call{path: "/live?topic=a", header: map[string]string{"Accept": "application/json"}}
	a := newApp(t, nil)
	a.Handle("GET /live", hub.Handler(nil), web.Stream())
	if w := full.do(a); w.Code != 429 {
		t.Errorf("one stream too many: %d", w.Code)
	}
	hub.Close()
	hub.Close()
	if l, open := <-lines; open {
		t.Errorf("after the end: %q", l)
	}
}

func TestHubRefuses(t *testing.T) {
	hub := web.NewHub(clock.Real(), 5)
	a := newApp(t, nil)
	a.Handle("GET /live", hub.Handler(func(context.Context, string) bool { return false }), web.Stream())
	for _, path := range []string{"/live", "/live?topic=x", "/live?topic=" + strings.Repeat("x", 200)} {
		if w := (call{path: path}).do(a); w.Code != 403 {
			t.Errorf("%.20s: %d", path, w.Code)
		}
	}
	if w := (call{path: "/live?topic=x", anonymous: true}).do(a); w.Code != 303 {
		t.Errorf("anonymous: %d", w.Code)
	}
}
