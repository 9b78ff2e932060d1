package duty

import (
	"strings"

	"golang.org/x/text/width"

	"wangge/internal/platform/errs"
)

// maxHours bounds the hours, in characters.
const maxHours = 40

// CheckPhone returns the number as it is kept: digits, with at most two dashes.
// Full-width digits and spaces are repaired. Hot lines have 3 to 6 digits
// (12345), landlines up to 12 with the area code, extensions a few more. Errors:
// Invalid duty.bad_phone.
func CheckPhone(s string) (string, error) {
	s = strings.Join(strings.Fields(width.Narrow.String(s)), "")
	digits, dashes := 0, 0
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case r == '-':
			dashes++
		default:
			digits = -100
		}
	}
	if digits < 3 || digits > 16 || dashes > 2 || strings.HasPrefix(s, "-") || strings.HasSuffix(s, "-") {
		return "", errs.Field(errs.E("duty.Set", errs.Invalid, "duty.bad_phone"), "phone")
	}
	return s, nil
}

// CheckHours returns the hours without surrounding space. Errors: Invalid error.too_long.
func CheckHours(s string) (string, error) {
	s = strings.TrimSpace(s)
	if len([]rune(s)) > maxHours {
		return "", errs.Field(errs.E("duty.Set", errs.Invalid, "error.too_long", maxHours), "hours")
	}
	return s, nil
}
