package incoming

import (
	"context"
	"slices"
	"strconv"

	"wangge/internal/grid"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/jobs"
	"wangge/internal/platform/seal"
)

// topicSend is the outbox's topic of leads on their way to a receiver.
const topicSend = "lead.send"

// parcel names a lead and where it goes.
type parcel struct {
	Lead     id.ID `json:"lead"`
	Receiver id.ID `json:"receiver"`
}

// Handle registers what sends leads to other authorities.
func (s *Service) Handle(r *jobs.Runner) { r.Handle(topicSend, s.send) }

// awayResults are the results that hand a lead to an authority outside.
func awayResults() (out []string) {
	for _, r := range results {
		if r.To == "text" {
			out = append(out, r.Code)
		}
	}
	return out
}

// checkReceiver requires a receiver that takes leads, and an emergency whose
// data may leave: a drill has nothing to send anybody.
func (s *Service) checkReceiver(ctx context.Context, c grid.Caller, l *lead, o *Outcome) error {
	const op = "incoming.checkReceiver"
	to, err := s.receiver(ctx, s.DB.Read(), c.District, o.ReceiverID)
	if err != nil {
		return errs.Field(errs.E(op, errs.Invalid, "incoming.receiver.gone"), "receiver")
	}
	e, err := s.Rounds.Emergency(ctx, grid.System(c.District, "incoming"), l.EmergencyID)
	if err != nil {
		return err
	}
	if e.Drill {
		return errs.Field(errs.E(op, errs.Invalid, "incoming.receiver.drill"), "receiver")
	}
	o.To = to.Name
	return nil
}

// dispatch puts a lead on its way to a receiver, in the transaction of the
// result that hands it on.
func (s *Service) dispatch(ctx context.Context, tx *db.Tx, c grid.Caller, l *lead, receiver id.ID) error {
	if err := insertSending(ctx, tx, c.District, l.ID, receiver, s.nowMs()); err != nil {
		return err
	}
	if _, err := jobs.Enqueue(ctx, tx, c.District, topicSend, parcel{l.ID, receiver}, s.Clock.Now()); err != nil {
		return err
	}
	if err := s.handedOver(ctx, tx, c, l); err != nil {
		return err
	}
	return s.note(ctx, tx, c, grid.LeadCall, "lead.send", tableLead, l.ID, "receiver="+receiver.String())
}

// send asks a receiver to take a lead, and settles it by the receipt. It may run
// more than once: the receiver knows the lead by its number. An error means
// later again.
func (s *Service) send(ctx context.Context, m jobs.Message) error {
	const op = "incoming.send"
	var p parcel
	if err := m.Decode(&p); err != nil {
		return err
	}
	c := grid.System(m.District, "leads sent to other authorities")
	l, receiver, err := s.parcelOf(ctx, c, p)
	if err != nil || l == nil {
		return errs.Wrap(op, err)
	}
	if s.mute.is(p.Receiver, s.nowMs()) {
		return errs.E(op, errs.Unavailable, unreachable)
	}
	receipt, failed := s.post(ctx, receiver, s.referral(c, l))
	if failed == nil {
		return errs.Wrap(op, s.taken(ctx, c, p, receipt))
	}
	if errs.As(failed).Key == unreachable {
		s.mute.add(p.Receiver, s.nowMs()+mutedFor)
	}
	if err := s.failed(ctx, c, p.Lead, errs.As(failed).Key); err != nil {
		return err
	}
	return failed
}

// parcelOf reads a lead that is still to be sent, and to whom; nil where it was
// taken back or settled, its emergency has ended, or the receiver is gone, which
// is noted.
func (s *Service) parcelOf(ctx context.Context, c grid.Caller, p parcel) (*lead, Receiver, error) {
	n, ok, err := sendingOf(ctx, s.DB.Read(), c.District, p.Lead)
	if err != nil || !ok || n.receiver != p.Receiver {
		return nil, Receiver{}, err
	}
	a := db.NewArgs(c.District)
	list, err := leadsWhere(ctx, s.DB.Read(), a, "l.id = "+a.Add(p.Lead)+" AND l.state = 'sent' AND "+inForce)
	if err != nil || len(list) == 0 {
		return nil, Receiver{}, err
	}
	to, err := s.receiver(ctx, s.DB.Read(), c.District, p.Receiver)
	if errs.Is(err, errs.NotFound) {
		return nil, to, s.failed(ctx, c, p.Lead, "incoming.receiver.gone")
	}
	if err != nil {
		return nil, to, err
	}
	err = s.open(&list[0])
	if seal.IsDestroyed(err) {
		return nil, to, nil
	}
	return &list[0], to, err
}

