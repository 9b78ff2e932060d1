package account_test

import (
	"context"
	"testing"
	"time"

	"wangge/internal/account"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// gone checks that a secret no longer lets anybody in.
func gone(t *testing.T, i web.Identity, secret, after string) {
	t.Helper()
	if _, err := i.Lookup(ctx, secret); !errs.Is(err, errs.Unauthenticated) {
		t.Errorf("after %s the secret still works: %v", after, err)
	}
}

// Who was let in once is known in memory; what ends a session ends that too,
// with the very next request.
func TestWhatEndsASessionEndsItAtOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		a := h.add(t, account.NewAccount{Login: "wang", Name: "王"}, good)
		b := h.add(t, account.NewAccount{Login: "li", Name: "李"}, good)
		h.auth.posts[a.ID] = []account.Post{{ID: 5, Title: "楼长"}}
		in := func(login string) account.Entered {
			t.Helper()
			e, err := h.login(login, good)
			if err != nil {
				t.Fatal(err)
			}
			if k, err := h.Lookup(ctx, e.Token); err != nil || k.AccountID != e.Account.ID {
				t.Fatal(k, err)
			}
			return e
		}
		other := in("li")
		for what, end := range map[string]func(e account.Entered) error{
			"ending it":           func(e account.Entered) error { return h.EndSession(ctx, b.ID, a.ID, e.Session.ID) },
			"ending all":          func(account.Entered) error { return h.EndSessions(ctx, b.ID, a.ID, id.Zero) },
			"locking the account": func(account.Entered) error { return h.SetState(ctx, b.ID, a.ID, account.Locked) },
		} {
			e := in("wang")
			if err := end(e); err != nil {
				t.Fatal(what, err)
			}
			gone(t, h, e.Token, what)
			if err := h.SetState(ctx, b.ID, a.ID, account.Active); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := h.Lookup(ctx, other.Token); err != nil {
			t.Errorf("another account's session ended too: %v", err)
		}
		tok, secret, err := h.CreateToken(ctx, a.ID, account.NewToken{Post: 5, Name: "x", TTL: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		if k, err := h.Tokens().Lookup(ctx, secret); err != nil || k.Name != "王" {
			t.Fatal(k, err)
		}
		if err := h.SetProfile(ctx, a.ID, a.ID, account.Profile{Login: "wang", Name: "王二"}); err != nil {
			t.Fatal(err)
		}
		if k, err := h.Tokens().Lookup(ctx, secret); err != nil || k.Name != "王二" {
			t.Errorf("the old name is still known: %+v %v", k, err)
		}
		h.auth.posts[a.ID] = nil
		gone(t, h.Tokens(), secret, "its post ended")
		h.auth.posts[a.ID] = []account.Post{{ID: 5}}
		if err := h.EndToken(ctx, a.ID, a.ID, tok.ID); err != nil {
			t.Fatal(err)
		}
		gone(t, h.Tokens(), secret, "ending the token")
		e := in("wang")
		h.clk.Set(time.UnixMilli(e.Session.Expires))
		gone(t, h, e.Token, "its time")
	})
}

// Two processes over one database: news tells the other one at once, and should
// they be lost it asks again after five seconds.
func TestOtherProcessesHearOfIt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		if d.Engine() != db.Postgres {
			return // one process alone writes a SQLite file
		}
		h := newHouse(t, d)
		far := account.New(account.Options{District: district, DB: d, Keys: h.keys, Clock: h.clk, Audit: audit.New(district, h.clk), Auth: h.auth})
		h.add(t, account.NewAccount{Login: "wang", Name: "王"}, good)
		in := func() account.Entered {
			t.Helper()
			e, err := h.login("wang", good)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := far.Lookup(ctx, e.Token); err != nil {
				t.Fatal(err)
			}
			return e
		}
		end := func(e account.Entered) {
			t.Helper()
			if err := h.EndSession(ctx, e.Account.ID, e.Account.ID, e.Session.ID); err != nil {
				t.Fatal(err)
			}
		}
		lost := in()
		end(lost)
		h.clk.Advance(5 * time.Second)
		gone(t, far, lost.Token, "five seconds without news")

		listen, stop := context.WithCancel(ctx)
		defer stop()
		news := d.Listen(listen)
		told := in()
		end(told)
		for topic := range news {
			far.Heard(topic)
			if topic == "account:"+told.Account.ID.String() {
				break
			}
		}
		gone(t, far, told.Token, "the news")
	})
}
