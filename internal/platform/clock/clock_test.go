package clock

import (
	"testing"
	"time"
)

func TestManualServesWhoWaits(t *testing.T) {
	c := NewManual(time.UnixMilli(0))
	if _, ok := c.Next(); ok {
		t.Error("nobody waits yet")
	}
	late, soon := c.After(time.Minute), c.After(time.Second)
	if d, ok := c.Next(); !ok || d != time.Second {
		t.Errorf("next in %v", d)
	}
	c.Advance(2 * time.Second)
	select {
	case at := <-soon:
		if Ms(at) != 2000 {
			t.Errorf("served at %v", at)
		}
	default:
		t.Error("not served")
	}
	select {
	case <-late:
		t.Error("served too early")
	default:
	}
	if d, _ := c.Next(); d != 58*time.Second {
		t.Errorf("next in %v", d)
	}
}

// A day begins at midnight in UTC+8, wherever the machine stands.
func TestDayIsOfUTCPlus8(t *testing.T) {
	at := time.Date(2022, 3, 1, 16, 0, 0, 0, time.UTC)
	if Day(at) != "2022-03-02" || !DayStart(at).Equal(at) || Day(at.Add(-time.Millisecond)) != "2022-03-01" {
		t.Errorf("%s %v", Day(at), DayStart(at))
	}
	if FromMs(Ms(at)).Hour() != 0 {
		t.Error("pages show UTC+8")
	}
}

func TestFastClockRunsFaster(t *testing.T) {
	c := Fast(1000)
	select {
	case <-c.After(10 * time.Second):
	case <-Real().After(5 * time.Second):
		t.Error("ten seconds of a clock a thousand times as fast took five")
	}
}
