package app

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode"

	"wangge/internal/platform/web"
)

// speak makes a client's answers come in a language.
func (d *drill) speak(t *testing.T, c *http.Client, lang string) {
	t.Helper()
	res, err := c.Get(d.srv.URL + "/login?lang=" + lang)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
}

// ask sends a request and returns status, type and text of the answer.
func (d *drill) ask(t *testing.T, c *http.Client, method, path, kind string, body io.Reader) (int, string, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, d.srv.URL+path, body)
	if err != nil {
		t.Fatal(err)
	}
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return res.StatusCode, res.Header.Get("Content-Type"), string(b)
}

// api sends JSON and reads the answer into out (nil: not looked at).
func (d *drill) api(t *testing.T, c *http.Client, method, path string, in, out any) (int, web.Problem) {
	t.Helper()
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		body = bytes.NewReader(b)
	}
	status, _, text := d.ask(t, c, method, path, "application/json", body)
	var p web.Problem
	if status > 299 {
		if err := json.Unmarshal([]byte(text), &p); err != nil {
			t.Fatalf("%s %s: %d and no problem document: %.200s", method, path, status, text)
		}
	} else if out != nil {
		if err := json.Unmarshal([]byte(text), out); err != nil {
			t.Fatalf("%s %s: %v: %.200s", method, path, err, text)
		}
	}
	return status, p
}

func hasHan(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.Is(unicode.Han, r) })
}

// clearProblem fails unless a refusal is a problem document in the language asked for.
func clearProblem(t *testing.T, lang, name, kind, text string, status int) (p web.Problem) {
	t.Helper()
	if !strings.HasPrefix(kind, "application/problem+json") {
		t.Errorf("%s (%s): the answer is %s", name, lang, kind)
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		t.Errorf("%s (%s): %v: %.200s", name, lang, err, text)
		return p
	}
	if p.Status != status || p.Type == "" || p.Code == "" || p.Detail == "" || p.Title == "" || p.Instance == "" {
		t.Errorf("%s (%s): something is missing in %s", name, lang, text)
	}
	said := []string{p.Title, p.Detail}
	for _, e := range p.Errors {
		said = append(said, e.Reason)
	}
	for _, s := range said {
		if hasHan(s) != (lang == "zh") {
			t.Errorf("%s: %q is not in %s", name, s, lang)
		}
	}
	return p
}

// cleanDrill fails unless `check` finds nothing.
func (d *drill) cleanDrill(t *testing.T) {
	t.Helper()
	r, err := CheckDB(context.Background(), d.app.DB, d.app.Keys, "en")
	if err != nil || !r.Clean {
		t.Errorf("check: %v %+v", err, r)
	}
}

// openRound returns the id of the district's open round.
func (d *drill) openRound() string { return d.loaded.Round.String() }

