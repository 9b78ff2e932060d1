package web

import (
	"net/url"
	"testing"

	"wangge/internal/platform/errs"
)

func TestNumbersOfForms(t *testing.T) {
	for in, want := range map[string]float64{"": 0, " 7 ": 7, "３０": 30, "-2": -2} {
		n, err := Whole(url.Values{"n": {in}}, "n")
		if err != nil || float64(n) != want {
			t.Errorf("whole %q: %d, %v", in, n, err)
		}
	}
	for in, want := range map[string]float64{"37.3": 37.3, "３７．３": 37.3, "1e2": 100} {
		f, err := Decimal(url.Values{"n": {in}}, "n")
		if err != nil || f == nil || *f != want {
			t.Errorf("decimal %q: %v, %v", in, f, err)
		}
	}
	for _, in := range []string{"x", "七", "1 2", "NaN", "Inf", "1e999"} {
		_, whole := Whole(url.Values{"n": {in}}, "n")
		_, decimal := Decimal(url.Values{"n": {in}}, "n")
		for _, err := range []error{whole, decimal} {
			if !errs.Is(err, errs.Invalid) || errs.As(err).Field != "n" {
				t.Errorf("%q: %v", in, err)
			}
		}
	}
	if f, err := Decimal(nil, "n"); f != nil || err != nil {
		t.Errorf("empty: %v, %v", f, err)
	}
}
