package incoming

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/web"
)

// Outcome is what a caller says of a call.
type Outcome struct {
	Result  string `json:"result" doc:"One of the results of GET /api/v1/incoming/words"`
	Version int    `json:"version" doc:"Of the person shown"`
	Answer
	NoDoor bool `json:"no_door,omitempty" doc:"The ledger has no such door: it is added where it alone is missing and one may add doors there, else the community is asked to"`
	lacks  gap  // of the address, where the caller may add the door
}

// Record keeps the result of a call and does what follows from it: the lead is
// settled, comes up again, is set aside or handed on; companions become leads of
// their own; the address goes into the ledger; a measure is proposed. Errors:
// Conflict where somebody else was faster, Invalid with the field.
func (s *Service) Record(ctx context.Context, c grid.Caller, v id.ID, o Outcome) error {
	const op = "incoming.Record"
	l, err := s.callable(ctx, s.DB.Read(), c, v, o.Version)
	if err != nil {
		return errs.Wrap(op, err)
	}
	r, ok := resultOf(o.Result)
	if !ok {
		return errs.Field(errs.E(op, errs.Invalid, "error.bad_choice"), "result")
	}
	// a door that stood beside the same address already is no choice of anybody's
	chosen := o.DoorID != id.Zero && (o.DoorID != l.DoorID || strings.TrimSpace(o.Address) != l.body.Address)
	if err := s.checkAnswer(ctx, c, &l, r, &o); err != nil {
		return errs.Wrap(op, err)
	}
	kinds, err := s.Tasks.Kinds(ctx, c)
	if err != nil {
		return errs.Wrap(op, err)
	}
	version := l.Version
	err = s.DB.Write(ctx, op, func(tx *db.Tx) error {
		var err error
		if l, err = s.callable(ctx, tx, c, v, version); err != nil {
			return err
		}
		mates, of, err := s.companions(ctx, tx, c, &l, o.Companions)
		if err != nil {
			return err
		}
		said, more := o, []string(nil) // what else the history tells
		if r.Home {
			if more, err = s.settle(ctx, tx, c, kinds, &l, &said); err != nil {
				return err
			}
		}
		if err := s.conclude(&l, c, r, &said); err != nil {
			return err
		}
		l.RetryMs = max(l.RetryMs, l.quietUntil(kinds, l.RetryMs))
		if err := s.save(ctx, tx, c, &l, called, r.Code, summary(&said.Answer)); err != nil {
			return err
		}
		if err := s.insertLeads(ctx, tx, c, mates, of); err != nil {
			return err
		}
		if r.To == "text" && o.ReceiverID != id.Zero {
			if err := s.dispatch(ctx, tx, c, &l, o.ReceiverID); err != nil {
				return err
			}
		}
		if err := s.tell(ctx, tx, c, &l, more...); err != nil {
			return err
		}
		return s.rebalance(ctx, tx, c.District)
	})
	if err == nil && r.Home && chosen {
		if err := s.remember(ctx, c, o.Address, o.DoorID); err != nil {
			s.Log.Warn("the door chosen for an address is not remembered", "lead", l.ID, "error", err)
		}
	}
	return errs.Wrap(op, err)
}

// callable reads a lead that the caller may settle. Conflict where it was changed
// since it was shown, or is settled.
func (s *Service) callable(ctx context.Context, q db.Queryer, c grid.Caller, v id.ID, version int) (lead, error) {
	const op = "incoming.callable"
	if err := c.Require(op, grid.LeadCall); err != nil {
		return lead{}, err
	}
	l, err := oneLead(ctx, q, c, grid.LeadCall, v)
	if err != nil {
		return l, err
	}
	if l.State != Open && l.State != Unclear {
		return l, errs.E(op, errs.Conflict, "incoming.settled")
	}
	if version != 0 && version != l.Version {
		return l, errs.E(op, errs.Conflict, "error.conflict")
	}
	return l, s.open(&l)
}

