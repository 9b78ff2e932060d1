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
	second      map[id.ID]bool // of whom a second step is asked
}

func (o *office) MayManageAccounts(ctx context.Context) bool {
	return o.admin != 0 && web.SessionFrom(ctx).AccountID == o.admin
}

func (o *office) Manageable(ctx context.Context, list []account.Subject) (map[id.ID]bool, error) {
	out := map[id.ID]bool{}
	for _, a := range list {
		out[a.ID] = a.ID != o.untouchable
	}
	return out, nil
}

func (o *office) HomeFor(context.Context) id.ID { return 7 }

func (o *office) PostsOf(_ context.Context, a id.ID) ([]account.Post, error) { return o.posts[a], nil }

func (o *office) MustSecond(_ context.Context, a id.ID) (bool, error) { return o.second[a], nil }

func (o *office) PostsShown(ctx context.Context, a id.ID) ([]account.Post, error) {
	return o.PostsOf(ctx, a)
}

type house struct {
	*account.Service
	d     *db.DB
	clk   *clock.Manual
	keys  *seal.Keyring
	auth  *office
	first id.ID
}

func newHouse(t *testing.T, d *db.DB) *house {
	h := &house{d: d, clk: d.Clock().(*clock.Manual), keys: sealtest.New(t), auth: &office{posts: map[id.ID][]account.Post{}, second: map[id.ID]bool{}}}
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

func TestWorkerSessionsLastTwoWeeks(t *testing.T) { dbtest.Each(t, workerSessionsLastTwoWeeks) }

func workerSessionsLastTwoWeeks(t *testing.T, d *db.DB) {
	h := newHouse(t, d)
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

func TestGuessingIsLimited(t *testing.T) { dbtest.Each(t, guessingIsLimited) }

func guessingIsLimited(t *testing.T, d *db.DB) {
	h := newHouse(t, d)
	h.add(t, account.NewAccount{Login: "boss", Name: "王五"}, good)
	for _, wait := range []time.Duration{0, 0, 0, 0, 0, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute} {
		for _, name := range []string{"nobody", "boss"} { // the lock does not tell which of the two exists
			if wait > 0 {
				_, err := h.login(name, "guess guess")
				want(t, err, "account.wait")
			}
		}
		h.clk.Advance(wait)
		for _, name := range []string{"nobody", "boss"} {
			_, err := h.login(name, "guess guess")
			want(t, err, "account.bad_login")
		}
	}
	var err error
	for range 20 {
		_, err := h.CheckCode(ctx, "ABCD-EFGH-JKMN", "10.0.0.9")
		want(t, err, "account.bad_code")
	}
	_, err = h.CheckCode(ctx, "ABCD-EFGH-JKMN", "10.0.0.9")
	want(t, err, "account.too_many")
}

func TestParallelGuessesCountOneByOne(t *testing.T) { dbtest.Each(t, parallelGuessesCountOneByOne) }

func parallelGuessesCountOneByOne(t *testing.T, d *db.DB) {
	h := newHouse(t, d)
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
		_, secret, err := h.CreateToken(ctx, a.ID, account.NewToken{Post: 5, Name: "exporter", TTL: time.Hour})
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
