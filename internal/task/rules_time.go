package task

import (
	"fmt"
	"time"

	"wangge/internal/platform/clock"
)

const minuteMs = int64(time.Minute / time.Millisecond)

// Hours are hours of a day in UTC+8, minutes since midnight; an end before the
// start is on the next day.
type Hours struct{ From, Until int }

// parseHours reads "08:00" twice; it panics on what the embedded data must not hold.
func parseHours(from, until string) Hours {
	read := func(s string) int {
		var h, m int
		if n, err := fmt.Sscanf(s, "%d:%d", &h, &m); n != 2 || err != nil || h > 24 || m > 59 {
			panic("task: kinds.yaml: bad hour " + s)
		}
		return h*60 + m
	}
	return Hours{read(from), read(until)}
}

// minuteOf is the minute of the day in UTC+8 and the instant at which that day began.
func minuteOf(ms int64) (minute int, day int64) {
	day = clock.Ms(clock.DayStart(clock.FromMs(ms)))
	return int((ms - day) / minuteMs), day
}

// Covers reports whether an instant lies in the hours.
func (h Hours) Covers(ms int64) bool {
	m, _ := minuteOf(ms)
	if h.From <= h.Until {
		return h.From <= m && m < h.Until
	}
	return m >= h.From || m < h.Until
}

// next is the instant itself within the hours, else when they begin again.
func (h Hours) next(ms int64) int64 {
	if h.Covers(ms) {
		return ms
	}
	m, day := minuteOf(ms)
	if m >= h.From {
		day += 24 * 60 * minuteMs
	}
	return day + int64(h.From)*minuteMs
}

// end is when the hours that cover an instant are over.
func (h Hours) end(ms int64) int64 {
	m, day := minuteOf(ms)
	if h.From > h.Until && m >= h.From {
		day += 24 * 60 * minuteMs
	}
	return day + int64(h.Until)*minuteMs
}

// add is the instant that lies minutes of the hours after another. The whole
// day as hours is the plain clock.
func (h Hours) add(ms int64, minutes int) int64 {
	left := int64(minutes) * minuteMs
	ms = h.next(ms)
	for {
		room := h.end(ms) - ms
		if left <= room {
			return ms + left
		}
		left -= room
		ms = h.next(h.end(ms))
	}
}

// after adds minutes as the kind counts them.
func (k Kind) after(ms int64, minutes int) int64 {
	if k.Hours == HoursWork {
		return workHours.add(ms, minutes)
	}
	return ms + int64(minutes)*minuteMs
}

// QuietUntil is when residents may be called on again because of a task of the
// kind; 0 where they may be now: the kind does not call on them, it is day, or
// it is an emergency.
func (k Kind) QuietUntil(nowMs int64) int64 {
	if !k.Resident || k.Emergency || !quietHours.Covers(nowMs) {
		return 0
	}
	return quietHours.end(nowMs)
}

// Rings reports whether a new or climbing task of the kind is told with a
// sound at an instant: by day always, outside hours of work only where life is
// at stake, and then only to who is on call (grid.LinePost.OnDuty).
func (k Kind) Rings(nowMs int64) bool { return k.Emergency || workHours.Covers(nowMs) }
