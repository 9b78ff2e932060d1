package app

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	"wangge/internal/platform/clock"
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
	r, err := CheckDB(context.Background(), d.app.DB, "en")
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

// TestMarksThatCannotBe: outside one's area, twice, by a wrong clock.
func TestMarksThatCannotBe(t *testing.T) {
	d := newDrill(t, Options{}, "nangang", 600)
	type line struct {
		ObjectID string `json:"object_id"`
		State    string `json:"state"`
	}
	var mine, all struct{ Items []line }
	leader, street := d.login(t, "building_leader"), d.login(t, "district_command")
	at := "/api/v1/rounds/" + d.openRound()
	if status, p := d.api(t, leader, "GET", at+"/outstanding", nil, &mine); status != 200 || len(mine.Items) < 4 {
		t.Fatalf("the leader's doors: %d %+v %v", status, p, mine)
	}
	d.api(t, street, "GET", at+"/outstanding?limit=5000", nil, &all)
	outside := ""
	own := map[string]bool{}
	for _, l := range mine.Items {
		own[l.ObjectID] = true
	}
	for _, l := range all.Items {
		if !own[l.ObjectID] {
			outside = l.ObjectID
		}
	}
	if outside == "" {
		t.Fatal("the district has no door outside the leader's")
	}
	var before, after struct {
		Node struct{ Total, Done, Exempt, Outstanding int }
	}
	d.api(t, street, "GET", at+"/coverage", nil, &before)
	for _, body := range []map[string]any{{"object_id": outside, "result": "normal"}, {"object_id": outside, "result": "absent", "note": "x"}} {
		for _, lang := range []string{"en", "zh"} {
			d.speak(t, leader, lang)
			b, _ := json.Marshal(body)
			status, kind, text := d.ask(t, leader, "POST", at+"/marks", "application/json", bytes.NewReader(b))
			if status != 403 && status != 404 {
				t.Errorf("a door outside: %d %s", status, text)
			}
			clearProblem(t, lang, "a door outside", kind, text, status)
		}
	}
	var batch struct {
		Items []struct {
			Status  int
			Problem *web.Problem
		}
	}
	d.api(t, leader, "POST", "/api/v1/marks:batch", map[string]any{"marks": []map[string]any{
		{"round_id": d.openRound(), "object_id": outside, "result": "normal"}, {"round_id": d.openRound(), "object_id": mine.Items[3].ObjectID, "result": "normal", "client_key": "b1"},
		{"round_id": "99", "object_id": outside, "result": "normal"}}}, &batch)
	if len(batch.Items) != 3 || batch.Items[0].Status < 403 || batch.Items[0].Problem == nil || batch.Items[1].Status != 200 || batch.Items[2].Status != 404 {
		t.Errorf("a batch with a door outside, one's own and an unknown round: %+v", batch)
	}
	d.api(t, street, "GET", at+"/coverage", nil, &after)
	if after.Node.Done != before.Node.Done+1 || after.Node.Total != before.Node.Total {
		t.Errorf("figures %+v became %+v by one mark that may be", before.Node, after.Node)
	}
	d.sameKey(t, leader, at, mine.Items[0].ObjectID)
	d.wrongClock(t, leader, at, mine.Items[1].ObjectID, mine.Items[2].ObjectID)
	d.badAnswers(t, leader, at, mine.Items[1].ObjectID)
	d.cleanDrill(t)
}

type markAnswer struct {
	MarkID   string `json:"mark_id"`
	Replayed bool
	ClockOff bool `json:"clock_off"`
	State    string
}

