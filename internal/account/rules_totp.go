package account

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // RFC 6238 as authenticator apps speak it
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// Codes of an authenticator app: RFC 6238 with SHA-1, 30 seconds, six digits,
// which is what every app takes.
const (
	totpStep   = 30_000 // milliseconds
	totpDigits = 6
	totpDrift  = 1 // steps a phone's clock may be off, either way
	totpBytes  = 20
	// RecoveryCodes is how many codes on paper come with a second step.
	RecoveryCodes = 8
)

var totpText = base32.StdEncoding.WithPadding(base32.NoPadding)

// newTOTP returns a fresh secret as authenticator apps take it.
func newTOTP() string {
	b := make([]byte, totpBytes)
	if _, err := rand.Read(b); err != nil {
		panic("account: the system gives no random bytes: " + err.Error())
	}
	return totpText.EncodeToString(b)
}

// totpAt is the code of a secret in a time step.
func totpAt(secret []byte, step int64) string {
	var at [8]byte
	binary.BigEndian.PutUint64(at[:], uint64(step))
	mac := hmac.New(sha1.New, secret)
	mac.Write(at[:])
	sum := mac.Sum(nil)
	v := binary.BigEndian.Uint32(sum[sum[len(sum)-1]&0xf:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", totpDigits, v%1_000_000)
}

// checkTOTP looks for a code in the steps around now (UTC milliseconds) that
// are later than last, the step a code was last taken of. It returns the code's
// step, so that no code is taken twice.
func checkTOTP(secret, code string, now, last int64) (step int64, ok bool) {
	key, err := totpText.DecodeString(secret)
	code = digits(code)
	if err != nil || len(code) != totpDigits {
		return 0, false
	}
	for d := int64(-totpDrift); d <= totpDrift; d++ {
		at := now/totpStep + d
		if at > last && subtle.ConstantTimeCompare([]byte(totpAt(key, at)), []byte(code)) == 1 {
			step, ok = at, true
		}
	}
	return step, ok
}

// digits keeps the digits of what was typed, full-width ones too.
func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, norm.NFKC.String(s))
}

// totpLink is what the QR code holds.
func totpLink(secret, login string) string {
	q := url.Values{"secret": {secret}, "issuer": {"Wangge"}, "digits": {"6"}, "period": {"30"}}
	return "otpauth://totp/" + url.PathEscape("Wangge:"+login) + "?" + q.Encode()
}

// inGroups writes a secret in groups of four, to be typed by hand.
func inGroups(secret string) string {
	var b strings.Builder
	for i, r := range secret {
		if i > 0 && i%4 == 0 {
			b.WriteByte(' ')
		}
		b.WriteRune(r)
	}
	return b.String()
}
