package account_test

import (
	"bytes"
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"wangge/internal/account"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
	"wangge/internal/platform/seal/sealtest"
	"wangge/internal/platform/web"
)

var ctx = context.Background()

const (
	district = 230103
	good     = "春风十里不如你呀"
	goodEN   = "correct horse battery"
)

// office is an Authorizer: admin administers everyone but untouchable, and each
// account holds the posts listed.
type office struct {
	admin       id.ID
	untouchable id.ID
	posts       map[id.ID][]account.Post
}

func (o *office) MayManageAccounts(ctx context.Context) bool {
	return o.admin != 0 && web.SessionFrom(ctx).AccountID == o.admin
}

func (o *office) Manageable(ctx context.Context, ids []id.ID) (map[id.ID]bool, error) {
	out := map[id.ID]bool{}
	for _, i := range ids {
		out[i] = i != o.untouchable
	}
	return out, nil
}

func (o *office) PostsOf(_ context.Context, a id.ID) ([]account.Post, error) { return o.posts[a], nil }

type house struct {
	*account.Service
	d     *db.DB
	clk   *clock.Manual
	keys  *seal.Keyring
	auth  *office
	first id.ID
}

func newHouse(t *testing.T, d *db.DB) *house {
	h := &house{d: d, clk: d.Clock().(*clock.Manual), keys: sealtest.New(t), auth: &office{posts: map[id.ID][]account.Post{}}}
	h.Service = account.New(account.Options{
		District: district, DB: d, Keys: h.keys, Clock: h.clk, Audit: audit.New(district, h.clk), Auth: h.auth,
		First: func(_ context.Context, _ *db.Tx, a id.ID) error { h.first = a; return nil },
	})
	return h
}

func (h *house) add(t *testing.T, n account.NewAccount, password string) account.Account {
	t.Helper()
	var err error
	if password != "" {
		if n.PasswordHash, err = h.HashPassword(ctx, password, n.Login, n.Phone); err != nil {
			t.Fatal(err)
		}
	}
	var a account.Account
	if err := h.d.Write(ctx, "test", func(tx *db.Tx) (err error) {
		a, err = h.Create(ctx, tx, 0, n)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return a
}

func (h *house) login(login, password string) (account.Entered, error) {
	return h.Login(ctx, account.Attempt{Login: login, Password: password, Device: "android", Address: "10.0.0.1"})
}

func keyOf(err error) string {
	if err == nil {
		return ""
	}
	return errs.As(err).Key
}

func want(t *testing.T, err error, key string) {
	t.Helper()
	if keyOf(err) != key {
		t.Errorf("got %v, want %q", err, key)
	}
}

func each(t *testing.T, body func(t *testing.T, h *house)) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		h := newHouse(t, d)
		body(t, h)
		if problems, err := audit.Verify(ctx, d); err != nil || len(problems) > 0 {
			t.Errorf("audit: %v %v", problems, err)
		}
	})
}

