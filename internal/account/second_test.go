package account_test

import (
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"wangge/internal/account"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
)

// now6 is what the app shows for a secret at the house's clock, some steps off.
func (h *house) now6(secret string, off int64) string {
	return account.TOTPAt(secret, clock.Ms(h.clk.Now())/30_000+off)
}

// secondOn makes an account with a second step.
func (h *house) secondOn(t *testing.T, login string) (a account.Account, secret string, recovery []string) {
	t.Helper()
	a = h.add(t, account.NewAccount{Login: login, Name: "王"}, good)
	secret, err := h.BeginSecond(ctx, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	if e, err := h.login(login, good); err != nil || e.Token == "" {
		t.Fatal("a second step counts before its first code", err)
	}
	_, err = h.ConfirmSecond(ctx, a.ID, 0, "000000")
	want(t, err, "account.second.wrong")
	if recovery, err = h.ConfirmSecond(ctx, a.ID, 0, h.now6(secret, 0)); err != nil || len(recovery) != account.RecoveryCodes {
		t.Fatal(recovery, err)
	}
	return a, secret, recovery
}

func (h *house) half(t *testing.T, login string) account.Entered {
	t.Helper()
	e, err := h.login(login, good)
	if err != nil || e.Token != "" || e.SecondCode == "" {
		t.Fatalf("the password alone: %+v %v", e, err)
	}
	return e
}

func (h *house) step(e account.Entered, code string) (account.Entered, error) {
	in, _, err := h.TakeStep(ctx, e.SecondCode, code, "android", "10.0.0.1")
	return in, err
}

func TestSecondStep(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		a, secret, recovery := h.secondOn(t, "wang")
		_, err := h.BeginSecond(ctx, a.ID)
		want(t, err, "account.second.already")

		e := h.half(t, "wang")
		_, err = h.step(e, h.now6(secret, 0))
		want(t, err, "account.second.wrong") // it was taken to confirm
		for _, off := range []int64{2, -2} {
			_, err = h.step(e, h.now6(secret, off))
			want(t, err, "account.second.wrong")
		}
		in, err := h.step(e, h.now6(secret, 1)) // a phone half a minute ahead
		if err != nil || in.Token == "" {
			t.Fatal(err)
		}
		_, err = h.step(e, h.now6(secret, 1))
		want(t, err, "account.bad_code") // the log-in is used up
		_, err = h.step(h.half(t, "wang"), h.now6(secret, 1))
		want(t, err, "account.second.wrong") // and so is the code

		h.clk.Advance(2 * time.Minute)
		if _, err := h.step(h.half(t, "wang"), h.now6(secret, -1)); err != nil {
			t.Errorf("a phone half a minute late: %v", err)
		}
		if _, err := h.step(h.half(t, "wang"), strings.ToLower(recovery[0])); err != nil {
			t.Errorf("a code on paper: %v", err)
		}
		_, err = h.step(h.half(t, "wang"), recovery[0])
		want(t, err, "account.second.wrong")
		if st, err := h.Second(ctx, a.ID); err != nil || !st.On || st.Left != account.RecoveryCodes-1 {
			t.Error(st, err)
		}

		late := h.half(t, "wang")
		h.clk.Advance(11 * time.Minute)
		_, err = h.step(late, h.now6(secret, 0))
		want(t, err, "account.bad_code")

		// a reset code sets the password and does not get around the second step
		code, err := h.ResetCode(ctx, 0, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		e, err = h.SetPassword(ctx, code, goodEN, "android", "10.0.0.1")
		if err != nil || e.Token != "" || e.SecondCode == "" {
			t.Fatalf("a reset goes around the second step: %+v %v", e, err)
		}
		_, err = h.SetPassword(ctx, e.SecondCode, good, "android", "10.0.0.1")
		want(t, err, "account.bad_code")
		in, err = h.step(e, h.now6(secret, 0))
		if err != nil {
			t.Fatal(err)
		}
		want(t, h.EndSecond(ctx, a.ID, "123456"), "account.second.wrong")
		if err := h.TakeSecond(ctx, a.ID, a.ID); err != nil {
			t.Fatal(err)
		}
		gone(t, h, in.Token, "the second step was taken away")
		want(t, h.TakeSecond(ctx, a.ID, a.ID), "account.second.none")
		if e, err := h.login("wang", goodEN); err != nil || e.Token == "" {
			t.Error("without a second step the password logs in", err)
		}
	})
}

