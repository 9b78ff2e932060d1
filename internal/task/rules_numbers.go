package task

import (
	"regexp"
	"strings"

	"wangge/internal/platform/errs"
)

// personal are numbers by which somebody can be called or known, as people write
// them. A run of digits that is longer is none.
var personal = []*regexp.Regexp{
	regexp.MustCompile(`(?:^|\D)(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?:\D|$)`), // mobile
	regexp.MustCompile(`(?:^|\D)0\d{2,3}[ -]?\d{7,8}(?:\D|$)`),                        // with an area code
	regexp.MustCompile(`(?:^|\D)\d{6} ?\d{8} ?\d{3}[\dXx](?:[^\dXx]|$)`),              // identity
	regexp.MustCompile(`(?:^|\D)\d{15}(?:\D|$)`),                                      // identity of before 1999
}

// hasNumbers reports whether a text holds a phone number or an identity number.
func hasNumbers(text string) bool {
	text = strings.Map(func(r rune) rune {
		switch {
		case r >= 0xff10 && r <= 0xff19: // full-width digits
			return r - 0xff10 + '0'
		case r == 0xff38 || r == 0xff58: // full-width X
			return 'X'
		}
		return r
	}, text)
	for _, n := range personal {
		if n.MatchString(text) {
			return true
		}
	}
	return false
}

// minimal refuses a referral whose words hold numbers of somebody, unless its
// writer says that the receiver needs them; Numbers then stays only where there
// are some.
func minimal(k Kind, in *Issue) error {
	needed := in.Numbers
	if in.Numbers = false; !k.Referral || in.Says != nil {
		return nil
	}
	for _, f := range []struct{ name, text string }{{"title", in.Title}, {"text", in.Text}} {
		switch {
		case !hasNumbers(f.text):
		case needed:
			in.Numbers = true
		default:
			return errs.Field(errs.E("task.Issue", errs.Invalid, "task.referral.numbers"), f.name)
		}
	}
	return nil
}