// TestWrongRequests: each gets its status and names the field, as a problem
// document in the caller's language; nothing fails inside.
func TestWrongRequests(t *testing.T) {
	d := newDrill(t, Options{}, "nangang", 600)
	round := d.openRound()
	deep := strings.Repeat(`{"a":`, 20000) + "1" + strings.Repeat("}", 20000)
	cases := []struct {
		method, path, body string
		status             int
		field              string
	}{
		{"GET", "/api/v1/rounds/abc", "", 422, "path.id"},
		{"GET", "/api/v1/rounds/99999999999999999999999", "", 422, "path.id"},
		{"GET", "/api/v1/rounds/-5", "", 422, "path.id"},
		{"GET", "/api/v1/rounds/99", "", 404, ""},
		{"GET", "/api/v1/rounds/99/coverage", "", 404, ""},
		{"GET", "/api/v1/rounds/99/outstanding", "", 404, ""},
		{"GET", "/api/v1/rounds/" + round + "/coverage?place=99", "", 404, ""},
		{"GET", "/api/v1/rounds/" + round + "/coverage?place=x", "", 422, "query.place"},
		{"GET", "/api/v1/rounds/" + round + "/targets/99", "", 404, ""},
		{"GET", "/api/v1/rounds/" + round + "/outstanding?limit=0", "", 422, "query.limit"},
		{"GET", "/api/v1/rounds/" + round + "/outstanding?limit=x", "", 422, "query.limit"},
		{"GET", "/api/v1/rounds/" + round + "/outstanding?after=nonsense", "", 422, "after"},
		{"GET", "/api/v1/persons?after=nonsense", "", 422, "after"},
		{"GET", "/api/v1/persons?limit=99999", "", 422, "query.limit"},
		{"GET", "/api/v1/persons?sort=height", "", 422, "query.sort"},
		{"GET", "/api/v1/persons/abc", "", 422, "path.id"},
		{"GET", "/api/v1/persons/99", "", 404, ""},
		{"GET", "/api/v1/households/99", "", 404, ""},
		{"GET", "/api/v1/doors/99", "", 404, ""},
		{"GET", "/api/v1/places/99", "", 404, ""},
		{"GET", "/api/v1/places/abc", "", 422, "path.id"},
		{"GET", "/api/v1/grids/99", "", 404, ""},
		{"GET", "/api/v1/posts/99", "", 404, ""},
		{"GET", "/api/v1/forms/99", "", 404, ""},
		{"GET", "/api/v1/imports/99", "", 404, ""},
		{"GET", "/api/v1/rechecks/99", "", 404, ""},
		{"GET", "/api/v1/accounts/99", "", 404, ""},
		{"GET", "/api/v1/today/99", "", 404, ""},
		{"GET", "/api/v1/nothing", "", 404, ""},
		{"DELETE", "/api/v1/rounds", "", 405, ""},
		{"PUT", "/api/v1/sessions", "", 405, ""},
		{"POST", "/api/v1/rounds/" + round + "/coverage", "{}", 405, ""},
		{"POST", "/api/v1/rounds/" + round + "/marks", "", 400, ""},
		{"POST", "/api/v1/rounds/" + round + "/marks", "{", 400, "body"},
		{"POST", "/api/v1/rounds/" + round + "/marks", "[]", 422, "body"},
		{"POST", "/api/v1/rounds/" + round + "/marks", "null", 422, "body"},
		{"POST", "/api/v1/rounds/" + round + "/marks", deep, 400, "body"},
		{"POST", "/api/v1/rounds/" + round + "/marks", `{"result":"normal"}`, 422, "body.object_id"},
		{"POST", "/api/v1/rounds/" + round + "/marks", `{"object_id":"1"}`, 422, "body.result"},
		{"POST", "/api/v1/rounds/" + round + "/marks", `{"object_id":"1","result":"normal","nonsense":1}`, 422, "body.nonsense"},
		{"POST", "/api/v1/rounds/" + round + "/marks", `{"object_id":"x","result":"normal"}`, 422, "body"},
		{"POST", "/api/v1/rounds/" + round + "/marks", `{"object_id":"1","result":"normal","how":"telepathy"}`, 422, "body.how"},
		{"POST", "/api/v1/rounds/" + round + "/marks", `{"object_id":"1","result":"normal","note":"` + strings.Repeat("长", 501) + `"}`, 422, "body.note"},
		{"POST", "/api/v1/rounds/" + round + "/marks", `{"object_id":"1","result":"` + strings.Repeat("x", 2<<20) + `"}`, 413, ""},
		{"POST", "/api/v1/rounds/" + round + "/marks", `{"object_id":"1","result":"normal"}`, 404, ""},
		{"POST", "/api/v1/rounds/99/marks", `{"object_id":"1","result":"normal"}`, 404, ""},
		{"POST", "/api/v1/marks:batch", `{"marks":[]}`, 422, "body.marks"},
		{"POST", "/api/v1/marks:batch", `{"marks":[{"object_id":"1"}]}`, 422, "body.marks[0].result"},
		{"POST", "/api/v1/rounds", `{"name":"x"}`, 422, "body.area_id"},
		{"POST", "/api/v1/forms", `{"name":"x","fields":[]}`, 422, ""},
		{"POST", "/api/v1/tokens", `{"post":"99","name":"x","days":3}`, 422, "post"},
		{"POST", "/api/v1/tokens", `{"post":"99","name":"x","days":0}`, 422, "body.days"},
		{"POST", "/api/v1/search", `{"text":"` + strings.Repeat("王", 101) + `"}`, 422, "body.text"},
	}
	clerk := d.login(t, "community")
	for _, lang := range []string{"en", "zh"} {
		d.speak(t, clerk, lang)
		for _, c := range cases {
			name := c.method + " " + c.path + " " + c.body[:min(40, len(c.body))]
			status, kind, text := d.ask(t, clerk, c.method, c.path, "application/json", strings.NewReader(c.body))
			if status != c.status {
				t.Errorf("%s: %d, want %d: %.300s", name, status, c.status, text)
			}
			p := clearProblem(t, lang, name, kind, text, status)
			named := c.field == ""
			for _, e := range p.Errors {
				named = named || e.Field == c.field
			}
			if !named {
				t.Errorf("%s: the field %s is not named: %.300s", name, c.field, text)
			}
		}
	}
	d.wrongPages(t, clerk)
	d.strangers(t)
	d.cleanDrill(t)
}

