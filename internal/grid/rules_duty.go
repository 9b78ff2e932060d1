package grid

import (
	"slices"

	"wangge/internal/platform/id"
)

// Duty is a time in which the same people are on duty in a post. Times are UTC
// milliseconds; it ends before UntilMs.
type Duty struct {
	FromMs, UntilMs int64
	Accounts        []id.ID // ascending; none where nobody is on duty
}

// Has reports whether an account is on duty then.
func (d Duty) Has(account id.ID) bool { return slices.Contains(d.Accounts, account) }

// Rostered reports whether the post has a roster at an instant; one without is
// on duty whenever somebody holds it.
func (p *LinePost) Rostered(t int64) bool {
	return slices.ContainsFunc(p.shiftsOrNone(), func(s shiftRow) bool { return span{s.from, s.until}.covers(t) })
}

// Rostered lists the posts that have, had or will have a roster, by id.
func (l *Line) Rostered() []*LinePost { return l.rostered }

// Duties says who is on duty in a post from an instant until another: times in
// their order, without gaps, of which neighbours differ.
func (p *LinePost) Duties(from, until int64) []Duty {
	var out []Duty
	for _, at := range p.dutyEdges(from, until) {
		on := slices.Sorted(slices.Values(p.OnDuty(at)))
		if n := len(out); n > 0 {
			if slices.Equal(out[n-1].Accounts, on) {
				continue
			}
			out[n-1].UntilMs = at
		}
		out = append(out, Duty{at, until, on})
	}
	return out
}

// dutyEdges lists the instants from one until another at which it may change
// who is on duty, the first included.
func (p *LinePost) dutyEdges(from, until int64) []int64 {
	edges := []int64{from}
	add := func(begins, ends int64) {
		for _, at := range []int64{begins, ends} {
			if from < at && at < until {
				edges = append(edges, at)
			}
		}
	}
	for _, s := range p.periods {
		add(s.from, s.until)
	}
	for _, h := range p.holders {
		add(h.from, h.until)
	}
	for _, r := range p.shifts {
		add(r.from, r.until)
		if r.day >= 0 {
			add(r.edgesOn(r.day))
			continue
		}
		first := dayNumber(from) - 1
		first += (r.weekday - weekdayOf(first) + 7) % 7
		for day := first; day <= dayNumber(until); day += 7 {
			add(r.edgesOn(day))
		}
	}
	slices.Sort(edges)
	return slices.Compact(edges)
}

// edgesOn is when the shift that begins on a day begins and ends.
func (r shiftRow) edgesOn(day int) (start, end int64) {
	midnight := int64(day)*dayMs - cstMs
	return midnight + int64(r.start)*60_000, midnight + int64(r.end)*60_000
}

// HasRoster reports whether the post has lines of a roster, past ones included.
func (p *LinePost) HasRoster() bool { return len(p.shiftsOrNone()) > 0 }
