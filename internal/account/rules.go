package account

import (
	"crypto/rand"
	"encoding/base64"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"wangge/internal/platform/errs"
	"wangge/internal/platform/seal"
)

// How long things last.
const (
	OfficeSession = 12 * time.Hour
	WorkerSession = 14 * 24 * time.Hour
	SetupTTL      = 24 * time.Hour
	ResetTTL      = 72 * time.Hour
	changeTTL     = 10 * time.Minute
	MaxTokenTTL   = 366 * 24 * time.Hour
	keepAnswers   = 14 * 24 * time.Hour
	keepEnded     = 90 * 24 * time.Hour // ended sessions stay visible this long
	seenEvery     = 10 * time.Minute    // "last seen" is no finer
)

// normLogin returns the form of a log-in name that is hashed.
func normLogin(s string) string { return seal.NormName(strings.TrimSpace(s)) }

const (
	minPassword = 8
	maxPassword = 128
)

// commonPasswords are refused whatever their length. They are compared in lower case.
var commonPasswords = map[string]bool{
	"password": true, "password1": true, "passw0rd": true, "p@ssw0rd": true, "qwertyui": true, "qwerty123": true, "qwertyuiop": true,
	"1q2w3e4r": true, "1qaz2wsx": true, "qazwsxedc": true, "abcd1234": true, "abc12345": true, "a1234567": true, "a12345678": true,
	"iloveyou": true, "admin123": true, "admin888": true, "administrator": true, "woaini1314": true, "woaini520": true, "5201314520": true,
	"wangge123": true, "wangge2022": true, "11223344": true, "12341234": true, "123123123": true, "147258369": true, "123qweasd": true,
	"asdfghjkl": true, "zxcvbnm123": true, "test1234": true, "letmein1": true, "welcome1": true, "888888888": true, "66668888": true,
}

// checkPassword returns what is wrong with a new password, or nil. login and
// phone are those of its account.
func checkPassword(password, login, phone string) error {
	const op = "account.checkPassword"
	n := utf8.RuneCountInString(password)
	low := strings.ToLower(norm.NFKC.String(password))
	plain := normLogin(password)
	key := ""
	switch {
	case n < minPassword:
		return errs.Field(errs.E(op, errs.Invalid, "account.password.short", minPassword), "password")
	case n > maxPassword || !utf8.ValidString(password):
		return errs.Field(errs.E(op, errs.Invalid, "account.password.long", maxPassword), "password")
	case plain == normLogin(login), phone != "" && strings.Contains(plain, seal.NormPhone(phone)):
		key = "account.password.login"
	case commonPasswords[low] || isRun(low):
		key = "account.password.common"
	default:
		return nil
	}
	return errs.Field(errs.E(op, errs.Invalid, key), "password")
}

// isRun reports whether every character is the one before it, or the next one
// up or down: 11111111, 12345678, hgfedcba.
func isRun(s string) bool {
	r := []rune(s)
	for step := rune(-1); step <= 1; step++ {
		run := true
		for i := 1; i < len(r) && run; i++ {
			run = r[i]-r[i-1] == step
		}
		if run {
			return true
		}
	}
	return s == "1234567890" || s == "0987654321"
}

const (
	freeFailures = 5
	firstLock    = time.Minute
	longestLock  = time.Hour
)

// lockFor returns how long an account stays locked after that many failed
// log-ins in a row: nothing up to four, then a minute, doubling up to an hour.
func lockFor(failed int) time.Duration {
	if failed < freeFailures {
		return 0
	}
	d := firstLock
	for range failed - freeFailures {
		if d *= 2; d >= longestLock {
			return longestLock
		}
	}
	return d
}

// DeviceOf returns the class of device of a User-Agent, as a key of the
// messages account.device.*; nothing finer is kept.
func DeviceOf(userAgent string) string {
	ua := strings.ToLower(userAgent)
	for _, c := range []struct{ has, class string }{
		{"micromessenger", "wechat"}, {"ipad", "tablet"}, {"iphone", "iphone"}, {"harmony", "android"}, {"android", "android"},
		{"windows", "windows"}, {"mac os", "mac"}, {"linux", "linux"}, {"curl", "program"}, {"go-http", "program"}, {"python", "program"},
	} {
		if strings.Contains(ua, c.has) {
			return c.class
		}
	}
	return "other"
}

// codeLetters leaves out what is confused when read aloud or off paper.
const codeLetters = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"

// newCode returns a one-time code of 12 letters (59 bits), in groups of four.
func newCode() string { return randomLetters(12) }

// newShortCode returns a one-time code of eight letters (39 bits), to be typed
// off a slip; wrong ones are counted by address.
func newShortCode() string { return randomLetters(8) }

// randomLetters returns n random letters in groups of four.
func randomLetters(n int) string {
	var b strings.Builder
	for b.Len() < n+(n-1)/4 {
		if b.Len()%5 == 4 {
			b.WriteByte('-')
		}
		var x [1]byte
		if _, err := rand.Read(x[:]); err != nil {
			panic("account: the system gives no random bytes: " + err.Error())
		}
		if int(x[0]) < 256/len(codeLetters)*len(codeLetters) {
			b.WriteByte(codeLetters[int(x[0])%len(codeLetters)])
		}
	}
	return b.String()
}

// normCode returns a code as it was given out, however it was typed.
func normCode(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			r -= 'a' - 'A'
		}
		if strings.ContainsRune(codeLetters, r) {
			return r
		}
		return -1
	}, norm.NFKC.String(s))
}

// newSecret returns a token of 32 random bytes as text.
func newSecret(prefix string) string {
	b := make([]byte, 32)
	if _, err := rand.Read(b); err != nil {
		panic("account: the system gives no random bytes: " + err.Error())
	}
	return prefix + base64.RawURLEncoding.EncodeToString(b)
}

// RandomPassword returns a password to be printed: three groups of letters.
func RandomPassword() string { return strings.ToLower(newCode()) }

const (
	maxName  = 60
	maxLogin = 60
)

// checkProfile returns what is wrong with an account's own fields, or nil.
func checkProfile(p personal) error {
	const op = "account.checkProfile"
	phone := seal.NormPhone(p.Phone)
	switch {
	case strings.TrimSpace(p.Name) == "":
		return errs.Field(errs.E(op, errs.Invalid, "error.required"), "name")
	case utf8.RuneCountInString(p.Name) > maxName:
		return errs.Field(errs.E(op, errs.Invalid, "error.too_long", maxName), "name")
	case normLogin(p.Login) == "":
		return errs.Field(errs.E(op, errs.Invalid, "error.required"), "login")
	case utf8.RuneCountInString(p.Login) > maxLogin:
		return errs.Field(errs.E(op, errs.Invalid, "error.too_long", maxLogin), "login")
	case seal.IsMasked(p.Name) || seal.IsMasked(p.Login) || seal.IsMasked(p.Phone):
		return errs.Field(errs.E(op, errs.Invalid, "account.masked"), "name")
	case strings.TrimSpace(p.Phone) != "" && (len(phone) < 7 || len(phone) > 15):
		return errs.Field(errs.E(op, errs.Invalid, "account.bad_phone"), "phone")
	}
	return nil
}
