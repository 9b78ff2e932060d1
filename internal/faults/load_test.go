package faults

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/web"
)

// clients is how many people mark at the same time.
const clients = 8

// load marks doors from several clients until it is stopped. Each mark has a key
// and is sent again under the same key until it is acknowledged.
type load struct {
	t      *testing.T
	s      *stand
	client *http.Client
	run    string // begins the keys of this load
	halt   chan struct{}
	wg     sync.WaitGroup
	began  clock.Stopwatch

	mu      sync.Mutex
	acked   map[string]string // key → door
	answers []answer
	refused map[string]int // answers that were no acknowledgement, by what they said
}

// answer is when an acknowledged mark was first asked for and answered, since the
// load began.
type answer struct{ asked, told time.Duration }

var runs atomic.Int64

// startLoad logs in and begins to mark.
func startLoad(t *testing.T, s *stand) *load {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	l := &load{t: t, s: s, run: fmt.Sprint("f", runs.Add(1), "-"), halt: make(chan struct{}), began: clock.Start(),
		client:  &http.Client{Jar: jar, Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: clients}},
		acked:   map[string]string{},
		refused: map[string]int{},
	}
	if !s.within(time.Minute, l.login) {
		t.Fatalf("not logged in:\n%s", s.said())
	}
	for c := range clients {
		l.wg.Go(func() { l.work(c) })
	}
	return l
}

// login logs in and reports whether it did: a busy server shows a page to wait
// at instead.
func (l *load) login() bool {
	res, err := l.client.PostForm(l.s.base+"/login", url.Values{"login": {l.s.login}, "password": {l.s.password}})
	if err != nil {
		l.t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		l.t.Fatalf("log-in: %d", res.StatusCode)
	}
	at, err := url.Parse(l.s.base)
	if err != nil {
		l.t.Fatal(err)
	}
	return slices.ContainsFunc(l.client.Jar.Cookies(at), func(c *http.Cookie) bool { return c.Name == web.SessionCookie })
}

func (l *load) work(c int) {
	results := []string{"normal", "absent", "verified_empty"}
	for n := 0; ; n++ {
		key := fmt.Sprintf("%s%d-%d", l.run, c, n)
		door := l.s.doors[(n*clients+c)%len(l.s.doors)]
		body, err := json.Marshal(map[string]string{"object_id": door, "result": results[n%len(results)], "client_key": key})
		if err != nil {
			panic(err)
		}
		asked := l.began.Elapsed()
		for !l.send(body, key, door, asked) {
			select {
			case <-l.halt:
				return
			case <-clock.Real().After(50 * time.Millisecond):
				asked = l.began.Elapsed()
			}
		}
		select {
		case <-l.halt:
			return
		default:
		}
	}
}

// send sends a mark and reports whether it was acknowledged.
func (l *load) send(body []byte, key, door string, asked time.Duration) bool {
	req, err := http.NewRequest("POST", l.s.base+"/api/v1/rounds/"+l.s.round+"/marks", bytes.NewReader(body))
	if err != nil {
		panic(err)
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := l.client.Do(req)
	if err != nil {
		l.note("no answer")
		return false
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		l.note("no answer")
		return false
	case res.StatusCode != http.StatusOK:
		var p struct{ Code string }
		_ = json.Unmarshal(text, &p) // what is no problem document has no code
		l.note(fmt.Sprint(res.StatusCode, " ", i18n.T("en", p.Code)))
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acked[key] = door
	l.answers = append(l.answers, answer{asked, l.began.Elapsed()})
	return true
}

func (l *load) note(what string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refused[what]++
}

// count returns how many marks are acknowledged.
func (l *load) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.acked)
}

// await waits until n more marks are acknowledged than now.
func (l *load) await(n int, within time.Duration) {
	l.t.Helper()
	want := l.count() + n
	for watch := clock.Start(); l.count() < want; <-clock.Real().After(10 * time.Millisecond) {
		if watch.Elapsed() > within {
			l.t.Fatalf("after %s only %d of %d marks more; refused: %v\n%s", within, l.count()-want+n, n, l.refused, l.s.said())
		}
	}
}

// service is how long after a moment the first mark that was asked for after it
// was acknowledged.
func (l *load) service(after time.Duration) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	var first time.Duration
	for _, a := range l.answers {
		if a.asked > after && (first == 0 || a.told < first) {
			first = a.told
		}
	}
	return first - after
}

// gap is the longest time in which nothing was acknowledged.
func (l *load) gap() (longest time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	last := time.Duration(0)
	for _, a := range l.answers {
		longest, last = max(longest, a.told-last), max(last, a.told)
	}
	return longest
}

// stop ends the load; what was under way is answered or given up.
func (l *load) stop() {
	close(l.halt)
	l.wg.Wait()
	l.client.CloseIdleConnections()
}
