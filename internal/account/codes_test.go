package account_test

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wangge/internal/account"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

func TestFirstStart(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		old, err := h.SetupCode(ctx)
		if err != nil || old == "" {
			t.Fatal(old, err)
		}
		code, err := h.SetupCode(ctx)
		if err != nil {
			t.Fatal(err)
		}
		_, err = h.CheckCode(ctx, old, "a")
		want(t, err, "account.bad_code")
		if info, err := h.CheckCode(ctx, strings.ToLower(strings.ReplaceAll(code, "-", " ")), "a"); err != nil || !info.Setup {
			t.Fatalf("%+v %v", info, err)
		}
		n := account.NewAccount{Login: "duty", Name: "总值班室", Phone: "13800000000"}
		_, err = h.SetupFirst(ctx, code, n, "short", "windows", "a")
		want(t, err, "account.password.short")
		e, err := h.SetupFirst(ctx, code, n, goodEN, "windows", "a")
		if err != nil || h.first != e.Account.ID {
			t.Fatal(err)
		}
		if _, err := h.Lookup(ctx, e.Token); err != nil {
			t.Error(err)
		}
		_, err = h.SetupFirst(ctx, code, n, goodEN, "windows", "a")
		want(t, err, "account.bad_code")
		if again, err := h.SetupCode(ctx); err != nil || again != "" {
			t.Errorf("a second set-up: %q %v", again, err)
		}
	})
}

func TestSetupLinkExpires(t *testing.T) { dbtest.Each(t, setupLinkExpires) }

func setupLinkExpires(t *testing.T, d *db.DB) {
	h := newHouse(t, d)
	code, err := h.SetupCode(ctx)
	if err != nil {
		t.Fatal(err)
	}
	h.clk.Advance(account.SetupTTL)
	_, err = h.CheckCode(ctx, code, "a")
	want(t, err, "account.bad_code")
}

func TestResetAndForcedChange(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		a := h.add(t, account.NewAccount{Login: "new", Name: "新人"}, "")
		_, err := h.login("new", "")
		want(t, err, "account.bad_login")
		first, err := h.ResetCode(ctx, 9, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		code, err := h.ResetCode(ctx, 9, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		_, err = h.SetPassword(ctx, first, goodEN, "android", "a")
		want(t, err, "account.bad_code")
		_, err = h.SetPassword(ctx, code, "new", "android", "a")
		want(t, err, "account.password.short")
		e, err := h.SetPassword(ctx, code, goodEN, "android", "a")
		if err != nil {
			t.Fatal(err)
		}
		_, err = h.SetPassword(ctx, code, good, "android", "a")
		want(t, err, "account.bad_code")

		want(t, h.ChangePassword(ctx, a.ID, e.Session.ID, "not this", good), "account.wrong_current")
		want(t, h.ChangePassword(ctx, a.ID, e.Session.ID, goodEN, goodEN), "account.password.same")
		other, err := h.login("new", goodEN)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.ChangePassword(ctx, a.ID, e.Session.ID, goodEN, good); err != nil {
			t.Fatal(err)
		}
		if _, err := h.Lookup(ctx, e.Token); err != nil {
			t.Errorf("own session: %v", err)
		}
		_, err = h.Lookup(ctx, other.Token)
		want(t, err, "error.unauthenticated")

		h.add(t, account.NewAccount{Login: "printed", Name: "演示", MustChange: true}, "abcd-efgh-1234")
		p, err := h.login("printed", "abcd-efgh-1234")
		if err != nil || p.Token != "" || p.ChangeCode == "" {
			t.Fatalf("%+v %v", p, err)
		}
		_, err = h.SetPassword(ctx, p.ChangeCode, "abcd-efgh-1234", "mac", "a")
		want(t, err, "account.password.same")
		if p, err = h.SetPassword(ctx, p.ChangeCode, good, "mac", "a"); err != nil || p.Token == "" {
			t.Fatal(err)
		}
		if p, err = h.login("printed", good); err != nil || p.Token == "" {
			t.Error(err)
		}
	})
}

