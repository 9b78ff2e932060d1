package round

import (
	"slices"
	"time"

	"wangge/internal/platform/clock"
)

// Recurrence says when a round comes again, in days of UTC+8. The first
// occurrence opens with the approval; each one after it at At, on every Every-th
// day from the first, on the weekdays or on the dates given.
type Recurrence struct {
	Every    int      `json:"every,omitempty" minimum:"0" maximum:"60" doc:"Every so many days: 1 is daily; 0: by weekdays or dates"`
	Weekdays []int    `json:"weekdays,omitempty" doc:"1 Monday … 7 Sunday"`
	Dates    []string `json:"dates,omitempty" doc:"Days as 2022-03-01"`
	At       string   `json:"at,omitempty" doc:"When each occurrence opens, as 08:00"`
	Hours    int      `json:"hours,omitempty" minimum:"1" maximum:"720" doc:"Hours from the opening to the deadline"`
	Until    string   `json:"until,omitempty" doc:"The last day, as 2022-03-31; without it until somebody ends it"`
	Cutoffs  []string `json:"cutoffs,omitempty" doc:"Times of day at which figures are frozen, as 10:00"`
}

const (
	maxEvery   = 60
	maxHours   = 720
	maxDates   = 366
	maxCutoffs = 24
	lookAhead  = 800 // days searched for the next occurrence
)

// Repeats reports whether the round comes again at all; a round that runs once
// may have cut-offs.
func (p Recurrence) Repeats() bool { return p.Every > 0 || len(p.Weekdays) > 0 || len(p.Dates) > 0 }

// timeOfDay reads "08:00" as time since midnight.
func timeOfDay(s string) (time.Duration, bool) {
	t, err := time.Parse("15:04", s)
	if err != nil {
		return 0, false
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, true
}

func dayOK(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

// check returns what is wrong with a recurrence, one error a fault.
func (p Recurrence) check() []error {
	var out []error
	bad := func(part, key string, args ...any) { out = append(out, invalid("recurrence."+part, key, args...)) }
	for _, c := range p.Cutoffs {
		if _, ok := timeOfDay(c); !ok {
			bad("cutoffs", "round.time_bad", c)
		}
	}
	if len(p.Cutoffs) > maxCutoffs {
		bad("cutoffs", "round.cutoffs_many", maxCutoffs)
	}
	if !p.Repeats() {
		return out
	}
	if p.Every < 0 || p.Every > maxEvery {
		bad("every", "round.every_range", maxEvery)
	}
	if slices.ContainsFunc(p.Weekdays, func(d int) bool { return d < 1 || d > 7 }) {
		bad("weekdays", "error.bad_choice")
	}
	for _, d := range p.Dates {
		if !dayOK(d) {
			bad("dates", "round.date_bad", d)
		}
	}
	if len(p.Dates) > maxDates {
		bad("dates", "round.dates_many", maxDates)
	}
	if _, ok := timeOfDay(p.At); !ok {
		bad("at", "round.time_bad", p.At)
	}
	if p.Hours < 1 || p.Hours > maxHours {
		bad("hours", "round.hours_range", maxHours)
	}
	if p.Until != "" && !dayOK(p.Until) {
		bad("until", "round.date_bad", p.Until)
	}
	return out
}

// on reports whether an occurrence opens on the day; first is the day of the
// first occurrence.
func (p Recurrence) on(first, day time.Time) bool {
	days := int(day.Sub(first) / (24 * time.Hour))
	if days <= 0 {
		return false
	}
	if slices.Contains(p.Dates, clock.Day(day)) {
		return true
	}
	weekday := (int(day.In(clock.CST).Weekday())+6)%7 + 1
	if slices.Contains(p.Weekdays, weekday) {
		return true
	}
	return p.Every > 0 && days%p.Every == 0
}

// next returns when the first occurrence after an instant is to open; 0 where
// none is. first is when the round's first occurrence opened. UTC ms.
func (p Recurrence) next(first, after int64) int64 {
	at, ok := timeOfDay(p.At)
	if !ok || !p.Repeats() {
		return 0
	}
	from := clock.DayStart(clock.FromMs(first))
	day := clock.DayStart(clock.FromMs(after))
	for range lookAhead {
		if p.Until != "" && clock.Day(day) > p.Until {
			return 0
		}
		if t := clock.Ms(day.Add(at)); t > after && p.on(from, day) {
			return t
		}
		day = day.Add(24 * time.Hour)
	}
	return 0
}

// due returns the deadline of an occurrence planned for an instant.
func (p Recurrence) due(planned int64) int64 { return planned + int64(p.Hours)*hourMs }

const hourMs = 60 * 60 * 1000

// turns returns the openings that are due at now: those missed, oldest first,
// the one to open (0: none, its own deadline has passed too), and when the one
// after them is planned (0: never).
func (p Recurrence) turns(first, next, now int64) (missed []int64, open, after int64) {
	for next != 0 && next <= now {
		after = p.next(first, next)
		if after != 0 && after <= now || p.due(next) <= now {
			missed = append(missed, next)
		} else {
			open = next
		}
		next = after
	}
	return missed, open, next
}

// nextCutoff returns the first time of day for a cut-off after an instant; 0
// where none is set. UTC ms.
func (p Recurrence) nextCutoff(after int64) int64 {
	best := int64(0)
	for _, c := range p.Cutoffs {
		at, ok := timeOfDay(c)
		if !ok {
			continue
		}
		t := clock.Ms(clock.DayStart(clock.FromMs(after)).Add(at))
		if t <= after {
			t += dayMs
		}
		if best == 0 || t < best {
			best = t
		}
	}
	return best
}
