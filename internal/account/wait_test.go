package account_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wangge/internal/account"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db/dbtest"
)

// TestARushOfLogIns has two hundred people log in at the same moment, half on
// pages and half as programs, over real HTTP with passwords as costly as they
// are. Nobody is refused, and each does what the answer says: look again when the
// page says, ask again when the API says.
func TestARushOfLogIns(t *testing.T) {
	const people = 200
	h := newHouse(t, dbtest.One(t))
	hash, err := h.HashPassword(ctx, good, "", "")
	if err != nil {
		t.Fatal(err)
	}
	for i := range people {
		h.add(t, account.NewAccount{Login: fmt.Sprint("leader", i), Name: "楼长", Worker: true, PasswordHash: hash}, "")
	}
	srv := site(t, h)
	var in, waited atomic.Int64
	watch := clock.Start()
	var wg sync.WaitGroup
	for i := range people {
		wg.Go(func() {
			v := newVisitor(t, srv, "zh")
			name := fmt.Sprint("leader", i)
			if i%4 == 3 {
				v.http.Jar = nil // a program that keeps no cookies
			}
			enter := byPage
			if i%2 == 1 {
				enter = byAPI
			}
			looks, err := enter(v, name, good)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				return
			}
			in.Add(1)
			if looks > 0 {
				waited.Add(1)
			}
		})
	}
	wg.Wait()
	took := watch.Elapsed()
	if in.Load() != people {
		t.Fatalf("%d of %d are in", in.Load(), people)
	}
	if n := sessions(t, h, people); n != people {
		t.Errorf("%d sessions of %d people", n, people)
	}
	if waiting, kept := h.InQueue(); waiting != 0 || kept != 0 {
		t.Errorf("%d still wait, %d are kept", waiting, kept)
	}
	t.Logf("%d people in after %.1f s, %d of them saw the wait", people, took.Seconds(), waited.Load())
}