func TestSecondStepIsAskedOfPosts(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		a := h.add(t, account.NewAccount{Login: "boss", Name: "王"}, good)
		h.auth.second[a.ID] = true
		e := h.half(t, "boss")
		if !e.SecondSetup {
			t.Fatal("it is to be set up")
		}
		secret, err := h.BeginSecond(ctx, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		in, recovery, err := h.TakeStep(ctx, e.SecondCode, h.now6(secret, 0), "mac", "10.0.0.1")
		if err != nil || in.Token == "" || len(recovery) != account.RecoveryCodes {
			t.Fatal(recovery, err)
		}
		want(t, h.EndSecond(ctx, a.ID, recovery[0]), "account.second.required")
	})
}

func TestSecondStepGuessingIsLimited(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.secondOn(t, "wang")
		e := h.half(t, "wang")
		for range 19 { // and one while it was turned on
			_, err := h.step(e, "000000")
			want(t, err, "account.second.wrong")
		}
		_, err := h.step(e, "000000")
		if !errs.Is(err, errs.TooMany) {
			t.Errorf("the twenty-first guess of ten minutes: %v", err)
		}
	})
}

// TestParallelGuessesAreCounted: guesses at the same moment, at two processes,
// are tried no more often than guesses one after another.
func TestParallelGuessesAreCounted(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		_, secret, _ := h.secondOn(t, "wang")
		e := h.half(t, "wang")
		both := []*house{h, twin(h)}
		var tried, refused atomic.Int64
		var wg sync.WaitGroup
		for i := range 80 {
			wg.Go(func() {
				switch _, err := both[i%2].step(e, "000000"); {
				case errs.As(err).Key == "account.second.wrong":
					tried.Add(1)
				case errs.Is(err, errs.TooMany), errs.Is(err, errs.Unavailable): // the database was busy: not tried
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		for range 20 {
			if _, err := h.step(e, "000000"); errs.As(err).Key == "account.second.wrong" {
				tried.Add(1)
			}
		}
		if tried.Load() != 19 { // and one while it was turned on
			t.Errorf("%d guesses were tried, %d refused", tried.Load(), refused.Load())
		}
		_, err := h.step(e, h.now6(secret, 1))
		want(t, err, "account.too_many")
	})
}

var secretOnPage = regexp.MustCompile(`<code>([A-Z2-7 ]{20,})</code>`)

// On the pages: turned on by its holder, asked at the next log-in, wrong codes
// told at the field.
func TestSecondStepOnThePages(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.add(t, account.NewAccount{Login: "wang", Name: "王"}, good)
		v := newVisitor(t, site(t, h), "zh")
		v.post("/login", "login", "wang", "password", good)
		_, body := v.post("/account/second")
		m := secretOnPage.FindStringSubmatch(body)
		if m == nil || !strings.Contains(body, "<svg") {
			t.Fatal(cut(body))
		}
		secret := strings.ReplaceAll(m[1], " ", "")
		if status, body := v.post("/account/second/confirm", "otp", "1"); status != 422 || !strings.Contains(body, m[1]) || !strings.Contains(body, "数字不对") {
			t.Error(status, cut(body))
		}
		if status, body := v.post("/account/second/confirm", "otp", h.now6(secret, 0)); status != 200 || !strings.Contains(body, "备用码") {
			t.Error(status, cut(body))
		}
		v.post("/logout")
		_, body = v.post("/login", "login", "wang", "password", good, "next", "/account")
		code := regexp.MustCompile(`name="code" value="([^"]+)"`).FindStringSubmatch(body)
		if code == nil {
			t.Fatal(cut(body))
		}
		if _, body := v.get("/account"); strings.Contains(body, "两步登录") {
			t.Error("the password alone opens the account")
		}
		if status, body := v.post("/login/second", "code", code[1], "otp", "000000"); status != 422 || !strings.Contains(body, "数字不对") {
			t.Error(status, cut(body))
		}
		v.post("/login/second", "code", code[1], "otp", url.QueryEscape(h.now6(secret, 1)), "next", "/account")
		if status, body := v.get("/account"); status != 200 || !strings.Contains(body, "还剩 8 个备用码") {
			t.Error(status, cut(body))
		}
	})
}