// checkAnswer completes and checks what a caller says. All that is wrong is told
// at once.
func (s *Service) checkAnswer(ctx context.Context, c grid.Caller, l *lead, r Result, o *Outcome) error {
	var faults web.FieldErrors
	bad := func(field, key string) {
		faults = append(faults, errs.Field(errs.E("incoming.checkAnswer", errs.Invalid, key), field))
	}
	o.Address, o.Note, o.Help, o.To, o.Receipt = short(o.Address, longest), short(o.Note, 1000), short(o.Help, 500), short(o.To, 200), ""
	if o.Exposure != "" && !knownCode(measures.Exposures, o.Exposure) {
		bad("exposure", "error.bad_choice")
	}
	if o.Exposure != "" && o.Exposure != "none" && o.ExposedDay == "" {
		bad("exposed_day", "incoming.exposed_day")
	}
	for _, f := range [][2]string{{"exposed_day", o.ExposedDay}, {"test_day", o.TestDay}} {
		if t, err := time.ParseInLocation(time.DateOnly, f[1], clock.CST); f[1] != "" && (err != nil || t.After(s.Clock.Now())) {
			bad(f[0], "incoming.bad_day")
		}
	}
	o.Stops = slices.DeleteFunc(o.Stops, func(x Stop) bool { return strings.TrimSpace(x.Place) == "" })
	o.Companions = slices.DeleteFunc(o.Companions, func(x Companion) bool { return strings.TrimSpace(x.Name+x.Phone) == "" })
	if len(o.Stops) > 20 || len(o.Companions) > 20 {
		bad("stops", "incoming.too_long")
	}
	var err error
	switch {
	case r.To == "text" && o.ReceiverID != id.Zero:
		err = s.checkReceiver(ctx, c, l, o)
	case r.To == "text" && o.To == "":
		bad("to", "incoming.to_missing")
	case r.To == "area":
		err = s.checkArea(ctx, c, l, o)
	case r.Home:
		err = s.checkDoor(ctx, c, l, o)
	}
	if errs.Is(err, errs.Invalid) {
		faults, err = append(faults, err), nil
	}
	if err == nil && len(faults) > 0 {
		err = faults
	}
	return err
}

// checkArea requires another area of the district to hand a lead to.
func (s *Service) checkArea(ctx context.Context, c grid.Caller, l *lead, o *Outcome) error {
	p, err := s.Grid.Place(ctx, grid.System(c.District, "incoming"), o.ToArea)
	if err != nil || !p.Kind.IsArea() || p.Path == l.Path {
		return errs.Field(errs.E("incoming.checkArea", errs.Invalid, "incoming.to_area"), "to_area")
	}
	o.To = p.Path
	return nil
}

// checkDoor requires the door of who lives here: the one chosen, else the one
// the address certainly means.
func (s *Service) checkDoor(ctx context.Context, c grid.Caller, l *lead, o *Outcome) error {
	const op = "incoming.checkDoor"
	if o.Address != "" && (o.NoDoor || o.DoorID == id.Zero) {
		at, err := s.spotNear(ctx, c, l.Path, o.Address)
		if err != nil {
			return err
		}
		if o.NoDoor && (at.door == id.Zero || l.offers(at.door)) {
			o.DoorID = id.Zero
			if at.door == id.Zero {
				o.lacks, err = s.addable(ctx, c, at.lacks)
			}
			return err
		}
		// who says that there is none may have been shown the doors before it was added
		o.DoorID, o.NoDoor = at.door, false
		switch {
		case at.door == id.Zero && at.lacks.label != "":
			return errs.Field(errs.E(op, errs.Invalid, "incoming.address_lacks", at.lacks.label), "address")
		case at.door == id.Zero:
			return errs.Field(errs.E(op, errs.Invalid, "incoming.address_unsure"), "address")
		}
	}
	if o.DoorID == id.Zero {
		return errs.Field(errs.E(op, errs.Invalid, "incoming.address_missing"), "address")
	}
	p, err := s.Grid.Place(ctx, grid.System(c.District, "incoming"), o.DoorID)
	if err != nil || p.Kind != grid.Door {
		return errs.Field(errs.E(op, errs.Invalid, "incoming.address_missing"), "address")
	}
	return nil
}

// offers reports whether a door stood before the caller's eyes.
func (l *lead) offers(door id.ID) bool {
	return door == l.DoorID || slices.ContainsFunc(l.body.Doors, func(x Choice) bool { return x.DoorID == door })
}

// conclude changes a lead as its result says.
func (s *Service) conclude(l *lead, c grid.Caller, r Result, o *Outcome) error {
	now := s.nowMs()
	l.Tries++
	l.Result, l.State, l.RetryMs = r.Code, r.State, 0
	switch {
	case r.State == Open && l.Tries > len(r.Retry) && len(r.Retry) > 1:
		l.State = Unclear // nobody answers: a visit, or another number
	case r.State == Open:
		l.RetryMs = now + int64(r.Retry[min(l.Tries, len(r.Retry))-1])*60_000
	}
	if r.Short && o.Note == "" && o.Answer.empty() {
		if l.State != Open {
			l.AccountID, l.PostID = id.Zero, id.Zero
		}
		return nil
	}
	l.body.Answer = o.Answer
	if r.Home {
		l.DoorID = o.DoorID
	}
	if r.To == "area" {
		l.Path, l.DoorID, l.body.Answer.To = o.To, id.Zero, ""
	}
	l.clockOf(r, now)
	if l.State == Done {
		l.DoneMs, l.DoneBy = now, c.AccountID
	}
	if l.State != Open {
		l.AccountID, l.PostID = id.Zero, id.Zero
	}
	s.proposeFor(l, r, c)
	return nil
}

