package incoming

import (
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/i18n"
)

// measureRules are the dated sets of rules by which a measure is proposed. They
// are data with their source: vocab/measures.json.
type measureRules struct {
	HoursValid int    `json:"hours_valid"` // a proposal that nobody confirms lapses
	Measures   []word `json:"measures"`
	Exposures  []word `json:"exposures"`
	Sets       []struct {
		From   string `json:"from"` // 2006-01-02
		Source Text   `json:"source"`
		Rules  []struct {
			Exposure   string `json:"exposure"`
			WithinDays int    `json:"within_days"` // since the exposure
			Measure    string `json:"measure"`
			Days       int    `json:"days"`
			Then       string `json:"then"`
			ThenDays   int    `json:"then_days"`
		} `json:"rules"`
	} `json:"sets"`
}

func labelOf(list []word, lang, code string) string {
	for _, w := range list {
		if w.Code == code {
			return w.In(lang)
		}
	}
	return ""
}

func knownCode(list []word, code string) bool { return labelOf(list, "zh", code) != "" }

// propose gives the measure that the rules in force on the day (2006-01-02) give
// for an exposure on another day; nil where they give none.
func (m *measureRules) propose(exposure, exposedDay, today string) *Measure {
	at, err := time.ParseInLocation(time.DateOnly, exposedDay, clock.CST)
	now, err2 := time.ParseInLocation(time.DateOnly, today, clock.CST)
	if err != nil || err2 != nil || at.After(now) {
		return nil
	}
	set := -1
	for i := range m.Sets {
		if m.Sets[i].From <= today {
			set = i
		}
	}
	if set < 0 {
		return nil
	}
	gone := int(now.Sub(at).Hours() / 24)
	for _, r := range m.Sets[set].Rules {
		if r.Exposure != exposure || gone > r.WithinDays || gone >= r.Days+r.ThenDays {
			continue
		}
		until := at.AddDate(0, 0, r.Days+r.ThenDays)
		return &Measure{Code: r.Measure, Days: r.Days, FromDay: exposedDay, UntilDay: until.Format(time.DateOnly), Then: r.Then, ThenDays: r.ThenDays,
			Exposure: exposure, RuleFrom: m.Sets[set].From}
	}
	return nil
}

// text is the measure in words, each of its parts with its days.
func (m *Measure) text(lang string) string {
	first := labelOf(measures.Measures, lang, m.Code)
	from, err := time.ParseInLocation(time.DateOnly, m.FromDay, clock.CST)
	if m.Then == "" || err != nil {
		return i18n.T(lang, "incoming.measure.one", first, m.FromDay, m.UntilDay)
	}
	turn := from.AddDate(0, 0, m.Days).Format(time.DateOnly)
	return i18n.T(lang, "incoming.measure.two", first, m.FromDay, turn, labelOf(measures.Measures, lang, m.Then), m.UntilDay)
}

// source is the document of the set of rules that is named by its first day.
func (m *measureRules) source(lang, from string) string {
	for i := range m.Sets {
		if m.Sets[i].From == from {
			return m.Sets[i].Source.In(lang)
		}
	}
	return from
}

// lapsed reports whether a proposal made at ms has lapsed by now.
func (m *measureRules) lapsed(ms, now int64) bool {
	return now-ms > int64(m.HoursValid)*int64(time.Hour/time.Millisecond)
}