// sameKey: the same mark again is the same answer, another under its key 409;
// both by the mark's own key and by the header of any call.
func (d *drill) sameKey(t *testing.T, c *http.Client, at, object string) {
	var one, two markAnswer
	body := map[string]any{"object_id": object, "result": "absent", "client_key": "once"}
	d.api(t, c, "POST", at+"/marks", body, &one)
	if status, _ := d.api(t, c, "POST", at+"/marks", body, &two); status != 200 || two.MarkID != one.MarkID || !two.Replayed {
		t.Errorf("sent twice: %d, %+v then %+v", status, one, two)
	}
	body["result"] = "refused"
	if status, p := d.api(t, c, "POST", at+"/marks", body, nil); status != 409 || p.Code == "" {
		t.Errorf("another mark under the same key: %d %+v", status, p)
	}
	send := func(result string) (int, string, string) {
		req, err := http.NewRequestWithContext(t.Context(), "POST", d.srv.URL+at+"/marks", strings.NewReader(`{"object_id":"`+object+`","result":"`+result+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set(web.KeyHeader, "header-key")
		res, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		return res.StatusCode, res.Header.Get("Idempotent-Replayed"), string(b)
	}
	s1, _, first := send("absent")
	s2, again, second := send("absent")
	s3, _, _ := send("normal")
	if s1 != 200 || s2 != 200 || again != "true" || strings.TrimSpace(first) != strings.TrimSpace(second) || s3 != 409 {
		t.Errorf("the header's key: %d, %d (%q), %d: %s %s", s1, s2, again, s3, first, second)
	}
	var h struct{ Items []any }
	d.api(t, c, "GET", at+"/targets/"+object, nil, &h)
	if len(h.Items) != 2 {
		t.Errorf("%d marks were made, want 2", len(h.Items))
	}
}

// wrongClock: a phone a year behind or ahead is corrected by what it said when sending.
func (d *drill) wrongClock(t *testing.T, c *http.Client, at string, objects ...string) {
	for i, off := range []time.Duration{-365 * 24 * time.Hour, 365 * 24 * time.Hour} {
		phone := clock.Real().Now().Add(off)
		var m markAnswer
		status, p := d.api(t, c, "POST", at+"/marks", map[string]any{"object_id": objects[i], "result": "normal", "client_key": fmt.Sprint("clock", i),
			"claimed_ms": phone.Add(-10 * time.Minute).UnixMilli(), "sent_ms": phone.UnixMilli()}, &m)
		if status != 200 || !m.ClockOff || m.State != "done" {
			t.Fatalf("a clock %v off: %d %+v %+v", off, status, m, p)
		}
		var h struct {
			Items []struct {
				CorrectedMs int64 `json:"corrected_ms"`
				ReceivedMs  int64 `json:"received_ms"`
				ClaimedMs   int64 `json:"claimed_ms"`
			}
		}
		d.api(t, c, "GET", at+"/targets/"+objects[i], nil, &h)
		got := h.Items[0]
		if ago := time.Duration(got.ReceivedMs-got.CorrectedMs) * time.Millisecond; ago < 9*time.Minute || ago > 11*time.Minute || got.ClaimedMs != phone.Add(-10*time.Minute).UnixMilli() {
			t.Errorf("a clock %v off: corrected to %v before it arrived: %+v", off, ago, got)
		}
	}
}

// badAnswers do not fit the form; each names its field.
func (d *drill) badAnswers(t *testing.T, c *http.Client, at, object string) {
	for name, answers := range map[string]map[string]string{
		"head_count": {"head_count": "many", "away_return": "no", "symptom": "no"},
		"symptom":    {"head_count": "2", "away_return": "no", "symptom": "perhaps"},
		"nonsense":   {"head_count": "2", "away_return": "no", "symptom": "no", "nonsense": "1"},
	} {
		status, p := d.api(t, c, "POST", at+"/marks", map[string]any{"object_id": object, "result": "answered", "answers": answers}, nil)
		if status != 422 || len(p.Errors) == 0 || !strings.Contains(p.Errors[0].Field, name) {
			t.Errorf("a wrong %s: %d %+v", name, status, p)
		}
	}
	if status, p := d.api(t, c, "POST", at+"/marks", map[string]any{"object_id": object, "result": "abducted"}, nil); status != 422 || len(p.Errors) == 0 {
		t.Errorf("an unknown result: %d %+v", status, p)
	}
}

// TestRoundWithoutTargets: it cannot be submitted, and says why.
func TestRoundWithoutTargets(t *testing.T) {
	d := newDrill(t, Options{}, "nangang", 600)
	c := d.login(t, "community")
	var r struct{ ID, State, FormID string }
	var open map[string]any
	d.api(t, c, "GET", "/api/v1/rounds/"+d.openRound(), nil, &open)
	status, p := d.api(t, c, "POST", "/api/v1/rounds", map[string]any{"name": "nobody", "area_id": d.loaded.Story.Compound.String(), "form_id": open["form_id"],
		"target_kind": "persons", "filter": map[string]any{"care": []string{"dialysis"}}, "due_ms": clock.Real().Now().Add(time.Hour).UnixMilli()}, &r)
	if status != 201 {
		t.Logf("refused already as a draft: %d %+v", status, p)
		status, p = d.api(t, c, "POST", "/api/v1/rounds", map[string]any{"name": "nobody", "area_id": d.loaded.Story.Compound.String(), "form_id": open["form_id"],
			"target_kind": "persons", "due_ms": clock.Real().Now().Add(time.Hour).UnixMilli()}, &r)
	}
	if status != 201 {
		t.Fatalf("a draft for a compound nobody lives in yet: %d %+v", status, p)
	}
	for _, lang := range []string{"en", "zh"} {
		d.speak(t, c, lang)
		status, kind, text := d.ask(t, c, "POST", "/api/v1/rounds/"+r.ID+"/submit", "application/json", strings.NewReader("{}"))
		if status != 422 && status != 409 {
			t.Errorf("a round of nobody is submitted: %d %s", status, text)
		}
		if p := clearProblem(t, lang, "no targets", kind, text, status); p.Code != "round.no_targets" {
			t.Errorf("the message is %s", p.Code)
		}
	}
	d.api(t, c, "GET", "/api/v1/rounds/"+r.ID, nil, &r)
	if r.State != "draft" {
		t.Errorf("the round is %s", r.State)
	}
	d.cleanDrill(t)
}

// zeros is n zero bytes that are nowhere kept.
type zeros struct{ n int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.n == 0 {
		return 0, io.EOF
	}
	k := int(min(int64(len(p)), z.n))
	clear(p[:k])
	z.n -= int64(k)
	return k, nil
}

// watchHeap returns a function that tells the most memory in use since, in MiB.
func watchHeap() func() uint64 {
	runtime.GC()
	var peak atomic.Uint64
	done := make(chan struct{})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		var m runtime.MemStats
		for {
			runtime.ReadMemStats(&m)
			if m.HeapInuse > peak.Load() {
				peak.Store(m.HeapInuse)
			}
			select {
			case <-done:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	return func() uint64 {
		close(done)
		<-ended
		return peak.Load() >> 20
	}
}

// pack makes a zip of parts.
func pack(t *testing.T, parts map[string]io.Reader) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	for name, r := range parts {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(w, r); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const (
	contentTypes = `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>`
	packageRels  = `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`
	workbookXML  = `<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="1" sheetId="1" r:id="rId1"/></sheets></workbook>`
	workbookRels = `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>`
	sheetHead    = `<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`
	sheetFoot    = `</sheetData></worksheet>`
	stringsHead  = `<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>`
	stringsFoot  = `</t></si></sst>`
)

// book makes a workbook of the raw rows and shared strings.
func book(t *testing.T, rows, words io.Reader) []byte {
	return pack(t, map[string]io.Reader{"[Content_Types].xml": strings.NewReader(contentTypes), "_rels/.rels": strings.NewReader(packageRels),
		"xl/workbook.xml": strings.NewReader(workbookXML), "xl/_rels/workbook.xml.rels": strings.NewReader(workbookRels),
		"xl/worksheets/sheet1.xml": io.MultiReader(strings.NewReader(sheetHead), rows, strings.NewReader(sheetFoot)),
		"xl/sharedStrings.xml":     io.MultiReader(strings.NewReader(stringsHead), words, strings.NewReader(stringsFoot))})
}

// spaces turns zeros into spaces, which XML allows.
type spaces struct{ zeros }

func (s *spaces) Read(p []byte) (int, error) {
	n, err := s.zeros.Read(p)
	for i := range p[:n] {
		p[i] = ' '
	}
	return n, err
}

// emptyRows writes a million rows without a cell.
func emptyRows() io.Reader {
	r, w := io.Pipe()
	go func() {
		var b bytes.Buffer
		for i := range 1_000_000 {
			fmt.Fprintf(&b, `<row r="%d"/>`, i+1)
			if b.Len() > 1<<16 {
				w.Write(b.Bytes())
				b.Reset()
			}
		}
		w.Write(b.Bytes())
		w.Close()
	}()
	return r
}

// TestFilesThatAreNoRoster: each is refused in words, on the page and in the
// API, in both languages, within bounded memory, and leaves nothing.
func TestFilesThatAreNoRoster(t *testing.T) {
	d := newDrill(t, Options{}, "nangang", 600)
	c := d.login(t, "community")
	place := d.loaded.Story.Community.String()
	const big = 200 << 20
	files := []struct {
		name string
		make func() io.Reader
		// the statuses of the API; the page shows its form again
		status []int
	}{
		{"report.pdf", func() io.Reader { return strings.NewReader("%PDF-1.7\n" + strings.Repeat("x", 5000)) }, []int{422}},
		{"roster.xlsx", func() io.Reader { return strings.NewReader("%PDF-1.7\n" + strings.Repeat("x", 5000)) }, []int{422}},
		{"letter.docx", func() io.Reader {
			return bytes.NewReader(pack(t, map[string]io.Reader{"[Content_Types].xml": strings.NewReader(contentTypes), "word/document.xml": strings.NewReader("<w/>")}))
		}, []int{422}},
		{"picture.png", func() io.Reader { return strings.NewReader("\x89PNG\r\n\x1a\n" + strings.Repeat("\x00", 5000)) }, []int{422}},
		{"empty.xlsx", func() io.Reader { return strings.NewReader("") }, []int{400, 422}},
		{"cut.xlsx", func() io.Reader {
			b := book(t, emptyRows(), strings.NewReader(""))
			return bytes.NewReader(b[:len(b)/2])
		}, []int{422}},
		{"zeros.xlsx", func() io.Reader { return &zeros{big} }, []int{413, 429}},
		{"zeros.csv", func() io.Reader { return &zeros{30 << 20} }, []int{422}},
		{"bomb.xlsx", func() io.Reader {
			return bytes.NewReader(book(t, strings.NewReader(""), &spaces{zeros{300 << 20}}))
		}, []int{422, 429}},
	}
	for _, f := range files {
		for _, lang := range []string{"en", "zh"} {
			d.speak(t, c, lang)
			body := f.make()
			peak := watchHeap()
			watch := clock.Start()
			status, kind, text := d.ask(t, c, "POST", "/api/v1/imports?file="+f.name+"&place="+place, "application/octet-stream", body)
			mib := peak()
			if !within(f.status, status) {
				t.Errorf("%s: %d, want %v: %.300s", f.name, status, f.status, text)
			}
			clearProblem(t, lang, f.name, kind, text, status)
			if mib > 400 {
				t.Errorf("%s took %d MiB", f.name, mib)
			}
			t.Logf("%s (%s): %d after %v, at most %d MiB: %s", f.name, lang, status, watch.Elapsed().Round(time.Millisecond), mib, field(text, "detail"))
		}
		if f.name == "zeros.csv" {
			continue
		}
		status, text := d.uploadPage(t, c, place, f.name, f.make())
		if status < 400 || status >= 500 || !strings.Contains(text, "<h1") {
			t.Errorf("%s on the page: %d %.200s", f.name, status, text)
		}
	}
	var list struct{ Items []any }
	d.api(t, c, "GET", "/api/v1/imports", nil, &list)
	if len(list.Items) != 0 {
		t.Errorf("%d imports are kept of files that are none", len(list.Items))
	}
	d.cleanDrill(t)
}

func within(list []int, n int) bool {
	for _, v := range list {
		if v == n {
			return true
		}
	}
	return false
}

func field(text, name string) string {
	var m map[string]any
	json.Unmarshal([]byte(text), &m)
	return fmt.Sprint(m[name])
}

// uploadPage posts the form of /imports, streamed.
func (d *drill) uploadPage(t *testing.T, c *http.Client, place, name string, file io.Reader) (int, string) {
	t.Helper()
	r, w := io.Pipe()
	m := multipart.NewWriter(w)
	go func() {
		m.WriteField("place", place)
		part, err := m.CreateFormFile("file", name)
		if err == nil {
			_, err = io.Copy(part, file)
		}
		if err == nil {
			err = m.Close()
		}
		w.CloseWithError(err)
	}()
	status, _, text := d.ask(t, c, "POST", "/imports", m.FormDataContentType(), r)
	r.Close()
	return status, text
}

// TestMillionEmptyRows: a workbook of nothing is read in bounded time and found
// to hold no roster.
func TestMillionEmptyRows(t *testing.T) {
	d := newDrill(t, Options{}, "nangang", 600)
	c := d.login(t, "community")
	for name, file := range map[string]io.Reader{
		"empty.xlsx": bytes.NewReader(book(t, emptyRows(), strings.NewReader(""))),
		"empty.csv":  strings.NewReader("楼栋,房号,姓名\n" + strings.Repeat("\n", 1_000_000)),
		"commas.csv": strings.NewReader("楼栋,房号,姓名\n" + strings.Repeat(",,\n", 1_000_000)),
	} {
		watch := clock.Start()
		status, kind, text := d.ask(t, c, "POST", "/api/v1/imports?file="+name+"&place="+d.loaded.Story.Community.String(), "application/octet-stream", file)
		t.Logf("%s: %d after %v", name, status, watch.Elapsed().Round(time.Millisecond))
		if status == 201 {
			var v struct {
				Persons int
				Sheets  []struct{ Accepted, Rejected int }
			}
			if err := json.Unmarshal([]byte(text), &v); err != nil || v.Persons != 0 {
				t.Errorf("%s: %v, %d persons", name, err, v.Persons)
			}
			continue
		}
		clearProblem(t, "zh", name, kind, text, status)
	}
	d.cleanDrill(t)
}
