package grid

import (
	"fmt"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/id"
)

const (
	minutesADay = 24 * 60
	dayMs       = 24 * 3600_000
	cstMs       = 8 * 3600_000 // UTC+8, which has no summer time
)

// shiftRow is a shift as stored; see the migration.
type shiftRow struct {
	id, post, account id.ID
	weekday           int // 0 Monday; -1 none
	day               int // since 1970-01-01 in UTC+8; -1 none
	start, end        int // minutes of the day it begins on; end may lie on the next
	from, until       int64
}

func (r shiftRow) view() Shift {
	s := Shift{ID: r.id, PostID: r.post, AccountID: r.account, Weekday: r.weekday, Start: hour(r.start), End: hour(r.end % minutesADay), FromMs: r.from, UntilMs: r.until}
	if r.day >= 0 {
		s.Day = clock.Day(clock.FromMs(int64(r.day)*dayMs - cstMs))
	}
	return s
}

// dayNumber is the day an instant falls on, counted from 1970-01-01 in UTC+8.
func dayNumber(ms int64) int { return int((ms + cstMs) / dayMs) }

// weekdayOf is the day of the week of a day's number, 0 for Monday.
func weekdayOf(day int) int { return (day + 3) % 7 }

// minuteOf reads "15:04" as minutes since midnight.
func minuteOf(s string) (int, bool) {
	var h, m int
	if len(s) != 5 || s[2] != ':' {
		return 0, false
	}
	if n, err := fmt.Sscanf(s, "%02d:%02d", &h, &m); n != 2 || err != nil || h < 0 || h > 23 || m < 0 || m > 59 {
		return 0, false
	}
	return h*60 + m, true
}

func hour(min int) string { return fmt.Sprintf("%02d:%02d", min/60, min%60) }

// nextShiftEdge returns the first instant after t at which one of the shifts
// begins or ends; 0 when there is none.
func nextShiftEdge(list []shiftRow, t int64) int64 {
	edge := int64(0)
	take := func(begins, ends int64) {
		for _, at := range []int64{begins, ends} {
			if at > t && (edge == 0 || at < edge) {
				edge = at
			}
		}
	}
	today := dayNumber(t)
	for _, r := range list {
		if r.day >= 0 {
			take(r.edgesOn(r.day))
			continue
		}
		for day := today - 1; day <= today+7; day++ {
			if weekdayOf(day) == r.weekday {
				take(r.edgesOn(day))
			}
		}
	}
	return edge
}
