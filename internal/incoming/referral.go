package incoming

import (
	"context"
	"regexp"
	"strconv"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/sheet"
)

// Referral is a lead that another district hands over: what a list would say of
// the person, and why it comes.
type Referral struct {
	From      string   `json:"from" maxLength:"12" doc:"National code of the district that sends it"`
	Reference string   `json:"reference" maxLength:"60" doc:"Its number there; sent again under the same one, it gets the same receipt"`
	Reason    string   `json:"reason,omitempty" maxLength:"500" doc:"Why it is handed over"`
	Urgency   string   `json:"urgency" enum:"normal,urgent,most_urgent"`
	Title     string   `json:"title,omitempty" maxLength:"500"`
	Class     string   `json:"class,omitempty" maxLength:"500"`
	Ask       string   `json:"ask,omitempty" maxLength:"500"`
	Name      string   `json:"name,omitempty" maxLength:"60"`
	IDNo      string   `json:"idno,omitempty" maxLength:"40"`
	Phones    []string `json:"phones,omitempty" maxItems:"10"`
	Address   string   `json:"address,omitempty" maxLength:"500"`
	Transport string   `json:"transport,omitempty" maxLength:"500"`
	Seat      string   `json:"seat,omitempty" maxLength:"500"`
	Origin    string   `json:"origin,omitempty" maxLength:"500"`
	Arrival   string   `json:"arrival,omitempty" maxLength:"500"`
	Note      string   `json:"note,omitempty" maxLength:"1000"`
}

// Receipt is the answer to a referral.
type Receipt struct {
	Receipt string `json:"receipt" doc:"The receiver's number of the lead"`
}

var refShape = regexp.MustCompile(`^[0-9A-Za-z._-]{1,60}$`)

// Receive takes a lead over from another district and returns the receipt. It
// belongs to the area of the caller's post until its address says where; who is
// to be called here already is called once. Sent again, it gets the receipt it
// has. Needs lead.import, with a token given to the district that sends it: nobody
// takes a receipt in another's name. Errors: Denied, Invalid with the field,
// Conflict where no emergency is open.
func (s *Service) Receive(ctx context.Context, c grid.Caller, r Referral) (receipt string, err error) {
	const op = "incoming.Receive"
	if err := c.Require(op, grid.LeadImport); err != nil {
		return "", err
	}
	if c.Origin == "" || c.Origin != r.From {
		return "", errs.E(op, errs.Denied, "incoming.referral.name", r.From)
	}
	area, err := s.Grid.Home(ctx, c)
	if err != nil {
		return "", errs.Wrap(op, err)
	}
	if err := c.RequirePlace(op, grid.LeadImport, area.Path); err != nil {
		return "", err
	}
	b, level, err := s.referred(r)
	if err != nil {
		return "", err
	}
	e, err := s.emergency(ctx, c, id.Zero)
	if err != nil {
		return "", errs.Wrap(op, err)
	}
	l := &lead{ID: id.New(), EmergencyID: e.ID, Register: e.Register, Source: FromDistrict, Class: classOf(r.Class, r.Title, r.Ask, r.Transport), Urgency: level, State: Unclear,
		Path: area.Path, CreatedMs: s.nowMs(), Version: 1, body: b}
	l.DueMs = dueMs(l.CreatedMs, level)
	if err := s.place(ctx, c, area.Path, []*lead{l}); err != nil {
		return "", errs.Wrap(op, err)
	}
	err = s.DB.Write(ctx, op, func(tx *db.Tx) (err error) {
		if receipt, err = referralOf(ctx, tx, c.District, r.From, r.Reference); err != nil || receipt != "" {
			return err
		}
		at, err := s.admit(ctx, tx, c, l)
		if err != nil {
			return err
		}
		receipt = strconv.Itoa(c.District) + "-" + at.String()
		if err := insertReferral(ctx, tx, c.District, r, at, receipt, c.AccountID, s.nowMs()); err != nil {
			return err
		}
		if err := s.note(ctx, tx, c, grid.LeadImport, "lead.received", tableLead, at, "from="+r.From); err != nil {
			return err
		}
		return s.rebalance(ctx, tx, c.District)
	})
	return receipt, errs.Wrap(op, err)
}

// admit stores a lead that came in by itself, or joins it with the one under
// which the person is to be called already; it returns the id of that which holds.
func (s *Service) admit(ctx context.Context, tx *db.Tx, c grid.Caller, l *lead) (id.ID, error) {
	h := s.hasher(l.Register)
	k := keysOf(&l.body, h)
	tx.Notify(topic)
	there, err := s.isThere(ctx, tx, c, l.EmergencyID, k, h)
	if err != nil {
		return id.Zero, err
	}
	if there != nil {
		return there.ID, s.joined(ctx, tx, c, []*joining{{there, []record{{body: l.body, urgency: l.Urgency}}}})
	}
	return l.ID, s.insertLeads(ctx, tx, c, []*lead{l}, map[id.ID]keys{l.ID: k})
}

// referred checks a referral and turns it into what a lead holds.
func (s *Service) referred(r Referral) (body, int, error) {
	const op = "incoming.referred"
	bad := func(field, key string) (body, int, error) {
		return body{}, 0, errs.Field(errs.E(op, errs.Invalid, key), field)
	}
	level := -1
	for i, u := range urgent {
		if u.Code == r.Urgency {
			level = i
		}
	}
	switch {
	case !refShape.MatchString(r.Reference):
		return bad("reference", "incoming.referral.reference")
	case level < 0:
		return bad("urgency", "error.bad_choice")
	}
	b := body{Name: short(r.Name, 60), Title: short(r.Title, longest), Class: short(r.Class, longest), Ask: short(r.Ask, longest), Address: short(r.Address, longest),
		Transport: short(r.Transport, longest), Seat: short(r.Seat, longest), Origin: short(r.Origin, longest), Arrival: short(r.Arrival, longest),
		Note: strings.TrimSpace(r.From + " " + short(r.Reason, longest) + " " + short(r.Note, 1000))}
	b.takeIDNo(sheet.Cell{Raw: r.IDNo, Kind: sheet.Text}, s.Drill)
	for _, p := range r.Phones {
		b.takePhones(sheet.Cell{Raw: p, Kind: sheet.Text})
	}
	if why := refusal(&b); why != "" {
		return bad("phones", why)
	}
	return b, level, nil
}
