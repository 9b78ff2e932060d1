package incoming

import (
	"context"
	"slices"

	"wangge/internal/grid"
	"wangge/internal/ledger/address"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/i18n"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
	"wangge/internal/task"
)

// Desk is what a caller sees: the one person to be called now.
type Desk struct {
	Seat    Seat  `json:"seat"`
	Sitting bool  `json:"sitting"`
	Now     *Card `json:"now,omitempty" doc:"The person to be called now"`
	NextMs  int64 `json:"next_ms,omitempty" doc:"When somebody is to be called again, where nobody is now"`
	Later   int   `json:"later" doc:"People who are to be called again later"`
	Done    int   `json:"done_today" doc:"Settled today by everybody at this desk's area"`
	Waiting int   `json:"waiting" doc:"People nobody on shift has"`
}

// Card is one person with what a caller needs.
type Card struct {
	Lead
	Script  Script        `json:"script"`
	Earlier *Lead         `json:"earlier,omitempty" doc:"The same person's result of the last six months"`
	Same    []Lead        `json:"same,omitempty" doc:"Others to be called under one of these phones"`
	Events  []Event       `json:"events"`
	Lists   int           `json:"lists" doc:"Rows of lists that mean this person"`
	Sending *Sending      `json:"sending,omitempty" doc:"Where it is sent by API, until the receipt comes"`
	Custody *task.Custody `json:"custody,omitempty" doc:"Who answers for it, while it is open"`
	Quiet   int64         `json:"quiet_until_ms,omitempty" doc:"Residents are resting: the person is not called before, unless it is most urgent"`
}

// Sending is how far a lead is on its way to another authority.
type Sending struct {
	Receiver string `json:"receiver"`
	Tries    int    `json:"tries" doc:"That gave no receipt"`
	AtMs     int64  `json:"at_ms" doc:"Of the last try; of the beginning where there was none"`
	Failed   string `json:"failed,omitempty" doc:"Why the last try gave no receipt"`
}

// Script is what the caller says, in the caller's language.
type Script struct {
	Opening string   `json:"opening"`
	Ask     []string `json:"ask"`
	Closing string   `json:"closing"`
	Never   string   `json:"never"`
	Verify  string   `json:"verify,omitempty" doc:"Path of the page on which the person called checks the code"`
}

// Desk returns the caller's desk. It changes nothing.
func (s *Service) Desk(ctx context.Context, c grid.Caller) (*Desk, error) {
	const op = "incoming.Desk"
	if err := c.Require(op, grid.LeadCall); err != nil {
		return nil, err
	}
	d := &Desk{}
	var err error
	if d.Seat, d.Sitting, err = s.seatOf(ctx, c); err != nil {
		return nil, errs.Wrap(op, err)
	}
	if d.Done, err = countDone(ctx, s.DB.Read(), c, s.dayStart()); err != nil {
		return nil, errs.Wrap(op, err)
	}
	if d.Waiting, err = countWaiting(ctx, s.DB.Read(), c); err != nil || !d.Sitting {
		return d, errs.Wrap(op, err)
	}
	areas, err := s.areaNames(ctx, c)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	d.Seat.Area = areas[d.Seat.path]
	mine, err := myLeads(ctx, s.DB.Read(), c)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	d.Seat.Load = len(mine)
	now, next := s.nowMs(), -1
	for i, l := range mine {
		switch {
		case l.RetryMs > now:
			d.Later++
			if d.NextMs == 0 || l.RetryMs < d.NextMs {
				d.NextMs = l.RetryMs
			}
		case next < 0:
			next = i
		}
	}
	if next >= 0 {
		d.NextMs = 0
		s.shown.mark(mine[next].ID, now)
		d.Now, err = s.card(ctx, c, &mine[next])
	}
	return d, errs.Wrap(op, err)
}

// Card returns one person with what is known, for who calls or decides there.
func (s *Service) Card(ctx context.Context, c grid.Caller, v id.ID) (*Card, error) {
	const op = "incoming.Card"
	if err := c.Require(op, grid.LeadRead); err != nil {
		return nil, err
	}
	l, err := oneLead(ctx, s.DB.Read(), c, grid.LeadRead, v)
	if err != nil {
		return nil, errs.Wrap(op, err)
	}
	card, err := s.card(ctx, c, &l)
	return card, errs.Wrap(op, err)
}

