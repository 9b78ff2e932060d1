package account_test

import (
	"net/http"
	"net/url"
	"testing"

	"wangge/internal/account"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/web"
)

const ticketUsed = "这次登录已经完成"

// TestATicketEndsWithItsLogIn: a log-in that waited and was then sent again, or
// left, leaves no ticket behind whose copy opens a session.
func TestATicketEndsWithItsLogIn(t *testing.T) {
	account.CheapHashes(t)
	account.Hurry(t)
	each(t, func(t *testing.T, h *house) {
		srv := site(t, h)
		ended := func(login string, sessions int, end func(v *visitor, free func())) {
			a := h.add(t, account.NewAccount{Login: login, Name: "王"}, good)
			free := h.Hold()
			defer free()
			v := newVisitor(t, srv, "zh")
			v.must(200, waitingPage)(v.post("/login", loginForm(login, good)...))
			thieves := []*visitor{{t, srv.URL, &http.Client{Jar: copied(t, v)}, "zh"}}
			v.must(200, waitingPage)(v.post("/login", loginForm(login, good)...))
			thieves = append(thieves, &visitor{t, srv.URL, &http.Client{Jar: copied(t, v)}, "zh"})
			end(v, free)
			if tickets(v, "/login/wait") != 0 {
				t.Error("the browser keeps a ticket that is spent")
			}
			for _, thief := range thieves {
				thief.must(401, ticketUsed)(thief.waited())
			}
			if list, err := h.Sessions(ctx, a.ID); err != nil || len(list) != sessions {
				t.Errorf("%s: %d sessions, %v", login, len(list), err)
			}
		}
		ended("wang", 1, func(v *visitor, free func()) {
			free()
			v.must(200, `value="wang"`)(v.post("/login", loginForm("wang", good)...))
		})
		ended("li", 0, func(v *visitor, free func()) {
			v.must(200, `name="password"`)(v.post("/login/leave"))
			free()
		})
	})
}

// TestALeftChoiceIsNotMade: nor does the ticket of a password being chosen.
func TestALeftChoiceIsNotMade(t *testing.T) {
	account.CheapHashes(t)
	account.Hurry(t)
	each(t, func(t *testing.T, h *house) {
		a := h.add(t, account.NewAccount{Login: "wang", Name: "王"}, good)
		srv := site(t, h)
		code, err := h.ResetCode(ctx, a.ID, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		free := h.Hold()
		v := newVisitor(t, srv, "zh")
		v.must(200, waitingPage)(v.post("/setup", "code", code, "password", goodEN, "again", goodEN))
		thief := &visitor{t, srv.URL, &http.Client{Jar: copied(t, v)}, "zh"}
		v.must(200, `name="password"`)(v.post("/login/leave"))
		free()
		thief.must(401, ticketUsed)(thief.waited())
		if _, err := h.login("wang", good); err != nil {
			t.Error("the password left was set", err)
		}
		v.must(200, `value="wang"`)(v.post("/setup", "code", code, "password", goodEN, "again", goodEN, "next", "/account"))
	})
}

// TestAProgramGivesItsTicketBack: the answer to its log-in has it forgotten, and
// one that brings it all the same logs in anew.
func TestAProgramGivesItsTicketBack(t *testing.T) {
	account.CheapHashes(t)
	h := newHouse(t, dbtest.One(t))
	h.add(t, account.NewAccount{Login: "wang", Name: "王"}, good)
	srv := site(t, h)
	old, err := h.TicketOf("wang", good)
	if err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(srv.URL + "/api/v1/sessions")
	if err != nil {
		t.Fatal(err)
	}
	v := newVisitor(t, srv, "zh")
	for range 2 {
		v.http.Jar.SetCookies(at, []*http.Cookie{{Name: "wangge_queue", Value: old, Path: at.Path}})
		a, err := v.do("POST", at.Path, "application/json", `{"login":"wang","password":"`+good+`"}`)
		if err != nil || a.status != 201 || len(a.head.Values("Set-Cookie")) != 2 || tickets(v, at.Path) != 0 {
			t.Errorf("%d %v %v %s", a.status, err, a.head, a.body)
		}
		if status, _ := v.get("/account"); status != 200 {
			t.Errorf("not logged in: %d", status)
		}
	}
	thief := newVisitor(t, srv, "zh")
	thief.http.Jar.SetCookies(at, []*http.Cookie{{Name: "wangge_queue", Value: old, Path: "/login"}})
	thief.must(401, ticketUsed)(thief.waited())
}

// tickets counts those that v would bring to path.
func tickets(v *visitor, path string) (n int) {
	v.t.Helper()
	at, err := url.Parse(v.base + path)
	if err != nil {
		v.t.Fatal(err)
	}
	for _, c := range v.http.Jar.Cookies(at) {
		if c.Name == "wangge_queue" {
			n++
		}
	}
	return n
}

// TestLogInsTakeNoPlaceOfMarks: whoever sends a log-in's form a byte at a time
// holds nobody up who notes something down.
func TestLogInsTakeNoPlaceOfMarks(t *testing.T) {
	account.CheapHashes(t)
	h := newHouse(t, dbtest.One(t))
	h.add(t, account.NewAccount{Login: "wang", Name: "王"}, good)
	srv := site(t, h, func(o *web.Options) {
		o.Limits = map[web.Class]web.Limits{web.Work: {}} // no place at all
	})
	v := newVisitor(t, srv, "zh")
	v.must(200, `name="password"`)(v.get("/login"))
	v.must(200, `name="code"`)(v.get("/setup"))
	v.must(200, `name="code"`)(v.get("/activate"))
	v.must(401, `name="password"`)(v.post("/login/second", "code", "ABCD-EFGH-JKMN", "otp", "000000"))
	v.must(200, `name="password"`)(v.post("/login/leave"))
	v.must(200, "home")(v.post("/login", "login", "wang", "password", good))
}
