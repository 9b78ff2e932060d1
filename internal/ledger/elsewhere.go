package ledger

import (
	"context"
	"slices"
	"time"

	"wangge/internal/grid"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
)

// ElsewhereState is how an item about a person who lives elsewhere stands.
type ElsewhereState string

// The states of an item; only Proposed is open.
const (
	ElsewhereProposed  ElsewhereState = "proposed"  // the receiving community is asked
	ElsewhereAccepted  ElsewhereState = "accepted"  // the person counts there
	ElsewhereRefused   ElsewhereState = "refused"   // not found there; the reason says why
	ElsewhereWithdrawn ElsewhereState = "withdrawn" // taken back by who proposed it
	ElsewhereLeft      ElsewhereState = "left"      // accepted, and gone from there since: the sender is asked to look
	ElsewhereEnded     ElsewhereState = "ended"     // left, and the sender knows
)

// tableElsewhere as it stands in the AAD of sealed blobs.
const tableElsewhere = "elsewhere"

// ElsewhereInput is what the sending community says.
type ElsewhereInput struct {
	PersonID id.ID
	Version  int    // of the person shown; 0: any
	ToArea   id.ID  // the community where the person lives
	Address  string // where exactly, as far as it is known; sealed
	Note     string // sealed
}

// elsewhereBody is what is sealed of an item.
type elsewhereBody struct {
	Address string `json:"a,omitempty"`
	Note    string `json:"n,omitempty"`
	Answer  string `json:"r,omitempty"` // what the receiver wrote when refusing
}

// elsewhereRow is one row of table elsewhere.
type elsewhereRow struct {
	id, person, from, to, match, result id.ID
	state                               ElsewhereState
	reason                              string
	wasLiving                           bool // the proposal ended the count at the sender
	register                            string
	blob                                []byte
	owner                               id.ID
	dueMs                               int64
	account, post                       id.ID
	createdMs                           int64
	decidedBy, decidedPost              id.ID
	decidedMs                           int64
	version                             int
	fromPath, toPath, fromName, toName  string
	counts                              id.ID // of an accepted one: the record that counts now
}

// RefuseReasons lists why a receiving community may refuse.
func RefuseReasons() []string { return slices.Clone(vocab.Elsewhere.Refuse) }

// dueFrom returns the deadline of an item proposed at the instant: the end of
// the day that many days later.
func dueFrom(now time.Time) int64 {
	return clock.Ms(clock.DayStart(now).AddDate(0, 0, vocab.Elsewhere.Days+1)) - 1
}

// ProposeElsewhere tells another community that a person recorded here lives
// there. Until it accepts, both see one item; the person goes on counting here,
// unless the other community already counts a person of the same number: then
// the two agree and the count here ends. Errors: Conflict
// ledger.elsewhere.open where there is an open item already.
func (s *Service) ProposeElsewhere(ctx context.Context, c grid.Caller, in ElsewhereInput) (id.ID, error) {
	const op = "ledger.ProposeElsewhere"
	for field, text := range map[string]string{"address": in.Address, "note": in.Note} {
		if len([]rune(text)) > maxText {
			return id.Zero, errs.Field(errs.E(op, errs.Invalid, "error.too_long", maxText), field)
		}
	}
	fresh := id.New()
	err := s.change(ctx, c, op, func(w *work) error {
		p, err := w.person(in.PersonID, in.Version)
		if err != nil {
			return err
		}
		row, err := w.newElsewhere(fresh, p, in)
		if err != nil {
			return err
		}
		if row.match != id.Zero && p.LivesHere {
			n := *p
			n.LivesHere, row.wasLiving = false, true
			if err := w.edit(p, &n, EventEdited); err != nil {
				return err
			}
			p = &n
		}
		if err := w.s.insertElsewhere(w.ctx, w.tx, c.District, row); err != nil {
			return err
		}
		if err := w.event(p, EventElsewhereProposed, fresh, nil, row.toName); err != nil {
			return err
		}
		return w.noteElsewhere("elsewhere.propose", row)
	})
	return fresh, err
}

