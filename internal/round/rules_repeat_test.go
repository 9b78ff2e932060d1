package round

import (
	"testing"
	"time"

	"wangge/internal/platform/clock"
)

func at(t *testing.T, s string) int64 {
	t.Helper()
	v, err := time.ParseInLocation("2006-01-02 15:04", s, clock.CST)
	if err != nil {
		t.Fatal(err)
	}
	return clock.Ms(v)
}

func when(ms int64) string {
	if ms == 0 {
		return "never"
	}
	return clock.FromMs(ms).In(clock.CST).Format("2006-01-02 15:04")
}

func TestNextOccurrence(t *testing.T) {
	for name, c := range map[string]struct {
		p     Recurrence
		after string
		want  string
	}{
		"daily, later the same morning": {Recurrence{Every: 1, At: "08:00"}, "2022-03-02 07:00", "2022-03-02 08:00"},
		"daily, after it":               {Recurrence{Every: 1, At: "08:00"}, "2022-03-02 08:00", "2022-03-03 08:00"},
		"not twice on the first day":    {Recurrence{Every: 1, At: "23:00"}, "2022-03-01 10:00", "2022-03-02 23:00"},
		"every third day":               {Recurrence{Every: 3, At: "08:00"}, "2022-03-01 10:00", "2022-03-04 08:00"},
		"counted from the first":        {Recurrence{Every: 3, At: "08:00"}, "2022-03-05 10:00", "2022-03-07 08:00"},
		"weekdays":                      {Recurrence{Weekdays: []int{1, 4}, At: "09:30"}, "2022-03-01 10:00", "2022-03-03 09:30"}, // Thursday
		"sunday":                        {Recurrence{Weekdays: []int{7}, At: "09:30"}, "2022-03-01 10:00", "2022-03-06 09:30"},
		"dates":                         {Recurrence{Dates: []string{"2022-03-09", "2022-02-01"}, At: "06:00"}, "2022-03-01 10:00", "2022-03-09 06:00"},
		"dates are used up":             {Recurrence{Dates: []string{"2022-03-09"}, At: "06:00"}, "2022-03-09 06:00", "never"},
		"ends on a date":                {Recurrence{Every: 1, At: "08:00", Until: "2022-03-03"}, "2022-03-03 08:00", "never"},
		"the last day counts":           {Recurrence{Every: 1, At: "08:00", Until: "2022-03-03"}, "2022-03-02 08:00", "2022-03-03 08:00"},
		"over new year":                 {Recurrence{Every: 7, At: "00:00"}, "2022-12-30 00:00", "2023-01-03 00:00"},
		"once":                          {Recurrence{At: "08:00"}, "2022-03-01 10:00", "never"},
	} {
		if got := when(c.p.next(at(t, "2022-03-01 10:00"), at(t, c.after))); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestTurnsAfterDowntime(t *testing.T) {
	p := Recurrence{Every: 1, At: "08:00", Hours: 12}
	for name, c := range map[string]struct {
		now    string
		missed int
		open   string
		after  string
	}{
		"not yet":                   {"2022-03-02 07:59", 0, "never", "2022-03-02 08:00"},
		"on time":                   {"2022-03-02 08:00", 0, "2022-03-02 08:00", "2022-03-03 08:00"},
		"late":                      {"2022-03-02 11:00", 0, "2022-03-02 08:00", "2022-03-03 08:00"},
		"past its deadline":         {"2022-03-02 21:00", 1, "never", "2022-03-03 08:00"},
		"three days":                {"2022-03-05 09:00", 3, "2022-03-05 08:00", "2022-03-06 08:00"},
		"three days and an evening": {"2022-03-05 22:00", 4, "never", "2022-03-06 08:00"},
	} {
		missed, open, after := p.turns(at(t, "2022-03-01 10:00"), at(t, "2022-03-02 08:00"), at(t, c.now))
		if len(missed) != c.missed || when(open) != c.open || when(after) != c.after {
			t.Errorf("%s: %d missed, open %s, after %s; want %d, %s, %s", name, len(missed), when(open), when(after), c.missed, c.open, c.after)
		}
	}
}

func TestNextCutoff(t *testing.T) {
	p := Recurrence{Cutoffs: []string{"16:00", "10:00"}}
	for after, want := range map[string]string{
		"2022-03-01 09:59": "2022-03-01 10:00", "2022-03-01 10:00": "2022-03-01 16:00",
		"2022-03-01 16:00": "2022-03-02 10:00", "2022-03-01 23:59": "2022-03-02 10:00",
	} {
		if got := when(p.nextCutoff(at(t, after))); got != want {
			t.Errorf("after %s: %s, want %s", after, got, want)
		}
	}
}

func TestRecurrenceFaults(t *testing.T) {
	good := Recurrence{Every: 1, At: "08:00", Hours: 12, Cutoffs: []string{"10:00"}}
	if faults := good.check(); len(faults) != 0 {
		t.Errorf("a good one: %v", faults)
	}
	for name, p := range map[string]Recurrence{
		"every":   {Every: 99, At: "08:00", Hours: 1},
		"weekday": {Weekdays: []int{8}, At: "08:00", Hours: 1},
		"date":    {Dates: []string{"31.3."}, At: "08:00", Hours: 1},
		"at":      {Every: 1, At: "8 Uhr", Hours: 1},
		"hours":   {Every: 1, At: "08:00"},
		"until":   {Every: 1, At: "08:00", Hours: 1, Until: "soon"},
		"cutoff":  {Cutoffs: []string{"25:00"}},
	} {
		if len(p.check()) != 1 {
			t.Errorf("%s: %v", name, p.check())
		}
	}
}
