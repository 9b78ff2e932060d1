package incoming

import (
	"context"
	"log/slog"
	"strconv"
	"strings"

	"wangge/internal/grid"
	"wangge/internal/ledger"
	"wangge/internal/platform/audit"
	"wangge/internal/platform/clock"
	"wangge/internal/platform/db"
	"wangge/internal/platform/errs"
	"wangge/internal/platform/id"
	"wangge/internal/platform/seal"
	"wangge/internal/platform/web"
	"wangge/internal/round"
	"wangge/internal/task"
)

// Deps are the parts the service is made of.
type Deps struct {
	DB     *db.DB
	Keys   *seal.Keyring
	Audit  *audit.Log
	Clock  clock.Clock
	Log    *slog.Logger
	Grid   *grid.Service
	Ledger *ledger.Service
	Rounds *round.Service
	Tasks  *task.Service
	// Names gives the names of accounts.
	Names func(ctx context.Context, accounts []id.ID) (map[id.ID]string, error)
	// Drill accepts identity numbers that are not assigned (demo, exercises).
	Drill bool
}

// Service takes in people to be verified and serves the desk that calls them. It
// is safe for concurrent use.
type Service struct {
	Deps
	codes   web.Guard // check codes that people without a log-in try
	reports web.Guard // arrivals reported from one address to one community
	senders web.Guard // arrivals reported from one address
	shown   shown
	mute    mute
}

// New returns the service over its parts.
func New(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	return &Service{Deps: d, reports: web.Guard{PerAddress: reportsThere, All: reportsInAll}, senders: web.Guard{PerAddress: reportsOfOne, All: reportsInAll}}
}

func (s *Service) nowMs() int64 { return clock.Ms(s.Clock.Now()) }

// The events by which somebody begins with a lead.
const (
	called   = "called"
	accepted = "accepted"
)

// topic is the news that leads have changed.
const topic = "leads:all"

// halfYear is for how long an earlier result is shown.
const halfYear = 183 * 24 * 3600_000

// add counts n leads of a state.
func (f *Figures) add(s State, n int) {
	f.People += n
	switch s {
	case Unclear:
		f.Unclear += n
	case Open:
		f.Open += n
	case Sent:
		f.Sent += n
	case Done:
		f.Done += n
	}
}

// emergency is the one that what comes in belongs to: the one named, else the
// only open one. Conflict where it has ended, or none or several are open.
func (s *Service) emergency(ctx context.Context, c grid.Caller, named id.ID) (round.Emergency, error) {
	sys := grid.System(c.District, "incoming")
	if named == id.Zero {
		return s.Rounds.OnlyEmergency(ctx, sys)
	}
	e, err := s.Rounds.Emergency(ctx, sys, named)
	if err == nil && e.EndedMs != 0 {
		err = errs.Field(errs.E("incoming.emergency", errs.Conflict, "incoming.emergency_ended"), "emergency")
	}
	return e, err
}

// registers are those under which people may have been recorded before.
func (s *Service) registers(ctx context.Context, c grid.Caller) ([]string, error) {
	list, err := s.Rounds.Emergencies(ctx, grid.System(c.District, "incoming"))
	var out []string
	for _, e := range list {
		if s.Keys.Has(e.Register) {
			out = append(out, e.Register)
		}
	}
	return out, err
}

// hasher hashes under a register.
func (s *Service) hasher(register string) func(kind, value string) []byte {
	return func(kind, value string) []byte { return s.Keys.Hash(register, kind, value) }
}

// seal closes a lead's body into its sealed column.
func (s *Service) seal(l *lead) (err error) {
	l.sealed, err = s.Keys.SealJSON(l.Register, seal.AAD(l.Register, tableLead, l.ID), &l.body)
	return err
}

// open opens a lead's body.
func (s *Service) open(l *lead) error {
	return s.Keys.OpenJSON(l.Register, seal.AAD(l.Register, tableLead, l.ID), l.sealed, &l.body)
}

// openKept is open for who only reads: where the emergency is over and its key
// destroyed, the body stays empty and the figures stand.
func (s *Service) openKept(l *lead) error {
	if err := s.open(l); err != nil && !seal.IsDestroyed(err) {
		return err
	}
	return nil
}

