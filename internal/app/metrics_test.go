package app

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestMetricsAreForThisMachineOrABearer(t *testing.T) {
	shown := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "figures") })
	for _, c := range []struct {
		name, token, from string
		head              map[string]string
		want              int
	}{
		{"from here", "", "127.0.0.1:9", nil, 200},
		{"from here by IPv6", "", "[::1]:9", nil, 200},
		{"from elsewhere", "", "10.0.0.9:9", nil, 403},
		{"from elsewhere, no token set, an empty one given", "", "10.0.0.9:9", map[string]string{"Authorization": "Bearer "}, 403},
		{"through a proxy on this machine", "", "127.0.0.1:9", map[string]string{"X-Forwarded-For": "203.0.113.9"}, 403},
		{"with the token", "s3cret", "10.0.0.9:9", map[string]string{"Authorization": "Bearer s3cret"}, 200},
		{"with another token", "s3cret", "10.0.0.9:9", map[string]string{"Authorization": "Bearer s3cre"}, 403},
		{"with the token through a proxy", "s3cret", "127.0.0.1:9", map[string]string{"Authorization": "Bearer s3cret", "Via": "1.1 front"}, 200},
	} {
		r := httptest.NewRequest("GET", "/metrics", nil)
		r.RemoteAddr = c.from
		for k, v := range c.head {
			r.Header.Set(k, v)
		}
		rec := httptest.NewRecorder()
		guardMetrics(shown, c.token).ServeHTTP(rec, r)
		if rec.Code != c.want || (rec.Body.String() == "figures") != (c.want == 200) {
			t.Errorf("%s: %d %q", c.name, rec.Code, rec.Body)
		}
	}
}