// clockOf gives a lead that is handed on the receiver's time. Handed on again, to
// outside or within the district, it keeps the time it had: two areas that hand
// somebody to and fro make nobody wait.
func (l *lead) clockOf(r Result, now int64) {
	switch r.To {
	case "text":
		anew := dueMs(now, l.Urgency)
		l.body.AwayDueMs = min(cmp.Or(l.body.AwayDueMs, anew), anew)
		l.DueMs = l.body.AwayDueMs
	case "area":
		if l.body.Handed++; l.body.Handed == 1 {
			l.DueMs = dueMs(now, l.Urgency)
		}
	}
}

// proposeFor proposes the measure that the rules give for who lives here.
func (s *Service) proposeFor(l *lead, r Result, c grid.Caller) {
	a := &l.body.Answer
	if !r.Home || a.Exposure == "" {
		return
	}
	m := measures.propose(a.Exposure, a.ExposedDay, s.today())
	if m == nil {
		return
	}
	l.body.Measure, l.Measure, l.MeasureState, l.MeasureBy, l.MeasureMs = m, m.Code, Proposed, c.AccountID, s.nowMs()
}

// empty reports an answer that says nothing.
func (a *Answer) empty() bool {
	return a.Address == "" && a.DoorID == id.Zero && a.Exposure == "" && len(a.Stops) == 0 && len(a.Companions) == 0 && a.TestDay == "" && a.Help == "" && a.To == "" && a.Note == ""
}

// summary is what an event tells of an answer.
func summary(a *Answer) string {
	return joinWords(a.Address, a.Note, a.Help, stopsText(a.Stops))
}

// joinWords puts what is not empty in a row.
func joinWords(parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), "; ")
}

// companions makes leads of people named in a call, unless they are to be called
// already. They belong where the person called does.
func (s *Service) companions(ctx context.Context, tx *db.Tx, c grid.Caller, l *lead, list []Companion) ([]*lead, map[id.ID]keys, error) {
	var out []*lead
	of := map[id.ID]keys{}
	h := s.hasher(l.Register)
	for _, m := range list {
		n := &lead{ID: id.New(), EmergencyID: l.EmergencyID, Register: l.Register, Source: FromCompanion, Class: "companion", Urgency: l.Urgency, State: Open,
			Path: l.Path, ParentID: l.ID, CreatedMs: s.nowMs(), Version: 1, body: body{Name: short(m.Name, 60), Title: l.body.Title, Ask: l.body.Ask}}
		n.DueMs = dueMs(n.CreatedMs, n.Urgency)
		if err := n.body.dialled(m.Phone); err != nil {
			return nil, nil, errs.Field(err, "companions")
		}
		k := keysOf(&n.body, h)
		there, err := s.isThere(ctx, tx, c, l.EmergencyID, k, h)
		if err != nil {
			return nil, nil, err
		}
		if there != nil {
			continue
		}
		if len(n.body.Phones) == 0 {
			n.State = Unclear
		}
		out, of[n.ID] = append(out, n), k
	}
	return out, of, nil
}

// isThere returns the lead under which a person is to be called already, or nil.
func (s *Service) isThere(ctx context.Context, q db.Queryer, c grid.Caller, emergency id.ID, k keys, h func(kind, value string) []byte) (*lead, error) {
	var hashes [][]byte
	for _, v := range append(slices.Clone(k.phones), k.idno) {
		if v != "" {
			hashes = append(hashes, []byte(v))
		}
	}
	found, err := leadsByHash(ctx, q, c.District, hashes, s.nowMs()-halfYear)
	index := newPeople()
	for _, x := range found {
		if x.EmergencyID != emergency {
			continue
		}
		if err := s.open(&x); err != nil {
			return nil, err
		}
		index.add(&known{id: x.ID, keys: keysOf(&x.body, h), open: x.State != Done, atMs: x.CreatedMs, lead: &x})
	}
	joins, _ := index.find(k)
	if joins == nil {
		return nil, err
	}
	return joins.lead, err
}
