package web_test

import (
	"io"
	"net/http"
	"testing"

	"wangge/internal/platform/web"
)

// TestEveryAnswerIsGuarded: whatever is asked, by whom, with whatever outcome,
// the answer carries the headers that keep a browser safe.
func TestEveryAnswerIsGuarded(t *testing.T) {
	a := newApp(t, func(o *web.Options) {
		o.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "x") })
	})
	mountDemo(a, demoRenderer(t), nil)
	for _, c := range []struct {
		call
		status int
	}{
		{call{path: "/"}, 200}, {call{path: "/healthz"}, 200}, {call{path: "/readyz"}, 200}, {call{path: "/metrics"}, 200},
		{call{path: "/assets/none.js"}, 404}, {call{path: "/no/such/page"}, 404}, {call{path: "/api/v1/none"}, 404},
		{call{path: "/", anonymous: true}, 0}, {call{path: "/", method: "DELETE"}, 405},
		{call{path: "/form", method: "POST", header: map[string]string{"Sec-Fetch-Site": "cross-site"}}, 403},
	} {
		w := c.do(a)
		if c.status != 0 && w.Code != c.status {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, w.Code, c.status)
		}
		h := w.Header()
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin"} {
			if h.Get(name) != want {
				t.Errorf("%s %s: %s is %q, want %q", c.method, c.path, name, h.Get(name), want)
			}
		}
		if h.Get("Content-Security-Policy") == "" || h.Get("Permissions-Policy") == "" || h.Get("Server") != "" {
			t.Errorf("%s %s: %v", c.method, c.path, h)
		}
	}
}
