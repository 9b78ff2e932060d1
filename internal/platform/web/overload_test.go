package web_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"wangge/internal/platform/web"
)

// TestOverloadRefusesPagesAndServesMarks: with all places of pages taken, a page
// is refused in plain words, in both languages and forms, and marks go on.
func TestOverloadRefusesPagesAndServesMarks(t *testing.T) {
	a := newApp(t, func(o *web.Options) {
		o.Limits = map[web.Class]web.Limits{web.Read: {Running: 1, Patience: time.Second, Again: 7 * time.Second}}
	})
	busy, free := make(chan struct{}), make(chan struct{})
	a.Handle("GET /slow", func(w http.ResponseWriter, _ *http.Request) error {
		close(busy)
		<-free
		return nil
	})
	ok := func(w http.ResponseWriter, _ *http.Request) error { w.WriteHeader(http.StatusNoContent); return nil }
	a.Handle("GET /list", ok)
	a.Handle("POST /mark", ok, web.As(web.Work))
	api := web.NewAPI(a, "test", "1")
	register := func(op huma.Operation) {
		op.DefaultStatus = http.StatusNoContent
		huma.Register(api, op, func(context.Context, *struct{}) (*struct{}, error) { return nil, nil })
	}
	register(web.OpAs(web.Work, huma.Operation{OperationID: "m", Method: http.MethodPost, Path: "/api/v1/m"}))
	register(huma.Operation{OperationID: "l", Method: http.MethodGet, Path: "/api/v1/l"})

	var wg sync.WaitGroup
	wg.Go(func() { call{path: "/slow"}.do(a) })
	<-busy
	for lang, words := range map[string]string{"zh": "7 秒后再试", "en": "again in 7 seconds"} {
		rec := call{path: "/list", header: map[string]string{"Accept-Language": lang}}.do(a)
		if rec.Code != 503 || rec.Header().Get("Retry-After") != "7" || !strings.Contains(rec.Body.String(), words) || !strings.Contains(rec.Body.String(), "<html") {
			t.Errorf("%s: %d %v %s", lang, rec.Code, rec.Header(), rec.Body)
		}
	}
	rec := call{path: "/api/v1/l"}.do(a)
	var p web.Problem
	if err := json.Unmarshal(rec.Body.Bytes(), &p); err != nil || rec.Code != 503 || p.Code != "web.error.overload" || p.RetryAfter != 7 || rec.Header().Get("Retry-After") != "7" {
		t.Errorf("%v %d %+v", err, rec.Code, p)
	}
	if rec := (call{method: "POST", path: "/mark"}).do(a); rec.Code != 204 {
		t.Errorf("a mark: %d", rec.Code)
	}
	if rec := (call{method: "POST", path: "/api/v1/m"}).do(a); rec.Code != 204 {
		t.Errorf("a mark of a program: %d %s", rec.Code, rec.Body)
	}
	if rec := (call{path: "/healthz"}).do(a); rec.Code != 200 {
		t.Errorf("healthz: %d", rec.Code)
	}
	for _, l := range a.Loads() {
		want := map[web.Class][2]int64{web.Read: {4, 3}, web.Work: {2, 0}}[l.Class]
		if l.Offered != want[0] || l.Refused != want[1] || l.Waiting != 0 {
			t.Errorf("%v: %+v", l.Class, l)
		}
	}
	close(free)
	wg.Wait()
	if rec := (call{path: "/list"}).do(a); rec.Code != 204 {
		t.Errorf("afterwards: %d", rec.Code)
	}
}

// TestAStreamHoldsNoPlace: live pages listen for minutes.
func TestAStreamHoldsNoPlace(t *testing.T) {
	a := newApp(t, func(o *web.Options) {
		o.Limits = map[web.Class]web.Limits{web.Read: {Running: 1, Patience: time.Second}}
	})
	open, free := make(chan struct{}), make(chan struct{})
	a.Handle("GET /live", func(http.ResponseWriter, *http.Request) error {
		close(open)
		<-free
		return nil
	}, web.Stream())
	a.Handle("GET /list", func(w http.ResponseWriter, _ *http.Request) error { return nil })
	var wg sync.WaitGroup
	wg.Go(func() { call{path: "/live"}.do(a) })
	<-open
	if rec := (call{path: "/list"}).do(a); rec.Code != 200 {
		t.Errorf("beside an open stream: %d", rec.Code)
	}
	close(free)
	wg.Wait()
}

// TestASlowBodyHoldsNoPlace: while a body arrives, short or long, others of its
// class are answered; a long one takes its place again for what follows.
func TestASlowBodyHoldsNoPlace(t *testing.T) {
	a := newApp(t, func(o *web.Options) {
		o.Limits = map[web.Class]web.Limits{web.Work: {Running: 1, Patience: time.Second}}
	})
	var free chan struct{}
	began := make(chan struct{}, 1)
	a.Handle("POST /mark", func(w http.ResponseWriter, r *http.Request) error {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return err
		}
		if len(body) > 10 {
			began <- struct{}{}
			<-free
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}, web.As(web.Work))
	quick := func() int { return call{method: "POST", path: "/mark", body: "a=1"}.do(a).Code }
	for _, length := range []int64{1000, 100_000, -1} {
		free = make(chan struct{})
		body, line := io.Pipe()
		r := httptest.NewRequest("POST", "/mark", body)
		r.ContentLength = length
		r.AddCookie(&http.Cookie{Name: web.SessionCookie, Value: "good"})
		slow := httptest.NewRecorder()
		var wg sync.WaitGroup
		wg.Go(func() { a.ServeHTTP(slow, r) })
		if _, err := line.Write(make([]byte, 500)); err != nil {
			t.Fatal(err)
		}
		if code := quick(); code != 204 {
			t.Errorf("beside a body of %d that arrives: %d", length, code)
		}
		if _, err := line.Write(make([]byte, max(500, int(length)-500))); err != nil {
			t.Fatal(err)
		}
		line.Close()
		<-began
		if l := a.Loads()[1]; l.Class != web.Work || l.Running != 1 {
			t.Errorf("what works with a body of %d holds no place: %+v", length, l)
		}
		close(free)
		if wg.Wait(); slow.Code != 204 {
			t.Errorf("a slow body of %d: %d %s", length, slow.Code, slow.Body)
		}
		if l := a.Loads()[1]; l.Running != 0 || l.Refused != 0 {
			t.Errorf("afterwards: %+v", l)
		}
	}
}