// newElsewhere checks a proposal and makes its row.
func (w *work) newElsewhere(fresh id.ID, p *Person, in ElsewhereInput) (elsewhereRow, error) {
	const op = "ledger.ProposeElsewhere"
	row := elsewhereRow{id: fresh, person: p.ID, to: in.ToArea, state: ElsewhereProposed, register: p.Register, account: w.c.AccountID,
		post: w.c.PostFor(grid.LedgerWrite), createdMs: w.now, dueMs: dueFrom(clock.FromMs(w.now)), version: 1}
	var err error
	if row.from, row.fromName, row.fromPath, err = w.s.communityOf(w.ctx, w.tx, w.c.District, p.DoorID); err != nil {
		return row, err
	}
	if row.toName, row.toPath, err = w.s.community(w.ctx, w.tx, w.c.District, in.ToArea); err != nil {
		return row, errs.Field(errs.E(op, errs.Invalid, "ledger.elsewhere.where"), "to")
	}
	if row.to == row.from {
		return row, errs.Field(errs.E(op, errs.Invalid, "ledger.elsewhere.same"), "to")
	}
	if err := endLeft(w.ctx, w.tx, w.c.District, p.ID); err != nil {
		return row, err
	}
	open, err := w.s.openElsewhereOf(w.ctx, w.tx, w.c.District, p.ID)
	if err != nil {
		return row, err
	}
	if open {
		return row, errs.E(op, errs.Conflict, "ledger.elsewhere.open")
	}
	if row.blob, err = w.s.sealElsewhere(row, elsewhereBody{Address: in.Address, Note: in.Note}); err != nil {
		return row, err
	}
	if row.match, err = w.s.livesThere(w.ctx, w.tx, w.c.District, p, row.toPath); err != nil {
		return row, err
	}
	row.owner, _, err = w.s.postUp(w.ctx, w.tx, w.c.District, row.toPath, w.now)
	return row, err
}

func (s *Service) sealElsewhere(row elsewhereRow, body elsewhereBody) ([]byte, error) {
	return s.keys.SealJSON(row.register, seal.AAD(row.register, tableElsewhere, row.id), body)
}

func (s *Service) openElsewhere(row elsewhereRow) (body elsewhereBody, err error) {
	err = s.keys.OpenJSON(row.register, seal.AAD(row.register, tableElsewhere, row.id), row.blob, &body)
	return body, err
}

func (w *work) noteElsewhere(action string, row elsewhereRow) error {
	return w.s.audit.Append(w.ctx, w.tx, audit.Entry{Account: w.c.AccountID, Post: w.c.PostFor(grid.LedgerWrite), Action: action, Object: "person", ObjectID: row.person,
		Detail: "item=" + row.id.String() + " to=" + row.to.String()})
}

// livesThere finds the one person of the same identity number who lives below a
// path; Zero where there is none, or more than one.
func (s *Service) livesThere(ctx context.Context, q queryer, district int, p *Person, path string) (id.ID, error) {
	found := map[id.ID]bool{}
	for _, n := range []string{seal.NormIDNo(p.IDNo), seal.NormIDNo(p.Passport)} {
		h := s.keys.Hash(p.Register, keyIDNo, n)
		if h == nil {
			continue
		}
		recs, err := s.sameKey(ctx, q, district, keyIDNo, h, path)
		if err != nil {
			return id.Zero, err
		}
		for _, r := range recs {
			found[r] = true
		}
	}
	if len(found) != 1 {
		return id.Zero, nil
	}
	for v := range found {
		return v, nil
	}
	return id.Zero, nil
}

// across runs fn with the rights of the installation, in the name of the same
// account and post: what an item decides in one community follows in the other.
func (w *work) across(fn func() error) error {
	c, ctx := w.c, w.ctx
	defer func() { w.c, w.ctx = c, ctx }()
	w.ctx = WithSource(ctx, sourceOf(ctx, c))
	w.c = grid.System(c.District, c.Purpose)
	w.c.AccountID, w.c.Grants = c.AccountID, c.Grants
	return fn()
}