func TestLoginAndSessions(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		a := h.add(t, account.NewAccount{Login: "Zhang San", Name: "张三", Phone: "+86 138-0000-1234", Lang: "en"}, good)
		for _, login := range []string{"zhangsan", " ZHANG SAN ", "13800001234", "138 0000 1234"} {
			e, err := h.login(login, good)
			if err != nil || e.Account.ID != a.ID || e.Token == "" {
				t.Fatalf("%q: %+v %v", login, e, err)
			}
		}
		_, err := h.login("zhangsan", good+"x")
		want(t, err, "account.bad_login")
		_, err = h.login("nobody", good)
		want(t, err, "account.bad_login")
		_, err = h.login("zhangsan", "")
		want(t, err, "account.bad_login")

		e, err := h.login("zhangsan", good)
		if err != nil {
			t.Fatal(err)
		}
		h.auth.posts[a.ID] = []account.Post{{ID: 5, Title: "社区书记"}}
		s, err := h.Lookup(ctx, e.Token)
		if err != nil || s.AccountID != a.ID || s.Name != "张三" || s.Lang != "en" || s.Post != "社区书记" || s.Token {
			t.Fatalf("%+v %v", s, err)
		}
		list, err := h.Sessions(ctx, a.ID)
		if err != nil || len(list) != 5 || list[0].Device != "android" {
			t.Fatalf("%d sessions, %v", len(list), err)
		}
		if err := h.EndSession(ctx, a.ID, a.ID, list[1].ID); err != nil {
			t.Fatal(err)
		}
		want(t, h.EndSession(ctx, a.ID, a.ID, list[1].ID), "account.session_not_found")
		want(t, h.EndSession(ctx, a.ID, 77, list[2].ID), "account.session_not_found")
		own, err := h.SessionID(ctx, e.Token)
		if err != nil || own != e.Session.ID {
			t.Fatalf("%v %v", own, err)
		}
		if err := h.EndSessions(ctx, a.ID, a.ID, own); err != nil {
			t.Fatal(err)
		}
		if list, _ := h.Sessions(ctx, a.ID); len(list) != 1 || list[0].ID != own {
			t.Errorf("%d sessions are left", len(list))
		}
		h.clk.Advance(11 * time.Hour)
		if _, err := h.Lookup(ctx, e.Token); err != nil {
			t.Error(err)
		}
		if list, _ := h.Sessions(ctx, a.ID); len(list) != 1 || list[0].Seen != clock.Ms(h.clk.Now()) {
			t.Error("last use not recorded")
		}
		h.clk.Advance(time.Hour)
		_, err = h.Lookup(ctx, e.Token)
		want(t, err, "error.unauthenticated")
		_, err = h.Lookup(ctx, "junk")
		want(t, err, "error.unauthenticated")
	})
}

func TestWorkerSessionsLastTwoWeeks(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	h.add(t, account.NewAccount{Name: "李四", Phone: "13800004321", Worker: true}, good)
	e, err := h.login("13800004321", good)
	if err != nil {
		t.Fatal(err)
	}
	h.clk.Advance(14*24*time.Hour - time.Minute)
	if _, err := h.Lookup(ctx, e.Token); err != nil {
		t.Error(err)
	}
	h.clk.Advance(time.Minute)
	_, err = h.Lookup(ctx, e.Token)
	want(t, err, "error.unauthenticated")
}

func TestLockOut(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		a := h.add(t, account.NewAccount{Login: "boss", Name: "王五"}, good)
		for range 5 {
			_, err := h.login("boss", "wrong wrong")
			want(t, err, "account.bad_login")
		}
		_, err := h.login("boss", good)
		want(t, err, "account.wait")
		h.clk.Advance(time.Minute)
		_, err = h.login("boss", "wrong wrong")
		want(t, err, "account.bad_login")
		h.clk.Advance(time.Minute + 59*time.Second)
		_, err = h.login("boss", good)
		want(t, err, "account.wait")
		h.clk.Advance(time.Second)
		if _, err = h.login("boss", good); err != nil {
			t.Fatal(err)
		}
		for range 4 {
			_, err = h.login("boss", "wrong wrong")
			want(t, err, "account.bad_login")
		}
		if err := h.SetState(ctx, 9, a.ID, account.Locked); err != nil {
			t.Fatal(err)
		}
		_, err = h.login("boss", "wrong wrong")
		want(t, err, "account.bad_login")
		_, err = h.login("boss", good)
		want(t, err, "account.disabled")
		if err := h.SetState(ctx, 9, a.ID, account.Active); err != nil {
			t.Fatal(err)
		}
		if _, err = h.login("boss", good); err != nil {
			t.Error(err)
		}
		want(t, h.SetState(ctx, a.ID, a.ID, account.Locked), "account.lock_self")
	})
}

