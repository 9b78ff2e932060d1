package grid

import (
	"context"
	"slices"
	"time"

	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
)

// Shift is a line of a post's duty roster: hours of each week, or of one day.
// A post without a roster is on duty whenever somebody holds it.
type Shift struct {
	ID        id.ID  `json:"id"`
	PostID    id.ID  `json:"post_id"`
	AccountID id.ID  `json:"account_id" doc:"Who of the holders; 0: whoever holds the post"`
	Name      string `json:"name,omitempty"`
	Weekday   int    `json:"weekday" doc:"0 Monday … 6 Sunday; -1: on one day only" minimum:"-1" maximum:"6"`
	Day       string `json:"day,omitempty" doc:"2006-01-02, for a shift on one day"`
	Start     string `json:"start" doc:"15:04, in UTC+8"`
	End       string `json:"end" doc:"15:04; not after the start: on the next day"`
	FromMs    int64  `json:"from_ms"`
	UntilMs   int64  `json:"until_ms,omitempty"`
}

// Overnight reports whether the shift ends on the next day.
func (s Shift) Overnight() bool { return s.End <= s.Start }

// maxShifts bounds a post's roster.
const maxShifts = 200

// Roster lists the running and coming shifts of a post.
func (s *Service) Roster(ctx context.Context, c Caller, pid id.ID) ([]Shift, error) {
	const op = "grid.Roster"
	if _, err := s.Post(ctx, c, pid); err != nil {
		return nil, err
	}
	rows, err := queryShifts(ctx, s.d.Read(), "district = $1 AND post_id = $2 AND (until_ms = 0 OR until_ms > $3) AND (day < 0 OR day >= $4) ORDER BY weekday, day, start_min, id",
		c.District, int64(pid), s.nowMs(), dayNumber(s.nowMs())-1)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	holders := make([]Holder, len(rows))
	for i, r := range rows {
		holders[i].AccountID = r.account
	}
	names, err := s.accountNames(ctx, c, slices.DeleteFunc(holders, func(h Holder) bool { return h.AccountID == id.Zero }))
	out := make([]Shift, len(rows))
	for i, r := range rows {
		out[i] = r.view()
		out[i].Name = names[r.account]
	}
	return out, errs.Wrap(op, err)
}

// AddShifts adds lines to the roster of a post the caller may manage. Errors:
// Invalid naming start, end, day, weekday or account_id; Conflict where the
// roster is full.
func (s *Service) AddShifts(ctx context.Context, c Caller, pid id.ID, list []Shift) ([]Shift, error) {
	const op = "grid.AddShifts"
	var out []Shift
	err := s.d.Write(ctx, op, func(tx *db.Tx) error {
		p, err := s.manageable(ctx, tx, op, c, pid)
		if err != nil {
			return err
		}
		have, err := queryShifts(ctx, tx, "district = $1 AND post_id = $2 AND until_ms = 0", c.District, int64(pid))
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return errs.Field(errs.E(op, errs.Invalid, "posts.shift.no_day"), "weekday")
		}
		if len(have)+len(list) > maxShifts {
			return errs.E(op, errs.Conflict, "posts.shift.full", maxShifts)
		}
		var rows []shiftRow
		for _, x := range list {
			r, err := s.shiftRow(ctx, tx, c, p, x)
			if err != nil {
				return err
			}
			rows = append(rows, r)
		}
		out = out[:0]
		for _, r := range rows {
			out = append(out, r.view())
		}
		if err := insertShifts(ctx, tx, c.District, rows); err != nil {
			return err
		}
		s.grantsChanged(tx)
		return s.note(ctx, tx, c, PostWrite, "grid.shift.add", "post", pid, "")
	})
	return out, err
}

// shiftRow checks a shift and makes the row that is stored.
func (s *Service) shiftRow(ctx context.Context, q db.Queryer, c Caller, p PostView, x Shift) (shiftRow, error) {
	const op = "grid.AddShifts"
	r := shiftRow{id: id.New(), post: p.ID, account: x.AccountID, weekday: x.Weekday, day: -1, from: orNow(x.FromMs, s.nowMs()), until: x.UntilMs}
	var ok bool
	if r.start, ok = minuteOf(x.Start); !ok {
		return r, errs.Field(errs.E(op, errs.Invalid, "posts.shift.bad_hour"), "start")
	}
	if r.end, ok = minuteOf(x.End); !ok {
		return r, errs.Field(errs.E(op, errs.Invalid, "posts.shift.bad_hour"), "end")
	}
	if r.end <= r.start {
		r.end += minutesADay
	}
	if x.Day != "" {
		t, err := time.ParseInLocation(time.DateOnly, x.Day, clock.CST)
		if err != nil {
			return r, errs.Field(errs.E(op, errs.Invalid, "error.bad_date"), "day")
		}
		r.weekday, r.day, r.from = -1, dayNumber(clock.Ms(t)), min(r.from, clock.Ms(t))
	} else if x.Weekday < 0 || x.Weekday > 6 {
		return r, errs.Field(errs.E(op, errs.Invalid, "posts.shift.no_day"), "weekday")
	}
	if r.until != 0 && r.until <= r.from {
		return r, errs.Field(errs.E(op, errs.Invalid, "grid.post.ends_first"), "until")
	}
	if x.AccountID == id.Zero {
		return r, nil
	}
	holders, err := holdersOf(ctx, q, c.District, []id.ID{p.ID}, s.nowMs(), false)
	if err == nil && !slices.ContainsFunc(holders, func(h Holder) bool { return h.AccountID == x.AccountID }) {
		err = errs.Field(errs.E(op, errs.Invalid, "posts.shift.no_holder"), "account_id")
	}
	return r, err
}

// EndShift takes a line off a roster from now on.
func (s *Service) EndShift(ctx context.Context, c Caller, sid id.ID) error {
	const op = "grid.EndShift"
	return s.d.Write(ctx, op, func(tx *db.Tx) error {
		list, err := queryShifts(ctx, tx, "district = $1 AND id = $2", c.District, int64(sid))
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return errs.E(op, errs.NotFound, "posts.shift.not_found")
		}
		if _, err := s.manageable(ctx, tx, op, c, list[0].post); err != nil {
			return err
		}
		if err := setShiftEnd(ctx, tx, c.District, sid, s.nowMs()); err != nil {
			return err
		}
		s.grantsChanged(tx)
		return s.note(ctx, tx, c, PostWrite, "grid.shift.end", "post", list[0].post, "")
	})
}