// failed notes why a try gave no receipt.
func (s *Service) failed(ctx context.Context, c grid.Caller, lead id.ID, key string) error {
	const op = "incoming.failed"
	return s.DB.Write(ctx, op, func(tx *db.Tx) error {
		tx.Notify(topic)
		return setFailed(ctx, tx, c.District, lead, s.nowMs(), key)
	})
}

// taken settles a lead by the receiver's receipt, unless somebody settled or took
// it back meanwhile.
func (s *Service) taken(ctx context.Context, c grid.Caller, p parcel, receipt string) error {
	const op = "incoming.taken"
	return s.DB.Write(ctx, op, func(tx *db.Tx) error {
		n, ok, err := sendingOf(ctx, tx, c.District, p.Lead)
		if err != nil || !ok || n.receiver != p.Receiver {
			return err
		}
		l, err := s.handed(ctx, tx, c, p.Lead, 0)
		if err != nil {
			return err
		}
		return s.receipted(ctx, tx, c, &l, receipt)
	})
}

// receipted settles a lead by a receipt.
func (s *Service) receipted(ctx context.Context, tx *db.Tx, c grid.Caller, l *lead, receipt string) error {
	l.State, l.DoneMs, l.DoneBy = Done, s.nowMs(), c.AccountID
	l.body.Answer.Receipt = receipt
	if err := deleteSending(ctx, tx, c.District, l.ID); err != nil {
		return err
	}
	return s.save(ctx, tx, c, l, "receipt", "", receipt)
}

// Recall takes back a lead that was handed on and not accepted: whoever calls
// where it came from goes on with it. Errors: Denied, Conflict where it was
// accepted or settled already.
func (s *Service) Recall(ctx context.Context, c grid.Caller, v id.ID, version int) error {
	const op = "incoming.Recall"
	return errs.Wrap(op, s.DB.Write(ctx, op, func(tx *db.Tx) error {
		l, err := s.handed(ctx, tx, c, v, version)
		if err != nil {
			return err
		}
		if l.toArea() {
			return errs.E(op, errs.Conflict, "incoming.needs_accept")
		}
		if err := deleteSending(ctx, tx, c.District, l.ID); err != nil {
			return err
		}
		l.State, l.Result, l.RetryMs = Open, "", 0
		if err := s.save(ctx, tx, c, &l, "recalled", "", ""); err != nil {
			return err
		}
		return s.rebalance(ctx, tx, c.District)
	}))
}

// referral is a lead as another district gets it: what the list said, what was
// learned, and why it goes there.
func (s *Service) referral(c grid.Caller, l *lead) Referral {
	b, a := &l.body, &l.body.Answer
	r := Referral{From: strconv.Itoa(c.District), Reference: l.ID.String(), Reason: resultText(c.Lang, l.Result), Urgency: urgent[l.Urgency].Code, Title: b.Title, Class: b.Class, Ask: b.Ask,
		Name: b.Name, IDNo: b.IDNo, Phones: slices.Clone(b.Phones), Address: b.Address, Transport: b.Transport, Seat: b.Seat, Origin: b.Origin, Arrival: b.Arrival}
	if r.Class == "" {
		r.Class = classNamed(l.Class).In(c.Lang)
	}
	if a.Address != "" {
		r.Address = a.Address // what the person said last
	}
	r.Note = short(joinWords(b.Note, a.Note, stopsText(a.Stops), clock.FromMs(l.CreatedMs).In(clock.CST).Format("2006-01-02 15:04")), 1000)
	r.Phones = r.Phones[:min(len(r.Phones), 10)]
	return r
}
