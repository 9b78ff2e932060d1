package account

import (
	"strings"
	"testing"
	"time"

	"wangge/internal/platform/errs"
)

func TestPasswordRules(t *testing.T) {
	for _, c := range []struct{ password, want string }{
		{"春风十里不如你呀", ""},
		{"correct horse", ""},
		{"a1b2c3d4e5", ""},
		{"seven77", "account.password.short"},
		{"一二三四五六七", "account.password.short"},
		{strings.Repeat("x", 129), "account.password.long"},
		{"Zhang San 88", "account.password.login"},
		{"my13800001234", "account.password.login"},
		{"PASSWORD1", "account.password.common"},
		{"ｐａｓｓｗｏｒｄ", "account.password.common"},
		{"88888888", "account.password.common"},
		{"12345678", "account.password.common"},
		{"1234567890", "account.password.common"},
		{"hgfedcba", "account.password.common"},
	} {
		err := checkPassword(c.password, "zhangsan88", "138 0000 1234")
		got := ""
		if err != nil {
			e := errs.As(err)
			if got = e.Key; e.Field != "password" {
				t.Errorf("%q: field %q", c.password, e.Field)
			}
		}
		if got != c.want {
			t.Errorf("%q: got %q, want %q", c.password, got, c.want)
		}
	}
}

func TestLockFor(t *testing.T) {
	for failed, want := range map[int]time.Duration{0: 0, 4: 0, 5: time.Minute, 6: 2 * time.Minute, 8: 8 * time.Minute, 11: time.Hour, 500: time.Hour} {
		if got := lockFor(failed); got != want {
			t.Errorf("%d failures: %v, want %v", failed, got, want)
		}
	}
}

func TestDeviceOf(t *testing.T) {
	for ua, want := range map[string]string{
		"Mozilla/5.0 (iPhone; CPU iPhone OS 15_0 like Mac OS X) MicroMessenger/8.0": "wechat",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 15_0 like Mac OS X)":                    "iphone",
		"Mozilla/5.0 (Linux; Android 10; HMA-AL00)":                                 "android",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64)":                                 "windows",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15)":                             "mac",
		"curl/8.0": "program",
		"":         "other",
	} {
		if got := DeviceOf(ua); got != want {
			t.Errorf("%q: %s, want %s", ua, got, want)
		}
	}
}

func TestCodes(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		c := newCode()
		if len(c) != 14 || c[4] != '-' || c[9] != '-' || seen[c] {
			t.Fatalf("code %q", c)
		}
		seen[c] = true
		if n := normCode(strings.ToLower(" " + c + " ")); n != strings.ReplaceAll(c, "-", "") {
			t.Fatalf("%q read as %q", c, n)
		}
	}
	if p := RandomPassword(); checkPassword(p, "x", "") != nil {
		t.Errorf("%q breaks our own rules", p)
	}
}

// The vectors of RFC 6238, appendix B, with its last six digits.
func TestTOTPVectors(t *testing.T) {
	secret := totpText.EncodeToString([]byte("12345678901234567890"))
	for at, code := range map[int64]string{59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		if step, ok := checkTOTP(secret, code, at*1000, 0); !ok || step != at/30 {
			t.Errorf("at %d: %s is not taken", at, code)
		}
		if _, ok := checkTOTP(secret, code, at*1000, at/30); ok {
			t.Errorf("at %d: %s is taken twice", at, code)
		}
	}
}
