package idno

import (
	"errors"
	"fmt"
	"testing"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		in   string
		o    Options
		want string
	}{
		{"11010519491231002X", Options{}, "resident 11010519491231002X 1949-12-31 F [] <nil>"},
		{"11010519491231002x", Options{}, "resident 11010519491231002X 1949-12-31 F [case] <nil>"},
		{"110105 19491231 002X", Options{}, "resident 11010519491231002X 1949-12-31 F [spaces] <nil>"},
		{"１１０１０５１９４９１２３１００２Ｘ", Options{}, "resident 11010519491231002X 1949-12-31 F [width] <nil>"},
		{"'11010519491231002X", Options{}, "resident 11010519491231002X 1949-12-31 F [spaces] <nil>"},
		{"110105491231002", Options{}, "resident 11010519491231002X 1949-12-31 F [upgrade] <nil>"},
		{"110105491231002.0", Options{Numeric: true}, "resident 11010519491231002X 1949-12-31 F [fraction upgrade] <nil>"},
		{"110105194912310021", Options{}, "resident 110105194912310021   [] idno: check"},
		{"110105194912310000", Options{}, "    [] idno: damaged"},
		{"440308199901101512", Options{Numeric: true}, "    [] idno: damaged"},
		{"1.10105E+17", Options{}, "    [] idno: exponent"},
		{"1101051949123100", Options{}, "    [] idno: length"},
		{"无", Options{}, "    [] idno: chars"},
		{" ", Options{}, "    [] idno: missing"},
		{"1101**********002X", Options{}, "    [] idno: masked"},
		{"E12345678", Options{}, "passport E12345678   [] <nil>"},
		{"EA1234567", Options{}, "passport EA1234567   [] <nil>"},
		{"H1234567890", Options{}, "hk_macao H1234567890   [] <nil>"},
		{"12345678", Options{}, "taiwan 12345678   [] <nil>"},
		{"USA123456789012", Options{}, "foreigner USA123456789012   [] <nil>"},
	} {
		n, err := Parse(c.in, c.o)
		if got := fmt.Sprintln(n.Kind, n.Value, n.Birth, n.Sex, n.Repairs, err); got != c.want+"\n" {
			t.Errorf("%s: got  %swant %s", c.in, got, c.want)
		}
	}
}

func number(d17 string) string { return d17 + string(CheckDigit(d17)) }

func TestRegions(t *testing.T) {
	for _, d17 := range []string{"23010319491231001", "81000019900101001", "82000019900101001", "83000019900101001", "71000019900101001"} {
		if _, err := Parse(number(d17), Options{}); err != nil {
			t.Error(d17, err)
		}
	}
	if n, _ := Parse(number("23010319491231001"), Options{}); n.Place == "" || n.Region != "230103" || n.Sex != "M" {
		t.Errorf("%+v", n)
	}
	drill := number("99990119491231001"[:0] + "00000119491231001")
	if _, err := Parse(drill, Options{}); !errors.Is(err, Region) {
		t.Error(err)
	}
	if n, err := Parse(drill, Options{Drill: true}); err != nil || n.Birth != "1949-12-31" {
		t.Error(n, err)
	}
	if _, err := Parse(number("23010319490230001"), Options{}); !errors.Is(err, BadBirth) {
		t.Error(err)
	}
}

func TestCentenarians(t *testing.T) {
	n, err := Parse("110105991231997", Options{})
	if err != nil || n.Birth != "1899-12-31" {
		t.Error(n, err)
	}
}

func TestEveryTypingErrorIsCaught(t *testing.T) {
	good := "11010519491231002X"
	for i := range 17 {
		for d := byte('0'); d <= '9'; d++ {
			if bad := good[:i] + string(d) + good[i+1:]; bad != good {
				if _, err := Parse(bad, Options{}); err == nil {
					t.Errorf("%s accepted", bad)
				}
			}
		}
	}
}

func TestMinor(t *testing.T) {
	for _, c := range []struct {
		birth, day string
		minor      bool
	}{
		{"2008-03-02", "2022-03-01", true}, {"2008-03-01", "2022-03-01", false}, {"2008-02-29", "2022-02-28", true},
		{"", "2022-03-01", false}, {"2023-01-01", "2022-03-01", false},
	} {
		if got := Minor(c.birth, c.day); got != c.minor {
			t.Errorf("%v: %v", c, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("11010519491231002X", false)
	f.Add("1.1E+17", true)
	f.Fuzz(func(t *testing.T, s string, numeric bool) {
		n, err := Parse(s, Options{Numeric: numeric})
		if err != nil {
			return
		}
		if n.Kind == Resident && CheckDigit(n.Value[:17]) != n.Value[17] {
			t.Fatal(n)
		}
		again, err := Parse(n.Value, Options{})
		if err != nil || again.Value != n.Value {
			t.Fatalf("%q became %q, then %v", s, n.Value, err)
		}
	})
}
