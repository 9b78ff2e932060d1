package main

import (
	"bufio"
	"context"
	"net/http"
	"net/http/cookiejar"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// behindProxy puts the Caddyfile of deploy in front of a demo and a second
// replica on the same database: one log-in is good for both, live updates come
// through as they happen, figures stay inside, and when a replica stops people
// notice nothing.
func behindProxy(t *testing.T, url, dir string, first *server) {
	second := start(t, "http://", "serve", "--db", url, "--data", filepath.Join(t.TempDir(), "none"), "--keys", filepath.Join(dir, "keys"), "--listen", "127.0.0.1:0", "--drain", "5s")
	site := caddy(t, first, second)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if res, err := http.Get(site + "/readyz"); err == nil {
			res.Body.Close()
			if res.StatusCode == 200 {
				break
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("the proxy does not answer")
		}
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &caller{site, &http.Client{Jar: jar, Timeout: time.Minute}}
	c.must(t, "POST", "/api/v1/sessions", map[string]string{"login": "clerk", "password": first.logins["clerk"]}, nil)
	round, at, doors := toDo(t, c, 20)
	heard := listen(t, c, "round:"+round)
	mark := func(n int) {
		t.Helper()
		c.must(t, "POST", at+"/marks", map[string]string{"object_id": doors[n%len(doors)], "result": "normal"}, nil)
	}
	mark(0)
	select {
	case <-heard:
	case <-time.After(15 * time.Second):
		t.Error("a mark was made and no live update came through the proxy")
	}
	if status, text := c.call("GET", "/metrics", nil, nil); status != 404 || strings.Contains(text, "wangge_") {
		t.Errorf("figures through the proxy: %d %.100s", status, text)
	}
	direct, err := http.NewRequest("GET", second.base+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	direct.Header.Set("X-Forwarded-For", "203.0.113.9")
	if res, err := http.DefaultClient.Do(direct); err != nil || res.StatusCode != 403 {
		t.Errorf("figures for who comes through any proxy: %v %v", res, err)
	}
	second.cmd.Process.Signal(syscall.SIGTERM)
	for n := 1; ; n++ { // while it stops and after
		mark(n)
		select {
		case <-second.ended:
			for n := range 10 {
				mark(n)
			}
			if code := second.cmd.ProcessState.ExitCode(); code != 0 {
				t.Errorf("the second replica ended with %d: %s", code, second.output())
			}
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// listen opens a live stream and returns a channel that is closed when an
// update of the topic comes.
func listen(t *testing.T, c *caller, topic string) <-chan struct{} {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", c.base+"/live?topic="+topic, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := (&http.Client{Jar: c.http.Jar}).Do(req)
	if err != nil || res.StatusCode != 200 || !strings.HasPrefix(res.Header.Get("Content-Type"), "text/event-stream") {
		t.Fatalf("the stream: %v %v", res, err)
	}
	out := make(chan struct{})
	go func() {
		defer res.Body.Close()
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			if strings.Contains(lines.Text(), topic) {
				close(out)
				return
			}
		}
	}()
	return out
}
