package account_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"wangge/internal/account"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// many makes accounts as an import of posts does.
func (h *house) many(t *testing.T, n int) []id.ID {
	t.Helper()
	var out []id.ID
	for len(out) < n {
		var list []account.NewAccount
		for i := len(out); i < n && len(list) < 300; i++ {
			list = append(list, account.NewAccount{Name: fmt.Sprint("人", i), Phone: fmt.Sprintf("1380%07d", i), Worker: true})
		}
		err := h.d.Write(ctx, "test", func(tx *db.Tx) error {
			made, err := h.CreateMany(ctx, tx, 0, list)
			for _, a := range made {
				out = append(out, a.ID)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// as is the context of somebody logged in.
func (h *house) as(who id.ID) context.Context {
	return web.WithSession(ctx, web.Session{AccountID: who})
}

func TestSlipsOpenAccounts(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		boss := h.add(t, account.NewAccount{Login: "boss", Name: "王书记"}, good)
		h.auth.admin = boss.ID
		ids := h.many(t, 3)
		slips, err := h.Slips(h.as(boss.ID), boss.ID, ids, 2)
		if err != nil || len(slips) != 2 || len(slips[0].Code) != 9 {
			t.Fatalf("%+v %v", slips, err)
		}
		if _, err := h.SetPassword(ctx, "ABCD-EFGH", goodEN, "android", "b"); errs.KindOf(err) != errs.Unauthenticated {
			t.Error(err)
		}
		if e, err := h.SetPassword(ctx, slips[0].Code, goodEN, "android", "a"); err != nil || e.Account.ID != ids[0] || e.Token == "" {
			t.Fatalf("%+v %v", e, err)
		}
		_, err = h.SetPassword(ctx, slips[0].Code, good, "android", "a")
		want(t, err, "account.bad_code") // used once
		again, err := h.Slips(h.as(boss.ID), boss.ID, ids, 9)
		if err != nil || len(again) != 2 { // the first has a password now
			t.Fatalf("%+v %v", again, err)
		}
		_, err = h.SetPassword(ctx, slips[1].Code, good, "android", "a")
		want(t, err, "account.bad_code") // printed again
		h.clk.Advance(account.SlipTTL)
		_, err = h.SetPassword(ctx, again[1].Code, good, "android", "a")
		want(t, err, "account.bad_code") // too late
		_, err = h.Slips(ctx, 0, ids, 9)
		want(t, err, "error.denied")
		if found, err := h.ByPhones(ctx, []string{"138 0000 0001", "13999999999"}); err != nil || len(found) != 1 || found["13800000001"].ID != ids[1] {
			t.Errorf("%+v %v", found, err)
		}
		err = h.d.Write(ctx, "test", func(tx *db.Tx) error {
			_, err := h.CreateMany(ctx, tx, 0, []account.NewAccount{{Name: "又一人", Phone: "13800000001"}})
			return err
		})
		want(t, err, "account.phone_taken")
	})
}

// TestEveryLeaderOpensTheAccount issues 6,747 slips and has each holder choose a
// password and log in, eight at a time; the time is printed, not judged.
func TestEveryLeaderOpensTheAccount(t *testing.T) {
	account.CheapHashes(t)
	const leaders = 6747
	h := newHouse(t, dbtest.One(t))
	boss := h.add(t, account.NewAccount{Login: "boss", Name: "王书记"}, good)
	h.auth.admin = boss.ID
	watch := clock.Start()
	ids := h.many(t, leaders)
	made := watch.Elapsed()
	slips, err := h.Slips(h.as(boss.ID), boss.ID, ids, leaders)
	if err != nil || len(slips) != leaders {
		t.Fatalf("%d slips: %v", len(slips), err)
	}
	issued := watch.Elapsed()
	var wg sync.WaitGroup
	next := make(chan account.Slip)
	for worker := range 8 {
		wg.Go(func() {
			for s := range next {
				e, err := h.SetPassword(ctx, s.Code, "own "+s.Account.ID.String(), "android", fmt.Sprint("10.0.0.", worker))
				if err != nil || e.Account.ID != s.Account.ID {
					t.Error(err)
				}
			}
		})
	}
	for _, s := range slips {
		next <- s
	}
	close(next)
	wg.Wait()
	t.Logf("%d accounts made in %v, slips issued in %v, all opened in %v", leaders, made, issued-made, watch.Elapsed()-issued)
	waiting, err := h.Waiting(ctx, ids)
	if err != nil || len(waiting) != 0 {
		t.Errorf("%d wait: %v", len(waiting), err)
	}
	last := slips[leaders-1].Account
	e, err := h.Login(ctx, account.Attempt{Login: last.Phone, Password: "own " + last.ID.String(), Device: "android", Address: "x"})
	if err != nil || e.Session.Expires-clock.Ms(h.clk.Now()) != (14*24*time.Hour).Milliseconds() {
		t.Errorf("%+v %v", e, err)
	}
}
