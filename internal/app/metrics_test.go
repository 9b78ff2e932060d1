package app

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
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

// metricsHold reads /metrics: every figure of this program that docs name is
// there, every one that is there is named, and none tells of anybody.
func (d *drill) metricsHold(t *testing.T) {
	t.Helper()
	if res, err := http.Get(d.srv.URL + "/tasks/1"); err == nil { // to the way in: what counts is the class it waited in
		res.Body.Close()
	}
	res, err := http.Get(d.srv.URL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 200 {
		t.Fatalf("%d %v", res.StatusCode, err)
	}
	text := string(raw)
	doc, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	in := map[string]bool{}
	for _, cell := range regexp.MustCompile("(?m)^\\| (`wangge_[^|]*)\\|").FindAllStringSubmatch(string(doc), -1) {
		for _, name := range regexp.MustCompile(`wangge_[a-z_]+`).FindAllString(cell[1], -1) {
			in[name] = true
			if !strings.Contains(text, "\n# TYPE "+name+" ") {
				t.Errorf("docs/operations.md names %s, which is not there", name)
			}
		}
	}
	if len(in) < 15 {
		t.Fatalf("docs/operations.md names %d figures", len(in))
	}
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (wangge_[a-z_]+) `).FindAllStringSubmatch(text, -1) {
		if !in[m[1]] {
			t.Errorf("%s is not in docs/operations.md", m[1])
		}
	}
	for _, want := range []string{
		`wangge_database_answers 1`, `wangge_rounds{state="open"} `, `wangge_targets{class="outstanding"} `, `wangge_tasks{state="in_time"} `, `wangge_tasks{state="late"} `, `wangge_tasks_climbed `, `wangge_outbox_messages{state="due"} `,
		`wangge_queue_items{op="round.Mark"} 0`, `wangge_batch_items_count{op="round.Mark"} `, `wangge_write_seconds_count{outcome="ok"} `,
		`wangge_request_seconds_count{class="work",route="POST /api/v1/marks:batch",status="200"} `,
		`wangge_request_seconds_count{class="urgent",route="GET /tasks/{id}",status="303"} `, `wangge_database_bytes{part="data"} `,
	} {
		if !strings.Contains(text, "\n"+want) {
			t.Errorf("%s is not there", want)
		}
	}
	for _, p := range d.logins {
		if strings.Contains(text, p.Place) {
			t.Errorf("the figures name %s", p.Place)
		}
	}
	if m := regexp.MustCompile(`\p{Han}|[0-9]{11}`).FindString(regexp.MustCompile(`[ ][0-9.e+-]+\n`).ReplaceAllString(text, "\n")); m != "" {
		t.Errorf("a label holds %q", m)
	}
}