func TestGuessingIsLimited(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	for range 20 {
		_, err := h.login("nobody", "guess guess")
		want(t, err, "account.bad_login")
	}
	_, err := h.login("nobody", "guess guess")
	want(t, err, "account.too_many")
	h.clk.Advance(10 * time.Minute)
	_, err = h.login("nobody", "guess guess")
	want(t, err, "account.bad_login")
	for range 20 {
		_, err := h.CheckCode(ctx, "ABCD-EFGH-JKMN", "10.0.0.9")
		want(t, err, "account.bad_code")
	}
	_, err = h.CheckCode(ctx, "ABCD-EFGH-JKMN", "10.0.0.9")
	want(t, err, "account.too_many")
}

func TestParallelGuessesCountOneByOne(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
	h.add(t, account.NewAccount{Login: "boss", Name: "王五"}, good)
	var mu sync.Mutex
	seen := map[string]int{}
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() {
			_, err := h.login("boss", "wrong wrong")
			mu.Lock()
			seen[keyOf(err)]++
			mu.Unlock()
		})
	}
	wg.Wait()
	if seen["account.bad_login"] != 5 || seen["account.wait"] != 7 {
		t.Errorf("%v", seen)
	}
}

func TestLockedAccountLosesSessionsAndTokens(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		a := h.add(t, account.NewAccount{Login: "boss", Name: "王五"}, good)
		h.auth.posts[a.ID] = []account.Post{{ID: 5, Title: "x"}}
		e, err := h.login("boss", good)
		if err != nil {
			t.Fatal(err)
		}
		_, secret, err := h.CreateToken(ctx, a.ID, 5, "exporter", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.SetState(ctx, 9, a.ID, account.Locked); err != nil {
			t.Fatal(err)
		}
		_, err = h.Lookup(ctx, e.Token)
		want(t, err, "error.unauthenticated")
		_, err = h.Tokens().Lookup(ctx, secret)
		want(t, err, "account.bad_token")
	})
}

func TestTokens(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		a := h.add(t, account.NewAccount{Login: "boss", Name: "王五"}, good)
		h.auth.posts[a.ID] = []account.Post{{ID: 5, Title: "x"}}
		_, _, err := h.CreateToken(ctx, a.ID, 6, "exporter", time.Hour)
		want(t, err, "account.token_post")
		_, _, err = h.CreateToken(ctx, a.ID, 5, " ", time.Hour)
		want(t, err, "error.required")
		_, _, err = h.CreateToken(ctx, a.ID, 5, "x", 400*24*time.Hour)
		want(t, err, "account.token_days")
		tok, secret, err := h.CreateToken(ctx, a.ID, 5, "exporter", time.Hour)
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

func TestSetupLinkExpires(t *testing.T) {
	h := newHouse(t, dbtest.SQLite(t))
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

// TestNothingPersonalInTheFile greps the database's files for what was entered.
func TestNothingPersonalInTheFile(t *testing.T) {
	url := dbtest.SQLiteURL(t)
	d := dbtest.Open(t, url)
	h := newHouse(t, d)
	h.auth.posts[0] = nil
	a := h.add(t, account.NewAccount{Login: "ouyangxiaoming", Name: "欧阳晓明", Phone: "13912349876"}, good)
	if _, err := h.login("13912349876", good); err != nil {
		t.Fatal(err)
	}
	_, _ = h.login("13912349876", "guessedsecret")
	code, err := h.ResetCode(ctx, a.ID, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := h.Begin(ctx, a.ID, "k", []byte("13912349876")); err != nil {
		t.Fatal(err)
	}
	if err := h.Finish(ctx, a.ID, "k", web.Response{Status: 200, Body: []byte("欧阳晓明 13912349876")}); err != nil {
		t.Fatal(err)
	}
	var all []byte
	for _, suffix := range []string{"", "-wal", "-shm"} {
		b, err := os.ReadFile(d.Path() + suffix)
		if err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	if !bytes.Contains(all, []byte("account.login")) {
		t.Fatal("the search does not see what is written")
	}
	for _, s := range []string{"欧阳", "晓明", "ouyang", "13912349876", "12349876", good, "guessedsecret", code, strings.ReplaceAll(code, "-", "")} {
		if bytes.Contains(all, []byte(s)) {
			t.Errorf("%q stands in the database", s)
		}
	}
}