// wrongPages opens pages that cannot be: each is a page in words.
func (d *drill) wrongPages(t *testing.T, c *http.Client) {
	for _, lang := range []string{"en", "zh"} {
		d.speak(t, c, lang)
		for path, want := range map[string]int{
			"/rounds/abc": 404, "/rounds/99": 404, "/rounds/-1": 404, "/rounds/99999999999999999999999": 404,
			"/rounds/" + d.openRound() + "/outstanding?place=99": 404, "/persons/abc": 404, "/households/99": 404, "/places/x": 404, "/areas/x": 404, "/buildings/x": 404,
			"/grids/x": 404, "/imports/x": 404, "/forms/99": 404, "/rechecks/x": 404, "/today/x": 404, "/doors/x": 404, "/nothing": 404, "/%00": 404, "/accounts/x": 404,
		} {
			status, kind, text := d.ask(t, c, "GET", path, "", nil)
			if status != want || !strings.HasPrefix(kind, "text/html") || !strings.Contains(text, "<h1") {
				t.Errorf("%s (%s): %d %s, want %d as a page", path, lang, status, kind, want)
			}
		}
		if status, _, text := d.ask(t, c, "DELETE", "/rounds", "", nil); status != 405 || !strings.Contains(text, "<h1") {
			t.Errorf("DELETE /rounds: %d", status)
		}
		for _, path := range []string{"/rounds/new", "/imports", "/login", "/forms/new", "/emergencies"} {
			status, _, _ := d.ask(t, c, "POST", path, "text/plain", strings.NewReader("%zz=&;"))
			if status < 400 || status >= 500 {
				t.Errorf("POST %s with nonsense: %d", path, status)
			}
		}
	}
}

// strangers have no session: 401 on the API, the log-in on pages, and a token
// that is none is told so.
func (d *drill) strangers(t *testing.T) {
	none := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, path := range []string{"/api/v1/rounds", "/api/v1/persons", "/api/v1/accounts", "/api/v1/audit", "/api/v1/imports"} {
		status, kind, text := d.ask(t, none, "GET", path+"?lang=en", "", nil)
		if status != 401 {
			t.Errorf("%s without log-in: %d", path, status)
		}
		clearProblem(t, "en", path, kind, text, status)
	}
	if status, _, _ := d.ask(t, none, "GET", "/rounds", "", nil); status != http.StatusSeeOther {
		t.Errorf("a page without log-in: %d", status)
	}
	req, err := http.NewRequestWithContext(t.Context(), "GET", d.srv.URL+"/api/v1/rounds", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer nonsense")
	res, err := none.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 401 {
		t.Errorf("a token that is none: %d", res.StatusCode)
	}
}
