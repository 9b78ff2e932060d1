package incoming

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
	"wangge/internal/platform/web"
)

// SelfReport is what somebody without an account says of their arrival.
type SelfReport struct {
	Name      string
	Phone     string
	Address   string // where they stay, down to the room
	Origin    string
	ArriveDay string // 2006-01-02, up to a month ahead
	Transport string
	People    int // who come together, the reporter included
	Note      string
	Gate      id.ID // the gate whose poster was used, or Zero
}

// How many arrivals are taken within web.GuardWindow. Behind one address there may
// be a whole hostel, or all phones of a mobile network: what bounds abuse is
// what one community's callers could not call in a day anyway.
const (
	reportsThere = 200  // of one address, to one community
	reportsOfOne = 600  // of one address
	reportsInAll = 5000 // of everybody
)

// daysAhead is how long before the arrival one may report.
const daysAhead = 31

// ArrivalArea is the area of a public page, by its national code. NotFound.
func (s *Service) ArrivalArea(ctx context.Context, c grid.Caller, code string) (grid.Place, error) {
	p, err := s.Grid.Area(ctx, c, code)
	return p, errs.Wrap("incoming.ArrivalArea", err)
}

// Collecting reports whether arrivals are collected now: only in an emergency,
// which says on what basis and for how long.
func (s *Service) Collecting(ctx context.Context, c grid.Caller) (basis string, ok bool, err error) {
	e, err := s.emergency(ctx, c, id.Zero)
	if errs.Is(err, errs.Conflict) {
		return "", false, nil
	}
	return e.Basis, err == nil, err
}

// Arrive takes in somebody's own report as a lead of the area. address is where
// the request comes from. The number that is returned is told to them; what is
// known about a person is never shown here. Errors: Invalid with the field;
// TooMany; Conflict where nothing is collected now.
func (s *Service) Arrive(ctx context.Context, c grid.Caller, code, address string, r SelfReport) (number string, err error) {
	const op = "incoming.Arrive"
	if !s.mayReport(code, address) {
		return "", tooMany()
	}
	area, err := s.ArrivalArea(ctx, c, code)
	if err != nil {
		s.reports.GiveBack(code + " " + address)
		return "", err
	}
	e, err := s.emergency(ctx, c, id.Zero)
	if err != nil {
		return "", errs.Wrap(op, err)
	}
	b, err := s.checkSelf(&r)
	if err != nil {
		return "", err
	}
	l := &lead{ID: id.New(), EmergencyID: e.ID, Register: e.Register, Source: FromSelf, Class: "self", State: Unclear, Path: area.Path, CreatedMs: s.nowMs(), Version: 1, body: b}
	l.DueMs = dueMs(l.CreatedMs, 0)
	if err := s.place(ctx, c, area.Path, []*lead{l}); err != nil {
		return "", errs.Wrap(op, err)
	}
	err = s.DB.Write(ctx, op, func(tx *db.Tx) error { // the desk hands it to a caller within the minute
		at, err := s.admit(ctx, tx, c, l)
		number = shortNumber(at)
		return err
	})
	return number, errs.Wrap(op, err)
}

// mayReport counts a report before anything is looked up for it; of an address,
// only those that the community still takes from it.
func (s *Service) mayReport(code, address string) bool {
	now := s.Clock.Now()
	if !s.senders.Take(address, now) {
		return false
	}
	if !s.reports.Take(code+" "+address, now) {
		s.senders.GiveBack(address)
		return false
	}
	return true
}

// shortNumber is what the reporter is told: enough to ask by on the phone.
func shortNumber(v id.ID) string {
	t := v.String()
	return t[max(0, len(t)-6):]
}

// checkSelf turns a report into what a lead holds. All that is wrong is told at once.
func (s *Service) checkSelf(r *SelfReport) (body, error) {
	var faults web.FieldErrors
	bad := func(field, key string, args ...any) {
		faults = append(faults, errs.Field(errs.E("incoming.checkSelf", errs.Invalid, key, args...), field))
	}
	for _, f := range []struct {
		name string
		v    *string
	}{{"name", &r.Name}, {"phone", &r.Phone}, {"origin", &r.Origin}, {"address", &r.Address}} {
		switch *f.v = strings.TrimSpace(*f.v); {
		case *f.v == "":
			bad(f.name, "error.required")
		case len([]rune(*f.v)) > 200:
			bad(f.name, "error.too_long", 200)
		}
	}
	day, err := time.ParseInLocation(time.DateOnly, r.ArriveDay, clock.CST)
	if now := s.Clock.Now(); err != nil || day.After(now.AddDate(0, 0, daysAhead)) || day.Before(now.AddDate(0, 0, -daysAhead)) {
		bad("arrive", "incoming.arrive_day", daysAhead)
	}
	if r.People < 1 || r.People > 50 {
		bad("people", "incoming.people.bad")
	}
	b := body{Name: short(r.Name, 60), Address: r.Address, Origin: r.Origin, Arrival: r.ArriveDay, Transport: short(r.Transport, 60), Note: short(r.Note, 300), People: r.People, Gate: r.Gate}
	if err := b.dialled(r.Phone); err != nil {
		faults = append(faults, err)
	}
	if len(faults) > 0 {
		return body{}, faults
	}
	return b, nil
}

var sixDigits = regexp.MustCompile(`^[0-9]{6}$`)

// checkedFor is for how long after the call a check code can be checked.
const checkedFor = 24 * 3600_000

// CheckCode tells somebody who was called whether a check code is one of a call
// from an area to the phone whose last four digits they give: the name of the
// community that calls. NotFound for any other; TooMany for who tries many.
func (s *Service) CheckCode(ctx context.Context, c grid.Caller, areaCode, address, code, tail string) (community string, err error) {
	const op = "incoming.CheckCode"
	if !s.codes.Take(address, s.Clock.Now()) {
		return "", tooMany()
	}
	area, err := s.ArrivalArea(ctx, c, areaCode)
	if err != nil {
		return "", err
	}
	path, err := s.calledWith(ctx, c, strings.TrimSpace(code), strings.TrimSpace(tail), area.Path)
	if err != nil {
		return "", errs.Wrap(op, err)
	}
	if path == "" {
		return "", errs.Field(errs.E(op, errs.NotFound, "incoming.code.none"), "code")
	}
	names, err := s.areaNames(ctx, c)
	return names[path], errs.Wrap(op, err)
}

// calledWith is the path of the lead with a check code and with a phone that ends
// in tail; "" for none.
func (s *Service) calledWith(ctx context.Context, c grid.Caller, code, tail, under string) (string, error) {
	if !sixDigits.MatchString(code) || len(tail) != 4 {
		return "", nil
	}
	list, err := leadsByCode(ctx, s.DB.Read(), c, code, under, s.nowMs()-checkedFor)
	for i := range list {
		if err := s.openKept(&list[i]); err != nil {
			return "", err
		}
		if slices.ContainsFunc(list[i].body.Phones, func(p string) bool { return seal.LastFour(p) == tail }) {
			return list[i].Path, nil
		}
	}
	return "", err
}

// tooMany says when to try again.
func tooMany() error {
	return errs.After(errs.E("incoming.tooMany", errs.TooMany, "incoming.too_many", int(web.GuardWindow/time.Minute)), web.GuardWindow)
}
