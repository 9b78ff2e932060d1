package round

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db/dbtest"
	"wangge/internal/platform/i18n"
)

// What is no number is said beside its input, and stays there to be mended.
func TestNumbersThatAreNone(t *testing.T) {
	w := newWorld(t, dbtest.One(t), 1, 1, 2)
	s := newSite(t, w)
	s.sent("/emergencies", url.Values{"name": {"drill"}, "basis": {"law"}, "purpose": {"p"}, "recipients": {"r"}, "retention_days": {"30"}})
	draft := func() url.Values {
		v := url.Values{"name": {"screening"}, "area": {w.place[commA].String()}, "target_kind": {"doors"},
			"due": {clock.FromMs(w.s.now()).Add(48 * time.Hour).Format("2006-01-02T15:04")}}
		putFields("zh", v, Screening())
		return v
	}
	number := i18n.T("zh", "error.bad_number")
	days := i18n.T("zh", "round.field_days", maxValidityDays)
	every := url.Values{"repeat": {repeatEvery}, "every": {"2"}, "at": {"08:00"}, "hours": {"12"}}
	daily := url.Values{"repeat": {repeatDaily}, "at": {"08:00"}, "hours": {"12"}}
	onDays := url.Values{"repeat": {repeatWeekdays}, "weekdays": {"1"}, "at": {"08:00"}, "hours": {"12"}}
	for _, c := range []struct {
		name        string
		with        url.Values
		input, said string
	}{
		{"lowest", nil, "f.0.min", number},
		{"highest", nil, "f.0.max", number},
		{"days", nil, "f.0.days", number},
		{"hours", daily, "hours", number},
		{"every", every, "every", number},
		{"weekday", onDays, "weekdays", i18n.T("zh", "error.bad_choice")},
	} {
		v := draft()
		for k := range c.with {
			v.Set(k, c.with.Get(k))
		}
		v.Set(c.input, "many")
		status, body, _ := s.post("/rounds/new", v)
		if status != 422 || !strings.Contains(body, c.said) {
			t.Errorf("%s: %d, without %q", c.name, status, c.said)
		}
		if c.name != "weekday" && !strings.Contains(body, `value="many"`) {
			t.Errorf("%s: what was typed is gone", c.name)
		}
	}
	for _, typed := range []string{"-1", "99999"} {
		v := draft()
		v.Set("f.0.days", typed)
		if status, body, _ := s.post("/rounds/new", v); status != 422 || !strings.Contains(body, days) {
			t.Errorf("%s days: %d", typed, status)
		}
	}

	v := draft()
	v.Set("f.0.min", "many")
	v.Set("do", "add")
	if status, body, _ := s.post("/rounds/new", v); status != 200 || !strings.Contains(body, `value="many"`) {
		t.Errorf("one more question forgets a number that is none: %d", status)
	}
	v = draft()
	v.Set("f.0.max", "many")
	if status, body, _ := s.post("/forms/new", v); status != 422 || !strings.Contains(body, number) {
		t.Errorf("a form: %d", status)
	}
	e := url.Values{"name": {"n"}, "basis": {"b"}, "purpose": {"p"}, "recipients": {"r"}, "retention_days": {"many"}}
	if status, body, _ := s.post("/emergencies", e); status != 422 || !strings.Contains(body, number) || !strings.Contains(body, `value="many"`) {
		t.Errorf("an emergency: %d", status)
	}
	v = draft()
	v.Set("f.0.max", "２０")
	s.sent("/rounds/new", v)
}