// event makes an event with its text sealed.
func (s *Service) event(c grid.Caller, l *lead, kind, result, text string) (eventRow, error) {
	e := eventRow{id: id.New(), lead: l.ID, account: c.AccountID, post: c.PostFor(grid.LeadCall), at: s.nowMs(), kind: kind, result: result, sealed: []byte{}}
	if text == "" {
		return e, nil
	}
	var err error
	e.sealed, err = s.Keys.Seal(l.Register, seal.AAD(l.Register, tableEvent, e.id), []byte(text))
	return e, err
}

// save seals a lead, stores it with the event that tells of the change, and
// spreads the word.
func (s *Service) save(ctx context.Context, tx *db.Tx, c grid.Caller, l *lead, kind, result, text string) error {
	if err := s.seal(l); err != nil {
		return err
	}
	if err := storeLead(ctx, tx, c.District, l); err != nil {
		return err
	}
	if err := s.keep(ctx, tx, c, kind == called && !l.toArea() || kind == accepted, l); err != nil {
		return err
	}
	e, err := s.event(c, l, kind, result, text)
	if err != nil {
		return err
	}
	tx.Notify(topic)
	return insertEvents(ctx, tx, c.District, []eventRow{e})
}

// tell adds to a lead's history what follows from its change.
func (s *Service) tell(ctx context.Context, tx *db.Tx, c grid.Caller, l *lead, kinds ...string) error {
	rows := make([]eventRow, len(kinds))
	for i, k := range kinds {
		var err error
		if rows[i], err = s.event(c, l, k, "", ""); err != nil {
			return err
		}
	}
	return insertEvents(ctx, tx, c.District, rows)
}

// note appends to the audit record.
func (s *Service) note(ctx context.Context, tx *db.Tx, c grid.Caller, perm grid.Permission, action, object string, v id.ID, detail string) error {
	return s.Audit.Append(ctx, tx, audit.Entry{Account: c.AccountID, Post: c.PostFor(perm), Action: action, Object: object, ObjectID: v, Detail: detail})
}

// look records that the caller sees a person in full, before it is shown. The
// look stands in the file of the recorded person, where there is one, else under
// the lead.
func (s *Service) look(ctx context.Context, c grid.Caller, l *lead) error {
	if c.IsSystem() {
		return nil
	}
	k, of := lookOf(c, l, "call_back")
	return s.Audit.LookOutside(ctx, s.DB, k, of)
}

// handedOver records, in the transaction that hands somebody over to an authority
// outside, that the whole of what is known of them leaves.
func (s *Service) handedOver(ctx context.Context, tx *db.Tx, c grid.Caller, l *lead) error {
	if c.IsSystem() {
		return nil
	}
	k, of := lookOf(c, l, "handed_over")
	return s.Audit.Look(ctx, tx, k, of)
}

// lookOf is a look of the caller at a lead, and at whom.
func lookOf(c grid.Caller, l *lead, purpose string) (k audit.Look, of id.ID) {
	of, k = l.PersonID, audit.Look{Account: c.AccountID, Post: c.PostFor(grid.LeadCall), Purpose: purpose}
	if of == id.Zero {
		of, k.Object = l.ID, tableLead
	}
	for _, g := range c.Grants {
		if g.PostID == k.Post {
			k.Role = string(g.Role)
		}
	}
	return k, of
}

// communityOf is the path of the community a path lies in; of an area above one,
// the path itself.
func communityOf(path string) string { return path[:min(len(path), communityLen)] }

// communityLen is the length of a community's path.
const communityLen = 12

// areaNames gives the names of areas by path.
func (s *Service) areaNames(ctx context.Context, c grid.Caller) (map[string]string, error) {
	list, err := s.Grid.Areas(ctx, grid.System(c.District, "names of areas"))
	out := make(map[string]string, len(list))
	for _, p := range list {
		out[p.Path] = grid.Label(c.Lang, p)
	}
	return out, err
}

// short cuts a text to n characters.
func short(s string, n int) string {
	if r := []rune(strings.TrimSpace(s)); len(r) > n {
		return string(r[:n])
	}
	return strings.TrimSpace(s)
}

// openEvent opens the text of an event.
func (s *Service) openEvent(register string, r eventRow) (string, error) {
	b, err := s.Keys.Open(register, seal.AAD(register, tableEvent, r.id), r.sealed)
	return string(b), err
}

// dayStart is when the day began in UTC+8.
func (s *Service) dayStart() int64 { return clock.Ms(clock.DayStart(s.Clock.Now())) }

// fill puts values for {0}, {1} … into a text.
func fill(text string, args ...string) string {
	for i, v := range args {
		text = strings.ReplaceAll(text, "{"+strconv.Itoa(i)+"}", v)
	}
	return text
}