// openItemAt reads an open item and checks its version and that the caller may
// decide at the end given by path.
func (w *work) openItemAt(op string, item id.ID, version int, end func(elsewhereRow) string) (elsewhereRow, error) {
	row, err := w.itemAt(op, item, end)
	if err == nil && (row.state != ElsewhereProposed || version != 0 && row.version != version) {
		err = errs.E(op, errs.Conflict, "ledger.elsewhere.gone")
	}
	return row, err
}

// itemAt reads an item and checks that the caller may decide at the end given by
// path.
func (w *work) itemAt(op string, item id.ID, end func(elsewhereRow) string) (elsewhereRow, error) {
	row, err := w.s.elsewhereRow(w.ctx, w.tx, w.c.District, item)
	if err != nil {
		return row, err
	}
	c := overAreas(w.c)
	if !c.CanPlace(grid.LedgerRead, row.fromPath) && !c.CanPlace(grid.LedgerRead, row.toPath) {
		return row, errs.E(op, errs.NotFound, "error.not_found")
	}
	return row, c.RequirePlace(op, grid.LedgerWrite, end(row))
}

func receiver(r elsewhereRow) string { return r.toPath }
func sender(r elsewhereRow) string   { return r.fromPath }

// decide stores how an item ended.
func (w *work) decide(row elsewhereRow, state ElsewhereState, reason, action string) error {
	row.state, row.reason, row.decidedMs = state, reason, w.now
	row.decidedBy, row.decidedPost = w.c.AccountID, w.c.PostFor(grid.LedgerWrite)
	if err := w.s.updateElsewhere(w.ctx, w.tx, w.c.District, row); err != nil {
		return err
	}
	return w.noteElsewhere(action, row)
}

// RefuseElsewhere ends an item: the person is not there. reason is one of
// RefuseReasons; the sending community sees it with the note, and the person
// counts there as before.
func (s *Service) RefuseElsewhere(ctx context.Context, c grid.Caller, item id.ID, version int, reason, note string) error {
	const op = "ledger.RefuseElsewhere"
	c, err := s.receiving(ctx, c, item)
	if err != nil {
		return errs.Wrap(op, err)
	}
	return s.change(ctx, c, op, func(w *work) error {
		row, err := w.openItemAt(op, item, version, receiver)
		if err != nil {
			return err
		}
		if !slices.Contains(vocab.Elsewhere.Refuse, reason) {
			return errs.Field(errs.E(op, errs.Invalid, "ledger.elsewhere.why"), "reason")
		}
		if len([]rune(note)) > maxText {
			return errs.Field(errs.E(op, errs.Invalid, "error.too_long", maxText), "answer")
		}
		body, err := s.openElsewhere(row)
		if err != nil {
			return err
		}
		body.Answer = note
		if row.blob, err = s.sealElsewhere(row, body); err != nil {
			return err
		}
		return w.giveBack(row, ElsewhereRefused, reason, "elsewhere.refuse")
	})
}

// WithdrawElsewhere takes an open item back at the sending community.
func (s *Service) WithdrawElsewhere(ctx context.Context, c grid.Caller, item id.ID, version int) error {
	const op = "ledger.WithdrawElsewhere"
	return s.change(ctx, c, op, func(w *work) error {
		row, err := w.openItemAt(op, item, version, sender)
		if err != nil {
			return err
		}
		return w.giveBack(row, ElsewhereWithdrawn, "", "elsewhere.withdraw")
	})
}

// giveBack ends an item without a move: where the proposal had ended the count
// at the sender it begins again.
func (w *work) giveBack(row elsewhereRow, state ElsewhereState, reason, action string) error {
	err := w.across(func() error {
		r, err := w.s.person(w.ctx, w.tx, w.c, grid.LedgerWrite, row.person)
		if err != nil {
			return err
		}
		p := &r.Person
		if row.wasLiving && p.Current() && !p.LivesHere {
			n := *p
			n.LivesHere = true
			if err := w.edit(p, &n, EventEdited); err != nil {
				return err
			}
			p = &n
		}
		return w.event(p, EventElsewhereClosed, row.id, nil, string(state))
	})
	if err != nil {
		return err
	}
	return w.decide(row, state, reason, action)
}
