package seal

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// NormName returns the form of a name that is hashed: width folded, no spaces,
// one kind of middle dot, Latin letters in lower case.
func NormName(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r) || r == '\u200b' || r == '\ufeff':
			return -1
		case strings.ContainsRune("\u00b7\u2022\u2027\u30fb\u2219\u22c5.", r):
			return '\u00b7'
		}
		return unicode.ToLower(r)
	}, norm.NFKC.String(s))
}

// NormPhone returns the digits of a phone number without the country code of
// mainland China: +86 138-1234-5678 becomes 13812345678.
func NormPhone(s string) string {
	digits := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, norm.NFKC.String(s))
	for _, prefix := range []string{"0086", "86"} {
		if rest, ok := strings.CutPrefix(digits, prefix); ok && len(rest) == 11 && rest[0] == '1' {
			return rest
		}
	}
	return digits
}

// NormIDNo returns the form of an identity document's number that is hashed:
// letters and digits only, in upper case. A 15-digit identity number becomes
// the 18-digit one of the same person, so that either finds the record.
func NormIDNo(s string) string {
	n := strings.Map(func(r rune) rune {
		r = unicode.ToUpper(r)
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}, norm.NFKC.String(s))
	if len(n) == 15 && allDigits(n) && plausibleDay(n[8:12]) {
		n = n[:6] + "19" + n[6:]
		return n + string(CheckDigit(n))
	}
	return n
}

func allDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// plausibleDay reports whether MMDD can be a date.
func plausibleDay(s string) bool {
	return s >= "0101" && s <= "1231" && s[2:] >= "01" && s[2:] <= "31"
}

// CheckDigit returns the last character of an 18-digit identity number from
// its first 17 digits (GB 11643, ISO 7064 MOD 11-2); 0 where they are not digits.
func CheckDigit(first17 string) byte {
	if len(first17) != 17 || !allDigits(first17) {
		return 0
	}
	sum := 0
	for i := range 17 {
		sum = (sum + int(first17[i]-'0')) * 2 % 11
	}
	return "10X98765432"[sum]
}

// LastFour returns the last four digits of a phone number, which are hashed
// apart for short look-ups; empty where there are fewer.
func LastFour(phone string) string {
	p := NormPhone(phone)
	if len(p) < 4 {
		return ""
	}
	return p[len(p)-4:]
}

// maskRune stands for what a mask hides.
const maskRune = "*"

// MaskName keeps the first character: the surname, or a Latin name's initial.
func MaskName(s string) string {
	for _, r := range strings.TrimSpace(s) {
		return string(r) + maskRune
	}
	return ""
}

// MaskPhone keeps the first three and last four digits of a mobile number, and
// the last two of anything shorter than eight digits.
func MaskPhone(s string) string { return maskMiddle(NormPhone(s), 3, 4) }

// MaskIDNo keeps the region (four) and the last four of an identity number;
// of shorter documents the first and the last two.
func MaskIDNo(s string) string {
	n := strings.ToUpper(strings.TrimSpace(norm.NFKC.String(s)))
	if len(n) < 15 {
		return maskMiddle(n, 1, 2)
	}
	return maskMiddle(n, 4, 4)
}

func maskMiddle(s string, head, tail int) string {
	r := []rune(s)
	if len(r) == 0 {
		return ""
	}
	if len(r) < head+tail+1 {
		head, tail = 0, min(2, len(r)-1)
	}
	return string(r[:head]) + strings.Repeat(maskRune, len(r)-head-tail) + string(r[len(r)-tail:])
}

// IsMasked reports whether s looks like the output of a mask. Such a value
// coming back from a form or an import never overwrites the stored one.
func IsMasked(s string) bool { return strings.Contains(s, maskRune) || strings.Contains(s, "\uff0a") }
