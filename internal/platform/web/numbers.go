package web

import (
	"math"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/text/width"

	"wangge/internal/platform/errs"
)

// Whole reads a whole number of a form; an empty input is 0. Full-width digits,
// as a Chinese keyboard writes them, are digits. What is no number is Invalid
// and names the input.
func Whole(v url.Values, name string) (int, error) {
	s := numeral(v, name)
	if s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, badNumber(name)
	}
	return n, nil
}

// Decimal reads a number of a form as Whole does; an empty input is nil.
func Decimal(v url.Values, name string) (*float64, error) {
	s := numeral(v, name)
	if s == "" {
		return nil, nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, badNumber(name)
	}
	return &f, nil
}

func numeral(v url.Values, name string) string {
	return width.Narrow.String(strings.TrimSpace(v.Get(name)))
}

func badNumber(name string) error {
	return errs.Field(errs.E("web.number", errs.Invalid, "error.bad_number"), name)
}