// quiet is until when a lead that waits is not called, since residents rest; 0:
// it may be called now.
func (s *Service) quiet(ctx context.Context, c grid.Caller, l *lead) (int64, error) {
	if l.State != Open && l.State != Unclear {
		return 0, nil
	}
	kinds, err := s.Tasks.Kinds(ctx, c)
	return l.quietUntil(kinds, s.nowMs()), err
}

// quietUntil is until when residents rest at an instant, for who is called then;
// 0: they do not, the lead is most urgent, or there is no such instant.
func (l *lead) quietUntil(kinds task.Kinds, at int64) int64 {
	if at == 0 || l.Urgency == len(urgent)-1 {
		return 0
	}
	k, _ := kinds.Get(task.KindLead)
	return k.QuietUntil(at)
}

func (s *Service) card(ctx context.Context, c grid.Caller, l *lead) (*Card, error) {
	if err := s.openKept(l); err != nil {
		return nil, err
	}
	if seesFull(c, l) {
		if err := s.look(ctx, c, l); err != nil {
			return nil, err
		}
	}
	vs, err := s.views(ctx, c, []lead{*l})
	if err != nil {
		return nil, err
	}
	card := &Card{Lead: vs[0]}
	if place, ok := address.PlaceOf(card.Origin); ok {
		card.OriginPlace, card.OriginCode = place.Name, place.Code
	}
	card.Script = script(c.Lang, l, card.Area)
	if card.Script.Verify, err = s.verifyPath(ctx, c, l.Path); err != nil {
		return nil, err
	}
	if card.Lists, err = rowCount(ctx, s.DB.Read(), c.District, l.ID); err != nil {
		return nil, err
	}
	if n, ok, err := sendingOf(ctx, s.DB.Read(), c.District, l.ID); err != nil {
		return nil, err
	} else if ok {
		card.Sending = &Sending{n.name, n.tries, n.at, i18n.T(c.Lang, n.failed)}
	}
	if card.Custody, err = s.Tasks.CustodyOf(ctx, c, task.KindLead, l.ID); err != nil {
		return nil, err
	}
	if card.Quiet, err = s.quiet(ctx, c, l); err != nil {
		return nil, err
	}
	if card.Events, err = s.events(ctx, c, l); err != nil {
		return nil, err
	}
	if !card.Full {
		return card, nil
	}
	return card, s.around(ctx, c, l, card)
}

// around adds the earlier result of the same person, and who else is to be called
// under the same phone.
func (s *Service) around(ctx context.Context, c grid.Caller, l *lead, card *Card) error {
	list, err := leadsAround(ctx, s.DB.Read(), c.District, l)
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(x lead) bool { return s.open(&x) != nil }) // of an emergency whose key is gone
	vs, err := s.views(ctx, c, list)
	if err != nil {
		return err
	}
	for i := range vs {
		if err := s.look(ctx, c, &list[i]); err != nil {
			return err
		}
		vs[i].Name, vs[i].Code = list[i].body.Name, "" // one phone: the caller will speak of both
		if vs[i].ID == l.EarlierID {
			card.Earlier = &vs[i]
		} else {
			card.Same = append(card.Same, vs[i])
		}
	}
	return nil
}

// script is what is said to a person, with the area and the check code put in.
func script(lang string, l *lead, area string) Script {
	put := func(t Text) string { return fill(t.In(lang), area, l.Code, l.body.Transport) }
	out := Script{Opening: put(scripts.Opening), Closing: put(scripts.Closing), Never: put(scripts.Never)}
	for _, q := range classNamed(l.Class).Ask {
		out.Ask = append(out.Ask, put(q))
	}
	return out
}

// verifyPath is the page on which somebody of an area checks a code.
func (s *Service) verifyPath(ctx context.Context, c grid.Caller, path string) (string, error) {
	list, err := s.Grid.Areas(ctx, grid.System(c.District, "incoming"))
	for _, a := range list {
		if a.Path == path && a.Code != "" {
			return "/verify/" + a.Code, nil
		}
	}
	return "", err
}

// events are what happened to a lead, the latest first.
func (s *Service) events(ctx context.Context, c grid.Caller, l *lead) ([]Event, error) {
	rows, err := eventsOf(ctx, s.DB.Read(), c.District, l.ID)
	out := make([]Event, 0, len(rows))
	for _, r := range rows {
		e := Event{AtMs: r.at, Kind: r.kind, Result: r.result, AccountID: r.account}
		if len(r.sealed) > 0 && seesFull(c, l) {
			text, err := s.openEvent(l.Register, r)
			if err != nil && !seal.IsDestroyed(err) {
				return nil, err
			}
			e.Text = text
		}
		out = append(out, e)
	}
	return out, err
}
