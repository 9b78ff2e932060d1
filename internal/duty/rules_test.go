package duty

import (
	"strings"
	"testing"

	"wangge/internal/platform/errs"
)

func TestCheckPhone(t *testing.T) {
	for in, want := range map[string]string{
		"12345": "12345", "0451-8765 4321": "0451-87654321", "０４５１-87654321": "0451-87654321", "0451-87654321-12": "0451-87654321-12", "120": "120",
		"": "", "12": "", "-12345": "", "12345-": "", "1-2-3-4": "", "社区值班室": "", "12345678901234567": "",
	} {
		got, err := CheckPhone(in)
		if got != want || (err == nil) != (want != "") || err != nil && !errs.Is(err, errs.Invalid) {
			t.Errorf("CheckPhone(%q) = %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestCheckHours(t *testing.T) {
	if got, err := CheckHours(" 24小时 "); got != "24小时" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := CheckHours(strings.Repeat("时", maxHours+1)); !errs.Is(err, errs.Invalid) {
		t.Errorf("too long: %v", err)
	}
}