func sessions(t *testing.T, h *house, people int) (n int) {
	t.Helper()
	for i := range people {
		a, err := h.Find(ctx, fmt.Sprint("leader", i))
		if err != nil {
			t.Fatal(err)
		}
		list, err := h.Sessions(ctx, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		n += len(list)
	}
	return n
}

// answer is what a visitor got.
type answer struct {
	status int
	body   string
	head   http.Header
}

// do sends a request and reads its answer.
func (v *visitor) do(method, path, contentType, body string) (answer, error) {
	req, err := http.NewRequest(method, v.base+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", contentType)
	res, err := v.http.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, string(raw), res.Header}, err
}

// byPage logs in as a browser without JavaScript does: it sends the form and
// follows Refresh. looks is how often the waiting page was shown.
func byPage(v *visitor, login, password string) (looks int, err error) {
	form := url.Values{"login": {login}, "password": {password}}
	a, err := v.do("POST", "/login", "application/x-www-form-urlencoded", form.Encode())
	for ; err == nil; looks++ {
		if a.status == 200 && a.body == "home" {
			return looks, nil
		}
		wait, page, ok := strings.Cut(a.head.Get("Refresh"), "; url=")
		n, bad := strconv.Atoi(wait)
		if !ok || bad != nil || a.status != 200 {
			return looks, fmt.Errorf("status %d, refresh %q: %s", a.status, a.head.Get("Refresh"), heading.FindString(a.body))
		}
		if strings.Contains(a.body, password) || strings.Contains(a.body, "<input") {
			return looks, fmt.Errorf("the waiting page asks or tells too much: %s", a.body)
		}
		<-clock.Real().After(time.Duration(n) * time.Second)
		a, err = v.do("GET", page, "", "")
	}
	return looks, err
}

// byAPI logs in as a program that asks again after Retry-After.
func byAPI(v *visitor, login, password string) (looks int, err error) {
	body := fmt.Sprintf(`{"login":%q,"password":%q}`, login, password)
	for ; ; looks++ {
		a, err := v.do("POST", "/api/v1/sessions", "application/json", body)
		if err != nil {
			return looks, err
		}
		if a.status == 201 {
			return looks, nil
		}
		var p struct {
			Code              string
			Place, RetryAfter int
		}
		if err := json.Unmarshal([]byte(strings.ReplaceAll(a.body, "retry_after", "RetryAfter")), &p); err != nil {
			return looks, err
		}
		n, bad := strconv.Atoi(a.head.Get("Retry-After"))
		if a.status != 429 || p.Code != "account.queue" || p.Place < 1 || bad != nil || n != p.RetryAfter {
			return looks, fmt.Errorf("status %d: %s", a.status, a.body)
		}
		<-clock.Real().After(time.Duration(n) * time.Second)
	}
}

// twin is another process over the same database.
func twin(h *house) *house {
	far := *h
	far.Service = account.New(account.Options{District: district, DB: h.d, Keys: h.keys, Clock: h.clk, Audit: audit.New(district, h.clk), Auth: h.auth})
	return &far
}

// at has the visitor talk to another process from now on. The cookies go along
// as behind a proxy, since both are of one host.
func (v *visitor) at(base string) *visitor { return &visitor{v.t, base, v.http, v.lang} }

const waitingPage = `action="/login/leave"`

// form is what is sent at the log-in.
func loginForm(login, password string) []string {
	return []string{"login", login, "password", password, "next", "/account"}
}

// waited looks again until the wait is over.
func (v *visitor) waited() (status int, body string) {
	v.t.Helper()
	for range 600 {
		if status, body = v.get("/login/wait"); !strings.Contains(body, waitingPage) {
			return status, body
		}
	}
	v.t.Fatal("the wait does not end")
	return 0, ""
}

// TestAnyProcessFinishesALogIn has a browser begin at one process and come back
// to another, which knows nothing of it but the ticket.
func TestAnyProcessFinishesALogIn(t *testing.T) {
	account.CheapHashes(t)
	account.Hurry(t)
	each(t, func(t *testing.T, near *house) {
		far := twin(near)
		a := near.add(t, account.NewAccount{Login: "wang", Name: "王"}, good)
		here, there := site(t, near), site(t, far)
		free := near.Hold()
		defer free()
		v := newVisitor(t, here, "zh")
		v.must(200, waitingPage)(v.post("/login", loginForm("wang", good)...))
		v.must(200, waitingPage)(v.get("/login/wait"))
		stolen := []*visitor{{t, there.URL, &http.Client{Jar: copied(t, v)}, "zh"}, {t, here.URL, &http.Client{Jar: copied(t, v)}, "zh"}}
		v.at(there.URL).must(200, `value="wang"`)(v.at(there.URL).waited())
		free()
		for _, thief := range stolen {
			thief.must(401, "这次登录已经完成")(thief.waited())
		}
		if list, err := near.Sessions(ctx, a.ID); err != nil || len(list) != 1 {
			t.Fatalf("one ticket opened %d sessions, %v", len(list), err)
		}
	})
}

// copied is a second jar with the ticket of v.
func copied(t *testing.T, v *visitor) http.CookieJar {
	t.Helper()
	out := newVisitor(t, &httptest.Server{URL: v.base}, v.lang).http.Jar
	at, err := url.Parse(v.base + "/login/wait")
	if err != nil {
		t.Fatal(err)
	}
	var list []*http.Cookie
	for _, c := range v.http.Jar.Cookies(at) {
		list = append(list, &http.Cookie{Name: c.Name, Value: c.Value, Path: "/login"})
	}
	out.SetCookies(at, list)
	return out
}

// TestAWrongPasswordWaitsAndCountsOnce: the form comes back with the name typed,
// and two processes that tried the same ticket count one failure.
func TestAWrongPasswordWaitsAndCountsOnce(t *testing.T) {
	account.CheapHashes(t)
	account.Hurry(t)
	each(t, func(t *testing.T, near *house) {
		far := twin(near)
		near.add(t, account.NewAccount{Login: "wang", Name: "王"}, good)
		here, there := site(t, near), site(t, far)
		tries := func(name string) {
			freeHere, freeThere := near.Hold(), far.Hold()
			defer freeThere()
			v := newVisitor(t, here, "zh")
			v.must(200, waitingPage)(v.post("/login", loginForm(name, "wrong wrong")...))
			v.at(there.URL).must(200, waitingPage)(v.at(there.URL).get("/login/wait"))
			freeHere()
			freeThere()
			twinOfV := &visitor{t, there.URL, &http.Client{Jar: copied(t, v)}, "zh"}
			v.must(401, `value="`+name+`"`)(v.waited())
			twinOfV.must(401, `value="`+name+`"`)(twinOfV.waited())
			v.must(200, `name="password"`)(v.get("/login/wait")) // reloaded: told that it is over
		}
		for range 4 {
			tries("wang")
			tries("nobody")
		}
		// Four failures, not eight: the fifth locks, and both processes know.
		for _, name := range []string{"wang", "nobody"} {
			_, err := far.login(name, "wrong wrong")
			want(t, err, "account.bad_login")
			_, err = near.login(name, good)
			want(t, err, "account.wait")
		}
	})
}

// TestProcessesCountTogether: guesses spread over processes are counted as one
// guesser's, of passwords, codes and second steps.
func TestProcessesCountTogether(t *testing.T) {
	account.CheapHashes(t)
	account.Hurry(t)
	each(t, func(t *testing.T, near *house) {
		both := []*house{near, twin(near)}
		for i := range 20 {
			_, err := both[i%2].CheckCode(ctx, "ABCD-EFGH-JKMN", "10.0.0.9")
			want(t, err, "account.bad_code")
		}
		for _, h := range both {
			_, err := h.CheckCode(ctx, "ABCD-EFGH-JKMN", "10.0.0.9")
			want(t, err, "account.too_many")
		}
		for i := range 60 {
			_, err := both[i%2].login(fmt.Sprint("name", i), "guess guess")
			want(t, err, "account.bad_login")
		}
		for _, h := range both {
			_, err := h.login("another", "guess guess")
			want(t, err, "account.too_many")
		}
		near.clk.Advance(10 * time.Minute)
		_, err := both[1].login("another", "guess guess")
		want(t, err, "account.bad_login")
		near.clk.Advance(25 * time.Hour)
		if err := near.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		if n := near.FailuresKept(t); n != 0 {
			t.Errorf("%d counts are kept after a quiet day", n)
		}
	})
}

func TestWhoLeavesIsDropped(t *testing.T) {
	account.CheapHashes(t)
	account.Hurry(t)
	h := newHouse(t, dbtest.One(t))
	h.add(t, account.NewAccount{Login: "wang", Name: "王"}, good)
	srv := site(t, h)
	free := h.Hold()
	defer free()
	gone := func() {
		t.Helper()
		for range 500 {
			waiting, kept := h.InQueue()
			if waiting == 0 && kept == 0 {
				return
			}
			<-clock.Real().After(10 * time.Millisecond)
		}
		t.Fatal("whoever left still has a place")
	}
	v := newVisitor(t, srv, "en")
	v.must(200, waitingPage)(v.post("/login", loginForm("wang", good)...))
	v.must(200, `name="password"`)(v.post("/login/leave"))
	gone()
	v.must(200, waitingPage)(v.post("/login", loginForm("wang", good)...))
	for range 40 { // silent for half a minute; the clock is looked at by each wait anew
		h.clk.Advance(time.Second)
	}
	gone()
	v.must(200, waitingPage)(v.get("/login/wait")) // the ticket is good for a quarter of an hour
	if waiting, kept := h.InQueue(); waiting != 1 || kept != 1 {
		t.Errorf("%d wait, %d are kept", waiting, kept)
	}
	h.clk.Advance(15 * time.Minute)
	v.must(200, `name="password"`)(v.get("/login/wait"))
	free()
	gone()
}

// TestAFullQueueSaysSo: on pages and in the API, with the time to come back.
func TestAFullQueueSaysSo(t *testing.T) {
	h := newHouse(t, dbtest.One(t))
	h.add(t, account.NewAccount{Login: "wang", Name: "王"}, "")
	srv := site(t, h)
	defer h.Hold()()
	h.Fill(account.Full)
	v := newVisitor(t, srv, "zh")
	a, err := v.do("POST", "/login", "application/x-www-form-urlencoded", url.Values{"login": {"wang"}, "password": {good}}.Encode())
	if err != nil || a.status != 503 || !strings.Contains(a.body, "排队已满") || !strings.Contains(a.body, `value="wang"`) || a.head.Get("Retry-After") == "" {
		t.Errorf("%d %v %v %s", a.status, err, a.head, heading.FindString(a.body))
	}
	a, err = v.do("POST", "/api/v1/sessions", "application/json", `{"login":"wang","password":"`+good+`"}`)
	if err != nil || a.status != 503 || !strings.Contains(a.body, `"account.queue_full"`) || a.head.Get("Retry-After") == "" {
		t.Errorf("%d %v %v %s", a.status, err, a.head, a.body)
	}
}

// TestChoosingAPasswordWaitsToo: with a code, and knowing the present one.
func TestChoosingAPasswordWaitsToo(t *testing.T) {
	account.CheapHashes(t)
	account.Hurry(t)
	h := newHouse(t, dbtest.One(t))
	a := h.add(t, account.NewAccount{Login: "wang", Name: "王"}, "")
	h.add(t, account.NewAccount{Login: "li", Name: "李"}, good)
	srv := site(t, h)
	code, err := h.ResetCode(ctx, a.ID, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	through := func(v *visitor, then func(int, string), path string, pairs ...string) {
		t.Helper()
		free := h.Hold()
		v.must(200, waitingPage)(v.post(path, pairs...))
		free()
		then(v.waited())
	}
	v := newVisitor(t, srv, "zh")
	v.must(422, "fld-err")(v.post("/setup", "code", code, "password", goodEN, "again", "other"))
	through(v, v.must(200, `name="login"`), "/setup", "code", code, "password", goodEN, "again", goodEN, "next", "/account")
	through(v, v.must(422, "fld-err"), "/password", "current", "wrong wrong", "password", good, "again", good)
	through(v, v.must(422, "fld-err"), "/password", "current", goodEN, "password", goodEN, "again", goodEN)

	free := h.Hold() // another person's browser has the ticket of a change
	v.must(200, waitingPage)(v.post("/password", "current", goodEN, "password", good, "again", good))
	thief := &visitor{t, srv.URL, &http.Client{Jar: copied(t, v)}, "zh"}
	thief.http.Jar = onlyTicket(t, thief)
	thief.must(401, "")(thief.get("/login/wait"))
	free()
	v.must(200, "notice")(v.waited())
	if _, err := h.login("wang", good); err != nil {
		t.Error(err)
	}
	second, err := h.ResetCode(ctx, a.ID, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	free = h.Hold() // the code is spent by another while this one waits
	w := newVisitor(t, srv, "zh")
	w.must(200, waitingPage)(w.post("/setup", "code", second, "password", goodEN, "again", goodEN))
	if _, err := h.ResetCode(ctx, a.ID, a.ID); err != nil {
		t.Fatal(err)
	}
	free()
	w.must(401, `name="code"`)(w.waited())
}

// onlyTicket is a jar with the ticket and no session.
func onlyTicket(t *testing.T, v *visitor) http.CookieJar {
	t.Helper()
	at, err := url.Parse(v.base + "/login/wait")
	if err != nil {
		t.Fatal(err)
	}
	out := newVisitor(t, &httptest.Server{URL: v.base}, v.lang).http.Jar
	for _, c := range v.http.Jar.Cookies(at) {
		if c.Name == "wangge_queue" {
			out.SetCookies(at, []*http.Cookie{{Name: c.Name, Value: c.Value, Path: "/login"}})
		}
	}
	return out
}

// TestTicketsAreSealed: nothing typed stands in the cookie, and one changed or
// made elsewhere opens nothing.
func TestTicketsAreSealed(t *testing.T) {
	account.CheapHashes(t)
	account.Hurry(t)
	h := newHouse(t, dbtest.One(t))
	srv := site(t, h)
	defer h.Hold()()
	v := newVisitor(t, srv, "zh")
	v.must(200, waitingPage)(v.post("/login", loginForm("ouyang", goodEN)...))
	at, _ := url.Parse(srv.URL + "/login/wait")
	for _, c := range v.http.Jar.Cookies(at) {
		raw, _ := base64.RawURLEncoding.DecodeString(c.Value)
		if strings.Contains(string(raw)+c.Value, "ouyang") || strings.Contains(string(raw)+c.Value, "correct") {
			t.Error("the ticket tells what was typed")
		}
		for i, bad := range []string{"", "x", c.Value[:len(c.Value)-4], c.Value[:20] + "AAAA" + c.Value[24:], c.Value + "AAAA"} {
			other := newVisitor(t, srv, "zh")
			other.http.Jar.SetCookies(at, []*http.Cookie{{Name: c.Name, Value: bad, Path: "/login"}})
			if status, body := other.get("/login/wait"); status != 200 || strings.Contains(body, waitingPage) {
				t.Errorf("%d: %d", i, status)
			}
		}
	}
}