func TestUniqueAndProfile(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		a := h.add(t, account.NewAccount{Login: "one", Name: "一", Phone: "13800000001"}, "")
		b := h.add(t, account.NewAccount{Login: "two", Name: "二"}, "")
		make := func(n account.NewAccount) error {
			return h.d.Write(ctx, "test", func(tx *db.Tx) error {
				_, err := h.Create(ctx, tx, 0, n)
				return err
			})
		}
		want(t, make(account.NewAccount{Login: "ＯＮＥ", Name: "x"}), "account.login_taken")
		want(t, make(account.NewAccount{Login: "x", Name: "x", Phone: "138 0000 0001"}), "account.phone_taken")
		want(t, make(account.NewAccount{Login: "x"}), "error.required")
		want(t, make(account.NewAccount{Login: "x", Name: "张*"}), "account.masked")
		want(t, make(account.NewAccount{Login: "x", Name: "x", Phone: "12"}), "account.bad_phone")
		p := account.Profile{Login: "two", Name: "二二", Phone: "13800000002", Lang: "en"}
		if err := h.SetProfile(ctx, b.ID, b.ID, p); err != nil {
			t.Fatal(err)
		}
		got, err := h.Find(ctx, "13800000002")
		if err != nil || got.ID != b.ID || got.Name != "二二" || got.Lang != "en" {
			t.Errorf("%+v %v", got, err)
		}
		p.Login = "one"
		want(t, h.SetProfile(ctx, b.ID, b.ID, p), "account.login_taken")
		p.Login, p.Phone = "two", "13800000001"
		want(t, h.SetProfile(ctx, b.ID, b.ID, p), "account.phone_taken")
		names, err := h.Names(ctx, []id.ID{a.ID, b.ID, 5})
		if err != nil || len(names) != 2 || names[a.ID] != "一" {
			t.Errorf("%v %v", names, err)
		}
		_, err = h.Find(ctx, "three")
		want(t, err, "account.not_found")
	})
}

func TestList(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		var last account.Account
		for i := range 30 {
			name := "甲"
			if i%3 == 0 {
				name = "乙"
			}
			last = h.add(t, account.NewAccount{Name: name, Phone: "1380000100" + string(rune('0'+i%10)) + string(rune('0'+i/10))}, "")
		}
		_, _, err := h.List(ctx, "", "", 10)
		want(t, err, "error.denied")
		h.auth.admin, h.auth.untouchable = 4, last.ID
		me := web.WithSession(ctx, web.Session{AccountID: 4})
		n := 0
		for cursor := ""; ; {
			list, next, err := h.List(me, "", cursor, 7)
			if err != nil {
				t.Fatal(err)
			}
			n += len(list)
			if cursor = next; next == "" {
				break
			}
		}
		if n != 29 {
			t.Errorf("%d accounts, want 29", n)
		}
		if list, _, err := h.List(me, "乙", "", 50); err != nil || len(list) != 10 {
			t.Errorf("%d accounts, want 10 (%v)", len(list), err)
		}
		if list, _, err := h.List(me, "13800001002", "", 50); err != nil || len(list) != 3 {
			t.Errorf("%d accounts, want 3 (%v)", len(list), err)
		}
		want(t, h.Manages(me, last.ID), "account.not_found")
		want(t, h.Manages(ctx, last.ID), "error.denied")
	})
}

