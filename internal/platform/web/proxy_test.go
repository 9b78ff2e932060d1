package web_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"wangge/internal/platform/web"
)

// Behind a trusted proxy the sender is whom the proxy heard from last; without
// one, or with an entry that is no address, it is who is connected.
func TestWhoAsksBehindAProxy(t *testing.T) {
	for _, c := range []struct {
		trusted bool
		header  []string
		want    string
	}{
		{false, []string{"203.0.113.9"}, "192.0.2.1"},
		{true, nil, "192.0.2.1"},
		{true, []string{"203.0.113.9"}, "203.0.113.9"},
		{true, []string{"198.51.100.7, 203.0.113.9"}, "203.0.113.9"},
		{true, []string{"198.51.100.7", "203.0.113.9"}, "203.0.113.9"},
		{true, []string{"2001:db8::5"}, "2001:db8::5"},
		{true, []string{"unknown"}, "192.0.2.1"},
	} {
		a := web.New(web.Options{Renderer: demoRenderer(t), BehindProxy: c.trusted})
		a.Handle("GET /who", func(w http.ResponseWriter, r *http.Request) error {
			_, err := io.WriteString(w, web.Remote(r))
			return err
		}, web.Public())
		r := httptest.NewRequest("GET", "/who", nil)
		r.RemoteAddr = "192.0.2.1:4711"
		for _, h := range c.header {
			r.Header.Add("X-Forwarded-For", h)
		}
		w := httptest.NewRecorder()
		a.ServeHTTP(w, r)
		if w.Body.String() != c.want {
			t.Errorf("trusted %v, %q: %s, want %s", c.trusted, c.header, w.Body, c.want)
		}
	}
}