func TestIdempotency(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		begin := func(account id.ID, key, hash string) (bool, web.Response, error) {
			return h.Begin(ctx, account, key, []byte(hash))
		}
		if done, _, err := begin(1, "k", "a"); done || err != nil {
			t.Fatal(done, err)
		}
		_, _, err := begin(1, "k", "a")
		want(t, err, "error.idempotency_running")
		if done, _, err := begin(2, "k", "b"); done || err != nil {
			t.Error("keys of accounts are mixed", done, err)
		}
		answer := web.Response{Status: 303, Location: "/x", ContentType: "text/html", Body: []byte("张三 13800001234")}
		if err := h.Finish(ctx, 1, "k", answer); err != nil {
			t.Fatal(err)
		}
		done, saved, err := begin(1, "k", "a")
		if err != nil || !done || saved.Status != 303 || saved.Location != "/x" || !bytes.Equal(saved.Body, answer.Body) {
			t.Errorf("%v %+v %v", done, saved, err)
		}
		_, _, err = begin(1, "k", "other")
		want(t, err, "error.idempotency_conflict")
		if err := h.Abandon(ctx, 1, "k"); err != nil {
			t.Fatal(err)
		}
		if done, _, err := begin(1, "k", "a"); !done || err != nil {
			t.Error("an answered key was freed")
		}
		if err := h.Abandon(ctx, 2, "k"); err != nil {
			t.Fatal(err)
		}
		if done, _, err := begin(2, "k", "c"); done || err != nil {
			t.Error("an abandoned key was not freed", err)
		}
		h.clk.Advance(3 * time.Minute)
		_, _, err = begin(2, "k", "c")
		want(t, err, "error.idempotency_unknown")
		if err := h.Finish(ctx, 2, "k", web.Response{Status: 200, Body: make([]byte, account.MaxAnswer+1)}); err != nil {
			t.Fatal(err)
		}
		if done, saved, err := begin(2, "k", "c"); !done || err != nil || len(saved.Body) != 0 || saved.Status != 200 {
			t.Error("a long answer", done, err)
		}
		h.clk.Advance(14 * 24 * time.Hour)
		if done, _, err := begin(1, "k", "new"); done || err != nil {
			t.Error("a key is not free after 14 days", err)
		}
		h.clk.Advance(15 * 24 * time.Hour)
		if err := h.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
		var n int
		if err := h.d.Read().QueryRowContext(ctx, "SELECT COUNT(*) FROM idempotency").Scan(&n); err != nil || n != 0 {
			t.Errorf("%d keys after the sweep (%v)", n, err)
		}
	})
}

func TestTokens(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		a := h.add(t, account.NewAccount{Login: "boss", Name: "王五"}, good)
		h.auth.posts[a.ID] = []account.Post{{ID: 5, Title: "x"}}
		_, _, err := h.CreateToken(ctx, a.ID, account.NewToken{Post: 6, Name: "exporter", TTL: time.Hour})
		want(t, err, "account.token_post")
		_, _, err = h.CreateToken(ctx, a.ID, account.NewToken{Post: 5, Name: " ", TTL: time.Hour})
		want(t, err, "error.required")
		_, _, err = h.CreateToken(ctx, a.ID, account.NewToken{Post: 5, Name: "x", TTL: 400 * 24 * time.Hour})
		want(t, err, "account.token_days")
		for _, origin := range []string{"x", "12345", "230103"} {
			_, _, err = h.CreateToken(ctx, a.ID, account.NewToken{Post: 5, Name: "x", TTL: time.Hour, Origin: origin})
			want(t, err, "account.token_origin")
		}
		away, given, err := h.CreateToken(ctx, a.ID, account.NewToken{Post: 5, Name: "x", TTL: time.Hour, Origin: "230104"})
		if err != nil {
			t.Fatal(err)
		}
		if s, err := h.Tokens().Lookup(ctx, given); err != nil || s.Origin != "230104" {
			t.Errorf("%+v %v", s, err)
		}
		if err := h.EndToken(ctx, a.ID, a.ID, away.ID); err != nil {
			t.Error(err)
		}
		tok, secret, err := h.CreateToken(ctx, a.ID, account.NewToken{Post: 5, Name: "exporter", TTL: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		s, err := h.Tokens().Lookup(ctx, secret)
		if post, ok := account.TokenPost(s); err != nil || !ok || post != 5 || s.AccountID != a.ID {
			t.Errorf("%+v %v", s, err)
		}
		if _, err := h.Lookup(ctx, secret); !errs.Is(err, errs.Unauthenticated) {
			t.Errorf("a token is no session: %v", err)
		}
		h.auth.posts[a.ID] = nil
		_, err = h.Tokens().Lookup(ctx, secret)
		want(t, err, "account.bad_token")
		h.auth.posts[a.ID] = []account.Post{{ID: 5}}
		if list, err := h.ListTokens(ctx, a.ID); err != nil || len(list) != 1 || list[0].ID != tok.ID {
			t.Errorf("%v %v", list, err)
		}
		want(t, h.EndToken(ctx, a.ID, 99, tok.ID), "account.token_not_found")
		if err := h.EndToken(ctx, a.ID, a.ID, tok.ID); err != nil {
			t.Fatal(err)
		}
		_, err = h.Tokens().Lookup(ctx, secret)
		want(t, err, "account.bad_token")
	})
}

// TestOneCodeIsGoodOnce: of two who choose a password with one code at the same
// moment, at two processes, one is let in, and the password is that one's.
func TestOneCodeIsGoodOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		a := h.add(t, account.NewAccount{Login: "wang", Name: "王"}, good)
		code, err := h.ResetCode(ctx, 9, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		both := []*house{h, twin(h)}
		chosen := []string{goodEN, "blue kettle morning"}
		got := make([]error, 2)
		var wg sync.WaitGroup
		for i, at := range both {
			wg.Go(func() { _, got[i] = at.SetPassword(ctx, code, chosen[i], "android", "a") })
		}
		wg.Wait()
		in := slices.Index(got, nil)
		if in < 0 || got[1-in] == nil {
			t.Fatalf("let in: %v", got)
		}
		want(t, got[1-in], "account.bad_code")
		if _, err := h.login("wang", chosen[in]); err != nil {
			t.Error(err)
		}
	})
}

// TestParallelGuessesOfCodesAndOfOnesOwnPassword are tried no more often than
// guesses one after another, at however many processes; right ones are not counted.
func TestParallelGuessesOfCodesAndOfOnesOwnPassword(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		a := h.add(t, account.NewAccount{Login: "wang", Name: "王"}, good)
		code, err := h.ResetCode(ctx, 9, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			if _, err := h.CheckCode(ctx, code, "a"); err != nil {
				t.Fatal(err)
			}
		}
		if n := h.FailuresKept(t); n != 0 {
			t.Errorf("%d failures are kept of right guesses", n)
		}
		both := []*house{h, twin(h)}
		tried := func(wrong string, guess func(at *house) error) (n int) {
			var all atomic.Int64
			var wg sync.WaitGroup
			count := func(at *house) {
				switch err := guess(at); {
				case errs.As(err).Key == wrong:
					all.Add(1)
				case !errs.Is(err, errs.TooMany) && !errs.Is(err, errs.Unavailable): // the database was busy: not tried
					t.Error(err)
				}
			}
			for i := range 40 {
				wg.Go(func() { count(both[i%2]) })
			}
			wg.Wait()
			for range 20 {
				count(h)
			}
			return int(all.Load())
		}
		if n := tried("account.bad_code", func(at *house) error { _, err := at.CheckCode(ctx, "ABCD2345", "a"); return err }); n != 20 {
			t.Errorf("%d codes were tried", n)
		}
		_, err = h.CheckCode(ctx, code, "a")
		want(t, err, "account.too_many")
		e, err := h.login("wang", good)
		if err != nil {
			t.Fatal(err)
		}
		if n := tried("account.wrong_current", func(at *house) error { return at.ChangePassword(ctx, a.ID, e.Session.ID, "not this", goodEN) }); n != 20 {
			t.Errorf("%d passwords were tried", n)
		}
		want(t, h.ChangePassword(ctx, a.ID, e.Session.ID, good, goodEN), "account.too_many")
	})
}
